"""Where a small window goes that belongs to another."""

from __future__ import annotations

import tkinter as tk

from gui.theme.theme import Theme

_FRAME = 70  # what the window manager may add to the height, at 96 dots an inch


def put_beside(window: tk.Toplevel, theme: Theme, size: tuple[int, int], smallest: tuple[int, int]) -> None:
    """Put the window over the middle of the one it belongs to, no larger than the screen.

    The sizes are width and height at 96 dots an inch.
    """
    px, over = theme.px, window.master.winfo_toplevel()
    most = window.winfo_screenwidth(), window.winfo_screenheight() - px(_FRAME)
    wide, high = (min(px(side), room) for side, room in zip(size, most, strict=True))
    window.minsize(min(px(smallest[0]), wide), min(px(smallest[1]), high))
    x = over.winfo_rootx() + (over.winfo_width() - wide) // 2
    y = over.winfo_rooty() + (over.winfo_height() - high) // 3
    window.geometry(f"{wide}x{high}+{max(0, min(x, most[0] - wide))}+{max(0, min(y, most[1] - high))}")
