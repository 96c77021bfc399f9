"""The mouse's wheel and the trackpad, as whole rows, the same on each system."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from gui.platform.differences import HERE

_TRACKPAD = 16  # pixels of a trackpad that are a row, about


def bind_wheel(widget: tk.Misc, scroll: Callable[[int], None], rows: int = 3) -> None:
    """Call ``scroll`` with how many rows to go down; one notch is ``rows`` of them."""
    left_over = 0.0

    def turn(turned: float) -> str:
        nonlocal left_over
        left_over += turned
        whole = int(left_over)
        left_over -= whole
        if whole:
            scroll(whole)
        return "break"

    notch = HERE.notch(tk.TkVersion)
    widget.bind("<MouseWheel>", lambda event: turn(-event.delta / notch * rows))
    widget.bind("<Button-4>", lambda _event: turn(-rows))
    widget.bind("<Button-5>", lambda _event: turn(rows))
    if tk.TkVersion >= 9:  # the lower half of its number is how far, in pixels
        widget.bind("<TouchpadScroll>", lambda event: turn(-_signed(event.delta) / _TRACKPAD))


def _signed(packed: int) -> int:
    low = packed & 0xFFFF
    return low - 0x10000 if low & 0x8000 else low
