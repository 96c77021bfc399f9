"""A conversation that needs no disk: display rows made when they are asked for, so that there can be millions."""

from __future__ import annotations

from collections.abc import Callable

from core.events import ConnectionId, SessionId
from core.journal.display_row import DisplayRow, Span
from core.roles import Role
from gui.viewmodels.rows import Spot

SESSION = SessionId(1)
NOON_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


def received(
    place: int,
    data: bytes,
    *,
    number: int = 1,
    at: float | None = None,
    size: int | None = None,
    misfit: str = "",
) -> DisplayRow:
    """A message that came in, ``at`` seconds after noon; one a minute if nothing is said."""
    return _display_row(place, "received", number, at, data=data, size=size, misfit=misfit)


def sent(place: int, data: bytes, *, number: int = 1, at: float | None = None) -> DisplayRow:
    """A message that went out."""
    return _display_row(place, "sent", number, at, data=data)


def note(
    place: int, text: str, *, number: int | None = None, failed: bool = False, at: float | None = None
) -> DisplayRow:
    """Something else that happened."""
    return _display_row(place, "opened", number, at, text=text, failed=failed)


def _display_row(
    place: int,
    kind: str,
    number: int | None,
    at: float | None,
    *,
    data: bytes | None = None,
    size: int | None = None,
    text: str = "",
    failed: bool = False,
    misfit: str = "",
) -> DisplayRow:
    wall = NOON_NS + int((place * 60 if at is None else at) * SECOND_NS)
    connection = ConnectionId(number) if number is not None else None
    length = size if size is not None else len(data or b"")
    span = Span(place, 0, place, length) if data is not None else None
    return DisplayRow(
        place, SESSION, place, connection, number, kind, wall, wall, data, length, text, failed, span, misfit
    )  # fmt: skip


class FakeConversation:
    """``make`` gives the display row of a place; ``reads`` counts how many were asked for, in ``questions`` calls.

    The last ``pending`` of the ``total`` may still change.
    """

    def __init__(self, make: Callable[[int], DisplayRow], *, role: Role = Role.CLIENT, key: object = "talk") -> None:
        self.make = make
        self.joins_pieces = True
        self.role = role
        self.source = self.key = key
        self.total = 0
        self.is_counting = False
        self.pending = 0
        self.version = 0
        self.reads = self.questions = 0

    @property
    def settled(self) -> int:
        return self.total - self.pending

    def read(self, first: int, count: int, preview: int) -> list[DisplayRow]:
        stop = min(self.total, first + count)
        self.reads += max(0, stop - first)
        self.questions += 1
        return [_cut(self.make(place), preview) for place in range(first, stop)]

    def whole(self, display_row: DisplayRow, most: int) -> bytes:
        return (self.make(display_row.place).data or b"")[:most]

    def place_near(self, spot: Spot) -> int | None:
        return None if self.is_counting and spot.ordinal >= self.total else spot.ordinal


def _cut(display_row: DisplayRow, preview: int) -> DisplayRow:
    return display_row._replace(data=display_row.data[:preview]) if display_row.data is not None else display_row
