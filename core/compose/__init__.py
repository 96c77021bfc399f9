"""What goes out, exactly: typed text into bytes and bytes into typed text. Pure values, no socket and no window.

A name comes with its module when it is first asked for: the first paint of a window needs the tables of
``core.compose.encoding`` and nothing else of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.compose.composing import compose, describe, is_typeable, preview, redraft, rewrite
    from core.compose.draft import EVERY_VARIABLE, Composed, Context, Draft, Format, MacroSpan, Misfit
    from core.compose.encoding import Decoder, Encoding, LineEnding, decode_as, find_encoding
    from core.compose.macros import CATALOGUE, MacroEntry
    from core.compose.notations import NOTATIONS, Notation, Place, write_as, write_command
    from core.compose.saved import (
        SavedError,
        SavedMessage,
        SavedMessagesFile,
        export_messages,
        import_messages,
        lesson_of,
        moved,
        starters,
        with_imported,
    )

__all__ = [
    "CATALOGUE",
    "EVERY_VARIABLE",
    "NOTATIONS",
    "Composed",
    "Context",
    "Decoder",
    "Draft",
    "Encoding",
    "Format",
    "LineEnding",
    "MacroEntry",
    "MacroSpan",
    "Misfit",
    "Notation",
    "Place",
    "SavedError",
    "SavedMessage",
    "SavedMessagesFile",
    "compose",
    "decode_as",
    "describe",
    "export_messages",
    "find_encoding",
    "import_messages",
    "is_typeable",
    "lesson_of",
    "moved",
    "preview",
    "redraft",
    "rewrite",
    "starters",
    "with_imported",
    "write_as",
    "write_command",
]
_HOMES = ("encoding", "draft", "macros", "composing", "notations", "saved")  # the lightest first


def __getattr__(name: str) -> object:
    """The name from the first module that has it, see PEP 562."""
    for home in _HOMES if name in __all__ else ():
        module = import_module(f"{__name__}.{home}")
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
