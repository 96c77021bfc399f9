"""A Python file that answers, in a process of its own."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import TincanError
from core.events import Closed, Ending, Remark
from core.replies import make_reply
from core.replies.handler import _MOST_NOTES, _MOST_STARTS, EXAMPLE, Handler
from core.replies.handler.frames import DONE, SEND, Frame, FrameReader
from tests.support.peers import Peer
from tests.support.sink import Sink, until
from tests.support.stage import serving
from tests.support.systems import only_posix


def handler(folder: Path, code: str) -> Handler:
    path = folder / "answers.py"
    path.write_text(code, encoding="utf-8")
    return Handler(path)


def remarks(sink: Sink) -> list[str]:
    return [event.text for event in sink.of(Remark)]


def remarked(sink: Sink, part: str) -> Callable[[], bool]:
    return lambda: any(part in text for text in remarks(sink))


def test_the_example_answers_each_connection_with_a_state_of_its_own(tmp_path: Path) -> None:
    with (
        serving(handler(tmp_path, EXAMPLE), framing="line") as (server, sink),
        Peer.calls(server.addresses[0]) as peer,
        Peer.calls(server.addresses[0]) as other,
    ):
        peer.say(b"abc\ndef\n")
        other.say(b"xyz\n")
        assert peer.hear(38) == b"hello, you are number 1\n1: cba\n2: fed\n"
        assert other.hear(31) == b"hello, you are number 2\n1: zyx\n"
        peer.say(b"stop\n")
        assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.HANDLER
        until(remarked(sink, "the handler says: number 1 said 3 messages"))


def test_bytes_text_and_what_is_yielded_go_out_in_order(tmp_path: Path) -> None:
    code = "def on_message(peer, message):\n    peer.send('ä')\n    yield b'\\xff'\n    yield from ('b', b'c')\n"
    with serving(handler(tmp_path, code)) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(5) == "ä".encode() + b"\xffbc"


def test_what_a_generator_returns_goes_out_behind_what_it_yields(tmp_path: Path) -> None:
    code = "def on_message(peer, message):\n    yield 'a'\n    return 'b'\n"
    with serving(handler(tmp_path, code)) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(2) == b"ab"


@pytest.mark.parametrize("says", ["print('x')", "peer.note('x')", "peer.send('x')"])
def test_one_that_talks_without_an_end_holds_nobody_up(tmp_path: Path, says: str) -> None:
    code = f"def on_message(peer, message):\n    while True:\n        {says}\n"
    with serving(handler(tmp_path, code)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"go")
        if "send" in says:
            assert peer.hear(100_000) == b"x" * 100_000
        else:
            until(remarked(sink, "the handler says more"))
    assert len([text for text in remarks(sink) if text.endswith("x")]) < 2 * _MOST_NOTES


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("1 / 0", "answers.py, line 2, in on_message: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "answers.py, line 2, in on_message: SystemExit: 3"),
        ("return 5", "TypeError: an answer is bytes, text or nothing, and this is int"),
        ("peer.send(None)", "TypeError: what is sent is bytes or text, and this is NoneType"),
    ],
)
def test_what_it_raises_is_a_note_and_the_server_lives(tmp_path: Path, body: str, note: str) -> None:
    code = f"def on_message(peer, message):\n    {body}\n    return message\n".replace(
        "return 5", "return b'ok' if message == b'y' else 5"
    )
    code = code.replace("1 / 0", "1 / (message == b'y')").replace(
        "raise SystemExit(3)", "if message != b'y': raise SystemExit(3)"
    )
    code = code.replace("peer.send(None)", "peer.send(message if message == b'y' else None)")
    with serving(handler(tmp_path, code)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        until(remarked(sink, note))
        peer.say(b"y")
        assert peer.hear(1) in (b"y", b"o")


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("peer.note(f'number {peer.number} has gone')", "number 1 has gone"),
        ("1 / 0", "answers.py, line 2, in on_close: ZeroDivisionError: division by zero"),
        ("print('gone')", "the handler says: gone"),
    ],
)
def test_what_it_says_of_the_last_connection_that_ends_is_a_note(tmp_path: Path, body: str, note: str) -> None:
    code = f"def on_close(peer):\n    {body}\n    return b'too late'\n"
    with serving(handler(tmp_path, code)) as (server, sink):
        with Peer.calls(server.addresses[0]):
            pass
        until(remarked(sink, note))


def test_a_changed_file_is_read_again_and_the_state_of_a_connection_stays(tmp_path: Path) -> None:
    first = "def on_open(peer):\n    peer.state.n = 7\n\n\ndef on_message(peer, message):\n    return 'old'\n"
    made = handler(tmp_path, first)
    with serving(made) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(3) == b"old"
        rewrite(made.path, "def on_message(peer, message):\n    return f'new {peer.state.n}'\n")
        peer.say(b"x")
        assert peer.hear(5) == b"new 7"
        rewrite(made.path, "def on_message(peer, message:\n    pass\n")
        peer.say(b"x")
        assert peer.hear(5) == b"new 7"
    assert "answers.py was read again" in remarks(sink)
    assert any(text.startswith("answers.py, line 1: ") and text.endswith("goes on") for text in remarks(sink))


def rewrite(path: Path, code: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text(code, encoding="utf-8")
    os.utime(path, ns=(before + 10_000_000, before + 10_000_000))


def test_a_handler_that_hangs_is_named_with_its_line_and_can_be_stopped(tmp_path: Path) -> None:
    code = (
        "import time\n\n\ndef on_message(peer, message):\n    while message == b'hang':\n        time.sleep(0.01)\n"
        "    return message\n"
    )
    made = handler(tmp_path, code)
    with serving(made, framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"hang\n")
        until(remarked(sink, "answers.py has been busy for 1 s, at line "))
        made.restart()
        until(remarked(sink, "the handler's process was ended"))
        peer.say(b"again\n")
        assert peer.hear(6) == b"again\n"


def test_a_handler_that_ends_again_and_again_is_not_started_for_ever(tmp_path: Path) -> None:
    code = "import os\n\n\ndef on_message(peer, message):\n    os._exit(3)\n"
    with serving(handler(tmp_path, code), framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        for count in range(1, 4):
            peer.say(b"x\n")
            until(lambda count=count: remarks(sink).count(EXITED) == count)  # type: ignore[misc]
        peer.say(b"x\n")
        until(remarked(sink, "the handler ends again and again"))


EXITED = "the handler's process has ended with exit code 3: it is started again with the next message"


@pytest.mark.case("C-31")
def test_a_handler_that_could_not_be_started_for_want_of_descriptors_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    code = "def on_message(peer, message):\n    return message\n"
    with serving(handler(tmp_path, code), framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        until(lambda: bool(server.connections))
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", none_left)
            server.set_reply(handler(tmp_path, code))  # one that does not run yet
            for _ in range(2 * _MOST_STARTS):
                peer.say(b"lost\n")
            until(lambda: len(remarks(sink)) >= 1 + 2 * _MOST_STARTS)  # the connection is made known, too
            assert set(remarks(sink)) == {"the handler could not be started: Too many open files (EMFILE)"}
        peer.say(b"hello\n")
        heard = b""
        while not heard.endswith(b"hello\n"):
            heard += peer.hear(1)
        assert set(heard.splitlines()) <= {b"lost", b"hello"}  # the last of what was said before may get its answer


@pytest.mark.parametrize("code", ["", "def onMessage(peer, message):\n    return message\n"])
def test_a_file_in_which_nothing_is_called_is_told(code: str, tmp_path: Path) -> None:
    with serving(handler(tmp_path, code)) as (server, sink), Peer.calls(server.addresses[0]):
        until(remarked(sink, "answers.py has none of on_open, on_message, on_close: nothing is answered"))


def test_who_has_finished_gets_the_answers_that_are_to_come(tmp_path: Path) -> None:
    code = "import time\n\n\ndef on_message(peer, message):\n    time.sleep(0.02)\n    return message\n"
    with serving(handler(tmp_path, code), framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"a\nb\n")
        peer.sock.shutdown(1)
        assert peer.hear_all() == b"a\nb\n"


def test_a_connection_that_stood_before_is_known_but_not_opened(tmp_path: Path) -> None:
    code = "def on_open(peer):\n    return 'opened'\n\n\ndef on_message(peer, message):\n    return str(peer.number)\n"
    with serving("echo") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(1) == b"x"
        server.set_reply(handler(tmp_path, code))
        peer.say(b"x")
        assert peer.hear(1) == b"1"


@only_posix("no pipe has a path in a folder, and no device is without an end")
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    for path in (tmp_path / "pipe.py", Path("/dev/zero"), tmp_path):
        with pytest.raises(TincanError, match="cannot be read as a Python file: it is no file"):
            Handler(path)


def test_what_is_no_python_is_refused_where_it_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def x(:\n", encoding="utf-8")
    (tmp_path / "zero.py").write_bytes(b"x = 1\0")
    for argument, says in (
        (f"{tmp_path / 'bad.py'}", "bad.py, line 1: "),
        (f"{tmp_path / 'zero.py'}", "cannot be read as a Python file|zero.py, line"),
        (f"{tmp_path / 'missing.py'}", "cannot be read as a Python file: "),
        ("", "name the Python file"),
    ):
        with pytest.raises(TincanError, match=says):
            make_reply(f"python:{argument}")


def test_frames_come_whole_however_they_are_cut() -> None:
    frames = [Frame(SEND, 1, b"abc"), Frame(DONE, 2), Frame(SEND, 4_000_000_000, b"\0" * 1000)]
    data = b"".join(frame.written() for frame in frames)
    for size in (1, 2, 9, 10, 500, len(data)):
        reader = FrameReader()
        found = [frame for start in range(0, len(data), size) for frame in reader.feed(data[start : start + size])]
        assert found == frames
