"""Work away from the window's thread, and what comes of it back on that thread. No tkinter."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, TypeVar

from core.supervision import Worker

Post: TypeAlias = Callable[[Callable[[], None]], None]
Result = TypeVar("Result")


def in_background(
    name: str,
    work: Callable[[], Result],
    then: Callable[[Result], None],
    failed: Callable[[BaseException], None],
    post: Post,
) -> Worker:
    """Have ``work`` done on a thread of its own; one of the other two gets what it gave, or what it raised.

    That is posted to the window's thread, also where no thread was to be had. The program may end meanwhile.
    """
    return Worker(
        lambda: post(partial(then, work())), name, lambda error: post(partial(failed, error)), daemon=True
    ).begin()
