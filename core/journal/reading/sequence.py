"""Rows of a conversation as a sequence diagram shows them: between which lanes, as what kind of arrow, and its lines.

Pure. The window and the exported file draw the same lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from core.events import RESETS_OF_OURS, Ending
from core.journal.display_row import RECEIVED, DisplayRow
from core.roles import Role
from core.wire.faults import REMARK

FOLDED_NS = 1_000_000_000  # between two rows from which on the time between them is folded
SHOWN_NS = 1_000_000  # from which on it is told

PEER, OURS, BEYOND = 0, 1, 2
"""The lanes: who talks with us, we, and the target of a session that passes things on."""


class Mark(Enum):
    """What an arrow stands for."""

    MESSAGE = "message"
    OPENED = "opened"  # a connection was made
    FINISHED = "finished"  # one side will send no more, and may still read
    ENDED = "ended"  # a FIN of ours that closes
    PARTED = "parted"  # a FIN has gone either way by now
    RESET = "reset"
    CLOSED = "closed"  # the connection is over, and no goodbye of either side is known
    NOTE = "note"


class Step(NamedTuple):
    """What is drawn of a row: an arrow from lane ``start`` to lane ``stop``; the same lane if nothing goes across."""

    mark: Mark
    start: int
    stop: int
    is_timeout: bool = False
    is_fault: bool = False  # that was asked for


class Stroke(NamedTuple):
    """A line through ``points``, x and y in turn; filled, it is a shape."""

    points: tuple[float, ...]
    is_filled: bool = False
    is_dashed: bool = False


_TAGS = {Mark.FINISHED: "FIN", Mark.ENDED: "FIN", Mark.PARTED: "FIN", Mark.RESET: "RST"}
_RESETS = {ending.value for ending in RESETS_OF_OURS}
_TIMEOUTS = {ending.value for ending in (Ending.LOST, Ending.STALLED, Ending.IDLE)}
_FAULTS = {Ending.FAULT_CUT.value, Ending.FAULT_RESET.value}
_SILENT = {
    ending.value
    for ending in (
        Ending.LOST, Ending.UNREACHABLE, Ending.FAILED, Ending.HANDSHAKE, Ending.ALERT, Ending.TRUNCATED,
    )
}  # fmt: skip


def lane_names(role: Role | None) -> tuple[str, ...]:
    """What stands above the lanes, of a role that this version may not know."""
    if role is None:
        return "peer", "this end"
    names = role.far_end, role.us
    return (*names, role.onward) if role.passes_on else names


def step_of(display_row: DisplayRow, role: Role | None, ending: str = "") -> Step:
    """How a row is drawn; ``ending`` is that of its connection (``core.events.Ending``), if it tells of its end."""
    peer = BEYOND if (display_row.number or 0) < 0 else PEER
    if display_row.is_message:
        return Step(Mark.MESSAGE, *((peer, OURS) if display_row.kind == RECEIVED else (OURS, peer)))
    match display_row.kind:
        case "opened":
            peer_came = role is not None and role.listens and peer == PEER
            return Step(Mark.OPENED, *((peer, OURS) if peer_came else (OURS, peer)))
        case "peer-finished":
            return Step(Mark.FINISHED, peer, OURS)
        case "we-finished":
            return Step(Mark.FINISHED, OURS, peer)
        case "closed":
            return _end_of(ending, peer)
        case "remark" if f"{REMARK} " in display_row.note:
            return Step(Mark.NOTE, OURS, OURS, is_fault=True)
        case _:
            return Step(Mark.NOTE, OURS, OURS)


def _end_of(ending: str, peer: int) -> Step:
    is_timeout, is_fault = ending in _TIMEOUTS, ending in _FAULTS
    if ending == Ending.PEER_RESET.value:
        return Step(Mark.RESET, peer, OURS)
    if ending == Ending.PEER_FINISHED.value:
        return Step(Mark.PARTED, peer, OURS)
    if ending in _RESETS:
        return Step(Mark.RESET, OURS, peer, is_timeout, is_fault)
    if not ending or ending in _SILENT:
        return Step(Mark.CLOSED, OURS, peer, is_timeout)
    return Step(Mark.ENDED, OURS, peer, is_timeout, is_fault)


def tag_of(step: Step) -> str:
    """What the arrow is called in a word or two, in front of its sentence; empty for what needs none."""
    words = _TAGS.get(step.mark, "")
    return " ".join(filter(None, ("fault" if step.is_fault else "", "timeout" if step.is_timeout else "", words)))


def strokes(step: Step, lanes: Sequence[float], y: float, size: float) -> list[Stroke]:
    """The lines of a row. ``lanes`` are their x, ``y`` is where its arrow stands, ``size`` that of an arrowhead."""
    start, stop = (lanes[min(lane, len(lanes) - 1)] for lane in (step.start, step.stop))
    found: list[Stroke] = []
    if start != stop:
        found += _across(step.mark, start, stop, y, size)
    if step.is_timeout:
        found += _clock(start, y, size)
    if step.is_fault:
        found.append(Stroke(_bolt(lanes[OURS], y, size), is_filled=True))
    return found


def _across(mark: Mark, start: float, stop: float, y: float, size: float) -> list[Stroke]:
    way = math.copysign(1, stop - start)
    back, half = stop - way * size, size / 2
    if mark is Mark.CLOSED:  # nothing goes across: both lines end
        bars = [Stroke((x - size, y, x + size, y)) for x in (start, stop)]
        return [*bars, Stroke((start + way * size, y, stop - way * size, y), is_dashed=True)]
    if mark is Mark.RESET:
        middle = stop - way * size
        cross = [Stroke((middle - half, y + by, middle + half, y - by)) for by in (half, -half)]
        return [Stroke((start, y, stop, y)), *cross]
    if mark is Mark.MESSAGE:
        return [Stroke((start, y, back, y)), Stroke((stop, y, back, y - half, back, y + half), is_filled=True)]
    head = Stroke((back, y - half, stop, y, back, y + half))
    found = [Stroke((start, y, stop, y), is_dashed=mark is not Mark.OPENED), head]
    if mark is Mark.PARTED:
        front = start + way * size
        found.append(Stroke((front, y - half, start, y, front, y + half)))
    if mark in (Mark.ENDED, Mark.PARTED):  # bars: nothing comes after it
        found += [Stroke((x - half, y + half, x + half, y + half)) for x in (start, stop)]
    return found


def _clock(x: float, y: float, size: float) -> list[Stroke]:
    turn = [math.tau * part / 16 for part in range(17)]
    circle = tuple(at for angle in turn for at in (x + size * math.cos(angle), y + size * math.sin(angle)))
    return [Stroke(circle), Stroke((x, y - size * 0.7, x, y, x + size * 0.5, y))]


def _bolt(x: float, y: float, size: float) -> tuple[float, ...]:
    shape = (0.3, -1.2), (-0.7, 0.2), (-0.05, 0.2), (-0.3, 1.2), (0.7, -0.2), (0.05, -0.2)
    return tuple(at for right, down in shape for at in (x + right * size, y + down * size))


def fold(x: float, top: float, bottom: float, size: float) -> tuple[float, ...]:
    """A lane where time is folded: a line from ``top`` to ``bottom`` with a zigzag in its middle."""
    middle, by = (top + bottom) / 2, size / 2
    zigzag = (x, middle - 1.5 * by), (x + by, middle - 0.5 * by), (x - by, middle + 0.5 * by), (x, middle + 1.5 * by)
    return tuple(at for point in ((x, top), *zigzag, (x, bottom)) for at in point)
