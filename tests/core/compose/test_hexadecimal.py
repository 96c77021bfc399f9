"""Hex: forgiving about what stands between bytes, strict about bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Format, Misfit, compose, hexadecimal
from core.compose.hex_dump import may_be_dump
from core.compose.hexadecimal import write_hex
from core.errors import DraftError

LIMIT = 1_000


def read_hex(text: str, limit: int) -> bytes:
    parts = hexadecimal.read_hex(text, limit).parts
    return b"".join(part for part in parts if isinstance(part, bytes))


DIGITS = "0123456789abcdefABCDEF"


@pytest.mark.parametrize(
    "typed",
    [
        "0d0a41",
        "0D 0a 41",
        " 0d\n0a\t41\r\n",
        "0x0d,0x0A,0x41",
        "0x0d0a41",
        r"\x0d\x0A\x41",
        "0Dh 0Ah 41h",
        "0dh0ah41H",
        "0d:0a:41",
        "0d-0a_41",
        "{ 0xd, 0xa, 0x41 };",
        "[0x0D, 0X0A, 0x41]",
        "0d\u00a00a\u200741",
    ],
)
def test_the_same_bytes_however_they_are_written(typed: str) -> None:
    assert read_hex(typed, LIMIT) == b"\r\nA"


@pytest.mark.parametrize(
    ("typed", "place", "why"),
    [
        ("4", 0, "“4” is half a byte"),
        ("41 4", 3, "“4” is half a byte"),
        ("4 1", 0, "“4” is half a byte"),
        ("414", 2, "“4” is half a byte"),
        ("0x414", 4, "“4” is half a byte"),
        (r"\x4", 2, "“4” is half a byte"),
        ("41 zz", 3, "“z” is no hex digit"),
        ("41 0x", 3, "“0” is half a byte"),
        ("0x41, 0x, 42", 6, "“0” is half a byte"),
        ("0x", 0, "“0” is half a byte"),
        (r"41 \x", 3, "“\\” is no hex digit"),
        (r"41, \x, 42", 4, "“\\” is no hex digit"),
        ("41 \u202e", 3, "U+202E is no hex digit"),
        ("٤٢", 0, "“٤” is no hex digit"),
        ("４１", 0, "“４” is no hex digit"),
        ("hh", 0, "“h” is no hex digit"),
        ("\0", 0, "U+0000 is no hex digit"),
    ],
)
def test_what_is_no_byte_is_marked_at_its_place(typed: str, place: int, why: str) -> None:
    with pytest.raises(DraftError) as caught:
        read_hex(typed, LIMIT)

    assert str(caught.value).startswith(why)
    assert (caught.value.start, caught.value.stop) == (place, place + 1)


def test_nothing_and_only_spaces_are_no_bytes() -> None:
    assert read_hex("", LIMIT) == b""
    assert read_hex(" \n ", LIMIT) == b""


@given(st.binary())
def test_what_is_written_reads_as_the_same_bytes(data: bytes) -> None:
    assert read_hex(write_hex(data), LIMIT) == data


@given(st.text() | st.text("0123xXaAfFhH\\ ,{}\n'\"b*:[](;=/|>.\t", max_size=60))
@example("0000000 000 00\n0000002 00")
@example("G{")
@example("b[02] = {0x41}")
def test_nothing_that_can_be_typed_breaks_it(typed: str) -> None:
    composed = compose(Draft(typed, Format.HEX), Context())

    if isinstance(composed, Misfit):
        assert 0 <= composed.start <= composed.stop <= len(typed)


@given(st.text("0123xXaAfFhH\\ ,\n"))
@example("100x41")
@example("0x10x41")
def test_no_digit_of_plain_hex_is_lost(typed: str) -> None:
    assume(not may_be_dump(typed))
    try:
        data = read_hex(typed, LIMIT)
    except DraftError as error:
        good = re.sub(r"[0\\][xX]$", "", typed[: error.start])
        read_hex(good, LIMIT)  # what stands before the place is no part of what is wrong
        return
    digits = [one for one in typed.replace("0x", "").replace("0X", "") if one in DIGITS]
    assert len(digits) <= 2 * len(data) <= len(typed)


@pytest.mark.parametrize("form", ["0x{:02x}, ", "0x{:x},", r"\x{:02X}", "{:02x}h ", "{:02x}\n", "{:02x};   "])
def test_much_is_read_as_little_is(form: str) -> None:
    data = bytes(range(256)) * 40

    assert read_hex("".join(map(form.format, data)), len(data)) == data


def test_what_is_no_byte_behind_many_is_marked_at_its_place() -> None:
    before = "0x0d, " * 9_999

    with pytest.raises(DraftError, match="“z” is no hex digit") as caught:
        read_hex(before + "zz", LIMIT)

    assert caught.value.start == len(before)


def composed(typed: str) -> bytes:
    message = compose(Draft(typed, Format.HEX), Context(count=8))
    assert isinstance(message, Composed), message
    return message.body


def test_macros_stand_among_bytes_and_their_digits_are_ascii() -> None:
    assert composed(r"01 03 00 00 00 0a \{crc16}").hex(" ") == "01 03 00 00 00 0a c5 cd"
    assert composed(r"01 \{length:2be} 41 42").hex(" ") == "01 00 02 41 42"
    assert composed(r"\{counter}0d0a") == b"9\r\n"
    assert composed(r"0x02, \{counter:from=65,1}, \x03") == b"\x02I\x03"


@pytest.mark.parametrize(
    ("typed", "marked", "why"),
    [
        (r"41 \{counter", r"\{", "ends with a brace"),
        (r"41 \{nonsense} 42", "nonsense", "no macro called"),
        (r"4\{counter}1", "4", "half a byte"),
        (r"41 \{counter} zz", "z", "no hex digit"),
        ("41 " + r"\{counter}" * 101, r"\{counter}", "more than 100 macros"),
    ],
)
def test_a_macro_that_is_wrong_is_marked_at_its_place(typed: str, marked: str, why: str) -> None:
    message = compose(Draft(typed, Format.HEX), Context())

    assert isinstance(message, Misfit)
    assert why in message.sentence
    assert typed[message.start : message.stop] == marked
