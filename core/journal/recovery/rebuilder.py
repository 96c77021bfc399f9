"""Puts the rows that were found in a damaged journal into a new one.

What the schema promises holds again: ordinals without a gap, and a session and a connection for every
entry. Where entries are missing, a note of the kind ``lost`` says how many.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any

from core.journal.display_row import DATA_KINDS
from core.journal.recovery.pages import ConnectionFound, CutRun, EntryFound, JournalFound, Row, SessionFound
from core.journal.schema import APPLICATION_ID, FORMAT, INSERT, NO_RUN, PAGE_SIZES, SCHEMA, with_checksum
from core.roles import ROLES, guess_role
from core.words import counted

LOST = "lost"  # the kind of the note that stands where entries were
UNKNOWN = "unknown"

_DAMAGED = "this part of the journal was damaged"
_STEP = 3  # keys between two entries, so that a note fits before and behind each
_MANY = 1 << 31  # connections, which nobody has
_LONGEST_WORD = 1024  # characters of an address or the name of something


class JournalRebuilder:
    """Takes entries in the order of recording and writes them to a new journal's database. One thread."""

    def __init__(self, database: sqlite3.Connection, known: Iterable[Row], most: int) -> None:
        """``known`` are the rows that are no entries; no session has more than ``most`` entries."""
        self.entries = 0  # written, without the notes on what is missing
        self.lost = 0  # that must have been between others, or at the end of a run that was cut
        self.size = 0  # bytes of data written
        self._database = database
        self._most = most
        self._key = 1
        self._sequences: dict[int, _Sequence] = {}
        self._known_sessions = _KnownSessions(known)
        database.execute(f"PRAGMA page_size = {PAGE_SIZES[0]}")
        database.executescript(SCHEMA)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("BEGIN")

    def take(self, rows: Iterable[EntryFound | CutRun]) -> None:
        """Write the next entries. Raises ``sqlite3.Error``."""
        for row in rows:
            session = self._known_sessions.session_of(row)
            if isinstance(row, CutRun):
                self._sequence_of(session).stop = row.stop
                continue
            entry = row if session == row.session else row._replace(session=session)
            if not self._known_sessions.meet(entry):  # else the note would contradict the row that it is about
                entry = entry._replace(detail=None)
            sequence = self._sequence_of(session)
            self._key += _STEP
            self._write(sequence, sequence.take(self._key, entry))

    def finish(self) -> None:
        """Write what was held back, and who took part. Raises ``sqlite3.Error``."""
        for sequence in self._sequences.values():
            self._write(sequence, sequence.end())
            self._write_lost_end(sequence)
        for table, rows in self._known_sessions.rows().items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names are ours
        self._database.execute("COMMIT")

    def _write(self, sequence: _Sequence, found: tuple[int, EntryFound] | None) -> None:
        if found is None:
            return
        key, row = found
        gap = sequence.advance(row.ordinal)
        if gap:
            self.lost += gap
            what = counted(gap, "entry is", "entries are")
            self._note(key - 1, sequence, row, f"{what} missing here: {_DAMAGED}", None)
        self.entries += 1
        self.size += len(row.data or b"")
        self._insert(key, row._replace(ordinal=sequence.number()))
        if row.missing:
            what = f"{row.missing:,} bytes at the end of the entry before are missing: the journal was damaged there"
            self._note(key + 1, sequence, row, what, row.connection)

    def _write_lost_end(self, sequence: _Sequence) -> None:
        """Note what the last run of a session has lost; of a session without an entry, it is only counted."""
        gap = sequence.advance(sequence.stop) if sequence.stop else 0
        last = sequence.end()
        self.lost += gap
        if gap and last is not None:
            self._key += _STEP
            what = counted(gap, "entry is", "entries are")
            self._note(self._key, sequence, last[1], f"at least {what} missing here: {_DAMAGED}", None)

    def _sequence_of(self, session: int) -> _Sequence:
        if session not in self._sequences:
            self._sequences[session] = _Sequence(self._most)
        return self._sequences[session]

    def _note(self, key: int, sequence: _Sequence, row: EntryFound, note: str, connection: int | None) -> None:
        place = (row.session, sequence.number(), connection, LOST, row.wall_ns, row.mono_ns)
        self._insert(key, EntryFound(*place, None, note, 1, None))

    def _insert(self, key: int, row: EntryFound) -> None:
        values = with_checksum(
            (key, *row[:6], *NO_RUN, row.origin, None, None), row.data, (row.note, row.failure, row.detail)
        )
        self._database.execute(INSERT, values)


class _Sequence:
    """The entries of one session: held back one by one until the next shows whether the ordinal can be right."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: tuple[int, EntryFound] | None = None
        self._last = -1  # the ordinal, in the damaged journal, of the last that was let go
        self._numbers = 0  # given in the new one
        self.stop = 0  # the ordinal behind the last run, if that was cut

    def take(self, key: int, row: EntryFound) -> tuple[int, EntryFound] | None:
        """Hold this entry back and let go of the one before, if there is one."""
        self.stop = 0
        held, self._held = self._held, (key, row)
        if held is None or held[1].ordinal < row.ordinal:
            return held
        if row.ordinal - self._last > 1:  # the one before claims to be later, yet there is room for it before
            return held[0], held[1]._replace(ordinal=self._last + 1)
        self._held = held  # this one was there already
        return None

    def end(self) -> tuple[int, EntryFound] | None:
        """Let go of the last."""
        return self._held

    def advance(self, ordinal: int) -> int:
        """How many are missing before this ordinal, which now is the last."""
        gap = max(0, ordinal - self._last - 1)
        if gap > self._most:  # more than fit into the file: the ordinal is damaged
            gap, ordinal = 0, self._last + 1
        self._last = ordinal
        return gap

    def number(self) -> int:
        """The next ordinal in the new journal."""
        self._numbers += 1
        return self._numbers - 1


class _KnownSessions:
    """Who takes part: journal, sessions and connections, those that are lost made up from what entries tell."""

    def __init__(self, known: Iterable[Row]) -> None:
        self._journal: JournalFound | None = None
        self._sessions: dict[int, SessionFound] = {}
        self._connections: dict[int, ConnectionFound] = {}
        for row in known:
            if isinstance(row, SessionFound):
                self._sessions[row.session] = row
            elif isinstance(row, ConnectionFound):
                if row.connection not in self._connections or row.ending is not None:
                    self._connections[row.connection] = row
            elif isinstance(row, JournalFound):
                self._journal = row
        self._began_ns = 0
        self._roles: dict[int, str] = {}
        self._met: dict[int, int] = {}  # connections that only entries know, and their sessions

    def session_of(self, row: EntryFound | CutRun) -> int:
        """The session that an entry belongs to: its own or, if nobody knows that one, its connection's."""
        if row.session in self._sessions:
            return row.session
        known = self._connections.get(row.connection or 0)
        return known.session if known is not None else row.session

    def meet(self, row: EntryFound) -> bool:
        """Learn from an entry what the tables have lost; False if what it tells of a row cannot be in one."""
        self._began_ns = self._began_ns or row.wall_ns
        if row.connection is not None and row.connection not in self._connections:
            self._met.setdefault(row.connection, row.session)
        if row.kind in DATA_KINDS:
            self._roles.setdefault(row.session, "")
            return True
        if row.session not in self._sessions and any(row.kind in role.entries for role in ROLES.values()):
            self._roles[row.session] = guess_role([row.kind]).name
        self._roles.setdefault(row.session, "")
        detail = _object(row.detail)
        if row.kind == "session-opened":
            return self._learn_session(row, detail)
        if row.kind == "opened" and row.connection is not None:
            return self._learn_connection(row, row.connection, detail)
        return self._learn_ending(row, detail) if row.kind == "closed" else True

    def rows(self) -> dict[str, list[Any]]:
        """The rows of the three tables, by their names."""
        self._number_strangers()
        connections = Counter(found.session for found in self._connections.values())
        for session in {*self._roles, *connections}:
            if session not in self._sessions:
                role = self._roles.get(session) or guess_role((), connections[session]).name
                self._sessions[session] = SessionFound(session, role, UNKNOWN, "raw", None)
        journal = self._journal or JournalFound(UNKNOWN, UNKNOWN, self._began_ns)
        return {
            "journal": [journal],
            "session": list(self._sessions.values()),
            "connection": list(self._connections.values()),
        }

    def _number_strangers(self) -> None:
        """Give connections that nothing is known of a number behind the others of their session."""
        highest: dict[int, int] = {}
        for found in self._connections.values():
            highest[found.session] = max(highest.get(found.session, 0), found.number)
        for connection, session in self._met.items():
            if connection not in self._connections:
                highest[session] = number = highest.get(session, 0) + 1
                self._connections[connection] = ConnectionFound(connection, session, number, UNKNOWN, UNKNOWN, None)

    def _learn_session(self, row: EntryFound, detail: dict[str, Any]) -> bool:
        role, target, framing = (_word(detail.get(name)) for name in ("role", "target", "framing"))
        reply = _word(detail.get("reply")) or None
        is_usable = role in ROLES and bool(target and framing) and reply == detail.get("reply")
        if is_usable:
            self._sessions[row.session] = SessionFound(row.session, role, target, framing, reply)
        return is_usable

    def _learn_connection(self, row: EntryFound, connection: int, detail: dict[str, Any]) -> bool:
        local, peer, number = _word(detail.get("local")), _word(detail.get("peer")), detail.get("number")
        if detail.get("took") is None:
            self._roles[row.session] = guess_role(["listening"]).name  # the peer came to us
        number = number if isinstance(number, int) else 0
        is_usable = bool(local and peer) and 0 < number < _MANY
        if is_usable:
            known = self._connections.get(connection)
            session, ending = (known.session, known.ending) if known is not None else (row.session, None)
            self._connections[connection] = ConnectionFound(connection, session, number, local, peer, ending)
        return is_usable

    def _learn_ending(self, row: EntryFound, detail: dict[str, Any]) -> bool:
        known, ending = self._connections.get(row.connection or 0), _word(detail.get("ending"))
        if known is not None and ending:
            self._connections[known.connection] = known._replace(ending=ending)
        return bool(ending)


def _object(text: str | None) -> dict[str, Any]:
    """The JSON object in the text; an empty one if it is none."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _word(value: object) -> str:
    """The value if it is a text that a table can hold, else an empty one."""
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_WORD else ""
