"""Half-closes, goodbyes and resets of a recorded conversation: had again by ``replay``, ``test`` and the programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.address import Address, parse_address
from core.net.server import Server
from core.workbench import Workbench
from tests.core.cli.test_replay import mocking
from tests.core.journal.export.formats.test_script import playing_server, run, script
from tests.core.journal.export.formats.test_steps import exported
from tests.support import program
from tests.support.peers import Host, Peer, Resets
from tests.support.story import View
from tests.support.systems import needs_rst


def half_closes(workbench: Workbench, view: View, host: Host) -> None:
    """The client says all it has to say, finishes, and is answered; the server goes first."""
    session = workbench.connect(host.address, half_open=True)
    with host.accept(Peer) as peer:
        standing = view.wait_for_state(session, lambda state: bool(state.connections)).connections[0]
        workbench.send(session, b"all of it")
        workbench.finish_sending(session, standing.connection)
        assert peer.hear_all() == b"all of it"
        peer.say(b"thanks")
    view.wait_for_state(session, lambda state: bool(state.over))


def server_finishes_first(workbench: Workbench, view: View, host: Host) -> None:
    """The server says FIN, and the client still talks."""
    session = workbench.connect(host.address, half_open=True)
    with host.accept(Peer) as peer:
        standing = view.wait_for_state(session, lambda state: bool(state.connections)).connections[0]
        peer.say(b"that is all")
        peer.finish()
        view.wait_for_state(session, lambda state: not state.connections[0].can_receive)
        workbench.send(session, b"not for me")
        workbench.disconnect(session, standing.connection)
        assert peer.hear_all() == b"not for me"
    view.wait_for_state(session, lambda state: bool(state.over))


def is_reset(workbench: Workbench, view: View, host: Host) -> None:
    """The server resets instead of an answer."""
    session = workbench.connect(host.address)
    with host.accept(Resets) as peer:
        view.wait_for_state(session, lambda state: bool(state.connections))
        workbench.send(session, b"hello")
        assert peer.hear(5) == b"hello"
    view.wait_for_state(session, lambda state: bool(state.over))


def resets(workbench: Workbench, view: View, host: Host) -> None:
    """The client resets after the answer."""
    session = workbench.connect(host.address)
    with host.accept(Peer) as peer:
        standing = view.wait_for_state(session, lambda state: bool(state.connections)).connections[0]
        workbench.send(session, b"hello")
        assert peer.hear(5) == b"hello"
        peer.say(b"you")
        view.wait_for_state(session, lambda state: state.received == 1)
        workbench.abort(session, standing.connection)
        peer.hear_a_reset()
    view.wait_for_state(session, lambda state: bool(state.over))


TALKS = [half_closes, server_finishes_first, is_reset, pytest.param(resets, marks=needs_rst)]


@pytest.fixture(scope="module", params=TALKS, ids=lambda talk: talk.__name__)
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(request.param.__name__) / "talk.tincan"
    workbench = Workbench(path)
    with Host() as host:
        request.param(workbench, View(workbench), host)
    workbench.close()
    return path


@pytest.mark.parametrize("framing", ["raw", "fixed:1"])
def test_the_mock_and_the_client_have_the_ends_again(talk: Path, framing: str) -> None:
    with mocking(talk, "--once", "--frame", framing) as (address, process):
        done = program.run("replay", talk, address, "--frame", framing)
        assert (done.code, done.err, process.wait(20)) == (0, "", 0), done.out
        assert process.stdout is not None
        assert "everything was as recorded" in process.stdout.read()


def test_the_programs_have_the_ends_again(talk: Path, tmp_path: Path) -> None:
    client, server = (script(talk, name, tmp_path) for name in ("python-client", "python-server"))
    with playing_server(server) as (port, process):
        done = run(client, "127.0.0.1", port)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert process.wait(20) == 0


@pytest.mark.parametrize("program_of", ["pytest", "steps"])
def test_the_tests_pass_with_the_same_ends(talk: Path, tmp_path: Path, program_of: str) -> None:
    with mocking(talk, "--once") as (address, process):
        if program_of == "pytest":
            path = script(talk, "pytest", tmp_path)
            code = run("-m", "pytest", "-q", "-p", "no:cacheprovider", path, TARGET=address).returncode
        else:
            done = program.run("test", exported(talk, tmp_path), address)
            code = done.code
            assert done.err == ""
        assert (code, process.wait(20)) == (0, 0)


@needs_rst
@pytest.mark.parametrize(
    ("recorded", "kind", "hears", "answer", "says"),
    [
        (half_closes, Resets, 9, b"thanks", "the other end reset the connection"),
        (is_reset, Peer, 5, b"", "NO"),
    ],
)
def test_another_end_is_told(
    recorded: Callable[[Workbench, View, Host], None], kind: type[Peer], hears: int, answer: bytes, says: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    path = tmp_path / "talk.tincan"
    workbench = Workbench(path)
    with Host() as host:
        recorded(workbench, View(workbench), host)
    workbench.close()
    with Host() as host:
        command = [sys.executable, "-m", "core", "replay", str(path), str(host.address)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            with host.accept(kind) as peer:
                peer.hear(hears)
                peer.say(answer)
            assert process.wait(20) == 1
            assert process.stdout is not None
            assert says in process.stdout.read()


@pytest.mark.parametrize("framing", ["raw", "line", "length:1", "gap:50"])
def test_hostile_bytes_and_an_answer_without_an_end_are_the_same_again(tmp_path: Path, framing: str) -> None:
    said = [b"\x00\x1b[2J\x1b]0;evil\x07\xff\xfe\n", b"\n", b"\n\n", "\u202e\u2028\n".encode(), b"no end"]
    path = tmp_path / "talk.tincan"
    workbench = Workbench(path)
    view = View(workbench)
    session = workbench.serve(Address("127.0.0.1", 0), reply="echo")
    address = view.wait_for_state(session, lambda state: bool(state.addresses)).addresses[0]
    with Peer.calls(address) as peer:
        for message in said:
            peer.say(message)
            assert peer.hear(len(message)) == message
    view.wait_for_state(session, lambda state: bool(state.over))
    workbench.close()
    with Server("127.0.0.1:0", reply="echo") as same:
        done = program.run("replay", path, str(same.addresses[0]), "--frame", framing)
    assert (done.code, done.err) == (0, ""), done.out
    assert not any(character in done.out for character in "\x00\x1b\u202e\u2028")


def test_a_recorded_http_server_is_played_to_a_client_that_speaks_it(tmp_path: Path) -> None:
    question, answer = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    path = tmp_path / "talk.tincan"
    workbench = Workbench(path)
    view = View(workbench)
    with Host() as host:
        session = workbench.connect(host.address)
        with host.accept(Peer) as peer:
            view.wait_for_state(session, lambda state: bool(state.connections))
            workbench.send(session, question)
            peer.hear(len(question))
            peer.say(answer)
        view.wait_for_state(session, lambda state: bool(state.over))
    workbench.close()
    with mocking(path, "--once") as (address, process):
        with Peer.calls(parse_address(address, for_server=False)) as peer:
            peer.say(question)
            assert peer.hear_all() == answer
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert "[finished]" in process.stdout.read()
