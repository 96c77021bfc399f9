"""The window is there before anything is begun that takes time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gui.app import App, Options

SECONDS = 20.0


def run_until_begun(app: App) -> list[str]:
    """What happened, in its order, from the start of the program until its first work was done."""
    happened: list[str] = []
    open_workbench = app.own_journal.open

    def begin() -> None:
        happened.append("begun")
        open_workbench()
        app.root.after(1, app.leave)

    app.own_journal.open = begin  # type: ignore[method-assign]
    app.window.composer.field.bind("<Expose>", lambda _event: happened.append("to be drawn"), add=True)
    given_up = threading.Timer(SECONDS, app.bridge.post, [app.leave])
    given_up.start()
    app.run()
    given_up.cancel()
    given_up.join()
    return happened


def test_what_takes_time_begins_once_when_the_panes_can_be_seen(screen: str, tmp_path: Path) -> None:
    happened = run_until_begun(App(Options(folder=tmp_path)))

    assert happened[0] == "to be drawn"
    assert happened.count("begun") == 1


def test_a_window_that_is_never_seen_begins_its_work_all_the_same(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(Options(folder=tmp_path))
    monkeypatch.setattr(app.root, "deiconify", lambda: None)

    assert run_until_begun(app) == ["begun"]
