"""Where the network puts what happens. Whoever records it does not know the network, nor it them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.events import Event


class EventSink(Protocol):
    """Where events go. ``put`` is for any thread and never blocks.

    While ``congested`` is true connections leave what they could read with the kernel, so that TCP
    slows the peers down; ``when_relieved`` calls back once, from any thread, when that is over.
    """

    congested: bool

    def put(self, event: Event) -> None:
        """Take in what happened."""
        ...

    def when_relieved(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` once when ``congested`` has become false again."""
        ...
