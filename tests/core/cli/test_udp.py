"""UDP in a terminal: what is asked for on the command line, and both programs with strangers."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.__main__ import parse
from core.address import Address
from core.cli.options import Options
from core.journal.reading.reader import JournalReader
from core.net.socket_options import SocketOptions
from core.net.udp import UdpServer
from core.wire.faults import Faults
from core.workbench import Workbench
from tests.core.cli.test_terminal import Terminal, interrupt
from tests.support import program
from tests.support.peers import stranger
from tests.support.sink import until
from tests.support.systems import needs_icmp


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal(monkeypatch)
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with stranger() as sock:
        yield sock


@pytest.mark.parametrize(
    ("arguments", "role", "target"),
    [
        (["serve", "--udp", "5555"], "UDP server", Address("127.0.0.1", 5555)),
        (["serve", "udp://0.0.0.0:53"], "UDP server", Address("0.0.0.0", 53)),
        (["connect", "udp://[::1]:53"], "UDP client", Address("::1", 53)),
        (["connect", "--udp", "h", "53"], "UDP client", Address("h", 53)),
        (["connect", "h", "53"], "client", Address("h", 53)),
        (["tap", "--udp", "5354", "h:53"], "UDP tap", Address("127.0.0.1", 5354)),
        (["tap", "udp://5354", "h:53"], "UDP tap", Address("127.0.0.1", 5354)),
        (["tap", "5354", "udp://h:53", "--ttl", "3"], "UDP tap", Address("127.0.0.1", 5354)),
        (["tap", "5354", "h:53"], "tap", Address("127.0.0.1", 5354)),
    ],
)
def test_udp_is_asked_for_by_an_option_or_by_the_scheme(arguments: list[str], role: str, target: Address) -> None:
    options = parse(arguments)

    assert isinstance(options, Options)
    assert (options.role.name, options.target) == (role, target)


def test_faults_may_be_of_both_ways_or_of_one() -> None:
    options = parse(["connect", "--udp", "h:1", "--fault", "loss=0.5", "--fault-in", "reorder=0.1/5ms"])

    assert isinstance(options, Options)
    assert options.faults == (Faults(loss=0.5), Faults(reorder=0.1, held_back=0.005))


def test_groups_and_the_rest_are_socket_options() -> None:
    asked = "--join 224.0.0.251 --join ff02::fb --interface eth0 --ttl 4 --broadcast --no-loop --no-fragment"
    options = parse(["serve", "--udp", "5353", *asked.split()])

    assert isinstance(options, Options)
    assert options.socket_options == SocketOptions(
        groups=("224.0.0.251", "ff02::fb"),
        interface="eth0",
        ttl=4,
        broadcast=True,
        hears_itself=False,
        fragments=False,
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["serve", "5353", "--join", "224.0.0.251"], "are for UDP: add --udp"),
        (["connect", "h:1", "--broadcast"], "are for UDP: add --udp"),
        (["serve", "--udp", "1", "--join", "10.0.0.1"], "is no multicast group"),
        (["serve", "--udp", "1", "--ttl", "300"], "from 0 to 255"),
        (["connect", "--udp", "h:1", "--datagram", "10"], "add --exact"),
        (["connect", "--udp", "h:1", "--exact", "--datagram", "70000"], "from 1 to 65,507"),
        (["connect", "--udp", "--tls", "h:1"], "TLS is for streams of bytes"),
        (["connect", "--udp", "tls://h:1"], "TLS is for streams of bytes"),
        (["connect", "--udp", "--retry", "h:1"], "--retry"),
        (["connect", "--udp", "h:1", "--proxy", "socks5://p"], "datagrams go through no proxy"),
        (["connect", "udp://h:1", "--proxy", "http://p:1"], "datagrams go through no proxy"),
        (["tap", "tls://1", "udp://h:1"], "tls:// stands behind another scheme"),
        (["tap", "--udp", "1", "h:1", "--no-verify"], "TLS is for streams of bytes"),
        (["tap", "1", "unix:/tmp/x", "--udp"], "UDP goes to a host and a port"),
        (["tap", "1", "h:1", "--udp", "--proxy", "socks5://p"], "datagrams go through no proxy"),
        (["tap", "1", "h:1", "--udp", "--fault", "cut=3"], "cut"),
        (["tap", "1", "h:1", "--ttl", "3"], "are for UDP: add --udp"),
        (["serve", "5353", "--fault", "loss=0.1"], "loss happens to datagrams (UDP) alone"),
        (["serve", "--udp", "5353", "--fault", "cut=3"], "cut happens to streams of bytes alone"),
        (["serve", "--udp", "5353", "--fault-in", "slice=1"], "slice happens to streams of bytes alone"),
        (["tap", "1", "h:1", "--fault", "loss=0.1"], "loss happens to datagrams (UDP) alone"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments)

    assert leaving.value.code == 2
    assert why in capsys.readouterr().err


def test_lines_are_datagrams_and_an_empty_line_is_an_empty_one(terminal: Terminal, peer: socket.socket) -> None:
    heard: list[bytes] = []

    def scene() -> None:
        terminal.types(b"hello\n\nworld\n")
        while len(heard) < 3:
            data, where = peer.recvfrom(100)
            heard.append(data)
            peer.sendto(data, where)
        terminal.out.wait_for("SERVER: world")
        terminal.ends_input()

    code = terminal.run("connect", "--udp", "127.0.0.1", str(peer.getsockname()[1]), "--wait", "0.1", scene=scene)

    assert (code, heard) == (0, [b"hello", b"", b"world"])
    assert terminal.out.lines == ["UDP CLIENT CONNECTED TO SERVER", "SERVER: hello", "SERVER: ", "SERVER: world"]
    assert terminal.err.lines[-1] == "connection closed: you closed it"


def test_bytes_are_cut_into_datagrams_of_the_size_that_was_asked_for(terminal: Terminal, peer: socket.socket) -> None:
    sizes: list[int] = []

    def scene() -> None:
        terminal.types(bytes(25))
        while sum(sizes) < 25:
            data, where = peer.recvfrom(100)
            sizes.append(len(data))
            peer.sendto(data, where)
        terminal.ends_input()

    port = str(peer.getsockname()[1])
    code = terminal.run(
        "connect", f"udp://127.0.0.1:{port}", "--exact", "--datagram", "10", "--wait", "0.1", scene=scene
    )

    assert (code, sizes) == (0, [10, 10, 5])
    assert terminal.out.raw.getvalue() == bytes(25)


def test_a_server_shows_peers_as_they_speak_and_records_it_all(
    terminal: Terminal, peer: socket.socket, tmp_path: Path
) -> None:
    journal = tmp_path / "udp.tincan"

    def scene() -> None:
        where = ("127.0.0.1", terminal.port())
        for said in (b"one", b"", b"three\nlines"):
            peer.sendto(said, where)
            assert peer.recv(100) == said
        terminal.types(b"from a person\n")
        assert peer.recv(100) == b"from a person"
        terminal.ends_input()

    code = terminal.run("serve", "--udp", "127.0.0.1:0", "--reply", "echo", "--journal", str(journal), scene=scene)

    assert code == 0
    assert terminal.out.lines == [
        "UDP SERVER CONNECTED TO CLIENT",
        "CLIENT MESSAGE: one",
        "CLIENT MESSAGE: ",
        "CLIENT MESSAGE: three\\nlines",
    ]
    assert f"#1 speaks from 127.0.0.1:{peer.getsockname()[1]}" in terminal.err.lines
    reader = JournalReader(journal)
    (session,) = reader.sessions()
    entries = [entry for entry in reader.read(session.session, 0, 100) if entry.data is not None]
    reader.close()
    assert session.role == "UDP server"
    assert sorted((entry.kind, entry.data) for entry in entries) == [
        ("received", b""),
        ("received", b"one"),
        ("received", b"three\nlines"),
        ("sent", b""),
        ("sent", b"from a person"),
        ("sent", b"one"),
        ("sent", b"three\nlines"),
    ]


def test_a_tap_shows_what_each_end_says(terminal: Terminal, peer: socket.socket) -> None:
    def scene() -> None:
        with stranger(Address("127.0.0.1", terminal.port())) as caller:
            caller.send(b"question")
            question, source = peer.recvfrom(100)
            peer.sendto(b"answer to " + question, source)
            assert caller.recv(100) == b"answer to question"
        terminal.out.wait_for("answer to question")
        interrupt(signal.SIGINT)

    place = "{}:{}".format(*peer.getsockname())

    assert terminal.run("tap", "127.0.0.1:0", f"udp://{place}", scene=scene) == 0
    assert terminal.out.lines == [
        "UDP TAP CONNECTED TO CLIENT",
        "UDP TAP CONNECTED TO TARGET",
        "CLIENT #1 MESSAGE: question",
        "TARGET #1→ MESSAGE: answer to question",
    ]
    assert f"passes on what callers say to {place}" in terminal.err.lines
    assert any(line.startswith(f"#1 is passed on to {place} from 127.0.0.1:") for line in terminal.err.lines)


def test_a_line_that_the_system_refuses_is_told_once_and_stands_in_the_journal(
    terminal: Terminal, peer: socket.socket, tmp_path: Path
) -> None:
    journal = tmp_path / "udp.tincan"

    def scene() -> None:
        peer.sendto(b"hello", ("127.0.0.1", terminal.port()))
        terminal.out.wait_for("CLIENT MESSAGE: hello")
        terminal.types(b"x" * 65_508 + b"\nnext\n")
        assert peer.recv(100) == b"next"
        terminal.ends_input()

    code = terminal.run("serve", "--udp", "127.0.0.1:0", "--reply", "none", "--journal", str(journal), scene=scene)

    (told,) = [line for line in terminal.err.lines if "not sent" in line]
    assert (code, told.startswith("not sent: The datagram is larger than the way to")) == (0, True)
    with closing(JournalReader(journal)) as reader:
        (session,) = reader.sessions()
        (missing,) = [entry for entry in reader.read(session.session, 0, 100) if entry.kind == "not-sent"]
    assert missing.note.endswith(told.removeprefix("not sent: "))


@needs_icmp
def test_nobody_there_is_told_on_standard_error(terminal: Terminal, peer: socket.socket) -> None:
    port = peer.getsockname()[1]
    peer.close()
    terminal.types(b"anybody?\n")

    code = terminal.run("connect", f"udp://127.0.0.1:{port}", scene=lambda: _ends_after_the_news(terminal, port))

    assert code == 0


def _ends_after_the_news(terminal: Terminal, port: int) -> None:
    terminal.err.wait_for(rf"nothing listens at 127\.0\.0\.1:{port}: its machine sent the datagram back")
    terminal.ends_input()


def test_what_is_said_on_connect_goes_first(terminal: Terminal, peer: socket.socket) -> None:
    heard: list[bytes] = []

    def scene() -> None:
        heard.append(peer.recv(100))
        terminal.types(b"typed\n")
        heard.append(peer.recv(100))
        terminal.ends_input()

    where = f"udp://127.0.0.1:{peer.getsockname()[1]}"
    code = terminal.run("connect", where, "--on-connect", "hello", "--wait", "0.1", scene=scene)

    assert (code, heard) == (0, [b"hello", b"typed"])


# Lists of steps.


@pytest.mark.parametrize(("pattern", "code"), [("re:hi", 0), ("other", 5)])
def test_connect_plays_steps_over_udp_instead_of_the_input(
    terminal: Terminal, tmp_path: Path, pattern: str, code: int
) -> None:
    step = {"name": "ask", "send": "hi", "expect": "equals", "pattern": pattern, "within": 100}
    path = tmp_path / "steps.json"
    path.write_text(json.dumps({"version": 1, "name": "ask", "steps": [step]}), encoding="utf-8")

    with UdpServer("127.0.0.1:0", reply=lambda _peer, message: b"re:" + message) as server:
        assert terminal.run("connect", f"udp://{server.addresses[0]}", "--steps", str(path)) == code

    assert terminal.out.lines[-1].split()[1:3] == ["ask", "hi"]


def test_a_conversation_is_exported_as_steps_and_played_over_udp_empty_datagrams_and_all(tmp_path: Path) -> None:
    journal, steps = tmp_path / "run.tincan", tmp_path / "steps.json"
    workbench = Workbench(journal)
    view = workbench.subscribe(lambda: None)
    with closing(workbench):
        workbench.serve_datagrams(Address("127.0.0.1", 0), reply="echo")
        places: list[Address] = []

        def stands() -> bool:
            places.extend(each for batch in view.drain() for state in batch.sessions for each in state.addresses)
            return bool(places)

        until(stands, "the server")
        with stranger(places[0]) as peer:
            for said in (b"one", b"", b"two"):
                peer.send(said)
                assert peer.recv(100) == said
    with UdpServer("127.0.0.1:0", reply="echo") as server:
        exported = program.run("export", journal, "--as", "steps", "--output", steps)
        written = json.loads(steps.read_text())
        played = program.run("test", steps, f"udp://{server.addresses[0]}")
        refused = program.run("test", steps, f"udp://{server.addresses[0]}", "--tls")
    assert (exported.code, played.code, played.err) == (0, 0, "")
    assert written["target"].startswith("udp://127.0.0.1:")
    assert [step.get("send") for step in written["steps"]] == ["one", "", "two"]
    assert refused.code == 2
    assert "TLS is for streams of bytes, and UDP has none" in refused.err
