"""What the pane of socket calls shows: a line for each call, with when, whose, and what is otherwise than it looks.

No tkinter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.words import connection_name
from gui.viewmodels.typesetting import clock

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.socket_calls import SocketCall
    from core.roles import Role
    from core.text_safety import TextSafety

ABOUT = (
    "One select() waits for all sockets of the session, so no call here blocks; waited is the time since the call "
    "before on the same connection. Calls in italics are not recorded themselves: they follow from what is."
)
EMPTY = "The calls that Tincan made for the session on view come here; of what was captured there are none."
_LONGEST = 240  # characters of a call


class CallLine(NamedTuple):
    """One call. ``time`` and ``who`` are empty where the line before says them."""

    ordinal: int  # of its entry
    time: str
    who: str
    text: str
    aside: str
    is_derived: bool
    is_failure: bool


class Chosen(NamedTuple):
    """Which calls are those of the chosen message: of one direction of one connection, from entry to entry."""

    first: int
    last: int
    connection: int | None
    kind: str

    def has(self, row: DisplayRow) -> bool:
        """Whether an entry's calls are among them."""
        is_within = self.first <= row.ordinal <= self.last
        return is_within and (row.connection, row.kind) == (self.connection, self.kind)


def chosen_by(display_row: DisplayRow) -> Chosen:
    """The calls that carried a message, or stand behind a note."""
    span = display_row.span
    first, last = (span.first, span.last) if span is not None else (display_row.ordinal, display_row.ordinal)
    return Chosen(first, last, display_row.connection, display_row.kind)


def lines_of(
    entries: Iterable[tuple[DisplayRow, Sequence[SocketCall]]], role: Role, safety: TextSafety
) -> list[CallLine]:
    """A line for each call."""
    found = []
    for row, calls in entries:
        has_name = role.many_connections and row.number is not None
        time, who = clock(row), connection_name(row.number) if has_name else ""
        for call in calls:
            found.append(
                CallLine(
                    row.ordinal, time, who, safety.field(call.text, _LONGEST), safety.field(call.aside, _LONGEST),
                    call.is_derived, call.is_failure,
                )
            )  # fmt: skip
            time = who = ""
    return found
