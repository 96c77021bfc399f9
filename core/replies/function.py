"""A function of the program that uses Tincan as a library answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import TypeAlias

from core.address import Address
from core.origin import SCRIPT
from core.replies import Peer, Reply, Responder
from core.replies.answers import Said, answers, as_bytes

Returned: TypeAlias = Said | Iterable[Said] | None


class FunctionPeer:
    """The other end of one connection, as the function has it; ``state`` is the function's own."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.state = SimpleNamespace()

    @property
    def number(self) -> int:
        """Counts the connections of the server from 1."""
        return self._peer.number

    @property
    def address(self) -> Address:
        """Where the peer is."""
        return self._peer.address

    def send(self, message: Said) -> None:
        """Send a message within the server's frame, text as UTF-8."""
        self._peer.send(as_bytes(message))

    def close(self) -> None:
        """End the connection; what was sent goes out first."""
        self._peer.close()


class FunctionReply(Reply, has_name=False):
    """Calls ``function(peer, message)`` on the server's thread. What it returns or yields is sent.

    What it raises ends that connection, and is logged; ``KeyboardInterrupt`` ends the server.
    """

    name = "function"
    title = note = "a function"
    order = 8
    has_responders = True

    origin = SCRIPT

    def __init__(self, function: Callable[[FunctionPeer, bytes], Returned]) -> None:
        """Raises ``TypeError`` for a function that cannot be called with a peer and a message."""
        _check_is_called_with_two(function)
        self._function = function

    def responder(self, peer: Peer) -> Responder:
        return _FunctionResponder(self._function, FunctionPeer(peer))


class _FunctionResponder(Responder):
    def __init__(self, function: Callable[[FunctionPeer, bytes], Returned], peer: FunctionPeer) -> None:
        self._function = function
        self._peer = peer

    def opened(self) -> None:
        """Nothing is said before the peer speaks."""

    def received(self, message: bytes) -> None:
        for answer in answers(self._function(self._peer, message)):
            self._peer.send(answer)

    def peer_finished(self, then: Callable[[], None]) -> None:
        then()

    def closed(self) -> None:
        """Nothing was taken."""


def _check_is_called_with_two(function: Callable[..., object]) -> None:
    from inspect import signature  # only where there is a function: it takes longer than everything else here

    try:
        parameters = signature(function)
    except (TypeError, ValueError):  # of what is written in C some tell nothing
        return
    try:
        parameters.bind(None, None)
    except TypeError as error:
        raise TypeError(f"reply is called with a peer and a message, and cannot be: {error}") from None
