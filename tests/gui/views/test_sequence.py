"""The sequence view with real widgets: any of a million rows, the end followed, keys and mouse."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import pytest

from core.journal.display_row import DisplayRow
from core.roles import ROLES
from gui.theme.theme import Theme
from gui.views.sequence import EMPTY, SequencePane
from tests.gui.canvas import CountingTk, items_on, option, words_on
from tests.gui.conftest import WaitUntil
from tests.gui.fake_journal import FakeConversation, note, received, sent

MANY = 1_000_000


def said(place: int) -> DisplayRow:
    return received(place, b"in %d" % place) if place % 2 else sent(place, b"out %d" % place)


class Held:
    def __init__(self, root: tk.Tk, theme: Theme, pump: Callable[[], None]) -> None:
        self.chosen: list[int] = []
        self.pane = SequencePane(
            root, theme, on_choose=self.chosen.append, on_save=lambda: None, on_close=lambda: None,
            ending=lambda _row: "reset",
        )  # fmt: skip
        self.pane.pack(fill="both", expand=True)
        self._pump = pump
        pump()

    def show(self, conversation: FakeConversation | None) -> None:
        self.pane.show(conversation)
        self._pump()

    def press(self, *keys: str) -> None:
        self.pane.canvas.focus_force()
        for key in keys:
            self.pane.canvas.event_generate(key)
        self._pump()

    @property
    def words(self) -> list[str]:
        return [words for words in words_on(self.pane.canvas) if words.startswith(("in ", "out "))]


@pytest.fixture
def held(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Held:
    return Held(root, theme, root.update)


def talk(total: int, make: Callable[[int], DisplayRow] = said, role: str = "client") -> FakeConversation:
    conversation = FakeConversation(make, role=ROLES[role])
    conversation.total = total
    conversation.version = total
    return conversation


def test_of_a_million_rows_only_those_in_sight_are_read_and_drawn(held: Held) -> None:
    conversation = talk(MANY)

    held.show(conversation)

    assert held.words[-1] == f"in {MANY - 1}"
    assert conversation.reads <= 2 * (held.pane.page + 2)  # once for the size that it comes to have
    assert len(held.pane.canvas.find_all()) < 20 * held.pane.page


def test_more_rows_take_no_more_calls_into_tk(
    held: Held, root: tk.Tk, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    def long(place: int) -> DisplayRow:
        return received(place, b"W" * 80, at=place * 2.0)

    held.show(talk(MANY, long))
    counting, took, page = CountingTk(root.tk), list[int](), held.pane.page
    for widget in (held.pane, held.pane.canvas, held.pane._names, theme.small):
        monkeypatch.setattr(widget, "_tk" if widget is theme.small else "tk", counting)

    for total in (2, page):
        held.pane._conversation, held.pane.total, before = talk(total, long), total, counting.calls
        held.pane.draw()
        took.append(counting.calls - before)

    assert len(items_on(held.pane.canvas, "polygon")) == page
    assert took[0] == took[1] < 12


@pytest.mark.parametrize("place", [0, 1, 499_999, MANY - 30])
def test_any_row_can_be_brought_to_the_top(held: Held, place: int) -> None:
    conversation = talk(MANY)
    held.show(conversation)
    before = conversation.reads

    held.pane.scroll_to(place)
    held.press()

    assert held.words[0] == said(place).data.decode()  # type: ignore[union-attr]
    assert conversation.reads - before <= held.pane.page + 2


def test_what_comes_is_drawn_apart_from_what_is_drawn_when_the_window_rests(held: Held, root: tk.Tk) -> None:
    dont_wait, timers = 2, 16  # Tcl's
    held.show(talk(100))
    held.pane.show(talk(130))
    assert held.words[-1] == "in 99"

    while held.pane._later.is_due:
        root.tk.dooneevent(timers | dont_wait)
    assert held.words[-1] == "in 129"


@pytest.mark.parametrize(("new", "rests"), [(2, 0.25), (30, 0.5)])
def test_where_more_comes_than_can_be_read_it_is_drawn_less_often(
    held: Held, monkeypatch: pytest.MonkeyPatch, new: int, rests: float
) -> None:
    asked = list[int]()
    held.show(talk(100))
    held.pane._rest = 0.25
    monkeypatch.setattr("gui.views.rows_pane.monotonic", lambda: held.pane._drawn_at + 0.05)
    monkeypatch.setattr(held.pane._later, "ask", asked.append)

    held.pane.show(talk(100 + new))

    assert asked == [round((rests - 0.05) * 1_000)]


def test_the_end_is_followed_while_it_is_in_sight(held: Held, root: tk.Tk, wait_until: WaitUntil) -> None:
    held.show(talk(100))
    held.show(talk(130))
    wait_until(lambda: held.words[-1] == "in 129")

    held.press("<Home>")
    held.show(talk(200))
    root.update()

    assert held.words[0] == "out 0"
    held.press("<End>")
    wait_until(lambda: held.words[-1] == "in 199")


def test_keys_choose_rows_and_the_choice_stays_in_sight(held: Held) -> None:
    held.show(talk(1000))
    held.press("<Home>", "<Down>", "<Down>")
    assert held.chosen == [0, 1]

    held.press(*["<Down>"] * 40)
    assert held.chosen[-1] == 41
    assert "in 41" in held.words

    held.press("<Next>", "<Prior>", "<Up>")
    assert held.chosen[-1] in (40, held.pane.top + held.pane.page - 1)


def test_a_click_chooses_the_row_under_the_mouse(held: Held) -> None:
    held.show(talk(3))
    canvas = held.pane.canvas
    x, y = canvas.coords(next(item for item in items_on(canvas, "text") if option(canvas, item, "text") == "in 1"))

    canvas.event_generate("<Button-1>", x=int(x), y=int(y))
    held.press()

    assert held.chosen == [1]
    assert held.pane.chosen == 1


def test_another_conversation_begins_at_its_end_with_nothing_chosen(held: Held) -> None:
    held.show(talk(500))
    held.press("<Home>", "<Down>")
    other = talk(600)
    other.key = "another"

    held.show(other)

    assert held.pane.chosen is None
    assert held.words[-1] == "in 599"


def test_an_empty_one_says_what_will_come(held: Held) -> None:
    held.show(None)

    assert words_on(held.pane.canvas) == [EMPTY]


@pytest.mark.parametrize(("role", "lanes"), [("client", ["server", "you"]), ("tap", ["client", "tap", "target"])])
def test_the_lanes_have_names(held: Held, role: str, lanes: list[str]) -> None:
    held.show(talk(2, role=role))

    assert words_on(held.pane._names) == lanes


@pytest.mark.parametrize("palette", ["light", "dark", "high contrast"])
def test_a_reset_is_drawn_in_the_colour_of_errors(held: Held, theme: Theme, root: tk.Tk, palette: str) -> None:
    theme.choose(palette)
    held.show(talk(1, lambda place: note(place, "#1 closed", number=1, failed=True)._replace(kind="closed")))
    root.update()

    canvas = held.pane.canvas
    assert theme.palette.error in {option(canvas, item, "fill") for item in canvas.find_all()}
    assert str(canvas.cget("background")) == theme.palette.pane
    assert "RST  #1 closed" in words_on(canvas)


@pytest.mark.parametrize("wide", [180, 264, 380, 1200])
def test_no_words_leave_the_picture(held: Held, root: tk.Tk, wide: int) -> None:
    root.geometry(f"{wide}x400")
    root.update()
    held.show(talk(50, lambda place: received(place, b"W" * 80, at=place * 2.0)))
    root.update()

    canvas = held.pane.canvas
    for item in items_on(canvas, "text"):
        left, _top, right, _bottom = canvas.bbox(item)
        assert 0 <= left <= right <= canvas.winfo_width()


def test_no_lane_crosses_the_words_of_what_happened(held: Held, root: tk.Tk) -> None:
    """They may be wider than the room between two lanes."""
    root.geometry("400x400")
    root.update()
    held.show(talk(3, lambda place: note(place, "connected to 127.0.0.1:5555 from 127.0.0.1:49728", number=1)))
    root.update()

    canvas = held.pane.canvas
    lane = min(canvas.coords(item)[0] for item in items_on(canvas, "line") if canvas.coords(item)[1] == 0)
    wide = [item for item in items_on(canvas, "text") if canvas.bbox(item)[0] < lane < canvas.bbox(item)[2]]
    assert len(wide) == 3
    for item in wide:
        assert any(_hides(canvas, ground, item) for ground in items_on(canvas, "rectangle"))


def _hides(canvas: tk.Canvas, ground: int, words: int) -> bool:
    """Whether the ground lies right below the words and is as large as they are."""
    order = canvas.find_all()
    x0, y0, x1, y1 = canvas.coords(ground)
    left, top, right, bottom = canvas.bbox(words)
    is_below = order.index(words) == order.index(ground) + 1
    return is_below and x0 <= left and y0 <= top and right <= x1 and bottom <= y1


def test_a_row_that_was_chosen_stays_in_sight_while_more_comes_and_the_next_one_is_next_to_it(held: Held) -> None:
    held.show(talk(MANY))

    held.press("<Down>")
    first = held.chosen[-1]
    held.show(talk(2 * MANY))
    held.pane._draw_now()
    held.press("<Down>", "<Up>", "<Up>")

    assert held.chosen == [first, first + 1, first, first - 1]
    held.press("<End>", "<Up>")
    held.show(talk(3 * MANY))
    held.pane._draw_now()
    assert held.words[-1] == f"in {3 * MANY - 1}"  # the last one is at the end, which is followed
