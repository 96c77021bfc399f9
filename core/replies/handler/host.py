"""The process in which a person's Python file answers, away from the window: run as ``handler-host FILE``.

The file is a plain module with any of ``on_open(peer)``, ``on_message(peer, message)`` and ``on_close(peer)``. What
they return or yield goes to the peer: bytes, or text as UTF-8. It is read again when it has changed on disk; each peer
keeps its ``state``. What it prints is a note.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.clock import monotonic
from core.replies.answers import Said, answers, as_bytes
from core.replies.handler.frames import CLOSE, CLOSED, DONE, EVERYBODY, KNOWN, NOTE, OPEN, SEND, Frame, read_frame
from core.supervision import Worker

HANGS_AFTER = 1.0  # seconds of one call
_LONGEST_NOTE = 1_000  # characters
_CALLED = ("on_open", "on_message", "on_close")


class HandlerPeer:
    """The other end of one connection, as the file has it; ``state`` is the file's own."""

    def __init__(self, connection: int, number: int, address: str, put: Callable[[Frame], None]) -> None:
        self.number = number
        self.address = address
        self.state = types.SimpleNamespace()
        self._connection = connection
        self._put = put

    def send(self, message: Said) -> None:
        """Send a message within the server's frame."""
        self._put(Frame(SEND, self._connection, as_bytes(message)))

    def close(self) -> None:
        """End the connection; what was sent goes out first."""
        self._put(Frame(CLOSE, self._connection))

    def note(self, text: object) -> None:
        """Put a sentence into the conversation."""
        self._put(Frame(NOTE, self._connection, str(text)[:_LONGEST_NOTE].encode(errors="replace")))


class Host:
    """Calls the file's functions, one after the other."""

    def __init__(self, path: Path, source: BinaryIO, sink: BinaryIO) -> None:
        self._path = path
        self._source = source
        self._sink = sink
        self._writing = threading.Lock()
        self._peers: dict[int, HandlerPeer] = {}
        self._module = types.ModuleType("handler")
        self._stamp: tuple[int, int] | None = None
        self._since = 0.0  # when the call that runs began; 0 while none does
        self._thread = threading.get_ident()

    def run(self) -> None:
        """Until the server has gone."""
        Worker(self._watch, "watch", daemon=True).start()
        while (frame := read_frame(self._source)) is not None:
            self._read_again()
            self._take(frame)
            self._put(Frame(DONE, frame.connection, frame.kind))

    def _put(self, frame: Frame) -> None:
        with self._writing:
            self._sink.write(frame.written())
            self._sink.flush()

    def _take(self, frame: Frame) -> None:
        if frame.kind in (OPEN, KNOWN):
            number, address = frame.data.decode().split("\n")
            peer = self._peers[frame.connection] = HandlerPeer(frame.connection, int(number), address, self._put)
            if frame.kind == OPEN:
                self._call("on_open", peer)
        elif frame.kind == CLOSED:
            gone = self._peers.pop(frame.connection, None)
            if gone is not None:
                self._call("on_close", gone)
        else:
            self._call("on_message", self._peers[frame.connection], frame.data)

    def _call(self, name: str, peer: HandlerPeer, *arguments: bytes) -> None:
        function = getattr(self._module, name, None)
        if function is None:
            return
        self._since = monotonic()
        try:
            for answer in answers(function(peer, *arguments)):
                peer.send(answer)
        except BaseException as error:  # noqa: BLE001 - a person's code may raise what it likes
            peer.note(self._where(error))
        finally:
            self._since = 0.0

    def _where(self, error: BaseException) -> str:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if isinstance(error, SyntaxError) and error.filename == str(self._path):
            return f"{self._path.name}, line {error.lineno}: {error.msg}"
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(self._path)]
        return f"{self._path.name}, line {own[-1].lineno}, in {own[-1].name}: {what}" if own else what

    def _read_again(self) -> None:
        """Read the file if it has changed; one that cannot be read changes nothing."""
        try:
            found = self._path.stat()
            stamp = found.st_mtime_ns, found.st_size
            if stamp == self._stamp:
                return
            is_first, self._stamp = self._stamp is None, stamp
            module = types.ModuleType("handler")
            module.__file__ = str(self._path)
            exec(compile(self._path.read_bytes(), str(self._path), "exec"), module.__dict__)  # noqa: S102 - its purpose
        except BaseException as error:  # noqa: BLE001 - a person's code may raise what it likes
            self._tell_all(f"{self._where(error)}; what it said before goes on")
            return
        self._module = module
        if not any(hasattr(module, name) for name in _CALLED):
            self._tell_all(f"{self._path.name} has none of {', '.join(_CALLED)}: nothing is answered")
        if not is_first:
            self._tell_all(f"{self._path.name} was read again")

    def _tell_all(self, text: str) -> None:
        self._put(Frame(NOTE, EVERYBODY, text.encode(errors="replace")))

    def _watch(self) -> None:
        """Say where the file hangs, once for each call."""
        told = 0.0
        while True:
            time.sleep(HANGS_AFTER / 4)
            since = self._since
            if since and since != told and monotonic() - since >= HANGS_AFTER:
                told = since
                frame = sys._current_frames().get(self._thread)
                lines = [] if frame is None else traceback.extract_stack(frame)
                own = [line for line in lines if line.filename == str(self._path)]
                at = f", at line {own[-1].lineno}, in {own[-1].name}" if own else ""
                self._tell_all(f"{self._path.name} has been busy for {HANGS_AFTER:g} s{at}: everybody waits for it")


def main(path: Path) -> int:
    """Answer by that file through standard input and output; what it prints itself goes to standard error."""
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a note is not to wait for the next
    sys.path.insert(0, str(path.parent))
    Host(path, sys.stdin.buffer, sink).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
