"""What the terminal programs that read a journal have in common ends at once when somebody wants that."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.cli.common import interruptible
from core.cli.reading import TerminalJournal
from core.errors import JournalError
from core.journal.reading.reader import JournalReader
from tests.support.earlier import in_format
from tests.support.journals import write_journal
from tests.support.systems import only_posix

_FOR_EVER = "SELECT count(*) FROM entry AS a, entry AS b, entry AS c, entry AS d"  # of 1,000 entries each


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.tincan"
    write_journal(path, 1_000)
    return in_format(path, 2)  # in which each has a row of its own


@pytest.mark.case("C-68")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_one_long_question_to_sqlite(path: Path, number: signal.Signals) -> None:
    asked = threading.Event()
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def interrupt() -> None:
        asked.wait(20)
        _thread.interrupt_main(number)

    sender = threading.Thread(target=interrupt, name="signals")
    with interruptible() as interrupted:

        def gives_up() -> bool:
            asked.set()
            return interrupted.is_set()

        reader = JournalReader(path, gives_up)
        sender.start()
        with pytest.raises((JournalError, KeyboardInterrupt)):
            reader.ask(_FOR_EVER, (), (int,))
        reader.close()
    sender.join()

    assert interrupted.is_set()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


@pytest.mark.case("C-68")
def test_a_signal_ends_the_wait_for_a_check(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def check_for_long(*_anything: object) -> str:
        _thread.interrupt_main(signal.SIGTERM)
        release.wait(20)
        raise JournalError("it was not looked through to its end")  # as the real one does

    monkeypatch.setattr("core.journal.recovery.recovery.find_damage", check_for_long)
    monkeypatch.setattr("core.cli.reading._PATIENCE", 0.01)

    with interruptible() as interrupted, pytest.raises(KeyboardInterrupt):
        TerminalJournal(path, interrupted, print)

    assert interrupted.is_set()
    release.set()
    for thread in threading.enumerate():
        if thread.name == "journal":
            thread.join(20)


@pytest.mark.case("C-68")
@only_posix("Windows has no such signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("arguments", [["export", "--frame", "line"], ["find", "line"]])
def test_a_signal_ends_a_program_that_nobody_reads(path: Path, number: signal.Signals, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "core", arguments[0], str(path), *arguments[1:]]
    pipe, buffered = subprocess.PIPE, {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, bufsize=0, cwd=ROOT, env=buffered, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        process.stdout.read(1)  # it is at it, and soon it can write no more

        process.send_signal(number)

        assert process.wait(20) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
