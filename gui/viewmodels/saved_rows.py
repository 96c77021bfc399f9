"""Saved messages as the pane shows them and as the message field takes them. Values only; no tkinter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gui.viewmodels.drafting import ENCODINGS, ENDINGS, USUAL, MessageFormat

if TYPE_CHECKING:
    from core.compose import Draft, Misfit, SavedMessage
    from gui.viewmodels.saved_list import Kept

_ENCODINGS, _ENDINGS = dict(ENCODINGS), dict(ENDINGS)
_LONGEST_NAME = 40  # characters of a name that is made from the message
_LONGEST_LINE = 200  # characters of a message that a row has


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A row: which message, how it is meant, how it begins, and what there is to say of it."""

    number: int
    name: str
    tag: str
    text: str
    lesson: str = ""
    problem: str = ""


def row_of(kept: Kept, problem: str = "") -> SavedRow:
    """What there is to see of a message; ``problem`` is why it did not go out."""
    from core.compose import lesson_of

    message = kept.message
    tags = [message.format.value]
    if message.encoding.value != USUAL.encoding and message.format.value != "hex":
        tags.append(_ENCODINGS[message.encoding.value])
    if message.ending.value:
        tags.append(_ENDINGS[message.ending.name.lower()])
    text = message.text[:_LONGEST_LINE]
    if message.format.value == "escapes":
        text = text.replace("\\\n", "")  # which only breaks the line for the eye
    return SavedRow(kept.number, message.name, " · ".join(tags), text, lesson_of(message), problem)


def name_for(text: str) -> str:
    """What a message can be called that nobody has named yet: how it begins."""
    first = next((line.strip() for line in text[:_LONGEST_LINE].split("\n") if line.strip()), "message")
    return first if len(first) <= _LONGEST_NAME else first[: _LONGEST_NAME - 1] + "…"


def message_format_of(message: SavedMessage, framing: str) -> MessageFormat:
    """How the message is written; its frame is the conversation's."""
    return MessageFormat(message.format.value, message.encoding.value, message.ending.name.lower(), framing)


def message_of(name: str, text: str, message_format: MessageFormat) -> SavedMessage:
    """What is in the field, under a name. Raises ``SavedError`` if that is too long."""
    from core.compose import SavedMessage

    return SavedMessage.of(name, message_format.draft(text))


def typeable(message: SavedMessage) -> SavedMessage | Misfit:
    """The message as a field can hold it: one with characters that cannot be typed is written with escapes.

    Takes as long as composing it does.
    """
    from core.compose import Context, Format, Misfit, compose, is_typeable, rewrite

    if is_typeable(message.text):
        return message
    if message.format is Format.ESCAPES:  # of one that makes sense no backslash stands before what is written out
        found = compose(message.draft(), Context())
        return found if isinstance(found, Misfit) else replace(message, text=_escaped(message.text))
    draft = rewrite(message.draft(), Format.ESCAPES)
    return draft if isinstance(draft, Misfit) else _with_draft(message, draft)


def _with_draft(message: SavedMessage, draft: Draft) -> SavedMessage:
    return replace(message, text=draft.text, format=draft.format)


def _escaped(text: str) -> str:
    r"""Text with escapes in which what a field cannot show is written out, as ``\u{0}``."""
    return "".join(one if one.isprintable() or one in "\n\t" else f"\\u{{{ord(one):x}}}" for one in text)
