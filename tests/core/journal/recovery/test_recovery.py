"""A journal that is damaged gives what can be read of it, in a new file; one that is none is refused in words."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import JournalError
from core.events import Event, SessionId
from core.journal.reading.reader import Entry, JournalReader
from core.journal.recording import store
from core.journal.recording.store import JournalWriter
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.pages import ChunkFound, ConnectionFound, PageFile, SessionFound
from core.journal.recovery.rebuilder import LOST
from core.journal.recovery.recovery import Opened, open_journal, recover
from core.journal.schema import FORMAT, LONGEST_RUN, PAGE_SIZES, RUNS_SINCE, SCHEMAS
from core.roles import Role
from tests.support.damage import (
    DENSITY,
    PAGE,
    cut_off,
    page_size,
    small_journal,
    with_a_byte_changed,
    with_a_page_of_noise,
)
from tests.support.earlier import in_format
from tests.support.journals import line, write_journal, written
from tests.support.namespaces import apart
from tests.support.story import Story
from tests.support.systems import examples, only_posix, some

pytestmark = pytest.mark.case("C-62")

# What identifies an entry, whatever became of the numbers around it.
Content = tuple[bytes | None, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.tincan"


def opened(path: Path) -> contextlib.closing[Opened]:
    return contextlib.closing(open_journal(path))


def entries_of(reader: JournalReader) -> list[Entry]:
    return [entry for row in reader.sessions() for entry in reader.read(row.session, 0, 1 << 40)]


def contents(reader: JournalReader) -> Counter[Content]:
    return Counter((entry.data, entry.note) for entry in entries_of(reader) if entry.kind != LOST)


class WatchedPages(PageFile):
    """Tells which pages were read: a row may go on beyond its leaf."""

    def __init__(self, path: Path) -> None:
        self.looked_at: set[int] = set()
        super().__init__(path)

    def _page(self, number: int) -> bytes:
        self.looked_at.add(number)
        return super()._page(number)


def pages_by_page(path: Path) -> dict[int, set[int]]:
    """For each page of a sound journal, those on which its entries lie."""
    found: dict[int, set[int]] = {}
    with contextlib.closing(WatchedPages(path)) as pages:
        for number in range(2, pages.count + 1):
            pages.looked_at.clear()
            pages.rows(number)
            found[number] = set(pages.looked_at)
    return found


def rows_by_page(path: Path) -> dict[int, Counter[Content]]:
    """The entries on each page of a sound journal."""
    with contextlib.closing(PageFile(path)) as pages:
        found = {number: pages.rows(number) for number in range(2, pages.count + 1)}
    return {
        number: Counter(
            (entry.data, entry.note or "") for row in rows if isinstance(row, ChunkFound) for entry in row.entries
        )
        for number, rows in found.items()
    }


def overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(place)
        file.write(content)


def page_that_holds(path: Path, data: bytes) -> int:
    """The number of the page on which an entry with these bytes lies."""
    return next(number for number, found in rows_by_page(path).items() if (data, "") in found)


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_a_sound_journal_is_opened_as_it_is(path: Path) -> None:
    story = Story()
    written(path, *story.whole())

    with opened(path) as journal:
        assert (journal.path, journal.notice, journal.recovered) == (path, "", None)
        assert journal.is_checked
        assert journal.reader.count(story.session) == 9
        assert names(path.parent) == {path.name}


class TestWhateverBecameOfTheFile:
    """Everything on the pages that are as they were is read, the file stays, and nothing but a sentence is raised."""

    @pytest.fixture(params=some(sorted(SCHEMAS, reverse=True), least=2))  # the newest among them
    def whole(self, path: Path, request: pytest.FixtureRequest) -> bytes:
        small_journal(path)
        return (in_format(path, request.param) if request.param != FORMAT else path).read_bytes()

    def test_cut_off_anywhere(self, path: Path, whole: bytes) -> None:
        by_page, lies_on = rows_by_page(path), pages_by_page(path)
        for content in cut_off(whole):
            sound = set(range(1, len(content) // page_size(whole) + 1))
            self.check(path, content, by_page, {number for number in by_page if lies_on[number] <= sound})

    def test_with_any_byte_changed(self, path: Path, whole: bytes) -> None:
        by_page, lies_on = rows_by_page(path), pages_by_page(path)
        for content in with_a_byte_changed(whole, places=80):
            differs = differing(whole, content)
            self.check(path, content, by_page, {number for number in by_page if not lies_on[number] & differs})

    def test_with_a_page_of_noise(self, path: Path, whole: bytes) -> None:
        by_page, lies_on = rows_by_page(path), pages_by_page(path)
        for content in with_a_page_of_noise(whole):
            differs = differing(whole, content)
            self.check(path, content, by_page, {number for number in by_page if not lies_on[number] & differs})

    def test_with_a_page_that_points_to_one_row_again_and_again(self, path: Path) -> None:
        """To one of another page, if pages were larger than they are."""
        small_journal(path)
        whole, small, large = in_format(path, 1).read_bytes(), 4096, 16 * 1024
        by_page, lies_on = rows_by_page(path), pages_by_page(path)
        first = large // small + 1
        target = next(number for number in range(first + 1, first + 4) if by_page[number])
        start = (target - 1) * small
        cell = (target - first) * small + int.from_bytes(whole[start + 8 : start + 10], "big")
        noise = b"\x0d\0\0" + (2040).to_bytes(2, "big") + bytes(3) + cell.to_bytes(2, "big") * 2044
        content = whole[: (first - 1) * small] + noise + whole[first * small :]
        self.check(path, content, by_page, {number for number in by_page if first not in lies_on[number]})

    def check(self, path: Path, content: bytes, by_page: dict[int, Counter[Content]], sound: set[int]) -> None:
        path.write_bytes(content)
        expected = sum((by_page[number] for number in sound), Counter[Content]())
        try:
            journal = open_journal(path)
        except JournalError:
            assert not expected
            assert names(path.parent) == {path.name}
            return
        with contextlib.closing(journal):
            assert not expected - contents(journal.reader)
            if journal.recovered is not None:
                self.is_in_order(journal)
        if journal.recovered is not None:
            journal.path.unlink()
        assert path.read_bytes() == content

    def is_in_order(self, journal: Opened) -> None:
        """What was recovered is as good a journal as any."""
        assert find_damage(journal.path) == ""
        assert str(journal.path) in journal.notice
        assert journal.path.stat().st_mode & 0o077 == 0 or sys.platform == "win32"


def differing(whole: bytes, content: bytes) -> set[int]:
    """The numbers of the pages that differ."""
    size = page_size(whole)
    return {
        start // size + 1
        for start in range(0, len(whole), size)
        if whole[start : start + size] != content[start : start + size]
    }


class TestALongJournal:
    """Thousands of rows: what one bad page takes with it is what was on it, and that is said where it was."""

    ENTRIES = 3_000
    PAGE = PAGE_SIZES[1]  # as they were in format 2

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "long.tincan"
        write_journal(path, self.ENTRIES, connections=2, both_ways=True)
        return in_format(path, 2)

    def test_a_bad_leaf_in_the_middle_costs_what_was_on_it(self, path: Path) -> None:
        number = page_that_holds(path, line(1_500))
        on_it = sum(rows_by_page(path)[number].values())
        overwrite(path, (number - 1) * self.PAGE, os.urandom(self.PAGE))

        with opened(path) as journal:
            entries = entries_of(journal.reader)

        assert journal.recovered is not None
        assert (journal.recovered.entries, journal.recovered.lost_at_least) == (self.ENTRIES + 3 - on_it, on_it)
        assert f"at least {on_it} are lost" in journal.notice
        assert [entry.ordinal for entry in entries] == list(range(len(entries)))
        (place,) = [entry.ordinal for entry in entries if entry.kind == LOST]
        assert entries[place].note == f"{on_it} entries are missing here: this part of the journal was damaged"
        assert entries[place].is_failure
        before, after = (int((entries[at].data or b"")[5:17]) for at in (place - 1, place + 1))
        assert after - before == on_it + 1

    def test_a_bad_page_above_the_leaves_costs_nothing(self, path: Path) -> None:
        content = path.read_bytes()
        above = [at for at in range(self.PAGE, len(content), self.PAGE) if content[at] == 5]
        assert above
        for at in above:
            overwrite(path, at, os.urandom(self.PAGE))

        with opened(path) as journal:
            assert journal.recovered is not None
            assert (journal.recovered.entries, journal.recovered.lost_at_least) == (self.ENTRIES + 3, 0)
            assert "none is known to be lost" in journal.notice
            assert [entry.data for entry in entries_of(journal.reader)[3:]] == [line(i) for i in range(self.ENTRIES)]

    def test_a_bad_first_page_costs_nothing(self, path: Path) -> None:
        overwrite(path, 0, os.urandom(self.PAGE))

        with opened(path) as journal:
            assert journal.recovered is not None
            assert journal.recovered.entries == self.ENTRIES + 3
            assert [(row.role, row.target) for row in journal.reader.sessions()] == [("server", "127.0.0.1:5555")]

    def test_the_tables_of_those_who_took_part_are_made_again_from_what_entries_tell(self, path: Path) -> None:
        with contextlib.closing(PageFile(path)) as pages:
            tables = [
                number
                for number in range(2, pages.count + 1)
                if any(isinstance(row, SessionFound | ConnectionFound) for row in pages.rows(number))
            ]
        assert len(tables) == 2
        before = path.read_bytes()
        for number in tables:
            overwrite(path, (number - 1) * self.PAGE, os.urandom(self.PAGE))

        with opened(path) as journal, contextlib.closing(sqlite3.connect(journal.path)) as database:
            assert database.execute("SELECT * FROM session").fetchall() == [
                (1, "server", "127.0.0.1:5555", "raw", "echo")
            ]
            assert database.execute("SELECT * FROM connection").fetchall() == [
                (1, 1, 1, "127.0.0.1:5555", "127.0.0.1:40001", None),
                (2, 1, 2, "127.0.0.1:5555", "127.0.0.1:40002", None),
            ]
        assert len(path.read_bytes()) == len(before)

    def test_those_of_whom_nothing_is_told_are_unknown(self, path: Path) -> None:
        with contextlib.closing(PageFile(path)) as pages:
            first = next(n for n in range(2, pages.count + 1) if pages.place(n) is not None)
            tables = [n for n in range(2, first + 8) if any(not isinstance(r, ChunkFound) for r in pages.rows(n))]
        for number in [first, *tables]:
            overwrite(path, (number - 1) * self.PAGE, os.urandom(self.PAGE))

        with opened(path) as journal, contextlib.closing(sqlite3.connect(journal.path)) as database:
            assert database.execute("SELECT * FROM session").fetchall() == [(1, "server", "unknown", "raw", None)]
            numbers = database.execute("SELECT connection, number, peer FROM connection ORDER BY 1").fetchall()
        assert {(connection, peer) for connection, _number, peer in numbers} == {(1, "unknown"), (2, "unknown")}
        assert sorted(number for _connection, number, _peer in numbers) == [1, 2]

    def test_the_same_damage_is_not_recovered_twice(self, path: Path) -> None:
        overwrite(path, path.stat().st_size // self.PAGE // 2 * self.PAGE, os.urandom(self.PAGE))
        with opened(path) as first:
            recovered = first.path

        with opened(path) as again:
            assert (again.path, again.recovered) == (recovered, None)
            assert "before" in again.notice
            assert len(entries_of(again.reader)) > self.ENTRIES * 0.9
        assert names(path.parent) == {path.name, recovered.name}

    def test_other_damage_is_recovered_anew(self, path: Path) -> None:
        places = [(page_that_holds(path, line(number)) - 1) * self.PAGE for number in (1_000, 2_000)]
        overwrite(path, places[0], os.urandom(self.PAGE))
        with opened(path) as first:
            os.utime(first.path, (0, 0))
        overwrite(path, places[1], os.urandom(self.PAGE))

        with opened(path) as again:
            assert again.recovered is not None
            assert first.recovered is not None
            assert again.recovered.entries < first.recovered.entries

    def test_what_was_recovered_is_recovered_anew_if_it_is_damaged_itself(self, path: Path) -> None:
        overwrite(path, path.stat().st_size // self.PAGE // 2 * self.PAGE, os.urandom(self.PAGE))
        with opened(path) as first:
            recovered = first.recovered
        assert recovered is not None
        overwrite(recovered.path, recovered.path.stat().st_size // self.PAGE // 2 * self.PAGE, os.urandom(self.PAGE))

        with opened(path) as again:
            assert again.recovered == recovered
            assert find_damage(again.path) == ""

    def test_progress_is_told_and_whoever_cancels_is_left_with_nothing(self, path: Path) -> None:
        target = path.with_name("target.tincan")
        told: list[float] = []
        recover(path, target, told.append)
        target.unlink()
        cancelled = threading.Event()

        def cancel(fraction: float) -> None:
            cancelled.set()

        with pytest.raises(JournalError, match="was cancelled"):
            recover(path, target, cancel, cancelled)

        assert told == sorted(told)
        assert told
        assert 0 <= told[0] <= told[-1] <= 1
        assert names(path.parent) == {path.name}

    def test_where_nothing_can_be_written_the_reason_is_said(self, path: Path) -> None:
        with pytest.raises(JournalError, match="could not be written to"):
            recover(path, path.parent / "nowhere" / "target.tincan")

    @only_posix("Windows has no limit on the size of files")
    def test_a_full_disk_leaves_nothing_behind(self, path: Path) -> None:
        """In a process of its own, whose files may not grow beyond a quarter of what is needed."""
        script = f"""
import resource, signal
from pathlib import Path
from core.errors import JournalError
from core.journal.recovery.recovery import recover
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size // 4}, resource.RLIM_INFINITY))
try:
    recover(Path({str(path)!r}), Path({str(path.with_name("target.tincan"))!r}))
except JournalError as error:
    print(error)
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

        assert "could not be written to" in done.stdout
        assert names(path.parent) == {path.name}


class TestALongRun:
    """A thousand entries in one row, on many pages."""

    ENTRIES = 3_000

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "long.tincan"
        write_journal(path, self.ENTRIES, connections=2, both_ways=True)
        return path

    def page_with(self, path: Path, number: int) -> int:
        return path.read_bytes().index(line(number)) // PAGE * PAGE

    def test_a_bad_page_costs_what_was_on_it_and_behind_it_in_the_run(self, path: Path) -> None:
        at = self.page_with(path, 1_500)
        first = int(path.read_bytes()[at:].split(b"line ", 2)[1][:12])  # the first that is whole on that page
        overwrite(path, at, os.urandom(PAGE))

        with opened(path) as journal:
            entries = entries_of(journal.reader)

        assert journal.recovered is not None
        whole = [entry.data for entry in entries if entry.data and len(entry.data) == 64]
        assert [line(number) for number in range(first - 1)] == whole[: first - 1]
        assert [line(number) for number in range(2 * LONGEST_RUN, self.ENTRIES)] == whole[
            2 * LONGEST_RUN - self.ENTRIES :
        ]
        assert sum(entry.kind == LOST for entry in entries) in (1, 2)  # and that one was cut
        assert (
            first + self.ENTRIES - 2 * LONGEST_RUN
            <= journal.recovered.entries - 3
            <= first + 1 + self.ENTRIES - 2 * LONGEST_RUN + PAGE // 64
        )
        assert journal.recovered.entries + journal.recovered.lost_at_least == self.ENTRIES + 3

    def test_a_bad_page_in_which_a_run_begins_costs_that_run_alone(self, path: Path) -> None:
        number = next(number for number, found in rows_by_page(path).items() if (line(1_500), "") in found)
        on_it = sum(rows_by_page(path)[number].values())
        overwrite(path, (number - 1) * PAGE, os.urandom(PAGE))

        with opened(path) as journal:
            assert journal.recovered is not None
            assert journal.recovered.entries == self.ENTRIES + 3 - on_it
            assert on_it >= LONGEST_RUN

    def test_what_the_end_of_a_run_has_lost_is_counted_where_its_head_is_left(self, tmp_path: Path) -> None:
        """Its head lies before its bytes or behind them, as SQLite had room: behind them nothing tells of it."""
        is_counted = []
        for entries in some((800, 600, 1_000), least=1):
            path = tmp_path / f"{entries}.tincan"
            write_journal(path, entries, connections=2, both_ways=True, size=512)
            for _ in range(6):
                os.truncate(path, path.stat().st_size - 8_192)
                with contextlib.suppress(JournalError), opened(path) as journal:
                    assert journal.recovered is not None
                    notes = [entry.note or "" for entry in entries_of(journal.reader) if entry.kind == LOST]
                    told = [
                        int(found[1]) for note in notes if (found := re.search(r"(\d+) entr\w+ (?:is|are) miss", note))
                    ]
                    lost = journal.recovered.lost_at_least
                    assert lost == sum(told)
                    assert (f"at least {lost} are lost" in journal.notice) == bool(lost)
                    assert journal.recovered.entries + lost <= entries + 3
                    is_counted.append(notes[-1:] and notes[-1].startswith("at least "))
        assert any(is_counted)

    def test_a_bad_first_page_costs_nothing(self, path: Path) -> None:
        overwrite(path, 0, os.urandom(PAGE))

        with opened(path) as journal:
            assert journal.recovered is not None
            assert (journal.recovered.entries, journal.recovered.lost_at_least) == (self.ENTRIES + 3, 0)
            assert [entry.data for entry in entries_of(journal.reader)[3:]] == [line(i) for i in range(self.ENTRIES)]

    @pytest.mark.parametrize("column", ["times", "offsets", "connections"])
    def test_a_number_that_is_none_any_more_costs_its_entry_at_most(self, path: Path, column: str) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(f"UPDATE chunk SET {column} = replace({column}, ', 1', ', X') WHERE ordinal = 3")
            database.execute(f"UPDATE chunk SET {column} = replace({column}, ', -1', ', X') WHERE ordinal = 3")
            (changed,) = database.execute(
                f"SELECT length({column}) - length(replace({column}, 'X', '')) FROM chunk WHERE ordinal = 3"
            ).fetchone()
        assert changed

        with opened(path) as journal:
            assert journal.recovered is not None
            assert journal.recovered.entries + journal.recovered.lost_at_least == self.ENTRIES + 3
            assert journal.recovered.lost_at_least <= changed
            data = b"".join(entry.data or b"" for entry in entries_of(journal.reader))
            assert len(data) >= 64 * (self.ENTRIES - changed)


class TestALargeMessage:
    """An entry whose bytes fill many pages, some of which are lost."""

    MESSAGE = bytes(range(256)) * 400

    def test_its_beginning_is_kept_and_what_is_missing_is_said(self, path: Path) -> None:
        story = Story()
        writer = JournalWriter(path)
        try:
            writer.append([story.begins(), story.opens(), story.hears(self.MESSAGE)], 0)
            writer.append([story.hears(b"after"), story.ends()], 0)
        finally:
            writer.close()
        content = path.read_bytes()
        pages = [at for at in range(PAGE, len(content), PAGE) if content[at] == 0 and content[at + 4 :].strip(b"\0")]
        overwrite(path, pages[len(pages) // 2], bytes(PAGE))

        with opened(path) as journal:
            entries = entries_of(journal.reader)
            data = journal.reader.data(story.session, 2)

        assert [entry.kind for entry in entries[2:]] == ["received", LOST, "received", "session-closed"]
        assert self.MESSAGE.startswith(data[: len(data) - PAGE])
        assert 0 < len(data) < len(self.MESSAGE)
        assert entries[3].note.startswith(f"{len(self.MESSAGE) - len(data):,} bytes at the end")
        assert entries[4].data == b"after"


class TestAJournalWhoseWriterWasKilled:
    """The last transactions are in the write-ahead log alone."""

    SAID = 40

    @pytest.fixture
    def killed(self, tmp_path: Path) -> Path:
        """The files as they are while the journal is being written."""
        story = Story()
        (tmp_path / "alive").mkdir()
        path = tmp_path / "killed" / "journal.tincan"
        path.parent.mkdir()
        writer = JournalWriter(tmp_path / "alive" / "journal.tincan")
        try:
            writer.append([story.begins(), story.opens()], 0)
            for number in range(self.SAID):
                writer.append([story.hears(b"%04d" % number * 100)], 0)
            for suffix in ("", "-wal"):
                shutil.copy(f"{writer.path}{suffix}", f"{path}{suffix}")
        finally:
            writer.close()
        return path

    def test_loses_nothing(self, killed: Path) -> None:
        before = killed.read_bytes()

        with opened(killed) as journal:
            assert (journal.notice, journal.remark, journal.recovered) == ("", "", None)
            assert journal.reader.count(SessionId(1)) == self.SAID + 2
        assert killed.read_bytes() == before

    def test_a_torn_end_of_the_log_is_what_a_power_cut_leaves_and_no_damage(self, killed: Path) -> None:
        log = killed.with_name(killed.name + "-wal")
        os.truncate(log, log.stat().st_size - 100)

        with opened(killed) as journal:
            assert journal.notice == ""
            assert "ends in the middle" in journal.remark
            assert journal.reader.count(SessionId(1)) == self.SAID + 1

    @pytest.mark.parametrize("place", [-1, -PAGE - 10, -PAGE - 20])
    def test_a_last_transaction_that_is_wrong_is_told(self, killed: Path, place: int) -> None:
        """A byte of its page, and of each salt in the head of its frame."""
        log = killed.with_name(killed.name + "-wal")
        whole = bytearray(log.read_bytes())
        whole[place] ^= 1
        log.write_bytes(whole)

        with opened(killed) as journal:
            assert journal.remark or journal.notice

    @pytest.mark.parametrize("page_size", PAGE_SIZES)
    def test_a_log_whose_beginning_is_noise_is_read_all_the_same(
        self, page_size: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        monkeypatch.setattr(store, "PAGE_SIZES", (page_size,))
        killed: Path = request.getfixturevalue("killed")
        assert killed.stat().st_size == page_size
        overwrite(killed.with_name(killed.name + "-wal"), 0, os.urandom(page_size))

        with opened(killed) as journal:
            assert journal.recovered is not None
            assert journal.recovered.entries >= self.SAID

    def test_a_log_broken_in_the_middle_still_gives_what_is_behind_the_break(self, killed: Path) -> None:
        break_log(killed)

        with opened(killed) as journal:
            assert journal.recovered is not None
            assert "its write-ahead log is broken" in journal.notice
            assert journal.recovered.entries == self.SAID + 2

    def test_any_byte_of_the_log_may_be_changed(self, killed: Path) -> None:
        log = killed.with_name(killed.name + "-wal")
        whole = log.read_bytes()
        changed = [*with_a_byte_changed(whole, places=40), *cut_off(whole[: 8 * PAGE])]
        for content in changed[:: max(1, 5 // DENSITY)]:
            log.write_bytes(content)
            with contextlib.suppress(JournalError), opened(killed) as journal:
                entries_of(journal.reader)
            for recovered in killed.parent.glob("*.recovered.tincan"):
                recovered.unlink()
            killed.with_name(killed.name + "-shm").unlink(missing_ok=True)

    @pytest.mark.root
    def test_it_may_lie_where_nothing_can_be_written(self, killed: Path) -> None:
        script = f"""
from pathlib import Path
from core.journal.recovery.recovery import open_journal
journal = open_journal(Path({str(killed)!r}))
print(journal.reader.sessions()[0].entries, journal.notice or "-", journal.scratch.is_dir())
journal.close()
print(journal.scratch.exists())
"""
        assert read_only(killed.parent, script) == [f"{self.SAID + 2} - True", "False"]

    @pytest.mark.root
    def test_damaged_where_nothing_can_be_written_it_is_recovered_elsewhere(self, killed: Path) -> None:
        break_log(killed)
        script = f"""
import json
from pathlib import Path
from core.journal.recovery.recovery import open_journal
journal = open_journal(Path({str(killed)!r}))
print(json.dumps([journal.recovered.entries, str(journal.path), journal.notice]))
journal.close()
"""
        entries, path, notice = json.loads(read_only(killed.parent, script)[0])

        assert entries == self.SAID + 2
        assert str(killed) in notice
        assert path in notice
        assert Path(path).is_file()
        shutil.rmtree(Path(path).parent)


def break_log(path: Path) -> None:
    """Change some bytes in the middle of the write-ahead log."""
    log = path.with_name(path.name + "-wal")
    frame = 24 + PAGE
    overwrite(log, 32 + log.stat().st_size // frame // 2 * frame + 2_000, b"\xff\xff\xff\xff")


@pytest.mark.root
def test_a_journal_at_rest_may_lie_where_nothing_can_be_written(path: Path) -> None:
    written(path, *Story().whole())
    script = f"""
from pathlib import Path
from core.journal.recovery.recovery import open_journal
journal = open_journal(Path({str(path)!r}))
print(journal.reader.sessions()[0].entries, journal.scratch)
journal.close()
"""
    assert read_only(path.parent, script) == ["9 None"]


def read_only(folder: Path, script: str) -> list[str]:
    """What a Python program says for whom the folder cannot be written to."""
    mount = f"mount --bind '{folder}' '{folder}' && mount -o remount,bind,ro '{folder}'"
    command = [*apart("--mount"), "sh", "-c", f'{mount} && exec "$0" -c "$1"', sys.executable, script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE entry SET data = 7 WHERE kind = 'received'",
        "UPDATE entry SET data = 'text' WHERE kind = 'received'",
        "UPDATE entry SET kind = x'00' WHERE kind = 'received'",
        "UPDATE entry SET note = CAST(x'ff' AS TEXT) WHERE kind = 'closed'",
        "UPDATE entry SET wall_ns = 'noon' WHERE kind = 'received'",
        "UPDATE entry SET mono_ns = 0.5 WHERE kind = 'received'",
        "UPDATE entry SET connection = 'the first' WHERE kind = 'received'",
        "UPDATE entry SET connection = -1 WHERE kind = 'received'",
        "UPDATE entry SET session = 77 WHERE kind = 'received'",
        "UPDATE entry SET ordinal = 1e300 WHERE ordinal = 4",
        "UPDATE entry SET ordinal = 1000000000 WHERE ordinal = 4",
        "UPDATE entry SET ordinal = 1000000000 WHERE ordinal = 8",
        "UPDATE entry SET ordinal = 9 WHERE ordinal = 4",
        "UPDATE connection SET number = 'one'",
        "UPDATE session SET role = x'00'",
        "UPDATE session SET role = 'spectator'",
        "DELETE FROM session",
        "DELETE FROM connection",
        "DELETE FROM entry WHERE ordinal IN (3, 4)",
    ],
)
@pytest.mark.parametrize("number", [2, 3, 4, FORMAT])
def test_a_value_that_cannot_be_right_costs_its_row_at_most(path: Path, spoil: str, number: int) -> None:
    written(path, *Story().whole())
    with JournalReaderOf(path) as reader:
        before = contents(reader)
    if number != FORMAT:
        in_format(path, number)
    if number >= RUNS_SINCE:  # the entries with the ordinals 3 to 6 are one row
        spoil = spoil.replace("UPDATE entry", "UPDATE chunk").replace("FROM entry", "FROM chunk")
        spoil = spoil.replace("kind = 'received'", "offsets IS NOT NULL").replace("ordinal = 4", "ordinal = 3")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        touched = database.execute(spoil).rowcount * (4 if number >= RUNS_SINCE else 1)
        assert touched

    with opened(path) as journal:
        assert journal.recovered is not None
        assert (before - contents(journal.reader)).total() <= touched
        assert find_damage(journal.path) == ""
        first = journal.reader.sessions()[0]
        assert (first.role, first.entries >= (7 if number < RUNS_SINCE else 6)) == ("server", True)


@pytest.mark.parametrize("spoil", ["UPDATE session SET role = 'spectator'", "DELETE FROM connection"])
def test_a_leg_of_a_tap_to_its_target_keeps_its_number_and_addresses(path: Path, spoil: str) -> None:
    story = Story(role=Role.TAP)
    begins, near, far = story.begins(), story.opens(), replace(story.opens(), number=-1)
    written(path, begins, near, far, story.hears(b"hello"), story.ends())
    legs = "SELECT number, local, peer FROM connection ORDER BY connection"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        before = database.execute(legs).fetchall()
        assert database.execute(spoil).rowcount

    with opened(path) as journal:
        assert journal.recovered is not None
        with contextlib.closing(sqlite3.connect(journal.path)) as database:
            assert database.execute(legs).fetchall() == before


class JournalReaderOf(contextlib.closing[JournalReader]):
    """A reader for the length of a block."""

    def __init__(self, path: Path) -> None:
        super().__init__(JournalReader(path))


class TestAFileThatIsNoJournal:
    """Is refused in words of its own, and nothing is made of it."""

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "is empty"),
            (b"hello", "is not a journal of Tincan"),
            (b"hello\n" * 100_000, "is not a journal of Tincan"),
            (b"\0" * 10_000, "is not a journal of Tincan"),
            (b"SQLite format 3\0" + bytes(84), "database of another program, or empty"),
        ],
        ids=["empty", "a word", "a long text", "zeros", "a head only"],
    )
    def test_by_what_is_in_it(self, path: Path, content: bytes, says: str) -> None:
        path.write_bytes(content)

        self.is_refused(path, says)

        assert path.read_bytes() == content

    def test_another_program_s_database(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE journal (x)")
            database.execute("INSERT INTO journal VALUES (1)")
            database.commit()

        self.is_refused(path, "a database of another program")

    def test_what_a_newer_tincan_has_written(self, path: Path) -> None:
        written(path, *Story().whole())
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("ALTER TABLE chunk ADD COLUMN taste TEXT")
            database.execute(f"PRAGMA user_version = {FORMAT + 1}")

        self.is_refused(path, "newer version of Tincan")

    def test_what_a_newer_tincan_has_written_where_sqlite_leaves_stale_bytes_of_our_schema(self, path: Path) -> None:
        written(path, *Story().whole())
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA secure_delete = OFF")
            database.execute(f"PRAGMA user_version = {FORMAT + 1}")
            database.execute("ALTER TABLE chunk ADD COLUMN taste TEXT")
            database.execute("DROP TABLE connection")
            database.commit()
        assert path.read_bytes().count(b"CREATE TABLE connection") == 1

        self.is_refused(path, "newer version of Tincan")

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda path: None, "is not there"),
            (lambda path: path.mkdir(), "is a folder"),
            pytest.param(
                lambda path: os.mkfifo(path), "is no file", marks=only_posix("Windows has no pipes in folders")
            ),
        ],
        ids=["nothing", "a folder", "a pipe"],
    )
    def test_no_file_at_all(self, path: Path, make: Callable[[Path], None], says: str) -> None:
        make(path)

        self.is_refused(path, says)

    def test_one_that_may_not_be_read(self, path: Path) -> None:
        written(path, *Story().whole())
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("POSIX: needs to be someone who may not read everything")

        self.is_refused(path, "cannot be opened: Permission denied")

    def is_refused(self, path: Path, says: str) -> None:
        before = names(path.parent)
        with pytest.raises(JournalError, match=says):
            open_journal(path)
        assert names(path.parent) == before


def test_a_journal_of_which_nothing_is_left_says_so_and_makes_no_file(path: Path) -> None:
    whole = small_journal(path)
    path.write_bytes(whole[:PAGE])

    with pytest.raises(JournalError, match=r"nothing in the journal .* can be read any more"):
        open_journal(path)

    assert names(path.parent) == {path.name}


def test_peers_cannot_write_entries_that_a_recovery_would_find(path: Path) -> None:
    """A page of a journal, entries and all, sent as a message, stays a message."""
    story = Story()
    other = written(path.with_name("other.tincan"), *Story(9).whole()).read_bytes()
    forged = [page for page in range(0, len(other), PAGE) if other[page] == 13]
    assert forged
    shifts = [other[page - shift : page + PAGE - shift] for page in forged for shift in (0, 4)]
    beginning: list[Event] = [story.begins(), story.opens()]
    sent = [story.hears(b"x" * 1_000 + piece * 3) for piece in shifts]
    written(path, *beginning, *sent, story.ends())
    target = path.with_name("target.tincan")

    recovered = recover(path, target)

    assert recovered.entries == len(sent) + 3
    with JournalReaderOf(target) as reader:
        assert [row.session for row in reader.sessions()] == [story.session]


def test_a_sound_journal_recovers_to_itself(path: Path) -> None:
    story, client = Story(), Story(2, Role.CLIENT)
    events = [*story.whole(), client.begins(), client.opens(), client.says(b"x" * 70_000, 60_000, 10_000)]
    written(path, *events, client.hears(b"\0\xff" * 4_000), client.closes(), client.ends())
    target = path.with_name("target.tincan")

    recover(path, target)

    with contextlib.closing(sqlite3.connect(path)) as before, contextlib.closing(sqlite3.connect(target)) as after:
        for table in ("journal", "session", "connection"):
            question = f"SELECT * FROM {table} ORDER BY 1"
            assert after.execute(question).fetchall() == before.execute(question).fetchall()
        question = """SELECT session, ordinal, connection, kind, wall_ns, mono_ns, data, note, failure, detail
                      FROM entry ORDER BY entry"""
        assert after.execute(question).fetchall() == before.execute(question).fetchall()


@settings(max_examples=examples(200), deadline=None)
@given(noise=st.binary(max_size=3 * PAGE), kind=st.sampled_from([0, 2, 5, 10, 13, 14]))
def test_a_page_of_anything_gives_rows_or_none(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, kind: int
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise"
    path.write_bytes(bytes(PAGE) + bytes([kind]) + noise)

    with contextlib.closing(PageFile(path)) as pages:
        for number in range(1, pages.count + 1):
            assert isinstance(pages.rows(number), list)
            pages.place(number)
