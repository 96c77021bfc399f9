"""A strip across the window for what concerns all of it: recording stopped, settings set aside, a fault."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk

from gui.panes.wrapped import wrap_within
from gui.theme import Theme

_MOST = 3  # notices at a time; the oldest makes room


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence and the buttons that answer it, besides the one that takes it away."""

    sentence: str
    is_failure: bool = False
    buttons: tuple[tuple[str, Callable[[], None]], ...] = ()
    close_word: str = "Close"


class Banner(ttk.Frame):
    """Notices, one of each topic; there only while there are any. Never in the way of typing."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent)
        px = theme.px
        self.configure(padding=(px(16), px(6), px(8), px(6)))
        self.on_hush: Callable[[], None] | None = None  # called once, when the notices are taken away
        self._theme = theme
        self._notices: dict[str, Notice] = {}
        self._buttons: list[ttk.Button] = []
        self._words = ttk.Label(self, justify="left", anchor="w")
        self._words.pack(side="left", fill="x", expand=True)
        wrap_within(self._words, self, lambda: px(220))

    def say(self, notice: Notice, topic: str = "") -> None:
        """Show a notice in the place of an earlier one on the same topic."""
        if self._notices.get(topic) == notice:
            return
        self._notices.pop(topic, None)
        self._notices[topic] = notice
        while len(self._notices) > _MOST:
            del self._notices[next(iter(self._notices))]
        self._show(notice)

    def hush(self) -> None:
        """Say nothing."""
        on_hush, self.on_hush = self.on_hush, None
        if on_hush is not None:
            on_hush()
        self._notices.clear()
        self.grid_remove()

    def focus_first(self) -> None:
        """Put the focus on the first button, so that Enter or Space answers."""
        if self._buttons:
            self._buttons[0].focus_set()

    @property
    def sentence(self) -> str:
        """What is said just now."""
        return "\n".join(notice.sentence for notice in self._notices.values())

    def _show(self, latest: Notice) -> None:
        kind = "Failure" if any(notice.is_failure for notice in self._notices.values()) else "Notice"
        self.configure(style=f"{kind}.TFrame")
        self._words.configure(text=self.sentence, style=f"{kind}.TLabel")
        self._put_buttons((*latest.buttons, (latest.close_word, self.hush)), f"{kind}.Quiet.TButton")
        self.grid()

    def _put_buttons(self, words: Sequence[tuple[str, Callable[[], None]]], style: str) -> None:
        for button in self._buttons:
            button.destroy()
        self._buttons = [ttk.Button(self, text=text, command=act, style=style) for text, act in words]
        for button in reversed(self._buttons):
            button.bind("<Return>", lambda event: event.widget.invoke())
            button.pack(side="right", padx=(self._theme.px(4), 0))
