"""What stands open now: events folded into the state of each session.

Pure values and one fold over them; the recorder's thread owns the ``Ledger``, everybody else gets
the frozen states it makes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

from core.address import Address
from core.errors import Explanation
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    FramingChanged,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Onward,
    Opened,
    Paused,
    PeerFinished,
    Received,
    ReplyChanged,
    Retrying,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    TlsBegun,
    TlsHandshake,
    TurnedAway,
    WeFinished,
)
from core.journal.recording.response_times import Budget, ResponseTimes
from core.latency import NO_LATENCY, Latency
from core.roles import Role
from core.tls.facts import Handshake

_TRAFFIC = frozenset({Received, Sent})
_SESSION = itemgetter(0)  # of what is received and of what is sent
MOST_OVER = 20  # connections of one session that are told of when they are over


class Phase(Enum):
    """Where a session is in its life."""

    STARTING = "starting"  # a server about to listen, a client resolving and dialling
    OPEN = "open"  # listening, connected
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """One connection of a session, standing or over; how it ended is None of one that stands."""

    connection: ConnectionId
    number: int
    local: Address
    peer: Address
    can_receive: bool = True
    can_send: bool = True
    ending: Ending | None = None
    is_securing: bool = False  # while a TLS handshake is under way
    tls: Handshake | None = None  # the latest one that is over; it may have failed
    process: str = ""  # at the other end of a local socket, in words

    @property
    def peer_name(self) -> str:
        """What is at the other end, as people read it."""
        return self.peer.with_process(self.process)


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """How often something went wrong. ``since`` and ``last`` are readings of ``core.clock.monotonic_ns()``."""

    count: int = 0
    size: int = 0  # bytes that it cost, all together
    since: int = 0
    last: int = 0
    why: str = ""  # the last time

    def plus(self, at: int, why: str, size: int = 0, count: int = 1) -> IncidentCount:
        """One more, or several, at that moment."""
        return IncidentCount(self.count + count, self.size + size, self.since if self.count else at, at, why)


NONE = IncidentCount()


@dataclass(frozen=True, slots=True)
class SessionState:
    """A server or client as it stands after the entries that were counted in ``entries``."""

    session: SessionId
    role: Role
    target: Address  # what was asked for
    framing: str
    reply: str | None
    phase: Phase = Phase.STARTING
    addresses: tuple[Address, ...] = ()  # where a server really listens
    connections: tuple[ConnectionState, ...] = ()  # the standing ones, by number; of an old journal, all
    finished: int = 0  # of the standing ones, those that we have finished sending to
    over: tuple[ConnectionState, ...] = ()  # the last MOST_OVER that ended, in the order in which they did
    accepted: int = 0  # connections that ever stood
    received: int = 0  # messages, as they were received
    bytes_in: int = 0
    bytes_out: int = 0
    sent_at: int = 0  # when the last message went out, a reading of ``core.clock.monotonic_ns()``; 0 before the first
    bytes_in_of: Mapping[ConnectionId, int] = field(default_factory=dict)  # of each connection, over ones too
    bytes_out_of: Mapping[ConnectionId, int] = field(default_factory=dict)  # of the same ones
    entries: int = 0  # in the journal; their ordinals are 0 to entries - 1
    failure: Explanation | None = None
    cancelled: bool = False
    has_no_end: bool = False  # the journal ends before the session, as that of a killed run does
    retry: Retry | None = None  # while a client waits to try again, or tries
    turned_away: IncidentCount = NONE  # peers, because of a limit; a report may speak of several
    answers: Latency = NO_LATENCY  # from request to answer, see Pace
    between: Latency = NO_LATENCY  # from one message received to the next
    not_sent: IncidentCount = NONE  # messages, or the rest of one
    too_long: IncidentCount = NONE  # messages beyond the framing's limit
    misframed: IncidentCount = NONE  # what came and is no message under the framing
    paused: IncidentCount = NONE  # connections on which two programs seemed to answer each other
    http_refused: IncidentCount = NONE  # connections of peers that spoke HTTP, closed
    tls: bool = False  # whether TLS was asked for when the session began
    onward: Address | None = None  # what a tap dials
    onward_tls: bool = False  # and whether it speaks TLS there

    @property
    def senders(self) -> int:
        """How many connections can be sent to."""
        return 0 if self.phase is Phase.ENDED else len(self.connections) - self.finished

    def differs_in_traffic_alone(self, other: SessionState) -> bool:
        """Whether nothing but the figures of what was received and sent may differ from those of another state."""
        return bool(_beside_traffic(self) == _beside_traffic(other))

    def connection(self, connection: ConnectionId) -> ConnectionState | None:
        """That connection, standing or over; None if it was over too long ago."""
        if self.phase is Phase.ENDED:  # of a recovered journal they come in any order
            return next((one for one in (*self.connections, *self.over) if one.connection == connection), None)
        return find_standing(self.connections, connection) or next(
            (one for one in self.over if one.connection == connection), None
        )

    def pair(self, connection: ConnectionId) -> frozenset[ConnectionId]:
        """That connection and, where what it says is passed on, the other one of the two, if it is known."""
        known = self.connection(connection) if self.role.passes_on else None
        others = (*self.connections, *self.over) if known is not None else ()
        return frozenset({connection, *(one.connection for one in others if known and one.number == -known.number)})

    @property
    def is_open_to_the_network(self) -> bool:
        """Whether machines other than this one can reach the server."""
        is_listening = self.phase is Phase.OPEN and self.role.listens
        return is_listening and any(not address.is_loopback for address in self.addresses)


_FIGURES = {
    "received", "bytes_in", "bytes_out", "sent_at", "bytes_in_of", "bytes_out_of", "entries", "answers", "between",
}  # fmt: skip
_beside_traffic = attrgetter(*(each.name for each in fields(SessionState) if each.name not in _FIGURES))


def find_standing(connections: Sequence[ConnectionState], connection: ConnectionId) -> ConnectionState | None:
    """One of the standing connections of a session, which are in the order of their ids; reads but a few of them."""
    place = bisect_left(connections, connection, key=_id_of)
    found = connections[place] if place < len(connections) else None
    return found if found is not None and found.connection == connection else None


_id_of = attrgetter("connection")


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether the conversation is being kept."""

    path: Path | None
    failure: Explanation | None = None  # set while recording has stopped
    since: float | None = None  # time.time() when it stopped
    lost: int = 0  # entries of this run that were not recorded, or that no view was told of yet
    moved_from: Path | None = None  # the file before this one, which was deleted or replaced while it was written
    was_full: bool = False  # that one is as it was: it had reached its limit


class Retry(NamedTuple):
    """A client that comes back by itself: how often in vain since it last stood, and when it tries again.

    ``due`` is a reading of ``core.clock.monotonic_ns()``.
    """

    tries: int
    due: int
    why: str


class _Session:
    """The mutable account of one session between two states."""

    def __init__(self, state: SessionState) -> None:
        self.state = state
        self.connections: dict[ConnectionId, ConnectionState] = {}
        self.over: deque[ConnectionState] = deque(maxlen=MOST_OVER)
        self.received = self.bytes_in = self.bytes_out = self.sent_at = self.finished = 0
        self.bytes_in_of: defaultdict[ConnectionId, int] = defaultdict(int)
        self.bytes_out_of: defaultdict[ConnectionId, int] = defaultdict(int)
        self.response_times = ResponseTimes(state.role)

    def count(self, run: Sequence[Any], *, measures: bool) -> None:
        """Take in bytes received and sent, all of them or, if something is wrong with them, none."""
        received, sent = 0, None
        bytes_in, bytes_out = self.bytes_in, self.bytes_out
        bytes_in_of, bytes_out_of = self.bytes_in_of.copy(), self.bytes_out_of.copy()
        for event in run:
            size = len(event[3])
            if type(event) is Received:
                received += 1
                bytes_in += size
                bytes_in_of[event[1]] += size
            else:
                sent = event
                bytes_out += size
                bytes_out_of[event[1]] += size
        if sent is not None:
            self.sent_at = sent.at
        self.received += received
        self.bytes_in, self.bytes_out = bytes_in, bytes_out
        self.bytes_in_of, self.bytes_out_of = bytes_in_of, bytes_out_of
        for event in run if measures else ():
            (self.response_times.receive if type(event) is Received else self.response_times.send)(event)

    def freeze(self, connections_changed: bool, entries: int) -> SessionState:
        connections = tuple(self.connections.values()) if connections_changed else self.state.connections
        self.state = replace(
            self.state,
            connections=connections,
            finished=self.finished,
            over=tuple(self.over) if connections_changed else self.state.over,
            received=self.received,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            sent_at=self.sent_at,
            bytes_in_of=dict(self.bytes_in_of),
            bytes_out_of=dict(self.bytes_out_of),
            entries=entries,
            answers=self.response_times.answers,
            between=self.response_times.between,
        )
        return self.state


class Ledger:
    """Folds events into states. Not shared: one thread at a time."""

    def __init__(self) -> None:
        self._sessions: dict[SessionId, _Session] = {}
        self._budget = Budget()

    def fold(
        self,
        events: Sequence[Event],
        entries: Mapping[SessionId, int],
        failed: Callable[[Exception], None] | None = None,
    ) -> tuple[SessionState, ...]:
        """Take in what happened; return the new states of the sessions that it touched.

        ``entries`` is how many of each session's entries are in the journal by now. ``failed`` gets what an event
        raised that cannot be taken in, and the others are; without it, that is raised.
        """
        touched: dict[SessionId, bool] = {}
        measures = self._budget.allows(events)
        for part in _parts(events):
            self._fold(part, touched, measures, failed)
        if not measures:
            for session_id in touched:
                self._sessions[session_id].response_times.start_anew()
        return tuple(
            self._sessions[session_id].freeze(changed, entries.get(session_id, 0))
            for session_id, changed in touched.items()
        )

    def _fold(
        self,
        part: Sequence[Event],
        touched: dict[SessionId, bool],
        measures: bool,
        failed: Callable[[Exception], None] | None,
    ) -> None:
        """Take in bytes of one session, or one other event; ``touched`` learns whether it is about connections."""
        event = part[0]
        try:
            session = self._sessions.get(event.session)
            if session is None:
                session = self._sessions[event.session] = _Session(_first_state(event))
            if isinstance(event, Received | Sent):
                session.count(part, measures=measures)
                touched.setdefault(event.session, False)
            else:
                _apply(session, event)
                touched[event.session] = True
        except Exception as error:
            if len(part) > 1:
                for each in part:
                    self._fold((each,), touched, measures, failed)
            elif failed is None:
                raise
            else:
                failed(error)

    @property
    def states(self) -> tuple[SessionState, ...]:
        """Every session of this run, in the order in which they were opened."""
        return tuple(session.state for session in self._sessions.values())


def _parts(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """The same in their order: bytes of one session that follow one another together, everything else by itself."""
    if _TRAFFIC.issuperset(map(type, events)) and len(set(map(_SESSION, cast("Any", events)))) == 1:
        yield events
        return
    for _key, run in groupby(
        enumerate(events), lambda each: each[1].session if type(each[1]) in _TRAFFIC else -1 - each[0]
    ):
        yield [event for _place, event in run]


def _first_state(event: Event) -> SessionState:
    if not isinstance(event, SessionOpened):
        raise ValueError(f"the first event of session {event.session} is {type(event).__name__}, not SessionOpened")
    return SessionState(event.session, event.role, event.target, event.framing, event.reply, tls=event.tls)


def _apply(session: _Session, event: Event) -> None:
    """What a control event changes."""
    match event:
        case Listening():
            session.state = replace(session.state, phase=Phase.OPEN, addresses=event.addresses)
        case Opened():
            session.connections[event.connection] = ConnectionState(
                event.connection, event.number, event.local, event.peer, is_securing=event.tls, process=event.process
            )
            session.bytes_in_of[event.connection] = session.bytes_out_of[event.connection] = 0
            session.response_times.begin(event.connection, is_onward=event.number < 0)
            phase = session.state.phase if event.tls and session.state.role.dials else Phase.OPEN
            session.state = replace(session.state, phase=phase, accepted=session.state.accepted + 1, retry=None)
        case Retrying():
            retry = Retry(event.tries, event.at + int(event.pause * 1e9), event.why)
            session.state = replace(session.state, phase=Phase.STARTING, retry=retry)
        case TlsBegun() | TlsHandshake() if event.connection in session.connections:
            _secure(session, event)
        case PeerFinished() if event.connection in session.connections:
            connection = session.connections[event.connection]
            session.connections[event.connection] = replace(connection, can_receive=False)
        case WeFinished() if event.connection in session.connections:
            connection = session.connections[event.connection]
            session.connections[event.connection] = replace(connection, can_send=False)
            session.finished += connection.can_send
        case Onward() | ReplyChanged() | FramingChanged():
            session.state = _changed(session.state, event)
        case Closed():
            _close(session, event)
        case SessionClosed():
            session.state = replace(
                session.state, phase=Phase.ENDED, failure=event.failure, cancelled=event.cancelled, retry=None
            )
        case TurnedAway() | NotSent() | MessageTooLong() | Misframed() | Paused():
            session.state = _counted(session.state, event)
        case _:
            pass


def _changed(state: SessionState, event: Onward | ReplyChanged | FramingChanged) -> SessionState:
    """The state with another idea of what the session does."""
    match event:
        case Onward():
            return replace(state, onward=event.target, onward_tls=event.tls)
        case ReplyChanged():
            return replace(state, reply=event.reply)
        case FramingChanged():
            return replace(state, framing=event.framing)


def _secure(session: _Session, event: TlsBegun | TlsHandshake) -> None:
    """A connection begins a TLS handshake or has ended one; who dials can talk from then on."""
    connection = session.connections[event.connection]
    if isinstance(event, TlsBegun):
        session.connections[event.connection] = replace(connection, is_securing=True)
        return
    session.connections[event.connection] = replace(connection, is_securing=False, tls=event.handshake)
    if not event.handshake.failure:
        session.state = replace(session.state, phase=Phase.OPEN)


def _close(session: _Session, event: Closed) -> None:
    """A connection is over. With its only one a session is too: until it says so itself, nobody can speak in it."""
    closed = session.connections.pop(event.connection, None)
    if closed is not None:
        session.finished -= not closed.can_send
        if len(session.over) == MOST_OVER:
            session.bytes_in_of.pop(session.over[0].connection, None)
            session.bytes_out_of.pop(session.over[0].connection, None)
        session.over.append(replace(closed, can_receive=False, can_send=False, ending=event.ending))
        if not session.state.role.many_connections:
            session.state = replace(session.state, phase=Phase.ENDED)
    session.response_times.forget(event.connection)
    if event.ending is Ending.HTTP:
        refused = session.state.http_refused.plus(event.at, "a server that answers by itself refuses HTTP")
        session.state = replace(session.state, http_refused=refused)


def _counted(state: SessionState, event: TurnedAway | NotSent | MessageTooLong | Misframed | Paused) -> SessionState:
    """The state with one thing more that went wrong."""
    match event:
        case TurnedAway():
            return replace(state, turned_away=state.turned_away.plus(event.at, event.why, count=event.count))
        case NotSent(is_told=True):
            return state
        case NotSent():
            return replace(state, not_sent=state.not_sent.plus(event.at, event.why, event.size))
        case MessageTooLong():
            return replace(state, too_long=state.too_long.plus(event.at, "longer than the limit", event.skipped))
        case Paused():
            why = f"{event.answers:,} answers in a row and no person between"
            return replace(state, paused=state.paused.plus(event.at, why))
        case Misframed():
            return replace(state, misframed=state.misframed.plus(event.at, event.why))
