"""The menu of macros beside the message field: what each is for, and what it would become there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from gui.drafting import MacroRow
from gui.theme import Theme


class MacroMenu(ttk.Button):
    """``macros`` gives its rows each time it opens; ``on_choose`` gets what is to be put into the field."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        macros: Callable[[], Sequence[MacroRow]],
        on_choose: Callable[[str], None],
    ) -> None:
        super().__init__(parent, text="Macros  ▾", command=self.open, width=0)
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
        """Take in the macros and what they would become just now."""
        self.menu.delete(0, "end")
        before = ""
        for row in self._macros():
            if before and row.name != before:
                self.menu.add_separator()
            before = row.name
            words = f"{row.syntax}    {row.words}"
            self.menu.add_command(label=words, accelerator=row.becomes, command=partial(self._on_choose, row.syntax))
        self._theme.colour_menu(self.menu)
