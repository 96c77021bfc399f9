"""A function of the program that uses Tincan as a library answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from types import SimpleNamespace
from typing import TypeAlias

from core.address import Address
from core.origin import SCRIPT
from core.replies import Peer, Reply, Responder

Said: TypeAlias = bytes | str | Iterable[bytes | str] | None


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

    def send(self, message: bytes | str) -> None:
        """Send a message within the server's frame, text as UTF-8."""
        self._peer.send(as_bytes(message))

    def close(self) -> None:
        """End the connection; what was sent goes out first."""
        self._peer.close()


class FunctionReply(Reply, has_name=False):
    """Calls ``function(peer, message)`` on the server's thread. What it returns or yields is sent.

    What it raises ends that connection, and is logged.
    """

    name = "function"
    title = note = "a function"
    order = 8
    has_responders = True

    origin = SCRIPT

    def __init__(self, function: Callable[[FunctionPeer, bytes], Said]) -> None:
        self._function = function

    def responder(self, peer: Peer) -> Responder:
        return _FunctionResponder(self._function, FunctionPeer(peer))


class _FunctionResponder(Responder):
    def __init__(self, function: Callable[[FunctionPeer, bytes], Said], peer: FunctionPeer) -> None:
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


def answers(said: Said) -> Iterator[bytes | str]:
    """The messages in what a function or a handler has returned. Raises ``TypeError`` for what is no answer."""
    if isinstance(said, bytes | str | bytearray | memoryview):
        yield said if isinstance(said, str) else bytes(said)
    elif isinstance(said, Generator):  # which can return something, too
        yield from answers((yield from said))
    elif isinstance(said, Iterable):
        yield from said
    elif said is not None:
        raise TypeError(f"an answer is bytes, text or nothing, and this is {type(said).__name__}")


def as_bytes(message: object) -> bytes:
    """A message of a function or a handler as it is sent, text as UTF-8. Raises ``TypeError`` for what is none."""
    if isinstance(message, str):
        return message.encode(errors="surrogateescape")
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise TypeError(f"what is sent is bytes or text, and this is {type(message).__name__}")
