"""Scrollbars that show nothing while there is nothing to scroll, marks beside one, and a page that scrolls.

The page keeps in view what has the focus.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import Literal, Protocol

from gui.theme.theme import Theme
from gui.widgets.bindings import bind_own, bind_wheel

_MARK_WIDTH, _MARK_HEIGHT = 5, 2  # pixels at 96 dots an inch


class QuietScrollbar(ttk.Scrollbar):
    """Keeps its place when there is nothing to scroll, so that what is beside it need not move, and shows nothing.

    ``ground`` begins the names of its styles: the colour it stands on.
    """

    def __init__(
        self, parent: tk.Misc, command: Callable[..., tuple[float, float] | None], *, ground: str = ""
    ) -> None:
        super().__init__(parent, command=command, takefocus=False)
        self._ground = ground
        self._is_idle: bool | None = None
        self._shown: tuple[float, float] | None = None

    def set(self, first: float | str, last: float | str) -> None:
        """Show that the view has this part of the whole, each from 0 to 1."""
        shown = float(first), float(last)
        if shown == self._shown:
            return
        self._shown = shown
        is_idle = shown[0] <= 0 and shown[1] >= 1
        if is_idle is not self._is_idle:
            self._is_idle = is_idle
            self.configure(style=f"{self._ground}{'Idle.' if is_idle else ''}Vertical.TScrollbar")
        super().set(first, last)


class SomeRows(Protocol):
    """A view that draws only the rows in sight."""

    @property
    def top(self) -> int: ...  # the first row in sight
    @property
    def page(self) -> int: ...  # how many are
    @property
    def total(self) -> int: ...
    def scroll_to(self, row: int) -> None: ...


class RowScrollbar(QuietScrollbar):
    """Stands for all rows of a view that draws only those in sight."""

    def __init__(self, parent: tk.Misc, view: SomeRows) -> None:
        super().__init__(parent, self.drag)
        self._view = view

    def show(self) -> None:
        """Show which of the rows are in sight."""
        view, total = self._view, max(1, self._view.total)
        self.set(view.top / total, min(1.0, (view.top + view.page) / total))

    def drag(self, action: str, amount: str, unit: str = "") -> None:
        """Scroll as Tk says it: ``moveto`` a share, or by so many ``units`` or ``pages``."""
        view = self._view
        if action == "moveto":
            view.scroll_to(round(float(amount) * view.total))
        else:
            view.scroll_to(view.top + int(amount) * (max(1, view.page - 1) if unit == "pages" else 1))


class HitMarks(tk.Canvas):
    """Where in all of it something was found: marks on a strip beside the scrollbar, there only while there are any.

    ``on_go`` gets how far down a person went, 0 to 1.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_go: Callable[[float], None]) -> None:
        super().__init__(
            parent, width=theme.px(_MARK_WIDTH), highlightthickness=0, borderwidth=0, takefocus=False, height=1
        )
        self._theme = theme
        self._marks: Sequence[float] = ()
        self._current: float | None = None
        self._drawn: tuple[object, ...] = ()  # what was drawn last
        self.bind("<Button-1>", lambda event: on_go(event.y / max(1, self.winfo_height())))
        self.bind("<Configure>", lambda _event: self._draw())
        theme.subscribe(self._draw, self)

    @property
    def steps(self) -> int:
        """How many marks can be told apart."""
        return max(1, self.winfo_height() // max(1, self._theme.px(_MARK_HEIGHT)))

    def show(self, marks: Sequence[float], current: float | None) -> None:
        """Show marks so far down, 0 to 1, and the current one stronger."""
        if (marks, current) != (self._marks, self._current):
            self._marks, self._current = marks, current
            self._draw()

    def _draw(self) -> None:
        palette, high, wide = self._theme.palette, self._theme.px(_MARK_HEIGHT), self.winfo_width()
        room = max(1, self.winfo_height() - high)
        tops = tuple(round(min(1.0, mark) * room) for mark in self._marks)
        current = round(self._current * room) if self._current is not None else None
        drawn = palette, high, wide, tops, current
        if drawn == self._drawn:  # in a flood there are more of them all the time, and mostly at the same pixels
            return
        self._drawn = drawn
        self.configure(background=palette.pane)
        self.delete("all")
        # In one call for all of them, since each gives the interpreter away.
        create = f"{self} create rectangle {wide // 3} $top {wide} [expr {{$top + {high}}}]"
        self.tk.call("foreach", "top", tops, f"{create} -fill {palette.hit} -outline {{}}")
        if current is not None:
            self.create_rectangle(0, current - high, wide, current + 2 * high, fill=palette.found, outline="")


class KeptLine(ttk.Frame):
    """A line of words in a bar, its parent; while that scrolls it stays in sight, over what is below: ``Bars.keep``."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Window.TFrame", height=1)
        px = theme.px
        self.label = ttk.Label(parent, style="Window.TLabel", justify="left", padding=(px(16), px(5), px(16), px(3)))
        bind_own(self.label, "<Configure>", self._fit)
        self.move(0)

    def move(self, down: int) -> None:
        """Show the words so many pixels below their place."""
        self.label.place(in_=self, x=0, y=down, relwidth=1)
        self.label.lift()

    def _fit(self) -> None:
        self.configure(height=self.label.winfo_reqheight())


class Bars(ttk.Frame):
    """Bars one under the other, children of ``body``. In less room than they need they scroll, after the focus.

    The scrollbar lies over the margin at their right: if it took some of their width, lines could break that do not
    without it, and the window would be laid out with it and without it for ever.
    """

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Window.TFrame", height=1)
        self._theme = theme
        self._top = 0  # pixels of the bars that are scrolled out of sight
        self._room: int | None = None  # pixels; all that they need without
        self._kept: KeptLine | None = None
        self.on_change: Callable[[], None] = lambda: None  # called when they need another height
        self.body = ttk.Frame(self, style="Window.TFrame")
        self.body.place(x=0, y=0, relwidth=1)
        self._bar = QuietScrollbar(self, self._drag, ground="Window.")
        bind_own(self.body, "<Configure>", self._changed)
        bind_wheel(self, lambda rows: self._scroll_to(self._top + rows * theme.px(_LINE)))
        bind_own(self, "<Configure>", self._fit)
        theme.subscribe(self._fit, self)

    @property
    def needed(self) -> int:
        """The pixels that all bars need; 0 if there are none."""
        return self.body.winfo_reqheight() if self.body.pack_slaves() else 0

    @property
    def least(self) -> int:
        """The pixels of one line of a bar, below which they cannot be used, under the line that is kept."""
        line = self._theme.base.metrics("linespace") + self._theme.px(_BAR_MARGINS)
        return min(self.needed, line + self._kept_height)

    def keep(self, line: KeptLine) -> None:
        """Keep a line of a bar in sight while that bar is there."""
        self._kept = line

    @property
    def _kept_height(self) -> int:
        kept = self._kept
        return kept.winfo_reqheight() if kept is not None and kept.master in self.body.pack_slaves() else 0

    def give(self, room: int) -> None:
        """Let them have that height, if they need as much."""
        self._room = max(room, self.least)
        self._fit()

    def see(self, widget: tk.Misc) -> None:
        """Scroll as little as it takes to have a control in sight."""
        top = widget.winfo_rooty() - self.body.winfo_rooty()
        height, kept = self.winfo_height(), self._kept_height
        margin = max(0, min(self._theme.px(6), (height - kept - widget.winfo_height()) // 2))
        bottom = top + widget.winfo_height() + margin
        self._scroll_to(min(max(self._top, bottom - height), top - margin - kept))

    def _changed(self) -> None:
        self._fit()
        self.on_change()

    def _fit(self) -> None:
        needed = self.needed
        if not needed:  # there are none
            self._top = 0
            return
        height = needed if self._room is None else min(needed, self._room)
        if height and height != self.winfo_reqheight():
            self.configure(height=height)
        overflows = height < needed
        if overflows and not self._bar.winfo_manager():
            self._bar.place(relx=1, rely=0, anchor="ne", relheight=1)
        elif not overflows:
            self._bar.place_forget()
        self._scroll_to(self._top)

    def _scroll_to(self, top: int) -> None:
        needed, height = max(1, self.needed), self.winfo_reqheight()
        self._top = max(0, min(top, needed - height))
        self.body.place(y=-self._top)
        if self._kept is not None:
            bar, line = self._kept.master, self._kept
            most = bar.winfo_height() - line.winfo_y() - line.winfo_height()
            line.move(max(0, min(most, self._top - bar.winfo_y() - line.winfo_y())))
        self._bar.set(self._top / needed, min(1.0, (self._top + height) / needed))

    def _drag(self, action: str, amount: str, unit: str = "") -> None:
        if action == "moveto":
            self._scroll_to(round(float(amount) * self.needed))
        else:
            step = self.winfo_height() if unit == "pages" else self._theme.px(_LINE)
            self._scroll_to(self._top + int(amount) * step)


_BAR_MARGINS = 26  # pixels at 96 dots an inch above and below the words of a bar's line
_LINE = 16  # pixels at 96 dots an inch by which a page scrolls
_BESIDE_BAR = 2  # the same, between its scrollbar and the edge


class ScrollingPage(ttk.Frame):
    """Fill ``body``, then call ``settle``.

    With ``room``, width and height in pixels, it is as large as what is in it, up to that.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, room: Callable[[], tuple[int, int]] | None = None) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._room = room
        self._canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=False, width=1, height=1)
        self._strip = ttk.Frame(self, style="Window.TFrame")  # as wide as the scrollbar, which is there or not
        bar = QuietScrollbar(self._strip, self._canvas.yview, ground="Window.")
        self._strip.configure(width=bar.winfo_reqwidth())
        self._strip.pack_propagate(False)
        self.body = ttk.Frame(self._canvas, style="Window.TFrame")
        self._window = self._canvas.create_window(0, 0, anchor="nw", window=self.body)
        self._canvas.configure(yscrollcommand=bar.set, yscrollincrement=theme.px(_LINE))
        bar.pack(fill="both", expand=True)
        self._strip.pack(side="right", fill="y", padx=(0, theme.px(_BESIDE_BAR)))
        self._canvas.pack(side="left", fill="both", expand=True)
        self._canvas.bind("<Configure>", self._fit)
        self.body.bind("<Configure>", self._fit)
        bind_wheel(self, self.scroll, row_height=lambda: theme.px(_LINE))
        theme.subscribe(self._restyle, self)

    def settle(self) -> None:
        """Have the page keys scroll the page, whatever in it has the focus."""
        _adopt(self)
        if not self.bind_class(_TAG):  # once for all pages: what is bound to a class is never given back
            for sequence, pages in (("<Prior>", -1), ("<Next>", 1)):
                self.bind_class(_TAG, sequence, partial(_scroll_page, pages))
            self.bind_class(_TAG, "<FocusIn>", _see)

    def scroll(self, amount: int, what: Literal["units", "pages"] = "units") -> None:
        """Move the page, if there is more of it than fits."""
        if self.overflows:
            self._canvas.yview_scroll(amount, what)

    def see(self, widget: tk.Misc) -> None:
        """Scroll as little as it takes to have the widget in view."""
        margin, height = self._theme.px(12), self._canvas.winfo_height()
        top = widget.winfo_rooty() - self.body.winfo_rooty() - margin
        bottom = top + widget.winfo_height() + 2 * margin
        at = int(self._canvas.canvasy(0))
        wanted = min(top, max(at, bottom - height))  # of what is higher than the page the beginning
        if wanted != at:
            self._canvas.yview_moveto(wanted / max(1, self.body.winfo_height()))

    @property
    def overflows(self) -> bool:
        """Whether there is more than fits."""
        return self.body.winfo_reqheight() > self._canvas.winfo_height()

    @property
    def beside(self) -> int:
        """The pixels that the scrollbar takes of the width."""
        return self._strip.winfo_reqwidth() + self._theme.px(_BESIDE_BAR)

    def ask_for_room(self) -> None:
        """Be as large as what is in it, as far as there is ``room``."""
        if self._room is None:
            return
        wide, high = self._room()
        sizes = min(self.body.winfo_reqwidth(), wide - self.beside), min(self.body.winfo_reqheight(), high)
        self._canvas.configure(width=max(1, sizes[0]), height=max(1, sizes[1]))

    def _fit(self, _event: object) -> None:
        self.ask_for_room()
        self._canvas.itemconfigure(self._window, width=self._canvas.winfo_width())
        height = max(self.body.winfo_reqheight(), self._canvas.winfo_height())
        self._canvas.configure(scrollregion=(0, 0, self._canvas.winfo_width(), height))

    def _restyle(self) -> None:
        self._canvas.configure(background=self._theme.palette.window)


_TAG = "TincanPage"


def _adopt(widget: tk.Misc) -> None:
    """Put the page's bindings in front of the widget's own."""
    widget.bindtags((_TAG, *widget.bindtags()))
    for child in widget.winfo_children():
        _adopt(child)


def _page_of(widget: tk.Misc) -> ScrollingPage | None:
    above: tk.Misc | None = widget
    while above is not None and not isinstance(above, ScrollingPage):
        above = above.master
    return above


def _scroll_page(pages: int, event: tk.Event[tk.Misc]) -> str:
    page = _page_of(event.widget)
    if page is not None:
        page.scroll(pages, "pages")
    return "break"


def _see(event: tk.Event[tk.Misc]) -> None:
    page = _page_of(event.widget)
    if page is not None and event.widget is not page:
        page.see(event.widget)
