"""What a connection needs of a socket, and plain TCP, which gives it as it is.

``Connection`` and ``Sender`` call nothing of ``socket`` themselves, so a transport that speaks a protocol of its own
underneath, as TLS does (``core.net.tls``), comes in here. What such a one needs is part of the contract: it may send
before it has anything to hand over, and wait for something else than its connection does.
"""

from __future__ import annotations

import socket
from typing import Protocol

from core.address import Address
from core.local_address import GOODBYE
from core.net import sockets
from core.net.loop import GuardedLoop, Ready
from core.tcp import TcpInfo


class Transport(Protocol):
    """Carries the bytes of one connection, in both directions. No method blocks.

    ``send`` is for any thread, for one at a time; the rest is for the loop's, also while another thread is in ``send``.
    Errors are ``OSError``; a ``TransportError`` may also be raised from the loop's calls, and ends the connection.
    """

    name: str  # as people call it
    local: Address
    goodbye: str  # what says that nothing more comes, as people call it; empty where nothing does
    datagrams: bool  # whether each send is a message of its own that is taken whole or not at all, an empty one too

    def receive(self, most: int, /) -> bytes:
        """Return the next bytes from the peer, ``most`` at most; none at the end of its sending.

        Raises ``BlockingIOError`` or ``InterruptedError`` while there are none, as during a handshake.
        """
        ...

    def send(self, data: bytes | memoryview, /) -> int:
        """Return how many of the bytes the kernel has taken, from the first on, in whatever form they go out.

        Raises ``BlockingIOError`` or ``InterruptedError`` while it takes none. The same bytes come first next time.
        Of datagrams, ``DatagramError`` says that this one does not go out; others may.
        """
        ...

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:
        """Have ``ready`` called from now on while there is something to ``receive`` (READ) or ``send`` can take more
        (WRITE); 0 for neither.

        The first time is when the connection opens, so a handshake begins there. What a transport waits for of its
        own it watches beside this, and bytes that it holds itself, of which the system knows nothing, count as well.
        """
        ...

    def finish_sending(self) -> None:
        """Tell the peer that nothing more comes.

        Raises ``BlockingIOError`` if what has to be said first finds no room; then ``ready`` is called with WRITE,
        whatever is waited for, when it is time to ask again.
        """
        ...

    def close(self) -> None:
        """Give the descriptor back and watch nothing any more; what the kernel has still goes out."""
        ...

    def abort(self) -> None:
        """Close with RST: throw away what is on its way in both directions."""
        ...

    def set_nagle(self, wanted: bool) -> None:
        """Have the system hold small segments back while one is not acknowledged, or not."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether bytes can go to the peer and come from it, so that there is something to say goodbye to."""
        ...

    @property
    def why_no_half_close(self) -> str:
        """Why one side cannot finish while the other goes on; empty where it can."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the system knows that nothing more will come, although what came is not read."""
        ...

    @property
    def is_broken(self) -> bool:
        """Whether the system knows of a RST or of a loss, although what came before it is not read."""
        ...

    @property
    def is_reset_after_end(self) -> bool:
        """Whether a RST has come behind the peer's end, of which no receive tells. It may be known only once."""
        ...

    @property
    def unconfirmed(self) -> int | None:
        """Bytes that the peer's system has not acknowledged; None where nobody can tell."""
        ...

    @property
    def undelivered(self) -> int | None:
        """Bytes of what was sent that a RST would take from the peer; None where nobody can tell."""
        ...

    @property
    def silence(self) -> float | None:
        """Seconds since the peer's system last acknowledged anything; None where nobody can tell."""
        ...

    @property
    def tcp_info(self) -> TcpInfo | None:
        """What the system knows of the TCP connection underneath; None where nobody can tell, or there is none.

        Any thread.
        """
        ...


class Tcp:
    """A connected socket as it is: what is sent is what goes over the wire. Raises ``OSError`` if it is no longer."""

    name = "TCP"
    goodbye = "FIN"
    datagrams = False
    is_ready = True
    why_no_half_close = ""

    def __init__(self, sock: socket.socket) -> None:
        self.local = sockets.readable(sock.getsockname())
        self._sock = sock
        self._has_finished = False
        self.receive = sock.recv  # bound once: every round trip would pay for a call of our own around it
        self.send = sock.send
        self.close = sock.close

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:
        loop.watch(self._sock, events, ready)

    def finish_sending(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)
        self._has_finished = True

    def abort(self) -> None:
        sockets.reset(self._sock)

    def set_nagle(self, wanted: bool) -> None:
        sockets.set_nagle(self._sock, wanted)

    @property
    def is_over(self) -> bool:
        return sockets.is_over(self._sock)

    @property
    def is_broken(self) -> bool:
        return sockets.is_over(self._sock, with_fin=False)

    @property
    def is_reset_after_end(self) -> bool:
        return sockets.has_failed(self._sock)

    @property
    def unconfirmed(self) -> int | None:
        return sockets.unconfirmed(self._sock, with_fin=self._has_finished)

    @property
    def undelivered(self) -> int | None:
        return sockets.undelivered(self._sock, with_fin=self._has_finished)

    @property
    def silence(self) -> float | None:
        return sockets.silence(self._sock)

    @property
    def tcp_info(self) -> TcpInfo | None:
        return sockets.tcp_info(self._sock)


class LocalStream(Tcp):
    """A connected local socket: TCP to a connection, but that nothing of it is ever on a wire.

    It has no reset of its own: a close that leaves something unread is one.
    """

    name = "local socket"
    goodbye = GOODBYE
    is_reset_after_end = False  # to close for good is no more than to finish sending
    undelivered = 0

    @property
    def unconfirmed(self) -> int | None:
        return sockets.unconfirmed(self._sock)

    def set_nagle(self, wanted: bool) -> None:
        pass
