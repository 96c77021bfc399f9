"""Length prefixes: the field that says how long a frame is, and where such frames end."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from core.wire.splitting import Envelope

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


class PrefixSplitter:
    """Frames say how long they are."""

    could_end = rest_is_message = False

    def __init__(self, field: LengthField) -> None:
        # The beginning of a frame whose length is not known yet; how many bytes are still to come of one
        # whose length is; why there is nothing more to be found, once a length makes no sense.
        self.state: object = None
        self._field = field
        self._header = field.offset + (field.width or 1)
        self.reach = field.offset + (field.width or LONGEST_VARINT)

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        found: list[int] = []
        position = self._begin(data, found)
        while position < len(data):
            size = self._size(data, position)
            if size is None:
                self.state = data[position:]
                break
            if isinstance(size, str):
                self.state = size
                break
            position += size
            if position > len(data):
                self.state = position - len(data)
                break
            found.append(position)
        return found

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        found = self.ends(data)
        return len(found), found[-1] if found else 0

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        start = self._field.offset
        if self._field.width:
            return Envelope(start, start + self._field.width, 0)
        stop = start
        while stop < len(head) and head[stop] & 0x80 and stop < self.reach:
            stop += 1
        return Envelope(start, stop + 1, 0)

    @property
    def expected(self) -> int:
        return self.state if isinstance(self.state, int) else 0

    @property
    def broken(self) -> str:
        return self.state if isinstance(self.state, str) else ""

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        announced = self._size(head, 0)
        if announced is None:
            return "its length has not come yet"
        if isinstance(announced, str):
            return announced
        start, stop, _back = self.envelope(head, b"")
        excess = f", more than the limit of {limit:,}" if announced - (stop - start) > limit else ""
        return f"{size:,} of {announced:,} bytes{excess}"

    def _begin(self, data: bytes, found: list[int]) -> int:
        """Go on with the frame that began before ``data``; where the next one begins."""
        state, self.state = self.state, None
        if state is None:
            return 0
        if isinstance(state, bytes):
            size = self._size(state + data[: self.reach], 0)
            if size is None:
                self.state = state + data
                return len(data)
            state = size - len(state) if isinstance(size, int) else size
        if isinstance(state, int) and state <= len(data):
            found.append(state)
            return state
        self.state = state - len(data) if isinstance(state, int) else state
        return len(data)

    def _size(self, data: bytes, position: int) -> int | str | None:
        """The size of the frame that begins there; None if that cannot be seen yet, a sentence if it makes no sense."""
        start = position + self._field.offset
        width = self._field.width
        if width:
            if len(data) < start + width:
                return None
            (number,) = struct.unpack_from(self._field.format, data, start)
        else:
            window = data[start : start + LONGEST_VARINT]
            width = next((place for place, byte in enumerate(window, 1) if byte < 0x80), 0)
            if not width:
                return None if len(window) < LONGEST_VARINT else _ENDLESS
            number = _varint_number(window[:width])
        size = int(number) + self._field.counted_before(width)
        least = self._field.offset + width - self._field.counted_before(width)
        return size if number >= least else _too_small(int(number), least)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _varint_number(data: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data))


_ENDLESS = f"a length that does not end within {LONGEST_VARINT} bytes, so nothing behind it can be told apart"


def _too_small(number: int, least: int) -> str:
    return f"a length of {number:,} where it can be no less than {least:,}, so nothing behind it can be told apart"
