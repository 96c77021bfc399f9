"""A journal that needs no disk: entries made when they are asked for, so that there can be millions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.events import ConnectionId, Role, SessionId
from core.journal.reader import Entry
from gui.panes.transcript import Conversation

SESSION = SessionId(1)
NOON_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


def received(ordinal: int, data: bytes, *, number: int = 1, at: float | None = None, size: int | None = None) -> Entry:
    """A piece that came in, ``at`` seconds after noon; one a minute if nothing is said."""
    return _entry(ordinal, "received", number, at, data=data, size=len(data) if size is None else size)


def sent(ordinal: int, data: bytes, *, number: int = 1, at: float | None = None) -> Entry:
    """A message that went out."""
    return _entry(ordinal, "sent", number, at, data=data, size=len(data))


def note(ordinal: int, text: str, *, number: int | None = None, failed: bool = False, at: float | None = None) -> Entry:
    """Something else that happened."""
    return _entry(ordinal, "opened", number, at, text=text, failed=failed)


def _entry(
    ordinal: int,
    kind: str,
    number: int | None,
    at: float | None,
    *,
    data: bytes | None = None,
    size: int = 0,
    text: str = "",
    failed: bool = False,
) -> Entry:
    wall = NOON_NS + int((ordinal * 60 if at is None else at) * SECOND_NS)
    connection = ConnectionId(number) if number is not None else None
    return Entry(SESSION, ordinal, connection, number, kind, wall, wall, data, size, text, failed)


class FakeJournal:
    """``make`` gives the entry of an ordinal; ``reads`` counts how many were asked for."""

    def __init__(self, make: Callable[[int], Entry]) -> None:
        self.make = make
        self.total = 0
        self.reads = 0

    def conversation(self, *, role: Role = Role.CLIENT, first: int = 0) -> Conversation:
        return Conversation(SESSION, role, first, self.read, self.whole)

    def read(self, first: int, count: int, preview: int) -> list[Entry]:
        stop = min(self.total, first + count)
        self.reads += max(0, stop - first)
        entries = [self.make(ordinal) for ordinal in range(first, stop)]
        return [_cut(entry, preview) for entry in entries]

    def whole(self, ordinal: int) -> bytes:
        return self.make(ordinal).data or b""


def _cut(entry: Entry, preview: int) -> Entry:
    return replace(entry, data=entry.data[:preview]) if entry.data is not None else entry
