"""The whole program over real sockets: windows talk, say what went wrong, and end."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from build_scripts.project import ROOT
from build_scripts.xvfb import VirtualDisplay
from core.address import Address
from core.net import sockets
from gui.app import App, Options
from gui.preferences import PreferencesFile
from gui.viewmodels.drafting import SentMessage
from gui.viewmodels.preferences import Preferences
from gui.views.conversation.row_window import ENOUGH
from tests.gui.conftest import PATIENCE, pump_until
from tests.gui.driving import MakeApp, connect, port_of, say, serve, shown
from tests.support.peers import black_hole
from tests.support.sink import until
from tests.support.systems import not_on_wine, only_linux


def test_two_windows_talk(make_app: MakeApp) -> None:
    alice, bob = make_app(), make_app()
    port = serve(alice)
    connect(bob, port)
    pump_until(lambda: "#1 connected" in shown(alice), alice.root, bob.root)

    say(bob, "hello from bob")
    pump_until(lambda: "hello from bob" in shown(alice), alice.root, bob.root)
    say(alice, "hello from alice")
    pump_until(lambda: "hello from alice" in shown(bob), alice.root, bob.root)

    assert "you" in shown(bob)
    pump_until(lambda: "server → #1" in shown(alice), alice.root, bob.root)

    bob.window.address.client_button.invoke()
    pump_until(lambda: "#1 has finished sending" in shown(alice), alice.root, bob.root)


def test_connect_is_offered_as_the_next_step_once_the_server_listens(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, answered, look_up = make_app(), threading.Event(), sockets.resolve

    def resolve_late(target: Address, *, for_server: bool) -> list[sockets.Endpoint]:
        assert answered.wait(PATIENCE)
        return look_up(Address("127.0.0.1", target.port), for_server=for_server)

    monkeypatch.setattr(sockets, "resolve", resolve_late)
    client_button = app.window.address.client_button
    app.window.address.fill("slow.example", "0")
    app.window.address.port.focus_force()
    app.root.update()
    app.window.address.port.event_generate("<F5>")
    pump_until(lambda: "starting a server" in shown(app), app.root)
    assert str(app.window.address.server_button.cget("text")) == "Stop server"
    assert str(client_button.cget("style")) == "TButton"

    answered.set()

    pump_until(lambda: str(client_button.cget("style")) == "Accent.TButton", app.root)
    assert "listening" in shown(app)


def test_the_learner_talks_to_a_server_of_their_own(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.choose_reply("letter")
    port = serve(app, "letter")
    connect(app, port)
    pump_until(lambda: "type the message" in shown(app), app.root)

    say(app, "hello")

    pump_until(lambda: "hello" in shown(app) and any(len(line) == 1 for line in shown(app).split("\n")), app.root)
    assert len(app.window.sessions.tree.get_children()) == 2
    assert app.root.title() == f"Client 127.0.0.1:{port} — Tincan"


def test_a_message_to_everyone_and_to_one(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as other:
        one.settimeout(5)
        other.settimeout(5)
        pump_until(lambda: bool(app.window.composer.row.to.winfo_ismapped()), app.root)

        say(app, "all of you")
        assert (one.recv(100), other.recv(100)) == (b"all of you", b"all of you")

        app.window.composer.row.to.button.invoke()
        app.window.composer.row.to.list.ticks[1].invoke()
        say(app, "only you")
        assert other.recv(100) == b"only you"
        other.sendall(b"thanks")
        pump_until(lambda: "thanks" in shown(app), app.root)
    pump_until(lambda: "#2 has finished sending" in shown(app), app.root)


def test_changing_the_reply_of_a_running_server_takes_effect(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app, "none")
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.settimeout(5)
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        app.window.conversation.reply.current(1)
        app.window.conversation.reply.event_generate("<<ComboboxSelected>>")

        peer.sendall(b"parrot")

        assert peer.recv(100) == b"parrot"
        assert app.main_controller.preferences.reply == "echo"


@pytest.mark.case("C-21")
def test_a_port_in_use_is_told_under_the_fields(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        app.window.address.fill("127.0.0.1", str(taken.getsockname()[1]))

        app.window.address.server_button.invoke()
        pump_until(lambda: "in use" in app.window.address.complaint, app.root)

    assert app.window.address.server_button.cget("text") == "Start server"


@pytest.mark.case("C-09")
def test_a_refused_connection_is_told_with_what_to_try(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    app.window.address.fill("127.0.0.1", str(port))

    app.window.address.client_button.invoke()
    pump_until(lambda: "refused" in app.window.address.complaint, app.root)

    assert "Start the server first" in app.window.address.complaint
    assert "refused" in shown(app)


NO_ADDRESSES = (
    ("127.0.0.1", "", "port"),
    ("127.0.0.1", "65536", "port"),
    ("127.0.0.1", "-1", "port"),
    ("127.0.0.1", "80x", "port"),
    ("127.0.0.1", "٤٤", "port"),
    ("", "5555", "host"),
    ("a b", "5555", "host"),
    ("\u202eevil", "5555", "host"),
    ("x" * 300, "5555", "host"),
)


@pytest.mark.case("C-28", "C-29")
def test_what_is_no_address_is_refused_in_the_form(make_app: MakeApp) -> None:
    app = make_app()
    bar = app.window.address
    for host, port, wrong in NO_ADDRESSES:
        for button in (bar.server_button, bar.client_button):
            bar.accept()
            bar.host.set(host)
            bar.port.set(port)
            assert not getattr(bar, wrong).instate(["invalid"])

            button.invoke()

            assert bar.complaint, (host, port)
            assert getattr(bar, wrong).instate(["invalid"]), (host, port)
    assert app.main_controller.sessions == {}


def test_connecting_in_the_same_breath_waits_for_the_server(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as free:
        app.window.address.fill("127.0.0.1", str(free.getsockname()[1]))

    app.window.address.server_button.invoke()
    app.window.address.client_button.invoke()

    pump_until(lambda: "type the message" in shown(app), app.root)
    assert app.window.address.complaint == ""


def test_nobody_to_talk_to_keeps_the_message(make_app: MakeApp) -> None:
    app = make_app()

    say(app, "hello?")

    assert app.window.composer.text == "hello?"
    assert "F5" in app.window.composer.complaint


def test_the_command_line_starts_both_ends(make_app: MakeApp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = make_app(serve=Address("127.0.0.1", port), connect=Address("127.0.0.1", port))

    pump_until(lambda: "type the message" in shown(app), app.root)

    assert str(app.window.address.client_button.cget("text")) == "Disconnect"


class Heartbeat:
    """How much the window's thread computes between two appointments that it has every ten milliseconds.

    Seconds of that thread, not of the clock: what a person waits for on a machine that does nothing else.
    """

    def __init__(self, root: tk.Tk) -> None:
        self.spent: list[float] = []
        self._root = root
        self._before = time.thread_time()
        self.beat()

    def beat(self) -> None:
        now = time.thread_time()
        self.spent.append(now - self._before)
        self._before = now
        self._root.after(10, self.beat)


@pytest.mark.case("C-42")
def test_half_a_million_small_messages_leave_the_window_fluid(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    data = b"".join(b"%010d\n" % number for number in range(500_000))
    with socket.create_connection(("127.0.0.1", port)) as peer:
        heart = Heartbeat(app.root)
        thread = threading.Thread(target=peer.sendall, args=(data,))
        thread.start()
        pump_until(
            lambda: sum(state.bytes_in for state in app.main_controller.sessions.values()) == len(data), app.root
        )
        thread.join()
    pump_until(lambda: "#1 has finished sending" in shown(app), app.root)

    transcript = app.window.conversation.transcript
    first, last = transcript.row_window.span
    assert last - first <= (sum(ENOUGH) + 1) * transcript.text.winfo_height() / transcript.text.height_of_lines(1)
    assert len(shown(app)) < len(data) / 10
    assert max(heart.spent) < 0.1


def test_keys_work_wherever_the_focus_is(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    window.composer.field.focus_force()
    app.root.update()
    window.composer.field.insert("end", "do not cut me")

    window.composer.field.event_generate("<Control-k>")
    window.composer.field.event_generate("<Control-l>")
    app.root.update()
    assert window.composer.text == "do not cut me"
    assert window.root.focus_get() is window.address.host

    window.address.host.event_generate("<Control-m>")
    app.root.update()
    assert window.root.focus_get() is window.composer.field

    before = app.theme.step
    window.composer.field.event_generate("<Control-plus>")
    window.composer.field.event_generate("<Control-plus>")
    window.composer.field.event_generate("<Control-minus>")
    assert app.theme.step == before + 1
    window.composer.field.event_generate("<Control-Key-0>")
    assert app.theme.step == 0


def test_going_from_session_to_session(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    pump_until(lambda: len(app.main_controller.sessions) == 2, app.root)
    assert app.root.title().startswith("Client")

    app.main_controller.commands["next_session"]()
    app.root.update()
    assert app.root.title().startswith("Server")

    app.main_controller.commands["previous_session"]()
    assert app.root.title().startswith("Client")


def test_clearing_the_view_and_taking_it_back(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)

    app.main_controller.clear_view()
    assert shown(app) == ""

    app.main_controller.show_everything()
    assert "listening" in shown(app)


def test_every_entry_of_every_menu_does_something(make_app: MakeApp) -> None:
    from gui.keys import KEYS
    from gui.views.menus import COPY_ENTRIES, MENUS, MESSAGE_ENTRIES, SUBMENUS

    app = make_app()
    commands = app.main_controller.commands
    named = {command for _title, entries in MENUS for command in entries if command} - set(SUBMENUS)
    named |= {*filter(None, COPY_ENTRIES), *MESSAGE_ENTRIES}

    assert named <= set(commands)
    assert {key.command for key in KEYS} <= set(commands)
    for name in sorted(named - {"quit", "open_journals", "open_journal"}):
        commands[name]()
        app.root.update()


def test_quitting_asks_once_while_something_is_connected(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    pump_until(lambda: "1 connection" in app.window.status.words or "connected" in app.window.status.words, app.root)

    app.main_controller.quit()
    app.root.update()
    assert "Quit all the same?" in app.window.banner.sentence

    app.window.banner.hush()
    app.main_controller.quit()
    assert "Quit all the same?" in app.window.banner.sentence

    app.main_controller.quit()
    assert app._leaving


@pytest.mark.case("C-66")
def test_the_window_closes_at_once_and_the_journal_is_whole(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    say(app, "last words")
    began = time.monotonic()

    app.leave()

    assert time.monotonic() - began < PATIENCE
    assert app.late == []
    (journal,) = (tmp_path / "app0" / "journals").glob("*.tincan")
    with sqlite3.connect(journal) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        said = database.execute("SELECT count(*) FROM entry WHERE data = ?", (b"last words",)).fetchone()
    database.close()
    assert said[0] >= 1


def test_what_was_used_is_remembered(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    port = serve(app, "echo")
    connect(app, port)
    say(app, "remember me")
    app.main_controller.choose_colours("dark")

    app.leave()

    kept = PreferencesFile(tmp_path / "app0" / "settings.json").load()
    assert kept.hosts == ("127.0.0.1",)
    assert str(port) in kept.ports
    assert kept.messages == (SentMessage("remember me"),)
    assert (kept.theme, kept.reply) == ("dark", "echo")
    assert "x" in kept.geometry


@pytest.mark.case("C-67")
def test_an_error_in_a_callback_or_a_thread_is_told_and_logged(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    app._faults.install()
    try:
        app.root.after(0, lambda: 1 / 0)
        pump_until(lambda: "ZeroDivisionError" in app.window.banner.sentence, app.root)
        app.window.banner.hush()
        thread = threading.Thread(target=_fail, name="unlucky")
        thread.start()
        thread.join()
        pump_until(lambda: "KeyError" in app.window.banner.sentence, app.root)
    finally:
        app._faults.uninstall()

    log = (tmp_path / "app0" / "errors.log").read_text()
    assert "ZeroDivisionError" in log
    assert "the thread unlucky" in log


def _fail() -> None:
    raise KeyError("lost")


@pytest.mark.case("C-64", "C-65")
def test_broken_settings_are_told_and_the_window_opens(screen: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    app = App(Options(folder=tmp_path))
    try:
        app.show()
        pump_until(lambda: "set aside" in app.window.banner.sentence, app.root)
    finally:
        app.leave()
    assert (tmp_path / "settings.json.bad").exists()


@pytest.mark.case("C-65")
def test_a_folder_that_cannot_be_used_does_not_keep_anyone_from_talking(screen: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    app = App(Options(folder=tmp_path / "file"))
    try:
        app.show()
        pump_until(lambda: "temporary folder" in app.window.banner.sentence, app.root)
        assert "runs without" in app.window.banner.sentence
        serve(app)
    finally:
        app.leave()


def test_a_window_is_put_back_where_it_was(screen: str, tmp_path: Path) -> None:
    PreferencesFile(tmp_path / "settings.json").save(Preferences(geometry="700x500+40+30"))
    app = App(Options(folder=tmp_path))
    try:
        app.show()
        pump_until(lambda: app.root.winfo_geometry().startswith("700x500+40+"), app.root)
    finally:
        app.leave()


def test_host_and_port_pasted_into_the_host_go_to_both_fields(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.window.address.fill(f"127.0.0.1:{port}", "1")

    app.window.address.client_button.invoke()
    pump_until(lambda: "connected to" in shown(app), app.root)

    assert (app.window.address.host.get(), port_of(app)) == ("127.0.0.1", str(port))


def test_a_client_of_a_server_on_every_interface_dials_loopback(make_app: MakeApp) -> None:
    app = make_app()
    app.window.address.fill("0.0.0.0", "0")
    app.window.address.server_button.invoke()
    pump_until(lambda: port_of(app) != "0" and "listening" in shown(app), app.root)

    app.window.address.client_button.invoke()
    pump_until(lambda: "connected to 127.0.0.1" in shown(app), app.root)

    assert app.window.address.host.get() == "127.0.0.1"
    assert str(app.window.address.server_button.cget("text")) == "Stop server"
    assert str(app.window.address.client_button.cget("text")) == "Disconnect"


@not_on_wine("the content of a window on a bare display lies where the window does")
def test_a_window_does_not_walk_from_run_to_run(make_app: MakeApp, tmp_path: Path) -> None:
    """Menu bar and frame lie between the place of a window and that of its content."""
    PreferencesFile(tmp_path / "settings.json").save(Preferences(geometry="700x500+40+30"))
    app = make_app(folder=tmp_path)
    assert app.root.winfo_y() != 30

    app._remember()

    assert app.main_controller.preferences.geometry == "700x500+40+30"


@only_linux("elsewhere a window's place is that of its frame")
def test_the_first_place_of_a_window_is_that_of_its_frame(make_app: MakeApp, tmp_path: Path) -> None:
    """Nobody has asked for a place before the first start."""
    first = make_app(folder=tmp_path)
    place = first.root.winfo_x(), first.root.winfo_y()
    first.leave()

    second = make_app(folder=tmp_path)

    assert (second.root.winfo_x(), second.root.winfo_y()) == place


THREE_STARTS = """
import sys
from pathlib import Path
from gui.app import App, Options
for _ in range(3):
    app = App(Options(folder=Path(sys.argv[1])))
    app.show()
    while not app.own_journal.is_open:
        app.root.tk.dooneevent()
    print(app.root.winfo_x(), app.root.winfo_y())
    app.leave()
"""


@only_linux("openbox is a window manager of X11")
@pytest.mark.skipif(shutil.which("openbox") is None, reason="openbox is not installed")
def test_a_window_stands_where_it_stood_under_a_window_manager(tmp_path: Path) -> None:
    has_begun = tmp_path / "begun"
    with VirtualDisplay() as display:
        here = {**os.environ, "DISPLAY": display}
        manager = subprocess.Popen(["openbox", "--startup", f"touch {has_begun}"], stderr=subprocess.DEVNULL, env=here)
        try:
            until(has_begun.exists, "the window manager")
            starts = [sys.executable, "-c", THREE_STARTS, str(tmp_path / "kept")]
            done = subprocess.run(starts, cwd=ROOT, env=here, capture_output=True, text=True, check=True)
        finally:
            manager.terminate()
            manager.wait(PATIENCE)
    places = done.stdout.splitlines()
    assert len(places) == 3
    assert len(set(places)) == 1


def test_what_is_said_in_passing_goes_by_itself(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.controllers.notices._PASSES_AFTER", 50)
    app = make_app()

    app.main_controller.complain("Nothing is being done.")

    assert app.window.banner.sentence == "Nothing is being done."
    pump_until(lambda: app.window.banner.sentence == "", app.root)


@pytest.mark.case("C-94")
def test_a_paste_that_cannot_be_taken_says_why_and_offers_to_send_a_file(make_app: MakeApp) -> None:
    app = make_app()
    app.root.tk.eval("rename selection _selection; proc selection args {error {selection property too large}}")

    app.window.composer.field.event_generate("<<Paste>>")
    app.window.address.host.event_generate("<<Paste>>")

    assert "too large to be pasted" in app.window.banner.sentence
    assert [str(button["text"]) for button in app.window.banner.buttons] == ["Send a file…", "Close"]
    said = [child for child in app.root.winfo_children() if child.winfo_class() == "Tip" and child.winfo_manager()]
    assert len(said) == 1
    app.window.banner.buttons[0].invoke()
    assert app.main_controller.tasks.file_dialog is not None


@pytest.mark.case("C-94")
def test_lines_pasted_by_the_middle_button_are_asked_about(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)):
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        composer = app.window.composer
        composer.choose(replace(composer.message_format, ending="lf"))
        other = tk.Text(app.root)
        other.insert("1.0", "one\ntwo")
        other.tag_add("sel", "1.0", "end-1c")
        app.root.tk.call("selection", "own", "-selection", "PRIMARY", other)
        for event in ("<Button-2>", "<ButtonRelease-2>"):
            composer.field._hint.event_generate(event, x=2, y=2)
        app.root.update()

        composer.submit()

        assert composer.text == "one\ntwo"
        labels = [each for strip in composer.winfo_children() for each in strip.winfo_children()]
        assert any("2 lines were pasted" in str(each["text"]) for each in labels if isinstance(each, ttk.Label))


@only_linux("a full backlog swallows packets on Linux only")
def test_a_connect_counts_down_and_can_be_cancelled(make_app: MakeApp) -> None:
    app = make_app()
    with black_hole() as address:
        app.window.address.fill(address.host, str(address.port))
        app.window.address.client_button.invoke()
        pump_until(lambda: " s left" in app.window.status.words, app.root)
        before = int(app.window.status.words.partition(" s left")[0].split()[-1])
        assert 1 < before <= 10
        assert app.window.composer.field._hint["text"] == "Connecting… F6 cancels it"

        pump_until(lambda: f"{before - 1} s left" in app.window.status.words, app.root)

        app.main_controller.commands["toggle_client"]()
        pump_until(lambda: "s left" not in app.window.status.words, app.root)
        assert app.window.composer.field._hint["text"] == "This was cancelled: F6 connects again"
