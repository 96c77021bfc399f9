"""The thread that takes a message apart for a closer look, so that the view's own thread need not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import JournalError, reason
from core.journal.display_row import DisplayRow
from core.journal.reading.lens import RAW
from core.journal.reading.lens_view import envelope_of
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import NONE_LARGE, Large, Recorded, Trace
from core.journal.reading.tracing import Tracer
from core.journal.schema import LONGEST_DATA
from core.supervision import Worker, note
from core.wire.framing import make_splitter
from core.wire.splitting import Envelope

_LARGEST = """SELECT coalesce(ordinal, -1), coalesce(max(length(data)), 0) FROM chunk
              WHERE session = ? AND ordinal BETWEEN ? AND ? AND connection = ? AND kind = ? AND offsets IS NULL"""
_LARGE = 1024 * 1024  # bytes of an entry that take a view too long to read
_PIECE = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Dissection:
    """What a message consists of."""

    display_row: DisplayRow
    trace: Trace
    envelope: Envelope  # what frames it
    large: Large  # the largest of its entries, if it takes long to read

    def recorded(self, reader: JournalReader) -> Recorded:
        """Its bytes, read with the caller's own reader."""
        return Recorded(reader, self.display_row.session, self.trace.calls, self.large)


class Dissector:
    """Takes messages of one journal apart, the latest that was asked for. Any thread; returns at once.

    ``tell`` gets what was found and ``fail`` a sentence if the journal cannot be read; both are called on
    the dissector's thread, which begins with the first question.
    """

    def __init__(self, path: Path, tell: Callable[[Dissection], None], fail: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._fail = fail
        self._large = NONE_LARGE  # of the latest; the thread's own
        self._asked: tuple[DisplayRow, str] | None = None  # guarded by ``_changed``, as is the next
        self._closed = False
        self._changed = threading.Condition()
        self._worker = self._make_worker()

    def ask(self, display_row: DisplayRow, framing: str) -> None:
        """Take this message apart, and none that was asked for before and not begun."""
        with self._changed:
            self._asked = display_row, framing
            is_new = not self._worker.has_begun and not self._closed
            self._changed.notify()
        if is_new:
            self._worker.begin()

    def close(self) -> None:
        """Take nothing apart any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it has ended."""
        return self._worker.join(timeout)

    def _make_worker(self) -> Worker:
        return Worker(self._run, "dissector of messages", self._died, daemon=True)

    def _died(self, error: BaseException) -> None:
        with self._changed:
            self._worker = self._make_worker()  # for the next question
        self._fail(reason(error))

    def _run(self) -> None:
        reader: JournalReader | None = None
        tracer: Tracer | None = None
        try:
            while (asked := self._next()) is not None:
                try:
                    if reader is None or tracer is None:
                        reader = JournalReader(self._path, lambda: self._closed)
                        tracer = Tracer(reader)
                    self._take_apart(reader, tracer, *asked)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is about this message alone
                    note("taking a message apart", error)
                    if not self._closed:
                        self._fail(reason(error))
        finally:
            if reader is not None:
                reader.close()

    def _take_apart(self, reader: JournalReader, tracer: Tracer, display_row: DisplayRow, framing: str) -> None:
        trace = tracer.trace(display_row)
        if trace is not None:
            self._large = _largest(reader, display_row, self._large)
            recorded = Recorded(reader, display_row.session, trace.calls, self._large)
            splitter = make_splitter(framing) if framing != RAW else None
            envelope = envelope_of(splitter, recorded, display_row)
            self._tell(Dissection(display_row, trace, envelope, self._large))

    def _next(self) -> tuple[DisplayRow, str] | None:
        """What to take apart; waits until there is something. None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._asked is not None)
            asked, self._asked = self._asked, None
            return None if self._closed else asked


def _largest(reader: JournalReader, display_row: DisplayRow, known: Large) -> Large:
    """The largest entry of a message, if it is a large one; not read again if it is the one that is known."""
    span = display_row.span
    if span is None:
        return NONE_LARGE
    values = (display_row.session, span.first, span.last, display_row.connection, display_row.kind)
    ordinal, size = reader.ask(_LARGEST, values, (int, int))[0]
    if size < _LARGE:
        return NONE_LARGE
    if size > LONGEST_DATA:
        raise JournalError(f"entry {ordinal:,} has {size:,} bytes, too many to be looked at closely")
    if (known.session, known.ordinal) == (display_row.session, ordinal):
        return known
    # Piece by piece into one buffer: other threads have to wait while bytes are copied.
    data, filled = bytearray(size), 0
    for piece in reader.pieces(display_row.session, ordinal, _PIECE):
        data[filled : filled + len(piece)] = piece
        filled += len(piece)
    return Large(display_row.session, ordinal, memoryview(data).toreadonly())
