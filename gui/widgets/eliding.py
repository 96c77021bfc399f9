"""Words in too little room: what is cut off is told by an ellipsis."""

from __future__ import annotations

from tkinter import font as tkfont


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
