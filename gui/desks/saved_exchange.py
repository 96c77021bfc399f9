"""Saved messages from other files and to them, away from the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import tkinter as tk

    from core.compose import SavedError, SavedMessage

_KINDS = (("Messages", "*.json"), ("All files", "*"))
_PROPOSED = "tincan_messages.json"

Found = TypeVar("Found")


def find_out(
    work: Callable[[], Found], then: Callable[[Found], None], post: Callable[[Callable[[], None]], None]
) -> None:
    """Have something worked out on a thread of its own, and what it gave taken up on the window's."""

    def job() -> None:
        found = work()
        post(lambda: then(found))

    threading.Thread(target=job, name="look after saved messages", daemon=True).start()


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
