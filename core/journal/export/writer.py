"""Writes rows as a file: all of it under its name at the end, or nothing."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import JournalError
from core.journal.display_row import DisplayRow
from core.journal.export.draft import Draft, ExportError, in_words, place_for
from core.journal.export.formats import Format
from core.journal.export.jsonl import Records
from core.journal.export.plain import PlainText
from core.journal.export.raw import Streams
from core.journal.export.source import PIECE, Pieces, Source, frames, rows
from core.journal.export.table import Table

TELL_EVERY = 0.05  # seconds


class Layout(Protocol):
    """How rows look as text."""

    def head(self) -> str:
        """What stands above them."""
        ...

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """One row, in pieces."""
        ...


LAYOUTS: dict[Format, Callable[[], Layout]] = {
    Format.TEXT: PlainText,
    Format.CSV: Table,
    Format.JSONL: Records,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export is: ``rows`` of ``total`` are done, and ``size`` bytes are written."""

    rows: int
    total: int
    size: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it. ``rows`` that were written, ``size`` in bytes, and the files."""

    rows: int
    size: int
    paths: tuple[Path, ...]


Tell = Callable[[Progress], None]


def export(
    source: Source,
    target: Path,
    form: Format,
    *,
    first: int = 0,
    count: int | None = None,
    on_progress: Tell | None = None,
    cancelled: threading.Event | None = None,
) -> Exported:
    """Write the rows from place ``first`` on, ``count`` or all, as a file that only its owner can read.

    A file that is there is replaced at the end, in one step. Under ``RAW`` there may be several files,
    see ``core.journal.export.raw``. ``on_progress`` is called at most every ``TELL_EVERY`` seconds.
    Memory is bounded however long a message is. Raises ``ExportError``, and then no file has changed:
    when ``cancelled`` is set, the disk is full, the target cannot be written or the journal not read.
    """
    account = _Account(source, first, count, on_progress, cancelled)
    with in_words(target), _journal_in_words():
        place = place_for(target)
        if form is Format.RAW:
            return _write_streams(source, place, account)
        return _write_file(source, place, LAYOUTS[form](), account)


def export_to(
    stream: BinaryIO,
    source: Source,
    form: Format,
    *,
    first: int = 0,
    count: int | None = None,
    cancelled: threading.Event | None = None,
) -> Exported:
    """Write the same to an open stream, which keeps what it has got by then if something fails.

    Under ``RAW`` the bytes of all messages follow each other. Raises ``ExportError``, and ``OSError`` for
    the stream.
    """
    account = _Account(source, first, count, None, cancelled)
    with _journal_in_words():
        raw = form is Format.RAW
        for block in _bytes(source, account) if raw else _blocks(source, LAYOUTS[form](), account):
            stream.write(block)
            account.add(len(block))
    return Exported(account.rows, account.size, ())


class _Account:
    """Counts what is done, tells it, and ends the export when that is wanted."""

    def __init__(
        self, source: Source, first: int, count: int | None, tell: Tell | None, cancelled: threading.Event | None
    ) -> None:
        self.first = max(0, first)
        self.stop = source.total if count is None else min(source.total, self.first + count)
        self.rows = self.size = self._passed = 0
        self._tell = tell
        self._cancelled = cancelled or threading.Event()
        self._due = time.monotonic()

    def pass_by(self, *, is_written: bool) -> None:
        """One more row is done; under ``RAW`` a note is passed over."""
        self._passed += 1
        self.rows += is_written

    def add(self, size: int) -> None:
        """So many more bytes are written. Raises ``ExportError`` once it is cancelled."""
        self.size += size
        self.check()
        if self._tell is not None and time.monotonic() >= self._due:
            self._tell(Progress(self._passed, max(0, self.stop - self.first), self.size))
            self._due = time.monotonic() + TELL_EVERY

    def check(self) -> None:
        """Raises ``ExportError`` once it is cancelled."""
        if self._cancelled.is_set():
            raise ExportError("Cancelled. Nothing was kept.", cancelled=True)


def _write_file(source: Source, place: Path, layout: Layout, account: _Account) -> Exported:
    draft = Draft(place.parent)
    try:
        for block in _blocks(source, layout, account):
            draft.write(block)
            account.add(len(block))
        draft.finish()
        account.check()
        draft.keep(place)
    finally:
        draft.discard()
    return Exported(account.rows, account.size, (place,))


def _write_streams(source: Source, place: Path, account: _Account) -> Exported:
    with Streams(place) as streams:
        for display_row, pieces in frames(source, account.first, account.stop):
            for piece in pieces():
                streams.write(display_row, piece)
                account.add(len(piece))
            account.pass_by(is_written=display_row.is_message)
        account.check()
        return Exported(account.rows, account.size, streams.keep())


def _blocks(source: Source, layout: Layout, account: _Account) -> Iterator[bytes]:
    """The rows as the file has them, in blocks of about ``PIECE`` bytes."""
    waiting = [layout.head()]
    size = 0
    for display_row, pieces in rows(source, account.first, account.stop):
        for text in layout.row(display_row, pieces):
            waiting.append(text)
            size += len(text)
            if size >= PIECE:
                yield "".join(waiting).encode("utf-8")
                waiting.clear()
                size = 0
        account.pass_by(is_written=True)
    yield "".join(waiting).encode("utf-8")


def _bytes(source: Source, account: _Account) -> Iterator[bytes]:
    """All that was said, one message behind the other."""
    for display_row, pieces in frames(source, account.first, account.stop):
        yield from pieces()
        account.pass_by(is_written=display_row.is_message)


@contextlib.contextmanager
def _journal_in_words() -> Iterator[None]:
    try:
        yield
    except JournalError as error:
        raise ExportError(str(error)) from error
