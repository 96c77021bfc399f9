"""The state of a socket: the diagram with the present state lit and the way it came, its figures, and a gauge."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from itertools import pairwise
from tkinter import ttk

from core.tcp import TcpState
from gui.theme.theme import Theme
from gui.viewmodels.socket_state import EDGES, PLACES, SHORT, SocketView, Watched
from gui.widgets.bindings import bind_own, breaking, focus_now
from gui.widgets.controls import Choice, ThinProgress
from gui.widgets.fitting import elided, wrap_within
from gui.widgets.scrolling import ScrollingPage

EMPTY = "No TCP socket of Tincan's is on view."
INFERRED = "inferred: from what Tincan did and saw"
TOLD = "as the system tells it"
_MARGIN, _ROW, _BOX = 10, 44, 26  # pixels at 96 dots an inch: around; of the diagram, from row to row, and a box
_COLUMNS, _ROWS = 3, 6


class SocketStatePane(ttk.Frame):
    """Shows what it is given; ``on_choose`` gets another socket to look at."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Watched], None], on_close: Callable[[], None]
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, px = theme, theme.px
        self._view: SocketView | None = None
        head = ttk.Frame(self, style="Window.TFrame")
        ttk.Label(head, text="State of the socket", style="Window.Strong.TLabel").pack(side="left")
        close = ttk.Button(head, text="Close", width=-1, command=on_close)
        close.bind("<Return>", lambda event: event.widget.invoke())
        close.pack(side="right")
        head.pack(fill="x", padx=px(_MARGIN), pady=(px(8), px(4)))
        self.choice: Choice[Watched] = Choice(self, on_choose)
        self.choice.pack(fill="x", padx=px(_MARGIN), pady=(0, px(4)))
        self._page = ScrollingPage(self, theme)
        self._page.pack(fill="both", expand=True, padx=(px(1), 0))
        body = self._page.body
        self.words = ttk.Label(body, style="Window.Strong.TLabel")
        self.source = ttk.Label(body, style="Window.Muted.TLabel", justify="left")
        self.canvas = tk.Canvas(body, width=1, height=px(_ROW * _ROWS), borderwidth=0, highlightthickness=px(2))
        self.canvas.configure(takefocus=True)
        self.way = ttk.Label(body, style="Window.TLabel", justify="left")
        self.gauge = ttk.Label(body, style="Window.Error.TLabel", justify="left")
        self._fill = ThinProgress(body, theme)
        self._facts = ttk.Frame(body, style="Window.TFrame")
        self._facts.columnconfigure(1, weight=1)
        self._rows: list[tuple[ttk.Label, ttk.Label]] = []
        for part in (self.words, self.source, self.canvas, self.way, self.gauge, self._fill, self._facts):
            part.pack(fill="x", padx=px(_MARGIN), pady=px(2))
        for label in (self.source, self.way, self.gauge):
            wrap_within(label, body, lambda: px(2 * _MARGIN))
        ttk.Frame(self, style="Line.TFrame", width=px(1)).place(x=0, y=0, relheight=1.0)
        bind_own(self.canvas, "<Configure>", self._draw)
        self.bind("<<Close>>", breaking(on_close))
        for widget in (close, self.choice, self.canvas):
            widget.bind("<Escape>", breaking(on_close))
        self._page.settle()
        theme.subscribe(self._draw, self)
        self.show(SocketView())

    def show(self, view: SocketView) -> None:
        """Show this."""
        if view == self._view:
            return
        known, self._view = self._view, view
        if view.chosen is not None:
            self.choice.offer(view.options, view.chosen)
        self.choice.state(["!disabled" if view.options else "disabled"])
        self.words.configure(text=view.way[-1].value if view.way else EMPTY)
        self.source.configure(text=(INFERRED if view.is_inferred else TOLD) if view.way else "")
        self.way.configure(text=" → ".join(state.value for state in view.way) if len(view.way) > 1 else "")
        self.gauge.configure(text=view.gauge)
        self._fill.put(view.fill)
        if view.fill and not self._fill.winfo_manager():
            self._fill.pack(fill="x", padx=self._theme.px(_MARGIN), pady=self._theme.px(2), before=self._facts)
        elif not view.fill:
            self._fill.pack_forget()
        self._show_facts(view)
        if known is None or known.way != view.way:
            self._draw()

    def focus_first(self) -> None:
        """Bring the keyboard to the choice of sockets, or to the diagram if there is none."""
        focus_now(self.choice if self._view is not None and self._view.options else self.canvas)

    def _show_facts(self, view: SocketView) -> None:
        while len(self._rows) < len(view.facts):
            row = len(self._rows)
            name, value = (ttk.Label(self._facts, style=f"Window.{style}TLabel") for style in ("Muted.", ""))
            name.grid(row=row, column=0, sticky="w", padx=(0, self._theme.px(_MARGIN)))
            value.grid(row=row, column=1, sticky="w")
            self._rows.append((name, value))
        for (name, value), fact in zip(self._rows, view.facts, strict=False):
            name.configure(text=fact[0])
            value.configure(text=fact[1])
        for place, labels in enumerate(self._rows):
            for label in labels:
                label.grid() if place < len(view.facts) else label.grid_remove()

    # The diagram.

    def _draw(self) -> None:
        theme, canvas = self._theme, self.canvas
        p, px = theme.palette, theme.px
        canvas.configure(
            background=p.pane, height=px(_ROW * _ROWS), highlightcolor=p.focus, highlightbackground=p.border
        )
        canvas.delete("all")
        way = self._view.way if self._view is not None else ()
        passed = set(pairwise(way))
        for edge in EDGES:
            if edge not in passed:
                self._draw_edge(edge, is_passed=False)
        for pair in passed:
            self._draw_edge(pair, is_passed=True)
        for state in PLACES:
            self._draw_state(state, is_passed=state in way, is_now=bool(way) and state is way[-1])

    def _middle(self, state: TcpState) -> tuple[float, float]:
        column, row = PLACES[state]
        return (column + 0.5) * self.canvas.winfo_width() / _COLUMNS, (row + 0.5) * self._theme.px(_ROW)

    def _half(self) -> tuple[float, float]:
        """Half the width and half the height of a box."""
        return self.canvas.winfo_width() / _COLUMNS / 2 - self._theme.px(5), self._theme.px(_BOX) / 2

    def _draw_edge(self, edge: tuple[TcpState, TcpState], *, is_passed: bool) -> None:
        p, px = self._theme.palette, self._theme.px
        (x0, y0), (x1, y1) = map(self._middle, edge)
        wide, high = self._half()
        start, stop = _on_box(x0, y0, x1, y1, wide, high), _on_box(x1, y1, x0, y0, wide, high)
        self.canvas.create_line(
            *start, *stop, fill=p.accent if is_passed else p.strong_border, width=px(2) if is_passed else 1,
            arrow="last", arrowshape=(px(6), px(7), px(3)),
        )  # fmt: skip

    def _draw_state(self, state: TcpState, *, is_passed: bool, is_now: bool) -> None:
        theme = self._theme
        p, px = theme.palette, theme.px
        (x, y), (wide, high) = self._middle(state), self._half()
        ink = p.accent_text if is_now else p.text if is_passed else p.muted
        self.canvas.create_rectangle(
            x - wide, y - high, x + wide, y + high, fill=p.accent if is_now else p.field,
            outline=p.accent if is_passed else p.strong_border, width=px(2) if is_passed else 1,
        )  # fmt: skip
        room, words = max(1, int(2 * wide - px(4))), state.value
        if theme.small.measure(words) > room:
            words = elided(SHORT.get(state, words), theme.small, room)
        self.canvas.create_text(x, y, text=words, font=theme.small, fill=ink)


def _on_box(x: float, y: float, to_x: float, to_y: float, wide: float, high: float) -> tuple[float, float]:
    """Where the line from the middle of a box to another place leaves it."""
    by_x, by_y = to_x - x, to_y - y
    share = min(wide / abs(by_x) if by_x else 1.0, high / abs(by_y) if by_y else 1.0)
    return x + share * by_x, y + share * by_y
