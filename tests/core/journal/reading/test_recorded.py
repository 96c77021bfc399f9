"""The calls that carried a message, and its bytes, however they were cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.journal.display_row import Span
from core.journal.reading.reader import CallRow, JournalReader
from core.journal.reading.recorded import NONE_LARGE, Call, Calls, Large, Recorded
from tests.support.journals import SESSION, write_journal
from tests.support.systems import examples

LAST = 1 << 60


def row(ordinal: int, size: int, detail: str = "") -> CallRow:
    return ordinal, ordinal * 10, ordinal * 100, size, detail


def stretches(calls: Calls) -> list[tuple[int, int]]:
    return [(call.start, call.stop) for call in calls]


def test_calls_stand_one_behind_the_other() -> None:
    calls = Calls([row(3, 5), row(7, 2)], Span(3, 0, 7, 2))

    assert list(calls) == [Call(3, 30, 300, 0, 5, 0), Call(7, 70, 700, 5, 7, 0)]
    assert (calls.start, calls.stop, calls[-1], calls[1:]) == (0, 7, calls[1], [calls[1]])


def test_a_span_takes_the_end_of_its_first_entry_and_the_beginning_of_its_last() -> None:
    calls = Calls([row(3, 5), row(4, 9), row(7, 6)], Span(3, 2, 7, 4), start=100)

    assert list(calls) == [
        Call(3, 30, 300, 100, 103, 2),
        Call(4, 40, 400, 103, 112, 0),
        Call(7, 70, 700, 112, 116, 0),
    ]


def test_bites_of_the_kernel_are_calls_of_their_own() -> None:
    calls = Calls([row(1, 10, '{"cuts": [6, 4]}')], Span(1, 2, 1, 9))

    assert [(call.start, call.stop, call.offset) for call in calls] == [(0, 4, 2), (4, 7, 6)]


@pytest.mark.parametrize(
    "detail", ["{", "[]", '{"cuts": 3}', '{"cuts": [-1, "x", null]}', '{"cuts": [99]}', '{"cuts": ' + "[" * 100_000]
)
def test_a_detail_that_makes_no_sense_is_one_call(detail: str) -> None:
    assert stretches(Calls([row(1, 10, detail)], Span(1, 0, 1, 10))) == [(0, 10)]


def test_no_calls_are_none() -> None:
    calls = Calls()

    assert (len(calls), list(calls), calls.between(0, 10), len(calls.within(0, 5))) == (0, [], range(0), 0)
    with pytest.raises(IndexError):
        calls[0]


sizes = st.lists(st.integers(1, 50), min_size=1, max_size=60)


@given(sizes=sizes, start=st.integers(-20, 1_000), length=st.integers(-5, 1_000))
def test_between_names_those_that_have_any_of_the_bytes(sizes: list[int], start: int, length: int) -> None:
    calls = Calls(map(row, range(len(sizes)), sizes), Span(0, 0, LAST, 0))
    stop = start + length

    places = calls.between(start, stop)

    overlapping = [place for place, call in enumerate(calls) if call.start < stop and call.stop > start and length > 0]
    assert list(places) == overlapping


@given(sizes=sizes, start=st.integers(0, 1_000), length=st.integers(1, 1_000))
def test_within_cuts_to_the_bytes_and_counts_from_them(sizes: list[int], start: int, length: int) -> None:
    calls = Calls(map(row, range(len(sizes)), sizes), Span(0, 0, LAST, 0))
    stop = min(start + length, calls.stop)

    part = calls.within(start, stop)

    expected = [
        (call.ordinal, max(call.start, start) - start, min(call.stop, stop) - start, max(0, start - call.start))
        for call in calls
        if call.start < stop and call.stop > start
    ]
    assert [(call.ordinal, call.start, call.stop, call.offset) for call in part] == expected


@settings(max_examples=examples(20))
@given(few=sizes, times=st.integers(80, 160))
def test_many_together_are_what_each_by_itself_is(few: list[int], times: int) -> None:
    sizes = few * times
    rows = list(map(row, range(len(sizes)), sizes))
    together, alone = Calls(rows, Span(0, 0, LAST, 0)), Calls(start=0)
    for each in rows:
        alone._gather_one_by_one([each], Span(0, 0, LAST, 0))

    assert list(together) == list(alone)
    assert together.stop == alone.stop == sum(sizes)


ENTRIES = 3_000


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A journal of one long stream of small calls with a large one among them, and all its bytes."""
    path = tmp_path_factory.mktemp("recorded") / "talk.tincan"
    large = {1_500: bytes(range(256)) * 2_000}
    write_journal(path, ENTRIES, size=20, instead=large)
    reader = JournalReader(path)
    whole = b"".join(large.get(number) or reader.data(SESSION, number + 2) for number in range(ENTRIES))
    reader.close()
    return path, whole


def recorded(reader: JournalReader, large: Large = NONE_LARGE) -> Recorded:
    rows = reader.calls(SESSION, reader.connections(SESSION)[1], "received", 0, LAST)
    return Recorded(reader, SESSION, Calls(rows, Span(0, 0, LAST, 0)), large)


@given(start=st.integers(0, 600_000), length=st.integers(0, 40_000))
def test_any_bytes_are_those_that_went_through_the_socket(journal: tuple[Path, bytes], start: int, length: int) -> None:
    path, whole = journal
    reader = JournalReader(path)
    try:
        assert recorded(reader).read(start, start + length) == whole[start : start + length]
    finally:
        reader.close()


def test_a_large_entry_that_is_at_hand_is_not_read_again(journal: tuple[Path, bytes]) -> None:
    path, whole = journal
    reader = JournalReader(path)
    at_hand = b"*" * 512_000  # what is not in the journal can only come from here
    found = recorded(reader, large=Large(SESSION, 1_502, memoryview(at_hand)))

    assert found.read(30_000, 30_010) == b"*" * 10
    assert found.read(29_990, 30_010) == whole[29_990:30_000] + b"*" * 10
    reader.close()


def test_a_long_message_is_read_piece_by_piece(journal: tuple[Path, bytes]) -> None:
    path, whole = journal
    reader = JournalReader(path)
    pieces = recorded(reader).pieces(0, len(whole))
    first = next(pieces)
    reader.close()

    assert first == whole[:20]


@pytest.mark.parametrize("preview", [0, 5, 300_000, 511_999, 512_000, 1 << 30])
def test_of_a_large_entry_as_much_is_read_as_is_asked_for(journal: tuple[Path, bytes], preview: int) -> None:
    path, _whole = journal
    reader = JournalReader(path)

    small, large = reader.read(SESSION, 1_501, 2, preview=preview)
    reader.close()

    assert (small.size, small.data) == (20, b"line 000000001499..\n"[:preview])
    assert (large.size, large.data) == (512_000, (bytes(range(256)) * 2_000)[:preview])
