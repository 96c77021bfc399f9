"""The find bar with real keys: what it asks for, and what it shows of the answer."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.finding import FindMode, FindRequest, FindView
from gui.views.conversation.find_bar import FindBar
from tests.gui.conftest import WaitUntil


class Desk:
    """A find bar whose requests go nowhere but into lists."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.searches: list[FindRequest] = []
        self.happened: list[str] = []
        self.bar = FindBar(
            root,
            theme,
            on_search=self.searches.append,
            on_step=lambda step: self.happened.append(f"step {step}"),
            on_stop=lambda: self.happened.append("stop"),
            on_close=lambda: self.happened.append("close"),
        )
        self.bar.pack(fill="x")
        root.update()
        self.bar.field.focus_force()
        self.bar.focus_field()
        root.update()

    def press(self, key: str) -> None:
        widget = self.bar.focus_get()
        assert widget is not None
        widget.event_generate(key)
        self.bar.update()

    def choose_mode(self, step: str) -> None:
        """Open the list of modes with Down, take a step in it and choose what is there."""
        self.press("<Down>")
        for key in (step, "<Return>"):
            self.bar.tk.call("event", "generate", self.bar.tk.call("focus"), key)
            self.bar.update()

    def type(self, text: str) -> None:
        for letter in text:
            self.bar.field.event_generate("<Key>", keysym=KEYSYMS.get(letter, letter))
        self.bar.update()

    @property
    def focus(self) -> tk.Misc | None:
        return self.bar.focus_get()


KEYSYMS = {" ": "space", "(": "parenleft", "[": "bracketleft", "]": "bracketright", "%": "percent", "$": "dollar"}


@pytest.fixture
def desk(root: tk.Tk, theme: Theme) -> Desk:
    return Desk(root, theme)


def test_searching_begins_by_itself_once_with_all_that_was_typed(desk: Desk, wait_until: WaitUntil) -> None:
    desk.type("hel")
    desk.type("lo")

    wait_until(lambda: bool(desk.searches))

    assert desk.searches == [FindRequest("hello")]


def test_enter_searches_at_once_and_from_then_on_goes_to_the_next(desk: Desk) -> None:
    desk.type("hello")
    desk.press("<Return>")
    assert desk.searches == [FindRequest("hello")]

    desk.bar.show(FindView(1, 3))
    for key in ("<Return>", "<F3>", "<Shift-Return>", "<Shift-F3>"):
        desk.press(key)

    assert desk.happened == ["step 1", "step 1", "step -1", "step -1"]
    assert desk.searches == [FindRequest("hello")]


def test_without_a_hit_there_is_no_next_one(desk: Desk) -> None:
    desk.type("x")
    desk.press("<Return>")
    desk.bar.show(FindView())

    desk.press("<Return>")

    assert desk.bar.count == "nothing found"
    assert desk.bar.next_button.instate(["disabled"])
    assert desk.happened == []


def test_an_emptied_field_asks_for_nothing(desk: Desk, wait_until: WaitUntil) -> None:
    desk.type("a")
    desk.press("<Return>")

    desk.press("<BackSpace>")
    wait_until(lambda: len(desk.searches) == 2)

    assert desk.searches[-1].text == ""


def test_tab_goes_through_the_controls_as_the_eye_does(desk: Desk) -> None:
    desk.type("a")
    desk.press("<Return>")
    desk.bar.show(FindView(1, 3))
    bar = desk.bar
    seen = []

    for _ in range(6):
        seen.append(desk.focus)
        desk.press("<Tab>")

    assert seen == [
        bar.field,
        bar.mode,
        bar.match_case,
        bar.previous_button,
        bar.next_button,
        bar.close_button,
    ]


def test_the_mode_is_chosen_with_the_arrow_keys_and_asks_anew(desk: Desk) -> None:
    desk.type("ff")
    desk.press("<Return>")
    desk.press("<Tab>")

    desk.choose_mode("<Down>")
    desk.choose_mode("<Up>")

    modes = [(request.text, request.mode) for request in desk.searches]
    assert modes == [("ff", FindMode.TEXT), ("ff", FindMode.HEX), ("ff", FindMode.TEXT)]


def test_case_matters_when_it_is_said_so_but_never_to_bytes(desk: Desk) -> None:
    desk.type("ff")
    desk.press("<Return>")
    desk.press("<Tab>")
    desk.press("<Tab>")

    desk.press("<space>")
    desk.press("<Shift-Tab>" if desk.bar.tk.call("tk", "windowingsystem") != "x11" else "<ISO_Left_Tab>")
    desk.choose_mode("<Down>")

    assert desk.searches[1:] == [
        FindRequest("ff", match_case=True),
        FindRequest("ff", FindMode.HEX, match_case=False),
    ]
    assert desk.bar.match_case.instate(["disabled"])


def test_a_complaint_stands_under_the_field_and_marks_the_character_until_it_is_edited(desk: Desk) -> None:
    desk.type("0x")
    desk.press("<Return>")

    desk.bar.show(FindView(complaint="“x” is no hex digit.", error_place=1))
    desk.bar.update()
    assert desk.bar.complaint == "“x” is no hex digit."
    assert desk.bar.field.marked == 1
    assert desk.bar.field.instate(["invalid"])

    desk.press("<BackSpace>")
    assert desk.bar.complaint == ""
    assert desk.bar.field.marked is None
    assert desk.bar.field.instate(["!invalid"])


def test_what_is_missing_at_the_end_is_marked_there(desk: Desk) -> None:
    desk.type("(a")
    desk.press("<Return>")

    desk.bar.show(FindView(complaint="missing )", error_place=2))
    desk.bar.update()

    assert desk.bar.field.marked == 2


def test_the_same_complaint_comes_back_for_another_text(desk: Desk) -> None:
    for text in ("a", "b"):
        desk.type(text)
        desk.press("<Return>")
        desk.bar.show(FindView(complaint="odd number of hex digits", error_place=0))

        assert desk.bar.complaint == "odd number of hex digits"


@pytest.mark.case("C-49")
def test_a_complaint_cannot_turn_the_text_around(desk: Desk) -> None:
    desk.bar.show(FindView(complaint="no digit: \u202egnp"))

    assert desk.bar.complaint == "no digit: <U+202E>gnp"


def test_a_long_search_shows_how_far_it_is_and_can_be_stopped(desk: Desk, wait_until: WaitUntil) -> None:
    desk.type("a")
    desk.press("<Return>")

    desk.bar.show(FindView(count=2, fraction=0.25, is_running=True))
    desk.bar.update()
    assert not desk.bar.stop_button.winfo_ismapped()
    wait_until(lambda: bool(desk.bar.stop_button.winfo_ismapped()))
    desk.bar.stop_button.invoke()
    desk.bar.show(FindView(count=2, fraction=0.25))
    desk.bar.update()

    assert desk.happened == ["stop"]
    assert not desk.bar.stop_button.winfo_ismapped()


@pytest.mark.parametrize("presses", [0, 1, 2, 4])
def test_escape_closes_from_wherever_the_focus_is(desk: Desk, presses: int) -> None:
    for _ in range(presses):
        desk.press("<Tab>")

    desk.press("<Escape>")

    assert desk.happened == ["close"]


def test_closing_ends_the_wait_for_quiet(desk: Desk, root: tk.Tk) -> None:
    desk.type("abc")

    desk.press("<Escape>")

    assert root.tk.splitlist(root.tk.call("after", "info")) == ()
    assert desk.searches == []


def test_up_brings_earlier_searches_back_with_their_mode(desk: Desk) -> None:
    earlier = (FindRequest("0d0a", FindMode.HEX), FindRequest("Hello", match_case=True))
    desk.bar.remember(earlier)
    desk.type("half")

    recalled = []
    for key in ("<Up>", "<Up>", "<Up>", "<Down>", "<Down>"):
        desk.press(key)
        recalled.append(desk.bar.request)

    hex_bytes, hello = earlier
    assert recalled == [hex_bytes, hello, hello, hex_bytes, FindRequest("half")]


def test_what_was_looked_for_on_purpose_is_remembered_and_half_a_word_is_not(desk: Desk, wait_until: WaitUntil) -> None:
    desk.type("he")
    wait_until(lambda: bool(desk.searches))
    desk.type("llo")
    desk.press("<Return>")

    assert desk.bar.history == (FindRequest("hello"),)


def test_opening_selects_what_is_there_to_be_typed_over(desk: Desk) -> None:
    desk.type("old")
    desk.bar.focus_field()

    desk.type("new")

    assert desk.bar.field.text == "new"


@pytest.mark.case("C-85")
def test_what_looks_like_tcl_is_text(desk: Desk) -> None:
    desk.bar.field.insert("end", "[exit] $x %P {\\")
    desk.press("<Return>")

    assert desk.searches == [FindRequest("[exit] $x %P {\\")]


@pytest.mark.parametrize("width", [640, 420])
def test_every_control_is_within_a_narrow_strip(desk: Desk, root: tk.Tk, width: int, wait_until: WaitUntil) -> None:
    desk.bar.show(FindView(1234, 1_000_000, is_more=True, fraction=0.5, is_running=True))
    root.geometry(f"{width}x400")
    wait_until(lambda: root.winfo_width() == width and bool(desk.bar.stop_button.winfo_ismapped()))
    root.update()

    right = desk.bar.winfo_rootx() + desk.bar.winfo_width()
    bottom = desk.bar.winfo_rooty() + desk.bar.winfo_height()
    bar = desk.bar
    for part in (bar.field, bar.mode, bar.match_case, bar.previous_button, bar.next_button, bar.stop_button):
        assert part.winfo_rootx() + part.winfo_width() <= right
        assert part.winfo_rooty() + part.winfo_height() <= bottom
        assert part.winfo_width() >= min(part.winfo_reqwidth(), 30)


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_and_text_size_while_it_lives(desk: Desk, theme: Theme, name: str) -> None:
    before = desk.bar.winfo_height()

    theme.choose(name)
    theme.zoom(8)
    desk.bar.update()

    assert desk.bar.winfo_height() > before
