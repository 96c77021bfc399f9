"""The written form of a framing, its words for people, and what it makes of a message to be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SendError
from core.wire.framing import (
    LARGEST_ADD,
    LARGEST_FIXED,
    LARGEST_OFFSET,
    LONGEST_DELIMITER,
    LONGEST_GAP,
    Between,
    ContentLength,
    Delimiter,
    FixedLength,
    Flag,
    Framing,
    FramingError,
    Gap,
    LengthPrefix,
    LineFraming,
    Netstring,
    RawFraming,
    parse_framing,
)
from core.wire.length_prefix import Counts, LengthField

FRAMINGS: st.SearchStrategy[Framing] = st.one_of(
    st.just(RawFraming()),
    st.just(LineFraming()),
    st.builds(Delimiter, st.binary(min_size=1, max_size=LONGEST_DELIMITER)),
    st.builds(
        LengthPrefix,
        st.builds(
            LengthField,
            st.sampled_from([2, 3, 4, 8]),
            st.sampled_from(["big", "little"]),
            st.integers(0, LARGEST_OFFSET),
            st.sampled_from(Counts),
        ),
    ),
    st.builds(
        LengthPrefix,
        st.builds(LengthField, st.sampled_from([0, 1]), st.just("big"), st.integers(0, 9), st.sampled_from(Counts)),
    ),
    st.builds(FixedLength, st.integers(1, LARGEST_FIXED), st.none() | st.integers(0, 255)),
    st.builds(Gap, st.integers(1, LONGEST_GAP)),
    st.just(Netstring()),
    st.just(ContentLength()),
    st.builds(Flag, st.binary(min_size=1, max_size=1)),
    st.builds(
        Between,
        st.binary(min_size=1, max_size=LONGEST_DELIMITER).filter(lambda start: start[:1] not in start[1:]),
        st.binary(min_size=1, max_size=LONGEST_DELIMITER),
    ),
    st.builds(
        LengthPrefix,
        st.builds(
            LengthField,
            st.integers(1, 9),
            st.just("digits"),
            st.integers(0, 9),
            st.sampled_from(Counts),
            st.integers(-LARGEST_ADD, LARGEST_ADD),
        ),
        st.binary(max_size=LONGEST_DELIMITER),
    ),
)


@given(FRAMINGS)
def test_a_framing_is_what_its_written_form_says(framing: Framing) -> None:
    assert parse_framing(str(framing)) == framing


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("raw", "as received"),
        ("line", "lines"),
        ("delimiter:0d0a", "delimiter CR LF"),
        ("delimiter:DEad", "delimiter de ad"),
        ("length:1", "1-byte length"),
        ("length:2be", "2-byte big-endian length"),
        ("length:4le,offset=3,whole", "4-byte little-endian length after 3 bytes, counting the whole frame"),
        ("length:8BE,itself,offset=1", "8-byte big-endian length after 1 byte, counting itself"),
        ("length:varint", "varint length"),
        ("fixed:1", "1 byte each"),
        ("fixed:1600,pad=20", "1,600 bytes each, filled up with 20"),
        ("gap:50", "silence of 50 ms"),
        ("between:02,03", "between STX and ETX"),
        ("between:0B,1C0D", "between 0b and 1c 0d"),
        ("flag:7e", "between flags 7e"),
        ("netstring", "netstrings"),
        ("content-length", "Content-Length header"),
        ("length:4digits", "4-digit length"),
        ("length:3le,add=1,then=0d0a", "3-byte little-endian length, 1 byte more than it says, CR LF behind it"),
        ("length:2be,itself,add=-2", "2-byte big-endian length, counting itself, 2 bytes fewer than it says"),
    ],
)
def test_a_framing_has_words_for_people(written: str, words: str) -> None:
    assert parse_framing(written).words == words


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        (
            "",
            0,
            "the name of the framing is missing; there are raw, line, netstring, content-length, delimiter, between,",
        ),
        ("csv", 0, "there is no framing called “csv”"),
        ("Line", 0, "there is no framing called “Line”"),
        ("raw:1", 3, "raw takes nothing behind it"),
        ("gap", 3, "gap needs more, for example gap:50"),
        ("delimiter:", 10, "delimiter needs more, for example delimiter:0d0a"),
        ("delimiter:0d0g", 13, "the delimiter must be hex digits, not “g”"),
        ("delimiter:0d0", 13, "the delimiter must be two hex digits a byte; one is missing"),
        ("delimiter:" + "00" * 65, 10, "the delimiter must have 1 to 64 bytes; it has 65"),
        ("delimiter:0a,0d", 13, "“0d” means nothing here: there can be nothing but the bytes"),
        ("length:5be", 7, "3be, 3le, 4be, 4le, 8be, 8le, varint, 1digits to 9digits; “5be” is none of them"),
        ("length:0digits", 7, "“0digits” is none of them"),
        ("length:2be,add=x", 15, "what is added must be a number from -65,536 to 65,536, not “x”"),
        ("length:2be,add=-65537", 15, "what is added must be from -65,536 to 65,536, not -65,537"),
        ("length:2be,then=0", 17, "what stands behind must be two hex digits a byte"),
        ("between:0b", 10, "the end is missing: write it behind a comma"),
        ("between:0b,", 11, "the end must have 1 to 64 bytes; it has 0"),
        ("between:0b,1c=0d", 13, "the end must be hex digits, not “=”"),
        ("between:0b,1c,0d", 14, "“0d” means nothing here: there can be nothing but the start and the end"),
        ("between:aabbaa,0d", 8, "the start must not have its first byte in it again"),
        ("flag:7e7e", 5, "the flag must have one byte; it has 2"),
        ("flag:7e,c0", 8, "“c0” means nothing here: there can be nothing but the byte"),
        ("netstring:4", 9, "netstring takes nothing behind it"),
        ("length:2be,offset=x", 18, "the offset must be a number from 0 to 1,024, not “x”"),
        ("length:2be,offset=1025", 18, "the offset must be from 0 to 1,024, not 1,025"),
        ("length:2be,offset", 11, "offset needs a value: offset=..."),
        ("length:2be,itself,itself", 18, "“itself” is there twice"),
        (
            "length:2be,whole,itself",
            11,
            "“whole” means nothing here: there can be offset=N, add=N, then=HH, and itself or",
        ),
        ("length:2be,whole=2", 11, "“whole” means nothing here"),
        ("length:2be,", 11, "“” means nothing here"),
        ("fixed:0", 6, "the size must be from 1 to 16,777,216, not 0"),
        ("fixed:99999999999999999999", 6, "the size must be a number from 1 to 16,777,216"),
        ("fixed:-1", 6, "the size must be a number from 1 to 16,777,216, not “-1”"),
        ("fixed:٣", 6, "the size must be a number"),
        ("fixed:16,pad=2000", 13, "the byte that fills up must have one byte; it has 2"),
        ("gap:3600001", 4, "the silence must be from 1 to 3,600,000, not 3,600,001"),
        ("\x1b[2J", 0, r"there is no framing called “\u001b[2J”"),
        ("x" * 500, 0, f"called “{'x' * 39}…”; there"),
    ],
)
def test_what_is_no_framing_is_refused_with_the_reason_and_the_place(written: str, place: int, says: str) -> None:
    with pytest.raises(FramingError) as refused:
        parse_framing(written)
    assert says in str(refused.value)
    assert refused.value.place == place


@given(
    st.text(max_size=30)
    | st.tuples(
        st.sampled_from(["delimiter:", "length:2be,", "length:", "fixed:", "fixed:3,", "gap:", "between:", "flag:"]),
        st.text("0123456789abcdeflr,=xoitsw-+_ ", max_size=12),
    ).map("".join)
)
def test_whatever_is_typed_is_a_framing_or_a_sentence(written: str) -> None:
    understood: list[Framing] = []
    refused: list[FramingError] = []
    try:
        understood.append(parse_framing(written))
    except FramingError as error:
        refused.append(error)
    assert all(parse_framing(str(framing)) == framing for framing in understood)
    assert all(0 <= error.place <= len(written) and "\n" not in str(error) for error in refused)


@pytest.mark.parametrize(
    ("written", "message", "enclosed"),
    [
        ("raw", b"hi", b"hi"),
        ("line", b"hi", b"hi\n"),
        ("delimiter:0d0a", b"hi", b"hi\r\n"),
        ("length:1", b"hi", b"\2hi"),
        ("length:2be", b"hi", b"\0\2hi"),
        ("length:4le", b"hi", b"\2\0\0\0hi"),
        ("length:2be,itself", b"hi", b"\0\4hi"),
        ("length:2be,offset=4", b"\0\1\0\0\1\3", b"\0\1\0\0\0\2\1\3"),
        ("length:2be,offset=1,itself", b"Tab", b"T\0\4ab"),
        ("length:2be,offset=1,whole", b"Tab", b"T\0\5ab"),
        ("length:varint", b"x" * 300, b"\xac\x02" + b"x" * 300),
        ("length:varint,itself", b"x" * 126, b"\x7f" + b"x" * 126),
        ("length:varint,itself", b"x" * 127, b"\x81\x01" + b"x" * 127),
        ("length:8be", b"", b"\0" * 8),
        ("fixed:2", b"hi", b"hi"),
        ("fixed:4,pad=20", b"hi", b"hi  "),
        ("gap:50", b"hi", b"hi"),
        ("between:0b,1c0d", b"hi", b"\x0bhi\x1c\r"),
        ("flag:7e", b"hi", b"~hi~"),
        ("netstring", b"hello world!", b"12:hello world!,"),
        ("content-length", b"{}", b"Content-Length: 2\r\n\r\n{}"),
        ("length:4digits", b"hi", b"0002hi"),
        ("length:3le", b"hi", b"\2\0\0hi"),
        ("length:3be,add=1", b"hi", b"\0\0\1hi"),
        ("length:2be,then=0d0a", b"hi", b"\0\2hi\r\n"),
        ("length:2digits,whole,add=-1", b"hi", b"05hi"),
    ],
)
def test_a_message_is_enclosed_for_the_wire(written: str, message: bytes, enclosed: bytes) -> None:
    assert parse_framing(written).enclose(message) == enclosed


@pytest.mark.parametrize(
    ("written", "message", "says"),
    [
        ("length:1", b"x" * 256, "the message has 256 bytes: too many for the 1-byte length"),
        ("length:1,itself", b"x" * 255, "the message has 255 bytes: too many for the 1-byte length, counting itself"),
        ("length:2be,offset=4", b"abc", "the message has 3 bytes, and the length stands behind the first 4"),
        ("length:1digits", b"x" * 10, "the message has 10 bytes: too many for the 1-digit length"),
        ("length:1,add=3", b"hi", "the message has 2 bytes: too few for the 1-byte length, 3 bytes more than it says"),
        ("flag:7e", b"", "nothing between two flags is no message"),
        ("flag:7e", b"a~b", "has the flag 7e in it, which would end it there; what stands for it .* is 7d 5e in HDLC"),
        ("fixed:4", b"hi", "the message has 2 bytes, and each is to have 4; fixed:4,pad=00 would fill it up"),
        ("fixed:4,pad=00", b"hello", "the message has 5 bytes, and each is to have 4$"),
    ],
)
def test_a_message_that_fits_no_frame_is_refused_with_the_reason(written: str, message: bytes, says: str) -> None:
    with pytest.raises(SendError, match=says):
        parse_framing(written).enclose(message)
