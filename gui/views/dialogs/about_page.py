"""What this program is and what it runs on, ready to be copied into a report."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.widgets.small_page import SmallPage, facts

_SIZE = (480, 420)  # at 96 dots an inch
_COPIED = 1_500  # milliseconds for which the button says so


class AboutPage(SmallPage):
    """``rows`` are names and what there is to say of them; Copy takes them all."""

    def __init__(self, parent: tk.Misc, theme: Theme, sentence: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent, theme, "About Tincan", size=_SIZE)
        px = theme.px
        safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._rows = tuple((name, safety.text(words)) for name, words in rows)  # a folder may have any name
        ttk.Label(self.body, text="Tincan", style="Window.TLabel", font=theme.title).grid(
            row=0, column=0, columnspan=2, sticky="w"
        )
        ttk.Label(self.body, text=sentence, style="Window.TLabel").grid(
            row=1, column=0, columnspan=2, sticky="w", pady=(px(2), px(12))
        )
        facts(self.body, theme, self._rows, first=2)
        self.copy = self.button("Copy", self._copy)
        self.open()

    @property
    def text(self) -> str:
        """What Copy copies."""
        return "\n".join(f"{name}: {words}" for name, words in self._rows)

    def _copy(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self.text)
        self.copy.configure(text="Copied")
        self.nametowidget(".").after(_COPIED, self._say_copy)

    def _say_copy(self) -> None:
        if self.copy.winfo_exists():
            self.copy.configure(text="Copy")
