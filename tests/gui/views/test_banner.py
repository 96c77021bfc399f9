"""Notices across the window: each with its own buttons, quiet when told to be, never in the way."""

from __future__ import annotations

import tkinter as tk
from collections import defaultdict

import pytest

from gui.controllers.notices import Notices
from gui.theme.theme import Theme
from gui.views.banner import Banner, Notice
from gui.widgets.tip import Tip


class Strip:
    """A banner on a clock of its own."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.now = 0.0
        self.pressed: list[str] = []
        self.banner = Banner(root, theme, clock=lambda: self.now)
        self.banner.grid(sticky="ew")
        root.columnconfigure(0, weight=1)

    def notice(self, sentence: str, *words: str, quiet: float = 0.0) -> Notice:
        answers = tuple((word, self.presses(word)) for word in words)
        return Notice(sentence, buttons=answers, on_close=self.presses("closed"), quiet=quiet)

    def presses(self, word: str) -> Press:
        return Press(self.pressed, word)

    def words(self) -> list[str]:
        return [str(button.cget("text")) for button in self.banner.buttons]

    def press(self, number: int) -> None:
        self.banner.buttons[number].invoke()


class Press:
    """Notes that a button was pressed."""

    def __init__(self, pressed: list[str], word: str) -> None:
        self._pressed = pressed
        self._word = word

    def __call__(self) -> None:
        self._pressed.append(self._word)


@pytest.fixture
def strip(root: tk.Tk, theme: Theme) -> Strip:
    return Strip(root, theme)


def test_every_notice_keeps_its_own_buttons(strip: Strip) -> None:
    strip.banner.say(strip.notice("Something went wrong.", "Open log"), "fault")
    strip.banner.say(strip.notice("Peers were turned away.", "Settings"), "limits")

    assert strip.words() == ["Open log", "Close", "Settings", "Close"]

    strip.press(0)
    strip.press(1)

    assert strip.pressed == ["Open log", "closed"]
    assert strip.banner.sentence == "Peers were turned away."


def test_a_count_that_goes_on_leaves_the_focus_on_the_button(strip: Strip, root: tk.Tk) -> None:
    strip.banner.say(strip.notice("1 entry is missing.", "Open the folder"), "recording")
    root.update()
    button = strip.banner.buttons[0]
    button.focus_force()
    root.update()

    strip.banner.say(strip.notice("2 entries are missing.", "Open the folder"), "recording")
    root.update()

    assert root.focus_get() is button
    assert strip.banner.sentence == "2 entries are missing."


def test_what_the_person_has_closed_stays_away_for_a_while(strip: Strip) -> None:
    strip.banner.say(strip.notice("once", quiet=60.0), "limits")
    strip.press(0)

    strip.now = 59.0
    strip.banner.say(strip.notice("twice", quiet=60.0), "limits")
    strip.banner.say(strip.notice("something else"), "fault")
    assert strip.banner.sentence == "something else"

    strip.now = 61.0
    strip.banner.say(strip.notice("thrice", quiet=60.0), "limits")
    assert strip.banner.sentence == "something else\nthrice"


def test_a_fourth_notice_takes_the_place_of_the_first_which_is_told(strip: Strip) -> None:
    for number in range(4):
        strip.banner.say(strip.notice(str(number)), f"topic {number}")

    assert strip.banner.sentence == "1\n2\n3"
    assert strip.pressed == ["closed"]


def test_taking_the_last_one_away_gives_the_room_back(strip: Strip, root: tk.Tk) -> None:
    strip.banner.say(strip.notice("hello"), "topic")
    root.update()
    assert strip.banner.winfo_ismapped()

    strip.banner.take_away("topic")
    strip.banner.take_away("topic")
    root.update()

    assert not strip.banner.winfo_ismapped()
    assert strip.pressed == ["closed"]


def test_the_focus_goes_on_to_the_next_control_when_its_notice_goes(strip: Strip, root: tk.Tk) -> None:
    field = tk.Entry(root)
    field.grid()
    strip.banner.say(strip.notice("hello"), "topic")
    root.update()
    strip.banner.buttons[0].focus_force()
    root.update()

    strip.press(0)
    root.update()

    assert root.focus_get() is field


@pytest.mark.case("C-47", "C-53")
def test_a_notice_with_what_tk_cannot_show_is_shown_all_the_same(strip: Strip, root: tk.Tk) -> None:
    strip.banner.say(strip.notice("a\0b \ud800 \u202e end"), "topic")
    root.update()

    (shown,) = [
        str(label.cget("text"))
        for line in strip.banner.winfo_children()
        for label in line.winfo_children()
        if label.winfo_class() == "TLabel"
    ]
    assert shown == "a\\x00b \\u{d800} \\u{202e} end"  # not \\0b, which others read in another way


def test_escape_on_any_of_its_buttons_closes_a_notice(strip: Strip) -> None:
    for answer in (0, 1, 2):
        strip.banner.say(strip.notice("Quit all the same?", "Quit", "Later"), "quit")
        strip.banner.buttons[answer].focus_force()
        strip.banner.update()
        strip.banner.buttons[answer].event_generate("<Escape>")
        assert strip.banner.sentence == ""

    assert strip.pressed == ["closed"] * 3


def test_a_failure_makes_room_only_to_failures(strip: Strip) -> None:
    strip.banner.say(Notice("A fault.", is_failure=True), "fault")
    for topic in ("one", "two", "three"):
        strip.banner.say(strip.notice(f"News {topic}."), topic)

    assert strip.banner.sentence == "A fault.\nNews two.\nNews three."


def test_faults_that_nobody_has_read_stand_below_each_other(strip: Strip) -> None:
    notices = Notices(strip.banner, defaultdict(lambda: strip.presses("command")))

    for sentence in ("First. It goes on.", "Second. It goes on.", "First. It goes on."):
        notices.fault(sentence)
    assert strip.banner.sentence == "First. It goes on.\nSecond. It goes on."
    assert strip.words() == ["Open the log", "Report", "Close"]

    for number in range(3, 6):
        notices.fault(f"Fault {number}.")
    assert strip.banner.sentence.endswith("Fault 3.\nAnd 2 more: the log has all of them.")

    strip.press(2)
    notices.fault("Second. It goes on.")  # it was read a moment ago
    assert strip.banner.sentence == ""
    notices.fault("Another one.")  # it was not
    assert strip.banner.sentence == "Another one."


@pytest.mark.parametrize("key", ["<Return>", "<Escape>", "<space>"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_key_that_takes_a_notice_away_finds_nothing_that_is_gone(
    strip: Strip, theme: Theme, root: tk.Tk, key: str, number: int
) -> None:
    strip.banner.say(Notice("No.", buttons=(("Yes", lambda: strip.banner.take_away("one")),)), "one")
    button = strip.banner.buttons[number]
    tip = Tip(button, theme)  # the mouse has rested on the button
    tip.put("what it does")
    root.update()
    tip._open_for_mouse()
    button.focus_force()
    root.update()
    assert tip.is_open

    button.event_generate(key)
    root.update()

    assert not strip.banner.topics
    assert not root.bind("<Key>")
