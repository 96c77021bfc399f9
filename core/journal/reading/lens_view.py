"""A session as a lens shows it: any rows of it, wherever they are, and the bytes behind each."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from core.errors import JournalError
from core.events import ConnectionId, SessionId
from core.journal.display_row import DATA_KINDS, DisplayRow, Filter, Span
from core.journal.reading.lens import (
    MARK_BYTES,
    MARK_ENTRIES,
    MARK_ORDINALS,
    MARK_ROWS,
    RAW,
    Cut,
    FrameScanner,
    Lens,
    Mark,
    PartialFrame,
    pending,
)
from core.journal.reading.parties import Parties
from core.journal.reading.reader import Entry, JournalReader
from core.journal.reading.recorded import Calls, Recorded
from core.journal.reading.runs import Pieces
from core.origin import Origin, read_origin
from core.wire.framing import make_splitter
from core.wire.splitting import NOTHING, Envelope, Splitter

MOST_CHECKED = 128 * 1024  # bytes of a message whose checksum is looked at: 6 ms of the slowest
PREVIEW = 4096  # bytes of a message that a view usually shows
_WHOLE = 1 << 30  # bytes: more than one entry has, and no more than SQLite counts
_NEAR = 16  # entries in front of a frame's last one among which its last bytes are looked for at first
_MOST_NEAR = 8  # entries of one direction that are kept at hand
_LARGE = 64 * 1024  # bytes of several entries, or of a part of one
_TOGETHER = 16 * 1024  # bytes of calls that are read at once
_PATIENCE = 4096  # entries in which the end of a message is looked for


class Growth(NamedTuple):
    """What more was counted: up to before entry ``entries`` there are ``rows`` rows."""

    marks: tuple[Mark, ...]
    entries: int
    rows: int
    partial_frames: tuple[PartialFrame, ...]


class RowCounter:
    """Counts a session's rows under a lens, piece by piece, with a reader of its own. One thread."""

    def __init__(self, reader: JournalReader, session: SessionId, lens: Lens) -> None:
        self._reader = reader
        self._session = session
        self._lens = lens
        self._scanner = FrameScanner(lens, Mark(lens.since, 0), reader.number_of)
        self._is_timed = lens.is_timed
        self._partial_frames: tuple[PartialFrame, ...] = ()
        self._entries = lens.since
        self._marked = lens.since  # the entry of the latest mark
        self._marked_rows = 0  # the rows before it
        self._counted = self._size = 0  # entries and bytes since then
        self._rows_each = 1.0  # that an entry has, as it was lately

    def advance(self, stop: int) -> Growth:
        """Count on up to before entry ``stop``, at most to the next mark. Raises ``JournalError``."""
        stop = min(stop, self._marked + MARK_ORDINALS)
        count = max(1, min(MARK_ENTRIES - self._counted, int(self._rows_left / self._rows_each)))
        room = 0 if self._lens.is_raw else max(1, MARK_BYTES - self._size)
        pieces = self._reader.pieces_of(
            self._session, self._entries, stop, self._lens.fetch, count=count, size=room, timed=self._is_timed
        )
        passed = self._pass_over(pieces)
        size = sum(map(len, passed.data))
        is_all = len(passed.data) == len(pieces.data) < count and size <= room
        self._entries = stop if is_all else passed.ordinals[-1] + 1
        self._counted += len(passed.data)
        self._size += size
        self._partial_frames = self._scanner.partial_frames
        return Growth(self._mark(), self._entries, self._scanner.rows, self._partial_frames)

    def _pass_over(self, pieces: Pieces) -> Pieces:
        """Count entries and return them: one by one, and only as many as are wanted, if they have too many rows."""
        before, count = self._scanner.rows, len(pieces.data)
        self._scanner.count(pieces)
        if count:
            self._rows_each = max(1.0, (self._scanner.rows - before) / count)
        if self._rows_left >= 0 or count == 1:
            return pieces
        self._scanner = FrameScanner(
            self._lens, Mark(self._entries, before, self._partial_frames), self._reader.number_of
        )
        for passed in range(count):
            self._scanner.count(pieces.part(passed, passed + 1))
            if self._rows_left < 0:
                return pieces.part(0, passed + 1)
        return pieces

    @property
    def _rows_left(self) -> int:
        """How many rows more there may be before the next mark."""
        return MARK_ROWS - (self._scanner.rows - self._marked_rows)

    def _mark(self) -> tuple[Mark, ...]:
        is_due = self._counted >= MARK_ENTRIES or self._size > MARK_BYTES or self._rows_left < 0
        if not is_due and self._entries - self._marked < MARK_ORDINALS:
            return ()
        self._marked, self._marked_rows, self._counted, self._size = self._entries, self._scanner.rows, 0, 0
        return (Mark(self._entries, self._scanner.rows, self._partial_frames),)


class LensView:
    """Rows of one session under one lens. The view's thread; a ``RowCounter`` counts for it on another.

    A plain lens needs no counting: ``reach`` is enough. Under another, rows are known as far as the
    ``Growth`` that was taken in; messages that have begun and not ended stand behind them. Raises
    ``JournalError`` for what cannot be read.
    """

    def __init__(self, reader: JournalReader, session: SessionId, lens: Lens) -> None:
        self.session = session
        self.lens = lens
        self.entries = lens.since  # of the session, as far as rows are known
        self.settled = 0  # rows that will never change
        self._reader = reader
        self._marks = [Mark(lens.since, 0)]
        self._pending: list[Cut] = []
        self._splitters: dict[str, Splitter] = {
            framing: make_splitter(framing) for framing in {lens.framing, lens.back or RAW} if framing != RAW
        }
        self._reach = max((splitter.reach for splitter in self._splitters.values()), default=0)

    @property
    def total(self) -> int:
        """How many rows there are, those included that may still grow."""
        return self.settled + len(self._pending)

    def reach(self, entries: int) -> None:
        """So many entries can be read by now."""
        if self.lens.is_plain:
            self.entries = max(self.entries, entries)
            self.settled = max(0, self.entries - self.lens.since)

    def take(self, growth: Growth) -> None:
        """Take in what was counted."""
        self._marks.extend(growth.marks)
        self.entries, self.settled = growth.entries, growth.rows
        self._pending = pending(growth.partial_frames)

    def parties(self) -> Parties:
        """Who talked with whom, and how that was set up."""
        parties = self._reader.parties(self.session)
        return parties._replace(set_up=self._reader.set_up(self.session, parties.target))

    # Rows.

    def read(self, first: int, count: int, preview: int = PREVIEW) -> list[DisplayRow]:
        """The rows from place ``first`` on, at most ``count``, each with at most ``preview`` bytes."""
        if self.lens.is_plain:
            entries = self._reader.read(self.session, self.lens.since + first, count, preview=preview)
            return [row_of(entry, entry.ordinal - self.lens.since) for entry in entries]
        stop = min(first + count, self.total)
        rows: list[DisplayRow] = []
        if first < self.settled:
            rows += self._settled_rows(first, min(stop, self.settled), preview)
        for place in range(max(first, self.settled), stop):
            rows.append(self._pending_row(place, preview))
        return rows

    def whole(self, display_row: DisplayRow) -> Iterator[bytes]:
        """All the bytes of a message, in pieces, without what frames it; its calls are read as far as it is asked."""
        pieces = self._frame(display_row)
        head = b""
        while len(head) < self._reach and (piece := next(pieces, b"")):
            head += piece
        start, stop, _back = self._envelope(display_row, head[: self._reach], b"")
        before = min(start, display_row.size)
        parts = (0, before), (stop, stop + display_row.size - before)
        place = 0
        for piece in chain((head,), pieces):
            for first, last in parts:
                if part := piece[max(0, first - place) : max(0, last - place)]:
                    yield part
            place += len(piece)
            if place >= parts[-1][-1]:
                return

    def envelope(self, display_row: DisplayRow) -> Envelope:
        """What of ``recorded(display_row)`` frames the message."""
        return envelope_of(self._splitter_of(display_row), self.recorded(display_row), display_row)

    def recorded(self, message: DisplayRow | Cut) -> Recorded:
        """The message's frame as it went through the socket; of a note, nothing."""
        span = message.span
        if span is None:
            return Recorded(self._reader, self.session, Calls())
        origins = self.lens.only.origins
        entries = self._reader.calls(
            self.session, message.connection, message.kind, span.first, span.last, origins=origins
        )
        return Recorded(self._reader, self.session, Calls(entries, span))

    def _frame(self, message: DisplayRow | Cut) -> Iterator[bytes]:
        """The message as it went through the socket: one call's bytes, and then those of more at a time."""
        if message.span is None or message.connection is None:
            return
        span, few = message.span, 1
        if span.first == span.last and span.stop - span.start > _LARGE:
            yield from self._reader.pieces(self.session, span.first, _LARGE, span.start, span.stop)
            return
        direction = Filter.of_direction(message.connection, message.kind, self.lens.only.origins)
        first = span.first
        while (
            some := self._reader.pieces_of(
                self.session, first, span.last + 1, direction, count=few, size=_TOGETHER, timed=False
            )
        ).data:
            data = some.data
            if some.ordinals[-1] == span.last:
                data[-1] = data[-1][: span.stop]
            if some.ordinals[0] == span.first:
                data[0] = data[0][span.start :]
            yield (together := b"".join(data))
            first = some.ordinals[-1] + 1
            few = few * 4 if len(together) < _TOGETHER // 4 else max(1, few // 4)

    def place_of(self, ordinal: int, stop: int = 0) -> int:
        """The row that shows byte ``stop - 1`` of an entry; for a note, the note.

        If the lens does not show it, the first row after it.
        """
        if self.lens.is_plain:
            return max(0, ordinal - self.lens.since)
        wanted = self._entry(ordinal)
        mark = bisect_right(self._marks, ordinal, key=_ordinal) - 1
        nearest, looked = self._marks[mark].rows, 0
        for scanner, entry in self._entries_from(mark, _WHOLE):
            if entry.ordinal < ordinal:
                scanner.cut(entry, stop=0)
                nearest = scanner.rows
                continue
            # Behind the entry itself only the first that ends can have begun in it; a close ends two directions.
            found = (
                scanner.find(entry, stop - 1) if entry.ordinal == ordinal else scanner.cut(entry, stop=scanner.rows + 2)
            )
            for place, cut in found:
                if entry.ordinal == ordinal if cut is None else _holds(cut, wanted, stop):
                    return place
            looked += 1
            if looked > _PATIENCE:
                break
        holding = (place for place, cut in enumerate(self._pending, self.settled) if _holds(cut, wanted, stop))
        return next(holding, nearest)

    def row_about(self, ordinal: int) -> float:
        """About which row shows an entry, by what is known without reading: exactly under a plain lens."""
        if self.lens.is_plain:
            return max(0, ordinal - self.lens.since)
        place = bisect_right(self._marks, ordinal, key=_ordinal)
        below = self._marks[max(0, place - 1)]
        above = self._marks[place] if place < len(self._marks) else Mark(max(self.entries, ordinal), self.total)
        share = (ordinal - below.ordinal) / max(1, above.ordinal - below.ordinal)
        return below.rows + share * (above.rows - below.rows)

    # Behind them.

    def _settled_rows(self, first: int, stop: int, preview: int) -> Iterator[DisplayRow]:
        mark = bisect_right(self._marks, first, key=_rows) - 1
        near, scanned = _Near(), None
        for scanner, entry in self._entries_from(mark, preview if self.lens.is_raw else _WHOLE, first, stop):
            if scanner is not scanned:
                near, scanned = _Near(), scanner
            near.add(entry)
            for place, cut in scanner.cut(entry, first, stop):
                if cut is None:
                    yield _cut_short(entry, place, preview)
                else:
                    yield self._message(cut, place, near.of(cut), preview)
                if place == stop - 1:
                    return

    def _entries_from(
        self, place: int, preview: int, first: int = 0, stop: int = sys.maxsize
    ) -> Iterator[tuple[FrameScanner, Entry]]:
        """Entry by entry from mark ``place`` on, as far as rows from ``first`` up to before ``stop`` may end there.

        Each with the scanner that has to pass over it.

        Nothing is read between two marks between which no row ends: of a message of 100 MB, its end is enough.
        """
        for following in range(place + 1, len(self._marks) + 1):
            mark, end, rows = self._marks[following - 1], self.entries, self.settled
            if following < len(self._marks):
                end, rows = self._marks[following].ordinal, self._marks[following].rows
            if mark.rows >= stop:
                return
            if rows <= max(first, mark.rows):
                continue
            scanner, count = FrameScanner(self.lens, mark, self._reader.number_of), end - mark.ordinal
            for entry in self._reader.read(self.session, mark.ordinal, count, preview=preview, only=self.lens.fetch):
                yield scanner, entry

    def _pending_row(self, place: int, preview: int) -> DisplayRow:
        cut = self._pending[place - self.settled]
        return self._message(cut, place, [], preview, is_pending=True)

    def _message(
        self, cut: Cut, place: int, entries: list[Entry], preview: int, *, is_pending: bool = False
    ) -> DisplayRow:
        """A frame as a row. ``entries`` are all that it lies in, if they are at hand."""
        span = cut.span
        if entries:
            last, head = entries[-1], _joined(entries)[span.start : span.start + cut.size]
            tail = head if cut.is_whole else b""
        else:
            last, head = self._entry(span.last), self._head(cut, preview + self._reach)
            tail = self._tail(cut, head) if cut.is_whole else b""
        start, end, back = self._envelope(cut, head, tail)
        size = cut.size - max(0, min(end, cut.size) - start) - back
        data = head[:start] + head[end:] if start else head[end:]
        misfit = self._misfit(cut, head, tail, size, is_pending=is_pending)
        checksum = ""
        splitter = self._splitter_of(cut)
        if cut.is_whole and not misfit and splitter is not None and splitter.is_checked:
            misfit, checksum = self._verdict(splitter, cut, head)
        return DisplayRow(
            place, self.session, last.ordinal, cut.connection, last.number, cut.kind, last.wall_ns, last.mono_ns,
            data[: min(size, preview)], size, span=span, misfit=misfit, is_pending=is_pending,
            has_ended=cut.is_whole, checksum=checksum, origin=_origin(last),
        )  # fmt: skip

    def _splitter_of(self, message: DisplayRow | Cut) -> Splitter | None:
        """What cuts the direction of that message; None of one that is shown as received."""
        number = self._reader.number_of(message.connection) if self.lens.back else None
        return self._splitters.get(self.lens.framing_of(message.kind, number))

    def _envelope(self, message: DisplayRow | Cut, head: bytes, tail: bytes) -> Envelope:
        splitter = self._splitter_of(message)
        return splitter.envelope(head, tail) if splitter is not None else NOTHING

    def _misfit(self, cut: Cut, head: bytes, tail: bytes, size: int, *, is_pending: bool) -> str:
        """Why these bytes are not a whole message within the limit."""
        splitter = self._splitter_of(cut)
        if cut.is_whole or splitter is None:
            flaw = splitter.flaw(head, tail) if splitter is not None else ""
            return flaw or (f"longer than the limit of {self.lens.limit:,} bytes" if size > self.lens.limit else "")
        why = splitter.why_not(head, cut.size, self.lens.limit)
        if not why and size > self.lens.limit:
            return f"longer than the limit of {self.lens.limit:,} bytes"
        state = "not ended yet" if is_pending else "never ended"
        return f"{state}: {why}" if why else state

    def _verdict(self, splitter: Splitter, cut: Cut, head: bytes) -> tuple[str, str]:
        """What is wrong with a message's checksum, and what there is to say of one that is not wrong."""
        if cut.size > MOST_CHECKED:
            return "", f"checksum not looked at: more than {MOST_CHECKED:,} bytes"
        found = splitter.verdict(head if len(head) == cut.size else self._head(cut, cut.size))
        assert found is not None
        return ("", found.words) if found.is_right else (found.words, "")

    def _head(self, cut: Cut, size: int) -> bytes:
        """The first bytes of a frame that lies across entries."""
        pieces = bytearray()
        for piece in self._frame(cut):
            pieces += piece
            if len(pieces) >= min(size, cut.size):
                break
        return bytes(pieces[: min(size, cut.size)])

    def _tail(self, cut: Cut, head: bytes) -> bytes:
        """The last bytes of a frame that has ended, from no more of its calls than it takes."""
        if len(head) == cut.size:
            return head
        span, near = cut.span, _NEAR
        while True:
            first = max(span.first, span.last - near)
            part = span._replace(first=first, start=span.start if first == span.first else 0)
            recorded = self.recorded(cut._replace(span=part))
            if recorded.size >= self._reach or first == span.first:
                return recorded.read(max(0, recorded.size - self._reach), recorded.size)
            near *= 16

    def _entry(self, ordinal: int) -> Entry:
        found = self._reader.read(self.session, ordinal, 1, preview=0)
        if not found:
            raise JournalError(f"entry {ordinal:,} is not in the journal")
        return found[0]


def envelope_of(splitter: Splitter | None, recorded: Recorded, display_row: DisplayRow) -> Envelope:
    """What of a message's recorded bytes frames it; under ``raw``, which has no splitter, nothing does."""
    if splitter is None:
        return NOTHING
    size, reach = recorded.size, splitter.reach
    tail = recorded.read(max(0, size - reach), size) if display_row.has_ended else b""
    return splitter.envelope(recorded.read(0, reach), tail)


class _Near:
    """The latest entries of each direction: most messages lie in one or two."""

    def __init__(self) -> None:
        self._streams: dict[tuple[ConnectionId | None, str], deque[Entry]] = {}

    def add(self, entry: Entry) -> None:
        """Pass over an entry; none may be left out."""
        stream = self._streams.get((entry.connection, entry.kind))
        if stream is None:
            stream = self._streams[entry.connection, entry.kind] = deque(maxlen=_MOST_NEAR)
        stream.append(entry)

    def of(self, cut: Cut) -> list[Entry]:
        """The entries that a frame lies in; none if they are not all here, or very large."""
        span, stream = cut.span, self._streams.get((cut.connection, cut.kind), ())
        found = [entry for entry in stream if span.first <= entry.ordinal <= span.last]
        is_all = bool(found) and found[0].ordinal == span.first
        return found if is_all and (len(found) == 1 or sum(entry.size for entry in found) < _LARGE) else []


def _joined(entries: list[Entry]) -> bytes:
    return (entries[0].data or b"") if len(entries) == 1 else b"".join(entry.data or b"" for entry in entries)


def row_of(entry: Entry, place: int) -> DisplayRow:
    """The row of an entry that is a message, or a note, by itself."""
    span = Span(entry.ordinal, 0, entry.ordinal, entry.size) if entry.kind in DATA_KINDS else None
    return DisplayRow(
        place, entry.session, entry.ordinal, entry.connection, entry.number, entry.kind, entry.wall_ns, entry.mono_ns,
        entry.data if span else None, entry.size, entry.note, entry.is_failure, span,
        origin=_origin(entry),
    )  # fmt: skip


def _cut_short(entry: Entry, place: int, preview: int) -> DisplayRow:
    """The same with no more than so many bytes: beside messages of several entries, all of an entry was read."""
    row = row_of(entry, place)
    return row if row.data is None or len(row.data) <= preview else row._replace(data=row.data[:preview])


def _origin(entry: Entry) -> Origin | None:
    return read_origin(entry.origin) if entry.origin is not None else None


def _holds(cut: Cut, entry: Entry, stop: int) -> bool:
    """Whether byte ``stop - 1`` of the entry is in the frame."""
    if (cut.connection, cut.kind) != (entry.connection, entry.kind):
        return False
    byte = (entry.ordinal, max(0, stop - 1))
    return (cut.span.first, cut.span.start) <= byte < (cut.span.last, cut.span.stop)


_rows = attrgetter("rows")
_ordinal = attrgetter("ordinal")
