"""The filter bar with real keys and clicks: what it asks for, and the list of connections under it."""

from __future__ import annotations

import time
import tkinter as tk

import pytest

from core.events import ConnectionId
from core.journal.display_row import EVERYTHING, Filter
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.filtering import ConnectionRow, FilterView
from gui.views.conversation.filter_bar import FilterBar
from tests.gui.conftest import WaitUntil


def rows(count: int) -> tuple[ConnectionRow, ...]:
    return tuple(ConnectionRow(ConnectionId(100 + n), n, f"#{n}  127.0.0.1:{50_000 + n}") for n in range(1, count + 1))


def only(*numbers: int) -> Filter:
    return Filter(frozenset(ConnectionId(100 + number) for number in numbers))


class Desk:
    """A filter bar whose filters go nowhere but into a list."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.filters: list[Filter] = []
        self.closed = 0
        self.bar = FilterBar(root, theme, on_filter=self.filters.append, on_close=self.close)
        self.bar.pack(fill="x")
        self.below = tk.Frame(root, height=300)
        self.below.pack(fill="both", expand=True)
        self.show(3)
        root.update()
        self.bar.connections_button.focus_force()
        root.update()

    def show(self, connections: int, *, shown: int = 10, total: int = 10) -> None:
        self.bar.show(FilterView(rows(connections), shown=shown, total=total))
        self.bar.update()

    def close(self) -> None:
        self.closed += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            widget = self.bar.focus_get()
            assert widget is not None
            widget.event_generate(key)
            self.bar.update()

    @property
    def ticked(self) -> list[str]:
        return [str(tick.cget("text")).split()[0] for tick in self.bar.list.ticks if tick.is_on]


@pytest.fixture
def desk(root: tk.Tk, theme: Theme) -> Desk:
    return Desk(root, theme)


def test_a_direction_is_taken_out_and_put_back(desk: Desk) -> None:
    desk.press("<Tab>", "<space>")
    desk.press("<Tab>", "<Return>")
    desk.press("<Return>")

    assert desk.filters == [Filter(received=False), Filter(received=False, sent=False), Filter(received=False)]


def test_a_connection_is_chosen_with_the_keyboard_alone(desk: Desk) -> None:
    desk.press("<Return>", "<Down>", "<Down>", "<space>", "<Down>", "<space>", "<Escape>")

    assert desk.filters == [only(2), only(2, 3)]
    assert not desk.bar.list.is_open
    assert desk.bar.focus_get() is desk.bar.connections_button
    assert str(desk.bar.connections_button.cget("text")).startswith("#2, #3")


def test_all_connections_is_one_tick_away(desk: Desk) -> None:
    desk.press("<Return>", "<Down>", "<space>")
    assert desk.ticked == ["#1"]

    desk.press("<Up>", "<space>")

    assert desk.filters == [only(1), EVERYTHING]
    assert desk.ticked == []
    assert desk.bar.list.every.is_on


def test_choices_made_before_the_rows_have_followed_add_up(desk: Desk) -> None:
    desk.bar.received.invoke()
    desk.bar.notes.invoke()

    assert desk.filters[-1] == Filter(received=False, notes=False)


def test_what_is_shown_from_outside_is_not_reported_back(desk: Desk) -> None:
    desk.bar.show(FilterView(rows(3), frozenset({ConnectionId(101)}), received=False, shown=3, total=9))

    assert desk.filters == []
    assert desk.bar.words == "3 of 9 shown"
    assert desk.bar.filter == Filter(frozenset({ConnectionId(101)}), received=False)
    assert not desk.bar.received.is_on


def test_clear_shows_everything_and_can_be_pressed_only_when_there_is_something_to_clear(desk: Desk) -> None:
    assert desk.bar.clear_button.instate(["disabled"])
    desk.bar.sent.invoke()

    desk.bar.clear_button.invoke()

    assert desk.filters == [Filter(sent=False), EVERYTHING]
    assert desk.bar.clear_button.instate(["disabled"])


def test_a_filter_that_cannot_be_seen_leaves_nothing_out(desk: Desk) -> None:
    desk.bar.sent.invoke()
    desk.bar.sent.focus_force()

    desk.press("<Escape>")

    assert desk.filters[-1] == EVERYTHING
    assert desk.closed == 1


def test_one_connection_alone_is_nothing_to_choose_from(desk: Desk) -> None:
    desk.show(1)
    assert not desk.bar.connections_button.winfo_ismapped()

    desk.show(2)
    assert desk.bar.connections_button.winfo_ismapped()


def test_among_five_hundred_they_are_chosen_by_their_numbers(desk: Desk, wait_until: WaitUntil) -> None:
    desk.show(500)
    desk.press("<Return>")
    assert desk.bar.focus_get() is desk.bar.list.field

    desk.bar.list.field.insert(0, "1,3,5-9")
    wait_until(lambda: bool(desk.filters))

    assert desk.filters == [only(1, 3, 5, 6, 7, 8, 9)]
    assert desk.ticked == ["#1", "#3", "#5", "#6", "#7", "#8", "#9"]
    assert desk.bar.list.field.text == "1,3,5-9"


def test_enter_reads_the_numbers_at_once_and_closes_the_list_only_if_they_make_sense(desk: Desk) -> None:
    desk.show(500)
    desk.press("<Return>")
    field = desk.bar.list.field

    field.insert(0, "7, x")
    desk.press("<Return>")
    assert desk.bar.list.complaint.startswith("“x” is no number")
    assert field.marked == 3
    assert desk.filters == []

    field.delete(1, "end")
    desk.press("<Return>")
    assert desk.filters == [only(7)]
    assert not desk.bar.list.is_open


def test_a_list_of_hundreds_scrolls_under_the_arrow_keys_with_few_widgets(desk: Desk) -> None:
    desk.show(500)
    desk.press("<Return>", "<Down>", *["<Down>"] * 12, "<space>", "<Next>", "<space>")

    assert desk.filters == [only(12), only(12, 22)]
    assert len(desk.bar.list.ticks) <= 10


def test_opening_a_list_of_five_thousand_is_quick(desk: Desk) -> None:
    desk.show(5_000)
    desk.press("<Return>", "<Escape>")  # the widgets are made once

    began = time.thread_time()  # computing, not waiting for a machine that is busy
    desk.bar.connections_button.invoke()

    assert desk.bar.list.is_open
    assert time.thread_time() - began < 0.1


def test_a_click_elsewhere_closes_the_list(desk: Desk) -> None:
    desk.press("<Return>")
    assert desk.bar.list.is_open

    desk.below.event_generate("<Button-1>", x=5, y=290)
    desk.bar.update()

    assert not desk.bar.list.is_open
    assert desk.bar.focus_get() is desk.bar.connections_button


def test_tab_leaves_the_list_for_what_stands_beside_its_button(desk: Desk) -> None:
    desk.press("<Return>", "<Down>", "<Tab>")

    assert not desk.bar.list.is_open
    assert desk.bar.focus_get() is desk.bar.received


def test_the_keys_of_the_window_work_in_the_list_too(desk: Desk, root: tk.Tk) -> None:
    pressed: list[str] = []
    root.bind_class("WindowKeys", "<F3>", lambda _event: pressed.append("F3"))
    button = desk.bar.connections_button
    button.bindtags(("WindowKeys", *button.bindtags()))

    desk.press("<Return>", "<F3>", "<Down>", "<F3>")

    assert pressed == ["F3", "F3"]


def test_the_list_keeps_within_a_small_window(desk: Desk, root: tk.Tk, wait_until: WaitUntil) -> None:
    desk.show(500)
    root.geometry("300x320")
    wait_until(lambda: root.winfo_width() == 300)

    desk.press("<Return>")

    opened = desk.bar.list
    assert opened.winfo_x() >= 0
    assert opened.winfo_x() + opened.winfo_width() <= 300
    assert opened.winfo_y() + opened.winfo_height() <= 320


@pytest.mark.case("C-49")
def test_a_name_from_outside_cannot_turn_its_row_around(desk: Desk) -> None:
    desk.bar.show(FilterView((ConnectionRow(ConnectionId(1), 1, "#1 \u202egnp\0"), *rows(2))))
    desk.press("<Return>")

    assert str(desk.bar.list.ticks[0].cget("text")) == "#1 <U+202E>gnp␀"


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_while_it_lives(desk: Desk, theme: Theme, name: str) -> None:
    desk.press("<Return>")

    theme.choose(name)
    theme.zoom(6)
    desk.bar.update()

    assert desk.bar.list.is_open
    assert desk.bar.winfo_height() > 30


def test_the_first_control_is_the_first_one_also_before_it_was_laid_out(root: tk.Tk, theme: Theme) -> None:
    bar = FilterBar(root, theme, on_filter=lambda _filter: None, on_close=lambda: None)
    bar.pack(fill="x")
    root.update()
    root.focus_force()
    root.update()

    bar.show(FilterView(rows(2)))
    bar.focus_first()
    root.update()

    assert bar.focus_get() is bar.connections_button
