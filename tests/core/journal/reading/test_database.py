"""One place opens a journal for reading, with SQLite's own defences up and the schema compared first."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import sqlite3
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

import pytest

from build_scripts.project import ROOT
from core.errors import JournalError
from core.journal.reading import database as database_module
from core.journal.reading.database import ForeignError, open_database
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.journal.schema import LONGEST_DATA, SCHEMAS
from tests.support.journals import write_journal
from tests.support.story import Story
from tests.support.systems import only_posix

pytestmark = pytest.mark.case("C-62")

# What may open a database at all: for reading, for writing a new journal, and for writing a recovered one.
_OPENERS = {
    "core/journal/reading/database.py",
    "core/journal/recording/checkpoints.py",
    "core/journal/recording/store.py",
    "core/journal/recovery/recovery.py",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.tincan"
    write_journal(path, 20)
    return path


@pytest.mark.parametrize("name", ["a b?c#d%20&e=f", "ü新😀", "a:b", "plus+", "\udcff.tincan"])
def test_a_journal_of_any_name_is_opened(path: Path, name: str) -> None:
    try:
        there = path.rename(path.with_name(name))
    except (OSError, ValueError):
        pytest.skip("POSIX: this system allows no such name")

    database, _number = open_database(there)

    with contextlib.closing(database):
        assert database.execute("SELECT max(entry) FROM chunk").fetchone()[0] > 2


@only_posix("a path of Windows begins with its drive")
def test_a_path_that_begins_with_two_slashes_names_no_host(path: Path) -> None:
    database, _number = open_database(Path(f"/{path}"))

    database.close()


@pytest.mark.parametrize("path", [r"\\server\share\talk.tincan", r"C:\Users\a\talk.tincan", r"\\?\C:\talk.tincan"])
def test_a_path_of_windows_reaches_sqlite_as_it_is(path: str) -> None:
    uri = database_module._uri(PureWindowsPath(path))

    assert urlsplit(uri)[:2] == ("file", "")  # a host would be refused
    assert unquote(urlsplit(uri).path) == path


def test_nothing_else_opens_a_database() -> None:
    found = set()
    for folder in ("core", "gui"):
        for source in (ROOT / folder).rglob("*.py"):
            text = source.read_text("utf-8")
            for node in ast.walk(ast.parse(text)) if "sqlite3" in text else ():
                if isinstance(node, ast.Attribute) and ast.unparse(node) == "sqlite3.connect":
                    found.add(source.relative_to(ROOT).as_posix())

    assert found == _OPENERS


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM chunk",
        "SELECT * FROM entry",
        "CREATE TEMP TABLE more (x)",
        "ATTACH ':memory:' AS more",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "SELECT randomblob(1000000)",
        "SELECT printf('%.*c', 900000000, 'x')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "SELECT * FROM pragma_table_info('entry')",
        "SELECT load_extension('x')",
    ],
)
def test_it_can_do_nothing_but_read_our_tables(path: Path, statement: str) -> None:
    database, _number = open_database(path)

    with contextlib.closing(database), pytest.raises(sqlite3.Error):
        database.execute(statement).fetchone()


def test_its_defences_are_up(path: Path) -> None:
    database, number = open_database(path)

    with contextlib.closing(database):
        database.set_authorizer(None)
        names = ("trusted_schema", "query_only", "cell_size_check", "temp_store")
        told = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        assert LONGEST_DATA < database.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) < 2 * LONGEST_DATA

    assert (number, told) == (max(SCHEMAS), [0, 1, 1, 2])


@pytest.mark.parametrize("number", SCHEMAS)
def test_every_format_that_there_has_been_is_known(tmp_path: Path, number: int) -> None:
    path = tmp_path / "old.tincan"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMAS[number])
        database.execute("PRAGMA application_id = 0x54494E43")
        database.execute(f"PRAGMA user_version = {number}")

    with contextlib.closing(JournalReader(path)) as reader:
        assert reader.format == number
        assert reader.sessions() == []


@pytest.mark.parametrize(
    ("number", "digest"),
    [(1, "7822a86096845a79"), (2, "ac98694a405a79b4"), (3, "6338c3d64280d6a5"), (4, "59b9f874a6579e6a")],
)
def test_the_earlier_formats_stay_as_they_were(number: int, digest: str) -> None:
    """A journal of one has these bytes of schema; were they changed here, nobody could open one any more."""
    assert hashlib.sha256(SCHEMAS[number].encode()).hexdigest().startswith(digest)


def test_a_question_that_takes_too_long_is_given_up(path: Path) -> None:
    asked = 0

    def gives_up() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with contextlib.closing(JournalReader(path, gives_up)) as reader, pytest.raises(JournalError, match="too long"):
        reader.ask(
            "SELECT count(*) FROM chunk a, chunk b, chunk c, chunk d, chunk e, chunk f, chunk g, chunk h", (), (int,)
        )


def test_an_entry_is_read_in_pieces_from_anywhere(tmp_path: Path) -> None:
    path, story, data = tmp_path / "large.tincan", Story(), bytes(range(256)) * 4_000
    writer = JournalWriter(path)
    try:
        writer.append([story.begins(), story.opens(), story.hears(data)], 0)
    finally:
        writer.close()

    with contextlib.closing(JournalReader(path)) as reader:
        assert list(map(len, reader.pieces(story.session, 2, 500_000))) == [500_000, 500_000, 24_000]
        assert b"".join(reader.pieces(story.session, 2, 100, 999_990, 1_000_100)) == data[999_990:1_000_100]
        assert b"".join(reader.pieces(story.session, 2, 100, 1_023_990)) == data[1_023_990:]
        assert list(reader.pieces(story.session, 2, 100, 2_000_000)) == []


def test_what_was_said_in_more_bytes_than_an_entry_may_have_is_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.recording.store.LONGEST_DATA", 1_000)
    monkeypatch.setattr("core.journal.recording.runs.MOST_OF_RUN", 1_000)
    monkeypatch.setattr("core.journal.recording.store.LONGEST_TEXT", 2_000)
    path, story = tmp_path / "parts.tincan", Story()
    said = bytes(range(256)) * 20
    writer = JournalWriter(path)
    try:
        writer.append([story.begins(), story.opens(), story.says(said, 3_000, 2_120), story.hears(b"x")], 5)
    finally:
        writer.close()

    with contextlib.closing(JournalReader(path)) as reader:
        entries = reader.read(story.session, 2, 99)
        assert b"".join(entry.data or b"" for entry in entries) == said + b"x"
        assert [entry.size for entry in entries] == [1_000] * 5 + [120, 1]


def test_a_schema_that_takes_long_to_read_is_none_of_ours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.reading.database._PATIENCE", -1)
    open_database(path)[0].close()  # ours takes fewer steps than there are between two looks at the clock

    with contextlib.closing(sqlite3.connect(path)) as database:
        for number in range(400):
            database.execute(f"CREATE TABLE t{number} (x)")
        database.commit()

    with pytest.raises(ForeignError, match="longer than any"):
        open_database(path)
