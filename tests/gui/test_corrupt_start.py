"""Whatever the files say that are read at the start: they are read, and the window opens.

Every kind is tried on the readers, a choice of them on the window; with ``TINCAN_EVERY_CORRUPTION=1`` all of them
are, which takes a quarter of an hour.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from core.compose.saved import SavedMessage, SavedMessagesFile, starters, write_messages
from gui.app import App, Options
from gui.preferences import PreferencesFile
from gui.viewmodels.drafting import SentMessage
from gui.viewmodels.preferences import Preferences
from tests.gui.conftest import pump_until
from tests.support.corrupt_files import Corruption, corruptions
from tests.support.systems import ON_WINDOWS, some

SETTINGS = {
    "version": 1,
    **asdict(
        Preferences(
            geometry="700x500+40+30",
            hosts=("127.0.0.1",),
            ports=("5555",),
            messages=(SentMessage("hello"), SentMessage("0d 0a", "hex")),
            limits_changed={"idle": 60.0},
            offered=("2026-01-01_00-00-00_1.tincan",),
        )
    ),
}
SAVED = json.loads(write_messages(starters()[:3]))
OF_SETTINGS = [pytest.param("settings.json", make, id=f"settings: {name}") for name, make in corruptions(SETTINGS)]
OF_SAVED = [pytest.param("saved.json", make, id=f"saved: {name}") for name, make in corruptions(SAVED)]
EVERY = [*OF_SETTINGS, *OF_SAVED]
ALL_WINDOWS = os.environ.get("TINCAN_EVERY_CORRUPTION") == "1"
NO_FILES = ("a folder",) if ON_WINDOWS else ("a folder", "a pipe", "a link to /dev/zero")
TOLD = (
    *(f"settings: {name} is ['\\ud800']" for name in ("hosts", "ports", "messages", "offered")),
    *(f"settings: {name} is '\\ud800'" for name in ("theme", "font", "geometry", "frame")),
    *(f"saved: {name} of messages is '\\ud800'" for name in ("name", "text")),
    *(f"{file}: {name}" for file in ("settings", "saved") for name in NO_FILES),
)
SHOWN = [one for place, one in enumerate(EVERY) if ALL_WINDOWS or place % 97 == 5 or one.id in TOLD]


def test_there_are_enough_kinds() -> None:
    assert len(OF_SETTINGS) >= 500
    assert len(OF_SAVED) >= 250
    assert len({one.id for one in EVERY}) == len(EVERY)
    assert {one.id for one in EVERY} >= set(TOLD)


@pytest.mark.case("C-53", "C-64")
def test_every_kind_is_read_and_what_was_read_can_be_kept(tmp_path: Path) -> None:
    for number, one in enumerate(some(EVERY)):
        name, make = one.values
        path = tmp_path / str(number) / str(name)
        path.parent.mkdir()
        make(path)  # type: ignore[operator]
        settings, saved = (
            PreferencesFile(path.with_name("settings.json")),
            SavedMessagesFile(path.with_name("saved.json")),
        )

        found, messages = settings.load(), saved.load()

        _check_shown(found)
        found.limits()
        settings.save(replace(found, theme="dark"))
        saved.save((SavedMessage("one more", "text"), *messages[:2]))
        assert "" in (settings.notice, saved.notice), one.id
        assert PreferencesFile(settings.path).load() == replace(found, theme="dark"), one.id
        assert SavedMessagesFile(saved.path).load()[1:] == messages[:2], one.id


def _check_shown(found: Preferences) -> None:
    """What goes into widgets as it is holds nothing that Tk refuses, and is of its type."""
    for text in (found.font, found.mono_font, found.theme, *found.hosts, *found.ports):
        assert text.isprintable()
    for message in found.messages:
        message.text.encode()
    usual = Preferences()
    assert [type(value) for value in asdict(found).values()] == [type(value) for value in asdict(usual).values()]


@pytest.mark.case("C-53", "C-64")
@pytest.mark.parametrize(("name", "make"), SHOWN if ALL_WINDOWS else some(SHOWN))
def test_the_window_opens_and_closes(screen: str, tmp_path: Path, name: str, make: Corruption) -> None:
    make(tmp_path / name)
    app = App(Options(folder=tmp_path))
    try:
        app.show()
        pump_until(lambda: app.own_journal.is_open, app.root)
        app.main_controller.settings.open()
        app.main_controller.saved.toggle()
        app.root.update()
    finally:
        app.leave()

    assert not app.late
    assert not (tmp_path / "errors.log").exists()
    assert PreferencesFile(tmp_path / "settings.json").load() is not None
