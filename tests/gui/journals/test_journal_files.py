"""Journals are named by when they began; the newest are kept, and none is taken from who is writing it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.roles import Role
from gui.journals import journal_files
from gui.journals.locks import Hold, hold_on, lock_journal
from tests.support.journals import written
from tests.support.story import Story
from tests.support.systems import only_posix

NOBODY = 999_999_999  # a process number that no system gives

# Locks a journal, begins it, says so, and waits to be killed or to be told to end.
RUN = """
import sys
from pathlib import Path
from core.journal.recording.store import JournalWriter
from gui.journals import journal_files
from gui.journals.locks import lock_journal
from tests.support.story import Story

path = journal_files.journal_path(Path(sys.argv[1]))
story = Story()
with lock_journal(path):
    writer = JournalWriter(path)
    writer.append([story.begins(), story.listens(), story.opens(), story.hears(b"hello")], 0)
    print(path, flush=True)
    sys.stdin.read()
    writer.close()
"""


def make(folder: Path, *names: str, size: int = 1) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"x" * size)
    return [folder / name for name in names]


def name(day: int, process: int = NOBODY) -> str:
    return f"2026-01-{day:02}_10-00-00_{process}.tincan"


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another Tincan that is writing a journal in the folder; it ends with the block if it has not before."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())


def killed(folder: Path) -> Path:
    """The journal of a run that was killed."""
    with running(folder) as (process, path):
        process.kill()
        process.wait()
    return path


class TestNames:
    def test_a_name_says_when_and_who(self, tmp_path: Path) -> None:
        path = journal_files.journal_path(tmp_path, now=0)

        assert path.parent == tmp_path
        assert path.name.endswith(f"_{os.getpid()}.tincan")

    def test_names_sort_by_age(self, tmp_path: Path) -> None:
        names = [journal_files.journal_path(tmp_path, now=moment).name for moment in (0, 1_000_000, 1_000_000_000)]

        assert names == sorted(names)

    def test_people_are_told_when_it_was_begun(self, tmp_path: Path) -> None:
        month = time.strftime("%b", (2026, 1, 5, 0, 0, 0, 0, 0, 0))

        assert journal_files.when(tmp_path / name(5)) == f"05 {month} 2026 10:00:00"
        assert journal_files.when(tmp_path / "talk.tincan") == "talk.tincan"


class TestPruning:
    def test_the_oldest_go_and_strangers_stay(self, tmp_path: Path) -> None:
        mine = [name(day) for day in range(1, 26)]
        strangers = ["notes.txt", "2026.tincan", "2026-01-01_10-00-00_1.tincan.bak", "a.tincan"]
        make(tmp_path, *mine, *strangers, f"{mine[0]}-wal", f"{mine[-1]}-wal")

        deleted = journal_files.prune(tmp_path, keep=20)

        assert [path.name for path in deleted] == mine[:5]
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {*mine[5:], *strangers, f"{mine[-1]}-wal"}

    def test_the_oldest_go_until_the_rest_is_small_enough(self, tmp_path: Path) -> None:
        make(tmp_path, *(name(day) for day in range(1, 6)), size=400_000)
        make(tmp_path, f"{name(4)}-wal", size=500_000)

        deleted = journal_files.prune(tmp_path, keep=5, megabytes=1.4)

        assert [path.name for path in deleted] == [name(1), name(2), name(3)]

    def test_the_newest_stays_however_large_it_is(self, tmp_path: Path) -> None:
        make(tmp_path, name(1), name(2), size=400_000)

        assert [path.name for path in journal_files.prune(tmp_path, megabytes=0.1)] == [name(1)]

    def test_what_was_recovered_goes_with_the_journal_it_was_recovered_from(self, tmp_path: Path) -> None:
        make(tmp_path, name(1), name(1).replace(".tincan", ".recovered.tincan"), f"{name(1)}-lock", name(2))

        journal_files.prune(tmp_path, keep=1)

        assert [path.name for path in tmp_path.iterdir()] == [name(2)]

    @pytest.mark.case("C-63")
    def test_a_journal_that_another_run_is_writing_stays(self, tmp_path: Path) -> None:
        with running(tmp_path) as (_process, path):
            make(tmp_path, "2099-01-01_10-00-00_999999999.tincan", "2099-01-02_10-00-00_999999999.tincan")

            deleted = journal_files.prune(tmp_path, keep=1, megabytes=0)

            assert [each.name for each in deleted] == ["2099-01-01_10-00-00_999999999.tincan"]
            assert path.exists()

    @pytest.mark.case("C-63")
    def test_a_journal_that_this_run_is_writing_stays(self, tmp_path: Path) -> None:
        path = journal_files.journal_path(tmp_path, now=0)
        with lock_journal(path):
            make(tmp_path, path.name, name(1), name(2))

            journal_files.prune(tmp_path, keep=0)

            assert path.exists()
            assert not (tmp_path / name(2)).exists()

    def test_a_folder_that_is_not_there_is_no_fault(self, tmp_path: Path) -> None:
        assert journal_files.prune(tmp_path / "nowhere") == []

    def test_a_folder_named_like_a_journal_stays(self, tmp_path: Path) -> None:
        (tmp_path / name(1)).mkdir()

        assert journal_files.prune(tmp_path, keep=0) == []


@pytest.mark.case("C-63")
class TestAJournalLock:
    """A lock beside the journal tells others whether its run goes on, ended, or was killed."""

    def test_others_see_it_while_the_run_goes_on(self, tmp_path: Path) -> None:
        with running(tmp_path) as (process, path):
            assert hold_on(path) is Hold.IN_USE
            assert hold_on(path) is Hold.IN_USE  # and looking does not take it away
            process.communicate()

        assert hold_on(path) is Hold.RELEASED
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_a_killed_run_leaves_it_behind_and_nobody_holds_it(self, tmp_path: Path) -> None:
        path = killed(tmp_path)

        assert hold_on(path) is Hold.STALE

    def test_closing_it_twice_does_no_harm(self, tmp_path: Path) -> None:
        held = lock_journal(journal_files.journal_path(tmp_path / "new"))
        assert len(list((tmp_path / "new").iterdir())) == 1

        held.close()
        held.close()

        assert list((tmp_path / "new").iterdir()) == []

    def test_where_it_cannot_be_made_the_run_goes_on_without(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")

        lock_journal(tmp_path / "file" / name(1)).close()

    @pytest.mark.parametrize(
        ("process", "log", "hold"),
        [
            pytest.param(os.getppid(), b"x", Hold.IN_USE, id="its process lives"),
            pytest.param(os.getppid(), b"", Hold.RELEASED, id="its number lives on in another process"),
            pytest.param(NOBODY, b"x", Hold.RELEASED, id="its process is gone"),
        ],
    )
    def test_a_journal_without_one_is_judged_by_its_name_and_its_log(
        self, tmp_path: Path, process: int, log: bytes, hold: Hold
    ) -> None:
        (path,) = make(tmp_path, name(1, process))
        path.with_name(f"{path.name}-wal").write_bytes(log)

        assert hold_on(path) is hold


class TestTheList:
    def test_the_newest_come_first_and_say_how_they_ended(self, tmp_path: Path) -> None:
        make(tmp_path, name(1), name(2), name(3), f"{name(2)}-lock", "notes.txt", size=10)

        found = journal_files.listed(tmp_path, besides=tmp_path / name(3))

        assert [(each.path.name, each.size, each.hold, each.words) for each in found] == [
            (name(2), 20, Hold.STALE, ""),
            (name(1), 10, Hold.RELEASED, ""),
        ]
        assert [each.is_crashed for each in found] == [True, False]
        assert time.localtime(found[0].begun)[:6] == (2026, 1, 2, 10, 0, 0)
        assert len(journal_files.listed(tmp_path, most=1)) == 1

    def test_a_name_of_digits_that_is_no_date_is_listed_all_the_same(self, tmp_path: Path) -> None:
        make(tmp_path, "9999-99-99_99-99-99_999999999.tincan")

        assert [each.begun for each in journal_files.listed(tmp_path)] == [0.0]

    def test_a_journal_is_described_in_a_few_words(self, tmp_path: Path) -> None:
        server, client = Story(), Story(2, Role.CLIENT)
        others = Story(3, Role.UDP_SERVER), Story(4), Story(5)
        path = tmp_path / name(1)
        beginnings = [server.begins(), client.begins(), *(other.begins() for other in others)]
        written(path, *beginnings, server.opens(), server.opens(), server.hears(b"x"), client.opens())

        (found,) = map(journal_files.described, journal_files.listed(tmp_path))

        assert found.words == (
            "Server 127.0.0.1:5555, 2 connections, 4 entries; Client 127.0.0.1:5555, 2 entries; "
            "UDP server 127.0.0.1:5555, 0 connections, 1 entry; 2 more"
        )
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_one_that_cannot_be_read_says_so(self, tmp_path: Path) -> None:
        make(tmp_path, name(1))

        (found,) = map(journal_files.described, journal_files.listed(tmp_path))

        assert found.words.startswith("damaged")

    def test_one_that_another_run_is_writing_can_be_described_too(self, tmp_path: Path) -> None:
        with running(tmp_path):
            (found,) = map(journal_files.described, journal_files.listed(tmp_path))

        assert (found.hold, found.words) == (Hold.IN_USE, "Server 127.0.0.1:5555, 1 connection, 4 entries")


@pytest.mark.case("C-59")
class TestAfterACrash:
    """The journal of a run that was killed is offered once."""

    def test_the_newest_is_offered_with_what_is_in_it(self, tmp_path: Path) -> None:
        older = written(tmp_path / name(1), *Story().whole())
        make(tmp_path, f"{older.name}-lock")
        path = killed(tmp_path)

        found = journal_files.crashed(tmp_path)

        assert found is not None
        assert (found.path, found.words) == (path, "Server 127.0.0.1:5555, 1 connection, 4 entries")

    def test_what_was_offered_before_is_not_offered_again(self, tmp_path: Path) -> None:
        path = killed(tmp_path)

        assert journal_files.crashed(tmp_path, {path.name}) is None

    def test_neither_what_ended_well_nor_what_goes_on_is_a_crash(self, tmp_path: Path) -> None:
        written(tmp_path / name(1), *Story().whole())
        with running(tmp_path):
            assert journal_files.crashed(tmp_path) is None

    def test_a_run_in_which_nothing_happened_is_passed_over(self, tmp_path: Path) -> None:
        path = written(tmp_path / name(1))
        make(tmp_path, f"{path.name}-lock")

        assert journal_files.crashed(tmp_path) is None

    @only_posix("Windows has no SIGTERM to die of")
    def test_whatever_kills_it(self, tmp_path: Path) -> None:
        with running(tmp_path) as (process, path):
            process.send_signal(signal.SIGTERM)
            process.wait()

        found = journal_files.crashed(tmp_path)
        assert found is not None
        assert found.path == path


def test_looking_while_runs_come_and_go_never_fails(tmp_path: Path) -> None:
    """Journals that vanish between being listed and being looked into."""
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            path = tmp_path / name(1)
            with lock_journal(path):
                make(tmp_path, path.name)
                path.unlink()

    coming = threading.Thread(target=come_and_go, name="runs that come and go")
    coming.start()
    try:
        for _ in range(200):
            journal_files.listed(tmp_path)
            journal_files.prune(tmp_path)
            journal_files.crashed(tmp_path)
    finally:
        stop.set()
        coming.join()
