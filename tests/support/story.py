"""Conversations made up for a test, event by event, without a socket; and a view that waits for news of them."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable

from core.address import Address
from core.errors import Explanation
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    Listening,
    Opened,
    PeerFinished,
    Received,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    WeFinished,
)
from core.journal.recording.ledger import Recording, SessionState
from core.journal.recording.recorder import Batch, Recorder, Subscription
from core.origin import SCRIPT, Origin
from core.roles import Role
from core.workbench import Workbench

PATIENCE = 20.0  # seconds after which what a test waits for counts as never coming
HERE = Address("127.0.0.1", 5555)

_SESSIONS = 1_000  # of which no two have the same connections


class Story:
    """One session, told from its beginning. Every method gives the event that it makes."""

    def __init__(self, session: int = 1, role: Role = Role.SERVER, *, start_ns: int = 1_000) -> None:
        self.session = SessionId(session)
        self.role = role
        self._clock = itertools.count(start_ns)
        self._numbers = itertools.count(1)
        self._connections = itertools.count(1 + session, _SESSIONS)
        self.connection = ConnectionId(0)  # the last one opened

    def begins(self, target: Address = HERE) -> SessionOpened:
        reply = "letter" if self.role is Role.SERVER else None
        return SessionOpened(self.session, self.now(), self.role, target, "raw", reply)

    def listens(self, *addresses: Address) -> Listening:
        return Listening(self.session, self.now(), addresses or (HERE,))

    def opens(self, port: int = 40_000) -> Opened:
        self.connection = ConnectionId(next(self._connections))
        number = next(self._numbers)
        took = None if self.role is Role.SERVER else 0.0004
        return Opened(self.session, self.connection, self.now(), number, HERE, Address("127.0.0.1", port), took)

    def hears(self, data: bytes) -> Received:
        return Received(self.session, self.connection, self.now(), data)

    def says(self, data: bytes, *cuts: int, origin: Origin = SCRIPT) -> Sent:
        return Sent(self.session, self.connection, self.now(), data, cuts, origin)

    def peer_finishes(self) -> PeerFinished:
        return PeerFinished(self.session, self.connection, self.now())

    def we_finish(self) -> WeFinished:
        return WeFinished(self.session, self.connection, self.now())

    def closes(self, ending: Ending = Ending.PEER_FINISHED, why: Explanation | None = None) -> Closed:
        return Closed(self.session, self.connection, self.now(), ending, why)

    def ends(self, failure: Explanation | None = None, *, cancelled: bool = False) -> SessionClosed:
        return SessionClosed(self.session, self.now(), failure, cancelled)

    def whole(self) -> list[Event]:
        """A short life of a server, as the tutorial has it."""
        return [
            self.begins(),
            self.listens(),
            self.opens(),
            self.says(b"type the message"),
            self.hears(b"hello"),
            self.says(b"q"),
            self.hears(b"stop"),
            self.closes(Ending.REPLY),
            self.ends(),
        ]

    def now(self) -> int:
        return next(self._clock)


class View:
    """A view as the window has it: woken when there is news, and patient for the news it wants."""

    def __init__(self, source: Recorder | Workbench, *, with_events: bool = False) -> None:
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.batches: list[Batch] = []
        self.subscription: Subscription = source.subscribe(lambda: self._news.put(None), with_events=with_events)

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def recording(self) -> Recording:
        """What the last batch said about recording."""
        return self.batches[-1].recording

    def state(self, session: int) -> SessionState | None:
        """The last news of a session."""
        states = [state for batch in self.batches for state in batch.sessions if state.session == session]
        return states[-1] if states else None

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Take in what comes until it makes the condition true."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.batches += self.subscription.drain()
            if condition():
                return
            try:
                self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited {PATIENCE:g} s in vain; the last news: {self.batches[-2:]}") from None

    def wait_for_state(self, session: int, condition: Callable[[SessionState], bool]) -> SessionState:
        """Wait until the session is as wanted; give its state."""

        def holds() -> bool:
            state = self.state(session)
            return state is not None and condition(state)

        self.wait_until(holds)
        state = self.state(session)
        assert state is not None
        return state
