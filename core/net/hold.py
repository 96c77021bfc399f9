"""Messages that a tap holds until a person lets them go: what is held, and the queue of one direction. No socket."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.errors import Fault, TincanError
from core.origin import EDITED, PASSED_ON
from core.wire.framing import make_splitter

if TYPE_CHECKING:  # else when there is an expression
    from core.replies.rules.rule import HeardRegex

RAW = "raw"
_MOST = 1_000  # messages of one direction that are told apart: one takes some 500 bytes, and may have a single one
# Messages that an expression looks at before other connections have their turn. Each takes 2 ms at most.
_MOST_AT_ONCE = 20


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
        self.has_expression = bool(expression)
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
    """All that are held in the queues of a tap, and what is to become of those that are to go on.

    ``listed`` and ``decide`` are for any thread, the rest is for the tap's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both of these: what is in one is not in the other
        self._messages: dict[int, HeldMessage] = {}  # by their keys, in their order
        self._decided: dict[int, bytes] = {}  # what is to go on in the place of messages not released yet
        self._keys = itertools.count(1)

    @property
    def listed(self) -> tuple[HeldMessage, ...]:
        """Those that are held now and of which nothing is decided, the oldest first."""
        with self._lock:
            return tuple(self._messages.values())

    def decide(self, key: int, data: bytes | None) -> bool:
        """Have these bytes go on in its place whenever it is released, or, with None, itself; none of them drops it.

        False if it is not held any more, or was decided already: then nothing changes.
        """
        with self._lock:
            message = self._messages.pop(key, None)
            if message is not None:
                self._decided[key] = message.data if data is None else data
        return message is not None

    def add(self, number: int, data: bytes, since: int) -> int:
        """Another one is held; its key, which is above all others."""
        key = next(self._keys)
        with self._lock:
            self._messages[key] = HeldMessage(key, number, data, since)
        return key

    def remove(self, key: int) -> bytes | None:
        """It is not held any more. The bytes that were decided to go on in its place, None if nothing was."""
        with self._lock:
            self._messages.pop(key, None)
            return self._decided.pop(key, None)


class QueuedMessage:
    """A message in a queue: what goes on, who that is from, and how many bytes came."""

    __slots__ = ("data", "is_held", "origin", "size")

    def __init__(self, data: bytes) -> None:
        self.data, self.origin, self.is_held = data, PASSED_ON, False
        self.size = len(data)

    @property
    def is_dropped(self) -> bool:
        """Whether it goes nowhere."""
        return not self.data and self.origin == EDITED


class HeldQueue:
    """One direction of a pair: messages go through in their order, and wait behind one that is held.

    ``number`` is the leg's on which they come; what is held is put into ``held`` as well. Where many wait, what came
    behind them is told apart only when there is room for more. A message of more than ``longest`` bytes is taken for
    several, since whoever fills the queue to its end would else wait for the rest of it. With ``is_of_datagrams`` each
    piece that comes is a message, an empty one too.
    """

    def __init__(
        self,
        framing: str,
        matcher: Matcher,
        number: int,
        held: HeldMessages,
        *,
        longest: int,
        is_of_datagrams: bool = False,
    ) -> None:
        self._number = number
        self._longest = longest
        self._may_be_empty = is_of_datagrams
        self._held = held
        self._splitter = make_splitter(framing) if framing != RAW else None
        self._matcher = matcher
        self._unsplit: deque[tuple[bytes, int]] = deque()  # what came, and when
        self._ends: Iterator[int] | None = None  # that are left of the first of those
        self._split = 0  # bytes of it that are in messages
        self._begun = bytearray()  # of a message that has not come to its end
        self._finished_at: int | None = None
        self._waiting: deque[QueuedMessage] = deque()
        self._held_here: dict[int, QueuedMessage] = {}
        self._looked = 0  # messages that an expression has looked at in this turn, which ``take`` ends
        self.size = 0  # bytes of all that is in it

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it, no empty message either."""
        return not (self.size or self._waiting or self._unsplit)

    @property
    def has_more(self) -> bool:
        """Whether the next turn tells more messages apart: another ``take`` is due, once others had theirs."""
        return bool(self._unsplit) and not self.is_full

    @property
    def is_full(self) -> bool:
        """Whether as many messages wait as are told apart."""
        return len(self._waiting) >= _MOST

    def use(self, matcher: Matcher) -> None:
        """Hold what fits this from the next message on."""
        self._matcher = matcher

    def put(self, data: bytes, at: int) -> None:
        """Take in what came."""
        self.size += len(data)
        self._unsplit.append((data, at))
        self._split_more()

    def finish(self, at: int) -> None:
        """No more will come: what has begun is the last message."""
        self._finished_at = at
        self._split_more()

    def take(self) -> list[QueuedMessage]:
        """What goes on now, or is dropped now."""
        out = []
        while True:
            while self._waiting and not self._waiting[0].is_held:
                message = self._waiting.popleft()
                self.size -= message.size
                out.append(message)
            if not self._split_more():
                self._looked = 0
                return out

    def release(self, key: int) -> bool:
        """Let a held message go, as was decided; whether it is in this queue."""
        message = self._held_here.pop(key, None)
        if message is None:
            return False
        message.is_held = False
        decided = self._held.remove(key)
        if decided is not None and decided != message.data:
            message.data, message.origin = decided, EDITED
        return True

    def let_go(self) -> None:
        """Let everything go, also what has begun, and what is not told apart."""
        self.forget()
        while self._unsplit:
            self._first_ends()
            self._end_first()
        if self._begun:
            self._waiting.append(QueuedMessage(bytes(self._begun)))
            self._begun.clear()

    def forget(self) -> None:
        """Hold nothing any more: it goes on, or is lost with the queue."""
        for key in list(self._held_here):
            self.release(key)

    def _split_more(self) -> bool:
        """Make messages of what came, as far as there is room and the turn goes; whether there are more."""
        before = len(self._waiting)
        while self.has_more and self._looked < _MOST_AT_ONCE:
            data, at = self._unsplit[0]
            end = next(self._first_ends(), None)
            if end is None:
                self._end_first()
                if len(self._begun) > self._longest:
                    self._end_message(at)
                continue
            self._begun += data[self._split : end]
            self._split = end
            self._end_message(at)
        if self._finished_at is not None and not self._unsplit:
            self._end_message(self._finished_at)
        return len(self._waiting) > before

    def _first_ends(self) -> Iterator[int]:
        """Where messages end in the first of what came."""
        if self._ends is None:
            data, at = self._unsplit[0]
            self._ends = iter(self._splitter.ends(data, at) if self._splitter is not None else [len(data)])
        return self._ends

    def _end_first(self) -> None:
        """The rest of the first of what came begins a message."""
        self._begun += self._unsplit.popleft()[0][self._split :]
        self._ends, self._split = None, 0

    def _end_message(self, at: int) -> None:
        if not self._begun and not self._may_be_empty:
            return
        message = bytes(self._begun)
        self._begun.clear()
        entry = QueuedMessage(message)
        self._waiting.append(entry)
        self._looked += self._matcher.has_expression
        if self._matcher.fits(message):
            entry.is_held = True
            self._held_here[self._held.add(self._number, message, at)] = entry
