"""A thread that sends on somebody's behalf, and what all of its kind have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from core.clock import monotonic_ns
from core.errors import TincanError, reason
from core.events import ConnectionId, EventSink
from core.sending.plan import End
from core.supervision import Worker
from core.words import sentence

TELL_EVERY = 0.05  # seconds between two tellings of what goes on
TELL_EVERY_NS = int(TELL_EVERY * 1e9)
NOBODY_LEFT = "nobody is left to send to"


class Stopped(Exception):
    """Leaves the work of a run."""

    def __init__(self, end: End, why: str = "") -> None:
        super().__init__(why)
        self.end = end
        self.why = why


class Run(ABC):
    """Goes on, on a thread of its own, until it is done or stopped.

    ``stop``, ``wake`` and ``join`` are for any thread; none but ``join`` waits. ``sees_the_end`` if it is to go on
    until all connections are over and on record when Tincan closes.
    """

    sees_the_end = False

    def __init__(self, name: str, sink: EventSink | None) -> None:
        self._sink = sink
        self._woken = threading.Event()
        self._asked_to_stop = False
        self._worker = Worker(self._run, name, self._broke)

    # Any thread.

    @property
    def takes(self) -> frozenset[ConnectionId]:
        """The connections that it needs for itself alone."""
        return frozenset()

    @property
    def name(self) -> str:
        """What the thread is called, which says what it does."""
        return self._worker.name

    @property
    def is_over(self) -> bool:
        """Whether the thread has ended."""
        return self._worker.is_over

    def start(self) -> None:
        """Begin. Raises ``NoThread``."""
        self._worker.start()

    def stop(self) -> None:
        """End soon. Harmless when it is over."""
        self._asked_to_stop = True
        self._woken.set()

    def wake(self) -> None:
        """Look again at what it waits for."""
        self._woken.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end, so many seconds at most; whether it has ended."""
        return self._worker.join(timeout)

    # The run's thread.

    def _run(self) -> None:
        try:
            self._work()
            end, why = End.DONE, ""
        except Stopped as stopped:
            end, why = stopped.end, stopped.why
        if end is End.GONE and self._asked_to_stop:  # what it is stopped for may have ended its connection before
            end, why = End.STOPPED, ""
        self._leave(end, why)

    def _broke(self, error: BaseException) -> None:
        """Who waits for the end must hear of it, whatever it was."""
        why = reason(error)
        self._leave(End.FAILED, why if isinstance(error, TincanError) else sentence(why))

    def _pause(self, until_ns: int | None) -> None:
        """Wait until somebody wakes this run or the moment comes; raise ``Stopped`` if it has to end."""
        left = None if until_ns is None else max(0.0, (until_ns - monotonic_ns()) / 1e9)
        if self._woken.wait(left):
            self._woken.clear()  # before anything is looked at: who wakes it from now on is heard
        self._check()

    def _check(self) -> None:
        """Raise ``Stopped`` if somebody wants the end."""
        if self._asked_to_stop:
            raise Stopped(End.STOPPED)

    def _wait_for_journal(self) -> None:
        """While the journal is behind, send nothing: what is sent waits for it in memory."""
        sink = self._sink
        if sink is None:
            return
        while sink.congested:
            sink.when_relieved(self.wake)
            self._pause(None)

    @abstractmethod
    def _work(self) -> None:
        """All there is to do. Raises ``Stopped`` for another end than having done it."""

    @abstractmethod
    def _leave(self, end: End, why: str) -> None:
        """Let go of everything and tell, the last of all."""
