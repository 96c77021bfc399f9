"""The boundary ruler without its pane: lanes of pieces over one stream of bytes, and where each falls on the screen.

Everything counts the bytes of the stream; ``Ruled.start`` is where the message begins. No tkinter.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.recorded import Calls, Trace
    from core.roles import Role

SEND, RECV, MESSAGE = "send", "recv", "message"
NARROWEST = 4.0  # pixels; pieces narrower than that, on average, are drawn as a comb
_TOOTH = 3.0  # pixels between two teeth of a comb, at least
_LEAST_SEEN = 4  # bytes in sight, at least
_MARGIN = 0.06  # of the message, in sight on both sides of it


@dataclass(frozen=True, slots=True)
class Lane:
    """Pieces of the stream one behind the other: what each send, or each recv, or each message had of it."""

    kind: str  # SEND, RECV or MESSAGE
    who: str = ""  # whose calls they are
    starts: Sequence[int] = ()  # ascending
    stop: int = 0  # of the last
    times: Sequence[int] = ()  # of each, in nanoseconds; empty if they are not known
    absence: str = ""  # why there are no pieces, in a few words

    def piece(self, place: int) -> tuple[int, int]:
        """From, and up to before."""
        return self.starts[place], self.starts[place + 1] if place + 1 < len(self.starts) else self.stop

    def holding(self, byte: int) -> int | None:
        """The place of the piece that has this byte."""
        found = bisect_right(self.starts, byte) - 1
        return found if found >= 0 and byte < self.stop else None

    def between(self, start: int, stop: int) -> range:
        """The places of the pieces that have any of these bytes."""
        if not self.starts or stop <= self.starts[0] or start >= self.stop or stop <= start:
            return range(0)
        return range(max(0, bisect_right(self.starts, start) - 1), bisect_left(self.starts, stop))

    def ends_at(self, byte: int) -> bool:
        """Whether a piece ends there, or begins."""
        place = bisect_left(self.starts, byte)
        return (place < len(self.starts) and self.starts[place] == byte) or (byte == self.stop and bool(self.starts))


@dataclass(frozen=True, slots=True)
class Ruled:
    """A message's frame on its stream, and the lanes: sends, recvs, messages."""

    start: int
    stop: int
    lanes: tuple[Lane, ...]
    is_passed_on: bool = False  # whether it came in one of the two calls and went on in the other

    @property
    def extent(self) -> tuple[int, int]:
        """All that any lane has."""
        lanes = [lane for lane in self.lanes if lane.starts]
        first = min((lane.starts[0] for lane in lanes), default=self.start)
        return min(first, self.start), max([self.stop, *(lane.stop for lane in lanes)])

    def own(self, lane: Lane) -> range:
        """The places of a lane's pieces that have bytes of the message."""
        return lane.between(self.start, self.stop)

    def lane(self, kind: str) -> Lane:
        """The lane of that kind; they are all there."""
        return next(lane for lane in self.lanes if lane.kind == kind)


class Chosen(NamedTuple):
    """A piece: which lane has it, and its place there."""

    lane: int
    place: int


def ruled(trace: Trace, display_rows: Iterable[DisplayRow], *, is_received: bool, role: Role) -> Ruled:
    """What to show of a message; ``display_rows`` are rows of the conversation around it, in their order."""
    us, them = role.name, role.name if trace.is_passed_on else role.far_end
    near_kind, far_kind = (RECV, SEND) if is_received else (SEND, RECV)
    near = _of_calls(near_kind, us, trace.near)
    if trace.far is None:
        why = "what the other leg carried differs" if trace.is_passed_on else "the other end is not in this journal"
        far = Lane(far_kind, them, absence=why)
    elif not trace.far:
        far = Lane(far_kind, them, absence="nothing yet")
    else:
        far = _of_calls(far_kind, them, trace.far)
    messages = _of_messages(trace, display_rows)
    is_far_first = is_received is not trace.is_passed_on
    lanes = (far, near, messages) if is_far_first else (near, far, messages)
    return Ruled(trace.start, trace.stop, lanes, trace.is_passed_on)


def _of_calls(kind: str, who: str, calls: Calls) -> Lane:
    return Lane(kind, who, calls.starts, calls.stop, calls.times)


def _of_messages(trace: Trace, display_rows: Iterable[DisplayRow]) -> Lane:
    """Those that touch each other and the message itself."""
    found = {trace.start: trace.stop}
    for display_row in display_rows:
        if display_row.span is None:
            continue
        start = trace.offset_of(display_row.span.first, display_row.span.start)
        stop = trace.offset_of(display_row.span.last, display_row.span.stop)
        if start is not None and stop is not None:
            found[start] = stop
    begin_of = {stop: start for start, stop in found.items()}
    starts, stop = [trace.start], trace.stop
    while (before := begin_of.get(starts[0])) is not None and before < starts[0]:
        starts.insert(0, before)
    while (after := found.get(stop)) is not None and after > stop:
        starts.append(stop)
        stop = after
    return Lane(MESSAGE, starts=starts, stop=stop)


@dataclass(frozen=True, slots=True)
class Scale:
    """Which bytes are in sight: from ``first``, over ``width`` pixels with ``span`` bytes in all."""

    first: float
    span: float
    width: int

    def x(self, byte: float) -> float:
        """Where a byte begins, in pixels; far outside the view it is only said on which side."""
        return max(-9.0, min((byte - self.first) * self.width / self.span, self.width + 9.0))

    def byte(self, x: float) -> float:
        """What is at a pixel."""
        return self.first + x * self.span / max(1, self.width)

    @property
    def stop(self) -> float:
        """The first byte out of sight on the right."""
        return self.first + self.span

    def zoomed(self, factor: float, around: float, limits: tuple[int, int]) -> Scale:
        """See ``factor`` times as many bytes, with byte ``around`` where it is."""
        least, most = float(_LEAST_SEEN), max(float(_LEAST_SEEN), (limits[1] - limits[0]) * (1 + 2 * _MARGIN))
        span = max(least, min(self.span * factor, most))
        first = around - (around - self.first) * span / self.span
        return replace(self, first=first, span=span).moved(0, limits)

    def moved(self, by: float, limits: tuple[int, int]) -> Scale:
        """See what is so many bytes further on, within the limits and a margin."""
        margin = _MARGIN * self.span
        low, high = limits[0] - margin, max(limits[0] - margin, limits[1] + margin - self.span)
        return replace(self, first=max(low, min(self.first + by, high)))

    def showing(self, start: int, stop: int, limits: tuple[int, int], least: float) -> Scale:
        """See this piece, at least ``least`` pixels wide, and move no more than that takes."""
        scale = self
        wide = (stop - start) * scale.width / scale.span
        if 0 < wide < least:
            scale = scale.zoomed(wide / least, (start + stop) / 2, limits)
        if start < scale.first or stop > scale.stop:
            middle = (start + stop) / 2 if stop - start < scale.span else start + scale.span * 0.4
            scale = scale.moved(middle - scale.span / 2 - scale.first, limits)
        return scale


def fitting(ruled: Ruled, width: int) -> Scale:
    """See the whole message, the whole of every call that carried some of it, and a little around."""
    start, stop = ruled.start, ruled.stop
    for lane in ruled.lanes[:2]:
        places = lane.between(ruled.start, ruled.stop)
        if places:
            start, stop = min(start, lane.piece(places[0])[0]), max(stop, lane.piece(places[-1])[1])
    span = max(_LEAST_SEEN, stop - start)
    return Scale(start - _MARGIN * span, span * (1 + 2 * _MARGIN), max(1, width))


class Box(NamedTuple):
    """A piece in sight, in pixels."""

    left: float
    right: float
    place: int


class Comb(NamedTuple):
    """Pieces too narrow to be drawn one by one: where some of them end, and how many there are."""

    left: float
    right: float
    teeth: tuple[float, ...]
    pieces: int


def drawn(lane: Lane, scale: Scale) -> list[Box] | Comb:
    """What of a lane is in sight. Takes no longer for a million pieces than for a hundred."""
    places = lane.between(int(scale.first), int(scale.stop) + 1)
    if not places:
        return []
    left, right = scale.x(lane.piece(places[0])[0]), scale.x(lane.piece(places[-1])[1])
    if len(places) * NARROWEST <= right - left or len(places) == 1:
        pieces = ((place, *lane.piece(place)) for place in places)
        return [Box(scale.x(start), scale.x(stop), place) for place, start, stop in pieces]
    teeth: list[float] = []
    place = places.start + 1
    while place < places.stop:
        teeth.append(scale.x(lane.starts[place]))
        place = max(place + 1, bisect_left(lane.starts, scale.byte(teeth[-1] + _TOOTH), place))
    return Comb(left, right, tuple(teeth), len(places))


def ticks(scale: Scale, origin: int, apart: float) -> list[tuple[float, int]]:
    """Round numbers for the axis, counted from ``origin``, at least ``apart`` pixels from one another."""
    least = max(1.0, apart * scale.span / scale.width)
    step = 1
    while step < least:
        step *= 2
    first = math.ceil((scale.first - origin) / step) * step
    return [(scale.x(origin + at), at) for at in range(first, int(scale.stop - origin) + 1, step)]
