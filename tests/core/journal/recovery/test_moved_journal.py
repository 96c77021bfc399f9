"""A journal that is deleted or replaced while it is written: noticed, told, and nothing of it is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import JournalError
from core.events import SessionId
from core.journal.reading.reader import JournalReader
from core.journal.recording import recorder as recorder_module
from core.journal.recording.files import BESIDE, files_of
from core.journal.recording.recorder import Recorder
from core.journal.recording.store import JournalWriter
from core.journal.recovery.integrity import find_damage
from tests.support.story import PATIENCE, Story, View
from tests.support.systems import only_posix

pytestmark = only_posix("a file that is open can neither be deleted nor replaced")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "a.tincan"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_LOOK_EVERY", 0.02)


@contextlib.contextmanager
def recording(path: Path) -> Iterator[Recorder]:
    recorder = Recorder(path)
    try:
        yield recorder
    finally:
        assert recorder.close(PATIENCE) == []


def data_of(path: Path, session: int = 1) -> list[bytes]:
    with contextlib.closing(JournalReader(path)) as reader:
        identity = SessionId(session)
        return [entry.data for entry in reader.read(identity, 0, reader.count(identity)) if entry.data]


def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"something else")
    other.replace(path)


GONE: dict[str, Callable[[Path], object]] = {
    "the file": lambda path: path.unlink(),
    "the file and what lies beside it": lambda path: list(map(os.unlink, [f"{path}{end}" for end in BESIDE])),
    "the folder": lambda path: shutil.rmtree(path.parent),
    "the log alone": lambda path: path.with_name(path.name + "-wal").unlink(),
    "the shared memory alone": lambda path: path.with_name(path.name + "-shm").unlink(),
    "renamed": lambda path: path.rename(path.with_name("b.tincan")),
    "another file in its place": replace_by_another,
    "a folder in its place": lambda path: [path.unlink(), path.mkdir()],  # type: ignore[func-returns-value]
    "a link in its place": lambda path: [path.unlink(), path.symlink_to("/")],  # type: ignore[func-returns-value]
}


def test_it_is_looked_for_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert recorder_module._LOOK_EVERY <= 2.5  # twice that, and it is noticed within five seconds


@pytest.mark.case("C-62")
@pytest.mark.parametrize("what", GONE)
def test_it_goes_on_in_a_new_file_that_has_everything(path: Path, what: str) -> None:
    story = Story()
    with recording(path) as recorder, contextlib.ExitStack() as stack:
        view = View(recorder)
        for event in (story.begins(), story.listens(), story.opens(), story.hears(b"before")):
            recorder.put(event)
        view.wait_for_state(1, lambda state: state.entries == 4)
        GONE[what](path)

        view.wait_until(lambda: view.recording.path != path)  # nothing is said meanwhile, and yet it is noticed
        reader = stack.enter_context(contextlib.closing(JournalReader(path.with_name("a-2.tincan"))))
        recorder.put(story.hears(b"after"))
        view.wait_for_state(1, lambda state: state.entries == 5)

        told = view.recording
        assert (told.path, told.moved_from, told.failure, told.lost) == (path.with_name("a-2.tincan"), path, None, 0)
        assert data_of(path.with_name("a-2.tincan")) == [b"before", b"after"]
        assert reader.count(story.session) == 5

    assert {found.name for found in path.parent.iterdir()} <= {"a.tincan", "b.tincan", "a-2.tincan"}
    assert find_damage(path.with_name("a-2.tincan")) == ""
    assert path.with_name("a-2.tincan").stat().st_mode & 0o777 == 0o600


@pytest.mark.case("C-62")
def test_what_came_before_it_was_noticed_is_there_too_and_a_second_time_is_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_LOOK_EVERY", 3600.0)  # only at the end
    story = Story()
    writer = JournalWriter(path)
    writer.append([story.begins(), story.opens(), story.hears(b"one")], 0)
    for name, word in (("a.tincan", b"two"), ("a-2.tincan", b"three")):
        path.with_name(name).unlink()
        writer.append([story.hears(word)], 0)
        assert not writer.is_in_place()
        writer.move()
        assert writer.is_in_place()
    path.with_name("a-3.tincan").unlink()
    writer.close()

    with recording(path.with_name("b.tincan")) as recorder:
        view = View(recorder)
        other = Story(2)
        recorder.put(other.begins())
        view.wait_for_state(2, lambda state: state.entries == 1)
        path.with_name("b.tincan").unlink()
        recorder.put(other.opens())
        recorder.put(other.hears(b"at the last moment"))
    assert data_of(path.with_name("b-2.tincan"), 2) == [b"at the last moment"]


@pytest.mark.case("C-62")
def test_what_cannot_be_read_any_more_is_counted_and_the_rest_is_recorded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.recording.store._carry", lambda *_given, **_more: False)
    story = Story()
    with recording(path) as recorder:
        view = View(recorder)
        for event in (story.begins(), story.listens(), story.opens(), story.hears(b"before")):
            recorder.put(event)
        view.wait_for_state(1, lambda state: state.entries == 4)
        path.unlink()

        view.wait_until(lambda: view.recording.path != path)
        recorder.put(story.hears(b"after"))
        view.wait_for_state(1, lambda state: state.entries == 1)

        told = view.recording
        assert (told.failure, told.lost, told.moved_from) == (None, 4, path)
        assert told.path is not None
        assert data_of(told.path) == [b"after"]
        with contextlib.closing(JournalReader(told.path)) as reader:
            assert list(reader.connections(story.session)) == [1]
    assert find_damage(told.path) == ""


@pytest.mark.case("C-62")
@pytest.mark.parametrize("is_remembered", [True, False])
def test_of_a_file_that_was_cut_off_what_sqlite_has_in_memory_is_kept(path: Path, is_remembered: bool) -> None:
    story = Story()
    writer = JournalWriter(path)
    writer.append([story.begins(), story.opens(), story.hears(b"before")], 0)
    if not is_remembered:
        writer._database.execute("PRAGMA shrink_memory")
    for end in ("", "-wal"):
        os.truncate(path.with_name(path.name + end), 0)

    assert not writer.is_in_place()
    writer.move()
    writer.append([story.hears(b"after")], 0)
    writer.close()

    assert data_of(writer.path) == ([b"before", b"after"] if is_remembered else [b"after"])
    assert find_damage(writer.path) == ""


@pytest.mark.case("C-62")
def test_a_log_that_was_cut_off_is_left_once_sqlite_finds_out_and_one_that_was_folded_in_is_no_fault(
    path: Path,
) -> None:
    story = Story()
    writer = JournalWriter(path)
    writer.append([story.begins(), story.opens(), story.hears(b"before")], 0)
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    assert writer.is_in_place()
    writer.append([story.hears(b"and")], 0)
    assert writer.is_in_place()

    os.truncate(path.with_name("a.tincan-wal"), 0)
    writer._database.execute("PRAGMA shrink_memory")
    with pytest.raises(JournalError):
        writer.append([story.hears(b"lost")], 0)
    assert not writer.is_in_place()
    writer.move()
    writer.append([story.hears(b"after")], 0)
    writer.close()

    assert data_of(writer.path)[-1] == b"after"
    assert find_damage(writer.path) == ""


@pytest.mark.case("C-62")
def test_a_file_that_was_overwritten_in_place_is_left_once_sqlite_finds_out(path: Path) -> None:
    story = Story()
    writer = JournalWriter(path)
    writer.append([story.begins(), story.opens(), story.hears(b"before")], 0)
    writer._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer._files = files_of(path)
    writer._database.execute("PRAGMA shrink_memory")
    path.write_bytes(b"\xaa" * path.stat().st_size)
    assert writer.is_in_place()

    with pytest.raises(JournalError):
        writer.append([story.hears(b"lost")], 0)
    assert not writer.is_in_place()
    writer.move()
    writer.append([story.hears(b"after")], 0)
    writer.close()

    assert data_of(writer.path) == [b"after"]
    assert find_damage(writer.path) == ""


@pytest.mark.case("C-61", "C-62")
def test_where_no_new_file_can_be_made_it_is_told_and_tried_again(path: Path) -> None:
    story = Story()
    with recording(path) as recorder:
        view = View(recorder)
        for event in (story.begins(), story.opens(), story.hears(b"before")):
            recorder.put(event)
        view.wait_for_state(1, lambda state: state.entries == 3)
        shutil.rmtree(path.parent)
        path.parent.write_text("in the way")

        view.wait_until(lambda: view.recording.failure is not None)
        recorder.put(story.hears(b"meanwhile"))
        view.wait_for_state(1, lambda state: state.entries == 4)
        assert view.recording.failure is not None
        path.parent.unlink()
        view.wait_until(lambda: view.recording.failure is None)

        assert view.recording.path is not None
        assert data_of(view.recording.path) == [b"before", b"meanwhile"]


@pytest.mark.case("C-62")
def test_shared_memory_that_was_cut_off_does_not_end_the_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_LOOK_EVERY", 3600.0)  # or the log might be folded just then
    story = Story()
    with recording(path) as recorder, contextlib.ExitStack() as stack:
        view = View(recorder)
        for event in (story.begins(), story.opens(), story.hears(b"before")):
            recorder.put(event)
        view.wait_for_state(1, lambda state: state.entries == 3)
        recorder.put(story.hears(b"and"))
        view.wait_for_state(1, lambda state: state.entries == 4)
        reader = stack.enter_context(contextlib.closing(JournalReader(path)))
        shared = path.with_name(path.name + "-shm")
        whole = shared.stat().st_size
        os.truncate(shared, 0)

        recorder.put(story.hears(b"after"))
        view.wait_for_state(1, lambda state: state.entries == 5)

        assert shared.stat().st_size == whole
        assert reader.count(story.session) == 5
        assert view.recording.path == path
        reader.close()
        os.truncate(shared, 0)  # once more, and it is closed
    assert find_damage(path) == ""


@pytest.mark.case("C-62")
@pytest.mark.parametrize("end", BESIDE)
def test_a_name_beside_it_that_is_taken_is_refused_and_nothing_is_written_elsewhere(tmp_path: Path, end: str) -> None:
    """SQLite would follow a link of the journal's name, and fail at one of the others' when it is too late."""
    (tmp_path / f"a.tincan{end}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(JournalError, match=f"a.tincan{end} exists already"):
        JournalWriter(tmp_path / "a.tincan")

    assert [found.name for found in tmp_path.iterdir()] == [f"a.tincan{end}"]
