"""Reads a journal, while it is being written or when its run is over."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from core.errors import JournalError
from core.events import ConnectionId, SessionId
from core.journal.schema import APPLICATION_ID, FORMAT, failed

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
            raise failed(error, path) from error
        try:
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            application = self._database.execute("PRAGMA application_id").fetchone()[0]
        except _UNREADABLE as error:
            self._database.close()
            raise failed(error, path) from error
        if application != APPLICATION_ID or version != FORMAT:
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
            raise failed(error, self.path) from error
        for row in rows:
            if not all(map(isinstance, row, kinds)):
                raise JournalError(f"the journal {self.path} is damaged: a value in it is of the wrong kind")
        return rows


def _entry(row: tuple[Any, ...]) -> Entry:
    session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, failure = row
    return Entry(session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, bool(failure))
