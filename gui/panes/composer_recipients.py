"""Whom a message goes to: everyone, one, or several of the connections of a server."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from core.text_safety import TextSafety
from gui.filtering import ConnectionRow, FilterView, NumbersError, chosen_words, format_numbers, read_numbers, toggled
from gui.panes.drop_list import DropList, Row
from gui.theme import Theme

if TYPE_CHECKING:
    from core.events import ConnectionId


class Recipients(ttk.Frame):
    """``on_choose`` gets the connections that were chosen, None for everyone."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, on_choose: Callable[[frozenset[ConnectionId] | None], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme, self._on_choose = theme, on_choose
        self._list: DropList[ConnectionId] | None = None
        self._view = FilterView()
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        ttk.Label(self, text="To", style="Pane.Muted.TLabel").pack(side="left", padx=(theme.px(2), theme.px(6)))
        self.button = ttk.Button(self, command=self._drop, width=0)
        self.button.pack(side="left")
        self.button.bind("<Return>", lambda _event: self.button.invoke())
        for key in ("<Down>", "<Up>"):
            self.button.bind(key, lambda _event: self._drop())

    def show(self, connections: tuple[ConnectionRow, ...], chosen: frozenset[ConnectionId] | None) -> None:
        """Offer these, with those chosen."""
        self._view = FilterView(connections, chosen)
        words = f"everyone ({len(connections):,})" if chosen is None else chosen_words(self._view)
        self.button.configure(text=f"{words}  ▾")
        if self._list is not None and self._list.is_open:
            self._fill()

    @property
    def list(self) -> DropList[ConnectionId]:
        """What opens under the button; made when it is first opened."""
        if self._list is None:
            self._list = DropList(
                self.button, self._theme, all_words="Everyone", on_toggle=self._toggle, on_write=self._write
            )
        return self._list

    @property
    def chosen(self) -> frozenset[ConnectionId] | None:
        """Who was chosen; None is everyone."""
        return self._view.chosen

    def _drop(self) -> None:
        if self.list.is_open:
            self.list.close()
            return
        self._fill()
        self.list.open()

    def _fill(self) -> None:
        chosen = self._view.chosen or frozenset()
        rows = [Row(one.connection, one.label, one.connection in chosen) for one in self._view.connections]
        self.list.show(rows, is_all=self._view.chosen is None, written=format_numbers(self._view))

    def _toggle(self, connection: ConnectionId | None) -> None:
        self._choose(None if connection is None else toggled(self._view, connection))

    def _write(self, text: str) -> tuple[str, int] | None:
        try:
            chosen = read_numbers(text, self._view.connections)
        except NumbersError as error:
            return self._safety.text(str(error)), error.place
        self._choose(chosen)
        return None

    def _choose(self, chosen: frozenset[ConnectionId] | None) -> None:
        self.show(self._view.connections, chosen)
        self._on_choose(chosen)
