"""Puts the rows that were found in a damaged journal into a new one.

What the schema promises holds again: ordinals without a gap, and a session and a connection for every
entry. Where entries are missing, a note of the kind ``lost`` says how many.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect
from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeAlias

from core.journal.display_row import DATA_KINDS
from core.journal.recovery.pages import ChunkFound, ConnectionFound, EntryFound, JournalFound, Row, SessionFound
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
        self._latest = 0  # the session of the row before
        self._sequences: dict[int, _Sequence] = {}
        self._known_sessions = _KnownSessions(known)
        database.execute(f"PRAGMA page_size = {PAGE_SIZES[0]}")
        database.executescript(SCHEMA)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("BEGIN")

    def take(self, rows: Iterable[ChunkFound]) -> None:
        """Write the next rows. Raises ``sqlite3.Error``."""
        for row in rows:
            session = self._latest = self._session_of(row)
            entries = tuple(self._met(entry._replace(session=session)) for entry in row.entries)
            sequence = self._sequence_of(session)
            self._key += _STEP
            self._write(sequence, sequence.take(self._key, row._replace(session=session, entries=entries)))
            self._key += _STEP * len(entries)

    def finish(self) -> None:
        """Write what was held back, and who took part. Raises ``sqlite3.Error``."""
        for session, sequence in self._sequences.items():
            self._write(sequence, sequence.end())
            self._write_lost_end(sequence)
            # Entries of a session that is none may be those that others miss.
            self.lost += -sequence.found if self._known_sessions.is_stranger(session) else sequence.lost
        self.lost = max(0, self.lost)
        for table, rows in self._known_sessions.rows().items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names are ours
        self._database.execute("COMMIT")

    def _session_of(self, row: ChunkFound) -> int:
        """The session that a row belongs to: of those that it may be, the one whose next ordinal it has."""
        candidates = self._known_sessions.sessions_of(row, self._latest)
        follows = (each for each in candidates if self._sequence_of(each).stop == row.ordinal)
        return next(follows, candidates[0])

    def _met(self, entry: EntryFound) -> EntryFound:
        """The entry, without its detail where that would contradict the row that it is about."""
        return entry if self._known_sessions.meet(entry) else entry._replace(detail=None)

    def _write(self, sequence: _Sequence, found: _Released | None) -> None:
        if found is None:
            return
        key, row, gap = found
        gap += sequence.cut
        ordinal = row.ordinal
        for entry in row.entries:
            gap += entry.ordinal - ordinal
            if gap:
                self._note_lost(key - 1, sequence, entry, gap)
            self.entries += 1
            sequence.found += 1
            self.size += len(entry.data or b"")
            self._insert(key, entry._replace(ordinal=sequence.number()))
            if entry.missing:
                what = (
                    f"{entry.missing:,} bytes at the end of the entry before are missing: the journal was damaged there"
                )
                self._note(key + 1, sequence, entry, what, entry.connection)
            ordinal, gap, key = entry.ordinal + 1, 0, key + _STEP
            sequence.last = entry
        sequence.cut = gap + row.stop - ordinal

    def _write_lost_end(self, sequence: _Sequence) -> None:
        """Note what the last run of a session has lost; of a session without an entry, it is only counted."""
        if sequence.cut and sequence.last is not None:
            self._key += _STEP
            self._note_lost(self._key, sequence, sequence.last, sequence.cut, "at least ")

    def _note_lost(self, key: int, sequence: _Sequence, row: EntryFound, gap: int, least: str = "") -> None:
        what = counted(gap, "entry is", "entries are")
        self._note(key, sequence, row, f"{least}{what} missing here: {_DAMAGED}", None)

    def _sequence_of(self, session: int) -> _Sequence:
        if session not in self._sequences:
            most = 0 if self._known_sessions.is_stranger(session) else self._most
            self._sequences[session] = _Sequence(most)
        return self._sequences[session]

    def _note(self, key: int, sequence: _Sequence, row: EntryFound, note: str, connection: int | None) -> None:
        place = (row.session, sequence.number(), connection, LOST, row.wall_ns, row.mono_ns)
        self._insert(key, EntryFound(*place, None, note, 1, None))

    def _insert(self, key: int, row: EntryFound) -> None:
        values = with_checksum(
            (key, *row[:6], *NO_RUN, row.origin, None, None), row.data, (row.note, row.failure, row.detail)
        )
        self._database.execute(INSERT, values)


_Released: TypeAlias = tuple[int, ChunkFound, int]
"""The new key of a row that may be written now, the row, and how many entries are missing before it."""


class _Sequence:
    """The rows of one session: each is held back until the next shows whether its ordinals can be right."""

    def __init__(self, most: int) -> None:
        self.last: EntryFound | None = None  # that was written
        self.cut = 0  # entries that are missing behind it in its run
        self.found = 0  # entries that were written
        self._most = most
        self._held: tuple[int, ChunkFound] | None = None
        self._next = 0  # the ordinal behind the last row whose ordinals were believed
        self._others = 0  # see ``ChunkFound``: of that row
        self._highest = 0  # key that was met
        self._gaps: list[range] = []  # the ordinals before ``_next`` that were missing, in their order
        self._doubted = 0  # entries since then whose ordinals were not believed
        self._doubtful: set[tuple[int, int]] = set()  # key and ordinal of all such rows
        self._numbers = 0  # given in the new journal

    @property
    def stop(self) -> int:
        """The ordinal behind the row that is held back."""
        return self._held[1].stop if self._held is not None else self._next

    @property
    def lost(self) -> int:
        """How many entries there must have been, and are not."""
        return max(0, self._next + self._doubted - self.found)

    def take(self, key: int, row: ChunkFound) -> _Released | None:
        """Hold this row back and let go of the one before, if there is one."""
        if self._was_there(row):
            return None
        self._highest = max(self._highest, row.key)
        held, self._held = self._held, (key, row)
        return (*held, self._missing_before(held[1], row)) if held is not None else None

    def end(self) -> _Released | None:
        """Let go of the last."""
        held = self._held
        return (*held, self._missing_before(held[1], None)) if held is not None else None

    def number(self) -> int:
        """The next ordinal in the new journal."""
        self._numbers += 1
        return self._numbers - 1

    def _was_there(self, row: ChunkFound) -> bool:
        """Whether the row was met before: a page may be there twice, or point to one row again and again."""
        this = row.key, row.ordinal
        if self._held is not None and this == (self._held[1].key, self._held[1].ordinal):
            return True
        is_old = row.ordinal < self._next and row.key <= self._highest and not self._was_missing(row)
        return is_old or this in self._doubtful

    def _was_missing(self, row: ChunkFound) -> bool:
        at = bisect(self._gaps, row.ordinal, key=lambda gap: gap.start)
        return bool(at) and row.ordinal in self._gaps[at - 1]

    def _missing_before(self, row: ChunkFound, following: ChunkFound | None) -> int:
        """How many entries are missing before a row that is let go now.

        Its ordinals are believed if they go on where those before end. If they leave a gap, the row behind must not
        fit into that, and the entry must not have a higher ordinal than its key admits.
        """
        gap = row.ordinal - self._next
        is_contradicted = following is not None and self._next <= following.ordinal < row.stop
        if 0 <= gap <= self._doubted or (0 < gap <= self._most and not is_contradicted and row.others >= self._others):
            missing = max(0, gap - self._doubted)
            if missing:
                self._gaps.append(range(self._next, row.ordinal))
            self._next, self._others, self._doubted = row.stop, row.others, 0
            return missing
        self._doubtful.add((row.key, row.ordinal))
        if not self._was_missing(row):
            self._doubted += row.stop - row.ordinal
        return 0


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
        self._told = {*self._sessions, *(row.session for row in self._connections.values())}
        self._began_ns = 0
        self._roles: dict[int, str] = {}
        self._met: dict[int, int] = {}  # connections that only entries know, and their sessions
        self._endings: dict[int, str] = {}  # of those

    def sessions_of(self, row: ChunkFound, latest: int) -> list[int]:
        """The sessions that a row may belong to, the most probable first: its own, and its connection's.

        Where the tables have neither, that of the row before is another.
        """
        known = self._connections.get(row.connection or 0)
        found = [row.session] if row.session in self._sessions else []
        if known is not None and known.session not in found:
            found.append(known.session)
        return found or [row.session, *([latest] if latest else [])]

    def is_stranger(self, session: int) -> bool:
        """Whether the tables are there, and have no such session: then the number is wrong."""
        return bool(self._told) and session not in self._told

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
                ending = self._endings.get(connection)
                self._connections[connection] = ConnectionFound(connection, session, number, UNKNOWN, UNKNOWN, ending)

    def _learn_session(self, row: EntryFound, detail: dict[str, Any]) -> bool:
        role, target, framing = (_word(detail.get(name)) for name in ("role", "target", "framing"))
        reply = _word(detail.get("reply")) or None
        is_usable = role in ROLES and bool(target and framing) and reply == detail.get("reply")
        if not is_usable:
            return False
        told = SessionFound(row.session, role, target, framing, reply)
        return self._sessions.setdefault(row.session, told) == told  # else the row may be another session's

    def _learn_connection(self, row: EntryFound, connection: int, detail: dict[str, Any]) -> bool:
        local, peer, number = _word(detail.get("local")), _word(detail.get("peer")), detail.get("number")
        if detail.get("took") is None:
            self._roles[row.session] = guess_role(["listening"]).name  # the peer came to us
        number = number if isinstance(number, int) else 0
        if not (local and peer and 0 < abs(number) < _MANY):  # those of a tap that lead to its targets are below 0
            return False
        told = ConnectionFound(connection, row.session, number, local, peer, self._endings.get(connection))
        known = self._connections.setdefault(connection, told)
        return (known.number, known.local, known.peer) == (number, local, peer)  # else it may be another one's

    def _learn_ending(self, row: EntryFound, detail: dict[str, Any]) -> bool:
        connection, ending = row.connection or 0, _word(detail.get("ending"))
        known = self._connections.get(connection)
        if known is None:
            return bool(ending) and self._endings.setdefault(connection, ending) == ending
        if known.ending is None and ending:
            self._connections[connection] = known._replace(ending=ending)
        return bool(ending) and known.ending in (None, ending)


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
