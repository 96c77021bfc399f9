"""The ruler without its pane: which pieces there are, and where each falls."""

from __future__ import annotations

import itertools
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.viewmodels.ruler import (
    MESSAGE,
    RECV,
    SEND,
    Box,
    ChosenPiece,
    Comb,
    Lane,
    Ruled,
    Scale,
    box_words,
    comb_words,
    drawn,
    fitting,
    sentence,
    ticks,
    verdict,
)

MS = 1_000_000


def lane(kind: str, *edges: int, at: tuple[int, ...] = (), absence: str = "") -> Lane:
    """Pieces between these edges, made at these milliseconds."""
    return Lane(kind, "", array("q", edges[:-1]), edges[-1] if edges else 0, tuple(ms * MS for ms in at), absence)


def talk(start: int, stop: int, sends: Lane, recvs: Lane, messages: Lane | None = None) -> Ruled:
    return Ruled(start, stop, (sends, recvs, messages or lane(MESSAGE, start, stop)))


CUT = talk(0, 1_500, lane(SEND, 0, 1_500, at=(1,)), lane(RECV, 0, 512, 1_024, 1_500, at=(1, 2, 4)))
JOINED = talk(10, 20, lane(SEND, 0, 10, 20, 30), lane(RECV, 0, 30))


@pytest.mark.parametrize(
    ("ruled", "words"),
    [
        (talk(0, 5, lane(SEND, 0, 5), lane(RECV, 0, 5)), "One send, one recv: it arrived as it was sent."),
        (CUT, "One send arrived in 3 recv calls: TCP cut it."),
        (JOINED, "TCP joined it: one recv took this send and 2 other sends."),
        (
            talk(0, 10, lane(SEND, 0, 10, 20), lane(RECV, 0, 5, 20)),
            "One send arrived in 2 recv calls: TCP cut it. The same recv calls also took bytes of another send.",
        ),
        (talk(0, 10, lane(SEND, 0, 4, 10), lane(RECV, 0, 10)), "2 sends arrived in one recv: TCP joined them."),
        (
            talk(0, 10, lane(SEND, 0, 4, 10), lane(RECV, 0, 4, 10)),
            "2 sends arrived in 2 recv calls, each as it was sent.",
        ),
        (
            talk(0, 10, lane(SEND, 0, 4, 10), lane(RECV, 0, 3, 10)),
            "2 sends arrived in 2 recv calls: TCP cut and joined.",
        ),
        (talk(0, 10, lane(SEND, 0, 4, 10), lane(RECV, 0, 4, 7, 10)), "2 sends arrived in 3 recv calls: TCP cut some."),
        (
            talk(0, 10, lane(SEND, 0, 4, 7, 10), lane(RECV, 0, 4, 10)),
            "3 sends arrived in 2 recv calls: TCP joined some.",
        ),
        (
            talk(0, 10, lane(SEND, 0, 10), lane(RECV, 0, 9)),
            "Sent in one send call; 1 byte of it has not been received yet.",
        ),
        (
            talk(0, 10, lane(SEND, 0, 10), lane(RECV, absence="nothing yet")),
            "Sent in one send call; nothing of it has been received yet.",
        ),
        (
            talk(0, 10, lane(SEND, absence="the other end is not in this journal"), lane(RECV, 0, 4, 10)),
            "Came in 2 recv calls. How it was sent is not known: the other end is not in this journal.",
        ),
        (
            talk(0, 10, lane(SEND, 0, 10), lane(RECV, absence="the other end is not in this journal")),
            "Sent in one send call. How it arrived is not known: the other end is not in this journal.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_says_what_became_of_the_message(ruled: Ruled, words: str) -> None:
    assert verdict(ruled) == words


def test_a_piece_is_told_with_its_bytes_and_its_times() -> None:
    assert sentence(CUT, ChosenPiece(1, 1)) == (
        "recv 2 of 3: bytes 512–1,023, 1.0 ms after recv 1, 1.0 ms after send 1. It ends in the middle of a send."
    )


def test_a_recv_before_the_send_was_complete_is_no_negative_time() -> None:
    early = talk(0, 5, lane(SEND, 0, 5, at=(9,)), lane(RECV, 0, 5, at=(3,)))

    assert sentence(early, ChosenPiece(1, 0)) == "recv 1 of 1: bytes 0–4."


def test_what_a_piece_has_beside_the_message_is_counted() -> None:
    assert sentence(JOINED, ChosenPiece(1, 0)) == "recv 1 of 1: bytes 0–9 and 20 bytes around this message."


def test_pieces_of_other_messages_are_told_by_where_they_stand() -> None:
    far = talk(20, 30, lane(SEND, 0, 10, 20, 30, 40), lane(RECV, 0, 40))

    assert [sentence(far, ChosenPiece(0, place)).partition(":")[0] for place in range(4)] == [
        "2 send calls before this message",
        "send before this message",
        "send 1 of 1",
        "send after this message",
    ]


def test_messages_are_told_as_such() -> None:
    lines = talk(5, 9, lane(SEND, 0, 12), lane(RECV, 0, 12), lane(MESSAGE, 0, 5, 9, 12))

    assert [sentence(lines, ChosenPiece(2, place)).partition(":")[0] for place in range(3)] == [
        "The message before",
        "This message",
        "The message behind",
    ]


def test_words_in_a_piece_grow_shorter_with_the_room() -> None:
    assert box_words(CUT, CUT.lane(RECV), 0) == ("1 of 3  ·  512 bytes", "512 bytes", "512")
    assert box_words(CUT, CUT.lane(MESSAGE), 0)[-1] == "1,500"
    assert comb_words(CUT.lane(RECV), 12_345) == "12,345 recv calls"


edges = st.lists(st.integers(0, 10_000), min_size=2, max_size=40, unique=True).map(sorted)


@given(edges=edges, start=st.integers(-5, 10_005), size=st.integers(1, 5_000))
def test_the_pieces_between_two_bytes_are_those_that_have_any_of_them(edges: list[int], start: int, size: int) -> None:
    pieces = lane(RECV, *edges)
    stop = start + size

    expected = [place for place, (first, last) in enumerate(itertools.pairwise(edges)) if first < stop and last > start]

    assert list(pieces.between(start, stop)) == expected


@given(edges=edges, first=st.integers(0, 9_000), span=st.integers(4, 10_000), width=st.integers(10, 900))
def test_what_is_drawn_is_in_sight_in_order_and_few(edges: list[int], first: int, span: int, width: int) -> None:
    found = drawn(lane(RECV, *edges), Scale(first, span, width))

    marks = found.teeth if isinstance(found, Comb) else [x for box in found for x in (box.left, box.right)]
    assert list(marks) == sorted(marks)
    assert all(-10 < x < width + 10 for x in marks)
    assert len(marks) <= 2 * ((width + 20) / 3 + 1)  # an edge may lie up to 10 pixels out of sight


def test_a_million_pieces_are_a_comb_of_a_few_hundred_teeth() -> None:
    starts = array("q", range(0, 100_000_000, 100))
    found = drawn(Lane(RECV, "", starts, 100_000_000), Scale(0, 100_000_000, 600))

    assert isinstance(found, Comb)
    assert found.pieces == 1_000_000
    assert 150 < len(found.teeth) <= 201


def test_at_first_the_whole_message_and_every_call_of_it_is_in_sight() -> None:
    scale = fitting(JOINED, 600)

    assert scale.x(0) > 0
    assert scale.x(30) < 600
    assert drawn(JOINED.lane(RECV), scale) == [Box(scale.x(0), scale.x(30), 0)]


@given(
    factors=st.lists(st.tuples(st.floats(0.1, 10), st.integers(0, 1_500)), max_size=12),
    moves=st.lists(st.floats(-5_000, 5_000), max_size=6),
)
def test_no_zoom_and_no_move_leaves_the_stream(factors: list[tuple[float, int]], moves: list[float]) -> None:
    scale, limits = fitting(CUT, 400), CUT.extent
    for factor, around in factors:
        scale = scale.zoomed(factor, around, limits)
    for by in moves:
        scale = scale.moved(by, limits)

    assert 4 <= scale.span <= 1_500 * 1.2
    assert scale.first < 1_500
    assert scale.stop > 0


def test_zooming_leaves_what_is_under_the_pointer_where_it_is() -> None:
    scale = fitting(CUT, 400)

    assert scale.zoomed(0.5, 700, CUT.extent).x(700) == pytest.approx(scale.x(700))


def test_a_chosen_piece_is_made_wide_enough_to_be_read() -> None:
    narrow = lane(RECV, *range(0, 100_001, 10))
    scale = Scale(0, 100_000, 500).showing(50_000, 50_010, (0, 100_000), 40)

    assert scale.x(50_010) - scale.x(50_000) == pytest.approx(40)
    assert isinstance(drawn(narrow, scale), list)


def test_the_axis_has_round_numbers_counted_from_the_message() -> None:
    scale = Scale(100, 1_000, 500)

    assert [number for _x, number in ticks(scale, 300, 60)] == [-128, 0, 128, 256, 384, 512, 640, 768]
    assert {number: x for x, number in ticks(scale, 300, 60)}[0] == scale.x(300)


def passed(sends: Lane, recvs: Lane) -> Ruled:
    return Ruled(0, 10, (recvs, sends, lane(MESSAGE, 0, 10)), is_passed_on=True)


@pytest.mark.parametrize(
    ("ruled", "words"),
    [
        (
            passed(lane(SEND, 0, 4, 10, at=(3, 9)), lane(RECV, 0, 10, at=(2,))),
            "Came in one recv call and went on in 2 send calls, 7.0 ms after all of it had come.",
        ),
        (
            passed(lane(SEND, 0, 4, at=(3,)), lane(RECV, 0, 10, at=(2,))),
            "Came in one recv call and went on in one send call; 6 bytes of it have not gone on yet.",
        ),
        (
            passed(lane(SEND, absence="nothing yet"), lane(RECV, 0, 10)),
            "Came in one recv call: it has not gone on yet.",
        ),
        (
            passed(lane(SEND, absence="what the other leg carried differs"), lane(RECV, 0, 10)),
            "Came in one recv call: what the other leg carried differs.",
        ),
        (
            passed(lane(SEND, 0, 10), lane(RECV, absence="what the other leg carried differs")),
            "Sent in one send call: what the other leg carried differs.",
        ),
    ],
)
def test_what_was_passed_on_came_first_and_then_went(ruled: Ruled, words: str) -> None:
    assert verdict(ruled) == words


def test_a_send_that_passes_on_is_timed_from_its_recv() -> None:
    ruled = passed(lane(SEND, 0, 10, at=(9,)), lane(RECV, 0, 10, at=(2,)))

    assert sentence(ruled, ChosenPiece(1, 0)) == "send 1 of 1: bytes 0–9, 7.0 ms after recv 1."
    assert sentence(ruled, ChosenPiece(0, 0)) == "recv 1 of 1: bytes 0–9."
