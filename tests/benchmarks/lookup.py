"""A long session looked through and cut anew: until all of it is done, alone and beside a busy thread."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from core.journal.display_row import EVERYTHING, Filter
from core.journal.reading.indexing import Indexer
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import Growth
from core.journal.search.pattern import Mode, Query, compile_query
from core.journal.search.search import Progress, Search
from gui.app import SWITCH_INTERVAL
from tests.benchmarks import report
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, take_turns
from tests.support.journals import SESSION, write_journal

_PATIENCE = 300.0  # seconds
_NEEDLE = b"a needle"
_QUERIES = {
    "text that is there once": Query("needle"),
    "the same, match case": Query("needle", match_case=True),
    "the same in hex": Query(_NEEDLE.hex(" "), Mode.HEX),
    "the same as a pattern, in a process of its own": Query("need(le|el)", Mode.REGEX),
    "text that is everywhere": Query("line"),
}
_RARE = next(iter(_QUERIES))
_LENSES = {
    "lines": Lens("line"),
    "what ends with a line feed": Lens("delimiter:0a"),
    "64 bytes each": Lens("fixed:64"),
    "what came in, as received": Lens(only=Filter(sent=False, notes=False)),
}
_CUT_INTO = next(iter(_LENSES))
_OF_THEM = 100  # beside a busy thread every entry waits for its turn


class _Journal(NamedTuple):
    path: Path
    entries: int


def find(bench: Bench) -> Outcome:
    """A session of two connections, both ways, with one needle near its end."""
    entries = bench.scale.searched
    path = bench.folder / "searched.tincan"
    first = write_journal(path, entries, connections=2, both_ways=True, instead={entries - 2: _NEEDLE})
    journal = _Journal(path, first + entries)

    queries = list(_QUERIES.items())[: 1 if bench.scale.is_brief else None]
    series = take_turns(queries, lambda query: _measure(journal, query), bench.scale.runs)
    outcome = Outcome(
        f"Looking through {entries:,} entries of 64 bytes",
        ["For", "hits", "first news, ms", "all, ms", "beside a busy thread, ms", "cancelled in, ms"],
    )
    for name, shown in series.items():
        columns = ("hits", "first", "all", "busy", "cancelled")
        outcome.rows.append([name, *(report.rate(shown, column) for column in columns)])
    outcome.keep("find", series)
    what = f"{entries:,} entries, {_RARE}"
    outcome.verdicts.append(Verdict(what, series[_RARE].median("all"), 300, " ms", at_most=True))
    worst = max(shown.worst("cancelled") for shown in series.values())
    outcome.verdicts.append(Verdict("a search cancelled, the slowest", worst, 250, " ms", at_most=True))
    return outcome


def recut(bench: Bench) -> Outcome:
    """A session as received, cut into messages by another lens: until every row is known."""
    entries = bench.scale.searched
    path = bench.folder / "recut.tincan"
    first = write_journal(path, entries, connections=2, both_ways=True)
    journal = _Journal(path, first + entries)

    lenses = list(_LENSES.items())[: 1 if bench.scale.is_brief else None]
    series = take_turns(lenses, lambda lens: _count_all(journal, lens), bench.scale.runs)
    few = f"{entries // _OF_THEM:,} of them beside a busy thread, ms"
    outcome = Outcome(f"Cutting {entries:,} entries of 64 bytes anew", ["Lens", "rows", "all, ms", few])
    for name, shown in series.items():
        outcome.rows.append([name, *(report.rate(shown, column) for column in ("rows", "all", "busy"))])
    outcome.keep("recut", series)
    what = f"{entries:,} entries cut into {_CUT_INTO}"
    outcome.verdicts.append(Verdict(what, series[_CUT_INTO].median("all"), 800, " ms", at_most=True))
    return outcome


def _count_all(journal: _Journal, lens: Lens) -> Sample:
    alone, rows = _count(journal, lens)
    few = journal._replace(entries=journal.entries // _OF_THEM)
    with _busy():
        beside, _ = _count(few, lens)
    return {"all": alone, "busy": beside, "rows": rows}


def _count(journal: _Journal, lens: Lens) -> tuple[float, int]:
    """Milliseconds until the thread that counts has told of the last row, and how many rows there are."""
    told: SimpleQueue[Growth | str] = SimpleQueue()
    began = time.perf_counter()
    indexer = Indexer(journal.path, SESSION, lens, told.put, told.put)
    indexer.reach(journal.entries)
    try:
        while True:
            growth = told.get(timeout=_PATIENCE)
            if isinstance(growth, str):
                raise CannotServe(growth)
            if growth.entries >= journal.entries:
                return (time.perf_counter() - began) * 1000, growth.rows
    except Empty:
        raise CannotServe(f"not through after {_PATIENCE:g} s") from None
    finally:
        indexer.close()
        indexer.join(_PATIENCE)


def _measure(journal: _Journal, query: Query) -> Sample:
    alone = _search(journal, query)
    with _busy():
        beside = _search(journal, query)
    return {**alone, "busy": beside["all"], "cancelled": _cancel(journal, query)}


def _search(journal: _Journal, query: Query) -> Sample:
    told: list[tuple[float, Progress]] = []
    began = time.perf_counter()
    search = Search(
        journal.path, SESSION, compile_query(query), EVERYTHING, range(journal.entries),
        lambda progress: told.append((time.perf_counter(), progress)),
    )  # fmt: skip
    if not search.join(_PATIENCE):
        search.cancel()
        raise CannotServe(f"not through after {_PATIENCE:g} s")
    at, last = told[-1]
    if last.failure:
        raise CannotServe(last.failure)
    return {"first": (told[0][0] - began) * 1000, "all": (at - began) * 1000, "hits": last.count}


def _cancel(journal: _Journal, query: Query) -> float:
    """Milliseconds until the thread of a search has ended that is told to as soon as it has said something."""
    said = threading.Event()
    search = Search(
        journal.path, SESSION, compile_query(query), EVERYTHING, range(journal.entries), lambda _progress: said.set()
    )
    said.wait(_PATIENCE)
    began = time.perf_counter()
    search.cancel()
    search.join(_PATIENCE)
    return (time.perf_counter() - began) * 1000


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    """Another thread of this process that has always something to do, and turns as short as in the program."""
    enough, before = threading.Event(), sys.getswitchinterval()

    def turn_round() -> None:
        while not enough.is_set():
            pass

    thread = threading.Thread(target=turn_round, name="busy")
    sys.setswitchinterval(SWITCH_INTERVAL)
    thread.start()
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        enough.set()
        thread.join()
