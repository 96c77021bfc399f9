"""Every button says what it does, with its key, while the mouse rests on it."""

from __future__ import annotations

import socket
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from tkinter import ttk

import pytest

from gui.app import App
from gui.keys import KEYS
from gui.viewmodels.tips import _TIPS, tip_of
from gui.window import words_of_tip
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve, shown


def buttons(widget: tk.Misc) -> Iterator[ttk.Button]:
    if isinstance(widget, ttk.Button):
        yield widget
    for child in widget.winfo_children():
        yield from buttons(child)


def untold(app: App) -> set[tuple[str, str]]:
    """The buttons with words and without a tip, in and out of sight. The figure of times has a tip of its own."""
    return {
        (type(button.master).__name__, str(button.cget("text")))
        for button in buttons(app.root)
        if str(button.cget("text")) and not words_of_tip(button) and button is not app.window.status.times
    }


def test_every_button_of_the_program_has_a_tip(make_app: MakeApp) -> None:
    app = make_app()
    commands, window = app.main_controller.commands, app.window
    assert untold(app) == set()
    app.main_controller.choose_reply("none")
    window.address.fill("127.0.0.1", "0")
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)):
        pump_until(lambda: "#2 connected" in shown(app), app.root)
        one.sendall(b"hello")
        pump_until(lambda: "hello" in shown(app), app.root)
        window.composer.choose(replace(window.composer.message_format, format="escapes", ending="lf"))
        window.composer.field.insert("1.0", "one\ntwo" + "x" * 500)
        window.composer.field.has_pasted_lines = True
        window.composer.submit()
        for command in (
            "find", "filter", "toggle_inspector", "toggle_socket_options", "message_options", "show_keys", "show_about",
            "report_problem", "show_settings", "show_network", "repeat", "send_file", "keep_received", "export",
            "open_tap", "toggle_faults", "toggle_hold",
            "begin_tour", "go_to", "save_profile", "edit_profiles",
        ):  # fmt: skip
            commands[command]()
            app.root.update()
            assert untold(app) == set(), command
        window.composer.show_silence("Nothing has come back yet.")
        assert untold(app) == set()
        app.main_controller.conversation.framing.use("fixed:3")
        app.root.update()
        assert untold(app) == set()
        commands["toggle_saved"]()
        app.root.update()
        app.main_controller.notices.fault("Something. It goes on.")
        app.main_controller.refuse_paste(window.composer.field, "No.")
        app.main_controller.quit()
        app.root.update()
        assert untold(app) == set()
        window.banner.hush()


def test_a_tip_says_what_the_button_does_now_and_its_key(make_app: MakeApp) -> None:
    app = make_app()
    button = app.window.address.server_button
    assert words_of_tip(button) == "Listen at this host and port  (F5)"
    serve(app)

    assert words_of_tip(button) == "Stop the server here and close its connections  (F5)"

    button.event_generate("<Enter>")
    pump_until(lambda: bool(tips(app)), app.root)
    (tip,) = tips(app)
    assert str(tip.winfo_children()[0]["text"]) == words_of_tip(button)
    assert tip.winfo_rooty() >= button.winfo_rooty() + button.winfo_height()  # there is no room above
    assert tip.winfo_x() + tip.winfo_width() <= app.root.winfo_width()
    button.event_generate("<ButtonPress-1>")
    assert tips(app) == []
    button.event_generate("<ButtonRelease-1>")


def tips(app: App) -> list[tk.Misc]:
    return [child for child in app.root.winfo_children() if child.winfo_class() == "Tip" and child.winfo_manager()]


def test_a_tip_goes_with_its_button(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.complain("Something passing.")
    button = app.window.banner.buttons[0]
    app.root.update()
    button.event_generate("<Enter>")
    pump_until(lambda: bool(tips(app)), app.root)

    app.window.banner.hush()

    assert tips(app) == []


def test_a_task_says_how_to_stop_it() -> None:
    assert tip_of("Stop", ["TaskStrip", "Tk"]) == "Stop this task; a file that it has written stays"
    assert tip_of("Stop and delete", ["TaskStrip", "Tk"]) == "Stop this task and delete the file that it has written"
    assert tip_of("Unheard of", ["TaskStrip", "Tk"]) == ""


@pytest.mark.parametrize("tip", _TIPS, ids=lambda tip: f"{tip.part} {tip.says}")
def test_a_tip_is_a_short_sentence_and_its_key_is_one(tip: object) -> None:
    sentence, key = tip.sentence, tip.key  # type: ignore[attr-defined]
    widgets = {
        "",
        "Enter",
        "Escape",
        "Down",
        "End",
        "F2",
        "Shift+F2",
        "Delete",
        "Ctrl+Z",
        "Alt+Up",
        "Alt+Down",
        "Insert",
        "Space",
    }

    assert sentence[:1].isupper()
    assert not sentence.endswith(".")
    assert len(sentence) <= 90
    assert key in widgets | {known.shown for known in KEYS}


def test_a_tip_for_a_mouse_that_only_lies_there_goes_with_the_next_key(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.field.focus_force()
    app.root.update()
    before = app.root.bind("<Key>")
    button = app.window.address.client_button
    for number in range(2):
        button.event_generate("<Enter>")
        pump_until(lambda: bool(open_tips(app)), app.root)

        app.window.composer.field.event_generate("<Key-a>")
        app.root.update()

        assert open_tips(app) == []
        assert app.window.composer.text == "a" * (number + 1)
        button.event_generate("<Leave>")
    assert app.root.bind("<Key>").strip() == before.strip()


def open_tips(app: App) -> list[tk.Misc]:
    return [child for child in app.root.winfo_children() if child.winfo_class() == "Tip" and child.winfo_manager()]
