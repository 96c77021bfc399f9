"""Copying from a Text that also holds decoration: what is there for the eye alone stays behind."""

from __future__ import annotations

import tkinter as tk

from gui.viewmodels.runs import DECOR


def text_between(text: tk.Text, first: str, last: str) -> str:
    """The characters from ``first`` to ``last`` without those tagged as decoration."""
    pieces, position = [], text.index(first)
    while found := text.tag_nextrange(DECOR, position, last):
        pieces.append(text.get(position, found[0]))
        position = found[1]
    if text.compare(position, "<", last):
        pieces.append(text.get(position, last))
    return "".join(pieces)


def selected_text(text: tk.Text) -> str:
    """What is selected, empty if nothing is."""
    ranges = text.tag_ranges("sel")
    if not ranges:
        return ""
    first = str(ranges[0])
    inside = text.tag_prevrange(DECOR, f"{first}+1c")
    if inside and text.compare(inside[1], ">", first):
        first = str(inside[1])
    return text_between(text, first, str(ranges[-1]))


def own_primary(text: tk.Text) -> None:
    """Make what X11 pastes with the middle button leave decoration out."""

    def primary(offset: str, most: str) -> str:
        return selected_text(text)[int(offset) : int(offset) + int(most)]

    for kind in ("STRING", "UTF8_STRING"):
        text.selection_handle(primary, type=kind)
