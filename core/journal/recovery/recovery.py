"""Opens a journal that is over, whatever has become of its file, and recovers what can be read of a damaged one.

The damaged file itself is only read, never changed. None of this is for the journal that this process is
writing, and all of it takes time: not on the thread of a window.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.clock import monotonic
from core.errors import JournalError
from core.files import replace_file
from core.journal.capture.packets import is_capture
from core.journal.reading.database import ForeignError, has_log, log_of
from core.journal.reading.reader import JournalReader
from core.journal.recovery.integrity import find_damage, find_tear, reason
from core.journal.recovery.ordering import in_order
from core.journal.recovery.pages import ChunkFound, PageFile, Place, Row
from core.journal.recovery.rebuilder import JournalRebuilder
from core.journal.schema import APPLICATION_ID, FORMAT, LEAST_ENTRY, MOST_SHARED, SCHEMAS, statements
from core.words import counted

CHECKED = 64 * 1024 * 1024  # bytes: what is larger is opened without being checked first
COPIED = 1024 * 1024 * 1024  # bytes: what is larger is not copied to a folder that can be written to

_MAGIC = b"SQLite format 3\0"
_HEAD = 64 * 1024  # bytes in which a journal shows that it is one
_TELL_EVERY = 0.05  # seconds
_STATEMENTS = {statement.encode() for schema in SCHEMAS.values() for statement in statements(schema)}
_UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was read out of a damaged journal."""

    path: Path  # of the new journal
    entries: int
    lost_at_least: int  # entries that must have been between others, or in a run whose end is cut off


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal that can be read."""

    reader: JournalReader
    path: Path  # of the file that is read: for a damaged journal the one with what was recovered
    notice: str = ""  # sentences for the person, if the journal is not as it should be
    remark: str = ""  # a sentence, if it is sound and yet may lack what was recorded last
    left_out: str = ""  # a sentence about what a capture has besides, and is in no session
    recovered: Recovered | None = None  # what was recovered just now
    is_checked: bool = True  # False for a large file, in which damage may show later
    scratch: Path | None = None  # a folder that is not needed any more after ``close``
    is_capture: bool = False  # of another program

    def close(self) -> None:
        """Let go of the file."""
        self.reader.close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _tell_nobody(_fraction: float) -> None: ...


def open_journal(
    path: Path,
    on_progress: Callable[[float], None] = _tell_nobody,
    cancelled: threading.Event | None = None,
    on_check: Callable[[float], None] = _tell_nobody,
) -> Opened:
    """Open the journal at ``path``; if it is damaged, recover what can be read into a new file and open that.

    The new file is ``NAME.recovered.tincan`` beside it or, where that cannot be written, in a temporary
    folder; one that was made since the damage is used again. Up to ``CHECKED`` bytes are looked through
    first (two seconds for the largest): ``on_check`` is told how far that is, ``on_progress`` how far the recovery
    is. A capture of another program (pcap, pcapng) is converted into a journal in a temporary folder; how far that
    is, ``on_check`` is told. Raises ``JournalError`` with a sentence if it is no journal, cannot be read at all, or if
    it was ``cancelled``.
    """
    _require_file(path)
    cancelled = cancelled or threading.Event()
    if is_capture(path):
        return _open_capture(path, on_check, cancelled)
    is_checked = sum(each.stat().st_size for each in (path, log_of(path)) if each.exists()) <= CHECKED
    try:
        reader = _sound_reader(path, cancelled)
    except ForeignError:
        raise
    except JournalError as error:
        if _cannot_be_written_beside(error):
            return _open_copy(path, on_progress, cancelled, on_check)
        _refuse_strangers(path)
        return open_recovered(path, reason(error, path), on_progress, cancelled)
    try:
        damage = find_damage(path, on_check, cancelled) if is_checked else ""
    except BaseException:
        reader.close()
        raise
    if damage:
        reader.close()
        return open_recovered(path, damage, on_progress, cancelled)
    return Opened(reader, path, remark=find_tear(path), is_checked=is_checked)


def open_recovered(
    path: Path,
    damage: str,
    on_progress: Callable[[float], None] = _tell_nobody,
    cancelled: threading.Event | None = None,
) -> Opened:
    """Open what can be read of a journal that is known to be damaged, see ``open_journal``."""
    what = f"{path.name} is damaged ({damage})."
    beside = path.with_name(f"{path.stem}.recovered.tincan")
    earlier = _opened_earlier(path, beside, what)
    if earlier is not None:
        return earlier
    target = beside if os.access(path.parent, os.W_OK) else Path(tempfile.mkdtemp(prefix="tincan-")) / beside.name
    recovered = recover(path, target, on_progress, cancelled)
    lost = f"at least {recovered.lost_at_least:,} are lost" if recovered.lost_at_least else "none is known to be lost"
    entries = counted(recovered.entries, "entry", "entries")
    notice = (
        f"{what} {entries} could be read and {lost}. What could be read is in {target}; "
        f"the damaged file is as it was, in {path}."
    )
    return Opened(JournalReader(target), target, notice, recovered=recovered)


def recover(
    path: Path,
    target: Path,
    on_progress: Callable[[float], None] = _tell_nobody,
    cancelled: threading.Event | None = None,
) -> Recovered:
    """Read what can be read of the journal at ``path`` into a new one at ``target``.

    Every entry on a page that is sound is found, whatever else is damaged. ``on_progress`` is told the
    fraction that is done, at most twenty times a second, on the calling thread. Nothing is at ``target`` before
    everything is there. Raises ``JournalError`` if that failed, was ``cancelled``, or if there is nothing to read.
    """
    part = target.with_name(target.name + ".part")
    try:
        with contextlib.closing(PageFile(path)) as pages:
            recovered = _rebuild(pages, part, target, _Progress(on_progress, cancelled or threading.Event()))
        if not recovered.entries:
            raise JournalError(f"nothing in the journal {path} can be read any more")
        replace_file(part, target)
    except (OSError, sqlite3.Error, OverflowError) as error:
        raise JournalError(f"what can be read of {path} could not be written to {target}: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return recovered


class _Progress:
    """Tells how far it is, and gives up when nobody wants it any more."""

    def __init__(self, tell: Callable[[float], None], cancelled: threading.Event) -> None:
        self._tell = tell
        self._cancelled = cancelled
        self._told = 0.0

    def at(self, fraction: float) -> None:
        """So far it has come. Raises ``JournalError`` if that is far enough."""
        if self._cancelled.is_set():
            raise JournalError("the recovery was cancelled")
        now = monotonic()
        if now - self._told > _TELL_EVERY:
            self._told = now
            self._tell(fraction)


def _rebuild(pages: PageFile, part: Path, target: Path, progress: _Progress) -> Recovered:
    """Write what the sound pages hold into a new journal; the damaged one stays as it is."""
    places: list[Place] = []
    others: list[Row] = []
    for number in range(2, pages.count + 1):
        progress.at(number / pages.count / 2)
        place = pages.place(number)
        if place is not None:
            places.append(place)
        else:
            others += [row for row in pages.rows(number) if not isinstance(row, ChunkFound)]
    places = in_order(places, pages)
    with _writing(part) as database:
        rebuilder = JournalRebuilder(database, others, pages.size // LEAST_ENTRY)
        for done, place in enumerate(places):
            progress.at(0.5 + done / len(places) / 2)
            rebuilder.take(row for row in pages.rows(place.page) if isinstance(row, ChunkFound))
            if rebuilder.size > MOST_SHARED * pages.most:
                raise JournalError("the journal is damaged in such a way that its rows have more bytes than the file")
        rebuilder.finish()
    return Recovered(target, rebuilder.entries, rebuilder.lost)


@contextlib.contextmanager
def _writing(part: Path) -> Iterator[sqlite3.Connection]:
    """A new database that is on the disk as a whole when the block ends."""
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")  # until it is renamed nobody sees it
        database.execute("PRAGMA synchronous = OFF")
        yield database
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _sound_reader(path: Path, cancelled: threading.Event) -> JournalReader:
    """A reader that can at least tell what the first session is, and how many there are."""
    reader = JournalReader(path, cancelled.is_set)
    try:
        reader.sessions(most=1)
        reader.session_count()
    except BaseException:
        reader.close()
        raise
    return reader


def _opened_earlier(path: Path, recovered: Path, what: str) -> Opened | None:
    """What was recovered before, if the damaged file has not changed since."""
    try:
        changed = max(each.stat().st_mtime_ns for each in (path, log_of(path)) if each.exists())
        if recovered.stat().st_mtime_ns < changed or find_damage(recovered):
            return None
        reader = JournalReader(recovered)
    except (OSError, JournalError):
        return None
    notice = (
        f"{what} What could be read of it was put into {recovered} before; the damaged file is as it was, in {path}."
    )
    return Opened(reader, recovered, notice)


def _open_copy(
    path: Path,
    on_progress: Callable[[float], None],
    cancelled: threading.Event,
    on_check: Callable[[float], None],
) -> Opened:
    """Open a journal with a write-ahead log where SQLite may not write, and so cannot read the log: a copy of both."""
    scratch = Path(tempfile.mkdtemp(prefix="tincan-"))
    copied = scratch / path.name
    try:
        files = [path, *([log_of(path)] if has_log(path) else [])]
        if sum(each.stat().st_size for each in files) > COPIED:
            raise JournalError(f"{path} was not closed properly: copy its folder to where files can be written")
        for each in files:
            shutil.copyfile(each, scratch / each.name)
        opened = open_journal(copied, on_progress, cancelled, on_check)
    except BaseException as error:
        shutil.rmtree(scratch, ignore_errors=True)
        if isinstance(error, OSError):
            raise JournalError(f"{path} cannot be opened: {error.strerror or error}") from error
        raise
    if opened.path == copied:
        return replace(opened, scratch=scratch)
    return replace(opened, notice=opened.notice.replace(str(copied), str(path)))  # what was recovered stays there


def _open_capture(path: Path, on_check: Callable[[float], None], cancelled: threading.Event) -> Opened:
    """Open what a capture has of TCP and UDP as a journal, which is gone once it is closed."""
    from core.journal.capture.conversion import convert

    scratch = Path(tempfile.mkdtemp(prefix="tincan-"))
    journal = scratch / f"{path.name}.tincan"
    try:
        converted = convert(path, journal, on_check, cancelled)
        reader = JournalReader(journal, cancelled.is_set)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    notice = ""
    if converted.damage:
        notice = f"{path.name} is damaged: {converted.damage}. {counted(converted.packets, 'packet')} could be read."
    return Opened(reader, journal, notice, left_out=converted.left_out, scratch=scratch, is_capture=True)


def _require_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise JournalError(f"{path} is a folder: choose a file in it")
        if not path.is_file():
            raise JournalError(f"{path} is {'no file' if path.exists() else 'not there'}")
        is_empty = path.stat().st_size == 0
    except OSError as error:
        raise JournalError(f"{path} cannot be opened: {error.strerror or error}") from error
    if is_empty:
        raise JournalError(f"{path} is empty, so it is not a journal")


def _refuse_strangers(path: Path) -> None:
    """Raise ``JournalError`` if a file that SQLite cannot read is nothing that this version of Tincan has written."""
    head = _head(path)
    log = _head(log_of(path))
    is_whole = any(all(one.encode() in head for one in statements(schema)) for schema in SCHEMAS.values())
    is_marked = head[68:72] == APPLICATION_ID.to_bytes(4, "big")
    if is_marked and int.from_bytes(head[60:64], "big") > FORMAT and not is_whole:
        raise JournalError(f"{path} was written by a newer version of Tincan: open it with that one")
    if is_marked or any(statement in head or statement in log for statement in _STATEMENTS):
        return
    with contextlib.closing(PageFile(path)) as pages:
        if (has_log(path) or not head.startswith(_MAGIC)) and pages.shows_entries:
            return
    if head.startswith(_MAGIC):
        raise JournalError(f"{path} is not a journal: it is a database of another program, or empty")
    raise JournalError(f"{path} is not a journal of Tincan")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _cannot_be_written_beside(error: JournalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF in _UNWRITABLE
