"""Writes a journal: the recorder appends through ``JournalWriter``, and nobody else.

(A damaged one is written anew by ``core.journal.recovery.rebuilder``.)
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter, itemgetter
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
    Resolved,
    Resolving,
    Retrying,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    Tried,
)
from core.files import why_no_file
from core.journal.recording.checkpoints import Checkpoints
from core.journal.recording.files import BESIDE, Files, files_of, place_of, remove, successor
from core.journal.recording.notes import is_failure, sentence
from core.journal.recording.runs import columns_of_one, columns_of_run, layouts
from core.journal.schema import (
    APPLICATION_ID,
    FORMAT,
    INSERT,
    LONGEST_DATA,
    LONGEST_NOTE,
    LONGEST_TEXT,
    NO_ORIGIN,
    NO_RUN,
    PAGE_SIZES,
    SCHEMA,
    failed,
    storable,
    with_checksum,
)
from core.roles import Role, guess_role

_TRAFFIC = frozenset({Received, Sent})
_SESSION, _DATA = itemgetter(0), itemgetter(3)  # of what is received and of what is sent
_CUTS = attrgetter("cuts")
# Bytes of the log; at that it is begun anew, once all of it is in the file, which waits for the disk to have that, too.
_LONGEST_LOG = 256 * 1024 * 1024
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class JournalWriter:
    """Appends to a new journal. One thread at a time; ``counts`` is the number of entries per session."""

    def __init__(self, path: Path) -> None:
        """Make the file ``path``. Raises ``JournalError`` if it exists already or cannot be made; none is left then."""
        self._first_path = path
        self.counts: dict[SessionId, int] = {}
        self._roles: dict[SessionId, Role] = {}
        self._numbers: dict[ConnectionId, int] = {}
        self._retrying: dict[SessionId, str] = {}  # why, of clients that come back by themselves
        self._parted: set[SessionId] = set()  # clients whose one connection has closed, until they are over
        self._number = 1  # of the next entry
        self._size = 0  # bytes of what was said, in the transaction that is written
        self._pages = 0  # of the file once all of its log is in it
        self._unwritten: list[Event] = []  # events whose sessions and connections are inserted with the next
        self._sessions: dict[SessionId, SessionOpened] = {}
        self._standing: dict[ConnectionId, Opened] = {}
        self._full: sqlite3.Connection | None = None  # the file before this one, until readers are here, too
        self._database: sqlite3.Connection
        self._files: Files | None
        with self._new_file(path):
            self._create()
            files, checkpoints = files_of(path), Checkpoints(path)
        self._take(path, files, checkpoints)

    @property
    def size(self) -> int:
        """Bytes of the file once all of its log is in it, as of the last transaction that was written."""
        return self._pages * PAGE_SIZES[0]

    def is_in_place(self) -> bool:
        """Whether what is written goes where a reader of ``path`` looks for it, and has not been cut off there.

        It does not once the file, its write-ahead log or its shared memory was deleted, renamed or replaced; entries
        then go into files that have no names any more. Windows lets nobody do that.
        """
        if self._is_broken:
            return False
        found = files_of(self.path)
        if found is None or self._files is None:
            return True
        if [place_of(file) for file in found] != [place_of(file) for file in self._files] or self._is_cut(found):
            return False
        shared, before = found[-1], self._files[-1]
        if shared is None or before is None or shared.size >= before.size:  # else it is to have its length again
            self._files = found
        return True

    def move(self) -> None:
        """Go on in a new file beside ``path``, which from now on is that one's.

        Everything that was recorded is carried over: a file that was deleted can be read as long as it is open. Where
        it cannot be read, ``counts`` begin anew, and sessions and connections that stand are entered with the next
        events. Raises ``JournalError``, and then everything is as it was.
        """
        with self._another_file() as (path, before):
            is_carried = _carry(before, self._database, is_doubtful=self._is_doubtful())
            if not is_carried:
                self._database.close()
                path.unlink()
                self._database = _made(path)
            self._create(is_carried=is_carried)
            files, checkpoints = files_of(path), Checkpoints(path)
        self._checkpoints.close()
        with contextlib.suppress(sqlite3.Error):
            before.close()
        self._clear_away()
        self._take(path, files, checkpoints)
        if not is_carried:
            self._begin_anew()

    @contextlib.contextmanager
    def _another_file(self) -> Iterator[tuple[Path, sqlite3.Connection]]:
        """Make a file beside ``path`` and write into it; gives its path and the database before.

        Where that fails the file is gone again and everything is as it was. Raises ``JournalError``.
        """
        path, before = successor(self._first_path), self._database
        try:
            with self._new_file(path):
                yield path, before
        except BaseException:
            self._database = before
            raise

    @contextlib.contextmanager
    def _new_file(self, path: Path) -> Iterator[None]:
        """Make the file and write into it. Where that fails it is gone again. Raises ``JournalError``."""
        self._database = _made(path)
        try:
            yield
        except BaseException as error:
            self._database.close()
            remove(path)
            if isinstance(error, OSError | sqlite3.Error):
                raise failed(error, path) from error
            raise

    def _take(self, path: Path, files: Files | None, checkpoints: Checkpoints) -> None:
        """From now on that is the file."""
        self.path, self._files, self._checkpoints = path, files, checkpoints
        self._is_broken = False  # what SQLite found in the file is not what it has written there
        self._shared = path.with_name(path.name + BESIDE[-1])

    def _begin_anew(self) -> None:
        """Nothing of what was recorded is in the file."""
        self.counts, self._pages = {}, 0
        self._unwritten = [*self._sessions.values(), *self._standing.values()]

    def go_on(self) -> None:
        """Go on in a new and empty file beside ``path``, which from now on is that one's; the one before stays.

        Sessions and connections that stand are entered with the next events, and ``counts`` begin anew. Raises
        ``JournalError``, and then everything is as it was.
        """
        with self._another_file() as (path, before):
            self._create()
            files, checkpoints = files_of(path), Checkpoints(path)
        self.mend_shared_memory()
        self._checkpoints.close()
        with contextlib.suppress(sqlite3.Error):  # a reader may hold it up: then the log stays beside the file
            before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._close_full()
        self._full = before
        self._take(path, files, checkpoints)
        self._begin_anew()

    def append(self, events: Sequence[Event], wall_minus_mono: int) -> None:
        """Write the events in one transaction: all of them or, when it raises ``JournalError``, none.

        Whose beginning was lost in that way is entered with the next events that can be written. Bytes of one event
        that are more than an entry may have are entered as several.
        """
        self.mend_shared_memory()
        try:
            self._append(events, wall_minus_mono)
        except JournalError as error:
            if not isinstance(error.__cause__, sqlite3.DataError):
                raise
            self._append(list(_split(events)), wall_minus_mono)

    def _append(self, events: Sequence[Event], wall_minus_mono: int) -> None:
        before = dict(self.counts), dict(self._numbers), set(self._parted), self._number
        self._size = 0
        try:
            self._database.execute("BEGIN")
            for unwritten in self._unwritten:
                with contextlib.suppress(sqlite3.IntegrityError):  # that one is known already
                    self._insert_headers([unwritten])
            has_notes = not _TRAFFIC.issuperset(map(type, events))
            notable = [event for event in events if type(event) not in _TRAFFIC] if has_notes else []
            self._insert_headers(notable)
            self._insert(events, wall_minus_mono, has_notes=has_notes)
            self._number += len(events)
            self._mark_closed(self._unwritten)
            self._mark_closed(notable)
            pages: int = self._database.execute("PRAGMA page_count").fetchone()[0]  # here, where nothing is read for it
            self._database.execute("COMMIT")
        except BaseException as error:
            self.counts, self._numbers, self._parted, self._number = before
            if not isinstance(error, sqlite3.DataError):
                self.pass_over(events)
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                self._is_broken = _shows_damage(error)
                raise failed(error, self.path) from error
            raise
        self._unwritten.clear()
        self._pages = pages
        self._checkpoints.wrote(self._size)

    def pass_over(self, events: Sequence[Event]) -> None:
        """Do not write the events: whose beginning or end is among them is entered with the next that are written."""
        self._unwritten += [event for event in events if isinstance(event, SessionOpened | Opened | Closed)]

    def mend_shared_memory(self) -> None:
        """Give the shared memory its length again if somebody has cut it off.

        SQLite maps that file, and whoever looks behind its end is ended by the system (SIGBUS). What SQLite had in it
        is made anew from the log.
        """
        if self._files is None or (before := self._files[-1]) is None:
            return
        with contextlib.suppress(OSError):
            now = self._shared.lstat()
            if now.st_size < before.size and (now.st_dev, now.st_ino) == place_of(before):
                os.truncate(self._shared, before.size)  # without a descriptor: to close one would drop SQLite's locks

    def sync(self) -> None:
        """Have the disk take what was written, while more is: after a power cut it is there."""
        self._checkpoints.sync()

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self.mend_shared_memory()
        self._checkpoints.close()
        self._close_full()
        self._database.close()

    def _close_full(self) -> None:
        """Close the file before this one. Whoever does so last takes its log away, and readers can not."""
        if self._full is not None:
            self._full.close()
            self._full = None

    def _clear_away(self) -> None:
        """Delete what was left of log and shared memory: beside another file SQLite would take them for that one's."""
        left = files_of(self.path)
        if left is None or self._files is None or place_of(left[0]) == place_of(self._files[0]):
            return
        for suffix, now, before in zip(BESIDE[1:], left[1:], self._files[1:], strict=True):
            if now is not None and place_of(now) == place_of(before):
                with contextlib.suppress(OSError):
                    self.path.with_name(self.path.name + suffix).unlink()

    def _is_cut(self, found: Files) -> bool:
        """Whether the journal itself is shorter than it was; its log may be, by a checkpoint of another program."""
        now, before = found[0], self._files[0] if self._files is not None else None
        return now is not None and before is not None and place_of(now) == place_of(before) and now.size < before.size

    def _is_doubtful(self) -> bool:
        """Whether what was recorded may be damaged: all that was deleted or renamed is whole as long as it is open."""
        found = files_of(self.path)
        return self._is_broken or found is None or self._is_cut(found)

    def _create(self, *, is_carried: bool = False) -> None:
        run = self._database.execute
        self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_DATA + LONGEST_TEXT)
        run(f"PRAGMA page_size = {PAGE_SIZES[0]}")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG // PAGE_SIZES[0]}")
        if is_carried:
            run(f"PRAGMA user_version = {FORMAT}")  # as it is, so that the log holds something: see ``open_database``
            return
        self._database.executescript("BEGIN;" + SCHEMA)  # until the commit it is no journal to anybody
        run(f"PRAGMA application_id = {APPLICATION_ID}")
        run(f"PRAGMA user_version = {FORMAT}")
        from core import __version__

        system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
        run("INSERT INTO journal VALUES (?, ?, ?)", (f"Tincan {__version__}", system, time.time_ns()))
        run("COMMIT")

    def _insert_headers(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, SessionOpened):
                self._roles[event.session] = event.role
                self._sessions[event.session] = event
                row = (event.session, event.role.name, str(event.target), event.framing, _plain(event.reply))
                self._database.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)
            elif isinstance(event, Opened):
                self._numbers[event.connection] = event.number
                self._standing[event.connection] = event
                opened = (event.connection, event.session, event.number, str(event.local), str(event.peer))
                self._database.execute("INSERT INTO connection VALUES (?, ?, ?, ?, ?, NULL)", opened)

    def _mark_closed(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self._numbers.pop(event.connection, None)
                self._standing.pop(event.connection, None)
                ended = (event.ending.value, event.connection)
                self._database.execute("UPDATE connection SET ending = ? WHERE connection = ?", ended)

    def _insert(self, events: Sequence[Event], wall_minus_mono: int, *, has_notes: bool) -> None:
        """Enter the events: of each session's bytes as many as may be in one row, of the rest each in its own."""
        if not has_notes and _is_one_run(events):
            self._insert_traffic(events, range(len(events)), wall_minus_mono)
            return
        waiting: dict[SessionId, list[int]] = {}

        def enter(places: Sequence[int]) -> None:
            self._insert_traffic([events[place] for place in places], places, wall_minus_mono)

        for place, event in enumerate(events):
            if isinstance(event, Received | Sent) and not _CUTS(event):
                waiting.setdefault(event.session, []).append(place)
                continue
            if before := waiting.pop(event.session, None):
                enter(before)
            if isinstance(event, Received | Sent):
                enter((place,))
            elif not self._is_told(event):
                self._insert_note(event, self._number + place, wall_minus_mono)
        for places in waiting.values():
            enter(places)

    def _insert_traffic(self, events: Sequence[Any], places: Sequence[int], wall_minus_mono: int) -> None:
        """Enter bytes of one session: those of each event at its place in the transaction."""
        session = events[0].session
        first = 0
        for layout in layouts(list(map(_DATA, events))):
            stop = first + len(layout.begins)
            run = events[first:stop]
            ordinal = self.counts.get(session, 0)
            self.counts[session] = ordinal + len(run)
            self._size += layout.size
            head = (self._number + places[first], session, ordinal)
            if len(run) == 1:
                before = (*head, *columns_of_one(run[0], wall_minus_mono))
                row = with_checksum(before, run[0].data, (None, 0, _cuts(run[0].cuts)))
            else:
                before = (*head, *columns_of_run(run, places[first:stop], layout, wall_minus_mono))
                row = with_checksum(before, b"".join(layout.parts), (None, 0, None))
            self._database.execute(INSERT, row)
            first = stop

    def _is_told(self, event: Event) -> bool:
        """Whether an entry before said the same: a client is over with its connection, and both are one thing."""
        if self._is_repeated(event):
            return True
        if isinstance(event, Closed) and not self._role(event.session).many_connections:
            self._parted.add(event.session)
        if not isinstance(event, SessionClosed) or event.session not in self._parted:
            return False
        self._parted.discard(event.session)
        return event.failure is None and not event.cancelled

    def _is_repeated(self, event: Event) -> bool:
        """Whether it is one more try of a client that comes back by itself, for the reason that was told."""
        if isinstance(event, Opened | SessionClosed):
            self._retrying.pop(event.session, None)
        elif isinstance(event, Tried | Resolving | Resolved):
            return event.session in self._retrying
        elif isinstance(event, Retrying):
            before = self._retrying.get(event.session)
            self._retrying[event.session] = event.why
            return before == event.why
        return False

    def _insert_note(self, event: Event, number: int, wall_minus_mono: int) -> None:
        ordinal = self.counts.get(event.session, 0)
        self.counts[event.session] = ordinal + 1
        connection: ConnectionId | None = getattr(event, "connection", None)
        times = (event.at + wall_minus_mono, event.at)
        before = (number, event.session, ordinal, connection, kind_of(event), *times, *NO_RUN, *NO_ORIGIN, None)
        self._database.execute(INSERT, with_checksum(before, None, self._note(event, connection)))

    def _role(self, session: SessionId) -> Role:
        """The session's role; one that numbers its connections if nobody told of its beginning."""
        return self._roles.get(session) or guess_role((), connections=2)

    def _note(self, event: Event, connection: ConnectionId | None) -> tuple[str, int, str]:
        number = self._numbers.get(connection) if connection is not None else None
        note = storable(sentence(event, number, self._role(event.session)))
        detail = json.dumps(_plain(event), ensure_ascii=False)
        return note[:LONGEST_NOTE], int(is_failure(event)), detail if len(detail) <= LONGEST_TEXT else "{}"

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            try:
                self._database.execute("ROLLBACK")
            except sqlite3.Error:  # SQLite has rolled back by itself
                return


def _made(path: Path) -> sqlite3.Connection:
    """A new and empty file. Raises ``JournalError`` if something of that name is there, or if it cannot be made."""
    if not path.name:
        raise JournalError(f"{path} is a folder: choose a file in it")
    if why := why_no_file(path):
        raise JournalError(f"{path} cannot be a file: {why}")
    for each in (path.with_name(path.name + suffix) for suffix in BESIDE):
        if os.path.lexists(each):  # a link that leads nowhere, too: SQLite would not follow it
            raise JournalError(f"{each} exists already; Tincan does not write over a journal")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise failed(error, path) from error
    try:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        remove(path)
        raise failed(error, path) from error


def _carry(source: sqlite3.Connection, target: sqlite3.Connection, *, is_doubtful: bool) -> bool:
    """Copy all of a database; False if it cannot be read, or is damaged where that ``is_doubtful``.

    Raises ``sqlite3.Error`` if the copy cannot be written.
    """
    target.execute("PRAGMA journal_mode = OFF")  # nobody reads it yet
    target.execute("PRAGMA synchronous = OFF")
    try:
        source.backup(target)
        return not is_doubtful or target.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.Error as error:
        if _shows_damage(error) or (is_doubtful and getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_FULL):
            return False
        raise


def _shows_damage(error: sqlite3.Error) -> bool:
    """Whether the file does not hold what SQLite has written there."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _BROKEN or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _split(events: Iterable[Event]) -> Iterator[Event]:
    """The same, with the bytes of an event that has too many for an entry as those of several."""
    for event in events:
        if isinstance(event, Received | Sent) and len(event.data) > LONGEST_DATA:
            whole = event._replace(cuts=()) if isinstance(event, Sent) else event
            for first in range(0, len(event.data), LONGEST_DATA):
                yield whole._replace(data=event.data[first : first + LONGEST_DATA])
        else:
            yield event


def _cuts(sizes: tuple[int, ...]) -> str | None:
    """The sizes that the kernel took of a message at a time, as JSON; None for none, and what is longer than a text."""
    if not sizes:
        return None
    text = json.dumps({"cuts": sizes})
    return text if len(text) <= LONGEST_TEXT else None


def _is_one_run(events: Sequence[Any]) -> bool:
    """Whether bytes received and sent are of one session, and the kernel took at once what was sent."""
    return len(set(map(_SESSION, events))) == 1 and not any(map(_CUTS, events))


def kind_of(event: Event) -> str:
    """The journal's name for a kind of event: ``SessionOpened`` is ``session-opened``."""
    name = type(event).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).removeprefix("-")


def _plain(value: object) -> object:
    """The event as JSON can hold it, and SQLite what stands in that."""
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Role):
        return value.name
    if isinstance(value, str):
        return storable(value)
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {name: _plain(getattr(value, name)) for name in names if name not in ("session", "connection", "at")}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
