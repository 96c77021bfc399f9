"""What a tap records, made up: bytes that come on one leg and mostly go out on the other as the same object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.events import Event, Received, Sent
from core.origin import EDITED, PASSED_ON
from core.roles import Role
from tests.support.story import Story

WAYS = ("same", "equal", "edited", "cut", "late", "twice", "alone", "note")


class TapStory(Story):
    """A tap with two pairs of legs. Every message is its number and filler, with a line feed at its end."""

    def __init__(self, session: int = 1, *, start_ns: int = 1_000) -> None:
        super().__init__(session, Role.TAP, start_ns=start_ns)
        self.opening: list[Event] = [self.begins()]
        self._pairs = [(self._leg(number), self._leg(-number)) for number in (1, 2)]
        self._count = 0

    def _leg(self, number: int) -> int:
        opened = replace(self.opens(40_000 + abs(number)), number=number)
        self.opening.append(opened)
        return opened.connection

    def tells(self, steps: Iterable[tuple[str, int]]) -> list[Event]:
        """What happens with messages of so many bytes, each in one of ``WAYS``; the pairs take turns."""
        events: list[Event] = []
        for way, size in steps:
            events += self._step(way, size)
        return events

    def _step(self, way: str, size: int) -> list[Event]:
        (near, far), (other_near, other_far) = self._pairs[:: 1 if self._count % 2 else -1]
        data = self._message(size)
        if way == "note":
            self.connection = type(self.connection)(near)
            return [self.we_finish()]
        heard = self._heard(near, data)
        if way == "late":
            other = self._message(size)
            return [heard, self._heard(other_near, other), self._passed(far, data), self._passed(other_far, other)]
        passed = {
            "same": [self._passed(far, data)],
            "equal": [self._passed(far, bytes(bytearray(data)))],
            "edited": [self._passed(far, data[::-1])._replace(origin=EDITED)],
            "cut": [self._passed(far, data, size // 2, size - size // 2)],
            "twice": [self._passed(far, data), self._passed(other_far, data)],
            "alone": [],
        }
        return [heard, *passed[way]]

    def _message(self, size: int) -> bytes:
        self._count += 1
        return (b"%06d " % self._count * (size // 7 + 1))[: max(0, size - 1)] + b"\n"[:size]

    def _heard(self, connection: int, data: bytes) -> Received:
        self.connection = type(self.connection)(connection)
        return self.hears(data)

    def _passed(self, connection: int, data: bytes, *cuts: int) -> Sent:
        self.connection = type(self.connection)(connection)
        return self.says(data, *cuts, origin=PASSED_ON)


def unshared(events: Sequence[Event]) -> list[Event]:
    """The same events, each with bytes of its own."""
    return [
        event._replace(data=bytes(bytearray(event.data))) if isinstance(event, Received | Sent) else event
        for event in events
    ]
