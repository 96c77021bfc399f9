"""``replay`` in a terminal: one side of what was recorded, against real servers, clients, and strangers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.address import Address, parse_address
from core.journal.recording.ledger import Phase
from core.net.server import Server
from core.net.udp import UdpServer
from core.workbench import Workbench
from tests.core.journal.export.formats.test_script import DATAGRAMS, SAID
from tests.core.journal.export.formats.test_script import datagrams as datagrams
from tests.core.journal.export.formats.test_script import journal as journal
from tests.support import program
from tests.support.peers import Dribbles, Host, Peer, Resets, free_port
from tests.support.sink import PATIENCE
from tests.support.story import View


@contextmanager
def mocking(path: Path, *arguments: str, at: str = "127.0.0.1:0") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The recorded server, where it listens."""
    with subprocess.Popen(
        [sys.executable, "-m", "core", "replay", str(path), "--serve", at, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        try:
            found = re.search(r"listening on (\S+)", process.stderr.readline())
            assert found is not None
            yield found[1], process
        finally:
            process.kill()


@pytest.mark.parametrize("framing", ["raw", "line"])
@pytest.mark.parametrize("pace", ["fast", "recorded"])
def test_the_same_server_answers_as_recorded(journal: Path, framing: str, pace: str) -> None:
    with Server("127.0.0.1:0", reply="echo") as same:
        done = program.run("replay", journal, str(same.addresses[0]), "--frame", framing, "--pace", pace)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("everything was as recorded\n")


def test_another_server_is_shown_side_by_side(journal: Path) -> None:
    with Server("127.0.0.1:0", reply=lambda _peer, message: message.swapcase()) as other:
        done = program.run("replay", journal, str(other.addresses[0]))
    assert done.code == 1
    columns, first, *_ = done.out.splitlines()
    assert columns.split() == ["step", "sent", "recorded", "came", "same"]
    assert first.split() == ["1", "hello\\n", "hello\\n", "HELLO\\n", "NO,", "from", "byte", "0", "on"]
    assert re.search(r"^\d of \d steps are different$", done.out, re.MULTILINE)


@pytest.mark.parametrize("framing", ["raw", "line"])
def test_the_mock_and_the_client_of_one_recording_have_it_again(journal: Path, framing: str) -> None:
    with mocking(journal, "--once", "--frame", framing) as (address, process):
        done = program.run("replay", journal, address, "--frame", framing)
        assert (done.code, done.err) == (0, "")
        out, _err = process.communicate(timeout=20)  # Windows' pipes hold less than what a long conversation says
        assert process.returncode == 0
        assert "everything was as recorded" in out


def test_the_mock_answers_everybody_who_connects(journal: Path) -> None:
    with mocking(journal) as (address, _process):
        target = parse_address(address, for_server=False)
        with Peer.calls(target) as one, Peer.calls(target) as other:
            for peer in (other, one):
                for message in SAID:
                    peer.say(message)
                    assert peer.hear(len(message)) == message


def test_the_mock_tells_what_a_client_says_otherwise(journal: Path) -> None:
    with mocking(journal, "--once") as (address, process):
        with Dribbles.calls(parse_address(address, for_server=False)) as peer:
            peer.say(b"HELLO\n")
            assert peer.hear(6) == b"hello\n"
        out, _err = process.communicate(timeout=20)
        assert process.returncode == 1
    assert re.search(r"^1\s+hello\\n\s+HELLO\\n\s+NO, from byte 0 on$", out, re.MULTILINE)
    assert "the other end finished first" in out


def test_a_server_that_resets_is_a_difference_and_not_a_hang(journal: Path) -> None:
    with Host() as host:
        command = [sys.executable, "-m", "core", "replay", str(journal), str(host.address)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            with host.accept(Resets) as peer:
                assert peer.hear(6) == b"hello\n"
            out, _err = process.communicate(timeout=20)
            assert process.returncode == 1
            assert "reset" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none.tincan", "127.0.0.1:1"], 2, "none.tincan is not there"),
        (["JOURNAL", "127.0.0.1:1", "--session", "99"], 2, "the journal has no session 99"),
        (["JOURNAL", "127.0.0.1:1", "--connection", "99"], 2, "has no connection #99"),
        (["JOURNAL"], 2, "name the server to play the client to, or --serve LISTEN"),
        (["JOURNAL", "127.0.0.1:1", "--serve", "1"], 2, "name the server to play the client to, or --serve LISTEN"),
        (["JOURNAL", "127.0.0.1:1", "--once"], 2, "--once is for --serve"),
        (["JOURNAL", "udp://127.0.0.1:1"], 1, "a stream of bytes was recorded, and UDP has none"),
        (["JOURNAL", "--serve", "udp://127.0.0.1:0"], 1, "a stream of bytes was recorded, and UDP has none"),
        (["JOURNAL", "udp://127.0.0.1:1", "--tls"], 2, "TLS is for streams of bytes, and UDP has none"),
        (["JOURNAL", "127.0.0.1:PORT"], 1, "Nothing answers at"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [one.replace("JOURNAL", str(journal)).replace("PORT", str(free_port())) for one in arguments]
    done = program.run("replay", *given)
    assert done.code == code
    assert says in done.err
    assert done.err.count("\n") == 1


def test_a_session_in_which_nobody_said_anything_is_passed_over(tmp_path: Path) -> None:
    path, nobody = tmp_path / "talk.tincan", Address("127.0.0.1", free_port())
    workbench = Workbench(path)
    view = View(workbench)
    view.wait_for_state(workbench.connect(nobody), lambda state: state.phase is Phase.ENDED)
    with Server("127.0.0.1:0", reply="echo") as server:
        client = workbench.connect(server.addresses[0])
        view.wait_for_state(client, lambda state: state.phase is Phase.OPEN)
        workbench.send(client, b"hello")
        view.wait_for_state(client, lambda state: state.bytes_in == 5)
        workbench.close()
        done = program.run("replay", path, str(server.addresses[0]))

    assert (done.code, done.err) == (0, "session 2 of 2: choose another with --session\n")


@pytest.mark.parametrize("scheme", ["", "udp://"])
def test_datagrams_go_over_udp_each_as_it_was(datagrams: Path, scheme: str) -> None:
    heard: list[bytes] = []

    def answer(_peer: object, message: bytes) -> bytes:
        heard.append(message)
        return message

    with UdpServer("127.0.0.1:0", reply=answer) as same:
        done = program.run("replay", datagrams, f"{scheme}{same.addresses[0]}")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("everything was as recorded\n")
    assert heard == DATAGRAMS


def test_each_datagram_is_compared_with_its_own(datagrams: Path) -> None:
    with UdpServer("127.0.0.1:0", reply=lambda _peer, message: message.swapcase()) as other:
        done = program.run("replay", datagrams, str(other.addresses[0]))
    assert done.code == 1
    assert re.search(r"^1\s+hello\s+hello\s+HELLO\s+NO, from byte 0 on$", done.out, re.MULTILINE)
    assert re.search(r"^3\s+a\\nb\s+a\\nb\s+A\\nB\s+NO, from byte 0 on$", done.out, re.MULTILINE)


def test_the_mock_of_datagrams_and_their_client_have_it_again(datagrams: Path) -> None:
    with mocking(datagrams, "--once", at="udp://127.0.0.1:0") as (address, process):
        done = program.run("replay", datagrams, address)
        assert (done.code, done.err) == (0, "")
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert "everything was as recorded" in process.stdout.read()


def test_datagrams_know_no_tls(datagrams: Path) -> None:
    done = program.run("replay", datagrams, "127.0.0.1:1", "--tls")
    assert done.code == 1
    assert "datagrams were recorded, and TLS is for streams of bytes: leave it out" in done.err


def test_what_is_said_this_time_is_recorded_on_both_sides(journal: Path, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.tincan", tmp_path / "ours.tincan"
    with mocking(journal, "--once", "--journal", str(theirs)) as (address, process):
        assert program.run("replay", journal, address, "--journal", ours).code == 0
        process.communicate(timeout=PATIENCE)  # Windows' pipes hold less than what a long conversation says
        assert process.returncode == 0
    for recorded in (theirs, ours):
        with Server("127.0.0.1:0", reply="echo") as same:
            assert program.run("replay", recorded, str(same.addresses[0])).code == 0
    assert program.run("replay", journal, "127.0.0.1:9", "--journal", ours).code == 2
