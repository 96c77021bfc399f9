"""Words in too little room: cut off with an ellipsis, or in lines as long as their container is wide."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk


def elided(words: str, font: tkfont.Font, room: int) -> str:
    """As much of the words as fits into so many pixels, with ``…`` behind it where that is not all."""
    if font.measure(words) <= room:
        return words
    fits, too_long = 0, len(words)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if font.measure(words[:middle].rstrip() + "…") <= room:
            fits = middle
        else:
            too_long = middle
    return words[:fits].rstrip() + "…"


_LEAST = 160  # pixels; below, a label that shrinks its container would chase it round and round


def wrap_within(label: ttk.Label, container: tk.Misc, beside: Callable[[], int]) -> None:
    """Keep the label's lines as long as the container is wide, less the pixels that are taken ``beside``."""

    def fit(event: tk.Event[tk.Misc]) -> None:
        if not label.winfo_exists():  # the container outlives it by a moment when both go
            return
        length = max(_LEAST, event.width - beside())
        if int(str(label.cget("wraplength")) or 0) != length:
            label.configure(wraplength=length)

    container.bind("<Configure>", fit, add=True)


def give_way(label: ttk.Label, bar: tk.Misc, is_roomy: Callable[[], bool]) -> None:
    """Show a label in the grid of a bar only while the window is roomy: the conversation needs some of it."""
    window = bar.winfo_toplevel()

    def make_room(event: tk.Event[tk.Misc]) -> None:
        if event.widget in (bar, window):
            (label.grid if is_roomy() else label.grid_remove)()

    bar.bind("<Map>", make_room, add=True)
    window.bind("<Configure>", make_room, add=True)
