"""Events of a widget itself, without those of everything in it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable


def bind_own(widget: tk.Misc, sequence: str, act: Callable[[], object]) -> None:
    """Call ``act`` too, without the event, when ``widget`` itself has it.

    The bindings of a window also hear the events of each widget in it: hundreds when the window closes or gets another
    size. Tcl sorts them out here, because a call of Python with an event takes it a tenth of a millisecond.
    """
    command = widget.register(act)
    widget.tk.call("bind", str(widget), sequence, f"+if {{{{%W}} eq {{{widget}}}}} {command}")
