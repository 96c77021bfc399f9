"""The files and folders that a run makes for itself: closed to others, found again, gone when nobody uses them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

import pytest

from core.errors import JournalError
from core.files import data_folder, settings_folder
from gui.__main__ import main
from gui.app import App, Options
from gui.journals import journal_files
from gui.journals.locks import Hold, hold_on, lock_journal
from gui.platform.fault_log import FaultLog
from gui.preferences import typed_path
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve, shown
from tests.support.journals import full_when_told
from tests.support.systems import only_posix

pytestmark = only_posix("rights, links and open files of POSIX")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return folder


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


def open_window(folder: Path | None) -> App:
    app = App(Options(folder=folder))
    app.show()
    pump_until(lambda: app.own_journal.is_open, app.root)
    return app


def no_folder() -> str:
    raise FileNotFoundError(2, "No usable temporary directory found")


@pytest.mark.case("C-61", "C-65")
def test_no_temporary_folder_is_no_trouble_while_none_is_needed(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", no_folder)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_given: no_folder())
    app = make_app()

    serve(app)

    assert app.window.banner.sentence == ""


@pytest.mark.case("C-65")
def test_with_neither_folder_there_is_a_server_all_the_same(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", no_folder)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_given: no_folder())
    (tmp_path / "file").write_text("in the way")
    app = open_window(tmp_path / "file")
    try:
        pump_until(lambda: "Nothing can be recorded" in app.window.banner.sentence, app.root)
        app.window.address.port.set("0")
        app.window.address.server_button.invoke()
        pump_until(lambda: app.window.address.port.get() != "0", app.root)
    finally:
        app.leave()


@pytest.mark.case("C-65")
def test_the_folder_that_stands_in_is_this_user_s_alone_and_gone_after_the_next_start(
    screen: str, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    app = open_window(tmp_path / "file")
    try:
        assert "only until Tincan is started again" in app.window.banner.sentence
        (stand_in,) = temporary.iterdir()
        assert stand_in.name.startswith("tincan-journal-")
        assert rights(stand_in) == 0o700
        assert app.own_journal.path is not None
        assert app.own_journal.path.parent == stand_in
        journal_files.prune_temporary()
        assert app.own_journal.path.exists()  # it is in use
    finally:
        app.leave()
    (left,) = stand_in.iterdir()
    left.rename(left.with_name("2026-01-01_10-00-00_999999999.tincan"))  # of another process, as it is from now on

    app = open_window(tmp_path / "healthy")
    try:
        pump_until(lambda: not list(temporary.iterdir()), app.root)
    finally:
        app.leave()


@pytest.mark.case("C-65")
def test_what_a_killed_run_left_in_the_temporary_folder_stays_for_a_day(temporary: Path) -> None:
    folder = temporary / f"{journal_files.TEMPORARY}abc"
    folder.mkdir()
    path = folder / "2026-01-01_10-00-00_999999999.tincan"
    path.write_bytes(b"x")
    path.with_name(path.name + "-lock").touch()
    (temporary / f"{journal_files.TEMPORARY}link").symlink_to(folder)
    (temporary / f"{journal_files.TEMPORARY}new").mkdir()
    assert hold_on(path) is Hold.STALE

    journal_files.prune_temporary()
    assert path.exists()

    os.utime(path, (time.time() - 90_000,) * 2)
    journal_files.prune_temporary()
    assert sorted(found.name for found in temporary.iterdir()) == ["tincan-journal-link", "tincan-journal-new"]


def test_folders_of_the_program_are_closed_to_others_and_those_that_were_open_are_closed(
    screen: str, home: Path
) -> None:
    open_before = home / ".config" / "tincan"
    open_before.mkdir(parents=True)
    open_before.chmod(0o755)
    app = open_window(None)
    try:
        serve(app)
        data = home / ".local" / "share" / "tincan"
        assert [rights(folder) for folder in (open_before, data, data / "journals")] == [0o700] * 3
        assert {rights(path) for path in (data / "journals").iterdir()} == {0o600}
        app._faults.note(ValueError("what was said"), "a test")
    finally:
        app.leave()
    assert {path.name: rights(path) for path in open_before.iterdir()} == {"settings.json": 0o600, "errors.log": 0o600}


def test_a_folder_that_was_chosen_or_linked_keeps_its_rights(screen: str, tmp_path: Path) -> None:
    chosen, elsewhere = tmp_path / "chosen", tmp_path / "elsewhere"
    for folder in (chosen, elsewhere):
        folder.mkdir()
        folder.chmod(0o755)
    (chosen / "journals").symlink_to(elsewhere)

    open_window(chosen).leave()

    assert [rights(folder) for folder in (chosen, elsewhere)] == [0o755] * 2


@pytest.mark.case("C-81")
@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-lock"])
def test_a_name_that_somebody_took_is_passed_over_and_nothing_is_written_elsewhere(tmp_path: Path, end: str) -> None:
    free = journal_files.journal_path(tmp_path, 1_800_000_000)
    (tmp_path / f"{free.name}{end}").symlink_to(tmp_path / "elsewhere")

    assert journal_files.journal_path(tmp_path, 1_800_000_000) == journal_files.journal_path(tmp_path, 1_800_000_001)
    with lock_journal(free):
        pass
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.case("C-81")
def test_where_every_name_is_taken_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "lexists", lambda _path: True)
    with pytest.raises(JournalError, match="every name"):
        journal_files.journal_path(tmp_path)


@pytest.mark.case("C-67", "C-81")
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_faults_are_written_neither_through_a_link_nor_into_a_pipe(tmp_path: Path, kind: str) -> None:
    told: list[str] = []
    log = FaultLog(tmp_path / "errors.log", told.append)
    if kind == "link":
        log.path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(log.path)

    log.note(ValueError("what was said"), "a test")

    assert len(told) == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.case("C-62")
def test_the_window_goes_on_with_the_new_file_when_the_journal_is_deleted(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.recording.recorder._LOOK_EVERY", 0.02)
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "before")
    pump_until(lambda: shown(app).count("before") == 2, app.root)
    path = app.own_journal.path
    assert path is not None
    state = app.main_controller.state
    assert state is not None
    target = path.parent.parent / "kept.bin"
    connection = state.connections[0].connection
    kept = app.main_controller.workbench.keep_received(state.session, connection, target, follow=True)
    pump_until(lambda: kept.progress.size == len(b"before"), app.root)

    path.unlink()
    pump_until(lambda: "was deleted or replaced" in app.window.banner.sentence, app.root)
    say(app, "after")
    pump_until(lambda: shown(app).count("after") == 2, app.root)

    assert shown(app).count("before") == 2
    moved = app.own_journal.path
    assert moved is not None
    assert moved.name == f"{path.stem}-2.tincan"
    assert hold_on(moved) is Hold.IN_USE
    assert journal_files.recent(moved.parent, besides=moved) == []
    app.window.address.client_button.invoke()
    pump_until(lambda: not kept.progress.is_running, app.root)
    assert target.read_bytes() == b"beforeafter"
    app.leave()
    assert [found.name for found in moved.parent.iterdir()] == [moved.name]


@pytest.mark.case("C-61")
def test_the_window_goes_on_with_the_new_file_when_the_journal_is_full(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    connect(app, serve(app, "echo"))
    say(app, "before")
    pump_until(lambda: shown(app).count("before") == 2, app.root)
    path, state = app.own_journal.path, app.main_controller.state
    assert path is not None
    assert state is not None
    target = path.parent.parent / "kept.bin"
    kept = app.main_controller.workbench.keep_received(
        state.session, state.connections[0].connection, target, follow=True
    )

    full_when_told(monkeypatch)()
    say(app, "after")
    pump_until(lambda: "has reached its limit" in app.window.banner.sentence, app.root)
    pump_until(lambda: shown(app).count("after") == 2, app.root)

    assert shown(app).count("before") == 0
    moved = app.own_journal.path
    assert moved is not None
    assert moved.name == f"{path.stem}-2.tincan"
    assert hold_on(moved) is Hold.IN_USE
    assert journal_files.recent(moved.parent, besides=moved) == [path]
    app.window.address.client_button.invoke()
    pump_until(lambda: not kept.progress.is_running, app.root)
    assert target.read_bytes() == b"beforeafter"
    app.leave()
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM entry WHERE data = ?", (b"before",)).fetchone()[0] >= 2


@pytest.mark.case("C-65")
def test_a_user_whom_the_system_does_not_know_has_a_window_too(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_number: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("USERPROFILE", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(RuntimeError):
        Path.home()

    open_window(tmp_path).leave()

    assert settings_folder({}, "linux") == Path("/.config/tincan")


def test_a_home_of_nobody_is_a_name_like_any_other() -> None:
    assert typed_path("~no-such-user/talk") == Path("~no-such-user/talk")


@pytest.mark.parametrize("pasted", ['"{path}"', "'{path}'", "{path}\n", "{uri}", "{uri}\r\n"])
def test_a_path_is_read_as_file_managers_copy_it(pasted: str, tmp_path: Path) -> None:
    path = tmp_path / "a talk.bin"

    assert typed_path(pasted.format(path=path, uri=path.as_uri())) == path
    with pytest.raises(SystemExit):
        main(["--open", "~no-such-user/talk"])
    with pytest.raises(SystemExit):
        main(["--config", "~no-such-user/talk"])


def test_a_home_is_found_without_a_variable_and_is_no_folder_that_everybody_can_write_to() -> None:
    for folder in (settings_folder({}), data_folder({})):
        assert not folder.is_relative_to(tempfile.gettempdir())
