"""The rows of a conversation that stand in the Text just now: which they are, on which lines, and how they get there.

Where the view is in them, and which are wanted next, the transcript knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gui.viewmodels.decoding import UTF_8
from gui.viewmodels.rows import Spot, fraction_at, read_around, spot_at
from gui.viewmodels.typeset_row import DECOR, Row
from gui.viewmodels.typesetting import HEX_MORE, MORE, RowStyle, Typesetter, weight, within_budget

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.rows import Conversation
    from gui.views.conversation.bubbles import BubbleText

WINDOW_ROWS = 200  # rows in the Text beyond which its far end is cut off
PREVIEW = 4096  # bytes shown of a message until a person asks for more of it
BUDGET = 32 * 1024  # characters in the Text, unless one row alone has more; about six screens
HEX_PREVIEW = 1024  # the same where bytes are shown as hex
COMPACT_PREVIEW = 512  # the same where a message has one line
ENOUGH = 4_000  # the same that fill any view, and are there even if a long row has to be taken for that
FEW = 24  # rows that are read at first where few fill the Text: they may lie across very many entries


class RowWindow:
    """Rows from place ``first`` up to before place ``last`` in one Text. The window's thread."""

    def __init__(self, text: BubbleText) -> None:
        self.conversation: Conversation | None = None
        self.total = 0  # rows of the conversation when it was last looked at
        self.first = self.last = 0
        self.style = RowStyle()
        self.decoding = UTF_8
        self._text = text
        self._fixed = 0  # of the rows in the row window, the ones before this place will not change
        self._rows: list[Row] = []
        self._starts: list[int] = []  # the line on which each row starts, from 1
        self._weights: list[int] = []
        self._usual = 0.0  # pixels of a row, of those that were set last, or fewer
        self._at_first = WINDOW_ROWS  # rows that are read, before more if those do not fill the Text
        self._expanded: dict[int, int] = {}  # how many bytes are shown of a message that was asked for
        self._typesetter: Typesetter | None = None

    def open(self, conversation: Conversation | None) -> None:
        """Rows are of this one from now on; none is set yet."""
        self.conversation = conversation
        self.total = conversation.total if conversation is not None else 0
        self._typesetter = None  # it was for the other one: who is who may be another matter here
        self.fold()

    # Which rows.

    def can_continue_from(self, end: int) -> bool:
        """Whether it holds the row before place ``end``, and all of it will stay as it is when more comes."""
        is_fixed = self.last == end and self._fixed >= self.last
        return is_fixed and self._typesetter is not None and not self._typesetter.ended_ragged

    def load(self, around: int, views: int = 0) -> None:
        """Have other rows instead of those that are there, with the row ``around`` well inside.

        They fill the view so many times, and as much again: enough where others are soon to come. 0: a usual number.
        """
        source, rows, budget = self.conversation, WINDOW_ROWS, BUDGET
        if views:
            rows = min(rows, views * self._text.enough_rows(is_compact=self.style.is_compact, usual=self._usual))
            budget = min(budget, views * self.enough_characters)
        display_rows, before = read_around(self.read, around, min(rows, self._at_first), self.total)
        weights = self.weigh(display_rows)
        if self._at_first < rows and sum(weights) < budget:
            display_rows, before = read_around(self.read, around, rows, self.total)
            weights = self.weigh(display_rows)
        self._rows, self._starts, self._weights = [], [], []
        if source is None or not display_rows:
            self.first = self.last = max(0, self.total)
            self._text.replace([])
            return
        keep = max(0, min(around - display_rows[0].place, len(display_rows) - 1))
        start, stop = within_budget(weights, budget, keep, ENOUGH)
        before = display_rows[start - 1] if start else before
        self._typesetter = self._new_typesetter()
        self._at_first = WINDOW_ROWS if stop - start > FEW // 2 else FEW
        self.first = self.last = display_rows[start].place
        said = self._message_before(before) if self.style.counts_time and before is not None else None
        rows_set = self._set(display_rows[start:stop], weights[start:stop], before, said)
        high = self._text.least_height(rows_set)
        self._usual = high / len(rows_set)
        if views and not self._fills(views, high, budget):
            self.load(around)
        else:
            self._text.replace(rows_set)

    def _fills(self, views: int, high: int, budget: int) -> bool:
        """Whether rows of so many pixels fill the view so many times and a quarter, or are half of so many characters.

        One message to many is a row for each, but seen once.
        """
        seen = (each for row, each in zip(self._rows, self._weights, strict=True) if row.lines)
        is_all = self.last - self.first == self.total
        return is_all or 4 * high >= 5 * views * self._text.winfo_height() or 2 * sum(seen) >= budget

    @property
    def enough_characters(self) -> int:
        """Characters of long messages that fill the view and as much again; of any, where each has one line."""
        return BUDGET if self.style.is_compact else self._text.enough_characters

    def weigh(self, display_rows: Sequence[DisplayRow]) -> list[int]:
        """About how much work each of them is, in characters; no more than are shown where each has one line."""
        weights = list(map(weight, display_rows))
        return [min(each, COMPACT_PREVIEW) for each in weights] if self.style.is_compact else weights

    def _new_typesetter(self) -> Typesetter:
        assert self.conversation is not None
        return Typesetter(
            self.conversation.role, self._text.safety, self._text.metrics,
            joins_pieces=self.conversation.joins_pieces, style=self.style, decoding=self.decoding,
        )  # fmt: skip

    def _message_before(self, before: DisplayRow) -> DisplayRow | None:
        """The row, or the nearest message before it, if that is near."""
        if before.is_message or self.conversation is None:
            return before if before.is_message else None
        place = self.next_message(before.place, -1, WINDOW_ROWS)
        found = self.conversation.read(place, 1, 0) if place is not None else []
        return next((row for row in found if row.is_message), None)

    def goes_on_with(self, display_rows: Sequence[DisplayRow]) -> bool:
        """Whether the last message here went to more than are told: the first of ``display_rows`` is it, to another."""
        return bool(display_rows) and self._typesetter is not None and self._typesetter.goes_on_with(display_rows[0])

    def append(self, display_rows: Sequence[DisplayRow], weights: Sequence[int]) -> None:
        """Set what is new, and was weighed, below the rest, and cut off as much above as is no longer needed."""
        self._text.append(self._set(display_rows, weights))
        self._cut_head()

    def _cut_head(self) -> None:
        surplus, left = 0, sum(self._weights)
        while len(self._starts) - surplus > WINDOW_ROWS or (left > BUDGET and surplus < len(self._starts) - 1):
            left -= self._weights[surplus]
            surplus += 1
        if surplus < WINDOW_ROWS // 4 and left <= BUDGET and len(self._starts) <= WINDOW_ROWS * 5 // 4:
            return
        lines = self._starts[surplus] - 1
        self._text.cut_head(lines)
        self._rows = self._rows[surplus:]
        self._starts = [start - lines for start in self._starts[surplus:]]
        self._weights = self._weights[surplus:]
        self.first += surplus

    def _set(
        self,
        display_rows: Sequence[DisplayRow],
        weights: Sequence[int],
        before: DisplayRow | None = None,
        said: DisplayRow | None = None,
    ) -> list[Row]:
        """Rows for display rows that stand below all others, and note where they will be."""
        assert self._typesetter is not None
        assert self.conversation is not None
        rows = self._typesetter.set(display_rows, before, said)
        self._rows += rows
        line = self._text.lines + 1 if self._starts else 1
        for row in rows:
            self._starts.append(line)
            line += row.lines
        self._weights += weights
        self.last += len(rows)
        self._fixed = min(self.last, self.conversation.settled)
        return rows

    # What they show.

    def read(self, first: int, stop: int) -> list[DisplayRow]:
        """Rows with all their bytes that a person can see."""
        source = self.conversation
        if source is None or stop <= first:
            return []
        display_rows = source.read(first, stop - first, self.preview)
        most = self._expanded
        return [
            row._replace(data=self.whole(row, most[row.place])) if row.place in most else row for row in display_rows
        ]

    def next_message(self, place: int, step: int, most: int) -> int | None:
        """The nearest message behind (1) or before (-1) a row, in questions for more and more rows at a time.

        If there is none among so many rows, the last that was looked at; None if there are no more rows.
        """
        source, left, count = self.conversation, most, 1
        if source is None:
            return None
        while left > 0:
            count = min(count, left)
            first, stop = (place + 1, place + 1 + count) if step > 0 else (place - count, place)
            first, stop = max(0, first), min(self.total, stop)
            rows = source.read(first, stop - first, 0) if first < stop else []
            for row in rows if step > 0 else reversed(rows):
                if row.is_message:
                    return row.place
            if not rows or stop - first < count:  # no more of them
                return None
            place, left, count = (rows[-1] if step > 0 else rows[0]).place, left - count, count * 8
        return place

    def whole(self, display_row: DisplayRow, most: int) -> bytes:
        """The first bytes of a message, more than are shown."""
        return self.conversation.whole(display_row, most) if self.conversation is not None else b""

    @property
    def preview(self) -> int:
        """Bytes that are shown of a message that nobody asked for more of."""
        if self.style.is_compact:
            return COMPACT_PREVIEW
        return HEX_PREVIEW if self.style.as_hex else PREVIEW

    def expand(self, place: int) -> None:
        """Show more of a message, once it is set anew."""
        self._expanded[place] = self._expanded.get(place, PREVIEW) + self._more

    def expand_for(self, place: int, start: int, stop: int) -> bool:
        """Show as much of a message as those bytes take, within what one click would add; tells whether it must."""
        shown = self._expanded.get(place, self.preview)
        if self.style.is_compact or stop <= shown or start >= self._more:
            return False
        self._expanded[place] = max(self._more, shown)
        return True

    def fold(self) -> None:
        """Show no more of any message than of the others."""
        self._expanded.clear()

    @property
    def _more(self) -> int:
        return HEX_MORE if self.style.as_hex else MORE

    def shown_once(self, display_rows: Sequence[DisplayRow]) -> list[DisplayRow]:
        """The same without those that are shown as one with another: one message to many."""
        rows = self._set_apart(display_rows)
        return [display_row for display_row, row in zip(display_rows, rows, strict=False) if row.runs]

    def text_of(self, display_rows: Sequence[DisplayRow]) -> str:
        """Rows as they would be shown, as text."""
        runs = (run for row in self._set_apart(display_rows) for run in row.runs)
        return "".join(run.text for run in runs if DECOR not in run.tags)

    def _set_apart(self, display_rows: Sequence[DisplayRow]) -> list[Row]:
        """Rows that are set, but not in the Text."""
        return self._new_typesetter().set(display_rows) if self.conversation is not None else []

    # Where they stand.

    def __contains__(self, place: object) -> bool:
        return isinstance(place, int) and self.first <= place < self.last

    @property
    def span(self) -> tuple[int, int]:
        """The places of the first row and of the one behind the last."""
        return self.first, self.last

    def place_at(self, line: int) -> tuple[int, int]:
        """The place of the row that a line of the Text belongs to, and the line within the row."""
        row = max(0, bisect_right(self._starts, line) - 1)
        return self.first + row, line - (self._starts[row] if self._starts else 1)

    def line_of(self, place: int) -> int:
        """The line of the Text on which a row starts; behind the last if it is not here."""
        row = place - self.first
        return self._starts[row] if 0 <= row < len(self._starts) else self._text.lines + 1

    def lines_of(self, place: int) -> int:
        """How many lines a row takes."""
        return self.line_of(place + 1) - self.line_of(place)

    def row(self, place: int) -> Row | None:
        """What is shown of a row; None if it is not here."""
        return self._rows[place - self.first] if place in self else None

    def nearest(self, place: int) -> int:
        """The place of the row that is here and nearest."""
        return max(self.first, min(place, self.last - 1))

    # Spots, which are the same under every lens.

    def spot(self, place: int, line: int) -> Spot | None:
        """Which byte stands about on a line of a row; None if the row is not here."""
        found = self.read(place, place + 1) if place in self else []
        return spot_at(found[0], line / max(1, self.lines_of(place))) if found else None

    def line_with(self, place: int, spot: Spot) -> int:
        """On which line of a row a byte stands, about."""
        found = self.read(place, place + 1)
        return int(fraction_at(found[0], spot) * self.lines_of(place)) if found else 0
