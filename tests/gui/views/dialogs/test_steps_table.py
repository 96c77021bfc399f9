"""The window with what came of a list of steps: read, followed and copied with the keyboard alone."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from core.steps.playing import Row, Verdict
from core.steps.report import COLUMNS
from gui.theme.theme import Theme
from gui.viewmodels.replaying import TableLine, played_lines
from gui.views.dialogs.steps_table import PlayedTable, StepsTable
from tests.gui.conftest import pump_until

ASKED = Row(1, 1, "ask", "any", b"T?\n", b"21.5 C", 12_000_000, Verdict.WISHED, "", 3, 6)
WRONG = Row(1, 2, "\u202eset\0", "equals “OK”", b"T=\n", b"\x1b[2J\t\n", 1_000, Verdict.MISSED, "no such answer", 3, 6)


class PlayedRows(PlayedTable):
    """The table of a list of steps."""

    def plays(self, *rows: Row) -> None:
        self.take(played_lines(rows, self.safety))


@pytest.fixture
def rows(root: tk.Tk, theme: Theme) -> Iterator[PlayedRows]:
    made = PlayedRows(root, theme, "Steps", "A list", COLUMNS, "failure")
    made.plays(ASKED)
    made.open()
    root.update()
    yield made
    if made.window is not None and made.window.winfo_exists():
        made.window.destroy()


def opened(rows: PlayedRows) -> StepsTable:
    assert rows.window is not None
    return rows.window


def in_rows(table: StepsTable) -> list[tuple[str, ...]]:
    return [tuple(map(str, table.tree.item(row, "values"))) for row in table.tree.get_children()]


def test_it_follows_what_is_played(rows: PlayedRows) -> None:
    table = opened(rows)
    assert in_rows(table) == [("1 ask", "T?\\n", "21.5 C", "12.0 ms", "yes")]
    rows.plays(ASKED, WRONG)
    assert len(in_rows(table)) == 2
    assert in_rows(table)[1][4] == "NO: no such answer"
    rows.plays(WRONG)  # the oldest have gone
    assert len(in_rows(table)) == 1


def test_nothing_that_was_received_has_power_over_it(rows: PlayedRows) -> None:
    rows.plays(WRONG)
    table = opened(rows)
    shown = " ".join((*in_rows(table)[0], str(table.full.cget("text"))))
    assert "\\u{202e}" in shown
    assert "\\e[2J\\t\\n" in shown
    assert not any(character in shown for character in "\u202e\0\x1b\t")


def test_the_chosen_row_is_read_in_full_and_copied_by_keys(rows: PlayedRows, root: tk.Tk) -> None:
    rows.plays(ASKED, WRONG)
    table = opened(rows)
    table.tree.focus_force()
    root.update()
    assert "wished: equals “OK”" in str(table.full.cget("text"))
    table.tree.event_generate("<<Copy>>")
    lines = root.clipboard_get().splitlines()
    assert lines[0] == "step\tsent\tanswer\ttime\tas wished"
    assert len(lines) == 2
    assert lines[1].endswith("NO: no such answer")
    table.tree.event_generate("<<SelectAll>>")
    table.tree.event_generate("<<Copy>>")
    assert len(root.clipboard_get().splitlines()) == 3


def test_the_button_copies_all_and_escape_closes_it_while_it_goes_on(rows: PlayedRows, root: tk.Tk) -> None:
    rows.plays(ASKED, WRONG)
    table = opened(rows)
    table.copy_button.invoke()
    assert len(root.clipboard_get().splitlines()) == 3
    table.tree.focus_force()
    root.update()
    table.tree.event_generate("<Escape>")
    root.update()
    assert not table.winfo_exists()
    rows.plays(ASKED, WRONG, ASKED)
    rows.open()
    assert len(in_rows(opened(rows))) == 3


def test_a_row_that_is_not_as_wished_has_the_colour_of_errors(rows: PlayedRows, theme: Theme) -> None:
    rows.plays(ASKED, WRONG)
    tree = opened(rows).tree
    assert tree.item("1", "tags") in ("missed", ("missed",), ["missed"])
    assert str(tree.tag_configure("missed", "foreground")) == theme.palette.error


def test_the_first_failure_is_chosen_at_once_and_a_key_goes_to_the_next(rows: PlayedRows, root: tk.Tk) -> None:
    rows.plays(ASKED, ASKED, WRONG, ASKED, WRONG)
    table = opened(rows)
    root.update()
    assert table.tree.selection() == ("2",)
    assert in_rows(table)[2][0].startswith("≠ ")
    table.tree.focus_force()
    root.update()
    for key, place in (("<F3>", "4"), ("<F3>", "2"), ("<Shift-F3>", "4"), ("<Home>", "0"), ("<F3>", "2")):
        table.tree.event_generate(key)
        root.update()
        assert table.tree.selection() == (place,)


def test_where_a_person_has_gone_the_table_stays(rows: PlayedRows, root: tk.Tk) -> None:
    rows.plays(ASKED, ASKED)
    table = opened(rows)
    table.tree.focus_force()
    root.update()
    table.tree.event_generate("<Down>")
    root.update()
    rows.plays(ASKED, ASKED, WRONG)
    root.update()
    assert table.tree.selection() == ("1",)


def test_thousands_of_lines_are_put_in_bit_by_bit(rows: PlayedRows, root: tk.Tk) -> None:
    line = TableLine(("1", "a", "b", "c", "yes"), lambda: "all of it")
    rows.take([line] * 1_000)
    table = opened(rows)
    assert len(table.tree.get_children()) == 300
    pump_until(lambda: len(table.tree.get_children()) == 1_000, root)
    rows.take([line] * 2)
    assert len(table.tree.get_children()) == 2


def test_a_table_that_is_closed_while_it_fills_is_gone_without_a_word(rows: PlayedRows, root: tk.Tk) -> None:
    line = TableLine(("1", "a", "b", "c", "yes"), lambda: "all of it")
    rows.take([line] * 1_000)
    opened(rows).destroy()
    over: list[bool] = []
    root.after(60, over.append, True)  # later than the next lines were due
    pump_until(lambda: bool(over), root)


def test_what_a_person_has_selected_stays_while_more_is_played(rows: PlayedRows, root: tk.Tk) -> None:
    rows.plays(ASKED, WRONG)
    table = opened(rows)
    table.tree.focus_force()
    root.update()
    table.tree.event_generate("<<SelectAll>>")
    root.update()
    rows.plays(ASKED, WRONG, ASKED)
    root.update()
    assert table.tree.selection() == ("0", "1")
