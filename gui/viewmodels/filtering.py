"""Which connections a view shows, as the filter bar sees it: values, and numbers as a person writes them.
No tkinter. What a filter admits is ``core.journal.display_row.Filter``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.events import ConnectionId
from core.journal.recording.ledger import ConnectionState, find_standing
from core.text_safety import TextSafety
from core.words import connection_name

_LONGEST = 28  # characters of the button's words
_RANGE = re.compile(r"#?(\d{1,9})([→>]?)(?:\s*[-–]\s*#?(\d{1,9})\2)?")  # with an arrow, legs to targets


class ConnectionRow(NamedTuple):
    """A connection that can be chosen: its number within its session and what to call it."""

    connection: ConnectionId
    number: int
    label: str


@dataclass(frozen=True, slots=True)
class RecipientRows:
    """Whom a message can go to. Their rows are made by whoever goes through them: there may be ten thousand."""

    standing: tuple[ConnectionState, ...] = ()
    count: int = 0  # of those that can be sent to
    safety: TextSafety = field(default_factory=TextSafety, compare=False)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[ConnectionRow]:
        for one in self.standing:
            if one.can_send:
                yield ConnectionRow(
                    one.connection, one.number, self.safety.field(f"{connection_name(one.number)}  {one.peer_name}")
                )

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)

    def words(self, chosen: frozenset[ConnectionId] | None) -> str:
        """Who of them was chosen: ``everyone (12)``, ``#1, #3–#9``. Reads only those."""
        if chosen is None:
            return f"everyone ({self.count:,})"
        found = (find_standing(self.standing, connection) for connection in chosen)
        return _number_words([one.number for one in found if one is not None and one.can_send])


NO_RECIPIENTS = RecipientRows()


@dataclass(frozen=True, slots=True)
class FilterView:
    """What there is to choose from, what is chosen, and how much of the conversation that leaves.

    ``shown`` and ``total`` count rows; while ``is_counting``, ``shown`` still grows. Without a filter all that
    is there is shown.
    """

    connections: Collection[ConnectionRow] = ()
    chosen: frozenset[ConnectionId] | None = None  # None: all, and what concerns no connection
    received: bool = True
    sent: bool = True
    notes: bool = True
    origins: frozenset[str] | None = None  # who spoke, of what was sent
    shown: int = 0
    total: int | None = 0  # None: nobody has counted what is left out
    is_counting: bool = False


SPEAKERS: tuple[tuple[str, str], ...] = (
    ("", "by anyone"),
    ("person", "by hand"),
    ("rule", "by rules"),
    ("reply", "by a reply"),
    ("greeting", "greetings"),
    ("program", "by a program"),
    ("handler", "by Python"),
    ("repeat", "by a repeat"),
    ("file", "from files"),
    ("connect", "on connect"),
    ("tap", "passed on"),
    ("edited", "changed in a hold"),
    ("flipped", "with flipped bits"),
    ("tls", "to begin TLS"),
    ("input", "from a pipe"),
    ("script", "by a script"),
)
"""Who may have sent something, a kind of origin each, to choose from; the first for all of them."""


class NumbersError(ValueError):
    """The typed numbers make no sense; the text says why in words, ``place`` is the character's."""

    def __init__(self, sentence: str, place: int) -> None:
        super().__init__(sentence)
        self.place = place


def shown_words(view: FilterView) -> str:
    """``120 of 1,204 shown``, or ``120 shown`` where nobody has counted the others."""
    if view.total is None:
        return f"{view.shown:,} so far…" if view.is_counting else f"{view.shown:,} shown"
    if view.is_counting:
        return f"{view.shown:,} of {view.total:,} so far…"
    if view.shown == view.total:
        return f"all {view.total:,} shown" if view.total else ""
    return f"{view.shown:,} of {view.total:,} shown"


def chosen_words(view: FilterView) -> str:
    """What the button says: ``All connections``, ``#1, #3–#9``, ``12 connections``."""
    if view.chosen is None:
        return "All connections"
    return _number_words([row.number for row in view.connections if row.connection in view.chosen])


def _number_words(numbers: Sequence[int]) -> str:
    if not numbers:
        return "No connection"
    words = ", ".join(_ranges(numbers, "#", "–"))
    return words if len(words) <= _LONGEST else f"{len(numbers):,} connections"


def toggled(view: FilterView, connection: ConnectionId) -> frozenset[ConnectionId] | None:
    """The choice after a click on one connection: out of all it is that one alone; none left means all."""
    chosen = (view.chosen or frozenset()) ^ {connection}
    return chosen or None


def format_numbers(view: FilterView) -> str:
    """The choice as ``read_numbers`` reads it; empty for all."""
    if view.chosen is None:
        return ""
    return ", ".join(_ranges([row.number for row in view.connections if row.connection in view.chosen], "", "-"))


def read_numbers(text: str, rows: Collection[ConnectionRow]) -> frozenset[ConnectionId] | None:
    """The connections that ``1, 3, 5-9`` means; None, for all, if nothing is written.

    A range may reach beyond what there is, a single number may not. NumbersError says what is wrong.
    """
    if not text.strip(" \t,;"):
        return None
    known = {row.number: row.connection for row in rows}
    chosen: set[ConnectionId] = set()
    for part in re.finditer(r"[^,;]+", text):
        written = part.group().strip()
        if written:
            place = part.start() + len(part.group()) - len(part.group().lstrip())
            chosen.update(_read_part(written, place, known))
    return frozenset(chosen)


def _read_part(written: str, place: int, known: dict[int, ConnectionId]) -> Iterable[ConnectionId]:
    found = _RANGE.fullmatch(written)
    if found is None:
        raise NumbersError(f"“{written[:20]}” is no number. Write them like 1, 3, 5-9.", place)
    first, last, sign = int(found[1]), int(found[3] or found[1]), -1 if found[2] else 1
    if first > last:
        raise NumbersError(f"{first}-{last} runs backwards. Write {last}-{first}.", place)
    chosen = [connection for number, connection in known.items() if first <= sign * number <= last]
    if not chosen:
        to = f" to {connection_name(sign * last)}" if last > first else ""
        raise NumbersError(f"There is no connection {connection_name(sign * first)}{to} here.", place)
    return chosen


def _ranges(numbers: Sequence[int], sign: str, dash: str) -> list[str]:
    """Numbers with neighbours drawn together: 1, 3-5; behind them, with an arrow, the legs to targets: 1→."""
    callers, dialled = [one for one in numbers if one >= 0], [-one for one in numbers if one < 0]
    return [*_runs(callers, sign, dash, ""), *_runs(dialled, sign, dash, "→")]


def _runs(numbers: Sequence[int], sign: str, dash: str, arrow: str) -> Iterator[str]:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    for first, last in runs:
        one, other = f"{sign}{first}{arrow}", f"{sign}{last}{arrow}"
        yield one if first == last else f"{one}, {other}" if last == first + 1 else f"{one}{dash}{other}"
