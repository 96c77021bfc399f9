"""Which part of a journal a command line means: what the terminal programs that read one have in common."""

from __future__ import annotations

from core.errors import TincanError
from core.events import ConnectionId, SessionId
from core.journal.passage import Filter
from core.journal.reader import JournalReader


class BadRequest(TincanError):
    """What was asked for cannot be had from this journal."""


def numbered(reader: JournalReader, session: SessionId, number: int) -> ConnectionId:
    """The connection that has this number in a session of a journal. Raises ``BadRequest`` if there is none."""
    known = reader.connections(session)
    if number not in known:
        raise BadRequest(f"session {session} has no connection #{number}; it has {len(known):,}")
    return known[number]


def chosen(connections: frozenset[ConnectionId] | None, *, received: bool, sent: bool, notes: bool) -> Filter:
    """These kinds of entries of these connections (None: all of them); every kind if none was chosen."""
    return Filter(connections, received, sent, notes) if received or sent or notes else Filter(connections)
