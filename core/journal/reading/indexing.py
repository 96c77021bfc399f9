"""The thread that counts what a lens makes of a session, so that the view's own thread need not.

What it has in common with the thread of ``measuring``, how far to count and the end, is in ``Counting``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.clock import monotonic
from core.errors import reason
from core.events import SessionId
from core.journal.reading.lens import Lens, Mark
from core.journal.reading.lens_view import Growth, RowCounter
from core.journal.reading.reader import JournalReader
from core.supervision import Worker

GIVEN_WAY = 0.02  # seconds without counting after somebody asked for way
MOST_GIVEN_WAY = 0.1  # the same, however often somebody asks: who scrolls on and on wants to see what comes too
_TELL_EVERY = 0.05  # seconds, while there is much to count


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


class Indexer(Counting):
    """Counts a session's rows as far as it is told to. Every method is for any thread and returns at once.

    ``tell`` gets what was counted and ``fail`` a sentence if the journal cannot be read; both are
    called on the indexer's thread.
    """

    def __init__(
        self, path: Path, session: SessionId, lens: Lens, tell: Callable[[Growth], None], fail: Callable[[str], None]
    ) -> None:
        super().__init__(lens.since, fail)
        self._tell = tell
        self._rests_until = 0.0  # on the monotonic clock, in seconds
        count = partial(self._run, path, session, lens)
        self._worker = Worker(count, f"index of session {session}", self._failed, daemon=True).begin()

    def give_way(self) -> None:
        """Count nothing for a moment, because another thread has something to do that a person waits for.

        Whoever reads rows or draws gives the interpreter away again and again, and would wait each time.
        """
        self._rests_until = monotonic() + GIVEN_WAY

    def _run(self, path: Path, session: SessionId, lens: Lens) -> None:
        with contextlib.closing(JournalReader(path, lambda: self._closed)) as reader:
            self._count(RowCounter(reader, session, lens), lens.since)

    def _count(self, counter: RowCounter, counted: int) -> None:
        marks: list[Mark] = []
        told = monotonic()
        while (goal := self._next_goal(counted)) is not None:
            growth = counter.advance(goal)
            counted = growth.entries
            marks += growth.marks
            if counted >= goal or monotonic() - told > _TELL_EVERY:
                self._tell(growth._replace(marks=tuple(marks)))
                marks.clear()
                told = monotonic()

    def _next_goal(self, counted: int) -> int | None:
        """The same, once nobody wants way any more."""
        if super()._next_goal(counted) is None:
            return None
        with self._changed:
            latest = monotonic() + MOST_GIVEN_WAY
            while not self._closed and (rest := min(self._rests_until, latest) - monotonic()) > 0:
                self._changed.wait(rest)
            return None if self._closed else self._goal
