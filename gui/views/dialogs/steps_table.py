"""The window with what came of a list of steps: step, sent, answer, time, as wished or not."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from core.steps.playing import Verdict
from core.steps.table import COLUMNS, as_tab_separated, cells
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.clipboard import give
from gui.widgets.fitting import wrap_within
from gui.widgets.small_window import SmallWindow, copy_text

if TYPE_CHECKING:
    from core.steps.playing import Row

_SIZE, _SMALLEST = (760, 380), (420, 220)  # width and height at 96 dots an inch
_WIDTHS = (120, 110, 130, 70, 120)  # of the columns, likewise
_LONGEST = 80  # characters of a message in a row


class PlayedRows:
    """What was played so far, and the window that shows it while it is open."""

    def __init__(self, parent: tk.Misc, theme: Theme, title: str) -> None:
        self._parent, self._theme, self._title = parent, theme, title
        self._rows: tuple[Row, ...] = ()
        self.window: StepsTable | None = None

    def take(self, rows: tuple[Row, ...]) -> None:
        """These are the rows now."""
        self._rows = rows
        if self.window is not None and self.window.winfo_exists():
            self.window.show(rows)

    def open(self) -> None:
        """Show the window, or bring it to the front."""
        if self.window is None or not self.window.winfo_exists():
            self.window = StepsTable(self._parent, self._theme, self._title)
            self.window.show(self._rows)
            self.window.open()
        self.window.lift()
        focus_now(self.window.tree)


class StepsTable(SmallWindow):
    """The rows, and the chosen one in full below. Ctrl+C copies the chosen rows, the button all of them."""

    def __init__(self, parent: tk.Misc, theme: Theme, title: str) -> None:
        super().__init__(parent, theme, "Steps")
        px = theme.px
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._rows: tuple[Row, ...] = ()
        self.add_foot()
        self.copy_button = self.button("Copy", self._copy_all)
        head = ttk.Label(self, text=self._safety.field(title), style="Window.Strong.TLabel")
        head.pack(side="top", anchor="w", padx=px(20), pady=(px(12), px(6)))
        self.full = ttk.Label(self, style="Window.TLabel", justify="left", anchor="w")
        wrap_within(self.full, self, lambda: px(44))
        self.full.pack(side="bottom", fill="x", padx=px(20), pady=(px(6), px(10)))
        box = ttk.Frame(self, style="Edge.TFrame", padding=px(1))
        self.tree = ttk.Treeview(box, columns=COLUMNS, show="headings", selectmode="extended", height=4)
        for column, width in zip(COLUMNS, _WIDTHS, strict=True):
            self.tree.heading(column, text=column.capitalize(), anchor="w")
            self.tree.column(column, width=px(width), minwidth=px(50), stretch=column != "time")
        bar = ttk.Scrollbar(box, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")  # first, so that it stays when the columns need more than there is
        self.tree.pack(side="left", fill="both", expand=True)
        box.pack(side="top", fill="both", expand=True, padx=px(20))
        self.tree.bind("<<TreeviewSelect>>", self._chosen)
        self.tree.bind("<<Copy>>", breaking(self._copy_chosen))
        self.tree.bind("<<SelectAll>>", breaking(lambda: self.tree.selection_set(self.tree.get_children())))
        theme.subscribe(self._colour, self)

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows: what is new goes below what is there, and comes into view if the last one was."""
        rows = tuple(rows)
        if rows == self._rows:
            return
        known = len(self._rows) if rows[: len(self._rows)] == self._rows else 0
        was_at_end = self.tree.yview()[1] >= 1
        if not known:
            self.tree.delete(*self.tree.get_children())
        for place, row in enumerate(rows[known:], known):
            tags = ("missed",) if row.verdict is Verdict.MISSED else ()
            self.tree.insert("", "end", iid=str(place), values=self._cells(row, _LONGEST), tags=tags)
        self._rows = rows
        if rows and not self.tree.selection():
            self.tree.focus("0")
            self.tree.selection_set("0")
        if rows and was_at_end:
            self.tree.see(str(len(rows) - 1))

    def open(self) -> None:
        """Show the window, once it is filled."""
        self.put_beside(_SIZE, _SMALLEST)
        self.deiconify()

    def _cells(self, row: Row, longest: int) -> tuple[str, ...]:
        return cells(row, longest=longest, safety=self._safety)

    def _chosen(self, _event: object = None) -> None:
        chosen = self.tree.focus() or next(iter(self.tree.selection()), "")
        if chosen:
            row = self._rows[int(chosen)]
            wished = f"wished: {self._safety.field(row.wished, 200)}" if row.wished else ""
            said = zip(COLUMNS, self._cells(row, 200), strict=True)
            told = [f"{name}: {words}" for name, words in said if words]
            self.full.configure(text="\n".join(filter(None, (*told, wished))))

    def _copy_all(self) -> None:
        copy_text(as_tab_separated(self._rows), self.copy_button)

    def _copy_chosen(self) -> None:
        places = sorted(map(int, self.tree.selection()))
        give(self.tree, as_tab_separated([self._rows[place] for place in places]))

    def _colour(self) -> None:
        self.tree.tag_configure("missed", foreground=self.theme.palette.error)
