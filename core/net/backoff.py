"""How long a client waits before it tries again."""

from __future__ import annotations

import random
from collections.abc import Callable

SHORTEST, LONGEST = 0.5, 30.0  # seconds
_SUCCESS = 1.0  # seconds that a connection has to stand
_JITTER = 0.25  # of a pause, at most: so that clients which lost their server together do not come back together


class Backoff:
    """Pauses that double from try to try. ``chance`` gives a number from 0 to 1."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next = SHORTEST

    def pause(self, stood: float = 0.0) -> float:
        """Seconds until the next try, after a connection that stood for so many seconds.

        One that stood for a second begins the pauses anew; a server that takes connections and closes them at once
        is left alone for longer and longer.
        """
        if stood >= _SUCCESS:
            self._next = SHORTEST
        pause = self._next * (1 - _JITTER * self._chance())
        self._next = min(LONGEST, 2 * self._next)
        return pause
