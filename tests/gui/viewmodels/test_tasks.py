"""What strips say of what goes on, and the strips themselves."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

from core.events import ConnectionId
from core.latency import Latency
from core.sending.plan import End, FileSent, Kept, Repeated, Share
from gui.theme.theme import Theme
from gui.viewmodels.tasks import TaskView, file_view, kept_view, lateness_words, repeat_view
from gui.views.task_strip import TaskStrip

FILE = Path("a.bin")


def test_a_repeat_says_how_many_how_exactly_and_what_was_missed() -> None:
    lateness = Latency(3, (100_000, 200_000, 3_000_000))

    view = repeat_view("Every 5 ms", Repeated(sent=40, total=100, missed=1, lateness=lateness))

    assert view == TaskView(
        "Every 5 ms",
        "40 of 100 sent, 1 moment missed",
        "late by 200 µs (p50), 3.0 ms (p99), 3.0 ms (most)",
        fraction=0.4,
    )


def test_a_repeat_without_an_end_has_no_measure() -> None:
    view = repeat_view("", Repeated(sent=1234, missed=2))

    assert (view.words, view.fraction) == ("1,234 sent, 2 moments missed", None)
    assert lateness_words(Latency()) == ""


def test_refusals_are_counted_with_their_last_reason() -> None:
    view = repeat_view("", Repeated(sent=5, refused=2, refusal="it does not read"))

    assert view.trouble == "Refused 2 times, last because it does not read."
    assert not view.is_failure


@pytest.mark.parametrize(
    ("end", "why", "words", "is_failure"),
    [
        (End.DONE, "", "Done: 5 sent", False),
        (End.STOPPED, "", "Stopped: 5 sent", False),
        (End.GONE, "nobody is left to send to", "Ended early: 5 sent", True),
        (End.FAILED, "That macro is too long.", "Failed: 5 sent", True),
    ],
)
def test_every_end_has_its_words(end: End, why: str, words: str, is_failure: bool) -> None:
    view = repeat_view("", Repeated(sent=5, end=end, why=why))

    assert (view.words, view.is_running, view.is_failure) == (words, False, is_failure)


def test_a_file_says_how_far_how_fast_and_at_whom() -> None:
    shares = tuple(Share(ConnectionId(number), number, number * 1000) for number in range(1, 6))

    view = file_view("Send a.bin", FileSent(FILE, sent=15_000, total=60_000, rate=2_000_000.0, shares=shares))

    assert view.words == "15.0 kB of 60.0 kB, 2.0 MB a second"
    assert view.detail == "#1 1.0 kB, #2 2.0 kB, #3 3.0 kB and 2 more"
    assert view.fraction == 0.25


def test_a_file_that_changed_says_so() -> None:
    view = file_view("", FileSent(FILE, 5, 5, end=End.CHANGED, why="a.bin was written to meanwhile"))

    assert (view.words, view.trouble) == ("Done: 5 B of 5 B", "a.bin was written to meanwhile.")


def test_an_empty_file_is_done_at_once() -> None:
    assert file_view("", FileSent(FILE, end=End.DONE)).words == "Done: 0 B of 0 B"


def test_what_is_saved_says_whether_there_is_a_file() -> None:
    running = kept_view("", Kept(FILE, 1_500))
    stopped = kept_view("", Kept(FILE, 1_500, is_kept=True, end=End.STOPPED))
    failed = kept_view("", Kept(FILE, 1_500, end=End.FAILED, why="The disk is full."))

    assert (running.words, stopped.words) == ("1.5 kB written", "Stopped: 1.5 kB written")
    assert (failed.words, failed.trouble, failed.is_failure) == ("No file was written", "The disk is full.", True)


class Shown:
    """A strip in a window, and what its buttons were used for."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.pressed: list[str] = []
        ends = (
            ("Stop", lambda: self.pressed.append("stop")),
            ("Stop and delete", lambda: self.pressed.append("discard")),
        )
        self.strip = TaskStrip(root, theme, ends=ends, on_close=lambda: self.pressed.append("close"))
        self.strip.pack(fill="x")
        self.strip.show(TaskView("Every 5 ms to 127.0.0.1:5555", "4 of 10 sent", "late by 1 ms", fraction=0.4))
        root.update()


@pytest.fixture
def shown(root: tk.Tk, theme: Theme) -> Shown:
    return Shown(root, theme)


def test_the_keyboard_ends_and_puts_away(root: tk.Tk, shown: Shown) -> None:
    strip = shown.strip
    strip.focus_first()
    root.update()
    strip.ends[0].focus_force()
    strip.ends[0].event_generate("<Return>")

    strip.show(TaskView("Every 5 ms", "Stopped: 4 of 10 sent", is_running=False))
    root.update()
    assert root.focus_get() is strip.close_button
    assert not strip.ends[0].winfo_ismapped()

    strip.close_button.event_generate("<Escape>")
    assert shown.pressed == ["stop", "close"]


def test_a_strip_says_all_of_it_in_a_narrow_window_too(root: tk.Tk, shown: Shown) -> None:
    root.geometry("460x300")
    root.update()
    shown.strip.show(TaskView("A list of 12 messages to everyone (3) at Server 127.0.0.1:5555", "4 of 10 sent", "late"))
    root.update()

    labels = [child for child in shown.strip._flow.winfo_children() if child.winfo_manager()]
    assert all(child.winfo_x() + child.winfo_width() <= shown.strip._flow.winfo_width() for child in labels)
    assert "late" in shown.strip.words


def test_a_name_that_would_turn_the_words_around_is_shown_as_it_is(shown: Shown) -> None:
    shown.strip.show(TaskView("Send \u202egnp.exe", "x\0y", trouble="bad\nname", is_running=False))

    assert "\u202e" not in shown.strip.words
    assert "\\u{202e}" in shown.strip.words
    assert "\n" not in shown.strip.words
