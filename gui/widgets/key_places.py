"""Keys found by their place on the keyboard, where a layout has no Latin letter there or keeps its digits on Shift.

Tk knows a key by the character it gives: under a Russian layout Ctrl+C is "Ctrl+es", which nothing is bound to.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Mapping

from gui.platform.differences import HERE, WINDOWS, Platform
from gui.widgets.bindings import is_writing

_SHIFT = 0x1  # in an event's state
_FUNCTION_KEYS = range(0xFE00, 0x10000)  # keysyms of keys that write nothing, and of dead keys
_LATIN = (range(1, 0x400), range(0x1300, 0x1400), range(0x1000000, 0x1000250), range(0x1001E00, 0x1001F00))  # keysyms
# The signs that Greek, Hebrew and Arabic, here also with Shift, have where Latin layouts have letters.
_SIGNS = {
    "q": ";:/",
    "w": "'",
    "c": "}",
    "d": "]",
    "f": "[",
    "l": "/",
    "m": "'",
    "o": "×",
    "u": "`",
    "v": "{",
    "z": "~",
}
_LIGATURES = {"لا": "b"}  # two letters on one key of the Arabic layout: X11 gives them without the key's number
_NAMES = {",": "comma", ".": "period", "-": "minus", "=": "equal", ";": "semicolon", "/": "slash"}
_MODIFIERS = {"Control": {"Control"}, "Command": {"Command", "Mod1", "M1"}}  # as Tk may call them


def latin_key(keysym: int, keycode: int, state: int, platform: Platform = HERE) -> str:
    """Tk's name of the key as an American keyboard has it, if it is to be found by its place; empty if not.

    Keysym, keycode and state are an event's numbers (https://www.x.org/releases/X11R7.7/doc/xproto/x11protocol.html).
    """
    place = platform.place(keycode)
    character = chr(keysym) if 0 < keysym < 0x100 else ""
    if not place or keysym in _FUNCTION_KEYS or (character.isascii() and character.isalnum()):
        return ""
    is_latin = any(keysym in part for part in _LATIN)
    if place.isdecimal():
        return "" if is_latin and state & _SHIFT else place
    # On Windows a key has the number of its letter in any layout, and Tk 8.6 tells its character by the code page.
    is_letter = (character and character in _SIGNS.get(place, "")) or (platform.name == WINDOWS and place.isalpha())
    return _NAMES.get(place, place) if is_letter or not is_latin else ""


def bind_by_place(root: tk.Tk, first_tag: str, acts: Mapping[str, Callable[[], object]]) -> None:
    """Let the program's keys, Tk's own and the letters of menus be found by their place too.

    ``acts`` are those that are bound to ``first_tag``, by sequence.
    """
    table = {
        found: act
        for sequence, act in acts.items()
        for found in _letter_of(sequence)
        if not sequence[-2].isupper()  # that is for Caps Lock
    }

    def pressed(event: tk.Event[tk.Misc]) -> str | None:
        state, widget = int(event.state), str(event.widget)
        key = latin_key(int(event.keysym_num), int(event.keycode), state) or _LIGATURES.get(event.char, "")
        if not key or is_writing(event.char, state):
            return None
        wanted = bool(state & _SHIFT), key
        act = table.get(wanted) if first_tag in root.tk.splitlist(root.tk.call("bindtags", widget)) else None
        if act is not None:
            act()
            return "break"
        for name in root.event_info():
            if any(wanted in _letter_of(sequence) for sequence in root.event_info(name)):
                root.tk.call("event", "generate", widget, name)
                return "break"
        return None

    def place_in_menu(keysym: str, keycode: str, state: str) -> str:
        return latin_key(int(keysym), int(keycode), int(state))

    for tag in (first_tag, "all"):
        root.bind_class(tag, f"<{HERE.modifier}-Key>", pressed)
    letter = root.register(place_in_menu)
    for tag, sequence, traverse in (
        ("all", "<Alt-Key>", "tk::TraverseToMenu"),
        ("Menu", "<Key>", "tk::TraverseWithinMenu"),
    ):
        script = (
            f"set tincan_letter [{letter} %N %k %s]\nif {{$tincan_letter ne {{}}}} {{ {traverse} %W $tincan_letter }}"
        )
        root.tk.call("bind", tag, sequence, f"{script}\n{root.tk.call('bind', tag, sequence)}")


def _letter_of(sequence: str) -> Iterator[tuple[bool, str]]:
    """Whether Shift is held, and the key, of a sequence that is one key with the system's modifier for commands."""
    *modifiers, key = [part for part in sequence.strip("<>").split("-") if part != "Key"]
    held = set(modifiers) - {"Shift"}
    if len(held) == 1 and held <= _MODIFIERS[HERE.modifier]:
        is_upper = len(key) == 1 and key.isupper()
        yield "Shift" in modifiers or is_upper, key.lower() if is_upper else key
