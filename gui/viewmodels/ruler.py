"""The boundary ruler without its pane: lanes of pieces over one stream of bytes, where each falls, what it says.

Everything counts the bytes of the stream; ``Ruled.start`` is where the message begins. No tkinter.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from core.words import counted, duration

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.recorded import Calls, Trace
    from core.roles import Role

SEND, RECV, MESSAGE = "send", "recv", "message"
NARROWEST = 4.0  # pixels; pieces narrower than that, on average, are drawn as a comb
_TOOTH = 3.0  # pixels between two teeth of a comb, at least
_LEAST_SEEN = 4  # bytes in sight, at least
_MARGIN = 0.06  # of the message, in sight on both sides of it
_LOOKED_AT = 2_000  # boundaries that are compared, in a few milliseconds


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


class ChosenPiece(NamedTuple):
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


def verdict(ruled: Ruled) -> str:
    """How the message was sent and how it arrived, in one or two sentences."""
    sends, recvs = ruled.lane(SEND), ruled.lane(RECV)
    if ruled.is_passed_on:
        return _passing(ruled, sends, recvs)
    if sends.absence or recvs.absence:
        return _half(ruled, sends, recvs)
    missing = ruled.stop - recvs.stop
    if missing > 0:
        rest = counted(missing, "byte of it has", "bytes of it have")
        return f"{_sent(len(ruled.own(sends)))}; {rest} not been received yet."
    return f"{_arrival(ruled, sends, recvs)}{_company(ruled, sends, recvs)}"


def sentence(ruled: Ruled, chosen: ChosenPiece) -> str:
    """One piece: which it is, its bytes counted from the message's first, and when."""
    lane = ruled.lanes[chosen.lane]
    start, stop = lane.piece(chosen.place)
    name = _name(ruled, lane, chosen.place)
    if stop <= ruled.start or start >= ruled.stop:
        return f"{name}: {counted(stop - start, 'byte')}{_since(ruled, lane, chosen.place)}."
    inside = range(max(start, ruled.start), min(stop, ruled.stop))
    span = _range(inside.start - ruled.start, inside.stop - ruled.start)
    outside = stop - start - len(inside)
    around = f" and {counted(outside, 'byte')} around this message" if outside else ""
    cut = _cut(ruled, lane, stop)
    return f"{name}: {span}{around}{_since(ruled, lane, chosen.place)}{_travel(ruled, lane, chosen.place)}.{cut}"


def box_words(ruled: Ruled, lane: Lane, place: int) -> tuple[str, ...]:
    """What stands in a piece: the first of these that there is room for."""
    start, stop = lane.piece(place)
    size, words = f"{stop - start:,}", counted(stop - start, "byte")
    own = ruled.own(lane)
    if lane.kind == MESSAGE:
        return (f"this message  ·  {words}", f"this  ·  {size}", size) if place in own else (size,)
    if place in own and len(own) > 1:
        return f"{place - own.start + 1:,} of {len(own):,}  ·  {words}", words, size
    return words, size


def comb_words(lane: Lane, count: int) -> str:
    """What stands on pieces that are too narrow."""
    return counted(count, f"{lane.kind} call") if lane.kind != MESSAGE else f"{count:,} messages"


def _half(ruled: Ruled, sends: Lane, recvs: Lane) -> str:
    if sends.absence:
        return f"{_came(len(ruled.own(recvs)))}. How it was sent is not known: {sends.absence}."
    if recvs.absence == "nothing yet":
        return f"{_sent(len(ruled.own(sends)))}; nothing of it has been received yet."
    return f"{_sent(len(ruled.own(sends)))}. How it arrived is not known: {recvs.absence}."


def _passing(ruled: Ruled, sends: Lane, recvs: Lane) -> str:
    """How it came on one leg and went on on the other, and how long after it had come."""
    if recvs.absence:
        return f"{_sent(len(ruled.own(sends)))}: {recvs.absence}."
    came, went = len(ruled.own(recvs)), ruled.own(sends)
    if sends.absence or not went:
        return f"{_came(came)}: {'it has not gone on yet' if sends.absence in ('', 'nothing yet') else sends.absence}."
    calls = "one send call" if len(went) == 1 else f"{len(went):,} send calls"
    missing = ruled.stop - sends.stop
    rest = f"; {counted(missing, 'byte of it has', 'bytes of it have')} not gone on yet" if missing > 0 else ""
    took = sends.times[went[-1]] - recvs.times[ruled.own(recvs)[-1]] if sends.times and recvs.times and came else -1
    after = f", {duration(took)} after all of it had come" if took >= 0 and not rest else ""
    return f"{_came(came)} and went on in {calls}{after}{rest}."


def _arrival(ruled: Ruled, sends: Lane, recvs: Lane) -> str:
    """How many calls at both ends, and who cut or joined."""
    s, r = len(ruled.own(sends)), len(ruled.own(recvs))
    others = _others(ruled, sends, recvs)
    if s == 1 and r == 1 and others:
        return f"TCP joined it: one recv took this send and {_other_sends(others)}."
    if s == 1 and r == 1:
        return "One send, one recv: it arrived as it was sent."
    if s == 1:
        return f"One send arrived in {r:,} recv calls: TCP cut it."
    if r == 1:
        return f"{s:,} sends arrived in one recv: TCP joined them."
    return f"{s:,} sends arrived in {r:,} recv calls{_how(ruled, sends, recvs)}."


def _how(ruled: Ruled, sends: Lane, recvs: Lane) -> str:
    """Whether the boundaries are the same; nothing if that would take too long to find out."""
    if max(len(ruled.own(sends)), len(ruled.own(recvs))) > _LOOKED_AT:
        return ""
    is_cut, is_joined = _has_alone(ruled, recvs, sends), _has_alone(ruled, sends, recvs)
    if is_cut and is_joined:
        return ": TCP cut and joined"
    return ": TCP cut some" if is_cut else ": TCP joined some" if is_joined else ", each as it was sent"


def _has_alone(ruled: Ruled, lane: Lane, other: Lane) -> bool:
    """Whether there is a boundary within the message that the other end does not have."""
    return any(not other.ends_at(lane.piece(place)[1]) for place in ruled.own(lane)[:-1])


def _company(ruled: Ruled, sends: Lane, recvs: Lane) -> str:
    """What else came with it."""
    others = _others(ruled, sends, recvs)
    if not others or (len(ruled.own(sends)), len(ruled.own(recvs))) == (1, 1):
        return ""
    which = "The same recv" if len(ruled.own(recvs)) == 1 else "The same recv calls"
    return f" {which} also took bytes of {_other_sends(others)}."


def _others(ruled: Ruled, sends: Lane, recvs: Lane) -> int:
    """How many sends, none of them this message's, have bytes in the recv calls of this message."""
    own = ruled.own(recvs)
    together = sends.between(recvs.piece(own[0])[0], recvs.piece(own[-1])[1]) if own else range(0)
    return len(together) - len(ruled.own(sends)) if together else 0


def _name(ruled: Ruled, lane: Lane, place: int) -> str:
    own = ruled.own(lane)
    if lane.kind == MESSAGE:
        return "This message" if place in own else "The message before" if place < own.start else "The message behind"
    if place in own:
        return f"{lane.kind} {place - own.start + 1:,} of {len(own):,}"
    distance = own.start - place if place < own.start else place - own.stop + 1
    side = "before" if place < own.start else "after"
    which = lane.kind if distance == 1 else f"{distance:,} {lane.kind} calls"
    return f"{which} {side} this message"


def _since(ruled: Ruled, lane: Lane, place: int) -> str:
    """How long after the call before it."""
    if not lane.times or not place:
        return ""
    own = ruled.own(lane)
    before = f"{lane.kind} {place - own.start:,}" if place - 1 in own else f"the {lane.kind} before"
    return f", {duration(lane.times[place] - lane.times[place - 1])} after {before}"


def _travel(ruled: Ruled, lane: Lane, place: int) -> str:
    """How long after the first of the two calls had its last byte the second had it.

    A send counts as made when the kernel took its last.
    """
    first, second = (RECV, SEND) if ruled.is_passed_on else (SEND, RECV)
    firsts = ruled.lane(first)
    carrier = firsts.holding(lane.piece(place)[1] - 1) if lane.kind == second else None
    if carrier is None or not firsts.times:
        return ""
    took = lane.times[place] - firsts.times[carrier]
    own = ruled.own(firsts)
    name = f"{first} {carrier - own.start + 1:,}" if carrier in own else f"its {first}"
    return f", {duration(took)} after {name}" if took >= 0 else ""


def _cut(ruled: Ruled, lane: Lane, stop: int) -> str:
    """Whether the boundary behind the piece is one that the other end did not make."""
    other = ruled.lane(SEND if lane.kind == RECV else RECV)
    is_plain = other.absence or lane.kind == MESSAGE or other.ends_at(stop) or other.holding(stop) is None
    if is_plain:
        return ""
    return " It ends in the middle of a send." if lane.kind == RECV else " Its end is in the middle of a recv."


def _sent(count: int) -> str:
    return "Sent in one send call" if count == 1 else f"Sent in {count:,} send calls"


def _came(count: int) -> str:
    return "Came in one recv call" if count == 1 else f"Came in {count:,} recv calls"


def _other_sends(count: int) -> str:
    return "another send" if count == 1 else f"{count:,} other sends"


def _range(start: int, stop: int) -> str:
    return f"bytes {start:,}–{stop - 1:,}" if stop - start > 1 else f"byte {start:,}"
