"""The saved messages as they are being changed, and the way back. Values only; no tkinter, no file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.compose import SavedMessage

MOST_STEPS = 100  # that can be undone


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
