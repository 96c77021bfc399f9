"""The one door of ``core``: commands go down, batches come up.

Whoever shows Tincan to people, a window or a terminal, holds a ``Workbench`` and nothing behind it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.address import Address
from core.errors import Doing, Explanation, Fault, JournalError, SendError, explain
from core.events import ConnectionId, SessionClosed, SessionId
from core.journal.reader import JournalReader
from core.journal.recorder import Recorder, Subscription
from core.net import sockets
from core.net.client import Client
from core.net.connection import Connection
from core.net.resolver import Resolver
from core.net.server import Server
from core.settings import DEFAULTS, Limits

_AnySession: TypeAlias = Server | Client


_NO_THREADS = Explanation(
    "this machine gives no more threads", ("very many are running",), "Close some programs or connections", Fault.OURS
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one send.

    ``accepted`` connections have the message, with the kernel or waiting for it; each of ``refused``
    is a connection's number and the reason why none of the message went to it.
    """

    accepted: int
    refused: tuple[tuple[int, str], ...] = ()


class Workbench:
    """Servers and clients in threads of their own, all recorded in one journal.

    Every method is for any thread and returns at once, except ``close``. With no ``journal`` path
    nothing is kept, but views are told what happens all the same. Raises ``JournalError`` if the
    journal cannot be made.
    """

    def __init__(self, journal: Path | None = None, *, limits: Limits = DEFAULTS) -> None:
        sockets.raise_descriptor_limit()
        self.journal = journal
        self._limits = limits
        self._recorder = Recorder(journal, limits)
        self._resolver = Resolver(limits.resolvers)
        self._session_ids = itertools.count(1)
        self._connection_ids = itertools.count(1)
        self._sessions: dict[SessionId, _AnySession] = {}
        self._lock = threading.Lock()  # guards the one below
        self._closed = False

    # Commands.

    def serve(self, target: Address, *, reply: str = "letter", framing: str = "raw") -> SessionId:
        """Start a server; how that went comes with the batches. Raises ``TincanError`` for an unknown name."""
        identity = SessionId(next(self._session_ids))
        server = Server(
            target,
            reply=reply,
            framing=framing,
            limits=self._limits,
            events=self._recorder,
            session=identity,
            identities=self._connection_ids,
            resolver=self._resolver,
        )
        return self._begin(server, Doing.LISTENING)

    def connect(self, target: Address, *, framing: str = "raw") -> SessionId:
        """Start a client; how that went comes with the batches. Raises ``TincanError`` for an unknown name."""
        identity = SessionId(next(self._session_ids))
        client = Client(
            target,
            framing=framing,
            limits=self._limits,
            events=self._recorder,
            session=identity,
            identities=self._connection_ids,
            resolver=self._resolver,
        )
        return self._begin(client, Doing.CONNECTING)

    def send(self, session: SessionId, message: bytes, *, to: ConnectionId | None = None) -> Delivery:
        """Send a message to one connection of the session, or to all of them.

        Raises ``SendError`` if not one of them could take it: then none of it went out.
        """
        found = self._sessions.get(session)
        connections = found.connections if found is not None else []
        if to is not None:
            connections = [connection for connection in connections if connection.id == to]
        if not connections:
            raise SendError("that connection is over" if to is not None else "nobody is connected")
        refused = []
        for connection in connections:
            try:
                connection.send(message)
            except SendError as error:
                refused.append((connection.number, str(error)))
        if len(refused) == len(connections):
            raise SendError("; ".join(dict.fromkeys(why for _number, why in refused)))
        return Delivery(len(connections) - len(refused), tuple(refused))

    def set_reply(self, session: SessionId, reply: str) -> None:
        """Have a server answer by another rule from the next message on."""
        server = self._sessions.get(session)
        if isinstance(server, Server):
            server.set_reply(reply)

    def stop(self, session: SessionId) -> None:
        """Stop a server, part from a server, or give up connecting. Harmless when it is over."""
        found = self._sessions.get(session)
        if found is not None:
            found.stop()

    def finish_sending(self, session: SessionId, connection: ConnectionId) -> None:
        """Half-close: the peer sees our end and may still send."""
        self._on(session, connection, Connection.finish_sending)

    def disconnect(self, session: SessionId, connection: ConnectionId) -> None:
        """Close one connection: what waits goes out first."""
        self._on(session, connection, Connection.close)

    def abort(self, session: SessionId, connection: ConnectionId) -> None:
        """Close one connection with RST."""
        self._on(session, connection, Connection.abort)

    def use(self, limits: Limits) -> None:
        """Start servers and clients with these limits from now on; the journal keeps its own."""
        self._limits = limits

    # Views.

    def subscribe(self, wake: Callable[[], None], *, with_events: bool = False) -> Subscription:
        """Be told what changes; see ``Subscription``."""
        return self._recorder.subscribe(wake, with_events=with_events)

    def open_reader(self) -> JournalReader:
        """A reader of this run's journal, for one thread. Raises ``JournalError`` if there is none."""
        if self.journal is None:
            raise JournalError("nothing is being recorded")
        return JournalReader(self.journal)

    # The end.

    def close(self, timeout: float = 2.0) -> list[str]:
        """Stop everything and finish the journal.

        Returns the names of the threads that are still alive after ``timeout`` seconds.
        """
        with self._lock:
            self._closed = True
        deadline = time.monotonic() + timeout
        sessions = list(self._sessions.values())
        for session in sessions:
            session.stop()
        late = [repr(session) for session in sessions if not session.join(max(0.0, deadline - time.monotonic()))]
        return late + self._recorder.close(max(0.1, deadline - time.monotonic()))

    def _begin(self, session: _AnySession, doing: Doing) -> SessionId:
        with self._lock:
            closed = self._closed
            self._sessions[session.id] = session
        try:
            if closed:
                raise RuntimeError("Tincan is closing")
            session.start()
        except RuntimeError as error:
            why = explain(error, doing, session.target)
            if not closed:
                why = _NO_THREADS
            self._recorder.put(SessionClosed(session.id, time.monotonic_ns(), why))
        return session.id

    def _on(self, session: SessionId, connection: ConnectionId, act: Callable[[Connection], None]) -> None:
        found = self._sessions.get(session)
        target = found.connection(connection) if found is not None else None
        if target is not None:
            act(target)
