"""What a terminal program reads and prints: lines of standard input on their way out, and what its peers say.

Input goes out line by line, or as it is, at the pace of whoever takes it; what peers say is a line a message.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator

from core.cli.common import console_input
from core.clock import monotonic
from core.compose.encoding import Decoder, Encoding, LineEnding, decode_as, encode
from core.errors import DraftError, reason
from core.events import ConnectionId, Received
from core.roles import Role
from core.settings import DEFAULTS
from core.supervision import Worker
from core.text_safety import TextSafety
from core.wire.framing import Framing, RawFraming, make_framer, messages_in
from core.wire.messages import Framer, Message, TooLong
from core.words import connection_name

_PIECE = 64 * 1024  # bytes of one read
_LONGEST_LINE = 16 << 20  # bytes
_LATE = 0.1  # seconds that news of what came may be on its way


class StandardInput:
    """Reads to the end, on a thread of its own, which calls everything that it is given.

    ``send`` gets the messages that one read gave: each is a line without its ending (with CR LF if ``crlf``), in
    ``encoding`` if there is one and as it came if not, or, if ``exact``, bytes as they come (LF made CR LF if
    ``crlf``), at most ``most`` at once; it may wait, and nothing more is read meanwhile. False from it ends the
    reading. ``tell_unsent`` gets a sentence for what cannot be read or is no message, while ``send`` takes what was
    read. ``ended`` is called once, after the last.

    The thread is a daemon, because nothing ends a read of a terminal; and it reads past ``sys.stdin``, whose lock it
    would hold for ever.
    """

    def __init__(
        self,
        send: Callable[[Iterator[bytes]], bool],
        *,
        exact: bool,
        crlf: bool,
        encoding: Encoding | None,
        tell_unsent: Callable[[str], None],
        ended: Callable[[], None],
        most: int | None = None,
    ) -> None:
        self._send = send
        self._exact = exact
        self._most = most
        self._crlf = crlf
        self._encoding = encoding
        self._tell_unsent = tell_unsent
        self._ended = ended

    def begin(self) -> None:
        """Start to read."""
        Worker(self._read, "standard input", self._failed, daemon=True).begin()

    def _read(self) -> None:
        for messages in self._exactly() if self._exact else self._lines():
            if not self._send(messages):
                break
        self._ended()

    def _failed(self, error: BaseException) -> None:
        """What cannot be read any more is at its end."""
        self._tell_unsent(f"nothing more can be read from standard input: {reason(error)}")
        self._ended()

    def _exactly(self) -> Iterator[Iterator[bytes]]:
        after_cr = False
        for data in _blocks() if self._most is None else _cut(_blocks(), self._most):
            yield iter([_with_crlf(data, after_cr=after_cr) if self._crlf else data])
            after_cr = data.endswith(b"\r")

    def _lines(self) -> Iterator[Iterator[bytes]]:
        framer = make_framer("line", _LONGEST_LINE)
        ending = LineEnding.CRLF.wire(self._encoding or Encoding.UTF_8) if self._crlf else b""
        for data in _blocks():
            yield self._whole(framer.feed(data), ending)
        yield self._whole(framer.finish(), ending)

    def _whole(self, lines: list[Message], ending: bytes) -> Iterator[bytes]:
        for line in lines:
            if isinstance(line, TooLong):
                self._tell_unsent(f"a line of {line.skipped:,} bytes is too long to be sent as one message")
            elif isinstance(line, bytes):
                try:
                    yield (line if self._encoding is None else _translated(line, self._encoding)) + ending
                except DraftError as error:
                    self._tell_unsent(f"not sent: {error}")


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


# Standard output.


class MessagePrinter:
    """Cuts what comes into messages and has each written as a line with nothing in it that a terminal would obey."""

    def __init__(
        self, framing: Framing, read_as: Encoding, role: Role, write: Callable[[str], None], *, names_all: bool
    ) -> None:
        """``names_all`` has a connection named by its number even if it is the only one."""
        self._names_all = names_all
        self._framing = framing
        self._read_as = read_as
        self._role = role
        self._write = write
        self._numbers: dict[ConnectionId, int] = {}
        self._framers: dict[ConnectionId, Framer] = {}
        self._decoders: dict[ConnectionId, Decoder] = {}  # of what is in no messages but one stream
        self._ends: dict[ConnectionId, float] = {}  # when silence will have ended a message, on the monotonic clock
        self._text = TextSafety()

    @property
    def due(self) -> float:
        """When silence will have ended a message, on the monotonic clock; infinite if it will not."""
        return min(self._ends.values(), default=math.inf)

    def begin(self, connection: ConnectionId, number: int) -> None:
        """A connection stands, and that is written."""
        self._numbers[connection] = number
        self._framers[connection] = self._framing.framer(DEFAULTS.message)
        if isinstance(self._framing, RawFraming) and not self._role.datagrams:
            self._decoders[connection] = Decoder(self._read_as)
        self._write(f"{self._role.name} connected to {self._far_end(connection)}".upper())

    def feed(self, event: Received) -> None:
        """Write the messages that are whole by now."""
        if self._role.datagrams:
            self._print(event.connection, messages_in(event.data, self._framing, DEFAULTS.message, event.at))
            return
        framer = self._framers[event.connection]
        self._print(event.connection, framer.feed(event.data, event.at))
        if framer.silence is not None:
            self._ends[event.connection] = event.at / 1e9 + framer.silence + _LATE

    def end_by_silence(self) -> None:
        """Write what silence has ended by now."""
        now = monotonic()
        for connection in [connection for connection, end in self._ends.items() if end <= now]:
            del self._ends[connection]
            self._print(connection, self._framers[connection].finish())

    def finish(self, connection: ConnectionId) -> None:
        """Nothing more comes: write what is left. Harmless where that was done, or for one that was never begun."""
        framer = self._framers.pop(connection, None)
        if framer is None:
            return
        self._ends.pop(connection, None)
        self._print(connection, framer.finish())
        decoder = self._decoders.pop(connection, None)
        if decoder is not None and (text := decoder.finish()):
            self._print_text(connection, text)

    def end(self, connection: ConnectionId) -> None:
        """The connection is over."""
        self.finish(connection)
        self._numbers.pop(connection, None)

    def _print(self, connection: ConnectionId, messages: list[Message]) -> None:
        """The messages; of what is none, the session itself tells."""
        decoder = self._decoders.get(connection)
        for message in messages:
            if isinstance(message, bytes):
                if decoder is None:
                    self._print_text(connection, decode_as(message, self._read_as))
                elif text := decoder.feed(message):
                    self._print_text(connection, text)

    def _print_text(self, connection: ConnectionId, text: str) -> None:
        """One message, one line: a line feed within it is shown, so that nobody can forge a line."""
        shown = self._text.text(text).replace("\n", "\\n")
        far_end = self._far_end(connection).upper()
        if not self._role.many_connections:
            self._write(f"{far_end}: {shown}")
        elif self._names_all or len(self._numbers) > 1:
            self._write(f"{far_end} {connection_name(self._numbers[connection])} MESSAGE: {shown}")
        else:
            self._write(f"{far_end} MESSAGE: {shown}")

    def _far_end(self, connection: ConnectionId) -> str:
        """What the program at the other end of a connection is."""
        return self._role.onward if self._numbers[connection] < 0 else self._role.far_end
