"""Runs of entries, as rows of ``chunk`` have them, and their columns."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from core.events import ConnectionId
from core.journal.display_row import EVERYTHING, RECEIVED, SENT, Filter
from core.journal.reading.reader import JournalReader
from core.journal.reading.runs import numbers, ranges, stream_of, who_has
from core.journal.schema import MOST_OF_RUN
from tests.support.journals import SESSION, line, write_journal

ONE = ConnectionId(1)


@pytest.mark.parametrize("text", ["[0, 64, 128]", "[0,64,128]", "[ 0,64,128 ]"])
def test_a_list_of_numbers_is_read(text: str) -> None:
    assert numbers(text, 3) == [0, 64, 128]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "[1, 2", "[1 2]", "[1,,2]", "[-]", "[01]", "1, 2", "[[1], 2]", "[1.0, 2]", "[1e2, 2]", "[true, 2]",
        "[null, 2]", '["1", 2]', "[Infinity, 2]", "[\ud800]", "[٣, 2]", '{"1": 2}',
    ],
)  # fmt: skip
def test_nothing_else_is_a_list_of_numbers(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in which words makes no difference
        numbers(text)


@pytest.mark.parametrize(
    ("offsets", "ends", "size", "sizes"),
    [
        ("[0, 64, 64]", None, 100, [64, 0, 36]),
        ("[0, 0, 0]", None, 0, [0, 0, 0]),
        ("[0, 0, 64]", "[64, 64, 100]", 100, [64, 64, 36]),
        ("[0, 64, 0, 64]", "[64, 100, 64, 100]", 100, [64, 36, 64, 36]),
        ("[0, 30]", "[70, 100]", 100, [70, 70]),  # as no Tincan writes it, and harmless
        ("[0, 100, 100]", "[100, 100, 100]", 100, [100, 0, 0]),
    ],
)
def test_the_bytes_of_each_entry_lie_between_two_numbers(
    offsets: str, ends: str | None, size: int, sizes: list[int]
) -> None:
    begins, stops = ranges(offsets, ends, size)

    assert [stop - begin for begin, stop in zip(begins, stops, strict=True)] == sizes


@pytest.mark.parametrize(
    ("offsets", "ends", "size"),
    [
        ("[1]", None, 2), ("[0, 3, 2]", None, 9), ("[0, 3]", None, 2), ("[0]", None, MOST_OF_RUN + 1),
        ("[1]", "[2]", 2), ("[0, 3]", "[3]", 9), ("[0, 3]", "[3, 2]", 9), ("[0, 3]", "[3, 10]", 9),
        ("[0, 3]", "[3, 8]", 9), ("[0, -3]", "[9, 0]", 9), ("[0, 0, 0]", "[9, 9, 1]", 9), ("[0]", "[]", 0),
        ("[0]", f"[{MOST_OF_RUN + 1}]", MOST_OF_RUN + 1),
    ],
)  # fmt: skip
def test_bytes_that_lie_elsewhere_are_none_of_a_run(offsets: str, ends: str | None, size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in which words makes no difference
        ranges(offsets, ends, size)


@pytest.mark.parametrize(
    "who",
    [
        (ONE, RECEIVED), (ONE, SENT), (ONE, "closed"), (None, "listening"), (None, RECEIVED),
        (ConnectionId(0), SENT), (ConnectionId(-1), RECEIVED), (ConnectionId(-1), SENT),
    ],
)  # fmt: skip
def test_a_stream_says_whose_it_is(who: tuple[ConnectionId | None, str]) -> None:
    """Also where an id is none that Tincan gives, as in a damaged file."""
    assert who_has(stream_of(*who)) == who


def test_the_times_of_a_run_are_read_once_they_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "times.tincan"
    first = write_journal(path, 8, both_ways=True)
    with contextlib.closing(JournalReader(path)) as reader:

        def times(*, timed: bool) -> list[int]:
            return reader.pieces_of(SESSION, first, first + 8, EVERYTHING, count=4, size=1_000_000, timed=timed).times

        assert times(timed=False) == [0] * 4
        assert times(timed=True) == [1_000_000, 2_000_000, 3_000_000, 4_000_000]
        assert [entry.mono_ns for entry in reader.read(SESSION, first, 1)] == [1_000_000]


def test_a_part_of_a_run_has_what_is_wanted_in_every_column(tmp_path: Path) -> None:
    path = tmp_path / "columns.tincan"
    first = write_journal(path, 8, both_ways=True)
    with contextlib.closing(JournalReader(path)) as reader:
        sent = Filter.of_direction(ONE, SENT)
        pieces = reader.pieces_of(SESSION, first + 1, first + 8, sent, count=3, size=1_000_000)

    assert pieces.ordinals == [first + 1, first + 3, first + 5]
    assert pieces.streams == [-ONE] * 3
    assert pieces.data == [line(1), line(3), line(5)]
    assert pieces.times == [2_000_000, 4_000_000, 6_000_000]
    assert pieces.part(1, 2) == ([first + 3], [-ONE], [line(3)], [4_000_000])
