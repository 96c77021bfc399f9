"""What is played step by step, as lines of a table: steps with their answers, and what came beside what was recorded.

No tkinter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from core.steps.playing import Row, Verdict, all_not_played
from core.steps.replay import Compared, RecordedConversation, compare
from core.steps.report import COLUMNS, COMPARED, cells, compared_cells
from core.text_safety import TextSafety
from core.words import connection_name, counted, sentence
from gui.viewmodels.tasks import TaskView, end_words, played_view

if TYPE_CHECKING:
    from core.sending.plan import Played
    from core.steps.step import ReadySteps

_CELL, _FULL = 80, 200  # characters of a message, in its cell and below the table
_MOST = 5_000  # lines of a comparison; behind them only differences, as many again
_MARK = "≠ "  # in front of a difference, beside its colour
_WAITING, _TO_COME = "waiting…", ""


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line: its cells, what makes all of it in words, and whether it is not as it should be."""

    cells: tuple[str, ...]
    full: Callable[[], str] = field(compare=False)  # asked for of the one that is chosen
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What a person wants to be had again, as it was typed: which side, where, which connection, and how."""

    serves: bool
    address: str
    connection: int | None
    framing: str
    in_pace: bool


def played_lines(rows: Iterable[Row], safety: TextSafety) -> list[TableLine]:
    """Steps that were played, the last ones of a list that is played again and again."""
    return [_played(row, cells(row, longest=_CELL, safety=safety), safety) for row in rows]


def step_lines(steps: ReadySteps, played: Played, safety: TextSafety) -> list[TableLine]:
    """Every step of a list: done, waiting for its answer, failed with what came instead, or still to come."""
    last = {row.number: row for row in played.rows}
    now = played.now.number if played.now is not None and played.is_running else 0
    if played.now is not None and now:
        last[now] = played.now
    found = []
    for row in (last.get(row.number, row) for row in all_not_played(steps)):
        shown = cells(row, longest=_CELL, safety=safety)
        if row.number == now:
            shown = (*shown[:-1], _WAITING)
        elif row.verdict is Verdict.NOT_PLAYED and played.is_running:
            shown = (*shown[:-1], _TO_COME)
        found.append(_played(row, shown, safety))
    return found


def _played(row: Row, shown: tuple[str, ...], safety: TextSafety) -> TableLine:
    def full() -> str:
        told = dict(zip(COLUMNS, cells(row, longest=_FULL, safety=safety), strict=True))
        told |= {"as wished": shown[-1]} if row.verdict is Verdict.NOT_PLAYED else {}
        return _in_words(told | {"wished": safety.field(row.wished, _FULL)})

    is_wrong = row.verdict is Verdict.MISSED
    marked = (f"{_MARK}{shown[0]}", *shown[1:]) if is_wrong else shown
    return TableLine(marked, full, is_wrong)


def _compared(one: Compared, safety: TextSafety, before: str) -> TableLine:
    def full() -> str:
        return _in_words(dict(zip(COMPARED, compared_cells(one, longest=_FULL, safety=safety), strict=True)))

    number, *others = compared_cells(one, longest=_CELL, safety=safety)
    marked = f"{'' if one.is_same else _MARK}{before}{number}"
    return TableLine((marked, *others), full, is_wrong=not one.is_same)


def _in_words(told: dict[str, str]) -> str:
    return "\n".join(f"{name}: {words}" for name, words in told.items() if words)


class Comparison:
    """What came beside what was recorded, on one connection, as it goes on.

    ``number`` is that of a connection of a mock, None of a client.
    """

    def __init__(self, recording: RecordedConversation, safety: TextSafety, number: int | None = None) -> None:
        self._recording, self._safety, self._number = recording, safety, number
        self._seen = 0  # steps
        self.lines: list[TableLine] = []
        self.different = 0
        self.first = 0  # the first step that is different, from 1; 0 if none is
        self.left = 0  # bytes more than were recorded
        self.is_over = False

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self._recording.answers)

    @property
    def seen(self) -> int:
        """How many of them were played, or cannot be any more."""
        return self._seen

    @property
    def is_same(self) -> bool:
        """Whether nothing is different so far."""
        return not (self.different or self.left)

    def take(self, rows: Sequence[Row], left: int, *, is_over: bool) -> None:
        """These steps were played by now; with ``is_over`` no more will be."""
        stop = self.total if is_over else len(rows)
        for one in compare(self._recording, rows, self._seen, stop):
            if not one.is_same:
                self.different += 1
                self.first = self.first or one.number
            if len(self.lines) < (_MOST if one.is_same else 2 * _MOST):
                before = f"{connection_name(self._number)}  " if self._number is not None else ""
                self.lines.append(_compared(one, self._safety, before))
        self._seen, self.is_over = max(self._seen, stop), is_over
        self.left = left if is_over else 0

    @property
    def words(self) -> str:
        """``12 of 40 steps, 3 of them different``, or what came of it."""
        if self.is_over and self.is_same:
            return "everything was as recorded"
        different = f"{self.different:,} of them different" if self.different else "none of them different"
        more = f", and {counted(self.left, 'byte')} more came than were recorded" if self.left else ""
        return f"{self.seen:,} of {counted(self.total, 'step')}, {different}{more}"

    @property
    def trouble(self) -> str:
        """A sentence that says what is different, once it is over; empty if nothing is."""
        if not self.is_over or self.is_same:
            return ""
        if not self.different:
            return f"{sentence(counted(self.left, 'byte'))[:-1]} more came than were recorded."
        return f"The first difference is in step {self.first:,}."


class MockComparisons:
    """What came of a mock: a comparison for each connection that goes on, and for the latest that are over.

    ``over`` and ``same`` count all that are over, and those of them that were as recorded.
    """

    def __init__(self, recording: RecordedConversation, safety: TextSafety) -> None:
        self._recording, self._safety = recording, safety
        self._going_on: dict[int, Comparison] = {}
        self._over: dict[int, Comparison] = {}  # in the order of their ends
        self.over = self.same = 0

    def take(self, number: int, rows: Sequence[Row], left: int, *, is_over: bool) -> None:
        """A connection has come so far; that it is over is told once."""
        one = self._going_on.pop(number, None) or Comparison(self._recording, self._safety, number)
        one.take(rows, left, is_over=is_over)
        (self._over if is_over else self._going_on)[number] = one
        self.over += is_over
        self.same += is_over and one.is_same

    @property
    def is_empty(self) -> bool:
        """Whether nobody has connected yet."""
        return not (self.over or self._going_on)

    def lines(self) -> list[TableLine]:
        """The lines of all that are kept, by their numbers, as many as those of one may be."""
        self._forget()
        kept = sorted((self._going_on | self._over).items())
        return list(islice(chain.from_iterable(one.lines for _number, one in kept), 2 * _MOST))

    def _forget(self) -> None:
        """Let go of the oldest that are over, until the others have room: first of those that were as recorded."""
        for most, is_same in ((_MOST, True), (2 * _MOST, False)):
            kept = chain(self._going_on.values(), self._over.values())
            too_many = sum(len(one.lines) for one in kept) - most
            for number in [number for number, one in self._over.items() if one.is_same is is_same]:
                if too_many <= 0:
                    break
                too_many -= len(self._over.pop(number).lines)


def replay_view(title: str, comparison: Comparison, played: Played, failure: str = "") -> TaskView:
    """A client that has its conversation again. ``failure`` says why it could not connect, if it could not."""
    if failure:
        return _not_played(title, failure)
    words = comparison.words if played.is_running else f"{end_words(played.end)}: {comparison.words}"
    fraction = comparison.seen / max(1, comparison.total)
    return TaskView(title, words, "", "" if played.is_running else comparison.trouble, fraction, played.is_running)


def mock_view(title: str, comparisons: MockComparisons, *, is_running: bool, failure: str = "") -> TaskView:
    """A mock that answers whoever connects."""
    if failure:
        return _not_played(title, failure)
    over, same = comparisons.over, comparisons.same
    words = f"{counted(over, 'connection')} over, {same:,} as recorded"
    words = "nobody has connected yet" if comparisons.is_empty else words
    trouble = "" if is_running or same == over else f"{counted(over - same, 'connection')} had something different."
    return TaskView(title, words if is_running else f"Stopped: {words}", "", trouble, None, is_running)


def steps_view(title: str, played: Played, failure: str) -> TaskView:
    """A list of steps over a connection of its own, or why that could not be made."""
    return _not_played(title, failure) if failure else played_view(title, played)


def _not_played(title: str, why: str) -> TaskView:
    return TaskView(title, "Not played", "", why, None, is_running=False)


def as_tab_separated(columns: Sequence[str], lines: Iterable[TableLine]) -> str:
    """The table with its head, as spreadsheets paste it."""
    return "".join("\t".join(line) + "\n" for line in (columns, *(line.cells for line in lines)))
