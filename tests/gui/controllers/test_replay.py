"""Replays, through the whole program over real sockets: what becomes of them when something else ends."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from core.errors import TincanError, reason
from core.events import SessionId
from core.sending import replay
from core.sending.replay import NotReplayed, ReplayPlan
from core.steps.recorded import Recording
from core.words import sentence
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve


def test_whoever_leaves_waits_for_no_recording_that_is_being_read(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, given_up = threading.Event(), threading.Event()

    def read(_path: Path, _session: SessionId, _plan: ReplayPlan, cancelled: threading.Event) -> Recording:
        begun.set()
        if cancelled.wait(20):
            given_up.set()
        raise NotReplayed("it was given up")

    monkeypatch.setattr(replay, "read_recording", read)
    app = make_app()
    connect(app, serve(app))
    app.main_controller.commands["replay"]()
    dialog = app.main_controller.replay.dialog
    assert dialog is not None
    dialog.begin()
    assert begun.wait(5)
    app.leave()
    assert given_up.wait(5)


@pytest.mark.parametrize("error", [MemoryError(), KeyError("text"), NotReplayed("nothing was said there")], ids=repr)
def test_what_keeps_a_recording_from_being_read_is_said_in_words(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
    error: Exception,
) -> None:
    def read(*_arguments: object) -> Recording:
        raise error

    monkeypatch.setattr(replay, "read_recording", read)
    app = make_app()
    connect(app, serve(app))
    app.main_controller.commands["replay"]()
    dialog = app.main_controller.replay.dialog
    assert dialog is not None
    dialog.begin()
    pump_until(lambda: dialog.complaint(dialog.address) == sentence(reason(error)), app.root)
    assert len(logged_errors) == (not isinstance(error, TincanError))
    logged_errors.clear()
