"""The journal's file: an SQLite database that people may open with their own tools.

The recorder appends through ``JournalWriter``; every view reads through a ``JournalReader`` of its
own. The schema is part of what Tincan promises, see ``SCHEMA``.
"""

from __future__ import annotations

import contextlib
import json
import platform
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from core.address import Address
from core.errors import Doing, JournalError, explain
from core.events import Closed, ConnectionId, Event, Opened, Received, Role, Sent, SessionId, SessionOpened
from core.journal.notes import is_failure, sentence

FORMAT = 1
_APPLICATION_ID = 0x54494E43  # "TINC"

SCHEMA = """
CREATE TABLE journal (          -- one row: what wrote this file
  program TEXT NOT NULL, system TEXT NOT NULL,
  began_ns INTEGER NOT NULL     -- nanoseconds since 1970, UTC
);
CREATE TABLE session (          -- a server or a client
  session INTEGER PRIMARY KEY,
  role TEXT NOT NULL,           -- 'server' or 'client'
  target TEXT NOT NULL,         -- HOST:PORT as asked for
  framing TEXT NOT NULL, reply TEXT
);
CREATE TABLE connection (
  connection INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session,
  number INTEGER NOT NULL,      -- #1, #2 ... within its session
  local TEXT NOT NULL, peer TEXT NOT NULL,
  ending TEXT                   -- NULL while it stands
);
CREATE TABLE entry (            -- a recv, a completed send, or something else that happened
  entry INTEGER PRIMARY KEY,    -- in the order of recording
  session INTEGER NOT NULL REFERENCES session,
  ordinal INTEGER NOT NULL,     -- 0, 1, 2 ... within its session
  connection INTEGER REFERENCES connection,
  kind TEXT NOT NULL,           -- 'received', 'sent', 'listening', 'opened', 'closed' ...
  wall_ns INTEGER NOT NULL,     -- time of day, nanoseconds since 1970, UTC
  mono_ns INTEGER NOT NULL,     -- monotonic clock, for durations within this file
  data BLOB,                    -- received, sent: the bytes as the socket gave or took them
  note TEXT,                    -- everything else: a sentence
  failure INTEGER NOT NULL,     -- 1 if the note tells of something that went wrong
  detail TEXT                   -- JSON, where there is more to say
);
CREATE UNIQUE INDEX entry_of_session ON entry (session, ordinal);
"""

_NOTE = """INSERT INTO entry (session, ordinal, connection, kind, wall_ns, mono_ns, note, failure, detail)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Many rows in one statement: sqlite3 lets go of the interpreter lock and takes it back for each statement,
# and with a busy network thread beside it that costs several times what the row costs.
_ROWS = 50
_READ = """SELECT entry.session, ordinal, entry.connection, number, kind, wall_ns, mono_ns,
                  substr(data, 1, ?), coalesce(length(data), 0), coalesce(note, ''), failure
           FROM entry LEFT JOIN connection USING (connection)
           WHERE entry.session = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal"""

# SQLite quotes a damaged schema in its messages, which then are not UTF-8 either.
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

_Kind: TypeAlias = type | tuple[type, ...]
_BYTES_OR_NONE = (bytes, type(None))
_INT_OR_NONE = (int, type(None))
_ENTRY: tuple[_Kind, ...] = (int, int, _INT_OR_NONE, _INT_OR_NONE, str, int, int, _BYTES_OR_NONE, int, str, int)

_TRAFFIC = (Received, Sent)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal, ``data`` cut to the preview that was asked for."""

    session: SessionId
    ordinal: int  # 0, 1, 2 ... within its session
    connection: ConnectionId | None
    number: int | None  # the connection's within its session: #1, #2 ...
    kind: str
    wall_ns: int  # time of day, UTC, since 1970
    mono_ns: int
    data: bytes | None
    size: int  # of the whole data, bytes
    note: str
    is_failure: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as the journal knows it."""

    session: SessionId
    role: str
    target: str
    entries: int


class JournalWriter:
    """Appends to a new journal. One thread at a time; ``counts`` is the number of entries per session."""

    def __init__(self, path: Path) -> None:
        """Make the file at ``path``. Raises ``JournalError`` if it exists already or cannot be made."""
        self.path = path
        self.counts: dict[SessionId, int] = {}
        self._roles: dict[SessionId, Role] = {}
        self._numbers: dict[ConnectionId, int] = {}
        self._owed: list[Event] = []  # introductions that failed; those who came meanwhile are made known later
        if path.exists():
            raise JournalError(f"{path} exists already; Tincan does not write over a journal")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _failed(error, path) from error
        try:
            self._create()
        except sqlite3.Error as error:
            self._database.close()
            raise _failed(error, path) from error

    def append(self, events: Sequence[Event], wall_minus_mono: int) -> None:
        """Write the events in one transaction: all of them or, when it raises ``JournalError``, none.

        Whose beginning was lost in that way is entered with the next events that can be written.
        """
        counts, numbers = dict(self.counts), dict(self._numbers)
        try:
            self._database.execute("BEGIN")
            for owed in self._owed:
                with contextlib.suppress(sqlite3.IntegrityError):  # that one is known already
                    self._introduce([owed])
            notable = [event for event in events if not isinstance(event, _TRAFFIC)]
            self._introduce(notable)
            self._insert(events, wall_minus_mono)
            self._say_farewell(self._owed)
            self._say_farewell(notable)
            self._database.execute("COMMIT")
        except BaseException as error:
            self.counts, self._numbers = counts, numbers
            self._owed += [event for event in events if isinstance(event, SessionOpened | Opened | Closed)]
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise _failed(error, self.path) from error
            raise
        self._owed.clear()

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._database.close()

    def _create(self) -> None:
        run = self._database.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        self._database.executescript("BEGIN;" + SCHEMA)  # until the commit it is no journal to anybody
        run(f"PRAGMA application_id = {_APPLICATION_ID}")
        run(f"PRAGMA user_version = {FORMAT}")
        from core import __version__

        system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
        run("INSERT INTO journal VALUES (?, ?, ?)", (f"Tincan {__version__}", system, time.time_ns()))
        run("COMMIT")

    def _introduce(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, SessionOpened):
                self._roles[event.session] = event.role
                row = (event.session, event.role.value, str(event.target), event.framing, event.reply)
                self._database.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)
            elif isinstance(event, Opened):
                self._numbers[event.connection] = event.number
                opened = (event.connection, event.session, event.number, str(event.local), str(event.peer))
                self._database.execute("INSERT INTO connection VALUES (?, ?, ?, ?, ?, NULL)", opened)

    def _say_farewell(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self._numbers.pop(event.connection, None)
                ended = (event.ending.value, event.connection)
                self._database.execute("UPDATE connection SET ending = ? WHERE connection = ?", ended)

    def _insert(self, events: Iterable[Event], wall_minus_mono: int) -> None:
        """Enter the events in their order, those that only carry bytes by the statementful."""
        for carries_bytes, run in groupby(events, _carries_bytes):
            if carries_bytes:
                self._insert_traffic(list(run), wall_minus_mono)
            else:
                for event in run:
                    self._insert_note(event, wall_minus_mono)

    def _insert_traffic(self, events: list[Any], wall_minus_mono: int) -> None:
        counts = self.counts
        for first in range(0, len(events), _ROWS):
            chunk: list[Received | Sent] = events[first : first + _ROWS]
            values: list[object] = [wall_minus_mono]
            for event in chunk:
                session = event.session
                ordinal = counts.get(session, 0)
                counts[session] = ordinal + 1
                if isinstance(event, Received):
                    values += (session, ordinal, event.connection, "received", event.at, event.data, None)
                else:
                    cuts = json.dumps({"cuts": event.cuts}) if event.cuts else None
                    values += (session, ordinal, event.connection, "sent", event.at, event.data, cuts)
            self._database.execute(_traffic_statement(len(chunk)), values)

    def _insert_note(self, event: Event, wall_minus_mono: int) -> None:
        ordinal = self.counts.get(event.session, 0)
        self.counts[event.session] = ordinal + 1
        connection: ConnectionId | None = getattr(event, "connection", None)
        place = (event.session, ordinal, connection, kind_of(event), event.at + wall_minus_mono, event.at)
        self._database.execute(_NOTE, (*place, *self._note(event, connection)))

    def _note(self, event: Event, connection: ConnectionId | None) -> tuple[str, int, str]:
        number = self._numbers.get(connection) if connection is not None else None
        note = sentence(event, number, self._roles.get(event.session, Role.SERVER))
        return note, int(is_failure(event)), json.dumps(_plain(event), ensure_ascii=False)

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            try:
                self._database.execute("ROLLBACK")
            except sqlite3.Error:  # SQLite has rolled back by itself
                return


class JournalReader:
    """Reads a journal, while it is being written or later. One thread at a time.

    Raises ``JournalError`` for what cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise JournalError(f"{path} is not there")
        try:
            self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise _failed(error, path) from error
        try:
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            application = self._database.execute("PRAGMA application_id").fetchone()[0]
        except _UNREADABLE as error:
            self._database.close()
            raise _failed(error, path) from error
        if application != _APPLICATION_ID or version != FORMAT:
            self._database.close()
            raise JournalError(f"{path} is not a journal that this version of Tincan can read")

    def read(self, session: SessionId, first: int, count: int, *, preview: int = 16384) -> list[Entry]:
        """The entries from ordinal ``first`` on, at most ``count``, each with at most ``preview`` bytes."""
        rows = self._query(_READ, (preview, session, first, first + count), _ENTRY)
        return [_entry(row) for row in rows]

    def data(self, session: SessionId, ordinal: int) -> bytes:
        """All the bytes of one entry; empty if it has none."""
        rows = self._query(
            "SELECT data FROM entry WHERE session = ? AND ordinal = ?", (session, ordinal), (_BYTES_OR_NONE,)
        )
        return rows[0][0] or b"" if rows else b""

    def count(self, session: SessionId) -> int:
        """How many entries the session has."""
        rows = self._query("SELECT coalesce(max(ordinal) + 1, 0) FROM entry WHERE session = ?", (session,), (int,))
        return int(rows[0][0])

    def sessions(self) -> list[SessionRow]:
        """Every session, in the order in which they were opened."""
        rows = self._query("SELECT session, role, target FROM session ORDER BY session", (), (int, str, str))
        return [SessionRow(SessionId(s), role, target, self.count(SessionId(s))) for s, role, target in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _query(self, sql: str, values: tuple[object, ...], kinds: tuple[_Kind, ...]) -> list[Any]:
        """The rows, each value of the kind that stands for it in ``kinds``: a damaged file may hold any other."""
        try:
            rows = self._database.execute(sql, values).fetchall()
        except _UNREADABLE as error:
            raise _failed(error, self.path) from error
        for row in rows:
            if not all(map(isinstance, row, kinds)):
                raise JournalError(f"the journal {self.path} is damaged: a value in it is of the wrong kind")
        return rows


def _carries_bytes(event: Event) -> bool:
    return isinstance(event, _TRAFFIC)


@cache
def _traffic_statement(rows: int) -> str:
    """Adds so many entries of received and sent bytes; ``?1`` is the time of day less the monotonic clock."""
    row = "(?{0}, ?{1}, ?{2}, ?{3}, ?{4} + ?1, ?{4}, ?{5}, 0, ?{6})"
    values = ", ".join(row.format(*range(first, first + 7)) for first in range(2, 2 + 7 * rows, 7))
    columns = "session, ordinal, connection, kind, wall_ns, mono_ns, data, failure, detail"
    return f"INSERT INTO entry ({columns}) VALUES {values}"  # noqa: S608 - nothing in it is from outside


def kind_of(event: Event) -> str:
    """The journal's name for a kind of event: ``SessionOpened`` is ``session-opened``."""
    name = type(event).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).removeprefix("-")


def _entry(row: tuple[Any, ...]) -> Entry:
    session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, failure = row
    return Entry(session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, bool(failure))


def _plain(value: object) -> object:
    """The event as JSON can hold it."""
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {name: _plain(getattr(value, name)) for name in names if name not in ("session", "connection", "at")}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _failed(error: Exception, path: Path) -> JournalError:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        reason = "the disk is full" if code == sqlite3.SQLITE_FULL else str(error)
        return JournalError(f"the journal {path} cannot be used: {reason}")
    if isinstance(error, UnicodeDecodeError):
        return JournalError(f"the journal {path} cannot be used: it is damaged")
    return JournalError(str(explain(error, Doing.RECORDING, path)))
