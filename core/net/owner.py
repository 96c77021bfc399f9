"""Who a connection tells what happens to it: the owner that it works for, and whoever watches it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from enum import Flag, auto
from typing import TYPE_CHECKING, Protocol, TypeAlias

from core.supervision import attempt

if TYPE_CHECKING:
    from core.events import Ending
    from core.net.connection import Connection


Hear: TypeAlias = Callable[[bytes, int], None]
"""Gets each piece that a connection receives and when (monotonic, ns), no bytes at its end; on the loop's thread."""


class Owner(Protocol):
    """Who a connection works for. Called on the loop's thread."""

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Messages came; none of them is one that was too long."""
        ...

    def refuses_http(self, connection: Connection) -> bool:
        """Whether this peer, which speaks HTTP, is not to be heard. Asked for every piece that it sends."""
        ...

    def peer_finished(self, connection: Connection) -> None:
        """The peer sends no more. Close, or keep the connection for what is still to be said; if it ``is_finishing``
        it ends by itself when that has gone out.
        """
        ...

    def closing(self, connection: Connection, ending: Ending) -> None:
        """It is about to end in that way, with a goodbye: what waits still goes out, what comes is heard no more."""
        ...

    def closed(self, connection: Connection) -> None:
        """It is over."""
        ...


class Pause(Flag):
    """Why nothing is read at the moment."""

    NONE = 0
    SINK = auto()  # the journal is behind
    OUTBOX = auto()  # the peer does not read our answers
    OWNER = auto()  # the program does not fetch what came
    REPLY = auto()  # the reply has more to answer than it should
    FAULT = auto()  # a fault that was asked for holds what came
    STEPS = auto()  # what came is not looked at yet by a list of steps
    TAP = auto()  # the other leg of a tap is not there yet, or takes no more
    LOOP = auto()  # it and our answers may be two programs that answer each other for ever


class Watchers:
    """Calls to make when little or nothing waits to be sent after more did, and at the end.

    ``add`` and ``remove`` are for any thread, ``tell`` and ``end`` for the loop's. A call must not block; it may
    come from either thread, and more often than is needed.
    """

    __slots__ = ("_calls", "_is_over")

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []
        self._is_over = False

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, call: Callable[[], None]) -> None:
        """Have it called from now on; now, if it is over."""
        self._calls.append(call)
        if self._is_over:  # looked at last, so that an end is seen by one of the two threads at least
            call()

    def remove(self, call: Callable[[], None]) -> None:
        """Call it no more."""
        with contextlib.suppress(ValueError):
            self._calls.remove(call)

    def tell(self) -> None:
        """There is room."""
        for call in tuple(self._calls):
            attempt("whoever watches a connection", call)

    def end(self) -> None:
        """It is over."""
        self._is_over = True
        self.tell()
