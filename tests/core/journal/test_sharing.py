"""Bytes that a tap received and passed on: a run holds them once, and everybody reads what they would read twice."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cli.export import ExportOptions, run_export
from core.errors import JournalError
from core.events import Event, Received, Sent
from core.journal.display_row import EVERYTHING, Filter
from core.journal.export.formats.jsonl import JsonLines
from core.journal.reading.joining import Stretch, data_rows, joined
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.journal.recovery.archive import Archive
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import open_journal, recover
from core.journal.schema import COLUMNS, LONGEST_RUN, MOST_OF_RUN, PAGE_SIZES, checksum_of
from core.journal.search.pattern import Query, compile_query
from core.journal.search.sweep import find
from tests.support.earlier import in_format
from tests.support.peers import Host, Peer
from tests.support.stage import tapping
from tests.support.systems import examples
from tests.support.tapped import WAYS, TapStory, unshared

KIB = 1024
SMALL = 4 * KIB  # bytes of a run's data, in place of ``MOST_OF_RUN``, where many journals are made
steps = st.tuples(
    st.sampled_from(WAYS), st.sampled_from([0, 1, 255, 1_000, SMALL // 2, SMALL // 2 + 1, SMALL, SMALL + 1])
)
commits = st.lists(st.lists(steps, max_size=12), min_size=1, max_size=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.tincan"


@pytest.fixture
def story() -> TapStory:
    return TapStory()


def written(path: Path, *told: Sequence[Event]) -> Path:
    writer = JournalWriter(path)
    try:
        for events in told:
            writer.append(events, 0)
    finally:
        writer.close()
    return path


def asked(path: Path, sql: str, *values: object) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(sql, values).fetchall()


def runs(path: Path) -> list[tuple[int, int]]:
    """How many entries each run with ``ends`` has, and how many bytes."""
    return asked(path, "SELECT json_array_length(offsets), length(data) FROM chunk WHERE ends IS NOT NULL ORDER BY 1")


def said(events: Sequence[Event]) -> list[tuple[str, int, bytes]]:
    return [
        ("received" if isinstance(event, Received) else "sent", event.connection, event.data)
        for event in events
        if isinstance(event, Received | Sent)
    ]


def exported(path: Path) -> str:
    output = path.with_name("export")
    output.unlink(missing_ok=True)
    assert run_export(ExportOptions(path, JsonLines, output=output)) == 0
    return output.read_text("ascii")


class TestARun:
    @pytest.mark.parametrize("size", [300, 1_400, 16 * KIB, 64 * KIB])
    def test_holds_what_was_passed_on_once(self, path: Path, story: TapStory, size: int) -> None:
        told = story.tells([("same", size)] * 16)
        written(path, story.opening, told)

        assert sum(length for _entries, length in runs(path)) == 16 * size
        assert sum(entries for entries, _length in runs(path)) == len(told)
        assert asked(path, "SELECT kind, connection, data FROM entry WHERE data IS NOT NULL ORDER BY entry") == said(
            told
        )

    def test_has_a_list_of_where_the_bytes_of_each_end(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("same", 500), ("late", 300)]))

        assert asked(path, "SELECT offsets, ends, length(data) FROM chunk WHERE data IS NOT NULL") == [
            ("[0, 0, 500, 800, 500, 800]", "[500, 500, 800, 1100, 800, 1100]", 1_100)
        ]

    @pytest.mark.parametrize("way", ["equal", "edited", "alone"])
    def test_of_bytes_that_are_no_others_as_well_has_none(self, path: Path, story: TapStory, way: str) -> None:
        """Whether they are equal nobody compares."""
        written(path, story.opening, story.tells([(way, 1_000)] * 3))

        assert asked(path, "SELECT count(*) FROM chunk WHERE ends IS NOT NULL") == [(0,)]

    def test_of_so_few_bytes_that_it_would_take_longer_has_none(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("same", 64)] * 50))

        assert runs(path) == []

    def test_counts_bytes_once_up_to_the_most_that_it_may_have(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("same", MOST_OF_RUN // 2)] * 5))

        assert runs(path) == [(2, MOST_OF_RUN // 2), (4, MOST_OF_RUN), (4, MOST_OF_RUN)]

    def test_has_no_more_entries_than_promised(self, path: Path, story: TapStory) -> None:
        """The bytes that lie across its end are in both."""
        told = story.tells([("alone", 60), *[("same", 60)] * 600, *[("same", 50_000)] * 8])
        written(path, story.opening, told)

        assert asked(path, "SELECT max(json_array_length(offsets)) FROM chunk") == [(LONGEST_RUN,)]
        assert asked(path, "SELECT kind, connection, data FROM entry WHERE data IS NOT NULL ORDER BY entry") == said(
            told
        )

    def test_has_bytes_anew_for_a_third_entry(self, path: Path, story: TapStory) -> None:
        """So what can be read is at most twice what there is, however many hear the same."""
        written(path, story.opening, story.tells([("twice", 1_000)] * 2))

        assert runs(path) == [(6, 4_000)]

    def test_that_holds_one_message_of_more_than_it_may_have_is_none(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("same", MOST_OF_RUN + 1)]))

        assert runs(path) == []
        assert asked(path, "SELECT length(data) FROM entry WHERE data IS NOT NULL") == [(MOST_OF_RUN + 1,)] * 2

    def test_is_of_one_commit(self, path: Path, story: TapStory) -> None:
        heard, passed = story.tells([("same", 1_000)])
        written(path, story.opening, [heard], [passed])

        assert runs(path) == []

    def test_without_a_byte_has_entries_without_a_byte(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("same", 0)] * 3))

        assert asked(path, "SELECT data FROM entry WHERE kind <> 'opened' AND note IS NULL") == [(b"",)] * 6


class TestARealTap:
    def test_passes_on_the_very_bytes_that_it_received(self, path: Path) -> None:
        messages = [b"%04d" % number * 750 for number in range(20)]
        with (
            Host() as host,
            tapping(host.address) as (tap, sink),
            Peer.calls(tap.addresses[0]) as caller,
            host.accept(Peer) as target,
        ):
            for message in messages:
                caller.say(message)
                assert target.hear(len(message)) == message
                target.say(message[:300])
                assert caller.hear(300) == message[:300]
        events = sink.events
        written(path, events)

        assert find_damage(path) == ""
        assert asked(path, "SELECT kind, connection, data FROM entry WHERE data IS NOT NULL ORDER BY entry") == said(
            events
        )
        assert asked(path, "SELECT sum(length(data)) FROM chunk") == [(sum(map(len, messages)) + 20 * 300,)]


def answers(path: Path, story: TapStory) -> dict[str, Any]:
    """What every reader makes of a journal."""
    session = story.session
    found: dict[str, Any] = {}
    with contextlib.closing(JournalReader(path)) as reader:
        count = found["count"] = reader.count(session)
        found["entries"] = reader.read(session, 0, count, preview=MOST_OF_RUN * 2)
        found["a part"] = reader.read(session, 3, 4, preview=10)
        found["pieces"] = [
            reader.pieces_of(session, first, count, only, count=7, size=100_000)
            for first in range(0, count, 3)
            for only in (EVERYTHING, Filter(received=False), Filter(origins=frozenset({"tap"})))
        ]
        found["sizes"] = list(reader.scan(session, 0, count, EVERYTHING, with_data=False))
        found["data"] = [reader.data(session, ordinal) for ordinal in range(count)]
        for first, stop in ((0, count), (4, max(4, count - 2))):
            stretch = Stretch(session, first, stop, EVERYTHING)
            found[f"joined from {first}"] = sorted(joined(reader, stretch))
            found[f"rows from {first}"] = sum(len(row.ends) for row in data_rows(reader, stretch, with_data=False))
        for text in ("000003 ", "\n", "3 00000", "2 \n000003"):
            hits = [
                hit
                for _, some in find(reader, session, compile_query(Query(text)), EVERYTHING, range(count))
                for hit in some
            ]
            found[f"found {text!r}"] = sorted(hits)
        for framing in ("line", "raw"):
            view, counter = LensView(reader, session, Lens(framing)), RowCounter(reader, session, Lens(framing))
            view.reach(count)
            while view.entries < count:
                view.take(counter.advance(count))
            found[f"rows by {framing}"] = view.read(0, view.total)
    with contextlib.closing(Archive(path)) as archive:
        found["bytes"] = archive.count_bytes(session, threading.Event())
    found["export"] = exported(path)
    return found


@given(commits)
@settings(max_examples=examples(40), deadline=None)
def test_everybody_reads_the_same_of_bytes_that_are_held_once(told: list[list[tuple[str, int]]]) -> None:
    story = TapStory()
    events = [story.opening, *(story.tells(some) for some in told)]
    with tempfile.TemporaryDirectory(prefix="tincan-tests-") as folder, pytest.MonkeyPatch.context() as changed:
        changed.setattr("core.journal.recording.runs.MOST_OF_RUN", SMALL)
        shared = written(Path(folder) / "shared.tincan", *events)
        twice = written(Path(folder) / "twice.tincan", *map(unshared, events))

        assert find_damage(shared) == find_damage(twice) == ""
        assert asked(shared, "SELECT * FROM entry ORDER BY entry") == asked(twice, "SELECT * FROM entry ORDER BY entry")
        assert answers(shared, story) == answers(twice, story)
        once, both = (asked(path, "SELECT coalesce(sum(length(data)), 0) FROM chunk")[0][0] for path in (shared, twice))
        assert both <= 2 * once


def test_text_that_goes_on_in_the_next_run_is_found_on_both_legs(path: Path, story: TapStory) -> None:
    heard, passed = story.tells([("same", 300)])
    assert isinstance(heard, Received)
    assert isinstance(passed, Sent)
    parts = [b"." * 297 + b"nee", b"dle" + b"." * 297]
    told: list[list[Event]] = [[heard._replace(data=part), passed._replace(data=part)] for part in parts]
    written(path, story.opening, *told)

    assert runs(path) == [(2, 300)] * 2
    with contextlib.closing(JournalReader(path)) as reader:
        found = list(find(reader, story.session, compile_query(Query("needle")), EVERYTHING, range(9)))
    assert sorted(hit for _searched, hits in found for hit in hits) == [(7, -3, 3), (8, -3, 3)]


def test_everybody_reads_the_same_of_bytes_that_one_connection_sent_twice(tmp_path: Path, story: TapStory) -> None:
    """As a script sends one message again and again: the run has one direction, and no list of connections."""
    (heard,) = story.tells([("alone", 1_000)])
    assert isinstance(heard, Received)
    said_again = [story.says(heard.data[number % 2 * 10 :]) for number in range(2)]
    told = [event._replace(at=event.at + place) for place, event in enumerate(said_again * 4)]
    shared = written(tmp_path / "shared.tincan", story.opening, told)
    twice = written(tmp_path / "twice.tincan", story.opening, unshared(told))

    assert runs(shared) == [(8, 2 * (1_000 + 990))]
    assert asked(shared, "SELECT connections FROM chunk WHERE ends IS NOT NULL") == [(None,)]
    assert find_damage(shared) == ""
    assert answers(shared, story) == answers(twice, story)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_journal_of_an_earlier_format_says_the_same(path: Path, story: TapStory, number: int) -> None:
    written(path, story.opening, story.tells([(way, 1_000) for way in WAYS * 2]))
    present = answers(path, story)

    in_format(path, number)

    assert find_damage(path) == ""
    earlier = answers(path, story)
    if number < 4:  # which did not say who spoke
        assert earlier["data"] == present["data"]
        assert earlier["bytes"] == present["bytes"]
    else:
        assert earlier == present


class TestDamage:
    """Of ``offsets`` ``[0, 0, 500, 800, 500, 800]`` and ``ends`` ``[500, 500, 800, 1100, 800, 1100]``."""

    ENDS = (500, 500, 800, 1_100, 800, 1_100)

    @pytest.fixture
    def told(self, path: Path, story: TapStory) -> list[Event]:
        told = story.tells([("same", 500), ("late", 300)])
        written(path, story.opening, told)
        return told

    def spoil(self, path: Path, **columns: object) -> None:
        """Give the run other values, and the checksum that belongs to them."""
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            for column, value in columns.items():
                database.execute(f"UPDATE chunk SET {column} = ? WHERE kind = 'data'", (value,))
            (row,) = database.execute(f"SELECT {', '.join(COLUMNS)} FROM chunk WHERE kind = 'data'")
            place = COLUMNS.index("adler32")
            checksum = checksum_of(row[:place], row[place + 1], row[place + 2 :])
            database.execute("UPDATE chunk SET adler32 = ? WHERE kind = 'data'", (checksum,))

    @pytest.mark.case("C-62")
    @pytest.mark.parametrize(
        "ends",
        [
            "[]", "[500]", "[500, 500, 800, 1100, 800]", "[500, 500, 800, 1100, 800, 1100, 1100]",  # of another length
            "[500, 500, 800, 1100, 800, 1101]", "[500, 500, 800, 1100, 800, 9223372036854775808]",  # behind the bytes
            "[500, 500, 800, 1100, 800, 799]", "[500, 500, 800, 1100, 800, -1]",  # before they begin
            "[500, 500, 800, 1099, 800, 1099]",  # so that bytes are nobody's
            "", "nonsense", "{}", "null", "500", "[500, 500, 800, 1100, 800, ]", "[" * 100_000, "[" * 10_000,
            "[500, 500, 800, 1100, 800, 1100.0]", '[500, 500, 800, 1100, 800, "1100"]',
            "[500, 500, 800, 1100, 800, null]", "[500, 500, 800, 1100, 800, [1100]]",
            f"[{'500, ' * 100_000}1100]", f"[500, 500, 800, 1100, 800, {'9' * 20_000}]",
            b"[500, 500, 800, 1100, 800, 1100]", b"\xff\x00",
        ],
    )  # fmt: skip
    def test_of_the_list_is_told_and_costs_the_run_at_most(
        self, path: Path, story: TapStory, told: list[Event], ends: object
    ) -> None:
        self.spoil(path, ends=ends)

        assert find_damage(path) != ""
        with contextlib.closing(JournalReader(path)) as reader:
            for ask in (
                lambda: reader.count(story.session),
                lambda: reader.read(story.session, 0, 11),
                lambda: reader.data(story.session, 7),
                lambda: list(reader.scan(story.session, 0, 11, EVERYTHING, with_data=False)),
            ):
                with pytest.raises(JournalError):
                    ask()
            with contextlib.suppress(JournalError):  # of a list that is no text SQLite makes one where it joins
                list(find(reader, story.session, compile_query(Query("3")), EVERYTHING, range(11)))
        with contextlib.closing(open_journal(path)) as journal:
            assert journal.recovered is not None
            entries = journal.reader.read(story.session, 0, 100)
            assert find_damage(journal.path) == ""
        assert len([entry for entry in entries if entry.kind == "opened"]) == 4
        messages = [data for _kind, _connection, data in said(told)]
        assert all(any(data.startswith(entry.data) for data in messages) for entry in entries if entry.data)

    def test_that_makes_much_of_few_bytes_is_told(self, path: Path, story: TapStory, told: list[Event]) -> None:
        """Whoever makes a journal up could have a thousand entries of 128 KiB in one row."""
        self.spoil(path, offsets=str([0] * 6), ends=str([1_100] * 6))

        assert find_damage(path) != ""
        with contextlib.closing(JournalReader(path)) as reader, pytest.raises(JournalError, match="damaged"):
            reader.read(story.session, 0, 11)
        with contextlib.closing(open_journal(path)) as journal:
            found = [entry.size for entry in journal.reader.read(story.session, 0, 100) if entry.data]
        assert found == [1_100, 1_100]

    def test_that_makes_much_of_many_bytes_is_told(self, path: Path, told: list[Event]) -> None:
        size = 2 * MOST_OF_RUN
        self.spoil(path, offsets=str([0] * 6), ends=str([size] * 6), data=bytes(size))

        assert find_damage(path) != ""
        recovered = recover(path, path.with_name("again.tincan"))
        assert asked(recovered.path, "SELECT count(*) FROM entry WHERE data IS NOT NULL") == [(0,)]
        assert recovered.lost_at_least == len(told)

    def test_of_a_row_by_itself_that_has_ends_is_told(self, path: Path, story: TapStory) -> None:
        written(path, story.opening, story.tells([("alone", 500)]))
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE chunk SET ends = '[500]' WHERE data IS NOT NULL")

        assert "of the wrong kind" in find_damage(path)

    @pytest.mark.parametrize("column", ["offsets", "ends"])
    @pytest.mark.parametrize("place", range(6))
    def test_of_one_number_costs_one_entry(
        self, path: Path, story: TapStory, told: list[Event], column: str, place: int
    ) -> None:
        numbers = {"offsets": [0, 0, 500, 800, 500, 800], "ends": [*self.ENDS]}[column]
        written_out = [*map(str, numbers)]
        written_out[place] = "?" * len(written_out[place])
        self.spoil(path, **{column: f"[{', '.join(written_out)}]"})

        recovered = recover(path, path.with_name("again.tincan"))

        with contextlib.closing(JournalReader(recovered.path)) as reader:
            entries = reader.read(story.session, 0, 100)
        expected = said(told)
        del expected[place]
        assert [(entry.kind, entry.connection, entry.data) for entry in entries if entry.data] == expected
        assert recovered.lost_at_least == 1

    def test_of_the_last_page_costs_the_bytes_that_were_there_of_both_entries(
        self, path: Path, story: TapStory
    ) -> None:
        told = story.tells([("same", 64 * KIB)] * 2)
        written(path, story.opening, told)
        path.write_bytes(path.read_bytes()[: -PAGE_SIZES[0]])

        recovered = recover(path, path.with_name("again.tincan"))

        with contextlib.closing(JournalReader(recovered.path)) as reader:
            entries = reader.read(story.session, 0, 100, preview=MOST_OF_RUN)
        whole, cut = [entry for entry in entries if entry.data][:2], [entry for entry in entries if entry.data][2:]
        assert [(entry.kind, entry.data) for entry in whole] == [(kind, data) for kind, _c, data in said(told)[:2]]
        missing = {64 * KIB - entry.size for entry in cut}
        assert len(cut) == 2
        assert len(missing) == 1
        assert 0 < min(missing) <= PAGE_SIZES[0]
        assert [entry.note for entry in entries].count(
            f"{min(missing):,} bytes at the end of the entry before are missing: the journal was damaged there"
        ) == 2

    def test_elsewhere_leaves_all_that_was_passed_on_to_be_recovered(self, path: Path, story: TapStory) -> None:
        """Though that is more than the file has."""
        told = story.tells([("same", 64 * KIB)] * 20)
        written(path, story.opening, told)
        content = path.read_bytes()
        path.write_bytes(bytes(PAGE_SIZES[0]) + content[PAGE_SIZES[0] :])

        recovered = recover(path, path.with_name("again.tincan"))

        assert recovered.entries == len(story.opening) + len(told)
        assert asked(recovered.path, "SELECT kind, data FROM entry WHERE data IS NOT NULL ORDER BY entry") == [
            (kind, data) for kind, _connection, data in said(told)
        ]
        assert len(content) < 2 * 20 * 64 * KIB
