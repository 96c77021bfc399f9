"""The rows of a conversation that stand in the Text just now: which they are, on which lines, and how they get there.

Where the view is in them, and which are wanted next, the transcript knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gui.viewmodels.decoding import UTF_8
from gui.viewmodels.hexdump import MOST_IN_LINE as MOST_IN_HEX_LINE
from gui.viewmodels.rows import Spot, offset_of, spot_at
from gui.viewmodels.typeset_row import DECOR, Place, Row
from gui.viewmodels.typesetting import HEX_MORE, MORE, MOST_PASSED, RowStyle, Typesetter, stretch_around, weight

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.rows import Conversation
    from gui.views.conversation.bubbles import BubbleText

PREVIEW = 4096  # bytes shown of a message until a person asks for more of it
HEX_PREVIEW = 1024  # the same where bytes are shown as hex
COMPACT_PREVIEW = 512  # the same where a message has one line
PREVIEW_IN_A_DRAG = 1024  # the same of all in a long drag: of a message that is higher than the view few lines are seen
ENOUGH = 2, 3  # heights of the view that are in the Text above the row that is gone to, and from it on
ENOUGH_IN_A_DRAG = 1, 2  # the same while the scrollbar is dragged: others are soon to come
ENOUGH_AT_END = 2, 0  # the same at the end, while it is followed
IN_SIGHT, IN_SIGHT_AT_END = (0, 1), (1, 0)  # the same where others come at once: in a long drag, and in a flood
FEW = 24  # rows that are read on a side while it is not known how high they are: they may lie across very many entries
MOST_READ = 8_192  # rows that are read on a side, however few of them are seen: one message to many is a row for each
_NEAR = 200  # rows in which the message before is looked for


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
        self.display_rows: list[DisplayRow] = []  # all that are here
        self._rows: list[Row] = []  # how each is shown
        self._starts: list[int] = []  # the line on which each row starts, from 1
        self._heights: list[int] = []  # pixels of each row, or fewer
        self._usual = 0.0  # pixels of a row, of those that were set last, or fewer
        self._filled = 0  # the height of the view that they were set for
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

    def load(self, around: float, views: tuple[int, int] = ENOUGH) -> None:
        """Have other rows instead of those that are there: around a row, or in front of the place behind the last.

        Above it and from it on, or from so far down in it, they fill the view so many times, as far as there are rows.
        """
        self._filled = self._text.winfo_height()
        display_rows, heights, earlier = self._read_around(around, views)
        before = earlier.pop() if earlier else None
        self.display_rows, self._rows, self._starts, self._heights = [], [], [], []
        if not display_rows:
            self.first = self.last = max(0, self.total)
            self._text.replace([])
            return
        self._typesetter = self._new_typesetter()
        self.first = self.last = display_rows[0].place
        said = self._message_before(before) if self.style.counts_time and before is not None else None
        rows_set = self._set(display_rows, heights, before, said, earlier)
        self._usual = sum(self._heights) / len(self._heights)
        self._text.replace(rows_set)

    def _read_around(
        self, around: float, views: tuple[int, int]
    ) -> tuple[list[DisplayRow], list[int], list[DisplayRow]]:
        """Those rows, with the least height of each, and those before them that were read for it."""
        place, (before_it, behind_it) = int(around), self._first_reach(around, views)
        preview = min(self.preview, PREVIEW_IN_A_DRAG) if views == IN_SIGHT else self.preview
        found: list[DisplayRow] = []
        while True:
            first, stop = max(0, place - before_it), min(self.total, place + 1 + behind_it)
            found = self._read(max(0, first - 1), found[0].place if found else stop, preview) + found
            found += self._read(found[-1].place + 1, stop, preview) if found else []
            has_before = bool(found) and found[0].place < first
            display_rows = found[has_before:]
            heights = self.least_heights(display_rows)
            keep = min(max(0, place - display_rows[0].place), len(display_rows)) if display_rows else 0
            wanted = self._wanted(around, views, heights[keep] if keep < len(heights) else 1, is_end=stop == self.total)
            lacks_above, lacks_below = _lacks(heights, keep, wanted)
            lacks_above &= first > 0 and before_it < MOST_READ
            lacks_below &= stop < self.total and behind_it < MOST_READ
            if not display_rows or not (lacks_above or lacks_below):
                start, end = stretch_around(heights, keep, *wanted, beside=views not in (IN_SIGHT, IN_SIGHT_AT_END))
                return display_rows[start:end], heights[start:end], found[: start + has_before]
            before_it = min(MOST_READ, before_it * 4) if lacks_above else before_it
            behind_it = min(MOST_READ, behind_it * 4) if lacks_below else behind_it

    def _first_reach(self, around: float, views: tuple[int, int]) -> tuple[int, int]:
        """How many rows above and below that one are read at first."""
        behind_it = self._rows_for(1.25 * views[1] * self._filled)
        above, _below = self._wanted(around, views, 1, is_end=int(around) + 1 + behind_it >= self.total)
        before_it = max(self._rows_for(self._text.bubble_height(1)), self._rows_for(1.25 * above))
        if self.conversation is not None and self.conversation.role.passes_on:  # what went on came somewhere above
            before_it = max(before_it, MOST_PASSED)
        return before_it, behind_it

    def _wanted(self, around: float, views: tuple[int, int], height: int, *, is_end: bool) -> tuple[int, int]:
        """The pixels that are wanted above a row of that height, and from it on.

        Where the rows end below, those above it fill the view. What has no height is shown as one with those above.
        """
        above, below = (each * self._filled for each in views)
        return max(above, self._filled * is_end, not height), below + int((around - int(around)) * height)

    def _rows_for(self, pixels: float) -> int:
        """About how many rows have so many pixels, going by those that were set last."""
        return min(MOST_READ, int(pixels / self._usual) + 2) if self._usual else FEW

    def least_heights(self, display_rows: Sequence[DisplayRow]) -> list[int]:
        """The pixels of each, or fewer; none of what is shown as one with another."""
        told = self._shown_with_others(display_rows)
        return [0 if row.place in told else self._least_height(row) for row in display_rows]

    def _least_height(self, display_row: DisplayRow) -> int:
        if self.style.is_compact or not display_row.is_message:
            return self._text.height_of_lines(1)
        data = display_row.data or b""
        if self.style.as_hex:
            return self._text.bubble_height(max(1, -(-len(data) // MOST_IN_HEX_LINE)))
        lines = data.count(b"\n") + (not data.endswith((b"\n", b"\n\0")))  # at the end it begins none, in UTF-16 too
        return self._text.bubble_height(max(lines, weight(display_row) // self._text.most_in_line))

    @property
    def fills_view(self) -> bool:
        """Whether the view is no higher than it was when rows were set for it."""
        return self._text.winfo_height() <= self._filled

    def is_flood(self, new: int) -> bool:
        """Whether so many new rows seem to be more than there is room for in the view, before they are read."""
        return new > self._rows_for(self._text.winfo_height())

    def is_much(self, heights: Sequence[int]) -> bool:
        """The same of rows of these heights."""
        return sum(heights) > self._text.winfo_height()

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
        place = self.next_message(before.place, -1, _NEAR)
        found = self.conversation.read(place, 1, 0) if place is not None else []
        return next((row for row in found if row.is_message), None)

    def goes_on_with(self, display_rows: Sequence[DisplayRow]) -> bool:
        """Whether the last message here went to more than are told: the first of ``display_rows`` is it, to another."""
        return bool(display_rows) and self._typesetter is not None and self._typesetter.goes_on_with(display_rows[0])

    def append(self, display_rows: Sequence[DisplayRow], heights: Sequence[int]) -> None:
        """Set what is new, and was measured, below the rest, and cut off as much above as is no longer needed."""
        self._text.append(self._set(display_rows, heights))
        self._cut_head()

    def _cut_head(self) -> None:
        view = self._text.winfo_height()
        surplus, left = 0, sum(self._heights)
        if left < (sum(ENOUGH) + 1) * view:
            return
        while surplus < len(self._heights) - 1 and left - self._heights[surplus] >= sum(ENOUGH) * view:
            left -= self._heights[surplus]
            surplus += 1
        lines = self._starts[surplus] - 1
        self._text.cut_head(lines)
        self.display_rows, self._rows = self.display_rows[surplus:], self._rows[surplus:]
        self._starts = [start - lines for start in self._starts[surplus:]]
        self._heights = self._heights[surplus:]
        self.first += surplus

    def _set(
        self,
        display_rows: Sequence[DisplayRow],
        heights: Sequence[int],
        before: DisplayRow | None = None,
        said: DisplayRow | None = None,
        earlier: Sequence[DisplayRow] = (),
    ) -> list[Row]:
        """Rows for display rows that stand below all others, and note where they will be."""
        assert self._typesetter is not None
        assert self.conversation is not None
        rows = self._typesetter.set(display_rows, before, said, earlier)
        self.display_rows += display_rows
        self._rows += rows
        line = self._text.lines + 1 if self._starts else 1
        for row in rows:
            self._starts.append(line)
            line += row.lines
        self._heights += heights
        self.last += len(rows)
        self._fixed = min(self.last, self.conversation.settled)
        return rows

    # What they show.

    def read(self, first: int, stop: int) -> list[DisplayRow]:
        """Rows with all their bytes that a person can see."""
        return self._read(first, stop, self.preview)

    def _read(self, first: int, stop: int, preview: int) -> list[DisplayRow]:
        source = self.conversation
        if source is None or stop <= first:
            return []
        display_rows = source.read(first, stop - first, preview)
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
        told = self._shown_with_others(display_rows)
        return [display_row for display_row in display_rows if display_row.place not in told]

    def shown_of(self, first: int, stop: int) -> int:
        """How many of these rows are shown by themselves, and not as one with another of them or one before."""
        display_rows = self.read(max(0, first - MOST_PASSED), stop)
        return sum(display_row.place >= first for display_row in self.shown_once(display_rows))

    def _shown_with_others(self, display_rows: Sequence[DisplayRow]) -> frozenset[int]:
        if self.conversation is None:
            return frozenset()
        return self._new_typesetter().shown_with_others(display_rows)

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

    def line_at(self, around: float) -> tuple[int, int]:
        """The line on which starts what shows a row, and the pixels from there to so far down in it.

        Rows that are shown as one have equal parts of it.
        """
        place = int(around)
        if place not in self:
            return self.line_of(place), 0
        lead, behind = self.shown_with(place), place + 1
        while behind in self and not self.lines_of(behind):
            behind += 1
        start, stop = self.shown_at(place)
        return start, int((around - lead) / (behind - lead) * self._text.height_between(start, stop))

    def lines_of(self, place: int) -> int:
        """How many lines a row takes."""
        return self.line_of(place + 1) - self.line_of(place)

    def shown_with(self, place: int) -> int:
        """The place of the row that shows one that is here: mostly itself; of one message to many, the first."""
        row = place - self.first
        while row > 0 and not self._rows[row].lines:
            row -= 1
        return self.first + row

    def shown_at(self, place: int) -> tuple[int, int]:
        """The lines that show a row that is here, the second one behind the last."""
        row = self.shown_with(place) - self.first
        return self._starts[row], self._starts[row] + self._rows[row].lines

    def row(self, place: int) -> Row | None:
        """What is shown of a row; None if it is not here."""
        return self._rows[place - self.first] if place in self else None

    def nearest(self, place: int) -> int:
        """The place of the row that is here and nearest."""
        return max(self.first, min(place, self.last - 1))

    # Bytes on lines. Where a row is set in another way, its bytes stand on other lines.

    def spot(self, place: int, line: int) -> Spot | None:
        """The first byte on a line of what shows a row, in terms that hold under every lens; None if it is not here."""
        row = self.row(self.shown_with(place)) if place in self else None
        if row is None or line >= row.lines:
            return None
        return spot_at(self.display_rows[place - self.first], self.byte_on(row, line))

    def line_with(self, place: int, spot: Spot) -> int:
        """On which line of what shows a row that is here a byte stands; the first where it is the row's first."""
        offset = offset_of(self.display_rows[place - self.first], spot)
        return self.line_of_byte(self.shown_with(place), offset)

    def byte_on(self, row: Row, line: int) -> int:
        """The first byte of a message that stands on a line of its row; 0 where there is none."""
        start = Place(line, 0)
        return row.body.bytes_between(row, start, start, self._text.astral)[0] if row.body is not None else 0

    def line_of_byte(self, place: int, byte: int) -> int:
        """On which line a byte stands: 0 for the first, what is above it included; the last for one not shown."""
        row = self.row(place)
        if row is None or row.body is None or not byte:
            return 0
        found = next(row.body.stretches(row, byte, byte + 1, self._text.astral), None)
        return found[0].line if found is not None else max(0, row.lines - 1)


def _lacks(heights: Sequence[int], keep: int, wanted: tuple[int, int]) -> tuple[bool, bool]:
    """Whether rows of those heights are fewer pixels than are wanted above place ``keep``, and from it on.

    The first and the last do not count: they may be shown with one that was not read.
    """
    last = max((at for at, height in enumerate(heights) if height), default=0)
    return sum(heights[1:keep]) < wanted[0], sum(heights[keep:last]) < wanted[1]
