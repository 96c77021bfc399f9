"""Bars in less room than they need."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.scrolling import Bars


def test_bars_are_as_wide_where_they_scroll_as_where_they_do_not(root: tk.Tk, theme: Theme) -> None:
    bars = Bars(root, theme)
    bars.pack(fill="x")
    ttk.Label(bars.body, text="one\ntwo\nthree\nfour").pack(fill="x")
    root.geometry("300x300")
    root.update()

    for room, scrolls in ((bars.needed, False), (bars.needed - 1, True)):
        bars.give(room)
        root.update()
        assert bool(bars._bar.winfo_ismapped()) is scrolls
        assert bars.body.winfo_width() == bars.winfo_width() == 300
