"""What is sent or saved over time, as values: what and when, and how it goes. The threads are beside this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.errors import Fault, TincanError
from core.events import ConnectionId
from core.latency import NO_LATENCY, Latency

if TYPE_CHECKING:
    from core.steps.playing import Row

Make: TypeAlias = Callable[[int], bytes]
"""Makes a message anew: for the first time with 0, then with 1 and so on. Called on the run's thread."""

SHORTEST_ROUND = 0.001  # seconds
LONGEST_PAUSE = 86_400.0  # seconds


class End(Enum):
    """How a run ended."""

    DONE = "done"
    STOPPED = "stopped"  # by a person, or because Tincan closes
    GONE = "gone"  # nobody is left to send to
    CHANGED = "changed"  # all of the file went out, but it was written to meanwhile
    FAILED = "failed"


class Progress:
    """How a run goes; ``end`` is None until it is over."""

    __slots__ = ()
    end: End | None

    @property
    def is_running(self) -> bool:
        """Whether there is more to come."""
        return self.end is None


class PlanError(TincanError, ValueError):
    """That cannot be sent over and over; the message says what could."""

    fault = Fault.PERSON


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """One message of a list, and how many seconds pass from it to the next."""

    make: Make
    pause: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.pause <= LONGEST_PAUSE:  # which refuses NaN too
            raise PlanError("a pause is 0 s to 86,400 s (a day) long")


@dataclass(frozen=True, slots=True)
class Plan:
    """A list of messages, gone through ``rounds`` times, or until it is stopped if that is None.

    The pause of the last one leads to the first one of the next round. Raises ``PlanError``.
    """

    messages: tuple[PlannedMessage, ...]
    rounds: int | None = 1

    def __post_init__(self) -> None:
        if not self.messages:
            raise PlanError("there is no message in the list")
        if self.rounds is not None and self.rounds < 1:
            raise PlanError("how often has to be at least once")
        if self.rounds != 1 and sum(message.pause for message in self.messages) < SHORTEST_ROUND:
            raise PlanError("what is sent again and again needs a pause of at least 1 ms")

    @property
    def total(self) -> int | None:
        """How many messages these are; None without an end."""
        return None if self.rounds is None else self.rounds * len(self.messages)


def every(seconds: float, make: Make, times: int | None = None) -> Plan:
    """The same message every so many seconds. Raises ``PlanError``."""
    return Plan((PlannedMessage(make, seconds),), times)


@dataclass(frozen=True, slots=True)
class Repeated(Progress):
    """How a plan goes.

    ``sent`` messages of ``total`` were taken by somebody; ``refused`` counts the connections that did not
    take one, and ``refusal`` is the last reason. ``missed`` are moments that had passed before their
    message could be sent: of a single message, they are left out; in a list nothing is left out, and what
    follows is put off. ``lateness`` is how far behind its moment a message was sent. ``end`` is None while
    it runs, and ``why`` says more about an end, if there is more to say.
    """

    sent: int = 0
    total: int | None = None
    refused: int = 0
    refusal: str = ""
    missed: int = 0
    lateness: Latency = NO_LATENCY
    end: End | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one connection has got: ``sent`` bytes are with the kernel. ``why`` it gets no more, if it does not."""

    connection: ConnectionId
    number: int
    sent: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class FileSent(Progress):
    """How the sending of a file goes.

    ``sent`` of ``total`` bytes are with the kernel, over all connections, at ``rate`` bytes a second: of late,
    and in the end on the whole. While it runs, ``total`` is without what can go nowhere any more. ``end`` is None until
    then, and ``why`` says more about an end, if there is more to say. ``DONE`` is when everybody got all of it.
    """

    path: Path
    sent: int = 0
    total: int = 0
    rate: float = 0.0
    shares: tuple[Share, ...] = ()
    end: End | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept(Progress):
    """How the saving goes: ``size`` bytes are written.

    There is a file of that name only when ``is_kept``. ``end`` is None while it runs; ``why`` says more about
    an end, if there is more to say.
    """

    path: Path
    size: int = 0
    is_kept: bool = False
    end: End | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Played(Progress):
    """How a list of steps goes: its latest ``rows``, and how many answers were as wished, and were not, in all.

    It is in its round ``round`` of ``rounds`` (None: without an end), at the step ``now`` if that waits for its answer,
    and began again ``again`` times. ``left`` are the bytes that came and that no step has taken. ``end`` is None while
    it runs; ``DONE`` is when it was played to its end, and ``why`` says why it was not.
    """

    rows: tuple[Row, ...] = ()
    sent: int = 0
    wished: int = 0
    missed: int = 0
    round: int = 1
    rounds: int | None = 1
    again: int = 0
    now: Row | None = None
    left: int = 0
    end: End | None = None
    why: str = ""

    @property
    def is_as_wished(self) -> bool:
        """Whether all of it was played, and nothing was missed."""
        return self.end is End.DONE and not self.missed
