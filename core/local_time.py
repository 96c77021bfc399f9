"""Times of day in this machine's time zone, for any number that a journal may hold."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_SECOND_NS = 1_000_000_000
_DAY = 86_400  # seconds
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def local_of(wall_ns: int) -> time.struct_time:
    """Nanoseconds since 1970 (64 bits, as a journal has them) as local time.

    Where the platform cannot tell that, it is in UTC: ``time.localtime`` on Windows raises ``OSError`` for what was
    before 1970 or will be after the year 3000, and a damaged journal may name any time.
    """
    second = wall_ns // _SECOND_NS
    with contextlib.suppress(OSError, OverflowError, ValueError):
        found = time.localtime(second)
        if abs(found.tm_gmtoff) < _DAY:  # Wine is 2**33 seconds off in years that are far away
            return found
    return (_1970 + timedelta(seconds=second)).timetuple()


def local_time(wall_ns: int) -> str:
    """``2026-11-23 10:41:02.113``."""
    return time_and_zone(wall_ns)[0]


def time_and_zone(wall_ns: int) -> tuple[str, str]:
    """The same, and ``+01:00``: how far this machine's clock was from UTC at that time."""
    second, rest = divmod(wall_ns, _SECOND_NS)
    words, zone = _words(second)
    return f"{words}.{rest // 1_000_000:03d}", zone


def iso_time(wall_ns: int) -> str:
    """``2026-11-23T10:41:02.113+01:00``: ISO 8601."""
    words, zone = time_and_zone(wall_ns)
    return f"{words.replace(' ', 'T')}{zone}"


@lru_cache(maxsize=16)
def _words(second: int) -> tuple[str, str]:
    """A second since 1970 as local time and as the distance from UTC. Messages share seconds."""
    at = local_of(second * _SECOND_NS)
    zone = timezone(timedelta(seconds=at.tm_gmtoff or 0))  # none where it is in UTC
    year, month, day, hour, minute, at_second = at[:6]
    # A leap second, which only time zones of "right/" have, is none to a datetime.
    words = datetime(year, month, day, hour, minute, min(at_second, 59), tzinfo=zone).isoformat(" ")
    return words[:19], words[19:]
