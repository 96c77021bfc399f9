"""The calls of a socket that carried a message, a row each; one of them can be chosen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.theme.theme import Theme
from gui.viewmodels.inspection import CallRow, Inspected, Range, call_row, heading_of_calls
from gui.views.inspector import Lines, Place, Section
from gui.widgets.row_view import Picture, RowView

if TYPE_CHECKING:
    from core.journal.reading.recorded import Call

_PAGE, _FEW = 6, 3  # rows in sight, and where there is little room; Page Up and Page Down go six
_MARGIN = 8  # at 96 dots an inch
_LOOKED_AT = 1_000  # calls, for the widest size
_GAP = 10  # between columns, at 96 dots an inch
_COLUMNS = (
    ("at", "since", "size", "span"),
    ("at", "since", "size", "start"),
    ("at", "since", "start"),
    ("at", "start"),
)
"""What a row shows, by the names of ``CallRow``: the first of these that there is room for."""


class CallSection(Section):
    """How many calls there were, and the list of them. The ruler has them too, so the list may give way to it."""

    where = Place.WITH_FACTS
    lines = Lines(5, 0)
    priority = 2

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Range | None], None]) -> None:
        super().__init__(parent, theme, on_choose=on_choose)
        self._heading = ttk.Label(self, style="Pane.Muted.TLabel")
        self._heading.pack(anchor="w", padx=theme.px(_MARGIN), pady=(theme.px(2), 0))
        self.list = CallList(self, theme, on_choose=lambda call: on_choose((call.start, call.stop) if call else None))
        self.list.pack(fill="x", padx=theme.px(2), pady=(0, theme.px(4)))

    @property
    def inputs(self) -> tuple[tk.Widget, ...]:
        return (self.list.text,)

    def is_needed(self, inspected: Inspected) -> bool:
        return inspected.ruled is None

    def fit(self, *, is_roomy: bool) -> None:
        self.list.limit_rows(_PAGE if is_roomy else _FEW)

    def inspect(self, inspected: Inspected | None, *, keep: bool) -> None:
        if inspected is not None:
            self._heading.configure(text=heading_of_calls(inspected))
        self.list.show(inspected.calls if inspected is not None else (), keep=keep)

    def forget_choice(self) -> None:
        self.list.forget_choice()


class CallList(RowView):
    """``on_choose`` gets the call that was chosen by mouse or arrow keys, or None once it is given up."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Call | None], None]) -> None:
        super().__init__(parent, theme, theme.small, height=1)
        self._calls: Sequence[Call] = ()
        self._chosen: int | None = None
        self._on_choose = on_choose
        self._most_rows = _PAGE
        self._columns: Sequence[str] = _COLUMNS[0]
        steps = {"Up": -1, "Down": 1, "Prior": -_PAGE, "Next": _PAGE, "Home": -(1 << 60), "End": 1 << 60}
        for key, rows in steps.items():
            self.text.bind(f"<{key}>", partial(self._step, rows))
        self.text.bind("<Escape>", self._escape)
        self.text.bind("<Button-1>", self._clicked)
        self.text.bind("<B1-Motion>", self._clicked)
        theme.subscribe(self._restyle)
        self.bind("<Destroy>", self._unsubscribe, add=True)

    def show(self, calls: Sequence[Call], *, keep: bool = False) -> None:
        """Show these calls, none chosen, or with ``keep`` the one that was."""
        self._calls, self.total = calls, len(calls)
        if not keep:
            self.top, self._chosen = 0, None
        self.limit_rows(self._most_rows)
        self.reshape()

    def limit_rows(self, most: int) -> None:
        """Be no higher than so many rows, and no higher than there are calls."""
        self._most_rows = most
        height = max(1, min(most, self.total))
        if int(str(self.text.cget("height"))) != height:
            self.text.configure(height=height)

    def forget_choice(self) -> None:
        """No call is chosen any more."""
        if self._chosen is not None:
            self._chosen = None
            self.redraw()

    @property
    def chosen(self) -> Call | None:
        """The call that is chosen."""
        return None if self._chosen is None else self._calls[self._chosen]

    def paint(self, first: int, count: int) -> Picture:
        rows = range(first, first + count)
        shown = attrgetter(*self._columns)
        text = "\n".join("\t".join(("", *shown(call_row(self._calls, row)))) for row in rows)
        line = 0 if self._chosen is None else self._chosen - first + 1
        return Picture(text, {"chosen": (f"{line}.0", f"{line + 1}.0") if 0 < line <= count else ()})

    def _choose(self, row: int | None) -> str:
        if row != self._chosen:
            self._chosen = row
            self.redraw()
            self._on_choose(self.chosen)
        if row is not None:
            self.reveal(row)
        return "break"

    def _step(self, rows: int, _event: object) -> str:
        if not self.total:
            return "break"
        start = self._chosen if self._chosen is not None else -1 if rows > 0 else self.total
        return self._choose(max(0, min(start + rows, self.total - 1)))

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.text.focus_set()
        return self._choose(max(0, min(self.at(event)[0], self.total - 1)) if self.total else None)

    def _escape(self, _event: object) -> str | None:
        return None if self._chosen is None else self._choose(None)

    def reshape(self) -> None:
        """Right-aligned columns, each as wide as the widest that will stand in it."""
        self.redraw()
        if not self._calls:
            return
        widths = {name: self.font.measure(widest) for name, widest in self._widest()._asdict().items()}
        gap, room = self.theme.px(_GAP), self.text.winfo_width() - self.theme.px(2 * _GAP)
        needs = ((names, sum(widths[name] + gap for name in names)) for names in _COLUMNS)
        self._columns = next((names for names, need in needs if need <= room), _COLUMNS[-1])
        position, stops = -gap, list[float | str]()
        for name in self._columns:
            position += gap + widths[name]
            stops += [position, "right"]
        self.text.configure(tabs=tuple(stops))

    def _widest(self) -> CallRow:
        """About the widest of each column; looking through very many calls would take too long."""
        last = call_row(self._calls, self.total - 1)
        size = max(call.stop - call.start for call in self._calls[:_LOOKED_AT])
        return last._replace(since="+000 ms", size=f"{size:,} B")

    def _restyle(self) -> None:
        p = self.theme.palette
        self.text.configure(
            background=p.pane, foreground=p.text, font=self.font, highlightcolor=p.focus, highlightbackground=p.border
        )
        self.text.tag_configure("chosen", background=p.outgoing, foreground=p.outgoing_text)
        self.reshape()

    def _unsubscribe(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.theme.forget(self._restyle)
