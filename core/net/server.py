"""A TCP server: listens, accepts, and lets a reply rule or a person answer."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from core.address import Address, parse_target
from core.clock import monotonic_ns
from core.errors import Doing, Explanation, ListenError, SendError, explain
from core.events import (
    ConnectionId,
    Ending,
    EventSink,
    FramingChanged,
    Listening,
    NotSent,
    ReplyChanged,
    Resolving,
    SessionId,
    TurnedAway,
)
from core.net import sockets
from core.net.answered import AnsweredConnection
from core.net.connection import Connection
from core.net.loop import READ
from core.net.resolver import Outcome, Resolver
from core.net.session import Session
from core.replies import Reply, Responder, make_reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import attempt, do_all, note
from core.tls.settings import Tls
from core.wire.framing import parse_framing
from core.wire.tls_records import INTERNAL_ERROR, plain_alert
from core.words import counted

FULL = b"this server has as many connections as it takes; try again later\n"

_AS_IT_COMES = parse_framing("raw")
_ACCEPTS_PER_TURN = 64  # then the standing connections get their turn
_ACCEPT_REST = 0.1  # seconds without accepting when there is no descriptor left at all
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_QUIET = 5.0  # seconds between two reports of peers turned away


class Server(Session):
    """Listens at ``target`` (an ``Address`` or ``[HOST:]PORT``; port 0 takes any free port).

    ``serve_forever`` blocks until ``stop``, which any thread may call. ``reply`` is one of
    ``core.replies``, is written as one is, or is a function ``(peer, message)`` (``core.replies.called``).
    Events go to ``events`` if there is one.
    With ``tls`` every connection begins with a handshake; True stands for a certificate of Tincan's own authority.

    Raises ``AddressError`` for a bad target and ``TincanError`` for an unknown reply or framing.
    """

    role = Role.SERVER
    _doing = Doing.LISTENING
    _looks_for_http = True

    def __init__(
        self,
        target: Address | str,
        *,
        reply: str | Reply | Callable[..., Any] = "letter",
        framing: str = "raw",
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
        tls: Tls | bool | None = None,
    ) -> None:
        if isinstance(target, str):
            target, has_scheme = parse_target(target, for_server=True)
            tls = tls if tls is not None else has_scheme
        self._reply = self._in_use = make_reply(reply)  # what was chosen, and what answers, on the server's thread
        self._responders: dict[ConnectionId, Responder] = {}  # where the reply has one for each connection
        self._listeners: list[socket.socket] = []
        self._connections: dict[ConnectionId, Connection] = {}
        self._sources: Counter[str] = Counter()  # how many places the connections from each address take
        self._without_place: set[ConnectionId] = set()  # over, but not read to the end yet
        self._stopping = False
        self._spare = _SpareDescriptor()
        self._turned_away = 0
        self._first_turned_away: tuple[Address | None, str] = (None, "")
        self._turned_away_at = float("-inf")
        self.addresses: tuple[Address, ...] = ()
        super().__init__(
            target,
            framing=framing,
            reply=self._reply.written,
            limits=limits,
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            tls=tls,
        )

    # Any thread.

    def serve_forever(self) -> None:
        """Listen and serve until ``stop``. Raises ``ListenError`` if it could not listen."""
        self._run()
        self._raise_failure()

    def set_reply(self, reply: str | Reply | Callable[..., Any]) -> None:
        """Answer by another rule from the next message on. Raises ``TincanError`` for one that cannot be made."""
        made = self._reply = make_reply(reply)
        self._soon(partial(self._change_reply, made.written))

    def set_framing(self, framing: str) -> None:
        """Tell messages apart in another way from now on, on every connection. Raises ``FramingError``.

        A message that has begun and not ended by then gets no reply.
        """
        self._framing = parse_framing(framing)
        self.framing = framing
        self._soon(lambda: self._use_framing(framing))

    @property
    def connections(self) -> list[Connection]:
        """The connections that stand, by number."""
        return list(self._connections.values())

    def connection(self, identity: ConnectionId) -> Connection | None:
        """The standing connection of that id."""
        return self._connections.get(identity)

    # The server's thread.

    def _start(self) -> None:
        loop = self._loop
        if not self.target.is_literal:
            self._emit(Resolving(self.id, monotonic_ns(), self.target.host))
        self._resolver.resolve(
            self.target, for_server=True, done=lambda outcome: loop.call_soon(lambda: self._listen(outcome))
        )

    def _change_reply(self, written: str) -> None:
        self._use_reply()
        self._emit(ReplyChanged(self.id, monotonic_ns(), written))

    def _use_reply(self) -> None:
        """Have every connection answered by the reply that was chosen last; harmless where it is so already."""
        before, self._in_use = self._in_use, self._reply
        if before is self._in_use:
            return
        if before.is_stream:
            self._use_framing_on_all()
        self._end_responders(before)
        if self._in_use.has_responders:
            for connection in self.connections:
                connection.guard(partial(self._begin_answering, connection, is_known=True))

    def _begin_answering(self, connection: Connection, *, is_known: bool) -> Responder:
        """Have a responder of the reply in use answer this connection."""
        reply = self._in_use
        peer = AnsweredConnection(
            connection, self._loop, self.id, self._emit, room=self._limits.outbox // 4, is_known=is_known
        )
        responder = self._responders[connection.id] = reply.responder(peer)
        if reply.is_stream:
            connection.use_framing(_AS_IT_COMES)
        return responder

    def _responder(self, connection: Connection) -> Responder | None:
        """Who answers this connection, if the reply has somebody for each."""
        self._use_reply()
        return self._responders.get(connection.id)

    def _end_responders(self, reply: Reply) -> None:
        responders, self._responders = self._responders, {}
        do_all(
            [
                *(("ending who answers a connection", responder.closed) for responder in responders.values()),
                ("ending a reply", reply.end),
            ]
        )

    def _use_framing(self, framing: str) -> None:
        if not self._reply.is_stream:
            self._use_framing_on_all()
        self._emit(FramingChanged(self.id, monotonic_ns(), framing))

    def _use_framing_on_all(self) -> None:
        for connection in self.connections:
            connection.guard(partial(connection.use_framing, self._framing))

    def _listen(self, outcome: Outcome) -> None:
        if self._stopping:
            return
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            self._listeners = sockets.listen(outcome, self.target, self._limits.backlog)
        except Exception as error:  # noqa: BLE001 - explained to whoever asked for the server
            self._fail(self._explain(error, outcome))
            return
        self._spare.take()
        self.addresses = tuple(sockets.readable(listener.getsockname()) for listener in self._listeners)
        self._watch_listeners(READ)
        self._emit(Listening(self.id, monotonic_ns(), self.addresses))
        self._stands_or_over.set()

    def _explain(self, error: Exception, outcome: Outcome) -> Explanation:
        """Why it does not listen; if the port is taken, which one is not."""
        why = explain(error, Doing.LISTENING, self.target)
        if isinstance(outcome, BaseException) or not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
            return why
        port = sockets.next_free_port(outcome)
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
            if error.errno in _OUT_OF_DESCRIPTORS:
                return self._turn_away_without_descriptor(listener)
            return True  # that peer went away again before it was accepted
        except Exception as error:  # noqa: BLE001 - whatever it is, those who are connected go on
            note("accepting a peer", error)
            self._rest()
            return False
        if not sockaddr:  # macOS: that peer went away again, and left us a socket without an address
            sock.close()
            return True
        try:
            peer = sockets.readable(sockaddr)
            why = self._why_not(peer)
            if why:
                self._turn_away(sock, peer, why)
            else:
                self._welcome(sock, peer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this peer alone
            note("taking in a peer", error)
            self._drop(sock)
        return True

    def _why_not(self, peer: Address) -> str:
        """Why this peer cannot be taken in; empty if it can."""
        why = self._limit_reached(peer)
        return self._limit_reached(peer) if why and self._free_places() else why

    def _limit_reached(self, peer: Address) -> str:
        if len(self._connections) - len(self._without_place) >= self._limits.connections:
            return f"the server has {counted(self._limits.connections, 'connection')}, as many as it takes"
        most = self._limits.connections_per_source
        if not peer.is_loopback and self._sources[peer.host] >= most:
            return f"{peer.host} has {counted(most, 'connection')}, as many as one address may have"
        return ""

    def _free_places(self) -> bool:
        """Take the place from connections that are over and wait only for the journal; whether there were any.

        Nobody reads them while the journal is behind, so their end comes to nobody's ears by itself.
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
        except (OSError, MemoryError):  # reset before we got to it, or no memory for it
            self._drop(sock)
            return
        if not connection.is_open:
            return
        self._connections[connection.id] = connection
        self._sources[peer.host] += 1
        connection.guard(partial(self._greet, connection))

    def _greet(self, connection: Connection) -> None:
        self._use_reply()
        reply = self._in_use
        if reply.has_responders:
            self._begin_answering(connection, is_known=False).opened()
        elif reply.greeting is not None:
            self._send(connection, reply.greeting)

    def _turn_away(self, sock: socket.socket, peer: Address | None, why: str) -> None:
        """Tell the peer in one line, under TLS by an alert, close, and report it; a crowd of them every few seconds."""
        with contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.send(FULL if self._tls_context is None else plain_alert(INTERNAL_ERROR))
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

    def _turn_away_without_descriptor(self, listener: socket.socket) -> bool:
        """No descriptor is left: use the spare one to tell the peer so, instead of leaving it to hang."""
        self._spare.release()
        try:
            sock, sockaddr = listener.accept()
        except OSError as error:
            self._spare.take()
            if error.errno in _OUT_OF_DESCRIPTORS:
                self._rest()
            return False
        peer = sockets.readable(sockaddr) if sockaddr else None
        self._turn_away(sock, peer, "this program has as many files open as the system allows")
        self._spare.take()
        return True

    def _rest(self) -> None:
        """Accept nothing for a moment, rather than spin."""
        self._watch_listeners(0)
        self._loop.call_later(_ACCEPT_REST, lambda: self._watch_listeners(READ))

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Let the rule answer each message; after its goodbye the connection is not listened to."""
        reply = self._reply
        if reply.has_responders or self._responders:
            responder = self._responder(connection)
            if responder is not None:
                for message in messages:
                    responder.received(message)
                return
        for message in messages:
            to_sender, to_others, goodbye = reply.answer(message)
            if to_sender is not None:
                self._send(connection, to_sender)
            if to_others is not None:
                self._send_to_others(connection, to_others)
            if goodbye:
                connection.close(Ending.REPLY)
                return
        if not reply.waits_for_a_person:
            connection.wait_for_reader()

    def _send(self, connection: Connection, message: bytes) -> None:
        """Send what the rule says; what the connection refuses is put on record."""
        try:
            connection.send(message)
        except SendError as error:
            self._note_refusal(connection, message, error)

    def _note_refusal(self, connection: Connection, message: bytes, error: SendError) -> None:
        self._emit(NotSent(self.id, connection.id, monotonic_ns(), len(message), str(error)))

    def _send_to_others(self, sender: Connection, message: bytes) -> None:
        for connection in self.connections:
            if connection is sender:
                continue
            try:  # rather than through _send: this is done for a hundred at a time
                connection.send(message)
            except SendError as error:
                self._note_refusal(connection, message, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the sender is not to blame
                connection.fail(error)

    def refuses_http(self, connection: Connection) -> bool:
        """A rule answers no web page, which could say anything in its visitor's name; a person may."""
        if self._reply.hears_http:
            return False
        connection.close(Ending.HTTP)
        return True

    def peer_finished(self, connection: Connection) -> None:
        """A rule has nothing more to say to a peer that has finished; a person may have."""
        responder = self._responder(connection)
        if responder is not None:
            responder.peer_finished(partial(connection.close, Ending.PEER_FINISHED))
            return
        if not self._reply.waits_for_a_person:
            connection.close(Ending.PEER_FINISHED)
            return
        self._loop.call_later(self._limits.half_closed, lambda: connection.close(Ending.PEER_FINISHED))

    def closed(self, connection: Connection) -> None:
        """Forget it; the last one to go lets the stopping server end."""
        if self._connections.pop(connection.id, None) is None:
            return  # a fault has ended it before it was taken in
        responder = self._responders.pop(connection.id, None)
        if responder is not None:
            attempt("ending who answers a connection", responder.closed)
        if connection.id in self._without_place:
            self._without_place.remove(connection.id)
        else:
            self._give_place_up(connection)
        if self._stopping and not self._connections:
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
        if not self._connections:
            self._loop.stop()

    def _part(self, connection: Connection) -> None:
        connection.close(Ending.SERVER_STOPPED, drain=self._limits.stop_drain)

    def _close_listeners(self) -> None:
        listeners, self._listeners = self._listeners, []
        do_all(
            [
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
                ("ending who answers", partial(self._end_responders, self._in_use)),
            ]
        )

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ListenError(self._failure)


class _SpareDescriptor:
    """One descriptor kept back, so that a peer can be told when there are no others."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def take(self) -> None:
        if self._fd is None:
            with contextlib.suppress(OSError):
                self._fd = os.open(os.devnull, os.O_RDONLY)

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
