"""What the threads that count a session's entries have in common: how far they are to count, and their end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.errors import reason
from core.supervision import Worker


class Counting:
    """Counts up to an entry that is told, as often as it is told. Every public method is for any thread.

    A class of this kind begins ``_worker``, which asks ``_next_goal`` again and again, and has ``_failed`` for what the
    worker raises. ``fail`` gets a sentence, on the worker's thread.
    """

    _worker: Worker

    def __init__(self, first: int, fail: Callable[[str], None]) -> None:
        self._fail = fail
        self._goal = first  # guarded by ``_changed``, as is the next
        self._closed = False
        self._changed = threading.Condition()

    def reach(self, entries: int) -> None:
        """Count up to before this entry."""
        with self._changed:
            if entries > self._goal:
                self._goal = entries
                self._changed.notify()

    def close(self) -> None:
        """Count no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it has ended."""
        return self._worker.join(timeout)

    def _next_goal(self, counted: int) -> int | None:
        """How far to count; waits until there is something to count. None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._goal > counted)
            return None if self._closed else self._goal

    def _failed(self, error: BaseException) -> None:
        if not self._closed:
            self._fail(reason(error))
