"""A network that misbehaves: a TCP proxy that delays, slices, freezes, cuts and resets at random.

The same seed makes the same choices. One thread carries all connections; it never sleeps with bytes
that are due.
"""

from __future__ import annotations

import random
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.address import Address

_HELD = 1 << 18  # bytes kept for one direction before its source is read no more
_TICK = 0.001  # seconds


@dataclass(frozen=True, slots=True)
class Mischief:
    """How often (0 to 1, per step), how long (seconds) and how much (bytes)."""

    slices: int = 65536  # the longest slice handed on at a time
    delay: float = 0.0  # the longest delay of a slice
    freeze: float = 0.0  # how often both directions stand still
    frozen_for: float = 0.02
    fin_after: int | None = None  # bytes after which the sender seems to have finished
    reset_after: int | None = None  # bytes after which both ends get a reset


class ChaosProxy:
    """Listens at ``address`` and carries every caller to ``target``."""

    def __init__(self, target: Address, mischief: Mischief, *, seed: int) -> None:
        self._target = target
        self._mischief = mischief
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.address = Address("127.0.0.1", self._listener.getsockname()[1])
        self._directions: list[_Direction] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with self._listener:
            while not self._over.is_set():
                self._accept()
                moved = [direction.step() for direction in self._directions]
                self._directions = [direction for direction in self._directions if not direction.is_over]
                if not any(moved):
                    self._wait()
        for direction in self._directions:
            direction.close()

    def _accept(self) -> None:
        try:
            near = self._listener.accept()[0]
        except BlockingIOError:
            return
        far = socket.create_connection((self._target.host, self._target.port))
        for sock in (near, far):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        to, fro = (_Direction(a, b, self._mischief, self._random) for a, b in ((near, far), (far, near)))
        to.other, fro.other = fro, to
        self._directions += [to, fro]

    def _wait(self) -> None:
        """Until something can be read or a tick has passed."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            for direction in self._directions:
                if direction.wants_more:
                    selector.register(direction.source, selectors.EVENT_READ)
            waiting = any(direction.held for direction in self._directions)
            selector.select(_TICK if waiting else 0.02)


class _Direction:
    """From one socket to the other."""

    def __init__(self, source: socket.socket, sink: socket.socket, mischief: Mischief, choose: random.Random) -> None:
        self.source = source
        self.sink = sink
        self.other = self
        self.held = bytearray()
        self.is_over = False
        self._mischief = mischief
        self._random = choose
        self._not_before = 0.0
        self._source_ended = False
        self._carried = 0

    @property
    def wants_more(self) -> bool:
        return not self._source_ended and len(self.held) < _HELD

    def step(self) -> bool:
        """Read what is there, hand a slice on; say whether anything moved."""
        if self.is_over:
            return False
        try:
            return self._read() | self._hand_on()
        except BlockingIOError:
            return False
        except OSError:
            self._reset_both()
            return True

    def _read(self) -> bool:
        if not self.wants_more:
            return False
        try:
            data = self.source.recv(65536)
        except BlockingIOError:
            return False
        self._source_ended = not data
        self.held += data
        return True

    def _hand_on(self) -> bool:
        now, mischief = time.monotonic(), self._mischief
        if now < self._not_before:
            return False
        if not self.held:
            return self._finish() if self._source_ended else False
        if mischief.freeze and self._random.random() < mischief.freeze:
            self._not_before = self.other._not_before = now + mischief.frozen_for
            return False
        taken = self.sink.send(self.held[: self._random.randint(1, mischief.slices)])
        del self.held[:taken]
        self._carried += taken
        if mischief.delay:
            self._not_before = now + self._random.random() * mischief.delay
        if mischief.reset_after is not None and self._carried >= mischief.reset_after:
            self._reset_both()
        elif mischief.fin_after is not None and self._carried >= mischief.fin_after:
            self.held.clear()
            self._finish()
        return True

    def _finish(self) -> bool:
        self.sink.shutdown(socket.SHUT_WR)
        self.is_over = True
        if self.other.is_over:
            self.close()
        return True

    def _reset_both(self) -> None:
        for sock in (self.source, self.sink):
            if sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.is_over = self.other.is_over = True
        self.source.close()
        self.sink.close()
