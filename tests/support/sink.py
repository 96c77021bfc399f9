"""Where the events of a test go: all of them kept, each of them to be waited for, none of it with a sleep."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.events import Event

PATIENCE = 20.0  # seconds after which what a test waits for counts as never coming
SOON = 5.0  # seconds that what is done at once may take on a busy machine; what it must not wait for takes longer

E = TypeVar("E", bound=Event)


class Sink:
    """An ``EventSink`` that records. ``congest`` plays a journal that is behind, ``relieve`` one that caught up."""

    def __init__(self) -> None:
        self.congested = False
        self._events: list[Event] = []
        self._resumptions: list[Callable[[], None]] = []
        self._changed = threading.Condition()

    def put(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def when_relieved(self, resume: Callable[[], None]) -> None:
        with self._changed:
            if self.congested:
                self._resumptions.append(resume)
                self._changed.notify_all()
                return
        resume()

    def congest(self) -> None:
        self.congested = True

    def relieve(self) -> None:
        with self._changed:
            self.congested = False
            resumptions, self._resumptions = self._resumptions, []
        for resume in resumptions:
            resume()

    @property
    def events(self) -> list[Event]:
        """Everything so far, in the order in which it came."""
        with self._changed:
            return list(self._events)

    def of(self, kind: type[E], connection: int | None = None) -> list[E]:
        """The events of one kind so far, of one connection or of all."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and (connection is None or getattr(event, "connection", None) == connection)
        ]

    def wait_for(self, kind: type[E], count: int = 1, *, connection: int | None = None) -> list[E]:
        """Wait until there are ``count`` events of that kind; give back all there are."""
        self.wait_until(lambda: len(self.of(kind, connection)) >= count, f"{count} {kind.__name__}")
        return self.of(kind, connection)

    def wait_for_pause(self, count: int = 1) -> None:
        """Wait until so many connections have asked to be told when this sink is relieved."""
        self.wait_until(lambda: len(self._resumptions) >= count, f"{count} connections that pause")

    def wait_until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Wait until the events make ``condition`` true."""
        with self._changed:
            arrived = self._changed.wait_for(condition, PATIENCE)
            tail = "\n".join(map(_short, self._events[-8:]))
        assert arrived, f"waited {PATIENCE:g} s in vain for {what}; the last events:\n{tail}"


def until(condition: Callable[[], bool], what: str = "the condition") -> None:
    """Wait for something of which no event tells."""
    between_looks, deadline = threading.Event(), time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s in vain for {what}"
        between_looks.wait(0.002)


def _short(event: Event) -> str:
    text = repr(event)
    return text if len(text) < 200 else text[:199] + "…"
