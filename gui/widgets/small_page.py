"""A small window beside the other: something to read that scrolls if it must, and buttons under it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.placement import put_beside
from gui.widgets.scrolling_page import ScrollingPage

_SMALLEST = (320, 200)  # at 96 dots an inch


class SmallPage(tk.Toplevel):
    """``fill`` builds the page into ``body``. Escape, the ``also_closes`` key or Close puts it away.

    ``size`` is width and height at 96 dots an inch; the page is no higher than what it holds.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, title: str, *, size: tuple[int, int], also_closes: str = ""
    ) -> None:
        super().__init__(parent)
        self.withdraw()
        self.title(f"{title} — Tincan")
        self.transient(parent.winfo_toplevel())
        self.theme = theme
        self._size = size
        px = theme.px
        self._foot = ttk.Frame(self, style="Window.TFrame", padding=(px(20), px(8), px(16), px(12)))
        self.close = self.button("Close", self.destroy)
        self._foot.pack(side="bottom", fill="x")
        ttk.Frame(self, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")
        self._page = ScrollingPage(self, theme)
        self.body = self._page.body
        self.body.configure(padding=(px(20), px(14), px(16), px(14)))
        self._page.pack(side="top", fill="both", expand=True)
        theme.subscribe(self._restyle, self)
        for key in filter(None, ("<Escape>", also_closes)):
            self.bind(key, lambda _event: self.destroy())

    def button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        """One more button, to the left of the others."""
        button = ttk.Button(self._foot, text=words, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="right", padx=(self.theme.px(8), 0))
        return button

    def open(self) -> None:
        """Show it, once it is filled."""
        self._page.settle()
        self.update_idletasks()
        foot = self._foot.winfo_reqheight() + self.theme.px(2)
        wide, high = self._size
        needed = int((self.body.winfo_reqheight() + foot) / self.theme.scale) + 1
        put_beside(self, self.theme, (wide, min(high, needed)), _SMALLEST)
        self.deiconify()
        self.close.focus_set()

    def _restyle(self) -> None:
        self.configure(background=self.theme.palette.window)


def facts(body: ttk.Frame, theme: Theme, rows: Sequence[tuple[str, str]], first: int = 0) -> None:
    """Lines of a name and what there is to say of it."""
    px = theme.px
    body.columnconfigure(1, weight=1)
    for row, (name, words) in enumerate(rows, first):
        ttk.Label(body, text=name, style="Window.Muted.TLabel").grid(row=row, column=0, sticky="nw", pady=px(3))
        ttk.Label(body, text=words, style="Window.TLabel", justify="left").grid(
            row=row, column=1, sticky="nw", padx=(px(16), 0), pady=px(3)
        )
