"""Where the transcript gets its rows, and how it reads them. No tkinter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.journal.display_row import DisplayRow
    from core.roles import Role


class Spot(NamedTuple):
    """A byte of an entry, which is the same under every lens; of a note, the note."""

    ordinal: int
    byte: int


class Callbacks(NamedTuple):
    """What a conversation calls back. ``post`` is for any thread; its argument is called on the window's."""

    post: Callable[[Callable[[], None]], None]
    changed: Callable[[], None]
    trouble: Callable[[str], None]


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


def spot_at(display_row: DisplayRow, offset: int) -> Spot:
    """The byte so far behind the first one of a row; its first where it lies across entries."""
    span = display_row.span
    if span is None:
        return Spot(display_row.ordinal, 0)
    return Spot(span.first, span.start + (offset if span.first == span.last else 0))


def offset_of(display_row: DisplayRow, spot: Spot) -> int:
    """How far behind the first byte of a row a byte stands; 0 if it is not known."""
    span = display_row.span
    return max(0, spot.byte - span.start) if span is not None and span.first == spot.ordinal else 0
