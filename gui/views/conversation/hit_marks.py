"""Where in the whole conversation something was found, as marks beside the scrollbar."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from gui.theme.theme import Theme

_WIDE, _HIGH = 5, 2  # pixels at 96 dots an inch


class HitMarks(tk.Canvas):
    """A strip as high as the scrollbar; there only while there are marks. ``on_go`` gets how far down, 0 to 1."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_go: Callable[[float], None]) -> None:
        super().__init__(parent, width=theme.px(_WIDE), highlightthickness=0, borderwidth=0, takefocus=False, height=1)
        self._theme = theme
        self._marks: Sequence[float] = ()
        self._current: float | None = None
        self.bind("<Button-1>", lambda event: on_go(event.y / max(1, self.winfo_height())))
        self.bind("<Configure>", lambda _event: self._draw())
        theme.subscribe(self._draw, self)

    @property
    def steps(self) -> int:
        """How many marks can be told apart."""
        return max(1, self.winfo_height() // max(1, self._theme.px(_HIGH)))

    def show(self, marks: Sequence[float], current: float | None) -> None:
        """Show marks so far down, 0 to 1, and the current one stronger."""
        if (marks, current) != (self._marks, self._current):
            self._marks, self._current = marks, current
            self._draw()

    def _draw(self) -> None:
        palette, high, wide = self._theme.palette, self._theme.px(_HIGH), self.winfo_width()
        self.configure(background=palette.pane)
        self.delete("all")
        room = max(1, self.winfo_height() - high)
        for mark in self._marks:
            top = min(1.0, mark) * room
            self.create_rectangle(wide // 3, top, wide, top + high, fill=palette.hit, outline="")
        if self._current is not None:
            top = self._current * room
            self.create_rectangle(0, top - high, wide, top + 2 * high, fill=palette.found, outline="")
