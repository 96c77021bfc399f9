"""What a person does with one row of the list of sessions, in the whole program."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gui.app import App
from gui.views.session_list import SessionList
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve, shown
from tests.support.journals import write_journal


def rows(app: App) -> list[str]:
    """Every row, as it is shown."""
    sessions = app.window.sessions
    tree = sessions.tree
    return [sessions.words_of(key) for top in tree.get_children() for key in (top, *tree.get_children(top))]


def called(app: App, port: int, number: int) -> socket.socket:
    """A peer of the server in the window."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=10)
    pump_until(lambda: f"#{number} connected" in shown(app), app.root)
    return peer


def act(app: App, command: str) -> None:
    app.main_controller.commands[command]()
    app.root.update()


def test_one_connection_of_a_server_is_closed_and_the_others_stay(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1) as first, called(app, port, 2) as second:
        app.main_controller.choose_row("s1c2")
        assert app.main_controller.can_do() == {"copy_address", "close_row", "abort_row", "finish_row"}

        act(app, "close_row")
        assert second.recv(100) == b""
        pump_until(lambda: any("closed" in row for row in rows(app)), app.root)

        assert app.main_controller.can_do() == {"copy_address", "remove_row"}
        app.main_controller.select(app.main_controller.selected or 0)  # type: ignore[arg-type]
        app.window.composer.field.insert("end", "still here")
        app.window.composer.send_button.invoke()
        assert first.recv(100) == b"still here"


def test_a_connection_of_the_server_is_told_by_its_number_after_a_client_was_on_view(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1) as peer:
        peer.sendall(b"hello")
        connect(app, port)

        app.main_controller.choose_row("s1c1")
        pump_until(lambda: "hello" in shown(app), app.root)

        assert "#1 connected from" in shown(app)
        assert any(line.startswith("#1 ") for line in shown(app).split("\n"))


def test_one_connection_is_aborted_and_another_half_closed(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1) as first, called(app, port, 2) as second:
        app.main_controller.choose_row("s1c1")
        act(app, "abort_row")
        with pytest.raises(ConnectionResetError):
            first.recv(100)

        app.main_controller.choose_row("s1c2")
        act(app, "finish_row")
        assert second.recv(100) == b""
        second.sendall(b"and yet it speaks")
        pump_until(lambda: "and yet it speaks" in shown(app), app.root)


def test_what_cannot_be_done_says_why(make_app: MakeApp) -> None:
    app = make_app()
    for command in ("close_row", "abort_row", "finish_row", "remove_row", "copy_address"):
        act(app, command)
        assert "Nothing is on view" in app.window.banner.sentence

    port = serve(app)
    act(app, "abort_row")
    assert "Nobody is connected" in app.window.banner.sentence
    with called(app, port, 1), called(app, port, 2):
        act(app, "finish_row")
        assert "one connection" in app.window.banner.sentence
        act(app, "remove_row")
        assert "still goes on" in app.window.banner.sentence


def test_what_is_over_is_taken_out_and_the_journal_keeps_it(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    pump_until(lambda: len(rows(app)) == 3, app.root)

    act(app, "close_row")
    pump_until(lambda: "closed" in " ".join(rows(app)), app.root)
    tree = app.window.sessions.tree
    tree.focus_force()
    app.root.update()
    tree.event_generate("<Delete>")
    app.root.update()

    assert len(rows(app)) == 2
    assert app.main_controller.selected == 1
    assert "listening" in shown(app)
    assert len(app.main_controller.sessions) == 2


def test_the_last_that_is_taken_out_leaves_the_beginning(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    act(app, "close_row")
    pump_until(lambda: "remove_row" in app.main_controller.can_do(), app.root)

    act(app, "remove_row")

    assert app.main_controller.selected is None
    assert "Start a server" in shown(app) or app.window.conversation.transcript.total == 0
    port = serve(app)
    with called(app, port, 1):
        pump_until(lambda: len(rows(app)) == 2, app.root)


def test_a_journal_that_is_opened_again_is_in_the_list_again(make_app: MakeApp, tmp_path: Path) -> None:
    write_journal(tmp_path / "a.tincan", 3)
    app = make_app(journal=tmp_path / "a.tincan")
    pump_until(lambda: app.main_controller.selected is not None, app.root)
    archived = app.main_controller.selected
    act(app, "remove_row")
    assert app.main_controller.selected is None

    app.main_controller.journal_controller.open(tmp_path / "a.tincan")

    pump_until(lambda: app.main_controller.selected == archived, app.root)
    assert any(row.startswith("Server") for row in rows(app))


def test_the_address_is_copied_of_a_server_and_of_a_peer(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    act(app, "copy_address")
    assert app.root.clipboard_get() == f"127.0.0.1:{port}"
    with called(app, port, 1) as peer:
        app.main_controller.choose_row("s1c1")
        act(app, "copy_address")
        assert app.root.clipboard_get() == f"127.0.0.1:{peer.getsockname()[1]}"


def test_the_menu_of_a_row_offers_what_can_be_done_with_it(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    port = serve(app)
    sessions: SessionList = app.window.sessions
    opened: list[tuple[int, int]] = []
    monkeypatch.setattr(sessions.menu, "tk_popup", lambda x, y: opened.append((x, y)))  # it would hold the mouse
    with called(app, port, 1), called(app, port, 2):
        pump_until(lambda: len(rows(app)) == 3, app.root)
        app.root.update()
        _x, y, _width, height = map(int, sessions.tree.bbox("s1c2"))
        sessions.tree.event_generate("<Button-3>", x=30, y=y + height // 2)
        app.root.update()

        assert len(opened) == 1
        assert sessions.tree.selection() == ("s1c2",)
        entry = sessions.menu.entrycget
        states = {str(entry(at, "label")): str(entry(at, "state")) for at in range(5)}
        assert states == {
            "Close it": "normal",
            "Abort it (RST)": "normal",
            "Finish sending (FIN)": "normal",
            "Copy its address": "normal",
            "Remove it from the list": "disabled",
        }
        sessions.tree.focus_force()
        app.root.update()
        sessions.tree.event_generate("<Shift-F10>")
        app.root.update()
        assert len(opened) == 2
