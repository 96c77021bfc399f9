"""Journals that a stranger may have made: each by its name, with what becomes of it by every door."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from enum import Enum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from core.journal.schema import COLUMNS, FORMAT, RUNS_SINCE, checksum_of
from tests.support.damage import small_journal
from tests.support.earlier import in_format

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
    format: int = FORMAT  # of the sound journal
    sums: bool = False  # whether the rows of ``chunk`` get the checksums that belong to them

    def made_of(self, number: int) -> Crafted:
        """The same of a journal of another format: {table} is where that one has its entries."""
        table = "chunk" if number >= RUNS_SINCE else "entry"
        statements = tuple(statement.replace("{table}", table) for statement in self.statements)
        return self._replace(statements=statements, says=self.says.replace("{table}", table), format=number)


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


_COLUMNS = "entry, session, ordinal, connection, kind, wall_ns, mono_ns, data, note, failure, detail"
_FOR_EVER = f"""CREATE VIEW {{table}} ({_COLUMNS}) AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT i, 1, i, 1, 'received', i, i, x'00', NULL, 0, NULL FROM n"""
_RECEIVED = "WHERE entry = (SELECT min(entry) FROM {table} WHERE kind = 'received')"

_OF_ANY_FORMAT: dict[str, Crafted] = {
    # The schema
    "generated column": refused(
        "table session", *_schema("session", "role TEXT NOT NULL,", "role TEXT AS (printf('%.*c', 900000000, 'x')),")
    ),
    "stored generated column": refused(
        "table {table}", "ALTER TABLE {table} ADD COLUMN more TEXT AS (printf('%.*c', 900000000, 'x'))"
    ),
    "endless view": refused("view {table}", "DROP TABLE {table}", _FOR_EVER),
    "further view": refused("view v", "CREATE VIEW v AS SELECT * FROM {table}"),
    "trigger": refused("trigger t", "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END"),
    "virtual table": refused(
        "table v",
        "PRAGMA writable_schema = ON",
        """INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING fts5(x)')""",
    ),
    "further table": refused("table evil", "CREATE TABLE evil (x)"),
    "further index": refused("index i", "CREATE INDEX i ON {table} (note)"),
    "index of an expression": refused("index i", "CREATE INDEX i ON {table} (length(data) * 7)"),
    "partial index": refused("index i", "CREATE INDEX i ON {table} (note) WHERE note LIKE '%x%'"),
    "statistics": refused("table sqlite_stat", "ANALYZE"),
    "further column": refused("table {table}", "ALTER TABLE {table} ADD COLUMN taste TEXT"),
    "column of another type": refused("table {table}", *_schema("{table}", "data BLOB,", "data TEXT,")),
    "column with a default": refused(
        "table {table}", *_schema("{table}", "note TEXT,", "note TEXT DEFAULT (printf('%.*c', 900000000, 'x')),")
    ),
    "column with a check": refused(
        "table connection", *_schema("connection", "ending TEXT ", "ending TEXT CHECK (length(ending) < 9) ")
    ),
    "column with a collation": refused(
        "table {table}", *_schema("{table}", "kind TEXT NOT NULL,", "kind TEXT COLLATE NOCASE,")
    ),
    "two thousand columns": refused(
        "table wide", f"CREATE TABLE wide ({', '.join(f'c{number}' for number in range(1_999))})"
    ),
    "two thousand tables": refused("not a journal", *(f"CREATE TABLE t{number:04} (x)" for number in range(2_000))),
    "table with a long schema": refused("table long", f"CREATE TABLE long (x /* {'x' * 900_000} */)"),
    "no index": recovered("DROP INDEX {table}_of_session"),
    "no table of connections": recovered("DROP TABLE connection"),
    "index without a root": recovered(
        "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 999999 WHERE name = '{table}_of_session'"
    ),
    "tables with one root": recovered(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = '{table}')"
        " WHERE name = 'session'",
    ),
    "nonsense for a schema": recovered(*_schema("journal", "CREATE TABLE journal", "CREATE TABLE journal journal")),
    "of a newer version": refused(
        "newer version of Tincan", f"PRAGMA user_version = {FORMAT + 1}", "ALTER TABLE {table} ADD COLUMN taste TEXT"
    ),
    "of no program": recovered("PRAGMA application_id = 0"),
    "of version 0": recovered("PRAGMA user_version = 0"),
    # The values
    "ordinal of a billion": recovered("UPDATE {table} SET ordinal = 1000000000 WHERE ordinal = 3"),
    "ordinal of a million millions": recovered("UPDATE {table} SET ordinal = 1000000000000 WHERE ordinal = 8"),
    "ordinal of 63 bits": recovered("UPDATE {table} SET ordinal = 9223372036854775807 WHERE ordinal = 8"),
    "negative ordinal": recovered("UPDATE {table} SET ordinal = -9223372036854775807 WHERE ordinal = 3"),
    "ordinal that is a text": recovered("UPDATE {table} SET ordinal = 'four' WHERE ordinal = 3"),
    "gap of a thousand": recovered("UPDATE {table} SET ordinal = ordinal + 1000 WHERE session = 2 AND ordinal > 4"),
    "time before all times": recovered(f"UPDATE {{table}} SET wall_ns = -9223372036854775808 {_RECEIVED}"),
    "time behind all times": recovered(f"UPDATE {{table}} SET wall_ns = 9223372036854775807 {_RECEIVED}"),
    "connection that is nobody's": recovered("UPDATE {table} SET connection = 999 WHERE ordinal = 2"),
    "connection of 64 bits": recovered("UPDATE connection SET connection = connection - 9223372036854775807"),
    "other numbers of connections": recovered("UPDATE connection SET number = number + 1"),
    "same number twice": recovered(
        "INSERT INTO connection SELECT connection + 1000, session, number, local, peer, ending FROM connection",
        "UPDATE {table} SET connection = connection + 1000 WHERE ordinal = 2",
    ),
    "note of 8 MB": recovered("UPDATE {table} SET note = CAST(zeroblob(8000000) AS TEXT) || 'x' WHERE ordinal = 0"),
    "note that is none": recovered("UPDATE {table} SET note = x'ff00ff' WHERE ordinal = 0"),
    "detail of 8 MB": recovered("UPDATE {table} SET detail = printf('%.*c', 8000000, '[') WHERE ordinal = 0"),
    "detail without end": recovered("UPDATE {table} SET detail = printf('%.*c', 100000, '[') WHERE ordinal = 0"),
    "kind of a megabyte": recovered("UPDATE {table} SET kind = printf('%.*c', 1000000, 'x') WHERE ordinal = 0"),
    "kind with controls": recovered("UPDATE {table} SET kind = 'opened' || char(27, 10) WHERE ordinal = 0"),
    "target of 8 MB": recovered("UPDATE session SET target = printf('%.*c', 8000000, 'x')"),
    "names with controls": recovered("UPDATE session SET target = char(27) || '[31m' || char(10, 8238) || 'x:1'"),
    "role that is none": recovered("UPDATE session SET role = 'spectator'"),
    "large message": recovered(f"UPDATE {{table}} SET data = zeroblob({MIB}) {_RECEIVED}"),
    "one received, one said to be sent": recovered(f"UPDATE {{table}} SET kind = 'sent' {_RECEIVED}"),
}


# Format 1 has no checksums, so that nothing tells that these were changed.
_OF_THE_FIRST_FORMAT = {
    "times behind all times": read(
        "UPDATE {table} SET wall_ns = 9223372036854775807 - ordinal, mono_ns = -9223372036854775808"
    ),
    "times before all times": read(
        "UPDATE {table} SET wall_ns = ordinal - 9223372036854775807 - 1, mono_ns = 9223372036854775807"
    ),
    "names with controls": read(
        "UPDATE session SET target = char(27) || '[31m' || char(10, 8238) || 'x:1'",
        "UPDATE connection SET peer = char(27) || '[31m' || char(10, 8238) || 'x:1'",
        "UPDATE {table} SET note = char(27) || '[31m' || char(10, 8238, 13) || 'x', detail = '{}' WHERE data IS NULL",
    ),
    "framing that is none": read(
        "UPDATE session SET framing = 'nonsense'", "UPDATE {table} SET detail = NULL WHERE data IS NULL"
    ),
    "large message": read(f"UPDATE {{table}} SET data = zeroblob({MIB}) {_RECEIVED}"),
    "ten thousand sessions": read(
        f"{_rows(10_000)} INSERT INTO session SELECT 1000 + i, 'client', 'x:1', 'raw', NULL FROM n"
    ),
    "ten thousand connections": read(
        f"{_rows(10_000)} INSERT INTO connection SELECT 1000 + i, 1, 7, 'x:1', 'y:2', NULL FROM n"
    ),
}
_OF_THE_SECOND_FORMAT = {
    "no checksums": recovered("DROP TABLE checksum"),
    "checksums of more than there is": recovered("INSERT INTO checksum VALUES (9223372036854775807, 1, 1)"),
    "checksums of something else": recovered("UPDATE checksum SET adler32 = adler32 + 1"),
    "checksums that are texts": recovered("UPDATE checksum SET adler32 = 'one', clock = 'two'"),
    "of another program": refused(
        "database of another program",
        "PRAGMA application_id = 7",
        *(f"DROP TABLE {name}" for name in ("checksum", "entry", "connection", "session", "journal")),
    ),
    "nothing in it": read(*(f"DELETE FROM {name}" for name in ("checksum", "entry", "connection", "session"))),
    "sessions alone": read(*(f"DELETE FROM {name}" for name in ("checksum", "entry", "connection"))),
}


def _run(column: str, value: str) -> Crafted:
    """Another value for the runs of a present journal."""
    return recovered(f"UPDATE chunk SET {column} = {value} WHERE offsets IS NOT NULL")


def _forged(fate: Fate, **columns: str) -> Crafted:
    """The same for the longer run, with the checksum that belongs to it."""
    values = ", ".join(f"{column} = {value}" for column, value in columns.items())
    statement = f"UPDATE chunk SET {values} WHERE offsets IS NOT NULL AND session = 2"
    return Crafted((statement,), fate, "is damaged" if fate is Fate.RECOVERED else "", sums=True)


def _each(expression: str) -> str:
    """A list of what that gives for each entry of a run."""
    return f"(SELECT json_group_array({expression}) FROM json_each(chunk.offsets))"


_OF_THE_PRESENT_FORMAT = {
    "of another program": refused(
        "database of another program",
        "PRAGMA application_id = 7",
        "DROP VIEW entry",
        *(f"DROP TABLE {name}" for name in ("chunk", "connection", "session", "journal")),
    ),
    "nothing in it": read(*(f"DELETE FROM {name}" for name in ("chunk", "connection", "session"))),
    "sessions alone": read(*(f"DELETE FROM {name}" for name in ("chunk", "connection"))),
    "no view": recovered("DROP VIEW entry"),
    "another view": refused("view entry", "DROP VIEW entry", "CREATE VIEW entry AS SELECT * FROM chunk"),
    "checksums of something else": recovered("UPDATE chunk SET adler32 = adler32 + 1"),
    "checksums that are texts": recovered("UPDATE chunk SET adler32 = 'one'"),
    "run of no entries": _run("offsets", "'[]'"),
    "run of a million entries": _run("offsets", "'[0' || replace(hex(zeroblob(500000)), '0', ',0') || ']'"),
    "run that goes back": _run("offsets", "replace(offsets, ', ', ', -')"),
    "run that ends behind its bytes": _run("offsets", "replace(offsets, ']', ', 9223372036854775807]')"),
    "run of halves": _run("offsets", "replace(offsets, ']', '.5]')"),
    "run within run": _run("times", "'[' || times || ']'"),
    "run without end": _run("times", "printf('%.*c', 100000, '[')"),
    "run of words": _run("times", '\'["one", "two"]\''),
    "run of other lengths": _run("times", "'[0, 1]'"),
    "run of huge times": _run("times", "replace(times, '[0, ', '[0, 99999999999999999999999')"),
    "run of a huge number": _run("times", "'[' || printf('%.*c', 20000, '9') || ']'"),
    "run of 8 MB of bytes": _run("data", "zeroblob(8000000)"),
    "run without bytes": _run("data", "NULL"),
    "run of notes": _run("kind", "'opened'"),
    "run of nobody": recovered(
        "UPDATE chunk SET kind = 'data', connection = NULL, connections = replace(offsets, '[0', '[999')"
        " WHERE offsets IS NOT NULL"
    ),
    "run that is no list": _run("offsets", "'{}'"),
    "run that is no text": _run("offsets", "x'ff00'"),
    "connections without a run": recovered("UPDATE chunk SET connections = '[1]' WHERE ordinal = 2"),
    "origins of other lengths": _run("origin = '[null, \"person\"]', origins", "'[0]'"),
    "origins of nobody": _run("origin = '[]', origins", "times"),
    "origins that are numbers": _run("origin = '[1, 2]', origins", "replace(replace(times, '1', '0'), '2', '0')"),
    "origins without end": _run("origin = printf('%.*c', 100000, '['), origins", "times"),
    "origin that is a number": _run("origin", "x'00'"),
    "origin of 2 MB": _run("origin", "printf('%.*c', 2000000, 'x')"),
    "ends of other lengths": _forged(Fate.RECOVERED, ends="'[1]'"),
    "ends that are no list": _forged(Fate.RECOVERED, ends="'{}'"),
    "ends that are no text": _forged(Fate.RECOVERED, ends="x'ff00'"),
    "ends without end": _forged(Fate.RECOVERED, ends="printf('%.*c', 100000, '[')"),
    "ends of a million entries": _forged(
        Fate.RECOVERED, ends="'[0' || replace(hex(zeroblob(500000)), '0', ',0') || ']'"
    ),
    "ends behind the bytes": _forged(Fate.RECOVERED, ends=_each("9223372036854775807")),
    "ends before the bytes": _forged(Fate.RECOVERED, ends=_each("-1")),
    "ends without a run": recovered("UPDATE chunk SET ends = '[1]' WHERE ordinal = 2"),
    "entries that all have all bytes": _forged(
        Fate.RECOVERED, offsets=_each("0"), ends=_each("max(value, length(data))")
    ),
    "entries that overlap": _forged(Fate.READ, ends=_each("min(length(data), value + length(data) / 10)")),
    "origin of a note": recovered("UPDATE chunk SET origin = 'person' WHERE data IS NULL"),
}
_OF_EARLIER_FORMATS = {
    name: _OF_THE_PRESENT_FORMAT[name]
    for name in ("nothing in it", "no view", "another view", "checksums of something else", "run of other lengths")
}

CRAFTED = {
    **{name: each.made_of(FORMAT) for name, each in (_OF_ANY_FORMAT | _OF_THE_PRESENT_FORMAT).items()},
    **{f"{name}, format 4": each.made_of(4) for name, each in _OF_EARLIER_FORMATS.items()},
    **{f"{name}, format 3": each.made_of(3) for name, each in _OF_EARLIER_FORMATS.items()},
    **{f"{name}, format 2": each.made_of(2) for name, each in (_OF_ANY_FORMAT | _OF_THE_SECOND_FORMAT).items()},
    **{f"{name}, format 1": each.made_of(1) for name, each in _OF_THE_FIRST_FORMAT.items()},
}


@cache
def _sound(number: int) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tincan-tests-") as folder:
        path = Path(folder) / "sound.tincan"
        small_journal(path)
        return (path if number == FORMAT else in_format(path, number)).read_bytes()


def craft(name: str, path: Path) -> Crafted:
    """Make the journal of that name at ``path``; also what it is."""
    crafted = CRAFTED[name]
    path.write_bytes(_sound(crafted.format))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        for statement in crafted.statements:
            database.execute(statement)
        if crafted.sums:
            _add_up(database)
        database.execute("COMMIT")
    return crafted


def _add_up(database: sqlite3.Connection) -> None:
    place = COLUMNS.index("adler32")
    for row in database.execute(f"SELECT {', '.join(COLUMNS)} FROM chunk").fetchall():
        value = checksum_of(row[:place], row[place + 1], row[place + 2 :])
        database.execute("UPDATE chunk SET adler32 = ? WHERE entry = ?", (value, row[0]))
