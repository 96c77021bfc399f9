"""Moving and selecting among bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.viewmodels.hexdump import CURSOR_KEYS, HexCursor


def cursor_at(offset: int, size: int = 100, per_row: int = 16) -> HexCursor:
    cursor = HexCursor()
    cursor.per_row = per_row
    cursor.resize(size)
    cursor.place(offset)
    return cursor


@pytest.mark.parametrize(
    ("key", "start", "reached"),
    [
        ("Right", 5, 6),
        ("Right", 99, 99),
        ("Left", 5, 4),
        ("Left", 0, 0),
        ("Down", 5, 21),
        ("Down", 90, 99),
        ("Up", 21, 5),
        ("Up", 5, 5),
        ("Next", 5, 37),
        ("Prior", 37, 5),
        ("Next", 85, 99),
        ("Home", 21, 16),
        ("End", 21, 31),
        ("End", 97, 99),
        ("Control-Home", 50, 0),
        ("Control-End", 50, 99),
    ],
)
def test_a_key_leads_where_one_expects(key: str, start: int, reached: int) -> None:
    cursor = cursor_at(start)

    cursor.press(key, page=2)

    assert cursor.offset == reached
    assert cursor.selection is None


def test_shift_selects_from_where_one_stood_and_back_again() -> None:
    cursor = cursor_at(20)

    cursor.press("Right", 2, extend=True)
    assert cursor.selection == (20, 22)
    cursor.press("Up", 2, extend=True)
    assert cursor.selection == (5, 21)
    cursor.press("Left", 2)
    assert cursor.selection is None


def test_a_selection_holds_what_was_asked_for() -> None:
    cursor = cursor_at(0)

    cursor.select(30, 40)
    assert cursor.selection == (30, 40)
    cursor.select(7, 7)
    assert cursor.selection is None
    assert cursor.offset == 7


def test_fewer_bytes_take_the_selection_with_them() -> None:
    cursor = cursor_at(0)
    cursor.select(10, 90)

    cursor.resize(20)
    assert cursor.selection == (10, 20)
    cursor.resize(0)
    assert cursor.selection is None
    assert cursor.offset == 0


@given(
    st.integers(0, 70),
    st.sampled_from((4, 8, 16, 32)),
    st.lists(st.tuples(st.sampled_from(sorted(CURSOR_KEYS)), st.booleans()), max_size=20),
)
def test_no_keys_lead_outside(size: int, per_row: int, keys: list[tuple[str, bool]]) -> None:
    cursor = cursor_at(0, size, per_row)

    for key, extend in keys:
        cursor.press(key, 3, extend=extend)
        assert 0 <= cursor.offset < max(1, size)
        start, stop = cursor.selection or (0, size)
        assert 0 <= start <= stop <= size
