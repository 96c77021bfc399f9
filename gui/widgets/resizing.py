"""Who has to fit the window hears when that, or its own room, has another size."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from gui.widgets.own_events import bind_own


def when_resized(widget: tk.Misc, fit: Callable[[], None]) -> None:
    """Call ``fit`` when the widget or its window has another size, as long as it lives."""
    window = widget.winfo_toplevel()

    def heard() -> None:
        if widget.winfo_exists():
            fit()

    bind_own(widget, "<Configure>", heard)
    bind_own(window, "<Configure>", heard)
