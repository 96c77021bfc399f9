"""Small windows beside the other: what they have in common, and pages to read, with buttons under them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.scrolling import ScrollingPage

_SMALLEST = (320, 200)  # of a page, at 96 dots an inch
_FRAME = 70  # what the window manager may add to the height, at 96 dots an inch
_COPIED = 1_500  # milliseconds for which a button says so


class SmallWindow(tk.Toplevel):
    """Belongs to the window of its parent, and is withdrawn until it is put somewhere. Escape closes it."""

    def __init__(self, parent: tk.Misc, theme: Theme, title: str) -> None:
        super().__init__(parent)
        self.withdraw()
        self.title(f"{title} — Tincan")
        self.transient(parent.winfo_toplevel())
        self.theme = theme
        self.bind("<Escape>", lambda _event: self.destroy())
        theme.subscribe(self._colour, self)

    def put_beside(self, size: tuple[int, int], smallest: tuple[int, int]) -> None:
        """Put it over the middle of the window it belongs to, no larger than the screen.

        The sizes are width and height at 96 dots an inch.
        """
        px, over = self.theme.px, self.master.winfo_toplevel()
        most = self.winfo_screenwidth(), self.winfo_screenheight() - px(_FRAME)
        wide, high = (min(px(side), room) for side, room in zip(size, most, strict=True))
        self.minsize(min(px(smallest[0]), wide), min(px(smallest[1]), high))
        x = over.winfo_rootx() + (over.winfo_width() - wide) // 2
        y = over.winfo_rooty() + (over.winfo_height() - high) // 3
        self.geometry(f"{wide}x{high}+{max(0, min(x, most[0] - wide))}+{max(0, min(y, most[1] - high))}")

    def add_foot(self) -> None:
        """Put a strip along the bottom, with the button Close at its right end."""
        px = self.theme.px
        self.foot = ttk.Frame(self, style="Window.TFrame", padding=(px(20), px(8), px(16), px(12)))
        self.close_button = self.button("Close", self.destroy)
        self.foot.pack(side="bottom", fill="x")
        ttk.Frame(self, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")

    def button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        """One more button in the strip, to the left of the others."""
        button = ttk.Button(self.foot, text=words, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="right", padx=(self.theme.px(8), 0))
        return button

    def _colour(self) -> None:
        self.configure(background=self.theme.palette.window)


class SmallPage(SmallWindow):
    """``body`` is to be filled before it opens. The ``also_closes`` key puts it away, too.

    ``size`` is width and height at 96 dots an inch; the page is no higher than what it holds.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, title: str, *, size: tuple[int, int], also_closes: str = ""
    ) -> None:
        super().__init__(parent, theme, title)
        self._size = size
        px = theme.px
        self.add_foot()
        self._page = ScrollingPage(self, theme)
        self.body = self._page.body
        self.body.configure(padding=(px(20), px(14), px(16), px(14)))
        self._page.pack(side="top", fill="both", expand=True)
        if also_closes:
            self.bind(also_closes, lambda _event: self.destroy())

    def open(self) -> None:
        """Show it, once it is filled."""
        self._page.settle()
        self.update_idletasks()
        foot = self.foot.winfo_reqheight() + self.theme.px(2)
        wide, high = self._size
        needed = int((self.body.winfo_reqheight() + foot) / self.theme.scale) + 1
        self.put_beside((wide, min(high, needed)), _SMALLEST)
        self.deiconify()
        self.close_button.focus_set()


def facts(body: ttk.Frame, theme: Theme, rows: Sequence[tuple[str, str]], first: int = 0) -> None:
    """Lines of a name and what there is to say of it."""
    px = theme.px
    body.columnconfigure(1, weight=1)
    for row, (name, words) in enumerate(rows, first):
        ttk.Label(body, text=name, style="Window.Muted.TLabel").grid(row=row, column=0, sticky="nw", pady=px(3))
        ttk.Label(body, text=words, style="Window.TLabel", justify="left").grid(
            row=row, column=1, sticky="nw", padx=(px(16), 0), pady=px(3)
        )


def copy_text(text: str, button: ttk.Button) -> None:
    """Copy a text, and have the button that was pressed say so for a moment."""
    button.clipboard_clear()
    button.clipboard_append(text)
    button.configure(text="Copied")
    # the root's, because whoever closes the program cancels what waits there
    button.nametowidget(".").after(_COPIED, partial(_say_copy, button))


def _say_copy(button: ttk.Button) -> None:
    if button.winfo_exists():
        button.configure(text="Copy")
