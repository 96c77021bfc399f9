"""The rules that come with Tincan: ``letter``, ``echo``, ``room`` and ``none``."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import NamedTuple, Protocol

from core.errors import TincanError, quoted

GREETING = b"type the message"
GOODBYE = b"stop"


class Answer(NamedTuple):
    """What becomes of one message. ``goodbye`` ends the connection that said it."""

    to_sender: bytes | None = None
    to_others: bytes | None = None
    goodbye: bool = False


class Reply(Protocol):
    """A rule: given a message, what to answer.

    ``greeting`` goes to whoever connects. A rule that ``waits_for_a_person`` answers nothing by
    itself, so a peer that has finished sending is still worth keeping for a while.
    """

    name: str
    greeting: bytes | None
    waits_for_a_person: bool

    def answer(self, message: bytes) -> Answer:
        """Say what to answer to a whole message."""
        ...


def _random_letter() -> str:
    return random.choice(string.ascii_letters)  # noqa: S311 - a toy's letter, not a secret


class Letter:
    """The tutorial's server: a greeting, a random ASCII letter for every message, an end on ``stop``."""

    name = "letter"
    greeting: bytes | None = GREETING
    waits_for_a_person = False

    def __init__(self, choose: Callable[[], str] = _random_letter) -> None:
        self._choose = choose

    def answer(self, message: bytes) -> Answer:
        if message == GOODBYE:
            return Answer(goodbye=True)
        return Answer(to_sender=self._choose().encode("ascii"))


class Echo:
    """Every message goes back to who sent it."""

    name = "echo"
    greeting: bytes | None = None
    waits_for_a_person = False

    def answer(self, message: bytes) -> Answer:
        return Answer(message)


class Room:
    """What one says, all others get."""

    name = "room"
    greeting: bytes | None = None
    waits_for_a_person = False

    def answer(self, message: bytes) -> Answer:
        return Answer(to_others=message)


class Nothing:
    """Only the person answers."""

    name = "none"
    greeting: bytes | None = None
    waits_for_a_person = True

    def answer(self, message: bytes) -> Answer:  # noqa: ARG002 - the rule's signature
        return Answer()


_RULES: dict[str, Callable[[], Reply]] = {"letter": Letter, "echo": Echo, "room": Room, "none": Nothing}
REPLIES = tuple(_RULES)


def make_reply(name: str) -> Reply:
    """Make the rule of that name. Raises ``TincanError`` for a name that is not in ``REPLIES``."""
    rule = _RULES.get(name)
    if rule is None:
        raise TincanError(f"there is no reply called {quoted(name)}; there are {', '.join(REPLIES)}")
    return rule()
