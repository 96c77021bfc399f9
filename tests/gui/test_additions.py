"""What is derived from a class for it stands in the window, and nothing else is told of it."""

from __future__ import annotations

import socket

import pytest

import core.replies
from core.replies import Answer, Reply
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, hear, pick, serve, shown


def test_a_reply_is_in_the_menu_and_answers(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.replies, "_rules", dict(core.replies._rules))  # which has one more until the end

    class Shout(Reply):
        name = "shout"
        title = "the same, louder"
        note = "the same, but louder,"
        order = 9

        def answer(self, message: bytes) -> Answer:
            return Answer(message.upper())

    app = make_app()
    port = serve(app)
    choice = app.window.conversation.reply
    assert choice.words == ("a random letter", "the same (echo)", "chat room", "nothing", Shout.title)

    pick(app, choice, Shout.title)
    pump_until(lambda: f"replies with {Shout.note} from now on" in shown(app), app.root)
    with socket.create_connection(("127.0.0.1", port), 10.0) as peer:
        peer.sendall(b"hello")
        hear(app, peer, b"HELLO")
