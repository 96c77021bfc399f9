"""The crafted journals in the window: each refused, recovered or shown, and the window goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.journal.recording.ledger import SessionState
from gui.app import App
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve, shown
from tests.support.crafted import CRAFTED, Fate, craft
from tests.support.journals import write_journal
from tests.support.systems import some

pytestmark = pytest.mark.case("C-62")


def opened(app: App, path: Path) -> str:
    """Open a journal and look at its end; what the banner says of it."""
    app.window.banner.take_away("opening")
    app.main_controller.journal_controller.open(path)
    pump_until(lambda: app.main_controller.journal_controller._opening is None, app.root)
    app.root.update()
    return app.window.banner.sentence


@pytest.mark.parametrize("fate", Fate)
def test_crafted_journals(make_app: MakeApp, tmp_path: Path, fate: Fate) -> None:
    app = make_app()
    serve(app)
    for number, name in enumerate(some([name for name, crafted in CRAFTED.items() if crafted.fate is fate])):
        path, says = tmp_path / f"{number}.tincan", CRAFTED[name].says
        craft(name, path)
        said = opened(app, path)
        assert says in said, name
        assert (str(path) in said or path.name in said) or not says, name
    app.root.update()


def test_what_is_counted_of_thousands_of_sessions_is_told_together(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    craft("ten thousand sessions, format 1", tmp_path / "many.tincan")
    app = make_app()
    journal, told = app.main_controller.journal_controller, list[int]()
    learn = journal._on_change

    def keep(states: list[SessionState]) -> None:
        told.append(len(states))
        learn(states)

    monkeypatch.setattr(journal, "_on_change", keep)

    opened(app, tmp_path / "many.tincan")

    pump_until(lambda: sum(told) == len(app.main_controller.sessions) > 0, app.root)
    assert sum(told) > 10 * len(told)


def test_a_large_journal_is_shown_at_once_and_its_damage_told_when_it_was_looked_through(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.recovery.recovery.CHECKED", 0)
    path = tmp_path / "large.tincan"
    write_journal(path, 300)
    path.write_bytes(path.read_bytes().replace(b"line 000000000299", b"line 000000009299"))
    app = make_app()

    opened(app, path)

    assert "line 000000009299" in shown(app)
    pump_until(lambda: "is damaged" in app.window.banner.sentence, app.root)
    assert "a checksum is wrong" in app.window.banner.sentence
    app.window.banner.buttons[0].invoke()
    pump_until(lambda: "large.recovered.tincan" in app.window.banner.sentence, app.root)
    assert path.with_name("large.recovered.tincan").is_file()
