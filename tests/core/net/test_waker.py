"""Waking a blocked wait."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator

import pytest

from core.net.waker import Waker
from tests.support.sink import PATIENCE


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
    waker.drain()
    assert not is_ringing(waker)
    waker.drain()  # nothing to take: no harm
    waker.wake()
    assert is_ringing(waker, PATIENCE)


def test_never_blocks_and_never_fails_however_full_it_is(waker: Waker) -> None:
    before = 0
    while before < 2_000_000 and select.select([], [waker._writer], [], 0)[1]:
        waker.wake()
        before += 1
    waker.wake()  # nobody has drained it, and the pair holds no more
    assert not select.select([], [waker._writer], [], 0)[1]
    waker.drain()
    assert not is_ringing(waker)


def test_waking_after_the_end_is_harmless(waker: Waker) -> None:
    waker.close()
    waker.wake()
    assert waker.reader.fileno() == -1
