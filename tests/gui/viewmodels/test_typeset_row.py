"""From the characters of a row to the bytes that they show, and back."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.roles import Role
from core.text_safety import TextSafety
from gui.viewmodels.decoding import decoding
from gui.viewmodels.drafting import ENCODINGS
from gui.viewmodels.typeset_row import Place, Row
from gui.viewmodels.typesetting import RowStyle, Typesetter
from gui.viewmodels.wrapping import Metrics
from tests.gui.fake_journal import received, sent
from tests.support.systems import examples

STYLES = [RowStyle(), RowStyle(as_hex=True), RowStyle(is_compact=True), RowStyle(as_hex=True, is_compact=True)]
every_byte = st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))


def rows_of(*data: bytes, style: RowStyle = STYLES[0], encoding: str = "utf-8", make: object = received) -> list[Row]:
    metrics = Metrics(lambda text: 7 * len(text), widest=200, step=8, mono=8, room=20_000)
    setter = Typesetter(Role.CLIENT, TextSafety(), metrics, style=style, decoding=decoding(encoding))
    return setter.set([make(place, one) for place, one in enumerate(data)])  # type: ignore[operator]


def places_of(row: Row) -> list[Place]:
    lines = "".join(run.text for run in row.runs).split("\n")
    return [Place(line, column) for line, text in enumerate(lines) for column in range(len(text) + 1)]


def taken(row: Row, data: bytes, first: Place, last: Place) -> bytes:
    assert row.body is not None
    start, stop = row.body.bytes_between(row, first, last)
    return data[start:stop]


@pytest.mark.case("C-93")
@pytest.mark.parametrize("style", STYLES, ids=repr)
@pytest.mark.parametrize("make", [received, sent])
@given(data=every_byte, encoding=st.sampled_from([key for key, _words in ENCODINGS]))
@example(data=bytes(range(256)), encoding="utf-8")
@example(data=b"a\r\nb\tc\0" + b"1\\r\x1e\n", encoding="latin-1")
@settings(deadline=None, max_examples=examples(60))
def test_any_two_parts_of_a_row_are_its_bytes(style: RowStyle, make: object, data: bytes, encoding: str) -> None:
    (row,) = rows_of(data, style=style, encoding=encoding, make=make)
    places = places_of(row)

    assert taken(row, data, places[0], places[-1]) == data
    for place in places[:: max(1, len(places) // 40)]:
        front, back = taken(row, data, places[0], place), taken(row, data, place, places[-1])
        assert data.startswith(front)
        assert data.endswith(back)
        assert len(front) + len(back) >= len(data)
        # What a mark stands for is in both, and in a dump each byte is in both columns.
        assert style.as_hex or len(front) + len(back) <= len(data) + 8


@pytest.mark.case("C-93")
def test_a_part_of_a_mark_is_all_that_it_stands_for() -> None:
    (row,) = rows_of(b"ab\x1ecd")
    line = next(number for number, text in enumerate("".join(run.text for run in row.runs).split("\n")) if "ab" in text)

    assert taken(row, b"ab\x1ecd", Place(line, 3), Place(line, 4)) == b"\x1e"
    assert taken(row, b"ab\x1ecd", Place(line, 1), Place(line, 3)) == b"b\x1e"
    assert taken(row, b"ab\x1ecd", Place(line, 4), Place(line, 7)) == b"\x1ec"


@pytest.mark.parametrize("style", STYLES, ids=repr)
@given(data=every_byte, at=st.integers(0, 59), size=st.integers(1, 20))
@settings(deadline=None, max_examples=examples(60))
def test_where_bytes_are_shown_leads_back_to_them(style: RowStyle, data: bytes, at: int, size: int) -> None:
    (row,) = rows_of(data, style=style)
    assert row.body is not None
    start, stop = min(at, len(data)), min(at + size, len(data))

    stretches = list(row.body.stretches(row, start, stop))

    assert bool(stretches) is (start < stop)
    found = [row.body.bytes_between(row, *stretch) for stretch in stretches]
    assert {place for one, other in found for place in range(one, len(data) if other is None else other)} >= set(
        range(start, stop)
    )


def test_a_character_cut_in_two_is_found_in_the_piece_that_shows_it() -> None:
    whole = "aé".encode()
    first, second = rows_of(whole[:2], whole[2:] + b"b")
    assert second.body is not None

    assert list(second.body.stretches(second, 0, 1)), "the second half of é"
    assert taken(second, whole[2:] + b"b", Place(0, 0), Place(9, 0)) == whole[2:] + b"b"
    assert taken(first, whole[:2], Place(0, 0), Place(9, 0)) == whole[:2]
