"""The program's clock: it never runs backwards, and it tells times that are far less than a millisecond apart.

Moments within a run are readings of this clock and of no other, so that they can be compared. It has nothing to do
with the time of day.

On Windows below Python 3.13, ``time.monotonic`` is ``GetTickCount64``, which steps by 15.6 ms; from 3.13 on it is
``QueryPerformanceCounter`` (https://github.com/python/cpython/issues/88494), which ``time.perf_counter`` is in every
version. Elsewhere both are the same clock of the system.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

Name: TypeAlias = Literal["monotonic", "perf_counter"]


def clock_for(platform: str, version: tuple[int, ...]) -> Name:
    """The name in ``time`` of the clock to read on a system (``sys.platform``) with a Python of that version."""
    return "perf_counter" if platform == "win32" and version < (3, 13) else "monotonic"


_CLOCK = clock_for(sys.platform, sys.version_info[:2])

monotonic: Callable[[], float] = getattr(time, _CLOCK)
"""Seconds since a moment that stays the same while the system runs."""

monotonic_ns: Callable[[], int] = getattr(time, f"{_CLOCK}_ns")
"""The same in nanoseconds, without the loss of a float."""

RESOLUTION = time.get_clock_info(_CLOCK).resolution
"""The shortest time that the clock can tell, in seconds."""
