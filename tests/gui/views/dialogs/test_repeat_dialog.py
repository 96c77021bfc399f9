"""The windows that ask before something goes on, with real keys: what they take, and what they say of the rest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.compose import Draft, SavedMessage
from core.events import ConnectionId
from core.steps.step import Expectation, Otherwise
from gui.theme.theme import Theme
from gui.viewmodels.repeating import MOST_STEPS, ListStep, RepeatRequest, RepeatView
from gui.views.dialogs.repeat_dialog import LIST, RepeatDialog
from gui.views.dialogs.send_file_dialog import FileRequest, KeepDialog, KeepRequest, SendFileDialog
from gui.widgets.fields import LineField
from gui.widgets.small_window import TaskDialog

ONE, TWO, THREE = (SavedMessage.of(name, Draft(name)) for name in ("one", "two", "three"))
VIEW = RepeatView("ping", "As text, UTF-8", "127.0.0.1:5555", saved=(ONE, TWO, THREE))


def write(field: LineField, text: str) -> None:
    field.delete(0, "end")
    field.insert(0, text)
    field.update()


def press(dialog: TaskDialog, *keys: str) -> None:
    for key in keys:
        widget = dialog.focus_get()
        assert widget is not None
        widget.event_generate(key)
        if dialog.is_gone:
            return
        dialog.update()


class Repeating:
    """The window for repeating, and what was asked for with it."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.requests: list[RepeatRequest] = []
        self.why = ""
        self.dialog = RepeatDialog(root, theme, on_start=self.start, on_save=self.start)
        self.dialog.show(VIEW)
        self.dialog.open(self.dialog.every.field)
        root.update()
        self.dialog.focus_force()
        self.dialog.every.field.focus_force()
        root.update()

    def start(self, request: RepeatRequest) -> str:
        self.requests.append(request)
        return self.why

    def choose_list(self, *messages: SavedMessage) -> None:
        self.dialog.what.buttons[1].invoke()
        for message in messages:
            self.dialog.list.add.current(1 + VIEW.saved.index(message))
            self.dialog.list.add.event_generate("<<ComboboxSelected>>")
        self.dialog.update()


@pytest.fixture
def repeating(root: tk.Tk, theme: Theme) -> Iterator[Repeating]:
    made = Repeating(root, theme)
    yield made
    if not made.dialog.is_gone:
        made.dialog.destroy()


def test_enter_starts_what_is_written_and_the_window_goes(repeating: Repeating) -> None:
    write(repeating.dialog.every.field, "250")

    press(repeating.dialog, "<Return>")

    assert repeating.requests == [RepeatRequest(250, None)]
    assert repeating.dialog.is_gone


def test_so_many_times_is_chosen_with_the_keyboard_alone(repeating: Repeating) -> None:
    press(repeating.dialog, "<Tab>", "<Down>", "<Tab>")
    assert repeating.dialog.focus_get() is repeating.dialog.times.field

    write(repeating.dialog.times.field, "3")
    press(repeating.dialog, "<Return>")

    assert repeating.requests == [RepeatRequest(1000, 3)]


def test_what_is_wrong_is_said_while_it_is_written_and_no_longer(repeating: Repeating) -> None:
    dialog = repeating.dialog

    write(dialog.every.field, "0")
    assert "from 1 to 86,400,000" in dialog.complaint(dialog.every)
    press(dialog, "<Return>")
    assert repeating.requests == []
    assert dialog.focus_get() is dialog.every.field

    write(dialog.every.field, "0.5 ms")
    assert dialog.complaint(dialog.every)
    write(dialog.every.field, "5 ms")
    assert dialog.complaint(dialog.every) == ""


def test_the_window_follows_the_message_field(repeating: Repeating) -> None:
    dialog = repeating.dialog

    dialog.show(RepeatView("pi", "As hex", "127.0.0.1:5555", wrong="That is no hex digit."))
    assert dialog.complaint(dialog.what) == "That is no hex digit."

    dialog.show(VIEW)
    assert dialog.complaint(dialog.what) == ""


def test_why_it_cannot_start_is_said_and_the_window_stays(repeating: Repeating) -> None:
    repeating.why = "That connection is over."

    press(repeating.dialog, "<Return>")

    assert repeating.dialog.complaint(repeating.dialog.what) == "That connection is over."
    assert not repeating.dialog.is_gone


def test_escape_puts_it_away(repeating: Repeating) -> None:
    press(repeating.dialog, "<Escape>")

    assert repeating.dialog.is_gone
    assert repeating.requests == []


def test_a_list_is_put_in_order_with_the_keyboard(repeating: Repeating) -> None:
    repeating.choose_list(ONE, TWO, THREE)
    steps = repeating.dialog.list
    steps.tree.focus_set()
    repeating.dialog.update()

    press(repeating.dialog, "<Alt-Up>", "<Alt-Up>", "<Alt-Up>", "<Down>", "<Delete>")
    write(steps.pause.field, "7")
    repeating.dialog.begin_button.invoke()

    assert repeating.requests == [RepeatRequest(1000, None, (ListStep(THREE, 100), ListStep(TWO, 7)))]


def test_every_message_of_a_list_has_its_own_pause(repeating: Repeating) -> None:
    repeating.choose_list(ONE, TWO)
    steps = repeating.dialog.list
    write(steps.pause.field, "2")
    steps.tree.selection_set("0")
    repeating.dialog.update()
    assert steps.pause.field.get() == "100"

    write(steps.pause.field, "soon")
    assert "milliseconds from 0" in repeating.dialog.complaint(steps)
    repeating.dialog.begin_button.invoke()
    assert repeating.requests == []

    write(steps.pause.field, "0")
    assert [step.pause_ms for step in steps.steps] == [0, 2]
    assert repeating.dialog.complaint(steps) == ""


def test_a_list_without_pauses_goes_once_and_not_for_ever(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    dialog = repeating.dialog
    write(dialog.list.pause.field, "0")
    dialog.begin_button.invoke()
    assert "a pause of at least 1 ms" in dialog.complaint(dialog.list)

    dialog.often.buttons[1].invoke()
    write(dialog.times.field, "1")
    dialog.begin_button.invoke()

    assert repeating.requests == [RepeatRequest(1000, 1, (ListStep(ONE, 0),))]


def test_an_empty_list_and_one_that_is_full_say_so(repeating: Repeating) -> None:
    repeating.choose_list()
    dialog = repeating.dialog
    assert dialog.what.key == LIST
    dialog.begin_button.invoke()
    assert "Add a message" in dialog.complaint(dialog.list)

    repeating.choose_list(*[ONE] * (MOST_STEPS + 1))
    assert len(dialog.list.steps) == MOST_STEPS
    assert f"No more than {MOST_STEPS}" in dialog.complaint(dialog.list)


def test_names_that_would_turn_the_words_around_are_shown_as_they_are(repeating: Repeating) -> None:
    dialog = repeating.dialog
    dialog.show(RepeatView("x", "As text", "y", saved=(SavedMessage.of("\u202eevil\0", Draft("z")),)))

    assert "\\u{202e}evil" in dialog.list.add.cget("values")[1]


def test_the_windows_fit_a_small_screen(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    repeating.dialog.update()

    assert repeating.dialog.winfo_reqwidth() <= 640
    assert repeating.dialog.winfo_reqheight() - repeating.dialog.list.tree.winfo_reqheight() <= 420


def test_a_file_line_by_line_with_the_keyboard_alone(root: tk.Tk, theme: Theme) -> None:
    requests: list[FileRequest] = []

    def send(request: FileRequest) -> str:
        requests.append(request)
        return ""

    dialog = SendFileDialog(root, theme, on_send=send, ask_path=lambda **_options: "/tmp/a b.txt")
    dialog.show("127.0.0.1:5555", "")
    dialog.open(dialog.file.field)
    root.update()
    dialog.focus_force()
    dialog.file.button.invoke()
    root.update()

    dialog.file.button.focus_force()
    press(dialog, "<Tab>", "<Down>")
    write(dialog.pause.field, "20")
    press(dialog, "<Return>")
    press(dialog, "<Return>")

    assert requests == [FileRequest("/tmp/a b.txt", 20)], "twice would be two files at once"
    dialog.destroy()


def test_what_the_system_asked_already_is_not_asked_again(root: tk.Tk, theme: Theme) -> None:
    requests: list[KeepRequest] = []

    def keep(request: KeepRequest) -> str:
        requests.append(request)
        return ""

    dialog = KeepDialog(
        root, theme, connections=[(ConnectionId(3), "#1 127.0.0.1:4")], chosen=ConnectionId(3), path="/tmp/suggested",
        on_keep=keep, is_there=lambda _path: True, ask_path=lambda **_options: "/tmp/chosen",
    )  # fmt: skip
    dialog.open(dialog.what.buttons[0])

    dialog.file.button.invoke()
    dialog.begin_button.invoke()

    assert requests == [KeepRequest(ConnectionId(3), "/tmp/chosen", follow=False, may_replace=True)]
    assert dialog.is_gone


def test_while_nobody_is_there_it_says_so_and_start_is_not_what_is_next(repeating: Repeating) -> None:
    dialog = repeating.dialog
    dialog.show(replace(VIEW, to="", nobody="Nobody is here yet."))
    dialog.update()
    assert dialog.complaint(dialog.to) == "Nobody is here yet."
    assert str(dialog.begin_button.cget("style")) == "TButton"

    dialog.show(VIEW)
    dialog.update()
    assert dialog.complaint(dialog.to) == ""
    assert str(dialog.begin_button.cget("style")) == "Accent.TButton"


def choose(dialog: RepeatDialog, when: str) -> None:
    """Choose by keys what the chosen message waits for."""
    box = dialog.list.wait.when
    box.current([key for key, _words in box._offered].index(when))
    box.event_generate("<<ComboboxSelected>>")
    dialog.update()


def test_a_message_of_a_list_may_wait_for_its_answer(repeating: Repeating) -> None:
    repeating.choose_list(ONE, TWO)
    dialog = repeating.dialog
    wait = dialog.list.wait

    choose(dialog, "regex")
    assert "Type which answer is waited for: regular expression" in dialog.complaint(dialog.list)
    dialog.begin_button.invoke()
    assert repeating.requests == []
    write(wait.pattern, "^(.*) C$")
    write(wait.within.field, "250")
    wait.otherwise.current(2)
    wait.otherwise.event_generate("<<ComboboxSelected>>")
    dialog.list.tree.selection_set("0")
    dialog.update()
    assert wait.when.key == ""
    choose(dialog, "end")
    assert dialog.complaint(dialog.list) == ""
    dialog.begin_button.invoke()

    (request,) = repeating.requests
    assert request.waits
    assert [step.expected for step in request.steps] == [
        Expectation("end", "", 2_000),
        Expectation("regex", "^(.*) C$", 250, Otherwise.AGAIN),
    ]


def test_what_a_message_waits_for_is_in_its_row_and_can_be_taken_back(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    dialog = repeating.dialog
    choose(dialog, "any")
    assert "waits 2,000 ms, then 100 ms" in str(dialog.list.tree.set("0", "wait"))
    dialog.often.buttons[0].invoke()
    write(dialog.list.pause.field, "0")  # for it waits for an answer
    assert dialog.complaint(dialog.list) == ""
    write(dialog.list.wait.within.field, "0")
    assert "from 1 to 3,600,000" in dialog.complaint(dialog.list)
    choose(dialog, "")
    assert dialog.list.steps[0].expected is None


def test_the_last_character_that_is_typed_counts(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    dialog = repeating.dialog
    choose(dialog, "equals")
    dialog.list.wait.pattern.focus_force()
    for character in "abc":
        press(dialog, f"<Key-{character}>")
    dialog.update()

    assert dialog.list.steps[0].expected == Expectation("equals", "abc")


def test_a_list_is_saved_with_what_it_waits_for_and_why_not_is_said(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    dialog = repeating.dialog
    choose(dialog, "equals")
    dialog.list.buttons["Save…"].invoke()
    assert repeating.requests == []
    write(dialog.list.wait.pattern, "x")
    dialog.show(replace(VIEW, nobody="Nobody is connected."))
    repeating.why = "There is no room for it."
    dialog.list.buttons["Save…"].invoke()

    assert repeating.requests == [RepeatRequest(1000, 1, (ListStep(ONE, 100, Expectation("equals", "x")),))]
    assert dialog.complaint(dialog.list) == "There is no room for it."
    assert not dialog.is_gone


def test_everything_about_a_wait_is_reached_with_the_keyboard(repeating: Repeating) -> None:
    repeating.choose_list(ONE)
    dialog = repeating.dialog
    choose(dialog, "equals")
    dialog.list.pause.field.focus_force()
    dialog.update()
    reached = []
    for _ in range(12):
        press(dialog, "<Tab>")
        reached.append(dialog.focus_get())
    wait = dialog.list.wait
    places = [reached.index(part) for part in (wait.when, wait.pattern, wait.within.field, wait.otherwise)]
    assert places == sorted(places)
