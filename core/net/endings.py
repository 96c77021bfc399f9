"""What an error on a socket says about how its connection ended."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import Doing, Explanation, explain
from core.events import Ending
from core.net import sockets

if TYPE_CHECKING:
    import socket

    from core.address import Address

_ENDINGS = {
    errno.ECONNRESET: Ending.PEER_RESET,
    errno.ECONNABORTED: Ending.PEER_RESET,
    errno.EPIPE: Ending.PEER_RESET,
    errno.ENOTCONN: Ending.PEER_RESET,
    errno.ETIMEDOUT: Ending.LOST,
    errno.EHOSTUNREACH: Ending.UNREACHABLE,
    errno.ENETUNREACH: Ending.UNREACHABLE,
}


def ending_of(error: OSError, peer: Address, sock: socket.socket) -> tuple[Ending, Explanation]:
    """Name the ending and explain it; ``sock`` is still open, and knows what was not confirmed."""
    ending = _ENDINGS.get(error.errno or 0, Ending.FAILED)
    why = explain(error, Doing.TALKING, peer)
    if ending not in (Ending.LOST, Ending.UNREACHABLE):
        return ending, why
    count = sockets.unconfirmed(sock)
    if not count:
        return ending, why
    return ending, replace(why, what=f"{why.what}; {count:,} bytes that were sent are not confirmed")
