"""A run: the entries that one row of ``chunk`` stands for, taken apart.

The row may be from a damaged file, or a stranger's: everything here raises ``ValueError`` for what no Tincan writes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from itertools import compress, islice, pairwise, repeat
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from core.events import ConnectionId
from core.journal.display_row import RECEIVED, SENT, Filter
from core.journal.schema import LONGEST_LIST, LONGEST_RUN, LONGEST_TEXT, MOST_OF_RUN

_HIGHEST = 1 << 62  # neither an id nor a time is as high

_Found = TypeVar("_Found")

Piece: TypeAlias = tuple[int, ConnectionId | None, str, bytes, int]
"""An entry as (ordinal, connection, kind, data, mono_ns)."""


class RunRow(NamedTuple):
    """What a row of ``chunk`` has of a run. ``data`` is None where it was not read."""

    ordinal: int
    connection: ConnectionId | None
    kind: str
    wall_ns: int
    mono_ns: int
    size: int  # bytes of the data
    data: bytes | None
    offsets: str
    connections: str | None
    times: str
    origin: str | None = None
    origins: str | None = None


class Run:
    """Entries from ``ordinal`` up to before ``stop``.

    ``streams`` has the connection of each, negative of what was sent, and is None if all are of one direction of one
    connection; ``times`` the nanoseconds from the first to each. ``origins`` has the written origin of each, and is
    None if all that was sent agree.
    """

    def __init__(self, row: RunRow) -> None:
        self.row = row
        self.ordinal = row.ordinal
        self.begins = offsets(row.offsets, row.size)
        count = len(self.begins) - 1
        self.stop = row.ordinal + count
        self.streams = streams(row.connections, count)
        self.times = times(row.times, count)
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
        return (self.row.data or b"")[self.begins[place] : self.begins[place + 1]]

    def size_of(self, place: int) -> int:
        """How many bytes it has."""
        return self.begins[place + 1] - self.begins[place]

    def pieces(self, first: int, stop: int, only: Filter, most: int) -> list[Piece]:
        """What ``places`` gives, ``most`` at most: each as (ordinal, connection, kind, data, mono_ns)."""
        within = self._within(first, stop, only)
        if not self._is_parted_by(only):
            within = within[:most]
        ordinals, connections, kinds, moments = self._columns(within)
        data = self.row.data or b""
        parts = [data[start:end] for start, end in pairwise(self.begins[within.start : within.stop + 1])]
        pieces: Iterable[Piece] = zip(ordinals, connections, kinds, parts, moments, strict=False)
        return list(islice(self._sift(pieces, within, only), most))

    def sizes(self, first: int, stop: int, only: Filter) -> Iterable[tuple[int, ConnectionId | None, str, int, int]]:
        """What ``places`` gives, without bytes: each as (ordinal, connection, kind, size, mono_ns)."""
        within = self._within(first, stop, only)
        ordinals, connections, kinds, moments = self._columns(within)
        sizes = [end - start for start, end in pairwise(self.begins[within.start : within.stop + 1])]
        return self._sift(zip(ordinals, connections, kinds, sizes, moments, strict=False), within, only)

    def _within(self, first: int, stop: int, only: Filter) -> range:
        """The places that have ordinals from ``first`` up to before ``stop``, none where not one can be admitted."""
        if self._is_parted_by(only) or only.admits_all or self._admits_one(only):
            low = max(0, first - self.ordinal)
            return range(low, max(low, min(self.stop, stop) - self.ordinal))
        return range(0)

    def _sift(self, found: Iterable[_Found], within: range, only: Filter) -> Iterable[_Found]:
        """What was found at these places, without what is not admitted."""
        return compress(found, self._admitted(within, only)) if self._is_parted_by(only) else found

    def _columns(
        self, within: range
    ) -> tuple[Iterable[int], Iterable[ConnectionId | None], Iterable[str], Iterable[int]]:
        """The ordinals, connections, kinds and moments (mono_ns) of these places."""
        low, high = within.start, within.stop
        ordinals, mono_ns = range(self.ordinal + low, self.ordinal + high), self.row.mono_ns
        moments = [mono_ns + time for time in self.times[low:high]]
        if self.streams is None:
            return ordinals, repeat(self.row.connection), repeat(self.row.kind), moments
        found = self.streams[low:high]
        kinds = [RECEIVED if stream > 0 else SENT for stream in found]
        return ordinals, cast("Iterable[ConnectionId]", map(abs, found)), kinds, moments

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


def offsets(text: str, size: int) -> list[int]:
    """Where the bytes of each entry of a run begin, and at last where those of the last end."""
    found = numbers(text)
    found.append(size)
    if size > MOST_OF_RUN or found[0] != 0 or found != sorted(found):
        raise ValueError
    return found


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
    if set(map(type, found)) != {int}:
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
