"""Numbers of connections as a person writes them, and what the filter bar says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import ConnectionId
from gui.viewmodels.filtering import (
    ConnectionRow,
    FilterView,
    NumbersError,
    chosen_words,
    format_numbers,
    read_numbers,
    shown_words,
    toggled,
)


def rows(count: int) -> tuple[ConnectionRow, ...]:
    return tuple(ConnectionRow(ConnectionId(100 + n), n, f"#{n} 127.0.0.1:{n}") for n in range(1, count + 1))


def ids(*numbers: int) -> frozenset[ConnectionId]:
    return frozenset(ConnectionId(100 + number) for number in numbers)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,3,5-9", (1, 3, 5, 6, 7, 8, 9)),
        (" #2 ; #4–#5 ", (2, 4, 5)),
        ("7,", (7,)),
        ("9-400", (9, 10)),
        ("3 - 4", (3, 4)),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, numbers: tuple[int, ...]) -> None:
    assert read_numbers(text, rows(10)) == ids(*numbers)


@pytest.mark.parametrize("text", ["", "  ", " , ,"])
def test_nothing_written_means_all(text: str) -> None:
    assert read_numbers(text, rows(10)) is None


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("1, x7", 3, "“x7” is no number"),
        ("1,12", 2, "no connection #12"),
        ("40-50", 0, "no connection #40 to #50"),
        ("9-5", 0, "Write 5-9"),
        ("1 2", 0, "“1 2” is no number"),
        ("-3", 0, "is no number"),
        ("1,\u0663x", 2, "is no number"),
        ("9999999999", 0, "is no number"),
    ],
)
def test_what_makes_no_sense_is_named_at_its_place(text: str, place: int, part: str) -> None:
    with pytest.raises(NumbersError, match=part) as caught:
        read_numbers(text, rows(10))

    assert caught.value.place == place


@given(st.sets(st.integers(1, 60), min_size=1))
def test_a_choice_written_and_read_is_the_same_choice(numbers: set[int]) -> None:
    view = FilterView(rows(60), ids(*numbers))

    assert read_numbers(format_numbers(view), view.connections) == view.chosen


def test_out_of_all_a_click_chooses_that_one_alone_and_the_last_one_unticked_means_all() -> None:
    view = FilterView(rows(3))

    alone = toggled(view, ConnectionId(102))

    assert alone == ids(2)
    assert toggled(FilterView(rows(3), alone), ConnectionId(102)) is None
    assert toggled(FilterView(rows(3), alone), ConnectionId(103)) == ids(2, 3)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (None, "All connections"),
        (ids(), "No connection"),
        (ids(1, 3, 4, 5), "#1, #3–#5"),
        (ids(1, 2), "#1, #2"),
        (ids(*range(1, 40, 2)), "20 connections"),
    ],
)
def test_the_choice_in_words(chosen: frozenset[ConnectionId] | None, words: str) -> None:
    assert chosen_words(FilterView(rows(40), chosen)) == words


def test_how_much_is_shown_in_words() -> None:
    assert shown_words(FilterView(shown=120, total=1204)) == "120 of 1,204 shown"
    assert shown_words(FilterView(shown=120, total=1204, is_counting=True)) == "120 of 1,204 so far…"
    assert shown_words(FilterView(shown=120, total=None)) == "120 shown"
    assert shown_words(FilterView(shown=120, total=None, is_counting=True)) == "120 so far…"
    assert shown_words(FilterView(shown=5, total=5)) == "all 5 shown"
    assert shown_words(FilterView()) == ""


PAIRS = tuple(
    ConnectionRow(ConnectionId(100 + number), number, f"#{abs(number)}") for number in (1, -1, 2, -2, 3, -3, 4, -4)
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1→", (-1,)), ("#2>", (-2,)), ("1, 1→", (1, -1)), ("1→-3→", (-1, -2, -3)), ("2-4", (2, 3, 4))],
)
def test_legs_to_targets_are_written_with_an_arrow(text: str, numbers: tuple[int, ...]) -> None:
    assert read_numbers(text, PAIRS) == ids(*numbers)


@given(st.sets(st.sampled_from([row.number for row in PAIRS]), min_size=1))
def test_legs_are_written_as_they_are_read(numbers: set[int]) -> None:
    view = FilterView(PAIRS, ids(*numbers))

    assert read_numbers(format_numbers(view), PAIRS) == view.chosen


def test_legs_stand_behind_the_callers() -> None:
    assert chosen_words(FilterView(PAIRS, ids(-1, 1, 2, 3))) == "#1–#3, #1→"
    assert chosen_words(FilterView(PAIRS, ids(-1, -2, -3))) == "#1→–#3→"


def test_a_leg_that_is_not_there_is_named() -> None:
    with pytest.raises(NumbersError, match="no connection #9→ here"):
        read_numbers("9→", PAIRS)
