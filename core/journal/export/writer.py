"""Writes rows as a file, on the caller's thread or one of its own: all of it under its name at the end, or nothing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from core.clock import monotonic
from core.compose.encoding import Encoding
from core.errors import JournalError, TincanError, reason
from core.events import SessionId
from core.journal.export.files import WHOLE, ExportError, FileKey, PartialFiles, export_errors, place_for
from core.journal.export.formats import Format
from core.journal.export.source import PIECE, OpenSource, Source, frames, rows
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import Calls, Recorded
from core.supervision import Worker
from core.words import sentence

TELL_EVERY = 0.05  # seconds


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
    form: type[Format],
    *,
    encoding: Encoding = Encoding.UTF_8,
    first: int = 0,
    count: int | None = None,
    on_progress: Tell | None = None,
    cancelled: threading.Event | None = None,
) -> Exported:
    """Write the rows from place ``first`` on, ``count`` or all, as a file that only its owner can read.

    A file that is there is replaced at the end, in one step. A format that is split may make several
    files, see ``core.journal.export.files``. ``on_progress`` is called at most every ``TELL_EVERY`` seconds.
    Memory is bounded however long a message is. Raises ``ExportError``, and then no file has changed:
    when ``cancelled`` is set, the disk is full, the target cannot be written or the journal not read.
    """
    account = _Account(source, first, count, on_progress, cancelled)
    with export_errors(target), _journal_in_words(), PartialFiles(place_for(target), form.ending) as files:
        for data, stream in _blocks(source, form, encoding, account):
            files.write(data, stream)
            account.add(len(data))
        files.finish()
        account.check()
        return Exported(account.rows, account.size, files.keep())


def export_to(
    stream: BinaryIO,
    source: Source,
    form: type[Format],
    *,
    encoding: Encoding = Encoding.UTF_8,
) -> Exported:
    """Write all of it to an open stream, which keeps what it has got by then if something fails.

    What a format would split follows each other there. Raises ``ExportError``, and ``OSError`` for
    the stream.
    """
    account = _Account(source, 0, None, None, None)
    with _journal_in_words():
        for data, _stream in _blocks(source, form, encoding, account):
            stream.write(data)
            account.add(len(data))
    return Exported(account.rows, account.size, ())


def save_stretch(
    journal: Path,
    session: SessionId,
    calls: Calls,
    stretch: tuple[int, int],
    target: Path,
    cancelled: threading.Event,
) -> None:
    """Write the bytes of ``stretch``, counted as ``calls`` count them; the target is replaced when all are there.

    Takes as long as the disk does, and no more memory than one entry needs. Raises ``ExportError`` and
    ``JournalError``; then the target is as it was.
    """
    with (
        contextlib.closing(JournalReader(journal, cancelled.is_set)) as reader,
        export_errors(target),
        PartialFiles(place_for(target)) as file,
    ):
        for piece in Recorded(reader, session, calls).pieces(*stretch):
            if cancelled.is_set():
                raise ExportError("Nothing was saved.", cancelled=True)
            file.write(piece)
        file.finish()
        file.keep()


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
        self._due = monotonic()

    @property
    def total(self) -> int:
        """How many rows there are to be passed."""
        return max(0, self.stop - self.first)

    def pass_by(self, *, is_written: bool) -> None:
        """One more row is done, which the format may pass over."""
        self._passed += 1
        self.rows += is_written

    def add(self, size: int) -> None:
        """So many more bytes are written. Raises ``ExportError`` once it is cancelled."""
        self.size += size
        self.check()
        if self._tell is not None and monotonic() >= self._due:
            self._tell(Progress(self._passed, self.total, self.size))
            self._due = monotonic() + TELL_EVERY

    def check(self) -> None:
        """Raises ``ExportError`` once it is cancelled."""
        if self._cancelled.is_set():
            raise ExportError("Cancelled. Nothing was kept.", cancelled=True)


def _blocks(
    source: Source, form: type[Format], encoding: Encoding, account: _Account
) -> Iterator[tuple[bytes, FileKey]]:
    """What the files have of all the rows, in blocks of about ``PIECE`` bytes, each with its stream."""
    layout = form(encoding, source.parties())
    layout.total = account.total
    waiting: list[str | bytes] = [layout.head()]
    size, stream = len(waiting[0]), WHOLE
    for display_row, pieces in (frames if form.has_framing else rows)(source, account.first, account.stop):
        is_written = display_row.is_message or not form.is_split
        now = (display_row.number, display_row.kind) if is_written and form.is_split else stream
        if now != stream and size:
            yield _joined(waiting), stream
            size = 0
        stream = now
        for piece in layout.row(display_row, pieces) if is_written else ():
            waiting.append(piece)
            size += len(piece)
            if size >= PIECE:
                yield _joined(waiting), stream
                size = 0
        account.pass_by(is_written=is_written)
    waiting.append(layout.tail())
    yield _joined(waiting), stream


def _joined(waiting: list[str | bytes]) -> bytes:
    """All that waits, which does so no longer."""
    data = b"".join(piece.encode("utf-8") if isinstance(piece, str) else piece for piece in waiting)
    waiting.clear()
    return data


@contextlib.contextmanager
def _journal_in_words() -> Iterator[None]:
    try:
        yield
    except JournalError as error:
        raise ExportError(str(error)) from error


@dataclass(frozen=True, slots=True)
class NotExported:
    """Why there is no file, as a sentence; ``cancelled`` if somebody wanted that."""

    why: str
    cancelled: bool = False


Outcome: TypeAlias = Exported | NotExported


class ExportJob:
    """Writes a file, see ``export``. Every method is for any thread and none but ``join`` waits.

    ``on_progress`` is called on the job's thread, at most 20 times a second, and ``on_end`` there exactly
    once, last of all; neither may block.
    """

    def __init__(
        self,
        open_source: OpenSource,
        target: Path,
        form: type[Format],
        *,
        encoding: Encoding = Encoding.UTF_8,
        first: int = 0,
        count: int | None = None,
        on_progress: Callable[[Progress], None],
        on_end: Callable[[Outcome], None],
    ) -> None:
        self._cancelled = threading.Event()

        def write() -> Exported:
            try:
                with open_source(self._cancelled) as source:
                    return export(
                        source, target, form,
                        encoding=encoding, first=first, count=count, on_progress=on_progress,
                        cancelled=self._cancelled,
                    )  # fmt: skip
            except (ExportError, JournalError) as error:
                if self._cancelled.is_set():  # it may have ended a question to the journal
                    raise ExportError("Cancelled. Nothing was kept.", cancelled=True) from error
                raise

        self._worker = Worker(
            lambda: on_end(write()), f"export to {target.name}", lambda error: on_end(_not_exported(error))
        ).begin()

    def cancel(self) -> None:
        """Give up soon; no file changes."""
        self._cancelled.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end, so many seconds at most; whether it has ended."""
        return self._worker.join(timeout)


def _not_exported(error: BaseException) -> NotExported:
    if isinstance(error, ExportError):
        return NotExported(str(error), error.cancelled)
    why = reason(error)
    return NotExported(why if isinstance(error, TincanError) else f"{sentence(why)} Nothing was kept.")
