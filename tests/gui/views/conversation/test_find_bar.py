"""The find bar with real keys: what it asks for, and what it shows of the answer."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.finding import FindMode, FindRequest, FindView
from gui.views.conversation.find_bar import FindBar
from tests.gui.conftest import WaitUntil
from tests.gui.driving import press_character


class Stage:
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
            press_character(self.bar, str(self.bar.field), letter)
        self.bar.update()

    @property
    def focus(self) -> tk.Misc | None:
        return self.bar.focus_get()


@pytest.fixture
def stage(root: tk.Tk, theme: Theme) -> Stage:
    return Stage(root, theme)


def test_searching_begins_by_itself_once_with_all_that_was_typed(stage: Stage, wait_until: WaitUntil) -> None:
    stage.type("hel")
    stage.type("lo")

    wait_until(lambda: bool(stage.searches))

    assert stage.searches == [FindRequest("hello")]


def test_enter_searches_at_once_and_from_then_on_goes_to_the_next(stage: Stage) -> None:
    stage.type("hello")
    stage.press("<Return>")
    assert stage.searches == [FindRequest("hello")]

    stage.bar.show(FindView(1, 3))
    for key in ("<Return>", "<F3>", "<Shift-Return>", "<Shift-F3>"):
        stage.press(key)

    assert stage.happened == ["step 1", "step 1", "step -1", "step -1"]
    assert stage.searches == [FindRequest("hello")]


def test_without_a_hit_there_is_no_next_one(stage: Stage) -> None:
    stage.type("x")
    stage.press("<Return>")
    stage.bar.show(FindView())

    stage.press("<Return>")

    assert stage.bar.count == "nothing found"
    assert stage.bar.next_button.instate(["disabled"])
    assert stage.happened == []


def test_an_emptied_field_asks_for_nothing(stage: Stage, wait_until: WaitUntil) -> None:
    stage.type("a")
    stage.press("<Return>")

    stage.press("<BackSpace>")
    wait_until(lambda: len(stage.searches) == 2)

    assert stage.searches[-1].text == ""


def test_tab_goes_through_the_controls_as_the_eye_does(stage: Stage) -> None:
    stage.type("a")
    stage.press("<Return>")
    stage.bar.show(FindView(1, 3))
    bar = stage.bar
    seen = []

    for _ in range(6):
        seen.append(stage.focus)
        stage.press("<Tab>")

    assert seen == [
        bar.field,
        bar.mode,
        bar.match_case,
        bar.previous_button,
        bar.next_button,
        bar.close_button,
    ]


def test_the_mode_is_chosen_with_the_arrow_keys_and_asks_anew(stage: Stage) -> None:
    stage.type("ff")
    stage.press("<Return>")
    stage.press("<Tab>")

    stage.choose_mode("<Down>")
    stage.choose_mode("<Up>")

    modes = [(request.text, request.mode) for request in stage.searches]
    assert modes == [("ff", FindMode.TEXT), ("ff", FindMode.HEX), ("ff", FindMode.TEXT)]


def test_case_matters_when_it_is_said_so_but_never_to_bytes(stage: Stage) -> None:
    stage.type("ff")
    stage.press("<Return>")
    stage.press("<Tab>")
    stage.press("<Tab>")

    stage.press("<space>")
    stage.press("<Shift-Tab>" if stage.bar.tk.call("tk", "windowingsystem") != "x11" else "<ISO_Left_Tab>")
    stage.choose_mode("<Down>")

    assert stage.searches[1:] == [
        FindRequest("ff", match_case=True),
        FindRequest("ff", FindMode.HEX, match_case=False),
    ]
    assert stage.bar.match_case.instate(["disabled"])


def test_a_complaint_stands_under_the_field_and_marks_the_character_until_it_is_edited(stage: Stage) -> None:
    stage.type("0x")
    stage.press("<Return>")

    stage.bar.show(FindView(complaint="“x” is no hex digit.", error_place=1))
    stage.bar.update()
    assert stage.bar.complaint == "“x” is no hex digit."
    assert stage.bar.field.marked == 1
    assert stage.bar.field.instate(["invalid"])

    stage.press("<BackSpace>")
    assert stage.bar.complaint == ""
    assert stage.bar.field.marked is None
    assert stage.bar.field.instate(["!invalid"])


def test_what_is_missing_at_the_end_is_marked_there(stage: Stage) -> None:
    stage.type("(a")
    stage.press("<Return>")

    stage.bar.show(FindView(complaint="missing )", error_place=2))
    stage.bar.update()

    assert stage.bar.field.marked == 2


def test_the_same_complaint_comes_back_for_another_text(stage: Stage) -> None:
    for text in ("a", "b"):
        stage.type(text)
        stage.press("<Return>")
        stage.bar.show(FindView(complaint="odd number of hex digits", error_place=0))

        assert stage.bar.complaint == "odd number of hex digits"


@pytest.mark.case("C-49")
def test_a_complaint_cannot_turn_the_text_around(stage: Stage) -> None:
    stage.bar.show(FindView(complaint="no digit: \u202egnp"))

    assert stage.bar.complaint == "no digit: \\u{202e}gnp"


def test_a_long_search_shows_how_far_it_is_and_can_be_stopped(stage: Stage, wait_until: WaitUntil) -> None:
    stage.type("a")
    stage.press("<Return>")

    stage.bar.show(FindView(count=2, fraction=0.25, is_running=True))
    stage.bar.update()
    assert not stage.bar.stop_button.winfo_ismapped()
    wait_until(lambda: bool(stage.bar.stop_button.winfo_ismapped()))
    stage.bar.stop_button.invoke()
    stage.bar.show(FindView(count=2, fraction=0.25))
    stage.bar.update()

    assert stage.happened == ["stop"]
    assert not stage.bar.stop_button.winfo_ismapped()


@pytest.mark.parametrize("presses", [0, 1, 2, 4])
def test_escape_closes_from_wherever_the_focus_is(stage: Stage, presses: int) -> None:
    for _ in range(presses):
        stage.press("<Tab>")

    stage.press("<Escape>")

    assert stage.happened == ["close"]


def test_closing_ends_the_wait_for_quiet(stage: Stage, root: tk.Tk) -> None:
    stage.type("abc")

    stage.press("<Escape>")

    assert root.tk.splitlist(root.tk.call("after", "info")) == ()
    assert stage.searches == []


def test_up_brings_earlier_searches_back_with_their_mode(stage: Stage) -> None:
    earlier = (FindRequest("0d0a", FindMode.HEX), FindRequest("Hello", match_case=True))
    stage.bar.remember(earlier)
    stage.type("half")

    recalled = []
    for key in ("<Up>", "<Up>", "<Up>", "<Down>", "<Down>"):
        stage.press(key)
        recalled.append(stage.bar.request)

    hex_bytes, hello = earlier
    assert recalled == [hex_bytes, hello, hello, hex_bytes, FindRequest("half")]


def test_what_was_looked_for_on_purpose_is_remembered_and_half_a_word_is_not(
    stage: Stage, wait_until: WaitUntil
) -> None:
    stage.type("he")
    wait_until(lambda: bool(stage.searches))
    stage.type("llo")
    stage.press("<Return>")

    assert stage.bar.history == (FindRequest("hello"),)


def test_opening_selects_what_is_there_to_be_typed_over(stage: Stage) -> None:
    stage.type("old")
    stage.bar.focus_field()

    stage.type("new")

    assert stage.bar.field.text == "new"


@pytest.mark.case("C-85")
def test_what_looks_like_tcl_is_text(stage: Stage) -> None:
    stage.bar.field.insert("end", "[exit] $x %P {\\")
    stage.press("<Return>")

    assert stage.searches == [FindRequest("[exit] $x %P {\\")]


@pytest.mark.parametrize("width", [640, 420])
def test_every_control_is_within_a_narrow_strip(stage: Stage, root: tk.Tk, width: int, wait_until: WaitUntil) -> None:
    stage.bar.show(FindView(1234, 1_000_000, is_more=True, fraction=0.5, is_running=True))
    root.geometry(f"{width}x400")
    wait_until(lambda: root.winfo_width() == width and bool(stage.bar.stop_button.winfo_ismapped()))
    root.update()

    right = stage.bar.winfo_rootx() + stage.bar.winfo_width()
    bottom = stage.bar.winfo_rooty() + stage.bar.winfo_height()
    bar = stage.bar
    for part in (bar.field, bar.mode, bar.match_case, bar.previous_button, bar.next_button, bar.stop_button):
        assert part.winfo_rootx() + part.winfo_width() <= right
        assert part.winfo_rooty() + part.winfo_height() <= bottom
        assert part.winfo_width() >= min(part.winfo_reqwidth(), 30)


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_and_text_size_while_it_lives(stage: Stage, theme: Theme, name: str) -> None:
    before = stage.bar.winfo_height()

    theme.choose(name)
    theme.zoom(8)
    stage.bar.update()

    assert stage.bar.winfo_height() > before
