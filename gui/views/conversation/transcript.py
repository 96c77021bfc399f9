"""The conversation as a window on the journal: a Text that holds only the rows near the view.

The scrollbar stands for the whole conversation. Whatever lies outside the row window that the Text
holds is read from the journal when the view comes near it, so millions of rows cost no more than a
few.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, NamedTuple

from gui.theme.theme import Theme
from gui.viewmodels.decoding import Decoding
from gui.viewmodels.typeset_row import FOUND, MARKED, Place, Row
from gui.viewmodels.typesetting import RowStyle
from gui.views.conversation.bubbles import BubbleText
from gui.views.conversation.row_window import (
    ENOUGH,
    ENOUGH_AT_END,
    ENOUGH_IN_A_DRAG,
    IN_SIGHT,
    IN_SIGHT_AT_END,
    RowWindow,
)
from gui.views.conversation.selection import Selection
from gui.widgets.bindings import bind_known, breaking
from gui.widgets.debounce import Debounce
from gui.widgets.focus_ring import FocusRing
from gui.widgets.scrolling import HitMarks, QuietScrollbar

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.rows import Conversation, Spot

MOST_COUNTED = 200  # new rows of which it is told how many lines they are
FARTHEST_STEP = 16_384  # rows, a tenth of a second, in which the next message is looked for
_NEAR_THE_EDGE = 0.15  # of the row window: from here on the next one is fetched
_RESTS = 500  # milliseconds after which the rows around the view are fetched, where those in sight were enough before

_WHEELS = ("<MouseWheel>", "<Button-4>", "<Button-5>", "<TouchpadScroll>")


class _Left(NamedTuple):
    """What was at the top of the view when a conversation was left elsewhere than at its end."""

    key: object  # of the conversation
    spot: Spot
    line: int  # of its row, on which that byte is the first
    pixels: int  # of that line above the view
    seen: int  # rows there were when the view left the end


class Transcript(ttk.Frame):
    """Shows one conversation and follows its end while the view is there."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_new: Callable[[str], None],
        on_choose: Callable[[DisplayRow], None] = lambda _display_row: None,
        on_refuse: Callable[[str], None] = lambda _why: None,
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._on_new = on_new
        self._on_choose = on_choose
        self.text = BubbleText(self, theme, on_reshape=self._reload, on_more=self._expand)
        self.row_window = RowWindow(self.text)
        self._hits: Callable[[DisplayRow], list[tuple[int, int]]] | None = None  # what was found in a message
        self._current: tuple[int, int, int] | None = None  # of it, what was gone to: the row, and its bytes
        self._scrollbar = QuietScrollbar(self, self.drag)
        self._scrollbar.pack(side="right", fill="y", padx=(0, theme.px(2)), pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True, padx=(theme.px(20), theme.px(10)))
        self.hit_marks = HitMarks(self, theme, on_go=lambda fraction: self.drag("moveto", str(fraction)))
        self.text.configure(yscrollcommand=self._view_moved)
        self.text.bind("<Configure>", self._keep_end, add=True)
        self._ring = FocusRing(self, self.text, theme)
        self._key: object = None
        self._version = -1
        self._seen = 0  # rows there were when the view left the end
        self._following = True
        self._left_at: dict[object, _Left | None] = {}  # by the source of the conversation; None for its end
        self._sought: _Left | None = None  # what is to be at the top again, once it is known which row shows it
        self._is_catching_up = False  # it was cut anew, and what there was before is still being counted
        self._sees_chosen = False  # whether the chosen row was in sight when that was looked for
        self._looked_at = 0  # rows that there were then
        self._left: tuple[int, int, int] | None = None  # what was at the top when the rows were set last
        self._top_byte: int | None = None  # which byte that showed at first: each line it goes to begins before it
        self._pressed_at: tuple[int, int, int] | None = None  # what was at the top as the mouse went down at the end
        self._is_lit = False
        self._counted: object = None  # which rows of which conversation are new
        self._new_lines = 0  # the lines that they are
        self.lit = (0, -1)  # the entries of the first and the last row in which what was found is set off
        self._shift_planned: str | None = None
        self._surround = Debounce(  # due where the Text has only the rows in sight
            self, lambda: self._fetch(ENOUGH_IN_A_DRAG)
        )
        self._shifted: tuple[int, ...] = ()  # row window, total and place for which the last shift was made
        self.selection = Selection(self.text, self.row_window, choose=self.choose, on_refuse=on_refuse)
        self._bind_scrolling()

    # What the window calls.

    def show(self, conversation: Conversation | None) -> None:
        """Show a conversation: the one on view, grown, or another."""
        key = conversation.key if conversation is not None else None
        version = conversation.version if conversation is not None else -1
        if key != self._key or (conversation is None) is not (self.row_window.conversation is None):
            self._open(conversation, key)
        elif conversation is not None and version != self._version:
            self.row_window.conversation = conversation
            self._grow(conversation.total)
        self._version = version

    def to_end(self) -> None:
        """Go to the newest row and follow from now on."""
        self._sought = self._pressed_at = None
        self._following = True
        if self.row_window.last < self.total:
            self._load_end()
        self.text.yview_moveto(1.0)
        self._look_for_chosen()
        self._tell_new()

    def to_start(self) -> None:
        """Go to the oldest row."""
        self._following = False  # or what comes before the view is looked at would take it back to the end
        self.drag("moveto", "0.0")

    def reveal(self, place: int) -> None:
        """Bring a row into view, choose it, and stay there."""
        self._have_surroundings()
        self._sought = None
        self._following = False
        if place not in self.row_window:
            self._load(place)
        self.choose(place)
        self._look_where_we_are()

    def reveal_bytes(self, place: int, start: int, stop: int) -> None:
        """Bring bytes of a message into view and set them off, as far as a message is unfolded for that."""
        self._have_surroundings()
        self._following = False
        self._current = (place, start, stop)
        if self.row_window.expand_for(place, start, stop) and place in self.row_window:
            self._reload()
        self.reveal(place)
        self._light()
        found = self.text.tag_nextrange(MARKED, "1.0") or ()
        for index in reversed(found):
            self.text.see(index)
        self._look_where_we_are()
        self._following = False  # also at the end: what comes would push it out of sight

    def light(self, hits: Callable[[DisplayRow], list[tuple[int, int]]] | None) -> None:
        """Set off what was found: ``hits`` gives the bytes of a message; None for nothing any more.

        To be called again when more is found.
        """
        self._hits = hits
        if hits is None:
            self._current = None
        self._light()

    def _light(self) -> None:
        """Set off what was found in the rows that are here, and stronger what was gone to."""
        if self._hits is None and self._current is None:
            if self._is_lit:
                self.text.mark(FOUND, ())
                self.text.mark(MARKED, ())
                self._is_lit, self.lit = False, (0, -1)
            return
        self._is_lit = True
        rows = self.row_window.display_rows if self._hits is not None else []
        self.lit = (rows[0].ordinal, rows[-1].ordinal) if rows else (0, -1)
        self.text.mark(
            FOUND,
            (
                stretch
                for row in rows
                if self._hits is not None and self.row_window.shown_with(row.place) == row.place
                for start, stop in self._hits(row)
                for stretch in self._stretches(row.place, start, stop)
            ),
        )
        self.text.mark(MARKED, self._stretches(*self._current) if self._current is not None else ())

    def _stretches(self, place: int, start: int, stop: int) -> list[tuple[Place, Place]]:
        """Where bytes of a message stand in the Text."""
        place = self.row_window.shown_with(place) if place in self.row_window else place
        row = self.row_window.row(place)
        if row is None or row.body is None:
            return []
        above = self.row_window.line_of(place)
        return [
            (Place(above + one.line, one.column), Place(above + two.line, two.column))
            for one, two in row.body.stretches(row, start, stop, self.text.astral)
        ]

    def unchoose(self) -> None:
        """No row is looked at any more."""
        self.selection.chosen = None
        self.selection.restore()

    def show_hit_marks(self, marks: Sequence[float], current: float | None) -> None:
        """Mark beside the scrollbar how far down, 0 to 1, something was found."""
        if not marks and current is None:
            self.hit_marks.place_forget()
        elif not self.hit_marks.winfo_manager():
            self.hit_marks.place(in_=self._scrollbar, relheight=1.0, relx=0, anchor="ne", bordermode="outside")
            tk.Misc.lift(self.hit_marks)
        self.hit_marks.show(marks, current)

    def choose(self, place: int) -> None:
        """Mark one row as the one that is looked at, and say which it is."""
        found = self.row_window.read(place, place + 1)
        if not found:
            return
        self.selection.chosen = place
        self.selection.restore()
        if place in self.row_window:
            self._see(place)
        self._sees_chosen, self._looked_at = True, self.total
        self._on_choose(found[0])

    def step(self, step: int) -> None:
        """Choose the next message (1) or the one before (-1), passing over what happened between them.

        Where there are more than ``FARTHEST_STEP`` notes between them, the last of those is chosen: from there one
        may go on.
        """
        self._have_surroundings()
        chosen = self.selection.chosen
        if chosen is None or not self._sees_chosen:  # begin at the edge of the view
            chosen = self._bottom_place + 1 if step < 0 else self.top_place - 1
        found = self._next_shown(chosen, step)
        if found is not None:
            self.reveal(found)

    def _next_shown(self, place: int, step: int) -> int | None:
        """The next message (1) or the one before (-1) that is not shown as one with another: one message to many."""
        found = self.row_window.next_message(place, step, FARTHEST_STEP)
        row = self.row_window.row(found) if found is not None else None
        while found is not None and row is not None and not row.lines:
            found = self.row_window.next_message(found, step, FARTHEST_STEP)
            row = self.row_window.row(found) if found is not None else None
        return found

    def show_style(self, style: RowStyle) -> None:
        """Show rows like that: as hex or text, one line each or bubbles, with times of day or between messages."""
        if style != self.row_window.style:
            self.row_window.style = style
            self.row_window.fold()
            self._reload()

    @property
    def decoding(self) -> Decoding:
        """How the bytes of messages are read."""
        return self.row_window.decoding

    def show_as(self, decoding: Decoding) -> None:
        """Read the bytes of messages as other text."""
        if decoding != self.row_window.decoding:
            self.row_window.decoding = decoding
            self._reload()

    def page(self, pages: int) -> None:
        """Scroll by whole views, for the keys of other fields too."""
        self._have_surroundings()
        self.text.yview_scroll(pages, "pages")
        self.scrolled_by_hand()

    @property
    def is_following(self) -> bool:
        """Whether new rows come into view by themselves."""
        return self._following or self._pressed_at is not None

    def least_height(self, rows: int) -> int:
        """The pixels of so many short messages as they are shown now, or of what there is; at least of lines."""
        text, style = self.text, self.row_window.style
        wanted = text.height_of(rows, is_compact=style.is_compact)
        return max(text.height_of_lines(rows), min(wanted, text.content_height) if self.total < rows else wanted)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.total == 0

    @property
    def top_place(self) -> int:
        """The row at the top of the view."""
        return self._anchor()[0]

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self.row_window.total

    def choose_last(self) -> None:
        """Choose the last message in sight, or the last before it; nothing if there is none."""
        self._have_surroundings()
        place = self._next_shown(self._bottom_place + 1, -1)
        if place is not None:
            self.reveal(place)

    @property
    def chosen_message(self) -> DisplayRow | None:
        """The message that is chosen, or the only one that is selected; None if there is no such one."""
        picked = self.selection.picked
        if picked is None or picked[1] - picked[0] != 1:
            return None
        return next((row for row in self.row_window.read(*picked) if row.is_message), None)

    @property
    def _bottom_place(self) -> int:
        """The row at the bottom of the view."""
        line = int(self.text.index(f"@0,{self.text.winfo_height()}").partition(".")[0])
        return self.row_window.place_at(line)[0]

    # Another conversation, or more of it.

    def _open(self, conversation: Conversation | None, key: object) -> None:
        before = self.row_window.conversation
        if before is not None:
            self._left_at[before.source] = self._sought or self._leave()
        is_cut_anew = conversation is not None and before is not None and conversation.source == before.source
        self._sought = self._left_at.pop(conversation.source, None) if conversation is not None else None
        self._is_catching_up = is_cut_anew or self._sought is not None
        self._key, self._following, self._pressed_at = key, True, None
        self.row_window.open(conversation)
        self.selection.forget()
        if not self._seek():
            self._load_end()
        self._tell_new()

    def _grow(self, total: int) -> None:
        new = total - self.total
        self.row_window.total = total
        if self._seek():
            pass
        elif not self._following:
            self._view_moved(*self.text.yview())
        elif not self.row_window.is_flood(new) and self.row_window.can_continue_from(total - new):
            self._continue()
        else:
            self._load_end(IN_SIGHT_AT_END)
        self._tell_new()

    def _continue(self) -> None:
        """Set what is new below the rest."""
        window, display_rows = self.row_window, self.row_window.read(self.row_window.last, self.total)
        heights = window.least_heights(display_rows)
        if window.is_much(heights) or window.goes_on_with(display_rows):
            self._load_end(IN_SIGHT_AT_END)
            return
        self.selection.remember()
        window.append(display_rows, heights)
        self.selection.restore()
        self.text.yview_moveto(1.0)

    def _leave(self) -> _Left | None:
        """What is at the top of the view, in terms that hold under any lens; None where the end is followed."""
        if self.is_following:
            return None
        place, line, pixels = self._anchor()
        spot = self.row_window.spot(place, line)
        return _Left(self._key, spot, line, pixels, self._seen) if spot is not None else None

    def _seek(self) -> bool:
        """Bring what was at the top when this was left back there, once it is known which row shows it."""
        left, window, conversation = self._sought, self.row_window, self.row_window.conversation
        place = conversation.place_near(left.spot) if left is not None and conversation is not None else None
        if left is None or place is None:
            return False
        self._sought = None
        if place >= self.total:
            return False
        self._following = False
        self._load(place)
        if place in window:
            is_as_before = window.spot(place, left.line) == left.spot
            line, pixels = (left.line, left.pixels) if is_as_before else (window.line_with(place, left.spot), 0)
            self.text.show_line(window.shown_at(place)[0] + line, pixels)
        if left.key == self._key:
            self._seen, self._is_catching_up = left.seen, False
        self._look_where_we_are()
        return True

    def _load_end(self, views: tuple[int, int] = ENOUGH_AT_END) -> None:
        self._load(self.total, views)
        self.text.yview_moveto(1.0)

    def _load(self, around: float, views: tuple[int, int] = ENOUGH) -> None:
        """Replace the row window by one that has the row ``around`` inside, see ``RowWindow.load``."""
        if views in (IN_SIGHT, IN_SIGHT_AT_END):
            self._surround.ask(_RESTS)
        else:
            self._surround.cancel()
        self.selection.remember()
        self.row_window.load(around, views)
        self.selection.restore()
        self._light()

    def _have_surroundings(self) -> None:
        """Fetch the rows around the view now, and all that is shown of them, if that is still to come.

        Somebody is about to go there.
        """
        if self._surround.is_due:
            self._surround.now()

    def _expand(self, place: int) -> None:
        self.row_window.expand(place)
        self._reload()

    # The view.

    def _reload(self) -> None:
        """Set the row window anew, with the same place in view: widths or fonts have changed.

        A chosen row that was in view still is.
        """
        self._fetch()
        self._keep_chosen()

    def _keep_chosen(self) -> None:
        """Have the chosen row in sight if it was, and did not go out of it as the end was followed."""
        chosen, is_passed = self.selection.chosen, self._following and self._looked_at < self.total
        if self._sees_chosen and not is_passed and chosen is not None and chosen in self.row_window:
            self._see(chosen)

    def _fetch(self, views: tuple[int, int] = ENOUGH) -> None:
        """Have the rows around the view in the row window; at its top nothing moves."""
        if self._following:
            self._load_end()
        else:
            window = self.row_window
            top, pixels = self.text.top() if window.fills_view else self.text.top_before_growing()
            place, line = window.place_at(top)
            if self._left != (place, line, pixels):
                self._top_byte = None
            before = window.row(place)
            self._load(place, views)
            if self.total:
                place = window.nearest(place)
                line = self._line_now(place, before, line)
                self.text.show_line(window.line_of(place) + line, pixels)
                self._left = place, line, pixels

    def _line_now(self, place: int, before: Row | None, line: int) -> int:
        """On which line of a row stands what was on a line of it when the row was set like ``before``."""
        window, now = self.row_window, self.row_window.row(place)
        body = before.body if before is not None else None
        if now is None or before is None or now.lines == before.lines or body is None or line <= body.start.line:
            return line
        if self._top_byte is None:
            self._top_byte = window.byte_on(before, line)
        return window.line_of_byte(place, self._top_byte)

    def _see(self, place: int) -> None:
        """Have a row in view that is in the Text, its beginning if it is longer than the view."""
        start, stop = self.row_window.shown_at(place)
        self.text.see(f"{stop - 1}.0")
        self.text.see(f"{start}.0")

    def _keep_end(self, _event: object) -> None:
        """The room has another height: where the end was in view, it still is, or else what is at the top."""
        if not self.row_window.fills_view and (self._following or self.row_window.last < self.total):
            self._fetch()
        elif self._following:
            self.text.see("end")
        self._keep_chosen()

    def _anchor(self) -> tuple[int, int, int]:
        """What is at the top of the view: the row, the line within it, the pixels of that line above the view."""
        line, pixels = self.text.top()
        return (*self.row_window.place_at(line), pixels)

    def _view_moved(self, top: str | float, bottom: str | float) -> None:
        """The Text shows this part of its row window: say so in terms of the whole conversation."""
        first, last = self.row_window.span
        rows, span = max(1, self.total), last - first
        upper = (first + float(top) * span) / rows
        lower = (first + float(bottom) * span) / rows
        self._scrollbar.set(upper, lower if span else 1.0)
        if self._needs_more(float(top), float(bottom)) and self._shift_planned is None:
            self._shift_planned = self.after_idle(self._shift)

    def _needs_more(self, top: float, bottom: float) -> bool:
        """Whether the view is so near an end of the row window that what lies behind is wanted."""
        return self._is_near_edge(top, bottom) and not self._following and not self._surround.is_due

    def _is_near_edge(self, top: float, bottom: float) -> bool:
        near_top = top < _NEAR_THE_EDGE and self.row_window.first > 0
        near_end = bottom > 1 - _NEAR_THE_EDGE and self.row_window.last < self.total
        return near_top or near_end

    def _shift(self) -> None:
        """Fetch what is near, unless that was done: around a very long row there may be no more room."""
        self._shift_planned = None
        if not self._needs_more(*self.text.yview()):  # any more
            return
        place = (*self.row_window.span, self.total, self.top_place)
        if place != self._shifted:
            self._shifted = place
            self._fetch()

    def _bind_scrolling(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "<Prior>": lambda: self.page(-1),
            "<Next>": lambda: self.page(1),
            "<Home>": self.to_start,
            "<End>": self.to_end,
            "<Control-Up>": lambda: self.drag("scroll", "-2", "units"),
            "<Control-Down>": lambda: self.drag("scroll", "2", "units"),
            **dict.fromkeys(("<Up>", "<Alt-Up>"), lambda: self.step(-1)),
            **dict.fromkeys(("<Down>", "<Alt-Down>"), lambda: self.step(1)),
            # Tk would move a cursor that nobody sees, and bring it into view.
            **dict.fromkeys(("<Left>", "<Right>", "<Control-Left>", "<Control-Right>"), lambda: None),
        }
        for key, act in acts.items():
            self.text.bind(key, breaking(act))
        bind_known(self.text, _WHEELS, self._wheel_turned, add=True)
        self.text.bind("<Button-1>", self._mouse_down, add=True)  # before text is selected
        self.text.bind("<ButtonRelease-1>", self._mouse_up, add=True)

    def _mouse_down(self, _event: object) -> None:
        """What comes moves nothing under the mouse until it is up, and Tk may scroll while text is selected."""
        self._have_surroundings()
        if self._following:
            self._following, self._pressed_at = False, self._anchor()

    def _mouse_up(self, _event: object) -> None:
        pressed_at, self._pressed_at = self._pressed_at, None
        if pressed_at is not None and pressed_at == self._anchor():
            self.to_end()
        else:
            self.scrolled_by_hand()

    def _wheel_turned(self, _event: object) -> None:
        """Called before Tk itself scrolls the Text."""
        self._have_surroundings()
        self.scrolled_by_hand()

    def drag(self, action: str, amount: str, unit: str = "") -> None:
        """The scrollbar's commands, in terms of the whole conversation."""
        if action == "scroll":
            self._have_surroundings()
            self.text.yview_scroll(int(amount), "pages" if unit == "pages" else "units")
        else:
            self._go(float(amount))
        self.scrolled_by_hand()

    def _go(self, fraction: float) -> None:
        target = max(0.0, min(1.0, fraction)) * self.total
        first, last = self.row_window.span
        top, bottom = self.text.yview()
        there = (target - first) / max(1, last - first)
        if not first <= target < last or self._is_near_edge(there, there + bottom - top):
            at, in_view = first + top * (last - first), (bottom - top) * (last - first)
            is_far = abs(target - at) > in_view / 2  # the next time it is as far again, and what is around it of no use
            self._load(target, IN_SIGHT if is_far else ENOUGH_IN_A_DRAG)
        self.text.show_line(*self.row_window.line_at(target))  # not by a share of the rows: their heights differ

    def scrolled_by_hand(self, _event: object = None) -> None:
        """A person has scrolled, or may have: see where the view is once it has moved."""
        self._sought = None
        self.after_idle(self._look_where_we_are)

    def _look_where_we_are(self) -> None:
        if not self.winfo_exists():
            return
        top, bottom = self.text.yview()
        self._following = self.row_window.last == self.total and bottom >= 1.0
        self._look_for_chosen()
        self._view_moved(top, bottom)
        self._tell_new()

    def _look_for_chosen(self) -> None:
        chosen = self.selection.chosen
        if chosen is not None:
            is_here = chosen in self.row_window
            self._sees_chosen = is_here and self.text.bbox(f"{self.row_window.shown_at(chosen)[0]}.0") is not None
            self._looked_at = self.total

    def _tell_new(self) -> None:
        if self._following or self._is_catching_up or self._pressed_at is not None:
            self._seen = self.total
        conversation = self.row_window.conversation
        self._is_catching_up = self._is_catching_up and conversation is not None and conversation.is_counting
        new = max(0, self.total - self._seen)
        if not new or conversation is None or not conversation.role.many_connections:  # a row is a line
            self._on_new(f"{new:,}" if new else "")
            return
        first, last = self._seen, self._seen + min(new, MOST_COUNTED)
        counted = self._key, first, last
        if counted != self._counted:
            self._counted, self._new_lines = counted, self.row_window.shown_of(first, last)
        self._on_new(f"{self._new_lines}{'+' * (new > MOST_COUNTED)}" if self._new_lines else "")
