"""A run: the entries that one row of ``chunk`` stands for, taken apart.

The row may be from a damaged file, or a stranger's: everything here raises ``ValueError`` for what no Tincan writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from itertools import compress, islice
from operator import sub
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from core.events import ConnectionId
from core.journal.display_row import DATA_KINDS, RECEIVED, SENT, Filter
from core.journal.schema import LONGEST_LIST, LONGEST_RUN, LONGEST_TEXT, MOST_OF_RUN, MOST_SHARED

_HIGHEST = 1 << 62  # neither an id nor a time is as high
_IN_NUMBERS = b"0123456789-, "  # what whole numbers and the commas between them are written with

_Found = TypeVar("_Found")

StreamKey: TypeAlias = int | tuple[ConnectionId | None, str]
"""The connection that carried bytes, negative if they were sent; of an entry without either, its connection and kind.

A column of numbers is as a run has it, and takes half of the time that one of pairs does.
"""


class Pieces(NamedTuple):
    """Entries in their order, a column for each of what they have: to make a tuple of each takes long."""

    ordinals: list[int]
    streams: list[StreamKey]
    data: list[bytes]  # of a note, none
    times: list[int]  # mono_ns; 0 where it was not read

    def append(self, ordinal: int, stream: StreamKey, data: bytes, mono_ns: int) -> None:
        """One more."""
        self.ordinals.append(ordinal)
        self.streams.append(stream)
        self.data.append(data)
        self.times.append(mono_ns)

    def extend(self, more: Pieces) -> None:
        """Several more."""
        self.ordinals.extend(more.ordinals)
        self.streams.extend(more.streams)
        self.data.extend(more.data)
        self.times.extend(more.times)

    def part(self, first: int, stop: int) -> Pieces:
        """Those at the places from ``first`` up to before ``stop``."""
        return self.map(lambda column: column[first:stop])

    def map(self, change: Callable[[list[Any]], list[Any]]) -> Pieces:
        """The same, each column changed in one way."""
        columns: tuple[list[Any], ...] = tuple(self)
        return Pieces(*map(change, columns))


class RunRow(NamedTuple):
    """What a row of ``chunk`` has of a run. ``data`` and ``times`` are None where they were not read."""

    ordinal: int
    connection: ConnectionId | None
    kind: str
    wall_ns: int
    mono_ns: int
    size: int  # bytes of the data
    data: bytes | None
    offsets: str
    connections: str | None
    times: str | None
    origin: str | None = None
    origins: str | None = None
    ends: str | None = None


class Run:
    """Entries from ``ordinal`` up to before ``stop``.

    ``streams`` has the connection of each, negative of what was sent, and is None if all are of one direction of one
    connection; ``times`` the nanoseconds from the first to each, empty if they were not read. ``origins`` has the
    written origin of each, and is None if all that was sent agree. ``begins`` and ``ends`` say where the bytes of each
    lie in the data.
    """

    def __init__(self, row: RunRow) -> None:
        self.row = row
        self.ordinal = row.ordinal
        self.begins, self.ends = ranges(row.offsets, row.ends, row.size)
        count = len(self.begins)
        self.stop = row.ordinal + count
        self.streams = streams(row.connections, count)
        self.times = times(row.times, count) if row.times is not None else []
        self.origins = origins(row.origin, row.origins, count)
        if max(abs(row.wall_ns), abs(row.mono_ns)) > _HIGHEST:
            raise ValueError

    def places(self, first: int, stop: int, only: Filter) -> Iterable[int]:
        """Where in the run those are that have ordinals from ``first`` up to before ``stop`` and are admitted."""
        within = self._within(first, stop, only)
        return self._sift(within, within, only)

    def who(self, place: int) -> tuple[ConnectionId | None, str]:
        """The connection and the kind of one of them."""
        if self.streams is None:
            return self.row.connection, self.row.kind
        return direction(self.streams[place])

    def origin(self, place: int) -> str | None:
        """Who spoke, as it is written; None of what was received, and where it is not known."""
        if self.who(place)[1] == RECEIVED:
            return None
        return self.row.origin if self.origins is None else self.origins[place]

    def data_of(self, place: int) -> bytes:
        """The bytes of one of them."""
        return (self.row.data or b"")[self.begins[place] : self.ends[place]]

    def size_of(self, place: int) -> int:
        """How many bytes it has."""
        return self.ends[place] - self.begins[place]

    def pieces(self, first: int, stop: int, only: Filter, most: int) -> Pieces:
        """What ``places`` gives, ``most`` at most."""
        within = self._within(first, stop, only)
        if not self._is_parted_by(only):
            within = within[:most]
        data = self.row.data or b""
        begins, ends = self._ranges(within)
        parts = [data[begin:end] for begin, end in zip(begins, ends, strict=True)]
        pieces = Pieces(self._ordinals(within), self._streams(within), parts, self._moments(within))
        if not self._is_parted_by(only):
            return pieces
        admitted = list(self._admitted(within, only))
        return pieces.map(lambda column: list(islice(compress(column, admitted), most)))

    def sizes(self, first: int, stop: int, only: Filter) -> Iterable[tuple[int, StreamKey, int, int]]:
        """What ``places`` gives, without bytes: each as (ordinal, stream, size, mono_ns)."""
        within = self._within(first, stop, only)
        begins, ends = self._ranges(within)
        sizes = map(sub, ends, begins)
        found = zip(self._ordinals(within), self._streams(within), sizes, self._moments(within), strict=False)
        return self._sift(found, within, only)

    def _within(self, first: int, stop: int, only: Filter) -> range:
        """The places that have ordinals from ``first`` up to before ``stop``, none where not one can be admitted."""
        if self._is_parted_by(only) or only.admits_all or self._admits_one(only):
            low = max(0, first - self.ordinal)
            return range(low, max(low, min(self.stop, stop) - self.ordinal))
        return range(0)

    def _sift(self, found: Iterable[_Found], within: range, only: Filter) -> Iterable[_Found]:
        """What was found at these places, without what is not admitted."""
        return compress(found, self._admitted(within, only)) if self._is_parted_by(only) else found

    def _ranges(self, within: range) -> tuple[list[int], list[int]]:
        return self.begins[within.start : within.stop], self.ends[within.start : within.stop]

    def _ordinals(self, within: range) -> list[int]:
        return list(range(self.ordinal + within.start, self.ordinal + within.stop))

    def _streams(self, within: range) -> list[StreamKey]:
        if self.streams is None:
            return [stream_of(self.row.connection, self.row.kind)] * len(within)
        return cast("list[StreamKey]", self.streams[within.start : within.stop])

    def _moments(self, within: range) -> list[int]:
        """When each was recorded (mono_ns)."""
        mono_ns = self.row.mono_ns
        return [mono_ns + time for time in self.times[within.start : within.stop]] or [0] * len(within)

    def _is_parted_by(self, only: Filter) -> bool:
        """Whether some of its entries may be admitted and others not."""
        if only.admits_all:
            return False
        return self.streams is not None or (self.origins is not None and only.origins is not None)

    def _admits_one(self, only: Filter) -> bool:
        """Whether its entries are admitted where all are of one direction and one origin."""
        return only.admits(self.row.kind, self.row.connection, self.row.origin)

    def _admitted(self, within: range, only: Filter) -> Iterable[bool]:
        """For each of these places whether it is admitted."""
        if self.streams is None or (only.origins is not None and self.origins is not None):
            each = ((*self.who(place), self.origin(place)) for place in within)
            return [only.admits(kind, connection, origin) for connection, kind, origin in each]
        found = self.streams[within.start : within.stop]
        verdicts: dict[int, bool] = {}
        for stream in set(found):
            connection, kind = direction(stream)
            verdicts[stream] = only.admits(kind, connection, self.row.origin)
        return map(verdicts.__getitem__, found)


def direction(stream: int) -> tuple[ConnectionId, str]:
    """The connection and the kind that a run tells by one number: negative of what was sent."""
    return ConnectionId(abs(stream)), RECEIVED if stream > 0 else SENT


def stream_of(connection: ConnectionId | None, kind: str) -> StreamKey:
    """The stream that entries of this connection and kind belong to."""
    if connection is None or connection <= 0 or kind not in DATA_KINDS:
        return connection, kind
    return connection if kind == RECEIVED else -connection


def who_has(stream: StreamKey) -> tuple[ConnectionId | None, str]:
    """The connection and the kind of the entries of a stream."""
    return stream if isinstance(stream, tuple) else direction(stream)


def ranges(offsets: str, ends: str | None, size: int) -> tuple[list[int], list[int]]:
    """Where the bytes of each entry of a run begin and where they end, in the ``size`` bytes of its data."""
    begins = numbers(offsets)
    if size > MOST_OF_RUN or begins[0] != 0:
        raise ValueError
    if ends is None:
        stops = begins[1:]
        stops.append(size)
        if stops != sorted(stops):
            raise ValueError
        return begins, stops
    stops = numbers(ends, len(begins))
    sizes = list(map(sub, stops, begins))
    if min(begins) < 0 or min(sizes) < 0 or max(stops) != size or sum(sizes) > MOST_SHARED * size:
        raise ValueError
    return begins, stops


def streams(text: str | None, count: int) -> list[int] | None:
    """The connection of each entry of a run, negative of what was sent; None if the run has only one."""
    if text is None:
        return None
    found = numbers(text, count)
    different = set(found)
    if 0 in different or not _are_in_bounds(different):
        raise ValueError
    return found


def origins(names: str | None, places: str | None, count: int) -> list[str | None] | None:
    """The written origin of each entry of a run; None if all that was sent have the only one."""
    if places is None:
        return None
    found = loaded(names or "", LONGEST_TEXT)
    if any(not isinstance(name, str | None) for name in found):
        raise ValueError
    which = numbers(places, count)
    if not 0 <= min(which) <= max(which) < len(found):
        raise ValueError
    return [found[place] for place in which]


def times(text: str, count: int) -> list[int]:
    """The nanoseconds from the first entry of a run to each."""
    found = numbers(text, count)
    if not _are_in_bounds(found):
        raise ValueError
    return found


def _are_in_bounds(found: Collection[int]) -> bool:
    return -_HIGHEST < min(found) <= max(found) < _HIGHEST


def numbers(text: str, count: int | None = None) -> list[int]:
    """A list of numbers, as many as are said, at least one."""
    found = loaded(text, LONGEST_LIST)
    if not found or text.encode().translate(None, _IN_NUMBERS) != b"[]":
        raise ValueError
    if len(found) != (count or len(found)) or len(found) > LONGEST_RUN:
        raise ValueError
    return found


def loaded(text: str, longest: int) -> list[Any]:
    """A list as JSON has it, written in that many characters at most."""
    if len(text) > longest:
        raise ValueError
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, list):
        raise ValueError
    return found
