"""What the sequence view shows of rows: times, the time between them, arrows and words. No tkinter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.journal.reading.sequence import FOLDED_NS, SHOWN_NS, Step, step_of, tag_of
from core.words import connection_name, duration, human_bytes
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.typesetting import clock

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.roles import Role
    from core.text_safety import TextSafety

PREVIEW = 96  # bytes of a message that are read: more never fit above an arrow
_LONGEST = 200  # characters

MESSAGE, NOTE, FAILURE, FAULT = "message", "note", "failure", "fault"


class SequenceRow(NamedTuple):
    """One row as it is drawn. ``gap`` is the time since the row before, empty if it is short."""

    place: int
    step: Step
    time: str
    gap: str
    is_folded: bool  # whether so much time passed before it that the lanes are broken there
    words: str
    kind: str  # MESSAGE, NOTE, FAILURE or FAULT
    number: int  # the connection's, without its sign; 0 for none


@dataclass(frozen=True, slots=True)
class Reading:
    """How bytes are read for people."""

    safety: TextSafety
    decoding: Decoding = UTF_8
    as_hex: bool = False


def rows_of(
    display_rows: Sequence[DisplayRow],
    before: DisplayRow | None,
    role: Role,
    reading: Reading,
    ending: Callable[[DisplayRow], str],
) -> list[SequenceRow]:
    """Rows that follow ``before``; ``ending`` is asked for how a connection ended, of rows that tell of its end."""
    found = []
    for row in display_rows:
        step = step_of(row, role, ending(row) if row.kind == "closed" else "")
        gap = row.mono_ns - before.mono_ns if before is not None else 0
        found.append(
            SequenceRow(
                row.place, step, clock(row), f"+{duration(gap)}" if gap >= SHOWN_NS else "", gap >= FOLDED_NS,
                _words(row, step, role, reading), _kind(row, step), abs(row.number or 0),
            )
        )  # fmt: skip
        before = row
    return found


def _kind(row: DisplayRow, step: Step) -> str:
    if row.is_message:
        return MESSAGE
    return FAULT if step.is_fault else FAILURE if row.is_failure else NOTE


def _words(row: DisplayRow, step: Step, role: Role, reading: Reading) -> str:
    if not row.is_message:
        return f"{tag_of(step)}  {reading.safety.field(row.note, _LONGEST)}".lstrip()
    data = row.data or b""
    is_cut = len(data) < row.size
    if reading.as_hex:
        shown = data.hex(" ")
    else:
        tail = reading.decoding.unfinished_tail(data) if is_cut else 0
        shown = reading.safety.field(reading.decoding.decode(data[: len(data) - tail]), _LONGEST)
    who = f"{connection_name(row.number)}  " if role.many_connections and row.number is not None else ""
    size = f"  ({human_bytes(row.size)})" if is_cut else ""
    return f"{who}{shown}{'…' if is_cut else ''}{size}{f'  ({row.misfit})' if row.misfit else ''}"
