"""A number or a time of day, as people type them."""

from __future__ import annotations

import time

import pytest

from gui.viewmodels.going import Moment, Number, no_such_number, not_exactly, nothing_after, read_goal

NOON = int(time.mktime((2026, 11, 23, 12, 0, 0, 0, 0, -1))) * 1_000_000_000


@pytest.mark.parametrize(("typed", "number"), [("#123", 123), ("7", 7), (" # 1,204 ", 1204)])
def test_a_number_is_read_as_people_write_it(typed: str, number: int) -> None:
    assert read_goal(typed) == Number(number)


@pytest.mark.parametrize(
    ("typed", "after_noon_ns", "length_ns"),
    [
        ("10:41", -79 * 60 * 10**9, 60 * 10**9),
        ("10:41:02", (-79 * 60 + 2) * 10**9, 10**9),
        ("10:41:02.113", (-79 * 60 + 2) * 10**9 + 113_000_000, 10**6),
        ("12:00:00.5", 500_000_000, 10**8),
    ],
)
def test_a_time_is_of_the_day_one_looks_at_and_stands_for_all_it_does_not_name(
    typed: str, after_noon_ns: int, length_ns: int
) -> None:
    moment = read_goal(typed)

    assert isinstance(moment, Moment)
    assert moment.on_day_of(NOON + 5) == NOON + after_noon_ns
    assert moment.length_ns == length_ns


@pytest.mark.parametrize("typed", ["", "soon", "24:00", "10:60", "10.41", "#", "-1", "10:41:02.1234"])
def test_what_is_neither_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match="as #123, or a time of day"):
        read_goal(typed)


def test_what_is_not_there_is_said_in_a_sentence() -> None:
    moment = read_goal("10:41")
    assert isinstance(moment, Moment)

    assert no_such_number(9, 0, is_part=False) == "There is nothing here yet."
    assert no_such_number(9, 1, is_part=False) == "There is no #9: the only one is #1."
    assert "which leaves something out" in no_such_number(9, 3, is_part=True)
    assert nothing_after(moment, NOON) == "There is nothing at 10:41 or later: the last is of 2026-11-23 12:00:00.000."
    assert not_exactly(moment, NOON) == "There is nothing at 10:41: this is the next, of 2026-11-23 12:00:00.000."
