"""Where the program's own beginnings fail: no reader, no thread, no room. It says so, goes on, and can be ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import JournalError
from core.journal.recovery import recovery
from core.workbench import Workbench
from gui.app import App, Options
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve, shown
from tests.support.injection import KINDS
from tests.support.journals import write_journal


def leaves_in_time(app: App) -> None:
    began = time.monotonic()
    app.leave()
    assert time.monotonic() - began < 2
    assert app.late == []


def recorders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("recorder")]


@pytest.mark.case("C-91")
@pytest.mark.parametrize("kind", [*KINDS, lambda: JournalError("the share does not let it be read")])
def test_where_only_the_reader_cannot_be_opened_the_writer_is_closed_and_another_place_is_taken(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
    kind: Callable[[], Exception],
) -> None:
    real, failures = Workbench.open_reader, [kind()]

    def open_reader(workbench: Workbench) -> object:
        if failures:
            raise failures.pop()
        return real(workbench)

    monkeypatch.setattr(Workbench, "open_reader", open_reader)

    app = make_app()

    assert "kept in a temporary folder" in app.window.banner.sentence
    assert len(recorders()) == 1
    connect(app, serve(app))
    leaves_in_time(app)
    assert recorders() == []
    logged_errors.clear()


@pytest.mark.case("C-91")
def test_where_no_reader_can_be_opened_at_all_the_program_runs_and_ends(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    def open_reader(_workbench: Workbench) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Workbench, "open_reader", open_reader)

    app = make_app()

    assert "Nothing can be recorded" in app.window.banner.sentence
    assert len(recorders()) == 1
    leaves_in_time(app)
    assert recorders() == []
    logged_errors.clear()


@pytest.mark.case("C-92")
@pytest.mark.parametrize("kind", KINDS)
def test_a_journal_that_could_not_be_opened_can_be_opened_later(
    make_app: MakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
    kind: Callable[[], BaseException],
) -> None:
    old = tmp_path / "old.tincan"
    write_journal(old, 5)
    app = make_app()

    def open_journal(*_arguments: object) -> object:
        raise kind()

    with monkeypatch.context() as patch:
        patch.setattr(recovery, "open_journal", open_journal)
        app.main_controller.journal_controller.open(old)
        pump_until(lambda: "old.tincan could not be opened" in app.window.banner.sentence, app.root)
    app.main_controller.journal_controller.open(old)
    pump_until(lambda: "line 000000000004" in shown(app), app.root)

    logged_errors.clear()


@pytest.mark.case("C-32")
def test_without_a_thread_at_the_start_the_rest_of_it_is_done_and_the_next_command_tries_again(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    app = App(Options(folder=tmp_path))
    try:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_more)
            icons: list[bool] = []
            patch.setattr(app.window, "set_icon", lambda: icons.append(True))
            app.show()
            pump_until(lambda: "no more threads" in app.window.banner.sentence and bool(icons), app.root)
            app.window.address.port.set("0")
            app.window.address.server_button.invoke()
            app.root.update()
            assert "no more threads" in app.window.address.complaint
        connect(app, serve(app))
    finally:
        leaves_in_time(app)
