"""Reads a journal, while it is being written or when its run is over."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from core.clock import monotonic
from core.errors import JournalError
from core.events import ConnectionId, SessionId
from core.journal.display_row import DATA_KINDS, EVERYTHING, Filter
from core.journal.reading.database import UNREADABLE, open_database
from core.journal.reading.parties import Ends, Parties, SetUp
from core.journal.reading.runs import Pieces, Run, RunRow, ranges, stream_of, who_has
from core.journal.schema import (
    LEAST_ENTRY,
    LONGEST_NOTE,
    LONGEST_RUN,
    LONGEST_TEXT,
    RUNS_SINCE,
    damaged,
    failed,
)
from core.roles import ROLES

_LARGE = 256 * 1024  # bytes of data: SQLite reads all of it to give the first few
_NOTE = f"coalesce(substr(note, 1, {LONGEST_NOTE}), '')"  # no Tincan has written a longer one
_LONGEST_NAME = 4096  # characters of a target; ours stay far below
RANGE = "session = ? AND ordinal >= ? AND ordinal < ?"
_ORIGIN = f"substr(origin, 1, {LONGEST_TEXT}), origins"
_SIZE = "coalesce(length(data), 0)"
# What rows of earlier formats are, in terms of the present one.
_NO_ENDS = "NULL AS ends"
_NO_ORIGIN = f"NULL AS origin, NULL AS origins, {_NO_ENDS}"
_NO_RUN = f"NULL AS offsets, NULL AS connections, NULL AS times, {_NO_ORIGIN}"
_EARLIER = {
    1: f"*, {_NO_RUN} FROM entry",
    2: f"*, {_NO_RUN} FROM entry",
    3: f"*, {_NO_ORIGIN} FROM chunk",
    4: f"*, {_NO_ENDS} FROM chunk",
}

_FEW = 65_536  # entries that are believed without asking how large the file is
_BETWEEN_LOOKS = 1000  # steps of SQLite's machine, some ten microseconds, between two looks at the clock

_Kind: TypeAlias = type | tuple[type, ...]
BYTES_OR_NONE = (bytes, type(None))
_INT_OR_NONE = (int, type(None))
ScanRow: TypeAlias = tuple[int, ConnectionId | None, str, int, bytes | None, int]
CallRow: TypeAlias = tuple[int, int, int, int, str]
_Kinds: TypeAlias = tuple[_Kind, ...]
_TEXT_OR_NONE = (str, type(None))
_ROW: _Kinds = (
    int, _INT_OR_NONE, str, int, int, int, (bytes, int, type(None)), str, int, str,
    _TEXT_OR_NONE, _TEXT_OR_NONE, _TEXT_OR_NONE, _TEXT_OR_NONE, _TEXT_OR_NONE, _TEXT_OR_NONE,
)  # fmt: skip


class _Row(NamedTuple):
    """A row of ``chunk``, as much of it as was asked for."""

    ordinal: int
    connection: ConnectionId | None
    kind: str
    wall_ns: int
    mono_ns: int
    size: int
    data: Any  # bytes, None, or a number: so many bytes, which are read apart
    note: str
    failure: int
    detail: str
    offsets: str | None
    connections: str | None
    times: str | None
    origin: str | None
    origins: str | None
    ends: str | None


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
    origin: str | None = None  # who spoke, as it is written


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as the journal knows it."""

    session: SessionId
    role: str
    target: str
    entries: int


class JournalReader:
    """Reads a journal, while it is being written or later. One thread at a time.

    The file may be a stranger's, see ``core.journal.reading.database``. Where ``gives_up`` is given it is asked again
    and again, also in the middle of a long question, and that fails once the answer is true. Raises
    ``JournalError`` for what cannot be read.
    """

    def __init__(self, path: Path, gives_up: Callable[[], bool] | None = None) -> None:
        self.path = path
        if not path.is_file():
            raise JournalError(f"{path} is {'no file' if path.exists() else 'not there'}")
        self._database, self.format = open_database(path)
        self._run: tuple[SessionId, Run] | None = None  # the latest, for more of it may be wanted
        self._numbers: dict[int, int] = {}  # of connections within their sessions
        self.give_up_when(gives_up)

    def read(
        self, session: SessionId, first: int, count: int, *, preview: int = 16384, only: Filter = EVERYTHING
    ) -> list[Entry]:
        """What ``only`` admits of the ``count`` entries from ordinal ``first`` on.

        Each has at most ``preview`` bytes of its data.
        """
        stop = first + count
        head = f"CASE WHEN length(data) > {max(preview, _LARGE)} THEN x'' ELSE substr(data, 1, {preview}) END"
        data = f"CASE WHEN offsets IS NULL THEN {head} ELSE {'data' if preview else 'NULL'} END"
        entries: list[Entry] = []
        for found in self._found(session, first, stop, only, data=data, note=_NOTE):
            if isinstance(found, Run):
                row = found.row
                for place in found.places(first, stop, only):
                    connection, kind = found.who(place)
                    at, size = found.times[place], found.size_of(place)
                    entries.append(
                        Entry(
                            session, found.ordinal + place, *self._known(connection), kind, row.wall_ns + at,
                            row.mono_ns + at, found.data_of(place)[:preview], size, "", False, found.origin(place),
                        )
                    )  # fmt: skip
                continue
            ordinal, connection, kind, wall_ns, mono_ns, size, some, note, failure = found[:9]
            origin = found.origin
            if size > max(preview, _LARGE) and preview > 0:
                some = next(self.pieces(session, ordinal, preview), b"")
            entries.append(
                Entry(
                    session, ordinal, *self._known(connection), kind, wall_ns, mono_ns, some, size, note,
                    bool(failure), origin,
                )
            )  # fmt: skip
        return entries

    def scan(self, session: SessionId, first: int, stop: int, only: Filter, *, with_data: bool) -> Iterator[ScanRow]:
        """What ``only`` admits of the entries from ``first`` up to before ``stop``, one by one as they are read.

        Each as (ordinal, connection, kind, size, data, mono_ns); ``data`` is None in a note, and anywhere if not
        ``with_data``.
        """
        for found in self._found(session, first, stop, only, data="data" if with_data else "NULL"):
            if isinstance(found, Run) and with_data:
                pieces = found.pieces(first, stop, only, LONGEST_RUN)
                who = {stream: who_has(stream) for stream in set(pieces.streams)}
                for ordinal, stream, data, mono_ns in zip(*pieces, strict=True):
                    yield ordinal, *who[stream], len(data), data, mono_ns
            elif isinstance(found, Run):
                for ordinal, stream, size, mono_ns in found.sizes(first, stop, only):
                    yield ordinal, *who_has(stream), size, None, mono_ns
            else:
                yield found.ordinal, found.connection, found.kind, found.size, found.data, found.mono_ns

    def pieces_of(
        self, session: SessionId, first: int, stop: int, only: Filter, *, count: int, size: int, timed: bool = True
    ) -> Pieces:
        """What ``only`` admits of the entries from ``first`` up to before ``stop``: at most ``count`` of them.

        The last is the one with which they have more than ``size`` bytes; where that is 0, no bytes are read. When
        they were recorded is read if ``timed``.
        """
        data = f"CASE WHEN length(data) > {_LARGE} THEN length(data) ELSE coalesce(data, x'') END" if size else "x''"
        pieces = Pieces([], [], [], [])
        left = size
        for found in self._found(session, first, stop, only, data=data, times="times" if timed else "NULL"):
            if isinstance(found, Run):
                some = found.pieces(first, stop, only, count - len(pieces.data))
                left -= sum(map(len, some.data))
                pieces.extend(some)
            else:
                whole = self.data(session, found.ordinal) if isinstance(found.data, int) else found.data
                pieces.append(found.ordinal, stream_of(found.connection, found.kind), whole or b"", found.mono_ns)
                left -= len(whole or b"")
            if left < 0 or len(pieces.data) >= count:
                break
        stop = len(pieces.data)
        while stop and left + len(pieces.data[stop - 1]) < 0:
            stop -= 1
            left += len(pieces.data[stop])
        return pieces if stop == len(pieces.data) else pieces.part(0, stop)

    def notes(self, session: SessionId, first: int, stop: int, only: Filter) -> Iterator[tuple[int, str]]:
        """The notes that ``only`` admits among the entries from ``first`` up to before ``stop``: (ordinal, note)."""
        condition, values = only.condition()
        sql = f"""SELECT ordinal, {_NOTE} FROM chunk
                  WHERE {RANGE} AND note IS NOT NULL AND {condition} ORDER BY ordinal"""  # noqa: S608 - all ours
        return self._rows(sql, (session, first, stop, *values), (int, str))

    def detail(self, session: SessionId, ordinal: int) -> dict[str, object]:
        """What a note keeps besides its words; nothing if that is no JSON object. Raises ``JournalError``."""
        sql = "SELECT coalesce(detail, '') FROM chunk WHERE session = ? AND ordinal = ?"
        for (text,) in self._query(sql, (session, ordinal), (str,)):
            with contextlib.suppress(ValueError, RecursionError):
                found = json.loads(text)
                return found if isinstance(found, dict) else {}
        return {}

    def last_of(self, session: SessionId, kind: str, connection: ConnectionId | None = None) -> int | None:
        """The ordinal of the last entry of a kind, of one connection or of all; None if there is none."""
        sql = """SELECT max(ordinal) FROM chunk
                 WHERE session = ? AND kind = ? AND (? IS NULL OR connection = ?) HAVING max(ordinal) IS NOT NULL"""
        found = self._query(sql, (session, kind, connection, connection), (int,))
        return int(found[0][0]) if found else None

    def calls(
        self,
        session: SessionId,
        connection: ConnectionId | None,
        kind: str,
        first: int,
        last: int,
        *,
        origins: frozenset[str] | None = None,
    ) -> Iterator[CallRow]:
        """The entries of one direction of one connection from ordinal ``first`` to ``last``, that included, as read.

        Each as (ordinal, wall_ns, mono_ns, size, detail).
        """
        if connection is None or kind not in DATA_KINDS:
            return
        only = Filter.of_direction(connection, kind, origins)
        for found in self._found(session, first, last + 1, only, detail="coalesce(detail, '')"):
            if isinstance(found, Run):
                row = found.row
                for place in found.places(first, last + 1, only):
                    at = found.times[place]
                    yield found.ordinal + place, row.wall_ns + at, row.mono_ns + at, found.size_of(place), ""
            else:
                yield found.ordinal, found.wall_ns, found.mono_ns, found.size, found.detail

    def data(self, session: SessionId, ordinal: int) -> bytes:
        """All the bytes of one entry; empty if it has none."""
        return self.data_of(session, [ordinal]).get(ordinal, b"")

    def data_of(self, session: SessionId, ordinals: Sequence[int]) -> dict[int, bytes]:
        """All the bytes of a few entries, by their ordinals; those that are not there, or have none, are left out.

        The ordinals ascend.
        """
        marks = ", ".join("?" * len(ordinals))
        sql = f"""SELECT ordinal, data FROM chunk
                  WHERE session = ? AND offsets IS NULL AND ordinal IN ({marks})"""  # noqa: S608 - question marks
        rows = self._rows(sql, (session, *ordinals), (int, BYTES_OR_NONE)) if ordinals else ()
        found = dict(rows)
        for ordinal in ordinals:
            if ordinal not in found and (run := self._run_of(session, ordinal)) is not None:
                found[ordinal] = run.data_of(ordinal - run.ordinal)
        return {ordinal: data for ordinal, data in found.items() if data}

    def pieces(
        self, session: SessionId, ordinal: int, size: int, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of one entry, all or a part, in pieces of at most ``size``, one at a time in memory."""
        place = """SELECT entry FROM chunk
                   WHERE session = ? AND ordinal = ? AND data IS NOT NULL AND offsets IS NULL"""
        for (row,) in self._query(place, (session, ordinal), (int,)):
            yield from self._blob(row, size, start, stop)
            return
        data = self.data(session, ordinal)[start:stop]
        for begin in range(0, len(data), size):
            yield data[begin : begin + size]

    def _blob(self, row: int, size: int, start: int, stop: int | None) -> Iterator[bytes]:
        blob: sqlite3.Blob | None = None
        try:
            table = "chunk" if self.format >= RUNS_SINCE else "entry"
            blob = self._database.blobopen(table, "data", row, readonly=True)
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

    def latest(self, session: SessionId, connection: ConnectionId, kind: str, first: int, stop: int) -> int | None:
        """When the last of those entries of one direction of a connection was recorded (monotonic, ns), if any was."""
        only = Filter.of_direction(connection, kind)
        for found in self._found(session, first, stop, only, is_backwards=True):
            if not isinstance(found, Run):
                return found.mono_ns
            if places := list(found.places(first, stop, only)):
                return found.row.mono_ns + found.times[places[-1]]
        return None

    def runs(self, session: SessionId, first: int, stop: int, only: Filter) -> Iterator[Run]:
        """The runs, without their data, that may have some of the entries that ``only`` admits."""
        for found in self._found(session, first, stop, only, also="offsets IS NOT NULL"):
            assert isinstance(found, Run)
            yield found

    def start_of(self, session: SessionId, ordinal: int) -> int:
        """The ordinal of the first entry of the run that an entry belongs to; of its own if it belongs to none."""
        if self.format < RUNS_SINCE:
            return ordinal
        sql = "SELECT coalesce(max(ordinal), ?2) FROM chunk WHERE session = ?1 AND ordinal <= ?2"
        return int(self._query(sql, (session, ordinal), (int,))[0][0])

    def _found(
        self,
        session: SessionId,
        first: int,
        stop: int,
        only: Filter,
        *,
        data: str = "NULL",
        note: str = "''",
        detail: str = "''",
        times: str = "times",
        also: str = "1",
        is_backwards: bool = False,
    ) -> Iterator[_Row | Run]:
        """Entries by themselves that are admitted, and runs in which some may be, in their order."""
        run = self._known_run(session, first) if not is_backwards else None
        if run is not None and _has_read(run, data, times):
            yield run
            first = begin = run.stop
        else:
            begin = self.start_of(session, first) if first < stop else first
        condition, values = only.condition()
        sql = f"""SELECT ordinal, connection, kind, wall_ns, mono_ns, {_SIZE}, {data}, {note}, failure, {detail},
                  offsets, connections, {times}, {_ORIGIN}, ends
                  FROM chunk WHERE {RANGE} AND {also} AND (connections IS NOT NULL OR {condition})
                  ORDER BY ordinal {"DESC" if is_backwards else ""}"""  # noqa: S608 - all ours
        for row in self._rows(sql, (session, begin, stop, *values), _ROW):
            found = _Row(*row)
            if found.offsets is None:
                if found.ordinal >= first:
                    yield found
                continue
            yield self._taken_apart(session, found)

    def _taken_apart(self, session: SessionId, row: _Row) -> Run:
        """A run, which is remembered. Raises ``JournalError``."""
        data = row.data if isinstance(row.data, bytes) else None
        try:
            lists = (row.offsets or "", row.connections, row.times, row.origin, row.origins, row.ends)
            run = Run(RunRow(*row[:6], data, *lists))
        except ValueError:
            raise damaged(self.path) from None
        self._run = session, run
        return run

    def _known_run(self, session: SessionId, ordinal: int) -> Run | None:
        """The run that was read last, if it has this entry."""
        of_session, run = self._run or (session, None)
        return run if run is not None and of_session == session and run.ordinal <= ordinal < run.stop else None

    def _run_of(self, session: SessionId, ordinal: int) -> Run | None:
        """The run that an entry belongs to, with its data; None if it is by itself."""
        found = next(self._found(session, ordinal, ordinal + 1, EVERYTHING, data="data"), None)
        return found if isinstance(found, Run) and found.ordinal <= ordinal < found.stop else None

    def _known(self, connection: int | None) -> tuple[ConnectionId | None, int | None]:
        """A connection, and its number within its session if that is known."""
        if connection is None:
            return None, None
        number = self._numbers.get(connection)
        if number is None:
            rows = self._query("SELECT number FROM connection WHERE connection = ?", (connection,), (int,))
            if rows:
                number = self._numbers[connection] = rows[0][0]
        return ConnectionId(connection), number

    def number_of(self, connection: ConnectionId | None) -> int | None:
        """The number of a connection within its session, if that is known."""
        return self._known(connection)[1]

    def count(self, session: SessionId) -> int:
        """How many entries the session has. A number of more than the file can hold is damage."""
        sql = f"SELECT ordinal, {_SIZE}, offsets, ends FROM chunk WHERE session = ? ORDER BY ordinal DESC LIMIT 1"  # noqa: S608 - all ours
        count = 0
        for ordinal, size, offsets, ends in self._query(sql, (session,), (int, int, _TEXT_OR_NONE, _TEXT_OR_NONE)):
            try:
                count = ordinal + (1 if offsets is None else len(ranges(offsets, ends, size)[0]))
            except ValueError:
                raise damaged(self.path) from None
        if count < 0 or (count > _FEW and count > self._size // LEAST_ENTRY):
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

    def has_datagrams(self, session: SessionId) -> bool:
        """Whether each of its entries that carry bytes is a message by itself, and none of them part of a stream."""
        found = self._query("SELECT role FROM session WHERE session = ?", (session,), (str,))
        return bool(found) and found[0][0] in ROLES and ROLES[found[0][0]].datagrams

    def parties(self, session: SessionId) -> Parties:
        """Who talked with whom in a session."""
        found = self._query("SELECT role, target FROM session WHERE session = ?", (session,), (str, str))
        role, target = found[0] if found else ("", "")
        sql = "SELECT number, local, peer, coalesce(ending, '') FROM connection WHERE session = ? ORDER BY number"
        rows = self._query(sql, (session,), (int, str, str, str))
        ends = {number: Ends(local, peer, ending) for number, local, peer, ending in rows}
        sql = "SELECT ordinal FROM chunk WHERE session = ? AND kind = 'opened' ORDER BY ordinal LIMIT 1"
        opened = self._query(sql, (session,), (int,))  # with STARTTLS the session asks for TLS, and begins without
        is_tls = bool(opened) and self.detail(session, opened[0][0]).get("tls") is True
        return Parties(role, target, ends, is_tls)

    def set_up(self, session: SessionId, target: str) -> SetUp:
        """How a session with that target was set up. Takes 0.2 s for a million rows of the journal."""
        sql = """SELECT kind, max(ordinal) FROM chunk WHERE session = ? AND kind IN
                 ('session-opened', 'listening', 'onward', 'framing-changed', 'reply-changed') GROUP BY kind"""
        ordinals = dict(self._query(sql, (session,), (str, int)))

        def last(kind: str) -> dict[str, object]:
            return self.detail(session, ordinals[kind]) if kind in ordinals else {}

        begun, onward = last("session-opened"), last("onward")
        listened = last("listening").get("addresses")
        place = str(listened[0]) if isinstance(listened, list) and listened and target.endswith(":0") else target
        return SetUp(
            place,
            framing=str(last("framing-changed").get("framing") or begun.get("framing") or ""),
            reply=str(last("reply-changed").get("reply") or begun.get("reply") or ""),
            onward=str(onward.get("target") or ""),
            onward_tls=onward.get("tls") is True,
            proxy=str(onward.get("proxy") or begun.get("proxy") or ""),
            faults=_two(begun.get("faults")),
        )

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
        self._run, self._numbers = None, {}

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def _size(self) -> int:
        """Bytes of the file, with what its write-ahead log has."""
        pages, size = (self._query(f"PRAGMA {one}", (), (int,))[0][0] for one in ("page_count", "page_size"))
        return int(pages * size)

    def _execute(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        """Ask a question about rows of ``chunk``, which an older journal has as rows of ``entry``."""
        if self.format in _EARLIER:
            sql = sql.replace("FROM chunk", f"FROM (SELECT {_EARLIER[self.format]}) AS chunk")
        return self._database.execute(sql, values)

    def _query(self, sql: str, values: tuple[object, ...], kinds: _Kinds) -> list[Any]:
        try:
            rows = self._execute(sql, values).fetchall()
        except UNREADABLE as error:
            raise failed(error, self.path) from error
        if rows:
            for column, kind in zip(zip(*rows, strict=True), kinds, strict=True):
                if not all(issubclass(known, kind) for known in set(map(type, column))):
                    raise damaged(self.path)
        return rows

    def _rows(self, sql: str, values: tuple[object, ...], kinds: _Kinds) -> Iterator[Any]:
        """The rows as they are read, each value of the kind that stands for it in ``kinds``.

        A damaged file may hold any other.
        """
        known: set[tuple[type, ...]] = set()  # of whole rows: there are few, and asking for each value is slow
        try:
            for row in self._execute(sql, values):
                found = tuple(map(type, row))
                if found not in known:
                    if not all(map(issubclass, found, kinds)):
                        raise damaged(self.path)
                    known.add(found)
                yield row
        except UNREADABLE as error:
            raise failed(error, self.path) from error


def _has_read(run: Run, data: str, times: str) -> bool:
    """Whether a run was read with what these columns ask for."""
    return (data == "NULL" or run.row.data is not None) and (times == "NULL" or run.row.times is not None)


def _two(written: object) -> tuple[str, str]:
    """Two texts of an entry's detail; empty ones where it has no such thing, as in journals of earlier versions."""
    out, into = written if isinstance(written, list) and len(written) == 2 else ("", "")
    return str(out), str(into)
