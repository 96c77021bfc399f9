"""What a view shows: one message as a lens cuts it out of the recorded bytes, or one note.

Values only. A display row leads back to the exact bytes in the journal through its ``span``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.events import ConnectionId, SessionId
from core.origin import Origin

RECEIVED, SENT = "received", "sent"
DATA_KINDS = (RECEIVED, SENT)


class Span(NamedTuple):
    """Bytes of one direction of one connection: from byte ``start`` of entry ``first`` up to before byte
    ``stop`` of entry ``last``, with all that this direction carried between them.
    """

    first: int
    start: int
    last: int
    stop: int


class DisplayRow(NamedTuple):
    """One row of a view. ``place`` counts them under one lens: 0, 1, 2 ..."""

    place: int
    session: SessionId
    ordinal: int  # the entry in which it ends
    connection: ConnectionId | None
    number: int | None  # the connection's within its session: #1, #2 ...
    kind: str  # RECEIVED, SENT, or the kind of the note
    wall_ns: int  # time of day, UTC, since 1970
    mono_ns: int
    data: bytes | None  # without what frames it, and cut to the preview that was asked for; None in a note
    size: int  # bytes of the whole message, without what frames it
    note: str = ""
    is_failure: bool = False
    span: Span | None = None  # the bytes in the journal, what frames the message included; None in a note
    misfit: str = ""  # why these bytes are not a whole message under this lens; empty if they are one
    is_pending: bool = False  # whether the rest of the message may still come
    has_ended: bool = True  # whether its frame has come to its end
    checksum: str = ""  # that it is right, or that it was not looked at; a wrong one is a misfit
    origin: Origin | None = None  # who spoke, of what was sent; None where nobody has recorded it

    @property
    def spoke(self) -> str:
        """Who spoke, in words; empty where that is not known, or goes without saying."""
        return self.origin.remark if self.origin is not None else ""

    @property
    def is_message(self) -> bool:
        """Whether it carries bytes; otherwise it is a note."""
        return self.kind in DATA_KINDS


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries a view wants. Pure; usable as a key."""

    connections: frozenset[ConnectionId] | None = None  # None: all, and what concerns no connection
    received: bool = True
    sent: bool = True
    notes: bool = True
    origins: frozenset[str] | None = None  # of what was sent: kinds, or kinds with names, as ``Origin`` writes them

    @classmethod
    def of_direction(cls, connection: ConnectionId, kind: str, origins: frozenset[str] | None = None) -> Filter:
        """What one direction of one connection carried: ``kind`` is RECEIVED or SENT."""
        return cls(frozenset({connection}), kind == RECEIVED, kind == SENT, notes=False, origins=origins)

    @property
    def admits_all(self) -> bool:
        """Whether nothing is left out."""
        return self.connections is None and self.origins is None and self.received and self.sent and self.notes

    def admits(self, kind: str, connection: ConnectionId | None, origin: str | None = None) -> bool:
        """Whether an entry of that kind, connection and written origin is wanted."""
        if self.connections is not None and connection not in self.connections:
            return False
        if kind == SENT and self.origins is not None:
            return self.sent and origin is not None and not self.origins.isdisjoint((origin, origin.partition(" ")[0]))
        return self.received if kind == RECEIVED else self.sent if kind == SENT else self.notes

    def condition(self) -> tuple[str, tuple[int | str, ...]]:
        """The same as an SQL condition over rows of ``chunk`` for those in which all entries agree, with its values;
        ``1`` if nothing is left out.
        """
        parts: list[str] = []
        values: tuple[int | str, ...] = ()
        if self.connections is not None:
            values = tuple(sorted(self.connections))
            parts.append(f"connection IN ({', '.join('?' * len(values))})")
        for wanted, kinds in ((self.received, f"'{RECEIVED}'"), (self.sent, f"'{SENT}'")):
            if not wanted:
                parts.append(f"kind <> {kinds}")
        if not self.notes:
            parts.append(f"kind IN ('{RECEIVED}', '{SENT}')")
        if self.origins is not None:
            named = tuple(sorted(self.origins))
            marks = ", ".join("?" * len(named))
            kind = "substr(origin, 1, instr(origin || ' ', ' ') - 1)"
            parts.append(f"(kind <> '{SENT}' OR origins IS NOT NULL OR origin IN ({marks}) OR {kind} IN ({marks}))")
            values += (*named, *named)
        return " AND ".join(parts) or "1", values


EVERYTHING = Filter()
