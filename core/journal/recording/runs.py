"""A run: entries with bytes of one session, put together as one row of ``chunk``; nothing here touches the file.

``core.journal.reading.runs`` takes them apart again.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple

from core.events import ConnectionId, Received, Sent
from core.journal.schema import LONGEST_RUN, MIXED, MOST_OF_RUN, NO_ORIGIN, NO_RUN, storable

_LONGEST_STEP = 1 << 61  # ns
_WORTH_SHARING = 256  # bytes of an entry on average, from which on writing them twice takes longer than to find out
_ORIGIN = attrgetter("origin")


class Layout(NamedTuple):
    """Where the bytes of the entries of one run lie in its data."""

    begins: list[int]  # those of each entry
    ends: list[int] | None  # None where those of each end where the next one's begin
    parts: list[bytes]  # of which the data consists
    size: int  # of the entries together, bytes


def layouts(data: Sequence[bytes]) -> Iterator[Layout]:
    """The runs that entries with these bytes make, one behind the other; a run may be of one entry."""
    offsets = list(accumulate(map(len, data), initial=0))
    shares = offsets[-1] >= _WORTH_SHARING * len(data) and len(set(map(id, data))) < len(data)
    first = 0
    while first < len(data):
        layout = _shared(data[first : first + LONGEST_RUN]) if shares else _joined(data, offsets, first)
        yield layout
        first += len(layout.begins)


def _joined(data: Sequence[bytes], offsets: Sequence[int], first: int) -> Layout:
    """One behind the other as many as may be in a run, from ``first`` on; ``offsets`` are theirs among all."""
    stop = min(first + LONGEST_RUN, len(data))
    if offsets[stop] - offsets[first] > MOST_OF_RUN:
        stop = max(first + 1, bisect_right(offsets, offsets[first] + MOST_OF_RUN, first, stop) - 1)
    base = offsets[first]
    begins = [offset - base for offset in offsets[first:stop]] if first else list(offsets[:stop])
    return Layout(begins, None, list(data[first:stop]), offsets[stop] - base)


def _shared(data: Iterable[bytes]) -> Layout:
    """The same, the bytes of two entries once if they are one object: so are those that a tap received and passed on.

    A third one has them anew: what can be read of a run is no more than ``MOST_SHARED`` times what it takes.
    """
    begins: list[int] = []
    ends: list[int] = []
    parts: list[bytes] = []
    size, alone = 0, dict[int, int]()  # the objects that one entry has, and where they begin
    for each in data:
        begin = alone.pop(id(each), None)
        grown = size if begin is not None else size + len(each)
        if grown > MOST_OF_RUN and begins:
            break
        if begin is None:
            begin = alone[id(each)] = size
            parts.append(each)
        size = grown
        begins.append(begin)
        ends.append(begin + len(each))
    return Layout(begins, ends if len(parts) < len(begins) else None, parts, sum(ends) - sum(begins))


def columns_of_run(
    run: Sequence[Any], places: Sequence[int], layout: Layout, wall_minus_mono: int
) -> tuple[object, ...]:
    """The columns of a run from ``connection`` to ``ends``; ``places`` are those of its events in the transaction.

    Raises ``OverflowError`` for times that no clock can tell.
    """
    at = run[0].at
    steps = [event[2] - at for event in run]
    if max(steps) > _LONGEST_STEP or min(steps) < -_LONGEST_STEP:
        raise OverflowError("a time that no clock can tell")
    begin = places[0]
    numbers = str([place - begin for place in places]) if places[-1] - begin >= len(run) else None
    connection, kind, connections = _who(run)
    lists = (str(layout.begins), connections, str(steps), numbers, *_origins(run))
    return connection, kind, at + wall_minus_mono, at, *lists, str(layout.ends) if layout.ends is not None else None


def columns_of_one(event: Received | Sent, wall_minus_mono: int) -> tuple[object, ...]:
    """The same of an entry by itself."""
    kind = "received" if isinstance(event, Received) else "sent"
    times = (event.at + wall_minus_mono, event.at)
    return event.connection, kind, *times, *NO_RUN, *_origins([event]), None


def _who(run: Sequence[Any]) -> tuple[ConnectionId | None, str, str | None]:
    """The columns ``connection``, ``kind`` and ``connections`` of a run."""
    streams = [event[1] if type(event) is Received else -event[1] for event in run]
    if len(set(streams)) == 1:
        return run[0].connection, "received" if streams[0] > 0 else "sent", None
    return None, MIXED, str(streams)


def _origins(run: Sequence[Any]) -> tuple[str | None, str | None]:
    """The columns ``origin`` and ``origins`` of a run, or of an entry by itself."""
    found = dict.fromkeys(map(_ORIGIN, run))
    spoke = [origin for origin in found if origin is not None]
    if len(spoke) <= 1:
        return (storable(spoke[0]), None) if spoke else NO_ORIGIN
    places = {origin: str(place) for place, origin in enumerate(found)}
    told = [origin and storable(origin) for origin in found]
    return json.dumps(told, ensure_ascii=False), f"[{','.join(map(places.__getitem__, map(_ORIGIN, run)))}]"
