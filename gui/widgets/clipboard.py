"""The clipboard, on which text of a conversation lies with the bytes that it stands for.

The bytes are there as a kind of their own, beside the text. Who pastes them elsewhere gets the text; the message
field takes the bytes, in whatever format it is, as does that of another Tincan on the same X display.
"""

from __future__ import annotations

import tkinter as tk

BYTES = "TINCAN_BYTES"


def give(widget: tk.Misc, text: str, data: bytes | None = None) -> None:
    """Put a text on the clipboard, with the bytes that it stands for."""
    widget.clipboard_clear()
    widget.clipboard_append(text)
    if data is not None:
        widget.clipboard_append(data.hex(), type=BYTES)


def bytes_there(widget: tk.Misc, selection: str = "CLIPBOARD") -> bytes | None:
    """The bytes that the text of a selection stands for, as ``PRIMARY``; None if it is only text."""
    try:
        return bytes.fromhex(str(widget.selection_get(selection=selection, type=BYTES)))  # type: ignore[no-untyped-call]
    except (tk.TclError, ValueError):  # another program's text has no such kind
        return None
