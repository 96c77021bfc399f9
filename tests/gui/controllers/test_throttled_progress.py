"""How far something is comes to the window as the latest, not too often, and the end always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gui.controllers.task_strips import ThrottledProgress


@dataclass(frozen=True)
class Step:
    number: int
    is_running: bool = True


class Window:
    """A window's thread by hand: what was posted, what is to be called later, and the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.posted: list[Callable[[], None]] = []
        self.waiting: list[tuple[int, Callable[[], None]]] = []
        self.shown: list[int] = []
        self.progress: ThrottledProgress[Step] = ThrottledProgress(
            lambda step: self.shown.append(step.number),
            post=self.posted.append,
            later=lambda wait, call: self.waiting.append((wait, call)),
            clock=lambda: self.now,
        )

    def turn(self) -> None:
        calls, self.posted[:] = list(self.posted), []
        for call in calls:
            call()

    def wait(self) -> None:
        waiting, self.waiting[:] = list(self.waiting), []
        for milliseconds, call in waiting:
            self.now += milliseconds / 1000
            call()


@pytest.fixture
def window() -> Window:
    return Window()


def test_the_first_is_shown_at_once(window: Window) -> None:
    window.progress.tell(Step(1))
    window.turn()

    assert window.shown == [1]


def test_of_many_the_latest_is_shown_and_only_one_is_on_its_way(window: Window) -> None:
    for number in range(1000):
        window.progress.tell(Step(number))

    assert len(window.posted) == 1
    window.turn()
    assert window.shown == [999]


def test_what_comes_too_soon_waits_and_is_not_lost(window: Window) -> None:
    window.progress.tell(Step(1))
    window.turn()
    window.progress.tell(Step(2))
    window.turn()
    window.progress.tell(Step(3))
    window.turn()
    assert window.shown == [1]

    window.wait()
    assert window.shown == [1, 3]


def test_the_end_does_not_wait(window: Window) -> None:
    window.progress.tell(Step(1))
    window.turn()
    window.progress.tell(Step(2, is_running=False))
    window.turn()

    assert window.shown == [1, 2]
    assert window.waiting == []


def test_an_end_that_comes_while_another_waits_is_shown_with_it(window: Window) -> None:
    window.progress.tell(Step(1))
    window.turn()
    window.progress.tell(Step(2))
    window.turn()
    window.progress.tell(Step(3, is_running=False))
    window.turn()
    window.wait()

    assert window.shown == [1, 3]
