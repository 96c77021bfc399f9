"""Who spoke: what is recorded of it, what comes back, what a filter admits, and what older journals say."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.events import Event
from core.journal.display_row import Filter
from core.journal.reading.joining import Stretch, joined
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import recover
from core.origin import PERSON, Origin, read_origin
from tests.support.earlier import in_format
from tests.support.story import Story

THUMB, BEST = Origin("rule", "of thumb"), Origin("rule", "best one")


def recorded(path: Path, *commits: Sequence[Event]) -> Path:
    writer = JournalWriter(path)
    for events in commits:
        writer.append(events, 0)
    writer.close()
    return path


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def path(tmp_path: Path, story: Story) -> Path:
    """A rule, a person and another rule answer on two connections, all in one run."""
    begin: list[Event] = [story.begins(), story.opens()]
    first = story.connection
    run: list[Event] = []
    for number in range(8):
        run += [
            story.hears(b"%d?" % number),
            story.says(b"%d" % number, origin=(THUMB, PERSON, BEST, PERSON)[number % 4]),
        ]
    other = story.opens()
    story.connection = first
    alone = [story.says(b"alone", 1, 4, origin=PERSON)]
    return recorded(tmp_path / "journal.tincan", begin, run, [other], alone)


class TestAnOrigin:
    def test_is_a_kind_and_a_name_and_has_words(self) -> None:
        assert (THUMB.kind, THUMB.name, THUMB.words) == ("rule", "of thumb", "by the rule of thumb")
        assert (PERSON.kind, PERSON.name, PERSON.words) == ("person", "", "by hand")

    def test_is_the_same_when_it_is_read_back(self) -> None:
        for origin in (THUMB, PERSON, Origin("file", "  a\n b  "), Origin("later", "kind")):
            again = read_origin(str(origin))
            assert (again, again.kind, again.name) == (origin, origin.kind, origin.name)

    def test_has_a_name_of_one_line_and_at_most_100_characters(self) -> None:
        assert Origin("rule", "a\tb\r\nc") == "rule a b c"
        assert Origin("rule", "x" * 5_000) == "rule " + "x" * 100

    def test_of_a_kind_that_only_another_version_knows_is_shown_by_its_name(self) -> None:
        assert read_origin("oracle of Delphi").words == "oracle of Delphi"


class TestARunOfSeveralOrigins:
    def test_gives_each_entry_its_own(self, path: Path, story: Story) -> None:
        with contextlib.closing(JournalReader(path)) as reader:
            found = [(entry.data, entry.origin) for entry in reader.read(story.session, 0, 100) if entry.data]

        assert found[:4] == [(b"0?", None), (b"0", THUMB), (b"1?", None), (b"1", PERSON)]
        assert found[4:6] == [(b"2?", None), (b"2", BEST)]
        assert found[-1] == (b"alone", PERSON)

    def test_takes_two_bytes_for_an_entry(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            row = database.execute("SELECT origin, origins FROM chunk WHERE origins IS NOT NULL").fetchone()

        assert row == ('[null, "rule of thumb", "person", "rule best one"]', "[0,1,0,2,0,3,0,2,0,1,0,2,0,3,0,2]")

    def test_is_sound(self, path: Path) -> None:
        assert find_damage(path) == ""


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ({"person"}, [b"1", b"3", b"5", b"7", b"alone"]),
        ({"rule"}, [b"0", b"2", b"4", b"6"]),
        ({"rule of thumb"}, [b"0", b"4"]),
        ({"rule of thumb", "person"}, [b"0", b"1", b"3", b"4", b"5", b"7", b"alone"]),
        ({"rule of"}, []),
        ({"program"}, []),
    ],
)
class TestAFilter:
    def test_chooses_by_kind_or_by_kind_and_name(
        self, path: Path, story: Story, origins: set[str], said: list[bytes]
    ) -> None:
        only = Filter(received=False, notes=False, origins=frozenset(origins))
        with contextlib.closing(JournalReader(path)) as reader:
            count = reader.count(story.session)
            assert [entry.data for entry in reader.read(story.session, 0, count, only=only)] == said
            pieces = reader.pieces_of(story.session, 0, count, only, count=count, size=10_000)
            assert pieces.data == said
            stretch = Stretch(story.session, 0, count, only)
            assert b"".join(each.data for each in joined(reader, stretch)) == b"".join(said)
            rows = reader.scan(story.session, 0, count, only, with_data=True)
            assert [row[4] for row in rows] == said

    def test_leaves_what_was_received_and_what_happened_as_it_is(
        self, path: Path, story: Story, origins: set[str], said: list[bytes]
    ) -> None:
        with contextlib.closing(JournalReader(path)) as reader:
            every = reader.read(story.session, 0, 100)
            found = reader.read(story.session, 0, 100, only=Filter(origins=frozenset(origins)))

        assert [entry for entry in found if entry.kind != "sent"] == [entry for entry in every if entry.kind != "sent"]
        assert [entry.data for entry in found if entry.kind == "sent"] == said

    def test_counts_and_shows_its_rows(self, path: Path, story: Story, origins: set[str], said: list[bytes]) -> None:
        lens = Lens(only=Filter(received=False, notes=False, origins=frozenset(origins)))
        with contextlib.closing(JournalReader(path)) as reader, contextlib.closing(JournalReader(path)) as other:
            view, counter = LensView(reader, story.session, lens), RowCounter(other, story.session, lens)
            while view.entries < reader.count(story.session):
                view.take(counter.advance(reader.count(story.session)))
            rows = view.read(0, 100)

        assert [row.data for row in rows] == said
        assert all(row.origin is not None and {row.origin, row.origin.kind} & origins for row in rows)


def test_messages_cut_out_of_the_stream_have_the_origin_with_which_they_end(tmp_path: Path, story: Story) -> None:
    said = [story.says(b"by ha", origin=PERSON), story.says(b"nd\nby rule\n", origin=THUMB)]
    path = recorded(tmp_path / "journal.tincan", [story.begins(), story.opens()], said)
    lens = Lens("line")
    with contextlib.closing(JournalReader(path)) as reader, contextlib.closing(JournalReader(path)) as other:
        view = LensView(reader, story.session, lens)
        view.take(RowCounter(other, story.session, lens).advance(reader.count(story.session)))
        rows = view.read(0, 100)

    assert [(row.data, row.origin) for row in rows if row.is_message] == [(b"by hand", THUMB), (b"by rule", THUMB)]


def test_a_framed_message_of_one_origin_has_no_byte_of_another_between(tmp_path: Path, story: Story) -> None:
    said = [story.says(b"a", origin=PERSON), story.says(b"other\n", origin=THUMB), story.says(b"b\n", origin=PERSON)]
    path = recorded(tmp_path / "journal.tincan", [story.begins(), story.opens()], said)
    lens = Lens("line", Filter(notes=False, origins=frozenset({"person"})))
    with contextlib.closing(JournalReader(path)) as reader, contextlib.closing(JournalReader(path)) as other:
        view = LensView(reader, story.session, lens)
        view.take(RowCounter(other, story.session, lens).advance(reader.count(story.session)))
        (row,) = view.read(0, 100)
        recorded_bytes = view.recorded(row)

        assert row.data == b"".join(view.whole(row)) == b"ab"
        assert recorded_bytes.read(0, recorded_bytes.size) == b"ab\n"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_older_journal_opens_as_before_and_says_of_nobody_who_spoke(path: Path, story: Story, number: int) -> None:
    with contextlib.closing(JournalReader(path)) as reader:
        before = reader.read(story.session, 0, 100)
    in_format(path, number)

    assert find_damage(path) == ""
    with contextlib.closing(JournalReader(path)) as reader:
        assert reader.format == number
        assert reader.read(story.session, 0, 100) == [entry._replace(origin=None) for entry in before]
        assert [
            entry.data for entry in reader.read(story.session, 0, 100, only=Filter(origins=frozenset({"rule"})))
        ] == [entry.data for entry in before if entry.kind != "sent"]


def test_what_is_recovered_of_a_damaged_journal_has_its_origins(path: Path, story: Story, tmp_path: Path) -> None:
    with contextlib.closing(JournalReader(path)) as reader:
        before = [(entry.data, entry.origin) for entry in reader.read(story.session, 0, 100)]

    recovered = recover(path, tmp_path / "again.tincan")

    with contextlib.closing(JournalReader(recovered.path)) as reader:
        assert [(entry.data, entry.origin) for entry in reader.read(story.session, 0, 100)] == before


def test_where_only_the_origins_are_damaged_the_bytes_are_recovered_without_them(
    path: Path, story: Story, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE chunk SET origins = '[9]' WHERE origins IS NOT NULL")
    assert find_damage(path) != ""

    recovered = recover(path, tmp_path / "again.tincan")

    with contextlib.closing(JournalReader(recovered.path)) as reader:
        found = [(entry.data, entry.origin) for entry in reader.read(story.session, 0, 100) if entry.kind == "sent"]
    assert found == [*((b"%d" % number, None) for number in range(8)), (b"alone", PERSON)]
