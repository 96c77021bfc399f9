"""The timers of a session's thread, by a clock that the test sets: order, pauses, coarse clocks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.net.loop import READ, Handler, Loop, News

SECOND = 1_000_000_000  # nanoseconds
MOST_WAITS = 1_000  # a loop that waits more often than that for a few timers spins


@dataclass
class Clock:
    """A clock, and waits that move it. ``pauses`` are how long each wait lasts beyond what was asked for, in seconds.

    A ``tick`` is how many nanoseconds the clock steps by: 15,625,000 on Windows before Python 3.13.
    """

    time_ns: int = 1000 * SECOND
    tick: int = 1
    pauses: list[float] = field(default_factory=list)
    waits: int = 0

    def __call__(self) -> int:
        return self.time_ns // self.tick * self.tick

    @property
    def now(self) -> float:
        return self.time_ns / SECOND

    def go_on(self, seconds: float) -> None:
        self.time_ns += round(seconds * SECOND)

    def select(self, timeout: float | None = None) -> News:
        assert timeout is not None, "it would wait for ever"
        self.waits += 1
        assert self.waits <= MOST_WAITS, "it spins"
        self.go_on(timeout + (self.pauses.pop(0) if self.pauses else 0.0))
        return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loop(clock: Clock) -> Iterator[Loop]:
    with closing(loop_by(clock)) as made:
        yield made


def loop_by(clock: Clock) -> Loop:
    """A loop that reads the test's clock from its first moment on, and never really waits."""
    made = Loop(gap=5.0, clock=clock, resolution=clock.tick / SECOND)
    made._selector.select = clock.select  # type: ignore[method-assign]
    return made


@pytest.mark.case("C-20")
def test_timers_come_in_order_of_time_whatever_the_wall_clock_says(
    loop: Loop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: -1e9)
    called: list[tuple[str, float]] = []
    for name, delay in (("late", 30.0), ("early", 10.0), ("between", 20.0)):
        loop.call_later(delay, lambda name=name: called.append((name, clock.now)))  # type: ignore[misc]
    loop.call_later(40.0, loop.stop)
    loop.run()
    assert called == [("early", 1010.0), ("between", 1020.0), ("late", 1030.0)]


def test_a_cancelled_timer_is_not_called(loop: Loop) -> None:
    called: list[str] = []
    loop.call_later(1.0, lambda: called.append("cancelled")).cancel()
    loop.call_later(2.0, loop.stop)
    loop.run()
    assert called == []


def test_nobody_wakes_for_a_cancelled_timer(loop: Loop, clock: Clock) -> None:
    for delay in (1.0, 1.5):
        loop.call_later(delay, loop.stop).cancel()
    loop.call_later(2.0, loop.stop)
    loop.run()
    assert (clock.waits, clock.now) == (1, 1002.0)


def test_a_timer_that_news_set_after_a_pause_is_not_due_before_its_time(
    loop: Loop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop's time is behind the clock from then on, also in a turn that began without a timer."""
    called: list[float] = []

    def expired() -> None:
        called.append(clock.now)
        loop.stop()

    def ready(_events: int) -> None:
        loop.call_later(2.0, expired)

    def select(timeout: float | None = None) -> News:
        return [(Handler(ready, None), READ)] if timeout is None else clock.select(timeout)

    monkeypatch.setattr(loop._selector, "select", select)
    clock.pauses = [3600.0]
    loop.call_later(1.0, lambda: None)
    loop.run()
    assert called == [1000.0 + 1.0 + 3600.0 + 1.0 + 2.0]


def test_a_timer_may_set_the_next(loop: Loop, clock: Clock) -> None:
    left = 3

    def again() -> None:
        nonlocal left
        left -= 1
        loop.call_later(10.0, again if left else loop.stop)

    again()
    loop.run()
    assert clock.now == 1030.0


@pytest.mark.case("C-19")
def test_time_that_we_slept_ourselves_counts_for_no_timer(loop: Loop, clock: Clock) -> None:
    """Suspended for an hour at the first wait: every timer still gets its full time after it."""
    called: list[tuple[str, float]] = []
    for name, delay in (("flush", 2.0), ("connect", 10.0), ("stalled", 15.0)):
        loop.call_later(delay, lambda name=name: called.append((name, clock.now)))  # type: ignore[misc]
    loop.call_later(20.0, loop.stop)
    clock.pauses = [3600.0]
    woke = clock.now + 2.0 + 3600.0
    loop.run()
    assert called == [("flush", woke + 2.0), ("connect", woke + 10.0), ("stalled", woke + 15.0)]


@pytest.mark.case("C-19")
def test_a_timer_set_right_after_a_pause_is_due_when_it_says(
    loop: Loop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news that comes first after the pause sets a timer, as a close does."""
    called: list[float] = []

    def ready(_events: int) -> None:
        loop.call_later(2.0, lambda: called.append(clock.now))

    news = [[(Handler(ready, None), READ)]]

    def select(timeout: float) -> News:
        clock.select(timeout)
        return news.pop() if news else []

    monkeypatch.setattr(loop._selector, "select", select)
    clock.pauses = [3600.0]
    loop.call_later(1.0, lambda: None)
    loop.call_later(30.0, loop.stop)
    loop.run()
    assert called == [1000.0 + 1.0 + 3600.0 + 2.0]


@pytest.mark.case("C-19")
def test_a_pause_while_something_is_being_done_counts_for_no_timer(loop: Loop, clock: Clock) -> None:
    called: list[float] = []

    def suspended() -> None:
        clock.go_on(3600.0)
        loop.call_later(1.0, lambda: called.append(clock.now))

    loop.call_later(1.0, suspended)
    loop.call_later(4.0, lambda: called.append(clock.now))
    loop.call_later(5.0, loop.stop)
    loop.run()
    assert called == [4602.0, 4604.0]


@pytest.mark.case("C-19")
def test_a_pause_in_the_middle_of_a_long_wait_is_noticed_too(
    loop: Loop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped for 12 s while waiting for a timer of 15 s: that wait is not even late."""
    called: list[float] = []

    def select(timeout: float) -> News:
        clock.go_on(max(timeout, clock.pauses.pop(0) if clock.pauses else 0.0))
        return []

    monkeypatch.setattr(loop._selector, "select", select)
    clock.pauses = [12.0]
    loop.call_later(15.0, lambda: called.append(clock.now))
    loop.call_later(16.0, loop.stop)
    loop.run()
    assert called == [1000.0 + 12.0 + 15.0]


def test_a_little_late_is_not_asleep(loop: Loop, clock: Clock) -> None:
    called: list[float] = []
    loop.call_later(2.0, lambda: called.append(clock.now))
    loop.call_later(20.0, loop.stop)
    clock.pauses = [4.0]
    loop.run()
    assert called == [1006.0]


@pytest.mark.case("C-88")
@settings(deadline=None)
@given(
    up_for=st.integers(0, 2**62) | st.integers(0, 2_000 * SECOND),
    tick=st.sampled_from([1, 100, 1_000_000, 15_625_000]),
    delays=st.lists(st.floats(0, 100, allow_nan=False) | st.floats(0, 1e-6), min_size=1, max_size=8),
)
def test_no_uptime_no_clock_and_no_delay_makes_it_spin(up_for: int, tick: int, delays: list[float]) -> None:
    """Each timer comes once, none before its time, in at most one wait a gap, a timer and a tick of the clock."""
    clock, called = Clock(up_for, tick), list[float]()
    with closing(loop_by(clock)) as loop:
        began = clock.time_ns
        for delay in delays:
            loop.call_later(delay, partial(called.append, delay))
        loop.call_later(101.0, loop.stop)
        loop.run()

    assert sorted(called) == sorted(delays)
    turns = len(delays) + 2
    assert clock.waits <= 101 / 5.0 + 2 * turns
    assert clock.time_ns - began <= 101 * SECOND + 2 * turns * tick


@pytest.mark.case("C-88")
@pytest.mark.parametrize("tick", [1, 15_625_000])
def test_who_looks_whether_the_time_has_come_does_not_look_again_and_again(tick: int) -> None:
    """As the limits of silence and idleness do: what is left of the time is set as the next timer."""
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        left = since + 30.1 - loop.time()
        loop.call_later(left, look if left > 0 else loop.stop)

    with closing(loop_by(Clock(12_345_678_901_234_567, tick))) as loop:
        since = loop.time()
        loop.call_later(0.3, look)
        loop.run()

    assert looks <= 4
