"""Writes a journal: the recorder appends through ``JournalWriter``, and nobody else."""

from __future__ import annotations

import contextlib
import json
import platform
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from core.address import Address
from core.errors import JournalError
from core.events import (
    Closed,
    ConnectionId,
    Event,
    Opened,
    Received,
    Role,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
)
from core.journal.notes import is_failure, sentence
from core.journal.schema import APPLICATION_ID, FORMAT, SCHEMA, failed

_NOTE = """INSERT INTO entry (session, ordinal, connection, kind, wall_ns, mono_ns, note, failure, detail)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Many rows in one statement: sqlite3 lets go of the interpreter lock and takes it back for each statement,
# and with a busy network thread beside it that costs several times what the row costs.
_ROWS = 50
_TRAFFIC = (Received, Sent)


class JournalWriter:
    """Appends to a new journal. One thread at a time; ``counts`` is the number of entries per session."""

    def __init__(self, path: Path) -> None:
        """Make the file at ``path``. Raises ``JournalError`` if it exists already or cannot be made."""
        self.path = path
        self.counts: dict[SessionId, int] = {}
        self._roles: dict[SessionId, Role] = {}
        self._numbers: dict[ConnectionId, int] = {}
        self._parted: set[SessionId] = set()  # clients whose one connection has closed, until they are over
        self._owed: list[Event] = []  # introductions that failed; those who came meanwhile are made known later
        if path.exists():
            raise JournalError(f"{path} exists already; Tincan does not write over a journal")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise failed(error, path) from error
        try:
            self._create()
        except sqlite3.Error as error:
            self._database.close()
            raise failed(error, path) from error

    def append(self, events: Sequence[Event], wall_minus_mono: int) -> None:
        """Write the events in one transaction: all of them or, when it raises ``JournalError``, none.

        Whose beginning was lost in that way is entered with the next events that can be written.
        """
        counts, numbers, parted = dict(self.counts), dict(self._numbers), set(self._parted)
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
            self.counts, self._numbers, self._parted = counts, numbers, parted
            self._owed += [event for event in events if isinstance(event, SessionOpened | Opened | Closed)]
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise failed(error, self.path) from error
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
        run(f"PRAGMA application_id = {APPLICATION_ID}")
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
                    if not self._is_told(event):
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

    def _is_told(self, event: Event) -> bool:
        """Whether an entry before said the same: a client is over with its connection, and both are one thing."""
        if isinstance(event, Closed) and self._roles.get(event.session) is Role.CLIENT:
            self._parted.add(event.session)
        if not isinstance(event, SessionClosed) or event.session not in self._parted:
            return False
        self._parted.discard(event.session)
        return event.failure is None and not event.cancelled

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
