"""Every framing: the same messages for every way of splitting, and the same on the wire as in the lens."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SendError
from core.wire.framing import (
    Between,
    ContentLength,
    Delimiter,
    FixedLength,
    Flag,
    Framing,
    Gap,
    LengthPrefix,
    LineFraming,
    Netstring,
    parse_framing,
)
from core.wire.length_prefix import Counts, LengthField
from core.wire.messages import Framer, FramingViolation, Message, TooLong
from core.wire.splitting import Splitter

LIMIT = 40
MS = 1_000_000
ROOMY = 10_000  # bytes; a limit that nothing here reaches

FIELDS = st.builds(
    LengthField,
    st.sampled_from([0, 1, 2, 3, 4, 8]),
    st.sampled_from(["big", "little"]),
    st.integers(0, 5),
    st.sampled_from(Counts),
    st.just(0) | st.integers(-6, 6),
) | st.builds(
    LengthField,
    st.integers(1, 9),
    st.just("digits"),
    st.integers(0, 5),
    st.sampled_from(Counts),
    st.just(0) | st.integers(-6, 6),
)
FRAMINGS: st.SearchStrategy[Framing] = st.one_of(
    st.just(LineFraming()),
    st.builds(Delimiter, st.binary(min_size=1, max_size=4) | st.sampled_from([b"aa", b"aba", b"\r\n"])),
    st.builds(LengthPrefix, FIELDS, st.just(b"") | st.binary(max_size=3)),
    st.just(Netstring()),
    st.just(ContentLength()),
    st.builds(Flag, st.sampled_from([b"\x7e", b"\xc0", b"a", b"\0"])),
    st.builds(
        Between,
        st.sampled_from([b"a", b"\0", b"\x0b", b"ab", b"aa", b"bar"]),
        st.sampled_from([b"\n", b"b", b"ab", b"\r\n"]),
    ),
    st.builds(FixedLength, st.integers(1, 60) | st.integers(150, 250)),
    st.builds(Gap, st.integers(1, 9)),
)
MESSAGES = st.lists(
    st.binary(max_size=30) | st.integers(100, 300).map(bytes) | st.text("ab\r\n", max_size=8).map(str.encode),
    max_size=12,
)
# Of frames that begin, end, or do neither.
PIECES = (
    b"a",
    b"ab",
    b"b",
    b"\0",
    b"\x0b",
    b"\r\n",
    b"~",
    b"~~",
    b"3:abc",
    b",",
    b"0:,",
    b"2:",
    b"0002",
    b"\0\2",
    b"\2",
    b"Content-Length: 3\r\n",
    b"GET / HTTP/1.1\n",
    b"\n\n",
    b"content-length:0\n",
    b"Transfer-Encoding: chunked\n",
)
CUTS = st.lists(st.integers(0, 2000), max_size=14)


def split(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The stream in pieces, none of them empty."""
    places = sorted({cut % (len(stream) + 1) for cut in cuts} - {0, len(stream)})
    pieces = [stream[begin:end] for begin, end in zip([0, *places], [*places, len(stream)], strict=True)]
    return [piece for piece in pieces if piece]


def heard(framer: Framer, pieces: Iterable[bytes]) -> list[Message]:
    """What comes out of the pieces, one a millisecond, the end of the stream included."""
    messages = [message for at, piece in enumerate(pieces) for message in framer.feed(piece, at * MS)]
    return messages + framer.finish()


def frames(splitter: Splitter, pieces: Iterable[bytes]) -> tuple[list[bytes], bytes]:
    """The frames that a splitter finds in the pieces, one a millisecond, and what is left behind them."""
    found, carried = [], b""
    for at, piece in enumerate(pieces):
        begin = 0
        for end in splitter.ends(piece, at * MS):
            found.append(carried + piece[begin:end])
            carried, begin = b"", end
        carried += piece[begin:]
    return found, carried


def message_in(splitter: Splitter, frame: bytes) -> bytes:
    start, stop, back = splitter.envelope(frame[: splitter.reach], frame[-splitter.reach :])
    return frame[:start] + frame[stop : len(frame) - back]


def _flaw(splitter: Splitter, frame: bytes) -> str:
    return splitter.flaw(frame[: splitter.reach], frame[-splitter.reach :])


def streams(framing: Framing) -> st.SearchStrategy[bytes]:
    """Bytes that make sense under the framing, for a while at least, and bytes that do not."""
    return st.tuples(MESSAGES, st.binary(max_size=12)).map(
        lambda drawn: b"".join(enclosed for message in drawn[0] for enclosed in _enclosed(framing, message)) + drawn[1]
    ) | st.lists(st.binary(max_size=4) | st.sampled_from(PIECES), max_size=12).map(b"".join)


def _enclosed(framing: Framing, message: bytes) -> list[bytes]:
    try:
        return [framing.enclose(message)]
    except SendError:
        return []


@pytest.mark.parametrize(
    ("form", "stream"), [("netstring", b"3:abc"), ("fixed:4+sum", b"abc"), ("length:1+crc16-modbus", b"\x05abc?")]
)
def test_too_long_is_too_long_though_only_what_stands_behind_the_message_is_missing(form: str, stream: bytes) -> None:
    framing = parse_framing(form)

    assert heard(framing.framer(1), [stream]) == [TooLong(3)]
    assert heard(framing.framer(1), split(stream, range(len(stream)))) == [TooLong(3)]


@given(st.data(), FRAMINGS, CUTS, st.integers(1, LIMIT) | st.integers(120, 280))
@pytest.mark.case("C-37", "C-38", "C-41", "C-80")
def test_no_way_of_splitting_a_stream_changes_the_messages(
    data: st.DataObject, framing: Framing, cuts: list[int], limit: int
) -> None:
    stream = data.draw(streams(framing))
    if isinstance(framing, Gap):  # there the times are part of what came
        framing = Gap(1000)
    whole = heard(framing.framer(limit), [stream] if stream else [])
    assert heard(framing.framer(limit), split(stream, cuts)) == whole
    assert heard(framing.framer(limit), split(stream, range(len(stream)))) == whole


@given(st.data(), FRAMINGS, CUTS)
def test_frames_hold_every_byte_and_their_messages_are_those_of_the_framer(
    data: st.DataObject, framing: Framing, cuts: list[int]
) -> None:
    pieces = split(data.draw(streams(framing)), cuts)
    splitter = framing.splitter()

    found, left = frames(splitter, pieces)

    assert b"".join(found) + left == b"".join(pieces)
    messages = [message_in(splitter, frame) for frame in found if not _flaw(splitter, frame)]
    if left and (splitter.rest_is_message or splitter.could_end):
        messages.append(message_in(splitter, left))
    assert [message for message in heard(framing.framer(ROOMY), pieces) if isinstance(message, bytes)] == messages


@given(st.data(), FRAMINGS, CUTS)
def test_counting_agrees_with_looking(data: st.DataObject, framing: Framing, cuts: list[int]) -> None:
    counting, looking = framing.splitter(), framing.splitter()
    for at, piece in enumerate(split(data.draw(streams(framing)), cuts)):
        ends = looking.ends(piece, at * MS)
        assert counting.tally(piece, at * MS) == (len(ends), ends[-1] if ends else 0)
        assert counting.state == looking.state


@given(st.data(), FRAMINGS, CUTS, st.integers(1, 9))
def test_counting_several_pieces_at_once_agrees_with_counting_one_by_one(
    data: st.DataObject, framing: Framing, cuts: list[int], several: int
) -> None:
    together, one_by_one = framing.splitter(), framing.splitter()
    pieces = list(enumerate(split(data.draw(streams(framing)), cuts)))
    for begin in range(0, len(pieces), several):
        some = pieces[begin : begin + several]
        count = last = offset = 0
        for at, piece in some:
            ends = one_by_one.ends(piece, at * MS)
            count, last = count + len(ends), offset + ends[-1] if ends else last
            offset += len(piece)
        assert together.tally_all([piece for _, piece in some], [at * MS for at, _ in some]) == (count, last)
        assert together.state == one_by_one.state


@given(st.data(), FRAMINGS, CUTS)
def test_counting_whole_frames_of_any_streams_agrees_with_looking_at_each(
    data: st.DataObject, framing: Framing, cuts: list[int]
) -> None:
    pieces = [piece for piece in split(data.draw(streams(framing)), cuts) if piece]
    count, is_whole = 0, True
    for piece in pieces:
        splitter = framing.splitter()
        ends = splitter.ends(piece)
        count += len(ends)
        is_whole = is_whole and ends[-1:] == [len(piece)] and splitter.state is None
    assert framing.splitter().tally_whole(pieces) in ((count, None) if is_whole else (None,))


@pytest.mark.parametrize(
    ("framing", "pieces", "count"),
    [
        ("line", [b"a\n", b"b\r\n", b"c\rd\n\n"], 5),
        ("line", [b"a\n", b"b\r"], None),
        ("line", [b"a\n", b"b"], None),
        ("delimiter:0d0a", [b"a\r\n", b"\r\nb\r\n"], 3),
        ("delimiter:0d0a", [b"a\r\n", b"b\n"], None),
        ("delimiter:6161", [b"aa", b"aaa"], None),
        ("line+xor", [b"a\n", b"b\n"], 2),
        ("gap:5", [b"a", b"b"], None),
    ],
)
def test_whole_frames_are_counted_together_where_that_is_told_at_a_glance(
    framing: str, pieces: list[bytes], count: int | None
) -> None:
    assert parse_framing(framing).splitter().tally_whole(pieces) == count


@given(st.data(), FRAMINGS, CUTS, CUTS)
def test_a_splitter_goes_on_from_what_another_remembered(
    data: st.DataObject, framing: Framing, cuts: list[int], handovers: list[int]
) -> None:
    pieces = split(data.draw(streams(framing)), cuts)
    steady, latest = framing.splitter(), framing.splitter()
    for at, piece in enumerate(pieces):
        if at in handovers:
            fresh = framing.splitter()
            fresh.state = latest.state
            latest = fresh
            assert hash(fresh.state) is not None
        assert latest.ends(piece, at * MS) == steady.ends(piece, at * MS)


@given(FRAMINGS, MESSAGES, CUTS)
def test_what_is_enclosed_comes_out_as_it_was(framing: Framing, messages: list[bytes], cuts: list[int]) -> None:
    sent = [(message, enclosed) for message in messages for enclosed in _enclosed(framing, message)]
    if isinstance(framing, Gap):
        pieces = [enclosed for _message, enclosed in sent if enclosed]
        spread = [piece for each in pieces for piece in (each, b"")]
        framer = framing.framer(ROOMY)
        came = [message for at, piece in enumerate(spread) for message in framer.feed(piece, at * 10 * MS)]
        assert came + framer.finish() == pieces
        return
    fit = [(message, enclosed) for message, enclosed in sent if _is_told_apart(framing, message)]
    stream = b"".join(enclosed for _message, enclosed in fit)
    assert heard(framing.framer(ROOMY), split(stream, cuts)) == [message for message, _enclosed in fit]


def _is_told_apart(framing: Framing, message: bytes) -> bool:
    """Whether the message has nothing in it that would end it earlier."""
    if isinstance(framing, LineFraming):
        return b"\r" not in message and b"\n" not in message
    if isinstance(framing, Delimiter):
        return framing.enclose(message).find(framing.delimiter) == len(message)
    if isinstance(framing, Between):
        return (message + framing.end).find(framing.end) == len(message)
    return True


@pytest.mark.parametrize(
    ("written", "stream", "messages"),
    [
        ("delimiter:3b", b"a;;b", [b"a", b"", b"b"]),
        ("delimiter:0d0a", b"a\rb\r\n\nc\r\n", [b"a\rb", b"\nc"]),
        ("delimiter:6161", b"aaab", [b"", b"ab"]),
        ("length:1", b"\x03abc\x00\x01d", [b"abc", b"", b"d"]),
        ("length:2be", b"\0\3abc", [b"abc"]),
        ("length:4le,itself", b"\7\0\0\0abc", [b"abc"]),
        ("length:2be,offset=4", b"\0\1\0\0\0\2\x01\x03", [b"\0\1\0\0\x01\x03"]),
        ("length:2be,offset=1,whole", b"T\0\5ab", [b"Tab"]),
        ("length:varint", b"\x80\x01" + b"x" * 128 + b"\x01y", [b"x" * 128, b"y"]),
        ("length:varint", b"\x83\x80\x00abc", [b"abc"]),  # written longer than needed, and understood
        ("fixed:3", b"abcdef", [b"abc", b"def"]),
        ("length:3le,add=1", b"\3\0\0\0abc\0\0\0\1", [b"\0abc", b"\1"]),  # MySQL: a number in front, not counted
        ("length:2be,add=-2", b"\0\5abc\0\2", [b"abc", b""]),
        ("length:2be,then=0d", b"\0\3abc\r\0\0\r", [b"abc", b""]),
        ("length:4digits", b"0003abc0000", [b"abc", b""]),  # ISO 8583
        ("length:4digits,itself", b"0007abc", [b"abc"]),
        ("length:3be", b"\0\0\3abc", [b"abc"]),
        ("netstring", b"12:hello world!,0:,3:abc,", [b"hello world!", b"", b"abc"]),
        ("between:0b,1c0d", b"\x0bMSH|a\rPID\r\x1c\r\x0b\x1c\r", [b"MSH|a\rPID\r", b""]),  # HL7 over MLLP
        ("between:02,03", b"\2one\3\2\2two\3", [b"one", b"\2two"]),
        ("flag:7e", b"~~~one~two~~three~", [b"one", b"two", b"three"]),
        ("flag:c0", b"one\xc0\xc0\xdb\xdc\xc0", [b"one", b"\xdb\xdc"]),
        ("content-length", b"Content-Length: 3\r\n\r\nabccontent-length:0\n\n", [b"abc", b""]),
        (
            "content-length",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
        ),
    ],
)
def test_messages_come_out_the_same_whole_and_byte_by_byte(written: str, stream: bytes, messages: list[bytes]) -> None:
    framing = parse_framing(written)
    assert heard(framing.framer(200), [stream]) == messages
    assert heard(framing.framer(200), split(stream, range(len(stream)))) == messages


@pytest.mark.parametrize(
    ("written", "stream", "why"),
    [
        ("length:4be", b"\0\0\0\x09abc", "what came ended too early: 7 of 13 bytes"),
        ("length:4be", b"\0\0", "what came ended too early: its length has not come yet"),
        ("length:2be,itself", b"\0\1abc", "a length of 1 where it can be no less than 2, so nothing behind it can be"),
        ("length:1,offset=3,whole", b"abc\3d", "a length of 3 where it can be no less than 4"),
        ("length:varint", b"\xff" * 11, "a length that does not end within 10 bytes"),
        ("fixed:16", b"x" * 17, "what came ended too early: 1 of 16 bytes"),
        ("between:0b,1c0d", b"hello\x0bone\x1c\r", "it does not begin with 0b"),
        ("between:aa55,0d", b"\xaa\xaa\x55one\r", "it does not begin with aa 55"),
        ("between:aa55,0d", b"\xaa", "what came ended too early: its start is not all there"),
        ("between:02,03", b"\2one", "what came ended too early: 03 has not come"),
        ("flag:7e", b"~one~~", "what came ended too early: nothing has come behind 7e"),
        ("flag:7e", b"~one", "what came ended too early: 7e has not come behind it"),
        ("flag:7e", b"~" * 256, "256 times 7e and nothing between"),
        ("netstring", b"3:abc;", "it ends with 3b, not with 2c"),
        ("netstring", b"3:abc,GET / HTTP/1.1", "it does not begin with a length in digits and a colon"),
        ("netstring", b"1" * 10, "it does not begin with a length in digits and a colon"),
        ("netstring", b"3", "what came ended too early: its length has not come yet"),
        ("length:4digits", b"12 4abc", "a length of 31 32 20 34, which are not digits"),
        ("length:2be,add=-2", b"\0\1abc", "a length of 1 where it can be no less than 2"),
        ("length:2be,then=0d0a", b"\0\3abc\r\r", "it ends with 0d 0d, not with 0d 0a"),
        (
            "content-length",
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "its header block gives no length in digits",
        ),
        ("content-length", b"Content-Length: many\r\n\r\nabc", "its header block gives no length in digits"),
        ("content-length", b"x" * 9000, "no blank line in 8,192 bytes"),
    ],
)
def test_what_is_no_message_is_told_once_and_with_the_reason(written: str, stream: bytes, why: str) -> None:
    for pieces in ([stream], split(stream, range(len(stream)))):
        told = [
            message for message in heard(parse_framing(written).framer(LIMIT), pieces) if not isinstance(message, bytes)
        ]
        assert len(told) == 1
        assert isinstance(told[0], FramingViolation)
        assert told[0].why.startswith(why)


@pytest.mark.parametrize(
    "written", ["length:4be", "length:8le", "length:varint", "length:4be,offset=7,whole", "length:4be,add=-4,then=0d0a"]
)
@pytest.mark.case("C-80")
def test_a_length_beyond_the_limit_is_refused_before_its_bytes_take_memory(written: str) -> None:
    framing = parse_framing(written)
    assert isinstance(framing, LengthPrefix)
    size, limit = 1 << 31, 64 * 1024
    before = framing.field.offset
    header = b"." * before + (framing.field.written(size - before) or b"")
    framer = framing.framer(limit)
    block = b"x" * 65536

    tracemalloc.start()
    try:
        assert framer.feed(header) == [TooLong(size)]
        for _ in range(200):
            assert framer.feed(block) == []
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < limit


@pytest.mark.parametrize(
    ("written", "header", "size"),
    [
        ("netstring", b"999999999:", 999_999_999),
        ("content-length", b"Content-Length: 2147483648\r\n\r\n", 1 << 31),
        ("length:9digits", b"999999999", 999_999_999),
        ("length:4be+crc32", b"\x80\0\0\0", (1 << 31) - 4),
    ],
)
@pytest.mark.case("C-80")
def test_a_length_in_text_beyond_the_limit_is_refused_at_once_and_its_bytes_are_not_kept(
    written: str, header: bytes, size: int
) -> None:
    framer = parse_framing(written).framer(1000)

    assert framer.feed(header) == [TooLong(size)]
    assert [framer.feed(b"x" * 65536) for _ in range(20)] == [[]] * 20


@pytest.mark.case("C-41", "C-80")
def test_after_a_message_beyond_the_limit_the_next_one_counts_again() -> None:
    framing = parse_framing("length:2be")
    stream = framing.enclose(b"x" * 100) + framing.enclose(b"next")
    for pieces in ([stream], split(stream, range(len(stream)))):
        assert heard(framing.framer(LIMIT), pieces) == [TooLong(100), b"next"]


@pytest.mark.parametrize("written", ["delimiter:0d0a", "gap:50"])
@pytest.mark.case("C-41", "C-44")
def test_a_message_without_an_end_stays_within_its_memory(written: str) -> None:
    limit = 16 * 1024
    framer = parse_framing(written).framer(limit)

    tracemalloc.start()
    try:
        for _ in range(200):
            assert framer.feed(bytes(bytearray(1000))) == []  # a new object each time, as recv gives
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * limit
    ended = framer.feed(b"\r\n", at=MS) if written.startswith("delimiter") else framer.finish()
    assert ended == [TooLong(200_000)]


def test_silence_ends_a_message_and_the_framer_says_how_much_of_it() -> None:
    framer = parse_framing("gap:50").framer(LIMIT)
    assert framer.silence == 0.05
    assert framer.feed(b"one ", 0) == []
    assert framer.feed(b"message", 49 * MS) == []
    assert framer.feed(b"two", 99 * MS) == [b"one message"]
    assert framer.finish() == [b"two"]
    assert framer.finish() == []
    assert framer.feed(b"three", 500 * MS) == []
    assert framer.finish() == [b"three"]


def test_other_framings_do_not_wait_for_silence() -> None:
    written = ("raw", "line", "delimiter:00", "length:1", "fixed:2")
    assert [parse_framing(each).framer(LIMIT).silence for each in written] == [None] * 5
