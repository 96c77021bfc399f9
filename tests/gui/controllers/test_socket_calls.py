"""The socket calls of the whole program: opened by their key, live, in step with the conversation."""

from __future__ import annotations

from tkinter import ttk

from gui.app import App
from gui.views.socket_calls import SocketCallsPane
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve
from tests.gui.every_window import all_below


def pane_of(app: App) -> SocketCallsPane:
    return next(one for one in all_below(app.root) if isinstance(one, SocketCallsPane))


def shown(app: App) -> str:
    return pane_of(app).text.get("1.0", "end-1c")


def marked(app: App) -> str:
    text = pane_of(app).text
    ranges = text.tag_ranges("chosen")
    return "".join(text.get(start, stop) for start, stop in zip(ranges[::2], ranges[1::2], strict=True))


def opened(app: App) -> None:
    connect(app, serve(app, "echo"))
    app.window.composer.field.focus_force()
    app.root.update()
    app.root.event_generate("<Control-Shift-K>")
    pump_until(lambda: "connect((" in shown(app), app.root)


def test_a_key_opens_the_calls_of_the_session_on_view_and_they_go_on(make_app: MakeApp) -> None:
    app = make_app()
    opened(app)
    assert str(app.root.tk.call("focus")) == str(pane_of(app).text)

    say(app, "hello")
    pump_until(lambda: "recv(65536) -> 5 bytes" in shown(app), app.root)
    assert "send(5 bytes) -> 5" in shown(app)
    labels = [str(one.cget("text")) for one in all_below(pane_of(app)) if isinstance(one, ttk.Label)]
    assert any("select()" in words for words in labels)

    app.root.event_generate("<Control-Shift-K>")
    app.root.update()
    assert not pane_of(app).winfo_manager()


def test_a_call_chooses_its_message_and_a_message_its_calls(make_app: MakeApp) -> None:
    app = make_app()
    opened(app)
    for text in ("one", "three"):  # one after the other, or a single recv gives both answers
        say(app, text)
        pump_until(lambda text=text: f"recv(65536) -> {len(text)} bytes" in shown(app), app.root)  # type: ignore[misc]
    transcript, pane = app.window.conversation.transcript, pane_of(app)
    line = next(number for number, words in enumerate(shown(app).split("\n"), 1) if "send(5 bytes)" in words)
    x, y, wide, high = pane.text.bbox(f"{line}.20") or (0, 0, 0, 0)

    pane.text.event_generate("<Button-1>", x=x + wide // 2, y=y + high // 2)
    app.root.update()
    chosen = transcript.chosen_message
    assert chosen is not None
    assert (chosen.kind, chosen.data) == ("sent", b"three")
    assert "send(5 bytes) -> 5" in marked(app)

    rows = transcript.row_window.read(0, transcript.total)
    transcript.reveal(next(row.place for row in rows if (row.kind, row.data) == ("received", b"one")))
    app.root.update()
    assert "recv(65536) -> 3 bytes" in marked(app)
    assert "send(5" not in marked(app)


def test_keys_go_from_call_to_call(make_app: MakeApp) -> None:
    app = make_app()
    opened(app)
    say(app, "hello")
    pump_until(lambda: "recv(65536) -> 5 bytes" in shown(app), app.root)
    pane = pane_of(app)
    pane.text.focus_force()
    app.root.update()

    pane.text.event_generate("<End>")
    pane.text.event_generate("<Up>")
    app.root.update()
    assert pane.chosen == pane.total - 1
    pane.text.event_generate("<Up>")
    app.root.update()
    assert pane.chosen == pane.total - 2
    message = app.window.conversation.transcript.chosen_message
    assert message is not None
    assert message.kind == "sent"


def test_another_session_has_its_own_calls(make_app: MakeApp) -> None:
    app = make_app()
    opened(app)
    server = next(one for one in app.main_controller.sessions.values() if one.role.listens)

    app.main_controller.select(server.session)
    pump_until(lambda: "listen(1024)" in shown(app), app.root)

    assert "accept() -> (sock" in shown(app)
    assert "connect((" not in shown(app)
