"""The main controller: what it shows of the states that come up, and how soon."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from core.events import SessionId
from core.journal.recording.ledger import IncidentCount, Phase, Recording, SessionState
from core.roles import Role
from gui.app import App
from gui.controllers import main
from tests.gui.conftest import pump_until
from tests.gui.counted import HERE, counted
from tests.gui.driving import MakeApp

SESSION = SessionId(1)
QUIET = SessionState(SESSION, Role.SERVER, HERE, "raw", "none", Phase.OPEN, (HERE,), (counted(1),))


def deliver(app: App, state: SessionState) -> None:
    app.main_controller.deliver({SESSION: state}, Recording(None))


def shown(app: App) -> str:
    """What the line at the bottom says."""
    return app.window.status.words


@pytest.fixture
def app(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> App:
    """A window with a session on view, all of it shown just now, and no time passes for the main controller."""
    app = make_app()
    monkeypatch.setattr(main, "monotonic", lambda: 1_000.0)
    deliver(app, QUIET)
    app.main_controller.select(SESSION)
    return app


def test_the_figures_of_a_flood_are_shown_soon_and_what_came_at_once(app: App) -> None:
    calm = shown(app)
    for number in range(1, 10):
        deliver(app, replace(QUIET, received=number, bytes_in=1_000 * number, entries=number))
        conversation = app.main_controller.viewing.conversation
        assert conversation is not None
        assert conversation.entries == number
        assert shown(app) == calm

    pump_until(lambda: shown(app) != calm, app.root)

    latest = shown(app)
    app.main_controller.refresh()
    assert shown(app) == latest


def test_what_is_no_figure_is_shown_at_once_with_the_figures_before_it(app: App) -> None:
    deliver(app, replace(QUIET, received=1, bytes_in=1_000, entries=1))
    deliver(app, replace(QUIET, received=1, bytes_in=1_000, entries=1, connections=(counted(1), counted(2))))

    said = shown(app)
    app.main_controller.refresh()

    assert shown(app) == said
    assert len(app.window.sessions.tree.get_children("s1")) == 2


def test_figures_are_shown_at_once_after_a_rest(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = shown(app)
    monkeypatch.setattr(main, "monotonic", lambda: 1_000.2)

    deliver(app, replace(QUIET, received=1, bytes_in=1_000, entries=1))

    assert shown(app) != calm


def test_a_session_that_is_new_is_shown_at_once(app: App) -> None:
    other = replace(QUIET, session=SessionId(2))

    app.main_controller.deliver({SessionId(2): other}, Recording(None))

    assert app.window.sessions.tree.exists("s2")


def test_nothing_but_figures_of_traffic_can_wait() -> None:
    more = {
        "received": 1, "bytes_in": 1, "bytes_out": 1, "sent_at": 1, "bytes_in_of": {1: 1}, "bytes_out_of": {1: 1},
        "entries": 1, "answers": QUIET.answers, "between": QUIET.between,
    }  # fmt: skip
    others = {each.name: object() for each in fields(SessionState) if each.name not in more}

    assert replace(QUIET, **more).differs_in_traffic_alone(QUIET)  # type: ignore[arg-type]
    assert not replace(QUIET, misframed=IncidentCount(1)).differs_in_traffic_alone(QUIET)
    for name, value in others.items():
        assert not replace(QUIET, **{name: value}).differs_in_traffic_alone(QUIET), name  # type: ignore[arg-type]
