"""The socket options: as a bar, and what they do to a real conversation."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import tkinter as tk
from tkinter import ttk
from typing import Any

import pytest

from gui.app import App
from gui.controllers.sockets import read_groups, read_hops
from gui.theme.theme import Theme
from gui.viewmodels.repeating import RepeatRequest
from gui.views.conversation.socket_options_bar import Bounds, SocketOptionsBar, SocketOptionsForm
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve

BOUNDS = Bounds(65_536, 262_144, 60_000.0, read_groups, read_hops)


class Bar:
    """A bar in a window, and what came of it."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.form: list[SocketOptionsForm] = []
        self.closed = 0
        self.bar = SocketOptionsBar(root, theme, bounds=BOUNDS, on_change=self.form.append, on_close=self.close)
        self.bar.pack(fill="x")
        self.bar.show(SocketOptionsForm(65_536), "Client 127.0.0.1:5555", is_free=True)
        root.update()

    def close(self) -> None:
        self.closed += 1

    def write(self, field: tk.Misc, text: str) -> None:
        assert isinstance(field, tk.Entry)
        field.delete(0, "end")
        field.insert(0, text)
        self.bar.update()


@pytest.fixture
def made(root: tk.Tk, theme: Theme) -> Bar:
    return Bar(root, theme)


def test_what_is_turned_counts_at_once(made: Bar) -> None:
    made.bar.nagle.invoke()
    made.bar.byte_by_byte.invoke()
    made.write(made.bar.pause.field, "2.5")
    made.write(made.bar.receive.field, "1")

    assert made.form[0] == SocketOptionsForm(65_536, nagle=True)
    assert made.form[-1] == SocketOptionsForm(1, nagle=True, byte_by_byte=True, pause_ms=2.5)


@pytest.mark.parametrize(
    ("pause", "receive", "words"),
    [("soon", "1", "milliseconds from 0 to 60,000"), ("60001", "1", "to 60,000"), ("", "0", "1 to 262,144 bytes"),
     ("1", "many", "1 to 262,144 bytes")],
)  # fmt: skip
def test_what_cannot_be_is_said_and_changes_nothing(made: Bar, pause: str, receive: str, words: str) -> None:
    made.write(made.bar.receive.field, "7")
    form = list(made.form)

    made.write(made.bar.pause.field, pause)
    made.write(made.bar.receive.field, receive)

    assert words in made.bar.complaint
    assert all(one.receive in (7, 1) for one in made.form[len(form) :])
    made.bar.show(made.form[-1], "Client 127.0.0.1:5555", is_free=True)
    assert (made.bar.pause.field.get(), made.bar.receive.field.get()) == (pause, receive)


def test_everything_as_usual_with_one_button(root: tk.Tk, made: Bar) -> None:
    made.bar.nagle.invoke()
    root.update()
    assert made.bar.reset.winfo_ismapped()

    made.bar.reset.invoke()
    root.update()

    assert made.form[-1] == SocketOptionsForm(65_536)
    assert not made.bar.nagle.is_on
    assert not made.bar.reset.winfo_ismapped()


def test_another_conversation_has_its_own(made: Bar) -> None:
    made.write(made.bar.pause.field, "soon")

    made.bar.show(SocketOptionsForm(512, nagle=True), "Server 127.0.0.1:1", is_free=True)

    assert made.bar.complaint == ""
    assert (made.bar.nagle.is_on, made.bar.receive.field.get()) == (True, "512")
    assert made.bar.whose == "Server 127.0.0.1:1"


def test_what_is_over_cannot_be_turned(made: Bar) -> None:
    made.bar.show(SocketOptionsForm(65_536), "Client 127.0.0.1:5555", is_free=False)

    made.bar.nagle.invoke()

    assert made.form == []
    assert made.bar.receive.field.instate(["disabled"])


def test_escape_puts_it_away(made: Bar) -> None:
    made.bar.nagle.focus_force()
    made.bar.nagle.event_generate("<Escape>")

    assert made.closed == 1


def test_one_byte_per_send_is_one_byte_per_send_from_then_on(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    app.window.composer.field.insert("end", "four")
    why = app.main_controller.tasks.repeat(RepeatRequest(every_ms=10, times=None))
    assert why == ""
    pump_until(lambda: len(calls(app, "sent")) > 2, app.root)
    app.main_controller.commands["toggle_socket_options"]()
    bar = app.main_controller.socket_options.made
    assert bar is not None

    bar.byte_by_byte.invoke()

    pump_until(lambda: "[1, 1, 1, 1]" in calls(app, "sent")[-1], app.root)
    assert calls(app, "sent")[0] == ""
    app.main_controller.commands["toggle_socket_options"]()
    assert not app.main_controller.socket_options.is_open


def test_a_small_recv_cuts_what_comes(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connect(app, listener.getsockname()[1])
        peer, _address = listener.accept()
    with peer:
        app.main_controller.commands["toggle_socket_options"]()
        bar = app.main_controller.socket_options.made
        assert bar is not None
        bar.receive.field.delete(0, "end")
        bar.receive.field.insert(0, "1")

        pump_until(lambda: peer.send(b"ab") == 2 and sizes(app)[-2:] == [1, 1], app.root)


def test_the_inspector_offers_the_knobs_beside_what_they_do(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    app.main_controller.commands["toggle_inspector"]()
    inspector = app.main_controller.conversation.inspector._inspector
    assert inspector is not None
    (offer,) = inspector.below.winfo_children()

    assert isinstance(offer, ttk.Button)
    offer.invoke()
    app.root.update()

    assert app.main_controller.socket_options.is_open
    assert app.root.focus_lastfor() is app.main_controller.socket_options.made.nagle  # type: ignore[union-attr]


def calls(app: App, kind: str) -> list[str]:
    """Into which calls each message of that kind was cut, as the journal has it; nothing if it was one."""
    return [detail or "" for detail in ask(app, f"SELECT detail FROM entry WHERE kind = '{kind}' ORDER BY entry")]


def sizes(app: App) -> list[int]:
    """How many bytes each recv had."""
    return ask(app, "SELECT length(data) FROM entry WHERE kind = 'received' ORDER BY entry")


def ask(app: App, sql: str) -> list[Any]:
    path = app.own_journal.path
    assert path is not None
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute(sql)]
