"""Messages with a checksum: as their protocols have them on the wire, and as they are looked at when they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SendError
from core.wire.checksums import ALGORITHMS, Check, Checked
from core.wire.framing import FramingError, parse_framing
from core.wire.messages import FramingViolation
from tests.core.wire.test_agreement import CUTS, FRAMINGS, MESSAGES, frames, heard, message_in, split

CHECKS = st.builds(
    Check,
    st.sampled_from(sorted(ALGORITHMS)),
    st.sampled_from(["be", "le", "hex", "HEX", "decimal"]),
    st.integers(0, 3),
    st.binary(max_size=2),
    st.binary(max_size=2),
    st.just(value=False),
    st.booleans(),
)
CHECKED = st.builds(Checked, FRAMINGS, CHECKS)

# A protocol, what is sent, and the whole of it on the wire, as others have published it.
PUBLISHED = [
    pytest.param("raw+crc16-modbus", "01 03 00 00 00 0a", "01 03 00 00 00 0a c5 cd", id="Modbus RTU"),
    pytest.param(
        "between:24,0d0a+xor,HEX,after=2a",
        b"GPGLL,5300.97914,N,00259.98174,E,125926,A".hex(),
        b"$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\r\n".hex(),
        id="NMEA 0183",
    ),
    pytest.param(
        "between:3a,0d0a+lrc,HEX,digits", b"0300300002337A".hex(), b":0300300002337A1E\r\n".hex(), id="Intel HEX"
    ),
    pytest.param(
        "between:3a,0d0a+lrc,HEX,digits", b"010300000001".hex(), b":010300000001FB\r\n".hex(), id="Modbus ASCII"
    ),
    pytest.param(
        "raw+sum,decimal,after=31303d,then=01",
        b"8=FIX.4.2|9=65|35=A|49=SERVER|56=CLIENT|34=177|52=20090107-18:15:16|98=0|108=30|".replace(b"|", b"\1").hex(),
        b"8=FIX.4.2|9=65|35=A|49=SERVER|56=CLIENT|34=177|52=20090107-18:15:16|98=0|108=30|10=062|".replace(
            b"|", b"\1"
        ).hex(),
        id="FIX",
    ),
    pytest.param(
        "fixed:133+crc16-xmodem,skip=3",
        "01 01 fe" + b"123456789".hex() + "00" * 119,
        "01 01 fe" + b"123456789".hex() + "00" * 119 + "d0 53",
        id="XMODEM",
    ),
    pytest.param("between:02,03+xor,behind", "30 31 32", "02 30 31 32 03 30", id="STX, ETX and BCC over the end"),
    pytest.param("between:02,03+xor,header,behind", "30 31 32", "02 30 31 32 03 32", id="BCC over the start, too"),
    pytest.param("length:1+xor,header", "41 42", "03 41 42 00", id="over the length"),
    pytest.param("length:2be,offset=1+crc8,header", "10 20", "10 00 02 20 ad", id="over a header with a length"),
]


@pytest.mark.parametrize(("written", "message", "wire"), PUBLISHED)
def test_a_checksum_stands_where_its_protocol_has_it(written: str, message: str, wire: str) -> None:
    framing = parse_framing(written)
    assert framing.enclose(bytes.fromhex(message)).hex(" ") == bytes.fromhex(wire).hex(" ")
    assert heard(framing.framer(1000), [bytes.fromhex(wire)]) == [bytes.fromhex(message)]
    if not written.startswith("raw"):
        assert heard(framing.framer(1000), split(bytes.fromhex(wire) * 2, range(400))) == [bytes.fromhex(message)] * 2


@pytest.mark.parametrize(
    ("written", "stream", "why"),
    [
        ("fixed:8+crc16-modbus", "01 03 00 00 00 0b c5 cd", "CRC-16/MODBUS wrong: expected 04 0d, found c5 cd"),
        ("between:24,0d0a+xor,HEX,after=2a", b"$AB*28\r\n".hex(), "XOR wrong: expected *03, found *28"),
        ("between:24,0d0a+xor,HEX,after=2a", b"$A\r\n".hex(), "too short for its XOR"),
        ("between:02,03+xor,behind", "02 30 31 32 03 31", "XOR wrong: expected 30, found 31"),
        ("between:02,03+xor,behind", "30", "it does not begin with 02"),
        ("line+sum,decimal", b"hello123\n".hex(), "sum wrong: expected 020, found 123"),
        ("line+sum,decimal", b"hello\x1b[m\n".hex(), "sum wrong: expected 020, found \\x1b[m"),
        ("line+lrc,HEX,digits", b"xyz1E\n".hex(), "what the checksum covers are not pairs of hex digits"),
        ("length:1+crc32", "02 01 02", "too short for its CRC-32"),
    ],
)
def test_a_checksum_that_is_wrong_is_told_with_what_was_expected(written: str, stream: str, why: str) -> None:
    for pieces in ([bytes.fromhex(stream)], split(bytes.fromhex(stream), range(99))):
        told = heard(parse_framing(written).framer(100), pieces)
        assert told[0] == FramingViolation(why)


def test_digits_of_a_checksum_may_be_of_either_case() -> None:
    framing = parse_framing("line+crc16-ccitt,HEX")
    assert heard(framing.framer(100), [b"12345678929b1\n"]) == [b"123456789"]


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ("line+", 5, "the name of the checksum is missing; there are crc8, "),
        ("line+md5", 5, "there is no checksum called “md5”"),
        ("line+xor+xor", 5, "there is no checksum called “xor+xor”"),
        ("lime+xor", 0, "there is no framing called “lime”"),
        ("line+xor,upper", 9, "“upper” means nothing here: there can be be, le, hex, HEX, decimal, skip=N"),
        ("line+xor,skip=x", 14, "what is skipped must be a number from 0 to 1,024"),
        ("line+xor,after=2", 16, "two hex digits a byte"),
        ("line+xor,behind", 5, "only a frame with a start and an end can have a checksum behind it"),
    ],
)
def test_what_is_no_checksum_is_refused_at_its_place(written: str, place: int, says: str) -> None:
    with pytest.raises(FramingError) as refused:
        parse_framing(written)
    assert says in str(refused.value)
    assert refused.value.place == place


def test_hex_digits_that_are_none_cannot_be_sent() -> None:
    with pytest.raises(SendError, match="not pairs of hex digits"):
        parse_framing("between:3a,0d0a+lrc,HEX,digits").enclose(b"hello")


@given(CHECKED)
def test_a_checked_framing_is_what_its_written_form_says(framing: Checked) -> None:
    assert str(parse_framing(str(framing))) == str(framing)


@given(st.data(), CHECKED, MESSAGES, CUTS, st.integers(1, 40) | st.integers(120, 280))
def test_no_way_of_splitting_a_stream_changes_the_messages(
    data: st.DataObject, framing: Checked, messages: list[bytes], cuts: list[int], limit: int
) -> None:
    if str(framing.inner).startswith("gap"):
        return
    stream = b"".join(_enclosed(framing, message) for message in messages) + data.draw(st.binary(max_size=9))
    whole = heard(framing.framer(limit), [stream] if stream else [])
    assert heard(framing.framer(limit), split(stream, cuts)) == whole
    assert heard(framing.framer(limit), split(stream, range(len(stream)))) == whole


@pytest.mark.parametrize("limit", [20, 22])
def test_a_frame_with_a_wrong_end_is_the_same_at_once_and_byte_by_byte(limit: int) -> None:
    framing = parse_framing("length:1,then=03+xor")
    frame = framing.enclose(b"x" * 22)[:-1] + b"\x04"

    assert heard(framing.framer(limit), split(frame, range(len(frame)))) == heard(framing.framer(limit), [frame])


@given(CHECKED, MESSAGES)
def test_each_message_that_is_sent_has_the_right_checksum_when_it_comes(
    framing: Checked, messages: list[bytes]
) -> None:
    for message in messages:
        wire = _enclosed(framing, message)
        splitter = framing.splitter()
        found, _left = frames(splitter, [wire] if wire else [])
        if found == [wire]:
            verdict = splitter.verdict(wire)
            assert verdict is not None
            assert verdict.is_right, verdict
            assert message_in(splitter, wire)[: len(message)] == message


def _enclosed(framing: Checked, message: bytes) -> bytes:
    try:
        return framing.enclose(message)
    except SendError:
        return b""


def test_what_would_be_taken_for_the_end_of_the_line_is_refused() -> None:
    with pytest.raises(SendError, match="the line's end"):
        parse_framing("line+adler32,then=0d").enclose(b"")
    assert parse_framing("line+xor,then=0d2e").enclose(b"a") == b"aa\r.\n"
