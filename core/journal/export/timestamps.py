"""Times of day in a file: local, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_SECOND_NS = 1_000_000_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def local_time(wall_ns: int) -> str:
    """``2026-11-23 10:41:02.113``, on the clock of this machine's wall."""
    return time_and_zone(wall_ns)[0]


def time_and_zone(wall_ns: int) -> tuple[str, str]:
    """The same, and ``+01:00``: how far this machine's clock was from UTC at that time."""
    second, rest = divmod(wall_ns, _SECOND_NS)
    time, zone = _local(second)
    return f"{time}.{rest // 1_000_000:03d}", zone


def iso_time(wall_ns: int) -> str:
    """``2026-11-23T10:41:02.113+01:00``: ISO 8601."""
    time, zone = time_and_zone(wall_ns)
    return f"{time.replace(' ', 'T')}{zone}"


@lru_cache(maxsize=16)
def _local(second: int) -> tuple[str, str]:
    """A second since 1970 as local time and as the distance from UTC. Messages share seconds."""
    time = _1970 + timedelta(seconds=second)
    try:
        time = time.astimezone()
    except (OSError, OverflowError):  # Windows knows no zone for some years that a damaged file may name
        pass
    text = time.isoformat(" ", "seconds")
    return text[:19], text[19:]
