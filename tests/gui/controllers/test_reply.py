"""What a server replies to, in the whole program: chosen in the head, and heard by whoever is connected."""

from __future__ import annotations

import socket

from gui.app import App
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, hear, pick, serve, shown

PATIENCE = 10.0  # seconds


def is_offered(app: App) -> bool:
    return bool(app.window.conversation.each.winfo_manager())


def test_a_server_replies_to_each_message_as_the_conversation_shows_them_once_that_is_chosen(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app, "echo")
    pane = app.window.conversation
    assert not is_offered(app), "as long as both are as received there is nothing to choose"

    pick(app, pane.lens, "Lines")
    assert is_offered(app)
    assert pane.each.get() == "piece received"
    pick(app, pane.each, "line")

    pump_until(lambda: "tells messages apart in another way from now on: lines" in shown(app), app.root)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        peer.sendall(b"one\r\ntw")
        hear(app, peer, b"one\n")
        peer.sendall(b"o\n")
        hear(app, peer, b"two\n")
    assert pane.each.get() == "line"


def test_nothing_is_offered_where_nobody_replies(make_app: MakeApp) -> None:
    app = make_app()
    serve(app, "echo")
    pick(app, app.window.conversation.lens, "Ended by NUL")
    assert is_offered(app)

    pick(app, app.window.conversation.reply, "nothing")
    pump_until(lambda: not is_offered(app), app.root)

    pick(app, app.window.conversation.reply, "chat room")
    pump_until(lambda: is_offered(app), app.root)
    app.window.address.server_button.invoke()
    pump_until(lambda: not is_offered(app), app.root)


def test_a_server_that_is_begun_again_at_the_same_place_replies_as_it_did(make_app: MakeApp) -> None:
    app = make_app()
    serve(app, "echo")
    pane, button = app.window.conversation, app.window.address.server_button
    pick(app, pane.lens, "Ended by CR LF")
    pick(app, pane.each, "message ended by CR LF")
    button.invoke()
    pump_until(lambda: "server stopped" in shown(app), app.root)
    app.window.address.port.set("0")
    button.invoke()

    pump_until(lambda: is_offered(app) and "listening" in shown(app), app.root)
    assert pane.each.get() == "message ended by CR LF"
