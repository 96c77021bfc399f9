"""What is derived from a class for it stands in the window, and nothing else is told of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import core.replies
from core.journal.display_row import DisplayRow
from core.journal.export import formats
from core.journal.export.source import Pieces
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
    asked = ("by rules…", "by a program…", "by a Python file…")
    assert choice.words == ("a random letter", "the same (echo)", "chat room", "nothing", *asked, Shout.title)

    pick(app, choice, Shout.title)
    pump_until(lambda: f"replies with {Shout.note} from now on" in shown(app), app.root)
    with socket.create_connection(("127.0.0.1", port), 10.0) as peer:
        peer.sendall(b"hello")
        hear(app, peer, b"HELLO")


def test_an_export_format_is_in_the_dialog_and_is_written(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_formats", dict(formats._formats))

    class Sizes(formats.Format):
        name, title, sentence, ending, order = "sizes", "Sizes", "How long each message is.", ".sizes", 9

        def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
            yield f"{display_row.is_message and sum(map(len, pieces()))}\n"

    app = make_app()
    serve(app)
    app.main_controller.export_controller.open()
    dialog = app.main_controller.export_controller._dialog
    assert dialog is not None
    next(button for button in dialog.formats.buttons if button.cget("text") == Sizes.title).invoke()
    assert dialog.path.text.endswith(".sizes")
    dialog.path.put(str(tmp_path / "out.sizes"))
    dialog.export_button.invoke()

    pump_until(lambda: bool(dialog.folder_button.winfo_manager()), app.root)
    assert set((tmp_path / "out.sizes").read_text(encoding="utf-8").splitlines()) == {"False"}
    dialog.close()
