"""What no code expected is told in one line and written down, and the file can be opened."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from gui.platform import desktop
from gui.platform.fault_log import LARGEST_LOG, FaultLog


@pytest.mark.case("C-67")
def test_the_person_gets_one_short_line_and_the_file_the_rest(tmp_path: Path) -> None:
    told: list[str] = []
    log = FaultLog(tmp_path / "deep" / "errors.log", told.append)

    log.note(KeyError("spare"), "a callback of the window")

    assert told == ["Something went wrong inside Tincan (KeyError). It goes on."]
    assert "KeyError: 'spare'" in log.path.read_text()


@pytest.mark.case("C-67")
def test_an_error_in_a_thread_is_caught_while_it_is_installed(tmp_path: Path) -> None:
    told: list[str] = []
    log = FaultLog(tmp_path / "errors.log", told.append)

    log.install()
    try:
        thread = threading.Thread(target=lambda: [][0], name="unlucky")
        thread.start()
        thread.join()
    finally:
        log.uninstall()

    assert "IndexError" in told[0]
    assert "the thread unlucky" in log.path.read_text()


def test_a_log_that_grew_too_long_starts_anew_and_the_old_one_is_kept(tmp_path: Path) -> None:
    log = FaultLog(tmp_path / "errors.log", lambda _sentence: None)
    log.path.write_text("x" * (LARGEST_LOG + 1))

    log.note(ValueError("new"), "a test")

    assert "new" in log.path.read_text()
    assert log.path.with_suffix(".old").stat().st_size > LARGEST_LOG


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop whose program for opening things writes down what it was asked to open."""
    if sys.platform != "linux":
        pytest.skip("POSIX: the program has another name here")
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > "{asked}.new"\nmv "{asked}.new" "{asked}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return asked


def wait_for_openers() -> None:
    for thread in threading.enumerate():
        if thread.name == "waits for xdg-open":
            thread.join()


def test_the_log_is_opened_by_the_desktops_own_program(tmp_path: Path, opener: Path) -> None:
    log = tmp_path / "errors.log"
    log.write_text("it went wrong")

    assert desktop.open_file(log)
    wait_for_openers()

    assert opener.read_text() == str(log)


def test_a_folder_is_opened_the_same_way(tmp_path: Path, opener: Path) -> None:
    assert desktop.open_folder(tmp_path)
    wait_for_openers()

    assert opener.read_text() == str(tmp_path)


def test_a_log_that_could_not_be_written_is_not_opened(tmp_path: Path, opener: Path) -> None:
    assert not desktop.open_file(tmp_path / "nothing here")
    assert not opener.exists()


def test_a_desktop_without_such_a_program_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("POSIX: it is part of the system here")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not desktop.open_folder(tmp_path)
