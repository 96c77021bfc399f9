"""The export dialog with real keys: what it asks for, how far it is, and what came of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from core.journal.export.formats import all_formats
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.exports import (
    Exported,
    ExportFormat,
    ExportRequest,
    ExportView,
    Rows,
    Scope,
    progress_words,
    scope_words,
    with_ending,
)
from gui.views.dialogs.export_dialog import ExportDialog

FORMATS = (
    ExportFormat("text", "Text", "As you read it.", ".txt"),
    ExportFormat("csv", "CSV", "A table for a spreadsheet.", ".csv"),
    ExportFormat("raw", "Raw bytes", "Nothing but the bytes.", ".bin"),
)
RUNNING = ExportView(is_running=True, rows=5, total=20, size=5_000, rate=1_000.0)


class Stage:
    """A dialog whose requests go nowhere but into lists."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.requests: list[ExportRequest] = []
        self.happened: list[str] = []
        self.answer = ""
        self.asked: dict[str, object] = {}
        self.dialog = ExportDialog(
            root,
            theme,
            formats=FORMATS,
            path="/tmp/talk.txt",
            on_export=self.requests.append,
            on_cancel=lambda: self.happened.append("cancel"),
            on_open_folder=lambda: self.happened.append("open"),
            ask_path=self.ask,
        )
        self.dialog.offer((Rows(Scope.ALL, 1204), Rows(Scope.SELECTION, None), Rows(Scope.FILTERED, 340)))
        root.update()
        self.dialog.focus_force()
        self.dialog.scopes.focus_chosen()
        root.update()

    def ask(self, **options: object) -> str:
        self.asked = options
        return self.answer

    def press(self, *keys: str) -> None:
        for key in keys:
            widget = self.dialog.focus_get()
            assert widget is not None
            widget.event_generate(key)
            self.dialog.update()

    @property
    def is_open(self) -> bool:
        return bool(self.dialog.winfo_exists())


@pytest.fixture
def stage(root: tk.Tk, theme: Theme) -> Iterator[Stage]:
    made = Stage(root, theme)
    yield made
    if made.is_open:
        made.dialog.destroy()


def test_enter_exports_what_is_chosen(stage: Stage) -> None:
    stage.press("<Return>")

    assert stage.requests == [ExportRequest(Scope.ALL, "text", "/tmp/talk.txt")]


def test_everything_is_chosen_with_the_keyboard_alone(stage: Stage) -> None:
    stage.press("<Down>", "<Tab>", "<Down>", "<Tab>")
    assert stage.dialog.focus_get() is stage.dialog.path

    stage.dialog.path.delete(0, "end")
    stage.dialog.path.insert(0, " /tmp/other.csv ")
    stage.press("<Return>")

    assert stage.requests == [ExportRequest(Scope.FILTERED, "csv", "/tmp/other.csv")]


def test_what_is_not_there_is_passed_over(stage: Stage) -> None:
    stage.dialog.offer((Rows(Scope.ALL, 5), Rows(Scope.SELECTION, None), Rows(Scope.FILTERED, None)))

    stage.press("<Down>")

    assert stage.dialog.scopes.key is Scope.ALL


def test_a_selection_can_be_suggested_and_a_choice_outlives_new_numbers(stage: Stage) -> None:
    stage.dialog.offer((Rows(Scope.ALL, 5), Rows(Scope.SELECTION, 2)), Scope.SELECTION)
    stage.dialog.offer((Rows(Scope.ALL, 6), Rows(Scope.SELECTION, 2)))

    assert stage.dialog.scopes.key is Scope.SELECTION


def test_tab_follows_the_eye(stage: Stage) -> None:
    dialog = stage.dialog
    seen = []
    for _ in range(6):
        seen.append(dialog.focus_get())
        stage.press("<Tab>")

    assert seen == [
        dialog.scopes.buttons[0],
        dialog.formats.buttons[0],
        dialog.path,
        dialog.choose_button,
        dialog.close_button,
        dialog.export_button,
    ]


def test_the_name_follows_the_format(stage: Stage) -> None:
    stage.press("<Tab>", "<Down>", "<Down>")

    assert stage.dialog.path.text == "/tmp/talk.bin"


def test_without_a_name_it_says_so_and_goes_there(stage: Stage) -> None:
    stage.dialog.path.put("  ")

    stage.press("<Return>")

    assert stage.requests == []
    assert stage.dialog.complaint.startswith("Say where to")
    assert stage.dialog.focus_get() is stage.dialog.path


def test_a_chosen_file_may_be_replaced_for_the_system_has_asked(stage: Stage) -> None:
    stage.answer = "/tmp/chosen.txt"

    stage.dialog.choose_button.invoke()
    stage.dialog.export_button.invoke()

    assert stage.asked["initialdir"] == "/tmp"
    assert stage.asked["initialfile"] == "talk.txt"
    assert stage.requests == [ExportRequest(Scope.ALL, "text", "/tmp/chosen.txt", may_replace=True)]


def test_a_choice_of_no_file_changes_nothing(stage: Stage) -> None:
    stage.dialog.choose_button.invoke()

    assert stage.dialog.path.text == "/tmp/talk.txt"


def test_a_file_in_the_way_is_replaced_only_when_the_person_says_so(stage: Stage) -> None:
    stage.press("<Return>")
    stage.dialog.show(ExportView(complaint="talk.txt is there already.", is_in_the_way=True))
    assert stage.dialog.complaint == "talk.txt is there already."
    assert stage.dialog.export_button.cget("text") == "Replace"

    stage.dialog.export_button.invoke()

    assert [request.may_replace for request in stage.requests] == [False, True]


def test_another_name_takes_the_agreement_back(stage: Stage) -> None:
    stage.dialog.show(ExportView(complaint="talk.txt is there already.", is_in_the_way=True))

    stage.dialog.path.insert("end", "2")
    stage.dialog.update()

    assert stage.dialog.complaint == ""
    assert stage.dialog.export_button.cget("text") == "Export"
    stage.dialog.export_button.invoke()
    assert stage.requests[-1].may_replace is False


def test_while_it_runs_it_says_how_far_it_is_and_can_be_cancelled(stage: Stage) -> None:
    stage.dialog.show(RUNNING)
    stage.dialog.update()
    assert stage.dialog.words == "5 of 20 rows, 5.0 kB, 1.0 kB a second"
    assert stage.dialog.path.instate(["disabled"])

    stage.press("<Escape>")
    stage.dialog.export_button.invoke()
    assert stage.happened == ["cancel", "cancel"]
    assert stage.is_open

    stage.dialog.show(ExportView(is_cancelled=True))
    assert stage.dialog.words == "Cancelled. Nothing was written."
    assert stage.dialog.path.instate(["!disabled"])


def test_what_is_not_there_stays_so_after_a_run(stage: Stage) -> None:
    stage.dialog.show(RUNNING)
    stage.dialog.show(ExportView(is_cancelled=True))

    assert [button.instate(["disabled"]) for button in stage.dialog.scopes.buttons] == [False, True, False]


def test_the_result_names_the_file_and_the_folder_is_a_key_away(stage: Stage) -> None:
    stage.dialog.export_button.focus_force()
    stage.press("<Return>")
    stage.dialog.show(RUNNING)

    stage.dialog.show(ExportView(result=Exported(1204, 3_400_000, "talk.csv")))
    stage.dialog.update()
    assert stage.dialog.words == "1,204 rows, 3.4 MB, in talk.csv"
    stage.press("<Return>")

    assert stage.happened == ["open"]


def test_a_result_is_forgotten_when_something_else_is_chosen(stage: Stage) -> None:
    stage.dialog.show(ExportView(result=Exported(1, 2, "talk.txt")))

    stage.press("<Down>")

    assert stage.dialog.words == ""


def test_escape_closes_when_nothing_runs(stage: Stage) -> None:
    stage.press("<Escape>")

    assert not stage.is_open
    assert stage.happened == []


def test_the_button_that_closes_says_that_it_cancels_what_runs(stage: Stage) -> None:
    button = stage.dialog.close_button
    said = [str(button.cget("text"))]
    for view in (RUNNING, ExportView(is_cancelled=True)):
        stage.dialog.show(view)
        said.append(str(button.cget("text")))

    assert said == ["Close", "Cancel and close", "Close"]


def test_closing_cancels_what_runs_and_what_comes_later_finds_nobody(stage: Stage) -> None:
    stage.dialog.show(RUNNING)

    stage.dialog.close()
    stage.dialog.show(ExportView(result=Exported(1, 2, "talk.txt")))

    assert stage.happened == ["cancel"]
    assert not stage.is_open


@pytest.mark.case("C-49", "C-53")
def test_a_name_from_outside_is_shown_as_it_is(stage: Stage, root: tk.Tk, theme: Theme) -> None:
    stage.dialog.show(ExportView(complaint="cannot write \u202egnp\0"))
    assert stage.dialog.complaint == "cannot write \\u{202e}gnp\\0"

    stage.dialog.show(ExportView(result=Exported(1, 2, "caf\udce9.txt")))
    assert stage.dialog.words == "1 row, 2 B, in caf\\xe9.txt"


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_while_it_lives_and_none_after(stage: Stage, theme: Theme, name: str) -> None:
    theme.choose(name)
    assert str(stage.dialog.cget("background")) == PALETTES[name].window

    stage.dialog.close()
    theme.choose("light")


def test_it_fits_a_small_screen(stage: Stage) -> None:
    stage.dialog.show(RUNNING)
    stage.dialog.update()

    assert stage.dialog.winfo_reqwidth() <= 640
    assert stage.dialog.winfo_reqheight() <= 440


@pytest.mark.parametrize(
    ("path", "ending", "renamed"),
    [
        ("talk.txt", ".csv", "talk.csv"),
        ("talk.TXT", ".csv", "talk.csv"),
        ("talk", ".csv", "talk"),
        ("talk.log", ".csv", "talk.log"),
        (".txt", ".csv", ".txt"),
        ("", ".csv", ""),
    ],
)
def test_only_the_ending_of_another_format_gives_way(path: str, ending: str, renamed: str) -> None:
    assert with_ending(path, ending, FORMATS) == renamed


def test_scopes_and_progress_in_words() -> None:
    assert scope_words(Rows(Scope.ALL, 1)) == "Everything, 1 row"
    assert scope_words(Rows(Scope.SELECTION, None)) == "The selection (nothing is selected)"
    assert scope_words(Rows(Scope.FILTERED, 0)) == "What the filter shows, 0 rows"
    assert progress_words(ExportView()) == ""
    assert progress_words(ExportView(is_running=True, rows=3)) == "3 rows, 0 B"


def test_every_button_is_in_sight_on_a_small_screen_and_the_chosen_format_is_explained(
    root: tk.Tk, theme: Theme
) -> None:
    formats = [ExportFormat(form.name, form.title, form.sentence, form.ending) for form in all_formats()]
    longest = max(formats, key=lambda one: len(one.sentence))
    dialog = ExportDialog(
        root, theme, formats=[longest, *formats], path="/tmp/talk.txt",
        on_export=print, on_cancel=print, on_open_folder=print,
    )  # fmt: skip
    dialog.update()

    assert dialog.explanation == longest.sentence
    assert dialog.winfo_reqheight() / theme.scale <= 480 - 70  # what the window manager adds
    dialog.formats.buttons[2].invoke()
    assert dialog.explanation == formats[1].sentence
    dialog.destroy()
