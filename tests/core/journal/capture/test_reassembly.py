"""However a stream was cut, doubled, overlapped and shuffled, its bytes come out once and in their order."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.capture.conversations import Direction, Piece

AROUND = (1 << 32) - 5  # a sequence number that begins anew within a few bytes


def bytes_of(pieces: Iterable[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def begun(sequence: int = AROUND) -> Direction:
    direction = Direction()
    direction.begin(sequence)
    return direction


def take(direction: Direction, place: int, data: bytes, cut: int = 0, *, is_last: bool = False) -> list[Piece]:
    """The segment ``place`` bytes behind the beginning."""
    return list(direction.take((AROUND + place) % (1 << 32), data, cut, is_last=is_last))


@given(st.data())
def test_segments_in_any_order_with_doubles_and_overlaps_are_the_stream(data: st.DataObject) -> None:
    stream = data.draw(st.binary(min_size=1, max_size=60))
    places = st.integers(0, len(stream))
    spans = data.draw(st.lists(st.tuples(places, places).map(sorted), max_size=12))
    size = data.draw(st.integers(1, 9))
    cover = [[start, min(start + size, len(stream))] for start in range(0, len(stream), size)]
    direction = begun()

    found = b"".join(
        bytes_of(take(direction, start, stream[start:stop]))
        for start, stop in data.draw(st.permutations(spans + cover))
    )

    assert found == stream
    assert not list(direction.finish())


@given(st.data())
def test_each_byte_of_a_stream_is_handed_out_or_counted_as_one_that_is_not_known(data: st.DataObject) -> None:
    """However segments were lost, cut and shuffled; the FIN comes by itself or with bytes."""
    stream = bytes(range(1, data.draw(st.integers(1, 40)) + 1))
    size = data.draw(st.integers(1, 9))
    starts = [*range(0, len(stream), size), len(stream)]
    direction, pieces = begun(), list[Piece]()

    for start in data.draw(st.permutations(starts)):
        whole = stream[start : start + size]
        kept = data.draw(st.integers(0, len(whole)))
        is_last = start == len(stream) or (start + size >= len(stream) and data.draw(st.booleans()))
        if data.draw(st.booleans()):
            pieces += take(direction, start, whole[:kept], len(whole) - kept, is_last=is_last)
    pieces += direction.acknowledge((AROUND + len(stream) + 1) % (1 << 32))
    pieces += direction.finish()

    place = 0
    for piece in pieces:
        place += piece.missing
        assert piece.data == stream[place : place + len(piece.data)]
        place += len(piece.data) + piece.cut
    assert place - len(stream) in ((0,) if direction._end is not None else (0, 1)), "an unknown FIN looks like a byte"


def test_a_gap_before_a_fin_alone_is_told() -> None:
    direction = begun()
    take(direction, 0, b"one")
    assert take(direction, 10, b"", is_last=True) == []

    assert list(direction.acknowledge((AROUND + 11) % (1 << 32))) == [Piece(b"", 7)]
    assert direction.has_finished
    assert list(direction.finish()) == []


def test_a_retransmission_brings_nothing_and_one_that_is_longer_only_what_is_new() -> None:
    direction = begun()

    assert take(direction, 0, b"hello") == [Piece(b"hello")]
    assert take(direction, 0, b"hello") == []
    assert take(direction, 2, b"llo you") == [Piece(b" you")]
    assert take(direction, 8, b"u") == [], "as a keepalive has it"


def test_what_the_other_end_has_and_the_capture_has_not_is_a_gap() -> None:
    direction = begun()
    take(direction, 0, b"one")
    assert take(direction, 6, b"three") == []

    assert list(direction.acknowledge((AROUND + 6) % (1 << 32))) == [Piece(b"three", 3)]
    assert take(direction, 3, b"two") == [], "it comes too late"


def test_an_acknowledgement_that_was_captured_before_its_bytes_is_no_gap() -> None:
    direction = begun()

    assert list(direction.acknowledge((AROUND + 5) % (1 << 32))) == []
    assert take(direction, 0, b"hello") == [Piece(b"hello")]


def test_at_the_end_what_was_acknowledged_and_never_captured_is_missing() -> None:
    direction = begun()
    take(direction, 0, b"one")
    list(direction.acknowledge((AROUND + 10) % (1 << 32)))

    assert list(direction.finish()) == [Piece(b"", 7)]


def test_the_number_of_a_fin_is_no_byte() -> None:
    direction = begun()
    take(direction, 0, b"bye", is_last=True)
    list(direction.acknowledge((AROUND + 4) % (1 << 32)))

    assert direction.has_finished
    assert list(direction.finish()) == []


def test_a_fin_that_comes_before_its_bytes_waits_for_them() -> None:
    direction = begun()

    take(direction, 3, b"two", is_last=True)
    assert not direction.has_finished
    assert bytes_of(take(direction, 0, b"one")) == b"onetwo"
    assert direction.has_finished


def test_bytes_that_were_not_kept_are_counted_once() -> None:
    direction = begun()

    assert take(direction, 0, b"ab", 8) == [Piece(b"ab", 0, 8)]
    assert take(direction, 0, b"ab", 8) == []
    assert take(direction, 10, b"next") == [Piece(b"next")]
    assert take(direction, 8, b"", 9) == [Piece(b"", 0, 3)]


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_gap_that_is_never_filled_does_not_keep_all_that_follows(size: int) -> None:
    direction = begun()

    handed_out = sum(
        len(bytes_of(take(direction, 10 + place * size, b"x" * size))) for place in range(5_000 // min(size, 50))
    )

    assert handed_out
    assert direction._size <= 8 * 1024 * 1024
    assert len(direction._waiting) <= 4_096
