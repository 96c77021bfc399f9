"""Passes the progress of a task from its thread to the window: the latest only, and not too often. No tkinter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from core.clock import monotonic

_EVERY = 0.2  # seconds between two showings: what changes faster cannot be read


class Progress(Protocol):
    """The progress of a task."""

    @property
    def is_running(self) -> bool: ...


Told = TypeVar("Told", bound=Progress)


class ThrottledProgress(Generic[Told]):
    """Has ``show`` called on the window's thread for the first progress, for the latest now and then, and for the last.

    ``tell`` may be called on any one thread.

    ``post`` has a call made on the window's thread, ``later`` there after so many milliseconds.
    """

    def __init__(
        self,
        show: Callable[[Told], None],
        *,
        post: Callable[[Callable[[], None]], None],
        later: Callable[[int, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._show = show
        self._post, self._later, self._clock = post, later, clock
        self._latest: Told | None = None
        self._is_on_its_way = False
        self._not_before = 0.0

    def tell(self, told: Told) -> None:
        """Pass on the latest progress. Never waits."""
        self._latest = told  # before the look: whoever takes it after that takes this
        if not self._is_on_its_way:
            self._is_on_its_way = True
            self._post(self._arrived)

    def _arrived(self) -> None:
        early = self._not_before - self._clock()
        if early > 0 and self._latest is not None and self._latest.is_running:
            self._later(int(early * 1000) + 1, self._take)
        else:
            self._take()

    def _take(self) -> None:
        self._is_on_its_way = False  # before the look, for the same reason
        latest = self._latest
        self._not_before = self._clock() + _EVERY
        if latest is not None:
            self._show(latest)
