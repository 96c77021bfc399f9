"""A file on its way to one or several connections. It is never in memory: each goes at the pace of its reader."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.clock import monotonic_ns
from core.errors import Fault, NoRoom, SendError, TincanError
from core.events import ConnectionId, EventSink
from core.journal.export.files import shown
from core.net.audience import Audience
from core.net.connection import Connection
from core.origin import Origin
from core.sending.plan import LONGEST_PAUSE, End, FileSent, PlanError, Share
from core.sending.run import TELL_EVERY_NS, Run, Stopped
from core.words import connection_name, with_full_stop

PIECE = 64 * 1024  # bytes read and handed over at a time
WINDOW = 256 * 1024  # bytes that may wait at a connection before it is given more

_GLANCE = 4 * 1024  # bytes in which the end of a line is looked for first
_LOOK_UP = 250_000_000  # ns: at least so often the rate is told
_RATE_OVER = 2_000_000_000  # ns
_LINE_END = re.compile(rb"\r\n?|\n")


class FileError(TincanError):
    """The file cannot be sent; the message says why."""

    fault = Fault.PERSON


class FileSending(Run):
    """Sends a file on a thread of its own, whole or by line.

    A connection is handed more when there is room, so one that does not read holds up nobody else, and what
    waits for it ends with ``Limits.stalled``. By line, each ends as in the file (LF, CR LF or CR), and at
    least ``line_pause`` seconds pass from one to the next. No piece has more than ``most`` bytes. ``stop`` cancels:
    what a connection was handed still goes out. ``tell`` is called on the run's thread, at most every ``TELL_EVERY``
    seconds, and the last time with an ``end``; it must not block. Raises ``PlanError``.
    """

    def __init__(
        self,
        audience: Audience,
        path: Path,
        tell: Callable[[FileSent], None],
        *,
        line_pause: float | None,
        sink: EventSink | None,
        most: int = PIECE,
    ) -> None:
        if line_pause is not None and not 0 <= line_pause <= LONGEST_PAUSE:
            raise PlanError("a pause is 0 s to 86,400 s (a day) long")
        super().__init__(f"{shown(Path(path.name))} to {audience.name}", sink)
        self._audience = audience
        self._path = path
        self._tell = tell
        self._most = most
        self._line_pause_ns = None if line_pause is None else round(line_pause * 1e9)
        self._readers = [
            _Reader(connection, Origin("file", shown(Path(path.name)))) for connection in audience.connections
        ]
        self._size = 0
        self._began = self._told_at = monotonic_ns()
        self._marks: deque[tuple[int, int]] = deque()  # (when, how many bytes), of late
        self._latest = FileSent(path)

    @property
    def takes(self) -> frozenset[ConnectionId]:
        """Who it is for: two files at once would arrive as a mixture of both."""
        return frozenset(reader.connection.id for reader in self._readers)

    @property
    def progress(self) -> FileSent:
        """How it goes. Any thread."""
        return self._latest

    # The run's thread.

    def _work(self) -> None:
        with _open(self._path) as file:
            source = _Source(file, self._path, by_line=self._line_pause_ns is not None, most=self._most)
            self._size = source.size
            self._audience.watch(self.wake)
            while going := [reader for reader in self._readers if not reader.is_over]:
                self._wait_for_journal()
                moved = [self._advance(reader, source) for reader in going]
                self._tell_now_and_then()
                if any(moved):
                    self._check()
                else:
                    self._pause(self._next_look(going))
            self._judge(source)

    def _advance(self, reader: _Reader, source: _Source) -> bool:
        """Hand the next piece over if there is room and it is time; whether anything came of it."""
        connection, now = reader.connection, monotonic_ns()
        if reader.offset >= source.size and not connection.waiting:
            reader.is_over = True
        elif not connection.is_open:
            reader.leave("the connection ended first")
        elif reader.offset < source.size and connection.waiting < WINDOW and now >= reader.due:
            piece, ends_line = source.piece(reader.offset)
            return reader.take(piece, (self._line_pause_ns or 0) if ends_line else 0)
        return reader.is_over

    def _next_look(self, going: list[_Reader]) -> int:
        now = monotonic_ns()
        return min([now + _LOOK_UP, *(reader.due for reader in going if reader.due > now)])

    def _judge(self, source: _Source) -> None:
        """Raise ``Stopped`` if it was not what was wanted."""
        late = [reader for reader in self._readers if reader.why]
        if late:
            who = ", ".join(connection_name(reader.connection.number) for reader in late[:3]) + (
                ", ..." if len(late) > 3 else ""
            )
            raise Stopped(End.GONE, f"{who} did not get all of it: {late[0].why}")
        if source.has_changed:
            why = f"{shown(self._path)} was written to while it was being sent: what went out may be old and new mixed"
            raise Stopped(End.CHANGED, why)

    def _tell_now_and_then(self) -> None:
        now = monotonic_ns()
        if now - self._told_at < TELL_EVERY_NS:
            return
        self._told_at = now
        self._latest = self._account()
        sent = self._latest.sent
        self._marks.append((now, sent))
        while now - self._marks[0][0] > _RATE_OVER:
            self._marks.popleft()
        then, before = self._marks[0]
        if now > then:
            self._latest = FileSent(
                self._path, sent, self._latest.total, (sent - before) * 1e9 / (now - then), self._latest.shares
            )
        self._tell(self._latest)

    def _account(self, end: End | None = None, why: str = "") -> FileSent:
        shares = tuple(reader.share() for reader in self._readers)
        sent = sum(share.sent for share in shares)
        total = sum(share.sent if share.why and end is None else self._size for share in shares)
        rate = sent * 1e9 / max(1, monotonic_ns() - self._began)
        return FileSent(self._path, sent, total, rate, shares, end, why)

    def _leave(self, end: End, why: str) -> None:
        self._audience.unwatch(self.wake)
        self._latest = self._account(end, why)
        self._tell(self._latest)


class _Reader:
    """A connection that gets the file, and how far it is. One thread."""

    def __init__(self, connection: Connection, origin: Origin) -> None:
        self.connection = connection
        self._origin = origin
        self.offset = 0  # bytes handed over
        self.due = 0  # when the next piece is, in ns
        self.is_over = False
        self.why = ""

    def take(self, piece: bytes, pause: int) -> bool:
        """Hand a piece over, and none before ``pause`` ns have passed after it; whether the connection took it."""
        try:
            self.connection.send_exactly(piece, self._origin)
        except NoRoom:  # others have filled it, or it has less than a window
            return False
        except SendError as error:
            self.leave(str(error))
            return False
        self.offset += len(piece)
        self.due = monotonic_ns() + pause  # from when it was sent, not from when that began
        return True

    def leave(self, why: str) -> None:
        """It gets no more."""
        self.is_over, self.why = True, why

    def share(self) -> Share:
        """What it has got."""
        has_all = self.is_over and not self.why  # and what waits there now is somebody else's
        sent = self.offset if has_all else max(0, self.offset - self.connection.waiting)
        return Share(self.connection.id, self.connection.number, sent, self.why)


class _Source:
    """An open file, read in pieces. One thread."""

    def __init__(self, file: BinaryIO, path: Path, *, by_line: bool, most: int = PIECE) -> None:
        self._file = file
        self._path = path
        self._by_line = by_line
        self._most = most  # bytes of a piece
        self._before = os.fstat(file.fileno())
        self.size = self._before.st_size
        self._last = -1, (b"", False)

    @property
    def has_changed(self) -> bool:
        """Whether somebody has written to it since it was opened."""
        now = os.fstat(self._file.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns)

    def piece(self, offset: int) -> tuple[bytes, bool]:
        """The next bytes, and whether they end a line. Raises ``FileError`` if they are not there any more."""
        if self._last[0] != offset:  # everybody is at the same place most of the time
            self._last = offset, self._line(offset) if self._by_line else (self._read(offset, self._most), False)
        return self._last[1]

    def _line(self, offset: int) -> tuple[bytes, bool]:
        length = min(_GLANCE, self._most)
        while True:
            block = self._read(offset, length)
            is_rest = offset + len(block) >= self.size
            found = _LINE_END.search(block)
            if found and (is_rest or found.end() < len(block) or block[-1:] == b"\n"):
                return block[: found.end()], True
            if is_rest:
                return block, False
            if length >= self._most:
                is_half = found is not None and length > 1  # a CR at the end may be half of a CR LF
                return (block[:-1] if is_half else block), False
            length = min(length * 4, self._most)

    def _read(self, offset: int, length: int) -> bytes:
        try:
            self._file.seek(offset)
            block = self._file.read(min(length, self.size - offset))
        except OSError as error:
            raise FileError(with_full_stop(f"{shown(self._path)} could not be read on: {error.strerror}")) from error
        if not block:
            raise FileError(
                f"{shown(self._path)} became shorter while it was being sent: {self.size:,} bytes at first, "
                f"and the rest after {offset:,} is gone."
            )
        return block


def _open(path: Path) -> BinaryIO:
    """Open the file for reading. Raises ``FileError``."""
    name = shown(path)
    try:
        # Without O_NONBLOCK a pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise FileError(f"{name} is not there. Was it moved, renamed or removed?") from error
    except PermissionError as error:
        what = "is a folder. Choose a file in it." if path.is_dir() else "may not be read by you."  # Windows: a folder
        raise FileError(f"{name} {what}") from error
    except (OSError, ValueError) as error:
        raise FileError(
            with_full_stop(f"{name} could not be opened: {getattr(error, 'strerror', None) or error}")
        ) from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    what = "a folder. Choose a file in it" if stat.S_ISDIR(mode) else "a device or a pipe, not a file"
    raise FileError(f"{name} is {what}.")
