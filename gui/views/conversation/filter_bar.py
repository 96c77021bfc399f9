"""The strip that says which part of the conversation is shown: whose, which direction, sent by whom, with notes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING

from core.journal.display_row import EVERYTHING, Filter
from gui.theme.theme import Theme
from gui.viewmodels.filtering import SPEAKERS, FilterView, chosen_words, shown_words
from gui.views.connection_choice import ConnectionChoice, DropList
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.controls import Choice, Toggle
from gui.widgets.fitting import Flow

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
        self.bind("<<Close>>", breaking(self.close))
        self._view = FilterView()
        self._flow = Flow(self, theme)
        self.connections_button = ConnectionChoice(
            self._flow, theme, all_words="All connections", on_choose=self._choose
        )
        self.received = Toggle(self._flow, theme, "Received", self._switched)
        self.sent = Toggle(self._flow, theme, "Sent", self._switched)
        self.origin: Choice[str] = Choice(
            self._flow, self._choose_origin, width=max(len(words) for _, words in SPEAKERS)
        )
        self.notes = Toggle(self._flow, theme, "Notes", self._switched)
        self._words = ttk.Label(self._flow, style="Window.Muted.TLabel", anchor="e")
        self.clear_button = ttk.Button(self._flow, text="Clear filter", command=self.clear, style="Bar.Quiet.TButton")
        self.close_button = ttk.Button(self._flow, text="✕", command=self.close, style="Bar.Quiet.TButton", width=0)
        self._lay_out(px(_LEAST_WORDS))
        self._bind_keys()
        self.show(self._view)

    def show(self, view: FilterView) -> None:
        """Show what there is to choose from, what is chosen, and what that comes to."""
        self._view = view
        for toggle, is_on in ((self.received, view.received), (self.sent, view.sent), (self.notes, view.notes)):
            toggle.put(is_on)
        others = sorted(view.origins - {key for key, _words in SPEAKERS}) if view.origins is not None else []
        offered = (*SPEAKERS, *((written, f"by {written}") for written in others))
        self.origin.offer(offered, min(view.origins or {""}))
        self.origin.state(["!disabled" if view.sent else "disabled"])
        self.connections_button.show(view, chosen_words(view))
        self._words.configure(text=shown_words(view))
        self.clear_button.state(["disabled" if self.filter.admits_all else "!disabled"])
        self._flow.display(self.connections_button, self._offers_connections)
        self._flow.arrange()

    @property
    def list(self) -> DropList:
        """What opens under the button of connections."""
        return self.connections_button.list

    @property
    def filter(self) -> Filter:
        """What the strip says."""
        view = self._view
        return Filter(view.chosen, view.received, view.sent, view.notes, view.origins)

    @property
    def words(self) -> str:
        """What it says about how much is shown."""
        return str(self._words.cget("text"))

    @property
    def _offers_connections(self) -> bool:
        """Whether there is a choice of connections; its button is laid out a moment after it is known."""
        return len(self._view.connections) > 1 or self._view.chosen is not None

    def focus_first(self) -> None:
        """Go to the first control."""
        focus_now(self.connections_button if self._offers_connections else self.received)

    def clear(self) -> None:
        """Show everything."""
        self._apply(EVERYTHING)

    def close(self) -> None:
        """Put the strip away, and the filter with it."""
        self.connections_button.close()
        self.clear()
        self._on_close()

    def _lay_out(self, least_words: int) -> None:
        for part in (self.connections_button, self.received, self.sent, self.origin, self.notes):
            self._flow.add(part)
        self._flow.add(self._words, stretch=1, least=least_words)
        self._flow.add(self.clear_button)
        self._flow.add_corner(self.close_button)
        self._flow.pack(fill="x")

    def _bind_keys(self) -> None:
        buttons = (self.connections_button, self.clear_button, self.close_button)
        for part in (*buttons, self.received, self.sent, self.origin, self.notes):
            part.bind("<Escape>", lambda _event: self.close())
        for button in buttons:
            button.bind("<Return>", lambda event: event.widget.invoke())

    def _choose(self, chosen: frozenset[ConnectionId] | None) -> None:
        self._apply(replace(self.filter, connections=chosen))

    def _switched(self, _is_on: bool) -> None:
        self._apply(replace(self.filter, received=self.received.is_on, sent=self.sent.is_on, notes=self.notes.is_on))

    def _choose_origin(self, kind: str) -> None:
        self._apply(replace(self.filter, origins=frozenset({kind}) if kind else None))

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
                origins=wanted.origins,
            )
        )
        if is_new:
            self._on_filter(wanted)
