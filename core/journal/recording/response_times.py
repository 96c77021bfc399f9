"""How fast a conversation goes: the time from request to answer, and from one message to the next."""

from __future__ import annotations

from collections.abc import Sequence

from core.events import ConnectionId, Event, Received, Sent
from core.latency import Latency, Samples
from core.roles import Role

_MOST = 10_000  # events a second: as much as costs 0.2 % of a core
_SECOND = 1_000_000_000  # ns


class Budget:
    """How many events are measured: all of them, but of a flood the beginning of each second."""

    __slots__ = ("_left", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._left = _MOST

    def allows(self, events: Sequence[Event]) -> bool:
        """Whether these, which came at once, are to be measured."""
        if not events:
            return True
        second = events[-1].at // _SECOND
        if second != self._second:
            self._second, self._left = second, _MOST
        if self._left <= 0:
            return False
        self._left -= len(events)
        return True


class ResponseTimes:
    """The times of one session. One thread: the recorder's, for every message, so all of it is cheap.

    A message is what one recv or one send had. A request is what a client sent and a server received; its
    answer is the next one the other way on the same connection. Of several requests in a row the last
    counts, and of several answers the first. Of a role that passes on, the connections that it dialled are measured,
    where it is the client; those of the peers that came would tell the same once more, and how fast it is itself.
    """

    __slots__ = ("_answers", "_asked", "_between", "_dials", "_heard", "_ignored", "_passes_on")

    def __init__(self, role: Role) -> None:
        self._passes_on = role.passes_on
        self._dials = role.dials or role.passes_on
        self._ignored: set[ConnectionId] = set()  # connections that stand
        self._asked: dict[ConnectionId, int] = {}  # when, of requests without an answer yet
        self._heard: dict[ConnectionId, int] = {}  # when something was received last
        self._answers = Samples()
        self._between = Samples()

    def begin(self, connection: ConnectionId, *, is_onward: bool) -> None:
        """A connection stands, of a role that passes on with its caller or with the caller's target."""
        if self._passes_on and not is_onward:
            self._ignored.add(connection)

    def receive(self, event: Received) -> None:
        """Something was received."""
        connection, at = event.connection, event.at
        if connection in self._ignored:
            return
        before = self._heard.get(connection)
        self._heard[connection] = at
        if before is not None:
            self._between.add(at - before)
        if not self._dials:
            self._asked[connection] = at
        elif self._asked:
            self._answer(connection, at)

    def send(self, event: Sent) -> None:
        """Something was sent."""
        if event.connection in self._ignored:
            return
        if self._dials:
            self._asked[event.connection] = event.at
        elif self._asked:
            self._answer(event.connection, event.at)

    def start_anew(self) -> None:
        """Something went by that was not looked at: what it would be measured against is not the last any more."""
        self._asked.clear()
        self._heard.clear()

    def forget(self, connection: ConnectionId) -> None:
        """That connection is over."""
        self._ignored.discard(connection)
        self._asked.pop(connection, None)
        self._heard.pop(connection, None)

    @property
    def answers(self) -> Latency:
        """From request to answer."""
        return self._answers.freeze()

    @property
    def between(self) -> Latency:
        """From one message received to the next on the same connection."""
        return self._between.freeze()

    def _answer(self, connection: ConnectionId, at: int) -> None:
        asked = self._asked.pop(connection, None)
        if asked is not None:
            self._answers.add(max(0, at - asked))
