"""Bindings that keep an event to themselves, and taking back one binding of several."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable


def breaking(act: Callable[[], object]) -> Callable[[object], str]:
    """A handler that calls ``act`` and keeps the event from the bindings that come after it (Tk's ``break``)."""

    def handle(_event: object) -> str:
        act()
        return "break"

    return handle


def unbind(widget: tk.Misc, sequence: str, binding: str) -> None:
    """Take back what ``bind(sequence, ..., add=True)`` gave, and nothing else.

    Before Python 3.13 ``Misc.unbind`` takes every binding of the sequence away, whatever it is given
    (https://github.com/python/cpython/issues/75666).
    """
    own = f'if {{"[{binding} '
    lines = str(widget.tk.call("bind", str(widget), sequence)).split("\n")
    kept = "\n".join(line for line in lines if line and not line.startswith(own))
    widget.tk.call("bind", str(widget), sequence, kept)
    widget.deletecommand(binding)
