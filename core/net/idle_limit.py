"""The limit of a connection on which nothing is received."""

from __future__ import annotations

from collections.abc import Callable

from core.net.loop import GuardedLoop


class IdleLimit:
    """Calls ``expired`` once, when nothing was received for ``seconds``. The loop's thread only."""

    __slots__ = ("_expired", "_loop", "_seconds", "_since", "_timer")

    def __init__(self, loop: GuardedLoop, seconds: float, expired: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._expired = expired
        self.begin_anew()
        self._timer = loop.call_later(seconds, self._check)

    def begin_anew(self) -> None:
        """Something was received."""
        self._since = self._loop.time()

    def cancel(self) -> None:
        """There is nothing to limit any more."""
        self._timer.cancel()

    def _check(self) -> None:
        """One timer, set again: a new one for everything received would pile thousands up in the loop."""
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            self._expired()
