"""All that a view needs to look for something in a session: a search on a thread of its own, or in a process.

A regular expression may take for ever, and as long as it takes, no thread of its process can run: only
from outside can it be ended. The process is Tincan's own ``find``, which prints what it finds as lines
of JSON: ``[searched, [ordinal, ...], [start, ...], [stop, ...]]`` again and again, at last ``["done"]`` or
``["failed", why]``.

What is looked for is a ``Query``, made ready by ``compile_query`` (``core.journal.search.pattern``).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import monotonic
from core.command import command_line, environment
from core.compose.encoding import Encoding
from core.errors import JournalError, TincanError, reason
from core.events import SessionId
from core.journal.display_row import Filter
from core.journal.reading.reader import JournalReader
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import Pattern, Query
from core.journal.search.sweep import find
from core.settings import DEFAULTS, Limits
from core.supervision import Worker

MOST_HITS = 1_000_000  # that are kept of one search; the others are counted
_TELL_EVERY = 0.05  # seconds
if sys.platform == "win32":
    _FLAGS = subprocess.CREATE_NO_WINDOW
else:
    _FLAGS = 0


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


# The process.


class SearchError(TincanError):
    """The search ended before it was through. The message says why."""


class SearchProcess:
    """Finds a regular expression in entries of a session.

    Iterate over it, on one thread, to run it; ``end`` may be called on any. Without progress it ends by itself
    after ``patience`` seconds, even if this process has gone.
    """

    def __init__(
        self, path: Path, session: SessionId, query: Query, only: Filter, entries: range, patience: float
    ) -> None:
        """Start it. Raises ``SearchError``."""
        self._patience = patience
        try:
            self._process = subprocess.Popen(
                [*command_line(), *arguments(path, session, query, only, entries, patience)],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=_FLAGS,
            )
        except OSError as error:
            raise SearchError(f"the search could not be started: {error.strerror or error}") from error

    def __iter__(self) -> Iterator[tuple[int, Hits]]:
        """What it finds, each time with how far it is. Raises ``SearchError`` or ``JournalError``."""
        heard = monotonic()
        assert self._process.stdout is not None
        for line in self._process.stdout:
            heard = monotonic()
            said = _read(line)
            if said == ["done"]:
                return
            yield _found(said)
        if monotonic() - heard > 0.9 * self._patience:
            raise SearchError(
                f"looking for this takes too long: nothing moved for {self._patience:g} s. "
                "A repeat within a repeat, as in (a+)+, can take for ever; write it without"
            )
        raise SearchError("the search was ended from outside")

    def end(self) -> None:
        """End it at once. Harmless if it has ended."""
        self._process.kill()

    def close(self) -> None:
        """End it, and leave nothing of it behind."""
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


def arguments(path: Path, session: SessionId, query: Query, only: Filter, entries: range, patience: float) -> list[str]:
    """The command of a search whose answer is for a program."""
    wanted = {"--received": only.received, "--sent": only.sent, "--notes": only.notes}
    options = [option for option, is_wanted in wanted.items() if is_wanted]
    if only.sent and only.origins is not None:
        options += [f"--by={origin}" for origin in sorted(only.origins)]
    if only.connections is not None:
        options.append(f"--ids={','.join(map(str, sorted(only.connections)))}")
    if query.match_case:
        options.append("--match-case")
    if query.encoding is not Encoding.UTF_8:
        options.append(f"--encoding={query.encoding.value}")
    span = f"--entries={entries.start}:{entries.stop}"
    command = ["find", f"--{query.mode.value}", *options, f"--session={session}", span, f"--patience={patience:g}"]
    return [*command, "--json-lines", "--", str(path.resolve()), query.text]


def written(searched: int, hits: Hits) -> str:
    """A line that tells what was found."""
    return json.dumps([searched, *(list(column) for column in zip(*hits, strict=True))], separators=(",", ":"))


def finished() -> str:
    """The last line, if nothing went wrong."""
    return json.dumps(["done"])


def failed(why: str) -> str:
    """The last line, if something did."""
    return json.dumps(["failed", why])


def _read(line: bytes) -> list[Any]:
    try:
        said = json.loads(line)
    except ValueError:
        raise SearchError("the search gave an answer that makes no sense") from None
    if isinstance(said, list) and len(said) == 2 and said[0] == "failed":
        raise JournalError(str(said[1]))
    return said if isinstance(said, list) else []


def _found(said: list[Any]) -> tuple[int, Hits]:
    try:
        searched, *columns = said
        return int(searched), Hits(map(Hit._make, zip(*columns, strict=True)))
    except (ValueError, TypeError):
        raise SearchError("the search gave an answer that makes no sense") from None
