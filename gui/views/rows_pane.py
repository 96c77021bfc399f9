"""A pane of very many rows beside the conversation, which shows those in sight and follows the end while that is.

What a row looks like, a subclass says.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from core.clock import monotonic
from gui.theme.theme import Theme
from gui.widgets.bindings import bind_wheel, breaking, focus_now
from gui.widgets.debounce import Debounce
from gui.widgets.scrolling import RowScrollbar

_MARGIN = 10  # pixels at 96 dots an inch
_REST, _LEAST_REST = 30, 0.25  # times as long as drawing took, and seconds, until what comes is drawn again
_READABLE, _FLOOD_REST = 20, 0.5  # rows a second, and seconds until then where more come: nobody could read those
_APART = 0.02  # seconds by which what comes is drawn later than in the conversation, so that keys get between them


class RowsPane(ttk.Frame):
    """Rows from ``top`` on, of ``total``. ``on_choose`` gets the number of a row that was chosen here.

    A subclass makes ``content``, the widget that has the keyboard, within ``body``, and calls ``settle``.
    """

    content: tk.Canvas | tk.Text

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        title: str,
        *,
        on_choose: Callable[[int], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self.theme = theme
        self._on_choose, self._on_close = on_choose, on_close
        self.top = self.total = 0
        self.chosen: int | None = None
        self.is_following = True
        self._planned: str | None = None
        self._later = Debounce(self, self._draw_now)  # by itself: when the window rests, the conversation is drawn
        self._drawn_at = self._rest = 0.0  # when it was drawn (monotonic clock), and for how long it rests then
        self._drawn = 0  # rows that there were then
        self.head = ttk.Frame(self, style="Pane.TFrame")
        ttk.Label(self.head, text=title, style="Pane.Strong.TLabel").pack(side="left")
        self.head.pack(fill="x", padx=theme.px(_MARGIN), pady=(theme.px(8), theme.px(4)))
        self.body = ttk.Frame(self, style="Pane.TFrame")
        self.scrollbar = RowScrollbar(self.body, self)
        self.scrollbar.pack(side="right", fill="y", padx=(0, theme.px(2)), pady=theme.px(2))

    # What a subclass gives, and calls.

    @property
    def page(self) -> int:
        """How many rows are in sight as a whole, at least 1."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw the rows from ``top`` on, or, where the end is followed, the last ones."""
        raise NotImplementedError

    def row_at(self, x: int, y: int) -> int | None:
        """The row at a place of ``content``; None if there is none."""
        raise NotImplementedError

    def add_buttons(self, buttons: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Put buttons into the head, from the left; the last one closes the pane."""
        row = ttk.Frame(self.head, style="Pane.TFrame")
        row.pack(side="right")
        for words, act in (*buttons, ("Close", self._on_close)):
            button = ttk.Button(row, text=words, style="Pane.Light.TButton", width=-1, command=act)
            button.bind("<Return>", lambda event: event.widget.invoke())
            button.bind("<Escape>", breaking(self._on_close))
            button.pack(side="left", padx=(self.theme.px(4), 0))

    def settle(self, wheel_rows: int, row_height: Callable[[], int]) -> None:
        """Bind the keys and the mouse, now that ``content`` is there."""
        self.body.pack(fill="both", expand=True, padx=(self.theme.px(2), 0))
        ttk.Frame(self, style="Line.TFrame", width=self.theme.px(1)).place(x=0, y=0, relheight=1.0)
        content = self.content
        for key, step in {"Prior": -1, "Next": 1}.items():
            content.bind(f"<{key}>", breaking(partial(self._page, step)))
        for key, step in {"Up": -1, "Down": 1}.items():
            content.bind(f"<{key}>", breaking(partial(self._step, step)))
            content.bind(f"<Control-{key}>", breaking(partial(self._scroll, step)))
        content.bind("<Home>", breaking(lambda: self.scroll_to(0)))
        content.bind("<End>", breaking(lambda: self.scroll_to(self.total)))
        content.bind("<Escape>", breaking(self._on_close))
        content.bind("<Button-1>", self._clicked)
        content.bind("<Configure>", lambda _event: self.redraw())
        bind_wheel(content, self._scroll, wheel_rows, row_height)
        self.bind("<<Close>>", breaking(self._on_close))
        self.bind("<Destroy>", self._forget, add=True)

    # What its owner calls.

    def begin_anew(self) -> None:
        """What comes is of something else: follow its end, with nothing chosen."""
        self.is_following, self.chosen = True, None
        self._drawn_at = 0.0

    def grow(self, total: int) -> None:
        """There are so many rows by now: draw them, not more often than leaves the window time for everything else."""
        sees_end = self.top + self.page >= self.total
        self.total = total
        if not (self.is_following or sees_end):
            self.scrollbar.show()
            return
        if not self._drawn_at:  # the first of something else
            self.redraw()
        elif not self._later.is_due:
            passed = monotonic() - self._drawn_at
            is_flood = total - self._drawn > _READABLE * max(passed, _LEAST_REST)
            self._later.ask(round(max(_APART, max(self._rest, is_flood * _FLOOD_REST) - passed) * 1_000))

    def mark(self, row: int | None) -> None:
        """Show that this row is the chosen one, and have it in sight."""
        if row != self.chosen:
            self.chosen = row
            if row is not None:
                self.see(row)
            self.redraw()

    def see(self, row: int) -> None:
        """Scroll no more than it takes to see that row."""
        if not self.top <= row < self.top + self.page:
            self.scroll_to(row if row < self.top else row - self.page + 1)

    def focus_first(self) -> None:
        """Bring the keyboard here."""
        focus_now(self.content)

    def scroll_to(self, row: int) -> None:
        """Bring that row to the top, or as near as there are rows below it."""
        self.top = max(0, min(row, self.total - self.page))
        self.is_following = self.top + self.page >= self.total
        self.redraw()

    def redraw(self) -> None:
        """Draw before the window rests, once for whatever else is asked for until then."""
        if self._planned is None:
            self._planned = self.after_idle(self._draw_now)

    # Private.

    def _draw_now(self) -> None:
        self._later.cancel()
        self._give_up_plan()
        if not self.winfo_ismapped():
            return
        began = monotonic()
        self.draw()
        self.scrollbar.show()
        self._drawn, self._drawn_at = self.total, monotonic()
        self._rest = max(_LEAST_REST, _REST * (self._drawn_at - began))

    def _page(self, pages: int) -> None:
        self._scroll(pages * max(1, self.page - 1))

    def _scroll(self, rows: int) -> None:
        self.scroll_to(self.top + rows)

    def _step(self, step: int) -> None:
        """Choose the next row, from the edge of what is in sight if the chosen one is not."""
        if not self.total:
            return
        row = self.chosen
        if row is None or not self.top <= row < self.top + self.page:
            row = self.top - 1 if step > 0 else min(self.total, self.top + self.page)
        self._choose(max(0, min(row + step, self.total - 1)))

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.content.focus_set()
        row = self.row_at(event.x, event.y)
        if row is not None:
            self._choose(row)
        return "break"

    def _choose(self, row: int) -> None:
        self.mark(row)
        self.is_following = self.is_following and row == self.total - 1  # any other is to stay in sight
        self._on_choose(row)

    def _give_up_plan(self) -> None:
        if self._planned is not None:
            self.after_cancel(self._planned)
            self._planned = None

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._give_up_plan()
