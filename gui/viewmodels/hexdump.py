"""Bytes as rows of a hex dump, back from a place in a row to a byte, and a cursor among them. Pure; no tkinter.

A row reads ``00000010  68 65 6c 6c 6f 0a  |hello.|``: the offset of its first byte, the bytes in
hexadecimal with a wider gap after every eighth, and what of them is printable ASCII (or a letter of one
byte in another encoding); anything else is a dot there, so that nothing a peer sends is ever obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple, Protocol

from core.words import counted

MOST_COPIED = 64 * 1024  # bytes; more belongs in a file, and would hold the window up
MOST_IN_LINE = 32  # bytes
USUAL_DIGITS = 8  # of an offset: up to 4 GiB; longer data has as many as it needs
_FEWEST_DIGITS = 4
_GROUP = 8  # bytes between the wider gaps
_GROUP_WIDTH = 3 * _GROUP + 1
_WIDE = 0x3000  # characters from here on may take the room of two

_HEX = b"0123456789abcdef"
_HIGH = bytes(_HEX[byte >> 4] for byte in range(256))
_LOW = bytes(_HEX[byte & 15] for byte in range(256))


class Bytes(Protocol):
    """Bytes to look at, however many; ``read`` is quick for a few of them and may raise ``JournalError``."""

    @property
    def size(self) -> int:
        """How many there are."""

    def read(self, start: int, stop: int) -> bytes:
        """Those from offset ``start`` up to before ``stop``."""


class Letters(NamedTuple):
    """Which bytes are shown as what they are in the text column."""

    shown: bytes  # by byte: what ``codec`` makes its letter of, or a dot
    codec: str  # which keeps ASCII, for the rest of a row
    hidden: re.Pattern[bytes]  # the others


@cache
def letters(codec: str) -> Letters:
    """Those of an encoding: printable ASCII, and what it has of other letters that are one byte each.

    One that has other bytes for ASCII, as EBCDIC, has none but letters of Latin-1; of UTF-16 only ASCII can be seen.
    """
    page = codec if "A".encode(codec) == b"A" else "latin-1"
    found = {byte: letter for byte in range(256) if (letter := _letter(byte, codec))}
    shown = bytes(found[byte].encode(page)[0] if byte in found else ord(".") for byte in range(256))
    hidden = bytes(byte for byte in range(256) if byte not in found)
    return Letters(shown, page if max(shown) > 0x7F else "ascii", re.compile(b"[" + re.escape(hidden) + b"]+"))


def _letter(byte: int, codec: str) -> str:
    """The letter that one byte is; nothing if it is none, or as wide as two."""
    text = bytes([byte]).decode(codec if byte > 0x7F or len("A".encode(codec)) == 1 else "ascii", "ignore")
    return text if len(text) == 1 and text.isprintable() and ord(text) < _WIDE else ""


ASCII = letters("ascii")


class Side(Enum):
    """In which of the two columns a byte is meant."""

    HEX = "hex"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which character of a row stands for what; columns count from 0."""

    per_row: int = 16  # bytes
    digits: int = USUAL_DIGITS
    gap: int = 2
    has_bars: bool = True

    @property
    def hex_start(self) -> int:
        """The column of the first byte's first digit."""
        return self.digits + self.gap

    @property
    def hex_stop(self) -> int:
        """One past the column of the last byte's last digit."""
        return self.hex_column(self.per_row - 1) + 2

    @property
    def text_start(self) -> int:
        """The column of the first byte as text."""
        return self.hex_stop + self.gap + self.has_bars

    @property
    def width(self) -> int:
        """Characters of a full row."""
        return self.text_start + self.per_row + self.has_bars

    def hex_column(self, index: int) -> int:
        """Where the two digits of the row's byte ``index`` begin."""
        return self.hex_start + 3 * index + index // _GROUP

    def stretch(self, side: Side, first: int, stop: int) -> tuple[int, int]:
        """The columns, first and one past the last, of the row's bytes ``first`` up to before ``stop``."""
        if side is Side.HEX:
            return self.hex_column(first), self.hex_column(stop - 1) + 2
        return self.text_start + first, self.text_start + stop

    def locate(self, column: int) -> tuple[Side, int]:
        """The byte of its row that a column means, the nearest if it means none."""
        if column >= self.text_start - self.has_bars:
            return Side.TEXT, min(max(0, column - self.text_start), self.per_row - 1)
        group, rest = divmod(max(0, column - self.hex_start), _GROUP_WIDTH)
        return Side.HEX, min(group * _GROUP + min(rest // 3, _GROUP - 1), self.per_row - 1)


class Stretch(NamedTuple):
    """Bytes ``first`` up to before ``stop`` of one row; ``row`` counts from the top of the view."""

    row: int
    first: int
    stop: int


def fitting(columns: int, size: int) -> Layout:
    """The widest layout for so many characters of room and ``size`` bytes of data.

    32, 16 or 8 bytes to a row; in narrow room 8 or 4 set closely. The least, 4, may need more room than there is.
    """
    needed = len(f"{max(0, size - 1):x}")
    digits, few = max(USUAL_DIGITS, needed), max(_FEWEST_DIGITS, needed)
    roomy = [Layout(per_row, digits) for per_row in (MOST_IN_LINE, 16, 8)]
    narrow = [Layout(8, few), Layout(8, few, gap=1, has_bars=False)]
    least = Layout(4, few, gap=1, has_bars=False)
    return next((layout for layout in (*roomy, *narrow) if layout.width <= columns), least)


def dump(data: bytes, offset: int, layout: Layout, letters: Letters = ASCII) -> str:
    """The rows for data that begins at ``offset``; no line feed at the end.

    The layout must have digits enough for the offsets, as one from ``fitting`` has. A column of all
    rows is one strided assignment: 1 MiB takes about 30 ms.
    """
    per_row, stride = layout.per_row, layout.width + 1
    rows = -(-len(data) // per_row)
    if not rows:
        return ""
    page = bytearray(b" ") * (stride * rows)
    page[stride - 1 :: stride] = b"\n" * rows
    _put_offsets(page, offset, rows, layout)
    padded = data + bytes(rows * per_row - len(data))
    for index in range(per_row):
        column, place = padded[index::per_row], layout.hex_column(index)
        page[place::stride] = column.translate(_HIGH)
        page[place + 1 :: stride] = column.translate(_LOW)
        page[layout.text_start + index :: stride] = column.translate(letters.shown)
    if layout.has_bars:
        page[layout.text_start - 1 :: stride] = b"|" * rows
        page[layout.width - 1 :: stride] = b"|" * rows
    _end_last_row(page, len(data) - (rows - 1) * per_row, (rows - 1) * stride, layout)
    return page.decode(letters.codec)


def hex_line(data: bytes) -> str:
    """The digits of one row of so many bytes, as ``dump`` sets them."""
    return "  ".join(data[start : start + _GROUP].hex(" ") for start in range(0, len(data), _GROUP))


def stretches(start: int, stop: int, top: int, rows: int, per_row: int) -> Iterator[Stretch]:
    """The bytes ``start`` up to before ``stop``, as far as they lie in the ``rows`` rows from row ``top`` on."""
    start, stop = max(start, top * per_row), min(stop, (top + rows) * per_row)
    while start < stop:
        row, first = divmod(start, per_row)
        end = min(stop, (row + 1) * per_row)
        yield Stretch(row - top, first, first + end - start)
        start = end


def unprintable(data: bytes, letters: Letters = ASCII) -> Iterator[tuple[int, int]]:
    """Where the text column has dots that stand for something else: from, to, in bytes."""
    return (found.span() for found in letters.hidden.finditer(data))


def read_offset(typed: str, size: int) -> int:
    """An offset as a person writes it, ``4096``, ``4,096`` or ``0x1000``, into data of ``size`` bytes.

    Raises ``ValueError`` with a sentence that says what is wrong.
    """
    plain = re.sub(r"[\s,_]", "", typed).lower()
    if not plain:
        raise ValueError("Type an offset such as 4096 or 0x1000.")
    if not re.fullmatch(r"[0-9]{1,20}|0x[0-9a-f]{1,16}", plain):
        raise ValueError("That is not an offset: write it like 4096 or 0x1000.")
    offset = int(plain, 16) if plain.startswith("0x") else int(plain)
    if offset >= size:
        raise ValueError(f"The last byte is at {max(0, size - 1):#x} ({max(0, size - 1):,}).")
    return offset


def _put_offsets(page: bytearray, offset: int, rows: int, layout: Layout) -> None:
    digits, stride = layout.digits, layout.width + 1
    firsts = range(offset, offset + rows * layout.per_row, layout.per_row)
    written = b"".join([b"%0*x" % (digits, first) for first in firsts])
    for place in range(digits):
        page[place::stride] = written[place::digits]


def _end_last_row(page: bytearray, used: int, begin: int, layout: Layout) -> None:
    """Take away what pads the last row, and its line feed."""
    end = begin + layout.text_start + used
    if used < layout.per_row:
        blank = layout.hex_column(used)
        page[begin + blank : begin + layout.hex_stop] = b" " * (layout.hex_stop - blank)
    page[end:] = b"|" if layout.has_bars else b""


def whole_dump(data: bytes, offset: int, letters: Letters = ASCII) -> str:
    """Rows of 16 that keep their true offsets: the first begins where the data does."""
    digits = max(USUAL_DIGITS, len(f"{offset + len(data):x}"))
    return dump(data, offset, Layout(16, digits), letters)


class HexCursor:
    """A cursor that stands on a byte; ``size`` and ``per_row`` are told to it. Offsets are in bytes.

    ``side`` is the column in which it works, and so the form in which Copy copies.
    """

    def __init__(self) -> None:
        self.size = 0
        self.per_row = 16
        self.offset = 0
        self.side = Side.HEX
        self._anchor: int | None = None

    @property
    def selection(self) -> tuple[int, int] | None:
        """The bytes selected, from and up to before; None if there are none."""
        if self._anchor is None or not self.size:
            return None
        return min(self._anchor, self.offset), max(self._anchor, self.offset) + 1

    @property
    def row(self) -> int:
        """The row in which it stands."""
        return self.offset // self.per_row

    def resize(self, size: int) -> None:
        """There are so many bytes now; what of the place and the selection is still there remains."""
        self.size = size
        last = max(0, size - 1)
        self.offset = min(self.offset, last)
        self._anchor = None if self._anchor is None or not size else min(self._anchor, last)

    def place(self, offset: int, *, extend: bool = False) -> None:
        """Stand on that byte, or the nearest; with ``extend``, select from where the selection began."""
        self._anchor = (self.offset if self._anchor is None else self._anchor) if extend else None
        self.offset = max(0, min(offset, self.size - 1))

    def press(self, key: str, page: int, *, extend: bool = False) -> None:
        """Do what a key of ``CURSOR_KEYS`` does, where a view shows ``page`` rows."""
        self.place(CURSOR_KEYS[key](self, page), extend=extend)

    def select(self, start: int, stop: int) -> None:
        """Select the bytes ``start`` up to before ``stop``; none if there is none between them."""
        self.place(start)
        if stop > start:
            self.place(stop - 1, extend=True)

    def switch_side(self) -> None:
        """Work in the other column."""
        self.side = Side.TEXT if self.side is Side.HEX else Side.HEX

    def _rows_away(self, rows: int) -> int:
        """The byte so many rows below (above, if negative), in the same column as far as there are rows."""
        last_row = max(0, self.size - 1) // self.per_row
        row = max(0, min(self.row + rows, last_row))
        return row * self.per_row + self.offset % self.per_row


CURSOR_KEYS: dict[str, Callable[[HexCursor, int], int]] = {
    "Left": lambda cursor, _page: cursor.offset - 1,
    "Right": lambda cursor, _page: cursor.offset + 1,
    "Up": lambda cursor, _page: cursor._rows_away(-1),
    "Down": lambda cursor, _page: cursor._rows_away(1),
    "Prior": lambda cursor, page: cursor._rows_away(-page),
    "Next": lambda cursor, page: cursor._rows_away(page),
    "Home": lambda cursor, _page: cursor.row * cursor.per_row,
    "End": lambda cursor, _page: (cursor.row + 1) * cursor.per_row - 1,
    "Control-Home": lambda _cursor, _page: 0,
    "Control-End": lambda cursor, _page: cursor.size - 1,
}
"""The keys that move the cursor, by Tk's names, and the byte each leads to."""


def whereabouts(cursor: HexCursor, byte: int | None) -> str:
    """Where the cursor is and what is selected, in hexadecimal and decimal; ``byte`` is the one under it, if known."""
    if not cursor.size:
        return "no bytes"
    if cursor.selection is not None:
        start, stop = cursor.selection
        return f"{counted(stop - start, 'byte')}  ·  {start:#x}–{stop - 1:#x}  ({start:,}–{stop - 1:,})"
    place = f"offset {cursor.offset:#x}  ({cursor.offset:,})"
    return place if byte is None else f"{place}  ·  {byte:#04x} = {byte}{_character(byte)}"


def _character(byte: int) -> str:
    return f" = “{chr(byte)}”" if 0x20 < byte < 0x7F else ""
