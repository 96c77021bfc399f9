"""The filter in the whole program: what it leaves, what it says, and that nobody looks through one without knowing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gui.app import App
from gui.views.conversation.filter_bar import FilterBar
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve, shown
from tests.support.journals import write_journal


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> App:
    """A window on a journal in which four connections have said 500 lines and got 500."""
    path = tmp_path / "room.tincan"
    write_journal(path, 1_000, connections=4, both_ways=True)
    app = make_app(journal=path)
    pump_until(lambda: app.window.conversation.transcript.total > 1_000, app.root)
    return app


def filter_bar(app: App) -> FilterBar | None:
    """The bar, if it can be seen."""
    strips = app.window.conversation.strips.pack_slaves()
    return next((strip for strip in strips if isinstance(strip, FilterBar)), None)


def opened(app: App) -> FilterBar:
    app.main_controller.commands["filter"]()
    app.root.update()
    bar = filter_bar(app)
    assert bar is not None
    return bar


def test_one_connection_of_a_room_is_shown_alone(app: App) -> None:
    bar = opened(app)

    bar.connections_button.invoke()
    bar.list.ticks[1].invoke()
    bar.list.close()

    pump_until(lambda: bar.words == "251 of 1,005 shown", app.root)  # its 250 lines and that it came
    assert "#2" in shown(app)
    assert "#3" not in shown(app)

    bar.clear_button.invoke()
    pump_until(lambda: bar.words == "all 1,005 shown", app.root)


def test_a_direction_is_left_out(app: App) -> None:
    bar = opened(app)

    bar.sent.invoke()
    bar.notes.invoke()

    pump_until(lambda: bar.words == "500 of 1,005 shown", app.root)
    assert "server" not in shown(app)


def test_under_a_lens_rows_are_not_held_against_entries(app: App) -> None:
    bar = opened(app)
    app.main_controller.conversation.framing.use("line")

    bar.sent.invoke()

    pump_until(lambda: bar.words == "505 shown", app.root)
    bar.sent.invoke()
    pump_until(lambda: bar.words == "all 1,005 shown", app.root)


def test_putting_the_bar_away_shows_everything_again(app: App) -> None:
    bar = opened(app)
    bar.received.invoke()
    pump_until(lambda: bar.words.startswith("505 of"), app.root)

    bar.close_button.invoke()

    assert filter_bar(app) is None
    assert app.window.conversation.transcript.total == 1_005


def test_a_session_that_is_still_filtered_brings_the_bar_back(app: App) -> None:
    filtered = app.main_controller.selected
    bar = opened(app)
    bar.notes.invoke()
    serve(app)
    assert app.main_controller.selected != filtered
    bar.close_button.invoke()
    assert filter_bar(app) is None

    assert filtered is not None
    app.main_controller.select(filtered)
    pump_until(lambda: app.window.conversation.transcript.total == 1_000, app.root)

    assert filter_bar(app) is bar
    assert bar.words == "1,000 of 1,005 shown"
    bar.clear_button.invoke()
    assert app.window.conversation.transcript.total == 1_005


def test_what_comes_through_a_filter_comes_into_view_at_once(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as other:
        pump_until(lambda: "#2 connected" in shown(app), app.root)
        bar = opened(app)
        bar.connections_button.invoke()
        bar.list.ticks[1].invoke()
        bar.list.close()

        one.sendall(b"unheard")
        other.sendall(b"heard")
        pump_until(lambda: "heard" in shown(app), app.root)

        assert "unheard" not in shown(app)
    pump_until(lambda: "#2 has finished sending" in shown(app), app.root)
