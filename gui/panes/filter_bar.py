"""The strip that says which part of the conversation is shown: whose, which direction, with or without notes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING

from core.journal.passage import EVERYTHING, Filter
from core.text_safety import TextSafety
from gui.filtering import (
    FilterView,
    NumbersError,
    chosen_words,
    format_numbers,
    read_numbers,
    shown_words,
    toggled,
)
from gui.panes.controls import Toggle
from gui.panes.drop_list import DropList, Row
from gui.panes.flow import Flow
from gui.theme import Theme

if TYPE_CHECKING:
    from core.events import ConnectionId

_LEAST_WORDS = 90  # pixels at 96 dots an inch


class FilterBar(ttk.Frame):
    """``on_filter`` gets the filter whenever a person changes it; ``on_close`` takes the strip away.

    Closing shows everything again: nothing is left out by something that cannot be seen.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_filter: Callable[[Filter], None], on_close: Callable[[], None]
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(16), px(6), px(10), px(6)))
        self._on_filter, self._on_close = on_filter, on_close
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._view = FilterView()
        self._flow = Flow(self, theme)
        self.connections_button = ttk.Button(self._flow, text="All connections  ▾", command=self._drop, width=0)
        self.received = Toggle(self._flow, theme, "Received", self._switched)
        self.sent = Toggle(self._flow, theme, "Sent", self._switched)
        self.notes = Toggle(self._flow, theme, "Notes", self._switched)
        self._words = ttk.Label(self._flow, style="Window.Muted.TLabel", anchor="e")
        self.clear_button = ttk.Button(self._flow, text="Clear filter", command=self.clear, style="Bar.Quiet.TButton")
        self.close_button = ttk.Button(self._flow, text="✕", command=self.close, style="Bar.Quiet.TButton", width=0)
        self.list: DropList[ConnectionId] = DropList(
            self.connections_button, theme, all_words="All connections", on_toggle=self._toggle, on_write=self._write
        )
        self._lay_out(px(_LEAST_WORDS))
        self._bind_keys()
        self.show(self._view)

    def show(self, view: FilterView) -> None:
        """Show what there is to choose from, what is chosen, and what that comes to."""
        self._view = view
        for toggle, is_on in ((self.received, view.received), (self.sent, view.sent), (self.notes, view.notes)):
            toggle.put(is_on)
        self.connections_button.configure(text=f"{chosen_words(view)}  ▾")
        self._words.configure(text=shown_words(view))
        self.clear_button.state(["disabled" if self.filter.admits_all else "!disabled"])
        self._flow.display(self.connections_button, len(view.connections) > 1 or view.chosen is not None)
        self._flow.arrange()
        if self.list.is_open:
            self._show_list()

    @property
    def filter(self) -> Filter:
        """What the strip says."""
        view = self._view
        return Filter(view.chosen, view.received, view.sent, view.notes)

    @property
    def words(self) -> str:
        """What it says about how much is shown."""
        return str(self._words.cget("text"))

    def focus_first(self) -> None:
        """Go to the first control."""
        is_shown = self.connections_button.winfo_manager()
        (self.connections_button if is_shown else self.received).focus_set()

    def clear(self) -> None:
        """Show everything."""
        self._apply(EVERYTHING)

    def close(self) -> None:
        """Put the strip away, and the filter with it."""
        self.list.close()
        self.clear()
        self._on_close()

    def _lay_out(self, least_words: int) -> None:
        for part in (self.connections_button, self.received, self.sent, self.notes):
            self._flow.add(part)
        self._flow.add(self._words, stretch=1, least=least_words)
        self._flow.add(self.clear_button)
        self._flow.add_corner(self.close_button)
        self._flow.pack(fill="x")

    def _bind_keys(self) -> None:
        buttons = (self.connections_button, self.clear_button, self.close_button)
        for part in (*buttons, self.received, self.sent, self.notes):
            part.bind("<Escape>", lambda _event: self.close())
        for button in buttons:
            button.bind("<Return>", lambda event: event.widget.invoke())
        self.connections_button.bind("<Down>", lambda _event: self._drop())

    def _drop(self) -> None:
        if self.list.is_open:
            self.list.close()
            return
        self._show_list()
        self.list.open()

    def _show_list(self) -> None:
        view, chosen = self._view, self._view.chosen or frozenset()
        rows = [Row(row.connection, row.label, row.connection in chosen) for row in view.connections]
        self.list.show(rows, is_all=view.chosen is None, written=format_numbers(view))

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
        self._apply(replace(self.filter, connections=chosen))

    def _switched(self, _is_on: bool) -> None:
        self._apply(Filter(self._view.chosen, self.received.is_on, self.sent.is_on, self.notes.is_on))

    def _apply(self, wanted: Filter) -> None:
        """Show it at once, so that two quick changes add up, and tell; the rows follow."""
        is_new = wanted != self.filter
        self.show(
            replace(
                self._view,
                chosen=wanted.connections,
                received=wanted.received,
                sent=wanted.sent,
                notes=wanted.notes,
            )
        )
        if is_new:
            self._on_filter(wanted)
