"""Which part of the screens a window may take, also where there is more than one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import NamedTuple

from gui.platform.differences import HERE, WINDOWS
from gui.platform.windows import work_area


class Area(NamedTuple):
    """A part of the screens, in pixels; ``left`` and ``top`` are below 0 on a screen beside or above the first one."""

    left: int
    top: int
    width: int
    height: int

    def inside(self, x: int, y: int, wide: int, high: int) -> tuple[int, int]:
        """The place nearest to ``x`` and ``y`` where something of that size is all inside, or its upper left corner."""
        across = max(self.left, min(x, self.left + self.width - wide))
        down = max(self.top, min(y, self.top + self.height - high))
        return across, down


_NARROW = 620  # pixels at 96 dots an inch


def is_narrow(widget: tk.Misc, px: Callable[[float], int]) -> bool:
    """Whether the widget's screen is too narrow for words beside what they belong to: they stand above it there.

    ``px`` gives a distance at 96 dots an inch in pixels.
    """
    return area_of(widget).width < px(_NARROW)


def area_of(widget: tk.Misc) -> Area:
    """That of the screen with the middle of the widget's window, or of the one that it belongs to until it is shown."""
    window = widget.winfo_toplevel()
    while not window.winfo_viewable() and window.master is not None:
        window = window.master.winfo_toplevel()
    return area_at(
        window, window.winfo_rootx() + window.winfo_width() // 2, window.winfo_rooty() + window.winfo_height() // 2
    )


def area_at(window: tk.Misc, x: int, y: int) -> Area:
    """That of the screen with this place, or of the nearest one.

    On Windows it is what the taskbar leaves. Elsewhere Tk knows only all screens together: on X11 they are one to it,
    on macOS ``winfo screenwidth`` speaks of the first alone, and ``winfo vrootwidth`` of all of them.
    """
    if HERE.name == WINDOWS and (found := work_area(x, y)):
        return Area(*found)
    return Area(
        window.winfo_vrootx(), window.winfo_vrooty(),
        max(window.winfo_vrootwidth(), window.winfo_screenwidth()),
        max(window.winfo_vrootheight(), window.winfo_screenheight()),
    )  # fmt: skip
