"""A ring for what cannot draw its own: a large Text that must keep its size and its line breaks."""

from __future__ import annotations

import tkinter as tk
from typing import Any

from gui.theme.theme import Theme

_WIDTH = 2  # pixels at 96 dots an inch


class FocusRing:
    """Four thin lines along the edges of ``frame`` while ``widget``, within it, has the focus."""

    def __init__(self, frame: tk.Misc, widget: tk.Misc, theme: Theme) -> None:
        self._theme = theme
        self._lines = [tk.Frame(frame, borderwidth=0, highlightthickness=0, takefocus=False) for _ in range(4)]
        widget.bind("<FocusIn>", self._show, add=True)
        widget.bind("<FocusOut>", self._hide, add=True)
        theme.subscribe(self._restyle, widget)

    def _show(self, _event: object) -> None:
        width = self._theme.px(_WIDTH)
        places: tuple[dict[str, Any], ...] = (
            {"relwidth": 1, "height": width},
            {"relwidth": 1, "height": width, "rely": 1, "anchor": "sw"},
            {"relheight": 1, "width": width},
            {"relheight": 1, "width": width, "relx": 1, "anchor": "ne"},
        )
        for line, place in zip(self._lines, places, strict=True):
            line.place(**place)
            line.lift()

    def _hide(self, _event: object) -> None:
        for line in self._lines:
            if line.winfo_exists():  # the frame goes before the last of its events
                line.place_forget()

    def _restyle(self) -> None:
        for line in self._lines:
            line.configure(background=self._theme.palette.focus)
