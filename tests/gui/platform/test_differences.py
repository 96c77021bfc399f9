"""What differs between systems, tried for each of them on any."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from gui.app import App
from gui.keys import topics
from gui.platform.differences import LINUX, MACOS, WINDOWS, platform_of
from gui.theme.theme import Theme
from gui.views.menus import COPY_ENTRIES, MESSAGE_ENTRIES, Alternatives, MenuBar, menus_for
from tests.gui.conftest import pump_until
from tests.gui.driving import shown
from tests.support.journals import write_journal

NAMED_PLACES = {"differences", "desktop", "windows", "locks", "preferences"}


def test_command_instead_of_control_on_macos() -> None:
    mac, linux, windows = (platform_of(name) for name in (MACOS, LINUX, WINDOWS))

    assert (mac.modifier, mac.modifier_words) == ("Command", "⌘")
    assert (linux.modifier, windows.modifier) == ("Control", "Control")


def test_systems_that_nobody_has_heard_of_are_like_linux() -> None:
    assert platform_of("freebsd14") == platform_of(LINUX)


@pytest.mark.parametrize(
    ("name", "tk_version", "notch"), [(MACOS, 8.6, 1), (MACOS, 9.0, 120), (LINUX, 8.6, 120), (WINDOWS, 9.0, 120)]
)
def test_a_notch_of_the_wheel_counts_as_tk_has_it_there(name: str, tk_version: float, notch: int) -> None:
    assert platform_of(name).notch(tk_version) == notch


def test_settings_and_quitting_are_in_the_application_menu_where_there_is_one() -> None:
    own = {command for _title, entries in menus_for(platform_of(LINUX)) for command in entries}
    mac = {command for _title, entries in menus_for(platform_of(MACOS)) for command in entries}

    assert own - mac == {"show_settings", "quit", "show_about"}
    assert mac <= own


def test_no_menu_of_any_platform_begins_or_ends_with_a_line() -> None:
    for name in (LINUX, WINDOWS, MACOS):
        for _title, entries in menus_for(platform_of(name)):
            assert entries[0]
            assert entries[-1]
            assert ("", "") not in itertools.pairwise(entries)


def test_the_application_menu_of_macos_does_what_it_says(root: tk.Tk, theme: Theme) -> None:
    done: list[str] = []
    names = {command for _title, entries in menus_for(platform_of(LINUX)) for command in entries}
    names |= {"show_keys", *COPY_ENTRIES, *MESSAGE_ENTRIES}
    commands = {name: (lambda name=name: done.append(name)) for name in names}
    nothing = Alternatives((("a", "A"),), lambda: "a", lambda _key: None)
    MenuBar(
        root, theme, commands, colours=nothing, framings=nothing, encodings=nothing, rows=nothing,
        times=nothing, recent=lambda _on_more: (), profiles=lambda: nothing, platform=platform_of(MACOS),
    )  # fmt: skip

    for command in ("::tk::mac::Quit", "::tk::mac::ShowPreferences", "::tk::mac::ShowHelp", "tkAboutDialog"):
        root.tk.call(command)

    assert done == ["quit", "show_settings", "show_keys", "show_about"]


def test_an_error_in_the_application_menu_of_macos_is_reported_like_any_other(root: tk.Tk, theme: Theme) -> None:
    def fail() -> None:
        raise ValueError("quit")

    reported: list[type[BaseException]] = []
    root.report_callback_exception = lambda kind, _error, _at: reported.append(kind)
    names = {command for _title, entries in menus_for(platform_of(LINUX)) for command in entries}
    nothing = Alternatives((("a", "A"),), lambda: "a", lambda _key: None)
    MenuBar(
        root, theme, dict.fromkeys((*names, "show_keys", *COPY_ENTRIES, *MESSAGE_ENTRIES), fail), colours=nothing,
        framings=nothing, encodings=nothing, rows=nothing, times=nothing, recent=lambda _on_more: (),
        profiles=lambda: nothing, platform=platform_of(MACOS),
    )  # fmt: skip

    root.tk.call("::tk::mac::Quit")

    assert reported == [ValueError]


_KEYS_THERE = """
import json, sys
sys.platform = {name!r}
from gui.keys import KEYS, UNTOLD
print(json.dumps([(key.command, key.sequences, key.shown) for key in (*KEYS, *UNTOLD)]))
"""


def keys_on(name: str) -> dict[str, tuple[list[str], str]]:
    """The keys of a system, as a fresh interpreter there has them: by command, Tk's sequences and how they read."""
    command = [sys.executable, "-c", _KEYS_THERE.format(name=name)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return {command: (sequences, shown) for command, sequences, shown in json.loads(told)}


def test_macos_keeps_its_own_keys() -> None:
    keys = keys_on(MACOS)
    sequences = [sequence for bound, _shown in keys.values() for sequence in bound]

    # hide, minimise, what the Finder opens by them
    assert not {"<Command-h>", "<Command-H>", "<Command-m>", "<Command-M>", "<Command-space>"} & set(sequences)
    assert len(sequences) == len(set(sequences))
    assert keys["focus_message"] == (["<Command-j>", "<Command-J>"], "⌘J")
    assert keys["toggle_hex"] == (["<Command-Shift-h>", "<Command-Shift-H>"], "⌘⇧H")


@pytest.mark.parametrize("name", [LINUX, WINDOWS])
def test_elsewhere_they_are_as_the_guide_has_them(name: str) -> None:
    keys = keys_on(name)

    assert (keys["focus_message"][1], keys["toggle_hex"][1]) == ("Ctrl+M", "Ctrl+H")


def test_a_journal_that_is_double_clicked_on_macos_is_opened(
    make_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.app.HERE", platform_of(MACOS))
    path = tmp_path / "an older one.tincan"
    write_journal(path, 3)
    app = make_app()

    app.root.tk.call("::tk::mac::OpenDocument", str(path))
    pump_until(lambda: "line 000000000002" in shown(app), app.root)


def test_what_differs_is_in_named_places_only() -> None:
    asks = re.compile(r"sys\.platform|windowingsystem|os\.name\b")

    others = {
        path.relative_to(ROOT).with_suffix("").as_posix()
        for path in Path(ROOT / "gui").rglob("*.py")
        if asks.search(path.read_text(encoding="utf-8")) and path.stem not in NAMED_PLACES
    }

    assert others == set()


def test_every_key_has_words() -> None:
    assert all(key and does for _title, rows in topics() for key, does in rows)
