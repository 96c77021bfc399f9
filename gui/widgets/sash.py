"""A sash: the line between two panes, by which a person makes one wider, with the mouse or with keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Literal

from gui.theme.theme import Theme
from gui.widgets.bindings import has_focus
from gui.widgets.tip import Tip

_WIDTH, _LINE, _THICK = 7, 1, 3  # pixels at 96 dots an inch: what the mouse takes hold of, and the line within it
_STEP, _LEAP = 1, 5  # characters that a key moves it, and with Shift

_LEFTMOST, _RIGHTMOST = -100_000, 100_000  # pixels; whoever places it knows how far it can go


class Sash(tk.Frame):
    """``on_move`` gets where its left edge is wanted, in pixels from that of its parent; None is the usual place.

    ``line`` is the edge at which the line is drawn; the rest of the sash has the colour of the pane at the other.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        line: Literal["left", "right"],
        what: str,
        on_move: Callable[[int | None], None],
    ) -> None:
        super().__init__(parent, cursor="sb_h_double_arrow", takefocus=True, borderwidth=0, highlightthickness=0)
        self._theme, self._side, self._on_move = theme, line, on_move
        self._is_hovered = False
        self._grabbed: int | None = None  # where its left edge would be if the pointer were at the screen's
        self._line = tk.Frame(self, borderwidth=0, highlightthickness=0)
        self._line.bindtags((str(self),))  # the mouse takes hold of the sash there too
        self.tip = Tip(self, theme, lambda: (self.winfo_rootx() + self.winfo_width(), self.winfo_pointery()))
        self.tip.put(f"Drag it, or press Left and Right, to resize {what}. A double click or Enter: the usual width.")
        self._bind_events()
        theme.subscribe(self._restyle, self)

    def _bind_events(self) -> None:
        self.bind("<Enter>", lambda _event: self._hover(True), add=True)
        self.bind("<Leave>", lambda _event: self._hover(False), add=True)
        for sequence in ("<FocusIn>", "<FocusOut>"):
            self.bind(sequence, lambda _event: self._restyle(), add=True)
        self.bind("<ButtonPress-1>", self._grab)
        self.bind("<B1-Motion>", self._drag)
        self.bind("<ButtonRelease-1>", self._release)
        for sequence in ("<Double-Button-1>", "<Return>", "<KP_Enter>", "<space>"):
            self.bind(sequence, lambda _event: self._on_move(None))
        for key, way in (("Left", -1), ("Right", 1)):
            self.bind(f"<{key}>", partial(self._step, way * _STEP))
            self.bind(f"<Shift-{key}>", partial(self._step, way * _LEAP))
        self.bind("<Home>", lambda _event: self._on_move(_LEFTMOST))
        self.bind("<End>", lambda _event: self._on_move(_RIGHTMOST))

    def _step(self, characters: int, _event: object) -> None:
        self._on_move(self.winfo_x() + characters * self._theme.base.measure("0"))

    def _grab(self, event: tk.Event[tk.Misc]) -> None:
        self.tip.close()
        self._grabbed = self.winfo_x() - event.x_root
        self._restyle()

    def _drag(self, event: tk.Event[tk.Misc]) -> None:
        if self._grabbed is not None:
            self._on_move(self._grabbed + event.x_root)

    def _release(self, _event: object) -> None:
        self._grabbed = None
        self._restyle()

    def _hover(self, is_hovered: bool) -> None:
        self._is_hovered = is_hovered
        self._restyle()

    def _restyle(self) -> None:
        """Draw the line: thin and grey at rest, thick under the mouse; the whole sash is the ring of the focus."""
        p, px = self._theme.palette, self._theme.px
        is_focused = has_focus(self)
        is_thick = self._is_hovered or self._grabbed is not None
        ground = p.sidebar if self._side == "right" else p.window
        self.configure(width=px(_WIDTH), background=p.focus if is_focused else ground)
        self._line.configure(background=p.focus if is_focused else p.accent if is_thick else p.border)
        self._line.place(
            relx=float(self._side == "right"), anchor="ne" if self._side == "right" else "nw", relheight=1,
            width=px(_THICK if is_thick else _LINE),
        )  # fmt: skip
