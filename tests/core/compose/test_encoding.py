"""Encodings: what is sent is exact or refused, what is seen loses no byte, however wrong the choice is."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.compose import Decoder, Encoding, decode_as, find_encoding
from core.compose.encoding import encode, misread_ending
from core.errors import DraftError
from core.text_safety import TextSafety, decode

encodings = st.sampled_from(list(Encoding))


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
        (Encoding.CP1251, "Ж№", "c6 b9"),
        (Encoding.KOI8_R, "жЖ─", "d6f6 80"),
        (Encoding.CP866, "жЖ═", "a686 cd"),
        (Encoding.CP437, "é║α", "82ba e0"),
        (Encoding.ISO_8859_2, "łŠ", "b3a9"),
        (Encoding.ISO_8859_15, "€œ", "a4bd"),
        (Encoding.EUC_KR, "한글똠", "c7d1 b1db 8c63"),
        (Encoding.EUC_JP, "日本ｱ丂", "c6fc cbdc 8eb1 8fb0a1"),
        (Encoding.EBCDIC, "Hi 1!\n\r\x85", "c889 40f15a 25 0d 15"),
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
        (Encoding.KOI8_R, "ж日", 1, "KOI8-R has no character 日 (U+65E5)"),
        (Encoding.EBCDIC, "€", 0, "EBCDIC has no character €"),
        pytest.param(Encoding.EUC_JP, "a¥", 1, "has no character ¥", id="yen sign, which EUC-JP makes a backslash"),
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


def test_every_encoding_reads_the_same_wherever_it_is_cut() -> None:
    for encoding in Encoding:
        text = "".join(chr(code) for code in range(0x20, 0x3400) if _has(chr(code), encoding))[-40:] + "Az\n"
        for data in (encode(text, encoding), encode(text, encoding)[1:] + b"\xff\x80"):
            whole = decode_as(data, encoding)
            for cut in range(len(data) + 1):
                assert decoded_in_pieces(data, [cut], Decoder(encoding)) == whole
            assert decoded_in_pieces(data, [1] * len(data), Decoder(encoding)) == whole


def _has(character: str, encoding: Encoding) -> bool:
    try:
        return bool(encode(character, encoding))
    except DraftError:
        return False


@given(st.binary(max_size=24), encodings)
def test_any_bytes_read_the_same_wherever_they_are_cut(data: bytes, encoding: Encoding) -> None:
    whole = decode_as(data, encoding)

    for cut in range(len(data) + 1):
        assert decoded_in_pieces(data, [cut], Decoder(encoding)) == whole


def test_every_single_byte_of_every_encoding_stays_what_it_is() -> None:
    for encoding in Encoding:
        for byte in map(bytes, zip(range(256), strict=True)):
            assert bytes_of(decode_as(byte, encoding), encoding) == byte


def test_the_table_names_each_once_and_the_usual_ones_first() -> None:
    assert len({one.choice for one in Encoding}) == len({one.words for one in Encoding}) == len(Encoding)
    assert [one.words for one in Encoding][:4] == ["UTF-8", "UTF-16 LE", "UTF-16 BE", "Latin-1"]
    assert {one for one in Encoding if not one.keeps_ascii} == {
        Encoding.UTF_16_LE, Encoding.UTF_16_BE, Encoding.EBCDIC,
    }  # fmt: skip
    groups = [group for group, _rows in groupby(Encoding, key=lambda one: one.group)]
    assert len(groups) == len(set(groups)), "a group stands together"


@pytest.mark.parametrize(
    ("framing", "encoding", "bytes_of_it"),
    [
        ("line", Encoding.UTF_16_LE, "0a00"),
        ("line", Encoding.UTF_16_BE, "000a"),
        ("line", Encoding.EBCDIC, "25"),
        ("delimiter:0d0a", Encoding.EBCDIC, "0d25"),
        ("delimiter:0d0a", Encoding.UTF_16_LE, "0d000a00"),
        ("delimiter:00", Encoding.UTF_16_BE, "0000"),
        ("delimiter:00", Encoding.EBCDIC, ""),
        ("delimiter:0a00", Encoding.UTF_16_LE, ""),
        ("line+crc16-modbus", Encoding.UTF_16_LE, "0a00"),
        ("raw", Encoding.UTF_16_LE, ""),
        *(("line", one, "") for one in Encoding if one.keeps_ascii),
    ],
)
def test_a_framing_that_cuts_characters_apart_is_known(framing: str, encoding: Encoding, bytes_of_it: str) -> None:
    assert misread_ending(framing, encoding).endswith(f"use delimiter:{bytes_of_it}") is bool(bytes_of_it)


def test_what_keeps_ascii_keeps_all_of_it() -> None:
    ascii_bytes = bytes(range(128))

    for encoding in Encoding:
        assert (decode_as(ascii_bytes, encoding) == ascii_bytes.decode("ascii")) is encoding.keeps_ascii


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *((one.value, one) for one in Encoding),
        *((one.words, one) for one in Encoding),
        ("koi8r", Encoding.KOI8_R),
        (" KOI8_R ", Encoding.KOI8_R),
        ("windows-1251", Encoding.CP1251),
        ("IBM866", Encoding.CP866),
        ("ISO-8859-1", Encoding.LATIN_1),
        ("Latin-2", Encoding.ISO_8859_2),
        ("latin9", Encoding.ISO_8859_15),
        ("cp037", Encoding.EBCDIC),
        ("sjis", Encoding.SHIFT_JIS),
        ("gbk", Encoding.GB18030),
        ("gb2312", Encoding.GB18030),
        ("ks_c_5601", Encoding.EUC_KR),
        ("eucJP", Encoding.EUC_JP),
        *((name, None) for name in ("", "runes", "rot13", "\0", "é", "utf-16", "\udc00")),
    ],
)
def test_an_encoding_is_found_by_any_name_that_it_has(name: str, encoding: Encoding | None) -> None:
    assert find_encoding(name) is encoding


@pytest.mark.case("C-46", "C-58")
@given(st.binary(max_size=80), encodings)
def test_no_byte_is_lost_whatever_the_encoding_makes_of_it(data: bytes, encoding: Encoding) -> None:
    text = decode_as(data, encoding)

    again = bytes_of(text, encoding)

    assert decode_as(again, encoding) == text
    if encoding not in (Encoding.SHIFT_JIS, Encoding.BIG5, Encoding.EUC_JP):  # which have characters with two codes
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
        (Encoding.CP1251, b"\x98\xc6", "\\x98Ж"),
        (Encoding.EUC_KR, b"\xc7\xd1\xc7", "한\\xc7"),
        (Encoding.EUC_JP, b"\x8f\xb0\x8e", "\\x8f\\xb0\\x8e"),
    ],
)
def test_bytes_that_are_no_text_are_shown_as_what_they_are(encoding: Encoding, data: bytes, shown: str) -> None:
    assert TextSafety().text(decode_as(data, encoding)) == shown


def test_the_rest_of_a_cut_stream_does_not_reach_into_the_next_one() -> None:
    decoder = Decoder(Encoding.UTF_16_LE)

    assert decoder.feed(b"a\0b") == "a"
    assert decoder.finish() == "\udc62"
    assert decoder.feed(b"c\0") == "c"
