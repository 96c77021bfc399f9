"""Finds the address that answers: tries what a name stands for, one after the other, not too patiently.

The next address is begun a quarter of a second after the last, or at once when that one failed, and
the first to answer wins (RFC 8305, "Happy Eyeballs", section 5). Where it is a proxy that answers, it is asked for the
target (``core.wire.proxying``). One deadline covers it all.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core.address import Address
from core.clock import monotonic_ns
from core.errors import Explanation, ProxyError
from core.events import Event, Resolved, Resolving, SessionId, Tried
from core.explanations import Doing, explain
from core.net import sockets
from core.net.loop import READ, WRITE, Loop, Timer
from core.net.resolver import LooksUp, Outcome
from core.net.sockets import Endpoint
from core.proxy import Proxy
from core.wire.proxying import ProxyHandshake, handshake_with

_GARBAGE = 100  # bytes of it that are shown
_PER_TURN = 64  # receives from a proxy, of a byte or two each; then the loop's other sockets get their turn
_STAGGER = 0.25  # seconds; RFC 8305, section 8: "Connection Attempt Delay"


class Dialer:
    """One attempt to reach ``target``, if there is a ``proxy`` through that. Lives on its loop's thread.

    Calls ``connected`` with a socket, its peer and the seconds it took, or ``failed`` with the reason
    that tells most, once; neither after ``cancel``.
    """

    def __init__(
        self,
        target: Address,
        *,
        loop: Loop,
        session: SessionId,
        deadline: float,
        emit: Callable[[Event], None],
        connected: Callable[[socket.socket, Address, float], None],
        failed: Callable[[Explanation], None],
        proxy: Proxy | None = None,
    ) -> None:
        self._target = target if proxy is None else proxy.address
        self._handshake = handshake_with(proxy, target) if proxy is not None else None
        self._tunnel: Tunnel | None = None
        self._loop = loop
        self._session = session
        self._emit = emit
        self._connected = connected
        self._failed = failed
        self._deadline = deadline
        self._began = loop.time()
        self._left: list[Endpoint] = []
        self._dialling: dict[socket.socket, tuple[Endpoint, float]] = {}
        self._failures: list[Explanation] = []
        self._over = False
        self._timers: list[Timer] = []  # cancelled as soon as it is over: who talks then pays for each that is left

    def dial(self, resolver: LooksUp) -> None:
        """Begin: look the name up, then try its addresses."""
        self._timers.append(self._loop.call_later(self._deadline, self._time_out))
        if not self._target.is_literal:
            self._emit(Resolving(self._session, monotonic_ns(), self._target.host))
        resolver.resolve(
            self._target,
            for_server=False,
            done=lambda outcome: self._loop.call_soon(lambda: self._resolved(outcome)),
        )

    def cancel(self) -> None:
        """Give up and close every socket that is still trying."""
        self._end()
        if self._tunnel is not None:
            self._tunnel.cancel()
        for sock in list(self._dialling):
            self._forget(sock)
            sock.close()

    def _resolved(self, outcome: Outcome) -> None:
        if self._over:
            return
        if isinstance(outcome, BaseException):
            self._give_up(explain(outcome, Doing.CONNECTING, self._target))
            return
        if not self._target.is_literal:
            addresses = tuple(endpoint.address for endpoint in outcome)
            took = self._loop.time() - self._began
            self._emit(Resolved(self._session, monotonic_ns(), addresses, took))
        self._left = list(outcome)
        self._try_next()

    def _try_next(self) -> None:
        if self._over or not self._left:
            return
        endpoint = self._left.pop(0)
        began = self._loop.time()
        try:
            sock, status = sockets.start_connect(endpoint)
        except OSError as error:
            self._note_failure(endpoint, began, error)
            return
        self._dialling[sock] = (endpoint, began)
        if status:
            self._fail_one(sock, status)
            return
        self._loop.watch(sock, WRITE, partial(self._answered, sock))
        self._timers.append(self._loop.call_later(_STAGGER, self._try_next))

    def _answered(self, sock: socket.socket, _events: int) -> None:
        if sock not in self._dialling:
            return
        status = sockets.connect_status(sock)
        if status:
            self._fail_one(sock, status)
            return
        endpoint, began = self._forget(sock)
        self.cancel()
        if self._handshake is None:
            self._connected(sock, endpoint.address, self._loop.time() - began)
        else:
            self._ask_proxy(sock)

    def _ask_proxy(self, sock: socket.socket) -> None:
        """Have the proxy connect to the target in what is left of the time."""
        assert self._handshake is not None
        target = self._handshake.target

        def opened(sock: socket.socket) -> None:
            self._tunnel = None
            self._connected(sock, target, self._loop.time() - self._began)

        seconds = max(0.0, self._began + self._deadline - self._loop.time())
        self._tunnel = Tunnel(
            sock, self._handshake, loop=self._loop, seconds=seconds, opened=opened, failed=self._failed
        )

    def _fail_one(self, sock: socket.socket, status: int) -> None:
        endpoint, began = self._forget(sock)
        sock.close()
        self._note_failure(endpoint, began, sockets.error_of(status))

    def _note_failure(self, endpoint: Endpoint, began: float, error: OSError) -> None:
        why = explain(error, Doing.CONNECTING, endpoint.address)
        self._failures.append(why)
        self._tell(endpoint, began, why)
        if self._left:
            self._try_next()
        elif not self._dialling:
            self._give_up(self._failures[0])

    def _tell(self, endpoint: Endpoint, began: float, why: Explanation) -> None:
        """Put an attempt that failed on record, unless it is all there is to tell, which ``failed`` does."""
        if not self._target.is_literal:
            took = self._loop.time() - began
            self._emit(Tried(self._session, monotonic_ns(), endpoint.address, took, why))

    def _time_out(self) -> None:
        if self._over:
            return
        for sock, (endpoint, began) in list(self._dialling.items()):
            why = explain(TimeoutError(), Doing.CONNECTING, endpoint.address)
            self._tell(endpoint, began, why)
            self._forget(sock)
            sock.close()
        self._give_up(explain(TimeoutError(), Doing.CONNECTING, self._target))

    def _give_up(self, why: Explanation) -> None:
        self._end()
        if self._handshake is not None:
            why = replace(why, what=f"the proxy {self._handshake.proxy} cannot be reached: {why.what}")
        self._failed(why)

    def _end(self) -> None:
        self._over = True
        for timer in self._timers:
            timer.cancel()

    def _forget(self, sock: socket.socket) -> tuple[Endpoint, float]:
        self._loop.watch(sock, 0, partial(self._answered, sock))
        return self._dialling.pop(sock)


class Tunnel:
    """Carries what is said to a proxy over a socket that is connected to it, until what comes next is the target's.

    Lives on its loop's thread. Calls ``opened`` with the socket once it leads to the target, or ``failed`` with the
    reason after ``seconds`` at the latest; neither after ``cancel``. Of what the target says nothing is received.
    """

    def __init__(
        self,
        sock: socket.socket,
        handshake: ProxyHandshake,
        *,
        loop: Loop,
        seconds: float,
        opened: Callable[[socket.socket], None],
        failed: Callable[[Explanation], None],
    ) -> None:
        self._sock = sock
        self._handshake = handshake
        self._loop = loop
        self._opened = opened
        self._failed = failed
        self._to_send = handshake.begin()
        self._is_over = False
        self._timer = loop.call_later(seconds, self._time_out)
        loop.watch(sock, READ | WRITE, self._ready)

    def cancel(self) -> None:
        """Give up and close the socket."""
        if not self._is_over:
            self._end()
            self._sock.close()

    def _ready(self, _events: int) -> None:
        if self._is_over:
            return
        try:
            self._talk()
        except (BlockingIOError, InterruptedError):
            self._loop.watch(self._sock, READ | WRITE if self._to_send else READ, self._ready)
        except ProxyError as error:
            self._fail(self._with_all_that_came(error).explanation)
        except OSError as error:
            why = explain(error, Doing.TALKING, f"the proxy {self._handshake.proxy}")
            self._fail(replace(why, advice="Ask whoever runs the proxy"))
        else:  # what ``opened`` raises is no fault of the proxy's
            self._end()
            self._opened(self._sock)

    def _talk(self) -> None:
        """Say and hear until the proxy is done. Raises ``BlockingIOError`` when the rest is for a later turn."""
        handshake = self._handshake
        for _ in range(_PER_TURN):
            while self._to_send:
                self._to_send = self._to_send[self._sock.send(self._to_send) :]
            data = self._sock.recv(handshake.most)
            if not data:
                raise handshake.closed()
            self._to_send += handshake.feed(data)
            if handshake.is_done:
                return
        raise BlockingIOError

    def _with_all_that_came(self, error: ProxyError) -> ProxyError:
        """The same; of what is no answer also the rest, since a byte or two tell nobody what is there instead."""
        said = self._handshake.garbage
        if said:
            with contextlib.suppress(OSError):
                return self._handshake.no_proxy(said + self._sock.recv(_GARBAGE))
        return error

    def _time_out(self) -> None:
        if not self._is_over:
            self._fail(self._handshake.timed_out().explanation)

    def _fail(self, why: Explanation) -> None:
        self.cancel()
        self._failed(why)

    def _end(self) -> None:
        self._is_over = True
        self._timer.cancel()
        self._loop.watch(self._sock, 0, self._ready)
