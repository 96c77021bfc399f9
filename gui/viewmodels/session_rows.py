"""The rows of the list of sessions: what each is called, how it stands, and which are worth one. Pure; no tkinter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from core.events import ConnectionId, Ending, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.journal.recording.notes import GOOD_ENDINGS
from core.tls.facts import Trust
from core.words import connection_name
from gui.viewmodels.window_view import SessionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.address import Address
    from core.roles import Role
    from core.text_safety import TextSafety
    from gui.viewmodels.window_state import WindowState

MOST_CONNECTION_ROWS = 100  # of one server, beside those that are over
MOST_SESSION_ROWS = 200
OVER = "over"  # ends the keys of the rows under which stands what is over

_ENDED = {
    Ending.PEER_FINISHED: "over (FIN)",
    Ending.PEER_RESET: "reset (RST)",
    Ending.LOST: "lost",
    Ending.UNREACHABLE: "lost",
    Ending.STALLED: "stalled",
    Ending.IDLE: "idle",
    Ending.LIMIT: "over a limit",
    Ending.OURS: "closed",
    Ending.OURS_RESET: "aborted",
    Ending.HTTP: "spoke HTTP",
    Ending.REPLY: "said stop",
    Ending.RULE: "over (rule)",
    Ending.RULE_RESET: "reset (rule)",
    Ending.PROGRAM: "over (exit)",
    Ending.HANDLER: "over (file)",
    Ending.SERVER_STOPPED: "over",
    Ending.NO_TARGET: "no target",
    Ending.PASSED_ON: "closed",
    Ending.PASSED_RESET: "reset",
    Ending.FAULT_CUT: "cut (fault)",
    Ending.FAULT_RESET: "reset (fault)",
    Ending.HANDSHAKE: "no TLS",
    Ending.ALERT: "TLS alert",
    Ending.TRUNCATED: "cut off",
    Ending.FORGOTTEN: "forgotten",
    Ending.FAILED: "failed",
}

_ENDED_BY = {
    Ending.PEER_FINISHED: "The {peer} ended this (FIN)",
    Ending.PEER_RESET: "The {peer} reset this (RST)",
    Ending.LOST: "This was lost",
    Ending.UNREACHABLE: "This was lost",
    Ending.OURS_RESET: "You aborted this (RST)",
}  # of any other it is said that it is over


def row_key(session: SessionId | None, connection: ConnectionId | None = None) -> str:
    """How the session list calls a row."""
    if session is None:
        return ""
    return f"s{session}" if connection is None else f"s{session}c{connection}"


def parse_row_key(key: str) -> tuple[SessionId, ConnectionId | None]:
    """What a row of the session list stands for. Raises ``ValueError`` for one that stands for no conversation."""
    session, _, connection = key.removeprefix("s").partition("c")
    return SessionId(int(session)), ConnectionId(int(connection)) if connection else None


def session_rows(window_state: WindowState) -> tuple[SessionRow, ...]:
    """The rows of the session list, what is over below the others; none while there is only one thing to see."""
    live, over = _live_and_over(window_state)
    live, over = live[-MOST_SESSION_ROWS:], over[: max(0, MOST_SESSION_ROWS - len(live))]
    namesakes = Counter((state.role, state.target) for state in (*live, *over))
    rows: list[SessionRow] = []
    for state in live:
        rows.append(_session_row(window_state, state, "", namesakes))
        if state.role.many_connections:
            rows += _connection_rows(window_state, state)
    if over:
        unread = sum(window_state.unread.get(state.session, 0) for state in over)
        rows.append(_fold("", len(over), unread))
    for state in over:
        rows.append(_session_row(window_state, state, OVER, namesakes))
        if state.role.many_connections:
            rows += _connection_rows(window_state, state)
    if window_state.names:
        rows = [_named(window_state, row) for row in rows]
    return tuple(rows) if sum(not row.is_note for row in rows[:4]) > 1 else ()


def next_session(window_state: WindowState, step: int) -> SessionId | None:
    """The session ``step`` further in the list, around its end."""
    live, over = _live_and_over(window_state)
    order = [state.session for state in (*live, *over)]
    if not order:
        return None
    place = order.index(window_state.selected) if window_state.selected in order else -1
    return order[(place + step) % len(order)]


def rows_over(window_state: WindowState) -> tuple[str, ...]:
    """The keys of everything in the list that is over: sessions, and connections of servers that go on."""
    live, over = _live_and_over(window_state)
    connections = (row_key(state.session, one.connection) for state in live for one in _over_connections(state))
    return (
        *(row_key(state.session) for state in over),
        *(key for key in connections if key not in window_state.removed),
    )


def place_words(state: SessionState) -> str:
    """Where a session is: what was asked for, with the port that was found for port 0."""
    if state.target.port == 0 and state.addresses and not state.target.is_local:
        host = f"[{state.target.host}]" if ":" in state.target.host else state.target.host
        return f"{host}:{state.addresses[0].port}"
    return str(state.target)


def onward_words(state: SessionState) -> str:
    """What is dialled for each peer, as it was asked for; empty if nothing is."""
    return f"{'tls://' if state.onward_tls else ''}{state.onward}" if state.onward is not None else ""


def session_words(window_state: WindowState, state: SessionState) -> str:
    """What a session is called: ``Server 127.0.0.1:5555``, with the day if it is an earlier run's."""
    name = window_state.names.get(row_key(state.session), "")
    onward = f" → {onward_words(state)}" if state.onward is not None else ""
    place = f"{state.role.title} {place_words(state)}{onward}{_day(window_state, state)}"
    return window_state.safety.field(f"{name}  ·  {place}" if name else place)


def row_state(state: SessionState) -> str:
    """How a session stands: "live", "waiting", "over" or "failed"."""
    if state.phase is Phase.ENDED:
        is_bad = state.failure is not None or state.has_no_end or not _went_well(_last(state))
        return "failed" if is_bad else "over"
    return "live" if state.phase is Phase.OPEN else "waiting"


def ending_words(connection: ConnectionState) -> str:
    """How a connection ended, in a word or two; "over" if nobody knows."""
    return _ENDED[connection.ending] if connection.ending is not None else "over"


def ending_sentence(state: SessionState, *, is_archived: bool = False) -> str:
    """How a session that is over has ended, in a few words in front of what can be done about it."""
    known = _last(state)
    if is_archived:
        return "This is from an earlier run"
    if state.failure is not None and not state.accepted:
        return "This failed"
    if state.cancelled and not state.accepted:
        return "This was cancelled"
    words = _ENDED_BY.get(known.ending, "") if known is not None and known.ending is not None else ""
    return words.format(peer=state.role.peer) or "This is over"


def _worth_a_row(window_state: WindowState) -> list[SessionState]:
    """The sessions, without attempts that came to nothing and were made again since, and what was taken out."""
    newest = {(state.role, state.target): state.session for state in window_state.sessions.values()}
    return [
        state
        for state in window_state.sessions.values()
        if (state.accepted or state.phase is not Phase.ENDED or newest[state.role, state.target] == state.session)
        and row_key(state.session) not in window_state.removed
    ]


def _live_and_over(window_state: WindowState) -> tuple[list[SessionState], list[SessionState]]:
    """The sessions worth a row that go on, in the order of their beginnings, and the others, the newest first."""
    states = _worth_a_row(window_state)
    over = [state for state in reversed(states) if state.phase is Phase.ENDED]
    return [state for state in states if state.phase is not Phase.ENDED], over


def _fold(parent: str, count: int, unread: int = 0) -> SessionRow:
    """The row under which others stand that are over."""
    words = "1 that is over" if count == 1 else f"{count:,} that are over"
    return SessionRow(f"{parent}{OVER}", parent, words, "note", unread=unread)


def _session_row(
    window_state: WindowState, state: SessionState, parent: str, namesakes: Counter[tuple[Role, Address]]
) -> SessionRow:
    is_alone = namesakes[state.role, state.target] == 1 and state.session not in window_state.archived
    place = f"{state.role.title} {place_words(state)}" if is_alone else _in_short(window_state, state)
    unread = window_state.unread.get(state.session, 0)
    words = window_state.safety.field(place)
    faults = "faults" if state.session in window_state.faulty and state.phase is Phase.OPEN else ""
    waiting = window_state.held.get(state.session, 0)
    held = f"holds {waiting:,}" if waiting else ""
    word = ", ".join(filter(None, (_word(state, window_state.now), faults, held)))
    return SessionRow(row_key(state.session), parent, words, row_state(state), None, word, unread)


def _named(window_state: WindowState, row: SessionRow) -> SessionRow:
    """The row with the name that a person gave it, if there is one."""
    name = window_state.names.get(row.key)
    if name is None:
        return row
    words = window_state.safety.field(name if row.number is None else f"{connection_name(row.number)}  {name}")
    return replace(row, text=words, address=row.text.partition("  ")[2] if row.number is not None else row.text)


def _day(window_state: WindowState, state: SessionState) -> str:
    begun = window_state.archived.get(state.session)
    return f"  ·  {begun}" if begun else ""


def _in_short(window_state: WindowState, state: SessionState) -> str:
    """A name with room for what tells it from others of the same place: a client's own port, the day."""
    known = _last(state)
    if state.target.is_local:
        return f"{state.role.title} {place_words(state)}{_day(window_state, state)}"
    own = f":{known.local.port} → " if known is not None and state.session not in window_state.archived else ""
    is_here = state.target.is_loopback and (own or state.session in window_state.archived)
    place = f":{state.target.port}" if is_here else place_words(state)
    return f"{state.role.title} {own}{place}{_day(window_state, state)}"


def _last(state: SessionState) -> ConnectionState | None:
    """The connection, standing or over, of a session that has only one."""
    if state.role.many_connections:
        return None
    return next(iter((*state.connections, *state.over)), None)


def _went_well(connection: ConnectionState | None) -> bool:
    return connection is None or connection.ending is None or connection.ending in GOOD_ENDINGS


def waiting_words(state: SessionState, now: int) -> str:
    """What a session does that has not begun: it starts, or, as ``try 7 in 12 s``, comes back by itself.

    ``now`` is a reading of ``core.clock.monotonic_ns()``.
    """
    if state.retry is None:
        return state.role.waiting
    seconds = -((now - state.retry.due) // 1_000_000_000)
    return f"try {state.retry.tries + 1:,} {f'in {seconds:,} s' if seconds > 0 else 'now'}"


def _word(state: SessionState, now: int) -> str:
    """What there is to say behind the name of a session in which not everybody can speak to somebody."""
    if state.phase is Phase.STARTING:
        return waiting_words(state, now)
    if state.phase is Phase.OPEN and state.role.many_connections:
        return "" if state.connections else "nobody"
    if state.phase is Phase.OPEN:
        return _standing(state.connections[0]) if state.connections else ""
    if state.has_no_end:
        return "cut short"
    if state.failure is not None:
        return "failed"
    if state.cancelled and not state.accepted:
        return "cancelled"
    known = _last(state)
    return ending_words(known) if known is not None else "over"


def _connection_rows(window_state: WindowState, state: SessionState) -> list[SessionRow]:
    parent = row_key(state.session)
    is_over = state.phase is Phase.ENDED  # of a journal that breaks off nobody knows how they ended

    def rows_of(connections: Iterable[ConnectionState], above: str) -> list[SessionRow]:
        rows = (_connection_row(window_state.safety, parent, above, _Same(one), is_over) for one in connections)
        return [row for row in rows if row.key not in window_state.removed]

    over = rows_of(_over_connections(state), f"{parent}{OVER}" if not is_over else parent)
    rows = rows_of(state.connections[:MOST_CONNECTION_ROWS], parent)
    surplus = len(state.connections) - MOST_CONNECTION_ROWS
    if surplus > 0:
        rows.append(SessionRow(f"{parent}more", parent, f"… and {surplus:,} more", "note"))
    if over and state.phase is not Phase.ENDED:
        rows.append(_fold(parent, len(over)))
    return rows + over


def _over_connections(state: SessionState) -> Sequence[ConnectionState]:
    """The connections of a server that are over, the newest first."""
    return state.over[::-1] if state.role.many_connections else ()


class _Same:
    """A connection's state as a key: the very same, for it is frozen; to compare its values takes longer."""

    __slots__ = ("connection",)

    def __init__(self, connection: ConnectionState) -> None:
        self.connection = connection

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.connection is other.connection

    def __hash__(self) -> int:
        return id(self.connection)


@lru_cache(maxsize=4096)  # most connections are as they were when the window was last shown
def _connection_row(safety: TextSafety, session: str, parent: str, same: _Same, is_over: bool) -> SessionRow:
    """The row of a connection, below ``parent``; ``session`` is the key of its session's."""
    connection = same.connection
    key = f"{session}c{connection.connection}"
    words = safety.field(f"{connection_name(connection.number)}  {_peer(connection)}")
    if connection.ending is not None:
        standing = "over" if connection.ending in GOOD_ENDINGS else "failed"
        return SessionRow(key, parent, words, standing, connection.number, ending_words(connection))
    if is_over:
        return SessionRow(key, parent, words, "over", connection.number, "over")
    return SessionRow(key, parent, words, "live", connection.number, _standing(connection))


def tls_words(connection: ConnectionState) -> str:
    """The version of TLS that a standing connection speaks, and whether nobody looked who is there; empty without."""
    if connection.is_securing:
        return "TLS handshake"
    tls = connection.tls
    if tls is None or tls.failure:
        return ""
    return f"not verified, {tls.version}" if tls.trust is Trust.UNVERIFIED else tls.version


def _standing(connection: ConnectionState) -> str:
    """Who has finished sending, and what is spoken, in a few words."""
    return ", ".join(filter(None, (_half_closed(connection), tls_words(connection))))


def _half_closed(connection: ConnectionState) -> str:
    """Who of the two has finished sending, in a word or two."""
    if not connection.can_send:
        return "you finished" if connection.can_receive else "both finished"
    return "" if connection.can_receive else "has finished"


def _peer(connection: ConnectionState) -> str:
    peer = connection.peer
    if peer.is_local:
        return connection.process or connection.peer_name
    return f":{peer.port}" if peer.is_loopback else str(peer)
