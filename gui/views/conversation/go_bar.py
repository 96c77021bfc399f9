"""The strip above the conversation that goes to a message by its number or its time."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.going import HINT
from gui.widgets.bindings import breaking
from gui.widgets.fields import LineField
from gui.widgets.fitting import wrap_within


class GoBar(ttk.Frame):
    """``on_go`` gets what is typed; ``on_close`` takes the strip away and gives the focus back."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_go: Callable[[str], None], on_close: Callable[[], None]
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(16), px(6), px(10), px(6)))
        self._theme = theme
        self._on_go = on_go
        ttk.Label(self, text="Go to", style="Window.Muted.TLabel").grid(row=0, column=0, padx=(0, px(8)))
        self.field = LineField(self, theme, lambda _text: self.say("", is_wrong=False), width=26)
        self.field.hint(HINT)
        self.field.grid(row=0, column=1, sticky="ew")
        self.go_button = ttk.Button(self, text="Go", command=self._go, style="Bar.Quiet.TButton", width=0)
        self.go_button.grid(row=0, column=2, padx=px(6))
        self.close_button = ttk.Button(self, text="✕", command=on_close, style="Bar.Quiet.TButton", width=0)
        self.close_button.grid(row=0, column=3)
        self.columnconfigure(1, weight=1)
        self._why = ttk.Label(self, justify="left", anchor="w")
        wrap_within(self._why, self, lambda: px(30))
        for part in (self.field, self.go_button, self.close_button):
            part.bind("<Escape>", breaking(on_close))
        for key in ("<Return>", "<KP_Enter>"):
            self.field.bind(key, breaking(self._go))
            self.go_button.bind(key, breaking(self._go))
            self.close_button.bind(key, breaking(on_close))

    @property
    def said(self) -> str:
        """The sentence below the field; empty if there is none."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def say(self, sentence: str, *, is_wrong: bool) -> None:
        """Say what is not there, or nothing."""
        if is_wrong:
            self.field.refuse()
        else:
            self.field.accept()
        self._why.configure(text=sentence, style=f"Window.{'Error' if is_wrong else 'Muted'}.TLabel")
        if sentence:
            self._why.grid(row=1, column=0, columnspan=4, sticky="ew", pady=(self._theme.px(4), 0))
        else:
            self._why.grid_remove()

    def _go(self) -> None:
        self._on_go(self.field.text)
