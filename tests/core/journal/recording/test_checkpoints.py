"""The log is folded while the writer goes on, is not begun anew meanwhile, and nothing of it is lost."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.journal.reading.reader import JournalReader
from core.journal.recording import checkpoints
from core.journal.recording.checkpoints import Checkpoints
from core.journal.recording.store import JournalWriter
from core.journal.recovery.integrity import find_damage
from core.supervision import Worker
from tests.support.story import Story

LEAST = 64 * 1024  # bytes
LIMIT = 20.0  # seconds
PIECE = b"0123456789abcdef" * (LEAST // 16)


@pytest.fixture(autouse=True)
def _little_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_LEAST", LEAST)
    monkeypatch.setattr(checkpoints, "_MOST_BEHIND", 8 * LEAST)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[tuple[JournalWriter, Callable[[bytes], None]]]:
    """A writer, and what records something that was received."""
    story = Story()
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append([story.begins(), story.opens()], 0)
        yield writer, lambda data: writer.append([story.hears(data)], 0)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What the folding waits for."""
    may_fold, fold = threading.Event(), Checkpoints._fold

    def wait_and_fold(self: Checkpoints) -> None:
        may_fold.wait(LIMIT)
        fold(self)

    monkeypatch.setattr(Checkpoints, "_fold", wait_and_fold)
    yield may_fold
    may_fold.set()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> list[str]:
    """The workers that were waited for; with that, the folding goes on."""
    waited: list[str] = []
    join = Worker.join

    def open_and_join(self: Worker, timeout: float | None = None) -> bool:
        waited.append(self.name)
        gate.set()
        return join(self, timeout)

    monkeypatch.setattr(Worker, "join", open_and_join)
    return waited


def worker_of(writer: JournalWriter) -> Worker | None:
    return writer._checkpoints._worker


def end_of_folding(writer: JournalWriter) -> None:
    worker = worker_of(writer)
    assert worker is not None
    worker.join()


def times_begun_anew(path: Path) -> int:
    """As the head of the log has it (https://www.sqlite.org/fileformat2.html#walformat)."""
    return int.from_bytes(path.with_name(path.name + "-wal").read_bytes()[12:16], "big")


def data_in(path: Path) -> bytes:
    with contextlib.closing(JournalReader(path)) as reader:
        session = Story().session
        entries = reader.read(session, 0, reader.count(session))
        return b"".join(reader.data(session, entry.ordinal) for entry in entries if entry.kind == "received")


def data_without_log(path: Path) -> bytes:
    """What the file holds by itself. Reading it drops SQLite's locks, which nobody else wants here."""
    copy = path.with_name("copy.tincan")
    copy.write_bytes(path.read_bytes())
    found = data_in(copy)
    copy.unlink()
    return found


def test_much_is_folded_into_the_file_long_before_the_log_is_long_and_little_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        before = path.stat().st_size
        hear(PIECE[:-1])
        assert worker_of(writer) is None
        hear(b"!")
        end_of_folding(writer)
        assert path.stat().st_size >= before + LEAST
    assert data_in(path) == PIECE[:-1] + b"!"
    assert find_damage(path) == ""


def test_what_is_written_while_the_log_is_folded_can_be_read_and_the_log_is_begun_anew_only_afterwards(
    tmp_path: Path, gate: threading.Event
) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        hear(PIECE)
        first = times_begun_anew(path)
        writer._database.execute("PRAGMA wal_autocheckpoint = 1")  # with each transaction, if SQLite may
        for word in (b"one", b"two", b"three"):
            hear(word)
        assert times_begun_anew(path) == first
        assert data_in(path) == PIECE + b"onetwothree"

        gate.set()
        end_of_folding(writer)
        for word in (b"four", b"five", b"six"):
            hear(word)
        assert times_begun_anew(path) > first
    assert data_in(path) == PIECE + b"onetwothreefourfivesix"
    assert find_damage(path) == ""


def test_a_log_that_is_all_in_the_file_is_begun_anew_however_steadily_something_comes(tmp_path: Path) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        first = times_begun_anew(path)
        for _second in range(3):
            hear(b"one a second")
            writer.sync()
            end_of_folding(writer)
        assert times_begun_anew(path) == first + 2


def test_however_little_was_written_it_is_in_the_file_after_a_sync_and_only_what_is_new_is_folded(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        for word in (b"one", b"two", b"three"):
            hear(word)
            writer.sync()
            end_of_folding(writer)
            writer.sync()
            assert worker_of(writer) is None  # nothing is left
            assert data_without_log(path).endswith(word)
        waits_for_the_disk = writer._checkpoints._folder.execute("PRAGMA synchronous").fetchone()
        assert waits_for_the_disk == (1,)  # NORMAL


def test_a_sync_while_the_log_is_folded_is_made_up_for_by_the_next(tmp_path: Path, gate: threading.Event) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        hear(b"one")
        writer.sync()
        hear(b"two")
        writer.sync()
        gate.set()
        end_of_folding(writer)
        writer.sync()
        end_of_folding(writer)
        assert data_without_log(path) == b"onetwo"


@pytest.mark.parametrize("is_all_folded", [True, False], ids=["the file", "the log"])
def test_what_others_keep_from_being_folded_by_reading_is_folded_once_they_are_done(
    tmp_path: Path, is_all_folded: bool
) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        hear(b"one")
        if is_all_folded:
            writer.sync()
            end_of_folding(writer)
            writer.sync()
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM journal").fetchone()
        hear(b"two")
        writer.sync()
        end_of_folding(writer)
        other.execute("ROLLBACK")
        writer.sync()
        end_of_folding(writer)
        assert data_without_log(path) == b"onetwo"


def test_the_writer_waits_for_the_disk_once_it_is_too_far_ahead(tmp_path: Path, waits: list[str]) -> None:
    with writing(tmp_path / "a.tincan") as (writer, hear):
        hear(PIECE)
        for _ in range(7):
            hear(PIECE)
        assert not waits
        hear(PIECE)
        assert waits == ["checkpoint of a.tincan"]
        assert worker_of(writer) is None
        hear(PIECE)
        assert worker_of(writer) is not None  # and the next is folded beside it again


def test_closing_waits_for_it_and_leaves_one_file(tmp_path: Path, waits: list[str]) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (_writer, hear):
        hear(PIECE)
        hear(b"the last")
    assert waits == ["checkpoint of a.tincan"]
    assert [found.name for found in tmp_path.iterdir()] == ["a.tincan"]
    assert data_in(path) == PIECE + b"the last"


@pytest.mark.parametrize("go_on", [JournalWriter.move, JournalWriter.go_on])
def test_the_log_of_the_next_file_is_folded_there(
    tmp_path: Path, go_on: Callable[[JournalWriter], None], waits: list[str]
) -> None:
    path, second = tmp_path / "a.tincan", tmp_path / "a-2.tincan"
    with writing(path) as (writer, hear):
        hear(PIECE)
        go_on(writer)
        assert waits == ["checkpoint of a.tincan"]  # whose file is over
        before = second.stat().st_size
        hear(PIECE)
        end_of_folding(writer)
        assert waits[-1] == "checkpoint of a-2.tincan"
        assert second.stat().st_size >= before + LEAST
    assert data_in(second)[-LEAST:] == PIECE
    assert find_damage(second) == ""


def test_without_a_thread_everything_is_recorded_and_folded_as_soon_as_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refused)
            hear(PIECE)
            hear(PIECE)
        assert worker_of(writer) is None
        assert data_in(path) == PIECE * 2
        hear(PIECE)
        end_of_folding(writer)
    assert data_in(path) == PIECE * 3


def test_a_log_that_cannot_be_folded_is_written_to_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.tincan"
    with writing(path) as (writer, hear):
        writer._checkpoints._folder.close()  # so that it raises
        hear(PIECE)
        end_of_folding(writer)
        hear(b"more")
        hear(PIECE)
        end_of_folding(writer)
        assert data_in(path) == PIECE + b"more" + PIECE
        hear(b"!")
        writer.sync()
        end_of_folding(writer)
        writer.sync()
        assert worker_of(writer) is not None  # though nothing has come since it was tried


def test_what_nobody_foresaw_is_logged_and_the_next_is_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    with writing(tmp_path / "a.tincan") as (writer, hear):
        with monkeypatch.context() as patch:
            patch.setattr(writer._checkpoints, "_folder", None)
            hear(PIECE)
            end_of_folding(writer)
        assert [record.getMessage() for record in logged_errors] == ["fault in checkpoint of a.tincan"]
        logged_errors.clear()
        hear(b"more")
        hear(PIECE)
        end_of_folding(writer)
        assert data_without_log(writer.path) == PIECE + b"more" + PIECE
