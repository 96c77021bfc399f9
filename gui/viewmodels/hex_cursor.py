"""Where a person is in bytes: a byte under the cursor, and from where to where is selected. No tkinter."""

from __future__ import annotations

from collections.abc import Callable

from gui.viewmodels.hexdump import Side


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
