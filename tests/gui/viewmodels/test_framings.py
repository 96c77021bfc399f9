"""What a person writes for a framing is read as it is meant, or refused at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire.framing import parse_framing
from gui.viewmodels.framings import (
    CHECKED,
    KINDS,
    Kind,
    WrittenError,
    kind_of,
    one_of,
    read,
    with_checksum,
    words_of,
    written,
)

BY_PREFIX = {kind.prefix: kind for kind in KINDS if kind.asks}
DELIMITER, LENGTH, FIXED, GAP, BETWEEN, FLAG = (
    BY_PREFIX[prefix] for prefix in ("delimiter:", "length:", "fixed:", "gap:", "between:", "flag:")
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.words)
def test_every_kind_begins_with_a_framing_that_can_be_used(kind: Kind) -> None:
    assert str(parse_framing(kind.usual)) == kind.usual
    assert kind_of(kind.usual) is kind
    assert bool(kind.asks) == kind.words.endswith("…")


@pytest.mark.parametrize(
    ("kind", "text", "framing"),
    [
        (DELIMITER, "0d 0a", "delimiter:0d0a"),
        (DELIMITER, " FF", "delimiter:ff"),
        (LENGTH, "4le, offset=3, whole", "length:4le,offset=3,whole"),
        (LENGTH, "varint", "length:varint"),
        (FIXED, "16", "fixed:16"),
        (FIXED, "16,pad=20", "fixed:16,pad=20"),
        (GAP, " 250 ", "gap:250"),
        (BETWEEN, "0B, 1C 0D", "between:0b,1c0d"),
        (BETWEEN, "02,03", "between:02,03"),
        (FLAG, "c0", "flag:c0"),
        (CHECKED, "line + xor, HEX, after 2a", "line+xor,HEX,after=2a"),
        (CHECKED, "fixed:133+crc16-xmodem,skip=3", "fixed:133+crc16-xmodem,skip=3"),
        (LENGTH, "3le, add 1", "length:3le,add=1"),
        (LENGTH, "4digits, then 0d 0a", "length:4digits,then=0d0a"),
    ],
)
def test_what_is_written_is_read_as_it_is_meant(kind: Kind, text: str, framing: str) -> None:
    assert str(read(kind, text)) == framing


@pytest.mark.parametrize(
    ("kind", "text", "place", "part"),
    [
        (DELIMITER, "0d 0x", 4, "hex digits"),
        (DELIMITER, "0d 0", 4, "one is missing"),
        (LENGTH, "5be", 0, "1, 2be"),
        (LENGTH, "2be, nonsense", 5, "“nonsense”"),
        (FIXED, "0", 0, "from 1"),
        (FIXED, "99999999999999999999", 0, "a number"),
        (BETWEEN, "0b", 2, "end is missing"),
        (BETWEEN, "0b, 1x", 5, "hex digits"),
        (FLAG, "7e 7e", 0, "one byte"),
        (CHECKED, "line+md5", 5, "no checksum called “md5”"),
        (CHECKED, "lime+xor", 0, "no framing called “lime”"),
        (GAP, "soon", 0, "a number"),
        (GAP, "   ", 0, "50"),
        (LENGTH, "", 0, "2be"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(kind: Kind, text: str, place: int, part: str) -> None:
    with pytest.raises(WrittenError, match=part) as caught:
        read(kind, text)

    assert caught.value.place == place
    assert str(caught.value).endswith(".")


@given(
    st.sampled_from([kind for kind in KINDS if kind.asks]),
    st.text(alphabet="0123456789abdefghinrtsv,=#- \u0660é", max_size=30),
)
def test_whatever_is_written_is_read_or_refused_within_it(kind: Kind, text: str) -> None:
    place, framing = outcome(kind, text)

    assert 0 <= place <= len(text)
    if framing:
        shown = kind_of(framing)
        assert not shown.asks or str(read(shown, written(shown, framing))) == framing


def outcome(kind: Kind, text: str) -> tuple[int, str]:
    """The place that was refused, or what was read."""
    try:
        return 0, str(read(kind, text))
    except WrittenError as error:
        return error.place, ""


def test_a_framing_is_shown_in_words() -> None:
    assert words_of("raw") == "As received"
    assert words_of("length:2be") == "2-byte big-endian length"
    assert words_of("delimiter:00") == "Ended by NUL"
    assert words_of("between:0b,1c0d") == "Between 0b and 1c 0d"
    assert words_of("netstring") == "Netstrings"
    assert words_of("content-length") == "Content-Length"
    assert words_of("raw+crc16-modbus") == "As received, CRC-16/MODBUS"


def test_a_checksum_is_put_behind_the_framing_that_holds() -> None:
    assert with_checksum("line", "raw+xor,HEX") == "line+xor,HEX"
    assert with_checksum("line+sum", "raw+xor,HEX") == "line+sum"
    assert with_checksum("line", "between:02,03+xor,header,behind") == "line+xor,header"
    assert words_of("of an older version") == "As received"


@pytest.mark.parametrize(
    ("framing", "one"),
    [
        ("raw", "piece received"),
        ("line", "line"),
        ("delimiter:0d0a", "message ended by CR LF"),
        ("delimiter:0203", "message ended by 02 03"),
        ("length:2be", "message with 2-byte big-endian length"),
        ("fixed:16", "message of 16 bytes"),
        ("gap:50", "message ended by silence of 50 ms"),
        ("between:02,03", "message between STX and ETX"),
        ("raw+crc16-modbus", "piece received, CRC-16/MODBUS"),
        ("flag:7e", "message between flags 7e"),
        ("netstring", "netstring"),
        ("content-length", "message with Content-Length header"),
    ],
)
def test_one_message_of_a_framing_has_words_of_its_own(framing: str, one: str) -> None:
    assert one_of(framing) == one
