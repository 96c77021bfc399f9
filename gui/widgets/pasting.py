"""The one door for what is pasted into a field: by key, menu or middle button, from this program or another."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from gui.platform.differences import HERE, WINDOWS

MOST = 4 * 1024 * 1024  # characters for the message: a mebibyte in hex, spaces included, is three
MOST_IN_LINE = 20_000  # the same for a field of one line: Tk measures all of it at each key

_NOTHING = "There is no text to paste: nothing is copied, or something that is no text."
_NOTHING_SELECTED = "There is no text to paste: nothing is selected in any program."
_TOO_LARGE = "The program in which this was copied hands it over in pieces that are too large to be pasted."
_SILENT = "The program in which this was copied does not answer."
_ONCE = (("too large", _TOO_LARGE), ("respond", _SILENT))  # words of Tk; asked again it fails as well, after 5 s

_DOOR = """
proc ::tk::GetSelection {w {sel PRIMARY}} {
    lassign [%s $w $sel] is_taken text
    if {!$is_taken} {return -code error -errorcode {TK SELECTION NONE} $text}
    return $text
}
"""


class PasteError(Exception):
    """Why nothing can be pasted, as a sentence."""


def share_pasting(root: tk.Tk, refuse: Callable[[tk.Misc, str], None]) -> None:
    """Have whatever is pasted anywhere go through here; ``refuse`` gets the field and why it cannot be taken.

    Every binding by which Tk pastes, of all of its fields, takes the text from the procedure that is replaced here.
    """

    def paste(path: str, selection: str) -> tuple[bool, str]:
        try:
            widget = root.nametowidget(path)
        except KeyError:  # a field of Tk's own dialogs
            widget = root
        try:
            return True, _copied(widget, selection)
        except PasteError as error:
            refuse(widget, str(error))
            return False, ""

    root.tk.eval(_DOOR % root.register(paste))


def copied(widget: tk.Misc, selection: str) -> str:
    """The text to be pasted into a field; empty if there is none, which is said. ``selection`` is its name in X11."""
    try:
        return str(widget.tk.call("::tk::GetSelection", widget, selection))
    except tk.TclError:
        return ""


def _copied(widget: tk.Misc, selection: str) -> str:
    """What is copied or selected, wherever that is. Raises ``PasteError`` if it cannot be taken."""
    is_plain = HERE.name == WINDOWS
    why = _NOTHING if selection == "CLIPBOARD" else _NOTHING_SELECTED
    for kind in ("STRING",) if is_plain else ("UTF8_STRING", "STRING"):
        try:
            text = str(widget.tk.call("selection", "get", "-displayof", widget, "-selection", selection, "-type", kind))
        except tk.TclError as error:
            known = next((said for words, said in _ONCE if words in str(error)), "")
            if known:
                raise PasteError(known) from error
            continue
        most = MOST if isinstance(widget, tk.Text) else MOST_IN_LINE
        if len(text) > most:
            raise PasteError(f"These are {len(text):,} characters, and this field takes {most:,}.")
        return text
    raise PasteError(why)
