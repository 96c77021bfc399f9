"""What differs between systems in the window, as values. No tkinter.

Everything else in ``gui`` asks here instead of looking at ``sys.platform``; ``desktop`` (the system's own programs
and colours), ``windows`` (calls to Windows itself) and ``journals.locks`` (locks of files) are the other named places.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"
_USUAL_NOTCH = 120  # what Tk calls one notch of a wheel
_OLD_NOTCH = 1  # the same on macOS before Tk 9 (https://core.tcl-lang.org/tips/doc/trunk/tip/474.md)


# The key that has each character on an American keyboard, by the number that Tk gives keys: on X11 that of Linux and 8
# more, on Windows and macOS a virtual key (which has the upper 8 of 32 bits on macOS; tk/macosx/tkMacOSXKeyboard.c).
_X11_ROWS = {10: "1234567890-=", 24: "qwertyuiop", 38: "asdfghjkl;", 52: "zxcvbnm,./"}
_X11_PLACES = {first + at: character for first, row in _X11_ROWS.items() for at, character in enumerate(row)}
_WINDOWS_PLACES = {ord(character.upper()): character for character in "abcdefghijklmnopqrstuvwxyz0123456789"} | {
    0xBA: ";", 0xBB: "=", 0xBC: ",", 0xBD: "-", 0xBE: ".", 0xBF: "/",
}  # fmt: skip
_MACOS_PLACES = dict(enumerate("asdfhgzxcv")) | {
    11: "b", 12: "q", 13: "w", 14: "e", 15: "r", 16: "y", 17: "t", 18: "1", 19: "2", 20: "3", 21: "4", 22: "6", 23: "5",
    24: "=", 25: "9", 26: "7", 27: "-", 28: "8", 29: "0", 31: "o", 32: "u", 34: "i", 35: "p", 37: "l", 38: "j", 40: "k",
    41: ";", 43: ",", 44: "/", 45: "n", 46: "m", 47: ".",
}  # fmt: skip


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
    taken_letters: frozenset[str]  # that the system itself makes something of with the modifier

    def notch(self, tk_version: float) -> int:
        """What one notch of the wheel counts in an event of that Tk."""
        return _OLD_NOTCH if self.name == MACOS and tk_version < 9 else _USUAL_NOTCH

    def place(self, keycode: int) -> str:
        """The character that an American keyboard has on the key of that number; empty for any other key."""
        if self.name == MACOS:
            return _MACOS_PLACES.get(keycode >> 24 & 0xFF, "")
        return (_WINDOWS_PLACES if self.name == WINDOWS else _X11_PLACES).get(keycode, "")


def platform_of(name: str) -> Platform:
    """The platform that Python calls ``name``; whatever is neither Windows nor macOS is like Linux."""
    if name == MACOS:
        clicks = ("<Button-2>", "<Button-3>", "<Control-Button-1>")
        return Platform(MACOS, "Command", "⌘", "⇧", 13, clicks, True, frozenset("hm"))  # hide, minimise
    kind = WINDOWS if name == WINDOWS else LINUX
    return Platform(kind, "Control", "Ctrl+", "Shift+", 10, ("<Button-3>",), False, frozenset())


HERE = platform_of(sys.platform)
