"""A view of very many rows: a Text that holds only those in sight, and a scrollbar that stands for all.

What the rows are, a subclass says: ``paint`` gives the few that are to be seen. However many there
are, a frame costs the same, and what is asked for between two frames is drawn once.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import font as tkfont
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.widgets.bindings import bind_wheel, has_focus
from gui.widgets.scrolling import RowScrollbar

WHEEL_ROWS = 3  # rows that one notch of the wheel scrolls
_DRAG_MS = 40  # between two steps while the mouse is held outside


class Picture(NamedTuple):
    """Rows as text, and for each tag the Tk indices between which it lies, in pairs."""

    text: str
    ranges: Mapping[str, Sequence[str]] = {}


class RowView(ttk.Frame):
    """The rows from ``top`` on, as many as fit. The subclass tells how many there are, ``total``."""

    def __init__(self, parent: tk.Misc, theme: Theme, font: tkfont.Font, *, height: int = 4) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self.theme = theme
        self.font = font
        self.top = self.total = 0
        self.text = tk.Text(
            self, wrap="none", width=10, height=height, borderwidth=0, undo=False, insertwidth=0, cursor="arrow",
            padx=theme.px(4), pady=theme.px(3), highlightthickness=theme.px(2), exportselection=False,
        )  # fmt: skip
        # Without the bindings of a Text: nothing can be typed, and what is selected is for the subclass to say.
        self.text.bindtags((str(self.text), str(self.winfo_toplevel()), "all"))
        self.scrollbar = RowScrollbar(self, self)
        self.scrollbar.pack(side="right", fill="y", pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True)
        self._planned: str | None = None
        self._dragging: str | None = None
        bind_wheel(self.text, self.scroll, WHEEL_ROWS, lambda: self.row_height)
        self.text.bind("<Configure>", self._resized)
        self.text.bind("<FocusIn>", lambda _event: self.redraw(), add=True)
        self.text.bind("<FocusOut>", lambda _event: self.redraw(), add=True)
        self.bind("<Destroy>", self._forget, add=True)

    # What a subclass gives.

    def paint(self, first: int, count: int) -> Picture:
        """The rows from ``first`` on; there are ``count`` of them."""
        raise NotImplementedError

    def reshape(self) -> None:
        """The room or the font is another: count the rows anew. Called before they are drawn."""

    # What it and others call.

    @property
    def page(self) -> int:
        """How many rows are in sight as a whole, at least 1."""
        return max(1, (self.text.winfo_height() - 2 * self._edge("pady")) // self.row_height)

    @property
    def columns(self) -> int:
        """How many characters of an even width fit into a row."""
        return max(1, (self.text.winfo_width() - 2 * self._edge("padx")) // max(1, self.font.measure("0")))

    @property
    def row_height(self) -> int:
        """Pixels."""
        return max(1, int(self.font.metrics("linespace")))

    @property
    def has_focus(self) -> bool:
        """Whether keys come here."""
        return has_focus(self.text)

    def scroll_to(self, row: int) -> None:
        """Bring that row to the top, or as near as there are rows below it."""
        self.top = max(0, min(row, self.total - self.page))
        self.redraw()

    def scroll(self, rows: int) -> None:
        """Scroll down by so many rows, or up."""
        self.scroll_to(self.top + rows)

    def reveal(self, row: int) -> None:
        """Scroll no more than it takes to see that row."""
        if not self.top <= row < self.top + self.page:
            self.scroll_to(row if row < self.top else row - self.page + 1)

    def center(self, row: int) -> None:
        """See that row, in the middle if it is out of sight."""
        if not self.top <= row < self.top + self.page:
            self.scroll_to(row - self.page // 2)

    def redraw(self) -> None:
        """Draw before the window rests, once for whatever else is asked for until then."""
        if self._planned is None:
            self._planned = self.after_idle(self._draw)

    def at(self, event: tk.Event[tk.Misc]) -> tuple[int, int]:
        """The row and the column that the mouse points to, the nearest if to none."""
        edge = self._edge("pady")
        y = max(edge, min(event.y, self.text.winfo_height() - edge - 1))
        line, column = self.text.index(f"@{event.x},{y}").split(".")
        return self.top + int(line) - 1, int(column)

    def keep_dragging(self, event: tk.Event[tk.Misc], drag: Callable[[tk.Event[tk.Misc]], object]) -> None:
        """While the mouse is held above or below the view, scroll that way and call ``drag`` for each step."""
        self.stop_dragging()
        below = event.y - self.text.winfo_height()
        if event.y >= 0 and below <= 0:
            return
        self.scroll(1 + below // self.row_height if below > 0 else event.y // self.row_height)
        self._dragging = self.after(_DRAG_MS, drag, event)

    def stop_dragging(self) -> None:
        """The mouse is let go."""
        if self._dragging is not None:
            self.after_cancel(self._dragging)
            self._dragging = None

    # Behind them.

    def _draw(self) -> None:
        self._planned = None
        self.top = max(0, min(self.top, self.total - self.page))
        picture = self.paint(self.top, min(self.page + 1, self.total - self.top))
        call, text = self.tk.call, str(self.text)
        call(text, "replace", "1.0", "end", picture.text)
        for tag, indices in picture.ranges.items():
            if indices:
                call(text, "tag", "add", tag, *indices)
        self.scrollbar.show()

    def _edge(self, option: str) -> int:
        return int(str(self.text.cget(option))) + int(str(self.text.cget("highlightthickness")))

    def _resized(self, _event: object) -> None:
        self.reshape()
        self.redraw()

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        self.stop_dragging()
        if self._planned is not None:
            self.after_cancel(self._planned)
            self._planned = None
