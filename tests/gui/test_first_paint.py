"""The window is there before anything is begun that takes time."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
import tkinter as tk
from collections import defaultdict
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from build_scripts.project import ROOT
from gui import app as module
from gui.app import App, Options
from gui.platform import garbage_collection
from gui.platform.desktop import compose_cache
from gui.widgets.bindings import bind_own
from tests.gui.driving import MakeApp
from tests.support.systems import only_linux

SECONDS = 20.0


@pytest.fixture(autouse=True)
def not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a run looks through what it made, not also through what the tests before it have left in Python."""
    passed_on = {name: getattr(gc, name) for name in ("isenabled", "enable", "disable", "collect", "get_count")}
    kept = {"freeze": lambda: None, "unfreeze": lambda: None}
    monkeypatch.setattr(garbage_collection, "gc", SimpleNamespace(**passed_on, **kept))


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


def test_the_window_answers_while_the_workbench_is_loaded(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    app = App(Options(folder=tmp_path))
    answer = partial(happened.append, "answered")

    def load(part: str) -> None:
        happened.append(part)
        app.root.after(0, answer)

    monkeypatch.setattr("gui.app.import_module", load)
    run_until_begun(app)

    assert happened == [each for part in module._PARTS for each in (part, "answered")]


def test_what_cannot_be_loaded_is_told_by_what_needs_it(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    def load(part: str) -> None:
        raise ImportError(part)

    monkeypatch.setattr("gui.app.import_module", load)

    assert run_until_begun(App(Options(folder=tmp_path)))[-1] == "begun"
    assert [f"loading {module._PARTS[0]}" in record.getMessage() for record in logged_errors] == [True]
    logged_errors.clear()


def test_the_workbench_is_loaded_in_small_parts() -> None:
    script = f"""
import gui.app, importlib, sys
sizes = []
for part in {(*module._PARTS, "core.workbench", "gui.journals.conversations")!r}:
    before = len(sys.modules)
    importlib.import_module(part)
    sizes.append(len(sys.modules) - before)
print(*sizes)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    *sizes, workbench, conversations = map(int, told.split())

    assert workbench == conversations == 0
    assert max(sizes) <= sum(sizes) / 4


@only_linux("a window is said later to be on the screen")
def test_a_window_that_opens_is_laid_out_once(screen: str, tmp_path: Path) -> None:
    app = App(Options(folder=tmp_path))
    window, seen = app.window, defaultdict[str, list[tuple[int, int]]](list)
    parts = (window.address, window.conversation, window.conversation.transcript.text, window.composer, window.status)
    for part in parts:
        part.bind("<Configure>", lambda event: seen[str(event.widget)].append((event.width, event.height)), add=True)
    drawn: list[object] = []
    window.composer.field.bind("<Expose>", drawn.append, add=True)

    app.show()

    assert drawn
    app.root.update()
    laid_out = {part: [size for size in seen[str(part)] if size[0] > 1] for part in parts}
    assert {part: len(sizes) for part, sizes in laid_out.items()} == dict.fromkeys(parts, 1)
    app.leave()


@only_linux("elsewhere Tk draws the menus of a window by itself")
def test_no_index_of_a_library_is_read_for_the_menus(screen: str, tmp_path: Path) -> None:
    app = App(Options(folder=tmp_path))

    app.show()

    assert app.root.tk.eval("info commands ::tk::MenuDup")
    assert app.root.tk.eval("array names ::auto_index ::tk::*") == ""
    app.leave()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nothing, and an environment that says nothing about the Compose key."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XCOMPOSECACHE", "XCOMPOSEFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def caches(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What each window that is made from now on has told X11's library about its cache."""
    found: list[str | None] = []
    make = tk.Tk.__init__

    def made(window: tk.Tk, *arguments: object, **options: object) -> None:
        found.append(os.environ.get("XCOMPOSECACHE"))
        make(window, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tk.Tk, "__init__", made)
    return found


@only_linux("X11's library reads the file of dead keys")
def test_what_x11_reads_of_dead_keys_is_kept_in_a_folder_of_our_own(
    screen: str, home: Path, caches: list[str | None]
) -> None:
    app = App(Options(folder=home / "ours"))
    app.leave()

    assert caches == [str(home / "ours" / "compose")]
    assert (home / "ours" / "compose").stat().st_mode & 0o777 == 0o700  # or it is not used
    assert "XCOMPOSECACHE" not in os.environ


@only_linux("X11's library reads the file of dead keys")
@pytest.mark.parametrize("own", [{"XCOMPOSECACHE": "/theirs"}, {"XCOMPOSEFILE": "/theirs"}, {}])
def test_dead_keys_that_a_person_has_set_up_are_left_alone(
    own: dict[str, str], screen: str, home: Path, caches: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    if not own:
        (home / ".XCompose").write_text('include "%L"\n')

    App(Options(folder=home / "ours")).leave()

    assert caches == [own.get("XCOMPOSECACHE")]
    assert os.environ.get("XCOMPOSECACHE") == own.get("XCOMPOSECACHE")
    assert not (home / "ours" / "compose").exists()


@only_linux("X11's library reads the file of dead keys")
def test_a_home_that_nobody_may_look_into_has_no_dead_keys_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / ("x" * 300)))  # longer than a name may be: the system refuses to look
    for name in ("XCOMPOSECACHE", "XCOMPOSEFILE"):
        monkeypatch.delenv(name, raising=False)

    with compose_cache(tmp_path / "compose"):
        assert os.environ["XCOMPOSECACHE"] == str(tmp_path / "compose")


def test_a_window_may_be_closed_while_it_opens(screen: str, tmp_path: Path) -> None:
    app = App(Options(folder=tmp_path))
    bind_own(app.window.composer.field, "<Expose>", app.leave)

    app.run()

    assert app.late == []


@pytest.fixture
def input_methods() -> None:
    """They are asked for, as in the program."""


@only_linux("X11 has input methods that Tk asks")
def test_input_methods_are_asked_for_when_the_window_is_painted(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    use = App._use_input_methods

    def used(app: App) -> None:
        asked.append(app.root.getboolean(app.root.tk.call("tk", "useinputmethods")))
        use(app)
        asked.append(app.root.getboolean(app.root.tk.call("tk", "useinputmethods")))

    monkeypatch.setattr(App, "_use_input_methods", used)

    make_app()

    assert asked == [False, True]


def test_the_widget_with_the_focus_tells_its_input_method_so(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.field.focus_force()
    app.root.update()
    told: list[str] = []
    app.window.composer.field.bind("<FocusIn>", lambda _event: told.append("focus"), add=True)

    app._use_input_methods()

    assert told == ["focus"]
