"""A TLS handshake: what was offered, chosen and proved, in a text that scrolls and can be copied."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.inspection import Inspected, Range, handshake_groups
from gui.views.inspector import Lines, Place, Section
from gui.widgets.scrolling import QuietScrollbar
from gui.widgets.text_selection import colour_selection

_ROWS = 6  # at the least
_LONGEST = 2_000  # characters of a value
_INDENT = 12  # pixels at 96 dots an inch


class HandshakeSection(Section):
    """There where a note tells of a handshake, which may have failed."""

    where = Place.WITH_FACTS
    lines = Lines(0, 0)
    priority = 0
    fills = True

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Range | None], None]) -> None:
        super().__init__(parent, theme, on_choose=on_choose)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.text = tk.Text(
            self, wrap="word", state="disabled", width=10, height=_ROWS, borderwidth=0, undo=False, insertwidth=0,
            takefocus=True, cursor="arrow", padx=theme.px(6), pady=theme.px(4), highlightthickness=theme.px(2),
        )  # fmt: skip
        bar = QuietScrollbar(self, self.text.yview)
        self.text.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y", pady=theme.px(2))
        self.text.pack(side="left", fill="both", expand=True, padx=(theme.px(2), 0))
        self.text.bind("<Button-1>", lambda _event: self.text.focus_set(), add=True)
        theme.subscribe(self._restyle, self)
        colour_selection(self.text, theme)

    @property
    def inputs(self) -> tuple[tk.Widget, ...]:
        return (self.text,)

    def wants(self, inspected: Inspected) -> bool:
        return inspected.handshake is not None

    def inspect(self, inspected: Inspected | None, *, keep: bool) -> None:
        del keep
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if inspected is not None and inspected.handshake is not None:
            for heading, facts in handshake_groups(inspected.handshake):
                self.text.insert("end", f"{heading}\n", "heading")
                for name, value, is_problem in facts:
                    self.text.insert("end", f"{name}  ", "name")
                    self.text.insert(
                        "end", f"{self._safety.field(value, _LONGEST)}\n", ("value", "problem" if is_problem else "")
                    )
            self.text.delete("end-2c")
        self.text.configure(state="disabled")

    def _restyle(self) -> None:
        p, theme = self._theme.palette, self._theme
        self.text.configure(
            background=p.pane, foreground=p.text, font=theme.small, highlightcolor=p.focus, highlightbackground=p.border
        )
        self.text.tag_configure("heading", font=theme.strong, spacing1=theme.px(6), spacing3=theme.px(2))
        for tag in ("name", "value"):
            self.text.tag_configure(tag, lmargin1=theme.px(_INDENT), lmargin2=theme.px(2 * _INDENT))
        self.text.tag_configure("name", foreground=p.muted)
        self.text.tag_configure("problem", foreground=p.error)
