"""What the peers of a terminal program say, a line a message."""

from __future__ import annotations

import math
from collections.abc import Callable

from core.clock import monotonic
from core.compose.encoding import Decoder, Encoding, decode_as
from core.events import ConnectionId, Received
from core.roles import Role
from core.settings import DEFAULTS
from core.text_safety import TextSafety
from core.wire.framing import Framing, RawFraming, messages_in
from core.wire.messages import Framer, Message
from core.words import connection_name

_LATE = 0.1  # seconds that news of what came may be on its way


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

    def end(self, connection: ConnectionId) -> None:
        """The connection is over: write what is left. Harmless for one that was never begun."""
        framer = self._framers.pop(connection, None)
        if framer is None:
            return
        self._ends.pop(connection, None)
        self._print(connection, framer.finish())
        decoder = self._decoders.pop(connection, None)
        if decoder is not None and (text := decoder.finish()):
            self._print_text(connection, text)
        del self._numbers[connection]

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
