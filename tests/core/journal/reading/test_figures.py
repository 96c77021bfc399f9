"""Figures: what is counted is what was said, and percentiles are those of the times themselves."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.reading.figures import (
    FIRST_SLOT_NS,
    MOST_CONNECTIONS,
    MOST_SLOTS,
    Figures,
    Slot,
    Tally,
    class_of,
    middle_of,
)

MS = 1_000_000


def figures_of(*messages: tuple[int, bool, int, int], dials: bool = False) -> Figures:
    """Of messages as (connection, whether it was sent, bytes, ns)."""
    tally = Tally(dials=dials)
    for connection, is_sent, size, at in messages:
        tally.add(connection, is_sent=is_sent, sizes=(size,), mono_ns=at)
    return tally.figures(len(messages))


@given(st.integers(0, 1 << 61))
def test_a_class_holds_its_times_to_within_half_a_percent(ns: int) -> None:
    assert abs(middle_of(class_of(ns)) - ns) <= max(0, ns * 0.005)


@given(st.lists(st.integers(0, 1 << 40), min_size=2, max_size=60))
def test_classes_ascend_with_times(times: list[int]) -> None:
    assert [class_of(each) for each in sorted(times)] == sorted(map(class_of, times))


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=300), st.sampled_from([50, 95, 99, 100]))
def test_a_percentile_is_that_of_the_times(times: list[int], percent: int) -> None:
    messages = []
    for place, took in enumerate(times):
        messages += [(1, False, 1, place * 10**11), (1, True, 1, place * 10**11 + took)]
    found = figures_of(*messages).answers
    right = sorted(times)[math.ceil(len(times) * percent / 100) - 1]

    assert found.count == len(times)
    assert found.longest_ns == max(times)
    assert abs(found.percentile(percent) - right) <= right * 0.005


def test_messages_are_counted_in_the_slot_in_which_they_were() -> None:
    found = figures_of(
        (1, False, 10, 5 * MS), (1, True, 3, 6 * MS), (2, False, 7, 104 * MS), (1, False, 1, 105 * MS + 1)
    )

    assert (found.first_ns, found.slot_ns) == (5 * MS, FIRST_SLOT_NS)
    assert found.slots == (Slot(2, 1, 17, 3), Slot(1, 0, 1, 0))
    assert found.said == Slot(3, 1, 18, 3)
    assert (found.sizes_received, found.sizes_sent, found.largest) == ({4: 1, 3: 1, 1: 1}, {2: 1}, 10)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 999), st.integers(0, 1 << 50)), max_size=80))
def test_however_long_it_takes_nothing_is_lost_and_the_slots_stay_few(
    messages: list[tuple[int, bool, int, int]],
) -> None:
    found = figures_of(*messages)

    assert len(found.slots) <= MOST_SLOTS
    added = Slot(*map(sum, zip(*found.slots, strict=True))) if found.slots else Slot()
    assert added == found.said
    assert sum(one.said.received for one in found.connections) == found.said.received
    assert sum(found.sizes_received.values()) + sum(found.sizes_sent.values()) == len(messages)


@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=20), st.booleans())
def test_messages_that_came_at_once_count_as_if_they_had_come_one_by_one(sizes: list[int], dials: bool) -> None:
    asked, together = (1, False, 7, 0), Tally(dials=dials)
    together.add(1, is_sent=False, sizes=(7,), mono_ns=0)
    together.add(1, is_sent=True, sizes=sizes, mono_ns=5)
    one_by_one = figures_of(asked, *((1, True, size, 5) for size in sizes), dials=dials)

    assert together.figures(1 + len(sizes)) == one_by_one


def test_slots_become_twice_as_long_where_there_would_be_too_many() -> None:
    last = MOST_SLOTS * FIRST_SLOT_NS
    found = figures_of((1, False, 1, 0), (1, False, 1, FIRST_SLOT_NS), (1, True, 1, last))

    assert found.slot_ns == 2 * FIRST_SLOT_NS
    assert found.slots[0] == Slot(2, 0, 2, 0)
    assert found.slots[-1] == Slot(0, 1, 0, 1)
    assert len(found.slots) == MOST_SLOTS // 2 + 1


@pytest.mark.parametrize(("dials", "took"), [(False, [4]), (True, [6])])
def test_an_answer_is_the_first_message_the_other_way(dials: bool, took: list[int]) -> None:
    found = figures_of(
        (1, False, 1, 0), (1, False, 1, 1), (1, True, 1, 5), (1, True, 1, 5), (1, False, 1, 11), dials=dials
    )

    assert sorted(found.answers.classes) == took


def test_the_answer_of_one_connection_is_not_another_s() -> None:
    assert figures_of((1, False, 1, 0), (2, True, 1, 5)).answers.count == 0


def test_those_that_said_most_have_figures_of_their_own() -> None:
    many = MOST_CONNECTIONS + 5
    found = figures_of(*((number, False, number, number) for number in range(1, many + 1)))

    assert [one.number for one in found.connections] == list(range(many, 5, -1))
    assert found.left_out == 5


def test_without_anything_there_is_nothing() -> None:
    found = figures_of()

    assert (found.slots, found.said, found.answers.percentile(50)) == ((), Slot(), 0)
