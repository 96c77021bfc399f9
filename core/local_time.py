"""Times of day on the clock of this machine's wall, whatever a journal says they are."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def local_of(wall_ns: int) -> time.struct_time:
    """Nanoseconds since 1970 (64 bits, as a journal has them) as local time.

    Where the platform cannot tell that, it is in UTC: ``time.localtime`` on Windows raises ``OSError`` for what was
    before 1970 or will be after the year 3000, and a damaged journal may name any time.
    """
    second = wall_ns // 1_000_000_000
    try:
        return time.localtime(second)
    except (OSError, OverflowError, ValueError):
        return (_1970 + timedelta(seconds=second)).timetuple()
