"""The menu of macros beside the message field: what each is for, and what it would become there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.drafting import MacroRow

_SEVERAL = {
    "counter": "The number of the message, in several forms.",
    "time": "The time when the message goes out.",
    "length": "How many bytes follow.",
    "xor": "All bytes before it combined by exclusive or.",
}


class MacroMenu(ttk.Button):
    """``macros`` gives its rows each time it opens; ``on_choose`` gets what is to be put into the field."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        macros: Callable[[], Sequence[MacroRow]],
        on_choose: Callable[[str], None],
    ) -> None:
        super().__init__(parent, text="Macros  ▾", command=self.open, width=0, style="Composer.Quiet.TButton")
        self._theme = theme
        self._macros, self._on_choose = macros, on_choose
        self.menu = tk.Menu(self, tearoff=False)
        self.bind("<Down>", lambda _event: self.open())
        self.bind("<Return>", lambda _event: self.open())

    def open(self) -> None:
        """Open the menu above or below the button, wherever there is room."""
        self.fill()
        below = self.winfo_rooty() + self.winfo_height()
        height = self.menu.winfo_reqheight()
        above = self.winfo_rooty() - height
        self.menu.tk_popup(self.winfo_rootx(), below if below + height <= self.winfo_screenheight() else max(0, above))

    def fill(self) -> None:
        """Take in the macros and what they would become just now; several of one name have a menu of their own."""
        self.menu.delete(0, "end")
        for child in self.menu.winfo_children():
            child.destroy()
        for name, rows in groupby(self._macros(), key=lambda row: row.name):
            self._add(name, list(rows))
        self._theme.colour_menu(self.menu)

    def _add(self, name: str, rows: list[MacroRow]) -> None:
        menu = self.menu
        if len(rows) > 1:
            menu = tk.Menu(self.menu, tearoff=False)
            self.menu.add_cascade(label=f"{name}    {_SEVERAL.get(name, '')}", menu=menu)
        for row in rows:
            words = f"{row.syntax}    {row.words}"
            menu.add_command(label=words, accelerator=row.becomes, command=partial(self._on_choose, row.syntax))
