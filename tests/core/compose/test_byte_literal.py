"""Arrays and strings of a program's source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Format, Misfit, compose
from core.compose.hexadecimal import read_hex
from tests.core.compose.test_hex_dump import composed, refused


@pytest.mark.case("C-95")
@pytest.mark.parametrize(
    ("typed", "data"),
    [
        ("unsigned char b[] = {0x41, 0x42};", b"AB"),
        ("const uint8_t data[3] = { 0x41U, 66, 'C' };", b"ABC"),
        ("static const unsigned char pkt1[2] = {\n0x45, 0x00, /* E. } */ // {\n};", b"E\0"),
        ("unsigned char in[] = {\n  0x41, 0x8f\n};\nunsigned int in_len = 2;", b"A\x8f"),
        ("std::array<uint8_t, 2> b{0x41, 0x42};", b"AB"),
        ("std::vector<std::byte> b{std::byte{0x41}, std::byte{66}};", b"AB"),
        ("new byte[] { 0x41, (byte)0x8f }", b"A\x8f"),
        ("byte[] b = new byte[2] { 0x41, 66 };", b"AB"),
        ("ReadOnlySpan<byte> b = [0x41, 0x42];", b"AB"),
        ("private static final byte[] B = {(byte) 0x8f, 'A', -1, -128};", b"\x8fA\xff\x80"),
        ("byteArrayOf(0x41, 0x8f.toByte())", b"A\x8f"),
        ("bytes([0x41, 66])", b"AB"),
        ("data = bytes([\n    65,  # A\n    66,\n])", b"AB"),
        ('bytearray(b"\\x00A")', b"\0A"),
        (r"b'\x00\n\'\"A'", b"\0\n'\"A"),
        ("(\n    b'\\x00abc'\n    b'def'\n)", b"\0abcdef"),
        ('bytes.fromhex("0d 0a")', b"\r\n"),
        ("[]byte{0x41, 'A', '\\n'}", b"AA\n"),
        ('b := []byte("AB")', b"AB"),
        ("[...]byte{1, 2}", b"\1\2"),
        ("let b: [u8; 2] = [0x41, 0x42u8];", b"AB"),
        ("vec![0x41u8, 66_u8]", b"AB"),
        ("&[0b0100_0001u8, 0o102]", b"AB"),
        ("new Uint8Array([0x41, 66])", b"AB"),
        ("const b = Buffer.from([0x41, 66]);", b"AB"),
        ("Buffer.from('0d0a', 'hex')", b"\r\n"),
        ('"\\x0d" \\\n"\\x0a"', b"\r\n"),
        ('$1 = "\\r\\nHello\\000\\377"', b"\r\nHello\0\xff"),
        ("{0x41, 66}", b"AB"),
        ("[1, 2, 128]", b"\1\2\x80"),
        ("[0d, 0a]", b"\r\n"),
        ("[0d 0a]", b"\r\n"),
    ],
)
def test_a_literal_is_its_bytes(typed: str, data: bytes) -> None:
    assert composed(typed)[0] == data


@pytest.mark.case("C-95")
@pytest.mark.parametrize(
    ("typed", "marked", "why"),
    [
        ("{41, 42}", "41", "decimal or hex"),
        ("[65 66]", "65", "decimal or hex"),
        ("0x41, 66", "66", "decimal or hex"),
        ("b = {010};", "010", "octal in C"),
        ("{0107, 0105}", "0107", "octal in C"),
        ("[0001, 0203]", "0001", "octal in C"),
        ("b = {0x41, 256};", "256", "more than a byte"),
        ("b = {-129};", "-129", "more than a byte"),
        ("b = {0x141};", "0x141", "more than a byte"),
        ("b = {0x41, name};", "name};", "no element"),
        ("uint8_t b[4] = {0x41};", "[4]", "The size says 4"),
        ("unsigned char b[] = {1}; unsigned int b_len = 2;", "2", "The size says 2"),
        ("uint16_t b[] = {0x41};", "uint16_t", "more than a byte each"),
        ("int b[] = {0x41};", "int", "more than a byte each"),
        ("b = {0x41", "0x41", "no end"),
        ("b = {0x41}; c = {0x42};", "c = {0x42};", "not read"),
        ("b = {0x41 /* A };", "/*", "no end"),
        ('"0d0a"', '"0d0a"', "text or hex"),
        ('char s[] = "\\x41";', '"', "NUL"),
        ("r'\\x41'", "'", "raw string"),
        ("b'\\xzz'", "\\x", "no single byte"),
        ('"\\x0dab"', "a", "C takes this digit"),
        ('"é\\x00"', "é", "no single byte"),
        ("b'abc", "'", "no end"),
        ('b"\\012" b"\\400"', "\\4", "no single byte"),
    ],
)
def test_what_is_no_sure_literal_is_refused_at_its_place(typed: str, marked: str, why: str) -> None:
    misfit = refused(typed)

    assert why in misfit.sentence
    assert typed[misfit.start : misfit.stop] == marked


@given(st.binary(max_size=60))
def test_python_s_own_words_for_bytes_are_those_bytes(data: bytes) -> None:
    assert composed(repr(data))[0] == data
    assert composed(repr(bytearray(data)))[0] == data


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=40))
def test_numbers_are_bytes_or_refused_at_the_first_that_is_none(numbers: list[int]) -> None:
    typed = f"byte[] b = {{{', '.join(map(str, numbers))}}};"
    wrong = [number for number in numbers if not -128 <= number <= 255]

    message = compose(Draft(typed, Format.HEX), Context())

    if wrong:
        assert isinstance(message, Misfit)
        assert typed[message.start : message.stop] == str(wrong[0])
    else:
        assert isinstance(message, Composed)
        assert message.body == bytes(number & 0xFF for number in numbers)


@pytest.mark.parametrize("form", ["0x{:02x}, ", "{}, ", "(byte)0x{:02x}, ", "0x{:02x}, /* it's */ "])
def test_many_elements_are_read_as_few_are(form: str) -> None:
    data = bytes(range(256)) * 40

    assert read_hex(f"b = {{{''.join(map(form.format, data))}}}", len(data)).parts == [data]
