"""What each pane shows, worked out from the states of the sessions and what the person has chosen.

Pure functions of values; no tkinter. A pane that gets the same value twice has nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from core.events import ConnectionId, Role, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.text_safety import TextSafety
from gui.keys import shown
from gui.viewmodels.filtering import ConnectionRow
from gui.viewmodels.reachable import places
from gui.viewmodels.session_rows import ending_words, place_words, row_key, row_state, session_rows, session_words
from gui.viewmodels.times import times_of
from gui.viewmodels.window_view import (
    AddressBarView,
    Button,
    ComposerView,
    ConversationView,
    Empty,
    StatusView,
    WindowView,
)

if TYPE_CHECKING:
    from core.address import Address
    from core.net.reachable import LocalAddress


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
    removed: frozenset[str] = frozenset()  # rows that a person has taken out of the list of sessions, by their keys

    @property
    def state(self) -> SessionState | None:
        """The selected session."""
        return self.sessions.get(self.selected) if self.selected is not None else None


def present(desk: Desk) -> WindowView:
    """What the window shows."""
    server, client = server_here(desk), client_here(desk)
    next_step = _next_step(desk, server, client)
    return WindowView(
        title=_window_title(desk),
        address=AddressBarView(_server_button(server, next_step), _client_button(client, next_step)),
        rows=session_rows(desk),
        selected=selected_row(desk),
        conversation=_conversation(desk),
        composer=_composer(desk, is_next=next_step == "send"),
        status=_status(desk),
    )


def selected_row(desk: Desk) -> str:
    """The row of the list that is on view; that of the session if its connection has none any more."""
    state, chosen = desk.state, desk.connection
    known = {one.connection for one in (*state.connections, *state.over)} if state is not None else set()
    return row_key(desk.selected, chosen.connection if chosen is not None and chosen.connection in known else None)


def server_here(desk: Desk) -> SessionState | None:
    """The server that runs at the address in the form: the one that Stop server stops."""
    return _here(desk, Role.SERVER)


def client_here(desk: Desk) -> SessionState | None:
    """The client that dials or talks to the address in the form: the one that Disconnect ends."""
    return _here(desk, Role.CLIENT)


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
        ended = next((one for one in state.over if one.connection == desk.connection.connection), None)
        over = f", {ending_words(ended)}" if ended is not None else ""
        return f"only #{desk.connection.number} from {desk.connection.peer}{over}"
    if state.phase is Phase.ENDED:
        return "failed" if state.failure is not None else "over"
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
    row = row_state(state)
    return "off" if row == "over" else row


def _status_words(state: SessionState) -> str:
    place = place_words(state)
    if state.role is Role.SERVER:
        listening = " and ".join(str(address) for address in state.addresses[:4]) or place
        words = {"live": f"listening on {listening}", "waiting": f"starting on {place}", "over": f"stopped: {place}"}
    else:
        words = {"live": f"connected to {place}", "waiting": f"connecting to {place}", "over": f"closed: {place}"}
    return words.get(row_state(state)) or f"{_failed_at(state)} {place}"


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
