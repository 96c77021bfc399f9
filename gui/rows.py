"""Where the transcript gets its rows. No tkinter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.events import Role
    from core.journal.passage import Passage


class Conversation(Protocol):
    """Where a transcript gets its rows: a session under a lens. All on the window's thread."""

    @property
    def key(self) -> object:
        """Differs between conversations that have nothing in common on the screen."""
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

    def read(self, first: int, count: int, preview: int) -> list[Passage]:
        """The rows from place ``first`` on, at most ``count``, fewer if they cannot be read."""
        ...

    def whole(self, passage: Passage, most: int) -> bytes:
        """The first ``most`` bytes of a message."""
        ...
