"""The one thread of a session: waiting, calling, timing, and noticing that it was asleep itself."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from core.net.loop import READ, WRITE, Loop
from tests.support.sink import PATIENCE


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop(gap=5.0)
    yield made
    made.close()


@dataclass
class Clock:
    """A clock that a test sets. ``pauses`` are how long each wait lasts beyond what was asked for."""

    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "it would wait for ever"
        self.now += timeout + (self.pauses.pop(0) if self.pauses else 0.0)
        return []


@pytest.fixture
def clock(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The loop's own clock, and its waits, in the test's hands."""
    made = Clock()
    monkeypatch.setattr("core.net.loop.time", made)
    monkeypatch.setattr(loop._selector, "select", made.select)
    return made


def test_calls_from_another_thread_come_in_order_and_end_the_wait(loop: Loop) -> None:
    called: list[int] = []

    def ask() -> None:
        for number in range(1000):
            loop.call_soon(lambda number=number: called.append(number))  # type: ignore[misc]
        loop.call_soon(loop.stop)

    asker = threading.Thread(target=ask)
    asker.start()
    loop.run()
    asker.join(PATIENCE)
    assert called == list(range(1000))


def test_no_call_is_lost_between_a_wake_and_the_next_wait(loop: Loop) -> None:
    """Each call is put in while the loop is on its way to its next wait."""
    left, went_on = 2000, threading.Event()

    def one_less() -> None:
        nonlocal left
        left -= 1
        went_on.set()

    thread = threading.Thread(target=loop.run)
    thread.start()
    while left and not went_on.clear():  # type: ignore[func-returns-value]
        loop.call_soon(one_less)
        assert went_on.wait(PATIENCE), "a call was put in and nobody woke"
    loop.call_soon(loop.stop)
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_knows_its_own_thread(loop: Loop) -> None:
    found: list[bool] = [loop.is_here]
    loop.call_soon(lambda: found.append(loop.is_here))
    loop.call_soon(loop.stop)
    loop.run()
    loop.close()
    assert [*found, loop.is_here] == [False, True, False]


def test_calls_when_a_socket_is_ready_and_no_longer_when_it_is_not_watched(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    heard: list[bytes] = []

    def ready(events: int) -> None:
        heard.append(b"writable" if events & WRITE else ours.recv(100))
        if events & WRITE:
            loop.watch(ours, READ, ready)
            theirs.send(b"hello")
        else:
            loop.watch(ours, 0, ready)
            loop.watch(ours, 0, ready)  # it is not watched already
            theirs.send(b"nobody hears this")
            loop.call_later(0.02, loop.stop)

    with ours, theirs:
        loop.watch(ours, READ | WRITE, ready)
        loop.run()
    assert heard == [b"writable", b"hello"]


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


def test_a_cancelled_timer_is_not_called(loop: Loop, clock: Clock) -> None:
    called: list[str] = []
    loop.call_later(1.0, lambda: called.append("cancelled")).cancel()
    loop.call_later(2.0, loop.stop)
    loop.run()
    assert called == []


def test_a_timer_may_set_the_next(loop: Loop, clock: Clock) -> None:
    left = 3

    def again() -> None:
        nonlocal left
        left -= 1
        loop.call_later(10.0, again if left else loop.stop)

    again()
    loop.run()
    assert clock.now == pytest.approx(1030.0)


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
    ready = selectors.SelectorKey(0, 0, READ, lambda _events: loop.call_later(2.0, lambda: called.append(clock.now)))
    news = [[(ready, READ)]]

    def select(timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
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
        clock.now += 3600.0
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

    def select(timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
        clock.now += max(timeout, clock.pauses.pop(0) if clock.pauses else 0.0)
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


def test_does_nothing_at_all_while_there_is_nothing_to_do(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    select = loop._selector.select

    def counted(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        waits.append(timeout)
        return select(timeout)

    monkeypatch.setattr(loop._selector, "select", counted)
    stopper = threading.Timer(0.2, lambda: loop.call_soon(loop.stop))
    stopper.start()
    loop.run()
    assert waits == [None]


def test_what_is_asked_after_the_end_is_forgotten(loop: Loop) -> None:
    called: list[Callable[[], None]] = []
    loop.close()
    loop.call_soon(lambda: called.append(loop.stop))
    assert called == []


def test_what_a_call_raises_comes_out_of_run(loop: Loop) -> None:
    loop.call_soon(lambda: [][0])
    with pytest.raises(IndexError):
        loop.run()
