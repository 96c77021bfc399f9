"""Bytes as rows and back: nothing is lost, nothing is obeyed, and any place in a row is some byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Encoding, Format, compose, write_as
from gui.viewmodels import hexdump
from gui.viewmodels.decoding import decoding
from gui.viewmodels.hexdump import (
    Layout,
    Side,
    dump,
    fitting,
    hex_line,
    letters,
    read_offset,
    stretches,
    unprintable,
    whole_dump,
)
from tests.gui.test_imports import modules_after

LAYOUTS = [Layout(per_row, digits) for per_row in (8, 16, 32) for digits in (8, 9)]
LAYOUTS += [Layout(4, 4, gap=1, has_bars=False), Layout(8, 4, gap=1, has_bars=False), Layout(5, 8)]


def rows_back(text: str, layout: Layout) -> list[tuple[int, bytes, str]]:
    """Each row as its offset, the bytes that its hex column says, and what its text column has."""
    rows = []
    for line in text.split("\n") if text else []:
        data = bytes.fromhex(line[layout.hex_start : layout.hex_stop])
        shown = line[layout.text_start : layout.text_start + len(data)]
        rows.append((int(line[: layout.digits], 16), data, shown))
    return rows


def test_a_row_is_what_people_know_from_other_programs() -> None:
    text = dump(b"hello, wonderful world\n", 0x10, Layout(16, 8))

    assert text.split("\n") == [
        "00000010  68 65 6c 6c 6f 2c 20 77  6f 6e 64 65 72 66 75 6c  |hello, wonderful|",
        "00000020  20 77 6f 72 6c 64 0a                              | world.|",
    ]


@given(st.binary(max_size=200), st.sampled_from(LAYOUTS), st.integers(0, 1000))
def test_the_hex_column_gives_the_same_bytes_back(data: bytes, layout: Layout, row: int) -> None:
    offset = row * layout.per_row

    rows = rows_back(dump(data, offset, layout), layout)

    assert b"".join(part for _offset, part, _shown in rows) == data
    assert [first for first, *_ in rows] == [offset + i * layout.per_row for i in range(len(rows))]


@given(st.binary(min_size=1, max_size=200))
def test_the_digits_of_one_row_alone_are_those_of_a_dump(data: bytes) -> None:
    layout = Layout(len(data), digits=0, gap=0, has_bars=False)

    assert hex_line(data) == dump(data, 0, layout)[: layout.hex_stop]


@pytest.mark.case("C-47", "C-48", "C-49")
@given(st.binary(max_size=200), st.sampled_from(LAYOUTS))
def test_the_text_column_has_nothing_but_printable_ascii(data: bytes, layout: Layout) -> None:
    text = dump(data, 0, layout)

    assert re.fullmatch(r"[\x20-\x7e\n]*", text)
    shown = "".join(part for _offset, _data, part in rows_back(text, layout))
    assert shown == "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


@given(st.binary(min_size=1, max_size=100), st.sampled_from(LAYOUTS), st.sampled_from(Side))
def test_every_byte_is_found_where_it_is_written(data: bytes, layout: Layout, side: Side) -> None:
    for index in range(len(data)):
        first, stop = layout.stretch(side, index % layout.per_row, index % layout.per_row + 1)
        for column in range(first, stop):
            assert layout.locate(column) == (side, index % layout.per_row)


@given(st.sampled_from(LAYOUTS), st.integers(0, 500))
def test_any_column_means_some_byte_of_the_row(layout: Layout, column: int) -> None:
    _side, index = layout.locate(column)

    assert 0 <= index < layout.per_row


@given(
    st.integers(0, 300), st.integers(0, 300), st.integers(0, 20), st.integers(0, 20), st.sampled_from((4, 8, 16, 32))
)
def test_stretches_are_the_bytes_in_view_and_no_others(
    start: int, stop: int, top: int, rows: int, per_row: int
) -> None:
    found = [
        (top + row) * per_row + index
        for row, first, last in stretches(start, stop, top, rows, per_row)
        for index in range(first, last)
    ]

    assert found == [byte for byte in range(start, stop) if top * per_row <= byte < (top + rows) * per_row]


def test_the_widest_layout_that_fits_is_chosen() -> None:
    for columns in range(21, 160):
        layout = fitting(columns, 5000)
        assert layout.width <= columns

    assert [fitting(columns, 5000).per_row for columns in (21, 36, 37, 77, 78, 143, 144)] == [4, 4, 8, 8, 16, 16, 32]


@pytest.mark.parametrize(("size", "digits"), [(0, 8), (1 << 32, 8), ((1 << 32) + 1, 9), (10**10, 9), (1 << 60, 15)])
def test_offsets_have_as_many_digits_as_they_need(size: int, digits: int) -> None:
    assert fitting(200, size).digits == digits


def test_dots_that_stand_for_something_else_are_told_from_dots() -> None:
    assert list(unprintable(b"a.\0\xffb\n")) == [(2, 4), (5, 6)]


def test_a_dump_that_is_copied_keeps_its_offsets() -> None:
    text = whole_dump(b"0123456789abcdefgh", 3)

    assert [line[:8] for line in text.split("\n")] == ["00000003", "00000013"]


@pytest.mark.parametrize(
    ("typed", "offset"), [("0", 0), ("4096", 4096), ("0x1000", 4096), (" 0XfF ", 255), ("1,000", 1000), ("1_000", 1000)]
)
def test_an_offset_is_read_as_people_write_it(typed: str, offset: int) -> None:
    assert read_offset(typed, 5000) == offset


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type an offset"),
        ("ff", "not an offset"),
        ("-1", "not an offset"),
        ("0x", "not an offset"),
        ("1.5", "not an offset"),
        ("٣", "not an offset"),
        ("9" * 5000, "not an offset"),
        ("5000", "The last byte is at 0x1387 (4,999)."),
    ],
)
def test_what_is_no_offset_is_refused_with_a_reason(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read_offset(typed, 5000)


@pytest.mark.parametrize("name", ["viewmodels.hexdump", "viewmodels.inspection"])
def test_it_needs_no_window_and_no_database(name: str) -> None:
    assert not {"tkinter", "_tkinter", "sqlite3"} & modules_after(f"import gui.{name}")


@pytest.mark.parametrize("encoding", [one.value for one in Encoding])
def test_letters_of_one_byte_are_shown_in_the_encoding_that_was_chosen(encoding: str) -> None:
    letters = hexdump.letters(decoding(encoding).codec)
    data = bytes(range(256))

    rows = dump(data, 0, Layout(16), letters).split("\n")

    text = "".join(row[Layout(16).text_start : -1] for row in rows)
    assert len(text) == 256
    assert all(character.isprintable() for character in text)
    if encoding != "ebcdic":
        assert text[32:127] == bytes(range(32, 127)).decode()
    hidden = {byte for begin, end in unprintable(data, letters) for byte in range(begin, end)}
    assert all(text[byte] == "." for byte in hidden)
    alone = encoding if not encoding.startswith("utf-16") else "utf-8"
    assert all(bytes([byte]).decode(decoding(alone).codec) == text[byte] for byte in set(range(256)) - hidden)


@pytest.mark.parametrize(
    ("encoding", "data", "seen"),
    [
        ("ebcdic", "Hello, 1 [é]\n".encode("cp037"), "Hello, 1 [é]."),
        ("koi8-r", "жЖ A".encode("koi8-r"), "жЖ A"),
        ("cp437", "é║".encode("cp437"), "é║"),
        ("utf-16-le", "Hi€".encode("utf-16-le"), "H.i.. "),
        ("euc-kr", "A한".encode("cp949"), "A.."),
    ],
)
def test_the_text_column_has_what_the_bytes_are_in_the_encoding(encoding: str, data: bytes, seen: str) -> None:
    assert f"|{seen}|" in whole_dump(data, 0, letters(decoding(encoding).codec))


def test_text_is_copied_in_the_encoding_that_was_chosen() -> None:
    assert write_as("text", b"\xc5sa", Encoding.LATIN_1) == "Åsa"
    assert write_as("text", "日本".encode("cp932"), Encoding.SHIFT_JIS) == "日本"
    assert "|5 €|" in whole_dump(b"5 \x80", 0, letters("cp1252"))
    assert "|5 .|" in whole_dump(b"5 \x80", 0)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_copied_dump_is_the_same_bytes_when_it_is_pasted_whatever_its_encoding(encoding: Encoding) -> None:
    data = "HELLO [mainframe], 1.\nagain".encode(encoding.codec) + bytes(range(256))

    for size in (3, 16, 20, len(data)):
        pasted = compose(Draft(whole_dump(data[:size], 0, letters(encoding.codec)), Format.HEX), Context())
        assert isinstance(pasted, Composed)
        assert pasted.body == data[:size]
