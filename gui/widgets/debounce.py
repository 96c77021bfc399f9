"""A call that waits a moment and is put off when it is asked for again."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from gui.widgets.bindings import bind_own


class Debounce:
    """Calls ``act`` once, some milliseconds after it was last asked to; never after the widget is gone."""

    def __init__(self, widget: tk.Misc, act: Callable[[], None]) -> None:
        self._root = widget.nametowidget(".")
        self._act = act
        self._ticket = ""
        bind_own(widget, "<Destroy>", self.cancel)

    @property
    def is_due(self) -> bool:
        """Whether a call is to come."""
        return bool(self._ticket)

    def ask(self, milliseconds: int) -> None:
        """Call after that time, and not when it was asked for before."""
        self.cancel()
        self._ticket = str(self._root.after(milliseconds, self.now))

    def now(self) -> None:
        """Call at once, and not once more later."""
        self.cancel()
        self._act()

    def cancel(self) -> None:
        """Do not call."""
        ticket, self._ticket = self._ticket, ""
        if ticket:
            self._root.after_cancel(ticket)
