"""What a server answers by itself: rules without a socket, each testable as a table.

Each kind of reply is a file in this folder: a class derived from ``Reply``, which knows the words that people read of
it. Nothing else has to be told of a new one.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from core.errors import TincanError, quoted

_rules: dict[str, type[Reply]] = {}


class Answer(NamedTuple):
    """What becomes of one message. ``goodbye`` ends the connection that said it."""

    to_sender: bytes | None = None
    to_others: bytes | None = None
    goodbye: bool = False


class Reply(ABC):
    """A rule: given a message, what to answer. Deriving a class from it makes the rule known."""

    name: ClassVar[str]  # in a program, on the command line and in a journal
    title: ClassVar[str]  # behind "Reply with"
    note: ClassVar[str]  # in a note of the journal: "replies with … from now on"
    order: ClassVar[int]  # of the choices, ascending
    to_talk: ClassVar[str] = ""  # how people can talk with each other under it; empty where they get only its answers
    greeting: ClassVar[bytes | None] = None  # goes to whoever connects
    # Whether nothing is answered by itself, so that a peer that has finished sending is worth keeping for a while.
    waits_for_a_person: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _rules[cls.name] = cls

    @abstractmethod
    def answer(self, message: bytes) -> Answer:
        """Say what to answer to a whole message."""


def all_replies() -> list[type[Reply]]:
    """Every kind of reply, in the order in which they are offered."""
    return sorted(_rules.values(), key=lambda rule: rule.order)


def find_reply(name: str) -> type[Reply] | None:
    """The kind of reply of that name; None for one that only another version knows."""
    return _rules.get(name)


def make_reply(name: str) -> Reply:
    """Make the rule of that name. Raises ``TincanError`` for a name that nobody knows."""
    rule = find_reply(name)
    if rule is None:
        names = ", ".join(known.name for known in all_replies())
        raise TincanError(f"there is no reply called {quoted(name)}; there are {names}")
    return rule()


for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")
