"""A box that offers a few things by their words and means them by their keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Choice(ttk.Combobox, Generic[Key]):
    """A read-only combobox over (key, words) pairs; ``on_choose`` gets the key the person picked."""

    def __init__(self, parent: tk.Misc, on_choose: Callable[[Key], None], *, width: int = 18) -> None:
        on_pane = str(parent.cget("style")).startswith("Pane")  # whose colour shows at the round corners
        style = "Pane.TCombobox" if on_pane else "TCombobox"
        super().__init__(parent, state="readonly", width=width, exportselection=False, style=style)
        self._offered: tuple[tuple[Key, str], ...] = ()
        self._on_choose = on_choose
        self.bind("<<ComboboxSelected>>", self._chosen)

    def offer(self, options: Sequence[tuple[Key, str]], chosen: Key) -> None:
        """Show these options with that one chosen."""
        if self._offered != tuple(options):
            self._offered = tuple(options)
            self.configure(values=[words for _key, words in options])
        place = next((i for i, (key, _words) in enumerate(self._offered) if key == chosen), 0)
        if self._offered and self.current() != place:
            self.current(place)

    @property
    def words(self) -> tuple[str, ...]:
        """What is offered, in words."""
        return tuple(words for _key, words in self._offered)

    @property
    def key(self) -> Key:
        """What is chosen."""
        return self._offered[max(0, self.current())][0]

    def _chosen(self, _event: object) -> None:
        self.selection_clear()
        self._on_choose(self.key)
