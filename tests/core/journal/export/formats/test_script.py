"""Programs made of a conversation: each is run, against the other one and against a real peer."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.address import Address, parse_address
from core.events import ConnectionId, Opened, SessionId, SessionOpened
from core.journal.display_row import DisplayRow
from core.journal.export.formats import find_format
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.journal.reading.parties import Ends, Parties
from core.journal.reading.reader import JournalReader
from core.journal.recording.ledger import Phase
from core.journal.recording.store import JournalWriter
from core.net.client import Client
from core.net.server import Server
from core.net.udp import UdpClient, UdpServer
from core.roles import Role
from core.tls.settings import Tls
from core.workbench import Workbench
from tests.support.certificates import make
from tests.support.peers import Peer
from tests.support.sink import PATIENCE
from tests.support.story import View
from tests.support.systems import only_posix

SAID = [b"hello\n", b"<'\"\\{}%s\x00\xff\n", bytes(range(256)) * 20 + b"\n"]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server that echoes, and what one client said to it."""
    path = tmp_path_factory.mktemp("talk") / "talk.tincan"
    workbench = Workbench(path)
    view = View(workbench)
    session = workbench.serve(Address("127.0.0.1", 0), reply="echo")
    address = view.wait_for_state(session, lambda state: bool(state.addresses)).addresses[0]
    with Peer.calls(address) as peer:
        for message in SAID:
            peer.say(message)
            assert peer.hear(len(message)) == message
    view.wait_for_state(session, lambda state: bool(state.over))
    workbench.close()
    return path


def script(journal: Path, name: str, folder: Path, framing: str = "raw") -> Path:
    path = folder / f"test_{name.replace('-', '_')}.py"
    with opens_reading(journal, 1, Lens(framing))(threading.Event()) as source:  # type: ignore[arg-type]
        export(source, path, find_format(name))
    return path


@contextlib.contextmanager
def playing_server(path: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with subprocess.Popen([sys.executable, path, "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"\d+", process.stdout.readline())
            assert found is not None
            yield int(found[0]), process
        finally:
            process.kill()


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},  # as where none is installed
    )  # fmt: skip


@pytest.mark.parametrize("framing", ["raw", "line", "delimiter:0a", "fixed:16", "gap:1000"])
def test_the_two_programs_have_the_conversation_again(journal: Path, tmp_path: Path, framing: str) -> None:
    server = script(journal, "python-server", tmp_path, framing)
    client = script(journal, "python-client", tmp_path, framing)

    with playing_server(server) as (port, process):
        done = run(client, "127.0.0.1", port)
        assert (done.returncode, done.stdout) == (0, "")
        assert process.wait(20) == 0


def test_the_client_tells_where_a_real_server_answers_otherwise(journal: Path, tmp_path: Path) -> None:
    client = script(journal, "python-client", tmp_path)
    with Server("127.0.0.1:0", reply="echo") as same:
        assert run(client, "127.0.0.1", same.addresses[0].port).returncode == 0
    with Server("127.0.0.1:0", reply=lambda _peer, message: message.swapcase()) as other:
        done = run(client, "127.0.0.1", other.addresses[0].port)
    assert done.returncode == 1
    assert "expected b'hello\\n' and got b'HELLO\\n'" in done.stdout


def test_the_test_passes_against_the_same_server_and_fails_against_another(journal: Path, tmp_path: Path) -> None:
    path = script(journal, "pytest", tmp_path)
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", path)
    with Server("127.0.0.1:0", reply="echo") as same:
        assert run(*command, TARGET=str(same.addresses[0])).returncode == 0
    with Server("127.0.0.1:0", reply=lambda _peer, message: message.swapcase()) as other:
        assert run(*command, TARGET=str(other.addresses[0])).returncode == 1


@pytest.mark.parametrize(
    ("local", "place"),
    [
        ("127.0.0.1:5556", "PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 5556"),
        ("unix:/run/tap", "else '/run/tap'"),
    ],
)
def test_the_client_of_a_tap_calls_the_tap(local: str, place: str) -> None:
    dialled = Ends("127.0.0.1:40001", "127.0.0.1:5555", "fin")
    parties = Parties("tap", local, {-1: dialled, 1: Ends(local, "127.0.0.1:40000", "fin")})
    assert place in find_format("python-client")(parties=parties).head()


@only_posix("Python has no such sockets there")
@pytest.mark.parametrize("name", ["", "@"])
def test_the_programs_of_a_local_socket_have_its_conversation_again(tmp_path: Path, name: str) -> None:
    if name == "@" and sys.platform != "linux":
        pytest.skip("POSIX, as Linux has it: there are no names without a file elsewhere")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        target = f"unix:@{Path(folder).name}" if name else f"unix:{folder}/socket"
        path = tmp_path / "talk.tincan"
        workbench = Workbench(path)
        view = View(workbench)
        session = workbench.serve(parse_address(target, for_server=True), reply="echo")
        view.wait_for_state(session, lambda state: bool(state.addresses))
        with Client(target) as client:
            for message in SAID:
                client.send(message)
            heard = b""
            while len(heard) < sum(map(len, SAID)):
                heard += client.receive(PATIENCE)
        view.wait_for_state(session, lambda state: bool(state.over))
        workbench.close()
        server = script(path, "python-server", tmp_path)
        with subprocess.Popen([sys.executable, server], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert "listening at" in process.stdout.readline()
            client_program = run(script(path, "python-client", tmp_path))
            assert (client_program.returncode, client_program.stdout) == (0, "")
            assert process.wait(PATIENCE) == 0
        Path(f"{folder}/socket").unlink(missing_ok=True)
        with Server(target, reply="echo"):
            test = script(path, "pytest", tmp_path)
            assert run("-m", "pytest", "-q", "-p", "no:cacheprovider", test).returncode == 0


@pytest.mark.parametrize("name", ["python-client", "python-server", "pytest"])
def test_a_conversation_without_words_is_a_program_too(name: str) -> None:
    form = find_format(name)()

    compile(str(form.head()) + str(form.tail()), name, "exec")


# Under TLS, whose ends Python's ssl cannot have one way.


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A talk over TLS as its client recorded it, and the certificate of the server with its key."""
    folder = tmp_path_factory.mktemp("secured")
    own = make()
    pem = folder / "certificate.pem"
    pem.write_bytes(own.pem + own.key_pem())
    workbench = Workbench(folder / "talk.tincan")
    view = View(workbench)
    with Server("127.0.0.1:0", reply="echo", tls=Tls(certificate=pem)) as server:
        session = workbench.connect(Address("localhost", server.addresses[0].port), tls=Tls(ca=pem))
        view.wait_for_state(session, lambda state: bool(state.connections))
        workbench.send(session, b"hello\n")
        view.wait_for_state(session, lambda state: state.received == 1)
        workbench.stop(session)
        view.wait_for_state(session, lambda state: state.phase is Phase.ENDED)
    workbench.close()
    return folder / "talk.tincan", pem


def test_the_programs_of_a_talk_under_tls_speak_tls(secured: tuple[Path, Path], tmp_path: Path) -> None:
    journal, pem = secured
    client, server = (script(journal, name, tmp_path) for name in ("python-client", "python-server"))
    with subprocess.Popen([sys.executable, server, "0", pem], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split()[-1]
        told = run(client, "localhost", port, SSL_CERT_FILE=str(pem))
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
        assert process.wait(PATIENCE) == 0


def test_the_test_of_a_talk_under_tls_verifies_the_server_by_its_name(
    secured: tuple[Path, Path], tmp_path: Path
) -> None:
    journal, pem = secured
    path = script(journal, "pytest", tmp_path)
    assert "'localhost:" in path.read_text()
    with Server("127.0.0.1:0", reply="echo", tls=Tls(certificate=pem)) as server:
        target = f"localhost:{server.addresses[0].port}"
        for trusted, code in ((str(pem), 0), (os.devnull, 1)):
            told = run(
                "-m", "pytest", "-q", "-p", "no:cacheprovider", path, TARGET=target, SSL_CERT_FILE=trusted
            )  # fmt: skip
            assert told.returncode == code, told.stdout


@pytest.mark.parametrize("tls", [True, False])
def test_a_talk_that_began_in_the_clear_is_none_under_tls(tmp_path: Path, tls: bool) -> None:
    """With STARTTLS the session asks for TLS, and its connection begins without."""
    path = tmp_path / "talk.tincan"
    target = Address("127.0.0.1", 25)
    session = SessionId(1)
    with contextlib.closing(JournalWriter(path)) as writer:
        begun = SessionOpened(session, 0, Role.CLIENT, target, "raw", None, tls=True)
        writer.append([begun, Opened(session, ConnectionId(1), 1, 1, target, target, tls=tls)], 0)
    with contextlib.closing(JournalReader(path)) as reader:
        assert reader.parties(session).tls is tls


# Over UDP, where a datagram is a message.

DATAGRAMS = [b"hello", b"", b"a\nb", bytes(range(256)) * 20]


@pytest.fixture(scope="module")
def datagrams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A UDP server that echoes, and what one peer said to it."""
    path = tmp_path_factory.mktemp("datagrams") / "talk.tincan"
    workbench = Workbench(path)
    view = View(workbench)
    session = workbench.serve_datagrams(Address("127.0.0.1", 0), reply="echo")
    address = view.wait_for_state(session, lambda state: bool(state.addresses)).addresses[0]
    with UdpClient(address) as client:
        for message in DATAGRAMS:
            client.send(message)
            assert client.receive(10) == message
    view.wait_for_state(session, lambda state: state.received == len(DATAGRAMS))
    workbench.close()
    return path


def test_the_programs_of_datagrams_have_the_same_talk_with_each_other(datagrams: Path, tmp_path: Path) -> None:
    client, server = (script(datagrams, name, tmp_path) for name in ("python-client", "python-server"))
    with playing_server(server) as (port, process):
        told = run(client, "127.0.0.1", port)
        code = process.wait(timeout=60)

    assert (told.returncode, told.stdout, told.stderr, code) == (0, "", "", 0)


def test_the_test_of_datagrams_passes_with_who_answers_the_same_and_fails_with_another(
    datagrams: Path, tmp_path: Path
) -> None:
    path = script(datagrams, "pytest", tmp_path)
    for reply, code in (("echo", 0), ("letter", 1)):
        with UdpServer("127.0.0.1:0", reply=reply) as server:
            told = run("-m", "pytest", "-q", "-p", "no:cacheprovider", path, TARGET=str(server.addresses[0]))
        assert told.returncode == code, told.stdout


def test_of_a_tap_the_leg_to_the_target_is_one_that_was_dialled() -> None:
    ends = {-1: Ends("127.0.0.1:40001", "127.0.0.1:5555", "fin")}
    form = find_format("python-client")(parties=Parties("tap", "127.0.0.1:5556", ends))

    rows = (
        DisplayRow(0, SessionId(1), 0, None, -1, kind, 0, 0, data, len(data))
        for kind, data in (("sent", b"question"), ("received", b"answer"))
    )
    steps = [str(step) for row in rows for step in form.row(row, lambda row=row: iter([row.data]))]  # type: ignore[misc]

    assert steps == ["    say(b'question')\n", "    expect(b'answer')\n"]
