"""What a person does with one row of the list of sessions, in the whole program."""

from __future__ import annotations

import socket
import threading
import tkinter as tk
from pathlib import Path

import pytest

from core.events import SessionId
from core.journal.display_row import EVERYTHING
from core.journal.recording.ledger import Phase
from gui.app import App
from gui.views.session_list import SessionList
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, labels_of, serve, shown
from tests.support.journals import write_journal
from tests.support.systems import needs_rst


def rows(app: App) -> list[str]:
    """Every row, as it is shown or would be if nothing were folded."""
    sessions = app.window.sessions

    def keys(above: str) -> list[str]:
        return [key for top in sessions.tree.get_children(above) for key in (top, *keys(top))]

    return [sessions.words_of(key) for key in keys("")]


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
        assert app.main_controller.rows.can == {"copy_address", "rename_row", "close_row", "abort_row", "finish_row"}

        act(app, "close_row")
        assert second.recv(100) == b""
        pump_until(lambda: any("closed" in row for row in rows(app)), app.root)

        assert app.main_controller.rows.can == {"copy_address", "rename_row", "remove_row", "remove_over"}
        app.main_controller.select(app.main_controller.selected or 0)  # type: ignore[arg-type]
        app.window.composer.field.insert("end", "still here")
        app.window.composer.send_button.invoke()
        assert first.recv(100) == b"still here"


def entry_of_closing(app: App) -> tuple[str, str]:
    """What the entry of the Session menu that closes the row on view says, and the letter that chooses it."""
    menu = app.window.menus.menus[3]
    menu.fill()
    wanted = app.main_controller.rows.close_words.replace("&", "")
    place = labels_of(menu).index(wanted or "Close the session or connection")
    assert str(menu.entrycget(place, "state")) == ("normal" if wanted else "disabled")
    words = str(menu.entrycget(place, "label"))
    return words, words[int(menu.entrycget(place, "underline"))]


def test_the_entry_that_closes_a_row_says_what_becomes_of_it(make_app: MakeApp) -> None:
    app = make_app()
    assert entry_of_closing(app) == ("Close the session or connection", "h")
    port = serve(app)
    assert entry_of_closing(app) == ("Stop this server", "h")

    with called(app, port, 1):
        assert entry_of_closing(app) == ("Stop this server and close its connection", "h")
        with called(app, port, 2):
            assert entry_of_closing(app) == ("Stop this server and close its 2 connections", "h")
            app.main_controller.choose_row("s1c2")
            assert entry_of_closing(app) == ("Close the connection #2", "h")

            connect(app, port)
            assert entry_of_closing(app) == ("Close the connection", "h")
            act(app, "close_row")
            pump_until(lambda: app.main_controller.sessions[SessionId(2)].phase is Phase.ENDED, app.root)
            assert entry_of_closing(app) == ("Close the session or connection", "h")


def test_the_entry_that_closes_a_client_that_still_tries_says_so(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: held.wait(20) and [])
    app.window.address.fill("nowhere.invalid", "9")
    app.window.address.client_button.invoke()
    pump_until(lambda: app.main_controller.state is not None, app.root)

    assert entry_of_closing(app) == ("Cancel the attempt to connect", "h")
    act(app, "close_row")
    held.set()
    pump_until(lambda: app.main_controller.sessions[SessionId(1)].phase is Phase.ENDED, app.root)


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


@needs_rst
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
    for command in ("close_row", "abort_row", "finish_row", "remove_row", "copy_address", "rename_row"):
        act(app, command)
        assert "Nothing is on view" in app.window.banner.sentence

    act(app, "remove_over")
    assert "Nothing in the list is over" in app.window.banner.sentence

    port = serve(app)
    act(app, "rename_row")
    assert "once there are two" in app.window.banner.sentence
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

    assert [row.split("  ")[0] for row in rows(app)] == [f"Server 127.0.0.1:{port}", "#1"]
    assert app.main_controller.selected == 1
    assert "listening" in shown(app)
    assert len(app.main_controller.sessions) == 2


def test_the_last_that_is_taken_out_leaves_the_beginning(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    act(app, "close_row")
    pump_until(lambda: "remove_row" in app.main_controller.rows.can, app.root)

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


def test_the_menu_of_a_row_offers_what_can_be_done_with_it(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    port = serve(app)
    sessions: SessionList = app.window.sessions
    with called(app, port, 1), called(app, port, 2):
        pump_until(lambda: len(rows(app)) == 3, app.root)
        app.root.update()
        _x, y, _width, height = map(int, sessions.tree.bbox("s1c2"))
        sessions.tree.event_generate("<Button-3>", x=30, y=y + height // 2)
        app.root.update()

        assert opened == [sessions.menu]
        assert sessions.tree.selection() == ("s1c2",)
        entry = sessions.menu.entrycget
        states = {str(entry(at, "label")): str(entry(at, "state")) for at in range(9)}
        assert states == {
            "Reconnect by itself": "disabled",
            "Stop what hangs in the Python file": "disabled",
            "Close the connection #2": "normal",
            "Abort the connection (RST)": "normal",
            "Finish sending (FIN)": "normal",
            "Copy the address": "normal",
            "Rename…": "normal",
            "Remove from the list": "disabled",
            "Remove all that are over": "disabled",
        }
        sessions.tree.focus_force()
        app.root.update()
        sessions.tree.event_generate("<Shift-F10>")
        app.root.update()
        assert opened == [sessions.menu] * 2


def press(app: App, *keys: str) -> None:
    """Press keys in the list of sessions."""
    app.window.sessions.tree.focus_force()
    app.root.update()
    for key in keys:
        app.root.focus_get().event_generate(key)  # type: ignore[union-attr]
        app.root.update()


def over_and_live(app: App) -> int:
    """A server that goes on with one connection of two, beside a client that is over; the server is on view."""
    port = serve(app)
    connect(app, port)
    act(app, "close_row")
    sessions = app.main_controller.sessions
    pump_until(lambda: sessions[SessionId(2)].phase is Phase.ENDED and sessions[SessionId(1)].accepted == 1, app.root)
    (one,) = sessions[SessionId(1)].connections  # its id depends on which end knew of it first
    app.main_controller.select(SessionId(1), one.connection)
    act(app, "close_row")
    app.main_controller.choose_row("s1")
    pump_until(lambda: "s1over" in app.window.sessions.tree.get_children("s1"), app.root)
    return port


def test_everything_that_is_over_leaves_at_once_and_the_journal_of_this_run_brings_it_back(make_app: MakeApp) -> None:
    app = make_app()
    port = over_and_live(app)
    with called(app, port, 2):
        press(app, "<Shift-Delete>")

        assert [row.partition("  ")[0] for row in rows(app)] == [f"Server 127.0.0.1:{port}", "#2"]
        assert app.window.banner.sentence.startswith("2 that were over are out of the list. What was recorded stays in")
        (label, put_back), *_journals = app.main_controller.recent_journals(lambda: None)
        put_back()
        assert label == "This run"
        assert len(rows(app)) == 6
        assert "This run" not in dict(app.main_controller.recent_journals(lambda: None))


def test_what_is_on_view_and_removed_with_the_others_gives_its_place_to_what_goes_on(make_app: MakeApp) -> None:
    app = make_app()
    over_and_live(app)
    (over,) = app.main_controller.sessions[SessionId(1)].over
    app.main_controller.select(SessionId(1), over.connection)
    act(app, "remove_over")
    assert (app.main_controller.selected, app.window.sessions.tree.selection()) == (1, ())  # a list of one is none

    act(app, "close_row")
    pump_until(lambda: app.main_controller.sessions[SessionId(1)].phase is Phase.ENDED, app.root)
    act(app, "remove_over")
    assert app.main_controller.selected is None


def test_a_session_is_named_in_its_row_and_takes_the_name_back(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1), called(app, port, 2):
        pump_until(lambda: len(rows(app)) == 3, app.root)
        namer = app.window.sessions.namer
        press(app, "<F2>")
        assert app.root.focus_get() is namer
        assert (namer.get(), namer.selection_present()) == (f"Server 127.0.0.1:{port}", True)

        namer.delete(0, "end")
        namer.insert(0, "Boiler")
        press_in(app, namer, "<Return>")
        assert rows(app)[0] == "Boiler"
        assert app.root.title() == f"Boiler  ·  Server 127.0.0.1:{port} — Tincan"
        assert app.root.focus_get() is app.window.sessions.tree

        press(app, "<F2>")
        namer.insert("end", "!")
        press_in(app, namer, "<Escape>")
        assert rows(app)[0] == "Boiler"

        press(app, "<F2>")
        namer.insert("end", "!" * 60)
        press_in(app, namer, "<Return>")
        assert namer.instate(["invalid"])

        namer.delete(0, "end")
        press_in(app, namer, "<Return>")
        assert rows(app)[0] == f"Server 127.0.0.1:{port}"

        app.window.composer.focus_message()
        app.root.update()
        press_in(app, app.window.composer.field, "<F2>")
        assert app.root.focus_get() is namer


def press_in(app: App, widget: tk.Misc, key: str) -> None:
    widget.event_generate(key)
    app.root.update()


def test_messages_that_came_meanwhile_are_counted_until_their_end_is_on_view(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1) as peer:
        connect(app, port)
        sessions = app.window.sessions
        peer.sendall(b"one")
        pump_until(lambda: sessions.words_of("s1").endswith("  (1)"), app.root)
        assert "unread" in sessions.tree.item("s1", "tags")

        app.main_controller.choose_row("s1")
        app.root.update()
        assert sessions.words_of("s1") == f"Server 127.0.0.1:{port}"

        for number in range(40):
            peer.sendall(b"more\n" * 4)
            pump_until(lambda n=number: app.main_controller.sessions[SessionId(1)].bytes_in >= 23 + 20 * n, app.root)  # type: ignore[misc]
        assert "(" not in sessions.words_of("s1")
        app.window.conversation.transcript.to_start()
        app.root.update()
        peer.sendall(b"two")
        pump_until(lambda: sessions.words_of("s1").endswith("  (1)"), app.root)
        app.window.conversation.transcript.to_end()
        pump_until(lambda: "(" not in sessions.words_of("s1"), app.root)


def test_a_connection_that_is_shown_alone_is_said_at_any_width_with_the_way_back(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    conversation = app.window.conversation
    with called(app, port, 1), called(app, port, 2) as second:
        assert not conversation.only.winfo_ismapped()
        app.root.geometry("460x400")
        app.main_controller.choose_row("s1c2")
        pump_until(lambda: bool(conversation.only.winfo_ismapped()) and app.root.winfo_width() == 460, app.root)
        app.root.update()

        place = f"127.0.0.1:{second.getsockname()[1]}"
        assert f"Only #2 from {place}".startswith(str(conversation.only.label.cget("text")).removesuffix("…"))
        assert str(conversation.only.label.cget("text")).startswith("Only #2")
        assert conversation.only.all_button.winfo_ismapped()
        conversation.only.all_button.invoke()
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        assert not conversation.only.winfo_ismapped()
        assert app.window.sessions.tree.selection() == ("s1",)


def test_where_the_filter_shows_more_than_one_connection_none_is_said_to_be_alone(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with called(app, port, 1), called(app, port, 2):
        app.main_controller.choose_row("s1c2")
        pump_until(lambda: bool(app.window.conversation.only.winfo_ismapped()), app.root)

        app.main_controller.conversation.filtering.choose(EVERYTHING)
        app.root.update()

        assert not app.window.conversation.only.winfo_ismapped()
        assert app.window.sessions.tree.selection() == ("s1",)
