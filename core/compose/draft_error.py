"""What is wrong with what was typed, and where."""

from __future__ import annotations

from core.errors import Fault, TincanError


class DraftError(TincanError):
    """What was typed cannot be sent: a sentence, and the characters ``start`` to ``stop`` that are wrong."""

    fault = Fault.PERSON

    def __init__(self, sentence: str, start: int, stop: int) -> None:
        super().__init__(sentence)
        self.start = start
        self.stop = stop


def too_long(size: int, limit: int, start: int, stop: int) -> DraftError:
    """A message of at least ``size`` bytes where ``limit`` are allowed."""
    return DraftError(
        f"This message would have {size:,} bytes or more, and no message may have more than {limit:,}.", start, stop
    )
