"""The figures of the whole program: opened by their key, live, of one connection alone, saved."""

from __future__ import annotations

import csv
import socket
from pathlib import Path

from core.journal.reading.figures import Slot
from gui.app import App
from gui.controllers.conversation import FiguresController
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve


def of(app: App) -> FiguresController:
    return app.main_controller.conversation.figures


def said(app: App) -> Slot:
    figures = of(app).figures
    return figures.said if figures is not None else Slot()


def test_a_key_opens_them_and_they_follow_the_conversation(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "hello")
    app.window.composer.field.focus_force()
    app.root.update()

    app.root.event_generate("<Control-Shift-G>")
    pump_until(lambda: said(app) == Slot(1, 1, 5, 5), app.root)
    say(app, "more!!")
    pump_until(lambda: said(app) == Slot(2, 2, 11, 11), app.root)
    figures = of(app).figures
    assert figures is not None
    assert figures.answers.count == 2

    app.root.event_generate("<Control-Shift-G>")
    app.root.update()
    assert not of(app).is_open
    assert of(app).figures is None


def test_they_are_of_what_is_on_view(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app, "none")
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as two:
        one.sendall(b"one")
        two.sendall(b"twotwo")
        of(app).toggle()
        pump_until(lambda: said(app).bytes_received == 9, app.root)
        state = app.main_controller.state
        assert state is not None
        second = next(one for one in state.connections if one.number == 2)

        app.main_controller.select(state.session, second.connection)
        pump_until(lambda: said(app) == Slot(1, 0, 6, 0) or said(app) == Slot(1, 0, 3, 0), app.root)
        assert said(app) in (Slot(1, 0, 6, 0), Slot(1, 0, 3, 0))

        app.main_controller.select(state.session)
        pump_until(lambda: said(app).bytes_received == 9, app.root)


def test_another_pane_in_their_place_ends_the_reading(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    of(app).toggle()
    pump_until(lambda: of(app).figures is not None, app.root)

    app.main_controller.commands["toggle_saved"]()
    app.main_controller.refresh()

    assert of(app)._measurer is None


def test_the_numbers_are_saved(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "hello")
    of(app).toggle()
    pump_until(lambda: said(app).received == 1, app.root)
    target = tmp_path / "figures.csv"

    of(app).save_to(target)
    pump_until(target.exists, app.root)

    with target.open(newline="") as file:
        lines = list(csv.reader(file))
    assert ["bytes in all", "", "", "", "5", "5"] in lines
