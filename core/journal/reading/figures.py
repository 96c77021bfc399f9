"""How much was said when, how large messages were, and how long answers took: of a session, and of each connection.

Pure. Memory does not grow with the conversation: times and sizes are counted in classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

MOST_SLOTS = 256  # of time; where more would be needed, each becomes twice as long
FIRST_SLOT_NS = 100_000_000  # how long they are at first
MOST_CONNECTIONS = 200  # of which there are figures of their own: those that said most
_FINE = 7  # bits of a time that count: it is known to within half a percent
_HIGHEST = 1 << 62  # ns


class Slot(NamedTuple):
    """What went by in one stretch of time."""

    received: int = 0  # messages
    sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0

    def __or__(self, other: tuple[int, ...]) -> Slot:
        """Both together."""
        return Slot(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Times:
    """How often something took how long: ``classes`` has the number of each class, see ``class_of``."""

    classes: Mapping[int, int]
    count: int = 0
    longest_ns: int = 0

    def percentile(self, percent: float) -> int:
        """What so many of a hundred took no longer than, in nanoseconds to within half a percent; 0 without any."""
        wanted = -(-self.count * percent // 100)
        places = sorted(self.classes)
        for place, passed in zip(places, accumulate(self.classes[place] for place in places), strict=True):
            if passed >= wanted:
                return min(middle_of(place), self.longest_ns)
        return 0


NOTHING = Slot()
NO_TIMES = Times({})


class ConnectionFigures(NamedTuple):
    """One connection: its number within the session, what it has said in all, and how long its answers took."""

    number: int  # its id, until that is looked up
    said: Slot
    answers: Times


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known up to before entry ``entries``.

    ``slots`` follow each other from ``first_ns`` on (monotonic clock), each ``slot_ns`` long. ``sizes`` has the number
    of messages with so many bits in the number of their bytes, ``received`` and ``sent``. An answer is the first
    message that goes the other way behind a request, as ``core.journal.recording.response_times`` has it.
    """

    entries: int = 0
    first_ns: int = 0
    slot_ns: int = FIRST_SLOT_NS
    slots: tuple[Slot, ...] = ()
    said: Slot = NOTHING
    sizes_received: Mapping[int, int] = field(default_factory=dict)
    sizes_sent: Mapping[int, int] = field(default_factory=dict)
    largest: int = 0  # bytes of a message
    answers: Times = NO_TIMES
    connections: tuple[ConnectionFigures, ...] = ()  # those that said most first
    left_out: int = 0  # connections beyond those


def class_of(ns: int) -> int:
    """The class of a time: one for each nanosecond up to 255, above that one for each 128th of an octave."""
    ns = min(max(0, ns), _HIGHEST)
    shift = max(0, ns.bit_length() - _FINE - 1)
    return (shift << _FINE) + (ns >> shift)


def middle_of(place: int) -> int:
    """The time in the middle of a class."""
    if place < 2 << _FINE:
        return place
    shift = (place >> _FINE) - 1
    low = ((place & ((1 << _FINE) - 1)) | (1 << _FINE)) << shift
    return low + (1 << shift) // 2


class _Said:
    """What is being counted of one connection."""

    __slots__ = ("answers", "asked", "longest", "slot")

    def __init__(self) -> None:
        self.slot = [0, 0, 0, 0]
        self.answers: Counter[int] = Counter()
        self.longest = 0
        self.asked: int | None = None


class Tally:
    """Adds messages up. One thread. ``dials``: whether what is sent are requests."""

    def __init__(self, *, dials: bool) -> None:
        self._dials = dials
        self._first: int | None = None
        self._width = FIRST_SLOT_NS
        self._slots: list[list[int]] = []
        self._sizes: tuple[Counter[int], Counter[int]] = Counter(), Counter()
        self._largest = 0
        self._said: dict[int | None, _Said] = {}

    def add(self, connection: int | None, *, is_sent: bool, sizes: Sequence[int], mono_ns: int) -> None:
        """More messages of one direction and one time, at least one; they come in the order of the journal."""
        said = self._said.get(connection)
        if said is None:
            said = self._said[connection] = _Said()
        if self._first is None:
            self._first = mono_ns
        place = (mono_ns - self._first) // self._width
        if place >= MOST_SLOTS:
            place = self._widen(mono_ns)
        slots = self._slots
        while len(slots) <= place:
            slots.append([0, 0, 0, 0])
        count, size, bytes_at = len(sizes), sum(sizes), 2 + is_sent
        slot, of_connection = slots[place if place > 0 else 0], said.slot
        slot[is_sent] += count
        slot[bytes_at] += size
        of_connection[is_sent] += count
        of_connection[bytes_at] += size
        if count == 1:
            self._sizes[is_sent][size.bit_length()] += 1
        else:
            self._sizes[is_sent].update(map(int.bit_length, sizes))
        largest = max(sizes)
        if largest > self._largest:
            self._largest = largest
        if is_sent is self._dials:
            said.asked = mono_ns
        elif said.asked is not None:
            took = min(max(0, mono_ns - said.asked), _HIGHEST)
            said.asked = None
            said.answers[class_of(took)] += 1
            if took > said.longest:
                said.longest = took

    def figures(self, entries: int) -> Figures:
        """What was counted up to before that entry."""
        all_said, answers, longest = Slot(), Counter[int](), 0
        for said in self._said.values():
            all_said |= tuple(said.slot)
            answers.update(said.answers)
            longest = max(longest, said.longest)
        most = sorted(
            ((connection, said) for connection, said in self._said.items() if connection is not None),
            key=lambda one: (-sum(one[1].slot[2:]), one[0]),
        )
        connections = tuple(
            ConnectionFigures(connection, Slot(*said.slot), _times(said.answers, said.longest))
            for connection, said in most[:MOST_CONNECTIONS]
        )
        return Figures(
            entries, self._first or 0, self._width, tuple(Slot(*slot) for slot in self._slots), all_said,
            dict(self._sizes[0]), dict(self._sizes[1]), self._largest, _times(answers, longest),
            connections, max(0, len(most) - MOST_CONNECTIONS),
        )  # fmt: skip

    def _widen(self, mono_ns: int) -> int:
        """Make slots so long that this time lies in one of them; which."""
        assert self._first is not None
        while (place := (mono_ns - self._first) // self._width) >= MOST_SLOTS:
            self._width *= 2
            if len(self._slots) % 2:
                self._slots.append([0, 0, 0, 0])
            pairs = zip(self._slots[::2], self._slots[1::2], strict=True)
            self._slots = [[sum(each) for each in zip(one, two, strict=True)] for one, two in pairs]
        return place


def _times(classes: Counter[int], longest: int) -> Times:
    return Times(dict(classes), classes.total(), longest)
