"""A call that waits a moment and is put off when it is asked for again."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable

from core.clock import monotonic
from gui.widgets.bindings import bind_own


class Debounce:
    """Calls ``act`` once, some milliseconds after it was last asked to; never after the widget is gone."""

    def __init__(self, widget: tk.Misc, act: Callable[[], None]) -> None:
        self._root = widget.nametowidget(".")
        self._act = act
        self._ticket = ""
        self._rings_at = self._due_at = 0.0  # when the timer goes off, and when the call is to be; the monotonic clock
        bind_own(widget, "<Destroy>", self.cancel)

    @property
    def is_due(self) -> bool:
        """Whether a call is to come."""
        return bool(self._ticket)

    def ask(self, milliseconds: int) -> None:
        """Call after that time, and not when it was asked for before.

        A timer that goes off before then is kept, and set anew for the rest: in a flood each frame asks, and to cancel
        a timer and set another takes five calls into Tk.
        """
        due_at = monotonic() + milliseconds / 1_000
        if not self._ticket or due_at < self._rings_at:
            self.cancel()
            self._set_timer(milliseconds)
            self._rings_at = due_at
        self._due_at = due_at

    def now(self) -> None:
        """Call at once, and not once more later."""
        self.cancel()
        self._act()

    def _set_timer(self, milliseconds: int) -> None:
        self._ticket = str(self._root.after(milliseconds, self._rung))

    def _rung(self) -> None:
        left = self._due_at - monotonic()
        if self._due_at == self._rings_at or left <= 0:
            self.now()
        else:
            self._rings_at = self._due_at
            self._set_timer(math.ceil(left * 1_000))

    def cancel(self) -> None:
        """Do not call."""
        ticket, self._ticket = self._ticket, ""
        if ticket:
            self._root.after_cancel(ticket)
