"""Work on a thread of its own, with its result back on the window's thread. No tkinter."""

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
    """Do ``work`` on a thread of its own; ``then`` gets its result, or ``failed`` the error it raised.

    Either is posted to the window's thread, also if no thread could be started. The program may end meanwhile.
    """
    return Worker(
        lambda: post(partial(then, work())), name, lambda error: post(partial(failed, error)), daemon=True
    ).begin()
