"""Length prefixes: the field that says how long a frame is, and where such frames end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from core.wire.splitting import Envelope, Untimed

LONGEST_VARINT = 10  # bytes; 64 bits, seven in each
_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Counts(Enum):
    """What a length counts; the value is the word for it in a framing's written form."""

    WHAT_FOLLOWS = ""
    ITSELF = "itself"  # the field too
    WHOLE = "whole"  # the field and what stands before it too


@dataclass(frozen=True, slots=True)
class LengthField:
    """Where a frame's length stands, how it is written and what it counts.

    ``width`` is 1, 2, 4 or 8 bytes, or 0 for a varint: seven bits a byte, the lowest first, the top bit
    set in all but the last, as Protocol Buffers has it. ``offset`` bytes come before it in the frame.
    """

    width: int
    order: Literal["big", "little"] = "big"
    offset: int = 0
    counts: Counts = Counts.WHAT_FOLLOWS

    @property
    def most(self) -> int:
        """The largest number that it can say."""
        return (1 << 8 * (self.width or 8)) - 1

    @property
    def format(self) -> str:
        """The same for ``struct``; of a varint there is none."""
        return (">" if self.order == "big" else "<") + _LETTERS[self.width]

    def counted_before(self, width: int) -> int:
        """How many bytes of a frame are in front of what its length counts, if the field has ``width`` bytes."""
        return {Counts.WHAT_FOLLOWS: self.offset + width, Counts.ITSELF: self.offset, Counts.WHOLE: 0}[self.counts]

    def written(self, following: int) -> bytes | None:
        """The field for a frame with so many bytes behind it; None if it cannot say as much."""
        for width in (self.width,) if self.width else range(1, LONGEST_VARINT + 1):
            number = self.offset + width + following - self.counted_before(width)
            if number > self.most:
                return None
            field = number.to_bytes(width, self.order) if self.width else _varint(number)
            if len(field) == width:
                return field
        return None


class PrefixSplitter(Untimed):
    """Frames say how long they are. A stream in which a length makes no sense has no ends from there on."""

    could_end = rest_is_message = False

    def __init__(self, field: LengthField) -> None:
        # The beginning of a frame whose length is not known yet; how many bytes are still to come of one
        # whose length is; why there is nothing more to be found, once a length makes no sense.
        self.state: object = None
        self.reach = field.offset + (field.width or LONGEST_VARINT)
        self.usual = Envelope(field.offset, field.offset + field.width, 0) if field.width else None
        self._field = field
        self._walk = _varint_walk(field) if not field.width else _fixed_walk(field)

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        state = self.state
        found: list[int] = []
        if state is None:
            self.state = self._walk(data, 0, found)
        elif isinstance(state, bytes):
            self.state = self._walk(state + data, 0, found)
            carried = len(state)
            return [end - carried for end in found]
        elif isinstance(state, int) and state > len(data):
            self.state = state - len(data)
        elif isinstance(state, int):
            found.append(state)
            self.state = self._walk(data, state, found)
        return found

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        found = self.ends(data)
        return len(found), found[-1] if found else 0

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        if self.usual is not None:
            return self.usual
        start = self._field.offset
        window = head[start : self.reach]
        return Envelope(start, start + (_varint_width(window) or len(window)), 0)

    @property
    def expected(self) -> int:
        return self.state if isinstance(self.state, int) else 0

    @property
    def broken(self) -> str:
        return self.state if isinstance(self.state, str) else ""

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        missing = self._walk(head[: self.reach], 0, [])
        if isinstance(missing, str):
            return missing
        if not isinstance(missing, int):
            return "its length has not come yet"
        announced = len(head[: self.reach]) + missing
        start, stop, _back = self.envelope(head, b"")
        excess = f", more than the limit of {limit:,}" if announced - (stop - start) > limit else ""
        return f"{size:,} of {announced:,} bytes{excess}"


# Goes through the frames that begin at a place, notes where each ends, and gives the state behind them.
_Walk: TypeAlias = Callable[[bytes, int, list[int]], object]


def _fixed_walk(field: LengthField) -> _Walk:
    """For a field of one width. Small frames make this the hot loop of a lens: nothing in it that could be outside."""
    unpack = struct.Struct(field.format).unpack_from
    offset, before, least = field.offset, field.counted_before(field.width), field.offset + field.width

    def walk(data: bytes, position: int, found: list[int]) -> object:
        size, note = len(data), found.append
        latest = size - least  # where a frame can begin whose length is all there
        while position <= latest:
            frame: int = unpack(data, position + offset)[0] + before
            if frame < least:
                return _too_small(frame - before, least - before)
            position += frame
            if position > size:
                return position - size
            note(position)
        return data[position:] or None

    return walk


def _varint_walk(field: LengthField) -> _Walk:
    """For a varint; the usual ones have one byte or two."""
    offset, befores = field.offset, [field.counted_before(width) for width in range(LONGEST_VARINT + 1)]

    def walk(data: bytes, position: int, found: list[int]) -> object:
        size, note = len(data), found.append
        latest = size - offset
        while position < latest:
            place = position + offset
            number = data[place]
            if number < 0x80:
                width = 1
            elif place + 1 < size and data[place + 1] < 0x80:
                width, number = 2, number & 0x7F | data[place + 1] << 7
            else:
                window = data[place : place + LONGEST_VARINT]
                width = _varint_width(window)
                if not width:
                    return data[position:] if len(window) < LONGEST_VARINT else _ENDLESS
                number = _varint_number(window[:width])
            frame = number + befores[width]
            if frame < offset + width:
                return _too_small(number, offset + width - befores[width])
            position += frame
            if position > size:
                return position - size
            note(position)
        return data[position:] or None

    return walk


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _varint_width(data: bytes) -> int:
    """How many bytes the varint has that stands there; 0 if its end is not among them."""
    return next((place for place, byte in enumerate(data, 1) if byte < 0x80), 0)


def _varint_number(data: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data))


_ENDLESS = f"a length that does not end within {LONGEST_VARINT} bytes, so nothing behind it can be told apart"


def _too_small(number: int, least: int) -> str:
    return f"a length of {number:,} where it can be no less than {least:,}, so nothing behind it can be told apart"
