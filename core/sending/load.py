"""A list of steps, played by many clients at a rate: how many answers came, how fast, and what went wrong.

Each client has a connection of its own, and plays the list over it again and again. One that ends, or over which an
answer does not come as wished, is replaced by a new one.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import NamedTuple

from core.address import Destination
from core.clock import monotonic_ns
from core.errors import ConnectError
from core.latency import nearest_rank
from core.net.client import Client
from core.net.connection import Connection
from core.net.loop import Timer
from core.proxy import Proxy
from core.sending.steps import client_for, end_connection
from core.settings import DEFAULTS
from core.steps.playing import PeerEnd, Playing, Row, Verdict, all_not_played
from core.steps.step import OwnEnd, ReadySteps
from core.supervision import do_all
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays

CONNECT = "connect"
PERCENTILES = (50.0, 95.0, 99.0, 99.9)
_STAGGERED = 1_000_000_000  # ns within which clients that are slower than that begin
LATE = 10_000_000  # ns that one list in a hundred may be begun late by before the load generator is named a limit
BUSY = 0.8  # of a core that the load generator may take before
_MOST_REASONS = 10  # kinds of errors that are told
_AGAIN = 200_000_000  # ns, at least, from a connection that failed to the next


class Figures:
    """What one step, or connecting, came to: times in ns and why it failed. One thread writes; others may read."""

    def __init__(self) -> None:
        self.took = array("q")
        self.failures: Counter[str] = Counter()

    def add(self, others: Figures) -> None:
        """Take in another client's."""
        self.took.extend(others.took)
        self.failures.update(others.failures)


class Pace(NamedTuple):
    """How well the load itself kept up: lists a second, how late they were begun in ns, and the CPU that it took.

    ``late`` are percentiles as in ``PERCENTILES`` and the most, of those lists alone whose client was free in time:
    what they were late by is the load generator's own doing. ``behind`` were begun at once, because the list before
    took longer than there was time. ``cpu`` is seconds of CPU a second, of the one that Python's threads share.
    """

    asked: float
    begun: float
    late: tuple[int, ...]
    behind: int
    cpu: float

    @property
    def is_own_limit(self) -> bool:
        """Whether rates and times are as much those of the load generator as those of the server."""
        return self.late[PERCENTILES.index(99.0)] > LATE or self.cpu > BUSY


class Line(NamedTuple):
    """A line of the table: how many answers and failures, how many of both a second, and times in ns."""

    name: str
    answers: int
    failures: int
    rate: float
    percentiles: tuple[int, ...]  # as ``PERCENTILES``; 0 where there was no answer
    most: int
    reasons: tuple[tuple[str, int], ...] = ()


class Load:
    """``clients`` play the list ``rate`` times a second, all of them together. ``start``, ``keep_up``, ``stop``.

    One that is behind begins its next list at once, and makes nothing up; ``pace`` tells. Over UDP each client has a
    socket of its own, and one that missed an answer gets a new one, so that a late answer is nobody's. For one thread.
    """

    def __init__(
        self,
        steps: ReadySteps,
        target: Destination,
        *,
        clients: int,
        rate: float,
        tls: Tls | None = None,
        proxy: Proxy | None = None,
        faults: BothWays = SOUND,
    ) -> None:
        connect = partial(client_for, target, tls=tls, proxy=proxy, faults=faults)
        interval = round(clients * 1e9 / rate)
        self._rate, self._cpu = rate, 0.0
        self._names = [row_name(row) for row in all_not_played(steps)]
        now = monotonic_ns()
        apart = min(interval, _STAGGERED) // clients
        self._began = self._ended = now
        self._clients = [_LoadClient(steps, connect, interval, now + number * apart) for number in range(clients)]

    def start(self) -> None:
        """Begin. Raises ``NoThread``."""
        self._cpu = process_time()
        for client in self._clients:
            client.connect()

    def keep_up(self) -> None:
        """Replace the connections that are over, where it is time to. To be called again and again."""
        for client in self._clients:
            client.reconnect()

    def stop(self, timeout: float = 2.0) -> None:
        """Part from the server; what was not answered by then counts for nothing."""
        self._ended = monotonic_ns()
        self._cpu = process_time() - self._cpu
        do_all([(f"stopping {client!r}", client.stop) for client in self._clients])
        do_all([(f"waiting for {client!r}", partial(client.join, timeout)) for client in self._clients])

    @property
    def _seconds(self) -> float:
        return max(1e-9, ((self._ended if self._ended > self._began else monotonic_ns()) - self._began) / 1e9)

    def pace(self) -> Pace:
        """How well it kept up, once it was stopped."""
        late = sorted(ns for client in self._clients for ns in tuple(client.late))
        behind = sum(client.behind for client in self._clients)
        return Pace(
            self._rate,
            (len(late) + behind) / self._seconds,
            (*(nearest_rank(late, percent) for percent in PERCENTILES), late[-1] if late else 0),
            behind,
            self._cpu / self._seconds,
        )

    def table(self) -> list[Line]:
        """Connecting, each step, and all the steps together."""
        seconds = self._seconds
        figures: dict[str, Figures] = {CONNECT: Figures(), **{name: Figures() for name in self._names}}
        for client in self._clients:
            for name, each in tuple(client.figures.items()):
                figures[name].add(each)
        together = Figures()
        for name in self._names:
            together.add(figures[name])
        return [
            *(_line(name, each, seconds) for name, each in figures.items()),
            _line("all steps", together, seconds),
        ]


class _LoadClient:
    """One client. Its connections' threads play, one after the other; the thread of ``Load`` begins and ends them."""

    def __init__(
        self,
        steps: ReadySteps,
        make_client: Callable[[Callable[[Connection], None]], Client],
        interval: int,
        first: int,
    ) -> None:
        self._steps, self._make_client, self._interval = steps, make_client, interval
        self.figures: dict[str, Figures] = {}
        self.late = array("q")  # ns by which lists were begun late that had not to wait for the one before
        self.behind = 0  # lists that had to
        self._next = first  # when the next list begins
        self._client: Client | None = None
        self._connection: Connection | None = None
        self._playing: Playing | None = None
        self._timer: Timer | None = None
        self._connecting_since = 0
        self._is_stopped = self._is_behind = False

    # The thread of the load.

    def connect(self) -> None:
        """Begin to connect."""
        self._connection = None
        self._connecting_since = monotonic_ns()
        self._client = self._make_client(self._stands)
        self._client.start()

    def reconnect(self) -> None:
        """Connect anew if the connection is over, or could not be made."""
        client = self._client
        if client is None or not client.join(0):
            return
        if self._connection is None and self._connecting_since:
            try:
                client.check()
                why = "the connection ended first"
            except ConnectError as error:
                why = error.explanation.what
            self._of(CONNECT).failures[why] += 1
            self._next = max(self._next, self._connecting_since + _AGAIN)
            self._connecting_since = 0
        if monotonic_ns() >= self._next - self._interval // 2:
            self.connect()

    def stop(self) -> None:
        """Part from the server."""
        self._is_stopped = True
        if self._client is not None:
            self._client.stop()

    def join(self, timeout: float) -> None:
        """Wait for the end of its thread."""
        if self._client is not None:
            self._client.join(timeout)

    # The connection's thread.

    def _stands(self, connection: Connection) -> None:
        self._of(CONNECT).took.append(monotonic_ns() - self._connecting_since)
        self._connection = connection
        connection.add_hearer(self._hear)
        connection.watchers.add(self._look)
        self._wait_for_next()

    def _wait_for_next(self) -> None:
        self._is_behind = self._next <= monotonic_ns()
        self._wait(self._next, self._begin)

    def _begin(self) -> None:
        connection = self._connection
        if connection is None or self._is_stopped:
            return
        now = monotonic_ns()
        if self._is_behind:
            self.behind += 1
        else:
            self.late.append(max(0, now - self._next))
        self._next = max(now, self._next) if self._is_behind else self._next
        end = partial(end_connection, connection)
        self._playing = Playing(self._steps, connection.send_exactly, end, limit=DEFAULTS.message)
        if connection.has_datagrams:
            self._playing.take_datagrams()
        self._go_on()

    def _hear(self, data: bytes, at: int) -> None:
        if self._playing is not None:
            self._playing.heard(data, at)
            self._go_on()

    def _look(self) -> None:
        """There is room again, which nobody waits for here, or the connection is over."""
        connection, playing = self._connection, self._playing
        if playing is not None and connection is not None and not connection.is_open and not self._is_stopped:
            end = PeerEnd.of(connection.ending)
            why = "the other end reset the connection" if end is PeerEnd.RESET else "the connection is over"
            playing.ended(why, monotonic_ns(), end)
            self._go_on()

    def _go_on(self) -> None:
        playing, connection = self._playing, self._connection
        if playing is None or connection is None or self._is_stopped:
            return
        while playing.turn(monotonic_ns()):
            pass
        if not playing.is_over:
            if playing.due is not None:
                self._wait(playing.due, self._go_on)
            return
        self._playing = None
        for row in playing.rows:
            self._count(row)
        self._next += self._interval
        if playing.own_end in {OwnEnd.CLOSE, OwnEnd.RESET} and not playing.missed:
            return  # it ends by itself
        if playing.missed or playing.own_end is not None or not connection.is_open:
            connection.close()
        else:
            self._wait_for_next()

    def _count(self, row: Row) -> None:
        figures = self._of(row_name(row))
        if row.verdict is Verdict.WISHED and row.took is not None:
            figures.took.append(row.took)
        elif row.verdict is Verdict.MISSED:
            figures.failures[row.why.partition("; ")[0]] += 1  # what was passed over is no kind of error

    def _of(self, name: str) -> Figures:
        return self.figures.setdefault(name, Figures())

    def _wait(self, until: int, call: Callable[[], None]) -> None:
        assert self._connection is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._connection.loop.call_later(max(0, until - monotonic_ns()) / 1e9, call)


def row_name(row: Row) -> str:
    """What a step is called in the table."""
    return f"{row.number} {row.name or row.wished or 'send'}"


def _reasons(failures: Counter[str]) -> tuple[tuple[str, int], ...]:
    """The kinds of errors, the most frequent first; the rarest together if there are many."""
    told = failures.most_common()
    rest = sum(count for _why, count in told[_MOST_REASONS:])
    return (*told[:_MOST_REASONS], *([(f"{len(told) - _MOST_REASONS:,} other kinds", rest)] if rest else []))


def _line(name: str, figures: Figures, seconds: float) -> Line:
    ordered, failures = sorted(figures.took), figures.failures.total()
    return Line(
        name,
        len(ordered),
        failures,
        (len(ordered) + failures) / seconds,
        tuple(nearest_rank(ordered, percent) for percent in PERCENTILES),
        ordered[-1] if ordered else 0,
        _reasons(figures.failures),
    )
