"""Messages that end when the peer falls silent: a framer has no clock, a loop has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from core.net.loop import GuardedLoop
from core.wire.framers import Framer, Message

Hear: TypeAlias = Callable[[list[Message]], None]


def with_gap_timeout(framer: Framer, loop: GuardedLoop, hear: Hear) -> Framer:
    """The framer itself, or, where silence ends a message, one that has ``hear`` called with it. The loop's thread."""
    return framer if framer.silence is None else GapTimeout(framer, framer.silence, loop, hear)


class GapTimeout:
    """Finishes what another framer holds once ``silence`` seconds have gone by after the latest byte.

    However often something comes, one timer is all it takes. After ``finish`` nothing is heard until
    something comes again.
    """

    def __init__(self, framer: Framer, silence: float, loop: GuardedLoop, hear: Hear) -> None:
        self.silence: float | None = silence
        self._framer = framer
        self._seconds = silence
        self._loop = loop
        self._hear = hear
        self._heard_at: float | None = None  # None: nothing waits for silence
        self._is_watching = False

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        self._heard_at = self._loop.time()
        if not self._is_watching:
            self._watch(self._seconds)
        return self._framer.feed(data, at)

    def finish(self) -> list[Message]:
        self._heard_at = None
        return self._framer.finish()

    def _watch(self, seconds: float) -> None:
        self._is_watching = True
        self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._is_watching = False
        if self._heard_at is None:
            return
        left = self._heard_at + self._seconds - self._loop.time()
        if left > 0:
            self._watch(left)
        else:
            self._hear(self.finish())
