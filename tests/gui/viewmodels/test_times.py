"""How long answers take: the figure in the status line, and the words that explain it."""

from __future__ import annotations

import socket
import tkinter as tk
from dataclasses import replace
from tkinter import ttk

import pytest

from core.address import Address
from core.events import SessionId
from core.journal.recording.ledger import SessionState
from core.latency import Latency
from core.roles import Role
from gui.theme.theme import Theme
from gui.viewmodels.window_view import StatusView, Times, times_of
from gui.views.status_bar import StatusBar
from tests.gui.conftest import WaitUntil, pump_until
from tests.gui.driving import MakeApp, connect, say, serve

QUIET = SessionState(SessionId(1), Role.CLIENT, Address("127.0.0.1", 5555), "raw", None)
ANSWERED = replace(QUIET, answers=Latency(1_000, (200_000,) * 98 + (1_400_000, 9_000_000)))
TIMES = Times("answer 200 µs, p99 1.4 ms", "Answers: so and so.")


def test_without_an_answer_there_is_no_time() -> None:
    assert times_of(QUIET) is None


def test_the_figure_is_the_middle_and_what_one_in_a_hundred_exceeds() -> None:
    times = times_of(ANSWERED)

    assert times is not None
    assert times.figure == "answer 200 µs, p99 1.4 ms"
    assert "p50 200 µs, p99 1.4 ms, at most 9.0 ms (of the last 100 of 1,000)" in times.words
    assert "from what we send to what comes back" in times.words
    assert "None yet." in times.words


def test_a_server_measures_its_own_answers() -> None:
    times = times_of(replace(ANSWERED, role=Role.SERVER))

    assert times is not None
    assert "from what a client sends to our answer" in times.words


def test_who_only_talks_has_the_time_between_messages() -> None:
    times = times_of(replace(QUIET, between=Latency(1, (20_000_000,))))

    assert times is not None
    assert times.figure == "every 20.0 ms"  # of so few, one in a hundred says nothing
    assert "(of one)" in times.words


def test_the_figure_is_a_button_that_says_what_it_is(root: tk.Tk, theme: Theme) -> None:
    status = StatusBar(root, theme)
    status.pack(side="bottom", fill="x")
    status.show(StatusView("live", "connected", times=TIMES))
    root.update()
    assert "answer 200 µs, p99 1.4 ms" in status.words

    status.show_times()
    root.update()
    assert status.tip == "Answers: so and so."

    status.times.focus_force()
    status.times.event_generate("<Escape>")
    assert status.tip == ""
    status.times.event_generate("<Return>")
    assert status.tip == "Answers: so and so."

    status.show(StatusView("off", "Ready"))
    assert status.tip == ""
    assert not status.times.winfo_manager()


def test_the_mouse_that_rests_on_it_is_told(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
    status = StatusBar(root, theme)
    status.pack(side="bottom", fill="x")
    status.show(StatusView("live", "connected", times=TIMES))
    root.update()

    status.times.event_generate("<Enter>")
    wait_until(lambda: status.tip != "")
    status.times.event_generate("<Leave>")

    assert status.tip == ""


def test_without_times_nothing_is_said(root: tk.Tk, theme: Theme) -> None:
    status = StatusBar(root, theme)

    status.show_times()

    assert status.tip == ""


def test_a_real_answer_is_timed(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "how long?")

    pump_until(lambda: "answer" in app.window.status.words, app.root)
    app.main_controller.commands["show_times"]()

    assert "(of one)" in app.window.status.tip


def test_a_peer_that_keeps_talking_is_timed(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connect(app, listener.getsockname()[1])
        peer, _address = listener.accept()
    with peer:
        peer.sendall(b"tick")
        pump_until(lambda: any(state.bytes_in == 4 for state in app.main_controller.sessions.values()), app.root)
        peer.sendall(b"tock")
        pump_until(lambda: "every" in app.window.status.words, app.root)


def test_a_new_figure_changes_no_style(root: tk.Tk, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever changes one has every widget of the window laid out anew, which took half of a frame in a flood."""
    status = StatusBar(root, theme)
    status.show(StatusView("live", "listening", (), times=Times("answer 1 ms", "Half of them took 1 ms.")))
    changed: list[str] = []
    monkeypatch.setattr(ttk.Style, "configure", lambda _style, name, **_options: changed.append(name))

    status.show(StatusView("live", "listening", ("in 1 B",), times=Times("answer 2 ms", "Half of them took 2 ms.")))

    assert changed == []
    assert "answer 2 ms" in status.words
