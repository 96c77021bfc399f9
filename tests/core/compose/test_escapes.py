"""Escapes: what a backslash begins, and bytes written so that they can be typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Encoding, Format, Misfit, compose
from core.compose.escapes import MOST_MACROS, write_escapes
from tests.support.systems import examples

HERE = Context(count=41, wall_ns=1_700_000_000_123_456_789, utc_offset=3600, seed=b"seed")
some_text = st.text() | st.text("\\\\\\{}xu0:,=rnt\ncounterlengthd€ ", max_size=60)


def composed(text: str, encoding: Encoding = Encoding.UTF_8) -> bytes:
    message = compose(Draft(text, Format.ESCAPES, encoding), HERE)
    assert isinstance(message, Composed), message
    return message.body


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"a\r\n\tb\0", b"a\r\n\tb\0"),
        (r"\\r", rb"\r"),
        (r"\x00\xfF\x41", b"\x00\xffA"),
        (r"\u{20ac}\u{41}", "€A".encode()),
        (r"\u{10ffff}", "\U0010ffff".encode()),
        (r"\x00" + "12", b"\x0012"),
        (r"\0xyz\0\0", b"\0xyz\0\0"),
        (r"\e[0m", b"\x1b[0m"),
        ("one\\\ntwo\\\r\nthree", b"onetwothree"),
        ("as\ntyped", b"as\ntyped"),
        ('{"counter": 1} {counter} }{', b'{"counter": 1} {counter} }{'),
        (r"\\{counter}", rb"\{counter}"),
        ("", b""),
    ],
)
def test_text_becomes_these_bytes(text: str, data: bytes) -> None:
    assert composed(text) == data


def test_characters_go_out_in_the_encoding_and_bytes_as_they_are() -> None:
    assert composed(r"a\n\0\u{85}\xff", Encoding.EBCDIC) == b"\x81\x25\0\x15\xff"
    assert composed(r"a\n\0\u{20ac}\xff", Encoding.UTF_16_BE) == b"\0a\0\n\0\0\x20\xac\xff"


@pytest.mark.parametrize(
    ("text", "marked", "why"),
    [
        (r"ab\q", r"\q", "\\q means nothing here"),
        ("ab\\", "\\", "A backslash at the end"),
        (r"ab\x4", r"\x", "two hex digits"),
        (r"ab\xgg", r"\x", "two hex digits"),
        (r"ab\u20ac", r"\u", "in braces"),
        (r"ab\u{}", r"\u", "in braces"),
        (r"ab\u{110000}", r"\u{110000}", "The last character"),
        (r"ab\u{d800}!", r"\u{d800}", "half a character"),
        (r"ab\{counter", r"\{", "ends with a brace"),
        ("ab\\{coun\nter}", r"\{", "ends with a brace"),
        ("ab\\\u202e", "\\\u202e", "\\U+202E means nothing"),
        ("ab\ud800c", "\ud800", "half a character"),
    ],
)
def test_what_is_wrong_is_marked_at_its_place(text: str, marked: str, why: str) -> None:
    message = compose(Draft(text, Format.ESCAPES), HERE)

    assert isinstance(message, Misfit)
    assert why in message.sentence
    assert text[message.start : message.stop] == marked
    assert message.start == 2


@given(st.text("\0\x1b0d\\ x", max_size=40), st.sampled_from(Encoding), st.sampled_from([0, 8_190, 8_191, 8_192]))
def test_a_nul_before_a_digit_is_written_so_that_it_reads_as_one(text: str, encoding: Encoding, before: int) -> None:
    data = ("0" * before + text).encode(encoding.codec)

    assert composed(write_escapes(data, encoding), encoding) == data


@pytest.mark.case("C-96")
@pytest.mark.parametrize(
    ("text", "marked", "right"),
    [
        (r"\0d\0a", r"\0d", r"\x0d for one byte, or \x00d for NUL and d"),
        (r"\0D", r"\0D", r"\x0d"),
        (r"\02", r"\02", r"\x02 for one byte, or \x002 for"),
        (r"\012", r"\012", r"\x0a for C's byte, \x0c for Lua's, or \x0012 for"),
        (r"\ud83d\ude00", r"\u", r"\u{1f600}"),
        (r"\u20ac00", r"\u", r"\u{20ac}"),
        (r"\0123", r"\012", r"\x0a"),
        (r"\08", r"\08", r"\x08"),
        (r"\015\012", r"\015", r"\x0d"),
        (r"\000", r"\000", r"\x00 for"),
        (r"\1", r"\1", r"\x01"),
        (r"\13\10", r"\13", r"\x0b in C and \x0d in Lua"),
        (r"\377", r"\377", "written \\xff"),
        (r"\777", r"\777", "more than a byte"),
        (r"\8", r"\8", "means nothing"),
        (r"\a", r"\a", r"\x07"),
        (r"\b", r"\b", r"\x08"),
        (r"\f", r"\f", r"\x0c"),
        (r"\v", r"\v", r"\x0b"),
        (r"\cM", r"\cM", r"\x0d"),
        (r"\u20ac", r"\u", r"\u{20ac}"),
        (r"\U0001F600", r"\U", r"\u{1f600}"),
        (r"\x{d}", r"\x", r"\x0d"),
        (r"\xd", r"\x", r"\x0d"),
        (r"\"", r"\"", "no backslash"),
    ],
)
def test_what_means_something_else_elsewhere_is_refused_and_named(text: str, marked: str, right: str) -> None:
    message = compose(Draft(text, Format.ESCAPES), HERE)

    assert isinstance(message, Misfit)
    assert (message.start, text[message.start : message.stop]) == (0, marked)
    assert right in message.sentence


def test_a_character_that_the_encoding_lacks_is_marked_where_its_number_stands() -> None:
    message = compose(Draft(r"ab\u{20ac}", Format.ESCAPES, Encoding.LATIN_1), HERE)

    assert isinstance(message, Misfit)
    assert (message.start, message.stop) == (2, 10)
    assert "Latin-1 has no character €" in message.sentence


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"GET /\r\n", Encoding.UTF_8, r"GET /\r\n"),
        (b"\0\x1b[0m\\", Encoding.UTF_8, r"\0\e[0m\\"),
        ("é\u202e\u00a0".encode(), Encoding.UTF_8, r"é\u{202e}\u{a0}"),
        (b"\xff\xc3", Encoding.UTF_8, r"\xff\xc3"),
        (b"{counter}", Encoding.UTF_8, "{counter}"),
        (rb"\{counter}", Encoding.UTF_8, r"\\{counter}"),
        (b"\x81\x25\0\x15\xff", Encoding.EBCDIC, r"a\n\0\u{85}\u{9f}"),
        (b"\0a\0\x1b\xff", Encoding.UTF_16_BE, r"a\e\xff"),
        pytest.param(b"a\x87\x90", Encoding.SHIFT_JIS, r"a\x87\x90", id="a second code of a character"),
    ],
)
def test_bytes_are_written_as_a_person_would_type_them(data: bytes, encoding: Encoding, text: str) -> None:
    assert write_escapes(data, encoding) == text


@given(st.binary(max_size=60) | some_text.map(lambda text: text.encode("utf-8", "replace")), st.sampled_from(Encoding))
def test_any_bytes_can_be_written_and_read_again(data: bytes, encoding: Encoding) -> None:
    text = write_escapes(data, encoding)

    assert composed(text, encoding) == data
    assert all(character.isprintable() for character in text)


@given(some_text, st.sampled_from(Encoding))
def test_whatever_is_typed_is_a_message_or_has_a_place_that_is_wrong(text: str, encoding: Encoding) -> None:
    message = compose(Draft(text, Format.ESCAPES, encoding), HERE)

    if isinstance(message, Misfit):
        assert message.sentence.endswith(".")
        assert 0 <= message.start < message.stop <= len(text)


def test_no_more_macros_than_can_be_worked_out_while_somebody_types() -> None:
    enough = r"\{sum}" * MOST_MACROS

    assert len(composed(enough)) == MOST_MACROS
    message = compose(Draft(enough + r"\{xor}", Format.ESCAPES), HERE)
    assert isinstance(message, Misfit)
    assert (message.start, message.stop) == (len(enough), len(enough) + 6)


def test_no_more_checksums_of_a_long_message_than_can_be_worked_out_while_somebody_types() -> None:
    text = "x" * 900 + r"\{crc16}" * 5

    message = compose(Draft(text, Format.ESCAPES), HERE, limit=1_000)

    assert isinstance(message, Misfit)
    assert text[message.start : message.stop] == r"\{crc16}"
    assert message.stop == len(text)
    assert isinstance(compose(Draft(text, Format.ESCAPES), HERE, limit=2_000), Composed)


@pytest.mark.parametrize("encoding", Encoding)
def test_much_is_read_and_written_as_little_is(encoding: Encoding) -> None:
    data = bytes(range(256)) * examples(400) + "any text € \U0001f600".encode() * examples(2_000)

    text = write_escapes(data, encoding)

    assert composed(text, encoding) == data


def test_what_is_wrong_behind_much_is_marked_at_its_place() -> None:
    before = r"\x0a" * 9_000 + r"\r" * 9_000 + "x" * 100_000

    found = compose(Draft(before + r"\q", Format.ESCAPES), HERE)

    assert isinstance(found, Misfit)
    assert (found.start, found.stop) == (len(before), len(before) + 2)
