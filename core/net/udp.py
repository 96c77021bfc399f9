"""UDP: a server whose peers appear as they speak, and a client that talks to one address or to a group."""

from __future__ import annotations

import socket
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

from core.address import NO_LOCAL_DATAGRAMS, Address, parse_udp
from core.clock import monotonic_ns
from core.errors import AddressError, Explanation
from core.events import ConnectionId, Ending, EventSink, Resolved, Resolving, SessionId, SessionRemark, Tried
from core.explanations import Doing, explain
from core.net import sockets
from core.net.client import Client
from core.net.connection import Connection
from core.net.datagrams import DatagramSocket, DatagramTransport, Meet, OnlyTransport, bound, connect
from core.net.listening import ListeningSession
from core.net.loop import GuardedLoop, Timer
from core.net.resolver import Outcome, Resolver
from core.net.server import Server
from core.net.session import Session, check_types
from core.net.socket_options import AS_USUAL, SocketOptionError, SocketOptions, put_back, use_options
from core.net.sockets import Endpoint, SocketAddress
from core.replies import Reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import do_all
from core.wire.faults import Faults
from core.words import with_full_stop

_SECOND = 1_000_000_000  # nanoseconds


class _DatagramSession(Session):
    """What the two have in common: sockets that several peers may share, and their options."""

    _in_effect: SocketOptions
    _transports: dict[ConnectionId, DatagramTransport]  # of the peers that there are

    @property
    @abstractmethod
    def _shared(self) -> list[DatagramSocket]:
        """The sockets that are open."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether what comes may be answered before the next is read."""

    def _look_target_up(self, target: Address, found: Callable[[list[Endpoint], float], None]) -> None:
        """Have ``found`` called with what a target to send to stands for, and when that was asked for; or fail."""
        loop, began = self._loop, self._loop.time()
        timer: Timer | None = None
        if not target.is_literal:
            self._emit(Resolving(self.id, monotonic_ns(), target.host))
            late = partial(self._fail, explain(TimeoutError(), Doing.CONNECTING, target))
            timer = loop.call_later(self._limits.connect, late)

        def looked_up(outcome: Outcome) -> None:
            if timer is not None:
                timer.cancel()
            if self._asked_to_stop or self._failure is not None:
                return
            if isinstance(outcome, BaseException):
                self._fail(explain(outcome, Doing.SENDING, target))
                return
            if not target.is_literal:
                addresses = tuple(each.address for each in outcome)
                self._emit(Resolved(self.id, monotonic_ns(), addresses, loop.time() - began))
            found(outcome, began)

        self._resolver.resolve(
            target, for_server=False, done=lambda outcome: loop.call_soon(partial(looked_up, outcome))
        )

    def _share(self, sock: socket.socket, meet: Meet) -> DatagramSocket:
        return DatagramSocket(
            sock, loop=self._loop, commands=self._guarded, sink=self._sink, session=self.id, answers=self._answers,
            meet=meet, remark=self._complain,
        )  # fmt: skip

    @property
    def _guarded(self) -> GuardedLoop:
        """The loop for what the session survives; there is one while the session's thread runs."""
        assert self._commands is not None
        return self._commands

    def _transport_to(self, endpoint: Endpoint, options: SocketOptions) -> OnlyTransport:
        """A socket of its own for one address, or a group. Raises ``OSError`` and ``SocketOptionError``."""
        sock = bound(endpoint)
        hears_others = options.broadcast or endpoint.address.is_group
        try:
            use_options(sock, options, AS_USUAL)
            if not hears_others:
                hears_others = not _is_connected(sock, endpoint)
            shared = self._share(sock, _of_only)
        except BaseException:
            sock.close()
            raise
        only = OnlyTransport(shared, endpoint.sockaddr if hears_others else None)
        itself = endpoint.sockaddr if hears_others else sock.getpeername()  # of 0.0.0.0 that is 127.0.0.1
        shared.peers[itself] = only
        return only

    def _talk(self, transport: DatagramTransport, peer: Address, number: int | None = None) -> Connection:
        """Make a connection over a transport, with the next number or this one."""
        connection = self._connection_over(transport, peer, ConnectionId(next(self._identities)), number=number)
        transport.connection = connection
        self._transports[connection.id] = transport
        self._use_faults(connection)
        return connection

    def _use_faults(self, connection: Connection) -> None:
        transport = self._transports.get(connection.id)
        if transport is not None:  # else it is just being made, and gets them in a moment
            transport.use_faults(self._faults_of(connection.number), self._fault_places(connection.number))

    def _fault_places(self, number: int) -> tuple[str, str]:  # noqa: ARG002 - all are called the same
        return "the way to the peer", "the way from the peer"

    def _forget_transport(self, connection: Connection) -> None:
        transport = self._transports.pop(connection.id, None)
        if transport is not None:
            transport.forget()

    def _complain(self, text: str) -> None:
        self._emit(SessionRemark(self.id, monotonic_ns(), text, is_failure=True))

    def _tell_options(self, wanted: SocketOptions, before: SocketOptions) -> None:
        for text in _changes(self._with_joined(wanted), self._with_joined(before)):
            self._emit(SessionRemark(self.id, monotonic_ns(), text))
        for group in wanted.groups:
            if group not in before.groups and not self._can_join(group):
                its, ours = ("IPv6", "IPv4") if ":" in group else ("IPv4", "IPv6")
                kinds = f"it is of {its}, and the address of this session of {ours}"
                self._complain(f"the group {group} is not joined: {kinds}")

    def _with_joined(self, options: SocketOptions) -> SocketOptions:
        return replace(options, groups=tuple(filter(self._can_join, options.groups)))

    def _can_join(self, group: str) -> bool:
        """Whether there is a socket of that kind of address."""
        return any((each.sock.family == socket.AF_INET6) is (":" in group) for each in self._shared)

    def _tune_all(self) -> None:
        wanted, before = self.socket_options, self._in_effect
        try:
            self._set_options(use_options, wanted, before)
        except SocketOptionError as error:
            self._keep(before, wanted, error)
        else:
            self._in_effect = wanted
            self._tell_options(wanted, before)
        super()._tune_all()

    def _set_options(
        self,
        use: Callable[[socket.socket, SocketOptions, SocketOptions], None],
        wanted: SocketOptions,
        before: SocketOptions,
    ) -> None:
        """Have every socket go over from the options before to these. Raises what ``use`` does."""
        for shared in self._shared:
            use(shared.sock, wanted, before)

    def _keep(self, options: SocketOptions, refused: SocketOptions, error: SocketOptionError) -> None:
        """Go on as before, since the system refuses something of what was asked for."""
        self._set_options(put_back, options, refused)
        with self._lock:
            if self.socket_options is refused:
                self.socket_options = options
        self._complain(f"{with_full_stop(str(error))} The socket options stay as they were")


class HearingSession(_DatagramSession, ListeningSession):
    """Hears datagrams at its target; a peer is a connection from its first datagram on."""

    def _have_no_peers(self) -> None:
        """The first of all."""
        self._open_sockets: list[DatagramSocket] = []
        self._transports = {}
        self._sweep: Timer | None = None
        self._by_silence: tuple[str | None, list[tuple[int, DatagramTransport]]] = None, []  # the longest at the end

    # The session's thread.

    @property
    def _shared(self) -> list[DatagramSocket]:
        return self._open_sockets

    def _listeners_at(self, endpoints: list[Endpoint]) -> list[socket.socket]:
        options = self._in_effect = self.socket_options
        found = sockets.listen(endpoints, self.target, None, shares_port=bool(options.groups))
        self._open_sockets = [self._share(sock, self._meet) for sock in found]
        for sock in found:
            use_options(sock, options, AS_USUAL)
        self._tell_options(options, AS_USUAL)
        return found

    def _tell_options(self, wanted: SocketOptions, before: SocketOptions) -> None:
        super()._tell_options(wanted, before)
        own = [sockets.readable(each.sock.getsockname()) for each in self._shared]
        if sys.platform == "win32" or any(address.is_every_interface for address in own):
            return  # Windows hands what is sent to a group to sockets of one address, too
        hosts = {address.host.partition("%")[0] for address in own}
        for group in wanted.groups:
            is_new = group not in before.groups and self._can_join(group)
            if is_new and group.partition("%")[0] not in hosts:
                does_not = f"what is sent to the group {group} does not come to a server at {own[0].host}"
                self._complain(f"{does_not}: listen at 0.0.0.0 or ::, or at the group itself")

    def _watch_listeners(self, events: int) -> None:
        for each in self._open_sockets:
            each.read(wanted=bool(events))

    def _meet(self, shared: DatagramSocket, sockaddr: SocketAddress) -> DatagramTransport | None:
        """A stranger speaks: from now on it is a peer."""
        if self._stopping:
            return None
        peer = sockets.readable(sockaddr)
        if self._limit_reached(peer):
            self._forget_longest_silent(peer)
        transport = DatagramTransport(shared, sockaddr)
        connection = self._talk(transport, peer)
        shared.peers[sockaddr] = transport
        connection.guard(partial(self._greet, connection))
        if self._sweep is None:
            self._sweep = self._guarded.call_later(self._limits.silent_peer, self._forget_silent)
        return transport

    def _forget_longest_silent(self, newcomer: Address) -> None:
        """Make a place: for the sake of everybody, or of those at the same address that has too many."""
        is_everybody = len(self._connections) >= self._limits.connections
        oldest = self._longest_silent(None if is_everybody else newcomer.host)
        oldest.connection.abort(Ending.FORGOTTEN)

    def _longest_silent(self, host: str | None) -> DatagramTransport:
        """Who was silent for longest, of those at one address or of all.

        They are put in order once for many newcomers: who has spoken since, or is new, was silent for less than whoever
        has not.
        """
        while True:
            whose, order = self._by_silence
            while order and whose == host:
                active_at, transport = order.pop()
                if transport.active_at == active_at and transport.connection.is_open:
                    return transport
            those = [
                (each.active_at, each)
                for each in self._transports.values()
                if host is None or each.connection.peer.host == host
            ]
            self._by_silence = host, sorted(those, key=itemgetter(0), reverse=True)

    def _forget_silent(self) -> None:
        """Forget who said nothing for too long, and look again when the next one may have."""
        self._sweep = None
        since = monotonic_ns() - int(self._limits.silent_peer * _SECOND)
        for transport in list(self._transports.values()):
            if transport.active_at <= since:
                transport.connection.abort(Ending.FORGOTTEN)
        if self._transports:
            left = min(each.active_at for each in self._transports.values()) - since
            self._sweep = self._guarded.call_later(left / _SECOND, self._forget_silent)

    def closed(self, connection: Connection) -> None:
        """Forget it; who speaks from there again is somebody new."""
        self._forget_transport(connection)
        super().closed(connection)

    def _stop(self) -> None:
        self._stopping = True
        do_all(
            [
                *(("reading a socket no more", partial(each.read, wanted=False)) for each in self._open_sockets),
                *(("parting from a peer", partial(self._part, connection)) for connection in self.connections),
            ]
        )
        self._end_if_alone()

    def _close_listeners(self) -> None:
        shared, self._open_sockets, self._listeners = self._open_sockets, [], []
        do_all(
            [
                *(("closing a socket for datagrams", each.close) for each in shared),
                ("giving the spare descriptor back", self._spare.release),
            ]
        )


class UdpServer(HearingSession, Server):
    """Hears datagrams at ``target`` (an ``Address`` or ``[HOST:]PORT``) and answers as ``Server`` does.

    A peer is a connection from its first datagram on, and is forgotten after ``Limits.silent_peer`` seconds in which
    nothing came from it or went to it. Nobody is turned away: where there are as many as ``Limits.connections``, or as
    one address may have, the one that was silent for longest is forgotten. If ``target`` is a multicast group, it is
    joined. ``fault_out`` is what is wrong with the way to each peer, ``fault_in`` with the way back. Raises
    ``AddressError`` for a bad target, ``FaultError`` for faults of streams, and ``TincanError`` for an unknown reply or
    framing.
    """

    role = Role.UDP_SERVER
    _looks_for_http = False

    def __init__(
        self,
        target: Address | str,
        *,
        reply: str | Reply | Callable[..., Any] = "letter",
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        target = udp_address(target, for_server=True)
        self._have_no_peers()
        super().__init__(
            target,
            reply=reply,
            framing=framing,
            limits=limits,
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            fault_out=fault_out,
            fault_in=fault_in,
        )
        check_types(socket_options=socket_options)
        self.socket_options = self._in_effect = with_group(socket_options, target)

    def _answers(self) -> bool:
        self._use_reply()
        return bool(self._responders) or not self._reply.waits_for_a_person


class UdpClient(_DatagramSession, Client):
    """Sends datagrams to ``target`` (an ``Address`` or ``HOST:PORT``), and hears what comes back.

        with UdpClient("127.0.0.1:53") as client:
            client.send(query)
            print(client.receive(timeout=5))

    It stands at once, for nobody has to answer. It hears from ``target`` alone, or, where that is a multicast group or
    broadcast is allowed, from whoever answers. It ends when it is told to. See ``Client`` for ``stands`` and ``reply``.
    Raises ``AddressError`` for a bad target and ``ConnectError`` if nothing can be sent there.
    """

    role = Role.UDP_CLIENT
    _doing = Doing.SENDING

    def __init__(
        self,
        target: Address | str,
        *,
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
        stands: Callable[[Connection], None] | None = None,
        reply: Reply | None = None,
    ) -> None:
        self._transports = {}
        self._socket: DatagramSocket | None = None
        super().__init__(
            udp_address(target, for_server=False),
            framing=framing,
            limits=limits,
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            fault_out=fault_out,
            fault_in=fault_in,
            stands=stands,
            reply=reply,
        )
        check_types(socket_options=socket_options)
        self.socket_options = self._in_effect = socket_options

    # Any thread.

    def set_reconnect(self, reconnect: bool) -> None:
        """There is nothing to come back from: it ends when it is told to."""

    # The client's thread.

    @property
    def _shared(self) -> list[DatagramSocket]:
        return [self._socket] if self._socket is not None else []

    def _answers(self) -> bool:
        return self._responder is not None or self._inbox is not None  # which leaves to the system what it cannot keep

    def _start(self) -> None:
        self._look_target_up(self.target, self._try_each)

    def _try_each(self, endpoints: list[Endpoint], began: float) -> None:
        why: Explanation | None = None
        for endpoint in endpoints:
            try:
                self._begin_with(endpoint)
            except (OSError, SocketOptionError) as error:
                tried = explain(error, Doing.SENDING, endpoint.address)
                why = why or tried
                if not self.target.is_literal:
                    self._emit(Tried(self.id, monotonic_ns(), endpoint.address, self._loop.time() - began, tried))
                continue
            self._stands()
            self._begin_answering()
            return
        self._fail(why or Explanation(f"{self.target} has no address"))

    def _begin_with(self, endpoint: Endpoint) -> None:
        """Raises ``OSError`` and ``SocketOptionError``."""
        options = self._in_effect = self.socket_options
        only = self._transport_to(endpoint, options)
        self._socket = only.shared
        self._talk(only, endpoint.address)
        self._tell_options(options, AS_USUAL)

    def closed(self, connection: Connection) -> None:
        """It was all there was."""
        self._forget_transport(connection)
        super().closed(connection)

    def _release(self) -> None:
        do_all(
            [
                ("closing a UDP client", super()._release),
                *(("closing a socket for datagrams", each.close) for each in self._shared),
            ]
        )


def _of_only(shared: DatagramSocket, _sockaddr: SocketAddress) -> DatagramTransport | None:
    """Whoever answers belongs to the one conversation that there is."""
    return next(iter(shared.peers.values()), None)


def udp_address(target: Address | str, *, for_server: bool) -> Address:
    """The address that is meant. Raises ``AddressError``."""
    check_types(target=target)
    target = parse_udp(target, for_server=for_server) if isinstance(target, str) else target
    if target.is_local:
        raise AddressError(NO_LOCAL_DATAGRAMS)
    return target


def _is_connected(sock: socket.socket, endpoint: Endpoint) -> bool:
    """Connect a socket; False for a broadcast address, which nothing may go to until that is allowed."""
    try:
        connect(sock, endpoint)
    except PermissionError:
        return False
    return True


def with_group(options: SocketOptions, target: Address) -> SocketOptions:
    """The same, and the group that is listened at."""
    if not target.is_group or target.host in options.groups:
        return options
    return replace(options, groups=(target.host, *options.groups))


def _changes(wanted: SocketOptions, before: SocketOptions) -> Iterator[str]:
    """What is heard from now on, and what is not any more."""
    where = f" on the interface {wanted.interface}" if wanted.interface else ""
    has_moved = wanted.interface != before.interface
    yield from (f"has left the group {group}" for group in before.groups if has_moved or group not in wanted.groups)
    yield from (
        f"has joined the group {group}{'' if '%' in group else where}"
        for group in wanted.groups
        if has_moved or group not in before.groups
    )
