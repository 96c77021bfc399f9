"""What goes out, exactly: typed text into bytes and bytes into typed text. Pure values, no socket and no window."""

from core.compose.composing import compose, describe, is_typeable, preview, redraft, rewrite
from core.compose.draft import EVERY_VARIABLE, Composed, Context, Draft, Ending, Format, MacroSpan, Misfit
from core.compose.encoding import Decoder, Encoding
from core.compose.encoding import decode as decode_as
from core.compose.macros import CATALOGUE, MacroEntry
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
    "Composed",
    "Context",
    "Decoder",
    "Draft",
    "Encoding",
    "Ending",
    "Format",
    "MacroEntry",
    "MacroSpan",
    "Misfit",
    "SavedError",
    "SavedMessage",
    "SavedMessagesFile",
    "compose",
    "decode_as",
    "describe",
    "export_messages",
    "import_messages",
    "is_typeable",
    "lesson_of",
    "moved",
    "preview",
    "redraft",
    "rewrite",
    "starters",
    "with_imported",
]
