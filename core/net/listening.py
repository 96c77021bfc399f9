"""What everything that listens has in common: it accepts peers, turns away those it has no place for, and stops."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Unpack

from core.address import Address
from core.clock import monotonic_ns
from core.errors import Explanation, ListenError, shortage
from core.events import ConnectionId, Ending, Listening, Resolving, TurnedAway
from core.explanations import Doing, explain
from core.net import sockets
from core.net.connection import Connection
from core.net.local_sockets import SocketFile
from core.net.loop import READ
from core.net.resolver import Outcome
from core.net.session import Session, SessionArguments
from core.net.sockets import Endpoint
from core.proxy import Proxy
from core.supervision import FAULTS, do_all, note
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays
from core.wire.tls_records import INTERNAL_ERROR, plain_alert
from core.words import counted

_ACCEPTS_PER_TURN = 64  # then the standing connections get their turn
_ACCEPT_REST = 0.1  # seconds without accepting when there is no descriptor left at all
_QUIET = 5.0  # seconds between two reports of peers turned away


class ListeningSession(Session):
    """Listens at ``target`` and has a connection for each peer that comes; see ``Server`` for what it is given.

    ``serve_forever`` blocks until ``stop``, which any thread may call.
    """

    _doing = Doing.LISTENING
    _full = b""  # what a peer is told for which there is no place

    def __init__(
        self,
        target: Address,
        *,
        framing: str,
        reply: str | None,
        tls: Tls | bool | None = None,
        faults: BothWays = SOUND,
        proxy: Proxy | None = None,
        **session_arguments: Unpack[SessionArguments],
    ) -> None:
        self._listeners: list[socket.socket] = []
        self._socket_file: SocketFile | None = None
        self._connections: dict[ConnectionId, Connection] = {}  # of peers that came
        self._sources: Counter[str] = Counter()  # how many places the connections from each address take
        self._without_place: set[ConnectionId] = set()  # over, but not read to the end yet
        self._stopping = False
        self._spare = _SpareDescriptor()
        self._turned_away = 0
        self._first_turned_away: tuple[Address | None, str] = (None, "")
        self._turned_away_at = float("-inf")
        self.addresses: tuple[Address, ...] = ()
        super().__init__(target, framing=framing, reply=reply, tls=tls, faults=faults, proxy=proxy, **session_arguments)

    # Any thread.

    def serve_forever(self) -> None:
        """Listen and serve until ``stop``. Raises ``ListenError`` if it could not listen."""
        self._run()
        self._raise_failure()

    @property
    def connections(self) -> list[Connection]:
        """The connections that stand, by number."""
        return list(self._connections.values())

    def connection(self, identity: ConnectionId) -> Connection | None:
        """The standing connection of that id."""
        return self._connections.get(identity)

    # The session's thread.

    def _start(self) -> None:
        loop = self._loop
        if not self.target.is_literal:
            self._emit(Resolving(self.id, monotonic_ns(), self.target.host))
        self._resolver.resolve(
            self.target, for_server=True, done=lambda outcome: loop.call_soon(lambda: self._listen(outcome))
        )

    def _listen(self, outcome: Outcome) -> None:
        if self._stopping:
            return
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            self._spare.take()
            self._listeners = self._listeners_at(outcome)
        except Exception as error:  # noqa: BLE001 - explained to whoever asked for the server
            self._fail(self._explain(error, outcome))
            return
        self.addresses = tuple(sockets.readable(listener.getsockname()) for listener in self._listeners)
        self._watch_listeners(READ)
        has_replaced = self._socket_file is not None and self._socket_file.has_replaced
        self._emit(Listening(self.id, monotonic_ns(), self.addresses, self._limits.backlog, has_replaced))
        self._stands_or_over.set()

    def _listeners_at(self, endpoints: list[Endpoint]) -> list[socket.socket]:
        """Raises ``OSError``."""
        if not self.target.is_local:
            return sockets.listen(endpoints, self.target, self._limits.backlog)
        self._socket_file = SocketFile(self.target, self._limits.socket_mode)
        return [self._socket_file.listen(self._limits.backlog)]

    def _explain(self, error: Exception, outcome: Outcome) -> Explanation:
        """Why it does not listen; if the port is taken, which one is not."""
        why = explain(error, Doing.LISTENING, self.target)
        if isinstance(outcome, BaseException) or not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
            return why
        port = sockets.next_free_port(outcome, backlog=None if self.role.datagrams else 1)
        return replace(why, advice=f"{why.advice}: {port} is free") if port is not None else why

    def _watch_listeners(self, events: int) -> None:
        for listener in self._listeners:
            self._loop.watch(listener, events, partial(self._accept_some, listener))

    def _accept_some(self, listener: socket.socket, _events: int) -> None:
        for _ in range(_ACCEPTS_PER_TURN):
            if not self._accept(listener):
                return

    def _accept(self, listener: socket.socket) -> bool:
        """Take in one peer; False if there is none, or none can be taken now."""
        if self._stopping:
            return False
        try:
            sock, sockaddr = listener.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except MemoryError:
            self._rest()
            return False
        except OSError as error:
            why = shortage(error)
            if why:
                return self._turn_away_without_descriptor(listener, why)
            return True  # that peer went away again before it was accepted
        except Exception as error:  # noqa: BLE001 - whatever it is, those who are connected go on
            note("accepting a peer", error)
            self._rest()
            return False
        if not sockaddr and not self.target.is_local:  # macOS: that peer went away again, and left us such a socket
            sock.close()
            return True
        try:
            peer = sockets.readable(sockaddr)
            why = self._why_not(peer)
            if why:
                self._turn_away(sock, peer, why)
            else:
                self._welcome(sock, peer)
        except FAULTS as error:  # whatever it is, it concerns this peer alone
            note("taking in a peer", error)
            self._drop(sock)
        return True

    def _why_not(self, peer: Address) -> str:
        """Why this peer cannot be taken in; empty if it can."""
        why = self._limit_reached(peer)
        return self._limit_reached(peer) if why and self._free_places() else why

    def _limit_reached(self, peer: Address) -> str:
        if len(self._connections) - len(self._without_place) >= self._limits.connections:
            return f"the {self.role.name} has {counted(self._limits.connections, 'connection')}, as many as it takes"
        most = self._limits.connections_per_source
        if not peer.is_loopback and self._sources[peer.host] >= most:
            return f"{peer.host} has {counted(most, 'connection')}, as many as one address may have"
        return ""

    def _free_places(self) -> bool:
        """Take the place from connections that are over and wait only for the journal; whether there were any.

        Nobody reads them while the journal is behind, so nobody is told of their end.
        """
        over = [one for one in self.connections if one.is_over_unread and one.id not in self._without_place]
        for connection in over:
            self._without_place.add(connection.id)
            self._give_place_up(connection)
        return bool(over)

    def _welcome(self, sock: socket.socket, peer: Address) -> None:
        sockets.tune(sock, self._limits)
        try:
            connection = self._connection(sock, peer)
        except (OSError, MemoryError) as error:
            why = shortage(error)
            if why:
                self._turn_away(sock, peer, why)
            else:  # it was reset before we got to it
                self._drop(sock)
            return
        if connection.is_open:  # no fault has ended it yet
            connection.guard(partial(self._greet, connection))

    def _register(self, connection: Connection) -> None:
        self._connections[connection.id] = connection
        self._sources[connection.peer.host] += 1

    @abstractmethod
    def _greet(self, connection: Connection) -> None:
        """A peer was taken in."""

    def _turn_away(self, sock: socket.socket, peer: Address | None, why: str) -> None:
        """Tell the peer in one line, under TLS by an alert, close, and report it; a crowd of them every few seconds."""
        with contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.send(self._full if self._tls_context is None else plain_alert(INTERNAL_ERROR))
            sock.shutdown(socket.SHUT_WR)
            for _ in range(1 + self._limits.drain_bytes // self._limits.receive):
                if not sock.recv(self._limits.receive):  # bytes left unread would turn the close into a reset
                    break
        sock.close()
        self._turned_away += 1
        if self._turned_away > 1:
            return
        self._first_turned_away = peer, why
        quiet_for = self._turned_away_at + _QUIET - self._loop.time()
        if quiet_for <= 0:
            self._report_turned_away()
        else:
            assert self._commands is not None  # as long as the loop runs
            self._commands.call_later(quiet_for, self._report_turned_away)

    def _report_turned_away(self) -> None:
        count, self._turned_away = self._turned_away, 0
        if not count:
            return
        self._turned_away_at = self._loop.time()
        peer, why = self._first_turned_away
        self._emit(TurnedAway(self.id, monotonic_ns(), peer, why, count))

    def _turn_away_without_descriptor(self, listener: socket.socket, why: str) -> bool:
        """No descriptor is left: use the spare one to tell the peer so, instead of leaving it to hang."""
        with self._spare.lent():
            try:
                sock, sockaddr = listener.accept()
            except OSError as error:
                if shortage(error):
                    self._rest()
                return False
            self._turn_away(sock, sockets.readable(sockaddr) if sockaddr else None, why)
            return True

    def _rest(self) -> None:
        """Accept nothing for a moment, rather than spin."""
        self._watch_listeners(0)
        self._loop.call_later(_ACCEPT_REST, lambda: self._watch_listeners(READ))

    def closed(self, connection: Connection) -> None:
        """Forget it; the last one to go lets the stopping session end."""
        del self._connections[connection.id]
        self._forget(connection)
        if connection.id in self._without_place:
            self._without_place.remove(connection.id)
        else:
            self._give_place_up(connection)
        self._end_if_alone()

    def _forget(self, connection: Connection) -> None:
        """A connection is over."""

    def _end_if_alone(self) -> None:
        """End, if that was asked for and no connection stands any more."""
        if self._stopping and not self.connections:
            self._loop.stop()

    def _give_place_up(self, connection: Connection) -> None:
        self._sources[connection.peer.host] -= 1
        if not self._sources[connection.peer.host]:
            del self._sources[connection.peer.host]

    def _stop(self) -> None:
        self._stopping = True
        do_all(
            [
                ("closing the listeners", self._close_listeners),
                *(("closing a connection", partial(self._part, connection)) for connection in self.connections),
            ]
        )
        self._end_if_alone()

    def _part(self, connection: Connection) -> None:
        connection.close(Ending.SERVER_STOPPED, drain=self._limits.stop_drain)

    def _close_listeners(self) -> None:
        listeners, self._listeners = self._listeners, []
        do_all(
            [
                ("removing a socket file", self._socket_file.remove if self._socket_file is not None else _nothing),
                *(("watching a listener no more", partial(self._unwatch, listener)) for listener in listeners),
                *(("closing a listener", listener.close) for listener in listeners),
                ("giving back the spare descriptor", self._spare.release),
            ]
        )

    def _unwatch(self, listener: socket.socket) -> None:
        self._loop.watch(listener, 0, lambda _events: None)

    def _release(self) -> None:
        do_all(
            [
                ("reporting who was turned away", self._report_turned_away),
                ("closing the listeners", self._close_listeners),
                *(("aborting a connection", connection.abort) for connection in self.connections),
            ]
        )

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ListenError(self._failure)


def _nothing() -> None: ...


class _SpareDescriptor:
    """One descriptor kept back, so that a peer can be told when there are no others."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def take(self) -> None:
        """Keep one back from now on. Raises ``OSError``."""
        if self._fd is None:
            self._fd = os.open(os.devnull, os.O_RDONLY)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Leave it to others meanwhile; it is taken back if it is to be had."""
        self.release()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self.take()

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
