"""What is drawn on a canvas."""

from __future__ import annotations

import tkinter as tk


def items_on(canvas: tk.Canvas, kind: str) -> list[int]:
    """The items of a kind, in the order in which they lie."""
    return [item for item in canvas.find_all() if str(canvas.type(item)) == kind]


def option(canvas: tk.Canvas, item: int, name: str) -> str:
    return str(canvas.tk.call(canvas, "itemcget", item, f"-{name}"))


def words_on(canvas: tk.Canvas) -> list[str]:
    return [option(canvas, item, "text") for item in items_on(canvas, "text")]
