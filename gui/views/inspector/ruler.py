"""The boundary ruler: where each send ended, where each recv did, and the messages, one lane above the other."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from tkinter import ttk

from core.words import with_capital
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.inspection import Fact, Inspected, Range
from gui.viewmodels.ruler import ChosenPiece, Ruled, Scale, fitting, sentence, verdict
from gui.views.inspector import Lines, Place, Section
from gui.views.inspector.ruler_drawing import RulerDrawing
from gui.widgets.bindings import bind_wheel, breaking
from gui.widgets.fitting import wrap_within
from gui.widgets.row_view import WHEEL_ROWS

_READABLE = 40  # wide, at 96 dots an inch, is a piece that is chosen
_UNDER = 8  # below the sentence, at 96 dots an inch
_ZOOM = 1.25
_PAGE, _STEP = 0.8, 0.1  # of what is in sight: for a key, for a notch of the wheel


class Ruler(Section):
    """``on_choose`` gets the bytes of a chosen piece, counted from the message's first, or None for no more.

    Keys: Left and Right go to the boundary before and the next, Up and Down change the lane, plus and minus
    zoom, 0 shows the whole message, Home and End its first and last piece, Escape gives the choice up.
    """

    where = Place.ABOVE_BYTES
    lines = Lines(8, 8)
    priority = 1

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Range | None], None]) -> None:
        super().__init__(parent, theme, on_choose=on_choose)
        self._ruled: Ruled | None = None
        self._chosen: ChosenPiece | None = None
        self._scale = Scale(0, 1, 1)
        self._lane = 0
        self._cursor = 0
        self._planned: str | None = None
        self.canvas = tk.Canvas(self, borderwidth=0, takefocus=True, highlightthickness=theme.px(2), height=1, width=1)
        self._drawing = RulerDrawing(self.canvas, theme)
        self.canvas.grid(row=0, sticky="ew", padx=theme.px(2))
        self.columnconfigure(0, weight=1)
        self.words = ttk.Label(self, style="Pane.TLabel", font=theme.small, justify="left")
        self.words.grid(row=1, sticky="nw", padx=theme.px(6), pady=(0, theme.px(4)))
        wrap_within(self.words, self, lambda: 2 * theme.px(6))
        self.canvas.bind("<Configure>", self._resized)
        self._bind_keys()
        self._bind_mouse()
        theme.subscribe(self._restyle)
        self.bind("<Destroy>", self._forget, add=True)

    # What others call.

    @property
    def inputs(self) -> tuple[tk.Widget, ...]:
        return (self.canvas,)

    def wants(self, inspected: Inspected) -> bool:
        return inspected.source is not None and inspected.ruled is not None

    def instead(self, inspected: Inspected) -> list[Fact]:
        return [Fact("", verdict(inspected.ruled))] if inspected.ruled is not None else []

    def inspect(self, inspected: Inspected | None, *, keep: bool) -> None:
        self.show(inspected.ruled if inspected is not None else None, keep=keep)

    def show(self, ruled: Ruled | None, *, keep: bool = False) -> None:
        """Show a message's boundaries as a whole, or with ``keep`` from where the view is; nothing for None."""
        before, self._ruled = self._ruled, ruled
        if ruled is None:
            self._chosen = None
        elif not keep or before is None:
            self._chosen, self._cursor = None, 0
            self._lane = next((place for place, lane in enumerate(ruled.lanes) if lane.starts), 0)
            self._scale = fitting(ruled, self._drawing.room(ruled))
        elif self._chosen is not None and self._chosen.place >= len(ruled.lanes[self._chosen.lane].starts):
            self._chosen = None
        self._tell()

    def point(self, offset: int) -> None:
        """Mark a byte, counted from the message's first, as the one where the cursor is."""
        if offset != self._cursor:
            self._cursor = offset
            self.redraw()

    def forget_choice(self) -> None:
        """No piece is chosen any more."""
        if self._chosen is not None:
            self._chosen = None
            self._tell()

    @property
    def said(self) -> str:
        """The sentence below."""
        return str(self.words.cget("text"))

    @property
    def chosen(self) -> ChosenPiece | None:
        """The piece that is chosen."""
        return self._chosen

    def step(self, by: int) -> None:
        """Choose the next piece of the lane (1) or the one before (-1), from the cursor's if none is chosen."""
        ruled = self._ruled
        if ruled is None or not ruled.lanes[self._lane].starts:
            return
        lane = ruled.lanes[self._lane]
        if self._chosen is None:
            self._choose(lane.holding(ruled.start + self._cursor) or 0)
        else:
            self._choose(max(0, min(self._chosen.place + by, len(lane.starts) - 1)))

    def redraw(self) -> None:
        """Draw before the window rests, once for whatever else is asked for until then."""
        if self._planned is None:
            self._planned = self.after_idle(self._draw)

    # What is chosen.

    def _choose(self, place: int) -> None:
        ruled = self._ruled
        if ruled is None:
            return
        self._chosen = ChosenPiece(self._lane, place)
        start, stop = ruled.lanes[self._lane].piece(place)
        self._scale = self._scale.showing(start, stop, ruled.extent, self._theme.px(_READABLE))
        first, last = max(start, ruled.start), min(stop, ruled.stop)
        self._on_choose((first - ruled.start, last - ruled.start) if first < last else None)
        self._tell()

    def _change_lane(self, by: int) -> None:
        """Go to the next lane that has pieces, to the piece there under the one that was chosen."""
        ruled = self._ruled
        if ruled is None:
            return
        lanes = [place for place, lane in enumerate(ruled.lanes) if lane.starts]
        beyond = [place for place in lanes if (place - self._lane) * by > 0]
        if not beyond:
            return
        at = ruled.start + self._cursor
        if self._chosen is not None:
            at = max(ruled.lanes[self._lane].piece(self._chosen.place)[0], min(at, ruled.extent[1] - 1))
        self._lane = min(beyond) if by > 0 else max(beyond)
        lane = ruled.lanes[self._lane]
        found = lane.holding(at)
        self._choose(found if found is not None else len(lane.starts) - 1 if at >= lane.stop else 0)

    def _go_to_end(self, which: int) -> None:
        """The first piece of the message, or the last."""
        own = self._ruled.own(self._ruled.lanes[self._lane]) if self._ruled is not None else range(0)
        if own:
            self._choose(own[which])

    def _escape(self) -> bool:
        """Give up the choice; if there is none, the key is somebody else's."""
        if self._chosen is None:
            return False
        self._chosen = None
        self._on_choose(None)
        self._tell()
        return True

    def _zoom(self, factor: float, around: float | None = None) -> None:
        if self._ruled is not None:
            chosen = self._ruled.lanes[self._chosen.lane].piece(self._chosen.place) if self._chosen else None
            middle = sum(chosen) / 2 if chosen else self._scale.first + self._scale.span / 2
            self._scale = self._scale.zoomed(factor, middle if around is None else around, self._ruled.extent)
            self.redraw()

    def _pan(self, part: float) -> None:
        if self._ruled is not None:
            self._scale = self._scale.moved(part * self._scale.span, self._ruled.extent)
            self.redraw()

    def _fit(self) -> None:
        if self._ruled is not None:
            self._scale = fitting(self._ruled, self._drawing.room(self._ruled))
            self.redraw()

    def _tell(self) -> None:
        ruled = self._ruled
        words = "" if ruled is None else sentence(ruled, self._chosen) if self._chosen else verdict(ruled)
        self.words.configure(text=with_capital(words))
        self.redraw()

    def _resized(self, _event: object) -> None:
        """What is in sight stays in sight; before there was any room, nothing was."""
        if self._ruled is not None:
            self._scale = (
                fitting(self._ruled, self._drawing.room(self._ruled)) if self._scale.width == 1 else self._scale
            )
        self.redraw()

    def _draw(self) -> None:
        self._planned = None
        if self._ruled is None:
            self.canvas.delete("all")
            return
        self._scale = replace(self._scale, width=self._drawing.room(self._ruled))
        self._drawing.draw(self._ruled, self._scale, lane=self._lane, chosen=self._chosen, cursor=self._cursor)

    # Keys and mouse.

    def _bind_keys(self) -> None:
        acts: dict[str, Callable[[], object]] = {
            "Right": partial(self.step, 1), "Left": partial(self.step, -1),
            "Down": partial(self._change_lane, 1), "Up": partial(self._change_lane, -1),
            "Home": partial(self._go_to_end, 0), "End": partial(self._go_to_end, -1),
            "Next": partial(self._pan, _PAGE), "Prior": partial(self._pan, -_PAGE),
            "plus": partial(self._zoom, 1 / _ZOOM), "equal": partial(self._zoom, 1 / _ZOOM),
            "KP_Add": partial(self._zoom, 1 / _ZOOM), "minus": partial(self._zoom, _ZOOM),
            "KP_Subtract": partial(self._zoom, _ZOOM), "0": self._fit, "KP_0": self._fit,
        }  # fmt: skip
        for key, act in acts.items():
            self.canvas.bind(f"<Key-{key}>", breaking(act))
        self.canvas.bind("<Escape>", lambda _event: "break" if self._escape() else None)

    def _bind_mouse(self) -> None:
        canvas = self.canvas
        canvas.bind("<Button-1>", self._clicked)
        notch = HERE.notch(tk.TkVersion)
        canvas.bind("<Control-MouseWheel>", lambda event: self._turned(event, event.delta / notch))
        canvas.bind("<Control-Button-4>", lambda event: self._turned(event, 1))
        canvas.bind("<Control-Button-5>", lambda event: self._turned(event, -1))
        bind_wheel(canvas, lambda steps: self._pan(steps * _STEP), rows=1, row_height=lambda: self._theme.px(_READABLE))

    def _turned(self, event: tk.Event[tk.Misc], notches: float) -> str:
        if self._ruled is not None:
            around = self._scale.byte(event.x - self._drawing.left(self._ruled))
            self._zoom(_ZOOM ** -(notches * WHEEL_ROWS / 2), around)
        return "break"

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.canvas.focus_set()
        ruled = self._ruled
        row = self._drawing.lane_at(event.y)
        if ruled is None or not 0 <= row < len(ruled.lanes) or not ruled.lanes[row].starts:
            return "break"
        left = self._drawing.left(ruled)
        place = ruled.lanes[row].holding(math.floor(self._scale.byte(event.x - left)))
        if event.x >= left and place is not None:
            self._lane = row
            self._choose(place)
        return "break"

    # Colours and fonts.

    def _restyle(self) -> None:
        p = self._theme.palette
        self.canvas.configure(background=p.pane, highlightcolor=p.focus, highlightbackground=p.border)
        two_lines = 2 * self._theme.small.metrics("linespace") + self._theme.px(_UNDER)
        self.rowconfigure(1, minsize=two_lines)  # so that the bytes below stay where they are at most steps
        self.redraw()

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        self._theme.forget(self._restyle)
        if self._planned is not None:
            self.after_cancel(self._planned)
            self._planned = None
