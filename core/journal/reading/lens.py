"""Cuts what is recorded into messages. The bytes never change; another lens cuts the same bytes anew.

A lens keeps no row per message. Every so often it puts down a ``Mark``: how many rows there were up
to an entry, and which messages had begun and not ended there. The row wanted is found by bisection
and by cutting the few entries behind its mark.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import sub
from typing import TYPE_CHECKING, NamedTuple

from core.events import ConnectionId
from core.journal.display_row import DATA_KINDS, EVERYTHING, RECEIVED, SENT, Filter, Span
from core.journal.reading.runs import Pieces, StreamKey, stream_of, who_has
from core.settings import DEFAULTS
from core.wire.framing import make_splitter
from core.wire.splitting import Splitter

if TYPE_CHECKING:
    from core.journal.reading.reader import Entry

RAW = "raw"
MARK_ENTRIES = 256  # that count, between two marks
MARK_BYTES = 128 * 1024  # between two marks; one entry may have more
MARK_ROWS = 4096  # between two marks; one entry may have more
MARK_ORDINALS = 65_536  # between two marks, however few of them count

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
    def is_timed(self) -> bool:
        """Whether it depends on times what is one message."""
        framings = {self.framing, self.back or RAW} - {RAW}
        return any(make_splitter(framing).is_timed for framing in framings)

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

    @property
    def has_begun(self) -> bool:
        """Whether it is in the middle of a frame, or has something to remember."""
        return bool(self.size) or self.splitter.state is not None

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
        self._streams: dict[StreamKey, _Stream] = {}
        self._splitter = make_splitter(lens.framing) if lens.framing != RAW else None
        for one in mark.partial_frames:
            stream = self._stream(stream_of(one.connection, one.kind))
            assert stream is not None
            stream.splitter.state = one.state
            stream.first, stream.start, stream.last, stream.stop, stream.size = one[2:7]

    def count(self, pieces: Pieces) -> None:
        """Pass over entries and count their rows; a direction's bytes between two notes are looked at together."""
        if self._lens.is_raw:
            self.rows += len(pieces.data)
            return
        if self._lens.datagrams:
            self._count_datagrams(pieces)
            return
        if self._count_whole(pieces.data):
            return
        places = _places(pieces.streams)
        if all(who_has(stream)[1] in DATA_KINDS for stream in places):
            self._count_data(pieces, places)
            return
        begin = 0
        for place, (connection, kind) in enumerate(map(who_has, pieces.streams)):
            if kind not in DATA_KINDS:
                self._count_data(pieces, _places(pieces.streams, begin, place))
                self.rows += len(self._finished(connection, kind)) + self._lens.only.notes
                begin = place + 1
        self._count_data(pieces, _places(pieces.streams, begin))

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

    def sizes(self, entry: Entry) -> list[tuple[str, list[int]]]:
        """Pass over an entry and give the sizes of the messages that ``cut`` finds in it, in bytes, by their kinds."""
        if not self._has_frames(entry) or self._lens.datagrams:
            messages = (entry if cut is None else cut for _place, cut in self.cut(entry))
            return [(message.kind, [message.size]) for message in messages if message.kind in DATA_KINDS]
        stream = self._stream(stream_of(entry.connection, entry.kind))
        assert stream is not None
        ends = stream.splitter.ends(entry.data or b"", entry.mono_ns)
        sizes = list(map(sub, ends, (-stream.size, *ends)))  # the first may have begun earlier
        self.rows += len(ends)
        self._advance(stream, entry.ordinal, len(ends), ends[-1] if ends else 0, entry.size)
        return [(entry.kind, sizes)] if sizes else []

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
                *who_has(stream), s.first, s.start, s.last, s.stop, s.size, s.splitter.could_end, s.splitter.state
            )
            for stream, s in self._streams.items()
            if s.has_begun
        ]
        return tuple(sorted(found, key=lambda one: (one.first, one.start)))

    def _has_frames(self, entry: Entry) -> bool:
        return entry.kind in (RECEIVED, SENT) and self._framing(stream_of(entry.connection, entry.kind)) != RAW

    def _framing(self, stream: StreamKey) -> str:
        if not self._lens.back:
            return self._lens.framing
        connection, kind = who_has(stream)
        return self._lens.framing_of(kind, self._number_of(connection))

    def _cut_data(self, entry: Entry, choose: Callable[[list[int]], tuple[int, int]]) -> list[tuple[int, Cut | None]]:
        """Pass over an entry's bytes; those of its frames that are chosen by their ends: from one to before another."""
        if self._lens.datagrams:
            return self._cut_datagram(entry, choose)
        stream = self._stream(stream_of(entry.connection, entry.kind))
        assert stream is not None
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

    def _count_datagrams(self, pieces: Pieces) -> None:
        for _ordinal, stream, data, at in zip(*pieces, strict=True):
            if who_has(stream)[1] in DATA_KINDS:
                ends, last = make_splitter(self._lens.framing).tally(data, at)
                self.rows += ends + (not data or len(data) > last)
            else:
                self.rows += self._lens.only.notes

    def _stream(self, stream: StreamKey) -> _Stream | None:
        """What is known of a stream; None if nothing has to be, since it is not cut."""
        found = self._streams.get(stream)
        if found is None and (framing := self._framing(stream)) != RAW:
            found = self._streams[stream] = _Stream(make_splitter(framing))
        return found

    def _count_whole(self, data: Sequence[bytes]) -> bool:
        """Pass over entries together, whosever they are, if no frame goes on into them, and one ends with each of them.

        So it is where every line is sent by itself. With 100 connections it takes a quarter of the time.
        """
        if self._splitter is None or self._lens.back:
            return False
        if any(stream.has_begun for stream in self._streams.values()) or not all(data):
            return False
        ends = self._splitter.tally_whole(data)
        self.rows += ends or 0
        return ends is not None

    def _count_data(self, pieces: Pieces, places_of: Mapping[StreamKey, Sequence[int]]) -> None:
        """Pass over entries that carry bytes, at these places."""
        for key, every in places_of.items():
            data = list(map(pieces.data.__getitem__, every))
            places = every if all(data) else [place for place in every if pieces.data[place]]
            data = data if places is every else list(filter(None, data))
            stream = self._stream(key)
            if stream is None or not data:
                self.rows += len(data)
                continue
            ends, last = stream.splitter.tally_all(data, map(pieces.times.__getitem__, places))
            self.rows += ends
            _advance_over(stream, pieces.ordinals, places, data, ends, last)

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
            stream = self._streams.pop(stream_of(connection, kind), None)
            if stream is not None and stream.size:
                span = Span(stream.first, stream.start, stream.last, stream.stop)
                cuts.append(Cut(connection, kind, span, stream.size, stream.splitter.could_end))
        return cuts


def _places(streams: Sequence[StreamKey], first: int = 0, stop: int | None = None) -> dict[StreamKey, list[int]]:
    """Where each stream is among them, looked for from one place up to before another."""
    found: defaultdict[StreamKey, list[int]] = defaultdict(list)
    for place, stream in enumerate(streams[first:stop], first):
        found[stream].append(place)
    return found


def _advance_over(
    stream: _Stream, ordinals: Sequence[int], places: Sequence[int], data: Sequence[bytes], ends: int, last: int
) -> None:
    """Entries at these places have passed in which so many frames end, the last at that offset of all their bytes."""
    size = sum(map(len, data)) - last  # of the frame that has begun behind it
    if ends:
        place, start = len(data), -size
        while start < 0:
            place -= 1
            start += len(data[place])
        stream.begin(ordinals[places[min(place, len(data) - 1)]], start)
    elif not stream.size:
        stream.begin(ordinals[places[0]], 0)
    if size:
        stream.extend(ordinals[places[-1]], len(data[-1]), size)


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
