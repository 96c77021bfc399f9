"""Cuts a stream of bytes into messages, and makes a message ready for such a stream.

A framer sees one direction of one connection. How the stream was split into ``feed`` calls never
changes which messages come out, except under ``raw``, where the split is the message.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

from core.errors import TincanError


class TooLong(NamedTuple):
    """Stands for a message that was longer than the limit; ``skipped`` counts its bytes."""

    skipped: int


Message: TypeAlias = bytes | TooLong


class Framer(Protocol):
    """Bytes in, messages out. One thread at a time."""

    def feed(self, data: bytes) -> list[Message]:
        """Take in what came and return the messages that it completes."""
        ...

    def finish(self) -> list[Message]:
        """Return what the end of the stream completes: an unfinished last message, if there is one."""
        ...

    def encode(self, message: bytes) -> bytes:
        """Return the message as it goes on the wire."""
        ...


class Raw:
    """One message per ``recv``: what TCP happened to deliver at once, as the tutorial does it."""

    def feed(self, data: bytes) -> list[Message]:
        return [data] if data else []

    def finish(self) -> list[Message]:
        return []

    def encode(self, message: bytes) -> bytes:
        return message


class Line:
    """One message per line: ended by LF, CR LF or a lone CR, which are not part of it.

    The bytes of a line may be in any encoding that keeps ASCII's CR and LF to themselves. A line of
    more than ``limit`` bytes is not kept: a ``TooLong`` takes its place, and the next line counts
    again. Memory stays below ``limit`` plus one ``feed``, and every byte is looked at once.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("limit must be at least 1 byte")
        self._limit = limit
        self._kept = bytearray()  # of the unfinished line; a list of pieces would weigh more than a drip of them
        self._length = 0  # of the unfinished line, the bytes no longer kept included
        self._after_cr = False

    def feed(self, data: bytes) -> list[Message]:
        if not data:
            return []
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
            if not data:
                return []
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *rest = data.split(b"\n")
        self._extend(first)
        if not rest:
            return []
        messages = [self._complete()]
        last = rest.pop()
        messages += [line if len(line) <= self._limit else TooLong(len(line)) for line in rest]
        self._extend(last)
        return messages

    def finish(self) -> list[Message]:
        return [self._complete()] if self._length else []

    def encode(self, message: bytes) -> bytes:
        return message + b"\n"

    def _extend(self, part: bytes) -> None:
        if not part:
            return
        self._length += len(part)
        if self._length <= self._limit:
            self._kept += part
        else:
            self._kept.clear()

    def _complete(self) -> Message:
        line: Message = bytes(self._kept) if self._length <= self._limit else TooLong(self._length)
        self._kept.clear()
        self._length = 0
        return line


FRAMINGS = ("raw", "line")


def make_framer(framing: str, limit: int) -> Framer:
    """Make the framer of that name for messages of up to ``limit`` bytes.

    Raises ``TincanError`` for a name that is not in ``FRAMINGS``.
    """
    if framing == "raw":
        return Raw()
    if framing == "line":
        return Line(limit)
    raise TincanError(f"there is no framing called {framing!r}; there are {', '.join(FRAMINGS)}")
