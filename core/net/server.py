"""A TCP server: listens, accepts, and lets a reply rule or a person answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from core.address import Address, parse_target
from core.clock import monotonic_ns
from core.events import (
    ConnectionId,
    Ending,
    EventSink,
    FramingChanged,
    ReplyChanged,
    SessionId,
)
from core.net.connection import Connection
from core.net.listening import ListeningSession
from core.net.reply_peer import ReplyPeer
from core.net.resolver import Resolver
from core.net.session import check_types
from core.origin import Origin
from core.replies import Reply, Responder, make_reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import attempt, do_all
from core.tls.settings import Tls
from core.wire.faults import BothWays, Faults
from core.wire.framing import parse_framing

FULL = b"this server has as many connections as it takes; try again later\n"

_AS_IT_COMES = parse_framing("raw")


class Server(ListeningSession):
    """Listens at ``target`` (an ``Address`` or ``[HOST:]PORT``; port 0 takes any free port).

    ``serve_forever`` blocks until ``stop``, which any thread may call. ``reply`` is one of
    ``core.replies``, is written as one is, or is a function ``(peer, message)`` (``core.replies.function``).
    Events go to ``events`` if there is one.
    With ``tls`` every connection begins with a handshake; True stands for a certificate of Tincan's own authority.
    ``fault_out`` and ``fault_in`` are what is wrong with what is sent and received (``core.wire.faults``).

    Raises ``AddressError`` for a bad target and ``TincanError`` for an unknown reply or framing.
    """

    role = Role.SERVER
    _looks_for_http = True
    _full = FULL

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
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
    ) -> None:
        check_types(target=target)
        if isinstance(target, str):
            target, has_scheme = parse_target(target, for_server=True)
            tls = tls if tls is not None else has_scheme
        self._reply = self._in_use = make_reply(reply)  # what was chosen, and what answers, on the server's thread
        self._responders: dict[ConnectionId, Responder] = {}  # where the reply has one for each connection
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
            faults=BothWays(fault_out, fault_in),
        )

    # Any thread.

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
        if not self._reply.is_stream:
            for connection in self.connections:
                connection.enclose_in(self._framing)
        self._soon(lambda: self._use_framing(framing))

    # The server's thread.

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
                connection.guard(partial(self._join, connection))

    def _join(self, connection: Connection) -> None:
        self._begin_answering(connection).joined()

    def _begin_answering(self, connection: Connection) -> Responder:
        """Have a responder of the reply in use answer this connection."""
        reply = self._in_use
        responder = self._responders[connection.id] = reply.responder(ReplyPeer(connection, reply.origin))
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

    def _greet(self, connection: Connection) -> None:
        self._use_reply()
        reply = self._in_use
        if reply.has_responders:
            self._begin_answering(connection).opened()
        elif reply.greeting is not None:
            connection.answer(reply.greeting, Origin("greeting", reply.name))

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Let the rule answer each message; after its goodbye the connection is not listened to."""
        reply = self._reply
        if reply.has_responders or self._responders:
            responder = self._responder(connection)
            if responder is not None:
                for message in messages:
                    responder.received(message)
                return
        if reply.waits_for_a_person:
            return
        for message in messages:
            answer = reply.answer(message)
            if isinstance(answer, bytes):
                connection.answer(answer, reply.origin)
                continue
            to_sender, to_others, goodbye = answer
            if to_sender is not None:
                connection.answer(to_sender, reply.origin)
            if to_others is not None:
                self._send_to_others(connection, to_others, reply.origin)
            if goodbye:
                connection.close(Ending.REPLY)
                return
        connection.wait_for_reader()

    def _send_to_others(self, sender: Connection, message: bytes, origin: Origin) -> None:
        for connection in self.connections:
            if connection is sender:
                continue
            connection.guard(partial(connection.answer, message, origin))  # what fails there is not the sender's

    def refuses_http(self, connection: Connection) -> bool:
        """A rule answers no web page, which could say anything in its visitor's name; a person may."""
        if self._reply.hears_http:
            return False
        connection.close(Ending.HTTP)
        return True

    def peer_finished(self, connection: Connection) -> None:
        """A rule has nothing more to say to a peer that has finished; a person may have."""
        if connection.is_finishing:
            return
        responder = self._responder(connection)
        if responder is not None:
            responder.peer_finished(partial(connection.close, Ending.PEER_FINISHED))
            return
        if not self._reply.waits_for_a_person:
            connection.close(Ending.PEER_FINISHED)
            return
        connection.loop.call_later(self._limits.half_closed, partial(connection.close, Ending.PEER_FINISHED))

    def _forget(self, connection: Connection) -> None:
        responder = self._responders.pop(connection.id, None)
        if responder is not None:
            attempt("ending who answers a connection", responder.closed)

    def _release(self) -> None:
        do_all(
            [
                ("closing a server", super()._release),
                ("ending who answers", partial(self._end_responders, self._in_use)),
            ]
        )
