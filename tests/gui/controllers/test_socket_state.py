"""The state of the socket in the whole program: live, by its key, of the socket that was chosen."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from core.errors import SendError
from core.tcp import TcpState
from gui.app import App
from gui.controllers import sockets
from gui.views.socket_state import INFERRED, TOLD, SocketStatePane
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, pick, serve
from tests.gui.every_window import all_below
from tests.support.systems import only_linux

ANY_TABLE = pytest.mark.skipif(sys.platform not in ("linux", "win32"), reason="POSIX: this system's table is not read")


def pane_of(app: App) -> SocketStatePane:
    return next(one for one in all_below(app.root) if isinstance(one, SocketStatePane))


def says(app: App, state: TcpState) -> bool:
    return str(pane_of(app).words.cget("text")) == state.value


@ANY_TABLE
def test_a_key_opens_it_and_it_follows_the_socket_to_its_end(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.window.composer.field.focus_force()
    app.root.update()

    app.root.event_generate("<Control-Shift-T>")
    pump_until(lambda: says(app, TcpState.LISTEN) and pane_of(app).source.cget("text") == TOLD, app.root)
    with socket.create_connection(("127.0.0.1", port)) as peer:
        pump_until(lambda: says(app, TcpState.ESTABLISHED), app.root)
        pump_until(lambda: str(pane_of(app).way.cget("text")) == "LISTEN → SYN-RECEIVED → ESTABLISHED", app.root)
        peer.shutdown(socket.SHUT_WR)
        pump_until(lambda: says(app, TcpState.CLOSE_WAIT), app.root)
        app.main_controller.commands["close_row"]()
        pump_until(lambda: says(app, TcpState.CLOSED), app.root)

    app.root.event_generate("<Control-Shift-T>")
    app.root.update()
    assert not app.main_controller.socket_state.is_open


@only_linux("TCP_INFO")
def test_the_figures_of_a_connection_are_shown(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))

    app.main_controller.commands["toggle_socket_state"]()
    pump_until(lambda: says(app, TcpState.ESTABLISHED), app.root)

    names = [name.cget("text") for name, _value in pane_of(app)._rows]
    assert {"Waits here", "Not acknowledged", "Round trip", "Peer's window"} <= set(names)


def test_where_the_system_tells_nothing_it_is_inferred_and_says_so(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "tcp_states", lambda _ends: None)
    app = make_app()
    connect(app, serve(app))

    app.main_controller.commands["toggle_socket_state"]()
    pump_until(lambda: says(app, TcpState.ESTABLISHED), app.root)

    assert pane_of(app).source.cget("text") == INFERRED
    assert pane_of(app).way.cget("text") == "CLOSED → SYN-SENT → ESTABLISHED"


@ANY_TABLE
def test_any_socket_of_the_session_can_be_chosen(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)):
        app.main_controller.commands["toggle_socket_state"]()
        pump_until(lambda: says(app, TcpState.ESTABLISHED), app.root)

        pick(app, pane_of(app).choice, f"listens on 127.0.0.1:{port}")
        pump_until(lambda: says(app, TcpState.LISTEN), app.root)
        app.main_controller.refresh()
        assert says(app, TcpState.LISTEN)


def test_a_peer_that_does_not_read_is_told_of(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.viewmodels.socket_state.STALLED_AFTER_NS", 0)
    app = make_app()
    port = serve(app)
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", port))
        state = app.main_controller.state
        assert state is not None
        pump_until(lambda: bool((now := app.main_controller.state) and now.connections), app.root)
        app.main_controller.commands["toggle_socket_state"]()
        now = app.main_controller.state
        assert now is not None
        for _ in range(12):
            with contextlib.suppress(SendError):  # there is no more room
                app.main_controller.workbench.send(now.session, bytes(1_000_000))

        pump_until(lambda: "The peer is not reading: " in str(pane_of(app).gauge.cget("text")), app.root)


def test_of_an_earlier_run_it_is_inferred_and_nobody_is_asked(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    app.main_controller.commands["toggle_socket_state"]()
    pump_until(lambda: says(app, TcpState.ESTABLISHED), app.root)
    app.main_controller.commands["close_row"]()
    pump_until(lambda: not says(app, TcpState.ESTABLISHED), app.root)
