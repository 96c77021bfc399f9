"""The clipboard, on which text of a conversation lies with the bytes that it stands for, and the one way to paste.

The bytes are there as a kind of their own, beside the text. Who pastes them elsewhere gets the text; the message
field takes the bytes, in whatever format it is, as does that of another Tincan on the same X display.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from contextlib import suppress

from gui.platform.differences import HERE, LINUX, WINDOWS
from gui.platform.windows import is_text_copied

BYTES = "TINCAN_BYTES"
MOST = 4 * 1024 * 1024  # characters for the message: a mebibyte in hex, spaces included, is three
MOST_IN_LINE = 20_000  # the same for a field of one line: Tk measures all of it at each key
_NOTHING = "There is no text to paste: nothing is copied, or something that is no text."
_NOTHING_SELECTED = "There is no text to paste: nothing is selected in any program."
_TOO_LARGE = "The program in which this was copied hands it over in pieces that are too large to be pasted."
_SILENT = "The program in which this was copied does not answer."
_ONCE = (("too large", _TOO_LARGE), ("respond", _SILENT))  # words of Tk; asked again it fails as well, after 5 s
_TARGETS = {"type": "TARGETS"} if HERE.name == LINUX else {}  # asks for the kinds of what is copied, not for all of it
_DOOR = """
proc ::tk::GetSelection {w {sel PRIMARY}} {
    lassign [%s $w $sel] is_taken text
    if {!$is_taken} {return -code error -errorcode {TK SELECTION NONE} $text}
    return $text
}
"""


def give(widget: tk.Misc, text: str, data: bytes | None = None) -> None:
    """Put a text on the clipboard, with the bytes that it stands for."""
    widget.clipboard_clear()
    widget.clipboard_append(text)
    if data is not None:
        widget.clipboard_append(data.hex(), type=BYTES)


def is_something_there(widget: tk.Misc) -> bool:
    """Whether something is on the clipboard."""
    is_text = is_text_copied()
    if is_text is not None:
        return is_text
    with suppress(tk.TclError):
        return bool(widget.selection_get(selection="CLIPBOARD", **_TARGETS))  # type: ignore[no-untyped-call]
    return False


def bytes_there(widget: tk.Misc, selection: str = "CLIPBOARD") -> bytes | None:
    """The bytes that the text of a selection stands for, as ``PRIMARY``; None if it is only text."""
    try:
        return bytes.fromhex(str(widget.selection_get(selection=selection, type=BYTES)))  # type: ignore[no-untyped-call]
    except (tk.TclError, ValueError):  # another program's text has no such kind
        return None


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
