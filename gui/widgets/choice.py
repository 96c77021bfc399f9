"""A box that offers a few things by their words and means them by their keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

from gui.widgets.bindings import when_idle

Key = TypeVar("Key")


class Choice(ttk.Combobox, Generic[Key]):
    """A read-only combobox over (key, words) pairs; ``on_choose`` gets the key the person picked.

    What is chosen may have words of its own in the box, which say more than those by which it is offered.
    """

    def __init__(self, parent: tk.Misc, on_choose: Callable[[Key], None], *, width: int = 18) -> None:
        on_pane = str(parent.cget("style")).startswith("Pane")  # whose colour shows at the round corners
        style = "Pane.TCombobox" if on_pane else "TCombobox"
        super().__init__(parent, state="readonly", width=width, exportselection=False, style=style)
        self._offered: tuple[tuple[Key, str], ...] = ()
        self._on_choose = on_choose
        self._place, self._own = 0, ""
        self._when_closed = ""  # the Tcl command for the end of the list
        self.configure(postcommand=self._list_words)
        self.bind("<<ComboboxSelected>>", self._chosen)

    def offer(self, options: Sequence[tuple[Key, str]], chosen: Key, own: str = "") -> None:
        """Show these options with that one chosen, by its ``own`` words if it has any."""
        place = next((i for i, (key, _words) in enumerate(options) if key == chosen), 0)
        if (self._offered, self._place, self._own) != (tuple(options), place, own) or self.current() != place:
            self._offered, self._place, self._own = tuple(options), place, own
            self._show_own()

    @property
    def words(self) -> tuple[str, ...]:
        """What is offered, in words."""
        return tuple(words for _key, words in self._offered)

    @property
    def own(self) -> str:
        """The words of its own that what is chosen has; empty if it is offered by them."""
        return self._own

    @property
    def key(self) -> Key:
        """What is chosen."""
        return self._offered[max(0, self.current())][0]

    def _show_own(self) -> None:
        """The box says what is chosen in its own words, and Tk still knows which one that is."""
        words = list(self.words)
        if self._own and words:
            words[self._place] = self._own
        self.configure(values=words)
        if words:
            self.current(self._place)

    def _list_words(self) -> None:
        """The list is about to drop: it has each by the words by which it is offered."""
        if not self._own:
            return
        self.configure(values=self.words)
        self.current(self._place)
        if not self._when_closed:
            self._when_closed = self.register(self._closed)
            self.tk.call("bind", self.tk.call("ttk::combobox::PopdownWindow", self), "<Unmap>", self._when_closed)

    def _closed(self) -> None:
        """Tk tells of what was chosen only once the list is gone, so that the box must not change before."""
        when_idle(self, self._show_own_again)

    def _show_own_again(self) -> None:
        if self._own:
            self._show_own()

    def _chosen(self, _event: object) -> None:
        self.selection_clear()
        self._on_choose(self.key)
