"""UDP sockets: the datagrams of several peers over one socket, and what the network and the system say of them.

A ``DatagramSocket`` reads for all of its peers; each peer has a ``Connection`` over a ``DatagramTransport``. An error
is news of one datagram, never the end of the socket.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from core.clock import monotonic_ns
from core.errors import DatagramError, Explanation
from core.events import Received, new_event
from core.explanations import Doing, error_name, explain
from core.net import sockets
from core.net.line_faults import FaultyDirection
from core.net.loop import READ, WRITE, GuardedLoop, Loop, Ready, Timer
from core.net.socket_options import LARGEST_DATAGRAM
from core.supervision import FAULTS, note
from core.wire.faults import SOUND, BothWays
from core.words import counted

if TYPE_CHECKING:
    from core.events import EventSink, SessionId
    from core.net.connection import Connection
    from core.net.sockets import Endpoint, SocketAddress
    from core.tcp import TcpInfo

LARGEST = 65_536  # bytes asked of one recv; UDP has room for 65,527
_PER_TURN = 256  # datagrams; then timers and what others ask for get their turn
_BUFFER = 4 * 1024 * 1024  # bytes that the system is asked to keep for us; it may give less
_LOOK_EVERY = 1.0  # seconds between two looks at what the system has dropped
_TRIES = 4  # of a send that meets news of earlier ones
_QUIET = 1_000_000_000  # ns between two reports that datagrams for a peer came back

_HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}  # bytes of IP and UDP in front of what is said

# What is news of a datagram that was sent before, and no fault of the call that tells it.
_NEWS = frozenset({"ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "EHOSTDOWN"})


class DatagramSocket:
    """A UDP socket. Lives on its loop's thread, but for ``send``, which is for any.

    ``commands`` is the loop for what the session survives. ``peers`` are those that are known, by the address that the
    system has for each. ``answers`` says whether what comes may be answered at once: else many datagrams are recorded
    together. ``meet`` is asked about a stranger that speaks: a transport for it, or None. ``remark`` puts a
    sentence about the session into the conversation.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        loop: Loop,
        commands: GuardedLoop,
        sink: EventSink | None,
        session: SessionId,
        answers: Callable[[], bool],
        meet: Meet,
        remark: Callable[[str], None],
    ) -> None:
        self.local = sockets.readable(sock.getsockname())
        self.sock = sock
        self.peers: dict[SocketAddress, DatagramTransport] = {}
        self._loop = loop
        self._commands = commands
        self._sink = sink
        self._session = session
        self._answers = answers
        self._meet = meet
        self._remark = remark
        self._waiting: dict[DatagramTransport, Ready] = {}  # for room
        self._reads = self._is_held = False
        self._is_closed = False
        self._watched = 0
        self._look: Timer | None = None
        sockets.keep_received(sock, _BUFFER)
        self._is_told_whose = sockets.tell_returned(sock)
        self._dropped = sockets.dropped(sock) or 0

    def read(self, *, wanted: bool) -> None:
        """Read, or leave what comes to the system, which drops it once its buffer is full."""
        self._reads = wanted
        self._watch()

    def _hold(self, *, wanted: bool) -> None:
        """Read nothing while the journal is behind."""
        self._is_held = wanted
        self._watch()

    def wait_for_room(self, transport: DatagramTransport, ready: Ready | None) -> None:
        """Have ``ready`` called when the socket takes more, or, with None, not any more."""
        if ready is not None:
            self._waiting[transport] = ready
        else:
            self._waiting.pop(transport, None)
        self._watch()

    def send(self, data: bytes | memoryview, to: SocketAddress | None, transport: DatagramTransport) -> int:
        """Send a datagram. Raises ``DatagramError`` if it did not go out, ``BlockingIOError`` if it may later."""
        news: OSError | None = None
        for _ in range(_TRIES):
            try:
                sent = self._send(data, to)
            except (BlockingIOError, InterruptedError):
                raise
            except OSError as error:
                news = error  # of this one if it goes on so, else of one before
                continue
            if news is not None and to is None and not self._is_told_whose:  # else ``_read_errors`` is told
                self._came_back(news, transport, is_sending=True)
            return sent
        assert news is not None
        raise DatagramError(self._explain(news, transport, len(data))) from news

    def _send(self, data: bytes | memoryview, to: SocketAddress | None) -> int:
        return self.sock.send(data) if to is None else self.sock.sendto(data, to)

    def close(self) -> None:
        """Give the descriptor back. Nothing is read or sent any more."""
        if self._is_closed:
            return
        self._tell_dropped()
        self._is_closed = True
        if self._look is not None:
            self._look.cancel()
        self._loop.watch(self.sock, 0, self._ready)
        self.sock.close()

    def _watch(self) -> None:
        events = (READ if self._reads and not self._is_held else 0) | (WRITE if self._waiting else 0)
        if events != self._watched and not self._is_closed:
            self._watched = events
            self._loop.watch(self.sock, events, self._ready)

    def _ready(self, events: int) -> None:
        if events & READ and self._reads:
            self._read_some()
        if events & WRITE:
            for ready in tuple(self._waiting.values()):
                ready(WRITE)

    def _read_some(self) -> None:
        if self._sink is not None and self._sink.congested:
            self._hold(wanted=True)
            self._sink.when_relieved(lambda: self._commands.call_soon(lambda: self._hold(wanted=False)))
            return
        receive, peers = self.sock.recvfrom, self.peers
        answers, heard = self._answers(), list[_Heard]()
        for _ in range(_PER_TURN):
            try:
                data, sockaddr = receive(LARGEST)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._hand_over(heard)
                self._heard_of(error)
                continue
            transport = peers.get(sockaddr)
            if not answers and transport is not None and transport.is_plain:
                transport.active_at = at = monotonic_ns()
                heard.append((transport.connection, data, at))
                continue
            self._hand_over(heard)
            transport = transport or self._meet_stranger(sockaddr)
            if transport is not None:
                transport.active_at = at = monotonic_ns()
                transport.deliver(data, sockaddr, at)
            if not self._reads:
                break
        self._hand_over(heard)
        self._read_errors()
        if self._look is None:
            self._look = self._commands.call_later(_LOOK_EVERY, self._look_again)

    def _hand_over(self, heard: list[_Heard]) -> None:
        """Record datagrams that came one after the other, all at once, and hand them to their connections."""
        if not heard:
            return
        by_connection: dict[Connection, list[Received]] = {}
        events: list[Received] = []
        for connection, data, at in heard:
            mine = by_connection.get(connection)
            if mine is None:
                if not connection.takes_datagrams:
                    continue
                mine = by_connection[connection] = []
            event = new_event(Received, (self._session, connection.id, at, data))
            events.append(event)
            mine.append(event)
        heard.clear()
        if self._sink is not None:
            for connection in by_connection:
                connection.wait_for_sends()
            for event in events:
                self._sink.put(event)
        for connection, these in by_connection.items():
            connection.guard(partial(connection.hear_datagrams, these))

    def _meet_stranger(self, sockaddr: SocketAddress) -> DatagramTransport | None:
        try:
            return self._meet(self, sockaddr)
        except FAULTS as error:  # whatever it is, it concerns this peer alone
            note("taking in a peer", error)
            return None

    def _heard_of(self, error: OSError) -> None:
        """A receive brought news of what was sent before."""
        if self._read_errors() or error_name(error) not in _NEWS:
            return
        if len(self.peers) == 1:  # else the system does not say whose it was: Windows, macOS
            self._came_back(error, next(iter(self.peers.values())))

    def _read_errors(self) -> bool:
        """Take in what ICMP says of datagrams of the peers, where the system tells whose; whether there was any."""
        found = sockets.returned(self.sock)
        for error, sockaddr in found:
            transport = self.peers.get(sockaddr)
            if transport is not None:
                self._came_back(error, transport)
        return bool(found)

    def _came_back(self, error: OSError, transport: DatagramTransport, *, is_sending: bool = False) -> None:
        transport.came_back(self._explain(error, transport), is_sending=is_sending)

    def _explain(self, error: OSError, transport: DatagramTransport, size: int | None = None) -> Explanation:
        """What became of a datagram of so many bytes, or of one that was sent before, whose size nobody knows."""
        why = explain(error, Doing.SENDING, transport.connection.peer)
        if error_name(error) != "EMSGSIZE":
            return why
        what = f"{why.what}: it has {counted(size, 'byte')}" if size is not None else why.what
        most = sockets.path_limit(self.sock) if (size or 0) <= LARGEST_DATAGRAM else None
        if most is None:
            return replace(why, what=what)
        room = most - _HEADERS[self.sock.family]
        what = f"{what}, where packets have {most:,} at most"
        advice = f"Send at most {room:,} bytes at once, or have larger ones fragmented"
        return Explanation(what, ("it must not be fragmented",), advice, why.fault)

    def _look_again(self) -> None:
        self._look = None
        self._tell_dropped()

    def _tell_dropped(self) -> None:
        """Say what the system has dropped since the last look, by its own count."""
        now = sockets.dropped(self.sock) if not self._is_closed else None
        if now is None or now == self._dropped:
            return
        more, self._dropped = (now - self._dropped) & 0xFFFFFFFF, now
        self._remark(
            f"the system dropped {counted(more, 'datagram')} that came in faster than they were read: "
            "that is its own count"
        )


_Heard: TypeAlias = "tuple[Connection, bytes, int]"  # a datagram, and when it came
Meet: TypeAlias = "Callable[[DatagramSocket, SocketAddress], DatagramTransport | None]"


class DatagramTransport:
    """One peer of a UDP socket; see ``Transport``. ``to`` is None where the socket is connected to it."""

    name = "UDP"
    goodbye = ""
    datagrams = is_ready = True
    is_over = is_broken = is_reset_after_end = False
    unconfirmed: int | None = None
    undelivered: int | None = None
    silence: float | None = None
    tcp_info: TcpInfo | None = None
    why_no_half_close = "UDP has no end of sending that a peer could be told of"

    connection: Connection  # from its first moment on

    def __init__(self, shared: DatagramSocket, to: SocketAddress | None) -> None:
        self.local = sockets.source_for(shared.sock, shared.local, to) if to is not None else shared.local
        self.active_at = monotonic_ns()  # when something last came from it or went to it
        self.shared = shared
        self._to = to
        self.is_plain = True  # what comes is for the connection, without more ado
        self._faults = SOUND
        self._out: FaultyDirection | None = None  # from the first fault on
        self._in: FaultyDirection | None = None  # the same
        self._ready: Ready | None = None
        self._told_at = -_QUIET
        self._came_back = 0  # since then

    def receive(self, most: int, /) -> bytes:  # noqa: ARG002 - as the protocol has it
        """The socket is read for all its peers at once."""
        raise BlockingIOError

    def deliver(self, data: bytes, source: SocketAddress, at: int) -> None:  # noqa: ARG002 - for who hears several
        """A datagram has come."""
        take = partial(self.connection.take, data, at) if self._in is None else partial(self._in.put, data)
        self.connection.guard(take)

    def send(self, data: bytes | memoryview, /) -> int:
        self.active_at = monotonic_ns()
        if self._out is not None:
            self._out.put(bytes(data))
            return len(data)
        return self.shared.send(data, self._to, self)

    def use_faults(self, faults: BothWays, places: tuple[str, str]) -> None:
        """Have what goes to the peer, and what comes from it, go through lines with these faults from now on.

        What is on its way through others comes out of them at once. See ``Connection.use_faults``.
        """
        before, self._faults = self._faults, faults
        connection, number = self.connection, self.connection.number
        if before == faults or not connection.is_open:
            return
        connection.tell_faults(before, faults, places)
        if before.out != faults.out:
            self._out = self._out or FaultyDirection(
                connection, str(number), places[0], self._send_late, self._line_is_empty
            )
            self._out.use(faults.out)
        if before.into != faults.into:
            self._in = self._in or FaultyDirection(connection, f"-{number}", places[1], self._take_late)
            self._in.use(faults.into)
            self.is_plain = False

    def _take_late(self, data: bytes) -> None:
        self.connection.take(data, monotonic_ns())

    def _send_late(self, data: bytes) -> None:
        try:
            self.shared.send(data, self._to, self)
        except DatagramError as error:
            self.connection.remark(error.explanation.what, is_failure=True)
        except (BlockingIOError, InterruptedError):
            self.connection.remark("a datagram was lost: this machine takes no more just now", is_failure=True)

    def _line_is_empty(self) -> None:
        """Whoever waits to finish sending may ask again."""
        if self._ready is not None:
            self._ready(WRITE)

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:  # noqa: ARG002 - the socket has its own
        self._ready = ready if events else None
        self.shared.wait_for_room(self, ready if events & WRITE else None)

    def finish_sending(self) -> None:
        """There is nothing to say, but what is on its way through a line with faults goes first."""
        if self._out is not None and self._out.count:
            raise BlockingIOError

    def close(self) -> None:
        """Account for what is still on its way. The socket goes on for the others."""
        for line in (self._out, self._in):
            if line is not None:
                line.end()

    def abort(self) -> None:
        """The same."""
        self.close()

    def set_nagle(self, wanted: bool) -> None:
        """Datagrams are never held back."""

    def forget(self) -> None:
        """Who speaks from there is a stranger from now on."""
        if self._to is not None:
            self.shared.peers.pop(self._to, None)

    def came_back(self, why: Explanation, *, is_sending: bool) -> None:
        """A datagram did not arrive, as another one is being sent or not. A crowd of them is told of once a second."""
        self._came_back += 1
        now = monotonic_ns()
        if now < self._told_at + _QUIET:
            return
        more = f"; so did {self._came_back - 1:,} more" if self._came_back > 1 else ""
        self._told_at, self._came_back = now, 0
        text = f"{why.what}{more}"
        if is_sending:
            self.connection.remark(text, is_failure=True)
        else:
            self.connection.remark_on_what_was_sent(text)


class OnlyTransport(DatagramTransport):
    """The one peer for which a socket is there: it is read while its connection wants to. Who answers may be others."""

    def __init__(self, shared: DatagramSocket, to: SocketAddress | None) -> None:
        super().__init__(shared, to)
        self._source = to
        self.is_plain = to is None  # else it is told when somebody else speaks

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:
        super().wait_for(loop, events, ready)
        self.shared.read(wanted=bool(events & READ))

    def deliver(self, data: bytes, source: SocketAddress, at: int) -> None:
        if self._to is not None and source != self._source:
            self._source = source
            self.connection.remark(f"what follows comes from {sockets.readable(source)}")
        super().deliver(data, source, at)

    def close(self) -> None:
        super().close()
        self.shared.close()


def bound(endpoint: Endpoint) -> socket.socket:
    """A socket at any free port that can send to ``endpoint``, and to others. Raises ``OSError``."""
    sock = socket.socket(endpoint.family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind(("::" if endpoint.family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - whoever answers
    except BaseException:
        sock.close()
        raise
    return sock


def connect(sock: socket.socket, endpoint: Endpoint) -> None:
    """Hear from ``endpoint`` alone from now on, and be told what ICMP says. Raises ``OSError``."""
    sock.connect(endpoint.sockaddr)
    if sock.getsockname()[:2] == sock.getpeername()[:2]:  # the port that we were given is the one that we asked for
        raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    with contextlib.suppress(BlockingIOError):  # what anybody sent to this port until now, as answers to who had it
        for _ in range(_PER_TURN):
            sock.recv(LARGEST)
