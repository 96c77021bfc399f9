"""The sequence view of the whole program: opened by its key, live, in step with the conversation, saved."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from tkinter import ttk
from xml.etree import ElementTree as ET

from gui.app import App
from gui.views.dialogs.export_dialog import ExportDialog
from gui.views.sequence import SequencePane
from tests.gui.canvas import words_on
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, say_and_hear, serve
from tests.gui.every_window import all_below
from tests.support.systems import needs_rst


def pane_of(app: App) -> SequencePane:
    return next(one for one in all_below(app.root) if isinstance(one, SequencePane))


def words(pane: SequencePane) -> list[str]:
    return words_on(pane.canvas)


def press(app: App, key: str) -> None:
    app.root.event_generate(key)
    app.root.update()


def test_a_key_opens_it_live_and_closes_it(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say_and_hear(app, "hello")
    app.window.composer.field.focus_force()
    app.root.update()

    press(app, "<Control-Shift-D>")
    pane = pane_of(app)
    pump_until(lambda: "hello" in words(pane), app.root)
    assert str(app.root.tk.call("focus")) == str(pane.canvas)

    say(app, "more")
    pump_until(lambda: words(pane).count("more") == 2, app.root)

    press(app, "<Control-Shift-D>")
    assert not pane.winfo_manager()
    assert app.main_controller.state is not None


def test_a_row_chosen_here_is_chosen_there_and_the_other_way_round(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    for text in ("one", "two", "three"):
        say_and_hear(app, text)
    transcript = app.window.conversation.transcript
    app.main_controller.commands["toggle_sequence"]()
    pane = pane_of(app)
    pump_until(lambda: words(pane).count("three") == 2, app.root)

    pane.canvas.focus_force()
    pane.canvas.event_generate("<Home>")
    for _ in range(3):
        pane.canvas.event_generate("<Down>")
    app.root.update()
    assert transcript.selection.chosen == pane.chosen == 2

    transcript.reveal(4)
    assert pane.chosen == 4


@needs_rst
def test_a_half_close_and_a_reset_are_drawn_as_such(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app, "none")
    app.main_controller.commands["toggle_sequence"]()
    pane = pane_of(app)
    with socket.create_connection(("127.0.0.1", port)) as peer:
        pump_until(lambda: any("#1 connected" in one for one in words(pane)), app.root)
        app.main_controller.commands["finish_row"]()
        pump_until(lambda: any(one.startswith("FIN  the server has finished") for one in words(pane)), app.root)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    pump_until(lambda: any(one.startswith("RST  #1 closed") for one in words(pane)), app.root)


def test_save_offers_the_picture_and_writes_it(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "hello")
    app.main_controller.commands["toggle_sequence"]()
    pump_until(lambda: words(pane_of(app)).count("hello") == 2, app.root)
    buttons = [one for one in all_below(pane_of(app)) if isinstance(one, ttk.Button)]

    next(one for one in buttons if one.cget("text") == "Save…").invoke()
    dialog = next(one for one in all_below(app.root) if isinstance(one, ExportDialog))
    assert dialog.request.format == "svg"
    assert dialog.request.path.endswith(".svg")
    target = tmp_path / "talk.svg"
    dialog.path.put(str(target))
    dialog.export_button.invoke()
    pump_until(target.exists, app.root)

    picture = ET.parse(target).getroot()
    assert ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")].count("hello") == 2
