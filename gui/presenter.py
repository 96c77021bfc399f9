"""What each pane shows, worked out from the states of the sessions and what the person has chosen.

Pure functions of values; no tkinter. A pane that gets the same value twice has nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from core.events import ConnectionId, Role, SessionId
from core.journal.ledger import ConnectionState, Phase, SessionState
from core.text_safety import TextSafety
from gui.filtering import ConnectionRow
from gui.keys import shown
from gui.reachable import places
from gui.times import times_of
from gui.views import (
    AddressBarView,
    Button,
    ComposerView,
    ConversationView,
    Empty,
    SessionRow,
    StatusView,
    WindowView,
)

if TYPE_CHECKING:
    from core.address import Address
    from core.net.reachable import LocalAddress

MOST_CONNECTION_ROWS = 100  # of one server in the list of sessions
MOST_SESSION_ROWS = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """What a view is made from."""

    sessions: Mapping[SessionId, SessionState] = field(default_factory=dict)
    selected: SessionId | None = None
    connection: ConnectionState | None = None  # of the selected session, shown alone
    recipients: frozenset[ConnectionId] | None = None  # who gets what is written; None is everyone
    form: Address | None = None  # what host and port say, None if they make no sense
    reply: str = "letter"  # of the selected server, else of the next one
    reachable: tuple[LocalAddress, ...] = ()  # this machine's addresses that others can use
    safety: TextSafety = field(default_factory=TextSafety)
    archived: Mapping[SessionId, str] = field(default_factory=dict)  # when the journals of old sessions were begun

    @property
    def state(self) -> SessionState | None:
        """The selected session."""
        return self.sessions.get(self.selected) if self.selected is not None else None


def present(desk: Desk) -> WindowView:
    """What the window shows."""
    state = desk.state
    server, client = server_here(desk), client_here(desk)
    next_step = _next_step(desk, server, client)
    return WindowView(
        title=_window_title(desk),
        address=AddressBarView(_server_button(server, next_step), _client_button(client, next_step)),
        rows=session_rows(desk),
        selected=row_key(desk.selected, _standing(state, desk.connection.connection if desk.connection else None)),
        conversation=_conversation(desk),
        composer=_composer(desk, is_next=next_step == "send"),
        status=_status(desk),
    )


def server_here(desk: Desk) -> SessionState | None:
    """The server that runs at the address in the form: the one that Stop server stops."""
    return _here(desk, Role.SERVER)


def client_here(desk: Desk) -> SessionState | None:
    """The client that dials or talks to the address in the form: the one that Disconnect ends."""
    return _here(desk, Role.CLIENT)


def row_key(session: SessionId | None, connection: ConnectionId | None = None) -> str:
    """How the session list calls a row."""
    if session is None:
        return ""
    return f"s{session}" if connection is None else f"s{session}c{connection}"


def parse_row_key(key: str) -> tuple[SessionId, ConnectionId | None]:
    """What a row of the session list stands for."""
    session, _, connection = key.removeprefix("s").partition("c")
    return SessionId(int(session)), ConnectionId(int(connection)) if connection else None


def session_rows(desk: Desk) -> tuple[SessionRow, ...]:
    """The rows of the session list; none while there is only one thing to see."""
    rows: list[SessionRow] = []
    for state in _worth_a_row(desk)[-MOST_SESSION_ROWS:]:
        rows.append(SessionRow(row_key(state.session), "", session_words(desk, state), _row_state(state)))
        if state.role is Role.SERVER:
            rows += _connection_rows(desk, state)
    return tuple(rows) if len(rows) > 1 else ()


def next_session(desk: Desk, step: int) -> SessionId | None:
    """The session ``step`` further in the list, around its end."""
    order = [state.session for state in _worth_a_row(desk)]
    if not order:
        return None
    place = order.index(desk.selected) if desk.selected in order else -1
    return order[(place + step) % len(order)]


def human_bytes(size: int) -> str:
    """A number of bytes as people say it: ``512 B``, ``1.2 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:.1f} {unit}"
    raise AssertionError


def _worth_a_row(desk: Desk) -> list[SessionState]:
    """The sessions, without attempts that came to nothing and were made again since."""
    newest = {(state.role, state.target): state.session for state in desk.sessions.values()}
    return [
        state
        for state in desk.sessions.values()
        if state.accepted or state.phase is not Phase.ENDED or newest[state.role, state.target] == state.session
    ]


def _here(desk: Desk, role: Role) -> SessionState | None:
    """The running session of that role at the form's address: the selected one if it is, else the newest."""
    fitting = [
        state
        for state in desk.sessions.values()
        if state.role is role and state.phase is not Phase.ENDED and _is_at(state, desk.form)
    ]
    return desk.state if desk.state in fitting else fitting[-1] if fitting else None


def _is_at(state: SessionState, form: Address | None) -> bool:
    """Whether the form speaks of that session; loopback also means a server that listens on every interface."""
    if form is None:
        return False
    ports = {address.port for address in (state.target, *state.addresses)}
    if state.role is Role.SERVER and state.target.is_every_interface and form.is_loopback:
        return form.port in ports
    places = {(address.host.lower(), address.port) for address in (state.target, *state.addresses)}
    real_ports = {(state.target.host.lower(), address.port) for address in state.addresses}
    return (form.host.lower(), form.port) in places | real_ports


def _next_step(desk: Desk, server: SessionState | None, client: SessionState | None) -> str:
    """What a person is most likely to want next: "serve", "connect", "send" or nothing."""
    state = desk.state
    if state is not None and any(connection.can_send for connection in state.connections):
        return "send"
    if client is not None:
        return ""
    if server is not None:
        return "connect" if server.phase is Phase.OPEN else ""
    is_local = desk.form is None or desk.form.is_loopback or desk.form.is_every_interface
    return "serve" if is_local else "connect"


def _server_button(server: SessionState | None, next_step: str) -> Button:
    return Button("Stop server") if server else Button("Start server", is_next=next_step == "serve")


def _client_button(client: SessionState | None, next_step: str) -> Button:
    if client is None:
        return Button("Connect", is_next=next_step == "connect")
    return Button("Cancel" if client.phase is Phase.STARTING else "Disconnect")


def _window_title(desk: Desk) -> str:
    state = desk.state
    return f"{session_words(desk, state)} — Tincan" if state is not None else "Tincan"


def _place(state: SessionState) -> str:
    """Where a session is: what was asked for, with the port that was found for port 0."""
    if state.target.port == 0 and state.addresses:
        host = f"[{state.target.host}]" if ":" in state.target.host else state.target.host
        return f"{host}:{state.addresses[0].port}"
    return str(state.target)


def session_words(desk: Desk, state: SessionState) -> str:
    """What a session is called: ``Server 127.0.0.1:5555``, with the day if it is an earlier run's."""
    begun = desk.archived.get(state.session)
    when = f"  ·  {begun}" if begun else ""
    return desk.safety.field(f"{'Server' if state.role is Role.SERVER else 'Client'} {_place(state)}{when}")


def _row_state(state: SessionState) -> str:
    if state.phase is Phase.ENDED:
        return "failed" if state.failure is not None else "over"
    return "live" if state.phase is Phase.OPEN else "waiting"


def _connection_rows(desk: Desk, state: SessionState) -> list[SessionRow]:
    parent = row_key(state.session)
    rows = [
        SessionRow(
            row_key(state.session, connection.connection), parent, _connection_words(desk, connection), "live",
            connection.number,
        )
        for connection in state.connections[:MOST_CONNECTION_ROWS]
    ]  # fmt: skip
    surplus = len(state.connections) - MOST_CONNECTION_ROWS
    if surplus > 0:
        rows.append(SessionRow(f"{parent}more", parent, f"… and {surplus:,} more", "over"))
    return rows


def _connection_words(desk: Desk, connection: ConnectionState) -> str:
    peer = connection.peer
    where = f":{peer.port}" if peer.is_loopback else str(peer)
    finished = "" if connection.can_receive else "  has finished"
    return desk.safety.field(f"#{connection.number}  {where}{finished}")


def _standing(state: SessionState | None, chosen: ConnectionId | None) -> ConnectionId | None:
    """The chosen connection if it still stands."""
    if state is None or not any(connection.connection == chosen for connection in state.connections):
        return None
    return chosen


def _conversation(desk: Desk) -> ConversationView:
    state = desk.state
    if state is None:
        return ConversationView("", "", desk.reply, _START)
    reply = desk.reply if state.role is Role.SERVER else None
    return ConversationView(session_words(desk, state), _detail(desk, state), reply, _CLEARED)


_START = Empty(
    "Two cans and a string",
    "Start a server, connect to it, and say something: you are both ends of the line.",
    ((shown("toggle_server"), "start the server"), (shown("toggle_client"), "connect to it"), ("Enter", "send")),
)
_CLEARED = Empty("Nothing new yet", "The journal keeps what was here. View, Show everything brings it back.")


def _detail(desk: Desk, state: SessionState) -> str:
    """What there is to say beside a session's name."""
    if desk.connection is not None:
        over = "" if _standing(state, desk.connection.connection) else ", over"
        return f"only #{desk.connection.number} from {desk.connection.peer}{over}"
    if state.phase is Phase.ENDED:
        return "over"
    if state.phase is Phase.STARTING:
        return "starting…" if state.role is Role.SERVER else "connecting…"
    if state.role is Role.CLIENT:
        return f"from port {state.connections[0].local.port}" if state.connections else ""
    return _count(len(state.connections), "connection") if state.connections else "nobody here yet"


def _composer(desk: Desk, *, is_next: bool) -> ComposerView:
    state = desk.state
    connections = [connection for connection in state.connections if connection.can_send] if state else []
    hint = "Type a message" if connections else _why_nobody(desk, state)
    chosen = desk.recipients
    if state is None or state.role is Role.CLIENT or (len(connections) < 2 and (chosen is None or not connections)):
        return ComposerView(hint, is_next)
    return ComposerView(hint, is_next, _recipients(desk.safety, connections), chosen)


def _why_nobody(desk: Desk, state: SessionState | None) -> str:
    if state is None and desk.selected is not None:
        return "A moment…"
    if state is None:
        return f"Nobody to talk to yet: {shown('toggle_server')} starts a server, {shown('toggle_client')} connects"
    if state.role is Role.SERVER and state.phase is Phase.OPEN:
        return f"Nobody is here yet: {shown('toggle_client')} connects you to this server"
    if state.phase is Phase.STARTING:
        return "A moment…"
    if state.role is Role.SERVER:
        return f"This server is over: {shown('toggle_server')} starts it again"
    return f"This conversation is over: {shown('toggle_client')} connects again"


def _recipients(safety: TextSafety, connections: Sequence[ConnectionState]) -> tuple[ConnectionRow, ...]:
    return tuple(
        ConnectionRow(one.connection, one.number, _recipient_words(safety, one.number, one.peer)) for one in connections
    )


@lru_cache(maxsize=2048)
def _recipient_words(safety: TextSafety, number: int, peer: Address) -> str:
    return safety.field(f"#{number}  {peer}")


def _status(desk: Desk) -> StatusView:
    live = [state for state in desk.sessions.values() if state.phase is not Phase.ENDED]
    state = desk.state
    warning = _warning(desk, live)
    if state is None:
        is_coming = desk.selected is not None
        return StatusView("waiting" if is_coming else "off", "A moment…" if is_coming else "Ready", warning=warning)
    figures: tuple[str, ...] = (f"in {human_bytes(state.bytes_in)}", f"out {human_bytes(state.bytes_out)}")
    if state.session in desk.archived:
        is_counted = state.bytes_in or state.bytes_out
        words = f"from the journal of {desk.archived[state.session]}"
        return StatusView("off", desk.safety.field(words), figures if is_counted else (), warning)
    if state.failure is not None and not state.accepted:
        figures = ()
    elif state.role is Role.SERVER:
        figures = (_count(len(state.connections), "connection"), *figures)
    words = desk.safety.field(_status_words(state))
    return StatusView(_status_state(state), words, figures, warning, times_of(state))


def _status_state(state: SessionState) -> str:
    row = _row_state(state)
    return "off" if row == "over" else row


def _status_words(state: SessionState) -> str:
    place = _place(state)
    if state.role is Role.SERVER:
        listening = " and ".join(str(address) for address in state.addresses[:4]) or place
        words = {"live": f"listening on {listening}", "waiting": f"starting on {place}", "over": f"stopped: {place}"}
    else:
        words = {"live": f"connected to {place}", "waiting": f"connecting to {place}", "over": f"closed: {place}"}
    return words.get(_row_state(state)) or f"{_failed_at(state)} {place}"


def _failed_at(state: SessionState) -> str:
    """What became of it in a word; why is told in the conversation, and under the fields."""
    if state.accepted or state.addresses:
        return "broken off:"
    return "could not listen on" if state.role is Role.SERVER else "could not connect to"


def _warning(desk: Desk, live: Sequence[SessionState]) -> str:
    """Said for as long as other machines can reach a server of ours."""
    open_servers = [state for state in live if state.is_open_to_the_network]
    if not open_servers:
        return ""
    listening = [address for state in open_servers for address in state.addresses if not address.is_loopback]
    found = [place.text for place in places(listening, desk.reachable)] or [str(address) for address in listening]
    return "open to the network: " + ", ".join(list(dict.fromkeys(found))[:4])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
