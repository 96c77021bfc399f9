"""A time of day is shown for whatever time stamp a journal has, also where the platform has none for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from core.local_time import local_of, time_and_zone

pytestmark = pytest.mark.case("C-62")

FARTHEST = 2**63 - 1  # nanoseconds, as SQLite holds them


@pytest.mark.parametrize("wall_ns", [0, -1, FARTHEST, -FARTHEST - 1, 1_764_000_000_123_456_789])
def test_every_time_stamp_is_a_time(wall_ns: int) -> None:
    assert time.strftime("%A %d %B %Y %H:%M:%S", local_of(wall_ns))
    try:
        there = time.localtime(wall_ns // 10**9)
    except OSError:  # as on Windows
        there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=wall_ns // 10**9)).timetuple()
    assert local_of(wall_ns)[:6] == there[:6]


def test_a_platform_whose_distance_from_utc_makes_no_sense_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    far = time.struct_time((2262, 4, 11, 23, 47, 16, 4, 101, 0), {"tm_gmtoff": -(2**33), "tm_zone": "UTC"})
    monkeypatch.setattr("core.local_time.time.localtime", lambda _second: far)

    assert time_and_zone(FARTHEST) == ("2262-04-11 23:47:16.854", "+00:00")


@pytest.mark.parametrize("error", [OSError(22, "Invalid argument"), OverflowError(), ValueError()])
def test_where_the_platform_has_none_it_is_in_utc(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_second: float) -> time.struct_time:
        raise error

    monkeypatch.setattr("core.local_time.time.localtime", refuse)

    assert local_of(-FARTHEST - 1)[:6] == (1677, 9, 21, 0, 12, 43)
    assert local_of(FARTHEST)[:6] == (2262, 4, 11, 23, 47, 16)


def test_a_leap_second_is_shown_as_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose time zone is ``right/UTC`` has one."""
    leap = time.struct_time((2016, 12, 31, 23, 59, 60, 5, 366, 0), {"tm_gmtoff": 0, "tm_zone": "UTC"})
    monkeypatch.setattr("core.local_time.time.localtime", lambda _second: leap)

    assert time_and_zone(1_483_228_826_250_000_000) == ("2016-12-31 23:59:59.250", "+00:00")
