"""The scrollbar, keys and wheels that move through a transcript."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.widgets.bindings import breaking

if TYPE_CHECKING:
    from gui.views.conversation.transcript import Transcript

_WHEELS = ("<MouseWheel>", "<Button-4>", "<Button-5>", "<ButtonRelease-1>", "<TouchpadScroll>")


class QuietScrollbar(ttk.Scrollbar):
    """Keeps its place when there is nothing to scroll, so that what is beside it need not move, and shows nothing."""

    def set(self, first: float | str, last: float | str) -> None:
        """Show that the view has this part of the whole, each from 0 to 1."""
        is_idle = float(first) <= 0 and float(last) >= 1
        self.configure(style="Idle.Vertical.TScrollbar" if is_idle else "Vertical.TScrollbar")
        super().set(first, last)


def bind_scrolling(transcript: Transcript) -> None:
    """Bind them to the transcript's Text."""
    keys: dict[str, Callable[[], None]] = {
        "<Prior>": lambda: transcript.page(-1),
        "<Next>": lambda: transcript.page(1),
        "<Home>": transcript.to_start,
        "<End>": transcript.to_end,
        "<Up>": lambda: transcript.drag("scroll", "-2", "units"),
        "<Down>": lambda: transcript.drag("scroll", "2", "units"),
        "<Alt-Up>": lambda: transcript.step(-1),
        "<Alt-Down>": lambda: transcript.step(1),
    }
    for key, act in keys.items():
        transcript.text.bind(key, breaking(act))
    for event in _WHEELS:
        try:
            transcript.text.bind(event, transcript.scrolled_by_hand, add=True)
        except tk.TclError:  # an event that only Tk 9 has
            continue
