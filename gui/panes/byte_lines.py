"""Bytes as hex and text side by side, however many: the Text holds only the lines in view."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from core.errors import JournalError
from gui.hexlines import dump, hex_column, hex_width, text_column
from gui.theme import Theme


class Bytes(Protocol):
    """What is shown. ``read`` may raise ``JournalError``."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from offset ``start`` up to before ``stop``."""
        ...


class ByteLines(ttk.Frame):
    """Shows bytes by the line and scrolls by the line; a hundred megabytes cost no more than a hundred bytes."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._source: Bytes | None = None
        self._first = 0  # the line at the top
        self._width = 16  # bytes in a line
        self._marked = (0, 0)
        self._digits = 8
        self.text = tk.Text(
            self, width=10, height=6, wrap="none", borderwidth=0, padx=theme.px(8), pady=theme.px(4), undo=False,
            cursor="arrow", insertwidth=0, state="disabled", highlightthickness=theme.px(2),
        )  # fmt: skip
        self._bar = ttk.Scrollbar(self, command=self._drag)
        self._bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self._bind()
        theme.subscribe(self._restyle)

    def show(self, source: Bytes | None) -> None:
        """Show these bytes from their beginning."""
        self._source, self._first, self._marked = source, 0, (0, 0)
        self._paint()

    def mark(self, start: int, stop: int) -> None:
        """Set off the bytes from offset ``start`` up to before ``stop``, and bring the first into view."""
        self._marked = (start, stop)
        if not self._first <= start // self._width < self._first + self._rows():
            self._first = start // self._width
        self._paint()

    @property
    def shown(self) -> str:
        """The lines in the widget."""
        return self.text.get("1.0", "end-1c")

    def _lines(self) -> int:
        return -(-self._source.size // self._width) if self._source is not None else 0

    def _rows(self) -> int:
        height = max(1, self._theme.mono.metrics("linespace"))
        return max(1, (self.text.winfo_height() - 2 * self._theme.px(6)) // height)

    def _fit(self) -> None:
        room = self.text.winfo_width() - 2 * self._theme.px(12)
        character = max(1, self._theme.mono.measure("0"))
        width = next((count for count in (32, 16, 8) if hex_width(count) * character <= room), 4)
        if width != self._width:
            self._first = self._first * self._width // width
            self._width = width
        self._paint()

    def _scroll_to(self, line: int) -> None:
        self._first = max(0, min(line, self._lines() - self._rows()))
        self._paint()

    def _paint(self) -> None:
        """One frame: the lines in view, and no others."""
        source, rows, lines = self._source, self._rows(), self._lines()
        self._first = max(0, min(self._first, lines - 1))
        start = self._first * self._width
        shown: list[str] = []
        if source is not None:
            self._digits = max(8, len(f"{source.size:x}"))
            try:
                data = source.read(start, min(source.size, start + rows * self._width))
                shown = dump(data, width=self._width, first=start, digits=self._digits)
            except JournalError as error:
                shown = [f"These bytes cannot be read: {error}."]
        self.text.configure(state="normal")
        self.text.replace("1.0", "end", "\n".join(shown))
        self._paint_mark(start, start + rows * self._width)
        self.text.configure(state="disabled")
        if lines > rows:
            self._bar.configure(style="Vertical.TScrollbar")
            self._bar.set(self._first / lines, min(1.0, (self._first + rows) / lines))
        else:
            self._bar.configure(style="Idle.Vertical.TScrollbar")
            self._bar.set(0, 1)

    def _paint_mark(self, top: int, bottom: int) -> None:
        start, stop = max(top, self._marked[0]), min(bottom, self._marked[1])
        while start < stop:
            line, index = (start - top) // self._width + 1, (start - top) % self._width
            last = min(self._width, index + stop - start) - 1
            for first, end in (
                (hex_column(index, self._digits), hex_column(last, self._digits) + 2),
                (text_column(index, self._width, self._digits), text_column(last, self._width, self._digits) + 1),
            ):
                self.text.tag_add("mark", f"{line}.{first}", f"{line}.{end}")
            start += last - index + 1

    def _drag(self, action: str, amount: str, unit: str = "") -> None:
        if action == "moveto":
            self._scroll_to(int(float(amount) * self._lines()))
        else:
            self._scroll_to(self._first + int(amount) * (self._rows() if unit == "pages" else 1))

    def _bind(self) -> None:
        moves: dict[str, Callable[[], int]] = {
            "<Up>": lambda: self._first - 1,
            "<Down>": lambda: self._first + 1,
            "<Prior>": lambda: self._first - self._rows(),
            "<Next>": lambda: self._first + self._rows(),
            "<Home>": lambda: 0,
            "<End>": self._lines,
            "<Button-4>": lambda: self._first - 3,
            "<Button-5>": lambda: self._first + 3,
        }
        for sequence, place in moves.items():
            self.text.bind(sequence, lambda _event, place=place: self._moved(place()))  # type: ignore[misc]
        self.text.bind("<MouseWheel>", lambda event: self._moved(self._first - (3 if event.delta > 0 else -3)))
        self.text.bind("<Configure>", lambda _event: self._fit())
        self.text.bind("<Button-1>", lambda _event: self.text.focus_set(), add=True)

    def _moved(self, line: int) -> str:
        self._scroll_to(line)
        return "break"

    def _restyle(self) -> None:
        p = self._theme.palette
        self.text.configure(
            background=p.field, foreground=p.text, font=self._theme.mono, selectbackground=p.selection,
            selectforeground=p.selection_text, highlightbackground=p.border, highlightcolor=p.focus,
        )  # fmt: skip
        self.text.tag_configure("mark", background=p.chosen, foreground=p.chosen_text)
        self.text.tag_raise("sel")
        self._fit()
