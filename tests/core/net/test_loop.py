"""The one thread of a session: waiting, and calling whoever the news is for."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from core.net.loop import READ, WRITE, GuardedLoop, Loop, News, OwnSelector, Selector, Waker
from tests.support.sink import PATIENCE, until


@pytest.fixture(params=dict.fromkeys((OwnSelector, Selector)))
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    """With the selector of this system, and with that of every other."""
    monkeypatch.setattr("core.net.loop.OwnSelector", request.param)
    made = Loop(gap=5.0)
    yield made
    made.close()


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


def test_does_nothing_at_all_while_there_is_nothing_to_do(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    select = loop._selector.select

    def counted(timeout: float | None = None) -> News:
        waits.append(timeout)
        return select(timeout)

    monkeypatch.setattr(loop._selector, "select", counted)
    stopper = threading.Timer(0.2, lambda: loop.call_soon(loop.stop))
    stopper.start()
    loop.run()
    assert waits == [None]


def test_what_the_call_for_a_socket_of_no_connection_raises_comes_out_of_run(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"hello")
        loop.watch(ours, READ, lambda _events: [][0])
        with pytest.raises(IndexError):
            loop.run()


def test_what_is_asked_after_the_end_is_forgotten(loop: Loop) -> None:
    called: list[Callable[[], None]] = []
    loop.close()
    loop.call_soon(lambda: called.append(loop.stop))
    assert called == []


def test_what_a_call_raises_comes_out_of_run(loop: Loop) -> None:
    loop.call_soon(lambda: [][0])
    with pytest.raises(IndexError):
        loop.run()


def test_what_the_call_for_a_connection_s_socket_raises_is_that_connection_s_alone(loop: Loop) -> None:
    failed: list[BaseException] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"hello")
        GuardedLoop(loop, failed.append).watch(ours, READ, lambda _events: [][0])
        loop.call_later(0.0, loop.stop)
        loop.run()
    assert {type(error) for error in failed} == {IndexError}


@pytest.mark.parametrize("events", [READ, WRITE, READ | WRITE])
def test_a_hang_up_is_news_of_whatever_is_waited_for_and_of_nothing_else(loop: Loop, events: int) -> None:
    found: list[int] = []

    def ready(what: int) -> None:
        found.append(what)
        loop.stop()

    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        loop.watch(ours, events, ready)
        loop.run()
    assert found == [events]


def test_who_is_not_watched_any_more_since_the_wait_hurts_nobody(loop: Loop) -> None:
    """Two are ready at once, and whoever is called first closes the other, whose descriptor goes to a third."""
    pairs = [socket.socketpair() for _ in range(2)]
    others: list[socket.socket] = []
    heard: list[str] = []

    def ready(_events: int) -> None:
        heard.append("one of the first two")
        if others:
            return
        for ours, _theirs in pairs:
            loop.watch(ours, 0, ready)
            ours.close()
        others.extend(socket.socketpair())
        loop.watch(others[0], READ | WRITE, third)

    def third(events: int) -> None:
        heard.append(f"the third: {events}")
        loop.stop()

    for ours, theirs in pairs:
        theirs.send(b"hello")
        loop.watch(ours, READ, ready)
    loop.run()
    for sock in (*others, *(theirs for _ours, theirs in pairs)):
        sock.close()
    assert heard == ["one of the first two", "one of the first two", f"the third: {WRITE}"]


# What wakes it.


@pytest.fixture
def waker() -> Iterator[Waker]:
    made = Waker()
    yield made
    made.close()


def is_ringing(waker: Waker, timeout: float = 0) -> bool:
    return bool(select.select([waker.reader], [], [], timeout)[0])


def test_is_quiet_until_somebody_wakes_it(waker: Waker) -> None:
    assert not is_ringing(waker)
    waker.wake()
    assert is_ringing(waker, PATIENCE)


def is_drained(waker: Waker) -> bool:
    """Take what has come. On Windows the pair is a TCP connection, through which it comes in pieces."""
    waker.drain()
    return not is_ringing(waker)


def test_wakes_a_select_that_another_thread_is_blocked_in(waker: Waker) -> None:
    woken = threading.Event()

    def wait() -> None:
        if is_ringing(waker, PATIENCE):
            woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    waker.wake()
    thread.join(PATIENCE)
    assert woken.is_set()


def test_is_quiet_again_after_a_drain_however_often_it_was_woken(waker: Waker) -> None:
    for _ in range(10_000):  # more than one recv of the drain takes
        waker.wake()
    until(lambda: is_drained(waker), "the last of it")
    waker.drain()  # nothing to take: no harm
    waker.wake()
    assert is_ringing(waker, PATIENCE)


def test_never_blocks_and_never_fails_however_full_it_is(waker: Waker) -> None:
    for end in (waker.reader, waker._writer):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    before = 0
    while before < 2_000_000 and select.select([], [waker._writer], [], 0)[1]:
        waker.wake()
        before += 1
    waker.wake()  # nobody has drained it, and the pair holds no more
    assert not select.select([], [waker._writer], [], 0)[1]
    until(lambda: is_drained(waker), "the last of it")


def test_waking_after_the_end_is_harmless(waker: Waker) -> None:
    waker.close()
    waker.wake()
    assert waker.reader.fileno() == -1
