"""A TCP client: dials, then talks over one connection."""

from __future__ import annotations

import random
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn, Self

from core.address import Address, parse_target
from core.clock import monotonic_ns
from core.errors import ConnectError, ConnectionEnded, Explanation, Fault, HandshakeError, SendError
from core.events import ConnectionId, Ending, EventSink, Retrying, SessionId
from core.explanations import Doing, explain
from core.net import sockets
from core.net.connection import Connection
from core.net.dialer import Dialer
from core.net.loop import Loop, Timer
from core.net.owner import Pause
from core.net.reply_peer import ReplyPeer
from core.net.resolver import Resolver
from core.net.session import Session, check_types
from core.origin import FOR_TLS
from core.proxy import Proxy, make_proxy
from core.replies import Reply, Responder
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import FAULTS, attempt, note
from core.tls.failures import injected, timed_out
from core.tls.settings import Tls
from core.wire.faults import BothWays, Faults
from core.wire.framing import parse_framing
from core.wire.starttls import StartTls, make_starttls

SHORTEST, LONGEST = 0.5, 30.0  # seconds from one try of a client that comes back to the next
_SUCCESS = 1.0  # seconds that a connection has to stand
_JITTER = 0.25  # of a pause, at most: so that clients which lost their server together do not come back together


class Client(Session):
    """Connects to ``target`` (an ``Address`` or ``HOST:PORT``).

        with Client("127.0.0.1:5555") as client:
            client.send(b"hello")
            print(client.receive())

    ``run`` connects and blocks until the connection is over, for who watches ``events`` instead.
    Parts when the server has finished sending, or, if ``half_open``, only when told to: it can send until then.
    With ``reconnect`` it comes back by itself until ``stop``: after 0.5 s, doubling to 30 s (``Backoff``).
    A ``reply`` speaks on every connection: the rules of a ``core.replies.rules.Rules``, in their framing if none is
    asked for, or the message of a ``core.replies.on_connect.OnConnect``.
    With ``proxy``, such as ``socks5://HOST``, it is the proxy that connects to the target (``core.proxy``).
    With ``tls``, or ``tls://`` before the target, it stands once the handshake has succeeded; True verifies the server.
    ``fault_out`` and ``fault_in`` are what is wrong with what is sent and received (``core.wire.faults``).
    ``stands`` gets each connection that stands, on the client's thread, before anything that comes over it; whoever
    gives it hears the connection, and nothing is kept for ``receive``.
    Raises ``AddressError`` for a bad target, ``ConnectError`` if nobody answers, or for a server that is not believed.
    """

    role = Role.CLIENT
    _doing = Doing.CONNECTING

    def __init__(
        self,
        target: Address | str,
        *,
        framing: str = "raw",
        half_open: bool = False,
        reconnect: bool = False,
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
        tls: Tls | bool | None = None,
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
        stands: Callable[[Connection], None] | None = None,
        reply: Reply | None = None,
        proxy: Proxy | str | None = None,
    ) -> None:
        check_types(target=target, stands=stands, reply=reply)
        if isinstance(target, str):
            target, has_scheme = parse_target(target, for_server=False)
            tls = tls if tls is not None else has_scheme
        self._half_open = half_open
        self._tell_standing = stands
        self._reconnect = reconnect
        self._backoff = Backoff()
        self._tries = 0  # in vain, since it last stood
        self._stood_since: float | None = None  # the connection that there is; None: it cannot be talked over yet
        self._waits: Timer | None = None  # for the next try
        self._dialer: Dialer | None = None
        self._connection_or_none: Connection | None = None
        self._inbox: Inbox | None = None
        self._reply = reply
        self._responder: Responder | None = None  # who speaks on the connection that stands
        self._own_framing = framing  # without that of rules
        super().__init__(
            target,
            framing=_framing_of(framing, reply),
            reply=None,
            limits=limits,
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            tls=tls,
            faults=BothWays(fault_out, fault_in),
            proxy=make_proxy(proxy, target),
        )
        self._starttls: StartTls | None = None  # what is said in the clear before TLS, while it is
        self._asking: Timer | None = None  # for how long that may go on

    # Any thread.

    def run(self) -> None:
        """Connect and talk until the connection is over. Raises ``ConnectError`` if it never stood."""
        self._run()
        self._raise_failure()

    def __enter__(self) -> Self:
        if self._tell_standing is None:
            self._inbox = Inbox(self._limits.inbox)
        return super().__enter__()

    @property
    def connections(self) -> list[Connection]:
        """The connection, if it stands."""
        connection = self._connection_or_none
        return [connection] if connection is not None and connection.is_open else []

    def connection(self, identity: ConnectionId) -> Connection | None:
        """The standing connection of that id."""
        return next((connection for connection in self.connections if connection.id == identity), None)

    def send(self, message: bytes, *, exact: bool = False) -> None:
        """Frame and send a message, or send ``exact`` bytes; see ``Connection.send``. Raises ``SendError``."""
        connection = self._connection_or_none
        if connection is None:
            raise SendError("not connected")
        if exact:
            connection.send_exactly(message)
        else:
            connection.send(message)

    def finish_sending(self) -> None:
        """Tell the peer that nothing more comes; what it says can still be received."""
        for connection in self.connections:
            connection.finish_sending()

    def receive(self, timeout: float | None = None) -> bytes:
        """Wait for the next message, at most ``timeout`` seconds. In a ``with`` block only.

        Raises ``TimeoutError``, or ``ConnectionEnded`` when there will be no more.
        """
        if self._inbox is None:
            raise RuntimeError("receive() is for clients used as a context manager, and without stands")
        message, drained = self._inbox.take(timeout)
        connection, loop = self._connection_or_none, self._loop_or_none
        if drained and connection is not None and loop is not None:
            loop.call_soon(lambda: connection.guard(lambda: connection.resume(Pause.OWNER)))
        return message

    def __iter__(self) -> Iterator[bytes]:
        """Every message until the connection is over."""
        while True:
            try:
                yield self.receive()
            except ConnectionEnded:
                return

    def check(self) -> None:
        """Raises ``ConnectError`` if it has ended without having stood."""
        self._raise_failure()

    def set_reconnect(self, reconnect: bool) -> None:
        """Come back by itself from now on, or not any more; who waits for the next try then gives up."""
        self._reconnect = reconnect
        self._soon(self._give_up_waiting)

    def set_reply(self, reply: Reply | None) -> None:
        """Have that speak, or nothing, from the next connection on."""
        self._reply = reply
        self.framing = _framing_of(self._own_framing, reply)
        self._framing = parse_framing(self.framing)

    # The client's thread.

    def _give_up_waiting(self) -> None:
        if self._waits is not None and not self._reconnect:
            self._loop.stop()

    def _come_back(self, why: str, stood: float = 0.0) -> None:
        """Try again after a while."""
        self._tries += 1
        pause = self._backoff.pause(stood)
        self._emit(Retrying(self.id, monotonic_ns(), self._tries, pause, why))
        self._waits = self._loop.call_later(pause, self._start)

    def _fail(self, why: Explanation) -> None:
        if self._reconnect:
            self._come_back(why.what)
        else:
            super()._fail(why)

    def _start(self) -> None:
        self._waits = None
        self._dialer = Dialer(
            self.target,
            loop=self._loop,
            session=self.id,
            deadline=self._limits.connect,
            emit=self._emit,
            connected=self._connected,
            failed=self._fail,
            proxy=self.proxy,
        )
        self._dialer.dial(self._resolver)

    def _connected(self, sock: socket.socket, peer: Address, took: float) -> None:
        sockets.tune(sock, self._limits)
        try:
            connection = self._connection(sock, peer, took)
        except FAULTS as error:  # mostly an ``OSError``: reset before we got to it
            self._drop(sock)
            if not isinstance(error, OSError):
                note(f"connecting to {peer}", error)
            self._fail(explain(error, Doing.CONNECTING, peer))
            return
        if self.tls is None:
            self._stands()
            self._begin_answering()
        elif self.tls.starttls:
            connection.guard(partial(self._ask_for_tls, connection, self.tls.starttls))

    def _register(self, connection: Connection) -> None:
        self._connection_or_none = connection

    def _shook_hands(self, why: Explanation | None) -> None:
        if why is None:
            self._stands()
            connection = self._connection_or_none
            if connection is not None and self._reply is not None:
                connection.loop.call_soon(self._begin_answering)  # the transport is locked
        elif not self._stands_or_over.is_set():
            self._refusal = why

    def _ask_for_tls(self, connection: Connection, protocol: str) -> None:
        """Say in the clear what comes before TLS, as the server's answers are ``received``."""
        self._starttls = starttls = make_starttls(protocol)
        connection.use_framing(parse_framing("raw"))
        if first := starttls.begin():
            connection.send_exactly(first, FOR_TLS)
        self._asking = connection.loop.call_later(self._limits.handshake, partial(self._give_up_asking, starttls.name))

    def _give_up_asking(self, name: str) -> None:
        self._refuse(timed_out(f"{name} server", self._limits.handshake, 0))

    def _hear_about_tls(self, connection: Connection, starttls: StartTls, data: bytes) -> None:
        """Take in what the server says before TLS, which begins when it says so."""
        try:
            answer = starttls.feed(data)
        except HandshakeError as error:
            self._refuse(error.explanation)
        if answer:
            connection.send_exactly(answer, FOR_TLS)
        if not starttls.is_done:
            return
        self._starttls = None
        if self._asking is not None:
            self._asking.cancel()
        if starttls.rest:
            connection.refuse_early(starttls.rest)
            self._refuse(injected(len(starttls.rest), starttls.rest))
        connection.use_framing(self._framing)
        assert self.tls is not None
        self._go_over_to_tls(connection, self.tls, as_server=False)

    def _refuse(self, why: Explanation) -> NoReturn:
        """Raises ``HandshakeError``, which ends the connection."""
        self._refusal = why
        raise HandshakeError(why)

    def _stands(self) -> None:
        """The connection can be talked over."""
        self._tries, self._stood_since = 0, self._loop.time()
        self._refusal = None  # of an earlier try
        if self._tell_standing is not None and self._connection_or_none is not None:
            self._tell_standing(self._connection_or_none)
        self._stands_or_over.set()

    def _begin_answering(self) -> None:
        """Have the reply speak on the connection that stands, if there is one."""
        connection, reply = self._connection_or_none, self._reply
        if reply is None or connection is None or not connection.is_open or self._responder is not None:
            return

        def begin() -> None:
            self._responder = reply.responder(ReplyPeer(connection, reply.origin))
            self._responder.opened()

        connection.guard(begin)

    def _end_answering(self) -> None:
        responder, self._responder = self._responder, None
        if responder is not None:
            attempt("ending who speaks on a connection", responder.closed)

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Keep the messages for ``receive``, if anybody fetches them, and let the reply answer them."""
        if self._starttls is not None:
            self._hear_about_tls(connection, self._starttls, b"".join(messages))
            return
        if self._inbox is not None and self._inbox.put(messages):
            connection.pause(Pause.OWNER)
        for message in messages if self._responder is not None else ():
            if self._responder is not None:  # it may have ended the connection
                self._responder.received(message)

    def peer_finished(self, connection: Connection) -> None:
        """The server has said all it has to say: send what waits, and part."""
        self._tell_of_proxy(connection)
        if self._half_open or connection.is_finishing:
            return
        part = partial(connection.close, Ending.PEER_FINISHED)
        if self._responder is not None:
            self._responder.peer_finished(part)
        else:
            part()

    def closed(self, connection: Connection) -> None:
        """The connection was all there was, unless the client comes back."""
        self._tell_of_proxy(connection)
        self._end_answering()
        if self._stood_since is None and not self._stands_or_over.is_set() and self._refusal is None:
            if self._asked_to_stop:
                self._cancelled = True
            else:
                self._refusal = Explanation("the connection ended before TLS could begin", fault=Fault.PEER)
        if self._reconnect and not self._asked_to_stop and not self._is_over:
            self._connection_or_none = None
            since, self._stood_since = self._stood_since, None
            self._come_back("the connection is over", self._loop.time() - since if since is not None else 0.0)
        else:
            self._loop.stop()

    def _stop(self) -> None:
        connection = self._connection_or_none
        if connection is not None:
            connection.close(Ending.OURS)
            return
        self._cancelled = not self._stands_or_over.is_set()
        self._loop.stop()

    def _release(self) -> None:
        if self._dialer is not None:
            self._dialer.cancel()
        if self._connection_or_none is not None:
            self._connection_or_none.abort()
        self._end_answering()
        if self._reply is not None:
            attempt("ending a reply", self._reply.end)

    def _wind_up(self, loop: Loop | None) -> None:
        super()._wind_up(loop)
        if self._inbox is not None:
            self._inbox.end()

    def _raise_failure(self) -> None:
        failure = self._failure or self._refusal
        if failure is not None:
            raise ConnectError(failure)
        if self._cancelled:
            raise ConnectError(Explanation("the attempt to connect was cancelled"), cancelled=True)


def _framing_of(framing: str, reply: Reply | None) -> str:
    """The framing that was asked for, or, if that is none, the one that a reply is made for."""
    return reply.framing if framing == "raw" and reply is not None and reply.framing else framing


class Backoff:
    """Pauses that double from try to try. ``chance`` gives a number from 0 to 1."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next = SHORTEST

    def pause(self, stood: float = 0.0) -> float:
        """Seconds until the next try, after a connection that stood for so many seconds.

        One that stood for a second begins the pauses anew; a server that takes connections and closes them at once
        is left alone for longer and longer.
        """
        if stood >= _SUCCESS:
            self._next = SHORTEST
        pause = self._next * (1 - _JITTER * self._chance())
        self._next = min(LONGEST, 2 * self._next)
        return pause


class Inbox:
    """Messages between the client's thread and who receives them. Bounded by bytes; any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: deque[bytes] = deque()
        self._size = 0
        self._full = False
        self._ended = False
        self._changed = threading.Condition()

    def put(self, messages: list[bytes]) -> bool:
        """Add messages; say whether that made it full, so that reading had better pause."""
        with self._changed:
            self._messages.extend(messages)
            self._size += sum(map(len, messages))
            became_full = self._size > self._limit and not self._full
            self._full = self._full or became_full
            self._changed.notify_all()
            return became_full

    def take(self, timeout: float | None) -> tuple[bytes, bool]:
        """The next message, and whether there is room again after it was full."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._messages or self._ended, timeout):
                raise TimeoutError("no message came in time")
            if not self._messages:
                raise ConnectionEnded("the connection is over: there are no more messages")
            message = self._messages.popleft()
            self._size -= len(message)
            drained = self._full and self._size <= self._limit // 2
            self._full = self._full and not drained
            return message, drained

    def end(self) -> None:
        """No more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
