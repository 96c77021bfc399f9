"""A journal can be read with any SQLite tool: its view ``entry`` has a row for everything that happened."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.events import Event, Received, SessionId
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter, kind_of
from core.journal.schema import COLUMNS, FORMAT, LONGEST_RUN, MOST_OF_RUN, checksum_of, failed
from core.origin import Origin
from core.roles import Role
from tests.support.story import Story
from tests.support.systems import needs
from tests.support.tapped import WAYS, TapStory

_CLOCK = 7_000_000  # wall_ns less mono_ns
_ORIGINS = [
    Origin("person"),
    Origin("rule", "of thumb"),
    Origin("rule", '“the best”\n"ever"'),
    Origin("file", "a b.bin"),
]
_ROWS = """SELECT json_array(entry, session, ordinal, connection, kind, wall_ns, mono_ns, hex(data), note IS NULL,
           failure, detail IS NULL, origin) FROM entry ORDER BY entry"""


def talk(transactions: int = 4, events: int = 400) -> list[list[Event]]:
    """Two servers with several connections each and a client, all at once, in several transactions."""
    chance = random.Random(16)
    stories = [Story(1, start_ns=10_000), Story(2, start_ns=20_000), Story(3, Role.CLIENT, start_ns=30_000)]
    connections: dict[SessionId, list[Any]] = {story.session: [] for story in stories}
    told: list[list[Event]] = [[story.begins() for story in stories]]
    for story in stories:
        for _ in range(3 if story.role is Role.SERVER else 1):
            told[0].append(story.opens())
            connections[story.session].append(story.connection)
    for _ in range(transactions):
        some: list[Event] = []
        for _ in range(events):
            story = chance.choice(stories)
            story.connection = chance.choice(connections[story.session])
            data = chance.randbytes(chance.choice([0, 1, 2, 64, 300]))
            cut = story.says(data + b"12", 1, len(data) + 1)
            said = story.says(data, origin=chance.choice(_ORIGINS))
            kinds: list[Event] = [story.hears(data), said, cut, story.we_finish()]
            some += chance.choices(kinds, [60, 60, 1, 1])
        told.append(some)
    return told


def as_rows(told: list[list[Event]]) -> list[list[Any]]:
    """What the view must have of it, in the order of recording."""
    ordinals: Counter[SessionId] = Counter()
    rows: list[list[Any]] = []
    for number, event in enumerate((event for some in told for event in some), 1):
        has_bytes = hasattr(event, "data")
        data = getattr(event, "data", b"").hex().upper()
        cuts = getattr(event, "cuts", ())
        rows.append(
            [
                number, event.session, ordinals[event.session], getattr(event, "connection", None), kind_of(event),
                event.at + _CLOCK, event.at, data, int(has_bytes), 0, int(has_bytes and not cuts),
                getattr(event, "origin", None),
            ]
        )  # fmt: skip
        ordinals[event.session] += 1
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.tincan"


def written(path: Path, told: list[list[Event]]) -> Path:
    writer = JournalWriter(path)
    try:
        for some in told:
            writer.append(some, _CLOCK)
    finally:
        writer.close()
    return path


def asked(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def tapped() -> list[list[Event]]:
    """A tap that passes on what comes, in several transactions: its runs have bytes that two entries share."""
    chance = random.Random(5)
    story = TapStory(start_ns=10_000)
    steps = [(chance.choice(WAYS), chance.choice([0, 1, 300, 2_000, 30_000])) for _ in range(120)]
    return [story.opening, *(story.tells(steps[first : first + 30]) for first in range(0, len(steps), 30))]


@needs("sqlite3")
@pytest.mark.parametrize("tell", [talk, tapped])
def test_a_journal_is_read_with_the_sqlite3_tool_alone(path: Path, tell: Callable[[], list[list[Event]]]) -> None:
    told = tell()
    written(path, told)

    done = subprocess.run(["sqlite3", "-readonly", path, _ROWS], capture_output=True, text=True, check=True, timeout=60)

    assert [json.loads(line) for line in done.stdout.splitlines()] == as_rows(told)


def test_the_view_has_what_happened_and_the_table_far_fewer_rows(path: Path) -> None:
    told = talk()
    written(path, told)

    assert [json.loads(row) for (row,) in asked(path, _ROWS)] == as_rows(told)
    assert asked(path, "SELECT count(*) FROM chunk")[0][0] < len(as_rows(told)) / 10


def test_a_reader_has_the_same(path: Path) -> None:
    told = talk()
    written(path, told)
    rows = as_rows(told)

    with contextlib.closing(JournalReader(path)) as reader:
        for session in (1, 2, 3):
            own = [row for row in rows if row[1] == session]
            entries = reader.read(SessionId(session), 0, len(own) + 1)
            assert [
                [
                    entry.ordinal,
                    entry.connection,
                    entry.kind,
                    entry.wall_ns,
                    entry.mono_ns,
                    (entry.data or b"").hex(),
                    entry.origin,
                ]
                for entry in entries
            ] == [[*row[2:7], row[7].lower(), row[11]] for row in own]
            assert reader.count(SessionId(session)) == len(own)


def test_a_run_has_no_more_entries_and_bytes_than_promised(path: Path) -> None:
    story = Story()
    small: list[Event] = [story.hears(b"x") for _ in range(LONGEST_RUN + 1)]
    large: list[Event] = [story.hears(bytes(MOST_OF_RUN // 3)) for _ in range(7)]
    written(path, [[story.begins(), story.opens()], small, large, [story.hears(bytes(MOST_OF_RUN + 1))]])

    runs = asked(
        path, "SELECT json_array_length(offsets), length(data) FROM chunk WHERE data IS NOT NULL ORDER BY 1, 2"
    )

    third = MOST_OF_RUN // 3
    alone, parts = [(None, 1), (None, third), (None, MOST_OF_RUN + 1)], [(3, 3 * third), (3, 3 * third)]
    assert runs == [*alone, *parts, (LONGEST_RUN, LONGEST_RUN)]


def test_more_empty_datagrams_than_a_run_may_have_are_several_runs(path: Path) -> None:
    story = Story(role=Role.UDP_SERVER)
    written(path, [[story.begins(), story.opens()], [story.hears(b"") for _ in range(LONGEST_RUN + 2)]])

    assert asked(path, "SELECT json_array_length(offsets) FROM chunk WHERE data IS NOT NULL") == [(LONGEST_RUN,), (2,)]
    assert asked(path, "SELECT count(*) FROM entry WHERE data = x''") == [(LONGEST_RUN + 2,)]


def test_a_row_by_itself_is_an_entry_as_it_was_before_there_were_runs(path: Path) -> None:
    story = Story()
    written(path, [[story.begins(), story.opens()], [story.hears(b"hello")]])

    assert asked(path, "SELECT kind, data, offsets, connections, times, numbers FROM chunk WHERE ordinal = 2") == [
        ("received", b"hello", None, None, None, None)
    ]


def test_one_direction_of_one_connection_needs_no_list_of_connections(path: Path) -> None:
    story = Story()
    written(path, [[story.begins(), story.opens()], [story.says(b"one"), story.says(b"two")]])

    assert asked(path, "SELECT kind, connections, offsets, numbers FROM chunk WHERE ordinal = 2") == [
        ("sent", None, "[0, 3]", None)
    ]


def test_each_row_has_its_checksum_as_it_is_documented(path: Path) -> None:
    written(path, talk(transactions=1))

    for row in asked(path, f"SELECT {', '.join(COLUMNS)} FROM chunk"):
        place = COLUMNS.index("adler32")
        assert checksum_of(row[:place], row[place + 1], row[place + 2 :]) == row[place]
    assert asked(path, "PRAGMA user_version") == [(FORMAT,)]


def test_a_time_that_no_clock_can_tell_is_not_written(path: Path) -> None:
    story = Story()
    writer = JournalWriter(path)
    try:
        writer.append([story.begins(), story.opens()], 0)
        late = Received(story.session, story.connection, 1 << 80, b"x")
        with pytest.raises(OverflowError):
            writer.append([story.hears(b"x"), late], 0)
        assert writer.counts == {story.session: 2}
    finally:
        writer.close()


def test_a_file_that_sqlite_cannot_open_is_told_with_the_likely_causes(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as refused:
        sqlite3.connect(path / "of no such folder")
    said = str(failed(refused.value, path))
    assert said.startswith(f"the journal {path} cannot be used: it cannot be opened")
    assert "as many files open as the system allows" in said
