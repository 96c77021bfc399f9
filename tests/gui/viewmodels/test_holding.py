"""What a tap holds, in words."""

from __future__ import annotations

import pytest

from core.roles import Role
from gui.viewmodels.holding import HoldForm, Waiting, waiting_words

NOW = 100_000_000_000


def held(number: int = 1, *, seconds: int = 0, size: int = 5) -> Waiting:
    return Waiting(number, size, NOW - seconds * 1_000_000_000)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ([held(seconds=12)], "1 waits for 12 s: #1 → target, 5 bytes."),
        ([held(-3, size=1), held()], "2 wait, the first for 0 s: target → #3, 1 byte."),
        ([held(seconds=61)], "1 waits for 1 min 1 s: #1 → target, 5 bytes."),
    ],
)
def test_how_many_wait_and_for_how_long_and_what_the_first_is(waiting: list[Waiting], words: str) -> None:
    assert waiting_words(waiting, Role.TAP, HoldForm(out=True), NOW) == words


def test_nothing_that_waits_is_told_apart_from_nothing_that_is_to_be_held() -> None:
    assert waiting_words([], Role.TAP, HoldForm(into=True), NOW) == "Nothing waits."
    assert waiting_words([], Role.TAP, HoldForm(), NOW) == "Nothing is held: choose a direction."
