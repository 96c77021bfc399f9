"""Standard input on its way out: line by line, or as it is, at the pace of whoever takes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

from core.cli.common import console_input
from core.compose.encoding import Encoding, LineEnding, encode
from core.errors import DraftError, reason
from core.supervision import Worker
from core.wire.framing import make_framer
from core.wire.messages import Message, TooLong

_PIECE = 64 * 1024  # bytes of one read
_LONGEST_LINE = 16 << 20  # bytes


class StandardInput:
    """Reads to the end, on a thread of its own, which calls everything that it is given.

    ``send`` gets a line without its ending (with CR LF if ``crlf``), in ``encoding`` if there is one and as it came if
    not, or, if ``exact``, bytes as they come (LF made CR LF if ``crlf``), at most ``most`` at once; it may wait, and
    nothing more is read meanwhile. False from it ends the reading. ``ended`` is called once, after the last.

    The thread is a daemon, because nothing ends a read of a terminal; and it reads past ``sys.stdin``, whose lock it
    would hold for ever.
    """

    def __init__(
        self,
        send: Callable[[bytes], bool],
        *,
        exact: bool,
        crlf: bool,
        encoding: Encoding | None,
        tell: Callable[[str], None],
        ended: Callable[[], None],
        most: int | None = None,
    ) -> None:
        self._send = send
        self._exact = exact
        self._most = most
        self._crlf = crlf
        self._encoding = encoding
        self._tell = tell
        self._ended = ended

    def begin(self) -> None:
        """Start to read."""
        Worker(self._read, "standard input", self._failed, daemon=True).begin()

    def _read(self) -> None:
        for piece in self._exactly() if self._exact else self._lines():
            if not self._send(piece):
                break
        self._ended()

    def _failed(self, error: BaseException) -> None:
        """What cannot be read any more is at its end."""
        self._tell(f"nothing more can be read from standard input: {reason(error)}")
        self._ended()

    def _exactly(self) -> Iterator[bytes]:
        after_cr = False
        for data in _blocks() if self._most is None else _cut(_blocks(), self._most):
            if not self._crlf:
                yield data
                continue
            yield _with_crlf(data, after_cr=after_cr)
            after_cr = data.endswith(b"\r")

    def _lines(self) -> Iterator[bytes]:
        framer = make_framer("line", _LONGEST_LINE)
        ending = LineEnding.CRLF.wire(self._encoding or Encoding.UTF_8) if self._crlf else b""
        for data in _blocks():
            yield from self._whole(framer.feed(data), ending)
        yield from self._whole(framer.finish(), ending)

    def _whole(self, lines: list[Message], ending: bytes) -> Iterator[bytes]:
        for line in lines:
            if isinstance(line, TooLong):
                self._tell(f"a line of {line.skipped:,} bytes is too long to be sent as one message")
            elif isinstance(line, bytes):
                try:
                    yield (line if self._encoding is None else _translated(line, self._encoding)) + ending
                except DraftError as error:
                    self._tell(f"not sent: {error}")


def _translated(line: bytes, encoding: Encoding) -> bytes:
    """A line of the terminal as bytes of another encoding. Raises ``DraftError`` for what is not in both."""
    codec = sys.stdin.encoding
    try:
        return encode(line.decode(codec), encoding)
    except UnicodeDecodeError as error:
        sentence = f"the input is read as {codec}, and byte {error.start + 1:,} of this line is no text in it"
        raise DraftError(sentence, error.start, error.end) from None


def _blocks() -> Iterator[bytes]:
    """What standard input has, until its end; nothing if there is none, or if it is None."""
    try:
        console, descriptor = console_input(), sys.stdin.fileno()
        while data := os.read(descriptor, _PIECE) if console is None else console.read(_PIECE):
            yield data
    except (OSError, ValueError, AttributeError):
        return


def _cut(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same in pieces of ``size`` bytes; what is less than that waits for more only where more is there already."""
    rest = b""
    for block in blocks:
        data = rest + block
        stop = len(data) - len(data) % size if len(block) == _PIECE else len(data)
        yield from (data[first : first + size] for first in range(0, stop, size))
        rest = data[stop:]
    if rest:
        yield rest


def _with_crlf(data: bytes, *, after_cr: bool) -> bytes:
    """The same with CR LF for every LF that has no CR before it; ``after_cr`` if the byte before was one."""
    first = data[:1] if after_cr and data.startswith(b"\n") else b""
    return first + data[len(first) :].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
