"""Menus that tell how things stand when they open, and have a letter for each entry."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from gui.theme.theme import Theme
from gui.widgets.menu_letters import with_letters


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a menu. ``words`` may mark its letter, as ``with_letters`` takes them.

    ``mark`` is "tick" for what is on or off and "radio" for one of several; ``is_on`` whether it is marked now.
    ``entries`` are those of a submenu, asked for each time it opens.
    """

    words: str
    act: Callable[[], object] = lambda: None
    key: str = ""
    can: bool = True
    mark: Literal["", "tick", "radio"] = ""
    is_on: bool = False
    entries: Callable[[], Sequence[Entry]] | None = None

    @property
    def kind(self) -> str:
        """What Tk calls such an entry."""
        if not self.words:
            return "separator"
        if self.entries is not None:
            return "cascade"
        return {"tick": "checkbutton", "radio": "radiobutton"}.get(self.mark, "command")


SEPARATOR = Entry("")


class Menu(tk.Menu):
    """``entries`` are asked for each time it opens."""

    def __init__(self, parent: tk.Misc, theme: Theme, entries: Callable[[], Sequence[Entry]]) -> None:
        super().__init__(parent, tearoff=False, postcommand=self.fill)
        self._theme = theme
        self._ask = entries
        self._entries: Sequence[Entry] = ()
        self._submenus: list[Menu] = []
        theme.subscribe(self._restyle, self)

    def fill(self) -> None:
        """Take in the entries as they are now."""
        known, self._entries = self._entries, tuple(self._ask())
        if [each.kind for each in known] != [each.kind for each in self._entries]:
            self._make()
        on = [place for place, each in enumerate(self._entries) if each.mark == "radio" and each.is_on]
        self.setvar(f"{self}.radio", str(on[0]) if on else "")
        lettered = iter(with_letters([each.words for each in self._entries if each.words]))
        for place, each in enumerate(self._entries):
            if each.words:
                words, letter = next(lettered)
                self.entryconfigure(place, label=words, underline=letter, state="normal" if each.can else "disabled")
            if each.kind != "separator" and each.kind != "cascade":
                self.entryconfigure(place, accelerator=each.key)
            if each.mark == "tick":
                self.setvar(f"{self}.{place}", str(int(each.is_on)))

    def open(self, x: int, y: int) -> None:
        """Open it at that place of the screen."""
        self.fill()
        self.tk_popup(x, y)

    def submenu(self, entry: int) -> Menu:
        """The submenu of an entry, by its place."""
        return next(menu for menu in self._submenus if str(menu) == self.entrycget(entry, "menu"))

    def _make(self) -> None:
        """Make the entries anew: others are of another kind now."""
        self.delete(0, "end")
        for menu in self._submenus:
            menu.destroy()
        self._submenus.clear()
        for place, each in enumerate(self._entries):
            if each.kind == "separator":
                self.add_separator()
            elif each.entries is not None:
                menu = Menu(self, self._theme, partial(self._entries_below, place))
                menu.fill()
                self._submenus.append(menu)
                self.add_cascade(menu=menu)
            else:
                self.insert(place, each.kind, {"command": partial(self._chosen, place)})  # type: ignore[no-untyped-call]
                if each.mark:  # by its name: a Variable in a cycle may be collected in another thread
                    self.entryconfigure(place, {"variable": f"{self}.{'radio' if each.mark == 'radio' else place}"})
                if each.mark == "radio":
                    self.entryconfigure(place, {"value": place})

    def _entries_below(self, place: int) -> Sequence[Entry]:
        entries = self._entries[place].entries
        return entries() if entries is not None else ()

    def _chosen(self, place: int) -> None:
        self._entries[place].act()

    def _restyle(self) -> None:
        self._theme.colour_menu(self)
