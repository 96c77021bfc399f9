"""The conversation as a window on the journal: a Text that holds only the rows near the view.

The scrollbar stands for the whole conversation. Whatever lies outside the slice that the Text
holds is read from the journal when the view comes near it, so millions of rows cost no more than a
few.
"""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_right
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.decoding import UTF_8, Decoding
from gui.panes.bubbles import BubbleText
from gui.panes.focus_ring import FocusRing
from gui.panes.picking import Picking
from gui.panes.scrolling import QuietScrollbar, bind_scrolling
from gui.rows import read_around
from gui.theme import Theme
from gui.typesetting import HEX_MORE, MARKED, MORE, Marked, Row, Typesetter, weight, within_budget

if TYPE_CHECKING:
    from core.journal.passage import Passage
    from gui.rows import Conversation

SLICE = 200  # rows in the Text beyond which its far end is cut off
FLOOD = 200  # new rows at once from which the slice is replaced rather than continued
PREVIEW = 4096  # bytes shown of a message until a person asks for more of it
BUDGET = 32 * 1024  # characters in the Text, unless one row alone has more; about six screens
HEX_PREVIEW = 1024  # the same where bytes are shown as hex
FEW = 24  # rows that are read at first where few fill the Text: they may lie across very many entries
_NEAR_THE_EDGE = 0.15  # of the slice: from here on the next one is fetched


class Transcript(ttk.Frame):
    """Shows one conversation and follows its end while the view is there."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_new: Callable[[int], None],
        on_choose: Callable[[Passage], None] = lambda _passage: None,
        on_refuse: Callable[[str], None] = lambda _why: None,
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._on_new = on_new
        self._on_choose = on_choose
        self.text = BubbleText(self, theme, on_reshape=self._reload, on_more=self._expand)
        self._scrollbar = QuietScrollbar(self, command=self.drag)
        self._scrollbar.pack(side="right", fill="y", padx=(0, theme.px(2)), pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True, padx=(theme.px(20), theme.px(10)))
        self.text.configure(yscrollcommand=self._view_moved)
        self._ring = FocusRing(self, self.text, theme)
        self._conversation: Conversation | None = None
        self._key: object = None
        self._version = -1
        self._typesetter: Typesetter | None = None
        self._total = 0  # rows of the conversation when it was last looked at
        self._seen = 0  # rows there were when the view left the end
        self._first = self._last = 0  # the slice holds the rows from first up to before last
        self._fixed = 0  # of those in the slice, the ones before this place will not change
        self._starts: list[int] = []  # the line on which each row of the slice starts, from 1
        self._weights: list[int] = []
        self._at_first = SLICE  # rows that are read, before more if those do not fill the Text
        self._expanded: dict[int, int] = {}  # how many bytes are shown of a message that was asked for
        self._as_hex = False
        self.decoding = UTF_8
        self._marked: Marked | None = None  # bytes that were found
        self._following = True
        self._shift_planned: str | None = None
        self._shifted: tuple[int, ...] = ()  # slice, total and place for which the last shift was made
        self.picking = Picking(self, theme, on_refuse=on_refuse)
        bind_scrolling(self)

    # What the window calls.

    def show(self, conversation: Conversation | None) -> None:
        """Show a conversation: the one on view, grown, or another."""
        key = conversation.key if conversation is not None else None
        version = conversation.version if conversation is not None else -1
        if key != self._key or (conversation is None) is not (self._conversation is None):
            self._open(conversation, key)
        elif conversation is not None and version != self._version:
            self._conversation = conversation
            self._grow(conversation.total)
        self._version = version

    def to_end(self) -> None:
        """Go to the newest row and follow from now on."""
        self._following = True
        if self._last < self._total:
            self._load_end()
        self.text.yview_moveto(1.0)
        self._tell_new()

    def to_start(self) -> None:
        """Go to the oldest row."""
        self.drag("moveto", "0.0")

    def reveal(self, place: int) -> None:
        """Bring a row into view, choose it, and stay there."""
        self._following = False
        if not self._first <= place < self._last:
            self._load(place)
        self.choose(place)
        self._look_where_we_are()

    def reveal_bytes(self, marked: Marked) -> None:
        """Bring bytes of a message into view and set them off, as far as a message is unfolded for that."""
        self._following = False
        self._marked = marked
        most = HEX_MORE if self._as_hex else MORE
        if marked.stop > self._preview and marked.start < most:
            self._expanded[marked.place] = max(most, self._expanded.get(marked.place, 0))
        if self._first <= marked.place < self._last:
            self._reload()
        self.reveal(marked.place)
        found = self.text.tag_nextrange(MARKED, f"{self.line_of(marked.place)}.0") or ()
        for index in reversed(found):
            self.text.see(index)
        self._look_where_we_are()
        self._following = False  # also at the end: what comes would push it out of sight

    def unmark(self) -> None:
        """Set nothing off any more."""
        if self._marked is not None:
            self._marked = None
            self.text.tag_remove(MARKED, "1.0", "end")

    def choose(self, place: int) -> None:
        """Mark one row as the one that is looked at, and say which it is."""
        found = self._read(place, place + 1)
        if not found:
            return
        self.picking.chosen = place
        self.picking.restore()
        if self._first <= place < self._last:
            start = self._starts[place - self._first]
            self.text.see(f"{start + self._row_lines(place - self._first) - 1}.0")
            self.text.see(f"{start}.0")
        self._on_choose(found[0])

    def step(self, step: int) -> None:
        """Choose the next message (1) or the one before (-1), passing over what happened between them."""
        chosen = self.picking.chosen
        if chosen is None:
            chosen = self._total if step < 0 else self.top_place - 1
        while 0 <= (chosen := chosen + step) < self._total:
            found = self._read(chosen, chosen + 1)
            if found and found[0].is_message:
                self.reveal(chosen)
                return

    def show_hex(self, *, as_hex: bool) -> None:
        """Show messages as hex and text side by side, or as text."""
        if as_hex is not self._as_hex:
            self._as_hex = as_hex
            self._expanded.clear()
            self._reload()

    def show_as(self, decoding: Decoding) -> None:
        """Read the bytes of messages as other text."""
        if decoding != self.decoding:
            self.decoding = decoding
            self._reload()

    def page(self, pages: int) -> None:
        """Scroll by whole views, for the keys of other fields too."""
        self.text.yview_scroll(pages, "pages")
        self.scrolled_by_hand()

    @property
    def is_following(self) -> bool:
        """Whether new rows come into view by themselves."""
        return self._following

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self._total == 0

    @property
    def top_place(self) -> int:
        """The row at the top of the view."""
        return self._anchor()[0]

    # What the picking asks.

    @property
    def slice(self) -> tuple[int, int]:
        """The places of the first row in the Text and of the one behind the last."""
        return self._first, self._last

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self._total

    def place_at(self, line: int) -> tuple[int, int]:
        """The place of the row that a line of the Text belongs to, and the line within the row."""
        row = max(0, bisect_right(self._starts, line) - 1)
        return self._first + row, line - (self._starts[row] if self._starts else 1)

    def line_of(self, place: int) -> int:
        """The line of the Text on which a row of the slice starts; behind the last if it is not in the slice."""
        row = place - self._first
        return self._starts[row] if 0 <= row < len(self._starts) else self.text.lines + 1

    def passages(self, first: int, stop: int) -> list[Passage]:
        """Rows with all their bytes that a person can see."""
        return self._read(first, stop)

    def whole(self, passage: Passage, most: int) -> bytes:
        """The first bytes of a message, more than are shown."""
        return self._conversation.whole(passage, most) if self._conversation is not None else b""

    # The slice.

    def _open(self, conversation: Conversation | None, key: object) -> None:
        self._conversation, self._key, self._following = conversation, key, True
        self._total = conversation.total if conversation is not None else 0
        self._expanded.clear()
        self._marked = None
        self.picking.forget()
        self._load_end()
        self._tell_new()

    def _grow(self, total: int) -> None:
        new = total - self._total
        was_whole = self._last == self._total
        is_fixed = self._fixed >= self._last
        self._total = total
        if not self._following:
            self._view_moved(*self.text.yview())
        elif new > FLOOD or not was_whole or not is_fixed or self._typesetter is None or self._typesetter.ended_ragged:
            self._load_end(self.text.enough_rows)
        else:
            self._continue()
        self._tell_new()

    def _continue(self) -> None:
        """Set what is new below the rest, and cut off as much above as is no longer needed."""
        passages = self._read(self._last, self._total)
        if sum(map(weight, passages)) > BUDGET // 2:
            self._load_end(self.text.enough_rows)
            return
        self.picking.remember()
        self.text.append(self._set(passages))
        self._cut_head()
        self.picking.restore()
        self.text.yview_moveto(1.0)

    def _cut_head(self) -> None:
        surplus, left = 0, sum(self._weights)
        while len(self._starts) - surplus > SLICE or (left > BUDGET and surplus < len(self._starts) - 1):
            left -= self._weights[surplus]
            surplus += 1
        if surplus < SLICE // 4 and left <= BUDGET and len(self._starts) <= SLICE * 5 // 4:
            return
        lines = self._starts[surplus] - 1
        self.text.cut_head(lines)
        self._starts = [start - lines for start in self._starts[surplus:]]
        self._weights = self._weights[surplus:]
        self._first += surplus

    def _load_end(self, rows: int = SLICE) -> None:
        self._load(self._total - 1, rows)
        self.text.yview_moveto(1.0)

    def _load(self, around: int, rows: int = SLICE) -> None:
        """Replace the slice by one of so many rows that has the row ``around`` well inside."""
        source = self._conversation
        self.picking.remember()
        passages, before = read_around(self._read, around, min(rows, self._at_first), self._total)
        if self._at_first < rows and sum(map(weight, passages)) < BUDGET:
            passages, before = read_around(self._read, around, rows, self._total)
        self._starts, self._weights = [], []
        if source is None or not passages:
            self._first = self._last = max(0, self._total)
            self.text.replace([])
            return
        keep = max(0, min(around - passages[0].place, len(passages) - 1))
        start, stop = within_budget([weight(passage) for passage in passages], BUDGET, keep)
        before = passages[start - 1] if start else before
        self._typesetter = Typesetter(
            source.role, self.text.safety, self.text.metrics, joins_pieces=source.joins_pieces, as_hex=self._as_hex,
            marked=self._marked, decoding=self.decoding,
        )  # fmt: skip
        self._at_first = SLICE if stop - start > FEW // 2 else FEW
        self._first = self._last = passages[start].place
        self.text.replace(self._set(passages[start:stop], before))
        self.picking.restore()

    def _set(self, passages: Sequence[Passage], before: Passage | None = None) -> list[Row]:
        """Rows for passages that stand below all others, and note where they will be."""
        assert self._typesetter is not None
        assert self._conversation is not None
        rows = self._typesetter.set(passages, before)
        line = self.text.lines + 1 if self._starts else 1
        for row in rows:
            self._starts.append(line)
            line += row.lines
        self._weights += map(weight, passages)
        self._last += len(rows)
        self._fixed = min(self._last, self._conversation.settled)
        return rows

    def _read(self, first: int, stop: int) -> list[Passage]:
        source = self._conversation
        if source is None or stop <= first:
            return []
        passages = source.read(first, stop - first, self._preview)
        most = self._expanded
        return [row._replace(data=self.whole(row, most[row.place])) if row.place in most else row for row in passages]

    @property
    def _preview(self) -> int:
        """Bytes that are shown of a message that nobody asked for more of."""
        return HEX_PREVIEW if self._as_hex else PREVIEW

    def _expand(self, place: int) -> None:
        self._expanded[place] = self._expanded.get(place, PREVIEW) + (HEX_MORE if self._as_hex else MORE)
        self._reload()

    def _row_lines(self, row: int) -> int:
        following = self._starts[row + 1] if row + 1 < len(self._starts) else self.text.lines + 1
        return following - self._starts[row]

    # The view.

    def _reload(self) -> None:
        """Set the slice anew, with the same place in view: widths or fonts have changed, or an edge is near."""
        if self._following:
            self._load_end()
            return
        place, line, pixels = self._anchor()
        self._load(place)
        row = max(0, min(place - self._first, len(self._starts) - 1))
        if self._starts:
            self.text.show_line(self._starts[row] + line, pixels)

    def _anchor(self) -> tuple[int, int, int]:
        """What is at the top of the view: the row, the line within it, the pixels of that line above the view."""
        line, pixels = self.text.top()
        return (*self.place_at(line), pixels)

    def _view_moved(self, top: str | float, bottom: str | float) -> None:
        """The Text shows this part of its slice: say so in terms of the whole conversation."""
        rows, span = max(1, self._total), self._last - self._first
        upper = (self._first + float(top) * span) / rows
        lower = (self._first + float(bottom) * span) / rows
        self._scrollbar.set(upper, lower if self._last > self._first else 1.0)
        if self._needs_more(float(top), float(bottom)) and self._shift_planned is None:
            self._shift_planned = self.after_idle(self._shift)

    def _needs_more(self, top: float, bottom: float) -> bool:
        """Whether the view is so near an end of the slice that what lies behind is wanted."""
        near_top = top < _NEAR_THE_EDGE and self._first > 0
        near_end = bottom > 1 - _NEAR_THE_EDGE and self._last < self._total
        return (near_top or near_end) and not self._following

    def _shift(self) -> None:
        """Fetch what is near, unless that was done: around a very long row there may be no more room."""
        self._shift_planned = None
        if not self._needs_more(*self.text.yview()):  # any more
            return
        place = (*self.slice, self._total, self.top_place)
        if place != self._shifted:
            self._shifted = place
            self._reload()

    def drag(self, action: str, amount: str, unit: str = "") -> None:
        """The scrollbar's commands, in terms of the whole conversation."""
        if action == "scroll":
            self.text.yview_scroll(int(amount), "pages" if unit == "pages" else "units")
        else:
            self._go(float(amount))
        self.scrolled_by_hand()

    def _go(self, fraction: float) -> None:
        target = max(0.0, min(1.0, fraction)) * self._total
        if not self._first <= target < self._last or (self._first > 0 and target - self._first < 1):
            self._load(int(target), self.text.enough_rows)
        if self._last > self._first:
            self.text.yview_moveto((target - self._first) / (self._last - self._first))

    def scrolled_by_hand(self, _event: object = None) -> None:
        """A person has scrolled, or may have: see where the view is once it has moved."""
        self.after_idle(self._look_where_we_are)

    def _look_where_we_are(self) -> None:
        if not self.winfo_exists():
            return
        top, bottom = self.text.yview()
        self._following = self._last == self._total and bottom >= 1.0
        self._view_moved(top, bottom)
        self._tell_new()

    def _tell_new(self) -> None:
        if self._following:
            self._seen = self._total
        self._on_new(max(0, self._total - self._seen))
