"""A message taken apart for a closer look, on a thread of its own, so that the view's own need not.

It is traced: where its bytes stand in their stream, and the calls that carried them, at this end and at the other. Both
ends of a talk with oneself are connections of one journal: what one sent, the other received, byte for byte at the same
offsets. So the calls of the two can be laid side by side; and so can those of the two legs of a pair, on one of which
came what went on on the other, as long as the bytes are the same.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path

from core.errors import JournalError, reason
from core.events import ConnectionId, SessionId
from core.journal.display_row import RECEIVED, SENT, DisplayRow, Filter, Span
from core.journal.reading.lens import RAW
from core.journal.reading.lens_view import envelope_of
from core.journal.reading.reader import CallRow, JournalReader
from core.journal.reading.recorded import NONE_LARGE, Calls, Large, Recorded, Trace
from core.journal.schema import LONGEST_DATA, LONGEST_RUN
from core.supervision import Worker, note
from core.wire.framing import make_splitter
from core.wire.splitting import Envelope

AROUND = 8  # calls before and behind those of the message, for the eye
_BLOCK = 4096  # entries whose bytes are added up together
_LOOK_BACK = 65_536  # entries in which the one before is looked for
_MOST_STREAMS = 8  # whose sums are remembered
_LAST = (1 << 62) - 1  # an ordinal that no entry has
_DATAGRAM_NS = 2_000_000_000  # from a datagram's sending to its coming
_APART_NS = 30_000_000_000  # a connection may wait for so long until the server takes it
_OTHER = {RECEIVED: SENT, SENT: RECEIVED}
_COMPARED = 64 * 1024  # bytes of a message that came on one leg and went on, or so it seems, on the other
_LARGE = 1024 * 1024  # bytes of an entry that take a view too long to read
_PIECE = 256 * 1024  # bytes

_LARGEST = """SELECT coalesce(ordinal, -1), coalesce(max(length(data)), 0) FROM chunk
              WHERE session = ? AND ordinal BETWEEN ? AND ? AND connection = ? AND kind = ? AND offsets IS NULL"""
_OF_STREAM = "session = ? AND ordinal >= ? AND ordinal < ? AND connection = ? AND kind = ?"
_BLOCKS = f"""SELECT ordinal / {_BLOCK}, coalesce(sum(length(data)), 0) FROM chunk
              WHERE {_OF_STREAM} AND offsets IS NULL GROUP BY 1"""  # noqa: S608 - all ours
_AROUND = """SELECT coalesce(min(ordinal), 0), coalesce(max(ordinal), -1) FROM chunk
             WHERE session = ? AND mono_ns BETWEEN ? AND ?"""
_OPENED = "SELECT mono_ns FROM chunk WHERE session = ? AND connection = ? AND kind = 'opened' LIMIT 1"
_FAR_ENDS = """SELECT two.session, two.connection FROM connection AS one
               JOIN connection AS two ON two.local = one.peer AND two.peer = one.local
               WHERE one.connection = ? AND two.connection <> one.connection
               AND one.local <> 'unix:' AND one.peer <> 'unix:'"""  # those have no name to be known by
_OTHER_LEG = """SELECT two.session, two.connection FROM connection AS one
                JOIN connection AS two ON two.session = one.session AND two.number = -one.number
                WHERE one.connection = ? LIMIT 1"""


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


# Tracing.


@dataclass(frozen=True, slots=True)
class Stream:
    """One direction of one connection, as one of its ends recorded it."""

    session: SessionId
    connection: ConnectionId
    kind: str  # RECEIVED or SENT

    @property
    def way_back(self) -> Stream:
        """The other direction, at the same end."""
        return Stream(self.session, self.connection, _OTHER[self.kind])


class Tracer:
    """Traces messages of one journal. One thread; raises ``JournalError`` for what cannot be read."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._sums: dict[Stream, _Sums] = {}

    def trace(self, display_row: DisplayRow) -> Trace | None:
        """All that is known of a message; None of a note. Takes a second for a million calls."""
        if display_row.span is None or display_row.connection is None:
            return None
        stream, span = Stream(display_row.session, display_row.connection, display_row.kind), display_row.span
        start = self._before(stream, span.first) + span.start
        stop = (start - span.start if span.last == span.first else self._before(stream, span.last)) + span.stop
        if self._reader.has_datagrams(stream.session):
            return self._trace_datagram(stream, display_row, span, start)
        near = self._covering(stream, start, stop)
        leg = self._other_leg(stream)
        far_stream = leg or self._far_end(stream)
        far = None
        if far_stream is not None:
            far = self._covering(far_stream, start, stop, around=0)
            if far.start < near.start or far.stop > near.stop:
                near = self._covering(stream, min(near.start, far.start), max(near.stop, far.stop), around=0)
            far = self._covering(far_stream, near.start, near.stop, around=0)
        if far and leg is not None and not self._is_same(stream.session, near, far, start, stop):
            far = None
        waits = self._waits(stream, display_row, span)
        return Trace(start, stop, near, far, *waits, near.within(start, stop), is_passed_on=leg is not None)

    def _trace_datagram(self, stream: Stream, display_row: DisplayRow, span: Span, start: int) -> Trace:
        """The same of a datagram, which may be lost, or come twice: at the other end it is known by its bytes."""
        before, stop = start - span.start, start - span.start + span.stop
        near = self._call_at(stream, span.first, before)
        far_stream, far = self._far_end(stream), None
        if far_stream is not None:
            ordinal = self._same_at(far_stream, self._reader.data(stream.session, span.first), display_row.mono_ns)
            far = self._call_at(far_stream, ordinal, before) if ordinal is not None else Calls(start=before)
        return Trace(start, stop, near, far, *self._waits(stream, display_row, span), near.within(start, stop))

    def _call_at(self, stream: Stream, ordinal: int, start: int) -> Calls:
        rows = list(self._reader.calls(stream.session, stream.connection, stream.kind, ordinal, ordinal))
        return Calls(rows, Span(ordinal, 0, ordinal, rows[0][3] if rows else 0), start)

    def _same_at(self, far: Stream, data: bytes, at: int) -> int | None:
        """The datagram with the same bytes, sent before or received after that moment, and nearest to it."""
        found = self._reader.ask(_AROUND, (far.session, at - _DATAGRAM_NS, at + _DATAGRAM_NS), (int, int))
        first, last = found[0]
        only = Filter.of_direction(far.connection, far.kind)
        rows = self._reader.scan(far.session, first, last + LONGEST_RUN, only, with_data=True)
        same = [(row[5], row[0]) for row in rows if row[4] == data]
        if far.kind == RECEIVED:
            return min((each for each in same if each[0] >= at), default=(0, None))[1]
        return max((each for each in same if each[0] <= at), default=(0, None))[1]

    def _before(self, stream: Stream, ordinal: int) -> int:
        """The bytes that a stream had carried before an entry."""
        block, sum_of_block = self._sums_of(stream).block_of(ordinal)
        return sum_of_block + sum(_sizes(self._reader, stream, block * _BLOCK, ordinal).values())

    def _covering(self, stream: Stream, start: int, stop: int, around: int = AROUND) -> Calls:
        """The whole calls that carried these bytes, and a few around them; empty if there are none yet."""
        block, before = self._sums_of(stream).block_before(start)
        first = block * _BLOCK
        rows = self._reader.calls(stream.session, stream.connection, stream.kind, first, _LAST)
        calls = Calls(_until(rows, stop - before, around), Span(first, 0, _LAST, 0), before)
        places = calls.between(start, stop)
        if not places:
            return Calls(start=start)
        return calls.part(range(max(0, places.start - around), min(len(calls), places.stop + around)))

    def _far_end(self, stream: Stream) -> Stream | None:
        """The other end of the connection, if this journal has it: the addresses are the same, the other way round.

        Ports are used again, so both ends must have been opened at about the same time.
        """
        here = self._opened(stream.session, stream.connection)
        found = [
            (abs(self._opened(session, connection) - here), session, connection)
            for session, connection in self._reader.ask(_FAR_ENDS, (stream.connection,), (int, int))
        ]
        apart, session, connection = min(found, default=(_APART_NS, 0, 0))
        return Stream(SessionId(session), ConnectionId(connection), _OTHER[stream.kind]) if apart < _APART_NS else None

    def _other_leg(self, stream: Stream) -> Stream | None:
        """Where it went on, or came from, of what passes on."""
        for session, connection in self._reader.ask(_OTHER_LEG, (stream.connection,), (int, int)):
            return Stream(SessionId(session), ConnectionId(connection), _OTHER[stream.kind])
        return None

    def _is_same(self, session: SessionId, near: Calls, far: Calls, start: int, stop: int) -> bool:
        """Whether both legs have the same bytes there, as far as both have any."""
        stop = min(stop, far.stop, start + _COMPARED)
        one, other = (Recorded(self._reader, session, calls.within(start, stop)) for calls in (near, far))
        return one.read(0, stop - start) == other.read(0, stop - start)

    def _opened(self, session: int, connection: int) -> int:
        """When a connection was opened."""
        found = self._reader.ask(_OPENED, (session, connection), (int,))
        return int(found[0][0]) if found else 0

    def _waits(self, stream: Stream, display_row: DisplayRow, span: Span) -> tuple[int | None, int | None]:
        back = stream.way_back
        before = span.first + (1 if span.start else 0)
        times = [
            max(
                (found for one in (stream, back) if (found := self._latest(one, before)) is not None),
                default=None,
            ),
            self._latest(back, span.last),
        ]
        since = (display_row.mono_ns - at if at is not None else None for at in times)
        return next(since), next(since)

    def _latest(self, stream: Stream, before: int) -> int | None:
        """When the latest entry of a stream below an ordinal happened; None if that is very far back."""
        first = max(0, before - _LOOK_BACK)
        return self._reader.latest(stream.session, stream.connection, stream.kind, first, before)

    def _sums_of(self, stream: Stream) -> _Sums:
        sums = self._sums.pop(stream, None) or _Sums(stream)
        self._sums[stream] = sums  # the latest used stands last
        if len(self._sums) > _MOST_STREAMS:
            del self._sums[next(iter(self._sums))]
        sums.learn(self._reader)
        return sums


class _Sums:
    """How many bytes a stream had carried before each block of entries of its session. It only ever grows."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._before = array("q", [0])  # block 0, 1 ... as far as what lies before is complete

    def learn(self, reader: JournalReader) -> None:
        """Add up what is new."""
        known, stream = len(self._before) - 1, self._stream
        last = (reader.count(stream.session) - 1) // _BLOCK
        if last <= known:
            return
        sizes = _sizes(reader, stream, known * _BLOCK, last * _BLOCK)
        self._before.extend(
            accumulate((sizes.get(block, 0) for block in range(known, last)), initial=self._before.pop())
        )

    def block_of(self, ordinal: int) -> tuple[int, int]:
        """The block that has an entry, and the bytes that the stream had carried before it."""
        block = min(ordinal // _BLOCK, len(self._before) - 1)
        return block, self._before[block]

    def block_before(self, byte: int) -> tuple[int, int]:
        """A block with calls before a byte, if there are any, and the bytes that the stream had carried before it."""
        block = bisect_right(self._before, byte) - 1
        earlier = bisect_left(self._before, self._before[block]) - 1  # those between have nothing of this stream
        block = earlier if earlier >= 0 else block
        return block, self._before[block]


def _sizes(reader: JournalReader, stream: Stream, first: int, stop: int) -> dict[int, int]:
    """The bytes of a stream in each block of entries, as far as those lie from ``first`` up to before ``stop``."""
    values = (stream.session, first, stop, stream.connection, stream.kind)
    found = Counter(dict(reader.ask(_BLOCKS, values, (int, int))))
    only = Filter.of_direction(stream.connection, stream.kind)
    for run in reader.runs(stream.session, first, stop, only):
        for place in run.places(first, stop, only):
            found[(run.ordinal + place) // _BLOCK] += run.size_of(place)
    return found


def _until(rows: Iterator[CallRow], size: int, around: int) -> Iterator[CallRow]:
    """The rows that have so many bytes, and a few more."""
    for row in rows:
        yield row
        size -= row[3]
        if size <= 0:
            break
    yield from islice(rows, around)
