"""The filter bar with real keys and clicks: what it asks for, and the list of connections under it."""

from __future__ import annotations

import time
import tkinter as tk

import pytest

from core.events import ConnectionId
from core.journal.display_row import EVERYTHING, Filter
from core.origin import KINDS
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.filtering import SPEAKERS, ConnectionRow, FilterView
from gui.views.conversation.filter_bar import FilterBar
from tests.gui.conftest import WaitUntil


def rows(count: int) -> tuple[ConnectionRow, ...]:
    return tuple(ConnectionRow(ConnectionId(100 + n), n, f"#{n}  127.0.0.1:{50_000 + n}") for n in range(1, count + 1))


def only(*numbers: int) -> Filter:
    return Filter(frozenset(ConnectionId(100 + number) for number in numbers))


class Stage:
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
def stage(root: tk.Tk, theme: Theme) -> Stage:
    return Stage(root, theme)


def test_a_direction_is_taken_out_and_put_back(stage: Stage) -> None:
    stage.press("<Tab>", "<space>")
    stage.press("<Tab>", "<Return>")
    stage.press("<Return>")

    assert stage.filters == [Filter(received=False), Filter(received=False, sent=False), Filter(received=False)]


def test_who_spoke_is_chosen_with_the_keyboard_alone(stage: Stage) -> None:
    stage.press("<Tab>", "<Tab>", "<Tab>")
    assert stage.bar.focus_get() is stage.bar.origin
    stage.press("<Down>")
    place = stage.bar.tk.call("ttk::combobox::PopdownWindow", stage.bar.origin)
    listed = f"{place}.f.l"
    stage.bar.tk.call("focus", "-force", listed)
    stage.bar.tk.call("event", "generate", listed, "<Down>")
    stage.bar.tk.call("event", "generate", listed, "<Down>")
    stage.bar.tk.call("event", "generate", listed, "<Return>")
    stage.bar.update()

    assert stage.filters == [Filter(origins=frozenset({"rule"}))]
    assert stage.bar.origin.get() == "by rules"
    stage.bar.clear()
    assert stage.filters[-1] == EVERYTHING
    assert stage.bar.origin.get() == "by anyone"


def test_of_what_is_not_shown_nobody_is_asked_who_sent_it(stage: Stage) -> None:
    stage.bar.sent.invoke()

    assert stage.bar.origin.instate(["disabled"])
    stage.bar.sent.invoke()
    assert stage.bar.origin.instate(["!disabled"])


def test_a_filter_by_a_name_is_told_by_it(stage: Stage) -> None:
    stage.bar.show(FilterView(rows(2), origins=frozenset({"rule Temperature"})))

    assert stage.bar.origin.get() == "by rule Temperature"
    assert stage.bar.filter == Filter(origins=frozenset({"rule Temperature"}))


def test_everybody_who_may_have_spoken_can_be_chosen() -> None:
    assert {key for key, _words in SPEAKERS} == {"", *KINDS}


def test_a_connection_is_chosen_with_the_keyboard_alone(stage: Stage) -> None:
    stage.press("<Return>", "<Down>", "<Down>", "<space>", "<Down>", "<space>", "<Escape>")

    assert stage.filters == [only(2), only(2, 3)]
    assert not stage.bar.list.is_open
    assert stage.bar.focus_get() is stage.bar.connections_button
    assert str(stage.bar.connections_button.cget("text")).startswith("#2, #3")


def test_all_connections_is_one_tick_away(stage: Stage) -> None:
    stage.press("<Return>", "<Down>", "<space>")
    assert stage.ticked == ["#1"]

    stage.press("<Up>", "<space>")

    assert stage.filters == [only(1), EVERYTHING]
    assert stage.ticked == []
    assert stage.bar.list.every.is_on


def test_choices_made_before_the_rows_have_followed_add_up(stage: Stage) -> None:
    stage.bar.received.invoke()
    stage.bar.notes.invoke()

    assert stage.filters[-1] == Filter(received=False, notes=False)


def test_what_is_shown_from_outside_is_not_reported_back(stage: Stage) -> None:
    stage.bar.show(FilterView(rows(3), frozenset({ConnectionId(101)}), received=False, shown=3, total=9))

    assert stage.filters == []
    assert stage.bar.words == "3 of 9 shown"
    assert stage.bar.filter == Filter(frozenset({ConnectionId(101)}), received=False)
    assert not stage.bar.received.is_on


def test_clear_shows_everything_and_can_be_pressed_only_when_there_is_something_to_clear(stage: Stage) -> None:
    assert stage.bar.clear_button.instate(["disabled"])
    stage.bar.sent.invoke()

    stage.bar.clear_button.invoke()

    assert stage.filters == [Filter(sent=False), EVERYTHING]
    assert stage.bar.clear_button.instate(["disabled"])


def test_a_filter_that_cannot_be_seen_leaves_nothing_out(stage: Stage) -> None:
    stage.bar.sent.invoke()
    stage.bar.sent.focus_force()

    stage.press("<Escape>")

    assert stage.filters[-1] == EVERYTHING
    assert stage.closed == 1


def test_one_connection_alone_is_nothing_to_choose_from(stage: Stage) -> None:
    stage.show(1)
    assert not stage.bar.connections_button.winfo_ismapped()

    stage.show(2)
    assert stage.bar.connections_button.winfo_ismapped()


def test_among_five_hundred_they_are_chosen_by_their_numbers(stage: Stage, wait_until: WaitUntil) -> None:
    stage.show(500)
    stage.press("<Return>")
    assert stage.bar.focus_get() is stage.bar.list.field

    stage.bar.list.field.insert(0, "1,3,5-9")
    wait_until(lambda: bool(stage.filters))

    assert stage.filters == [only(1, 3, 5, 6, 7, 8, 9)]
    assert stage.ticked == ["#1", "#3", "#5", "#6", "#7", "#8", "#9"]
    assert stage.bar.list.field.text == "1,3,5-9"


def test_enter_reads_the_numbers_at_once_and_closes_the_list_only_if_they_make_sense(stage: Stage) -> None:
    stage.show(500)
    stage.press("<Return>")
    field = stage.bar.list.field

    field.insert(0, "7, x")
    stage.press("<Return>")
    assert stage.bar.list.complaint.startswith("“x” is no number")
    assert field.marked == 3
    assert stage.filters == []

    field.delete(1, "end")
    stage.press("<Return>")
    assert stage.filters == [only(7)]
    assert not stage.bar.list.is_open


def test_a_list_of_hundreds_scrolls_under_the_arrow_keys_with_few_widgets(stage: Stage) -> None:
    stage.show(500)
    stage.press("<Return>", "<Down>", *["<Down>"] * 12, "<space>", "<Next>", "<space>")

    assert stage.filters == [only(12), only(12, 22)]
    assert len(stage.bar.list.ticks) <= 10


def test_opening_a_list_of_five_thousand_is_quick(stage: Stage) -> None:
    stage.show(5_000)
    stage.press("<Return>", "<Escape>")  # the widgets are made once

    began = time.thread_time()  # computing, not waiting for a machine that is busy
    stage.bar.connections_button.invoke()

    assert stage.bar.list.is_open
    assert time.thread_time() - began < 0.1


def test_a_click_elsewhere_closes_the_list(stage: Stage) -> None:
    stage.press("<Return>")
    assert stage.bar.list.is_open

    stage.below.event_generate("<Button-1>", x=5, y=290)
    stage.bar.update()

    assert not stage.bar.list.is_open
    assert stage.bar.focus_get() is stage.bar.connections_button


def test_tab_leaves_the_list_for_what_stands_beside_its_button(stage: Stage) -> None:
    stage.press("<Return>", "<Down>", "<Tab>")

    assert not stage.bar.list.is_open
    assert stage.bar.focus_get() is stage.bar.received


def test_the_keys_of_the_window_work_in_the_list_too(stage: Stage, root: tk.Tk) -> None:
    pressed: list[str] = []
    root.bind_class("WindowKeys", "<F3>", lambda _event: pressed.append("F3"))
    button = stage.bar.connections_button
    button.bindtags(("WindowKeys", *button.bindtags()))

    stage.press("<Return>", "<F3>", "<Down>", "<F3>")

    assert pressed == ["F3", "F3"]


def test_the_list_keeps_within_a_small_window(stage: Stage, root: tk.Tk, wait_until: WaitUntil) -> None:
    stage.show(500)
    root.geometry("300x320")
    wait_until(lambda: root.winfo_width() == 300)

    stage.press("<Return>")

    opened = stage.bar.list
    assert opened.winfo_x() >= 0
    assert opened.winfo_x() + opened.winfo_width() <= 300
    assert opened.winfo_y() + opened.winfo_height() <= 320


@pytest.mark.case("C-49")
def test_a_name_from_outside_cannot_turn_its_row_around(stage: Stage) -> None:
    stage.bar.show(FilterView((ConnectionRow(ConnectionId(1), 1, "#1 \u202egnp\0"), *rows(2))))
    stage.press("<Return>")

    assert str(stage.bar.list.ticks[0].cget("text")) == "#1 \\u{202e}gnp\\0"


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_while_it_lives(stage: Stage, theme: Theme, name: str) -> None:
    stage.press("<Return>")

    theme.choose(name)
    theme.zoom(6)
    stage.bar.update()

    assert stage.bar.list.is_open
    assert stage.bar.winfo_height() > 30


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


@pytest.mark.parametrize("longest", [0, 11])
def test_the_longest_row_is_read_to_its_end_wherever_it_stands(root: tk.Tk, stage: Stage, longest: int) -> None:
    root.geometry("640x480")
    root.update()
    words = "#7  process 4193304 (postgres) of user postgres"
    connections = tuple(
        ConnectionRow(ConnectionId(100 + n), n, words if n == longest else f"#{n}  process {n}") for n in range(12)
    )
    stage.bar.show(FilterView(connections))
    stage.press("<Down>", "<End>" if longest else "<Down>")

    (tick,) = [each for each in stage.bar.list.ticks if str(each.cget("text")) == words]
    root.update()
    end = tick.winfo_rootx() + tick.winfo_reqwidth()
    assert end <= stage.bar.list.winfo_rootx() + stage.bar.list.winfo_width()
    assert stage.bar.list.winfo_width() <= root.winfo_width()
