"""The figures: four charts with their numbers, and a table of the connections, on a page that scrolls."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.theme.theme import Theme
from gui.viewmodels.figures import Chart, TableRow, charts, table
from gui.viewmodels.wrapping import Advances
from gui.widgets.bindings import bind_own, breaking, focus_now
from gui.widgets.fitting import wrap_within
from gui.widgets.row_view import Picture, RowView
from gui.widgets.scrolling import ScrollingPage

if TYPE_CHECKING:
    from core.journal.reading.figures import Figures

READING = "Reading the journal…"
_MARGIN, _HIGH, _TABLE_ROWS = 10, 84, 8  # pixels at 96 dots an inch: around, of a chart; rows of the table


class FiguresPane(ttk.Frame):
    """Shows figures as they come."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_save: Callable[[], None], on_close: Callable[[], None]
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, px = theme, theme.px
        head = ttk.Frame(self, style="Window.TFrame")
        ttk.Label(head, text="Figures", style="Window.Strong.TLabel").pack(side="left")
        self._save = ttk.Button(head, text="Save…", width=-1, command=on_save)
        close = ttk.Button(head, text="Close", width=-1, command=on_close)
        for button in (self._save, close):
            button.bind("<Return>", lambda event: event.widget.invoke())
        close.pack(side="right")
        self._save.pack(side="right", padx=px(4))
        head.pack(fill="x", padx=px(_MARGIN), pady=(px(8), px(4)))
        self._state = ttk.Label(self, text=READING, style="Window.Muted.TLabel")
        self._page = ScrollingPage(self, theme)
        self._page.pack(fill="both", expand=True, padx=(px(1), 0))
        self._charts = [ChartView(self._page.body, theme) for _ in range(4)]
        for chart in self._charts:
            chart.pack(fill="x", padx=px(_MARGIN), pady=(px(4), px(6)))
        self._heading = ttk.Label(self._page.body, text="Connections", style="Window.Strong.TLabel")
        self._heading.pack(anchor="w", padx=px(_MARGIN))
        self.table = Table(self._page.body, theme)
        self.table.pack(fill="x", padx=px(_MARGIN), pady=(px(2), px(8)))
        ttk.Frame(self, style="Line.TFrame", width=px(1)).place(x=0, y=0, relheight=1.0)
        self.bind("<<Close>>", breaking(on_close))
        for widget in (self._save, close, self.table.text, *(chart.canvas for chart in self._charts)):
            widget.bind("<Escape>", breaking(on_close))
        self._page.settle()
        self.show(None, is_all=False)

    def show(self, figures: Figures | None, *, is_all: bool) -> None:
        """Show figures, which may not be of all that there is yet; None while there are none."""
        if is_all:
            self._state.pack_forget()
        elif not self._state.winfo_manager():
            self._state.pack(anchor="w", padx=self._theme.px(_MARGIN), before=self._page)
        self._save.state(["disabled" if figures is None else "!disabled"])
        if figures is None:
            return
        for view, chart in zip(self._charts, charts(figures), strict=True):
            view.show(chart)
        more = f" ({figures.left_out:,} more said less)" if figures.left_out else ""
        self._heading.configure(text=f"Connections{more}")
        self.table.show(table(figures))

    def focus_first(self) -> None:
        """Bring the keyboard to the first chart."""
        focus_now(self._charts[0].canvas)

    @property
    def charts(self) -> Sequence[ChartView]:
        """The charts, from above."""
        return self._charts


class ChartView(ttk.Frame):
    """One chart: its title, its numbers, its bars. Left and Right, or the mouse, tell of a single bar."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self.px = theme.px
        self._chart = Chart("", "")
        self.pointed: int | None = None  # the bar that is told of
        self._items: list[tuple[object, ...]] = []  # of the canvas, as Tk's command to create them has them
        self._title = ttk.Label(self, style="Window.Strong.TLabel")
        self._title.pack(anchor="w")
        self.words = ttk.Label(self, style="Window.TLabel", justify="left")
        self.words.pack(anchor="w")
        wrap_within(self.words, self, lambda: 0)
        self.canvas = tk.Canvas(self, width=1, height=theme.px(_HIGH), borderwidth=0, takefocus=True)
        self.canvas.pack(fill="x")
        bind_own(self.canvas, "<Configure>", self._draw)
        self.canvas.bind("<Motion>", lambda event: self._point(self._bar_at(event.x)))
        self.canvas.bind("<Button-1>", lambda _event: self.canvas.focus_set())
        for sequence in ("<Leave>", "<FocusOut>"):
            self.canvas.bind(sequence, lambda _event: self._point(None))
        for key, step in {"Left": -1, "Right": 1, "Home": -(1 << 30), "End": 1 << 30}.items():
            self.canvas.bind(f"<{key}>", breaking(partial(self._step, step)))
        theme.subscribe(self._restyle, self)

    def show(self, chart: Chart) -> None:
        """Show this."""
        if chart == self._chart:
            return
        if chart.title != self._chart.title:
            self._title.configure(text=chart.title)
        self._chart = chart
        self._point(self.pointed if self.pointed is not None and self.pointed < len(chart.bars) else None)
        self._draw()

    def _step(self, step: int) -> None:
        last = len(self._chart.bars) - 1
        if last >= 0:
            before = self.pointed if self.pointed is not None else -1 if step > 0 else last + 1
            self._point(max(0, min(before + step, last)))

    def _point(self, bar: int | None) -> None:
        """Tell of one bar; of all of them without one."""
        is_other, self.pointed = bar != self.pointed, bar
        self.words.configure(text=self._chart.bars[bar].words if bar is not None else self._chart.summary)
        if is_other:
            self._draw()

    def _bar_at(self, x: int) -> int | None:
        left, right = self._sides()
        bars = len(self._chart.bars)
        return min(bars - 1, (x - left) * bars // (right - left)) if bars and left <= x < right else None

    def _sides(self) -> tuple[int, int]:
        edge = self.px(6)
        return edge, max(edge + 1, self.canvas.winfo_width() - edge)

    def _draw(self) -> None:
        chart, p, px = self._chart, self._theme.palette, self.px
        self._items = []
        left, right = self._sides()
        top, bottom = self._line + px(6), px(_HIGH) + self._line
        has_below = any(bar.below for bar in chart.bars)
        middle = (top + bottom) // 2 if has_below else bottom
        width = (right - left) / max(1, len(chart.bars))
        gap = px(1) if width > px(4) else 0
        sides = [
            (left + place * width, max(left + place * width + 1, left + (place + 1) * width - gap))
            for place in range(len(chart.bars))
        ]
        if self.pointed is not None:
            x0, x1 = sides[self.pointed]
            self._add("rectangle", (x0, top, x1, bottom), fill=p.selection, outline="")
        for shares, color, room in (
            ([bar.above for bar in chart.bars], p.accent, top - middle),
            ([bar.below for bar in chart.bars], p.good, bottom - middle),
        ):
            points = _outline(sides, shares, middle, room)
            if points:
                self._add("polygon", points, fill=color, outline="")
        self._add("line", (left, middle, right, middle), fill=p.strong_border)
        self._write_axis(left, right, bottom)
        if has_below:
            self._write_ways(right, top, bottom)
        self._draw_marks(left, right, top, bottom)
        self.canvas.delete("all")
        # In one call for all of them, since each gives the interpreter away.
        self.tk.call("foreach", "item", tuple(self._items), f"{self.canvas} create {{*}}$item")

    def _add(self, kind: str, coordinates: Sequence[float], **options: object) -> None:
        """Have an item on the canvas, above those before it."""
        self._items.append((kind, *coordinates, *(word for name in options for word in (f"-{name}", options[name]))))

    def _write(self, x: float, y: float, words: str, anchor: str, fill: str) -> None:
        self._add("text", (x, y), text=words, anchor=anchor, font=self._theme.small, fill=fill)

    def _write_axis(self, left: int, right: int, bottom: int) -> None:
        chart, muted, px, elided = self._chart, self._theme.palette.muted, self.px, self._advances.elided
        half = (right - left) // 2 - px(4)
        y = bottom + self._line // 2 + px(3)
        self._write(left, y, elided(chart.start, half), "w", muted)
        self._write(right, y, elided(chart.stop, half), "e", muted)
        if chart.highest:
            self._write(left, self._line // 2 + px(3), elided(chart.highest, half), "w", muted)

    def _write_ways(self, right: int, top: int, bottom: int) -> None:
        """Which way is which, so that it is not told by colour alone."""
        muted, px = self._theme.palette.muted, self.px
        self._write(right, top - px(2), "received ↑", "se", muted)
        self._write(right // 2, bottom + self._line + px(3), "sent ↓", "s", muted)

    def _draw_marks(self, left: int, right: int, top: int, bottom: int) -> None:
        """Lines through the bars, and their names, each on a row of its own where they would meet."""
        p, px = self._theme.palette, self.px
        taken = right + px(1)
        for share, name in reversed(self._chart.marks):
            x = left + share * (right - left)
            self._add("line", (x, top, x, bottom), fill=p.text, dash=(px(3), px(2)))
            wide = self._advances.width(name)
            x = min(x + wide / 2, taken - px(4)) if x + wide / 2 > taken - px(4) else x + wide / 2
            self._write(x, top - px(2), name, "se", p.text)
            taken = round(x - wide)

    def _restyle(self) -> None:
        p, px, small = self._theme.palette, self.px, self._theme.small
        self._line, self._advances = int(small.metrics("linespace")), Advances(small.measure)
        self.canvas.configure(
            background=p.pane, height=px(_HIGH) + 2 * self._line, highlightthickness=px(2), highlightcolor=p.focus,
            highlightbackground=p.border,
        )  # fmt: skip
        self._draw()


def _outline(sides: Sequence[tuple[float, float]], shares: Sequence[float], line: int, room: int) -> list[float]:
    """All bars as one shape, along the line: a call into Tk for each would take too long."""
    points: list[float] = []
    for (x0, x1), share in zip(sides, shares, strict=True):
        if share:
            y = line + (round(share * room) or (1 if room > 0 else -1))
            points += [x0, line, x0, y, x1, y, x1, line]
    return points


class Table(RowView):
    """The connections, a row each."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, theme, theme.small, height=1)
        self._rows: Sequence[TableRow] = ()
        self._stops: tuple[int, ...] = ()
        for key, rows in {"Up": -1, "Down": 1, "Home": -(1 << 30), "End": 1 << 30}.items():
            self.text.bind(f"<{key}>", breaking(partial(self.scroll, rows)))
        theme.subscribe(self._restyle, self)

    def show(self, rows: Sequence[TableRow]) -> None:
        """Show these."""
        self._rows, self.total = rows, len(rows)
        height = max(1, min(_TABLE_ROWS, len(rows)))
        if int(str(self.text.cget("height"))) != height:
            self.text.configure(height=height)
        self.reshape()
        self.redraw()

    def paint(self, first: int, count: int) -> Picture:
        return Picture("\n".join("\t".join(row) for row in self._rows[first : first + count]))

    def reshape(self) -> None:
        """A column as wide as the widest that will stand in it."""
        stops, at = list[int](), 0
        for column in range(len(TableRow._fields) - 1):
            widest = max((self._advances.width(row[column]) for row in self._rows[:100]), default=0)
            at += widest + self.theme.px(2 * _MARGIN)
            stops.append(at)
        if tuple(stops) != self._stops:
            self._stops = tuple(stops)
            self.text.configure(tabs=self._stops)

    def _restyle(self) -> None:
        p = self.theme.palette
        self._advances = Advances(self.font.measure)
        self.text.configure(
            background=p.pane, foreground=p.text, font=self.font, highlightcolor=p.focus, highlightbackground=p.border
        )
        self.reshape()
        self.redraw()
