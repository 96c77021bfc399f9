"""What the boundary ruler looks like: few things on a canvas, however many boundaries there are."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Iterator
from typing import Literal

from gui.theme.theme import Theme
from gui.viewmodels.ruler import (
    MESSAGE,
    RECV,
    SEND,
    Box,
    ChosenPiece,
    Comb,
    Lane,
    Ruled,
    Scale,
    box_words,
    comb_words,
    drawn,
    ticks,
)

_LANE, _GAP, _AXIS, _EDGE, _PAD = 20, 5, 15, 3, 5  # heights, and what stays free, at 96 dots an inch
_TICKS_APART = 64
_WEDGE = 4  # half of its width


class RulerDrawing:
    """Draws on a canvas that is the caller's."""

    def __init__(self, canvas: tk.Canvas, theme: Theme) -> None:
        self._canvas = canvas
        self._theme = theme
        self._scale = Scale(0, 1, 1)
        self._left = 0

    def left(self, ruled: Ruled) -> int:
        """Where the bytes begin, in pixels: right of the names of the lanes."""
        names = [MESSAGE, *map(_name, ruled.lanes)]
        return max(map(self._theme.small.measure, names)) + self._theme.px(3 * _PAD)

    def room(self, ruled: Ruled) -> int:
        """Pixels for the bytes."""
        return max(1, self._canvas.winfo_width() - self.left(ruled) - self._theme.px(_PAD))

    def lane_at(self, y: int) -> int:
        """The lane at a height; there may be none of that number."""
        return (y - self._axis_height) // (self._lane_height + self._theme.px(_GAP))

    def draw(self, ruled: Ruled, scale: Scale, *, lane: int, chosen: ChosenPiece | None, cursor: int) -> None:
        """Draw everything anew. ``lane`` is where the keys work, ``cursor`` a byte of the message."""
        canvas = self._canvas
        self._scale, self._left = scale, self.left(ruled)
        canvas.delete("all")
        bottom = self._top_of(len(ruled.lanes))
        if int(str(canvas.cget("height"))) != bottom:
            canvas.configure(height=bottom)
        for number, each in enumerate(ruled.lanes):
            self._draw_lane(number, each, ruled)
        self._draw_frame(ruled, bottom)
        self._draw_absences(ruled)
        self._draw_wedges(ruled)
        if chosen is not None:
            self._draw_chosen(ruled, chosen)
        self._draw_axis(ruled, cursor)
        self._draw_names(ruled, lane, bottom)

    @property
    def _lane_height(self) -> int:
        return max(self._theme.px(_LANE), self._theme.small.metrics("linespace") + self._theme.px(4))

    @property
    def _axis_height(self) -> int:
        return max(self._theme.px(_AXIS), self._theme.small.metrics("linespace")) + self._theme.px(_EDGE)

    def _top_of(self, lane: int) -> int:
        return self._axis_height + lane * (self._lane_height + self._theme.px(_GAP))

    def _draw_lane(self, number: int, lane: Lane, ruled: Ruled) -> None:
        if lane.absence:
            return  # what it says stands over the lines that go through all lanes
        p, top = self._theme.palette, self._top_of(number)
        bottom = top + self._lane_height
        found = drawn(lane, self._scale)
        if isinstance(found, Comb):
            self._draw_comb(found, lane, top, bottom)
            return
        own = ruled.own(lane)
        for box in found:
            fill, ink = self._colours(lane) if box.place in own else (p.pane, p.muted)
            left, right = self._left + box.left, self._left + box.right
            self._canvas.create_rectangle(left, top, right, bottom, fill=fill, outline=p.strong_border)
            self._label(box, box_words(ruled, lane, box.place), (top + bottom) // 2, ink)

    def _label(self, box: Box, choices: tuple[str, ...], y: int, ink: str) -> None:
        """The longest words that there is room for, in the middle of what is in sight of the piece."""
        left, right = max(box.left, 0.0), min(box.right, float(self._scale.width))
        room = right - left - 2 * self._theme.px(3)
        words = next((each for each in choices if self._theme.small.measure(each) <= room), "")
        if words:
            self._write(self._left + (left + right) / 2, y, words, ink)

    def _draw_comb(self, comb: Comb, lane: Lane, top: int, bottom: int) -> None:
        """One line through all teeth: a call into Tk for each of them would take too long."""
        p, canvas, left = self._theme.palette, self._canvas, self._left
        fill, ink = self._colours(lane)
        canvas.create_rectangle(left + comb.left, top, left + comb.right, bottom, fill=fill, outline=p.strong_border)
        line = [place for x in comb.teeth for place in (left + x, top, left + x, bottom, left + x, top)]
        if line:
            canvas.create_line(line, fill=p.strong_border)
        x = left + (max(comb.left, 0.0) + min(comb.right, float(self._scale.width))) / 2
        words = self._write(x, (top + bottom) // 2, comb_words(lane, comb.pieces), ink)
        x0, y0, x1, y1 = canvas.bbox(words)
        pad = self._theme.px(3)
        canvas.create_rectangle(x0 - pad, max(y0, top + 1), x1 + pad, min(y1, bottom - 1), fill=fill, outline="")
        canvas.tag_raise(words)

    def _draw_frame(self, ruled: Ruled, bottom: int) -> None:
        """Where the message begins and ends, through all lanes."""
        p, dash = self._theme.palette, (self._theme.px(3), self._theme.px(3))
        for byte in (ruled.start, ruled.stop):
            x = self._left + self._scale.x(byte)
            if self._left <= x <= self._left + self._scale.width:
                end = bottom - self._theme.px(_GAP) + self._theme.px(2)
                self._canvas.create_line(x, self._axis_height - self._theme.px(2), x, end, fill=p.accent, dash=dash)

    def _draw_absences(self, ruled: Ruled) -> None:
        """Why a lane has nothing in it."""
        for number, lane in enumerate(ruled.lanes):
            if lane.absence:
                left, y = self._left + 2 * self._theme.px(_PAD), self._top_of(number) + self._lane_height // 2
                words = self._write(left, y, lane.absence, self._theme.palette.muted, anchor="w")
                pad, (x0, y0, x1, y1) = self._theme.px(3), self._canvas.bbox(words)
                self._canvas.create_rectangle(x0 - pad, y0, x1 + pad, y1, fill=self._theme.palette.pane, outline="")
                self._canvas.tag_raise(words)

    def _draw_wedges(self, ruled: Ruled) -> None:
        """A wedge wherever one end has a boundary that the other has not, in the gap between the two lanes."""
        sends, recvs = ruled.lanes[0], ruled.lanes[1]
        if sends.absence or recvs.absence:
            return
        px, y = self._theme.px, self._top_of(1) - self._theme.px(_GAP)
        for lane, other, is_cut in ((recvs, sends, True), (sends, recvs, False)):
            for x in self._unmatched(lane, other):
                tip, base = (y - px(2), y + px(_GAP)) if is_cut else (y + px(_GAP) + px(2), y)
                corners = (x, tip, x - px(_WEDGE), base, x + px(_WEDGE), base)
                self._canvas.create_polygon(corners, fill=self._theme.palette.warning)

    def _unmatched(self, lane: Lane, other: Lane) -> Iterator[float]:
        found = drawn(lane, self._scale)
        if isinstance(found, Comb):
            return
        latest = -math.inf
        for box in found:
            stop = lane.piece(box.place)[1]
            is_alone = other.holding(stop) is not None and not other.ends_at(stop)
            if is_alone and latest + 2 * self._theme.px(_WEDGE) <= box.right <= self._scale.width:
                latest = box.right
                yield self._left + latest

    def _draw_chosen(self, ruled: Ruled, chosen: ChosenPiece) -> None:
        start, stop = ruled.lanes[chosen.lane].piece(chosen.place)
        top, left = self._top_of(chosen.lane), self._left
        self._canvas.create_rectangle(
            left + self._scale.x(start), top, left + self._scale.x(stop), top + self._lane_height,
            outline=self._theme.palette.focus, width=self._theme.px(3),
        )  # fmt: skip

    def _draw_axis(self, ruled: Ruled, cursor: int) -> None:
        """Numbers count from the message's first byte; the wedge is where the cursor is in the bytes below."""
        p, px, base = self._theme.palette, self._theme.px, self._axis_height - self._theme.px(_EDGE)
        apart = max(px(_TICKS_APART), self._theme.small.measure(f"{ruled.stop - ruled.start:,}") + px(16))
        for x, number in ticks(self._scale, ruled.start, apart):
            if 0 <= x <= self._scale.width and 0 <= number <= ruled.stop - ruled.start:
                self._write(self._left + x, base // 2, f"{number:,}", p.muted)
                self._canvas.create_line(self._left + x, base, self._left + x, self._axis_height, fill=p.muted)
        x = self._left + self._scale.x(ruled.start + cursor + 0.5)
        if self._left <= x <= self._left + self._scale.width:
            corners = (x - px(_WEDGE), base - px(2), x + px(_WEDGE), base - px(2), x, self._axis_height)
            self._canvas.create_polygon(corners, fill=p.accent)

    def _draw_names(self, ruled: Ruled, lane: int, bottom: int) -> None:
        """Last, so that they cover what is out of sight on the left; a stripe on the right does the same."""
        p, canvas = self._theme.palette, self._canvas
        edge = int(str(canvas.cget("highlightthickness")))
        canvas.create_rectangle(edge, 0, self._left, bottom, fill=p.pane, outline="")
        right = self._left + self._scale.width + 1
        canvas.create_rectangle(right, 0, canvas.winfo_width() - edge, bottom, fill=p.pane, outline="")
        for number, each in enumerate(ruled.lanes):
            y = self._top_of(number) + self._lane_height // 2
            ink = p.text if number == lane else p.muted
            self._write(self._left - self._theme.px(_PAD), y, _name(each), ink, anchor="e")

    def _write(self, x: float, y: int, words: str, ink: str, anchor: Literal["center", "e", "w"] = "center") -> int:
        return self._canvas.create_text(x, y, text=words, fill=ink, font=self._theme.small, anchor=anchor)

    def _colours(self, lane: Lane) -> tuple[str, str]:
        p = self._theme.palette
        return {
            SEND: (p.outgoing, p.outgoing_text), RECV: (p.incoming, p.incoming_text), MESSAGE: (p.chosen, p.chosen_text)
        }[lane.kind]  # fmt: skip


def _name(lane: Lane) -> str:
    return f"{lane.who} {lane.kind}" if lane.who else lane.kind
