"""The pages of the menu Help: all keys, and what this program is and runs on, ready to be copied into a report."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from core.text_safety import TextSafety
from gui.keys import topics
from gui.theme.theme import Theme
from gui.widgets.small_window import SmallPage, copy_text, facts

_KEYS_SIZE = (1000, 640)  # at 96 dots an inch
_ONE_COLUMN = 720  # narrower than that, the topics stand under each other
_GAP, _BEHIND, _MARGINS = 12, 20, 36  # the same: between key and words, behind these, beside the page


class KeysPage(SmallPage):
    """What every key does, by topic; F1 puts it away too."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, theme, "Keys", size=_KEYS_SIZE, also_closes="<F1>")
        self._columns = [ttk.Frame(self.body, style="Window.TFrame") for _ in range(2)]
        self._words: list[tuple[ttk.Label, ttk.Label]] = []  # a key and what it does
        self._topics = [self._topic(title, rows) for title, rows in topics()]
        self._shown = 0
        self._arrange(2)
        self.body.bind("<Configure>", self._fit, add=True)
        self.open()

    def _topic(self, title: str, rows: tuple[tuple[str, str], ...]) -> ttk.Frame:
        px = self.theme.px
        frame = ttk.Frame(self.body, style="Window.TFrame", padding=(0, 0, px(_BEHIND), px(14)))
        ttk.Label(frame, text=title, style="Window.Strong.TLabel").grid(
            row=0, column=0, columnspan=2, sticky="w", pady=(0, px(4))
        )
        for row, (key, does) in enumerate(rows, 1):
            label = ttk.Label(frame, text=key, style="Key.TLabel", anchor="center")
            words = ttk.Label(frame, text=does, style="Window.TLabel", justify="left")
            label.grid(row=row, column=0, sticky="ew", pady=px(1))
            words.grid(row=row, column=1, sticky="w", padx=(px(_GAP), 0), pady=px(3))
            self._words.append((label, words))
        return frame

    def _fit(self, event: tk.Event[tk.Misc]) -> None:
        """Have as many columns as there is room for, and no sentence wider than its own."""
        columns = 1 if event.width < self.theme.px(_ONE_COLUMN) else 2
        self._arrange(columns)
        px = self.theme.px
        room = (event.width - px(_MARGINS)) // columns - px(_GAP + _BEHIND)
        for frame in self._topics:
            keys = max((key.winfo_reqwidth() for key, _words in self._words if key.master is frame), default=0)
            for key, words in self._words:
                if key.master is frame:
                    words.configure(wraplength=max(px(80), room - keys))

    def _arrange(self, columns: int) -> None:
        """Put the topics into so many columns, of about the same height."""
        if columns == self._shown:
            return
        self._shown = columns
        rows = [len(frame.winfo_children()) for frame in self._topics]
        height = sum(rows) / columns
        for place, frame in enumerate(self._topics):
            column = int((sum(rows[:place]) + rows[place] / 2) / height)
            frame.pack(in_=self._columns[column], anchor="w")
        self.body.columnconfigure((0, 1), weight=0, uniform="")
        self.body.columnconfigure(tuple(range(columns)), weight=1, uniform="columns")
        for column, holder in enumerate(self._columns):
            holder.grid(row=0, column=column, sticky="nw")
            if column >= columns:
                holder.grid_remove()


_ABOUT_SIZE = (480, 420)  # at 96 dots an inch


class AboutPage(SmallPage):
    """``rows`` are names and what there is to say of them; Copy takes them all."""

    def __init__(self, parent: tk.Misc, theme: Theme, sentence: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent, theme, "About Tincan", size=_ABOUT_SIZE)
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
        self.copy = self.button("Copy", lambda: copy_text(self.text, self.copy))
        self.open()

    @property
    def text(self) -> str:
        """What Copy copies."""
        return "\n".join(f"{name}: {words}" for name, words in self._rows)
