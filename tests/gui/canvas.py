"""What is drawn on a canvas."""

from __future__ import annotations

import tkinter as tk
from typing import Any


def items_on(canvas: tk.Canvas, kind: str) -> list[int]:
    """The items of a kind, in the order in which they lie."""
    return [item for item in canvas.find_all() if str(canvas.type(item)) == kind]


def option(canvas: tk.Canvas, item: int, name: str) -> str:
    return str(canvas.tk.call(canvas, "itemcget", item, f"-{name}"))


def words_on(canvas: tk.Canvas) -> list[str]:
    return [option(canvas, item, "text") for item in items_on(canvas, "text")]


class CountingTk:
    """Tk, with its calls counted."""

    def __init__(self, tk_app: Any) -> None:  # noqa: ANN401 - tkinter has no name for it
        self._tk, self.calls = tk_app, 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._tk, name)

    def call(self, *words: object) -> object:
        self.calls += 1
        return self._tk.call(*words)
