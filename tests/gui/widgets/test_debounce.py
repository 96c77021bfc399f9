"""A call that waits a moment, and is put off."""

from __future__ import annotations

import tkinter as tk

import pytest

from core.clock import monotonic
from gui.widgets.debounce import Debounce
from tests.gui.conftest import pump_until

LONG = 60_000  # milliseconds


@pytest.fixture
def called() -> list[float]:
    """When the call was made."""
    return []


@pytest.fixture
def debounce(root: tk.Tk, called: list[float]) -> Debounce:
    return Debounce(root, lambda: called.append(monotonic()))


def timers(root: tk.Tk) -> set[str]:
    return set(root.tk.splitlist(root.tk.call("after", "info")))


def test_a_call_that_is_put_off_keeps_its_timer_and_is_made_once_when_it_is_due(
    root: tk.Tk, debounce: Debounce, called: list[float]
) -> None:
    debounce.ask(1)
    before = timers(root)
    asked = monotonic()
    debounce.ask(30)
    assert timers(root) == before

    pump_until(lambda: bool(called), root)

    assert called[0] >= asked + 0.03
    assert len(called) == 1
    assert not debounce.is_due
    assert timers(root).isdisjoint(before)


def test_a_call_that_is_asked_for_sooner_is_made_sooner(root: tk.Tk, debounce: Debounce, called: list[float]) -> None:
    debounce.ask(LONG)
    debounce.ask(2 * LONG)
    debounce.ask(1)

    pump_until(lambda: bool(called), root)

    assert not debounce.is_due


def test_a_call_that_was_put_off_can_be_cancelled_and_asked_for_again(
    root: tk.Tk, debounce: Debounce, called: list[float]
) -> None:
    before = timers(root)
    debounce.ask(1)
    debounce.ask(LONG)
    debounce.cancel()
    assert not debounce.is_due
    assert timers(root) == before

    debounce.ask(1)
    pump_until(lambda: bool(called), root)

    assert len(called) == 1
