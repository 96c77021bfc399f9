"""Journals that a stranger may have made: each by its name, with what becomes of it by every door."""

from __future__ import annotations

import contextlib
import sqlite3
from enum import Enum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from core.journal.schema import FORMAT
from tests.support.damage import small_journal

MIB = 1024 * 1024


class Fate(Enum):
    """What becomes of a crafted journal."""

    REFUSED = "refused"  # in a sentence that names what is wrong, within 250 ms
    RECOVERED = "recovered"  # what can be read of it is, and it is told
    READ = "read"  # it is a journal, if an odd one


class Crafted(NamedTuple):
    """How it is made out of a sound journal: statements of SQL, and what the sentence about it has."""

    statements: tuple[str, ...]
    fate: Fate
    says: str = ""


def refused(says: str, *statements: str) -> Crafted:
    return Crafted(statements, Fate.REFUSED, says)


def recovered(*statements: str) -> Crafted:
    return Crafted(statements, Fate.RECOVERED, "is damaged")


def read(*statements: str) -> Crafted:
    return Crafted(statements, Fate.READ)


def _schema(name: str, old: str, new: str) -> tuple[str, ...]:
    """Change the text of a table in the schema."""
    old, new = old.replace("'", "''"), new.replace("'", "''")
    return (
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{name}'",
    )


def _rows(count: int) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count})"


def _first_format(*statements: str) -> tuple[str, ...]:
    """The same in a journal of format 1, which has no checksums."""
    return ("DROP TABLE checksum", "PRAGMA user_version = 1", *statements)


_COLUMNS = "entry, session, ordinal, connection, kind, wall_ns, mono_ns, data, note, failure, detail"
_FOR_EVER = f"""CREATE VIEW entry ({_COLUMNS}) AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT i, 1, i, 1, 'received', i, i, x'00', NULL, 0, NULL FROM n"""
_RECEIVED = "WHERE entry = (SELECT min(entry) FROM entry WHERE kind = 'received')"

CRAFTED: dict[str, Crafted] = {
    # The schema
    "generated column": refused(
        "table session", *_schema("session", "role TEXT NOT NULL,", "role TEXT AS (printf('%.*c', 900000000, 'x')),")
    ),
    "stored generated column": refused(
        "table entry", "ALTER TABLE entry ADD COLUMN more TEXT AS (printf('%.*c', 900000000, 'x'))"
    ),
    "endless view": refused("view entry", "DROP TABLE entry", _FOR_EVER),
    "further view": refused("view v", "CREATE VIEW v AS SELECT * FROM entry"),
    "trigger": refused("trigger t", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END"),
    "virtual table": refused(
        "table v",
        "PRAGMA writable_schema = ON",
        """INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING fts5(x)')""",
    ),
    "further table": refused("table evil", "CREATE TABLE evil (x)"),
    "further index": refused("index i", "CREATE INDEX i ON entry (note)"),
    "index of an expression": refused("index i", "CREATE INDEX i ON entry (length(data) * 7)"),
    "partial index": refused("index i", "CREATE INDEX i ON entry (note) WHERE note LIKE '%x%'"),
    "statistics": refused("table sqlite_stat", "ANALYZE"),
    "further column": refused("table entry", "ALTER TABLE entry ADD COLUMN taste TEXT"),
    "column of another type": refused("table entry", *_schema("entry", "data BLOB,", "data TEXT,")),
    "column with a default": refused(
        "table entry", *_schema("entry", "note TEXT,", "note TEXT DEFAULT (printf('%.*c', 900000000, 'x')),")
    ),
    "column with a check": refused(
        "table connection", *_schema("connection", "ending TEXT ", "ending TEXT CHECK (length(ending) < 9) ")
    ),
    "column with a collation": refused(
        "table entry", *_schema("entry", "kind TEXT NOT NULL,", "kind TEXT COLLATE NOCASE,")
    ),
    "two thousand columns": refused(
        "table wide", f"CREATE TABLE wide ({', '.join(f'c{number}' for number in range(1_999))})"
    ),
    "two thousand tables": refused("not a journal", *(f"CREATE TABLE t{number:04} (x)" for number in range(2_000))),
    "table with a long schema": refused("table long", f"CREATE TABLE long (x /* {'x' * 900_000} */)"),
    "no index": recovered("DROP INDEX entry_of_session"),
    "no table of connections": recovered("DROP TABLE connection"),
    "no checksums": recovered("DROP TABLE checksum"),
    "index without a root": recovered(
        "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'entry_of_session'"
    ),
    "tables with one root": recovered(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'entry')"
        " WHERE name = 'session'",
    ),
    "nonsense for a schema": recovered(*_schema("journal", "CREATE TABLE journal", "CREATE TABLE journal journal")),
    "of a newer version": refused(
        "newer version of Tincan", f"PRAGMA user_version = {FORMAT + 1}", "ALTER TABLE entry ADD COLUMN taste TEXT"
    ),
    "of another program": refused(
        "database of another program",
        "PRAGMA application_id = 7",
        *(f"DROP TABLE {name}" for name in ("checksum", "entry", "connection", "session", "journal")),
    ),
    "of no program": recovered("PRAGMA application_id = 0"),
    "of version 0": recovered("PRAGMA user_version = 0"),
    # The values
    "ordinal of a billion": recovered("UPDATE entry SET ordinal = 1000000000 WHERE ordinal = 4"),
    "ordinal of a million millions": recovered("UPDATE entry SET ordinal = 1000000000000 WHERE ordinal = 8"),
    "ordinal of 63 bits": recovered("UPDATE entry SET ordinal = 9223372036854775807 WHERE ordinal = 8"),
    "negative ordinal": recovered("UPDATE entry SET ordinal = -9223372036854775807 WHERE ordinal = 4"),
    "ordinal that is a text": recovered("UPDATE entry SET ordinal = 'four' WHERE ordinal = 4"),
    "gap of a thousand": recovered("UPDATE entry SET ordinal = ordinal + 1000 WHERE session = 2 AND ordinal > 4"),
    "time before all times": recovered(f"UPDATE entry SET wall_ns = -9223372036854775808 {_RECEIVED}"),
    "time behind all times": recovered(f"UPDATE entry SET wall_ns = 9223372036854775807 {_RECEIVED}"),
    "times behind all times, format 1": read(
        *_first_format("UPDATE entry SET wall_ns = 9223372036854775807 - ordinal, mono_ns = -9223372036854775808")
    ),
    "times before all times, format 1": read(
        *_first_format("UPDATE entry SET wall_ns = ordinal - 9223372036854775807 - 1, mono_ns = 9223372036854775807")
    ),
    "connection that is nobody's": recovered("UPDATE entry SET connection = 999 WHERE ordinal = 5"),
    "connection of 64 bits": recovered("UPDATE connection SET connection = connection - 9223372036854775807"),
    "other numbers of connections": recovered("UPDATE connection SET number = number + 1"),
    "same number twice": recovered(
        "INSERT INTO connection SELECT connection + 1000, session, number, local, peer, ending FROM connection",
        "UPDATE entry SET connection = connection + 1000 WHERE ordinal = 5",
    ),
    "note of 8 MB": recovered("UPDATE entry SET note = CAST(zeroblob(8000000) AS TEXT) || 'x' WHERE ordinal = 0"),
    "note that is none": recovered("UPDATE entry SET note = x'ff00ff' WHERE ordinal = 0"),
    "detail of 8 MB": recovered("UPDATE entry SET detail = printf('%.*c', 8000000, '[') WHERE ordinal = 0"),
    "detail without end": recovered("UPDATE entry SET detail = printf('%.*c', 100000, '[') WHERE ordinal = 0"),
    "kind of a megabyte": recovered("UPDATE entry SET kind = printf('%.*c', 1000000, 'x') WHERE ordinal = 0"),
    "kind with controls": recovered("UPDATE entry SET kind = 'opened' || char(27, 10) WHERE ordinal = 0"),
    "target of 8 MB": recovered("UPDATE session SET target = printf('%.*c', 8000000, 'x')"),
    "names with controls": recovered("UPDATE session SET target = char(27) || '[31m' || char(10, 8238) || 'x:1'"),
    "names with controls, format 1": read(
        *_first_format(
            "UPDATE session SET target = char(27) || '[31m' || char(10, 8238) || 'x:1'",
            "UPDATE connection SET peer = char(27) || '[31m' || char(10, 8238) || 'x:1'",
            "UPDATE entry SET note = char(27) || '[31m' || char(10, 8238, 13) || 'x', detail = '{}' WHERE data IS NULL",
        )
    ),
    "role that is none": recovered("UPDATE session SET role = 'spectator'"),
    "framing that is none, format 1": read(
        *_first_format("UPDATE session SET framing = 'nonsense'", "UPDATE entry SET detail = NULL WHERE data IS NULL")
    ),
    "large message, format 1": read(*_first_format(f"UPDATE entry SET data = zeroblob({MIB}) {_RECEIVED}")),
    "large message": recovered(f"UPDATE entry SET data = zeroblob({MIB}) {_RECEIVED}"),
    "ten thousand sessions, format 1": read(
        *_first_format(f"{_rows(10_000)} INSERT INTO session SELECT 1000 + i, 'client', 'x:1', 'raw', NULL FROM n")
    ),
    "ten thousand connections, format 1": read(
        *_first_format(f"{_rows(10_000)} INSERT INTO connection SELECT 1000 + i, 1, 7, 'x:1', 'y:2', NULL FROM n")
    ),
    "nothing in it": read(*(f"DELETE FROM {name}" for name in ("checksum", "entry", "connection", "session"))),
    "sessions alone": read(*(f"DELETE FROM {name}" for name in ("checksum", "entry", "connection"))),
    "checksums of more than there is": recovered("INSERT INTO checksum VALUES (9223372036854775807, 1, 1)"),
    "checksums of something else": recovered("UPDATE checksum SET adler32 = adler32 + 1"),
    "checksums that are texts": recovered("UPDATE checksum SET adler32 = 'one', clock = 'two'"),
    "one received, one said to be sent": recovered(f"UPDATE entry SET kind = 'sent' {_RECEIVED}"),
}


@cache
def _sound(folder: Path) -> bytes:
    path = folder / "sound.tincan"
    content = small_journal(path)
    path.unlink()
    return content


def craft(name: str, path: Path) -> Crafted:
    """Make the journal of that name at ``path``; also what it is."""
    crafted = CRAFTED[name]
    path.write_bytes(_sound(path.parent))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        for statement in crafted.statements:
            database.execute(statement)
        database.execute("COMMIT")
    return crafted
