"""Reads a journal, while it is being written or when its run is over."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from core.clock import monotonic
from core.errors import JournalError
from core.events import ConnectionId, SessionId
from core.journal.display_row import EVERYTHING, Filter
from core.journal.reading.database import UNREADABLE, open_database
from core.journal.schema import LONGEST_NOTE, damaged, failed

_LARGE = 256 * 1024  # bytes of data: SQLite reads all of it to give the first few
_NOTE = f"substr(note, 1, {LONGEST_NOTE})"  # no Tincan has written a longer one
_LONGEST_NAME = 4096  # characters of a target; ours stay far below
_COLUMNS = f"""SELECT entry.session, ordinal, entry.connection, number, kind, wall_ns, mono_ns,
                  CASE WHEN length(data) > max(?1, {_LARGE}) THEN x'' ELSE substr(data, 1, ?1) END,
                  coalesce(length(data), 0), coalesce({_NOTE}, ''), failure
           FROM entry LEFT JOIN connection USING (connection)"""  # noqa: S608 - a number of ours
_RANGE = "entry.session = ? AND ordinal >= ? AND ordinal < ?"
_CALLS = f"""SELECT ordinal, wall_ns, mono_ns, coalesce(length(data), 0), coalesce(detail, '')
             FROM entry WHERE {_RANGE} AND connection = ? AND kind = ? ORDER BY ordinal"""  # noqa: S608 - all ours

_AT_ONCE = 64  # rows
_LEAST_ENTRY = 12  # bytes that an entry takes in a file at least, its place in the index included
_FEW = 65_536  # entries that are believed without asking how large the file is
_BETWEEN_LOOKS = 1000  # steps of SQLite's machine, some ten microseconds, between two looks at the clock

_Kind: TypeAlias = type | tuple[type, ...]
_BYTES_OR_NONE = (bytes, type(None))
_INT_OR_NONE = (int, type(None))
ScanRow: TypeAlias = tuple[int, ConnectionId | None, str, int, bytes | None, int]
Piece: TypeAlias = tuple[int, ConnectionId | None, str, bytes, int]
CallRow: TypeAlias = tuple[int, int, int, int, str]
_Kinds: TypeAlias = tuple[_Kind, ...]
_SCAN: _Kinds = (int, _INT_OR_NONE, str, int, _BYTES_OR_NONE, int)
_PIECE: _Kinds = (int, _INT_OR_NONE, str, (bytes, int), int)  # a number: so many bytes, which are read apart
_CALL: _Kinds = (int, int, int, int, str)
_ENTRY: _Kinds = (int, int, _INT_OR_NONE, _INT_OR_NONE, str, int, int, _BYTES_OR_NONE, int, str, int)


class Entry(NamedTuple):
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


class Ends(NamedTuple):
    """The two ends of a connection, as addresses are written, and how it ended; empty while it stood."""

    local: str
    peer: str
    ending: str


class Parties(NamedTuple):
    """Who talked with whom: the role and target of a session, and its connections by number."""

    role: str
    target: str
    ends: Mapping[int, Ends]


class JournalReader:
    """Reads a journal, while it is being written or later. One thread at a time.

    The file may be a stranger's, see ``core.journal.reading.database``. Where ``gives_up`` is given it is asked again
    and again, also in the middle of a long question, and that fails once the answer is true. Raises
    ``JournalError`` for what cannot be read.
    """

    def __init__(self, path: Path, gives_up: Callable[[], bool] | None = None) -> None:
        self.path = path
        if not path.is_file():
            raise JournalError(f"{path} is not there")
        self._database, self.format = open_database(path)
        self.give_up_when(gives_up)

    def read(
        self, session: SessionId, first: int, count: int, *, preview: int = 16384, only: Filter = EVERYTHING
    ) -> list[Entry]:
        """What ``only`` admits of the ``count`` entries from ordinal ``first`` on.

        Each has at most ``preview`` bytes of its data.
        """
        condition, values = only.condition()
        sql = f"{_COLUMNS} WHERE {_RANGE} AND {condition} ORDER BY ordinal"
        rows = self._query(sql, (preview, session, first, first + count, *values), _ENTRY)
        entries = [_entry(row) for row in rows]
        for place, entry in enumerate(entries):
            if entry.size > max(preview, _LARGE) and preview > 0:
                head = next(self.pieces(session, entry.ordinal, preview), b"")
                entries[place] = entry._replace(data=head)
        return entries

    def scan(self, session: SessionId, first: int, stop: int, only: Filter, *, with_data: bool) -> Iterator[ScanRow]:
        """What ``only`` admits of the entries from ``first`` up to before ``stop``, one by one as they are read.

        Each as (ordinal, connection, kind, size, data, mono_ns); ``data`` is None in a note, and anywhere if not
        ``with_data``.
        """
        condition, values = only.condition()
        data = "data" if with_data else "NULL"
        sql = f"""SELECT ordinal, entry.connection, kind, coalesce(length(data), 0), {data}, mono_ns
                  FROM entry WHERE {_RANGE} AND {condition} ORDER BY ordinal"""  # noqa: S608 - nothing is from outside
        return self._rows(sql, (session, first, stop, *values), _SCAN)

    def pieces_of(
        self, session: SessionId, first: int, stop: int, only: Filter, *, count: int, size: int
    ) -> list[Piece]:
        """What ``only`` admits of the entries from ``first`` up to before ``stop``: at most ``count`` of them.

        The last is the one with which they have more than ``size`` bytes; where that is 0, no bytes are read. Each
        as (ordinal, connection, kind, data, mono_ns); a note has no data.
        """
        condition, values = only.condition()
        column = f"CASE WHEN length(data) > {_LARGE} THEN length(data) ELSE coalesce(data, x'') END" if size else "x''"
        sql = f"""SELECT ordinal, entry.connection, kind, {column}, mono_ns
                  FROM entry WHERE {_RANGE} AND {condition} ORDER BY ordinal LIMIT ?"""  # noqa: S608 - all ours
        found: list[Piece] = []
        left = size
        try:
            cursor = self._database.execute(sql, (session, first, stop, *values, count))
            while some := cursor.fetchmany(_AT_ONCE):
                pieces: Sequence[Piece] = some
                if int in map(type, self._checked(some, _PIECE)[3]):
                    pieces = self._with_large(session, some, left)
                left -= sum(len(piece[3]) for piece in pieces)
                found += pieces
                if left < 0:
                    break
        except UNREADABLE as error:
            raise failed(error, self.path) from error
        while found and left + len(found[-1][3]) < 0:
            left += len(found.pop()[3])
        return found

    def _with_large(self, session: SessionId, pieces: Sequence[Any], left: int) -> list[Piece]:
        """The same with the bytes of large entries, as far as ``left`` more bytes are wanted."""
        found: list[Piece] = []
        for ordinal, connection, kind, data, mono_ns in pieces:
            if left < 0:
                break
            whole = self.data(session, ordinal) if isinstance(data, int) else data
            found.append((ordinal, connection, kind, whole, mono_ns))
            left -= len(whole)
        return found

    def notes(self, session: SessionId, first: int, stop: int, only: Filter) -> Iterator[tuple[int, str]]:
        """The notes that ``only`` admits among the entries from ``first`` up to before ``stop``: (ordinal, note)."""
        condition, values = only.condition()
        sql = f"""SELECT ordinal, {_NOTE} FROM entry
                  WHERE {_RANGE} AND note IS NOT NULL AND {condition} ORDER BY ordinal"""  # noqa: S608 - all ours
        return self._rows(sql, (session, first, stop, *values), (int, str))

    def calls(
        self, session: SessionId, connection: ConnectionId | None, kind: str, first: int, last: int
    ) -> Iterator[CallRow]:
        """The entries of one direction of one connection from ordinal ``first`` to ``last``, that included, as read.

        Each as (ordinal, wall_ns, mono_ns, size, detail).
        """
        return self._rows(_CALLS, (session, first, last + 1, connection, kind), _CALL)

    def data(self, session: SessionId, ordinal: int) -> bytes:
        """All the bytes of one entry; empty if it has none."""
        rows = self._query(
            "SELECT data FROM entry WHERE session = ? AND ordinal = ?", (session, ordinal), (_BYTES_OR_NONE,)
        )
        return rows[0][0] or b"" if rows else b""

    def data_of(self, session: SessionId, ordinals: Sequence[int]) -> dict[int, bytes]:
        """All the bytes of a few entries, by their ordinals; those that are not there, or have none, are left out."""
        marks = ", ".join("?" * len(ordinals))
        sql = f"SELECT ordinal, data FROM entry WHERE session = ? AND ordinal IN ({marks})"  # noqa: S608 - question marks
        rows = self._rows(sql, (session, *ordinals), (int, _BYTES_OR_NONE)) if ordinals else ()
        return {ordinal: data for ordinal, data in rows if data}

    def pieces(
        self, session: SessionId, ordinal: int, size: int, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of one entry, all or a part, in pieces of at most ``size``, one at a time in memory."""
        place = "SELECT entry FROM entry WHERE session = ? AND ordinal = ? AND data IS NOT NULL"
        for (row,) in self._query(place, (session, ordinal), (int,)):
            yield from self._blob(row, size, start, stop)

    def _blob(self, row: int, size: int, start: int, stop: int | None) -> Iterator[bytes]:
        blob: sqlite3.Blob | None = None
        try:
            blob = self._database.blobopen("entry", "data", row, readonly=True)
            left = max(0, (len(blob) if stop is None else min(stop, len(blob))) - start)
            blob.seek(min(start, len(blob)))
            while left and (piece := blob.read(min(size, left))):
                left -= len(piece)
                yield piece
        except UNREADABLE as error:
            raise failed(error, self.path) from error
        finally:
            if blob is not None:
                with contextlib.suppress(sqlite3.Error):  # whoever reads no further may have closed the journal before
                    blob.close()

    def count(self, session: SessionId) -> int:
        """How many entries the session has. A number of more than the file can hold is damage."""
        rows = self._query("SELECT coalesce(max(ordinal) + 1, 0) FROM entry WHERE session = ?", (session,), (int,))
        count = int(rows[0][0])
        if count < 0 or (count > _FEW and count > self._size // _LEAST_ENTRY):
            raise damaged(self.path)
        return count

    def sessions(self, most: int | None = None) -> list[SessionRow]:
        """The sessions, all or the first few, in the order in which they were opened."""
        return list(islice(self.each_session(), most))

    def each_session(self, wanted: SessionId | None = None) -> Iterator[SessionRow]:
        """The same one by one, or only the one that is wanted."""
        condition, values = ("session = ?", (wanted,)) if wanted is not None else ("1", ())
        sql = f"""SELECT session, substr(role, 1, 16), substr(target, 1, {_LONGEST_NAME}) FROM session
                  WHERE {condition} ORDER BY session"""  # noqa: S608 - all ours
        for session, role, target in self._rows(sql, values, (int, str, str)):
            yield SessionRow(SessionId(session), role, target, self.count(SessionId(session)))

    def session_count(self) -> int:
        """How many sessions there are."""
        return int(self._query("SELECT count(*) FROM session", (), (int,))[0][0])

    def connections(self, session: SessionId) -> dict[int, ConnectionId]:
        """The session's connections by their number: #1, #2 ..."""
        sql = "SELECT number, connection FROM connection WHERE session = ? ORDER BY number"
        return {number: ConnectionId(found) for number, found in self._query(sql, (session,), (int, int))}

    def parties(self, session: SessionId) -> Parties:
        """Who talked with whom in a session."""
        found = self._query("SELECT role, target FROM session WHERE session = ?", (session,), (str, str))
        role, target = found[0] if found else ("", "")
        sql = "SELECT number, local, peer, coalesce(ending, '') FROM connection WHERE session = ? ORDER BY number"
        rows = self._query(sql, (session,), (int, str, str, str))
        return Parties(role, target, {number: Ends(local, peer, ending) for number, local, peer, ending in rows})

    def ask(self, sql: str, values: tuple[object, ...], kinds: _Kinds) -> list[Any]:
        """The answer to any other question: rows, each value of the kind that stands for it in ``kinds``."""
        return self._query(sql, values, kinds)

    def give_up_after(self, seconds: float) -> None:
        """From now on every question that is still unanswered in so many seconds raises ``JournalError``."""
        deadline = monotonic() + seconds
        self.give_up_when(lambda: monotonic() > deadline)

    def give_up_when(self, gives_up: Callable[[], bool] | None) -> None:
        """From now on ask that again and again, also in the middle of a long question; None never gives up."""
        self._gives_up = gives_up
        self._database.set_progress_handler(gives_up, _BETWEEN_LOOKS)

    def follow(self, path: Path) -> None:
        """Read from now on what is recorded in another file. Raises ``JournalError``, and then nothing changes."""
        other = JournalReader(path, self._gives_up)
        self._database.close()
        self.path, self._database, self.format = path, other._database, other.format

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def _size(self) -> int:
        """Bytes of the file, with what its write-ahead log has."""
        pages, size = (self._query(f"PRAGMA {one}", (), (int,))[0][0] for one in ("page_count", "page_size"))
        return int(pages * size)

    def _query(self, sql: str, values: tuple[object, ...], kinds: _Kinds) -> list[Any]:
        try:
            rows = self._database.execute(sql, values).fetchall()
        except UNREADABLE as error:
            raise failed(error, self.path) from error
        if rows:
            self._checked(rows, kinds)
        return rows

    def _rows(self, sql: str, values: tuple[object, ...], kinds: _Kinds) -> Iterator[Any]:
        """The rows as they are read, each value of the kind that stands for it in ``kinds``.

        A damaged file may hold any other.
        """
        known: set[tuple[type, ...]] = (
            set()
        )  # the kinds of a whole row: there are few, and asking for each value is slow
        try:
            for row in self._database.execute(sql, values):
                found = tuple(map(type, row))
                if found not in known:
                    if not all(map(issubclass, found, kinds)):
                        raise damaged(self.path)
                    known.add(found)
                yield row
        except UNREADABLE as error:
            raise failed(error, self.path) from error

    def _checked(self, rows: Sequence[tuple[Any, ...]], kinds: _Kinds) -> list[tuple[Any, ...]]:
        """The columns. Raises ``JournalError`` for a value that is not of the kind that stands for it in ``kinds``."""
        columns = list(zip(*rows, strict=True))
        for column, kind in zip(columns, kinds, strict=True):
            if not all(issubclass(known, kind) for known in set(map(type, column))):
                raise damaged(self.path)
        return columns


def _entry(row: tuple[Any, ...]) -> Entry:
    session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, failure = row
    return Entry(session, ordinal, connection, number, kind, wall_ns, mono_ns, data, size, note, bool(failure))
