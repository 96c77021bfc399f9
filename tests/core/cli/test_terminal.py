"""The terminal programs: the tutorial's server and client, against plain ones and against strangers."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from build_scripts.project import ROOT
from core.__main__ import main, parse
from core.address import Address
from core.cli import terminal as terminal_module
from core.cli.options import Options
from core.compose import Format, LineEnding
from core.compose.profiles import Profile, export_profiles
from core.events import SessionId
from core.journal.reading.reader import JournalReader
from core.journal.recording.recorder import Subscription
from core.net import sockets
from core.net.audience import Delivery
from core.net.dialer import Dialer
from core.net.resolver import Resolver
from core.origin import Origin
from core.proxy import Proxy
from core.replies.rules import Rules, find_rule_set
from core.sending.steps import StepsRun
from core.text_safety import TextSafety
from core.tls.settings import ClientCertificates, Tls
from core.workbench import Workbench
from tests.support.certificates import make, make_authority
from tests.support.injection import KINDS, Breaker
from tests.support.journals import full_when_told
from tests.support.peers import AnswersBack, Host, Peer, Resets
from tests.support.program import handlers_kept, running
from tests.support.stage import serving
from tests.support.story import PATIENCE
from tests.support.systems import command_line, needs_rst, only_linux, only_posix
from tests.support.tls_peers import client_context, server_context

SUPPORT = ROOT / "tests" / "support"


class Screen(io.StringIO):
    """A standard stream that can be watched from another thread."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self.raw = io.BytesIO()  # what is written as bytes

    @property
    def buffer(self) -> BinaryIO:
        return self.raw

    def write(self, text: str) -> int:
        with self._changed:
            count = super().write(text)
            self._changed.notify_all()
        return count

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()

    def wait_for(self, pattern: str, times: int = 1) -> str:
        """Wait for that many matches; give the first group of the last."""
        found: list[str] = []

        def there() -> bool:
            found[:] = re.findall(pattern, self.getvalue())
            return len(found) >= times

        with self._changed:
            assert self._changed.wait_for(there, PATIENCE), f"{pattern} did not come; there is {self.getvalue()!r}"
        return found[-1]


class Terminal:
    """A program run in this process, with what a person types and what others do in a scene beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.out, self.err = Screen(), Screen()
        self._monkeypatch = monkeypatch
        reading, self._writing = os.pipe()
        self._keyboard = os.fdopen(reading)

    def types(self, text: bytes) -> None:
        os.write(self._writing, text)

    def ends_input(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    def close(self) -> None:
        """End the input, so that its thread can end before the pipe is closed."""
        self.ends_input()
        for thread in threading.enumerate():
            if thread.name == "standard input":
                thread.join(PATIENCE)
        self._keyboard.close()

    def port(self) -> int:
        """Where the server listens, once it does."""
        return int(self.err.wait_for(r"listening on \S+:(\d+)"))

    def run(self, *arguments: str, scene: Callable[[], None] = lambda: None) -> int:
        """Run the program while the scene plays; give its exit code. A scene that fails ends the program."""
        failures: list[BaseException] = []

        def play() -> None:
            try:
                scene()
            except BaseException as failure:  # noqa: BLE001 - raised again below
                failures.append(failure)
                if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # it has been asked already
                    interrupt(signal.SIGTERM)

        self._monkeypatch.setattr(sys, "argv", ["core", *arguments])
        self._monkeypatch.setattr(sys, "stdin", self._keyboard)
        self._monkeypatch.setattr(sys, "stdout", self.out)
        self._monkeypatch.setattr(sys, "stderr", self.err)
        thread = threading.Thread(target=play, name="scene")
        thread.start()
        try:
            with handlers_kept():
                code = main()
        finally:
            thread.join(PATIENCE)
        if failures:
            raise failures[0]
        return code


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal(monkeypatch)
    try:
        yield made
    finally:
        made.close()


def interrupt(number: int) -> None:
    """Send this process a signal as the system does: to its main thread, out of its wait."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)


@contextlib.contextmanager
def calling(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        yield peer


def hear(peer: socket.socket, size: int) -> bytes:
    """Exactly so many bytes."""
    heard = b""
    while len(heard) < size and (piece := peer.recv(size - len(heard))):
        heard += piece
    return heard


def hear_all(peer: socket.socket) -> bytes:
    return b"".join(iter(lambda: peer.recv(65536), b""))


@contextlib.contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server, f"127.0.0.1:{server.getsockname()[1]}"


def accept(server: socket.socket) -> socket.socket:
    peer, _address = server.accept()
    peer.settimeout(PATIENCE)
    return peer


@pytest.mark.case("C-67")
@pytest.mark.parametrize("kind", [*KINDS, SystemExit])
def test_a_client_whose_input_breaks_says_so_and_parts_when_all_is_said(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
    kind: Callable[[], BaseException],
) -> None:
    Breaker(monkeypatch).worker("standard input", kind)
    with listening() as (server, address):

        def scene() -> None:
            with accept(server) as peer:
                assert hear_all(peer) == b""
                peer.sendall(b"the last answer")

        assert terminal.run("connect", address, scene=scene) == 3

    assert "SERVER: the last answer" in terminal.out.lines
    assert any("nothing more can be read from standard input: " in line for line in terminal.err.lines)
    logged_errors.clear()


class TestServing:
    def test_the_tutorial_s_conversation_prints_the_tutorial_s_lines(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                assert hear(peer, 16) == b"type the message"
                peer.sendall(b"hello")
                assert hear(peer, 1).isalpha()
                peer.sendall(b"stop")
                assert hear_all(peer) == b""

        assert terminal.run("serve", "0", "--once", scene=scene) == 0

        assert terminal.out.lines == ["SERVER CONNECTED TO CLIENT", "CLIENT MESSAGE: hello", "CLIENT MESSAGE: stop"]
        assert terminal.err.lines[-1] == "#1 closed: the peer said stop"

    def test_several_clients_are_told_apart(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as one, calling(terminal.port()) as two:
                terminal.out.wait_for("(CONNECTED)", 2)
                two.sendall(b"second")
                terminal.out.wait_for("(second)")
                one.sendall(b"first")
                terminal.out.wait_for("(first)")
            terminal.err.wait_for("(closed)", 2)
            interrupt(signal.SIGINT)

        assert terminal.run("serve", "0", scene=scene) == 0

        said = [line for line in terminal.out.lines if "MESSAGE" in line]
        assert said == ["CLIENT #2 MESSAGE: second", "CLIENT #1 MESSAGE: first"]

    def test_what_is_typed_goes_to_every_client(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as one, calling(terminal.port()) as two:
                terminal.out.wait_for("(CONNECTED)", 2)
                terminal.types(b"good\nmorning\r\n")
                assert hear(one, 13) == hear(two, 13) == b"good\nmorning\n"
                terminal.ends_input()
                assert hear_all(one) == hear_all(two) == b""

        assert terminal.run("serve", "0", "--reply", "none", "--frame", "line", scene=scene) == 0

    @pytest.mark.case("C-86")
    def test_two_programs_that_answer_each_other_are_paused_until_an_empty_line(self, terminal: Terminal) -> None:
        def scene() -> None:
            with AnswersBack.calls(Address("127.0.0.1", terminal.port())):
                terminal.out.wait_for("(CONNECTED)")
                terminal.types(b"tag\n")
                terminal.err.wait_for("#1 is paused: 30 answers in a row within .* and no person between")
                terminal.err.wait_for("an empty line goes on, as does whatever you send; with --answers 0 nothing is")
                heard = len(terminal.out.lines)
                terminal.types(b"\n")
                terminal.err.wait_for("#1 goes on")
                terminal.out.wait_for("tag", heard + 20)
                terminal.ends_input()

        assert terminal.run("serve", "0", "--reply", "echo", "--answers", "30", scene=scene) == 0

    @pytest.mark.case("C-48", "C-82")
    @pytest.mark.parametrize(("way", "words"), [("--exec", "#1: the program says: "), ("--handler", "#1: ")])
    def test_what_is_written_beside_answers_has_no_power_over_the_terminal(
        self, way: str, words: str, terminal: Terminal, tmp_path: Path
    ) -> None:
        code = "import sys; sys.stderr.write(sys.stdin.readline())"
        handler = tmp_path / "answers.py"
        handler.write_text("def on_message(peer, message):\n    peer.note(message.decode())\n", encoding="utf-8")

        def scene() -> None:
            with calling(terminal.port()) as peer:
                peer.sendall(b"red \x1b[31m\n")
                terminal.err.wait_for("red")
            interrupt(signal.SIGINT)

        what = command_line(sys.executable, "-c", code) if way == "--exec" else str(handler)
        assert terminal.run("serve", "0", way, what, scene=scene) == 0
        assert f"{words}red \\e[31m" in terminal.err.lines

    def test_lines_typed_go_out_in_frames_and_frames_come_in_as_messages(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                terminal.out.wait_for("(CONNECTED)")
                terminal.types(b"good\n\nmorning\n")
                assert hear(peer, 17) == b"\0\4good\0\0\0\7morning"
                peer.sendall(b"\0\5hel")
                peer.sendall(b"lo\0\3you")
                terminal.out.wait_for("(MESSAGE: you)")
                peer.sendall(b"\0\x09cut")
                terminal.ends_input()

        assert terminal.run("serve", "0", "--reply", "none", "--frame", "length:2be", scene=scene) == 0
        assert terminal.out.lines[1:] == ["CLIENT MESSAGE: hello", "CLIENT MESSAGE: you"]

    @pytest.mark.parametrize("framing", ["line", "gap:3600000", "raw"])
    def test_what_the_end_completes_is_shown_before_the_end(self, framing: str, terminal: Terminal) -> None:
        terminal.err = terminal.out
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    peer.sendall(b"the last\xc3")

            assert terminal.run("connect", address, "--frame", framing, scene=scene) == 0
        *_, last, ending = terminal.out.lines
        assert re.fullmatch(r"SERVER: .*\\xc3", last)
        assert ending.startswith("connection closed: ")

    def test_silence_ends_a_message_that_is_shown_then(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    peer.sendall(b"one message ")
                    peer.sendall(b"in two pieces")
                    terminal.out.wait_for("(SERVER: one message in two pieces)")
                    terminal.types(b"\nanswer\n")  # an empty line has no bytes
                    assert hear(peer, 6) == b"answer"

            assert terminal.run("connect", address, "--frame", "gap:40", scene=scene) == 0
        assert not any("not sent" in line for line in terminal.err.lines)

    def test_what_fits_no_frame_is_refused_and_said(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                terminal.out.wait_for("(CONNECTED)")
                terminal.types(b"too long\nfour\n")
                assert hear(peer, 4) == b"four"
                peer.sendall(b"four" + b"\xff")
                peer.shutdown(socket.SHUT_WR)
                terminal.err.wait_for("(no message under the framing: what came ended too early: 1 of 4 bytes)")
                terminal.ends_input()

        assert terminal.run("serve", "0", "--reply", "none", "--frame", "fixed:4", scene=scene) == 0
        assert "not sent: the message has 8 bytes, and each is to have 4" in terminal.err.lines

    def test_of_lines_read_at_once_none_gets_lost_unsaid_when_the_server_goes(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal.types(b"one\ntwo\nthree\n")
        terminal.ends_input()
        over = threading.Event()
        send, close = Workbench.send, Subscription.close

        def send_and_wait(
            workbench: Workbench, session: SessionId, data: bytes, *, exact: bool, origin: Origin
        ) -> Delivery:
            delivery = send(workbench, session, data, exact=exact, origin=origin)
            assert over.wait(PATIENCE)
            return delivery

        def close_and_tell(subscription: Subscription) -> None:
            close(subscription)
            over.set()  # what is left is to work out the exit code

        monkeypatch.setattr(Workbench, "send", send_and_wait)
        monkeypatch.setattr(Subscription, "close", close_and_tell)
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear(peer, 3) == b"one"

            assert terminal.run("connect", address, scene=scene) == 3
        assert "not sent: it is over" in terminal.err.lines

    def test_a_line_that_waits_for_room_until_all_is_over_does_not_wait_for_another_connection(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal.types(b"one\n")
        waits, over = threading.Event(), threading.Event()
        close = Subscription.close

        def wait(*_: object) -> None:
            waits.set()
            assert over.wait(PATIENCE)

        def close_and_tell(subscription: Subscription) -> None:
            close(subscription)
            over.set()

        monkeypatch.setattr(Workbench, "wait_for_room", wait)
        monkeypatch.setattr(Subscription, "close", close_and_tell)
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert waits.wait(PATIENCE)
                    interrupt(signal.SIGTERM)
                    assert hear_all(peer) == b""

            assert terminal.run("connect", "--retry", address, scene=scene) == 3
        assert "not sent: it is over" in terminal.err.lines

    def test_a_service_without_input_goes_on(self, terminal: Terminal) -> None:
        terminal.ends_input()

        def scene() -> None:
            with calling(terminal.port()) as peer:
                assert hear(peer, 16) == b"type the message"
                peer.sendall(b"stop")
                assert hear_all(peer) == b""

        assert terminal.run("serve", "0", "--once", scene=scene) == 0

    def test_what_cannot_be_sent_is_said(self, terminal: Terminal) -> None:
        def scene() -> None:
            terminal.port()
            terminal.types(b"anybody?\n")
            terminal.err.wait_for("(not sent: nobody is connected)")
            terminal.ends_input()

        assert terminal.run("serve", "0", scene=scene) == 0

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.case("C-68")
    def test_a_signal_ends_it_and_clients_see_the_end(self, terminal: Terminal, number: signal.Signals) -> None:
        handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

        def scene() -> None:
            with calling(terminal.port()) as peer:
                assert hear(peer, 16)
                interrupt(number)
                assert hear_all(peer) == b""

        assert terminal.run("serve", "0", scene=scene) == 0
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers

    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            pytest.param(b"\x1b[2J\x1b]0;t\x07", "\\e[2J\\e]0;t\\x07", marks=pytest.mark.case("C-48")),
            pytest.param(b"hi\nSERVER: forged", "hi\\nSERVER: forged", marks=pytest.mark.case("C-55", "C-82")),
            pytest.param(b"a\rCLIENT #1", "a\\rCLIENT #1", marks=pytest.mark.case("C-48", "C-55")),
            pytest.param("\u202egnp.exe".encode(), "\\u{202e}gnp.exe", marks=pytest.mark.case("C-49")),
            pytest.param("a\u2028b\x85c".encode(), "a\\u{2028}b\\u{85}c", marks=pytest.mark.case("C-82")),
            pytest.param(b"\xff\xfe\xed\xa0\x80", r"\xff\xfe\xed\xa0\x80", marks=pytest.mark.case("C-46", "C-53")),
            pytest.param(b"a\0b", "a\\x00b", marks=pytest.mark.case("C-47")),
            pytest.param(b"   ", "   ", marks=pytest.mark.case("C-40")),
        ],
        ids=ascii,
    )
    def test_nothing_that_a_stranger_says_reaches_the_terminal_as_more_than_text(
        self, terminal: Terminal, said: bytes, shown: str
    ) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                hear(peer, 16)
                peer.sendall(said)
                hear(peer, 1)

        assert terminal.run("serve", "0", "--once", scene=scene) == 0

        assert terminal.out.lines == ["SERVER CONNECTED TO CLIENT", f"CLIENT MESSAGE: {shown}"]

    @pytest.mark.case("C-38", "C-40", "C-57")
    def test_lines_are_messages_under_a_line_framing(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                peer.sendall(b"one\r\n\ntwo\rthree")
                peer.shutdown(socket.SHUT_WR)
                assert hear_all(peer).count(b"\n") == 5

        assert terminal.run("serve", "0", "--once", "--frame", "line", scene=scene) == 0

        assert terminal.out.lines[1:] == [f"CLIENT MESSAGE: {text}" for text in ("one", "", "two", "three")]

    @pytest.mark.case("C-41")
    def test_a_line_that_is_too_long_is_counted_and_not_shown(self, terminal: Terminal) -> None:
        def scene() -> None:
            with calling(terminal.port()) as peer:
                peer.sendall(b"x" * ((1 << 20) + 1) + b"\nshort\n" + b"y" * ((1 << 20) + 2))
                peer.shutdown(socket.SHUT_WR)
                hear_all(peer)

        assert terminal.run("serve", "0", "--once", "--frame", "line", scene=scene) == 0

        assert terminal.out.lines[1:] == ["CLIENT MESSAGE: short"]
        assert (
            "a message of 1,048,577 bytes from #1 is too long for the framing, so it gets no reply"
            in terminal.err.lines
        )

    @pytest.mark.case("C-21")
    def test_a_port_that_is_taken_is_an_error_in_words(self, terminal: Terminal) -> None:
        with listening() as (_server, address):
            assert terminal.run("serve", address) == 1

        assert f"{address} is already in use." in terminal.err.getvalue()
        assert terminal.out.lines == []

    @pytest.mark.case("C-68")
    def test_a_signal_ends_it_where_a_wait_cannot_be_interrupted(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(terminal_module, "_LONGEST_WAIT", 0.01)

        def scene() -> None:
            terminal.port()
            signal.raise_signal(signal.SIGINT)  # to this thread: the main one stays in its wait, as on Windows

        assert terminal.run("serve", "0", scene=scene) == 0

    def test_everything_is_recorded_where_asked_for(self, terminal: Terminal, tmp_path: Path) -> None:
        path = tmp_path / "journal.sqlite"

        def scene() -> None:
            with calling(terminal.port()) as peer:
                hear(peer, 16)
                peer.sendall(b"stop")
                hear_all(peer)

        assert terminal.run("serve", "0", "--once", "--journal", str(path), scene=scene) == 0

        with contextlib.closing(JournalReader(path)) as reader:
            entries = reader.read(SessionId(1), 0, 100)
        assert [entry.data for entry in entries if entry.data] == [b"type the message", b"stop"]
        assert entries[-1].kind == "session-closed"

    @pytest.mark.case("C-61")
    def test_a_journal_that_is_full_is_told_and_goes_on_beside(
        self, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        be_full = full_when_told(monkeypatch)

        def scene() -> None:
            with socket.create_connection(("127.0.0.1", terminal.port())) as peer:
                peer.sendall(b"before")
                terminal.out.wait_for("before")
                be_full()
                peer.sendall(b"after")
                terminal.err.wait_for(r"the journal is full: recording goes on in .*a-2\.tincan\n")
                terminal.out.wait_for("after")
            terminal.ends_input()
            interrupt(signal.SIGTERM)

        terminal.run("serve", "127.0.0.1:0", "--reply", "none", "--journal", str(tmp_path / "a.tincan"), scene=scene)

        for name, said in (("a.tincan", b"before"), ("a-2.tincan", b"after")):
            with contextlib.closing(JournalReader(tmp_path / name)) as reader:
                assert [entry.data for entry in reader.read(SessionId(1), 0, 100) if entry.data] == [said]

    @pytest.mark.case("C-62")
    @only_posix("a file that is open cannot be deleted")
    def test_a_journal_that_is_deleted_is_told_and_goes_on_beside(
        self, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.journal.recording.recorder._LOOK_EVERY", 0.02)
        journal = tmp_path / "a.tincan"

        def scene() -> None:
            with socket.create_connection(("127.0.0.1", terminal.port())) as peer:
                peer.sendall(b"before")
                terminal.out.wait_for("before")
                journal.unlink()
                terminal.err.wait_for(rf"deleted or replaced: recording goes on in {tmp_path}/a-2\.tincan\n")
                peer.sendall(b"after")
                terminal.out.wait_for("after")
            terminal.ends_input()
            interrupt(signal.SIGTERM)

        terminal.run("serve", "127.0.0.1:0", "--reply", "none", "--journal", str(journal), scene=scene)

        with contextlib.closing(JournalReader(tmp_path / "a-2.tincan")) as reader:
            entries = reader.read(SessionId(1), 0, reader.count(SessionId(1)))
        assert b"".join(entry.data for entry in entries if entry.data) == b"beforeafter"

    def test_a_journal_is_not_written_over(self, terminal: Terminal, tmp_path: Path) -> None:
        path = tmp_path / "journal.sqlite"
        path.write_text("precious")

        assert terminal.run("serve", "0", "--journal", str(path)) == 1

        assert terminal.err.lines == [f"{path} exists already; Tincan does not write over a journal"]
        assert path.read_text() == "precious"

    @pytest.mark.parametrize(
        ("option", "name", "says"),
        [
            ("--journal", "-", "- is standard output, and this has to be a file: ./- is one of that name"),
            *((option, "", "the name of the file is missing") for option in ("--journal", "--cert", "--key", "--ca")),
            ("--key-log", "-", "- is standard output"),
        ],
    )
    def test_what_can_be_no_file_is_refused(
        self, option: str, name: str, says: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            parse(["serve", "0", option, name])

        assert f"argument {option}: {says}" in capsys.readouterr().err


class TestAnotherEncoding:
    @pytest.mark.parametrize(
        ("name", "options", "said", "wire"),
        [
            ("KOI8-R", ["--frame", "line"], "тоже ж", "тоже ж\n".encode("koi8-r")),
            ("cp1251", [], "тоже ж", "тоже ж".encode("cp1251")),
            ("euc-kr", ["--crlf"], "한글", "한글\r\n".encode("cp949")),
            ("utf-16-le", ["--crlf"], "ж€", "ж€\r\n".encode("utf-16-le")),
            ("utf-16-be", ["--frame", "delimiter:000a"], "ж€", "ж€\n".encode("utf-16-be")),
            ("ebcdic", ["--frame", "delimiter:15"], "HELLO", b"\xc8\xc5\xd3\xd3\xd6\x15"),
        ],
    )
    def test_lines_are_sent_and_shown_in_it(
        self, terminal: Terminal, name: str, options: list[str], said: str, wire: bytes
    ) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types(f"{said}\n".encode())
                    assert hear(peer, len(wire)) == wire
                    peer.sendall(wire)

            assert terminal.run("connect", "--encoding", name, *options, address, scene=scene) == 0

        assert terminal.out.lines[1].startswith(f"SERVER: {said}")

    @pytest.mark.case("C-45")
    @pytest.mark.parametrize("options", [[], ["--encoding", "utf-16-be"], ["--encoding", "euc-kr"]])
    def test_a_character_that_comes_in_two_pieces_is_shown_whole(self, terminal: Terminal, options: list[str]) -> None:
        wire = "한글".encode({"utf-16-be": "utf-16-be", "euc-kr": "cp949"}.get("".join(options[1:]), "utf-8"))

        def scene() -> None:
            with calling(terminal.port()) as peer:
                peer.sendall(wire[: len(wire) // 2 + 1])
                terminal.out.wait_for("(MESSAGE: 한)")
                peer.sendall(wire[len(wire) // 2 + 1 :] + wire[:1])
                terminal.out.wait_for("(MESSAGE: 글)")
                interrupt(signal.SIGINT)

        assert terminal.run("serve", "0", "--once", "--reply", "none", *options, scene=scene) == 0
        assert [line.removeprefix("CLIENT MESSAGE: ") for line in terminal.out.lines[1:]] == [
            "한", "글", TextSafety().text(chr(0xDC00 + wire[0])),
        ]  # fmt: skip

    def test_what_the_encoding_lacks_is_not_sent_and_said(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types("日本\n".encode() + b"a\xff\n" + "ж\n".encode())
                    assert hear(peer, 1) == b"\xd6"

            assert terminal.run("connect", "--encoding", "koi8-r", address, scene=scene) == 3

        assert "not sent: KOI8-R has no character 日 (U+65E5). Choose another encoding, as UTF-8." in terminal.err.lines
        assert any("byte 2 of this line is no text in it" in line for line in terminal.err.lines)

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ("--encoding runes", "“runes” is none of utf-8, utf-16-le"),
            ("--encoding koi8-r --exact", "--encoding has no meaning"),
            ("--encoding utf-16-le --frame line", "LF is 0a 00, but messages end at 0a here: use delimiter:0a00"),
            (
                "--encoding cp037 --frame line",
                "LF is 25, or lines end with NEL, 15, but messages end at 0a here: use delimiter:25",
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(
        self, options: str, why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as leaving:
            parse(["connect", "5555", *options.split()])

        assert leaving.value.code == 2
        assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("--fault", "latency=30ms"), "fault on what is sent: latency 30 ms"),
        (("--fault-out", "slice=1"), "fault on what is sent: 1 byte at a time"),
        (("--fault-in", "satellite"), "fault on what is received: latency 300 ms ± 10 ms, 1.0 MB a second"),
    ],
)
def test_a_server_and_a_client_have_the_faults_that_were_asked_for(
    terminal: Terminal, arguments: tuple[str, ...], note: str
) -> None:
    def asks() -> None:
        with calling(terminal.port()) as peer:
            peer.sendall(b"hello")
            assert hear(peer, 16) == b"type the message"

    assert terminal.run("serve", "0", "--once", *arguments, scene=asks) == 0
    assert any(note in line for line in terminal.err.lines)


def test_a_client_has_the_faults_that_were_asked_for(terminal: Terminal) -> None:
    with listening() as (server, address):

        def talks() -> None:
            with accept(server) as peer:
                terminal.types(b"hello\n")
                terminal.ends_input()
                assert hear_all(peer) == b"hel"

        assert terminal.run("connect", address, "--fault-out", "finish=3", scene=talks) in {0, 3}
    assert any(
        "fault on what is sent: half-closed after 3 bytes; 2 bytes are lost" in line for line in terminal.err.lines
    )


class TestConnecting:
    def test_the_tutorial_s_conversation_prints_the_tutorial_s_lines(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    peer.sendall(b"type the message")
                    terminal.out.wait_for("(type the message)")
                    terminal.types(b"hello\n")
                    assert hear(peer, 5) == b"hello"
                    peer.sendall(b"q")
                    terminal.out.wait_for("(SERVER: q)")
                    terminal.types(b"stop\n")
                    assert hear(peer, 4) == b"stop"

            assert terminal.run("connect", address, scene=scene) == 0

        assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER", "SERVER: type the message", "SERVER: q"]
        assert terminal.err.lines == ["connection closed: the server said goodbye (FIN)"]

    def test_lines_that_are_there_before_the_connection_are_sent_when_it_stands(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal.types(b"early\nbird\n")
        terminal.ends_input()
        asked, go_on = threading.Event(), threading.Event()
        look_up = sockets.resolve

        def slow(*arguments: object, **options: object) -> object:
            asked.set()
            go_on.wait(PATIENCE)
            return look_up(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(sockets, "resolve", slow)
        with listening() as (server, address):

            def scene() -> None:
                assert asked.wait(PATIENCE)
                go_on.set()
                with accept(server) as peer:
                    assert hear_all(peer) == b"early\nbird\n"
                    peer.sendall(b"worm\n")

            name = address.replace("127.0.0.1", "localhost")
            assert terminal.run("connect", name, "--frame", "line", scene=scene) == 0

        assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER", "SERVER: worm"]
        assert not any("not sent" in line for line in terminal.err.lines)

    def test_the_end_of_input_is_told_to_the_server_and_its_last_answer_heard(self, terminal: Terminal) -> None:
        terminal.types(b"question\n")
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear_all(peer) == b"question"
                    peer.sendall(b"answer")

            assert terminal.run("connect", address, scene=scene) == 0

        assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER", "SERVER: answer"]

    def test_a_server_that_never_ends_is_left_after_a_while(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(terminal_module, "_PATIENCE", 0.05)
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear_all(peer) == b""
                    terminal.err.wait_for("(connection closed: you closed it)")

            assert terminal.run("connect", address, scene=scene) == 0

    @pytest.mark.case("C-40")
    def test_an_empty_line_is_nothing_when_raw_and_a_message_when_lines(self, terminal: Terminal) -> None:
        terminal.types(b"\n\na\n")
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear_all(peer) == b"a"

            assert terminal.run("connect", address, scene=scene) == 0

        assert not any("not sent" in line for line in terminal.err.lines)

    @pytest.mark.case("C-09")
    def test_nobody_there_is_an_error_in_words(self, terminal: Terminal) -> None:
        with listening() as (_server, address):
            pass  # the port is known and closed again

        assert terminal.run("connect", address) == 1

        assert f"Nothing answers at {address}: the connection was refused." in terminal.err.lines[-1]
        assert terminal.out.lines == []

    @pytest.mark.case("C-68")
    def test_a_signal_parts_from_the_server(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.out.wait_for("(CONNECTED)")
                    interrupt(signal.SIGTERM)
                    assert hear_all(peer) == b""

            assert terminal.run("connect", address, scene=scene) == 0

    def test_a_line_that_is_too_long_to_be_a_message_is_said(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.cli.standard_streams._LONGEST_LINE", 5)
        terminal.types(b"123456\nshort\n")
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear_all(peer) == b"short"

            assert terminal.run("connect", address, scene=scene) == 3

        assert "a line of 6 bytes is too long to be sent as one message" in terminal.err.lines


class TestPassingBytesOn:
    EVERY_BYTE = bytes(range(256)) * 300

    def test_the_bytes_of_both_sides_arrive_as_they_are_and_nothing_else_is_written(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    peer.sendall(self.EVERY_BYTE)
                    terminal.types(b"no line\0\r\n\n")
                    assert hear(peer, 11) == b"no line\0\r\n\n"
                    terminal.ends_input()
                    assert hear_all(peer) == b""
                    peer.sendall(b"late")

            assert terminal.run("connect", "--exact", address, scene=scene) == 0

        assert terminal.out.raw.getvalue() == self.EVERY_BYTE + b"late"
        assert terminal.out.lines == []
        assert terminal.err.lines[0].startswith(f"connected to {address} from ")

    @pytest.mark.case("C-42")
    def test_more_than_fits_waits_for_a_peer_that_reads_late(self, tmp_path: Path) -> None:
        path = tmp_path / "big"
        path.write_bytes(self.EVERY_BYTE * 200)
        with listening() as (server, address), path.open("rb") as source:
            command = [sys.executable, "-m", "core", "connect", "--exact", address]
            with subprocess.Popen(command, cwd=ROOT, stdin=source, stderr=subprocess.PIPE, text=True) as client:
                with accept(server) as peer:
                    peer.shutdown(socket.SHUT_WR)  # a peer that says all it has first still hears all
                    assert client.stderr is not None
                    while "has finished sending (FIN)" not in client.stderr.readline():
                        assert client.poll() is None
                    assert hear_all(peer) == path.read_bytes()
                assert client.wait(PATIENCE) == 0

    @pytest.mark.case("C-42")
    def test_lines_wait_for_room_instead_of_being_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "lines"
        path.write_bytes((b"x" * 999 + b"\n") * 20_000)
        with listening() as (server, address), path.open("rb") as source:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            command = [sys.executable, "-m", "core", "connect", "--frame", "line", address]
            pipe = subprocess.PIPE
            with subprocess.Popen(command, cwd=ROOT, stdin=source, stdout=pipe, stderr=pipe) as client:
                with accept(server) as peer:
                    assert hear_all(peer) == path.read_bytes()
                _, said = client.communicate(timeout=PATIENCE)
        assert client.returncode == 0
        assert b"not sent" not in said

    @pytest.mark.parametrize(
        ("options", "typed", "sent"),
        [
            (["--crlf"], b"GET /\n\r\nlast", b"GET /\r\n\r\nlast\r\n"),
            (["--crlf", "--frame", "line"], b"a\n\n", b"a\r\n\r\n"),
            (["--crlf", "--frame", "delimiter:3e"], b"a\n\n", b"a\r\n\r\n"),
            (["--crlf", "--frame", "length:2be"], b"a\n", b"\0\x03a\r\n"),
            (["--crlf", "--frame", "raw+xor"], b"a\n", b"a\r\nf"),
            (["--crlf", "--exact"], b"GET /\n\r\nlast\r", b"GET /\r\n\r\nlast\r"),
        ],
        ids=["lines", "in place of an LF", "in place of a delimiter", "behind a length", "with a checksum", "exact"],
    )
    def test_lines_end_with_cr_lf_where_asked_for(
        self, terminal: Terminal, options: list[str], typed: bytes, sent: bytes
    ) -> None:
        terminal.types(typed)
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear_all(peer) == sent

            assert terminal.run("connect", *options, address, scene=scene) == 0

    def test_a_cr_lf_that_comes_in_two_pieces_stays_one(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types(b"a\r")
                    assert hear(peer, 2) == b"a\r"
                    terminal.types(b"\nb\n")
                    assert hear(peer, 4) == b"\nb\r\n"
                    terminal.ends_input()

            assert terminal.run("connect", "--crlf", "--exact", address, scene=scene) == 0

    def test_the_peer_is_not_told_of_the_end_of_the_input_where_not_asked_for(self, terminal: Terminal) -> None:
        terminal.types(b"question")
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear(peer, 8) == b"question"
                    peer.setblocking(False)
                    with pytest.raises(BlockingIOError):  # an end would be read as b""
                        peer.recv(1)
                    peer.setblocking(True)
                    peer.sendall(b"answer")
                    peer.shutdown(socket.SHUT_WR)
                    assert hear_all(peer) == b""

            assert terminal.run("connect", "--exact", "--no-shutdown", address, scene=scene) == 0
        assert terminal.out.raw.getvalue() == b"answer"

    def test_a_server_that_never_ends_is_left_when_the_wait_is_over(self, terminal: Terminal) -> None:
        terminal.ends_input()
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    peer.sendall(b"tick")
                    assert hear_all(peer) == b""
                    terminal.err.wait_for("(gave up 0.1 s after the end of the input: the peer has not finished)")
                    terminal.err.wait_for("(connection closed: you closed it)")

            assert terminal.run("connect", "--exact", "--wait", "0.1", address, scene=scene) == 4
        assert terminal.out.raw.getvalue() == b"tick"

    @pytest.mark.parametrize("options", [["--exact"], []], ids=["exact", "lines"])
    @pytest.mark.case("C-03")
    @needs_rst
    def test_a_reset_is_told_by_the_exit_code(self, terminal: Terminal, options: list[str]) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with Resets(accept(server)) as peer:
                    terminal.types(b"hello\n")
                    assert hear(peer.sock, 5) == b"hello"
                    peer.leave()

            assert terminal.run("connect", *options, address, scene=scene) == 3
        assert "reset the connection (RST)" in terminal.err.getvalue()

    def test_a_client_told_to_come_back_does_until_it_is_told_to_end(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
        with socket.socket() as late:
            late.settimeout(PATIENCE)
            late.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{late.getsockname()[1]}"

            def scene() -> None:
                terminal.err.wait_for(r"(refused); try \d in 0\.0 s", 2)
                terminal.types(b"early\n")
                late.listen()
                with accept(late) as peer:
                    assert hear(peer, 5) == b"early"
                terminal.err.wait_for("(the connection is over; try 2 in )")
                terminal.types(b"again\n")
                with accept(late) as peer:
                    assert hear(peer, 5) == b"again"
                    late.close()
                terminal.err.wait_for(r"(?s)(is over; try 2 .* is over; try 2 .*refused; try 3)")
                interrupt(signal.SIGINT)
                terminal.err.wait_for(r"(gave up after \d tries)")

            assert terminal.run("connect", "--retry", address, scene=scene) == 0
        assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER"] * 2

    def test_tries_that_led_to_a_connection_are_not_told_of_at_its_end(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
        with socket.socket() as late:
            late.settimeout(PATIENCE)
            late.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{late.getsockname()[1]}"

            def scene() -> None:
                terminal.err.wait_for(r"(refused); try \d in 0\.0 s")
                late.listen()
                with accept(late):
                    terminal.out.wait_for("(CLIENT CONNECTED TO SERVER)")
                    interrupt(signal.SIGINT)
                    terminal.err.wait_for("(connection closed)")

            assert terminal.run("connect", "--retry", address, scene=scene) == 0
        assert "gave up" not in terminal.err.getvalue()

    def test_what_stood_counts_though_it_ends_while_it_tries_again(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
        dial, dials = Dialer.dial, []

        def interrupted_second_time(self: Dialer, resolver: Resolver) -> None:
            dials.append(self)
            if len(dials) == 2:  # the signal is there before the news that this try was refused
                interrupt(signal.SIGINT)
            dial(self, resolver)

        monkeypatch.setattr(Dialer, "dial", interrupted_second_time)
        with listening() as (server, address):

            def scene() -> None:
                with accept(server):
                    server.close()
                terminal.err.wait_for(r"(gave up after \d tr)")

            assert terminal.run("connect", "--retry", address, scene=scene) == 0
        assert len(dials) >= 2

    @pytest.mark.case("C-68")
    def test_an_interrupted_pipe_says_so_by_its_exit_code(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.err.wait_for("(connected to)")
                    interrupt(signal.SIGINT)
                    assert hear_all(peer) == b""

            assert terminal.run("connect", "--exact", address, scene=scene) == 130

    def test_a_server_passes_on_what_its_one_client_says(self, terminal: Terminal) -> None:
        terminal.types(b"for who\ncomes")

        def scene() -> None:
            with calling(terminal.port()) as peer:
                assert hear(peer, 13) == b"for who\ncomes"
                with calling(terminal.port()) as other:
                    assert b"again later" in hear_all(other)
                peer.sendall(self.EVERY_BYTE)
                peer.shutdown(socket.SHUT_WR)
                terminal.ends_input()
                assert hear_all(peer) == b""

        assert terminal.run("serve", "0", "--exact", scene=scene) == 0
        assert terminal.out.raw.getvalue() == self.EVERY_BYTE
        assert terminal.out.lines == []
        assert "the server has 1 connection, as many as it takes" in terminal.err.getvalue()

    @only_posix("Windows tells a program nothing of a pipe that nobody reads")
    @pytest.mark.parametrize(
        ("output", "code"),
        [
            ("closed", 0),
            pytest.param("full", 3, marks=only_linux("only Linux has a device that is always full")),
        ],
    )
    def test_an_output_that_takes_nothing_ends_it(self, output: str, code: int) -> None:
        if output == "full":
            stdout = os.open("/dev/full", os.O_WRONLY)
        else:
            reading, stdout = os.pipe()
            os.close(reading)
        with listening() as (server, address):
            command = [sys.executable, "-m", "core", "connect", "--exact", address]
            with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE) as c:
                os.close(stdout)
                with accept(server) as peer:
                    peer.sendall(b"hello")
                    assert hear_all(peer) == b""
                _, said = c.communicate(timeout=PATIENCE)
        assert c.returncode == code
        assert (b"standard output cannot be written: No space left" in said) == (output == "full")
        assert b"Traceback" not in said
        assert b"Exception" not in said


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")


def type_in(running: subprocess.Popen[str], line: str) -> None:
    assert running.stdin is not None
    running.stdin.write(f"{line}\n")
    running.stdin.flush()


def port_of(stream: IO[str] | None) -> str:
    """The port at the end of the line that says where a server listens."""
    return re.split(r"[ :]", line_of(stream))[-1]


OURS_SERVES = ("-m", "core", "serve", "0", "--once")
PLAIN_SERVES = (str(SUPPORT / "plain_server.py"), "0")


def ours_connects(port: str) -> tuple[str, ...]:
    return "-m", "core", "connect", f"127.0.0.1:{port}"


def plain_connects(port: str) -> tuple[str, ...]:
    return str(SUPPORT / "plain_client.py"), port


@pytest.mark.parametrize(
    ("serves", "connects"),
    [
        pytest.param(OURS_SERVES, plain_connects, id="ours with the tutorial's client"),
        pytest.param(PLAIN_SERVES, ours_connects, id="the tutorial's server with ours"),
        pytest.param(OURS_SERVES, ours_connects, id="ours with ours"),
        pytest.param(PLAIN_SERVES, plain_connects, id="the tutorial's own"),
    ],
)
@pytest.mark.case("C-39")
def test_the_tutorial_plays_out_the_same_with_any_two_programs(
    serves: tuple[str, ...], connects: Callable[[str], tuple[str, ...]]
) -> None:
    with running(*serves) as server:
        port = port_of(server.stdout if serves is PLAIN_SERVES else server.stderr)
        with running(*connects(port)) as client:
            heard = [line_of(client.stdout), line_of(client.stdout)]
            type_in(client, "hello")
            heard.append(line_of(client.stdout))
            type_in(client, "stop")
            rest, troubles = client.communicate(timeout=PATIENCE)
            assert client.returncode == 0, troubles
        shown, troubles = server.communicate(timeout=PATIENCE)
        assert server.returncode == 0, troubles

    assert heard[:2] == ["CLIENT CONNECTED TO SERVER", "SERVER: type the message"]
    assert re.fullmatch("SERVER: [A-Za-z]", heard[2])
    assert rest == ""
    assert shown.splitlines() == ["SERVER CONNECTED TO CLIENT", "CLIENT MESSAGE: hello", "CLIENT MESSAGE: stop"]


@only_posix("Windows has no SIGTERM to be caught")
@pytest.mark.case("C-68")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_program_of_its_own_ends_well_when_it_is_told_to(name: str) -> None:
    with running("-m", "core", "serve", "0") as server:
        port = port_of(server.stderr)
        with calling(int(port)) as peer:
            assert hear(peer, 16) == b"type the message"
            server.send_signal(getattr(signal, name))
            assert hear_all(peer) == b""
        assert server.wait(PATIENCE) == 0


def test_a_reader_that_has_gone_ends_nothing_but_the_printing() -> None:
    with running("-m", "core", "serve", "0", "--once") as server:
        port = port_of(server.stderr)
        assert server.stdout is not None
        server.stdout.close()
        with calling(int(port)) as peer:
            assert hear(peer, 16) == b"type the message"
            peer.sendall(b"hello")
            assert hear(peer, 1).isalpha()
            peer.sendall(b"stop")
            assert hear_all(peer) == b""
        assert server.wait(PATIENCE) == 0
        assert "Traceback" not in (server.stderr.read() if server.stderr else "")


def test_a_terminal_that_lacks_a_character_gets_an_escape() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    with listening() as (server, address):
        command = [sys.executable, "-m", "core", "connect", address]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as client:
            with accept(server) as peer:
                peer.sendall("žába\0".encode())
            shown, _ = client.communicate(timeout=PATIENCE)

    assert shown.decode("ascii").splitlines()[1] == r"SERVER: \u017e\xe1ba\0"


def test_without_any_standard_input_a_client_shows_what_comes() -> None:
    """As under ``<&-``, or as a Windows program without a console."""
    script = "import sys; sys.stdin = None; from core.__main__ import main; sys.exit(main())"
    with listening() as (server, port):
        running = subprocess.Popen(
            [sys.executable, "-c", script, "connect", port],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with running, accept(server) as peer:
            peer.sendall(b"hello")
            peer.shutdown(socket.SHUT_WR)
            out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert "SERVER: hello" in out
    assert "Traceback" not in err


class TestProfiles:
    @pytest.mark.parametrize(
        ("name", "typed", "sent", "answer", "shown"),
        [
            ("SCPI", b"*IDN?\n", b"*IDN?\n", b"TIN", "SERVER: TINCAN"),
            ("Redis", b"PING\n", b"PING\r\n", b"+PO", "SERVER: +PONG"),
            ("Modbus/TCP", b"0001 0000 0103\n", b"\0\x01\0\0\0\x02\x01\x03", b"\0\x01\0\0\0\x02", "ok"),
        ],
    )
    def test_lines_go_out_and_messages_come_in_as_the_other_end_has_them(
        self, terminal: Terminal, name: str, typed: bytes, sent: bytes, answer: bytes, shown: str
    ) -> None:
        rest = {"SCPI": b"CAN\n", "Redis": b"NG\r\n", "Modbus/TCP": b"ok"}[name]
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types(typed)
                    assert hear(peer, len(sent)) == sent
                    peer.sendall(answer)
                    peer.sendall(rest)
                    terminal.out.wait_for("SERVER: .*")
                    terminal.ends_input()

            assert terminal.run("connect", address, "--profile", name, scene=scene) == 0
        (line,) = (line for line in terminal.out.lines if line.startswith("SERVER: "))
        assert line.endswith(shown)

    def test_a_line_that_is_no_message_is_told_and_the_next_goes_out(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types(b"00 0g\n0001 0000 0103\n")
                    assert hear(peer, 8) == b"\0\x01\0\0\0\x02\x01\x03"
                    terminal.ends_input()

            assert terminal.run("connect", address, "--profile", "Modbus/TCP", scene=scene) == 3
        assert any(line.startswith("not sent: ") for line in terminal.err.lines)

    def test_a_counter_counts_the_lines_that_went_out(self, terminal: Terminal, tmp_path: Path) -> None:
        export_profiles(tmp_path / "mine.json", [Profile("Counted", Format.ESCAPES)])
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    terminal.types(b"\\{counter}a\n\\q\nb\n\\{counter}c\n")
                    assert hear(peer, 5) == b"1ab2c"
                    terminal.ends_input()

            named = ("--profile", "Counted", "--profiles", str(tmp_path / "mine.json"))
            assert terminal.run("connect", address, *named, scene=scene) == 3

    def test_a_profile_comes_from_a_file_that_the_window_exported(self, terminal: Terminal, tmp_path: Path) -> None:
        export_profiles(tmp_path / "mine.json", [Profile("SCPI", ending=LineEnding.CR)])

        def scene() -> None:
            with calling(terminal.port()) as peer:
                terminal.out.wait_for("SERVER CONNECTED")
                terminal.types(b"*IDN?\n")
                assert hear(peer, 6) == b"*IDN?\r"
                terminal.ends_input()

        arguments = ("--reply", "none", "--profile", "SCPI", "--profiles", str(tmp_path / "mine.json"))
        assert terminal.run("serve", "0", *arguments, scene=scene) == 0

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["--profile", "Telnet"], "no profile “Telnet”, only SCPI, Modbus/TCP, HL7 MLLP, Redis, NMEA, HTTP"),
            (["--profile", "SCPI", "--exact"], "leave those out"),
            (["--profile", "SCPI", "--frame", "line"], "leave those out"),
            (["--profile", "SCPI", "--profiles", "none.json"], "argument --profile: none.json could not be imported"),
            (["--profiles", "none.json"], "--profiles has profiles of which --profile names one"),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, terminal: Terminal, arguments: list[str], why: str) -> None:
        with pytest.raises(SystemExit, match="2"):
            terminal.run("connect", "127.0.0.1:9", *arguments)
        assert why in terminal.err.getvalue()


def answer(context: ssl.SSLContext, plain: socket.socket) -> bytes:
    """Speak TLS as a server, answer once, and give what was said."""
    with context.wrap_socket(plain, server_side=True) as target:
        said = target.recv(100)
        target.sendall(b"heard")
        return said


class TestTapping:
    def test_both_directions_are_printed_and_each_line_says_which(self, terminal: Terminal, tmp_path: Path) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with calling(terminal.port()) as peer:
                    peer.sendall(b"hello")
                    with accept(server) as target:
                        assert hear(target, 5) == b"hello"
                        target.sendall(b"hi\nyou")
                        assert hear(peer, 6) == b"hi\nyou"
                    assert hear_all(peer) == b""
                terminal.err.wait_for(r"#1 closed")
                terminal.err.wait_for(r"#1→ closed")
                interrupt(signal.SIGTERM)

            assert terminal.run("tap", "0", address, "--journal", str(tmp_path / "j.tincan"), scene=scene) == 0

        assert terminal.out.lines == [
            "TAP CONNECTED TO CLIENT",
            "TAP CONNECTED TO TARGET",
            "CLIENT #1 MESSAGE: hello",
            "TARGET #1→ MESSAGE: hi\\nyou",
        ]
        assert terminal.err.lines[0] == f"passes on what callers say to {address}"
        assert terminal.err.lines[3].startswith(f"#1→ connected to {address} from 127.0.0.1:")
        with contextlib.closing(JournalReader(tmp_path / "j.tincan")) as reader:
            assert sorted(reader.connections(SessionId(1))) == [-1, 1]

    def test_a_fault_is_told_where_it_is_injected(self, terminal: Terminal) -> None:
        with listening() as (server, address):

            def scene() -> None:
                with calling(terminal.port()) as peer, accept(server) as target:
                    peer.sendall(b"hello")
                    assert hear_all(target) == b"he"
                terminal.err.wait_for(r"#1 closed")
                interrupt(signal.SIGTERM)

            assert terminal.run("tap", "0", address, "--fault-out", "cut=2", scene=scene) == 0

        assert "#1→: fault on the way to the target: cuts after 2 bytes" in terminal.err.lines
        assert "#1→: fault on the way to the target: cut after 2 bytes; 3 bytes are lost" in terminal.err.lines

    def test_either_side_may_speak_tls(self, terminal: Terminal, tmp_path: Path) -> None:
        own = make("localhost")
        certificate, key = own.write(tmp_path, "ours")
        context = server_context(own, tmp_path)
        with listening() as (server, address):

            def scene() -> None:
                with calling(terminal.port()) as plain, accept(server) as target:
                    said = threading.Thread(target=lambda: heard.append(answer(context, target)))
                    said.start()
                    with client_context().wrap_socket(plain, server_hostname="localhost") as peer:
                        peer.sendall(b"secret")
                        assert peer.recv(100) == b"heard"
                    said.join()
                terminal.err.wait_for(r"#1→ closed")
                interrupt(signal.SIGTERM)

            heard: list[bytes] = []
            arguments = ("--cert", str(certificate), "--key", str(key), "--pin", own.fingerprint)
            assert terminal.run("tap", "tls://0", f"tls://{address}", *arguments, scene=scene) == 0

        assert heard == [b"secret"]
        assert "CLIENT #1 MESSAGE: secret" in terminal.out.lines
        assert "TARGET #1→ MESSAGE: heard" in terminal.out.lines

    def test_only_options_that_a_tap_has_are_named_and_as_it_calls_them(
        self, terminal: Terminal, tmp_path: Path
    ) -> None:
        certificate, key = make("a stranger").write(tmp_path)
        context = client_context()
        context.load_cert_chain(certificate, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # which tells a client in the handshake
        with listening() as (server, address):

            def scene() -> None:
                with calling(terminal.port()) as plain, accept(server), pytest.raises(ssl.SSLError):
                    context.wrap_socket(plain, server_hostname="localhost")
                terminal.err.wait_for("#1 closed: the client's certificate is signed by itself")
                trusted = client_context()
                trusted.load_cert_chain(good, good_key)
                with (
                    calling(terminal.port()) as plain,
                    accept(server) as target,
                    # Made before it can be reset: to wrap one that was would leave it open.
                    trusted.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False) as caller,
                ):
                    target.sendall(b"220 no TLS here\r\n")
                    with contextlib.suppress(OSError):  # it may be over by then
                        caller.do_handshake()
                    terminal.err.wait_for("#2→ closed: the server does not speak TLS here")
                    terminal.err.wait_for("#2 closed")
                interrupt(signal.SIGTERM)

            authority = make_authority()
            good, good_key = make("somebody", by=authority).write(tmp_path, "good")
            authority.write(tmp_path, "ca")
            asks = ("--client-cert", "require", "--client-ca", str(tmp_path / "ca.pem"))
            assert terminal.run("tap", "tls://0", f"tls://{address}", *asks, scene=scene) == 0

        told = [line for line in terminal.err.lines if line.startswith("options for that")]
        assert told == ["options for that: --client-ca"]

    def test_tls_at_one_side_is_not_asked_for_at_the_other(self) -> None:
        options = parse(["tap", "0", "tls://127.0.0.1:1"])
        other = parse(["tap", "tls://127.0.0.1:5555", "127.0.0.1:1", "--no-verify"])

        assert isinstance(options, Options)
        assert isinstance(other, Options)
        assert (options.tls, options.onward_tls) == (None, Tls())
        assert (other.tls, other.onward_tls) == (Tls(), Tls(verify=False))

    def test_each_side_may_be_shown_a_certificate_and_asked_for_one(self, tmp_path: Path) -> None:
        (certificate, key), ca = make("localhost").write(tmp_path, "ours"), tmp_path / "ca.pem"
        asked = "--client-cert", "require", "--client-ca", str(ca)
        shown = "--target-cert", str(certificate), "--target-key", str(key)
        options = parse(["tap", "0", "127.0.0.1:1", *asked])
        other = parse(["tap", "0", "127.0.0.1:1", *shown])

        assert isinstance(options, Options)
        assert isinstance(other, Options)
        wanted = Tls(ca=ca, client_certificates=ClientCertificates.REQUIRE)
        assert (options.tls, options.onward_tls) == (wanted, None)
        assert (other.tls, other.onward_tls) == (None, Tls(certificate=certificate, key=key))

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("0",), "TARGET"),
            (("x y z", "127.0.0.1:1"), "argument LISTEN"),
            (("0", "127.0.0.1:99999"), "argument TARGET"),
            (("0", "127.0.0.1:1", "--fault", "gremlins"), "gremlins"),
            (("0", "127.0.0.1:1", "--key", "x", "--cert", "nowhere"), "nowhere"),
            (("0", "127.0.0.1:1", "--pin", "a" * 64, "--no-verify"), "pin"),
            (("0", "127.0.0.1:1", "--client-ca", "x"), "--client-cert"),
        ],
    )
    def test_a_command_line_that_makes_no_sense_is_refused(
        self, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as refusal:
            parse(["tap", *arguments])

        assert refusal.value.code == 2
        assert words in capsys.readouterr().err


STEPS = """{"version": 1, "name": "thermometer", "framing": "line", "steps": [
 {"name": "ask", "send": "T?", "expect": "regex", "pattern": "^(?P<t>\\\\S+) C$"},
 {"name": "set", "send": "T=\\\\{t}", "expect": "begins", "pattern": "%s", "within": 300}]}
"""


@pytest.mark.parametrize(("wished", "code", "verdict"), [("OK", 0, "yes"), ("NEIN", 5, "NO: no such answer")])
def test_connect_plays_steps_instead_of_the_input(
    terminal: Terminal, tmp_path: Path, wished: str, code: int, verdict: str
) -> None:
    path = tmp_path / "steps.json"
    path.write_text(STEPS % wished)
    with serving(Rules(find_rule_set("thermometer")), framing="line") as (server, _sink):
        assert terminal.run("connect", str(server.addresses[0]), "--steps", str(path)) == code
    first, *lines = terminal.out.lines
    assert first == "CLIENT CONNECTED TO SERVER"
    assert re.fullmatch(r"SERVER: \S+ C", lines[0])
    assert re.fullmatch(r"SERVER: OK \S+ C", lines[1])
    assert lines[2].startswith("step")
    assert lines[3].startswith("1 ask  T?\\n")
    assert verdict in lines[4]


def test_connect_tells_steps_that_the_other_end_left_alone(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_waits = threading.Event()

    def see_the_end_late(run: StepsRun, until: int | None) -> None:
        pause(run, until)
        if run._connection is not None and not run._connection.is_open:
            assert program_waits.wait(PATIENCE)

    def told(ending: Callable[..., object]) -> Callable[..., object]:
        def end(run: StepsRun, *arguments: float) -> object:
            program_waits.set()
            return ending(run, *arguments)

        return end

    pause = StepsRun._pause
    monkeypatch.setattr(StepsRun, "_pause", see_the_end_late)
    monkeypatch.setattr(StepsRun, "join", told(StepsRun.join))
    monkeypatch.setattr(StepsRun, "stop", told(StepsRun.stop))
    path = tmp_path / "steps.json"
    path.write_text(STEPS % "OK")
    with Host() as host:

        def leaves() -> None:
            with host.accept(Peer) as peer:
                assert peer.hear(3) == b"T?\n"

        assert terminal.run("connect", str(host.address), "--steps", str(path), scene=leaves) == 5
    assert "NO: the other end finished first" in terminal.out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("connect h:1 --steps none.json", "argument --steps: none.json cannot be read"),
        ("connect h:1 --steps none.json --exact", "--steps plays one list over one connection"),
        ("connect h:1 --steps none.json --retry", "--steps plays one list over one connection"),
    ],
)
def test_steps_that_cannot_be_played_are_said_in_one_line(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments.split())
    assert leaving.value.code == 2
    assert says in capsys.readouterr().err


@only_posix("Python has no local sockets there")
class TestLocalSockets:
    @pytest.fixture
    def path(self) -> Iterator[Path]:
        """A path short enough for a socket, wherever the tests run."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            yield Path(folder) / "socket"

    def test_a_client_and_a_server_talk_and_the_file_goes(self, terminal: Terminal, path: Path) -> None:
        def scene() -> None:
            terminal.err.wait_for(f"(listening on unix:{path})")
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(PATIENCE)
                peer.connect(str(path))
                peer.sendall(b"hello")
                assert hear(peer, 5) == b"hello"

        arguments = ("serve", f"unix:{path}", "--mode", "660", "--reply", "echo", "--once")
        assert terminal.run(*arguments, scene=scene) == 0
        assert not path.exists()
        assert f"#1 connected from process {os.getpid()}" in terminal.err.getvalue()

    def test_a_tap_stands_before_a_local_socket(self, terminal: Terminal, path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            server.settimeout(PATIENCE)

            def scene() -> None:
                with calling(terminal.port()) as peer:
                    peer.sendall(b"hello")
                    onward, _address = server.accept()
                    with onward:
                        onward.settimeout(PATIENCE)
                        assert hear(onward, 5) == b"hello"
                terminal.err.wait_for("(#1→ closed)")
                interrupt(signal.SIGINT)

            assert terminal.run("tap", "0", f"unix:{path}", scene=scene) == 0

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("serve", "unix:/tmp/x", "5555"), "a local socket has no port: leave it out"),
            (("serve", "unix:/tmp/x", "--udp"), "UDP goes to a host and a port, and a local socket has neither"),
            (("connect", "unix:/tmp/x", "--udp"), "UDP goes to a host and a port, and a local socket has neither"),
            (("connect", "udp://unix:/tmp/x"), "UDP goes to a host and a port, and a local socket has neither"),
            (("serve", "0", "--mode", "600"), "--mode is for the file of a local socket, and 127.0.0.1:0 has none"),
            (("serve", "unix:@x", "--mode", "600"), "--mode is for the file of a local socket, and unix:@x has none"),
            (("tap", "0", "unix:/tmp/x", "--mode", "600"), "--mode is for the file of a local socket"),
            (("serve", "unix:"), "the path is missing"),
            (("serve", "unix:/tmp/x", "--mode", "9"), "“9” is no mode: use three octal digits"),
            (("serve", "unix:/tmp/x", "--mode", "4777"), "“4777” is no mode"),
            (("tap", "0", "unix:"), "argument TARGET: the path is missing"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as caught:
            parse(arguments)
        assert caught.value.code == 2
        assert why in capsys.readouterr().err


class TestProxy:
    def test_a_client_dials_through_it_and_the_journal_has_neither_user_nor_password(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TINCAN_PROXY_PASSWORD", "secret-word")
        journal = tmp_path / "talk.tincan"
        with listening() as (server, address):

            def scene() -> None:
                with accept(server) as peer:
                    assert hear(peer, 4) == b"\x05\x02\x00\x02"
                    peer.sendall(b"\x05\x02")
                    assert hear(peer, 23) == b"\x01\x09anna-user\x0bsecret-word"
                    peer.sendall(b"\x01\x00")
                    assert hear(peer, 22) == b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50"
                    peer.sendall(b"\x05\x00\x00\x01" + bytes(6) + b"welcome")

            arguments = ("--proxy", f"socks5://anna-user@{address}", "--journal", str(journal))
            assert terminal.run("connect", "example.invalid:80", *arguments, scene=scene) == 0

        assert "SERVER: welcome" in terminal.out.lines
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"through the proxy socks5://127.0.0.1" in kept
        assert b"anna-user" not in kept
        assert b"secret-word" not in kept

    def test_a_password_that_is_nowhere_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        monkeypatch.delenv("TINCAN_PROXY_PASSWORD", raising=False)
        monkeypatch.setattr("core.cli.arguments.is_terminal", lambda _stream: True)

        def ask(words: str) -> str:
            asked.append(words)
            return "typed"

        monkeypatch.setattr("getpass.getpass", ask)
        options = parse(("connect", "h:1", "--proxy", "http://anna@proxy:3128"))
        assert isinstance(options, Options)
        assert options.proxy == Proxy("http", Address("proxy", 3128), "anna", "typed")
        assert asked == ["Password for anna at http://proxy:3128: "]
        assert parse(("connect", "h:1", "--proxy", "http://proxy:3128")).proxy is not None  # type: ignore[union-attr]
        assert len(asked) == 1

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("connect", "h:1", "--proxy", "proxy:1080"), "a proxy is written socks5://HOST:PORT"),
            (("connect", "unix:/tmp/x", "--proxy", "socks5://h"), "where no proxy leads"),
            (
                ("tap", "0", "fe80::1%eth0 80", "--proxy", "socks5://h"),
                "TARGET: fe80::1%eth0 names an interface",
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as caught:
            parse(arguments)
        assert caught.value.code == 2
        assert why in capsys.readouterr().err
