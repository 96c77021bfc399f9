"""A stream has the same matches however it came."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.journal.search.pattern import LONGEST_REGEX_MATCH, Mode, Query, compile_query
from core.journal.search.sweep import Matcher

QUERIES = [
    Query("ab"),
    Query("aa"),
    Query("aba", match_case=True),
    Query("ß"),
    Query("ks"),
    Query("61 ?? 62", Mode.HEX),
    Query("?? ??", Mode.HEX),
    Query("^a+b?$", Mode.REGEX),
    Query("a*", Mode.REGEX),
    Query(r"\ba", Mode.REGEX),
    Query("(?<=b)a|b(?=\n)", Mode.REGEX),
]
LETTERS = st.sampled_from([b"a", b"b", b"A", b"s", b"S", b"K", b"\n", b"\0", "ß".encode(), "\u212a".encode()])


def naive(query: Query, stream: bytes) -> list[tuple[int, int]]:
    """What is there, looked for in one piece."""
    return [match.span() for match in compile_query(query).regex.finditer(stream) if match.group()]


def fed(query: Query, pieces: list[bytes]) -> list[tuple[int, int]]:
    matcher = Matcher(compile_query(query))
    found = [span for piece in pieces for span in matcher.feed(piece)]
    return found + matcher.finish()


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[begin:end] for begin, end in pairwise(bounds)]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.text)
@given(st.lists(LETTERS, max_size=40), st.lists(st.integers(0, 1000), max_size=12))
@example([b"a"] * 9, [1, 2, 3])
def test_there_are_the_same_matches_however_it_was_cut(query: Query, letters: list[bytes], places: list[int]) -> None:
    stream = b"".join(letters)

    assert fed(query, cut(stream, places)) == naive(query, stream)


def test_a_match_is_told_as_soon_as_no_byte_can_change_it() -> None:
    matcher = Matcher(compile_query(Query("abc")))

    assert matcher.feed(b"xab") == []
    assert matcher.feed(b"c") == [(1, 4)]
    assert matcher.decided == 4
    assert matcher.finish() == []


def test_no_more_is_kept_of_a_stream_than_a_match_can_have() -> None:
    matcher = Matcher(compile_query(Query("abc")))
    pattern = Matcher(compile_query(Query("a.*c", Mode.REGEX)))
    for _ in range(10):
        matcher.feed(b"ab" * 1000)
        pattern.feed(b"ab" * 1000)

    assert len(matcher._known) == 2
    assert len(pattern._known) <= LONGEST_REGEX_MATCH + 256


def test_a_match_across_very_many_pieces_is_one_match() -> None:
    assert fed(Query("x" * 500), [b"x"] * 1000) == [(0, 500), (500, 1000)]
    assert fed(Query("(ab)+", Mode.REGEX), [b"a", b"b"] * 1000) == [(0, 2000)]


def test_a_line_begins_only_where_the_stream_has_one() -> None:
    assert fed(Query("^b", Mode.REGEX), [b"a" * 9000, b"b" * 9000, b"\nb"]) == [(18001, 18002)]
