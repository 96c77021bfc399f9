"""What differs between systems in the window, as values. No tkinter.

Everything else in ``gui`` asks here instead of looking at ``sys.platform``; ``desktop`` (the system's own
programs), ``system_theme`` (the system's colours) and ``journals.locks`` (locks of files) are the other named places.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"
_USUAL_NOTCH = 120  # what Tk calls one notch of a wheel
_OLD_NOTCH = 1  # the same on macOS before Tk 9 (https://core.tcl-lang.org/tips/doc/trunk/tip/474.md)


@dataclass(frozen=True, slots=True)
class Platform:
    """A system. Keys are named as Tk has them and as people read them."""

    name: str
    modifier: str  # of the program's keys
    modifier_words: str
    shift_words: str
    points: int  # of text that is neither larger nor smaller
    menu_clicks: tuple[str, ...]  # what opens a menu at the pointer
    has_application_menu: bool  # where settings, help and quitting are found, beside the program's own menus

    def notch(self, tk_version: float) -> int:
        """What one notch of the wheel counts in an event of that Tk."""
        return _OLD_NOTCH if self.name == MACOS and tk_version < 9 else _USUAL_NOTCH


def platform_of(name: str) -> Platform:
    """The platform that Python calls ``name``; whatever is neither Windows nor macOS is like Linux."""
    if name == MACOS:
        clicks = ("<Button-2>", "<Button-3>", "<Control-Button-1>")
        return Platform(MACOS, "Command", "⌘", "⇧", 13, clicks, has_application_menu=True)
    kind = WINDOWS if name == WINDOWS else LINUX
    return Platform(kind, "Control", "Ctrl+", "Shift+", 10, ("<Button-3>",), has_application_menu=False)


HERE = platform_of(sys.platform)
