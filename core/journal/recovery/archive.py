"""What a journal that is over holds, in the terms of one that is being written."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from core.address import Address, parse_address
from core.errors import AddressError, Explanation
from core.events import ConnectionId, Ending, SessionId
from core.journal.display_row import EVERYTHING, RECEIVED
from core.journal.reading.reader import JournalReader
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.journal.schema import LONGEST_TEXT
from core.local_address import is_local
from core.roles import ROLES, guess_role

MOST_CONNECTIONS = 10_000  # of one session that are listed; all are counted
NOWHERE = Address("unknown", 0)  # an address that is not in the journal, or that none can be

MOST_SESSIONS = 1_000  # of one journal that are listed: a list of more is of no use, and takes long to draw
_SOON = 64  # entries after which a server that listens at all has said so
_AT_ONCE = 50_000  # entries whose bytes are counted between two looks at whether anybody still wants to know

_NAME = 4096  # characters of a name that are read; ours stay far below
_NEXT_SESSION = "SELECT min(session) FROM chunk WHERE session > ?"
_SESSION = f"""SELECT substr(role, 1, {_NAME}), substr(target, 1, {_NAME}), substr(framing, 1, {_NAME}),
                      substr(reply, 1, {_NAME}) FROM session WHERE session = ?"""  # noqa: S608 - numbers of ours
_ACCEPTED = "SELECT session, count(*) FROM connection GROUP BY session ORDER BY session LIMIT ?"
_CONNECTIONS = f"""SELECT connection, number, substr(local, 1, {_NAME}), substr(peer, 1, {_NAME}),
                          substr(ending, 1, {_NAME})
                   FROM connection WHERE session = ? ORDER BY number LIMIT ?"""  # noqa: S608 - numbers of ours
_ENDINGS = "SELECT count(ending) FROM connection WHERE session = ?"
_DETAIL = f"""SELECT kind, CASE WHEN length(detail) <= {LONGEST_TEXT} THEN detail ELSE '' END FROM chunk
             WHERE session = ? AND ordinal >= ? AND ordinal < ? AND data IS NULL"""  # noqa: S608 - numbers of ours
_BYTES = """SELECT kind, coalesce(sum(length(data)), 0) FROM chunk
            WHERE session = ? AND ordinal >= ? AND ordinal < ? AND data IS NOT NULL AND offsets IS NULL GROUP BY kind"""

_ENDING = {ending.value: ending for ending in Ending}

_Kinds: TypeAlias = tuple[type | tuple[type, ...], ...]
_SESSION_KINDS: _Kinds = (str, str, str, (str, type(None)))


class ByteCount(NamedTuple):
    """The bytes of a session, as far as they were counted."""

    received: int
    sent: int
    is_whole: bool


class Archive:
    """A journal's sessions and connections. One thread at a time; raises ``JournalError``.

    Nothing here depends on how many entries there are, except ``count_bytes``.
    """

    def __init__(self, path: Path, gives_up: Callable[[], bool] | None = None) -> None:
        self._reader = JournalReader(path, gives_up)

    def sessions(self) -> tuple[SessionState, ...]:
        """See ``archived_sessions``."""
        return tuple(archived_sessions(self._reader))

    def count_bytes(self, session: SessionId, cancelled: threading.Event, most: int = 20_000_000) -> ByteCount:
        """Add up the bytes of at most so many entries of a session; two million entries take about a second."""
        entries = self._reader.count(session)
        received = sent = first = 0
        while first < min(entries, most) and not cancelled.is_set():
            stop = min(first + _AT_ONCE, entries, most)
            for kind, size in self._reader.ask(_BYTES, (session, first, stop), (str, int)):
                if kind == RECEIVED:
                    received += size
                else:
                    sent += size
            for run in self._reader.runs(session, first, stop, EVERYTHING):
                for place in run.places(first, stop, EVERYTHING):
                    if run.who(place)[1] == RECEIVED:
                        received += run.size_of(place)
                    else:
                        sent += run.size_of(place)
            first = stop
        return ByteCount(received, sent, first >= entries)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def archived_sessions(reader: JournalReader) -> list[SessionState]:
    """The sessions of the journal, ``MOST_SESSIONS`` at most, all of them over, in the order in which they were opened.

    ``connections`` are all that ever stood (not more than ``MOST_CONNECTIONS``), ``reply`` is the first
    one. Bytes are not counted, for in a long journal that takes seconds: see ``Archive.count_bytes``.
    A session that only entries know is there too. Raises ``JournalError``.
    """
    accepted = dict(reader.ask(_ACCEPTED, (MOST_SESSIONS,), (int, int)))
    known = {row.session for row in reader.sessions(MOST_SESSIONS)}
    sessions = sorted(known | set(_sessions_of_entries(reader)) | {SessionId(session) for session in accepted})
    sessions = sessions[:MOST_SESSIONS]
    return [_archived(reader, session, accepted.get(session, 0)) for session in sessions]


def _sessions_of_entries(reader: JournalReader) -> list[SessionId]:
    found: list[SessionId] = []
    latest: int | None = -1 << 63
    while latest is not None and len(found) < MOST_SESSIONS:
        ((latest,),) = reader.ask(_NEXT_SESSION, (latest,), ((int, type(None)),))
        if latest is not None:
            found.append(SessionId(latest))
    return found


def _archived(reader: JournalReader, session: SessionId, accepted: int) -> SessionState:
    entries = reader.count(session)
    rows = reader.ask(_SESSION, (session,), _SESSION_KINDS)
    connections = _connections(reader, session)
    early = _details(reader, session, 0, min(entries, _SOON))
    role, target, framing, reply = rows[0] if rows else ("", "", "raw", None)
    state = SessionState(
        session,
        ROLES.get(role) or guess_role(early, len(connections)),
        _address(target),
        framing,
        reply,
        phase=Phase.ENDED,
        addresses=_addresses(early.get("listening", {})),
        onward=_onward(early.get("onward", {})),
        onward_tls=early.get("onward", {}).get("tls") is True,
        connections=connections,
        accepted=accepted,
        entries=entries,
    )
    end = _details(reader, session, max(0, entries - 1), entries).get("session-closed")
    if end is None and not (not state.role.many_connections and _has_parted(reader, session)):
        return replace(state, has_no_end=True)
    if end is None:
        return state
    return replace(state, failure=_failure(end), cancelled=end.get("cancelled") is True)


def _has_parted(reader: JournalReader, session: SessionId) -> bool:
    """Whether a client's connection has ended: with it the client is over, and nothing more is entered of it."""
    ((endings,),) = reader.ask(_ENDINGS, (session,), (int,))
    return bool(endings)


def _connections(reader: JournalReader, session: SessionId) -> tuple[ConnectionState, ...]:
    rows = reader.ask(_CONNECTIONS, (session, MOST_CONNECTIONS), (int, int, str, str, (str, type(None))))
    return tuple(
        ConnectionState(
            ConnectionId(connection), number, _address(local), _address(peer), can_receive=False, can_send=False,
            ending=_ENDING.get(ending),
        )
        for connection, number, local, peer, ending in rows
    )  # fmt: skip


def _details(reader: JournalReader, session: SessionId, first: int, stop: int) -> dict[str, dict[str, Any]]:
    """What the notes from ``first`` up to before ``stop`` have to say, by their kinds."""
    rows = reader.ask(_DETAIL, (session, first, stop), (str, str))
    return {kind: _object(detail) for kind, detail in rows}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _failure(end: dict[str, Any]) -> Explanation | None:
    failure = end.get("failure")
    if not isinstance(failure, dict) or not isinstance(failure.get("what"), str):
        return None
    causes, advice = failure.get("causes"), failure.get("advice")
    return Explanation(
        failure["what"] or "an error",
        tuple(str(cause) for cause in causes) if isinstance(causes, list) else (),
        advice if isinstance(advice, str) else "",
    )


def _addresses(detail: dict[str, Any]) -> tuple[Address, ...]:
    found = detail.get("addresses")
    return tuple(_address(str(each)) for each in found) if isinstance(found, list) else ()


def _onward(detail: dict[str, Any]) -> Address | None:
    target = detail.get("target")
    return _address(target) if isinstance(target, str) else None


def _address(text: str) -> Address:
    try:
        return Address(text, 0) if is_local(text) else parse_address(text, for_server=True)
    except AddressError:
        return NOWHERE
