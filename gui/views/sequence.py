"""The sequence view: lanes on a canvas, an arrow for each row of the conversation; only those in sight are drawn."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.journal.reading.sequence import fold, lane_names, strokes
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.sequence import FAILURE, FAULT, MESSAGE, PREVIEW, Reading, SequenceRow, rows_of
from gui.viewmodels.wrapping import Advances
from gui.views.rows_pane import RowsPane
from gui.widgets.fitting import elided
from gui.widgets.focus_ring import FocusRing

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.roles import Role
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
        self._wide = 1  # pixels of the canvas
        self._items: list[tuple[object, ...]] = []  # of the canvas, as Tk's command to create them has them
        self._named: tuple[Role | None, int] | None = None  # whose names stand above the lanes, in what width
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
        return 2 * self._line + self._theme.px(_PAD)

    def draw(self) -> None:
        """Draw the rows in sight, the last of which may be cut off."""
        self.top = max(0, self.total - self.page if self.is_following else min(self.top, self.total - self.page))
        self._wide, self._items = self.canvas.winfo_width(), []
        rows = self._rows()
        lanes, has_times = self._lanes()
        self._draw_names(lanes)
        if rows:
            self._draw_lanes(rows, lanes)
            for line, row in enumerate(rows):
                self._draw_row(row, line * self._pitch, lanes, has_times=has_times)
        else:
            theme, room = self._theme, max(1, self._wide - 2 * self._theme.px(_MARGIN))
            middle = self._wide // 2, self.canvas.winfo_height() * 2 // 5
            self._add(
                "text", middle, text=EMPTY, justify="center", font=theme.base, fill=theme.palette.muted, width=room
            )
        self.canvas.delete("all")
        # In one call for all of them, since each gives the interpreter away.
        self.tk.call("foreach", "item", tuple(self._items), f"{self.canvas} create {{*}}$item")

    def _add(self, kind: str, coordinates: Sequence[float], **options: object) -> None:
        """Have an item on the canvas, above those before it."""
        self._items.append((kind, *coordinates, *(word for name in options for word in (f"-{name}", options[name]))))

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
        theme, width = self._theme, self._wide
        names = lane_names(self._conversation.role if self._conversation is not None else None)
        margin, between = theme.px(3 * _MARGIN), len(names) - 1
        left = self._advances.width("00:00:00.000") + theme.px(2 * _MARGIN)
        has_times = width - left - 2 * margin >= between * theme.px(_LEAST_BETWEEN)
        left = left + margin if has_times else margin
        step = max(1, (width - left - margin) // between)
        return [left + place * step for place in range(between + 1)], has_times

    def _draw_names(self, lanes: list[int]) -> None:
        """The lanes' names, as many letters as do not meet; those at the edges begin or end there."""
        role = self._conversation.role if self._conversation is not None else None
        if (role, self._wide) == self._named:
            return
        self._named = role, self._wide
        theme, canvas = self._theme, self._names
        canvas.delete("all")
        high = self._line + theme.px(_PAD)
        canvas.configure(height=high)
        if role is None:
            return
        between = lanes[1] - lanes[0] - theme.px(_PAD)
        for x, name in zip(lanes, lane_names(role), strict=True):
            words = elided(name, theme.small, between)
            half = theme.small.measure(words) // 2
            x = max(half + theme.px(_PAD), min(x, self._wide - half - theme.px(_PAD)))
            canvas.create_text(x, high // 2, text=words, font=theme.small, fill=theme.palette.text)

    def _draw_lanes(self, rows: list[SequenceRow], lanes: list[int]) -> None:
        color = self._theme.palette.strong_border
        high = min(self.canvas.winfo_height(), len(rows) * self._pitch)
        for x in lanes:
            self._add("line", (x, 0, x, high), fill=color)

    def _draw_row(self, row: SequenceRow, top: int, lanes: list[int], *, has_times: bool) -> None:
        theme, add, pitch = self._theme, self._add, self._pitch
        p, small, px = theme.palette, theme.small, theme.px
        is_chosen = row.place == self.chosen
        ground, ink = (p.chosen, p.chosen_text) if is_chosen else (p.pane, p.text)
        muted = ink if is_chosen else p.muted
        color = p.connections[(row.number - 1) % len(p.connections)] if row.kind == MESSAGE else muted
        color = {FAILURE: p.error, FAULT: p.warning}.get(row.kind, color)
        if is_chosen:
            add("rectangle", (0, top, self._wide, top + pitch), fill=ground, outline="")
            for x in lanes:
                add("line", (x, top, x, top + pitch), fill=ink)
            color = ink
        upper, lower = top + px(_PAD) // 2 + self._line // 2, top + pitch - px(_HEAD)
        if row.is_folded:
            for x in lanes:
                add("line", (x, top, x, upper), fill=ground, width=px(3))
                add("line", tuple(fold(x, top, upper + px(_PAD), px(_HEAD))), fill=muted)
        if has_times:
            for y, words in ((lower - self._line // 3, row.time), (upper, row.gap)):
                if words:
                    add("text", (px(_MARGIN), y), text=words, anchor="w", font=small, fill=muted)
        elif row.is_folded:
            row = row._replace(words=f"{row.gap}  {row.words}")
        for stroke in strokes(row.step, lanes, lower, px(_HEAD)):
            if stroke.is_filled:
                add("polygon", stroke.points, fill=color, outline=color)
            else:
                dash = (px(4), px(3)) if stroke.is_dashed else ()
                add("line", stroke.points, fill=color, width=max(1, px(1.4)), dash=dash)
        self._write(row, lanes, upper, top + pitch // 2, color if row.kind in (FAILURE, FAULT) else ink, ground)

    def _write(self, row: SequenceRow, lanes: list[int], upper: int, middle: int, ink: str, ground: str) -> None:
        """The words, above the arrow; of what goes nowhere, across all lanes."""
        px, wide = self._theme.px, self._advances
        start, stop = (lanes[min(lane, len(lanes) - 1)] for lane in (row.step.start, row.step.stop))
        if start != stop:
            room = abs(stop - start) - px(2 * _PAD)
            if row.kind != MESSAGE and len(lanes) == 2:  # what happened may say more than fits between
                room = max(room, self._wide - lanes[0] - px(_MARGIN))
            words = wide.elided(row.words, room)
            x = min((start + stop) // 2, self._wide - px(_MARGIN) - wide.width(words) // 2)
            self._write_on_ground(words, x, upper, ink, ground)
            return
        left, right = lanes[0] - px(_PAD), self._wide - px(_MARGIN)
        shift = px(2 * _HEAD) if row.step.is_fault and start == lanes[0] else 0
        words = wide.elided(row.words, right - left - shift)
        x = min((lanes[0] + lanes[-1]) // 2, right - wide.width(words) // 2)
        self._write_on_ground(words, x, upper if row.step.is_fault or row.step.is_timeout else middle, ink, ground)

    def _write_on_ground(self, words: str, x: int, y: int, ink: str, ground: str) -> None:
        """Words around a point, on a ground that hides the lanes behind them."""
        half, high = self._advances.width(words) // 2 + self._theme.px(2), self._line // 2 + 1
        self._add("rectangle", (x - half, y - high, x + half, y + high), fill=ground, outline="")
        self._add("text", (x, y), text=words, font=self._theme.small, fill=ink)

    def _restyle(self) -> None:
        small = self._theme.small
        self._line, self._advances, self._named = int(small.metrics("linespace")), Advances(small.measure), None
        for canvas in (self.canvas, self._names):
            canvas.configure(background=self._theme.palette.pane)
        self.redraw()
