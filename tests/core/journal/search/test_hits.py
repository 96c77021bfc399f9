"""Very many hits stay in order, and are found again by the entries in which they end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.display_row import Span
from core.journal.search.hits import Hit, Hits

SOME = st.lists(st.builds(Hit, st.integers(0, 20), st.integers(-5, 5), st.integers(0, 9)), max_size=20)


@given(st.lists(SOME, max_size=5))
def test_whatever_comes_when_it_stands_in_the_order_of_the_journal(batches: list[list[Hit]]) -> None:
    hits = Hits()
    for batch in batches:
        hits.extend(Hits(batch))

    everything = sorted(hit for batch in batches for hit in batch)
    assert list(hits) == everything == [hits[place] for place in range(len(hits))]
    assert list(hits.ordinals) == [hit.ordinal for hit in everything]


@given(SOME, st.integers(0, 21), st.integers(0, 21))
def test_the_hits_of_some_entries_are_a_range(found: list[Hit], first: int, stop: int) -> None:
    hits = Hits(found)

    assert [hits[place] for place in hits.between(first, stop)] == [
        hit for hit in sorted(found) if first <= hit.ordinal < stop
    ]


@pytest.mark.parametrize(
    ("span", "places"),
    [
        (Span(3, 0, 3, 10), [1]),
        (Span(3, 2, 3, 10), [1]),  # it begins before the span, and ends in it
        (Span(3, 10, 3, 20), [2, 3]),
        (Span(3, 20, 5, 4), [4, 5, 6]),  # what ends in entries between them, whosever they are, and began before
        (Span(5, 4, 5, 8), [7]),
        (Span(5, 8, 5, 9), []),
        (Span(9, 0, 9, 5), []),
        (Span(0, 0, 0, 5), []),
    ],
)
def test_the_hits_that_overlap_a_span_are_a_range(span: Span, places: list[int]) -> None:
    found = [(1, 0, 3), (3, 1, 4), (3, 11, 14), (3, 16, 20), (3, 21, 24), (4, 0, 9), (5, -2, 2), (5, 5, 8)]
    hits = Hits(Hit(*each) for each in found)

    assert list(hits.overlapping(span)) == places


def test_a_part_is_hits_again() -> None:
    hits = Hits([Hit(1, 0, 2), Hit(3, -1, 1)])

    assert list(hits[1:]) == [hits[-1]] == [Hit(3, -1, 1)]
    assert hits
    assert not Hits()
    assert repr(hits[:1]) == "Hits([Hit(ordinal=1, start=0, stop=2)])"
