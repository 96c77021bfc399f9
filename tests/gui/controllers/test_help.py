"""Help inside the window: the tour, the keys, what the program is."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

from gui.app import App
from gui.controllers.help import DONE, STEPS, Scene, Tour
from gui.keys import FIXED, KEYS, topics
from gui.theme.theme import Theme
from gui.views.help import AboutPage, KeysPage, _overlap
from tests.gui.conftest import WaitUntil, pump_until
from tests.gui.driving import MakeApp, say, serve
from tests.gui.viewmodels.test_presenter import client, server


def words_of(app: App) -> tuple[str, str]:
    card = app.main_controller.help._card
    return card.words if card is not None else ("", "")


def texts(widget: tk.Misc) -> list[str]:
    own = [str(widget.cget("text"))] if "text" in (widget.keys() or ()) else []
    return own + [words for child in widget.winfo_children() for words in texts(child)]


def test_the_tour_goes_on_when_a_person_does_what_it_says(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    app.main_controller.commands["begin_tour"]()
    app.main_controller.choose_reply("letter")
    window.address.port.set("0")

    window.address.server_button.invoke()
    pump_until(lambda: words_of(app)[0] == STEPS[1].title, app.root)
    window.address.client_button.invoke()
    pump_until(lambda: words_of(app)[0] == STEPS[2].title, app.root)
    say(app, "hello")
    pump_until(lambda: words_of(app)[0] == STEPS[3].title, app.root)
    app.main_controller.commands["next_session"]()
    pump_until(lambda: words_of(app)[0] == STEPS[4].title, app.root)
    window.address.client_button.invoke()
    pump_until(lambda: words_of(app) == DONE, app.root)

    assert app.main_controller.help._card is not None
    app.main_controller.help._card.end_button.invoke()
    assert words_of(app) == ("", "")


def test_the_card_points_at_what_it_speaks_of_and_stays_in_the_window(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["begin_tour"]()
    card = app.main_controller.help._card
    assert card is not None
    pump_until(lambda: bool(card.frame.winfo_ismapped()), app.root)

    for size in ("640x480", "1000x700"):
        app.root.geometry(size)
        pump_until(lambda size=size: size == f"{app.root.winfo_width()}x{app.root.winfo_height()}", app.root)  # type: ignore[misc]
        pump_until(lambda: not card._later.is_due, app.root)
        app.root.update()
        button = app.window.address.server_button
        top, bottom = card._ring[0], card._ring[1]
        assert top.winfo_rooty() <= button.winfo_rooty() < button.winfo_rooty() + button.winfo_height()
        assert bottom.winfo_rooty() >= button.winfo_rooty() + button.winfo_height()
        assert card.frame.winfo_x() >= 0
        assert card.frame.winfo_x() + card.frame.winfo_width() <= app.root.winfo_width()
        assert card.frame.winfo_y() + card.frame.winfo_height() <= app.root.winfo_height()


def test_a_step_can_be_skipped_and_the_tour_ended(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["begin_tour"]()
    card = app.main_controller.help._card
    assert card is not None

    card.skip_button.invoke()
    assert words_of(app)[0] == STEPS[1].title

    card.end_button.invoke()
    app.root.update()
    assert words_of(app) == ("", "")
    serve(app)


def test_what_is_done_already_is_passed_over() -> None:
    tour = Tour()

    tour.watch(Scene({state.session: state for state in (server(1),)}))

    assert tour.step is STEPS[1]


def test_sessions_of_an_old_journal_do_not_count() -> None:
    tour = Tour()

    tour.watch(Scene({state.session: state for state in (server(-1), client(-2))}))

    assert tour.step is STEPS[0]


def test_every_key_is_on_the_page_once(root: tk.Tk, theme: Theme) -> None:
    page = KeysPage(root, theme)
    page.update()

    shown = texts(page)
    assert [key.does for key in KEYS if shown.count(key.does) != 1] == []
    assert [does for _key, does in FIXED if does not in shown] == []
    assert "More" not in [title for title, _rows in topics()]


def test_the_keys_fit_a_small_screen_in_one_column(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
    page = KeysPage(root, theme)
    page.geometry("400x300")
    wait_until(lambda: page.winfo_width() == 400)

    wait_until(lambda: page._shown == 1)
    assert page._page.overflows
    assert page.close_button.winfo_rooty() + page.close_button.winfo_height() <= page.winfo_rooty() + 300


@pytest.mark.parametrize("width", [1000, 760, 420])
def test_no_sentence_about_a_key_is_cut_at_any_width(
    root: tk.Tk, theme: Theme, wait_until: WaitUntil, width: int
) -> None:
    page = KeysPage(root, theme)
    wait_until(lambda: bool(page.winfo_viewable()))
    page.geometry(f"{width}x500")
    wait_until(lambda: page.winfo_width() == width and page.body.winfo_width() > width - 40)
    root.update()

    end = page.body.winfo_rootx() + page.body.winfo_width()
    assert all(words.winfo_rootx() + words.winfo_reqwidth() <= end for _key, words in page._words)
    page.destroy()


@pytest.mark.parametrize("key", ["<Escape>", "<F1>"])
def test_a_key_puts_the_page_away(root: tk.Tk, theme: Theme, key: str) -> None:
    page = KeysPage(root, theme)
    page.update()
    page.focus_force()
    page.event_generate(key)
    root.update()

    assert not page.winfo_exists()


def test_about_can_be_copied_into_a_report(root: tk.Tk, theme: Theme) -> None:
    page = AboutPage(root, theme, "A sentence.", [("Tincan", "1.2"), ("Python", "3.11")])
    page.copy.invoke()

    assert page.clipboard_get() == "Tincan: 1.2\nPython: 3.11"
    assert str(page.copy.cget("text")) == "Copied"


def test_about_tells_the_versions(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["show_about"]()

    assert app.main_controller.help._about is not None
    assert str(app.log) in texts(app.main_controller.help._about)


def test_a_report_has_versions_and_faults_and_not_a_byte_of_a_conversation(make_app: MakeApp) -> None:
    app = make_app()
    opened: list[Path] = []

    def open_folder(folder: Path) -> bool:
        opened.append(folder)
        return True

    app.main_controller.help._open_folder = open_folder
    try:
        try:
            raise KeyError("secret of the peer\n  File secret")
        except KeyError as first:
            raise ValueError("b'\\x00secret'") from first
    except ValueError as error:
        app._faults.note(error, "a test")

    app.main_controller.commands["report_problem"]()
    page = app.main_controller.help._report
    assert page is not None
    page.copy.invoke()
    report = app.root.clipboard_get()

    assert all(f"\n{name}: " in report for name in ("Tincan", "Python", "Tk", "SQLite", "System"))
    assert "in a test\nKeyError at\n  gui/controllers/test_help.py:" in report
    assert "ValueError at" in report
    assert "secret" not in report
    assert any(str(app.log) in words for words in texts(page))
    page.folder.invoke()
    assert opened == [app.log.parent]


def test_what_no_program_shows_is_told_with_its_place(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    monkeypatch.setattr("gui.controllers.journal.open_folder", lambda _folder: False)
    app.main_controller.help._open_folder = lambda _folder: False
    monkeypatch.setattr("gui.controllers.help.open_file", lambda _path: False)

    app.main_controller.commands["open_journals"]()
    assert app.window.banner.sentence.startswith("No program here shows folders. The journals are in ")
    app.window.banner.hush()
    app.main_controller.commands["open_log"]()
    assert app.window.banner.sentence == f"Nothing has been logged yet. The log is {app.log}"
    app.window.banner.hush()
    app.main_controller.help._open_log_folder()
    assert app.window.banner.sentence == f"No program here shows folders. The log is {app.log}"


def test_escape_ends_the_tour_wherever_the_focus_is(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    for focus in ("message", "conversation", "host", "button", "message"):  # nothing of the one before is left
        app.main_controller.commands["begin_tour"]()
        card = app.main_controller.help._card
        assert card is not None
        widget = {
            "message": window.composer.field,
            "conversation": window.conversation.transcript.text,
            "host": window.address.host,
            "button": card.skip_button,
        }[focus]
        widget.focus_force()
        pump_until(lambda widget=widget: app.root.focus_get() is widget, app.root)  # type: ignore[misc]

        widget.event_generate("<Escape>")

        assert words_of(app) == ("", ""), focus
    assert "end_tour" not in str(app.root.tk.call("bind", ".", "<Escape>"))


@pytest.mark.parametrize("size", ["640x480", "920x660", "460x400"])
def test_the_tour_covers_nothing_that_it_speaks_of(make_app: MakeApp, size: str) -> None:
    app = make_app()
    app.root.geometry(size)
    window = app.window
    app.main_controller.choose_reply("letter")
    app.main_controller.commands["begin_tour"]()
    window.address.port.set("0")
    steps = [
        (window.address.server_button, window.address),
        (window.address.client_button, window.address),
        (window.composer.field, window.conversation.transcript.text),
        (window.sessions, window.conversation.transcript.text),
        (window.address.client_button, window.conversation.transcript.text),
    ]
    acts = [
        window.address.server_button.invoke,
        window.address.client_button.invoke,
        lambda: say(app, "hello"),
        app.main_controller.commands["next_session"],
    ]
    for place, (target, beside) in enumerate(steps):
        card = app.main_controller.help._card
        assert card is not None
        pump_until(lambda place=place: words_of(app)[0] == STEPS[place].title, app.root)  # type: ignore[misc]
        pump_until(lambda card=card: not card._later.is_due and bool(card.frame.winfo_ismapped()), app.root)  # type: ignore[misc]
        app.root.update()
        frame = card.frame
        mine = frame.winfo_x(), frame.winfo_y(), frame.winfo_width(), frame.winfo_height()
        for box in (card._box(target), card._box(beside)):
            if size != "460x400":  # where there is no room, it covers as little as it can
                assert _overlap(mine, box) == 0, (place, mine, box, card._box(target), card._box(beside))
        assert mine[0] >= 0
        assert mine[1] >= 0
        assert mine[0] + mine[2] <= app.root.winfo_width()
        assert mine[1] + mine[3] <= app.root.winfo_height()
        if place < len(acts):
            acts[place]()


def test_a_log_in_a_folder_whose_name_is_no_text_is_shown_and_copied_all_the_same(root: tk.Tk, theme: Theme) -> None:
    page = AboutPage(root, theme, "A sentence.", [("Log", "/home/caf\udce9/errors.log")])

    page.copy.invoke()

    assert root.clipboard_get() == page.text
    assert page.text.endswith("/errors.log")
