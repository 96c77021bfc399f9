"""Who wants to know when a connection has room again, or is over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from core.supervision import attempt


class Watchers:
    """Calls to make when little or nothing waits to be sent after more did, and at the end.

    ``add`` and ``remove`` are for any thread, ``tell`` and ``end`` for the loop's. A call must not block; it may
    come from either thread, and more often than is needed.
    """

    __slots__ = ("_calls", "_is_over")

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []
        self._is_over = False

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, call: Callable[[], None]) -> None:
        """Have it called from now on; now, if it is over."""
        self._calls.append(call)
        if self._is_over:  # looked at last, so that an end is seen by one of the two threads at least
            call()

    def remove(self, call: Callable[[], None]) -> None:
        """Call it no more."""
        with contextlib.suppress(ValueError):
            self._calls.remove(call)

    def tell(self) -> None:
        """There is room."""
        for call in tuple(self._calls):
            attempt("whoever watches a connection", call)

    def end(self) -> None:
        """It is over."""
        self._is_over = True
        self.tell()
