"""Too little room: words cut off with an ellipsis or broken into lines, and strips whose parts wrap like words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.widgets.bindings import when_idle


def elided(words: str, font: tkfont.Font, room: int) -> str:
    """As much of the words as fits into so many pixels, with ``…`` behind it where that is not all."""
    return _longest(words, font, room, lambda kept: words[:kept].rstrip() + "…")


def elided_inside(words: str, font: tkfont.Font, room: int) -> str:
    """The same with the ``…`` in the middle, for an address, which has a port at its end, or a path."""
    return _longest(
        words, font, room, lambda kept: words[: -(-kept // 2)].rstrip() + "…" + words[len(words) - kept // 2 :].lstrip()
    )


def _longest(words: str, font: tkfont.Font, room: int, cut: Callable[[int], str]) -> str:
    """The words, or else ``cut`` of as many of their characters as there is room for."""
    if font.measure(words) <= room:
        return words
    fits, too_long = 0, len(words)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if font.measure(cut(middle)) <= room:
            fits = middle
        else:
            too_long = middle
    return cut(fits)


_LEAST = 160  # pixels; below, a label that shrinks its container would chase it round and round


def wrap_within(label: ttk.Label, container: tk.Misc, beside: Callable[[], int]) -> None:
    """Keep the label's lines as long as the container is wide, less the pixels that are taken ``beside``.

    Only where the container's width is not the label's: of a window that is as wide as what is in it, each would
    follow the other, a size at a time and perhaps for ever. There a label has a ``wraplength`` of its own.
    """

    def fit(event: tk.Event[tk.Misc]) -> None:
        if not label.winfo_exists():  # the container outlives it by a moment when both go
            return
        length = max(_LEAST, event.width - beside())
        if int(str(label.cget("wraplength")) or 0) != length:
            label.configure(wraplength=length)

    container.bind("<Configure>", fit, add=True)


def give_way(label: ttk.Label, bar: tk.Misc, is_roomy: Callable[[], bool]) -> None:
    """Show a label in the grid of a bar only while the window is roomy: the conversation needs some of it."""
    window = bar.winfo_toplevel()

    def make_room(event: tk.Event[tk.Misc]) -> None:
        if event.widget in (bar, window):
            (label.grid if is_roomy() else label.grid_remove)()

    bar.bind("<Map>", make_room, add=True)
    window.bind("<Configure>", make_room, add=True)


class _Part(NamedTuple):
    widget: tk.Widget
    stretch: int
    least: int  # pixels


class Flow(ttk.Frame):
    """A strip whose parts stand in one line where there is room, and wrap like words where there is none.

    They stand in the order in which they were added, which is also Tab's if they were made so.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, style: str = "Window.TFrame") -> None:
        super().__init__(parent, style=style)
        self._theme = theme
        self._parts: list[_Part] = []
        self._hidden: set[tk.Widget] = set()
        self._corner: tk.Widget | None = None
        self._is_due = False
        self.bind("<Configure>", lambda _event: self.arrange())
        theme.subscribe(self.arrange, self)

    def add(self, widget: tk.Widget, *, stretch: int = 0, least: int = 0) -> None:
        """Put a part at the end, at least ``least`` pixels wide.

        What is left of a line goes to the part in it with the highest ``stretch``, if that is not 0.
        """
        self._parts.append(_Part(widget, stretch, least))
        self.arrange()

    def add_corner(self, widget: tk.Widget) -> None:
        """Put a part at the right end of the first line, however many lines there are."""
        self._corner = widget
        self.arrange()

    def display(self, widget: tk.Widget, is_shown: bool) -> None:
        """Show a part or leave it out."""
        if is_shown == (widget in self._hidden):
            (self._hidden.discard if is_shown else self._hidden.add)(widget)
            self.arrange()

    def arrange(self) -> None:
        """Lay the parts out anew, as soon as they know how large they want to be."""
        if not self._is_due:
            self._is_due = True
            when_idle(self, self._arrange)

    @property
    def _gap(self) -> int:
        return self._theme.px(6)

    def _arrange(self) -> None:
        self._is_due = False
        top = 0
        for line in self._lines():
            height = max(part.widget.winfo_reqheight() for part in line)
            self._place(line, top, height)
            top += height + self._gap
        for widget in self._hidden:
            widget.place_forget()
        if self._corner is not None:
            high, wide = self._corner.winfo_reqheight(), self._corner.winfo_reqwidth()
            first = max((part.widget.winfo_reqheight() for part in next(iter(self._lines()), [])), default=high)
            self._corner.place(x=self.winfo_width() - wide, y=0, width=wide, height=max(high, first))
            top = max(top, high + self._gap)
        wanted = max(1, top - self._gap)
        if self.winfo_reqheight() != wanted:
            self.configure(height=wanted)

    def _lines(self) -> list[list[_Part]]:
        lines: list[list[_Part]] = []
        used = 0
        for part in self._parts:
            if part.widget in self._hidden:
                continue
            wide = self._wish(part) + self._gap
            if not lines or used + wide > self._room(len(lines) - 1) + self._gap:
                lines.append([])
                used = 0
            lines[-1].append(part)
            used += wide
        return lines

    def _place(self, line: list[_Part], top: int, height: int) -> None:
        spare = self._room(0 if top == 0 else 1) - sum(self._wish(part) for part in line) - self._gap * (len(line) - 1)
        elastic = max(line, key=lambda part: part.stretch)
        left = 0
        for part in line:
            width = self._wish(part) + (max(0, spare) if part is elastic and part.stretch else 0)
            part.widget.place(x=left, y=top, width=width, height=height)
            left += width + self._gap

    def _room(self, line: int) -> int:
        """The pixels that a line has, the first counted as 0."""
        corner = self._corner.winfo_reqwidth() + self._gap if self._corner is not None and line <= 0 else 0
        return self.winfo_width() - corner

    def _wish(self, part: _Part) -> int:
        return min(self.winfo_width(), max(part.least, part.widget.winfo_reqwidth()))
