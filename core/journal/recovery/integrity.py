"""Looks through all of a journal: whether it holds what was recorded, and nothing else."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.errors import JournalError
from core.journal.reading.database import ForeignError, log_of, open_database
from core.journal.reading.runs import numbers, origins, ranges, streams, times
from core.journal.recovery.write_ahead_log import WriteAheadLog
from core.journal.schema import (
    COLUMNS,
    LONGEST_NOTE,
    LONGEST_TEXT,
    RUNS_SINCE,
    Checksum,
    checksum_of,
    failed,
)
from core.roles import ROLES

_BETWEEN_LOOKS = 1000  # steps of SQLite's machine between two looks at whether anybody still wants to know
_TELL_EVERY = 4096  # entries
_TOGETHER = 1024 * 1024  # bytes that are added up at once
_ENTRIES_TOGETHER = 256  # and the entries that have them
_CHANGED = "bytes in it are not those that were recorded: a checksum is wrong"
_NOT_YET = {3: ("origin", "origins", "ends"), 4: ("ends",)}
"""The columns that ``chunk`` did not have in an earlier format."""
_TRIES = 3  # to find a journal that is being written as it was a moment before

_ROLES = ", ".join(f"'{name}'" for name in ROLES)
# What SQLite's own check leaves open: no row of these may exist in a sound journal.
_MISFIT = f"""
SELECT 1 FROM {{table}} WHERE typeof(session) <> 'integer' OR typeof(ordinal) <> 'integer' OR ordinal < 0
  OR typeof(connection) NOT IN ('integer', 'null') OR typeof(kind) <> 'text' OR kind GLOB '*[^a-z-]*' OR kind = ''
  OR typeof(wall_ns) <> 'integer' OR typeof(mono_ns) <> 'integer' OR typeof(failure) <> 'integer'
  OR typeof(data) NOT IN ('blob', 'null') OR typeof(note) NOT IN ('text', 'null')
  OR typeof(detail) NOT IN ('text', 'null') OR (data IS NULL) = (kind IN ({{carriers}}))
  OR length(note) > {LONGEST_NOTE} OR length(detail) > {LONGEST_TEXT}
  OR length(kind) > 64 OR (data IS NOT NULL AND failure <> 0)
UNION ALL SELECT 1 FROM session WHERE role NOT IN ({_ROLES}) OR typeof(target) <> 'text'
  OR typeof(framing) <> 'text' OR typeof(reply) NOT IN ('text', 'null')
  OR length(target) > {LONGEST_NOTE} OR length(framing) > {LONGEST_NOTE} OR length(reply) > {LONGEST_NOTE}
UNION ALL SELECT 1 FROM connection WHERE typeof(number) <> 'integer' OR typeof(local) <> 'text'
  OR typeof(peer) <> 'text' OR session NOT IN (SELECT session FROM session)
  OR length(local) > {LONGEST_NOTE} OR length(peer) > {LONGEST_NOTE} OR length(ending) > {LONGEST_NOTE}
UNION ALL SELECT 1 FROM (SELECT DISTINCT session FROM {{table}}) WHERE session NOT IN (SELECT session FROM session)
UNION ALL SELECT 1 FROM (SELECT DISTINCT connection FROM {{table}} WHERE connection IS NOT NULL)
  WHERE connection NOT IN (SELECT connection FROM connection)
UNION ALL {{more}} LIMIT 1"""  # noqa: S608 - numbers and names of ours
_GAP = """SELECT 1 FROM (SELECT count(*) AS entries, max(ordinal) AS last, session FROM entry GROUP BY session)
  WHERE entries <> last + 1"""
_NO_RUN = """SELECT 1 FROM chunk WHERE typeof(adler32) <> 'integer'
  OR typeof(offsets) NOT IN ('text', 'null') OR typeof(times) NOT IN ('text', 'null')
  OR typeof(connections) NOT IN ('text', 'null') OR typeof(numbers) NOT IN ('text', 'null')
  OR (offsets IS NULL) <> (times IS NULL) OR (connections IS NULL) = (kind = 'data')
  OR (offsets IS NULL AND coalesce(connections, numbers) IS NOT NULL)
  OR (offsets IS NOT NULL AND (data IS NULL OR coalesce(note, detail) IS NOT NULL))
  OR (connections IS NOT NULL AND connection IS NOT NULL)
  OR (offsets IS NOT NULL AND (wall_ns / 4611686018427387904 <> 0 OR mono_ns / 4611686018427387904 <> 0))"""
_NO_ORIGIN = f"""
UNION ALL SELECT 1 FROM chunk WHERE typeof(origin) NOT IN ('text', 'null') OR typeof(origins) NOT IN ('text', 'null')
  OR length(origin) > {LONGEST_TEXT} OR (origins IS NOT NULL AND (origin IS NULL OR offsets IS NULL))
  OR (origin IS NOT NULL AND (data IS NULL OR kind = 'received'))"""  # noqa: S608 - a number of ours
_NO_END = """
UNION ALL SELECT 1 FROM chunk WHERE typeof(ends) NOT IN ('text', 'null') OR (ends IS NOT NULL AND offsets IS NULL)"""
_MISFITS = {
    1: _MISFIT.format(table="entry", carriers="'received', 'sent'", more=_GAP),
    2: _MISFIT.format(table="entry", carriers="'received', 'sent'", more=_GAP),
    3: _MISFIT.format(table="chunk", carriers="'received', 'sent', 'data'", more=_NO_RUN),
    4: _MISFIT.format(table="chunk", carriers="'received', 'sent', 'data'", more=_NO_RUN + _NO_ORIGIN),
    5: _MISFIT.format(table="chunk", carriers="'received', 'sent', 'data'", more=_NO_RUN + _NO_ORIGIN + _NO_END),
}
_TEXTS = """SELECT target || framing || coalesce(reply, '') FROM session
            UNION ALL SELECT local || peer || coalesce(ending, '') FROM connection
            UNION ALL SELECT DISTINCT kind FROM {table}
            UNION ALL SELECT coalesce(note, '') || coalesce(detail, '') FROM {table} WHERE data IS NULL"""
_SUMMED = """SELECT entry, session, connection, kind, wall_ns - mono_ns, {data}, note, failure, detail
             FROM entry ORDER BY entry"""
_DATA, _NO_DATA = "data", "CASE WHEN data IS NULL THEN NULL ELSE x'' END"
_CHUNKS = "SELECT {} FROM chunk ORDER BY entry"
_MISSING = "a value in it is of the wrong kind, or an entry is missing"
_DIFFERS = "what is said of a session or a connection differs from its notes"

# What a note tells of a row in another table, by the kind of the note: the row's columns as the note names them.
_TOLD: dict[str, tuple[str, tuple[str, ...]]] = {
    "session-opened": (
        "SELECT role, target, framing, reply FROM session WHERE session = ?",
        ("role", "target", "framing", "reply"),
    ),
    "opened": (
        "SELECT number, local, peer FROM connection WHERE connection = ?",
        ("number", "local", "peer"),
    ),
    "closed": ("SELECT ending FROM connection WHERE connection = ?", ("ending",)),
}


def _tell_nobody(_fraction: float) -> None: ...


def find_damage(
    path: Path, on_progress: Callable[[float], None] = _tell_nobody, cancelled: threading.Event | None = None
) -> str:
    """Look through all of a journal: what is wrong with it in a few words, or nothing.

    Takes about two seconds for 64 MiB. In a journal of format 1 a changed byte within what was sent or received
    cannot be found: it has no checksums. ``on_progress`` is told the fraction that is done, on the calling thread.
    Raises ``ForeignError`` for what is no journal, and ``JournalError`` if it was ``cancelled``.
    """
    cancelled = cancelled or threading.Event()
    for _ in range(_TRIES):
        before = _stamps(path)
        damage = _find_damage(path, on_progress, cancelled)
        if cancelled.is_set():
            raise JournalError(f"{path} was not looked through to its end")
        if not damage or _stamps(path) == before:
            return damage
    return ""  # it is being written all the time, and its log was another one whenever it was read


def _find_damage(path: Path, on_progress: Callable[[float], None], cancelled: threading.Event) -> str:
    try:
        database, number = open_database(path)
        with contextlib.closing(database):
            database.set_progress_handler(cancelled.is_set, _BETWEEN_LOOKS)
            database.execute("BEGIN")  # one state of a journal that is being written
            (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                return " ".join(str(verdict).split())[:200]
            on_progress(0.3)
            if database.execute(_MISFITS[number]).fetchone():
                return _MISSING
            for (text,) in database.execute(_TEXTS.format(table="entry" if number < RUNS_SINCE else "chunk")):
                if not isinstance(text, str):
                    return "a text in it is missing"
            on_progress(0.5)
            if number < RUNS_SINCE:
                wrong = _first_wrong(database, number, on_progress)
            else:
                columns = [name for name in COLUMNS if name not in _NOT_YET.get(number, ())]
                wrong = _first_wrong_chunk(database, columns, on_progress)
            if wrong:
                return wrong
        with contextlib.closing(WriteAheadLog(log_of(path), 0)) as log:
            return "its write-ahead log is broken in the middle" if log.is_broken else ""
    except ForeignError:
        raise
    except JournalError as error:
        return reason(error, path)
    except sqlite3.Error as error:
        return reason(failed(error, path), path)
    except UnicodeDecodeError:
        return "a text in it cannot be read"


def find_tear(path: Path) -> str:
    """A sentence if the last transaction in a journal's log is not whole, as a kill or a power cut leaves it."""
    before = _stamps(path)
    with contextlib.closing(WriteAheadLog(log_of(path), 0)) as log:
        is_torn = log.is_torn
    if not is_torn or _stamps(path) != before:  # otherwise it is being written
        return ""
    return f"The log of {path.name} ends in the middle: what was recorded last may be missing."


def reason(error: JournalError, path: Path) -> str:
    """Why a journal cannot be used, without the sentence around it."""
    return str(error).replace(str(path), "").partition(": ")[2] or str(error)


class _Sums:
    """The checksum of entries as SQLite gives them, a few at a time."""

    def __init__(self) -> None:
        self._checksum = Checksum()
        self._size = self._sent = 0
        self._data: list[bytes] = []
        self._connections: list[int] = []
        self._texts: list[str] = []

    def take(self, row: tuple[Any, ...]) -> None:
        """The next entry."""
        _entry, _session, connection, kind, _clock, data, note, failure, detail = row
        self._connections.append(connection or 0)
        self._sent += kind == "sent"
        if data is None:
            self._texts += (kind, note or "", detail or "", str(failure))
        else:
            self._data.append(data)
            self._size += len(data)
            if detail:
                self._texts.append(detail)
        if self._size > _TOGETHER or len(self._connections) == _ENTRIES_TOGETHER:
            self._add()

    @property
    def value(self) -> int:
        """Of all that was taken."""
        self._add()
        return self._checksum.value

    def _add(self) -> None:
        self._checksum.add(self._data, self._connections, self._sent, self._texts)
        self._data, self._connections, self._texts, self._size, self._sent = [], [], [], 0, 0


def _first_wrong(database: sqlite3.Connection, number: int, on_progress: Callable[[float], None]) -> str:
    """What differs first from the checksums, or from what the notes tell of sessions and connections."""
    (highest,) = database.execute("SELECT coalesce(max(entry), 0) FROM entry").fetchone()
    sql = "SELECT entry, adler32, clock FROM checksum UNION ALL SELECT NULL, NULL, NULL ORDER BY entry NULLS LAST"
    known = database.execute(sql) if number > 1 else iter([(None, None, None)])
    until, value, clock = next(known)
    sums, last = _Sums(), 0
    rows = database.execute(_SUMMED.format(data=_DATA if number > 1 else _NO_DATA))
    for count, row in enumerate(rows):
        entry, data = row[0], row[5]
        if number > 1:
            if until is None or entry > until or row[4] != clock:
                return _CHANGED
            sums.take(row)
            if entry == until:
                if sums.value != value:
                    return _CHANGED
                until, value, clock = next(known)
                sums = _Sums()
        if data is None and not _is_so(database, session=row[1], connection=row[2], kind=row[3], detail=row[-1]):
            return _DIFFERS
        last = entry
        if count % _TELL_EVERY == 0:
            on_progress(0.5 + last / max(1, highest) / 2)
    return _CHANGED if until is not None else ""


def _first_wrong_chunk(
    database: sqlite3.Connection, columns: Sequence[str], on_progress: Callable[[float], None]
) -> str:
    """The same where each row has its checksum; also whether the runs are such, and no entry is missing."""
    (highest,) = database.execute("SELECT coalesce(max(entry), 0) FROM chunk").fetchone()
    known = {0, *(connection for (connection,) in database.execute("SELECT connection FROM connection"))}
    next_ordinals: Counter[int] = Counter()
    summed = columns.index("adler32")
    for count, row in enumerate(database.execute(_CHUNKS.format(", ".join(columns)))):
        chunk = dict(zip(columns, row, strict=True))
        if checksum_of(row[:summed], row[summed + 1], row[summed + 2 :]) != chunk["adler32"]:
            return _CHANGED
        entries, connections = 1, {chunk["connection"] or 0}
        if chunk["offsets"] is not None:
            try:
                entries = len(ranges(chunk["offsets"], chunk.get("ends"), len(chunk["data"]))[0])
                connections |= set(map(abs, streams(chunk["connections"], entries) or ()))
                times(chunk["times"], entries)
                origins(chunk.get("origin"), chunk.get("origins"), entries)
                if chunk["numbers"]:
                    numbers(chunk["numbers"], entries)
            except ValueError:
                return _MISSING
        if chunk["ordinal"] != next_ordinals[chunk["session"]] or not connections <= known:
            return _MISSING
        next_ordinals[chunk["session"]] += entries
        told = {name: chunk[name] for name in ("session", "connection", "kind", "detail")}
        if chunk["data"] is None and not _is_so(database, **told):
            return _DIFFERS
        if count % _TELL_EVERY == 0:
            on_progress(0.5 + chunk["entry"] / max(1, highest) / 2)
    return ""


def _is_so(
    database: sqlite3.Connection, *, session: int, connection: int | None, kind: str, detail: str | None
) -> bool:
    """Whether the row of a session or connection is as a note tells it."""
    if kind not in _TOLD:
        return True
    sql, names = _TOLD[kind]
    try:
        told = json.loads(detail or "")
    except (ValueError, RecursionError):
        return True  # a note without it is a note all the same
    found = database.execute(sql, (session if kind == "session-opened" else connection,)).fetchone()
    if found is None or not isinstance(told, dict):
        return True
    return all(told.get(name, value) == value for name, value in zip(names, found, strict=True))


def _stamps(path: Path) -> tuple[tuple[int, int], ...]:
    """By which a change of the journal's files shows: sizes and times."""
    found = []
    for each in (path, log_of(path)):
        with contextlib.suppress(OSError):
            stat = each.stat()
            found.append((stat.st_size, stat.st_mtime_ns))
    return tuple(found)
