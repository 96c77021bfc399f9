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
from core.steps.replay import RecordedConversation
from core.words import sentence
from gui.app import App
from gui.views.dialogs.replay_dialog import ReplayDialog
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve


def asked_to_replay(make_app: MakeApp) -> tuple[App, ReplayDialog]:
    """The program after its dialog for a replay of what is on view was confirmed, and that dialog."""
    app = make_app()
    connect(app, serve(app))
    app.main_controller.commands["replay"]()
    dialog = app.main_controller.replay.dialog
    assert dialog is not None
    dialog.begin()
    return app, dialog


def test_whoever_leaves_waits_for_no_recording_that_is_being_read(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, given_up = threading.Event(), threading.Event()

    def read(_path: Path, _session: SessionId, _plan: ReplayPlan, cancelled: threading.Event) -> RecordedConversation:
        begun.set()
        if cancelled.wait(20):
            given_up.set()
        raise NotReplayed("it was given up")

    monkeypatch.setattr(replay, "read_recording", read)
    app, _dialog = asked_to_replay(make_app)
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
    def read(*_arguments: object) -> RecordedConversation:
        raise error

    monkeypatch.setattr(replay, "read_recording", read)
    app, dialog = asked_to_replay(make_app)
    pump_until(lambda: dialog.complaint(dialog.address) == sentence(reason(error)), app.root)
    assert len(logged_errors) == (not isinstance(error, TincanError))
    logged_errors.clear()


def test_the_dialog_that_is_open_when_a_recording_was_read_stays_open(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, read_recording = threading.Event(), replay.read_recording

    def read(path: Path, session: SessionId, plan: ReplayPlan, cancelled: threading.Event) -> RecordedConversation:
        assert goes_on.wait(20)
        return read_recording(path, session, plan, cancelled)

    monkeypatch.setattr(replay, "read_recording", read)
    app = make_app()
    connect(app, serve(app))
    say(app, "hello")
    controller = app.main_controller.replay
    app.main_controller.commands["replay"]()
    first = controller.dialog
    assert first is not None
    first.begin()
    app.main_controller.commands["replay"]()
    second = controller.dialog
    assert second is not None
    assert first.is_gone
    goes_on.set()
    pump_until(lambda: len(app.main_controller.sessions) == 3, app.root)
    assert not second.is_gone
    assert not second.complaint(second.address)
