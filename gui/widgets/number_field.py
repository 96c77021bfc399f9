"""A number to type, with the words around it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.debounce import Debounce
from gui.widgets.line_field import LineField


class Measure(ttk.Frame):
    """A number to type with the words behind it; ``on_edit`` is called when it changes."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: str,
        on_edit: Callable[[], None],
        *,
        before: str = "",
        ground: str = "Window",
        width: int = 9,
    ) -> None:
        super().__init__(parent, style=f"{ground}.TFrame")
        if before:
            ttk.Label(self, text=before, style=f"{ground}.TLabel").pack(side="left", padx=(0, theme.px(8)))
        self.field = LineField(self, theme, self._soon, width=width)
        self.field.configure(justify="right")
        self.field.pack(side="left", fill="y")
        ttk.Label(self, text=words, style=f"{ground}.TLabel").pack(side="left", padx=(theme.px(8), 0))
        self._edited = Debounce(self, on_edit)

    def read(self, read: Callable[[str], object]) -> str:
        """Why ``read`` refuses what is typed, and mark it then; empty if it does not."""
        try:
            read(self.field.text)
        except ValueError as error:
            self.field.refuse()
            return str(error)
        self.field.accept()
        return ""

    def _soon(self, _text: str) -> None:
        self._edited.ask(0)  # when the field has it
