"""The servers with their connections, and the clients beside them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from gui.theme import Theme
from gui.typesetting import connection_tag
from gui.views import SessionRow

_WIDTH = 190  # at 96 dots an inch


class SessionList(ttk.Frame):
    """A tree of sessions; choosing a row is reported by its key."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[str], None]) -> None:
        super().__init__(parent, style="Sidebar.TFrame")
        self._theme = theme
        self._on_choose = on_choose
        self._rows: dict[str, SessionRow] = {}
        self._telling = False
        heading = ttk.Label(self, text="Sessions", style="Sidebar.Muted.TLabel")
        heading.pack(anchor="w", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self.tree = ttk.Treeview(self, show="tree", selectmode="browse")
        self.tree.column("#0", width=theme.px(_WIDTH), minwidth=theme.px(90))
        bar = ttk.Scrollbar(self, command=self.tree.yview, style="Sidebar.Vertical.TScrollbar")
        self.tree.configure(yscrollcommand=lambda first, last: self._place_bar(bar, first, last))
        self.tree.pack(side="left", fill="both", expand=True, padx=(theme.px(6), 0))
        self.tree.bind("<<TreeviewSelect>>", self._selected)
        theme.subscribe(self._restyle)

    def show(self, rows: Sequence[SessionRow], selected: str) -> None:
        """Show these rows, changing only what differs."""
        wanted = {row.key: row for row in rows}
        gone = [key for key in self._rows if key not in wanted and self.tree.exists(key)]
        if gone:
            self.tree.delete(*gone)
        places: dict[str, int] = {}
        for row in rows:
            place = places[row.parent] = places.get(row.parent, -1) + 1
            self._put(row, place)
        self._rows = wanted
        if selected in wanted and self.tree.selection() != (selected,):
            self._telling = True
            self.tree.selection_set(selected)
            self.tree.see(selected)

    def _put(self, row: SessionRow, place: int) -> None:
        if self._rows.get(row.key) == row and self.tree.exists(row.key):
            return
        tags = (row.state,) if row.number is None else (row.state, connection_tag(row.number))
        picture = self._theme.dot(self._color(row))
        if self.tree.exists(row.key):
            self.tree.item(row.key, text=f" {row.text}", tags=tags, image=str(picture))
        else:
            self.tree.insert(
                row.parent, place, iid=row.key, text=f" {row.text}", tags=tags, image=str(picture), open=True
            )

    def _color(self, row: SessionRow) -> str:
        p = self._theme.palette
        if row.number is not None:
            return p.connections[(row.number - 1) % len(p.connections)]
        return {"live": p.good, "waiting": p.warning, "failed": p.error}.get(row.state, p.thumb)

    def _selected(self, _event: object) -> None:
        chosen = self.tree.selection()
        if self._telling:
            self._telling = False
        elif chosen and chosen[0] in self._rows and not chosen[0].endswith("more"):
            self._on_choose(chosen[0])

    def _place_bar(self, bar: ttk.Scrollbar, first: float, last: float) -> None:
        bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            bar.pack_forget()
        elif not bar.winfo_manager():
            bar.pack(side="right", fill="y", before=self.tree)

    def _restyle(self) -> None:
        p = self._theme.palette
        for state, color in (("live", p.text), ("waiting", p.text), ("over", p.muted), ("failed", p.error)):
            self.tree.tag_configure(state, foreground=color)
        rows, self._rows = self._rows, {}
        selected = self.tree.selection()
        self.show(list(rows.values()), selected[0] if selected else "")
