"""What the boundary ruler says: what became of the message on its way, and of one piece. No tkinter."""

from __future__ import annotations

from core.words import counted, duration
from gui.viewmodels.ruler import MESSAGE, RECV, SEND, Chosen, Lane, Ruled

_LOOKED_AT = 2_000  # boundaries that are compared, in a few milliseconds


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


def sentence(ruled: Ruled, chosen: Chosen) -> str:
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
