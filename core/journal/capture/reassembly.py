"""One direction of a TCP connection put together again: segments in any order in, bytes in their order out.

Sequence numbers are 32 bits and begin anew (RFC 9293, section 3.4); here they go on for ever.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import NamedTuple

_ROUND = 1 << 32
_MOST_WAITING = 8 * 1024 * 1024  # bytes behind a gap; then what fills it is taken for lost
_MOST_SEGMENTS = 4_096  # the same


class Piece(NamedTuple):
    """The next bytes of the direction; ``missing`` bytes before them (or, with none, at its end) are not known."""

    data: bytes
    missing: int = 0
    cut: int = 0  # bytes behind them that the capture did not keep


class _Waiting(NamedTuple):
    start: int
    number: int  # so that two that start at the same place are never compared by their bytes
    data: bytes
    cut: int


class Direction:
    """What one end has said, as far as it was captured. Nothing is handed out twice."""

    def __init__(self) -> None:
        self._next: int | None = None  # the sequence number that is handed out next, without end
        self._acknowledged = 0  # up to there the other end has it
        self._waiting: list[_Waiting] = []
        self._size = self._number = 0
        self._end: int | None = None  # the number of its FIN
        self.has_finished = False

    def begin(self, sequence: int) -> None:
        """The first byte has that number."""
        self._next = sequence

    @property
    def has_begun(self) -> bool:
        """Whether it is known where it goes on."""
        return self._next is not None

    def take(self, sequence: int, data: bytes, cut: int, *, is_last: bool) -> Iterator[Piece]:
        """A segment: what comes of it. ``cut`` bytes at its end were not captured; ``is_last`` is its FIN."""
        if self._next is None:
            self._next = sequence
        start = self._unwrapped(sequence)
        if start == self._next and data and not (cut or is_last or self._waiting):  # nearly always
            self._next += len(data)
            yield Piece(data)
            return
        if is_last:
            self._end = start + len(data) + cut
        if start + len(data) + cut > self._next:
            self._number += 1
            insort(self._waiting, _Waiting(start, self._number, data, cut))
            self._size += len(data)
        yield from self._ready()
        while self._size > _MOST_WAITING or len(self._waiting) > _MOST_SEGMENTS or self._is_lost:
            yield from self._over_gap()

    def acknowledge(self, sequence: int) -> Iterator[Piece]:
        """The other end has everything up to there: what was not captured will not come any more."""
        if self._next is None:
            self._next = sequence
            return
        self._acknowledged = max(self._acknowledged, self._unwrapped(sequence))
        while self._is_lost:
            yield from self._over_gap()

    def finish(self) -> Iterator[Piece]:
        """Nothing more comes: what waits behind gaps, and what the other end is known to have got."""
        while self._waiting:
            yield from self._over_gap()
        end = self._acknowledged - (1 if self._end is not None and self._acknowledged > self._end else 0)
        if self._next is not None and end > self._next:
            yield Piece(b"", end - self._next)
            self._next = end

    @property
    def _is_lost(self) -> bool:
        """Whether what is missing before the next bytes that wait was received by the other end."""
        return bool(self._waiting) and self._acknowledged >= self._waiting[0].start

    def _unwrapped(self, sequence: int) -> int:
        assert self._next is not None
        step = (sequence - self._next) % _ROUND
        return self._next + (step - _ROUND if step >= _ROUND // 2 else step)

    def _ready(self, missing: int = 0) -> Iterator[Piece]:
        """What can be handed out now."""
        assert self._next is not None
        while self._waiting and self._waiting[0].start <= self._next:
            start, _number, data, cut = self._waiting.pop(0)
            self._size -= len(data)
            known = self._next - start  # bytes of it that were handed out
            fresh, cut = data[known:], cut - max(0, known - len(data))
            if fresh or cut > 0:
                self._next = start + len(data) + cut + max(0, known - len(data))
                yield Piece(fresh, missing, cut)
                missing = 0
        if self._end is not None and self._next >= self._end:
            self.has_finished = True

    def _over_gap(self) -> Iterator[Piece]:
        assert self._next is not None
        missing = max(0, self._waiting[0].start - self._next)
        self._next += missing
        yield from self._ready(missing)
