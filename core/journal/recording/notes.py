"""An event as people read it: one sentence for everything that is not bytes."""

from __future__ import annotations

from core.address import Address
from core.errors import quoted
from core.events import (
    Closed,
    ConnectionEvent,
    Ending,
    Event,
    FramingChanged,
    HttpRequest,
    Injected,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Onward,
    Opened,
    Paused,
    PeerFinished,
    Received,
    Remark,
    ReplyChanged,
    Resolved,
    Resolving,
    Retrying,
    Sent,
    SessionClosed,
    SessionEvent,
    SessionOpened,
    SessionRemark,
    SocketTuned,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    Tried,
    TurnedAway,
    WeFinished,
    WentOn,
)
from core.local_address import GOODBYE
from core.replies import describe_reply
from core.roles import Role
from core.wire.framing import parse_framing
from core.words import connection_name, counted, in_seconds

_ENDINGS = {
    Ending.PEER_FINISHED: "the peer said goodbye (FIN)",
    Ending.PEER_RESET: "the peer reset it (RST)",
    Ending.LOST: "lost, the peer no longer answers",
    Ending.UNREACHABLE: "the network no longer leads to the peer",
    Ending.STALLED: "the peer took nothing for too long, so it was reset from here",
    Ending.IDLE: "nothing was said for too long",
    Ending.LIMIT: "a limit was reached",
    Ending.OURS: "you closed it (FIN)",
    Ending.OURS_RESET: "you reset it (RST)",
    Ending.HTTP: "the peer speaks HTTP, as web pages can, and this server answers by itself",
    Ending.REPLY: "the peer said stop",
    Ending.RULE: "a rule ended it",
    Ending.RULE_RESET: "a rule reset it (RST)",
    Ending.PROGRAM: "the program that answers has ended",
    Ending.HANDLER: "the handler ended it",
    Ending.SERVER_STOPPED: "the {role} was stopped",
    Ending.NO_TARGET: "its target could not be reached, so it was reset",
    Ending.PASSED_ON: "as the other leg was",
    Ending.PASSED_RESET: "reset (RST), as the other leg was",
    Ending.FAULT_CUT: "cut by a fault that was asked for (FIN)",
    Ending.FAULT_RESET: "reset by a fault that was asked for (RST)",
    Ending.HANDSHAKE: "the TLS handshake failed",
    Ending.ALERT: "a TLS alert",
    Ending.TRUNCATED: "the peer closed without close_notify, so what was received may be incomplete",
    Ending.FORGOTTEN: "silent for longest, so it is forgotten until it speaks again",
    Ending.FAILED: "an error",
}

GOOD_ENDINGS = frozenset(
    {Ending.PEER_FINISHED, Ending.OURS, Ending.REPLY, Ending.RULE, Ending.RULE_RESET, Ending.PROGRAM, Ending.HANDLER}
    | {Ending.SERVER_STOPPED, Ending.OURS_RESET, Ending.PASSED_ON, Ending.PASSED_RESET}
    | {Ending.FAULT_CUT, Ending.FAULT_RESET, Ending.FORGOTTEN}
)


def sentence(event: Event, number: int | None, role: Role) -> str:
    """What happened, in words. Empty for bytes.

    ``number`` is the connection's, which a server's clients are called by; a client has only one.
    """
    match event:
        case SessionClosed():
            return _about_the_end(event, role)
        case SessionOpened() | Listening() | Onward() | Resolving() | Resolved() | Tried() | Retrying() | TurnedAway():
            return _about_session(event, role)
        case SessionRemark():
            return event.text
        case ReplyChanged() | FramingChanged():
            return _about_replies(event)
        case Received() | Sent():
            return ""
        case Paused() | WentOn():
            return _about_pause(event, _caller(number, role))
        case _:
            return _about_connection(event, _caller(number, role), role)


def _about_session(event: SessionEvent, role: Role) -> str:
    match event:
        case SessionOpened():
            through = _through(event.proxy) if event.role.dials else ""
            return f"{event.role.begun} {event.target}{' with TLS' if event.tls else ''}{through}"
        case Listening():
            replaced = ", where a program that has ended had left its socket file" if event.has_replaced else ""
            return f"{role.name} is listening on {_list(event.addresses)}{replaced}"
        case Onward():
            tls = " with TLS" if event.tls else ""
            return f"passes on what callers say to {event.target}{tls}{_through(event.proxy)}"
        case Resolving():
            return f"looking up {event.host}"
        case Resolved():
            return f"found {_list(event.addresses)} in {in_seconds(event.took)}"
        case Tried():
            return f"tried {event.address} for {in_seconds(event.took)}: {event.why.what}"
        case Retrying():
            return (
                f"{event.why}; tries again by itself until it stands or is disconnected, first in {event.pause:.1f} s"
            )
        case TurnedAway():
            more = f" and {event.count - 1:,} more" if event.count > 1 else ""
            return f"turned {event.peer or 'a peer'}{more} away: {event.why}"
        case _:
            return ""


def _through(proxy: str) -> str:
    return f" through the proxy {proxy}" if proxy else ""


def _about_replies(event: ReplyChanged | FramingChanged) -> str:
    if isinstance(event, FramingChanged):
        return f"tells messages apart in another way from now on: {parse_framing(event.framing).words}"
    return f"replies with {describe_reply(event.reply)} from now on"


def _about_the_end(event: SessionClosed, role: Role) -> str:
    if event.failure is not None:
        return str(event.failure)
    if event.cancelled:
        return "cancelled"
    return role.ended


def _about_connection(event: ConnectionEvent, who: str, role: Role) -> str:
    match event:
        case Opened():
            return _about_opening(event, who, role)
        case PeerFinished() | WeFinished() | SocketTuned():
            return _about_socket(event, who, role)
        case MessageTooLong():
            return f"a message of {event.skipped:,} bytes from {who} is too long for the framing, so it gets no reply"
        case Misframed():
            return f"{who} sent what is no message under the framing: {event.why}"
        case HttpRequest():
            return f"{who} speaks HTTP: {quoted(event.line)}"
        case Remark():
            return f"{who}: {event.text}" if role.many_connections else event.text
        case TlsBegun() | TlsHandshake() | TlsRefused() | Injected():
            return _about_tls(event, who, role)
        case NotSent():
            what = counted(event.size, f"byte for {who} was", f"bytes for {who} were")
            return f"{what} not sent: {event.why}"
        case Closed():
            what = who if role.many_connections else "connection"
            return f"{what} closed: {_why(event, role)}"
        case _:
            return ""


def _about_socket(event: PeerFinished | WeFinished | SocketTuned, who: str, role: Role) -> str:
    match event:
        case PeerFinished():
            return f"{who} has finished sending ({event.how})"
        case WeFinished():
            return f"{role.we_have} finished sending to {who} ({event.how})"
        case SocketTuned():
            small = "small sends wait for what is on its way (Nagle)" if event.nagle else "small sends go at once"
            whose = f"{who}: " if role.many_connections else ""
            return f"{whose}each recv asks for {counted(event.receive, 'byte')} from now on, {small}"


def _about_pause(event: Paused | WentOn, who: str) -> str:
    if isinstance(event, WentOn):
        return f"{who} goes on"
    return (
        f"{who} is paused: {event.answers:,} answers in a row within {in_seconds(event.took)} and no person between, "
        "so that two programs may be answering each other; nothing more is read until you go on"
    )


def _about_opening(event: Opened, who: str, role: Role) -> str:
    if event.number < 0 and role.datagrams:
        return f"{connection_name(-event.number)} is passed on to {event.peer} from {event.local}"
    if role.datagrams:
        return f"sends to {event.peer} from {event.local}" if role.dials else f"{who} speaks from {event.peer}"
    peer = event.peer.with_process(event.process)
    if event.took is None:
        return f"{who} connected from {peer}"
    whose = f"{who} " if event.number < 0 else ""
    if event.peer.is_local:  # whose name of its own is none
        return f"{whose}connected to {peer}"
    return f"{whose}connected to {peer} from {event.local}: the handshake took {in_seconds(event.took)}"


def _about_tls(event: TlsBegun | TlsHandshake | TlsRefused | Injected, who: str, role: Role) -> str:
    match event:
        case TlsBegun():
            return f"TLS begins here, and we are its {'server' if event.is_server else 'client'}"
        case TlsHandshake():
            return f"{who}: {event.handshake.summary}" if role.many_connections else event.handshake.summary
        case TlsRefused():
            return f"TLS does not begin: {event.why}"
        case Injected():
            size = counted(event.size, "byte")
            return f"{size} from {who} came too early, in the clear, and count for nothing: {quoted(event.text, 64)}"


def is_failure(event: Event) -> bool:
    """Whether something went wrong that a person should see as such."""
    match event:
        case Closed():
            return event.ending not in GOOD_ENDINGS
        case SessionClosed():
            return event.failure is not None
        case TlsHandshake():
            return bool(event.handshake.failure)
        case Remark() | SessionRemark():
            return event.is_failure
        case Tried() | TurnedAway() | MessageTooLong() | Misframed() | NotSent() | TlsRefused() | Injected() | Paused():
            return True
        case _:
            return False


def _caller(number: int | None, role: Role) -> str:
    """What the other end is called: a server numbers its clients, a client has one server."""
    if not role.many_connections:
        return f"the {role.peer}"
    return connection_name(number)


def _why(event: Closed, role: Role) -> str:
    """Why a connection ended, to stand in the middle of a sentence."""
    if event.why is not None:
        return event.why.what[:1] + str(event.why)[1:]
    words = _ENDINGS[event.ending].replace("the peer", f"the {role.peer}").replace("{role}", role.name)
    if event.how == GOODBYE:
        words = words.replace(" (RST)", "")
    return words.replace(" (FIN)", f" ({event.how})" if event.how else "")


def _list(addresses: tuple[Address, ...]) -> str:
    return " and ".join(map(str, addresses))
