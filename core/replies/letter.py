"""The tutorial's server."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from core.replies import Answer, Reply

GREETING = b"type the message"
GOODBYE = b"stop"


def _random_letter() -> str:
    return random.choice(string.ascii_letters)  # noqa: S311 - a toy's letter, not a secret


class Letter(Reply):
    """A greeting, a random ASCII letter for every message, an end on ``stop``."""

    name = "letter"
    title = note = "a random letter"
    order = 1
    greeting = GREETING

    def __init__(self, choose: Callable[[], str] = _random_letter) -> None:
        self._choose = choose

    def answer(self, message: bytes) -> Answer:
        if message == GOODBYE:
            return Answer(goodbye=True)
        return Answer(to_sender=self._choose().encode("ascii"))
