"""Carries what is said to a proxy over a socket, until what comes next is the target's (``core.wire.proxying``)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

from core.errors import Doing, Explanation, Fault, ProxyError, explain
from core.net.loop import READ, WRITE, Loop
from core.wire.proxying import ProxyHandshake


class Tunnel:
    """One conversation with a proxy over a socket that is connected to it. Lives on its loop's thread.

    Calls ``opened`` with the socket once it leads to the target, or ``failed`` with the reason after ``seconds`` at
    the latest; neither after ``cancel``. Of what the target says nothing is received.
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
            self._fail(error.explanation)
        except OSError as error:
            why = explain(error, Doing.TALKING, f"the proxy {self._handshake.proxy}")
            self._fail(replace(why, advice="Ask whoever runs the proxy"))
        else:  # what ``opened`` raises is no fault of the proxy's
            self._end()
            self._opened(self._sock)

    def _talk(self) -> None:
        """Say and hear until the proxy is done. Raises ``BlockingIOError`` when no more can be said and heard now."""
        handshake = self._handshake
        while True:
            while self._to_send:
                self._to_send = self._to_send[self._sock.send(self._to_send) :]
            if handshake.is_done:
                return
            data = self._sock.recv(handshake.most)
            if not data:
                raise handshake.closed()
            self._to_send += handshake.feed(data)

    def _time_out(self) -> None:
        if not self._is_over:
            what = f"the proxy {self._handshake.proxy} did not answer in time about {self._handshake.target}"
            causes = ("the proxy waits for the target in vain", "it is another kind of proxy, or none")
            self._fail(Explanation(what, causes, "Check host and port of both", Fault.NETWORK))

    def _fail(self, why: Explanation) -> None:
        self.cancel()
        self._failed(why)

    def _end(self) -> None:
        self._is_over = True
        self._timer.cancel()
        self._loop.watch(self._sock, 0, self._ready)
