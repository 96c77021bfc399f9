"""How long things took: the last so many are kept, never all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 512  # of the last: enough for a p99, few enough to sort in no time


@dataclass(frozen=True, slots=True)
class Latency:
    """``count`` times in all, and the ``last`` of them, ``KEPT`` at most, in ns. Without any, all figures are 0.

    The figures are worked out by whoever looks, because few do.
    """

    count: int = 0
    last: tuple[int, ...] = ()

    @property
    def p50_ns(self) -> int:
        """The middle of the last."""
        return self._percentile(50)

    @property
    def p99_ns(self) -> int:
        """What one in a hundred of the last took longer than."""
        return self._percentile(99)

    @property
    def max_ns(self) -> int:
        """The longest of the last."""
        return max(self.last, default=0)

    def _percentile(self, percent: int) -> int:
        return nearest_rank(sorted(self.last), percent)


def nearest_rank(ordered: Sequence[int], percent: float) -> int:
    """A percentile that is a time that was really measured; 0 if there is none."""
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)] if ordered else 0


NO_LATENCY = Latency()


class Samples:
    """Times as they come. Not shared: one thread."""

    __slots__ = ("_frozen", "_last", "count")

    def __init__(self) -> None:
        self.count = 0
        self._last: deque[int] = deque(maxlen=KEPT)
        self._frozen = NO_LATENCY

    def add(self, took_ns: int) -> None:
        """One more."""
        self.count += 1
        self._last.append(took_ns)

    def freeze(self) -> Latency:
        """What they are by now."""
        if self._frozen.count != self.count:
            self._frozen = Latency(self.count, tuple(self._last))
        return self._frozen
