"""A bad line, made on purpose: what goes through it is late, slow, sliced, held, cut or damaged.

Pure: bytes and a clock in, bytes and ends out. What is neither cut off nor flipped arrives unchanged and in order.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, TypeAlias

from core.wire.faults import Faults, span
from core.words import counted

_STEP = 0.02  # seconds of a bandwidth that go on at once
_MOST = 256  # pieces that are taken at once


class End(Enum):
    """How a line ends, or one that ended."""

    FINISHED = "finished"  # its sender had finished, or it is a fault that says so
    CUT = "cut"
    RESET = "reset"


class InjectedFault(NamedTuple):
    """A fault that was injected just now, in words without a full stop."""

    words: str


Passed: TypeAlias = bytes | End | InjectedFault


class FaultyLine:
    """One direction of a connection with faults in it. Give it what came, and ``take`` what is to go on by now.

    ``clock`` gives seconds and never runs backwards. ``name`` tells apart the lines of one seed.
    """

    def __init__(self, faults: Faults, clock: Callable[[], float], name: str = "") -> None:
        self.faults = faults
        self._clock = clock
        self._random = random.Random(f"{faults.seed} {name}")  # noqa: S311 - to be repeated, not to be secret
        self._began = self._free_at = self._last = clock()
        self._queue: deque[tuple[float, bytes | memoryview | End]] = deque()  # when it is through, what
        self._taken = 0  # of the first in the queue
        self._passed = 0
        self._held_until = -math.inf
        self._left = {
            kind: at for kind in ("stall", "reset", "cut", "finish") if (at := getattr(faults, kind)) is not None
        }  # what is still to happen
        self._flips = _BitFlips(faults.flip, self._random)
        self.size = 0  # bytes in it
        self.is_over = False  # what comes now is lost

    def put(self, data: bytes | memoryview) -> None:
        """Take in bytes."""
        if data and not self.is_over:
            self._put(data)
            self.size += len(data)

    def end(self, end: End) -> None:
        """Its sender ends in this way, which goes through the line behind the bytes that were put in before."""
        if not self.is_over:
            self._put(end)

    def _put(self, what: bytes | memoryview | End) -> None:
        delay = self.faults.latency + self._random.uniform(-1, 1) * self.faults.jitter
        self._last = max(self._last, self._clock() + max(0.0, delay))
        self._queue.append((self._last, what))

    def empty(self) -> list[bytes | memoryview | End]:
        """Take out all that is in it, as it was put in."""
        left = [what for _at, what in self._queue]
        if self._taken and left and not isinstance(left[0], End):
            left[0] = left[0][self._taken :]
        self._queue.clear()
        self._taken = self.size = 0
        return left

    @property
    def due(self) -> float | None:
        """When there is something to ``take``, on the clock; None if that depends on what comes."""
        if self.is_over:
            return None
        moments = [self._began + at.seconds for at in self._left.values() if at.seconds is not None]
        if self._queue:
            moments.append(self._next_at)
        due = min(moments, default=math.inf)
        return due if due < math.inf else None

    @property
    def _next_at(self) -> float:
        """When the first in the queue goes on."""
        return max(self._queue[0][0], self._free_at, self._held_until)

    def take(self, most: int = _MOST) -> list[Passed]:
        """What goes on by now, in order and about ``most`` of it: each of the bytes in a send of its own."""
        now = self._clock()
        out: list[Passed] = []
        while not self.is_over and len(out) < most:
            self._let_happen(now, out)
            if self.is_over or not self._queue or self._next_at > now:
                break
            came, what = self._queue[0]
            if isinstance(what, End):
                self._end(what, out)
                break
            self._pass(came, what, now, out)
        return out

    def _pass(self, came: float, data: bytes | memoryview, now: float, out: list[Passed]) -> None:
        faults = self.faults
        most = faults.slice or len(data)
        if faults.bandwidth is not None:
            most = min(most, max(1, int(faults.bandwidth * _STEP)))
        for at in self._left.values():
            if at.size is not None:
                most = min(most, at.size - self._passed)
        piece = bytes(data[self._taken : self._taken + most])
        self._taken += len(piece)
        if self._taken == len(data):
            self._queue.popleft()
            self._taken = 0
        self.size -= len(piece)
        place, self._passed = self._passed, self._passed + len(piece)
        if faults.bandwidth is not None:
            self._free_at = max(self._free_at, came, now - _STEP) + len(piece) / faults.bandwidth
        if faults.pause:
            self._free_at = max(self._free_at, now + faults.pause)
        out.append(self._flips.flipped(piece, place, out) if faults.flip else piece)

    def _let_happen(self, now: float, out: list[Passed]) -> None:
        """Have what is due by the bytes that went on, or by the time, happen."""
        for kind, at in list(self._left.items()):
            if self.is_over or not (
                at.size <= self._passed if at.size is not None else self._began + (at.seconds or 0.0) <= now
            ):
                continue
            del self._left[kind]
            if kind == "stall":
                self._held_until = now + self.faults.stalled_for
                out.append(InjectedFault(f"stalled after {at}{self.faults.lasting}"))
                continue
            words, end = {
                "reset": ("reset", End.RESET),
                "cut": ("cut", End.CUT),
                "finish": ("half-closed", End.FINISHED),
            }[kind]
            is_one = self.size == 1
            lost = f"; {counted(self.size, 'byte')} {'is' if is_one else 'are'} lost" if self.size else ""
            out.append(InjectedFault(f"{words} after {at}{lost}"))
            self._end(end, out)

    def _end(self, end: End, out: list[Passed]) -> None:
        self.is_over = True
        self._queue.clear()
        self.size = 0
        out.append(end)


class _BitFlips:
    """Flips the bits of what goes by, a share of ``rate`` of them."""

    def __init__(self, rate: float, chance: random.Random) -> None:
        self._rate = rate
        self._random = chance
        self._next = self._gap() - 1  # bits from here

    def flipped(self, piece: bytes, place: int, out: list[Passed]) -> bytes:
        """The next bytes, of which the first is told as byte ``place``, with some bits flipped; ``out`` is told."""
        count, places, bits, data = 0, dict[int, None](), len(piece) * 8, bytearray(piece)
        while self._next < bits:
            byte, bit = divmod(self._next, 8)
            data[byte] ^= 1 << bit
            count += 1
            places[place + byte] = None
            self._next += self._gap()
        self._next -= bits
        if count:
            first = ", ".join(f"{each:,}" for each in list(places)[:3]) + (", …" if len(places) > 3 else "")
            out.append(InjectedFault(f"{counted(count, 'bit')} flipped, in byte {first}"))
        return bytes(data)

    def _gap(self) -> int:
        """Bits from one that is flipped to the next."""
        if not 0 < self._rate < 1:
            return 1
        return int(math.log(1 - self._random.random()) / math.log1p(-self._rate)) + 1


class DatagramLine:
    """One direction of UDP with faults in it: ``put`` what was sent, and ``take`` what is to go on by now.

    See ``FaultyLine`` for ``clock`` and ``name``. What is not lost or flipped arrives unchanged, and in order but for
    what is held back. More than ``ROOM`` bytes in it are lost, as in a router whose queue is full.
    """

    ROOM = 1 << 20  # bytes

    def __init__(self, faults: Faults, clock: Callable[[], float], name: str = "") -> None:
        self._faults = faults
        self._clock = clock
        self._random = random.Random(f"{faults.seed} {name}")  # noqa: S311 - to be repeated, not to be secret
        self._flips = _BitFlips(faults.flip, random.Random(f"{faults.seed} {name}"))  # noqa: S311 - the same
        self._queue: list[tuple[float, int, bytes]] = []  # when it is through, in the order in which they came, what
        self._numbers = itertools.count()
        self._last = self._free_at = clock()
        self._told: list[Passed] = []
        self.size = 0  # bytes in it

    @property
    def count(self) -> int:
        """Datagrams in it."""
        return len(self._queue)

    def empty(self) -> list[Passed]:
        """Take out all that is in it, in the order in which it was to go on, and what happened to some."""
        out: list[Passed] = [*self._told, *(datagram for _due, _number, datagram in sorted(self._queue))]
        self._told, self._queue, self.size = [], [], 0
        return out

    def put(self, datagram: bytes) -> None:
        """Take in a datagram."""
        faults, now = self._faults, self._clock()
        size = counted(len(datagram), "byte")
        if faults.loss and self._random.random() < faults.loss:
            self._told.append(InjectedFault(f"a datagram of {size} was lost"))
            return
        if self.size + len(datagram) > self.ROOM:
            self._told.append(InjectedFault(f"a datagram of {size} was lost, since too much waits for the bandwidth"))
            return
        is_twice = faults.duplicate > 0 and self._random.random() < faults.duplicate
        if is_twice:
            self._told.append(InjectedFault(f"a datagram of {size} goes on twice"))
        due = now + max(0.0, faults.latency + self._random.uniform(-1, 1) * faults.jitter)
        if faults.reorder and self._random.random() < faults.reorder:
            due += faults.held_back
            self._told.append(InjectedFault(f"a datagram of {size} is held back for {span(faults.held_back)}"))
        else:
            due = self._last = max(self._last, due)
        for _ in range(1 + is_twice):
            heapq.heappush(self._queue, (due, next(self._numbers), datagram))
            self.size += len(datagram)

    @property
    def due(self) -> float | None:
        """When there is something to ``take``, on the clock; None if that depends on what comes."""
        if self._told:
            return self._clock()
        return max(self._queue[0][0], self._free_at) if self._queue else None

    def take(self) -> list[Passed]:
        """What goes on by now, in order: datagrams, and what happened to some."""
        now = self._clock()
        out, self._told = self._told, []
        while self._queue and max(self._queue[0][0], self._free_at) <= now:
            due, _number, datagram = heapq.heappop(self._queue)
            self.size -= len(datagram)
            if self._faults.bandwidth is not None:
                self._free_at = max(self._free_at, due, now - _STEP) + len(datagram) / self._faults.bandwidth
            out.append(self._flips.flipped(datagram, 0, out) if self._faults.flip else datagram)
        return out
