"""A list of steps, played over one connection on a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from core.address import Destination
from core.clock import monotonic_ns
from core.errors import SendError
from core.events import Ending, EventSink
from core.net.client import Client
from core.net.connection import Connection
from core.net.owner import Pause
from core.proxy import Proxy
from core.sending.plan import End, PlanError, Played
from core.sending.run import TELL_EVERY_NS, Run, Stopped
from core.settings import DEFAULTS
from core.steps.playing import PeerEnd, Playing
from core.steps.step import OwnEnd, ReadySteps
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays

_MOST_HEARD = 1024 * 1024  # bytes, and
_MOST_PIECES = 4_096  # pieces that wait to be looked at before less is read


def end_connection(connection: Connection, end: OwnEnd) -> None:
    """End what a step ends, behind what was sent. Any thread; raises ``SendError`` where there is no half-close."""
    if end is OwnEnd.FINISH and connection.why_no_half_close:
        raise SendError(connection.why_no_half_close)
    act = {OwnEnd.FINISH: connection.finish_sending, OwnEnd.CLOSE: connection.close}
    reset = partial(connection.abort_behind, Ending.OURS_RESET)
    connection.loop.call_soon(act.get(end, reset))  # not at once: it may be over then, and whoever plays is told so


def client_for(
    target: Destination,
    stands: Callable[[Connection], None],
    *,
    tls: Tls | None = None,
    proxy: Proxy | None = None,
    faults: BothWays = SOUND,
    recorded: Mapping[str, Any] = MappingProxyType({}),
) -> Client:
    """A client, to be started, over which a list is played: of UDP or TCP. It leaves it to the list when to part.

    ``recorded`` is what it has of who records it: see ``Workbench.session_arguments``.
    """
    from core.net.udp import UdpClient

    out, into = faults
    if target.datagrams:
        return UdpClient(target.address, stands=stands, fault_out=out, fault_in=into, **recorded)
    return Client(
        target.address, half_open=True, tls=tls, stands=stands, proxy=proxy, fault_out=out, fault_in=into, **recorded
    )


class StepsRun(Run):
    """Plays a list over the connection that it is attached to, which it waits for.

    What comes from then on is heard. If it comes faster than it can be looked at, less is read from the
    connection. ``tell`` is called on the run's thread, at most every ``TELL_EVERY`` seconds, and the last time with an
    ``end``; it must not block. Raises ``PlanError``.
    """

    def __init__(
        self,
        name: str,
        steps: ReadySteps,
        tell: Callable[[Played], None],
        *,
        rounds: int | None = 1,
        variables: Mapping[str, str] | None = None,
        count: int = 0,
        limit: int = DEFAULTS.message,
        keeps_all: bool = False,
        sink: EventSink | None = None,
    ) -> None:
        if rounds is not None and rounds < 1:
            raise PlanError("how often has to be at least once")
        waits = any(one.step.expected is not None for one in steps.steps)
        if rounds != 1 and not waits and sum(one.step.pause for one in steps.steps) < 1:
            raise PlanError("what is sent again and again needs a pause of at least 1 ms")
        if rounds != 1 and steps.ends_the_connection:
            raise PlanError("a list that ends what it sends, or the connection, is played once")
        super().__init__(f"steps of {name}", sink)
        self._tell = tell
        self._rounds = rounds
        self._connection: Connection | None = None
        self._lock = threading.Lock()  # guards the three below
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._size = 0
        self._is_held_back = False
        self.playing = Playing(
            steps,
            self._send,
            self._end_ours,
            rounds=rounds,
            variables=variables,
            count=count,
            limit=limit,
            keeps_all=keeps_all,
        )  # once it is over, for any thread
        self._latest = Played(rounds=rounds)
        self._told_at = 0
        self._told: tuple[object, ...] = ()

    @property
    def progress(self) -> Played:
        """How it goes. Any thread."""
        return self._latest

    @property
    def is_attached(self) -> bool:
        """Whether there is a connection to play over."""
        return self._connection is not None

    def attach(self, connection: Connection) -> None:
        """Play over this connection: the first that it is attached to. Any thread."""
        if self._connection is None:
            if connection.has_datagrams:
                self.playing.take_datagrams()
            connection.add_hearer(self._hear)
            self._connection = connection  # not before: what is said from now on may be answered at once
            connection.watchers.add(self.wake)
            self.wake()

    def detach(self) -> None:
        """Hear no more. Any thread."""
        connection = self._connection
        if connection is not None:
            connection.remove_hearer(self._hear)
            connection.watchers.remove(self.wake)
            if self._is_held_back:
                self._let_go_on()

    # The connection's thread.

    def _hear(self, data: bytes, at: int) -> None:
        with self._lock:
            self._pieces.append((data, at))
            self._size += len(data)
            holds_back = not self._is_held_back and (self._size > _MOST_HEARD or len(self._pieces) > _MOST_PIECES)
            self._is_held_back = self._is_held_back or holds_back
        if holds_back and self._connection is not None:
            self._connection.pause(Pause.STEPS)
        self.wake()

    # The run's thread.

    def _work(self) -> None:
        while self._connection is None:
            self._pause(None)
        playing, is_told = self.playing, False
        while not playing.is_over:
            is_open = self._connection.is_open  # first: what came before its end is heard before it
            while (piece := self._take()) is not None:
                playing.heard(*piece)
                self._go_on()
            if not is_open and not is_told:
                is_told = True
                ending = self._connection.ending
                end = PeerEnd.of(ending)
                why = "the other end was lost" if ending is Ending.LOST else end.why
                playing.ended(why, monotonic_ns(), end)
            self._go_on()
            self._tell_now_and_then()
            if not playing.is_over:
                self._pause(self._next_look())
        while playing.own_end not in {None, OwnEnd.FINISH} and self._connection.is_open:
            self._pause(None)  # whoever waits for this run may close the connection, in another way
        if playing.why:
            raise Stopped(End.GONE, playing.why)

    def _go_on(self) -> None:
        self._check()
        self._wait_for_journal()
        while self.playing.turn(monotonic_ns()):
            self._check()
            self._wait_for_journal()

    def _send(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.send_exactly(data)

    def _end_ours(self, end: OwnEnd) -> None:
        assert self._connection is not None
        end_connection(self._connection, end)

    def _take(self) -> tuple[bytes, int] | None:
        with self._lock:
            if self._pieces:
                piece = self._pieces.popleft()
                self._size -= len(piece[0])
                return piece
            is_held_back, self._is_held_back = self._is_held_back, False
        if is_held_back:
            self._let_go_on()
        return None

    def _let_go_on(self) -> None:
        connection = self._connection
        assert connection is not None
        connection.loop.call_soon(lambda: connection.resume(Pause.STEPS))

    def _next_look(self) -> int | None:
        """When to look again: when the list has to go on, or when what is new can be told."""
        due = self.playing.due
        if not self._is_news:
            return due
        told_again = self._told_at + TELL_EVERY_NS
        return told_again if due is None else min(due, told_again)

    @property
    def _is_news(self) -> bool:
        playing = self.playing
        return (playing.now, playing.sent, playing.wished, playing.missed, playing.again) != self._told

    def _tell_now_and_then(self) -> None:
        now = monotonic_ns()
        if self._is_news and now - self._told_at >= TELL_EVERY_NS:
            self._told_at = now
            self._latest = self._account()
            self._tell(self._latest)

    def _account(self, end: End | None = None, why: str = "") -> Played:
        playing = self.playing
        self._told = playing.now, playing.sent, playing.wished, playing.missed, playing.again
        return Played(
            tuple(playing.rows),
            playing.sent,
            playing.wished,
            playing.missed,
            playing.round,
            self._rounds,
            playing.again,
            playing.now,
            playing.left,
            end,
            why,
        )

    def _leave(self, end: End, why: str) -> None:
        self.detach()
        self._latest = self._account(end, why)
        self._tell(self._latest)
