"""What an error of a transport says about how its connection ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import AlertError, Explanation, Fault, HandshakeError, TransportError, TruncatedError
from core.events import Ending
from core.explanations import Doing, error_name, explain

if TYPE_CHECKING:
    from core.address import Address
    from core.net.transport import Transport
    from core.settings import Limits

_ENDINGS = {
    "ECONNRESET": Ending.PEER_RESET,
    "EPIPE": Ending.PEER_RESET,
    "ESHUTDOWN": Ending.PEER_RESET,
    "ENOTCONN": Ending.PEER_RESET,
    "ETIMEDOUT": Ending.LOST,
    "ENETRESET": Ending.LOST,
    "EHOSTUNREACH": Ending.UNREACHABLE,
    "EHOSTDOWN": Ending.UNREACHABLE,
    "ENETUNREACH": Ending.UNREACHABLE,
    "ENETDOWN": Ending.UNREACHABLE,
}  # of any other error: FAILED

_OF_TRANSPORTS: dict[type[OSError], Ending] = {
    HandshakeError: Ending.HANDSHAKE,
    AlertError: Ending.ALERT,
    TruncatedError: Ending.TRUNCATED,
}

_WHY_NOT_SEND = {
    Ending.OURS: "the connection is being closed",
    Ending.OURS_RESET: "you reset the connection",
    Ending.REPLY: "the connection is being closed",
    Ending.SERVER_STOPPED: "the server is stopping",
}


def why_not_send(ending: Ending) -> str:
    """Why nothing can be sent on a connection that is about to end in that way."""
    return _WHY_NOT_SEND.get(ending, "the connection is closing")


def ending_of(error: OSError, peer: Address, transport: Transport, limits: Limits) -> tuple[Ending, Explanation]:
    """Name the ending and explain it; ``transport`` is still open, and knows what was not confirmed."""
    if isinstance(error, TransportError):
        return _OF_TRANSPORTS.get(type(error), Ending.FAILED), error.explanation
    ending = _ENDINGS.get(error_name(error), Ending.FAILED)
    if ending is Ending.LOST and _still_answered(transport, limits):
        sent = f"{transport.unconfirmed or 0:,} bytes that were sent to it"
        return Ending.STALLED, does_not_read(peer, sent, limits.unacknowledged)
    why = explain(error, Doing.TALKING, peer_name(peer))
    if peer.is_local and ending is Ending.PEER_RESET:  # there is no RST, nor anything between that could send one
        what = f"{peer_name(peer)} closed the connection"
        why = Explanation(what, ("it ended, or closed without reading everything",), why.advice, why.fault)
    if ending not in (Ending.LOST, Ending.UNREACHABLE):
        return ending, why
    count = transport.unconfirmed
    if not count:
        return ending, why
    return ending, replace(why, what=f"{why.what}; {count:,} bytes that were sent are not confirmed")


def peer_name(peer: Address) -> str:
    """What a peer is called in a sentence."""
    return "the other program" if peer.is_unnamed else str(peer)


def _still_answered(transport: Transport, limits: Limits) -> bool:
    """Whether the peer's system was there to the end: its window was shut, for which Linux gives up as well."""
    silence = transport.silence
    patience = min(limits.unacknowledged, limits.keepalive_idle + limits.keepalive_interval * limits.keepalive_probes)
    return silence is not None and silence < 0.9 * patience


def does_not_read(peer: Address, what: str, seconds: float) -> Explanation:
    """Why a connection ended whose peer took none of ``what`` in that time."""
    why = f"{peer_name(peer)} took none of the {what} in {seconds:g} seconds"
    return Explanation(why, ("its program hangs, or does not read",), fault=Fault.PEER)
