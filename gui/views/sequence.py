"""The sequence view: lanes on a canvas, an arrow for each row of the conversation; only those in sight are drawn."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.journal.reading.sequence import fold, lane_names, strokes
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.sequence import FAILURE, FAULT, MESSAGE, PREVIEW, Reading, SequenceRow, rows_of
from gui.views.rows_pane import RowsPane
from gui.widgets.fitting import elided
from gui.widgets.focus_ring import FocusRing

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.rows import Conversation

EMPTY = "What is said comes here as arrows, the newest at the bottom."
_MARGIN, _PAD, _HEAD = 10, 6, 8  # pixels at 96 dots an inch: around, beside words, of an arrow
_LEAST_BETWEEN = 130  # the same: of two lanes beside which the times still have room
_WHEEL_ROWS = 2


class SequencePane(RowsPane):
    """Shows the rows of a conversation; ``ending`` says how the connection of a row ended."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_choose: Callable[[int], None],
        on_save: Callable[[], None],
        on_close: Callable[[], None],
        ending: Callable[[DisplayRow], str],
    ) -> None:
        super().__init__(parent, theme, "Sequence", on_choose=on_choose, on_close=on_close)
        self._theme, self._ending = theme, ending
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._reading = Reading(self._safety)
        self._conversation: Conversation | None = None
        self._key: object = None
        self._version = -1
        self.add_buttons((("Save…", on_save),))
        self._names = tk.Canvas(self.body, height=1, highlightthickness=0, borderwidth=0, takefocus=False)
        self.canvas = tk.Canvas(self.body, width=1, height=1, highlightthickness=0, borderwidth=0, takefocus=True)
        self.content = self.canvas
        self._names.pack(fill="x")
        self.canvas.pack(fill="both", expand=True)
        FocusRing(self.body, self.canvas, theme)
        self.settle(_WHEEL_ROWS, lambda: self._pitch)
        theme.subscribe(self._restyle, self)

    def show(self, conversation: Conversation | None, decoding: Decoding = UTF_8, *, as_hex: bool = False) -> None:
        """Show a conversation: the one on view, grown, or another."""
        reading = Reading(self._safety, decoding, as_hex)
        key = conversation.key if conversation is not None else None
        version = conversation.version if conversation is not None else -1
        if key != self._key:
            self.begin_anew()
        elif (version, reading) == (self._version, self._reading):
            return
        if reading != self._reading:
            self.redraw()
        self._conversation, self._key, self._version, self._reading = conversation, key, version, reading
        self.grow(conversation.total if conversation is not None else 0)

    @property
    def page(self) -> int:
        """How many rows are in sight as a whole, at least 1."""
        return max(1, self.canvas.winfo_height() // self._pitch)

    def row_at(self, x: int, y: int) -> int | None:
        """The row at a height."""
        del x
        row = self.top + y // self._pitch
        return row if row < self.total else None

    @property
    def _pitch(self) -> int:
        """Pixels from one row to the next."""
        return int(2 * self._theme.small.metrics("linespace")) + self._theme.px(_PAD)

    def draw(self) -> None:
        """Draw the rows in sight, the last of which may be cut off."""
        self.canvas.delete("all")
        self.top = max(0, self.total - self.page if self.is_following else min(self.top, self.total - self.page))
        rows = self._rows()
        lanes, has_times = self._lanes()
        self._draw_names(lanes)
        if rows:
            self._draw_lanes(rows, lanes)
            for line, row in enumerate(rows):
                self._draw_row(row, line * self._pitch, lanes, has_times=has_times)
            return
        room = self.canvas.winfo_width() - 2 * self._theme.px(_MARGIN)
        self.canvas.create_text(
            self.canvas.winfo_width() // 2, self.canvas.winfo_height() * 2 // 5, text=EMPTY, justify="center",
            font=self._theme.base, fill=self._theme.palette.muted, width=max(1, room),
        )  # fmt: skip

    def _rows(self) -> list[SequenceRow]:
        """The rows in sight, the last of which may be cut off."""
        conversation = self._conversation
        if conversation is None or not self.total:
            return []
        first = max(0, self.top - 1)
        found = conversation.read(first, min(self.top + self.page + 1, self.total) - first, PREVIEW)
        before = found.pop(0) if found and found[0].place < self.top else None
        return rows_of(found, before, conversation.role, self._reading, self._ending)

    def _lanes(self) -> tuple[list[int], bool]:
        """Where the lanes stand, and whether the times have room at their left."""
        theme, width = self._theme, self.canvas.winfo_width()
        names = lane_names(self._conversation.role if self._conversation is not None else None)
        margin, between = theme.px(3 * _MARGIN), len(names) - 1
        left = theme.small.measure("00:00:00.000") + theme.px(2 * _MARGIN)
        has_times = width - left - 2 * margin >= between * theme.px(_LEAST_BETWEEN)
        left = left + margin if has_times else margin
        step = max(1, (width - left - margin) // between)
        return [left + place * step for place in range(between + 1)], has_times

    def _draw_names(self, lanes: list[int]) -> None:
        """The lanes' names, as many letters as do not meet; those at the edges begin or end there."""
        theme, canvas = self._theme, self._names
        role = self._conversation.role if self._conversation is not None else None
        canvas.delete("all")
        high = theme.small.metrics("linespace") + theme.px(_PAD)
        if int(str(canvas.cget("height"))) != high:
            canvas.configure(height=high)
        if role is None:
            return
        between = lanes[1] - lanes[0] - theme.px(_PAD)
        for x, name in zip(lanes, lane_names(role), strict=True):
            words = elided(name, theme.small, between)
            half = theme.small.measure(words) // 2
            x = max(half + theme.px(_PAD), min(x, canvas.winfo_width() - half - theme.px(_PAD)))
            canvas.create_text(x, high // 2, text=words, font=theme.small, fill=theme.palette.text)

    def _draw_lanes(self, rows: list[SequenceRow], lanes: list[int]) -> None:
        color = self._theme.palette.strong_border
        high = min(self.canvas.winfo_height(), len(rows) * self._pitch)
        for x in lanes:
            self.canvas.create_line(x, 0, x, high, fill=color)

    def _draw_row(self, row: SequenceRow, top: int, lanes: list[int], *, has_times: bool) -> None:
        theme, canvas, pitch = self._theme, self.canvas, self._pitch
        p, small, px = theme.palette, theme.small, theme.px
        is_chosen = row.place == self.chosen
        ground, ink = (p.chosen, p.chosen_text) if is_chosen else (p.pane, p.text)
        muted = ink if is_chosen else p.muted
        color = p.connections[(row.number - 1) % len(p.connections)] if row.kind == MESSAGE else muted
        color = {FAILURE: p.error, FAULT: p.warning}.get(row.kind, color)
        if is_chosen:
            canvas.create_rectangle(0, top, canvas.winfo_width(), top + pitch, fill=ground, outline="")
            for x in lanes:
                canvas.create_line(x, top, x, top + pitch, fill=ink)
            color = ink
        upper, lower = top + px(_PAD) // 2 + small.metrics("linespace") // 2, top + pitch - px(_HEAD)
        if row.is_folded:
            for x in lanes:
                canvas.create_line(x, top, x, upper, fill=ground, width=px(3))
                canvas.create_line(list(fold(x, top, upper + px(_PAD), px(_HEAD))), fill=muted)
        if has_times:
            middle = lower - small.metrics("linespace") // 3
            canvas.create_text(px(_MARGIN), middle, text=row.time, anchor="w", font=small, fill=muted)
            canvas.create_text(px(_MARGIN), upper, text=row.gap, anchor="w", font=small, fill=muted)
        elif row.is_folded:
            row = row._replace(words=f"{row.gap}  {row.words}")
        for stroke in strokes(row.step, lanes, lower, px(_HEAD)):
            if stroke.is_filled:
                canvas.create_polygon(list(stroke.points), fill=color, outline=color)
            else:
                dash = (px(4), px(3)) if stroke.is_dashed else ()
                canvas.create_line(list(stroke.points), fill=color, width=max(1, px(1.4)), dash=dash)
        self._write(row, lanes, upper, top + pitch // 2, color if row.kind in (FAILURE, FAULT) else ink, ground)

    def _write(self, row: SequenceRow, lanes: list[int], upper: int, middle: int, ink: str, ground: str) -> None:
        """The words, above the arrow; of what goes nowhere, across all lanes."""
        px, small = self._theme.px, self._theme.small
        start, stop = (lanes[min(lane, len(lanes) - 1)] for lane in (row.step.start, row.step.stop))
        if start != stop:
            room = abs(stop - start) - px(2 * _PAD)
            if row.kind != MESSAGE and len(lanes) == 2:  # what happened may say more than fits between
                room = max(room, self.canvas.winfo_width() - lanes[0] - px(_MARGIN))
            words = elided(row.words, small, room)
            x = min((start + stop) // 2, self.canvas.winfo_width() - px(_MARGIN) - small.measure(words) // 2)
            self._write_on_ground(words, x, upper, ink, ground)
            return
        left, right = lanes[0] - px(_PAD), self.canvas.winfo_width() - px(_MARGIN)
        shift = px(2 * _HEAD) if row.step.is_fault and start == lanes[0] else 0
        words = elided(row.words, small, right - left - shift)
        x = min((lanes[0] + lanes[-1]) // 2, right - small.measure(words) // 2)
        above = upper if row.step.is_fault or row.step.is_timeout else middle
        self._write_on_ground(words, x, above, ink, ground)

    def _write_on_ground(self, words: str, x: int, y: int, ink: str, ground: str) -> None:
        """Words around a point, on a ground that hides the lanes behind them."""
        item = self.canvas.create_text(x, y, text=words, font=self._theme.small, fill=ink)
        x0, y0, x1, y1 = self.canvas.bbox(item)
        self.canvas.create_rectangle(x0 - self._theme.px(2), y0, x1 + self._theme.px(2), y1, fill=ground, outline="")
        self.canvas.tag_raise(item)

    def _restyle(self) -> None:
        for canvas in (self.canvas, self._names):
            canvas.configure(background=self._theme.palette.pane)
        self.redraw()
