"""``load`` in a terminal: its table, its exit codes, and the file for Locust, which measures the same."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.address import Address
from core.cli.load import write_locust_file
from core.compose import Draft, Format
from core.net.server import Server
from core.net.udp import UdpServer
from core.replies.rules import Rules
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.steps.step_file import parse_steps
from tests.support import program
from tests.support.peers import free_port
from tests.support.sink import until
from tests.support.systems import not_installed, only_posix

LOCUST = os.environ.get("LOCUST") or shutil.which("locust")
_MS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}
SLOW_MS = 40  # that the server takes for its answer
HELLO = {"name": "hello", "send": "hello", "expect": "equals", "pattern": "hello"}
WRONG = {"name": "wrong", "send": "hello", "expect": "equals", "pattern": "bye", "within": 100, "otherwise": "go on"}


def written(folder: Path, *steps: Mapping[str, object]) -> Path:
    path = folder / "steps.json"
    path.write_text(json.dumps({"version": 1, "name": "slow", "framing": "line", "steps": steps}))
    return path


def slow() -> Server:
    echo = Rule("echo", "any", "", Draft(r"\{0}", Format.ESCAPES), (SLOW_MS, SLOW_MS))
    return Server("127.0.0.1:0", reply=Rules(RuleSet("slow", (echo,), "line")), framing="line")


def figures(table: str) -> dict[str, tuple[int, int, float]]:
    """Answers, errors, and p50 in ms, by step."""
    found = {}
    for line in table.splitlines()[1:]:
        name, answers, errors, _rate, p50, *_ = [*re.split(r"\s{2,}", line), "", "", "", ""]
        if answers:
            number, _, unit = p50.partition(" ")
            found[name] = int(answers.replace(",", "")), int(errors), float(number or 0) * _MS.get(unit, 0)
    return found


def test_the_table_has_what_was_measured(tmp_path: Path) -> None:
    with slow() as server:
        done = program.run(
            "load", written(tmp_path, HELLO), str(server.addresses[0]),
            "--clients", "4", "--rate", "40", "--seconds", "1",
        )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].split() == [
        "step", "answers", "errors", "a", "second", "p50", "p95", "p99", "p99.9", "most",
    ]  # fmt: skip
    begun = re.search(r"^40 lists a second were asked for, ([\d.]+) begun", done.out, re.MULTILINE)
    assert begun is not None
    assert float(begun[1]) <= 44
    assert re.search(
        r"^the others began late by .* \(p99\), .* \(most\); the load took \d+% of a core$", done.out, re.M
    )
    answers, errors, p50 = figures(done.out)["1 hello"]
    assert answers > 0
    assert errors == 0
    assert p50 >= SLOW_MS


def test_errors_are_told_with_their_reasons(tmp_path: Path) -> None:
    with slow() as server:
        done = program.run("load", written(tmp_path, WRONG), str(server.addresses[0]), "--seconds", "1")
    assert done.code == 1
    assert re.search(r"^\d+ times: 1 wrong: no such answer within 100 ms$", done.out, re.MULTILINE)


def test_over_udp_a_datagram_is_an_answer(tmp_path: Path) -> None:
    with UdpServer("127.0.0.1:0", reply="echo") as server:
        path = written(tmp_path, HELLO)
        done = program.run(
            "load", path, f"udp://{server.addresses[0]}", "--clients", "2", "--rate", "50", "--seconds", "1"
        )
    assert done.code == 0, done.err
    answers, errors, _p50 = figures(done.out)["1 hello"]
    assert answers >= 2
    assert errors == 0


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    done = program.run("load", written(tmp_path, HELLO), f"127.0.0.1:{free_port()}", "--seconds", "0.3")
    assert done.code == 1
    assert "times: connect: nothing answers at" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.json", "h:1"], "none.json cannot be read"),
        (["steps.json", ""], "argument TARGET"),
        (["steps.json", "h:1", "--clients", "0"], "use 1 to 1,000"),
        (["steps.json", "h:1", "--rate", "nan"], "use 0.001 to 100,000 lists a second"),
        (["steps.json", "h:1", "--rate", "1_0"], "“1_0” is no rate"),
        (["steps.json", "h:1", "--seconds", "-1"], "is no time to wait"),
        (["steps.json", "h:1", "--seconds", "1_0"], "“1_0” is no time to wait"),
        (["says.json", "h:1"], "expects no answer, so there is nothing to measure"),
        (["steps.json", "tls://h:1", "--locust", "x.py"], "the file for Locust speaks no TLS"),
        (["steps.json", "udp://h:1", "--locust", "x.py"], "the file for Locust speaks TCP: leave udp:// out"),
        (["steps.json", "udp://h:1", "--tls"], "TLS is for streams of bytes, and UDP has none"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"send": "x"}).rename(tmp_path / "says.json")
    written(tmp_path, HELLO)
    monkeypatch.chdir(tmp_path)
    done = program.run("load", *arguments)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1


@only_posix("Windows has no SIGINT for one process")
def test_ctrl_c_shows_what_there_is(tmp_path: Path) -> None:
    with slow() as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "load", str(written(tmp_path, HELLO)), str(server.addresses[0]),
             "--seconds", "60"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            until(lambda: len(server.connections) >= 10 or process.poll() is not None, "ten who call")
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, _err = process.communicate(timeout=20)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert out.startswith("step ")


def test_the_file_for_locust_is_python_and_has_the_list_in_it() -> None:
    hostile = json.dumps(
        {"version": 1, "name": "'''\\\"{}", "steps": [{"send": "'''\\\\{counter}{}\"\"\"", "expect": "any"}]}
    )
    steps = parse_steps(hostile).list
    text = write_locust_file(steps, Address("::1", 5), clients=4, rate=10, seconds=3)
    compile(text, "locustfile.py", "exec")
    found = re.search(r"^STEPS = parse_steps\((.*)\)$", text, re.MULTILINE)
    assert found is not None
    assert parse_steps(ast.literal_eval(found[1])).list == steps
    assert "LISTS_A_SECOND = 2.5 " in text


def test_the_file_for_locust_can_go_to_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HELLO)
    monkeypatch.chdir(tmp_path)
    done = program.run("load", path, "127.0.0.1:5", "--locust", "-")
    assert done.code == 0
    compile(done.out, "locustfile.py", "exec")
    assert not (tmp_path / "-").exists()


def test_the_file_for_locust_is_not_written_over_the_list(tmp_path: Path) -> None:
    path = written(tmp_path, HELLO)
    before = path.read_bytes()
    done = program.run("load", path, "127.0.0.1:5", "--locust", path)
    assert done.code == 2
    assert f"argument --locust: {path} is named twice, and would be lost: choose another name" in done.err
    assert path.read_bytes() == before


@pytest.mark.skipif(LOCUST is None, reason=not_installed("locust, which pip has and LOCUST may name,"))
def test_locust_with_a_master_and_two_workers_measures_the_same(tmp_path: Path) -> None:
    assert LOCUST is not None
    file, seconds, port = tmp_path / "locustfile.py", 4, free_port()
    path = written(tmp_path, HELLO, WRONG)
    with slow() as server:
        rate = ("--clients", "4", "--rate", "20", "--seconds", str(seconds))
        arguments: tuple[str | Path, ...] = ("load", path, str(server.addresses[0]), *rate)
        ours = figures(program.run(*arguments).out)
        assert program.run(*arguments, "--locust", file).code == 0
        common = [LOCUST, "-f", str(file), "--headless", "--loglevel", "ERROR"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                worker = stack.enter_context(
                    subprocess.Popen(
                        [*common, "--worker", "--master-port", str(port)],
                        env=environment,
                        cwd=tmp_path,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                )
                stack.callback(worker.kill)
            master = subprocess.run(
                [*common, "--master", "--master-bind-port", str(port), "--expect-workers", "2", "--users", "4",
                 "--spawn-rate", "100", "--run-time", f"{seconds}s", "--json"],
                env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
    theirs = {one["name"]: one for one in json.loads(master.stdout[master.stdout.index("[") :])}
    assert set(theirs) == {"connect", "1 hello", "2 wrong"}
    for name in ("1 hello", "2 wrong"):
        answers, errors, _p50 = ours[name]
        played, failed = theirs[name]["num_requests"], theirs[name]["num_failures"]
        assert abs(played - (answers + errors)) <= 0.35 * (answers + errors) + 4
        assert (failed == 0) is (errors == 0)
        assert (failed == played) is (answers == 0)
    times = sorted(float(took) for took, count in theirs["1 hello"]["response_times"].items() for _ in range(count))
    assert times[0] >= SLOW_MS - 1
    assert abs(times[len(times) // 2] - ours["1 hello"][2]) <= SLOW_MS
