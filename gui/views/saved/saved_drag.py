"""Putting a row elsewhere with the mouse: a line shows where it would go, and the list scrolls at its ends."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from gui.theme.theme import Theme

_STARTS = 6  # pixels at 96 dots an inch that the mouse is moved before it is a drag
_STEP_MS = 90  # between two rows that are scrolled while the mouse is held outside


class Rows(Protocol):
    """What a drag needs of the list."""

    body: tk.Frame
    mouse: tk.Frame
    top: int

    @property
    def count(self) -> int: ...
    @property
    def row_height(self) -> int: ...
    def scroll_to(self, top: int) -> None: ...
    def draw(self) -> None: ...


class Drag:
    """``lifted`` is the row in the hand, -1 if there is none. ``on_drop`` gets it, and where it is to be."""

    def __init__(self, rows: Rows, theme: Theme, on_drop: Callable[[int, int], None]) -> None:
        self.lifted = -1
        self._rows, self._theme, self._on_drop = rows, theme, on_drop
        self._pressed: tuple[int, int] | None = None  # the row, and where on the screen
        self._pointer = 0
        self._timer: str | None = None
        self._line = tk.Frame(rows.body, borderwidth=0, highlightthickness=0)
        rows.mouse.bind("<B1-Motion>", self._moved)
        rows.mouse.bind("<ButtonRelease-1>", self._released)

    def press(self, row: int, y_root: int) -> None:
        """The mouse went down on a row."""
        self._pressed = row, y_root

    def give_up(self) -> bool:
        """Leave the row where it is; whether there was one in the hand."""
        was_lifted = self.lifted >= 0
        self._end()
        return was_lifted

    @property
    def gap(self) -> int:
        """Before which row it would be put."""
        rows = self._rows
        y = min(max(self._pointer - rows.body.winfo_rooty(), 0), rows.body.winfo_height())
        return max(0, min(rows.top + round(y / rows.row_height), rows.count))

    def _moved(self, event: tk.Event[tk.Misc]) -> str:
        self._pointer = event.y_root
        if self._pressed is None:
            return "break"
        row, began = self._pressed
        if self.lifted < 0 and abs(event.y_root - began) >= self._theme.px(_STARTS):
            self.lifted = row
            self._rows.body.configure(cursor="fleur")
            self._rows.draw()
        if self.lifted >= 0:
            self._show_line()
            self._scroll_on()
        return "break"

    def _released(self, _event: object) -> None:
        lifted, gap = self.lifted, self.gap
        self._end()
        to = gap if gap <= lifted else gap - 1
        if lifted >= 0 and to != lifted:
            self._on_drop(lifted, to)

    def _show_line(self) -> None:
        rows, width = self._rows, self._theme.px(3)
        y = (self.gap - rows.top) * rows.row_height
        self._line.configure(background=self._theme.palette.focus)
        self._line.place(x=0, relwidth=1, y=max(0, y - width // 2), height=width)
        self._line.lift()

    def _scroll_on(self) -> None:
        """While the mouse is held above or below the list, see more of it."""
        if self._timer is not None:
            return
        y = self._pointer - self._rows.body.winfo_rooty()
        step = -1 if y < 0 else 1 if y > self._rows.body.winfo_height() else 0
        if step:
            self._rows.scroll_to(self._rows.top + step)
            self._show_line()
            self._timer = self._rows.body.after(_STEP_MS, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._scroll_on()

    def _end(self) -> None:
        self._pressed, self.lifted = None, -1
        if self._timer is not None:
            self._rows.body.after_cancel(self._timer)
            self._timer = None
        self._line.place_forget()
        self._rows.body.configure(cursor="")
        self._rows.draw()
