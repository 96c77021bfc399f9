"""What every kind of session has: its thread and loop, its start and its end, and how it makes connections."""

from __future__ import annotations

import itertools
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from types import NoneType, TracebackType
from typing import TYPE_CHECKING, Self, TypedDict

from core.address import Address
from core.clock import monotonic_ns
from core.errors import Explanation, SendError, TlsSettingsError, check_type
from core.events import (
    ConnectionId,
    Ending,
    Event,
    EventSink,
    SessionClosed,
    SessionId,
    SessionOpened,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
)
from core.explanations import Doing, explain
from core.net.connection import Connection
from core.net.local_sockets import peer_process
from core.net.loop import GuardedLoop, Loop
from core.net.resolver import Resolver
from core.net.socket_options import AS_USUAL, SocketOptions
from core.net.transport import LocalStream, Tcp, Transport
from core.origin import FOR_TLS
from core.proxy import Proxy
from core.replies import Reply
from core.roles import Role
from core.settings import Limits
from core.supervision import FAULTS, Worker, do_all, note
from core.tls.facts import Handshake
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays, Faults, check_faults
from core.wire.framing import parse_framing

if TYPE_CHECKING:  # else when TLS is spoken
    from core.tls.contexts import TlsContext


_KINDS: dict[str, tuple[type, ...]] = {
    "target": (Address, str),
    "listen": (Address, str),
    "framing": (str,),
    "reply": (Reply, NoneType),
    "limits": (Limits,),
    "events": (EventSink, NoneType),
    "tls": (Tls, bool, NoneType),
    "onward_tls": (Tls, bool, NoneType),
    "fault_out": (Faults, NoneType),
    "fault_in": (Faults, NoneType),
    "stands": (Callable, NoneType),  # type: ignore[dict-item]
    "proxy": (Proxy, str, NoneType),
    "socket_options": (SocketOptions,),
}


def check_types(**arguments: object) -> None:
    """Raise ``TypeError`` for an argument of another type: it would fail later, on the session's thread, or never."""
    for name, value in arguments.items():
        check_type(name, value, *_KINDS[name])


class SessionArguments(TypedDict):
    """What a session has from who makes it, whatever its kind."""

    limits: Limits
    events: EventSink | None
    session: SessionId
    identities: Iterator[int] | None
    resolver: Resolver | None


class Session(ABC):
    """A server or a client: made once, run once, by one thread.

    ``stop`` is for any thread and returns at once. A session can be run by the thread that wants to
    wait for it, or, as a context manager, by a thread of its own:

        with Server("127.0.0.1:0") as server:
            print(server.addresses)

    which waits until the session stands, raises what kept it from standing, and at the end stops it
    and waits for its thread. That thread keeps the process: of a session that nobody stops the program does not end.
    """

    role: Role
    _doing: Doing
    _looks_for_http = False  # in the first bytes of each peer

    def __init__(
        self,
        target: Address,
        *,
        framing: str,
        reply: str | None,
        limits: Limits,
        events: EventSink | None,
        session: SessionId,
        identities: Iterator[int] | None,
        resolver: Resolver | None,
        tls: Tls | bool | None = None,
        faults: BothWays = SOUND,
        proxy: Proxy | None = None,
    ) -> None:
        check_types(framing=framing, limits=limits, events=events, tls=tls, proxy=proxy)
        check_types(fault_out=faults.out, fault_in=faults.into)
        self._check_faults(faults)
        self._framing = parse_framing(framing)  # a wrong one is refused here and now
        self.target = target
        self.id = session
        self.framing = framing
        self.tls = Tls() if tls is True else tls or None
        self.proxy = proxy
        through = str(proxy) if proxy is not None else ""  # without user and password
        self._to_close: list[TlsContext] = []
        self._tls_context: TlsContext | None = None  # from the beginning of the session on, if there is TLS
        self._refusal: Explanation | None = None  # why a connection that stood was not to be talked over
        self._limits = limits
        self._sink = events
        self._identities = identities or itertools.count(1)
        self._resolver = resolver or Resolver(limits.resolvers)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._begun = self._is_over = False
        self._asked_to_stop = False
        self.socket_options = AS_USUAL
        self._faults = faults  # of every connection, now and later, that has none of its own
        self._own_faults: dict[int, BothWays] = {}  # of single ones, by their numbers
        self._loop_or_none: Loop | None = None
        self._commands: GuardedLoop | None = None  # the loop for what the session survives
        self._early: list[Callable[[], None]] | None = []  # asked for before there is a loop; None from then on
        self._worker: Worker | None = None
        self._stands_or_over = threading.Event()
        self._failure: Explanation | None = None
        self._cancelled = False
        self._emit(
            SessionOpened(
                session,
                monotonic_ns(),
                self.role,
                target,
                framing,
                reply,
                self.tls is not None,
                through,
                faults.written,
            )
        )

    def __repr__(self) -> str:
        if self._failure is not None:
            state = "failed"
        elif not self._begun:
            state = "not started"
        else:
            state = "stopped" if self._loop_or_none is None else "running"
        return f"<{type(self).__name__} {self.target} {state}>"

    # Any thread.

    def start(self) -> None:
        """Run in a thread of its own and wait for nothing.

        Raises ``NoThread``, or ``RuntimeError`` if the session was started before.
        """
        worker = Worker(self._run, f"{self.role.name} {self.target}", self._died)
        with self._lock:  # so that nobody joins a thread that does not run yet, or never will
            self._check_is_new()
            worker.start()
            self._worker = worker

    def stop(self) -> None:
        """Ask the session to end: flush what waits, say goodbye, close. Idempotent; returns at once."""
        with self._lock:
            first = not self._asked_to_stop
            self._asked_to_stop = True
            loop = self._loop_or_none
        if first and loop is not None:
            loop.call_soon(self._stop)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the session's own thread, at most ``timeout`` seconds; say whether it has ended."""
        worker = self._worker
        return worker is None or worker.is_here or worker.join(timeout)

    def __enter__(self) -> Self:
        try:
            self.start()
            self._stands_or_over.wait()
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C: nobody leaves what was not entered, and the thread goes on
                self.stop()
            raise
        if self._failure is not None or self._refusal is not None or self._cancelled:
            self.join()
            self._raise_failure()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.join()

    def tune(self, socket_options: SocketOptions) -> None:
        """Have every connection, now and later, use its socket in another way; what is sent after this does."""
        with self._lock:
            self.socket_options = socket_options
            is_running = self._commands is not None
        if is_running:
            self._change_sending(self._tune_all)

    def set_faults(self, faults: BothWays, number: int | None = None) -> None:
        """Have these faults on every connection, now and later, or on that of a number alone; at once.

        What is sent after this goes through them.
        Of what passes on, one pair is both the connection of that number and the one that was dialled for it.
        Raises ``FaultError`` for those of streams over UDP, or of datagrams over anything else.
        """
        self._check_faults(faults)
        with self._lock:
            if number is None:
                self._faults = faults
                self._own_faults = {}
            else:
                self._own_faults = {**self._own_faults, abs(number): faults}
        self._change_sending(self._use_faults_on_all)

    def _check_faults(self, faults: BothWays) -> None:
        for each in faults:
            check_faults(each, datagrams=self.role.datagrams)

    def faults(self, number: int | None = None) -> BothWays:
        """The faults of every connection, or of the one of that number."""
        with self._lock:
            return self._faults if number is None else self._own_faults.get(abs(number), self._faults)

    def start_tls(
        self, connection: ConnectionId, tls: Tls | None = None, *, as_server: bool, first: bytes = b""
    ) -> None:
        """Have a connection in the clear speak TLS from now on, in the role of a client or of a server.

        ``first`` are the last bytes in the clear, such as a server's ``220 go ahead``: the peer may begin when it has
        them. Returns at once; ``TlsBegun`` and ``TlsHandshake`` tell of it, or ``TlsRefused``.
        """
        begin = partial(self._begin_tls, connection, tls or Tls(), as_server=as_server, first=first)
        self._soon(begin)

    @property
    @abstractmethod
    def connections(self) -> list[Connection]:
        """The connections that stand, by number."""

    @abstractmethod
    def connection(self, identity: ConnectionId) -> Connection | None:
        """The standing connection of that id."""

    def _soon(self, call: Callable[[], None]) -> None:
        """Have it done by the session's thread, as soon as that runs; forgotten when the session is over."""
        with self._lock:
            commands = self._commands
            if commands is None and self._early is not None:
                self._early.append(call)
        if commands is not None:
            commands.call_soon(call)

    def _change_sending(self, change: Callable[[], None]) -> None:
        """Have the session's thread change how the connections send; what is sent after this waits for it."""
        held = self.connections
        for connection in held:
            connection.hold_sends()
        self._soon(partial(self._change_and_release, change, held))

    # The session's thread.

    def _change_and_release(self, change: Callable[[], None], held: list[Connection]) -> None:
        try:
            change()
        finally:
            for connection in held:
                connection.guard(connection.release_sends)

    def _run(self) -> None:
        """The whole life of the session. What goes wrong is left in ``_failure``."""
        with self._lock:
            if self._worker is None or not self._worker.is_here:
                self._check_is_new()
            self._begun = True
        loop: Loop | None = None
        try:
            loop = Loop(gap=self._limits.gap)
            if self._adopt(loop):
                loop.call_soon(self._set_out)
                loop.run()
        except FAULTS as error:  # a session's thread ends with its events, never with a traceback
            if loop is not None or not isinstance(error, OSError):  # a loop that the system has no room for
                note(f"{self.role.name} {self.target}", error)
            self._failure = explain(error, self._doing, self.target)
        finally:
            self._wind_up(loop)

    def _set_out(self) -> None:
        """Read what TLS needs, if there is to be any, and begin."""
        try:
            self._make_contexts()
        except TlsSettingsError as error:  # no next try would be another one, and none may go without TLS
            self._failure = explain(error, self._doing, self.target)
            self._loop.stop()
            return
        self._start()

    def _make_contexts(self) -> None:
        """Raises ``TlsSettingsError``."""
        if self.tls is not None:
            self._tls_context = self._make_context(self.tls, is_server=self.role.listens)

    def _make_context(self, tls: Tls, *, is_server: bool) -> TlsContext:
        """Raises ``TlsSettingsError``."""
        from core.tls.contexts import make_context

        hosts = own_hosts(self.target) if is_server and tls.certificate is None else ()
        context = make_context(tls, is_server=is_server, hosts=hosts)
        if context.ssl.keylog_filename is not None:
            self._to_close.append(context)
        return context

    def _check_is_new(self) -> None:
        """Under the lock: raise ``RuntimeError`` if this session has had its one life, or has it now."""
        if self._begun or self._worker is not None:
            raise RuntimeError(f"{self!r} has been run before: make a new one")

    def _adopt(self, loop: Loop) -> bool:
        """Make the loop known to ``stop``; False if that has been called already."""
        with self._lock:
            self._cancelled = self._asked_to_stop
            self._loop_or_none = loop
            self._commands = GuardedLoop(loop, lambda error: note(f"a command for {self!r}", error))
            early, self._early = self._early or (), None
            for call in early:
                self._commands.call_soon(call)
            return not self._asked_to_stop

    def _died(self, error: BaseException) -> None:
        """The thread has ended without having wound up, or in the midst of it."""
        if not self._is_over:
            self._failure = self._failure or explain(error, self._doing, self.target)
            self._wind_up(self._loop_or_none)

    def _wind_up(self, loop: Loop | None) -> None:
        self._is_over = True
        with self._lock:
            self._early = None
        do_all(
            [
                ("closing what a session has open", self._release if loop is not None else _nothing),
                ("letting go of a loop", self._forget_loop),
                ("closing a loop", loop.close if loop is not None else _nothing),
                ("closing what TLS has open", self._close_contexts),
                ("recording the end of a session", self._emit_closed),
                ("telling who waits for a session", self._stands_or_over.set),
            ]
        )

    def _forget_loop(self) -> None:
        with self._lock:
            self._loop_or_none = self._commands = None

    def _close_contexts(self) -> None:
        for context in self._to_close:
            context.close()

    def _emit_closed(self) -> None:
        self._emit(SessionClosed(self.id, monotonic_ns(), self._failure, self._cancelled))

    @property
    def _loop(self) -> Loop:
        """The loop, for code that only runs while there is one."""
        assert self._loop_or_none is not None
        return self._loop_or_none

    def _fail(self, why: Explanation) -> None:
        """End without ever having stood."""
        self._failure = why
        self._loop.stop()

    def _tls_of(self, number: int) -> tuple[TlsContext | None, str]:  # noqa: ARG002 - some have two kinds
        """With which context a connection of that number begins, if with any, and whom it asks for."""
        return self._tls_context, certified_host(self.target)

    def _connection(
        self, sock: socket.socket, peer: Address, took: float | None = None, number: int | None = None
    ) -> Connection:
        """Make a connection of this session out of a connected socket, with the next number or this one."""
        identity = ConnectionId(next(self._identities))
        transport: Transport = LocalStream(sock) if peer.is_local else Tcp(sock)
        number = next(self._numbers) if number is None else number
        context, host = self._tls_of(number)
        if context is not None and not context.tls.starttls:
            transport = self._over_tls(transport, context, identity, host)
        process = peer_process(sock) if peer.is_local else ""
        return self._connection_over(transport, peer, identity, took, number, process)

    def _connection_over(
        self,
        transport: Transport,
        peer: Address,
        identity: ConnectionId,
        took: float | None = None,
        number: int | None = None,
        process: str = "",
    ) -> Connection:
        connection = Connection(
            transport,
            peer,
            loop=self._loop,
            owner=self,
            session=self.id,
            identity=identity,
            number=next(self._numbers) if number is None else number,
            framing=self._framing,
            limits=self._limits,
            sink=self._sink,
            request_line=self._limits.request_line if self._looks_for_http and not peer.is_local else None,
        )
        self._register(connection)
        connection.guard(partial(connection.announce, took, process))
        if self.socket_options is not AS_USUAL:
            connection.guard(partial(connection.tune, self.socket_options))
        if self._faults != SOUND or self._own_faults:
            connection.guard(partial(self._use_faults, connection))
        return connection

    @abstractmethod
    def _register(self, connection: Connection) -> None:
        """Have a new connection among ``connections`` from now on."""

    def _use_faults_on_all(self) -> None:
        for connection in self.connections:
            connection.guard(partial(self._use_faults, connection))

    def _use_faults(self, connection: Connection) -> None:
        """Have the faults on a connection that it is to have now, and tell what has changed."""
        faults = self._faults_of(connection.number)
        connection.use_faults(faults, self._fault_places(connection.number))

    def _faults_of(self, number: int) -> BothWays:
        """What is wrong with what goes out on the connection of that number, and with what comes in."""
        return self.faults(number)

    def _fault_places(self, number: int) -> tuple[str, str]:  # noqa: ARG002 - some call them by other names
        """How those two ways are called."""
        return "what is sent", "what is received"

    def _over_tls(
        self, inner: Transport, context: TlsContext, identity: ConnectionId, host: str, early: bytes = b""
    ) -> Transport:
        """Raises ``HandshakeError`` for what came ``early``, and ``SendError``."""
        from core.net.tls import TlsTransport

        if isinstance(inner, TlsTransport):
            raise SendError("this connection speaks TLS already")
        return TlsTransport(
            inner,
            context,
            host=host,
            seconds=self._limits.handshake,
            tell=partial(self._tell_handshake, identity),
            early=early,
        )

    def _tell_handshake(self, identity: ConnectionId, handshake: Handshake, why: Explanation | None) -> None:
        self._emit(TlsHandshake(self.id, identity, monotonic_ns(), handshake))
        self._shook_hands(why)

    def _shook_hands(self, why: Explanation | None) -> None:  # noqa: B027 - most sessions need not know
        """A TLS handshake is over; ``why`` says what it failed for. Called while the transport is locked."""

    def _begin_tls(self, identity: ConnectionId, tls: Tls, *, as_server: bool, first: bytes) -> None:
        connection = self.connection(identity)
        if connection is not None:
            connection.guard(lambda: self._go_over_to_tls(connection, tls, as_server=as_server, first=first))

    def _go_over_to_tls(self, connection: Connection, tls: Tls, *, as_server: bool, first: bytes = b"") -> None:
        host = certified_host(self.target if self.role.dials else connection.peer)
        try:
            context = self._make_context(tls, is_server=as_server)
            if first:
                connection.send_exactly(first, FOR_TLS)
            has_begun = connection.go_over(
                lambda inner, early: self._over_tls(inner, context, connection.id, host, early)
            )
        except (TlsSettingsError, SendError) as error:
            self._emit(TlsRefused(self.id, connection.id, monotonic_ns(), str(error)))
            return
        if has_begun:
            self._emit(TlsBegun(self.id, connection.id, monotonic_ns(), as_server))
            connection.start_over()

    def _tell_of_proxy(self, connection: Connection) -> None:
        """The peer of a connection to the target has finished, or the connection is over: say what that may mean behind
        a proxy, once.

        Many proxies, such as pproxy and those that encrypt, say that they have reached the target before they try to.
        """
        ending = connection.ending  # None where the peer has finished
        is_news = ending is None or (ending is Ending.PEER_RESET and not connection.peer_has_finished)
        if self.proxy is None or not is_news:
            return
        if not connection.has_received:
            what = f"nothing came from {connection.peer}, which the proxy {self.proxy} may never have reached"
            connection.remark(f"{what}: some proxies say that they have before they try", is_failure=True)
        elif ending is Ending.PEER_RESET:
            connection.remark(f"this reset is the proxy's, {self.proxy}: its own, or passed on from {connection.peer}")

    def _drop(self, sock: socket.socket) -> None:
        """Close a socket that became no connection."""
        if sock.fileno() >= 0:  # not closed already
            self._loop.watch(sock, 0, lambda _events: None)
            sock.close()

    def _tune_all(self) -> None:
        for connection in self.connections:
            connection.guard(partial(connection.tune, self.socket_options))

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.put(event)

    @abstractmethod
    def _start(self) -> None:
        """Begin: the loop runs."""

    @abstractmethod
    def _stop(self) -> None:
        """Begin to end: somebody asked for it."""

    @abstractmethod
    def _release(self) -> None:
        """Close every socket that is still there, whatever happened. The loop runs no more."""

    @abstractmethod
    def _raise_failure(self) -> None:
        """Raise the error for ``_failure``."""

    @abstractmethod
    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """See ``Owner``."""

    def refuses_http(self, connection: Connection) -> bool:  # noqa: ARG002 - as the protocol has it
        """See ``Owner``."""
        return False

    @abstractmethod
    def peer_finished(self, connection: Connection) -> None:
        """See ``Owner``."""

    def closing(self, connection: Connection, ending: Ending) -> None:  # noqa: B027 - most wait for the end itself
        """See ``Owner``."""

    @abstractmethod
    def closed(self, connection: Connection) -> None:
        """See ``Owner``."""


def own_hosts(target: Address) -> tuple[str, ...]:
    """The names and addresses under which a server at ``target`` can be reached, as this machine knows them."""
    from core.net.reachable import local_addresses
    from core.tls.authority import own_names

    addresses = (address.host.partition("%")[0] for address in local_addresses())
    own = () if target.is_every_interface or target.is_local else (target.ascii_host.partition("%")[0],)
    return tuple(dict.fromkeys((*own_names(), "127.0.0.1", "::1", *own, *addresses)))


def certified_host(address: Address) -> str:
    """The name that a certificate has to be for: a local socket has none but this machine's."""
    return "localhost" if address.is_local else address.host


def _nothing() -> None: ...
