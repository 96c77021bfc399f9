"""Where the transcript gets its rows, and how it reads them. No tkinter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.roles import Role


class Spot(NamedTuple):
    """A byte of an entry, which is the same under every lens; of a note, the note."""

    ordinal: int
    byte: int


class Conversation(Protocol):
    """Where a transcript gets its rows: a session under a lens. All on the window's thread."""

    @property
    def key(self) -> object:
        """Differs between conversations that have nothing in common on the screen."""
        ...

    @property
    def source(self) -> object:
        """Whose rows these are, however they are cut and whatever is left out."""
        ...

    @property
    def role(self) -> Role: ...

    @property
    def joins_pieces(self) -> bool:
        """Whether rows are pieces of a stream as ``recv`` gave them, not messages."""
        ...

    @property
    def total(self) -> int:
        """Rows there are; their places are 0 to total - 1."""
        ...

    @property
    def settled(self) -> int:
        """Rows from the beginning that will never change."""
        ...

    @property
    def is_counting(self) -> bool:
        """Whether there may be rows that are not known yet."""
        ...

    @property
    def version(self) -> int:
        """Changes whenever any row does."""
        ...

    def read(self, first: int, count: int, preview: int) -> list[DisplayRow]:
        """The rows from place ``first`` on, at most ``count``, fewer if they cannot be read."""
        ...

    def whole(self, display_row: DisplayRow, most: int) -> bytes:
        """The first ``most`` bytes of a message."""
        ...

    def place_near(self, spot: Spot) -> int | None:
        """The row that shows a byte, or the nearest; None while that is not known yet."""
        ...


def spot_at(display_row: DisplayRow, fraction: float) -> Spot:
    """The byte that stands so far into what is shown of a row, 0 to 1; its first where it lies across entries."""
    span = display_row.span
    if span is None:
        return Spot(display_row.ordinal, 0)
    if span.first != span.last:
        return Spot(span.first, span.start)
    return Spot(span.first, span.start + int(fraction * len(display_row.data or b"")))


def fraction_at(display_row: DisplayRow, spot: Spot) -> float:
    """How far into what is shown of a row a byte stands, from 0 to below 1; 0 if it is not known."""
    span, shown = display_row.span, len(display_row.data or b"")
    if span is None or span.first != spot.ordinal or not shown:
        return 0.0
    return max(0.0, min((spot.byte - span.start) / shown, 1 - 1 / shown))
