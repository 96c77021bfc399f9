"""Messages that a tap holds until a person lets them go: what is held, and the queue of one direction. No socket."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.errors import Fault, TincanError
from core.origin import EDITED, PASSED_ON, Origin
from core.wire.framing import make_splitter

if TYPE_CHECKING:  # else when there is an expression
    from core.replies.rules.rule import HeardRegex

RAW = "raw"


class HoldError(TincanError, ValueError):
    """What is to be held makes no sense; the message is a sentence."""

    fault = Fault.PERSON


@dataclass(frozen=True, slots=True)
class Hold:
    """Which messages are held: those to the target (``out``), those from it (``into``), all or those in which the
    regular ``expression`` finds something. ``framing`` tells them apart, raw is as received; ``back`` those from the
    target, if that is another.
    """

    out: bool = True
    into: bool = True
    expression: str = ""
    framing: str = RAW
    back: str | None = None


class HeldMessage(NamedTuple):
    """A message that waits. ``number`` is the leg's on which it came, ``since`` a reading of ``monotonic_ns``."""

    key: int
    number: int
    data: bytes
    since: int


class Matcher:
    """Whether a message is to be held. Raises ``HoldError`` for an expression that is none."""

    def __init__(self, expression: str) -> None:
        self._regex: HeardRegex | None = None
        if expression:
            from core.replies.rules.rule import RuleError, regex_in_utf_8

            try:
                self._regex = regex_in_utf_8(expression)
            except RuleError as error:
                raise HoldError(str(error)) from None

    def fits(self, message: bytes) -> bool:
        """An expression that takes too long to tell counts as one that fits."""
        if self._regex is None:
            return True
        from core.replies.rules.rule import Said, TooSlow

        try:
            return self._regex.match(Said(message)) is not None
        except TooSlow:
            return True


class HeldMessages:
    """All that are held in the queues of a tap. ``listed`` is for any thread, the rest for the tap's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[int, HeldMessage] = {}  # by their keys, in their order

    @property
    def listed(self) -> tuple[HeldMessage, ...]:
        """Those that are held now, the oldest first."""
        with self._lock:
            return tuple(self._messages.values())

    def add(self, message: HeldMessage) -> None:
        """Another one is held, with a key above all others."""
        with self._lock:
            self._messages[message.key] = message

    def remove(self, key: int) -> None:
        """It is not held any more."""
        with self._lock:
            self._messages.pop(key, None)


class HeldQueue:
    """One direction of a pair: messages go through in their order, and wait behind one that is held.

    ``number`` is the leg's on which they come; what is held is put into ``held`` as well.
    """

    def __init__(self, framing: str, matcher: Matcher, number: int, held: HeldMessages) -> None:
        self._number = number
        self._held = held
        self._splitter = make_splitter(framing) if framing != RAW else None
        self._matcher = matcher
        self._begun = bytearray()  # of a message that has not come to its end
        self._waiting: deque[_Entry] = deque()
        self._held_entries: dict[int, _Entry] = {}
        self.size = 0  # bytes of all that is in it

    def use(self, matcher: Matcher) -> None:
        """Hold what fits this from the next message on."""
        self._matcher = matcher

    def put(self, data: bytes, at: int, key: Iterator[int]) -> None:
        """Take in what came. Each message gets the next ``key``."""
        self.size += len(data)
        if self._splitter is None:
            self._add(data, at, key)
            return
        begin = 0
        for end in self._splitter.ends(data, at):
            self._begun += data[begin:end]
            begin = end
            self._end_message(at, key)
        self._begun += data[begin:]

    def finish(self, at: int, key: Iterator[int]) -> None:
        """No more will come: what has begun is the last message."""
        self._end_message(at, key)

    def take(self) -> list[tuple[bytes, Origin]]:
        """What goes on now, and who it is from: it may have been changed."""
        out = []
        while self._waiting and not self._waiting[0].is_held:
            entry = self._waiting.popleft()
            self.size -= entry.size
            if entry.data:
                out.append((entry.data, entry.origin))
        return out

    def change(self, key: int, data: bytes | None) -> bytes | None:
        """Let a held message go with these bytes, or as it is; none of them drops it. What it was, if it is there."""
        entry = self._release(key)
        if entry is None:
            return None
        before = entry.data
        if data is not None and data != before:
            entry.data, entry.origin = data, EDITED
        return before

    def let_go(self) -> None:
        """Let everything go, also what has begun."""
        self.forget()
        if self._begun:
            self._waiting.append(_Entry(bytes(self._begun)))
            self._begun.clear()

    def forget(self) -> None:
        """Hold nothing any more: it goes on, or is lost with the queue."""
        for key in list(self._held_entries):
            self._release(key)

    def _end_message(self, at: int, key: Iterator[int]) -> None:
        if self._begun:
            self._add(bytes(self._begun), at, key)
            self._begun.clear()

    def _add(self, message: bytes, at: int, key: Iterator[int]) -> None:
        entry, number = _Entry(message), next(key)
        self._waiting.append(entry)
        if self._matcher.fits(message):
            entry.is_held = True
            self._held_entries[number] = entry
            self._held.add(HeldMessage(number, self._number, message, at))

    def _release(self, key: int) -> _Entry | None:
        entry = self._held_entries.pop(key, None)
        if entry is not None:
            entry.is_held = False
            self._held.remove(key)
        return entry


class _Entry:
    """A message in the queue; ``size`` stays what it was when it came."""

    __slots__ = ("data", "is_held", "origin", "size")

    def __init__(self, data: bytes) -> None:
        self.data, self.origin, self.is_held = data, PASSED_ON, False
        self.size = len(data)
