"""Cuts what is recorded into messages. The bytes never change; another lens cuts the same bytes anew.

A lens keeps no row per message. Every so often it puts down a ``Mark``: how many rows there were up
to an entry, and which messages had begun and not ended there. The row wanted is found by bisection
and by cutting the few entries behind its mark.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from core.events import ConnectionId
from core.journal.display_row import DATA_KINDS, EVERYTHING, RECEIVED, SENT, Filter, Span
from core.settings import DEFAULTS
from core.wire.framing import make_splitter
from core.wire.splitting import Splitter

if TYPE_CHECKING:
    from core.journal.reading.reader import Entry
    from core.journal.reading.runs import Piece

RAW = "raw"
MARK_ENTRIES = 256  # that count, between two marks
MARK_BYTES = 128 * 1024  # between two marks; one entry may have more
MARK_ROWS = 4096  # between two marks; one entry may have more
MARK_ORDINALS = 65_536  # between two marks, however few of them count

_CARRIERS = frozenset(DATA_KINDS)
_kind = itemgetter(2)  # of a piece
_FINISHES = {"peer-finished": (RECEIVED,), "we-finished": (SENT,), "closed": (RECEIVED, SENT)}


@dataclass(frozen=True, slots=True)
class Lens:
    """What a view makes of a session: which entries it takes, and what is one message in them."""

    framing: str = RAW
    only: Filter = EVERYTHING
    since: int = 0  # the first entry that counts
    limit: int = DEFAULTS.message  # bytes; a longer message is shown with a word about it
    datagrams: bool = False  # whether each entry is a datagram, which no framing joins to another
    back: str | None = None  # the framing of what comes back from targets, if that is another

    @property
    def is_raw(self) -> bool:
        """Whether every entry that carries bytes is a message."""
        return self.framing == RAW and self.back in (None, RAW)

    @property
    def is_plain(self) -> bool:
        """Whether every entry is one row, so that nothing needs counting."""
        return self.is_raw and self.only.admits_all

    def framing_of(self, kind: str, number: int | None) -> str:
        """The framing of a direction of the connection of that number: of what passes on, the target's are below 0."""
        if self.back is None:
            return self.framing
        comes_back = (number or 0) < 0 if kind == RECEIVED else (number or 0) > 0
        return self.back if comes_back else self.framing

    @property
    def fetch(self) -> Filter:
        """What must be read to count rows: under a framing, notes tell when a stream ends."""
        if self.is_raw or self.only.notes:
            return self.only
        return replace(self.only, notes=True)


class PartialFrame(NamedTuple):
    """A direction of a connection in the middle of a frame, or with something to remember."""

    connection: ConnectionId | None
    kind: str
    first: int  # the entry in which the frame begins
    start: int  # the byte of that entry with which it begins
    last: int  # the latest entry that has bytes of it
    stop: int  # one past its latest byte in that entry
    size: int  # bytes so far
    could_end: bool
    state: object  # of the splitter


class Mark(NamedTuple):
    """Where counting can begin: in front of entry ``ordinal``, with ``rows`` rows before it."""

    ordinal: int
    rows: int
    partial_frames: tuple[PartialFrame, ...] = ()


class Cut(NamedTuple):
    """A message found: its frame, and whether the frame came to its end."""

    connection: ConnectionId | None
    kind: str
    span: Span
    size: int  # of the frame, bytes
    is_whole: bool


class _Stream:
    """One direction of one connection."""

    __slots__ = ("first", "last", "size", "splitter", "start", "stop")

    def __init__(self, splitter: Splitter) -> None:
        self.splitter = splitter
        self.first = self.start = self.last = self.stop = self.size = 0

    def begin(self, ordinal: int, start: int) -> None:
        """A new frame begins there."""
        self.first, self.start, self.size = ordinal, start, 0

    def extend(self, ordinal: int, stop: int, size: int) -> None:
        """The frame goes on up to there."""
        self.last, self.stop = ordinal, stop
        self.size += size


class FrameScanner:
    """Goes through a session's entries in their order and says what ends where. One thread.

    ``number_of`` gives the number of a connection within its session, which a lens with two framings asks for.
    """

    def __init__(self, lens: Lens, mark: Mark, number_of: Callable[[ConnectionId | None], int | None]) -> None:
        self.rows = mark.rows
        self._lens = lens
        self._number_of = number_of
        self._streams: dict[tuple[ConnectionId | None, str], _Stream] = {}
        for one in mark.partial_frames:
            stream = self._stream(one.connection, one.kind)
            stream.splitter.state = one.state
            stream.first, stream.start, stream.last, stream.stop, stream.size = one[2:7]

    def count(self, pieces: Sequence[Piece]) -> None:
        """Pass over entries and count their rows; a direction's bytes between two notes are looked at together."""
        if self._lens.is_raw:
            self.rows += len(pieces)
            return
        if self._lens.datagrams:
            self._count_datagrams(pieces)
            return
        if _CARRIERS.issuperset(map(_kind, pieces)):
            self._count_data(pieces)
            return
        begin = 0
        for place, piece in enumerate(pieces):
            if piece[2] not in DATA_KINDS:
                self._count_data(pieces[begin:place])
                self.rows += len(self._finished(piece[1], piece[2])) + self._lens.only.notes
                begin = place + 1
        self._count_data(pieces[begin:] if begin else pieces)

    def cut(self, entry: Entry, first: int = 0, stop: int = sys.maxsize) -> list[tuple[int, Cut | None]]:
        """Pass over an entry and give those of its rows whose places lie from ``first`` up to before ``stop``.

        Each with its place. None is the entry itself: a note or, under ``raw``, its bytes.
        """
        if self._has_frames(entry):
            return self._cut_data(entry, lambda ends: (first - self.rows, min(len(ends), stop - self.rows)))
        cuts: list[Cut | None] = []
        if entry.kind not in (RECEIVED, SENT):
            cuts += self._finished(entry.connection, entry.kind)
        if entry.kind in (RECEIVED, SENT) or self._lens.only.notes:
            cuts.append(None)
        before = self.rows
        self.rows += len(cuts)
        return [(place, cut) for place, cut in enumerate(cuts, before) if first <= place < stop]

    def find(self, entry: Entry, byte: int) -> list[tuple[int, Cut | None]]:
        """Pass over an entry and give the row in which one of its bytes lies, if that row ends in it.

        All of its rows, if they are not frames.
        """
        if not self._has_frames(entry):
            return self.cut(entry)
        return self._cut_data(entry, lambda ends: (at := bisect_right(ends, byte), min(len(ends), at + 1)))

    @property
    def partial_frames(self) -> tuple[PartialFrame, ...]:
        """What had begun and not ended by now, the oldest first."""
        found = [
            PartialFrame(
                connection, kind, s.first, s.start, s.last, s.stop, s.size, s.splitter.could_end, s.splitter.state
            )
            for (connection, kind), s in self._streams.items()
            if s.size or s.splitter.state is not None
        ]
        return tuple(sorted(found, key=lambda one: (one.first, one.start)))

    def _has_frames(self, entry: Entry) -> bool:
        return entry.kind in (RECEIVED, SENT) and self._framing(entry.connection, entry.kind) != RAW

    def _framing(self, connection: ConnectionId | None, kind: str) -> str:
        return self._lens.framing_of(kind, self._number_of(connection)) if self._lens.back else self._lens.framing

    def _cut_data(self, entry: Entry, choose: Callable[[list[int]], tuple[int, int]]) -> list[tuple[int, Cut | None]]:
        """Pass over an entry's bytes; those of its frames that are chosen by their ends: from one to before another."""
        if self._lens.datagrams:
            return self._cut_datagram(entry, choose)
        stream = self._stream(entry.connection, entry.kind)
        ends = stream.splitter.ends(entry.data or b"", entry.mono_ns)
        found: list[tuple[int, Cut | None]] = []
        first, stop = choose(ends)
        for index in range(max(0, first), stop):
            begin = ends[index - 1] if index else 0
            found.append((self.rows + index, _cut_between(stream, entry, begin, ends[index], leads=index == 0)))
        self.rows += len(ends)
        self._advance(stream, entry.ordinal, len(ends), ends[-1] if ends else 0, entry.size)
        return found

    def _cut_datagram(
        self, entry: Entry, choose: Callable[[list[int]], tuple[int, int]]
    ) -> list[tuple[int, Cut | None]]:
        """The same of a datagram, whose end ends the last frame; an empty one is a frame, too."""
        splitter, data = make_splitter(self._lens.framing), entry.data or b""
        ends = splitter.ends(data, entry.mono_ns)
        rest = len(ends)  # which of the frames has not ended by itself, if one has not
        if not data or len(data) > (ends[-1] if ends else 0):
            ends.append(len(data))
        found: list[tuple[int, Cut | None]] = []
        first, stop = choose(ends)
        for index in range(max(0, first), stop):
            begin, end = ends[index - 1] if index else 0, ends[index]
            is_whole = index < rest or splitter.rest_is_message or splitter.could_end
            span = Span(entry.ordinal, begin, entry.ordinal, end)
            found.append((self.rows + index, Cut(entry.connection, entry.kind, span, end - begin, is_whole)))
        self.rows += len(ends)
        return found

    def _count_datagrams(self, pieces: Sequence[Piece]) -> None:
        for _ordinal, _connection, kind, data, at in pieces:
            if kind in DATA_KINDS:
                ends, last = make_splitter(self._lens.framing).tally(data, at)
                self.rows += ends + (not data or len(data) > last)
            else:
                self.rows += self._lens.only.notes

    def _stream(self, connection: ConnectionId | None, kind: str) -> _Stream:
        stream = self._streams.get((connection, kind))
        if stream is None:
            stream = self._streams[connection, kind] = _Stream(make_splitter(self._framing(connection, kind)))
        return stream

    def _count_data(self, pieces: Sequence[Piece]) -> None:
        """Pass over entries that have bytes."""
        streams: defaultdict[tuple[ConnectionId | None, str], list[Piece]] = defaultdict(list)
        for piece in pieces:
            if piece[3]:
                streams[piece[1], piece[2]].append(piece)
        for (connection, kind), same in streams.items():
            if self._framing(connection, kind) == RAW:
                self.rows += len(same)
                continue
            ordinals, _connections, _kinds, data, times = zip(*same, strict=True)
            stream = self._stream(connection, kind)
            ends, last = stream.splitter.tally_all(data, times)
            self.rows += ends
            _advance_over(stream, ordinals, data, ends, last)

    def _advance(self, stream: _Stream, ordinal: int, ends: int, last: int, size: int) -> None:
        if ends:
            stream.begin(ordinal, last)
        elif not stream.size:
            stream.begin(ordinal, 0)
        if size > last:
            stream.extend(ordinal, size, size - last)

    def _finished(self, connection: ConnectionId | None, note: str) -> list[Cut]:
        """What the end of a stream leaves behind: frames that will never end."""
        cuts = []
        for kind in _FINISHES.get(note, ()):
            stream = self._streams.pop((connection, kind), None)
            if stream is not None and stream.size:
                span = Span(stream.first, stream.start, stream.last, stream.stop)
                cuts.append(Cut(connection, kind, span, stream.size, stream.splitter.could_end))
        return cuts


def _advance_over(stream: _Stream, ordinals: Sequence[int], data: Sequence[bytes], ends: int, last: int) -> None:
    """Entries have passed in which so many frames end, the last of them at that offset of all their bytes."""
    size = sum(map(len, data)) - last  # of the frame that has begun behind it
    if ends:
        place, start = len(data), -size
        while start < 0:
            place -= 1
            start += len(data[place])
        stream.begin(ordinals[min(place, len(data) - 1)], start)
    elif not stream.size:
        stream.begin(ordinals[0], 0)
    if size:
        stream.extend(ordinals[-1], len(data[-1]), size)


def _cut_between(stream: _Stream, entry: Entry, begin: int, end: int, *, leads: bool) -> Cut:
    """The frame that ends at ``end`` of an entry; the first of an entry may have begun earlier."""
    first, start, size = entry.ordinal, begin, end - begin
    if leads and stream.size:
        first, start, size = stream.first, stream.start, stream.size + end
    last, stop = (entry.ordinal, end) if end else (stream.last, stream.stop)
    return Cut(entry.connection, entry.kind, Span(first, start, last, stop), size, is_whole=True)


def pending(partial_frames: Iterable[PartialFrame]) -> list[Cut]:
    """The frames that have begun and may still end, as they stand."""
    return [
        Cut(one.connection, one.kind, Span(one.first, one.start, one.last, one.stop), one.size, one.could_end)
        for one in partial_frames
        if one.size
    ]
