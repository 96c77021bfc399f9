"""What happens when nothing comes: a message ends, or the connection does. A framer has no clock, a loop has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from core.net.loop import GuardedLoop, Timer
from core.wire.messages import Framer, Message

HearMessages: TypeAlias = Callable[[list[Message]], None]


class InactivityTimer:
    """Calls ``expired`` once ``seconds`` have gone by since the latest ``restart``. The loop's thread only.

    However often it is restarted, it has one timer at a time: one for everything received would pile thousands up in
    the loop.
    """

    __slots__ = ("_expired", "_loop", "_seconds", "_since", "_timer")

    def __init__(self, loop: GuardedLoop, seconds: float, expired: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._expired = expired
        self._timer: Timer | None = None

    def restart(self) -> None:
        """Something was received."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._check)

    def stop(self) -> None:
        """Wait for nothing until ``restart``."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            self._expired()


def with_gap_timeout(framer: Framer, loop: GuardedLoop, hear: HearMessages) -> Framer:
    """The framer itself, or, where silence ends a message, one that has ``hear`` called with it. The loop's thread."""
    return framer if framer.silence is None else GapTimeout(framer, framer.silence, loop, hear)


class GapTimeout:
    """Finishes what another framer holds once ``silence`` seconds have gone by after the latest byte.

    After ``finish`` nothing is heard until something comes again.
    """

    def __init__(self, framer: Framer, silence: float, loop: GuardedLoop, hear: HearMessages) -> None:
        self.silence: float | None = silence
        self._framer = framer
        self._timer = InactivityTimer(loop, silence, lambda: hear(self.finish()))

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        self._timer.restart()
        return self._framer.feed(data, at)

    def finish(self) -> list[Message]:
        self._timer.stop()
        return self._framer.finish()
