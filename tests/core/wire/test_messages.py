"""Framing: how a stream was split on its way never changes which messages come out of it."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TincanError
from core.wire.framing import FRAMINGS, LINE, RAW, make_framer
from core.wire.messages import Collector, Framer, LineFramer, Message, RawFramer, TooLong

LIMIT = 8


def heard(framer: Framer, *pieces: bytes) -> list[Message]:
    """Every message that the pieces make, the end of the stream included."""
    messages: list[Message] = []
    for piece in pieces:
        messages += framer.feed(piece)
    return messages + framer.finish()


def expected_lines(stream: bytes, limit: int) -> list[Message]:
    """What a line framing must make of the stream, worked out the slow and obvious way."""
    lines = stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line if len(line) <= limit else TooLong(len(line)) for line in lines]


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts})
    return [stream[begin:end] for begin, end in zip([0, *places], [*places, len(stream)], strict=True)]


@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        (b"hello\nstop\n", [b"hello", b"stop"]),
        (b"hello\r\nstop\r\n", [b"hello", b"stop"]),
        (b"hello\rstop\r", [b"hello", b"stop"]),
        (b"a\n\r\nb\r\n\rc\n\n", [b"a", b"", b"b", b"", b"c", b""]),
        (b"a\r\r\nb", [b"a", b"", b"b"]),
        (b"\n\n\n", [b"", b"", b""]),
        (b"   \n", [b"   "]),
        (b"", []),
        (b"open end", [b"open end"]),
        (b"12345678\n", [b"12345678"]),
        (b"123456789\n", [TooLong(9)]),
        (b"123456789\nnext\n", [TooLong(9), b"next"]),
        (b"next\n123456789", [b"next", TooLong(9)]),
        (b"\x85a\n\x0bb\x0c\x1c\n", [b"\x85a", b"\x0bb\x0c\x1c"]),
        ("\u2028\n".encode(), ["\u2028".encode()]),
        (b"a\0b\n", [b"a\0b"]),
    ],
    ids=repr,
)
@pytest.mark.case("C-37", "C-38", "C-40", "C-41", "C-57")
def test_lines_come_out_the_same_whole_and_byte_by_byte(stream: bytes, messages: list[Message]) -> None:
    assert heard(LineFramer(LIMIT), stream) == messages
    assert heard(LineFramer(LIMIT), *(stream[i : i + 1] for i in range(len(stream)))) == messages


@given(
    stream=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc", b"defghijkl", b"\xff\0"]), max_size=30),
    cuts=st.lists(st.integers(0, 200), max_size=12),
    limit=st.integers(1, 12),
)
@pytest.mark.case("C-37", "C-38", "C-41", "C-57")
def test_no_way_of_splitting_the_stream_changes_the_lines(stream: list[bytes], cuts: list[int], limit: int) -> None:
    whole = b"".join(stream)

    assert heard(LineFramer(limit), *split(whole, cuts)) == expected_lines(whole, limit)


@given(messages=st.lists(st.binary(max_size=20).filter(lambda m: b"\r" not in m and b"\n" not in m)))
def test_what_is_made_ready_for_the_stream_comes_out_as_it_was(messages: list[bytes]) -> None:
    stream = b"".join(map(LINE.enclose, messages))

    assert heard(LineFramer(20), stream) == messages


@pytest.mark.parametrize("piece", [b"x", b"xy", b"x" * 1000], ids=len)
@pytest.mark.case("C-41", "C-44", "C-80")
def test_a_message_without_an_end_stays_within_its_memory(piece: bytes) -> None:
    limit = 16 * 1024
    framer = LineFramer(limit)
    pieces = 4 * limit // len(piece)

    tracemalloc.start()
    try:
        for _ in range(pieces):
            assert framer.feed(bytes(bytearray(piece))) == []  # a new object each time, as recv gives
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * limit
    assert framer.feed(b"\nnext\n") == [TooLong(pieces * len(piece)), b"next"]


@pytest.mark.parametrize(("framing", "frame"), [("delimiter:0d0a", b"12345\r\n"), ("length:2be", b"\0\x0512345")])
def test_of_what_frames_a_message_nothing_counts_for_its_limit(framing: str, frame: bytes) -> None:
    assert make_framer(framing, 5).feed(frame * 3) == [b"12345"] * 3
    longer = frame.replace(b"5\r", b"56\r").replace(b"\x0512345", b"\x06123456")
    assert make_framer(framing, 5).feed(longer * 3) == [TooLong(6)] * 3


def test_the_end_of_the_stream_is_found_once() -> None:
    framer = LineFramer(LIMIT)
    framer.feed(b"half")

    assert framer.finish() == [b"half"]
    assert framer.finish() == []


@pytest.mark.case("C-57")
def test_nothing_between_cr_and_lf_does_not_part_them() -> None:
    assert heard(LineFramer(LIMIT), b"a\r", b"", b"\n", b"b\n") == [b"a", b"b"]


@given(pieces=st.lists(st.binary(max_size=30)))
@pytest.mark.case("C-40")
def test_raw_is_what_recv_gave_and_an_empty_recv_is_no_message(pieces: list[bytes]) -> None:
    assert heard(RawFramer(), *pieces) == [piece for piece in pieces if piece]


def test_raw_adds_nothing_to_what_is_sent() -> None:
    assert RAW.enclose(b"hello") == b"hello"


def test_a_framing_is_made_by_its_name() -> None:
    assert [type(make_framer(name, 10)) for name in FRAMINGS] == [RawFramer, LineFramer, Collector, Collector]


def test_an_unknown_framing_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TincanError, match="no framing called “csv”; there are raw, line"):
        make_framer("csv", 10)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_line_needs_room_for_a_byte(limit: int) -> None:
    with pytest.raises(ValueError, match="at least 1 byte"):
        LineFramer(limit)
