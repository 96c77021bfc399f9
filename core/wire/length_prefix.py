"""Frames that say in front how long they are: in a length field, as a netstring, or in a header block."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from core.wire.splitting import NOTHING, Envelope, Untimed

LONGEST_VARINT = 10  # bytes; 64 bits, seven in each
LONGEST_HEADER = 8192  # bytes of a header block
_MOST_DIGITS = 9  # of a netstring's length
_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NETSTRING = re.compile(rb"([0-9]{1,9}):")
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*\r?$")
_OTHER_LENGTH = re.compile(rb"(?im)^(?:content-length[ \t]*:.*|transfer-encoding[ \t]*:.*chunked.*)$")
_OTHER_HEADER = re.compile(rb"(?im)^(?!content-(?:length|type)[ \t]*:).+$")

# Goes through the frames that begin at a place, notes where each ends, and gives the state behind them.
_Scan: TypeAlias = Callable[[bytes, int, list[int]], object]


Order: TypeAlias = Literal["big", "little", "digits"]


class Counts(Enum):
    """What a length counts; the value is the word for it in a framing's written form."""

    WHAT_FOLLOWS = ""
    ITSELF = "itself"  # the field too
    WHOLE = "whole"  # the field and what stands before it too


@dataclass(frozen=True, slots=True)
class LengthField:
    """Where a frame's length stands, how it is written and what it counts.

    ``width`` is 1, 2, 3, 4 or 8 bytes, 1 to 9 ASCII digits, or 0 for a varint: seven bits a byte, the
    lowest first, the top bit set in all but the last, as Protocol Buffers has it. ``offset`` bytes come
    before it in the frame. ``add`` bytes follow beyond those that it counts (fewer, if it is negative).
    """

    width: int
    order: Order = "big"
    offset: int = 0
    counts: Counts = Counts.WHAT_FOLLOWS
    add: int = 0

    @property
    def most(self) -> int:
        """The largest number that it can say."""
        return 10**self.width - 1 if self.order == "digits" else (1 << 8 * (self.width or 8)) - 1

    def counted_before(self, width: int) -> int:
        """How many bytes of a frame are not counted by its length, if the field has ``width`` bytes."""
        before = {Counts.WHAT_FOLLOWS: self.offset + width, Counts.ITSELF: self.offset, Counts.WHOLE: 0}
        return before[self.counts] + self.add

    def written(self, following: int) -> bytes | None:
        """The field for a frame with so many bytes behind it; None if it cannot say as much, or as little."""
        for width in (self.width,) if self.width else range(1, LONGEST_VARINT + 1):
            number = self.offset + width + following - self.counted_before(width)
            if not 0 <= number <= self.most:
                return None
            field = self._digits(number, width)
            if len(field) == width:
                return field
        return None

    def _digits(self, number: int, width: int) -> bytes:
        if self.order == "digits":
            return b"%0*d" % (width, number)
        return number.to_bytes(width, self.order) if self.width else _varint(number)


class _AnnouncedSplitter(Untimed):
    """Frames say how long they are. A stream in which a length makes no sense has no ends from there on."""

    could_end = rest_is_message = False
    closing = b""  # what stands behind each message and is not counted
    usual: Envelope | None = None
    reach: int

    def __init__(self, scan: _Scan | None = None) -> None:
        # The beginning of a frame whose length is not known yet; how many bytes are still to come of one
        # whose length is; why there is nothing more to be found, once a length makes no sense.
        self.state: object = None
        self._scan = scan or self._frame_by_frame

    def _frame(self, data: bytes, position: int) -> int | str | None:
        """The size of the frame that begins there; None if that has not come yet, or why it makes no sense."""
        raise NotImplementedError

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        raise NotImplementedError

    def _frame_by_frame(self, data: bytes, position: int, found: list[int]) -> object:
        while position < len(data):
            frame = self._frame(data, position)
            if not isinstance(frame, int):
                return frame or data[position:]
            position += frame
            if position > len(data):
                return position - len(data)
            found.append(position)
        return None

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        state = self.state
        found: list[int] = []
        if state is None:
            self.state = self._scan(data, 0, found)
        elif isinstance(state, bytes):
            self.state = self._scan(state + data, 0, found)
            carried = len(state)
            return [end - carried for end in found]
        elif isinstance(state, int) and state > len(data):
            self.state = state - len(data)
        elif isinstance(state, int):
            found.append(state)
            self.state = self._scan(data, state, found)
        return found

    def flaw(self, head: bytes, tail: bytes) -> str:  # noqa: ARG002 - as the protocol has it
        if not tail or tail.endswith(self.closing):
            return ""
        return f"it ends with {tail[-len(self.closing) :].hex(' ')}, not with {self.closing.hex(' ')}"

    @property
    def expected(self) -> int | None:
        return self.state - len(self.closing) if isinstance(self.state, int) else None

    @property
    def broken(self) -> str:
        return self.state if isinstance(self.state, str) else ""

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        missing = self._scan(head[: self.reach], 0, [])
        if isinstance(missing, str):
            return missing
        if not isinstance(missing, int):
            return "its length has not come yet"
        announced = len(head[: self.reach]) + missing
        start, stop, _back = self.envelope(head, b"")
        excess = announced - len(self.closing) - (stop - start) > limit
        return f"{size:,} of {announced:,} bytes" + (f", more than the limit of {limit:,}" if excess else "")


class PrefixSplitter(_AnnouncedSplitter):
    """Frames have a field with their length, at the same place in each."""

    def __init__(self, field: LengthField, closing: bytes = b"") -> None:
        super().__init__(_scan_for(field, len(closing)))
        self.closing = closing
        self.reach = field.offset + (field.width or LONGEST_VARINT) + len(closing)
        self._header = Envelope(field.offset, field.offset + field.width, 0)
        self.usual = self._header if field.width and not closing else None
        self._field = field

    def _frame(self, data: bytes, position: int) -> int | str | None:
        field = self._field
        start, stop, _back = self._header
        written = data[position + start : position + stop]
        if len(written) < field.width:
            return None
        if field.order != "digits":
            number = int.from_bytes(written, field.order)
        elif written.isdigit():
            number = int(written)
        else:
            return f"a length of {written.hex(' ')}, which are not digits, so nothing behind it can be told apart"
        before = field.counted_before(field.width)
        if number + before < stop:
            return _too_small(number, stop - before)
        return number + before + len(self.closing)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        start, stop, _back = self._header
        if not tail and isinstance(self._scan(head[: self.reach], 0, []), str):
            return NOTHING  # its length makes no sense
        if not self._field.width:
            window = head[start : start + LONGEST_VARINT]
            stop = start + (_varint_width(window) or len(window))
        return Envelope(start, stop, len(self.closing) if tail else 0)


def _scan_for(field: LengthField, closing: int) -> _Scan | None:
    """The quick way through the frames of the usual fields."""
    if not field.width:
        return _varint_scan(field, closing)
    return _fixed_scan(field, closing) if field.order != "digits" and field.width in _LETTERS else None


def _fixed_scan(field: LengthField, closing: int) -> _Scan:
    """For a field of one width. Small frames make this the hot loop of a lens: nothing in it that could be outside."""
    order: Literal[">", "<"] = "<" if field.order == "little" else ">"
    unpack = struct.Struct(order + _LETTERS[field.width]).unpack_from
    offset, before, header = field.offset, field.counted_before(field.width) + closing, field.offset + field.width
    least = header + closing

    def scan(data: bytes, position: int, found: list[int]) -> object:
        size, note = len(data), found.append
        latest = size - header  # where a frame can begin whose length is all there
        while position <= latest:
            frame: int = unpack(data, position + offset)[0] + before
            if frame < least:
                return _too_small(frame - before, least - before)
            position += frame
            if position > size:
                return position - size
            note(position)
        return data[position:] or None

    return scan


def _varint_scan(field: LengthField, closing: int) -> _Scan:
    """For a varint; the usual ones have one byte or two."""
    offset = field.offset
    befores = [field.counted_before(width) + closing for width in range(LONGEST_VARINT + 1)]

    def scan(data: bytes, position: int, found: list[int]) -> object:
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
            if frame < offset + width + closing:
                return _too_small(number, offset + width + closing - befores[width])
            position += frame
            if position > size:
                return position - size
            note(position)
        return data[position:] or None

    return scan


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


class NetstringSplitter(_AnnouncedSplitter):
    """``12:hello world!,``: the length in digits, a colon, so many bytes, a comma."""

    reach = _MOST_DIGITS + 2
    closing = b","

    def _frame(self, data: bytes, position: int) -> int | str | None:
        header = data[position : position + _MOST_DIGITS + 1]
        found = _NETSTRING.match(header)
        if found is not None:
            return found.end() + int(found[1]) + 1
        if header.isdigit() and len(header) <= _MOST_DIGITS:
            return None
        return "it does not begin with a length in digits and a colon, so nothing behind it can be told apart"

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        found = _NETSTRING.match(head)
        return Envelope(0, found.end(), 1 if tail else 0) if found is not None else NOTHING


class ContentLengthSplitter(_AnnouncedSplitter):
    """A header block, a blank line, and as many bytes as the block's Content-Length says; none if it says nothing.

    The block belongs to the frame if it has nothing but Content-Length and Content-Type, as in JSON-RPC
    and LSP; otherwise, as in HTTP, it is the beginning of the message.
    """

    reach = LONGEST_HEADER

    def _frame(self, data: bytes, position: int) -> int | str | None:
        blank = _BLANK_LINE.search(data, position, position + LONGEST_HEADER)
        if blank is None:
            is_all = len(data) - position >= LONGEST_HEADER
            return (
                f"no blank line in {LONGEST_HEADER:,} bytes, so nothing behind it can be told apart" if is_all else None
            )
        block = data[position : blank.start()]
        length, other = _LENGTH.search(block), _OTHER_LENGTH.search(block)
        if length is None and other is not None:
            return (
                "its header block gives no length in digits (chunks have none), so nothing behind it can be told apart"
            )
        return blank.end() - position + (int(length[1]) if length else 0)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        blank = _BLANK_LINE.search(head)
        if blank is None or _OTHER_HEADER.search(head[: blank.start()]) is not None:
            return NOTHING
        return Envelope(0, blank.end(), 0)
