"""Who has to fit the window hears when that, or its own room, has another size."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable


def when_resized(widget: tk.Misc, fit: Callable[[], None]) -> None:
    """Call ``fit`` when the widget or its window has another size, as long as it lives."""
    window = widget.winfo_toplevel()

    def heard(event: tk.Event[tk.Misc]) -> None:
        if event.widget in (widget, window) and widget.winfo_exists():
            fit()

    widget.bind("<Configure>", heard, add=True)
    window.bind("<Configure>", heard, add=True)
