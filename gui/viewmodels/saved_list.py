"""The saved messages: as they are being changed, as the pane shows them, and as the message field takes them.

Values only; no tkinter, no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gui.viewmodels.drafting import ENCODINGS, ENDINGS, USUAL, MessageFormat

if TYPE_CHECKING:
    from core.compose import Draft, Misfit, SavedMessage

MOST_STEPS = 100  # that can be undone

_ENCODINGS, _ENDINGS = dict(ENCODINGS), dict(ENDINGS)
_LONGEST_NAME = 40  # characters of a name that is made from the message
_LONGEST_LINE = 200  # characters of a message that a row has


class Kept(NamedTuple):
    """A message in the list. ``number`` is its own for as long as the list lives."""

    number: int
    message: SavedMessage


class _Step(NamedTuple):
    words: str
    before: tuple[Kept, ...]


class SavedList:
    """What changes the list says what it did (``last``) and can be undone. Unknown numbers change nothing."""

    def __init__(self) -> None:
        self.kept: tuple[Kept, ...] = ()
        self._steps: list[_Step] = []
        self._next = 1

    @property
    def messages(self) -> tuple[SavedMessage, ...]:
        """The messages in order."""
        return tuple(each.message for each in self.kept)

    @property
    def last(self) -> str:
        """What was done last, as a sentence; empty if nothing can be undone."""
        return self._steps[-1].words if self._steps else ""

    def find(self, number: int) -> SavedMessage | None:
        """The message of that number."""
        return next((each.message for each in self.kept if each.number == number), None)

    def place(self, number: int) -> int:
        """Where it stands, from 0; -1 if it is gone."""
        return next((place for place, each in enumerate(self.kept) if each.number == number), -1)

    def take_in(self, messages: Iterable[SavedMessage]) -> None:
        """Have these behind the others, not to be undone: they were kept before."""
        known = set(self.messages)
        self.kept += tuple(self._numbered(message) for message in messages if message not in known)

    def add(self, message: SavedMessage, words: str) -> int:
        """Put a message at the end; its number. One that is there already, by whatever name, is not put there again."""
        for each in self.kept:
            if each.message.text == message.text and replace(each.message, name=message.name) == message:
                return each.number
        kept = self._numbered(message)
        self._step(words, (*self.kept, kept))
        return kept.number

    def bring_in(self, messages: Iterable[SavedMessage], words: str) -> None:
        """Put those that the list lacks at the end, in one step."""
        known = set(self.messages)
        new = [message for message in dict.fromkeys(messages) if message not in known]
        if new:
            self._step(words, (*self.kept, *map(self._numbered, new)))

    def replace(self, number: int, message: SavedMessage, words: str) -> None:
        """Put another message in the place of one."""
        if self.find(number) not in (None, message):
            changed = Kept(number, message)
            self._step(words, tuple(changed if each.number == number else each for each in self.kept))

    def rename(self, number: int, name: str) -> None:
        """Give a message another name. Raises ``SavedError`` if it is too long."""
        message = self.find(number)
        if message is not None:
            self.replace(number, replace(message, name=name), f"“{message.name}” is called “{name}” now.")

    def delete(self, number: int) -> None:
        """Take a message out."""
        message = self.find(number)
        if message is not None:
            self._step(f"“{message.name}” was deleted.", tuple(one for one in self.kept if one.number != number))

    def move(self, number: int, to: int) -> None:
        """Have a message stand at another place, or as near as there is one."""
        place, to = self.place(number), max(0, min(to, len(self.kept) - 1))
        if place in (-1, to):
            return
        others = [*self.kept]
        others.insert(to, others.pop(place))
        self._step(f"“{self.kept[place].message.name}” was moved.", tuple(others))

    def undo(self) -> None:
        """Take back what was done last."""
        if self._steps:
            self.kept = self._steps.pop().before

    def _numbered(self, message: SavedMessage) -> Kept:
        self._next += 1
        return Kept(self._next - 1, message)

    def _step(self, words: str, kept: tuple[Kept, ...]) -> None:
        self._steps = [*self._steps[-MOST_STEPS + 1 :], _Step(words, self.kept)]
        self.kept = kept


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
    return MessageFormat.of(message, framing)


def message_of(name: str, text: str, message_format: MessageFormat) -> SavedMessage:
    """What is in the field, under a name. Raises ``SavedError`` if that is too long."""
    from core.compose import SavedMessage

    return SavedMessage.of(name, message_format.draft(text))


def typeable(message: SavedMessage) -> SavedMessage | Misfit:
    """The message as a field can hold it: one with characters that cannot be typed is written with escapes.

    Takes as long as composing it does.
    """
    from core.compose import EVERY_VARIABLE, Context, Format, Misfit, compose, is_typeable, rewrite

    if is_typeable(message.text):
        return message
    if message.format is Format.ESCAPES:  # of one that makes sense no backslash stands before what is written out
        found = compose(message.draft(), Context(variables=EVERY_VARIABLE))
        return found if isinstance(found, Misfit) else replace(message, text=_escaped(message.text))
    draft = rewrite(message.draft(), Format.ESCAPES)
    return draft if isinstance(draft, Misfit) else _with_draft(message, draft)


def _with_draft(message: SavedMessage, draft: Draft) -> SavedMessage:
    return replace(message, text=draft.text, format=draft.format)


def _escaped(text: str) -> str:
    r"""Text with escapes in which what a field cannot show is written out, as ``\u{0}``."""
    return "".join(one if one.isprintable() or one in "\n\t" else f"\\u{{{ord(one):x}}}" for one in text)
