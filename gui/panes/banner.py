"""One line across the window for what concerns all of it: recording stopped, settings set aside, a fault."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from gui.theme import Theme


class Banner(ttk.Frame):
    """A sentence and buttons; there only while it has something to say. Never in the way of typing."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent)
        px = theme.px
        self.configure(padding=(px(16), px(6), px(8), px(6)))
        self._theme = theme
        self._buttons: list[ttk.Button] = []
        self.on_hush: Callable[[], None] | None = None  # called once, when the sentence is taken away
        self._sentence = ttk.Label(self, justify="left", anchor="w")
        self._sentence.pack(side="left", fill="x", expand=True)
        self.bind("<Configure>", lambda event: self._sentence.configure(wraplength=event.width - px(220)))

    def say(
        self,
        sentence: str,
        *,
        is_failure: bool = False,
        buttons: Sequence[tuple[str, Callable[[], None]]] = (),
        close_word: str = "Close",
    ) -> None:
        """Show a sentence, with buttons besides the one that takes it away."""
        kind = "Failure" if is_failure else "Notice"
        self.configure(style=f"{kind}.TFrame")
        self._sentence.configure(text=sentence, style=f"{kind}.TLabel")
        for button in self._buttons:
            button.destroy()
        words = [*buttons, (close_word, self.hush)]
        self._buttons = [ttk.Button(self, text=text, command=act, style="Quiet.TButton") for text, act in words]
        for button in reversed(self._buttons):
            button.pack(side="right", padx=(self._theme.px(4), 0))
        self.grid()

    def focus_first(self) -> None:
        """Put the focus on the first button, so that Enter or Space answers."""
        if self._buttons:
            self._buttons[0].focus_set()

    def hush(self) -> None:
        """Say nothing."""
        on_hush, self.on_hush = self.on_hush, None
        if on_hush is not None:
            on_hush()
        self._sentence.configure(text="")
        self.grid_remove()

    @property
    def sentence(self) -> str:
        """What is said just now."""
        return str(self._sentence.cget("text"))
