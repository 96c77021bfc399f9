"""Whom a message goes to: everyone, one, or several of the connections of a server."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.theme.theme import Theme
from gui.viewmodels.filtering import ConnectionRow, FilterView, chosen_words
from gui.views.connection_choice import ConnectionChoice

if TYPE_CHECKING:
    from core.events import ConnectionId
    from gui.widgets.drop_list import DropList


class Recipients(ttk.Frame):
    """``on_choose`` gets the connections that a person chose, None for everyone; ``show`` shows them as chosen."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, on_choose: Callable[[frozenset[ConnectionId] | None], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        ttk.Label(self, text="To", style="Pane.Muted.TLabel").pack(side="left", padx=(theme.px(2), theme.px(6)))
        self.button = ConnectionChoice(self, theme, all_words="Everyone", on_choose=on_choose)
        self.button.pack(side="left", fill="y")

    def show(self, connections: tuple[ConnectionRow, ...], chosen: frozenset[ConnectionId] | None) -> None:
        """Offer these, with those chosen."""
        view = FilterView(connections, chosen)
        self.button.show(view, f"everyone ({len(connections):,})" if chosen is None else chosen_words(view))

    @property
    def list(self) -> DropList[ConnectionId]:
        """What opens under the button."""
        return self.button.list
