"""One thread waits for all the sockets of one server or client, in one blocking ``select``.

A thread per connection was measured beside this: the interpreter lock goes round in convoy, so that
with 1,000 busy connections it made half the round trips and left most peers without an answer.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import math
import select
import selectors
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias
from weakref import WeakSet

from core.clock import RESOLUTION, monotonic_ns
from core.supervision import FAULTS, do_all

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

Ready: TypeAlias = Callable[[int], None]
Failed: TypeAlias = Callable[[BaseException], None]
News: TypeAlias = "list[tuple[Handler, int]]"

_SECOND = 1_000_000_000  # nanoseconds

_log = logging.getLogger(__name__)


def _nothing() -> None: ...


def _nanoseconds(seconds: float) -> int:
    """Whole nanoseconds, rounded up: what is due in any time at all is never due now."""
    return math.ceil(seconds * _SECOND)


class Waker:
    """Wakes a blocked select from another thread, the same way on Linux, macOS and Windows.

    Closing a socket that somebody waits on wakes nobody on Linux; a byte through a socket pair does, everywhere.
    Whoever waits watches ``reader``, anybody calls ``wake``.
    """

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def wake(self) -> None:
        """Make ``reader`` readable. Any thread; never blocks; harmless after ``close``."""
        try:
            self._writer.send(b"\0")
        except OSError:  # full: the waker is ringing already; closed: nobody waits any more
            return

    def drain(self) -> None:
        """Make ``reader`` quiet again. The waiting thread only."""
        try:
            while len(self.reader.recv(4096)) == 4096:
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give both descriptors back. The waiting thread only, when it waits no more."""
        do_all([("closing the waker's reader", self.reader.close), ("closing its writer", self._writer.close)])


class Handler(NamedTuple):
    """Whom to call when a socket is ready, and who gets what that raises; without ``failed`` it ends the loop."""

    ready: Ready
    failed: Failed | None


class Selector:
    """Waits until one of the sockets that it watches is ready. For every system; the loop's thread only."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, sock: socket.socket, events: int, handler: Handler) -> None:
        """Look whether ``sock`` is ready for any of ``events`` from now on. 0 looks at it no longer."""
        watched = sock in self._selector.get_map()
        if events and watched:
            self._selector.modify(sock, events, handler)
        elif events:
            self._selector.register(sock, events, handler)
        elif watched:
            self._selector.unregister(sock)

    def select(self, timeout: float | None = None) -> News:
        """Wait, at most ``timeout`` seconds; return the handlers of what is ready, each with what it is ready for."""
        return [(key.data, events) for key, events in self._selector.select(timeout)]

    def close(self) -> None:
        """Give the descriptor back."""
        self._selector.close()


if sys.platform == "linux":

    class EpollSelector(Selector):
        """The same with a third of the work in Python: 0.75 µs less for a wait with one socket, 0.2 µs with many."""

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._watched: dict[int, tuple[Handler, int]] = {}  # by descriptor: its handler, and for what

        def watch(self, sock: socket.socket, events: int, handler: Handler) -> None:
            descriptor = sock.fileno()
            if events:
                ask = self._epoll.modify if descriptor in self._watched else self._epoll.register
                ask(descriptor, (select.EPOLLIN if events & READ else 0) | (select.EPOLLOUT if events & WRITE else 0))
                self._watched[descriptor] = handler, events
            elif self._watched.pop(descriptor, None) is not None:
                with contextlib.suppress(OSError):  # the system knows it no longer
                    self._epoll.unregister(descriptor)

        def select(self, timeout: float | None = None) -> News:
            watched, news = self._watched, []
            for descriptor, found in self._epoll.poll(timeout, len(watched)):
                handler, wanted = watched[descriptor]
                news.append((handler, READ if found == select.EPOLLIN else _events(found) & wanted))
            return news

        def close(self) -> None:
            self._epoll.close()

    def _events(found: int) -> int:
        """What epoll has found, as events of a loop: an error or a hang-up is news for who reads and who writes."""
        return (READ if found & ~select.EPOLLOUT else 0) | (WRITE if found & ~select.EPOLLIN else 0)

    OwnSelector: type[Selector] = EpollSelector
else:
    OwnSelector = Selector


class Timer:
    """A call that is due at a moment of its loop's time (``when``, in seconds), unless it is cancelled."""

    __slots__ = ("__weakref__", "call", "cancelled", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        """Never mind. Whoever was to be called can be forgotten, long before the moment comes."""
        self.cancelled = True
        self.call = _nothing


class Loop:
    """Waits, and calls whoever the news is for.

    ``call_soon`` and ``is_here`` are for any thread; everything else is for the thread that calls
    ``run``. The loop's time stands still while the process itself was stopped or the machine slept
    for longer than ``gap`` seconds, so that nobody times out for a pause that was our own.

    ``clock`` gives nanoseconds and never runs backwards; ``resolution`` is the shortest time in seconds that it can
    tell. Inside, times are whole nanoseconds: a sum of floats loses what is small beside the uptime, and a timer that
    is nearer than that would be waited for again and again.
    """

    def __init__(
        self,
        *,
        gap: float,
        clock: Callable[[], int] = monotonic_ns,
        resolution: float = RESOLUTION,
    ) -> None:
        self._gap = _nanoseconds(gap)
        self._clock = clock
        self._resolution = max(1, _nanoseconds(resolution))
        self._slept = 0
        self._seen = clock()  # when the time was last read
        self._waker = Waker()
        try:
            self._selector = OwnSelector()
        except OSError:
            self._waker.close()
            raise
        self.watch(self._waker.reader, READ, self._woken)
        self._calls: deque[Callable[[], None]] = deque()
        self._ringing = False  # whether a wake is on its way that comes after the last call put in
        self._timers: list[tuple[int, int, Timer]] = []  # due at, in the order they were set, whom to call
        self._numbers = itertools.count()
        self._running = True
        self._thread: int | None = None

    # Any thread.

    def call_soon(self, call: Callable[[], None]) -> None:
        """Have ``call`` called by the loop's thread. Returns at once; forgotten if the loop has ended."""
        self._calls.append(call)
        if not self._ringing:
            self._ringing = True
            self._waker.wake()

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the loop's."""
        return threading.get_ident() == self._thread

    # The loop's thread.

    def time(self) -> float:
        """Seconds on the loop's clock."""
        return self._read_clock() / _SECOND

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` called in ``delay`` seconds."""
        when = self._read_clock() + _nanoseconds(delay)
        timer = Timer(when / _SECOND, call)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def watch(self, sock: socket.socket, events: int, ready: Ready, failed: Failed | None = None) -> None:
        """Call ``ready`` with what ``sock`` is ready for, of ``events``. 0 watches it no longer.

        What that raises is for ``failed``; without it, it comes out of ``run``.
        """
        self._selector.watch(sock, events, Handler(ready, failed))

    def run(self) -> None:
        """Wait and call until ``stop``."""
        self._thread = threading.get_ident()
        while self._running:
            self._turn()

    def stop(self) -> None:
        """Return from ``run`` when the news of this turn is told."""
        self._running = False

    def close(self) -> None:
        """Let go of the loop's own descriptors. What is asked of it from now on is forgotten."""
        self._thread = None
        do_all([("closing the selector", self._selector.close), ("closing the waker", self._waker.close)])

    def _turn(self) -> None:
        timers = self._timers
        while timers and timers[0][2].cancelled:  # nobody is to wake for them, nor look at the clock
            heapq.heappop(timers)
        if not timers:
            news, now = self._selector.select(), 0  # whatever timer the news set, it is not due yet
            self._seen = self._clock()
        else:
            timeout = self._until_next_timer()
            news = self._selector.select(timeout / _SECOND)
            now = self._read_clock(timeout)  # before anybody sets a timer
        for (ready, failed), events in news:
            try:
                ready(events)
            except FAULTS as error:  # whose it is, GuardedLoop has said
                if failed is None:
                    raise
                failed(error)
        if timers and timers[0][0] <= now:
            self._call_due(now)

    def _until_next_timer(self) -> int:
        """How long the next wait may last: not so short that the clock may stand still meanwhile, and no longer than
        a gap, since a pause in the middle of a longer wait would not even make it late.
        """
        left = self._timers[0][0] - self._read_clock()
        return min(max(left, self._resolution), self._gap) if left > 0 else 0

    def _read_clock(self, waited: int = 0) -> int:
        """The loop's time. What has passed since the last look, less what was ``waited``, is a pause if it is long."""
        now = self._clock()
        gone = now - self._seen
        self._seen = now
        if gone - waited > self._gap:
            self._slept += gone
            _log.info("this process stood still for %.1f s; its timers start anew", (gone - waited) / _SECOND)
        return now - self._slept

    def _call_due(self, now: int) -> None:
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.call()

    def _woken(self, _events: int) -> None:
        self._waker.drain()
        self._ringing = False  # before the calls are taken: whoever adds one from now on rings again
        for _ in range(len(self._calls)):
            self._calls.popleft()()


class GuardedLoop:
    """A loop as one of its connections has it: what a call of that connection raises ends it, and not the loop.

    ``failed`` gets the exception, on the loop's thread; ``KeyboardInterrupt`` is a person's, and ends the loop. The
    methods are those of ``Loop``, for the same threads, and ``cancel_timers`` for when the connection is over.
    """

    __slots__ = ("_failed", "_loop", "_timers")

    def __init__(self, loop: Loop, failed: Failed) -> None:
        self._loop = loop
        self._failed = failed
        self._timers: WeakSet[Timer] | None = None  # those that somebody still has: the loop until they are due

    def cancel_timers(self) -> None:
        """Cancel every timer that was set here and is not due yet. The loop's thread."""
        for timer in self._timers or ():
            timer.cancel()

    @property
    def is_here(self) -> bool:
        return self._loop.is_here

    def time(self) -> float:
        return self._loop.time()

    def call_soon(self, call: Callable[[], None]) -> None:
        self._loop.call_soon(partial(self.guard, call))

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        timer = self._loop.call_later(delay, partial(self.guard, call))
        if self._timers is None:
            self._timers = WeakSet()
        self._timers.add(timer)
        return timer

    def watch(self, sock: socket.socket, events: int, ready: Ready) -> None:
        self._loop.watch(sock, events, ready, self._failed)

    def guard(self, call: Callable[..., object], *arguments: object) -> None:
        """Make a call of the connection's here and now. The loop's thread."""
        try:
            call(*arguments)
        except FAULTS as error:  # whatever it is, it is this connection's alone
            self._failed(error)
