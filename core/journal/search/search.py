"""All that a view needs to look for something in a session: a search on a thread of its own.

What is looked for is a ``Query``, made ready by ``compile_query``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.clock import monotonic
from core.errors import reason
from core.events import SessionId
from core.journal.display_row import Filter
from core.journal.reading.reader import JournalReader
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import LONGEST_QUERY, Mode, Pattern, Query, QueryError, compile_query
from core.journal.search.search_process import SearchProcess
from core.journal.search.sweep import find
from core.settings import DEFAULTS, Limits
from core.supervision import Worker

__all__ = [
    "LONGEST_QUERY", "MOST_HITS", "Hit", "Hits", "Mode", "Pattern", "Progress", "Query", "QueryError", "Search",
    "compile_query", "find",
]  # fmt: skip

MOST_HITS = 1_000_000  # that are kept of one search; the others are counted
_TELL_EVERY = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """What was found since the last time, in the order of the journal, and how far the search is.

    ``searched`` and ``total`` are ordinals: up to before the one, and up to before the other in the end.
    """

    hits: Hits
    searched: int
    total: int
    count: int = 0  # of all hits so far, those included that are not kept
    is_done: bool = False
    failure: str = ""  # why the search ended before it was through

    @property
    def is_full(self) -> bool:
        """Whether there are more hits than are kept."""
        return self.count > MOST_HITS


class Search:
    """Looks through ``entries`` of a session for matches that end there. Any thread may call it.

    ``tell`` is called on the search's thread, at most twenty times a second and once when it is done. Who
    drops a search must ``cancel`` it: its thread is no daemon.
    """

    def __init__(
        self,
        path: Path,
        session: SessionId,
        pattern: Pattern,
        only: Filter,
        entries: range,
        tell: Callable[[Progress], None],
        limits: Limits = DEFAULTS,
    ) -> None:
        self._path, self._session, self._pattern = path, session, pattern
        self._only, self._entries, self._tell = only, entries, tell
        self._patience = limits.search
        self._count = 0
        self._lock = threading.Lock()  # guards the two below
        self._is_cancelled = False
        self._process: SearchProcess | None = None
        self._waiting, self._searched = Hits(), entries.start  # the worker's own
        self._worker = Worker(self._run, f"search {path.name} session {session}", self._fail).begin()

    def cancel(self) -> None:
        """Look no further, and tell nothing more than what is being told this moment. Returns at once."""
        with self._lock:
            self._is_cancelled = True
            process = self._process
        if process is not None:
            process.end()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it has ended."""
        return self._worker.join(timeout)

    # The search's thread.

    def _run(self) -> None:
        told = monotonic() - _TELL_EVERY  # the first news at once
        with self._ways() as found:
            for searched, hits in found:
                if self._is_cancelled:
                    return
                self._searched = searched
                self._keep(hits)
                if monotonic() - told >= _TELL_EVERY:
                    self._tell_what_came()
                    told = monotonic()
        if not self._is_cancelled:
            self._tell_what_came(is_done=True)

    def _fail(self, error: BaseException) -> None:
        if not self._is_cancelled:
            self._tell_what_came(is_done=True, failure=reason(error))

    def _tell_what_came(self, *, is_done: bool = False, failure: str = "") -> None:
        waiting, self._waiting = self._waiting, Hits()
        total = self._entries.stop
        self._tell(Progress(waiting, self._searched, total, self._count, is_done=is_done, failure=failure))

    def _keep(self, hits: Hits) -> None:
        room = max(0, MOST_HITS - self._count)
        self._waiting.extend(hits if len(hits) <= room else hits[:room])
        self._count += len(hits)

    @contextlib.contextmanager
    def _ways(self) -> Iterator[Iterable[tuple[int, Hits]]]:
        """Search here, or where it can be ended whatever it does."""
        if not self._pattern.is_dangerous:
            with contextlib.closing(JournalReader(self._path, lambda: self._is_cancelled)) as reader:
                found = find(reader, self._session, self._pattern, self._only, self._entries)
                with contextlib.closing(found):
                    yield found
            return
        process = SearchProcess(
            self._path, self._session, self._pattern.query, self._only, self._entries, self._patience
        )
        with contextlib.closing(process):
            with self._lock:
                self._process = process
            yield () if self._is_cancelled else process
