"""The benchmarks run: every scenario with next to nothing to do gives a table with numbers in it."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from tests.benchmarks import __main__, flood, machine, peers, report, window_waking
from tests.benchmarks.bench import Bench, Scale
from tests.benchmarks.load import CannotServe, Load
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Series, ratio, take_turns
from tests.support.journals import line, write_journal
from tests.support.systems import some

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc and start Linux programs")

TINY = Scale(
    runs=1,
    seconds=0.01,
    connections=(1,),
    receivers=(3,),
    burst=5,
    idle=5,
    soak=0.3,
    audience=4,
    clients=3,
    stops=2,
    cycles=3,
    megabytes=1,
    entries=500,
    searched=1000,
    long_journal=1000,
    jumps=5,
    damaged=4,
    crafted=1,
    crowds=(3,),
    refreshes=2,
    ways=1,
)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    return Load(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def bench(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Little to measure, and nobody beside us but the standard library."""
    monkeypatch.setattr("tests.benchmarks.turns.BUSY", math.inf)
    monkeypatch.setattr("tests.benchmarks.peers.shutil.which", lambda _program: None)
    return Bench(TINY, load, tmp_path)


@pytest.mark.parametrize("name", some(list(__main__.SCENARIOS)))
def test_a_scenario_gives_a_table_with_a_number_for_us(name: str, bench: Bench) -> None:
    check(__main__.SCENARIOS[name](bench))


@pytest.mark.build
def test_a_flood_is_looked_at_in_every_way(bench: Bench) -> None:
    check(__main__.SCENARIOS["flood-1m"](replace(bench, scale=replace(TINY, ways=None))))


def test_an_idle_window_and_its_waking_are_measured(display: str) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.window_waking", "--wakes", "3", "--seconds", "0.1"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout

    *table, empty, bare = told.splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == [
        "wake to screen, p50", "wake to screen, p99", "the window idle",
    ]  # fmt: skip
    assert "not measured" not in told
    assert not empty
    assert bare.startswith("A bare wake of Tk to the screen, in turn with these: p50 ")


@pytest.mark.parametrize(
    ("took", "idle", "marks"),
    [
        ([0.0005] * 98 + [0.02] * 2, 0.005, ["pass", "**miss**", "pass"]),
        ([0.0015] * 100, 0.02, ["**miss**", "pass", "**miss**"]),
    ],
)
def test_each_of_the_three_is_judged(took: list[float], idle: float, marks: list[str]) -> None:
    assert [verdict.mark for verdict in window_waking.verdicts_of(took, idle)] == marks


def check(outcome: Outcome) -> None:
    """The table has a number for us, and nothing of ours could not do it."""
    assert outcome.rows
    assert all(len(row) == len(outcome.head) for row in outcome.rows)
    assert [cell for cell in outcome.rows[0][1:] if cell != "-"], outcome.markdown()
    assert not [remark for remark in outcome.remarks if "could not" in remark and peers.OFF in remark]
    assert outcome.markdown().startswith("### ")
    json.dumps(outcome.raw)


def test_the_generator_in_python_measures_the_same_things_as_the_one_in_c(load: Load, tmp_path: Path) -> None:
    slow = Load(tmp_path, compiled=False)
    assert not slow.is_lean

    with peers.ours(peers.OFF, "echo").running(tmp_path) as server:
        echoed = slow.echo(server.port, 2, 0.05)
        assert set(echoed) == set(load.echo(server.port, 2, 0.05))
        assert slow.burst(server.port, 3)["unanswered"] == 0
    with peers.ours(peers.OFF, "room").running(tmp_path) as server:
        assert slow.fan(server.port, 2, 0.05, 65536, silent=1, pause=1)["lost"] == 0
    with peers.ours(peers.OFF, "none").running(tmp_path) as server:
        assert slow.sink(server.port, 0.05)["rate"] > 0

    assert echoed["served"] == 2
    assert echoed["rate"] > 0


@pytest.mark.parametrize("compiled", [True, False], ids=["in C", "in Python"])
def test_a_flood_is_the_numbered_lines_of_which_it_tells_the_checksum(
    compiled: bool, load: Load, tmp_path: Path
) -> None:
    slow_or_lean = load if compiled else Load(tmp_path, compiled=False)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as elsewhere:
        flooding = elsewhere.submit(slow_or_lean.flood, listener.getsockname()[1], 10_000, 0.1)
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as stream:
            came = stream.read()
    told = flooding.result()

    assert 0 < len(came) == told["bytes"]
    assert zlib.crc32(came) == told["crc"]
    assert [int(line[:12]) for line in came.splitlines()] == list(range(len(came) // 64))


@pytest.mark.parametrize(("entry", "lost", "changed"), [(None, 0, 0), (b"x" * 64, 0, 1), (b"x" * 63, 1, 1)])
def test_a_byte_that_the_journal_lacks_or_has_otherwise_is_noticed(
    entry: bytes | None, lost: int, changed: int, tmp_path: Path
) -> None:
    instead = {} if entry is None else {7: entry}
    (tmp_path / "journals").mkdir()
    write_journal(tmp_path / "journals" / "one.tincan", 20, instead=instead)
    lines = b"".join(line(number) for number in range(20))

    found = flood.compare(tmp_path, {"bytes": len(lines), "crc": zlib.crc32(lines)})

    assert (found["lost"], found["changed"]) == (lost, changed)


def test_who_cannot_do_it_is_named_and_not_asked_again() -> None:
    asked: list[str] = []

    def measure(name: str) -> dict[str, float]:
        asked.append(name)
        if name == "lame":
            raise CannotServe("does not start")
        return {"rate": 2.0}

    series = take_turns([("quick", "quick"), ("lame", "lame")], measure, runs=3)

    assert asked.count("lame") == 1
    assert series["lame"].failure == "does not start"
    assert series["quick"].median("rate") == 2.0
    assert math.isnan(ratio(series, "quick", "lame"))


def test_a_ratio_is_taken_within_each_run() -> None:
    ours = Series([{"rate": 10.0}, {"rate": 100.0}, {"rate": 30.0}])
    theirs = Series([{"rate": 20.0}, {"rate": 200.0}, {"rate": 30.0}])

    assert ratio({"we": ours, "they": theirs}, "we", "they") == 0.5


@pytest.mark.parametrize(
    ("verdict", "mark"),
    [
        (Verdict("speed", 0.95, 0.9, "x"), "pass"),
        (Verdict("speed", 0.85, 0.9, "x"), "**miss**"),
        (Verdict("wait", 90, 100, " ms", at_most=True), "pass"),
        (Verdict("wait", 110, 100, " ms", at_most=True), "**miss**"),
        (Verdict("speed", math.nan, 0.9, "x"), "not measured"),
    ],
)
def test_a_verdict_is_plain(verdict: Verdict, mark: str) -> None:
    assert verdict.mark == mark
    assert report.table(["What", "Must be", "Is", ""], [verdict.row()]).endswith(f"| {mark} |")


def test_verdicts_say_how_busy_the_machine_was_and_what_was_kept_before() -> None:
    outcome = Outcome("Round trips", [], neighbours=0.125)
    outcome.verdicts += [
        Verdict("speed", 0.84, 0.8, "x"),
        Verdict("wait", 50, 100, " ms", at_most=True),
        Verdict("room", 90, 100, " MB", at_most=True),
        Verdict("new", 1, 1),
    ]

    rows = report.verdicts([outcome], {"speed,x": 1.0, "wait, ms": 51, "room, MB": 60}).splitlines()[2:]

    assert [row.split("|")[1].strip() for row in rows] == ["0.12"] * 4
    assert [row.split("|")[6].strip() for row in rows] == ["1x, **worse**", "51 ms", "60 MB, **worse**", "-"]


def test_the_numbers_of_a_release_are_kept_and_the_newest_is_compared(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "_KEPT", tmp_path)
    for release, value in (("0.9.0", 1.0), ("0.10.0", 2.0)):
        (tmp_path / f"{release}.json").write_text(json.dumps({"measured": {"speed,x": value}}))
    outcome = Outcome("Speed", [], verdicts=[Verdict("speed", 1.9, 1, "x"), Verdict("other", math.nan, 1)])
    monkeypatch.setattr(__main__, "SCENARIOS", {"one": lambda _bench: outcome})
    monkeypatch.setattr(__main__, "version", lambda: "0.11.0")
    monkeypatch.setattr(__main__, "Load", partial(Load, compiled=False))

    assert __main__.main(["one", "--keep", "--runs", "1"]) == 0

    assert "2x" in capsys.readouterr().out.splitlines()[-2]
    assert json.loads((tmp_path / "0.11.0.json").read_text())["measured"] == {"speed,x": 1.9}
    assert __main__.kept() == {"speed,x": 1.9}


def test_quick_measures_little_of_what_matters_most(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, Scale]] = []

    def measure(name: str, bench: Bench) -> Outcome:
        asked.append((name, bench.scale))
        return Outcome(name, [])

    scenarios = {name: partial(measure, name) for name in ("soak", *__main__._QUICK)}
    monkeypatch.setattr(__main__, "SCENARIOS", scenarios)
    monkeypatch.setattr(__main__, "Load", partial(Load, compiled=False))

    __main__.main(["--quick", "--seconds", "0.125"])

    assert [name for name, _ in asked] == list(__main__._QUICK)
    assert {(scale.runs, scale.seconds, scale.connections) for _, scale in asked} == {(5, 0.125, (1, 100))}
    assert all(scale.is_brief for _, scale in asked)
    assert __main__._NOT_IN_BRIEF in capsys.readouterr().out


@pytest.mark.parametrize("name", some(["recut", "one-way", "tls", "find"], least=1))
def test_a_brief_scenario_measures_less_and_judges_the_same(name: str, bench: Bench, tmp_path: Path) -> None:
    whole = __main__.SCENARIOS[name](bench)
    (tmp_path / "brief").mkdir()
    brief = __main__.SCENARIOS[name](replace(bench, scale=replace(TINY, is_brief=True), folder=tmp_path / "brief"))

    check(brief)
    assert [verdict.what for verdict in brief.verdicts] == [verdict.what for verdict in whole.verdicts]
    measured, all_that_is_measured = (len(json.dumps(found.raw)) for found in (brief, whole))
    assert measured < all_that_is_measured or name == "one-way"  # where the others are not installed


def test_briefly_an_echo_is_measured_of_those_that_a_verdict_is_about(bench: Bench) -> None:
    outcome = __main__.SCENARIOS["round-trips"](replace(bench, scale=replace(TINY, is_brief=True)))

    in_c = [peers.C] if bench.load.is_lean else []  # where there is a compiler
    assert [row[0] for row in outcome.rows] == [peers.OFF, peers.ON, *in_c]
    assert not [verdict.what for verdict in outcome.verdicts if "one core" in verdict.what]


def test_the_machine_is_named_and_its_accounts_are_read() -> None:
    assert "Python" in machine.describe()
    assert machine.memory() > 1
    assert machine.cpu_of_family(1) >= 0


def test_what_threads_have_used_is_told_in_less_than_ticks() -> None:
    used = machine.cpu_of_threads(os.getpid())

    assert used > 0
    assert not (used * 1000).is_integer()
    assert math.isnan(machine.cpu_of_threads(0))
