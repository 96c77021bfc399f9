"""The tables of rules in the whole program: kept, imported, given to servers that run and to those to come."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

from core.replies.rules.rule_set import parse_rule_sets, write_rule_sets
from core.replies.rules.starters import ECHO, THERMOMETER
from gui.app import App
from gui.controllers.rules import RulesController
from gui.views.rules.rules_pane import DELETE, NEW
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, hear, serve, shown
from tests.gui.every_window import all_below

SENDER = """[General]
responseEnableCheck1=true
responseEncodingBox1=Ascii
responseIfEdit1=ping
responseReplyEdit1=pong
"""
PATIENCE = 10.0  # seconds


def opened(app: App) -> RulesController:
    """The rules, with their pane open and their file read."""
    rules = app.main_controller.rules
    rules.open()
    assert rules._keeping is not None
    pump_until(lambda: rules._keeping is not None and rules._keeping._worker is None, app.root)
    return rules


def test_the_responses_of_packet_sender_are_imported_used_and_exported(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    port = serve(app)
    rules = opened(app)
    (tmp_path / "ps_settings.ini").write_text(SENDER)

    rules.bring_in_from(tmp_path / "ps_settings.ini")
    pump_until(lambda: "was imported" in rules.view.sentence, app.root)
    assert rules.view.table.get() == "Packet Sender"
    rules.use()

    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        peer.sendall(b"ping")
        hear(app, peer, b"pong")
    rules.give_out_to(tmp_path / "out.json")
    pump_until(lambda: "was exported" in rules.view.sentence, app.root)
    assert "pong" in (tmp_path / "out.json").read_text()

    rules.bring_in_from(tmp_path / "nothing.json")
    pump_until(lambda: "nothing.json could not be imported" in rules.view.sentence, app.root)


def test_tables_that_cannot_be_read_are_set_aside(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"version": 1, "tables": [{"name": "x"}]}')
    app = make_app(tmp_path)
    opened(app)

    pump_until(lambda: any("The saved rules could not be read (table 1: " in words for words in banner(app)), app.root)
    (aside,) = tmp_path.glob("rules*")
    assert aside.name != "rules.json"


def banner(app: App) -> list[str]:
    labels = [part for part in all_below(app.window.banner) if isinstance(part, ttk.Label)]
    return [str(label.cget("text")) for label in labels]


def test_own_tables_come_back_in_the_next_run_and_answer_on_servers_to_come(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(write_rule_sets([replace(ECHO, name="mine")]))
    app = make_app(tmp_path)
    rules = opened(app)
    rules.choose(NEW)
    assert rules.view.table.get() == "rules"
    rules.use()
    assert "on the next server" in rules.view.sentence

    app.window.address.port.set("0")
    app.window.address.server_button.invoke()
    pump_until(lambda: "listening" in shown(app), app.root)
    with socket.create_connection(("127.0.0.1", int(app.window.address.port.get())), PATIENCE) as peer:
        peer.sendall(b"hello")
        hear(app, peer, b"hello to you, too")
    rules.choose(DELETE)
    rules.undo()
    app.leave()

    assert [table.name for table in parse_rule_sets((tmp_path / "rules.json").read_text())] == ["mine", "rules"]


def test_a_server_of_a_framed_table_is_begun_in_its_framing(make_app: MakeApp) -> None:
    app = make_app()
    rules = opened(app)
    rules.choose("thermometer")
    rules.use()
    app.window.address.port.set("0")
    app.window.address.server_button.invoke()
    pump_until(lambda: "listening" in shown(app), app.root)

    with socket.create_connection(("127.0.0.1", int(app.window.address.port.get())), PATIENCE) as peer:
        peer.sendall(b"T=1\nT=2\n")
        hear(app, peer, b"OK 1 C\nOK 2 C\n")


def test_what_is_taken_back_reaches_the_server_too(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    rules = opened(app)
    rules.choose("slow echo")
    rules.use()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        rules.switch()
        assert app.main_controller.reply.written_of(app.main_controller.selected) == "rules:slow echo 2"
        peer.sendall(b"one")
        pump_until(lambda: "no rule answers this message" in shown(app), app.root)
        pump_until(lambda: "Messages that no rule answers: 1 ×" in str(rules.view._counted.cget("text")), app.root)
        rules.undo()
        peer.sendall(b"two")
        hear(app, peer, b"two")
    assert app.main_controller.reply.written_of(app.main_controller.selected) == "rules:slow echo"


def test_what_is_being_typed_stays_while_the_counts_go_on(make_app: MakeApp) -> None:
    app = make_app()
    rules = opened(app)
    rules.choose("thermometer")
    answer = rules.view.editor.line("answer")
    answer.focus_force()
    app.root.update()
    answer.insert("end", " or so")

    rules._look()
    app.root.update()
    assert answer.text.endswith(" or so")
    assert rules._tables.chosen is THERMOMETER

    rules.choose_rule(2)
    assert rules._tables.chosen.name == "thermometer 2"
    assert rules._tables.chosen.rules[0].answer.text.endswith(" or so")
    assert rules.view.editor.line("name").text == "silence"


def test_a_message_of_the_conversation_is_tried(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    rules = opened(app)
    rules.choose("thermometer")
    rules.use()
    transcript = app.window.conversation.transcript
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        peer.sendall(b"T=7\n")
        hear(app, peer, b"OK 7 C\n")
        pump_until(lambda: "OK 7 C" in shown(app), app.root)
        conversation = app.main_controller.viewing.conversation
        assert conversation is not None
        rows = conversation.read(0, transcript.total, 100)
        transcript.reveal(next(at for at, row in enumerate(rows) if "T=7" in str(row)))
        app.root.update()
        sent = app.main_controller.sessions[app.main_controller.selected].bytes_out  # type: ignore[index]
        rules.take_message()
        pump_until(lambda: "“target”: Answers 7 bytes" in rules.view.tried, app.root)
        assert rules.view.message.text == "T=7"
        assert app.main_controller.sessions[app.main_controller.selected].bytes_out == sent  # type: ignore[index]
