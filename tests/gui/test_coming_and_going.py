"""What opens and closes leaves nothing behind, and what stays open follows what is on view."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tkinter import messagebox

import pytest

from core.journal.recording.ledger import Phase
from gui.app import App
from gui.viewmodels.repeating import RepeatRequest
from gui.widgets.small_window import SmallWindow
from tests.gui.conftest import PATIENCE, pump_until
from tests.gui.driving import MakeApp, connect, marked, say, serve, shown
from tests.support.peers import free_port
from tests.support.systems import TRIES_ALL

DIALOGS = (
    "show_settings",
    "show_keys",
    "show_about",
    "show_network",
    "export",
    "repeat",
    "send_file",
    "keep_received",
    "open_tap",
)
PANES = (
    "toggle_saved", "toggle_inspector", "toggle_sequence", "toggle_figures", "toggle_socket_calls",
    "toggle_socket_state", "toggle_socket_options", "toggle_faults", "toggle_hold", "toggle_hex",
    "show_times", "message_options",
)  # fmt: skip
TIMES = 3 if TRIES_ALL else 1  # what each of them leaves would be there so often


def do(app: App, command: str) -> None:
    app.main_controller.commands[command]()
    app.root.update()


def windows(app: App) -> list[SmallWindow]:
    return [child for child in app.root.winfo_children() if isinstance(child, SmallWindow)]


def open_and_close(app: App, dialog: str) -> None:
    do(app, dialog)
    (window,) = windows(app)
    window.destroy()
    app.root.update()


def twice(app: App, pane: str) -> None:
    do(app, pane)
    do(app, pane)


def tour(app: App) -> None:
    do(app, "begin_tour")
    app.main_controller.help.end_tour()


def find(app: App) -> None:
    do(app, "find")
    bar = app.main_controller.conversation.finding.made
    assert bar is not None
    bar.close()


def task(app: App) -> None:
    tasks = app.main_controller.tasks
    app.window.composer.put("again", app.window.composer.message_format)
    assert tasks.repeat(RepeatRequest(1.0, 2, ())) == ""
    newest = tasks.strips._tasks[-1]
    pump_until(lambda: not newest.is_running, app.root)
    newest.close()


def kept(app: App) -> dict[str, int]:
    """What there is more of for good, when something that is gone has left it behind."""
    app.root.update()
    root, listed = app.root, app.root.tk.splitlist
    bound = [str(root.tk.call("bind", ".", each)) for each in listed(root.tk.call("bind", "."))]
    return {
        "subscriptions": len(app.theme._listeners),
        "widgets": len(root.winfo_children()),
        "bindings": sum(each.count("\n") for each in bound),
    }


def test_whatever_is_opened_and_closed_leaves_nothing_behind(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "hello")
    app.window.composer.prepare()
    acts: list[Callable[[], None]] = [partial(open_and_close, app, dialog) for dialog in DIALOGS]
    acts += [partial(twice, app, pane) for pane in PANES]
    acts += [partial(act, app) for act in (tour, find, task)]
    for act in acts:
        act()
    before = kept(app)

    for act in acts:
        for _ in range(TIMES):
            act()

    assert kept(app) == before


def test_nothing_calls_back_into_the_window_for_repeats_once_it_is_gone(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    complaints: list[str] = []
    app.root.tk.createcommand("tkerror", complaints.append)
    do(app, "repeat")
    dialog = app.main_controller.tasks.repeat_dialog
    assert dialog is not None
    dialog.every.field.insert("end", "0")
    dialog.destroy()
    passed: list[bool] = []
    app.root.after(400, lambda: passed.append(True))

    pump_until(lambda: bool(passed), app.root)

    assert [str(each) for each in complaints] == []


def test_colours_chosen_in_the_settings_are_those_that_the_menu_marks(make_app: MakeApp) -> None:
    app = make_app()

    app.main_controller.settings.apply(app.main_controller.preferences.__class__(theme="dark"))

    assert marked(app, "Colours") == "Dark"


def test_what_was_received_is_saved_from_the_conversation_on_view_not_from_an_earlier_one(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        connect(app, first.getsockname()[1])
        do(app, "keep_received")
        app.window.address.fill("127.0.0.1", str(second.getsockname()[1]))
        app.window.address.client_button.invoke()
        pump_until(lambda: str(second.getsockname()[1]) in shown(app) and "connected to" in shown(app), app.root)

        do(app, "keep_received")

        dialog = app.main_controller.tasks.keep_dialog
        assert dialog is not None
        assert len(windows(app)) == 1
        assert any(str(second.getsockname()[1]) in words for words in dialog.whose.words)


@pytest.mark.parametrize("pane", ["find", "toggle_socket_options"])
def test_what_stays_open_says_nothing_of_a_conversation_that_was_taken_out(make_app: MakeApp, pane: str) -> None:
    app = make_app()
    connect(app, serve(app))
    do(app, pane)
    finding, socket_options = app.main_controller.conversation.finding, app.main_controller.socket_options
    if pane == "find":
        assert finding.made is not None
        finding.made.field.insert("end", "connected")
        pump_until(lambda: finding._view.count > 0, app.root)
    else:
        assert socket_options.made is not None
        assert "Client" in socket_options.made.whose

    app.main_controller.select_nothing()

    if pane == "find":
        assert finding._view.count == 0
    else:
        assert socket_options.made is not None
        assert socket_options.made.whose == ""
        assert all(part.instate(["disabled"]) for part in socket_options.made.controls)


def ask_where_to_export(app: App) -> None:
    app.main_controller.commands["export"]()
    dialog = app.main_controller.export_controller._dialog
    assert dialog is not None
    dialog.choose_button.invoke()


def ask_what_to_send(app: App) -> None:
    app.main_controller.commands["send_file"]()
    dialog = app.main_controller.tasks.file_dialog
    assert dialog is not None
    dialog.file.button.invoke()


WAITING: dict[str, Callable[[App], object]] = {
    "open a journal": lambda app: app.main_controller.commands["open_journal"](),
    "import messages": lambda app: app.main_controller.saved.bring_in(),
    "export messages": lambda app: app.main_controller.saved.give_out(),
    "export": ask_where_to_export,
    "send a file": ask_what_to_send,
    "a question": lambda app: messagebox.askyesno("Tincan", "Well?", parent=app.root),
    "a menu": lambda app: app.root.tk.call("tk_popup", app.window.sessions.menu, 10, 10),
}


@pytest.mark.case("C-66")
@pytest.mark.parametrize("what", WAITING)
def test_the_window_can_go_while_a_dialog_waits_for_an_answer(make_app: MakeApp, what: str) -> None:
    app = make_app()
    if app.root.tk.call("tk", "windowingsystem") != "x11":
        pytest.skip("POSIX: the dialogs of this system are its own")
    connect(app, serve(app))

    waited: list[bool] = []
    deadline = time.monotonic() + PATIENCE

    def leave_once_it_waits() -> None:
        waits = bool(app.root.tk.call("grab", "current"))
        if waits or time.monotonic() > deadline:
            waited.append(waits)
            app.leave()
        else:
            app.root.after(10, leave_once_it_waits)

    app.root.after(0, lambda: WAITING[what](app))
    app.root.after(0, leave_once_it_waits)
    app.root.mainloop()

    assert waited == [True]
    assert app.late == []
    assert not app.log.exists()


@pytest.mark.case("C-66")
def test_a_window_that_another_program_has_taken_away_is_no_fault(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tmp_path)
    connect(app, serve(app))

    destroyed = partial(app.root.tk.call, "destroy", ".")  # as Tk does when the window is no more, and its loop ends
    monkeypatch.setattr(app.root, "mainloop", destroyed)
    app.run()

    assert app.late == []
    assert [path.suffix for path in tmp_path.glob("journals/*")] == [".tincan"]  # it was closed
    assert not app.log.exists()
    assert capsys.readouterr().err == "tincan: another program has taken the window away\n"


@pytest.mark.case("C-66", "C-67")
def test_what_goes_wrong_in_the_window_s_last_moments_is_still_written_down(make_app: MakeApp) -> None:
    app = make_app()

    def leave_and_fail() -> None:
        app.leave()
        raise ZeroDivisionError

    app.root.after(0, leave_and_fail)
    app.root.mainloop()

    assert "ZeroDivisionError" in app.log.read_text()


def ended(app: App) -> list[str]:
    return [state.role.name for state in app.main_controller.sessions.values() if state.phase is Phase.ENDED]


def test_a_server_is_stopped_by_its_button_before_anything_was_told_of_it(make_app: MakeApp) -> None:
    app = make_app()
    app.window.address.port.set(str(free_port()))

    for _ in range(2):
        app.window.address.server_button.invoke()
    pump_until(lambda: bool(ended(app)), app.root)

    assert [state.failure for state in app.main_controller.sessions.values()] == [None]
    assert "server stopped" in shown(app) or "cancelled" in shown(app)  # it may not have listened yet


def test_a_client_is_ended_by_its_button_before_anything_was_told_of_it(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as server:
        app.window.address.port.set(str(server.getsockname()[1]))

        for _ in range(2):
            app.window.address.client_button.invoke()
        pump_until(lambda: bool(ended(app)), app.root)

    assert len(app.main_controller.sessions) == 1


def test_a_client_that_waits_for_the_server_is_called_off_by_its_button(make_app: MakeApp) -> None:
    app = make_app()
    app.window.address.port.set(str(free_port()))

    app.window.address.server_button.invoke()
    for _ in range(2):
        app.window.address.client_button.invoke()
    pump_until(lambda: "listening" in shown(app), app.root)

    assert [state.role.name for state in app.main_controller.sessions.values()] == ["server"]
    assert app.window.address.client_button.cget("text") == "Connect"


def test_a_server_elsewhere_is_begun_before_anything_was_told_of_the_first(make_app: MakeApp) -> None:
    app = make_app()
    app.window.address.port.set("0")
    app.window.address.server_button.invoke()
    app.window.address.fill("127.0.0.2", "0")
    app.window.address.server_button.invoke()
    sessions = app.main_controller.sessions

    pump_until(lambda: sum(state.phase is Phase.OPEN for state in sessions.values()) == 2, app.root)

    assert not ended(app)
