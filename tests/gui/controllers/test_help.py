"""Help inside the window: the tour, the keys, what the program is."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

from gui.app import App
from gui.keys import FIXED, KEYS, topics
from gui.theme.theme import Theme
from gui.viewmodels.tour import DONE, STEPS, Scene, Tour
from gui.views.help import AboutPage, KeysPage
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


def test_about_tells_the_versions_and_a_report_the_log(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["show_about"]()
    assert app.main_controller.help._about is not None
    shown = texts(app.main_controller.help._about)
    opened: list[Path] = []

    def open_folder(folder: Path) -> bool:
        opened.append(folder)
        return True

    app.main_controller.help._open_folder = open_folder

    app.main_controller.commands["report_problem"]()

    assert str(app.log) in shown
    assert opened == [app.log.parent]
    assert str(app.log.parent) in app.window.banner.sentence


def test_a_log_in_a_folder_whose_name_is_no_text_is_shown_and_copied_all_the_same(root: tk.Tk, theme: Theme) -> None:
    page = AboutPage(root, theme, "A sentence.", [("Log", "/home/caf\udce9/errors.log")])

    page.copy.invoke()

    assert root.clipboard_get() == page.text
    assert page.text.endswith("/errors.log")
