"""A button that says which connections are chosen, with a list under it: all, by their ticks, or by their numbers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.filtering import FilterView, NumbersError, format_numbers, read_numbers, toggled
from gui.widgets.drop_list import DropList, Row

if TYPE_CHECKING:
    from core.events import ConnectionId


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
        self._list: DropList[ConnectionId] | None = None
        self._view = FilterView()
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.bind("<Return>", lambda _event: self.invoke())
        for key in ("<Down>", "<Up>"):
            self.bind(key, lambda _event: self._toggle_list())

    def show(self, view: FilterView, words: str) -> None:
        """Offer the connections of a view, with those chosen; the button says it in words."""
        self._view = view
        self.configure(text=f"{words}  ▾")
        if self._list is not None and self._list.is_open:
            self._fill()

    def close(self) -> None:
        """Put the list away."""
        if self._list is not None:
            self._list.close()

    @property
    def list(self) -> DropList[ConnectionId]:
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
