"""The pane of socket calls: a Text that holds the calls of the entries in sight, of however many there are."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import font as tkfont
from tkinter import ttk
from typing import TYPE_CHECKING, Protocol

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.socket_calls import ABOUT, EMPTY, CallLine, Chosen, lines_of
from gui.views.rows_pane import RowsPane
from gui.widgets.fitting import wrap_within
from gui.widgets.focus_ring import FocusRing

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.socket_calls import SocketCall
    from core.roles import Role

_MARGIN, _GAP, _NARROW, _INDENT = 10, 8, 340, 24  # pixels at 96 dots an inch
_MOST_PASSED = 2_000  # entries without a call that are passed by to fill the view


class Calls(Protocol):
    """Where the pane gets its entries: a session of a journal."""

    @property
    def key(self) -> object:
        """Differs between sessions."""
        ...

    @property
    def role(self) -> Role: ...

    @property
    def entries(self) -> int:
        """How many entries there are."""
        ...

    def read(self, first: int, count: int) -> Sequence[tuple[DisplayRow, Sequence[SocketCall]]]:
        """Entries with their calls, from one on; fewer if they cannot be read."""
        ...


class SocketCallsPane(RowsPane):
    """A row is an entry of the journal, with all of its calls; ``on_choose`` gets the entry's number."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[int], None], on_close: Callable[[], None]
    ) -> None:
        super().__init__(parent, theme, "Socket calls", on_choose=on_choose, on_close=on_close)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._italic = tkfont.Font(self)
        self._calls: Calls | None = None
        self._key: object = None
        self._entries: list[DisplayRow] = []  # those that are drawn
        self._line_of: list[int] = []  # of the Text, on which the calls of each begin
        self._page_rows = 1
        self._columns = 0, 0  # where whose it is, and the call, begin
        self.message: Chosen | None = None  # the calls of the message that is chosen
        self.add_buttons(())
        about = ttk.Label(self, text=ABOUT, style="Pane.Muted.TLabel", font=theme.small, justify="left")
        about.pack(fill="x", padx=theme.px(_MARGIN))
        wrap_within(about, self, lambda: theme.px(2 * _MARGIN + 6))
        self.text = tk.Text(
            self.body, wrap="word", width=10, height=4, borderwidth=0, undo=False, insertwidth=0, cursor="arrow",
            padx=theme.px(_MARGIN), pady=theme.px(4), highlightthickness=0, exportselection=False,
        )  # fmt: skip
        self.text.bindtags((str(self.text), str(self.winfo_toplevel()), "all"))  # nothing can be typed
        self.content = self.text
        self.text.pack(fill="both", expand=True)
        FocusRing(self.body, self.text, theme)
        self.settle(2, lambda: int(theme.mono.metrics("linespace")))
        theme.subscribe(self._restyle, self)

    def show(self, calls: Calls | None) -> None:
        """Show the calls of a session: the one on view, grown, or another."""
        key = calls.key if calls is not None else None
        if key != self._key:
            self.begin_anew()
            self.message = None
            self.redraw()
        self._calls, self._key = calls, key
        entries = calls.entries if calls is not None else 0
        if entries != self.total or calls is None:
            self.grow(entries)

    def choose_message(self, chosen: Chosen) -> None:
        """Show which calls carried the message that was chosen, and have the first of them in sight."""
        if chosen == self.message:
            return
        self.message = chosen
        if not (self.chosen is not None and chosen.first <= self.chosen <= chosen.last):
            self.chosen = chosen.first
            self.see(chosen.first)
        self.redraw()

    # What ``RowsPane`` asks for.

    @property
    def page(self) -> int:
        """How many entries were in sight when it was drawn last."""
        return self._page_rows

    def row_at(self, x: int, y: int) -> int | None:
        """The entry whose calls are at a place."""
        line = int(self.text.index(f"@{x},{y}").partition(".")[0])
        found = None
        for entry, begins in zip(self._entries, self._line_of, strict=True):
            if begins <= line:
                found = entry.ordinal
        return found

    def draw(self) -> None:
        """Fill the view from ``top`` on; or to the end, with what there is room for above it."""
        self._place_columns()
        high = max(1, self.text.winfo_height() // max(1, self.theme.mono.metrics("linespace")))
        self.top = max(0, min(self.top, self.total - 1))
        lines = self._last(high) if self.is_following else self._from(self.top, high)
        if not self.is_following and self._entries and self._entries[-1].ordinal >= self.total - 1:
            self._write(lines)
            if self._fits:  # all up to the end is in sight: it is followed from now on
                self.is_following = True
                lines = self._last(high)
        self._write(lines)
        if self.is_following:
            self.text.yview_moveto(1.0)
            self.top = self.row_at(0, 0) or 0
        self._count_page()

    @property
    def _is_narrow(self) -> bool:
        """Whether calls begin behind the time and go on under it."""
        return self.text.winfo_width() < self.theme.px(_NARROW)

    def _place_columns(self) -> None:
        indent = self.theme.px(_INDENT)
        self.text.configure(tabs=(indent,) if self._is_narrow else self._columns)
        self.text.tag_configure("line", lmargin2=indent if self._is_narrow else self._columns[-1])

    @property
    def _fits(self) -> bool:
        return self.text.yview() == (0.0, 1.0)

    def _from(self, first: int, wanted: int) -> list[CallLine]:
        """Lines of the entries from one on, at least so many if there are."""
        self._entries, lines, passed = [], list[CallLine](), 0
        while len(lines) < wanted and first + passed < self.total and passed < _MOST_PASSED:
            some = self._read(first + passed, wanted)
            if not some:
                break
            passed += len(some)
            lines += self._lines(some)
        return lines

    def _last(self, wanted: int) -> list[CallLine]:
        """Lines of the last entries, at least so many if there are."""
        self._entries, lines, stop = [], list[CallLine](), self.total
        while len(lines) < wanted and stop > max(0, self.total - _MOST_PASSED):
            first = max(0, stop - wanted)
            before, self._entries = self._entries, []
            some = self._read(first, stop - first)
            if not some:
                self._entries = before
                break
            lines = [*self._lines(some), *lines]
            self._entries += before
            stop = first
        return lines

    def _read(self, first: int, count: int) -> Sequence[tuple[DisplayRow, Sequence[SocketCall]]]:
        return self._calls.read(first, count) if self._calls is not None else ()

    def _lines(self, entries: Sequence[tuple[DisplayRow, Sequence[SocketCall]]]) -> list[CallLine]:
        assert self._calls is not None
        self._entries += [row for row, calls in entries if calls]
        return lines_of(entries, self._calls.role, self._safety)

    def _write(self, lines: Sequence[CallLine]) -> None:
        """Put the lines into the Text, and note where the calls of each entry begin."""
        marked = {row.ordinal for row in self._entries if self._is_chosen(row)}
        parts: list[str | tuple[str, ...]] = []
        self._line_of = []
        known = -1
        for number, line in enumerate(lines, 1):
            if line.ordinal != known:
                known = line.ordinal
                self._line_of.append(number)
            chosen = ("chosen",) if line.ordinal in marked else ()
            call = "failure" if line.is_failure else "derived" if line.is_derived else "call"
            feed = "\n" if number < len(lines) else ""
            when = f"{line.time}\t{line.who}\t"
            if self._is_narrow:
                when = f"{line.time} {line.who} ".lstrip() if line.time else "\t"
            parts += [when, ("when", "line", *chosen), line.text, (call, "line", *chosen)]
            parts += [f"  # {line.aside}" if line.aside else "", ("aside", "line", *chosen), feed, ("line", *chosen)]
        self.text.delete("1.0", "end")
        if parts:
            self.tk.call(str(self.text), "insert", "1.0", *parts)
        else:
            self.text.insert("1.0", EMPTY, ("aside",))

    def _is_chosen(self, row: DisplayRow) -> bool:
        return row.ordinal == self.chosen or (self.message is not None and self.message.has(row))

    def _count_page(self) -> None:
        """See how many entries are in sight as a whole."""
        last = self.row_at(0, max(0, self.text.winfo_height() - 1 - self.theme.mono.metrics("linespace")))
        self._page_rows = max(1, (last if last is not None else self.top) - self.top + 1)
        if self.is_following:
            self._page_rows = max(1, self.total - self.top)

    def _restyle(self) -> None:
        theme, p = self.theme, self.theme.palette
        when = theme.small.measure("00:00:00.000") + theme.px(_GAP)
        who = when + theme.small.measure("#00→") + theme.px(_GAP)
        self._columns = when, who
        self.text.configure(background=p.pane, foreground=p.text, font=theme.mono)
        self.text.tag_configure("when", font=theme.small, foreground=p.muted)
        family, size = str(theme.mono.cget("family")), int(str(theme.mono.cget("size")))
        self._italic.configure(family=family, size=size, slant="italic")
        self.text.tag_configure("derived", font=self._italic, foreground=p.muted)
        self.text.tag_configure("failure", foreground=p.error)
        self.text.tag_configure("aside", font=theme.small, foreground=p.muted)
        self.text.tag_configure("chosen", background=p.chosen, foreground=p.chosen_text)
        self.text.tag_raise("chosen")
        self.redraw()
