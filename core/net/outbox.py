"""Bytes on their way out of one connection: what the kernel would not take yet. Bounded."""

from __future__ import annotations

from collections import deque
from itertools import islice

from core.origin import FLIPPED, PASSED_ON, SCRIPT, Origin

_BITE = 256 * 1024  # joined for one send: more than a kernel takes at once from a busy socket


class Outgoing:
    """One message that waits, who it is from, and how much of it the kernel has taken, in which bites."""

    __slots__ = ("cuts", "data", "origin", "taken")

    def __init__(self, data: bytes, taken: int, origin: Origin) -> None:
        self.data = data
        self.origin = origin
        self.taken = taken
        self.cuts = [taken] if taken else []


class Outbox:
    """First in, first out. Not shared: its connection's lock guards it.

    A message is let in whole as long as fewer than ``limit`` bytes wait, so the most it can hold is
    ``limit`` and one message.
    """

    __slots__ = ("_limit", "_waiting", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Outgoing] = deque()
        self.size = 0  # bytes that the kernel has not taken

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether the next message has to be refused."""
        return self.size >= self._limit

    def add(self, data: bytes, taken: int = 0, origin: Origin = SCRIPT) -> None:
        """Put a message at the end, of which the kernel has taken the first ``taken`` bytes."""
        self._waiting.append(Outgoing(data, taken, origin))
        self.size += len(data) - taken or 1  # an empty datagram counts, so that it waits as others do

    def bite(self) -> bytes | memoryview:
        """What to offer the kernel next: small messages joined, because that beats many calls."""
        head = self._waiting[0]
        rest = memoryview(head.data)[head.taken :]
        if len(rest) >= _BITE or len(self._waiting) == 1:
            return rest[:_BITE]
        parts: list[bytes | memoryview] = [rest]
        length = len(rest)
        for outgoing in islice(self._waiting, 1, None):
            if length >= _BITE:
                break
            parts.append(outgoing.data)
            length += len(outgoing.data)
        return b"".join(parts)

    def head(self, most: int) -> memoryview:
        """The next bytes of the first message alone, ``most`` at most."""
        head = self._waiting[0]
        return memoryview(head.data)[head.taken : head.taken + most]

    def took(self, count: int) -> list[Outgoing]:
        """The kernel took ``count`` bytes of the last bite: return the messages that are out now."""
        self.size -= count
        done = []
        while count:
            head = self._waiting[0]
            step = min(count, len(head.data) - head.taken)
            head.taken += step
            head.cuts.append(step)
            count -= step
            if head.taken == len(head.data):
                done.append(self._waiting.popleft())
        return done

    def take_first(self) -> Outgoing:
        """The kernel took the first message, a datagram, or never will."""
        self.size -= len(self._waiting[0].data) or 1
        return self._waiting.popleft()

    @property
    def rests(self) -> list[memoryview]:
        """What the kernel has not taken of each message."""
        return [memoryview(outgoing.data)[outgoing.taken :] for outgoing in self._waiting]

    def replace(self, place: int, data: bytes) -> None:
        """Have these bytes go out from ``place`` bytes behind the next one on, in the place of as many of a message."""
        for outgoing in self._waiting:
            rest = len(outgoing.data) - outgoing.taken
            if place < rest:
                at = outgoing.taken + place
                before, outgoing.data = outgoing.data, outgoing.data[:at] + data + outgoing.data[at + len(data) :]
                if outgoing.origin == PASSED_ON and outgoing.data != before:
                    outgoing.origin = FLIPPED  # it is not what came any more
                return
            place -= rest

    def keep(self, size: int) -> tuple[list[Outgoing], int]:
        """Give up all but the next ``size`` bytes, with which a message may now end.

        Returns the message of which only bytes were left that are given up, if there is one, and how many bytes are.
        """
        lost, done, kept = max(0, self.size - size), list[Outgoing](), deque[Outgoing]()
        for outgoing in self._waiting:
            rest = len(outgoing.data) - outgoing.taken
            outgoing.data = outgoing.data[: outgoing.taken + size] if size < rest else outgoing.data
            size -= min(size, rest)
            if outgoing.taken < len(outgoing.data):
                kept.append(outgoing)
            elif outgoing.taken:
                done.append(outgoing)
        self._waiting, self.size = kept, self.size - lost
        return done, lost

    def drop(self) -> list[Outgoing]:
        """Give up: return what waited and hold nothing any more."""
        left = list(self._waiting)
        self._waiting.clear()
        self.size = 0
        return left
