"""What each pane shows, worked out from the states of the sessions and what the person has chosen.

Pure functions of values; no tkinter. A pane that gets the same value twice has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from core.journal.recording.ledger import ConnectionState, Phase, SessionState, find_standing
from core.replies import find_reply
from core.roles import ROLES, Role
from core.tls.facts import Trust
from core.words import connection_name, counted, human_bytes, with_capital
from gui.keys import shown
from gui.viewmodels.filtering import RecipientRows
from gui.viewmodels.reachable import places
from gui.viewmodels.session_rows import (
    ending_sentence,
    ending_words,
    onward_words,
    place_words,
    row_key,
    row_state,
    session_rows,
    session_words,
    tls_words,
    waiting_words,
)
from gui.viewmodels.window_view import (
    AddressBarView,
    Button,
    ComposerView,
    ConversationView,
    Empty,
    StatusView,
    WindowView,
    reply_words,
    times_of,
)

if TYPE_CHECKING:
    from core.address import Address
    from gui.viewmodels.window_state import WindowState


def present(window_state: WindowState) -> WindowView:
    """What the window shows."""
    server, client = server_here(window_state), client_here(window_state)
    next_step = _next_step(window_state, server, client)
    return WindowView(
        title=_window_title(window_state),
        address=AddressBarView(
            _server_button(server, next_step),
            _client_button(client, next_step),
            window_state.tls,
            datagrams=window_state.datagrams,
            has_port=window_state.form is None or not window_state.form.is_local,
        ),
        rows=session_rows(window_state),
        selected=selected_row(window_state),
        conversation=_conversation(window_state),
        composer=_composer(window_state, is_next=next_step == "send"),
        status=_status(window_state),
    )


def selected_row(window_state: WindowState) -> str:
    """The row of the list that is on view; that of the session if its connection has none any more."""
    state, chosen = window_state.state, window_state.connection
    has_row = state is not None and chosen is not None and state.connection(chosen.connection) is not None
    return row_key(window_state.selected, chosen.connection if chosen is not None and has_row else None)


def server_here(window_state: WindowState) -> SessionState | None:
    """The server that runs at the address in the form: the one that Cancel and Stop server stop."""
    return _here(window_state, [state for state in window_state.sessions.values() if state.role.listens])


def client_here(window_state: WindowState) -> SessionState | None:
    """The client that dials or talks to the address in the form: the one that Cancel and Disconnect end."""
    return _here(window_state, [state for state in window_state.sessions.values() if state.role.dials])


def _here(window_state: WindowState, states: Iterable[SessionState]) -> SessionState | None:
    """The one of these that runs at the form's address: the selected one if it does, else the newest."""
    fitting = [state for state in states if state.phase is not Phase.ENDED and _is_of_form(window_state, state)]
    return window_state.state if window_state.state in fitting else fitting[-1] if fitting else None


def _is_of_form(window_state: WindowState, state: SessionState) -> bool:
    """Whether host and port speak of that session."""
    return state.role.datagrams is window_state.datagrams and _is_at(state, window_state.form)


def _is_at(state: SessionState, form: Address | None) -> bool:
    """Whether the form speaks of that session; loopback also means a server that listens on every interface."""
    if form is None:
        return False
    ports = {address.port for address in (state.target, *state.addresses)}
    if form.is_local:
        return form == state.target
    if state.role.listens and state.target.is_every_interface and form.is_loopback:
        return form.port in ports
    places = {(address.host.lower(), address.port) for address in (state.target, *state.addresses)}
    real_ports = {(state.target.host.lower(), address.port) for address in state.addresses}
    return (form.host.lower(), form.port) in places | real_ports


def _next_step(window_state: WindowState, server: SessionState | None, client: SessionState | None) -> str:
    """What a person is most likely to want next: "serve", "connect", "send" or nothing."""
    if _is_heard(window_state):
        return "send"
    if client is not None:
        return ""
    if server is not None:
        return "connect" if server.phase is Phase.OPEN else ""
    is_local = window_state.form is None or window_state.form.is_loopback or window_state.form.is_every_interface
    return "serve" if is_local else "connect"


def _server_button(server: SessionState | None, next_step: str) -> Button:
    return _stop_button(server) if server is not None else Button("Start server", is_next=next_step == "serve")


def _client_button(client: SessionState | None, next_step: str) -> Button:
    return _stop_button(client) if client is not None else Button("Connect", is_next=next_step == "connect")


def _stop_button(state: SessionState) -> Button:
    """Cancel while it starts, and stop while it stands."""
    is_first_time = state.phase is Phase.STARTING and state.retry is None
    return Button(state.role.cancel if is_first_time else state.role.stop)


def _window_title(window_state: WindowState) -> str:
    state = window_state.state
    return f"{session_words(window_state, state)} — Tincan" if state is not None else "Tincan"


def _conversation(window_state: WindowState) -> ConversationView:
    state = window_state.state
    if state is None:
        words = window_state.safety.field(reply_words(window_state.reply))
        return ConversationView("", "", window_state.reply, _start(window_state), words)
    is_past = state.phase is Phase.ENDED
    reply = (state.reply if is_past else window_state.reply) if state.role.replies else None
    if find_reply(reply or "") is None:  # a later version's, in a journal
        reply = None
    title, only = f"{_unverified(state)}{session_words(window_state, state)}", _only(window_state, state)
    words = window_state.safety.field(reply_words(reply or ""))
    faults = ", faults are on" if state.session in window_state.faulty and not is_past else ""
    waiting = window_state.held.get(state.session, 0)
    held = f", {counted(waiting, 'message')} held" if waiting else ""
    detail = window_state.safety.field(f"{_detail(state, window_state.now)}{faults}{held}")
    return ConversationView(title, detail, reply, _CLEARED, words, only, is_past)


def _unverified(state: SessionState) -> str:
    """What stands before the name of a client that talks to a server which nobody has verified."""
    connections = state.connections if state.phase is Phase.OPEN and state.role.dials else ()
    is_so = any(one.tls is not None and one.tls.trust is Trust.UNVERIFIED for one in connections)
    return "Not verified: " if is_so else ""


def _start(window_state: WindowState) -> Empty:
    """What there is to read before the first session, with what the keys do just now."""
    server = _server_button(server_here(window_state), "").text
    client = _client_button(client_here(window_state), "").text
    return Empty(
        "Two cans and a string",
        "Start a server, connect to it, and say something: you are both ends of the line.",
        ((shown("toggle_server"), server), (shown("toggle_client"), client), ("Enter", "Send")),
    )


_CLEARED = Empty("Nothing new yet", "The journal keeps what was here. View, Show everything brings it back.")


def _only(window_state: WindowState, state: SessionState) -> str:
    """Which connection of several is shown alone; empty if all are."""
    one = window_state.connection
    if one is None:
        return ""
    ended = next((over for over in state.over if over.connection == one.connection), None)
    name = window_state.names.get(row_key(state.session, one.connection), "")
    of_pair = f"{connection_name(abs(one.number))}{f' {name}' if name else ''} and its {state.role.onward}"
    alone = f"{connection_name(one.number)}{f' {name}' if name else ''} from {one.peer_name}"
    who = window_state.safety.field(of_pair if state.role.passes_on else alone)
    return f"Only {who}{f', {ending_words(ended)}' if ended is not None else ''}"


def _detail(state: SessionState, now: int) -> str:
    """What there is to say beside a session's name."""
    if state.phase is Phase.ENDED and state.has_no_end:
        return "cut short"
    if state.phase is Phase.ENDED:
        return "failed" if state.failure is not None else "over"
    if state.phase is Phase.STARTING:
        why = f": {state.retry.why.rpartition(': ')[2]}" if state.retry is not None else ""
        return f"{waiting_words(state, now)}{why}"
    if not state.role.many_connections:
        one = state.connections[0] if state.connections else None
        return ", ".join(filter(None, (_own_end(one), tls_words(one)))) if one is not None else ""
    count = counted(_peers(state), "connection") if state.connections else "nobody here yet"
    return f"{count}, TLS" if state.tls else count


def _peers(state: SessionState) -> int:
    """How many have come, without those that were dialled for them."""
    if not state.role.passes_on:
        return len(state.connections)
    return sum(one.number >= 0 for one in state.connections)


def _own_end(one: ConnectionState) -> str:
    """What there is to say of a client's own end, or, as that of a local socket has no name, of the other."""
    return one.process if one.peer.is_local else f"from port {one.local.port}"


def _composer(window_state: WindowState, *, is_next: bool) -> ComposerView:
    state = window_state.state
    senders = state.senders if state is not None else 0
    hint = (_listening if is_next else why_nobody)(window_state)
    chosen = window_state.recipients
    is_choice = senders > 1 or (senders == 1 and chosen is not None)
    may_be_empty = state is not None and state.role.datagrams
    if state is None or not state.role.many_connections or not is_choice:
        return ComposerView(hint, is_next, may_be_empty=may_be_empty)
    rows = RecipientRows(state.connections, senders, window_state.safety)
    return ComposerView(hint, is_next, rows, chosen, may_be_empty)


def _is_heard(window_state: WindowState) -> bool:
    """Whether what is written now would go out to somebody."""
    state = window_state.state
    if state is None or not state.senders or window_state.recipients is None or not state.role.many_connections:
        return state is not None and state.senders > 0
    return any(connection.can_send for connection in _written_to(window_state))


def _written_to(window_state: WindowState) -> Iterable[ConnectionState]:
    """The standing connections that what is written now is for."""
    state, chosen = window_state.state, window_state.recipients
    if state is None or state.phase is Phase.ENDED:
        return ()
    if chosen is None or not state.role.many_connections:
        return state.connections
    found = (find_standing(state.connections, connection) for connection in sorted(chosen))
    return (one for one in found if one is not None)


def _listening(window_state: WindowState) -> str:
    """What the message field says while somebody can be sent to."""
    written_to = list(islice(_written_to(window_state), 2))
    if len(written_to) != 1 or written_to[0].can_receive:
        return "Type a message"
    who = _who(window_state, written_to[0])
    return f"{with_capital(who)} has finished sending (FIN), and still hears what you send"


def _who(window_state: WindowState, connection: ConnectionState) -> str:
    state = window_state.state
    return (
        connection_name(connection.number) if state is None or state.role.many_connections else f"the {state.role.peer}"
    )


def why_nobody(window_state: WindowState) -> str:
    """Why there is nobody to write to, and what a person can do about it; empty if there is somebody."""
    state = window_state.state
    if state is None:
        return "A moment…" if window_state.selected is not None else _nothing_on_view(window_state)
    if _is_heard(window_state):
        return ""
    if state.phase is Phase.ENDED:
        return _over(window_state, state)
    if state.phase is Phase.STARTING:
        words, is_of_key = (
            with_capital(waiting_words(state, window_state.now)),
            _with_key(window_state, state.role) is state,
        )
        stop = "" if state.retry is None else ":"
        return f"{words}{stop} {_stop_key(state.role)} {state.role.cancels}" if is_of_key else words
    finished = list(islice(_written_to(window_state), 2))
    if finished:
        who = _who(window_state, finished[0]) if len(finished) == 1 else "the others"
        return f"You have finished sending (FIN); {who} may still send"
    if state.senders and state.role.passes_on and not window_state.recipients:
        return f"Choose to whom: #1 is a caller, #1→ its {state.role.onward}"
    if state.senders:
        return "Whoever this was for is gone: choose under To who gets it"
    joins = _is_of_form(window_state, state) and client_here(window_state) is None
    key = f": {shown('toggle_client')} connects you to this {state.role.name}" if joins else ""
    return f"Nobody is here{key}" if state.accepted else f"Nobody is here yet{key}"


def _nothing_on_view(window_state: WindowState) -> str:
    """What the keys of the two buttons begin, as far as they begin something."""
    begun = [role for role in ROLES.values() if _key(role) and role.datagrams is window_state.datagrams]
    free = [role for role in begun if _with_key(window_state, role) is None]
    keys = ", ".join(f"{_key(role)} {role.starts}" for role in free)
    return f"Nobody to talk to yet: {keys or 'choose a conversation in the list'}"


def _over(window_state: WindowState, state: SessionState) -> str:
    """How a session has ended, and the key that begins one like it, if that is what the key does."""
    what = ending_sentence(state, is_archived=state.session in window_state.archived)
    running = _with_key(window_state, state.role)
    if not _key(state.role) or not _is_of_form(window_state, state):
        return what
    if running is not None:
        return f"{what}; a newer one runs here: choose it in the list"
    return f"{what}: {_key(state.role)} {state.role.again}"


def _key(role: Role) -> str:
    """The key that begins sessions of a role at the address on view; empty if the window has none."""
    return shown(role.command) if role.command is not None else ""


def _stop_key(role: Role) -> str:
    """The key of the button that stops sessions of a role."""
    return shown("toggle_server" if role.listens else "toggle_client")


def _with_key(window_state: WindowState, role: Role) -> SessionState | None:
    """The session that the button for such a role stops just now; None if it begins one."""
    return server_here(window_state) if role.listens else client_here(window_state)


def _status(window_state: WindowState) -> StatusView:
    live = [state for state in window_state.sessions.values() if state.phase is not Phase.ENDED]
    state = window_state.state
    warning = _warning(window_state, live)
    if state is None:
        is_coming = window_state.selected is not None
        return StatusView("waiting" if is_coming else "off", "A moment…" if is_coming else "Ready", warning=warning)
    figures = _figures(window_state, state)
    if state.session in window_state.archived:
        words = f"from the journal of {window_state.archived[state.session]}"
        words += ", which ends before this does: Tincan was not closed properly" if state.has_no_end else ""
        return StatusView("off", window_state.safety.field(words), figures, warning)
    words = window_state.safety.field(_status_words(window_state, state))
    times = times_of(state, by_program=_is_answered_by_program(window_state, state))
    return StatusView(_status_state(state), words, figures, warning, times)


def _figures(window_state: WindowState, state: SessionState) -> tuple[str, ...]:
    """The totals of what is on view: of the connection that is shown alone, else of the session."""
    chosen, is_archived = window_state.connection, state.session in window_state.archived
    into, out = state.bytes_in, state.bytes_out
    if chosen is not None:
        if chosen.connection not in state.bytes_in_of:  # over for long, or of an old journal
            return ()
        into, out = state.bytes_in_of[chosen.connection], state.bytes_out_of[chosen.connection]
    elif (state.failure is not None and not state.accepted) or (is_archived and not into and not out):
        return ()
    whose: tuple[str, ...] = ()
    if state.role.many_connections and not is_archived:
        whose = (counted(_peers(state), "connection") if chosen is None else connection_name(chosen.number),)
    return (*whose, f"in {human_bytes(into)}", f"out {human_bytes(out)}")


def _is_answered_by_program(window_state: WindowState, state: SessionState) -> bool:
    """Whether answers in it are none of a person, as far as is known: a server of this window says so for its peers."""
    if state.role.replies:
        reply = find_reply(state.reply or "")
        return reply is not None and not reply.to_talk
    others = window_state.sessions.values()
    kind = state.role.datagrams
    servers = [one for one in others if one.role.replies and one.phase is Phase.OPEN and one.role.datagrams is kind]
    here = next((server for server in servers if _is_at(server, state.onward or state.target)), None)
    return here is None or _is_answered_by_program(window_state, here)


def _status_state(state: SessionState) -> str:
    row = row_state(state)
    return "off" if row == "over" else row


def _status_words(window_state: WindowState, state: SessionState) -> str:
    role, place, standing = state.role, place_words(state), row_state(state)
    onward = f" → {onward_words(state)}" if state.onward is not None else ""
    if standing == "live":
        return f"{role.standing} {' and '.join(str(address) for address in state.addresses[:4]) or place}{onward}"
    words = {"waiting": role.starting, "over": role.stopped}
    seconds = window_state.seconds_left if standing == "waiting" else None
    left = f", {seconds} s left" if seconds is not None else ""
    if standing == "waiting" and state.retry is not None:
        left = f", {waiting_words(state, window_state.now)}: {state.retry.why}"
    return f"{words.get(standing) or _failed_at(state)} {place}{onward}{left}"


def _failed_at(state: SessionState) -> str:
    """What became of it in a word; why is told in the conversation, and under the fields."""
    if state.accepted or state.addresses:
        return "broken off:"
    return state.role.failed


def _warning(window_state: WindowState, live: Sequence[SessionState]) -> str:
    """Said for as long as other machines can reach a server of ours."""
    open_servers = [state for state in live if state.is_open_to_the_network]
    if not open_servers:
        return ""
    listening = [address for state in open_servers for address in state.addresses if not address.is_loopback]
    found = [place.text for place in places(listening, window_state.reachable)] or [
        str(address) for address in listening
    ]
    return "open to the network: " + ", ".join(list(dict.fromkeys(found))[:4])
