"""Garbage is collected on the window's thread: what only Tk's own thread may let go is let go there."""

from __future__ import annotations

import gc
import threading
import time
import tkinter as tk
from collections.abc import Iterator

import pytest

from gui.platform import garbage_collection
from gui.platform.event_loop import TkLoop
from gui.platform.garbage_collection import Collector
from tests.gui.conftest import WaitUntil
from tests.support.systems import only_posix


class Keepsake:
    """In a cycle of its own, like a picture that a widget holds; it notes on which thread it is let go."""

    def __init__(self, let_go: list[threading.Thread]) -> None:
        self.itself = self
        self._let_go = let_go

    def __del__(self) -> None:
        self._let_go.append(threading.current_thread())


@pytest.fixture
def collector(root: tk.Tk) -> Iterator[Collector]:
    collector = Collector(TkLoop(root))
    collector.install()
    yield collector
    collector.uninstall()


def busy_thread() -> None:
    """Make so many young objects on another thread that Python would collect there."""
    thread = threading.Thread(target=lambda: [[] for _ in range(200_000)], name="busy")
    thread.start()
    thread.join()


def test_a_busy_thread_lets_go_of_nothing_of_the_windows(collector: Collector, wait_until: WaitUntil) -> None:
    let_go: list[threading.Thread] = []
    for _ in range(1000):
        Keepsake(let_go)

    busy_thread()

    assert let_go == []
    wait_until(lambda: len(let_go) == 1000)
    assert set(let_go) == {threading.main_thread()}


def test_what_grew_old_is_let_go_when_it_is_quiet(collector: Collector, wait_until: WaitUntil) -> None:
    let_go: list[threading.Thread] = []
    kept = [Keepsake(let_go)]
    gc.collect(1)  # it is old now
    kept.clear()

    wait_until(lambda: let_go == [threading.main_thread()])


def test_at_the_end_nothing_is_left_and_python_goes_on_as_before(root: tk.Tk) -> None:
    let_go: list[threading.Thread] = []
    gc.enable()
    collector = Collector(TkLoop(root))
    collector.install()
    assert not gc.isenabled()
    Keepsake(let_go)

    collector.uninstall()

    assert let_go == [threading.main_thread()]
    assert gc.isenabled()


def test_what_had_settled_is_collected_again_at_the_end(root: tk.Tk, wait_until: WaitUntil) -> None:
    let_go: list[threading.Thread] = []
    kept = [Keepsake(let_go)]
    collector = Collector(TkLoop(root))
    collector.install()
    wait_until(lambda: gc.get_freeze_count() > 1000)
    kept.clear()

    collector.uninstall()

    assert let_go == [threading.main_thread()]


def test_what_is_there_from_the_beginning_is_never_looked_through(root: tk.Tk) -> None:
    held: list[list[int]] = [[] for _ in range(100_000)]
    collector = Collector(TkLoop(root))

    collector.install()

    assert gc.get_freeze_count() > len(held)
    assert len(gc.get_objects()) < len(held) / 10
    collector.uninstall()
    assert gc.get_freeze_count() == 0


@only_posix("Windows counts the time of a thread in steps of 15.6 ms")
def test_a_look_costs_little_however_much_the_window_holds(
    collector: Collector, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage_collection, "monotonic", time.thread_time)  # whoever else is busy
    held: list[list[int]] = [[] for _ in range(100_000)]
    wait_until(lambda: gc.get_freeze_count() > len(held))
    collector.longest = 0.0  # the first look at everything was taken while it was quiet

    held += [[] for _ in range(2_000)]
    wait_until(lambda: collector.longest > 0)

    gc.unfreeze()
    began = time.thread_time()
    gc.collect()
    assert collector.longest < (time.thread_time() - began) / 2
