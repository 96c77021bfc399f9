"""Recorded bytes that belong together, and the calls of the socket that carried them, however many there were."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import NamedTuple, overload

from core.events import SessionId
from core.journal.display_row import Span
from core.journal.reading.reader import CallRow, JournalReader

_AT_ONCE = 4096  # rows that are taken in together
_TOGETHER = 500  # entries that one question to SQLite names
_BYTES_TOGETHER = 256 * 1024  # and about how many bytes of them, so that a long message is read piece by piece


class Call(NamedTuple):
    """One ``recv``, or one bite that the kernel took of a message sent: the bytes from ``start`` to before ``stop``."""

    ordinal: int
    wall_ns: int
    mono_ns: int
    start: int  # counted in the message's frame
    stop: int
    offset: int  # where ``start`` lies in the entry's data


class Calls(Sequence[Call]):
    """Calls one behind the other, without a gap between their bytes; 40 bytes of memory each.

    ``rows`` are the entries of one direction of one connection, of which ``span`` is taken, and ``start``
    is what its first byte counts as. Never changed once it is made: any thread may read it.
    """

    def __init__(self, rows: Iterable[CallRow] = (), span: Span | None = None, start: int = 0) -> None:
        self._ordinals, self._walls, self._monos = array("q"), array("q"), array("q")
        self._starts, self._offsets = array("q"), array("q")
        self.start = self.stop = start
        if span is not None:
            self._gather(iter(rows), span)

    @property
    def starts(self) -> Sequence[int]:
        """Where each begins, ascending."""
        return self._starts

    @property
    def ordinals(self) -> Sequence[int]:
        """The entry of each, ascending; those of one send that the kernel took in bites have the same."""
        return self._ordinals

    @property
    def times(self) -> Sequence[int]:
        """When each was made, by the monotonic clock, in nanoseconds."""
        return self._monos

    def holding(self, byte: int) -> int:
        """The place of the call that carried it, or the nearest."""
        return max(0, bisect_right(self._starts, byte) - 1)

    def between(self, start: int, stop: int) -> range:
        """The places of those that carried any of the bytes from ``start`` up to before ``stop``."""
        start, stop = max(start, self.start), min(stop, self.stop)
        return range(self.holding(start), self.holding(stop - 1) + 1) if start < stop else range(0)

    def within(self, start: int, stop: int) -> Calls:
        """What carried the bytes from ``start`` up to before ``stop``, cut to them and counted from there."""
        part = self.part(self.between(start, stop))
        if not part:
            return Calls()
        part._starts = array("q", (at - start for at in part._starts))
        ahead = max(0, -part._starts[0])
        part._starts[0] += ahead
        part._offsets[0] += ahead
        part.start, part.stop = part._starts[0], min(stop, self.stop) - start
        return part

    def part(self, places: range) -> Calls:
        """Some of them, one behind the other as they are."""
        part, few = Calls(start=self.stop), slice(places.start, places.stop)
        part._ordinals, part._walls, part._monos = self._ordinals[few], self._walls[few], self._monos[few]
        part._starts, part._offsets = self._starts[few], self._offsets[few]
        if part._starts:
            part.start, part.stop = part._starts[0], self[places[-1]].stop
        return part

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> Call: ...

    @overload
    def __getitem__(self, place: slice) -> list[Call]: ...

    def __getitem__(self, place: int | slice) -> Call | list[Call]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        start, follower = self._starts[place], place + 1
        stop = self._starts[follower] if follower not in {0, len(self)} else self.stop
        return Call(
            self._ordinals[place], self._walls[place], self._monos[place], start, stop, self._offsets[place]
        )  # fmt: skip

    def _gather(self, rows: Iterator[CallRow], span: Span) -> None:
        while some := list(islice(rows, _AT_ONCE)):
            ordinals, walls, monos, sizes, details = zip(*some, strict=True)
            if any(details) or not all(sizes) or not span.first < ordinals[0] <= ordinals[-1] < span.last:
                self._gather_one_by_one(some, span)
                continue
            self._ordinals.extend(ordinals)
            self._walls.extend(walls)
            self._monos.extend(monos)
            self._offsets.extend([0] * len(some))
            *starts, self.stop = accumulate(sizes, initial=self.stop)
            self._starts.extend(starts)

    def _gather_one_by_one(self, rows: Sequence[CallRow], span: Span) -> None:
        for ordinal, wall_ns, mono_ns, size, detail in rows:
            first, last = span.start if ordinal == span.first else 0, span.stop if ordinal == span.last else size
            offset = 0
            for bite in (*_bites(detail), size):
                begin, end = max(first, offset), min(last, offset + bite, size)
                if end > begin:
                    self._add(ordinal, wall_ns, mono_ns, begin, end - begin)
                offset += bite

    def _add(self, ordinal: int, wall_ns: int, mono_ns: int, offset: int, size: int) -> None:
        self._ordinals.append(ordinal)
        self._walls.append(wall_ns)
        self._monos.append(mono_ns)
        self._starts.append(self.stop)
        self._offsets.append(offset)
        self.stop += size


class Large(NamedTuple):
    """An entry that takes long to read, with its data."""

    session: int
    ordinal: int
    data: memoryview


NONE_LARGE = Large(-1, -1, memoryview(b""))


class Recorded:
    """Bytes in the journal that belong together, and the calls of the socket that carried them. One thread.

    ``size`` is in bytes. ``large`` is an entry of the same session that need not be read. Raises
    ``JournalError`` for what cannot be read.
    """

    def __init__(self, reader: JournalReader, session: SessionId, calls: Calls, large: Large = NONE_LARGE) -> None:
        self.calls = calls
        self.size = calls.stop
        self._reader = reader
        self._session = session
        self._large = large
        self._known: tuple[int, bytes | memoryview] = (-1, b"")

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from offset ``start`` up to before ``stop``, or as many as there are."""
        return b"".join(self.pieces(start, stop))

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The same, a piece for each call."""
        places = self.calls.between(start, stop)
        while places:
            enough = self.calls.holding(self.calls.starts[places[0]] + _BYTES_TOGETHER) - places[0]
            few = self.calls[places[0] : places[: max(1, min(enough, _TOGETHER))][-1] + 1]
            found = self._data(few)
            for call in few:
                first, last = max(0, start - call.start), min(stop, call.stop) - call.start
                yield bytes(found.get(call.ordinal, b"")[call.offset + first : call.offset + last])
            places = places[len(few) :]

    def _data(self, calls: Sequence[Call]) -> dict[int, bytes | memoryview]:
        """The data of the entries behind these calls; the latest is remembered, for more of it may be wanted."""
        ordinals = {call.ordinal for call in calls}
        at_hand = (self._large.ordinal, self._large.data), self._known
        found = {ordinal: data for ordinal, data in at_hand if ordinal in ordinals}
        found.update(self._reader.data_of(self._session, sorted(ordinals - found.keys())))
        last = calls[-1].ordinal
        self._known = last, found.get(last, b"")
        return found


def _bites(detail: str) -> list[int]:
    """The sizes that the kernel took of a message at a time; empty if it took all at once."""
    if not detail:
        return []
    try:
        cuts = json.loads(detail).get("cuts", [])
    except (ValueError, AttributeError, RecursionError):
        return []
    return [cut for cut in cuts if isinstance(cut, int) and cut > 0] if isinstance(cuts, list) else []


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a message's frame. Offsets count the bytes of its direction of its connection from 0."""

    start: int  # of the frame
    stop: int
    near: Calls  # at this end: those of the frame and some around it
    far: Calls | None  # at the other end; None if this journal does not have it
    since_previous_ns: int | None  # since the latest entry before it, in either direction
    since_other_ns: int | None  # since the latest one that went the other way before it was whole
    calls: Calls  # the message's own at this end, counted from the frame's first byte
    is_passed_on: bool = False  # whether the other end is the leg on which it went on, or came from

    def offset_of(self, ordinal: int, byte: int) -> int | None:
        """Where a byte of an entry of this end stands in the stream; None if it is not among ``near``."""
        ordinals, starts = self.near.ordinals, self.near.starts
        place = bisect_left(ordinals, ordinal)
        if place == len(ordinals) or ordinals[place] != ordinal:
            return None
        return starts[place] - self.near[place].offset + byte
