"""The state of a socket for people: which it is, the way it came, its figures, whether its peer reads. No tkinter."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.events import RESETS_OF_OURS, Ending
from core.journal.recording.ledger import Phase
from core.tcp import TcpState
from core.words import connection_name, duration, human_bytes

if TYPE_CHECKING:
    from core.address import Address
    from core.events import ConnectionId
    from core.journal.recording.ledger import ConnectionState, SessionState
    from core.tcp import SocketFacts

CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED = TcpState.CLOSED, TcpState.LISTEN, TcpState.SYN_SENT, TcpState.SYN_RECEIVED
ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 = TcpState.ESTABLISHED, TcpState.FIN_WAIT_1, TcpState.FIN_WAIT_2
CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT = (
    TcpState.CLOSE_WAIT, TcpState.CLOSING, TcpState.LAST_ACK, TcpState.TIME_WAIT,
)  # fmt: skip

EDGES: tuple[tuple[TcpState, TcpState], ...] = (
    (CLOSED, LISTEN), (CLOSED, SYN_SENT), (LISTEN, SYN_RECEIVED), (SYN_SENT, SYN_RECEIVED),
    (SYN_SENT, ESTABLISHED), (SYN_RECEIVED, ESTABLISHED), (ESTABLISHED, FIN_WAIT_1), (ESTABLISHED, CLOSE_WAIT),
    (FIN_WAIT_1, FIN_WAIT_2), (FIN_WAIT_1, CLOSING), (FIN_WAIT_1, TIME_WAIT), (FIN_WAIT_2, TIME_WAIT),
    (CLOSING, TIME_WAIT), (CLOSE_WAIT, LAST_ACK), (LAST_ACK, CLOSED), (TIME_WAIT, CLOSED),
)  # fmt: skip
"""The ways from state to state of RFC 9293, figure 5, without resets and deleted sockets, which lead to CLOSED."""

PLACES: dict[TcpState, tuple[int, int]] = {
    CLOSED: (1, 0), LISTEN: (0, 1), SYN_SENT: (2, 1), SYN_RECEIVED: (0, 2), ESTABLISHED: (2, 2), FIN_WAIT_1: (0, 3),
    CLOSE_WAIT: (2, 3), FIN_WAIT_2: (0, 4), CLOSING: (1, 4), LAST_ACK: (2, 4), TIME_WAIT: (0, 5),
}  # fmt: skip
"""Where each stands in the diagram: the column and the row."""

SHORT = {
    SYN_RECEIVED: "SYN-R", ESTABLISHED: "ESTAB", FIN_WAIT_1: "FIN-W1", FIN_WAIT_2: "FIN-W2", CLOSE_WAIT: "CLS-W",
    LAST_ACK: "L-ACK", TIME_WAIT: "TIME-W", CLOSING: "CLSNG", SYN_SENT: "SYN-S",
}  # fmt: skip
"""Names for boxes that are too narrow, as ss and netstat have them, or nearly."""

LOOK_EVERY_MS = 500
STALLED_AFTER_NS = 1_000_000_000
MOST_OFFERED = 50
_RESETS = RESETS_OF_OURS | {Ending.PEER_RESET, Ending.LOST, Ending.FAILED, Ending.UNREACHABLE}


class Watched(NamedTuple):
    """A socket that can be looked at: the listener, or a connection by its id."""

    connection: ConnectionId | None
    local: Address | None
    peer: Address | None = None


@dataclass(frozen=True, slots=True)
class SocketView:
    """What the pane shows. ``way`` are the states up to the present one, the last of them."""

    options: tuple[tuple[Watched, str], ...] = ()
    chosen: Watched | None = None
    way: tuple[TcpState, ...] = ()
    is_inferred: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    gauge: str = ""  # that the peer does not read
    fill: float = 0.0  # how much waits, 0 to 1 of what may


def sockets_of(state: SessionState, alone: ConnectionState | None) -> tuple[list[tuple[Watched, str]], Watched | None]:
    """The sockets of a session with their names, and the one to begin with."""
    found: list[tuple[Watched, str]] = []
    if state.role.is_captured or state.role.datagrams:
        return found, None
    if state.role.listens:
        local = state.addresses[0] if state.addresses else state.target
        found.append((Watched(None, local), f"listens on {local}"))
    elif not state.connections and not state.over:
        found.append((Watched(None, None, state.target), f"calls {state.target}"))
    known = [*state.connections[-MOST_OFFERED:], *state.over[: -1 - MOST_OFFERED : -1]]
    if alone is not None and all(one.connection != alone.connection for one in known):
        known.append(alone)
    found += [
        (Watched(one.connection, one.local, one.peer), f"{connection_name(one.number)}  {one.peer}") for one in known
    ]
    wanted = alone.connection if alone is not None else known[0].connection if known else None
    return found, next((watched for watched, _words in found if watched.connection == wanted), None)


def inferred(state: SessionState, watched: Watched) -> tuple[TcpState, ...]:
    """The way of a socket as our own events tell it, up to the state that it is in by now as far as they can tell."""
    if watched.connection is None:
        if not state.role.listens:
            return (CLOSED, SYN_SENT) if state.phase is Phase.STARTING else (CLOSED,)
        is_over = state.phase is Phase.ENDED
        if state.phase is Phase.STARTING:
            return (CLOSED,)
        return (CLOSED, LISTEN, CLOSED) if is_over else (CLOSED, LISTEN)
    found = next((one for one in (*state.connections, *state.over) if one.connection == watched.connection), None)
    if found is None:
        return ()
    came = state.role.listens and found.number > 0
    way = (LISTEN, SYN_RECEIVED, ESTABLISHED) if came else (CLOSED, SYN_SENT, ESTABLISHED)
    if found.ending is not None:
        return way_to(way, CLOSED, is_reset=found.ending in _RESETS, peer_first=found.ending is Ending.PEER_FINISHED)
    if not found.can_receive:
        return (*way, CLOSE_WAIT, LAST_ACK) if not found.can_send else (*way, CLOSE_WAIT)
    return (*way, FIN_WAIT_1, FIN_WAIT_2) if not found.can_send else way


def way_to(
    way: Sequence[TcpState], state: TcpState, *, is_reset: bool = False, peer_first: bool = False
) -> tuple[TcpState, ...]:
    """A way that leads on to a state, by the shortest path of the diagram; one that was reset goes to CLOSED at once.

    ``peer_first`` is for a way that leads on from ESTABLISHED: the peer said goodbye first.
    """
    if not way or way[-1] is state:
        return tuple(way) or (state,)
    start = way[-1]
    if is_reset and state is CLOSED:
        return (*way, state)
    if start is ESTABLISHED and peer_first and state is CLOSED:
        return (*way, CLOSE_WAIT, LAST_ACK, CLOSED)
    paths: deque[tuple[TcpState, ...]] = deque([(start,)])
    seen = {start}
    while paths:
        path = paths.popleft()
        if path[-1] is state:
            return (*way, *path[1:])
        for one, two in EDGES:
            if one is path[-1] and two not in seen:
                seen.add(two)
                paths.append((*path, two))
    return (*way, state)


def facts_in_words(facts: SocketFacts | None) -> tuple[tuple[str, str], ...]:
    """The figures of a socket, by name; only those that are known."""
    if facts is None:
        return ()
    found = [("Waits here", human_bytes(facts.waiting))]
    if facts.unconfirmed is not None:
        found.append(("Not acknowledged", human_bytes(facts.unconfirmed)))
    info = facts.info
    if info is not None:
        found += [
            ("Round trip", f"{duration(info.rtt * 1000)} ± {duration(info.rtt_deviation * 1000)}"),
            ("Sent again", f"{info.retransmits:,} segments in all"),
            ("On their way", f"{info.unacknowledged:,} segments"),
            ("Congestion window", f"{info.congestion_window:,} segments of {info.mss:,} bytes"),
        ]
        if info.peer_window is not None:
            found.append(("Peer's window", human_bytes(info.peer_window)))
    return tuple(found)


class Gauge:
    """Notices for how long a peer has not taken anything of what waits."""

    def __init__(self) -> None:
        self._waiting, self._since = 0, 0

    def look(self, waiting: int, now: int) -> str:
        """What there is to say, with so many bytes waiting at that time (ns); empty while the peer reads."""
        if waiting < self._waiting or not waiting or not self._waiting:
            self._since = now
        self._waiting = waiting
        if not waiting or now - self._since < STALLED_AFTER_NS:
            return ""
        return f"The peer is not reading: {human_bytes(waiting)} wait, for {duration(now - self._since)}."
