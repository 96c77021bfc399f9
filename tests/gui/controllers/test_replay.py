"""Replays, through the whole program over real sockets: what becomes of them when something else ends."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.events import SessionId
from core.sending import replay
from core.sending.replay import NotReplayed, ReplayPlan
from core.steps.recorded import Recording
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
