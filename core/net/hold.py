"""Messages that a tap holds until a person lets them go: what is held, and the queue of one direction. No socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.errors import Fault, TincanError
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


class HeldQueue:
    """One direction of a pair: messages go through in their order, and wait behind one that is held."""

    def __init__(self, framing: str, matcher: Matcher) -> None:
        self._splitter = make_splitter(framing) if framing != RAW else None
        self._matcher = matcher
        self._begun = bytearray()  # of a message that has not come to its end
        self._waiting: deque[_Entry] = deque()
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

    def take(self) -> list[bytes]:
        """What goes on now."""
        out = []
        while self._waiting and not self._waiting[0].is_held:
            entry = self._waiting.popleft()
            self.size -= entry.size
            if entry.data:
                out.append(entry.data)
        return out

    def change(self, key: int, data: bytes | None) -> bytes | None:
        """Let a held message go with these bytes, or as it is; none of them drops it. What it was, if it is there."""
        for entry in self._waiting:
            if entry.key == key and entry.is_held:
                before, entry.is_held = entry.data, False
                entry.data = before if data is None else data
                return before
        return None

    def let_go(self) -> None:
        """Let everything go, also what has begun."""
        for entry in self._waiting:
            entry.is_held = False
        if self._begun:
            self._waiting.append(_Entry(0, bytes(self._begun), 0, is_held=False))
            self._begun.clear()

    def held(self, number: int) -> list[HeldMessage]:
        """Those that are held, the oldest first."""
        return [HeldMessage(entry.key, number, entry.data, entry.since) for entry in self._waiting if entry.is_held]

    def _end_message(self, at: int, key: Iterator[int]) -> None:
        if self._begun:
            self._add(bytes(self._begun), at, key)
            self._begun.clear()

    def _add(self, message: bytes, at: int, key: Iterator[int]) -> None:
        self._waiting.append(_Entry(next(key), message, at, is_held=self._matcher.fits(message)))


class _Entry:
    """A message in the queue; ``size`` stays what it was when it came."""

    __slots__ = ("data", "is_held", "key", "since", "size")

    def __init__(self, key: int, data: bytes, since: int, *, is_held: bool) -> None:
        self.key, self.data, self.since, self.is_held = key, data, since, is_held
        self.size = len(data)
