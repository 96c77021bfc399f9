"""The whole window, with more connections than anybody could look at."""

from __future__ import annotations

from dataclasses import replace

from core.events import SessionId
from core.journal.recording.ledger import Phase, Recording, SessionState
from core.roles import Role
from gui.app import App
from tests.gui.counted import HERE, Counted, counted
from tests.gui.driving import MakeApp

MANY = 1000
SESSION = SessionId(1)


def deliver(app: App, state: SessionState) -> int:
    """Tell the window of a session; how often it looked at one of the connections."""
    before = Counted.reads
    app.main_controller.deliver({SESSION: state}, Recording(None))
    app.root.update()
    return Counted.reads - before


def test_a_refresh_looks_at_the_connection_that_changed_and_at_no_other(make_app: MakeApp) -> None:
    app = make_app()
    connections = [counted(number) for number in range(1, MANY + 1)]
    state = SessionState(SESSION, Role.SERVER, HERE, "raw", "none", Phase.OPEN, (HERE,), tuple(connections))
    deliver(app, state)
    app.main_controller.select(SESSION)
    connections[7] = counted(8)

    bytes_came = deliver(app, replace(state, bytes_in=5))
    one_changed = deliver(app, replace(state, connections=tuple(connections)))

    assert bytes_came <= 2  # whether there is a new one behind those that are known already
    assert one_changed < 60  # its own values, some of them several times
    assert str(app.window.composer.row.to.button.cget("text")).startswith("everyone (1,000)")
    assert len(app.window.sessions.tree.get_children("s1")) == 101


def test_the_receivers_are_made_when_their_list_opens(make_app: MakeApp) -> None:
    app = make_app()
    connections = tuple(counted(number) for number in range(1, MANY + 1))
    state = SessionState(SESSION, Role.SERVER, HERE, "raw", "none", Phase.OPEN, (HERE,), connections)
    deliver(app, state)
    app.main_controller.select(SESSION)
    button, before = app.window.composer.row.to.button, Counted.reads

    app.main_controller.refresh()
    closed = Counted.reads - before
    button.invoke()
    app.root.update()
    opened = Counted.reads - before - closed

    assert closed <= 2
    assert opened >= MANY
    assert app.window.composer.row.to.list.ticks
