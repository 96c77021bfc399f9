"""A search tells what it finds as it goes, and ends at once when nobody wants it any more."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.clock import monotonic
from core.journal.display_row import EVERYTHING, Filter
from core.journal.search import search as search_module
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import Mode, Query, compile_query
from core.journal.search.search import Progress, Search, SearchError, SearchProcess
from core.settings import Limits
from tests.support.journals import SESSION, write_journal
from tests.support.systems import only_posix

PATIENCE = 20.0  # seconds after which what a test waits for counts as never coming
SOON = 5.0  # seconds; a quarter of one where nobody else is busy
BOMB = Query("(a+)+$", Mode.REGEX)


class Teller:
    """What a view is told by its searches; ``starts`` one, and the test ends them all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[Progress] = []
        self.times: list[float] = []
        self._changed = threading.Condition()
        self.searches: list[Search] = []

    def starts(self, query: Query, entries: range, only: Filter = EVERYTHING, limits: Limits | None = None) -> Search:
        pattern = compile_query(query)
        search = Search(self.path, SESSION, pattern, only, entries, self.tell, limits or Limits())
        self.searches.append(search)
        return search

    def tell(self, progress: Progress) -> None:
        with self._changed:
            self.told.append(progress)
            self.times.append(monotonic())
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), self.told[-1:]

    def end(self) -> Progress:
        """Wait until a search is done; what it said last."""
        self.wait_until(lambda: bool(self.told) and self.told[-1].is_done)
        return self.told[-1]

    @property
    def hits(self) -> Hits:
        hits = Hits()
        for progress in self.told:
            hits.extend(progress.hits)
        return hits

    def close(self) -> None:
        for search in self.searches:
            search.cancel()
            assert search.join(PATIENCE)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of 20,000 lines on two connections, from entry 3 on."""
    path = tmp_path_factory.mktemp("many") / "many.tincan"
    write_journal(path, 20_000, connections=2, both_ways=True)
    return path


@pytest.fixture
def teller(many: Path) -> Iterator[Teller]:
    teller = Teller(many)
    yield teller
    teller.close()


@pytest.fixture
def long_line(tmp_path: Path) -> Iterator[Teller]:
    """A journal in which BOMB takes for ever."""
    path = tmp_path / "bomb.tincan"
    write_journal(path, 3, instead={1: b"a" * 60 + b"!"})
    teller = Teller(path)
    yield teller
    teller.close()


EVERY_LINE = range(20_003)


@pytest.mark.parametrize("query", [Query("LINE 000000001999"), Query("line 0+1999[0-9]", Mode.REGEX)])
def test_a_search_tells_what_it_finds_and_how_far_it_is(teller: Teller, query: Query) -> None:
    teller.starts(query, EVERY_LINE)
    last = teller.end()

    ordinals = [3 + number for number in range(19_990, 20_000)] if query.mode is Mode.REGEX else [3 + 1999]
    stop = 17
    assert list(teller.hits) == [Hit(ordinal, 0, stop) for ordinal in ordinals]
    assert (last.searched, last.total, last.count, last.failure) == (20_003, 20_003, len(ordinals), "")
    assert not last.is_full
    assert [progress.is_done for progress in teller.told] == [False] * (len(teller.told) - 1) + [True]


def test_a_view_is_told_at_most_twenty_times_a_second(teller: Teller) -> None:
    teller.starts(Query("e"), EVERY_LINE, Filter(notes=False))
    teller.end()

    gaps = [after - before for before, after in zip(teller.times, teller.times[1:-1], strict=False)]
    assert all(gap >= 0.045 for gap in gaps)
    assert len(teller.hits) == 20_000


def test_hits_beyond_a_million_are_counted_and_not_kept(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "MOST_HITS", 10_000)
    teller.starts(Query("line"), EVERY_LINE)
    last = teller.end()

    assert last.is_full
    assert last.count == 20_000
    assert [hit.ordinal for hit in teller.hits] == list(range(3, 10_003))


def test_a_regular_expression_keeps_the_filter_and_the_entries_that_were_asked_for(teller: Teller) -> None:
    only = Filter(frozenset(), notes=False)
    teller.starts(Query("^LINE 0", Mode.REGEX), range(3, 1_003), only)
    assert teller.end().count == 0
    teller.told.clear()

    teller.starts(Query("^LINE 0", Mode.REGEX), range(1_003, 2_003), Filter(sent=False))
    teller.end()

    assert [hit.ordinal for hit in teller.hits] == [3 + n for n in range(1_000, 2_000) if n // 2 % 2 == 0]
    teller.told.clear()

    teller.starts(Query("^LINE 0", Mode.REGEX, match_case=True), range(3, 1_003))
    assert teller.end().count == 0


@pytest.mark.parametrize("query", [Query("line"), Query("line", Mode.REGEX)], ids=["text", "regex"])
def test_who_cancels_a_search_is_told_nothing_more_and_soon_rid_of_it(teller: Teller, query: Query) -> None:
    search = teller.starts(query, EVERY_LINE)
    began = monotonic()
    search.cancel()
    returned = monotonic() - began

    assert search.join(PATIENCE)
    assert returned < SOON
    assert not any(progress.is_done for progress in teller.told)
    search.cancel()


@pytest.mark.case("C-54")
def test_a_search_in_the_middle_of_a_large_entry_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "large.tincan"
    write_journal(path, 1, instead={0: b"ab" * (24 << 20)})
    teller = Teller(path)
    search = teller.starts(Query("abababab"), range(3))
    teller.wait_until(lambda: teller.told[-1].count > 0 if teller.told else False)
    began = monotonic()
    search.cancel()

    assert search.join(PATIENCE)
    assert monotonic() - began < SOON
    assert not teller.told[-1].is_done


@pytest.mark.case("C-86")
class TestAPatternThatTakesForEver:
    def test_is_ended_when_nothing_moves_any_more(self, long_line: Teller) -> None:
        long_line.starts(BOMB, range(5), limits=Limits(search=0.5))
        last = long_line.end()

        assert "takes too long: nothing moved for 0.5 s" in last.failure

    def test_can_be_cancelled(self, long_line: Teller) -> None:
        search = long_line.starts(BOMB, range(5))
        long_line.wait_until(lambda: search_is_running(search))
        began = monotonic()
        search.cancel()

        assert search.join(PATIENCE)
        assert monotonic() - began < SOON
        assert not any(progress.is_done for progress in long_line.told)

    def test_holds_nobody_else_up(self, long_line: Teller) -> None:
        long_line.starts(BOMB, range(5))
        plain = long_line.starts(Query("aaa!"), range(5))

        assert plain.join(PATIENCE)
        assert long_line.end().count == 1

    @only_posix("Windows has no SIGKILL to end this process with")
    def test_does_not_outlive_a_program_that_was_killed(self, long_line: Teller) -> None:
        """The process ends by itself, with nobody there to end it."""
        process = SearchProcess(long_line.path, SESSION, BOMB, EVERYTHING, range(5), 0.5)
        try:
            assert process._process.wait(PATIENCE) == 1
        finally:
            process.close()


def test_a_fault_of_our_own_is_told_and_logged(
    teller: Teller, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(search_module, "find", broken)
    teller.starts(Query("line"), EVERY_LINE)

    assert "something went wrong inside Tincan (ZeroDivisionError)" in teller.end().failure
    assert [record.getMessage() for record in logged_errors] == ["fault in search many.tincan session 1"]
    logged_errors.clear()


def search_is_running(search: Search) -> bool:
    return search._process is not None


def test_a_search_that_is_ended_from_outside_says_so(long_line: Teller) -> None:
    process = SearchProcess(long_line.path, SESSION, BOMB, EVERYTHING, range(5), 30)
    process.end()
    try:
        with pytest.raises(SearchError, match="ended from outside"):
            list(process)
    finally:
        process.close()


def test_a_search_that_cannot_be_started_says_so(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.search.search.command_line", lambda: ["/not/there"])
    teller.starts(Query("a", Mode.REGEX), EVERY_LINE)

    assert "could not be started" in teller.end().failure


@pytest.mark.parametrize("script", ["print('nonsense')", "print('[1, [2], [3]]')", "print('[]')", "print('{}')"])
def test_an_answer_that_makes_no_sense_is_no_answer(
    teller: Teller, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr("core.journal.search.search.command_line", lambda: [sys.executable, "-c", script])
    teller.starts(Query("a", Mode.REGEX), EVERY_LINE)

    assert "makes no sense" in teller.end().failure


@pytest.mark.parametrize("mode", [Mode.TEXT, Mode.REGEX])
@pytest.mark.parametrize("content", [None, b"no journal"], ids=["gone", "foreign"])
@pytest.mark.case("C-62")
def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path, mode: Mode, content: bytes | None) -> None:
    path = tmp_path / "gone.tincan"
    if content is not None:
        path.write_bytes(content)
    teller = Teller(path)
    search = teller.starts(Query("a", mode), range(5))

    assert search.join(PATIENCE)
    assert str(path) in teller.told[-1].failure
    assert teller.told[-1].is_done


def test_the_process_of_a_search_is_found_wherever_this_one_was_started(
    teller: Teller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    teller.starts(Query("--count", Mode.REGEX), EVERY_LINE)  # what looks like an option is none

    assert teller.end().failure == ""
