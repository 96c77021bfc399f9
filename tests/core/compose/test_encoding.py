"""Encodings: what is sent is exact or refused, what is seen loses no byte, however wrong the choice is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.compose import Decoder, Encoding, decode_as
from core.compose.encoding import encode
from core.errors import DraftError
from core.text_safety import TextSafety, decode

encodings = st.sampled_from(Encoding)


def decoded_in_pieces(data: bytes, sizes: list[int], decoder: Decoder) -> str:
    text, position = "", 0
    for size in sizes:
        text += decoder.feed(data[position : position + size])
        position += size
    return text + decoder.feed(data[position:]) + decoder.finish()


def bytes_of(text: str, encoding: Encoding) -> bytes:
    """What was decoded, turned back the slow way: a byte that was no text is the byte that its mark names."""
    found = (chr(ord(one) - 0xDC00).encode("latin-1") if "\udc00" <= one <= "\udcff" else None for one in text)
    return b"".join(one.encode(encoding.codec) if raw is None else raw for one, raw in zip(text, found, strict=True))


@pytest.mark.parametrize(
    ("encoding", "text", "data"),
    [
        (Encoding.UTF_8, "é€", "c3a9 e282ac"),
        (Encoding.UTF_16_LE, "A€😀", "4100 ac20 3dd8 00de"),
        (Encoding.UTF_16_BE, "A€😀", "0041 20ac d83d de00"),
        (Encoding.LATIN_1, "é", "e9"),
        (Encoding.CP1252, "é€", "e980"),
        (Encoding.GB18030, "中文😀", "d6d0 cec4 9439 fc36"),
        (Encoding.SHIFT_JIS, "日本語～①", "93fa 967b 8cea 8160 8740"),
        (Encoding.BIG5, "中文", "a4a4 a4e5"),
    ],
)
def test_text_becomes_the_bytes_that_the_encoding_says_and_comes_back(encoding: Encoding, text: str, data: str) -> None:
    assert encode(text, encoding) == bytes.fromhex(data)
    assert decode_as(bytes.fromhex(data), encoding) == text


@pytest.mark.parametrize(
    ("encoding", "text", "place", "named"),
    [
        (Encoding.LATIN_1, "5 €", 2, "Latin-1 has no character € (U+20AC)"),
        (Encoding.CP1252, "a\x81", 1, "CP1252 has no character U+0081"),
        (Encoding.SHIFT_JIS, "日é", 1, "Shift-JIS has no character é (U+00E9)"),
        (Encoding.BIG5, "中㐀", 1, "Big5 has no character 㐀 (U+3400)"),
        (Encoding.UTF_8, "ab\ud800", 2, "U+D800 is half a character"),
        (Encoding.UTF_16_BE, "\udc00", 0, "U+DC00 is half a character"),
        pytest.param(Encoding.SHIFT_JIS, "a¥", 1, "has no character ¥", id="yen sign, whose byte is a backslash"),
    ],
)
def test_a_character_that_has_no_bytes_is_named_at_its_place(
    encoding: Encoding, text: str, place: int, named: str
) -> None:
    with pytest.raises(DraftError) as caught:
        encode(text, encoding, 10)

    assert named in str(caught.value)
    assert (caught.value.start, caught.value.stop) == (10 + place, 11 + place)


@given(st.text(), encodings)
def test_what_is_encoded_comes_back_as_the_same_text_or_is_refused(text: str, encoding: Encoding) -> None:
    try:
        data = encode(text, encoding)
    except DraftError as error:
        refused = text[error.start : error.stop]
        with pytest.raises(DraftError):
            encode(refused, encoding)
        return
    assert decode_as(data, encoding) == text


@pytest.mark.case("C-45", "C-58")
@given(st.binary(max_size=80), encodings, st.lists(st.integers(0, 5), max_size=40))
@example(b"\x800", Encoding.GB18030, [])
@example(b"\x81\x30\x81", Encoding.GB18030, [1, 1, 1])
def test_a_stream_reads_the_same_however_it_is_cut(data: bytes, encoding: Encoding, sizes: list[int]) -> None:
    decoder = Decoder(encoding)

    assert decoded_in_pieces(data, sizes, decoder) == decode_as(data, encoding)
    assert decoded_in_pieces(data, sizes, decoder) == decode_as(data, encoding), "a finished decoder begins anew"


@pytest.mark.case("C-46", "C-58")
@given(st.binary(max_size=80), encodings)
def test_no_byte_is_lost_whatever_the_encoding_makes_of_it(data: bytes, encoding: Encoding) -> None:
    text = decode_as(data, encoding)

    again = bytes_of(text, encoding)

    assert decode_as(again, encoding) == text
    if encoding not in (Encoding.SHIFT_JIS, Encoding.BIG5):  # which have characters with two codes
        assert again == data


@given(st.binary(max_size=80))
def test_utf_8_reads_as_it_does_everywhere_else_in_tincan(data: bytes) -> None:
    assert decode_as(data, Encoding.UTF_8) == decode(data)


@pytest.mark.case("C-58")
def test_text_read_in_the_wrong_encoding_is_all_there_and_reads_right_in_the_right_one() -> None:
    data = "naïve 日本".encode()

    for encoding in Encoding:
        assert TextSafety().text(decode_as(data, encoding))
    assert decode_as(data, Encoding.UTF_8) == "naïve 日本"


@pytest.mark.case("C-53", "C-58")
@pytest.mark.parametrize(
    ("encoding", "data", "shown"),
    [
        (Encoding.UTF_16_LE, b"a\0" + b"b", "a\\x62"),
        (Encoding.UTF_16_LE, b"\x41\xd8" + b"c\0", "\\x41\\xd8c"),
        (Encoding.UTF_16_BE, b"\xdc\x41" + b"\0c", "\\xdc\\x41c"),
        (Encoding.SHIFT_JIS, b"\x81\x20", "\\x81 "),
        (Encoding.GB18030, b"\x81\x30\x81", "\\x810\\x81"),
        (Encoding.BIG5, b"ok\xff", "ok\\xff"),
        (Encoding.CP1252, b"\x81\x80", "\\x81€"),
    ],
)
def test_bytes_that_are_no_text_are_shown_as_what_they_are(encoding: Encoding, data: bytes, shown: str) -> None:
    assert TextSafety().text(decode_as(data, encoding)) == shown


def test_the_rest_of_a_cut_stream_does_not_reach_into_the_next_one() -> None:
    decoder = Decoder(Encoding.UTF_16_LE)

    assert decoder.feed(b"a\0b") == "a"
    assert decoder.finish() == "\udc62"
    assert decoder.feed(b"c\0") == "c"
