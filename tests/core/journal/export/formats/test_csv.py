"""The export for spreadsheets: nothing that a peer sends becomes a formula, in whatever way the file is cut."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.journal.display_row import Filter
from core.journal.export.formats.csv import COLUMNS, LONGEST_CELL, Csv, harmless
from core.journal.reading.lens import Lens
from tests.support.exports import Talk, exported
from tests.support.systems import examples

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "−")


@pytest.fixture(autouse=True)
def long_fields() -> Iterator[None]:
    """Let Python's own reader take a message in hex that is longer than it thinks is good for us."""
    before = csv.field_size_limit(1 << 30)
    yield
    csv.field_size_limit(before)


def written(talk: Talk, lens: Lens | None = None) -> str:
    target = talk.path.with_name("out.csv")
    exported(talk.path, target, Csv, lens)
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # without which Excel takes the file for one in the local encoding
    return data.decode("utf-8-sig")


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def table(talk: Talk, lens: Lens | None = None) -> list[dict[str, str]]:
    head, *rows = rows_of(written(talk, lens))
    assert tuple(head) == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def could_be_a_formula(cell: str) -> bool:
    """Whether some spreadsheet would calculate with the cell or, if it cuts there, with a line of it."""
    return any(
        line.lstrip("\u00a0\u3000 \"'").startswith(BEGINS_A_FORMULA) and not line.startswith("'")
        for line in (cell, *cell.split("\n"))
    )


def test_a_conversation_is_a_table(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.sends(b'say "hi", now\n')
        talk.receives(b"\x00\xff")
        talk.cannot_send("it has finished")

        text = written(talk)
        rows = table(talk)

    assert [tuple(row.values())[1:] for row in rows] == [
        ("0.000000", "1", "", "session-opened", "", "", "", "starting a server on 127.0.0.1:5555", "", ""),
        ("0.001000", "1", "1", "opened", "", "", "", "#1 connected from 127.0.0.1:40001", "", ""),
        ("0.002000", "1", "1", "sent", "14", 'say "hi", now\\n', "0x" + b'say "hi", now\n'.hex(), "", "", "tap"),
        ("0.003000", "1", "1", "received", "2", "\\0\\xff", "0x00ff", "", "", ""),
        ("0.004000", "1", "1", "not-sent", "", "", "", "5 bytes for #1 were not sent: it has finished", "yes", ""),
    ]
    for row in rows:
        assert re.fullmatch(r"2026-11-2[789]T\d\d:\d\d:00\.00\d[+-]\d\d:\d\d", row["time"])
    assert text.count("\r\n") == len(rows) + 1
    assert "\r" not in text.replace("\r\n", "")


@pytest.mark.case("C-83")
@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(1+1)", "'@SUM(1+1)"),
        ("\t=1+1", "'\t'=1+1"),
        ("\tplain", "'\tplain"),
        ("\r=1+1", "\\r=1+1"),
        ("\n=1+1", "'\n'=1+1"),
        ("\nplain", "'\nplain"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(1)", "'＠SUM(1)"),
        (" =1+1", "' =1+1"),
        ("\u00a0=1+1", "\\u{a0}=1+1"),
        ("\u3000 =1+1", "\\u{3000} =1+1"),
        ("hello\n=1+1\nbye\n @x", "hello\n'=1+1\nbye\n' @x"),
        ("hello\r\n=1+1", "hello\\r\n'=1+1"),
        ('"=1+1', "'\"=1+1"),
        ("'=1+1", "''=1+1"),
        ('a\n"";=1+1', 'a\n"";\'=1+1'),
        ("a;=1+1;b", "a;'=1+1;b"),
        ('a;"=1+1', "a;'\"=1+1"),
        ("a; \t", "a;' \t"),
        ("a\t=1+1", "a\t'=1+1"),
        ("1 = 1, a-b, x@y.org; fine", "1 = 1, a-b, x@y.org; fine"),
        ("", ""),
    ],
    ids=ascii,
)
def test_nothing_that_is_said_becomes_a_formula(tmp_path: Path, said: str, cell: str) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(said.encode() + b"\x00")

        row = table(talk)[-1]

    assert row["text"] == cell + "\\0"
    assert bytes.fromhex(row["hex"].removeprefix("0x")) == said.encode() + b"\x00"
    assert not could_be_a_formula(row["text"])


@pytest.mark.case("C-83")
def test_nor_does_what_a_note_tells_or_a_foreign_journal_calls_it(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        with contextlib.closing(sqlite3.connect(talk.path)) as database:
            database.execute("UPDATE chunk SET kind = '=1+1' || char(10) || char(0), note = ' @SUM(1)'")
            database.commit()

        rows = table(talk)

    assert [(row["kind"], row["note"]) for row in rows] == [("'=1+1\\n\\0", "' @SUM(1)")] * 2


@pytest.mark.case("C-83")
@settings(deadline=None, max_examples=examples(100))
@given(st.lists(st.text("=+-@＝−\t\r\n \u00a0'\";,|ab0", min_size=1, max_size=15), min_size=1, max_size=5))
def test_nor_in_a_country_where_another_character_parts_the_cells(spoken: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Talk(Path(name, "talk"))) as talk:
        talk.opens()
        for said in spoken:
            talk.receives(said.encode())

        text = written(talk)

    for delimiter in ",;\t":
        cells = [cell for row in rows_of(text, delimiter) for cell in row]
        assert not [cell for cell in cells if could_be_a_formula(cell)]
    assert len(rows_of(text)) == len(spoken) + 3
    assert {len(row) for row in rows_of(text)} == {len(COLUMNS)}


@pytest.mark.case("C-83")
@pytest.mark.parametrize("character", ["a", "𝄞", "=\n", "\x00", "\u0301"], ids=ascii)
def test_no_cell_is_longer_than_excel_can_hold_in_one(tmp_path: Path, character: str) -> None:
    said = (character * 70_000)[:70_000].encode()
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives_all([said[start : start + 60_001] for start in range(0, len(said), 60_001)])
        talk.receives(b"\r\r")

        for row in table(talk, Lens("line", Filter(notes=False))):
            assert len(row["text"].encode("utf-16-le")) // 2 <= LONGEST_CELL
            assert not could_be_a_formula(row["text"])
        (long,) = table(talk, Lens(only=Filter(notes=False)))[:1]

    assert long["hex"] == "0x" + said[:60_001].hex()


# A zero-width place before each beginning of a formula, as one expression: slow, but the rule can be read off it.
BLANK = r"""(?:[^\S\n\t]|["'])*"""
FORMULA = "-=+@＝＋－＠﹦﹢﹣﹫−"
BEGINNING = re.compile(rf"\A(?=\n)|(?:^|(?<=;))(?={BLANK}[{FORMULA}\t\r])|(?<=\t)(?={BLANK}[{FORMULA}])", re.MULTILINE)


@settings(deadline=None)
@given(st.text("ab;\t\n\r =@－﹣\u00a0\"'\v", max_size=30))
@pytest.mark.case("C-83")
def test_every_beginning_of_a_formula_is_found_and_nothing_else(cell: str) -> None:
    assert harmless(cell) == BEGINNING.sub("'", cell)


def test_a_cut_cell_says_so() -> None:
    assert harmless("x" * LONGEST_CELL) == "x" * LONGEST_CELL
    assert harmless("x" * (LONGEST_CELL + 1)) == "x" * (LONGEST_CELL - 1) + "…"
    assert harmless("𝄞" * 20_000) == "𝄞" * 16_383 + "…"
    assert harmless("=" + "x" * (LONGEST_CELL - 1)) == "'=" + "x" * (LONGEST_CELL - 3) + "…"


def test_numbers_that_a_spreadsheet_would_make_of_bytes_stay_bytes(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"\x12\xe5")

        assert table(talk)[-1]["hex"] == "0x12e5"  # and not 1200000


@pytest.mark.parametrize("hostile", ["\t", " ", ";", "; ", "\n \"'", "=", "\u00a0;"], ids=ascii)
def test_no_message_makes_the_search_for_formulas_slow(hostile: str) -> None:
    began = time.thread_time()
    harmless(hostile * 500_000)

    assert time.thread_time() - began < 10  # seconds; were it quadratic, hours


def test_a_checksum_has_its_verdict_among_the_notes(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"hello020\nhello;=1\n")

        found = [(row["text"], row["note"]) for row in table(talk, Lens("line+sum,decimal"))[2:]]

    assert found == [("hello", "sum right"), ("hello", "sum wrong: expected 020, found ;'=1")]
