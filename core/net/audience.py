"""Who a message is meant for, and what became of it at each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from core.errors import NobodyThere, SendError
from core.events import ConnectionId
from core.net.connection import Connection
from core.net.session import Session
from core.origin import FROM_INPUT, PERSON, Origin

To: TypeAlias = ConnectionId | Collection[ConnectionId] | None
"""One connection, several, or (None) everyone who is connected at that moment."""


_PEOPLE = frozenset({PERSON, FROM_INPUT})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one send.

    ``accepted`` connections have the message, with the kernel or waiting for it; each of ``refused``
    is a connection's number and the reason why none of the message went to it; ``gone`` are those that
    it was meant for and that are over.
    """

    accepted: int
    refused: tuple[tuple[int, str], ...] = ()
    gone: tuple[ConnectionId, ...] = ()


class Audience:
    """The connections of a session that something is meant for, as they stand when it is asked.

    ``send`` is for any thread; the rest for one thread at a time. None but ``wait_for_room`` waits.
    """

    def __init__(self, session: Session | None, to: To = None) -> None:
        self.name = str(session.target) if session is not None else "nobody"
        self._session = session
        self._to = (to,) if isinstance(to, int) else None if to is None else tuple(dict.fromkeys(to))
        self._watched: set[Connection] = set()

    @property
    def connections(self) -> list[Connection]:
        """Those that stand now."""
        if self._session is None:
            return []
        if self._to is None:
            return self._session.connections
        found = map(self._session.connection, self._to)
        return [connection for connection in found if connection is not None and connection.is_open]

    def send(self, message: bytes, *, exact: bool = False, origin: Origin = PERSON) -> Delivery:
        """Send a message to all of them: framed, or ``exact``, the bytes as they are.

        Raises ``NobodyThere`` if none stands, ``SendError`` if not one of them could take it: then none of it
        went out.
        """
        delivery = self.offer(message, exact=exact, origin=origin)
        if not delivery.accepted:
            raise SendError("; ".join(dict.fromkeys(why for _number, why in delivery.refused)))
        return delivery

    def offer(self, message: bytes, *, exact: bool = False, origin: Origin = PERSON) -> Delivery:
        """Send a message to all of them that take it. Raises ``NobodyThere`` if none stands."""
        connections = self.check()
        refused = []
        send = Connection.send_exactly if exact else Connection.send
        for connection in connections:
            try:
                send(connection, message, origin)
                if origin in _PEOPLE:
                    connection.person_spoke()
            except SendError as error:
                refused.append((connection.number, str(error)))
        return Delivery(len(connections) - len(refused), tuple(refused), self._gone(connections))

    def check(self) -> list[Connection]:
        """Those that stand now. Raises ``NobodyThere`` if there is none."""
        connections = self.connections
        if not connections:
            raise NobodyThere(self._why_nobody())
        return connections

    def watch(self, call: Callable[[], None]) -> int:
        """Have ``call`` called by another thread when one of them is over or has room again.

        Those that came since the last time are watched from now on. Returns how many stand.
        """
        standing = set(self.connections)
        for connection in standing - self._watched:
            connection.watchers.add(call)
        self._watched = standing
        return len(standing)

    def unwatch(self, call: Callable[[], None]) -> None:
        """Call no more."""
        for connection in self._watched:
            connection.watchers.remove(call)
        self._watched = set()

    def wait_for_room(self, waiting: int) -> None:
        """Wait until at most so many bytes wait to be sent at each of them. One that is over has none."""
        changed = threading.Event()
        try:
            while self.watch(changed.set) and any(each.waiting > waiting for each in self.connections):
                changed.wait()
                changed.clear()
        finally:
            self.unwatch(changed.set)

    def _why_nobody(self) -> str:
        if self._to is None:
            return "nobody is connected"
        if not self._to:
            return "no connection is chosen"
        return "that connection is over" if len(self._to) == 1 else "those connections are over"

    def _gone(self, standing: list[Connection]) -> tuple[ConnectionId, ...]:
        if self._to is None or len(standing) == len(self._to):
            return ()
        ids = {connection.id for connection in standing}
        return tuple(identity for identity in self._to if identity not in ids)
