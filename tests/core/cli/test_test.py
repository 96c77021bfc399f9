"""``test`` in a terminal: lists of steps against real servers, its report, its exit codes."""

from __future__ import annotations

import contextlib
import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from build_scripts.project import ROOT
from core.address import parse_destination
from core.cli.test import play, recording
from core.journal.reading.reader import JournalReader
from core.net.client import Client
from core.net.connection import Connection
from core.net.server import Server
from core.net.udp import UdpServer
from core.replies.rules import Rules, find_rule_set
from core.sending.steps import StepsRun, client_for
from core.steps.step_file import read_step_file
from core.tls.settings import Tls
from tests.support import program
from tests.support.certificates import make, make_authority
from tests.support.journals import full_when_told
from tests.support.peers import Host, Peer, free_port
from tests.support.program import Done
from tests.support.stage import serving
from tests.support.systems import only_posix

ASK = {"name": "ask", "send": "T?", "expect": "regex", "pattern": r"^(?P<t>\S+) C$"}
SET = {"name": "set", "send": r"T=\{t}", "expect": "begins", "pattern": "OK"}
QUIT = {"name": "leave", "send": "x", "expect": "begins", "pattern": "ERROR"}
WRONG = {"name": "wrong", "send": "T?", "expect": "equals", "pattern": "warm", "within": 300}


def written(folder: Path, *steps: Mapping[str, object], name: str = "thermometer", **head: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"version": 1, "name": name, "framing": "line", "steps": steps, **head}, indent=1))
    return path


def run(*arguments: str | Path) -> Done:
    return program.run("test", *arguments)


def test_a_server_that_answers_as_wished(tmp_path: Path) -> None:
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        done = run(written(tmp_path, ASK, SET, QUIT), str(server.addresses[0]))
    assert (done.code, done.err) == (0, "")
    head, columns, ask, set_, leave, sum_, _empty = done.out.splitlines()
    assert head == f"thermometer at {server.addresses[0]}"
    assert columns.split() == ["step", "sent", "answer", "time", "as", "wished"]
    assert ask.startswith("1 ask    T?\\n")
    assert ask.endswith("yes")
    assert set_.split()[-1] == leave.split()[-1] == "yes"
    assert sum_.startswith("all as wished, ")


def test_one_that_does_not_and_a_report_of_it(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    first = written(tmp_path, ASK, WRONG, SET)
    second = written(tmp_path, ASK, name="second")
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        done = run(first, second, str(server.addresses[0]), "--junit", report)
    assert done.code == 1
    assert "NO: no such answer within 300 ms" in done.out
    assert "1 not as wished, 1 not played" in done.out
    assert "all as wished" in done.out  # the second list is played all the same
    root = ElementTree.parse(report).getroot()
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["4", "1", "0", "1"]
    assert [one.get("name") for one in root] == ["thermometer", "second"]


def test_a_report_on_standard_output_stands_there_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, ASK)
    monkeypatch.chdir(tmp_path)
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        done = run(path, str(server.addresses[0]), "--junit", "-")
    assert done.code == 0
    assert [one.get("name") for one in ElementTree.fromstring(done.out)] == ["thermometer"]
    assert "all as wished" in done.err
    assert not (tmp_path / "-").exists()


def test_a_list_that_begins_again_is_as_wished_when_it_is_at_last(tmp_path: Path) -> None:
    path = written(tmp_path, {"expect": "equals", "pattern": "ready", "within": 100, "otherwise": "again"}, ASK)
    with Host() as host:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "test", str(path), str(host.address)], cwd=ROOT, stdout=subprocess.PIPE
        )
        with host.accept(Peer) as peer:
            peer.say(b"not yet\n")  # and nothing more within 100 ms
            peer.sock.settimeout(0.3)
            with pytest.raises(TimeoutError):
                peer.hear(1)
            peer.sock.settimeout(20)
            peer.say(b"ready\n")
            assert peer.hear(3) == b"T?\n"
            peer.say(b"20 C\n")
            assert process.stdout is not None
            out = process.stdout.read().decode()
        process.stdout.close()
        assert process.wait() == 0
    assert "all as wished" in out


def test_a_server_that_is_not_there_is_a_failure_and_an_error_of_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    done = run(written(tmp_path, ASK, SET), f"127.0.0.1:{free_port()}", "--junit", report)
    assert done.code == 1
    assert "NOT PLAYED: Nothing answers at" in done.out
    root = ElementTree.parse(report).getroot()
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["2", "0", "1", "1"]


def test_a_server_that_has_to_come_up_is_waited_for(tmp_path: Path) -> None:
    path, port = written(tmp_path, {"expect": "equals", "pattern": "hello"}), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "test", str(path), f"127.0.0.1:{port}", "--wait", "20"], cwd=ROOT
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # it has been refused by then, and goes on
        with Host(port=port) as host, host.accept(Peer) as peer:
            peer.say(b"hello\n")
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_the_target_may_stand_in_the_file(tmp_path: Path) -> None:
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        assert run(written(tmp_path, ASK, target=str(server.addresses[0]))).code == 0


def test_tls_as_connect_has_it(tmp_path: Path) -> None:
    authority = make_authority()
    ca, _key = authority.write(tmp_path, "ca")
    certificate, key = make(by=authority).write(tmp_path)
    echo = written(tmp_path, {"send": "hello", "expect": "equals", "pattern": "hello"})
    with serving("echo", framing="line", tls=Tls(certificate=certificate, key=key)) as (server, _sink):
        assert run(echo, f"tls://{server.addresses[0]}", "--ca", ca).code == 0
        assert run(echo, str(server.addresses[0]), "--no-verify").code == 0
        untrusted = run(echo, str(server.addresses[0]), "--pin", "ab" * 32)
    assert untrusted.code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["broken.json", "127.0.0.1:1"], "broken.json, line 3: it is no JSON"),
        (["none.json", "127.0.0.1:1"], "none.json cannot be read"),
        (["good.json"], "good.json names no target: type HOST:PORT behind the files"),
        (["good.json", "no-file-and-no-address"], "is neither a file nor an address"),
        (["good.json", "a" * 300], "is neither a file nor an address"),
        (["good.json", "h:1", "--pin", "abc"], "is not a SHA-256 fingerprint"),
    ],
)
def test_what_cannot_be_played_is_one_line_and_code_2(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, ASK, name="good")
    (tmp_path / "broken.json").write_text('{"version": 1,\n "steps": [\n  {"send" "x"}]}')
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1


def test_a_report_is_written_over_neither_its_list_nor_its_journal(tmp_path: Path) -> None:
    path, journal = written(tmp_path, ASK), tmp_path / "talk.tincan"
    before = path.read_bytes()
    for report in (path, journal):
        done = run(path, "127.0.0.1:5", "--journal", journal, "--junit", report)
        assert (done.code, done.out) == (2, "")
        assert f"argument --junit: {report} is named twice, and would be lost: choose another name" in done.err
    assert path.read_bytes() == before
    assert not journal.exists()


def test_a_report_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        done = run(written(tmp_path, ASK), str(server.addresses[0]), "--junit", tmp_path / "no" / "folder.xml")
    assert done.code == 1
    assert "folder.xml cannot be written" in done.err


def test_what_is_received_has_no_power_over_the_terminal_or_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    path = written(tmp_path, {"expect": "equals", "pattern": "x", "within": 1000}, framing="raw")
    with Host() as host:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "test", str(path), str(host.address), "--junit", str(report)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        with host.accept(Peer) as peer:
            peer.say(bytes(range(256)) + b"\x1b[2J]]></failure>\xef\xbf\xbe")
            assert process.stdout is not None
            out = process.stdout.read()
        process.stdout.close()
        assert process.wait() == 1
    assert b"\x1b" not in out
    assert ElementTree.parse(report).getroot().get("failures") == "1"


@only_posix("Windows has no SIGINT for one process")
def test_ctrl_c_ends_it_and_writes_what_there_is(tmp_path: Path) -> None:
    path, report = written(tmp_path, {"send": "x", "expect": "any", "within": 60_000}), tmp_path / "report.xml"
    with Host() as host:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "test", str(path), str(host.address), "--junit", str(report)], cwd=ROOT
        )
        try:
            with host.accept(Peer) as peer:
                assert peer.hear(2) == b"x\n"
                process.send_signal(signal.SIGINT)
                assert peer.hear_all() == b""
            assert process.wait(20) == 130
        finally:
            process.kill()
            process.wait()
    assert ElementTree.parse(report).getroot().tag == "testsuites"


def test_an_empty_datagram_goes_where_the_command_line_says_udp(tmp_path: Path) -> None:
    path = written(tmp_path, {"send": "", "expect": "begins", "pattern": "0"}, framing="raw")
    with UdpServer("127.0.0.1:0", reply=lambda _peer, message: b"%d" % len(message)) as server:
        done = run(path, f"udp://{server.addresses[0]}")
        connected = program.run("connect", "--udp", str(server.addresses[0]), "--steps", path)
    assert (done.code, done.err) == (0, "")
    assert connected.code == 0

    over_tcp = run(path, "127.0.0.1:1")
    assert over_tcp.code == 2
    assert "step 1: " in over_tcp.err


@pytest.mark.parametrize("scheme", ["", "udp://"])
def test_what_was_said_is_recorded_in_a_session_for_each_list(tmp_path: Path, scheme: str) -> None:
    journal = tmp_path / "talk.tincan"
    make_server = UdpServer if scheme else Server
    lists = [written(tmp_path, {"send": name, "expect": "equals", "pattern": name}, name=name) for name in ("a", "b")]
    with make_server("127.0.0.1:0", reply="echo", framing="line") as server:
        done = run(*lists, f"{scheme}{server.addresses[0]}", "--journal", journal)
        assert (done.code, done.err) == (0, "")
        again = run(*lists, f"{scheme}{server.addresses[0]}", "--journal", journal)
    assert (again.code, again.out) == (2, "")
    assert str(journal) in again.err
    with contextlib.closing(JournalReader(journal)) as reader:
        said = {
            row.session: [one.kind for one in reader.read(row.session, 0, 100) if one.data] for row in reader.sessions()
        }
    assert said == {1: ["sent", "received"], 2: ["sent", "received"]}


def test_a_journal_that_is_full_is_told_and_goes_on_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_when_told(monkeypatch)()
    with recording(tmp_path / "a.tincan") as recorded, Server("127.0.0.1:0", **recorded()):
        pass
    assert capsys.readouterr().err == f"the journal is full: recording goes on in {tmp_path / 'a-2.tincan'}\n"


def test_of_the_tries_to_connect_the_one_that_came_through_is_recorded(tmp_path: Path) -> None:
    journal, target = tmp_path / "talk.tincan", parse_destination(f"127.0.0.1:{free_port()}", for_server=False)
    ready = read_step_file(written(tmp_path, {"send": "x", "expect": "equals", "pattern": "x"}))
    steps, tries = StepsRun("list", ready, lambda _played: None), []
    steps.start()
    with contextlib.ExitStack() as stack, recording(journal) as recorded:

        def connect(stands: Callable[[Connection], None], recorded: Mapping[str, Any]) -> Client:
            tries.append(recorded["session"])
            if len(tries) == 3:
                stack.enter_context(Server(target.address, reply="echo", framing="line"))
            return client_for(target, stands, recorded=recorded)

        play(steps, connect, recorded, math.inf)
    assert tries == [1, 1, 1]
    with contextlib.closing(JournalReader(journal)) as reader:
        (session,) = reader.sessions()
        kinds = [entry.kind for entry in reader.read(session.session, 0, 100)]
    assert kinds.count("session-opened") == 1
    assert [kind for kind in kinds if kind in ("sent", "received", "closed")] == ["sent", "received", "closed"]


def test_of_tries_that_are_all_in_vain_the_last_is_recorded(tmp_path: Path) -> None:
    path, journal = written(tmp_path, ASK), tmp_path / "talk.tincan"
    done = run(path, f"127.0.0.1:{free_port()}", "--wait", "0.7", "--journal", journal)
    assert done.code == 1
    with contextlib.closing(JournalReader(journal)) as reader:
        (session,) = reader.sessions()
        last = reader.read(session.session, 0, 100)[-1]
    assert "Nothing answers" in last.note
