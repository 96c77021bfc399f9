"""A button that says which connections are chosen, with a list under it: all, by their ticks, or by their numbers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING, NamedTuple

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.filtering import FilterView, NumbersError, format_numbers, read_numbers, toggled
from gui.widgets.bindings import bind_wheel, focus_now, when_idle
from gui.widgets.controls import Tick
from gui.widgets.debounce import Debounce
from gui.widgets.fields import LineField

if TYPE_CHECKING:
    from core.events import ConnectionId

MANY = 20  # rows above which a field for numbers stands over them
_MOST_ROWS, _WIDTH, _ROW = 10, 280, 24  # rows at a time; pixels at 96 dots an inch
_TO_THE_END = 1 << 30  # more rows than there are
_LONGEST = 48  # characters of a row
_QUIET = 200  # milliseconds without a key after which the numbers are read


class Row(NamedTuple):
    """One thing that can be ticked."""

    key: ConnectionId
    words: str
    is_on: bool


class DropList(ttk.Frame):
    """``on_toggle`` gets the key of a row that was ticked or unticked, None for the row that means all.

    ``on_write`` gets what was written into the field and says what is wrong with it, with its place, or None.
    """

    def __init__(
        self,
        button: ttk.Button,
        theme: Theme,
        *,
        all_words: str,
        on_toggle: Callable[[ConnectionId | None], None],
        on_write: Callable[[str], tuple[str, int] | None],
    ) -> None:
        super().__init__(button.winfo_toplevel(), style="Edge.TFrame", padding=theme.px(1))
        self._button, self._theme = button, theme
        self._on_toggle, self._on_write = on_toggle, on_write
        self._rows: Sequence[Row] = ()
        self._first = 0  # of the rows that are seen
        self._quiet = Debounce(self, self._read_numbers)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        px = theme.px
        self._body = ttk.Frame(self, style="Window.TFrame", padding=px(8))
        self._body.pack(fill="both", expand=True)
        self.field = LineField(self._body, theme, self._edited)
        self.field.hint("Numbers, for example 1, 3, 5-9")
        self._why = ttk.Label(self._body, style="Window.Error.TLabel", justify="left", wraplength=px(_WIDTH - 20))
        self.every = Tick(self._body, theme, all_words, lambda _is_on: on_toggle(None))
        self.every.grid(row=2, column=0, columnspan=2, sticky="w")
        self._list = ttk.Frame(self._body, style="Window.TFrame")
        self._list.grid(row=3, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self._body, command=self._scrolled, style="Sidebar.Vertical.TScrollbar")
        self._body.columnconfigure(0, weight=1)
        self.ticks: list[Tick] = []
        self._bind_keys()

    def show(self, rows: Sequence[Row], *, is_all: bool, written: str) -> None:
        """Show these rows; ``written`` is what the field says, unless a person is writing there."""
        self._rows = rows
        self.every.put(is_all)
        if str(self.tk.call("focus")) != str(self.field):
            self.field.put(written)
        if self.is_open:
            self._fill()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.winfo_manager())

    @property
    def complaint(self) -> str:
        """What is wrong with the numbers; empty if nothing is."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def open(self) -> None:
        """Open under the button, or over it where there is more room, as far as the window reaches, and go there."""
        window, button, px = self.winfo_toplevel(), self._button, self._theme.px
        left = button.winfo_rootx() - window.winfo_rootx()
        top = button.winfo_rooty() - window.winfo_rooty() + button.winfo_height() + px(2)
        self._first = 0
        is_long = len(self._rows) > MANY
        self._arrange_field(is_long)
        besides = px(_ROW) * (4 if is_long else 2) + px(16)
        above, below = top - button.winfo_height() - px(4), window.winfo_height() - top
        is_above = above > below
        room = max(above, below) - besides
        self._make_ticks(max(2, min(_MOST_ROWS, len(self._rows), room // px(_ROW))))
        width = min(max(px(_WIDTH), self._wanted_width()), window.winfo_width() - px(8))
        x = max(0, min(left, window.winfo_width() - width))
        self.place(x=x, y=above if is_above else top, width=width, anchor="sw" if is_above else "nw")
        self.lift()
        self._adopt_keys()
        self._fill()
        focus_now(self.field if is_long else self.every)

    def _wanted_width(self) -> int:
        """Pixels with which the longest row is read to its end, wherever in the list it is."""
        longest = max((row.words for row in self._rows), key=len, default="")
        self.ticks[0].configure(text=self._safety.field(longest, _LONGEST))
        self.update_idletasks()
        return self.winfo_reqwidth()

    def close(self) -> None:
        """Put it away; the focus goes back to the button."""
        had_focus = self._has_focus()
        self._put_away()
        if had_focus:
            self._button.focus_set()

    def _put_away(self) -> None:
        if self._quiet.is_due:
            self._quiet.now()
        self.place_forget()

    def _has_focus(self) -> bool:
        return str(self.tk.call("focus")).startswith(f"{self}.")  # focus_get fails on what Tk itself has made

    def _arrange_field(self, is_long: bool) -> None:
        if is_long:
            self.field.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, self._theme.px(4)))
        else:
            self.field.grid_remove()
        if len(self._rows) > _MOST_ROWS:
            self._bar.grid(row=3, column=1, sticky="ns")
        else:
            self._bar.grid_remove()

    def _make_ticks(self, count: int) -> None:
        while len(self.ticks) > count:
            self.ticks.pop().destroy()
        while len(self.ticks) < count:
            place = len(self.ticks)
            tick = Tick(self._list, self._theme, "", partial(self._toggled, place))
            tick.grid(row=place, column=0, sticky="w")
            tick.bindtags((*self._tags(), *tick.bindtags()))
            tick.bind("<Up>", partial(self._move, place, -1))
            tick.bind("<Down>", partial(self._move, place, 1))
            tick.bind("<Prior>", partial(self._move, place, -_MOST_ROWS))
            tick.bind("<Next>", partial(self._move, place, _MOST_ROWS))
            tick.bind("<Home>", partial(self._move, place, -_TO_THE_END))
            tick.bind("<End>", partial(self._move, place, _TO_THE_END))
            tick.bind("<Tab>", self._leave)
            self.ticks.append(tick)

    def _adopt_keys(self) -> None:
        """The window's own keys, if it puts them first on the button, work in the list as well."""
        first = self._button.bindtags()[0]
        for part in (self.field, self.every, *self.ticks):
            if first != str(self._button) and first not in part.bindtags():
                part.bindtags((first, *part.bindtags()))

    def _fill(self) -> None:
        seen = len(self.ticks)
        self._first = max(0, min(self._first, len(self._rows) - seen))
        for tick, row in zip(self.ticks, self._rows[self._first :], strict=False):
            tick.configure(text=self._safety.field(row.words, _LONGEST))
            tick.put(row.is_on)
        for place, tick in enumerate(self.ticks):
            (tick.grid if place < len(self._rows) else tick.grid_remove)()
        total = max(1, len(self._rows))
        self._bar.set(self._first / total, min(1.0, (self._first + seen) / total))

    def _toggled(self, place: int, _is_on: bool) -> None:
        if self._first + place < len(self._rows):
            self._on_toggle(self._rows[self._first + place].key)

    def _move(self, place: int, step: int, _event: object) -> str:
        """Go up or down from a row, scrolling where the list ends to the eye."""
        wanted = self._first + place + step
        if wanted < 0 and step == -1:
            self.every.focus_set()
            return "break"
        wanted = max(0, min(len(self._rows) - 1, wanted))
        seen = len(self.ticks)
        self._first = min(max(self._first, wanted - seen + 1), wanted)
        self._fill()
        focus_now(self.ticks[wanted - self._first])
        return "break"

    def _scroll(self, rows: int) -> None:
        self._first += rows
        self._fill()

    def _scrolled(self, what: str, amount: str, _unit: str = "") -> None:
        if what == "moveto":
            self._first = round(float(amount) * len(self._rows))
        else:
            self._first += int(amount)
        self._fill()

    def _edited(self, _text: str) -> None:
        self._why.grid_remove()
        self._quiet.ask(_QUIET)

    def _read_numbers(self) -> None:
        wrong = self._on_write(self.field.text)
        if wrong is not None:
            self._why.configure(text=wrong[0])
            self._why.grid(row=1, column=0, columnspan=2, sticky="w", pady=(0, self._theme.px(4)))
            self.field.refuse(wrong[1])

    def _enter(self, event: tk.Event[tk.Misc]) -> str:
        """Enter in the field reads it at once, and closes the list only if it made sense."""
        if event.widget is self.field:
            self._quiet.now()
        if not self.complaint:
            self.close()
        return "break"

    def _escape(self, _event: object) -> str:
        self.close()
        return "break"

    def _leave(self, _event: object) -> str:
        after = self._button.tk_focusNext()
        self._put_away()
        (after or self._button).focus_set()
        return "break"

    def _tags(self) -> tuple[str, ...]:
        return (f"DropList{self}",)

    def _bind_keys(self) -> None:
        for part in (self.field, self.every):
            part.bindtags((*self._tags(), *part.bindtags()))
        (tag,) = self._tags()
        for sequence, act in (
            ("<Escape>", self._escape),
            ("<Return>", self._enter),
            ("<KP_Enter>", self._enter),
            ("<FocusOut>", self._focus_gone),
        ):
            self.bind_class(tag, sequence, act)
        bind_wheel(self, self._scroll)
        self.every.bind("<Down>", lambda _event: self._move(0, 0, None))
        self.every.bind("<End>", lambda _event: self._move(0, _TO_THE_END, None))
        self.every.bind("<Up>", lambda _event: self.field.focus_set())
        self.field.bind("<Down>", lambda _event: self.every.focus_set())
        self.winfo_toplevel().bind("<Button-1>", self._clicked, add=True)

    def _focus_gone(self, _event: object) -> None:
        when_idle(self, self._close_if_left)

    def _close_if_left(self) -> None:
        if self.is_open and self.tk.call("focus") and not self._has_focus():
            self._put_away()

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        is_own = event.widget is self._button or str(event.widget).startswith(str(self))
        if not is_own and self.winfo_exists() and self.is_open:
            self.close()


class ConnectionChoice(ttk.Button):
    """``on_choose`` gets the connections that a person chose, None for all; ``show`` is for the owner to call then.

    The list is made when it is first opened; ``all_words`` stand there for all of them.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        all_words: str,
        on_choose: Callable[[frozenset[ConnectionId] | None], None],
    ) -> None:
        super().__init__(parent, command=self._toggle_list, width=0)
        self._theme, self._all_words, self._on_choose = theme, all_words, on_choose
        self._list: DropList | None = None
        self._view, self._words = FilterView(), ""
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.bind("<Return>", lambda _event: self.invoke())
        for key in ("<Down>", "<Up>"):
            self.bind(key, lambda _event: self._toggle_list())

    def show(self, view: FilterView, words: str) -> bool:
        """Offer the connections of a view, with those chosen; the button says it in words: whether in others."""
        before, self._words, self._view = self._words, words, view
        self.configure(text=f"{words}  ▾")
        if self._list is not None and self._list.is_open:
            self._fill()
        return words != before

    def close(self) -> None:
        """Put the list away."""
        if self._list is not None:
            self._list.close()

    @property
    def list(self) -> DropList:
        """What opens under the button."""
        if self._list is None:
            self._list = DropList(
                self, self._theme, all_words=self._all_words, on_toggle=self._toggle, on_write=self._write
            )
        return self._list

    def _toggle_list(self) -> None:
        if self.list.is_open:
            self.list.close()
            return
        self._fill()
        self.list.open()

    def _fill(self) -> None:
        view, chosen = self._view, self._view.chosen or frozenset()
        rows = [Row(one.connection, one.label, one.connection in chosen) for one in view.connections]
        self.list.show(rows, is_all=view.chosen is None, written=format_numbers(view))

    def _toggle(self, connection: ConnectionId | None) -> None:
        self._on_choose(None if connection is None else toggled(self._view, connection))

    def _write(self, text: str) -> tuple[str, int] | None:
        try:
            chosen = read_numbers(text, self._view.connections)
        except NumbersError as error:
            return self._safety.text(str(error)), error.place
        self._on_choose(chosen)
        return None
