"""One number that is wrong in a journal: whatever it is, no other page loses its place or its entries."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.events import Event
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import Recovered, recover
from core.journal.schema import FORMAT, SCHEMAS
from tests.support.damage import Cell, cell_with, page_size, small_journal
from tests.support.earlier import in_format
from tests.support.story import Story
from tests.support.systems import some

pytestmark = pytest.mark.case("C-62")

ENTRIES = 60
ONE, TWO = 2, 3  # sessions: SQLite needs no byte for the number 1
SESSION, ORDINAL, CONNECTION, WALL_NS, MONO_NS = 1, 2, 3, 5, 6  # columns

Told = dict[int, list[bytes | str]]  # what the entries of each session say, in their order


@pytest.fixture(params=some(sorted(SCHEMAS, reverse=True), least=2))
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A journal with one or two rows on each page, or more; of two sessions, one of which ends early."""
    path = tmp_path / "journal.tincan"
    one, two = Story(ONE), Story(TWO)
    writer = JournalWriter(path)
    try:
        events: list[Event] = [one.begins(), one.opens(), two.begins(), two.opens()]
        for number in range(ENTRIES):
            story = two if number in {10, 11, 12} else one
            events.append(story.hears(b"%04d" % number * (400 if number % 3 else 700)))
        for event in [*events, two.ends(), one.ends()]:
            writer.append([event], 0)
    finally:
        writer.close()
    return in_format(path, request.param) if request.param != FORMAT else path


def read(path: Path) -> Told:
    with contextlib.closing(JournalReader(path)) as reader:
        sessions = [row.session for row in reader.sessions()]
        return {
            session: [
                reader.data(session, entry.ordinal) if entry.data is not None else entry.note
                for entry in reader.read(session, 0, 1 << 40)
            ]
            for session in sessions
        }


def recovered(path: Path, whole: Iterable[int]) -> tuple[Recovered, Told]:
    """What a recovery makes of a journal with that in its file."""
    path.write_bytes(bytes(whole))
    target = path.with_name("target.tincan")
    result = recover(path, target)
    return result, read(target)


def changed(whole: bytes, place: int, value: int) -> bytes:
    """The same with another byte there."""
    assert whole[place] != value
    return whole[:place] + bytes([value]) + whole[place + 1 :]


def first_on_each_page(whole: bytes) -> list[int]:
    """The keys of entries with which pages begin."""
    cells: dict[int, Cell] = {}
    return [key for key in range(5, ENTRIES + 7) if cells.setdefault((at := cell_with(whole, key)).page, at) == at]


@pytest.mark.parametrize("key", [1, 30, 120])
def test_a_key_that_is_wrong_costs_nothing(path: Path, key: int) -> None:
    whole, before = path.read_bytes(), read(path)
    for each in first_on_each_page(whole):
        if each != key:
            result, after = recovered(path, changed(whole, cell_with(whole, each).key, key))
            assert (each, result.entries, result.lost_at_least) == (each, ENTRIES + 6, 0)
            assert after[ONE] == before[ONE]
            assert not Counter(before[TWO]) - Counter(after[TWO])  # which are in another order, then


@pytest.mark.parametrize("ordinal", [2, 30, 127])
def test_an_ordinal_that_is_wrong_costs_nothing(path: Path, ordinal: int) -> None:
    whole, before = path.read_bytes(), read(path)
    for each in first_on_each_page(whole):
        place = cell_with(whole, each).columns[ORDINAL]
        if whole[place] != ordinal:
            result, after = recovered(path, changed(whole, place, ordinal))
            assert (each, result.entries, result.lost_at_least) == (each, ENTRIES + 6, 0)
            assert after == before


@pytest.mark.parametrize("session", [ONE, 9])
def test_a_session_that_is_wrong_costs_nothing(path: Path, session: int) -> None:
    whole, before = path.read_bytes(), read(path)
    for each in first_on_each_page(whole)[1:-1]:
        place = cell_with(whole, each).columns[SESSION]
        if whole[place] != session:
            result, after = recovered(path, changed(whole, place, session))
            assert (each, result.entries, result.lost_at_least) == (each, ENTRIES + 6, 0)
            assert after == before


def test_a_row_that_claims_to_be_of_another_session_is_kept(path: Path) -> None:
    """Its ordinal may be the next of that session, so that nobody knows better."""
    whole, before = path.read_bytes(), read(path)
    for each in first_on_each_page(whole)[1:-1]:
        place = cell_with(whole, each).columns[SESSION]
        if whole[place] != TWO:
            result, after = recovered(path, changed(whole, place, TWO))
            assert (each, result.entries) == (each, ENTRIES + 6)
            told = Counter(after[ONE] + after[TWO])
            assert not Counter(before[ONE] + before[TWO]) - told
            assert result.lost_at_least <= 1


def test_the_beginning_of_another_session_changes_nothing_of_the_one_it_claims_to_be_of(tmp_path: Path) -> None:
    path = tmp_path / "journal.tincan"
    whole = small_journal(path)
    with contextlib.closing(JournalReader(path)) as reader:
        before = reader.sessions()
    begins = cell_with(whole, 10)  # a client's, whose session has the number 2
    assert whole[begins.columns[SESSION]] == before[1].session == 2

    recovered(path, changed(whole, begins.columns[SESSION], 1))

    target = path.with_name("target.tincan")
    assert find_damage(target) == ""
    with contextlib.closing(JournalReader(target)) as reader:
        assert [(row.session, row.role) for row in reader.sessions()] == [(row.session, row.role) for row in before]


@pytest.mark.parametrize("claimed", [3, 100])  # the client's connection, and nobody's
@pytest.mark.parametrize("key", [3, 8])  # how the server's began and how it ended
def test_a_note_that_claims_to_be_of_another_connection_changes_nothing_of_that(
    tmp_path: Path, key: int, claimed: int
) -> None:
    path = tmp_path / "journal.tincan"
    whole = small_journal(path)
    place = cell_with(whole, key).columns[CONNECTION]
    assert whole[place] == 2

    result, _told = recovered(path, changed(whole, place, claimed))

    assert (result.entries, result.lost_at_least) == (32, 0)
    assert find_damage(path.with_name("target.tincan")) == ""


@pytest.mark.parametrize("column", [CONNECTION, WALL_NS, MONO_NS])
def test_a_connection_or_a_time_that_is_wrong_costs_nothing(path: Path, column: int) -> None:
    whole, before = path.read_bytes(), read(path)
    for each in first_on_each_page(whole)[1:-1]:
        place = cell_with(whole, each).columns[column]
        result, after = recovered(path, changed(whole, place, whole[place] ^ 0x40))
        assert (each, result.entries, result.lost_at_least) == (each, ENTRIES + 6, 0)
        assert after == before


def test_a_pointer_to_a_row_that_is_wrong_costs_that_row_alone(path: Path) -> None:
    whole, before = path.read_bytes(), read(path)
    for key in range(6, ENTRIES + 4):
        at = cell_with(whole, key).pointer + 1
        result, after = recovered(path, changed(whole, at, whole[at] ^ 1))
        assert (key, result.entries, result.lost_at_least) == (key, ENTRIES + 5, 1)
        for session in (ONE, TWO):
            assert [each for each in before[session] if each in after[session]] == [
                each for each in after[session] if "missing here" not in str(each)
            ]


def test_a_page_that_has_too_many_pointers_costs_nothing(path: Path) -> None:
    whole, before = path.read_bytes(), read(path)
    for key in first_on_each_page(whole):
        result, after = recovered(path, changed(whole, cell_with(whole, key).page + 3, 0x20))
        assert (key, result.entries, result.lost_at_least) == (key, ENTRIES + 6, 0)
        assert after == before


def test_a_page_that_is_there_twice_gives_its_entries_once(path: Path) -> None:
    """In the place of the page of an index, or behind the last."""
    whole, before, size = path.read_bytes(), read(path), page_size(path.read_bytes())
    for key in first_on_each_page(whole):
        page = cell_with(whole, key).page
        result, after = recovered(path, whole + whole[page : page + size])
        assert (key, result.entries, result.lost_at_least) == (key, ENTRIES + 6, 0)
        assert after == before


def test_a_page_that_is_lost_is_counted_whatever_number_is_wrong_elsewhere(path: Path) -> None:
    whole, size = path.read_bytes(), page_size(path.read_bytes())
    page = cell_with(whole, 40).page
    lost = [key for key in range(1, ENTRIES + 7) if cell_with(whole, key).page == page]
    zeroed = whole[:page] + bytes(size) + whole[page + size :]
    for key in [each for each in first_on_each_page(whole)[1:-1] if abs(each - 40) > 10]:
        cell = cell_with(whole, key)
        for place in (cell.key, cell.columns[ORDINAL]):
            result, _after = recovered(path, changed(zeroed, place, whole[place] ^ 0x40))
            assert (key, result.entries, result.lost_at_least) == (key, ENTRIES + 6 - len(lost), len(lost))


@pytest.mark.parametrize("reserved", [1, 8, 16, 32])
def test_a_head_that_tells_of_reserved_bytes_that_are_not_there_is_not_believed(path: Path, reserved: int) -> None:
    small, earlier = path.with_name("small.tincan"), path.with_name("earlier.tincan")
    small_journal(small)
    small_journal(earlier)
    for each in (path, small, in_format(earlier, 3)):  # in which one row goes on on another page
        before = read(each)
        result, after = recovered(each, changed(each.read_bytes(), 20, reserved))
        path.with_name("target.tincan").unlink()
        assert (after, result.lost_at_least) == (before, 0)
