"""Another thread wakes Tk's event loop: by a descriptor where Tk watches any, by a window's message on Windows."""

from __future__ import annotations

import os
import threading
import tkinter as tk
from collections.abc import Iterator

import pytest

from gui.platform import windows
from gui.platform.differences import HERE, WINDOWS
from gui.platform.event_loop import TICK, MessageWaker, TkLoop
from tests.gui.conftest import WaitUntil, pump_until
from tests.support.systems import only_posix


class MessageQueue:
    """Windows' queue of messages for the window of a waker; ``is_full`` once no more go in."""

    def __init__(self) -> None:
        self.posted: list[int] = []
        self.is_full = False

    def post(self, handle: int) -> bool:
        if not self.is_full:
            self.posted.append(handle)
        return not self.is_full


def window_of(waker: MessageWaker) -> tk.Toplevel:
    return waker._window


def answer(waker: MessageWaker) -> None:
    """What Tk does with WM_CLOSE."""
    window = window_of(waker)
    window.tk.call(window.protocol("WM_DELETE_WINDOW"))


@pytest.fixture
def queue() -> MessageQueue:
    return MessageQueue()


@pytest.fixture
def called() -> list[int]:
    """The thread of each call that a waker had made."""
    return []


@pytest.fixture
def waker(root: tk.Tk, queue: MessageQueue, called: list[int]) -> Iterator[MessageWaker]:
    waker = MessageWaker(root, lambda: called.append(threading.get_ident()), queue.post)
    yield waker
    if window_of(waker).winfo_exists():
        waker.close()


def test_another_thread_wakes_the_loop_of_this_system(root: tk.Tk, called: list[int], wait_until: WaitUntil) -> None:
    waker = TkLoop(root).waker(lambda: called.append(threading.get_ident()))
    for number in range(1, 4):
        thread = threading.Thread(target=waker.wake)
        thread.start()
        thread.join()
        wait_until(lambda number=number: len(called) >= number)  # type: ignore[misc]

    waker.close()
    waker.wake()
    root.update()

    assert set(called) == {threading.get_ident()}


def test_on_windows_a_message_wakes_it_and_elsewhere_a_descriptor(root: tk.Tk) -> None:
    waker = TkLoop(root).waker(lambda: None)

    assert isinstance(waker, MessageWaker) is (HERE.name == WINDOWS)
    assert (waker.descriptor == -1) is (HERE.name == WINDOWS)
    waker.close()


@only_posix("no descriptor wakes the loop there")
def test_no_descriptor_is_left_open(root: tk.Tk) -> None:
    waker = TkLoop(root).waker(lambda: None)
    descriptor = waker.descriptor

    waker.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_one_message_is_under_way_at_a_time(waker: MessageWaker, queue: MessageQueue, called: list[int]) -> None:
    for _ in range(1000):
        waker.wake()
    assert queue.posted == [window_of(waker).winfo_id()]
    assert called == []

    answer(waker)
    waker.wake()

    assert len(called) == 1
    assert len(queue.posted) == 2


def test_what_comes_while_the_call_is_made_wakes_again(root: tk.Tk, queue: MessageQueue) -> None:
    again: MessageWaker = MessageWaker(root, lambda: again.wake(), queue.post)
    again.wake()

    answer(again)

    assert len(queue.posted) == 2
    again.close()


def test_a_message_that_is_answered_before_the_call_that_posts_it_returns_is_no_longer_under_way(root: tk.Tk) -> None:
    posted: list[int] = []

    def post(handle: int) -> bool:
        posted.append(handle)
        answer(quick)  # as on the window's thread, meanwhile
        return True

    quick = MessageWaker(root, lambda: None, post)
    quick.wake()
    quick.wake()

    assert len(posted) == 2
    quick.close()


def test_a_queue_that_is_full_is_tried_again(waker: MessageWaker, queue: MessageQueue) -> None:
    queue.is_full = True
    waker.wake()
    queue.is_full = False

    waker.wake()

    assert len(queue.posted) == 1


def test_a_message_that_is_lost_costs_a_tick(root: tk.Tk, waker: MessageWaker, called: list[int]) -> None:
    began = root.tk.call("clock", "milliseconds")
    waker.wake()  # nobody answers

    pump_until(lambda: bool(called), root)

    assert root.tk.call("clock", "milliseconds") - began <= 20 * TICK
    assert not waker._is_posted


def test_its_window_is_never_seen_and_goes_with_it(root: tk.Tk, waker: MessageWaker, queue: MessageQueue) -> None:
    window = window_of(waker)
    root.update()
    assert window.state() == "withdrawn"

    waker.close()
    waker.wake()

    assert not window.winfo_exists()
    assert queue.posted == []
    assert not root.tk.call("after", "info")


def test_an_error_in_the_call_is_reported_and_the_next_is_made(
    root: tk.Tk, queue: MessageQueue, callback_errors: list[BaseException]
) -> None:
    def fail() -> None:
        raise ValueError("in the call")

    waker = MessageWaker(root, fail, queue.post)
    for _ in range(2):
        waker.wake()
        answer(waker)

    assert [type(error) for error in callback_errors] == [ValueError, ValueError]
    assert len(queue.posted) == 2
    callback_errors.clear()
    waker.close()


def test_the_message_is_that_the_window_should_close(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, ...]] = []

    def post(*what: int) -> bool:
        calls.append(what)
        return True

    monkeypatch.setattr(windows, "_post_message", lambda: post)

    assert windows.post_close(7)
    assert calls == [(7, 0x0010, 0, 0)]


def test_no_message_can_be_posted_to_a_window_that_is_gone(root: tk.Tk) -> None:
    assert not windows.post_close(0x7FFF_FFF0)


def test_what_waits_for_the_loop_to_be_idle_can_be_done_at_once(root: tk.Tk) -> None:
    loop, done = TkLoop(root), list[str]()
    root.update()
    root.after_idle(done.append, "drawn")
    root.after(0, done.append, "a timer")

    assert loop.draw()
    assert done == ["drawn"]
    assert not loop.draw()

    root.update()
    assert done == ["drawn", "a timer"]


def test_a_callback_is_known_to_tk_once_however_often_it_is_called_back(root: tk.Tk, wait_until: WaitUntil) -> None:
    loop, rung = TkLoop(root), list[int]()

    def ring() -> None:
        rung.append(len(rung))

    loop.cancel(loop.after(60_000, ring))
    commands = set(root.tk.splitlist(root.tk.call("info", "commands")))
    for times in range(1, 4):
        loop.after(0, ring)
        wait_until(lambda times=times: len(rung) == times)  # type: ignore[misc]

    assert set(root.tk.splitlist(root.tk.call("info", "commands"))) == commands
    assert not root.tk.call("after", "info")
