"""Labels that break their lines where their container ends."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

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
