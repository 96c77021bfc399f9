"""A journal that has reached its limit: recording goes on in another file, or stops and says so."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from core.errors import JournalError
from core.journal.reading.database import has_log
from core.journal.reading.reader import JournalReader
from core.journal.recording import files
from core.journal.recording import recorder as recorder_module
from core.journal.recording.ledger import SessionState
from core.journal.recording.recorder import Recorder
from core.journal.recovery.archive import archived_sessions
from core.journal.recovery.integrity import find_damage
from core.settings import LEAST_JOURNAL, Limits
from tests.support.story import PATIENCE, Story, View

pytestmark = pytest.mark.case("C-61")

PIECE = 40_000  # bytes of a message: more than a transaction of the tests has otherwise


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a journal whose log is folded when SQLite does: sooner, it takes room in both meanwhile."""
    monkeypatch.setattr("core.journal.recording.recorder._LOOK_EVERY", 3600.0)
    return tmp_path / "journal.tincan"


@contextlib.contextmanager
def recording(path: Path, limits: Limits) -> Iterator[tuple[Recorder, View]]:
    recorder = Recorder(path, limits)
    try:
        yield recorder, View(recorder)
    finally:
        assert recorder.close(PATIENCE) == []


def say(recorder: Recorder, view: View, story: Story, numbers: range) -> None:
    """Have messages received one after the other, each in a transaction of its own."""
    for number in numbers:
        recorder.put(story.hears(b"%06d" % number * (PIECE // 6)))
        view.wait_for_state(story.session, partial(has_received, number + 1))


def has_received(messages: int, state: SessionState) -> bool:
    return state.received >= messages


def numbers_in(path: Path) -> list[int]:
    """Which messages a journal has, read by its view."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT data FROM entry WHERE data IS NOT NULL ORDER BY entry").fetchall()
    return [int(data[:6]) for (data,) in rows]


def test_one_that_is_full_stays_as_it_is_and_recording_goes_on_in_another(path: Path) -> None:
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(57))
        told = view.recording
        recorder.put(story.closes())

    files = [path, *(path.with_name(f"journal-{number}.tincan") for number in range(2, 10))]
    kept = [numbers_in(file) for file in files if file.exists()]
    assert len(kept) > 1
    assert list(chain(*kept)) == list(range(57))
    assert told.failure is None
    assert (told.lost, told.was_full) == (0, True)
    assert told.path == files[len(kept) - 1]
    assert told.moved_from == files[len(kept) - 2]
    for file in files[: len(kept)]:
        assert file.stat().st_size < LEAST_JOURNAL + 3 * PIECE
        assert file.stat().st_size >= LEAST_JOURNAL or file == files[len(kept) - 1]  # whatever its log took beside it
        assert find_damage(file) == ""
        assert not file.with_name(file.name + "-wal").exists()
        with contextlib.closing(JournalReader(file)) as reader:
            (state,) = archived_sessions(reader)
            assert (state.role.name, [each.number for each in state.connections]) == ("server", [1])
            assert reader.read(state.session, reader.count(state.session) - 1, 1)[0].number == 1


def test_what_is_full_is_in_its_file_even_while_somebody_reads_it(path: Path) -> None:
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        with contextlib.closing(JournalReader(path)) as reader:
            say(recorder, view, story, range(36))
            assert 20 < reader.count(story.session) < 40
            assert path.stat().st_size >= LEAST_JOURNAL
            assert not has_log(path)

    assert [file.suffix for file in sorted(path.parent.iterdir())] == [".tincan", ".tincan"]


def test_views_are_told_that_the_entries_begin_anew(path: Path) -> None:
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(40))
        state, now = view.state(story.session), view.recording.path
        assert state is not None
        assert now is not None
        with contextlib.closing(JournalReader(now)) as reader:
            assert state.entries == reader.count(story.session) < 42
        assert state.bytes_in == sum(len(b"%06d" % number * (PIECE // 6)) for number in range(40))


def test_or_it_stops_and_says_so_and_goes_on_with_what_the_settings_allow_then(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_SETTLES", 0.0)
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL, journal_goes_on=False)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(40))
        stopped = view.recording
        assert stopped.failure is not None
        assert "journal.tincan has reached its limit of 1 MB" in str(stopped.failure)
        assert stopped.path == path
        recorder.put(story.opens())  # who comes meanwhile is known later
        recorder.use(Limits(journal=2 * LEAST_JOURNAL, journal_goes_on=False))
        say(recorder, view, story, range(40, 43))
        again = view.recording

    kept = numbers_in(path)
    assert again.failure is None
    assert kept == [*range(len(kept) - 3), 40, 41, 42]
    assert stopped.lost >= 40 - (len(kept) - 3) > 0
    assert again.lost in (stopped.lost, stopped.lost + 1)
    assert find_damage(path) == ""
    with contextlib.closing(JournalReader(path)) as reader:
        assert reader.connections(story.session).keys() == {1, 2}


def test_a_limit_that_somebody_is_typing_counts_once_it_has_stood_for_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_SETTLES", PATIENCE)
    story = Story()
    with recording(path, Limits()) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(20))
        recorder.use(Limits(journal=LEAST_JOURNAL))
        say(recorder, view, story, range(20, 21))
        recorder.use(Limits(journal=20 * LEAST_JOURNAL))
        assert view.recording.path == path

    assert numbers_in(path) == [*range(21)]


def test_what_was_lost_before_is_still_counted_in_the_next_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_SETTLES", 0.0)
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL, journal_goes_on=False)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(40))
        lost = view.recording.lost
        recorder.use(Limits(journal=LEAST_JOURNAL))
        say(recorder, view, story, range(40, 41))

    assert view.recording.was_full
    assert view.recording.lost >= lost > 0


def test_the_last_of_the_disk_is_left_to_others(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 5_000_000_000

    def usage(_folder: Path) -> shutil._ntuple_diskusage:
        return shutil._ntuple_diskusage(100_000_000_000, 100_000_000_000 - free, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    story = Story()
    with recording(path, Limits()) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(3))
        assert view.recording.failure is None
        free = 999_000_000
        say(recorder, view, story, range(3, 5))
        assert "leaves its last 1 GB" in str(view.recording.failure)
        assert view.recording.lost == 2
        free = 5_000_000_000
        say(recorder, view, story, range(5, 6))
        assert view.recording.failure is None

    assert numbers_in(path) == [0, 1, 2, 5]


@pytest.mark.parametrize(
    ("total", "free", "last"),
    [
        (100, 2, ""),
        (100, 0.9, "1 GB"),
        (10, 0.9, ""),
        (10, 0.4, "500 MB"),
        (0.003, 0.0003, ""),
        (0.003, 0.0, "0.15 MB"),
    ],
)
def test_of_a_small_disk_a_twentieth_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch, total: float, free: float, last: str
) -> None:
    sizes = int(total * 1e9), int((total - free) * 1e9), int(free * 1e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(*sizes))

    found = files.last_bytes(path, Limits())
    assert (files.in_words(found) if found is not None else "") == last


def test_a_disk_of_which_nothing_is_told_is_no_reason_to_stop(path: Path) -> None:
    assert files.last_bytes(path / "nowhere" / "journal", Limits()) is None


def test_where_there_is_no_name_for_another_file_recording_stops_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name(_path: Path) -> Path:
        raise JournalError("there is no name left")

    monkeypatch.setattr("core.journal.recording.store.successor", no_name)
    story = Story()
    with recording(path, Limits(journal=LEAST_JOURNAL)) as (recorder, view):
        recorder.put(story.begins())
        recorder.put(story.opens())
        say(recorder, view, story, range(40))
        assert "no name left" in str(view.recording.failure)
        assert view.recording.lost > 0
        assert view.recording.path == path

    assert find_damage(path) == ""


def test_sizes_in_words() -> None:
    sizes = (20_000_000_000, 1_000_000_000, 300_000_000)
    assert [files.in_words(size) for size in sizes] == ["20 GB", "1 GB", "300 MB"]
