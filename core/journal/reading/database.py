"""The one place that opens a journal for reading. The file may be from a stranger: it is data, never a program.

SQLite runs what a schema holds (views, triggers, generated columns, expressions in an index) and believes what
a file says of itself. So its own defences are up before it reads the schema, and nothing else is read before
the schema has been compared with those that Tincan has ever written.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from pathlib import Path, PurePath

from core.clock import monotonic
from core.errors import JournalError
from core.journal.schema import APPLICATION_ID, FORMAT, LONGEST_DATA, SCHEMAS, failed, statements

# SQLite quotes a damaged schema in its messages, which then are not UTF-8 either.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

_SLACK = 4 * 1024 * 1024  # bytes of a row beside its data
_LONGEST_SQL = 1024 * 1024  # bytes of a statement, those of the schema included; ours name many connections
_BETWEEN_LOOKS = 1000  # steps of SQLite's machine between two looks at the clock; our schemas take fewer
_PATIENCE = 0.15  # seconds that reading the schema may take
_MOST_OBJECTS = 32  # of a schema that are looked at
_NEAR = 2  # bytes in which damage may have changed a statement and SQLite still reads it

_NOT_READABLE = "is not a journal that this version of Tincan can read"
_SETTINGS = ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY")
_TABLES = {"journal", "session", "connection", "chunk", "entry", "checksum", "sqlite_master"}
_FUNCTIONS = {
    "cast", "coalesce", "count", "glob", "group_concat", "instr", "length", "max", "min", "substr", "sum", "typeof",
}  # fmt: skip
_PRAGMAS = {"application_id", "integrity_check", "page_count", "page_size", "user_version"}
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
_OBJECT = re.compile(r"CREATE (?:UNIQUE )?(TABLE|INDEX|VIEW) (\w+)(?: ON (\w+))?")


class ForeignError(JournalError):
    """The file is no journal that this Tincan can read, so there is nothing to recover either."""


def open_database(path: Path) -> tuple[sqlite3.Connection, int]:
    """Open a journal for reading, for one thread at a time; also the number of its format.

    Where no write-ahead log lies beside it, nobody writes to it: then SQLite needs no files of its
    own, which it would leave behind, and which it could not make in a folder that is read-only.
    Raises ``ForeignError`` for what is no journal of ours, ``JournalError`` for a damaged one.
    """
    is_at_rest = not has_log(path) and not path.with_name(path.name + "-journal").exists()  # some tool's own log
    try:
        uri = f"{_uri(path.resolve())}?mode=ro{'&immutable=1' if is_at_rest else ''}"
        database = sqlite3.connect(uri, uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise failed(error, path) from error
    try:
        _defend(database)
        return database, _format_of(database, path)
    except UNREADABLE as error:
        database.close()
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise _foreign(path, "its schema is longer than any of Tincan's") from error
        raise failed(error, path) from error
    except BaseException:
        database.close()
        raise


def _uri(path: PurePath) -> str:
    """What SQLite is to call a file, every sign of its path escaped (https://www.sqlite.org/uri.html).

    Not ``Path.as_uri``: for a share of Windows that names the host as the URI's authority, which SQLite refuses.
    """
    return "file:" + "".join(f"%{byte:02X}" for byte in os.fsencode(path))


def has_log(path: Path) -> bool:
    """Whether a write-ahead log belongs to the journal: it is being written, or its writer was killed."""
    try:
        return log_of(path).stat().st_size > 0
    except OSError:
        return False


def log_of(path: Path) -> Path:
    """Where the write-ahead log of a journal lies, if it has one."""
    return path.with_name(path.name + "-wal")


def _defend(database: sqlite3.Connection) -> None:
    """Have SQLite refuse what reading a journal never needs."""
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_DATA + _SLACK)
    database.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_SQL)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
    database.setlimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
    if sys.version_info >= (3, 12):
        database.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        database.setconfig(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, False)
        database.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        database.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
    deadline = monotonic() + _PATIENCE
    database.set_progress_handler(lambda: monotonic() > deadline, _BETWEEN_LOOKS)
    for setting in _SETTINGS:
        database.execute(f"PRAGMA {setting}")
    database.set_authorizer(_authorize)


def _authorize(action: int, one: str | None, two: str | None, _database: str | None, _inner: str | None) -> int:
    """Whether a statement may do that: read our tables, with the few functions that we use."""
    is_allowed = (
        action in _ALLOWED
        or (action == sqlite3.SQLITE_READ and one in _TABLES)
        or (action == sqlite3.SQLITE_FUNCTION and (two or "").lower() in _FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and one in _PRAGMAS)
    )
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _format_of(database: sqlite3.Connection, path: Path) -> int:
    """Compare the schema with ours. Raises ``ForeignError`` or ``JournalError`` if it is none of them."""
    columns = ", ".join(f"CAST(substr({column}, 1, {_LONGEST_SQL}) AS BLOB)" for column in ("type", "name", "tbl_name"))
    found = database.execute(f"SELECT {columns}, CAST(sql AS BLOB) FROM sqlite_master LIMIT {_MOST_OBJECTS}").fetchall()  # noqa: S608 - all ours
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    database.set_progress_handler(None, 0)
    objects = {tuple(value or b"" for value in row) for row in found}
    for number, schema in _SCHEMAS.items():
        if objects == schema:
            if (application, version) == (APPLICATION_ID, number):
                return number
            raise JournalError(f"{path} {_NOT_READABLE}: what its head says is not true")
    _refuse_foreign(path, objects, application, version)
    raise JournalError(f"{path} {_NOT_READABLE}: its schema is not the one that Tincan wrote")


def _refuse_foreign(path: Path, objects: set[tuple[bytes, ...]], application: int, version: int) -> None:
    """Raise ``ForeignError`` unless what differs from a schema of ours is what damage may have done to it.

    Of a run that was killed early all is in the log, and where that is damaged SQLite finds nothing at all.
    """
    ours = set.union(*_SCHEMAS.values())
    if application == APPLICATION_ID and version > FORMAT:
        raise _foreign(path, "it was written by a newer version of Tincan, so open it with that one")
    strange = [found for found in objects - ours if not any(_is_near(found, one) for one in ours)]
    if application != APPLICATION_ID and len(strange) == len(objects) and (objects or not has_log(path)):
        raise _foreign(path, "it is a database of another program, or empty")
    if strange:
        kind, name, _table, _sql = (" ".join(part.decode("utf-8", "replace").split()) for part in min(strange))
        known = {one[1] for one in ours}
        what = "is not the one that Tincan writes" if min(strange)[1] in known else "is none that Tincan writes"
        raise _foreign(path, f"its {kind[:20]} {name[:60]} {what}")


def _foreign(path: Path, why: str) -> ForeignError:
    return ForeignError(f"{path} {_NOT_READABLE}: {why}")


def _is_near(found: tuple[bytes, ...], ours: tuple[bytes, ...]) -> bool:
    if list(map(len, found)) != list(map(len, ours)):
        return False
    return sum(a != b for one, two in zip(found, ours, strict=True) for a, b in zip(one, two, strict=True)) <= _NEAR


def _objects(schema: str) -> set[tuple[bytes, ...]]:
    """The rows of ``sqlite_master`` that a schema gives: type, name, table and statement."""
    rows: set[tuple[bytes, ...]] = set()
    for statement in statements(schema):
        match = _OBJECT.match(statement)
        assert match is not None
        kind, name, table = match.groups()
        rows.add((kind.lower().encode(), name.encode(), (table or name).encode(), statement.encode()))
    return rows


_SCHEMAS = {number: _objects(schema) for number, schema in SCHEMAS.items()}
