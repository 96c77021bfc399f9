"""Keys that fields and lists of one kind have everywhere, where Tk's own are those of old terminals."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from gui.platform.differences import HERE, LINUX, WINDOWS

_LINE_START, _SELECT_ALL = "<<LineStart>>", "<<SelectAll>>"
_CONTROL_A = ("<Control-a>", "<Control-Lock-A>")  # on X11 Tk goes to the start of the line there, as Emacs does
_TO_AN_END = """
%W activate {0}
%W see active
%W selection clear 0 end
%W selection set active
break
"""

_CONTROL, _ALT, _WINDOWS_ALT = 0x4, 0x8, 0x20000  # bits of an event's state; on macOS the second is Command
_ALT_GR = _CONTROL | _WINDOWS_ALT  # as Windows has it


def share_keys(root: tk.Tk) -> None:
    """Let Ctrl+A select all of a field, and Home and End go through the list that drops from a box."""
    if HERE.name == LINUX:
        root.event_delete(_LINE_START, *_CONTROL_A)
        root.event_add(_SELECT_ALL, *_CONTROL_A)
    for key, end in (("<Home>", "0"), ("<End>", "end")):
        root.tk.call("bind", "ComboboxListbox", key, _TO_AN_END.format(end))


def type_on(widget: tk.Misc, write: Callable[[str], None], back: Callable[[], None]) -> None:
    """Have what is typed or pasted into a widget that takes no text written elsewhere; Escape goes there."""

    def typed(event: tk.Event[tk.Misc]) -> str | None:
        if not is_writing(event.char, int(event.state)):
            return None
        write(event.char)
        return "break"

    def pasted(_event: object) -> str:
        back()
        focused = widget.focus_get()
        if focused is not None and focused is not widget:
            focused.event_generate("<<Paste>>")
        return "break"

    def escaped(_event: object) -> str:
        back()
        return "break"

    widget.bind("<Key>", typed, add=True)
    widget.bind("<<Paste>>", pasted, add=True)
    widget.bind("<Escape>", escaped, add=True)


def is_writing(char: str, state: int, platform: str = HERE.name) -> bool:
    """Whether a key writes something, rather than being a command; ``state`` are the modifiers, as Tk has them."""
    if not char or not char.isprintable():
        return False
    if platform == WINDOWS and state & _ALT_GR == _ALT_GR:
        return True
    return not state & (_CONTROL | (_WINDOWS_ALT if platform == WINDOWS else _ALT))
