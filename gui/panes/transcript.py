"""The conversation as a window on the journal: a Text that holds only the rows near the view.

The scrollbar stands for the whole conversation. Whatever lies outside the slice that the Text
holds is read from the journal when the view comes near it, so millions of entries cost no more
than a few.
"""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.panes.bubbles import BubbleText
from gui.theme import Theme
from gui.typesetting import Row, Typesetter, weight, within_budget

if TYPE_CHECKING:
    from core.events import Role, SessionId
    from core.journal.reader import Entry

SLICE = 200  # entries in the Text beyond which its far end is cut off
FLOOD = 200  # new entries at once from which the slice is replaced rather than continued
PREVIEW = 4096  # bytes shown of an entry until a person asks for all of it
BUDGET = 32 * 1024  # characters in the Text, unless one entry alone has more; about six screens
_NEAR_THE_EDGE = 0.15  # of the slice: from here on the next one is fetched


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a transcript gets its rows: one session's entries from ``first`` on."""

    session: SessionId
    role: Role
    first: int
    read: Callable[[int, int, int], list[Entry]]  # first, count, preview
    whole: Callable[[int], bytes]  # all the bytes of one entry


class Transcript(ttk.Frame):
    """Shows one conversation and follows its end while the view is there."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_new: Callable[[int], None]) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._on_new = on_new
        self.text = BubbleText(self, theme, on_reshape=self._reload, on_more=self._expand)
        self._scrollbar = ttk.Scrollbar(self, command=self._drag)
        self._scrollbar.pack(side="right", fill="y", padx=(0, theme.px(2)), pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True, padx=(theme.px(20), theme.px(10)))
        self.text.configure(yscrollcommand=self._view_moved)
        self._conversation: Conversation | None = None
        self._typesetter: Typesetter | None = None
        self._total = 0  # entries of the conversation; ordinals run to total - 1
        self._first = self._last = 0  # the slice holds the entries from first up to before last
        self._starts: list[int] = []  # the line on which each row of the slice starts, from 1
        self._weights: list[int] = []
        self._expanded: set[int] = set()
        self._following = True
        self._shift_planned: str | None = None
        self._bind_scrolling()

    # What the window calls.

    def show(self, conversation: Conversation | None, total: int) -> None:
        """Show a conversation of ``total`` entries: the one on view, grown, or another."""
        known = self._conversation
        if _differ(known, conversation):
            self._open(conversation, total)
        elif total != self._total:
            self._grow(total)

    def to_end(self) -> None:
        """Go to the newest entry and follow from now on."""
        self._following = True
        if self._last < self._total:
            self._load_end()
        self.text.yview_moveto(1.0)
        self._tell_new()

    def to_start(self) -> None:
        """Go to the oldest entry."""
        self._drag("moveto", "0.0")

    def page(self, pages: int) -> None:
        """Scroll by whole views, for the keys of other fields too."""
        self.text.yview_scroll(pages, "pages")
        self._scrolled_by_hand()

    @property
    def is_following(self) -> bool:
        """Whether new entries come into view by themselves."""
        return self._following

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self._conversation is None or self._total <= self._conversation.first

    # The slice.

    def _open(self, conversation: Conversation | None, total: int) -> None:
        self._conversation, self._total, self._following = conversation, total, True
        self._expanded.clear()
        self._load_end()
        self._tell_new()

    def _grow(self, total: int) -> None:
        new = total - self._total
        was_whole = self._last == self._total
        self._total = total
        if not self._following:
            self._view_moved(*self.text.yview())
        elif new > FLOOD or not was_whole or self._typesetter is None or self._typesetter.ended_ragged:
            self._load_end()
        else:
            self._continue()
        self._tell_new()

    def _continue(self) -> None:
        """Set what is new below the rest, and cut off as much above as is no longer needed."""
        entries = self._read(self._last, self._total)
        if sum(map(weight, entries)) > BUDGET // 2:
            self._load_end()
            return
        self.text.append(self._set(entries))
        self._cut_head()
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

    def _load_end(self) -> None:
        self._load(self._total - 1)
        self.text.yview_moveto(1.0)

    def _load(self, around: int) -> None:
        """Replace the slice by one that has the entry ``around`` well inside."""
        source = self._conversation
        floor = source.first if source else 0
        first = max(floor, min(around - SLICE // 2, self._total - SLICE))
        entries = self._read(max(0, first - 1), min(self._total, first + SLICE))
        before = entries.pop(0) if entries and entries[0].ordinal < first else None
        self._starts, self._weights = [], []
        if source is None or not entries:
            self._first = self._last = max(floor, self._total)
            self.text.replace([])
            return
        keep = max(0, min(around - entries[0].ordinal, len(entries) - 1))
        start, stop = within_budget([weight(entry) for entry in entries], BUDGET, keep)
        before = entries[start - 1] if start else before
        self._typesetter = Typesetter(source.role, self.text.safety, self.text.metrics)
        self._first = self._last = entries[start].ordinal
        self.text.replace(self._set(entries[start:stop], before))

    def _set(self, entries: Sequence[Entry], before: Entry | None = None) -> list[Row]:
        """Rows for entries that stand below all others, and note where they will be."""
        assert self._typesetter is not None
        rows = self._typesetter.set(entries, before)
        line = self.text.lines + 1 if self._starts else 1
        for row in rows:
            self._starts.append(line)
            line += row.lines
        self._weights += map(weight, entries)
        self._last += len(rows)
        return rows

    def _read(self, first: int, stop: int) -> list[Entry]:
        source = self._conversation
        if source is None or stop <= first:
            return []
        entries = source.read(first, stop - first, PREVIEW)
        return [self._whole(entry) if entry.ordinal in self._expanded else entry for entry in entries]

    def _whole(self, entry: Entry) -> Entry:
        assert self._conversation is not None
        return replace(entry, data=self._conversation.whole(entry.ordinal))

    def _expand(self, ordinal: int) -> None:
        self._expanded.add(ordinal)
        self._reload()

    # The view.

    def _reload(self) -> None:
        """Set the slice anew, with the same place in view: widths or fonts have changed, or an edge is near."""
        if self._following:
            self._load_end()
            return
        ordinal, line, pixels = self._anchor()
        self._load(ordinal)
        row = max(0, min(ordinal - self._first, len(self._starts) - 1))
        if self._starts:
            self.text.show_line(self._starts[row] + line, pixels)

    def _anchor(self) -> tuple[int, int, int]:
        """What is at the top of the view: the entry, the line within it, the pixels of that line above the view."""
        line, pixels = self.text.top()
        row = max(0, bisect_right(self._starts, line) - 1)
        start = self._starts[row] if self._starts else 1
        return self._first + row, line - start, pixels

    def _view_moved(self, top: str | float, bottom: str | float) -> None:
        """The Text shows this part of its slice: say so in terms of the whole conversation."""
        floor = self._conversation.first if self._conversation else 0
        entries, span = max(1, self._total - floor), self._last - self._first
        upper = (self._first - floor + float(top) * span) / entries
        lower = (self._first - floor + float(bottom) * span) / entries
        self._set_scrollbar(upper, lower if self._last > self._first else 1.0)
        near_top = float(top) < _NEAR_THE_EDGE and self._first > floor
        near_end = float(bottom) > 1 - _NEAR_THE_EDGE and self._last < self._total
        if (near_top or near_end) and not self._following and self._shift_planned is None:
            self._shift_planned = self.after_idle(self._shift)

    def _set_scrollbar(self, upper: float, lower: float) -> None:
        """A scrollbar with nothing to scroll keeps its place, so that the text need not move, and shows nothing."""
        idle = upper <= 0 and lower >= 1
        self._scrollbar.configure(style="Idle.Vertical.TScrollbar" if idle else "Vertical.TScrollbar")
        self._scrollbar.set(upper, lower)

    def _shift(self) -> None:
        self._shift_planned = None
        if not self._following:
            self._reload()

    def _drag(self, action: str, amount: str, unit: str = "") -> None:
        """The scrollbar's commands, in terms of the whole conversation."""
        if action == "scroll":
            self.text.yview_scroll(int(amount), "pages" if unit == "pages" else "units")
        else:
            self._go(float(amount))
        self._scrolled_by_hand()

    def _go(self, fraction: float) -> None:
        floor = self._conversation.first if self._conversation else 0
        target = floor + max(0.0, min(1.0, fraction)) * (self._total - floor)
        if not self._first <= target < self._last or (self._first > floor and target - self._first < 1):
            self._load(int(target))
        if self._last > self._first:
            self.text.yview_moveto((target - self._first) / (self._last - self._first))

    def _scrolled_by_hand(self, _event: object = None) -> None:
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
        self._on_new(self._total - self._seen)

    _seen = 0  # entries there were when the view left the end

    def _bind_scrolling(self) -> None:
        keys: dict[str, Callable[[], None]] = {
            "<Prior>": lambda: self.page(-1),
            "<Next>": lambda: self.page(1),
            "<Home>": self.to_start,
            "<End>": self.to_end,
            "<Up>": lambda: self._drag("scroll", "-2", "units"),
            "<Down>": lambda: self._drag("scroll", "2", "units"),
        }
        for key, act in keys.items():
            self.text.bind(key, _breaking(act))
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>", "<ButtonRelease-1>", "<TouchpadScroll>"):
            try:
                self.text.bind(event, self._scrolled_by_hand, add=True)
            except tk.TclError:  # an event that only Tk 9 has
                continue


def _breaking(act: Callable[[], None]) -> Callable[[object], str]:
    def handle(_event: object) -> str:
        act()
        return "break"

    return handle


def _differ(known: Conversation | None, other: Conversation | None) -> bool:
    if known is None or other is None:
        return known is not other
    return (known.session, known.first) != (other.session, other.first)
