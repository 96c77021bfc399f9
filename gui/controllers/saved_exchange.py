"""Saved messages from other files and to them, away from the window's thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tkinter as tk

    from core.compose import SavedError, SavedMessage

_KINDS = (("Messages", "*.json"), ("All files", "*"))
_PROPOSED = "tincan_messages.json"


def ask_for_source(parent: tk.Misc) -> Path | None:
    """Which file is to be imported; None if a person thought better of it."""
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(parent=parent, title="Import messages", filetypes=_KINDS)
    return Path(chosen) if chosen else None


def ask_for_target(parent: tk.Misc) -> Path | None:
    """Which file is to be written."""
    from tkinter import filedialog

    chosen = filedialog.asksaveasfilename(
        parent=parent, title="Export messages", filetypes=_KINDS, defaultextension=".json", initialfile=_PROPOSED
    )
    return Path(chosen) if chosen else None


def read(path: Path) -> tuple[SavedMessage, ...] | SavedError:
    """The messages of a file, or why there are none."""
    from core.compose import SavedError, import_messages

    try:
        return import_messages(path)
    except SavedError as error:
        return error


def write(path: Path, messages: Sequence[SavedMessage]) -> SavedError | None:
    """Write the messages; the answer is why that failed."""
    from core.compose import SavedError, export_messages

    try:
        export_messages(path, messages)
    except SavedError as error:
        return error
    return None


def counted(messages: int) -> str:
    """``One message was``, ``3 messages were``."""
    return "One message was" if messages == 1 else f"{messages:,} messages were"
