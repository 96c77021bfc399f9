"""The export dialog with real keys: what it asks for, how far it is, and what came of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

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


class Desk:
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
def desk(root: tk.Tk, theme: Theme) -> Iterator[Desk]:
    made = Desk(root, theme)
    yield made
    if made.is_open:
        made.dialog.destroy()


def test_enter_exports_what_is_chosen(desk: Desk) -> None:
    desk.press("<Return>")

    assert desk.requests == [ExportRequest(Scope.ALL, "text", "/tmp/talk.txt")]


def test_everything_is_chosen_with_the_keyboard_alone(desk: Desk) -> None:
    desk.press("<Down>", "<Tab>", "<Down>", "<Tab>")
    assert desk.dialog.focus_get() is desk.dialog.path

    desk.dialog.path.delete(0, "end")
    desk.dialog.path.insert(0, " /tmp/other.csv ")
    desk.press("<Return>")

    assert desk.requests == [ExportRequest(Scope.FILTERED, "csv", "/tmp/other.csv")]


def test_what_is_not_there_is_passed_over(desk: Desk) -> None:
    desk.dialog.offer((Rows(Scope.ALL, 5), Rows(Scope.SELECTION, None), Rows(Scope.FILTERED, None)))

    desk.press("<Down>")

    assert desk.dialog.scopes.key is Scope.ALL


def test_a_selection_can_be_suggested_and_a_choice_outlives_new_numbers(desk: Desk) -> None:
    desk.dialog.offer((Rows(Scope.ALL, 5), Rows(Scope.SELECTION, 2)), Scope.SELECTION)
    desk.dialog.offer((Rows(Scope.ALL, 6), Rows(Scope.SELECTION, 2)))

    assert desk.dialog.scopes.key is Scope.SELECTION


def test_tab_follows_the_eye(desk: Desk) -> None:
    dialog = desk.dialog
    seen = []
    for _ in range(6):
        seen.append(dialog.focus_get())
        desk.press("<Tab>")

    assert seen == [
        dialog.scopes.buttons[0],
        dialog.formats.buttons[0],
        dialog.path,
        dialog.choose_button,
        dialog.close_button,
        dialog.export_button,
    ]


def test_the_name_follows_the_format(desk: Desk) -> None:
    desk.press("<Tab>", "<Down>", "<Down>")

    assert desk.dialog.path.text == "/tmp/talk.bin"


def test_without_a_name_it_says_so_and_goes_there(desk: Desk) -> None:
    desk.dialog.path.put("  ")

    desk.press("<Return>")

    assert desk.requests == []
    assert desk.dialog.complaint.startswith("Say where to")
    assert desk.dialog.focus_get() is desk.dialog.path


def test_a_chosen_file_may_be_replaced_for_the_system_has_asked(desk: Desk) -> None:
    desk.answer = "/tmp/chosen.txt"

    desk.dialog.choose_button.invoke()
    desk.dialog.export_button.invoke()

    assert desk.asked["initialdir"] == "/tmp"
    assert desk.asked["initialfile"] == "talk.txt"
    assert desk.requests == [ExportRequest(Scope.ALL, "text", "/tmp/chosen.txt", may_replace=True)]


def test_a_choice_of_no_file_changes_nothing(desk: Desk) -> None:
    desk.dialog.choose_button.invoke()

    assert desk.dialog.path.text == "/tmp/talk.txt"


def test_a_file_in_the_way_is_replaced_only_when_the_person_says_so(desk: Desk) -> None:
    desk.press("<Return>")
    desk.dialog.show(ExportView(complaint="talk.txt is there already.", is_in_the_way=True))
    assert desk.dialog.complaint == "talk.txt is there already."
    assert desk.dialog.export_button.cget("text") == "Replace"

    desk.dialog.export_button.invoke()

    assert [request.may_replace for request in desk.requests] == [False, True]


def test_another_name_takes_the_agreement_back(desk: Desk) -> None:
    desk.dialog.show(ExportView(complaint="talk.txt is there already.", is_in_the_way=True))

    desk.dialog.path.insert("end", "2")
    desk.dialog.update()

    assert desk.dialog.complaint == ""
    assert desk.dialog.export_button.cget("text") == "Export"
    desk.dialog.export_button.invoke()
    assert desk.requests[-1].may_replace is False


def test_while_it_runs_it_says_how_far_it_is_and_can_be_cancelled(desk: Desk) -> None:
    desk.dialog.show(RUNNING)
    desk.dialog.update()
    assert desk.dialog.words == "5 of 20 rows, 5.0 kB, 1.0 kB a second"
    assert desk.dialog.path.instate(["disabled"])

    desk.press("<Escape>")
    desk.dialog.export_button.invoke()
    assert desk.happened == ["cancel", "cancel"]
    assert desk.is_open

    desk.dialog.show(ExportView(is_cancelled=True))
    assert desk.dialog.words == "Cancelled. Nothing was written."
    assert desk.dialog.path.instate(["!disabled"])


def test_what_is_not_there_stays_so_after_a_run(desk: Desk) -> None:
    desk.dialog.show(RUNNING)
    desk.dialog.show(ExportView(is_cancelled=True))

    assert [button.instate(["disabled"]) for button in desk.dialog.scopes.buttons] == [False, True, False]


def test_the_result_names_the_file_and_the_folder_is_a_key_away(desk: Desk) -> None:
    desk.dialog.export_button.focus_force()
    desk.press("<Return>")
    desk.dialog.show(RUNNING)

    desk.dialog.show(ExportView(result=Exported(1204, 3_400_000, "talk.csv")))
    desk.dialog.update()
    assert desk.dialog.words == "1,204 rows, 3.4 MB, in talk.csv"
    desk.press("<Return>")

    assert desk.happened == ["open"]


def test_a_result_is_forgotten_when_something_else_is_chosen(desk: Desk) -> None:
    desk.dialog.show(ExportView(result=Exported(1, 2, "talk.txt")))

    desk.press("<Down>")

    assert desk.dialog.words == ""


def test_escape_closes_when_nothing_runs(desk: Desk) -> None:
    desk.press("<Escape>")

    assert not desk.is_open
    assert desk.happened == []


def test_closing_cancels_what_runs_and_what_comes_later_finds_nobody(desk: Desk) -> None:
    desk.dialog.show(RUNNING)

    desk.dialog.close()
    desk.dialog.show(ExportView(result=Exported(1, 2, "talk.txt")))

    assert desk.happened == ["cancel"]
    assert not desk.is_open


@pytest.mark.case("C-49", "C-53")
def test_a_name_from_outside_is_shown_as_it_is(desk: Desk, root: tk.Tk, theme: Theme) -> None:
    desk.dialog.show(ExportView(complaint="cannot write \u202egnp\0"))
    assert desk.dialog.complaint == "cannot write <U+202E>gnp␀"

    desk.dialog.show(ExportView(result=Exported(1, 2, "caf\udce9.txt")))
    assert desk.dialog.words == "1 row, 2 B, in caf\\xe9.txt"


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_while_it_lives_and_none_after(desk: Desk, theme: Theme, name: str) -> None:
    theme.choose(name)
    assert str(desk.dialog.cget("background")) == PALETTES[name].window

    desk.dialog.close()
    theme.choose("light")


def test_it_fits_a_small_screen(desk: Desk) -> None:
    desk.dialog.show(RUNNING)
    desk.dialog.update()

    assert desk.dialog.winfo_reqwidth() <= 640
    assert desk.dialog.winfo_reqheight() <= 440


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
