"""Looks names up without making anybody wait.

``getaddrinfo`` cannot be cancelled, so each look-up has a daemon thread that is left behind if its
answer comes too late. There are only so many of those.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

from core.address import Address
from core.errors import NoThread, TincanError
from core.net import sockets
from core.net.sockets import Endpoint
from core.supervision import Worker

Outcome: TypeAlias = list[Endpoint] | BaseException


class LooksUp(Protocol):
    """Who can be asked what a name stands for."""

    def resolve(self, target: Address, *, for_server: bool, done: Callable[[Outcome], None]) -> None:
        """Call ``done`` with the endpoints or with the error: here and now, or later from another thread."""
        ...


class Resolver:
    """At most ``threads`` look-ups at once in the whole of its owner's realm. Any thread."""

    def __init__(self, threads: int) -> None:
        self._free = threading.BoundedSemaphore(threads)

    def resolve(self, target: Address, *, for_server: bool, done: Callable[[Outcome], None]) -> None:
        """Call ``done`` with the endpoints or with the error: at once for an IP address, later from
        another thread for a name.
        """
        if target.is_literal:
            done(_look_up(target, for_server))
            return
        if not self._free.acquire(blocking=False):
            done(TincanError("too many name look-ups hang: the name server does not answer. Use the IP address"))
            return
        look_up = partial(self._work, target, for_server, done)
        worker = Worker(look_up, f"resolver {target.host}", done, daemon=True)
        try:
            worker.start()
        except NoThread as error:
            self._free.release()
            done(error)

    def _work(self, target: Address, for_server: bool, done: Callable[[Outcome], None]) -> None:
        try:
            outcome = _look_up(target, for_server)
        finally:
            self._free.release()
        done(outcome)


class SharedLookUp:
    """One look-up for all who ask for the same name while it is under way: callers come in crowds."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._lock = threading.Lock()
        self._waiting: list[Callable[[Outcome], None]] = []

    def resolve(self, target: Address, *, for_server: bool, done: Callable[[Outcome], None]) -> None:
        """See ``Resolver.resolve``."""
        with self._lock:
            self._waiting.append(done)
            is_first = len(self._waiting) == 1
        if is_first:
            self._resolver.resolve(target, for_server=for_server, done=self._tell)

    def _tell(self, outcome: Outcome) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for done in waiting:
            done(outcome)


def _look_up(target: Address, for_server: bool) -> Outcome:
    try:
        return sockets.resolve(target, for_server=for_server)
    except Exception as error:  # noqa: BLE001 - whoever asked waits for an answer
        return error
