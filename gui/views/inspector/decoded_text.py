"""Bytes read as text, a few lines of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from itertools import chain
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.inspection import MOST_READ, Range, reading
from gui.viewmodels.typeset_row import Body
from gui.views.inspector import Lines, Place, Section
from gui.widgets.bindings import breaking
from gui.widgets.clipboard import give
from gui.widgets.text_selection import colour_selection

_ROWS = 4


class DecodedText(Section):
    """The first of some bytes as text; what is not text stands there as marks."""

    where = Place.BELOW_BYTES
    lines = Lines(12, 9)  # of which, in a column, three are for more calls
    priority = 3

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Range | None], None]) -> None:
        super().__init__(parent, theme, on_choose=on_choose)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._shown: tuple[bytes, int, bool] | None = None
        self._decoding = UTF_8
        self._heading = ttk.Label(self, style="Pane.Muted.TLabel")
        self._heading.pack(anchor="w", padx=theme.px(6))
        self.text = tk.Text(
            self, wrap="char", state="disabled", width=10, height=_ROWS, borderwidth=0, undo=False, insertwidth=0,
            takefocus=True, cursor="arrow", padx=theme.px(4), pady=theme.px(3), highlightthickness=theme.px(2),
        )  # fmt: skip
        bar = ttk.Scrollbar(self, command=self.text.yview, takefocus=False)
        self._bar = bar
        self.text.bind("<<Copy>>", breaking(self._copy))
        self.text.configure(yscrollcommand=self._view_moved)
        bar.pack(side="right", fill="y", pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True)
        self.text.bind("<Button-1>", lambda _event: self.text.focus_set(), add=True)
        theme.subscribe(self._restyle)
        colour_selection(self.text, theme)
        self.bind("<Destroy>", self._unsubscribe, add=True)

    @property
    def inputs(self) -> tuple[tk.Widget, ...]:
        return (self.text,)

    def read(self, data: bytes, size: int, *, is_selection: bool) -> None:
        if self._shown != (data, size, is_selection):
            self._shown = (data, size, is_selection)
            self._write(data, size, is_selection=is_selection)

    def read_as(self, decoding: Decoding) -> None:
        self._decoding = decoding
        if self._shown is not None:
            data, size, is_selection = self._shown
            self._write(data, size, is_selection=is_selection)

    def _write(self, data: bytes, size: int, *, is_selection: bool) -> None:
        words = "Selected bytes as text" if is_selection else "As text"
        self._heading.configure(text=f"{words} (the first {MOST_READ:,} bytes)" if size > MOST_READ else words)
        spans = reading(data, size - len(data), self._safety, self._decoding)
        runs = chain.from_iterable((span.text, "mark" if span.is_mark else "") for span in spans)
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if spans:
            self.tk.call(str(self.text), "insert", "end", *runs)
        self.text.configure(state="disabled")

    def _copy(self) -> None:
        """Copy the bytes of what is selected, as text or as escapes where it must be; a part of a mark is all of it."""
        ranges = self.text.tag_ranges("sel")
        if self._shown is None or not ranges:
            return
        from core.compose import write_as

        data = self._shown[0]
        shown = Body(data, self._decoding, self._safety, has_more=True).ranges()
        first, last = (len(self.text.get("1.0", str(index))) for index in (ranges[0], ranges[-1]))
        found = shown[first:last]
        if found:
            data = data[found[0][0] : found[-1][1]]
            give(self.text, write_as("text", data, self._decoding.encoding), data)

    def _view_moved(self, first: float, last: float) -> None:
        idle = float(first) <= 0 and float(last) >= 1
        self._bar.configure(style="Idle.Vertical.TScrollbar" if idle else "Vertical.TScrollbar")
        self._bar.set(first, last)

    def _restyle(self) -> None:
        p = self._theme.palette
        self.text.configure(
            background=p.pane, foreground=p.text, font=self._theme.text, highlightcolor=p.focus,
            highlightbackground=p.border,
        )  # fmt: skip
        self.text.tag_configure("mark", foreground=p.muted)

    def _unsubscribe(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._theme.forget(self._restyle)
