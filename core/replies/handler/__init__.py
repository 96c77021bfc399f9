"""A person's Python file answers, in a process of its own, so that nothing in it can stop the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NoThread, TincanError, reason
from core.events import Ending
from core.origin import Origin
from core.replies import Backlog, Peer, Reply, Responder
from core.replies.handler.frames import (
    CLOSE,
    CLOSED,
    DONE,
    EVERYBODY,
    KNOWN,
    MESSAGE,
    NOTE,
    OPEN,
    SEND,
    Frame,
    FrameReader,
)

if TYPE_CHECKING:
    from core.child_process import ChildProcess

_MOST_STARTS = 3  # of the process in a row without a call that came back
_MOST_NOTES = 200  # that are shown until a call comes back
_MOST_PIECES = 16  # of up to 64 KiB that the process has said and the server has not taken

EXAMPLE = '''\
"""Answers for Tincan. Save it, and the next message is answered in the new way.

peer.number and peer.address say who it is, peer.state keeps what you put there for this connection.
What a function returns or yields is sent: bytes, or text. peer.send(...) sends at once, peer.close() ends.
"""


def on_open(peer):
    peer.state.count = 0
    return f"hello, you are number {peer.number}"


def on_message(peer, message):
    peer.state.count += 1
    if message == b"stop":
        peer.close()
        return None
    return f"{peer.state.count}: {message.decode(errors='replace')[::-1]}"


def on_close(peer):
    print("number", peer.number, "said", peer.state.count, "messages")
'''


class Handler(Reply):
    """One process for all connections of a server. Raises ``TincanError`` for a file that is no Python."""

    name = "python"
    title = "by a Python file…"
    note = "the Python file"
    order = 7
    has_responders = True
    takes = "a Python file"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.argument = str(self.path)
        try:
            if self.path.exists() and not self.path.is_file():  # a pipe would be waited for, and a device has no end
                raise ValueError("it is no file")
            compile(self.path.read_bytes(), str(path), "exec")
        except SyntaxError as error:
            raise TincanError(f"in {path.name}, line {error.lineno}: {error.msg}") from None
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise TincanError(f"{path} cannot be read as a Python file: {why}") from None
        self.origin = Origin("handler", self.path.name)
        self._process: ChildProcess | None = None
        self._frames = FrameReader()
        self._responders: dict[int, HandlerResponder] = {}
        self._last = 0
        self._gone: HandlerResponder | None = None  # the last that took leave: what is printed has a pipe of its own
        self._starts = 0
        self._notes = 0  # since a call has come back
        self._room = threading.Semaphore(_MOST_PIECES)
        self._is_over = False

    @classmethod
    def made(cls, argument: str) -> Reply:
        if not argument:
            raise TincanError("name the Python file that answers")
        return cls(Path(argument))

    @classmethod
    def in_short(cls, argument: str) -> str:
        """The file's name, of any system's path."""
        return argument.replace("\\", "/").rpartition("/")[2]

    def responder(self, peer: Peer) -> Responder:
        self._last += 1
        responder = self._responders[self._last] = HandlerResponder(self, self._last, peer)
        return responder

    def end(self) -> None:
        """The server's thread; harmless when it is over."""
        self._is_over = True
        self._room.release()
        self.restart()

    def restart(self) -> None:
        """End a call that hangs, with all that waits behind it. Any thread."""
        process = self._process
        if process is not None:
            process.kill()

    # The server's thread.

    def put(self, frame: Frame, peer: Peer) -> bool:
        """Give the process a frame, and start it first if it does not run; False if it cannot be."""
        if self._process is None:
            if not self._start(peer):
                return False
            for responder in self._responders.values():  # the new process knows nobody
                responder.joined()
        assert self._process is not None
        self._process.write(frame.written())
        return True

    def forget(self, connection: int) -> None:
        """That connection is over: a process that runs is told, and until it has taken that, what it notes is heard."""
        if self._process is not None:
            self._process.write(Frame(CLOSED, connection).written())
        else:
            del self._responders[connection]

    def _start(self, peer: Peer) -> bool:
        from core.child_process import ChildProcess
        from core.command import environment, own_process

        if self._is_over:
            return False
        if self._starts >= _MOST_STARTS:
            peer.note("the handler ends again and again: mend the file, and choose it anew")
            return False
        self._starts += 1
        self._frames = FrameReader()
        soon = peer.call_soon  # also when that peer has gone
        try:
            self._process = ChildProcess(
                [*own_process("handler-host", "replies.handler.host"), str(self.path)],
                name=f"handler {self.path.name}",
                environment=environment(),
                heard=lambda data: self._heard(data, soon),
                told=lambda line: self._told(line, soon),
                ended=lambda code: soon(lambda: self._ended(code)),
            )
        except (OSError, NoThread) as error:
            self._starts -= 1  # which is not the file's fault: the next message tries again
            peer.note(f"the handler could not be started: {reason(error) if isinstance(error, OSError) else error}")
            return False
        return True

    def _hear(self, data: bytes) -> None:
        self._room.release()
        for frame in self._frames.feed(data):
            if frame.kind == NOTE and not self._may_note():
                continue
            if frame.connection == EVERYBODY:
                self._tell_all(_text(frame.data))
                continue
            if frame.kind == DONE:
                self._notes = 0
                if frame.data == MESSAGE:
                    self._starts = 0
            responder = self._responders.get(frame.connection)
            if responder is not None:
                responder.heard(frame)
            if frame.kind == DONE and frame.data == CLOSED:
                self._gone = self._responders.pop(frame.connection, None)

    def _may_note(self) -> bool:
        """Count one more note; whether it is shown. A file that writes without an end is not to fill the journal."""
        self._notes += 1
        if self._notes == _MOST_NOTES:
            self._tell_all("the handler says more")
        return self._notes < _MOST_NOTES

    def _tell_all(self, text: str) -> None:
        """To each connection; without one, to the last that there was."""
        for responder in [*self._responders.values()] or filter(None, [self._gone]):
            responder.note(text)

    def _ended(self, code: int) -> None:
        from core.child_process import words_of_exit

        self._process = None
        if self._is_over:
            return
        self._tell_all(f"the handler's process {words_of_exit(code)}: it is started again with the next message")
        self._responders = {number: one for number, one in self._responders.items() if not one.is_closed}
        for responder in [*self._responders.values()]:
            responder.lost()

    # The threads that hear the process.

    def _heard(self, data: bytes, soon: Callable[[Callable[[], None]], None]) -> None:
        if not self._is_over:
            self._room.acquire()
            soon(lambda: self._hear(data))

    def _told(self, line: str, soon: Callable[[Callable[[], None]], None]) -> None:
        if self._notes < _MOST_NOTES:  # else it is not worth a call

            def tell() -> None:
                if self._may_note():
                    self._tell_all(f"the handler says: {line}")

            soon(tell)


class HandlerResponder(Responder):
    """One connection of a handler."""

    def __init__(self, handler: Handler, connection: int, peer: Peer) -> None:
        self._handler = handler
        self._connection = connection
        self._peer = peer
        self.is_closed = False
        self._waiting = 0  # calls that have not come back
        self._backlog = Backlog(peer)

    def opened(self) -> None:
        self._put(OPEN, self._introduction)

    def joined(self) -> None:
        self._put(KNOWN, self._introduction)

    @property
    def _introduction(self) -> bytes:
        return f"{self._peer.number}\n{self._peer.address}".encode()

    def received(self, message: bytes) -> None:
        self._put(MESSAGE, message)
        self._backlog.count(self._waiting)

    def peer_finished(self, then: Callable[[], None]) -> None:
        self._backlog.finish(then, self._waiting)

    def closed(self) -> None:
        self.is_closed = True
        self._handler.forget(self._connection)

    def note(self, text: str) -> None:
        """Put a sentence into the conversation."""
        self._peer.note(text)

    def heard(self, frame: Frame) -> None:
        """The process says something about this connection."""
        if frame.kind == NOTE:
            self.note(_text(frame.data))
        elif self.is_closed:
            return
        elif frame.kind == SEND:
            self._peer.send(frame.data)
        elif frame.kind == CLOSE:
            self._peer.close(Ending.HANDLER)
        elif frame.kind == DONE:
            self._waiting = max(0, self._waiting - 1)
            self._backlog.count(self._waiting)

    def lost(self) -> None:
        """The process has ended, and its calls with it."""
        self._waiting = 0
        self._backlog.count(0)

    def _put(self, kind: bytes, data: bytes) -> None:
        """Have the process make a call."""
        self._waiting += 1
        if not self._handler.put(Frame(kind, self._connection, data), self._peer):
            self._waiting -= 1


def _text(data: bytes) -> str:
    return data.decode(errors="replace").strip()
