"""One row of the saved messages: its key, its name, how it is meant and begins, and a button that sends it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk

from core.text_safety import TextSafety
from gui.keys import saved_key
from gui.saved_rows import SavedRow
from gui.theme import Theme

_EDGE, _GAP = 10, 8  # pixels at 96 dots an inch
_ROOMY = 300  # a row that wide says "Ctrl+1", a narrower one "1"


class RowLine(tk.Frame):
    """Shows any row. ``events`` is the tag whose bindings get what the mouse does to it."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, safety: TextSafety, *, events: str, on_send: Callable[[], None]
    ) -> None:
        super().__init__(parent, borderwidth=0, highlightthickness=0)
        self._theme, self._safety = theme, safety
        self._row: SavedRow | None = None
        self._keys = "", ""
        self._is_chosen = self._is_lifted = False
        self._width = 0
        self._key, self.name, self._tag, self.text = (self._label() for _ in range(4))
        self.button = ttk.Button(
            self, text="Send", command=on_send, takefocus=False, width=0, style="Saved.TButton", cursor="arrow"
        )
        for part in (self, self._key, self.name, self._tag, self.text):
            part.bindtags((events, "all"))
        self.button.bindtags((str(self.button), "TButton", events, "all"))

    def show(self, row: SavedRow, keys: tuple[str, str], *, is_chosen: bool, is_lifted: bool, width: int) -> None:
        """Show that row, ``width`` pixels wide; ``keys`` are its key in long and in short."""
        known = self._row, self._keys, self._is_chosen, self._is_lifted, self._width
        if known == (row, keys, is_chosen, is_lifted, width):
            return
        self._row, self._keys, self._is_chosen, self._is_lifted, self._width = row, keys, is_chosen, is_lifted, width
        self.restyle()

    def restyle(self) -> None:
        """Draw it with the theme's colours and sizes."""
        row = self._row
        if row is None:
            return
        self._colour(row)
        px, theme = self._theme.px, self._theme
        key = self._keys[0 if self._width >= px(_ROOMY) else 1]
        left = px(_EDGE) + px(_GAP) + theme.small.measure(saved_key(9)[0 if self._width >= px(_ROOMY) else 1])
        room = max(1, self._width - left - self.button.winfo_reqwidth() - px(_EDGE) - px(_GAP))
        first, second = (px(5) + baseline for baseline in _baselines(theme))
        self._key.configure(text=key)
        self._put(self._key, px(_EDGE), first)
        self.name.configure(text=elided(theme.base, self._safety.field(row.name), room))
        self._put(self.name, left, first, room)
        self._tag.configure(text=row.tag)
        self._put(self._tag, left, second)
        beside = self._tag.winfo_reqwidth() + px(6)
        room = max(1, room - beside)
        font = theme.small if row.problem else theme.mono
        self.text.configure(text=elided(font, self._safety.field(row.problem or row.text), room))
        self._put(self.text, left + beside, second, room)
        self.button.place(relx=1, x=-px(_EDGE), rely=0.5, anchor="e")

    def _put(self, label: tk.Label, x: int, baseline: int, width: int | None = None) -> None:
        """Have the label's words stand on a line."""
        font = tkfont.nametofont(str(label.cget("font")), root=self)
        label.place(x=x, y=baseline - int(font.metrics("ascent")), width="" if width is None else width)

    def _label(self) -> tk.Label:
        return tk.Label(self, anchor="w", borderwidth=0, padx=0, pady=0, highlightthickness=0)

    def _colour(self, row: SavedRow) -> None:
        p, theme = self._theme.palette, self._theme
        ground = p.button_hover if self._is_lifted else p.selection if self._is_chosen else p.pane
        words = p.selection_text if self._is_chosen and not self._is_lifted else p.text
        quiet = words if self._is_chosen or self._is_lifted else p.muted
        self.configure(background=ground)
        self._key.configure(background=ground, foreground=quiet, font=theme.small)
        self.name.configure(background=ground, foreground=words, font=theme.base)
        self._tag.configure(background=p.incoming, foreground=p.muted, font=theme.small, padx=theme.px(4))
        self.text.configure(background=ground, foreground=quiet, font=theme.small if row.problem else theme.mono)
        if row.problem:
            self.text.configure(background=p.error_fill, foreground=p.error)
        self.button.configure(style="Chosen.Saved.TButton" if ground == p.selection else "Saved.TButton")


def elided(font: tkfont.Font, words: str, room: int) -> str:
    """As much of the words as there is room for in pixels."""
    if font.measure(words) <= room:
        return words
    fits, too_much = 0, len(words)
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        if font.measure(words[:middle] + "…") <= room:
            fits = middle
        else:
            too_much = middle
    return words[:fits] + "…"


def row_height(theme: Theme) -> int:
    """Pixels."""
    second = max(int(font.metrics("descent")) for font in (theme.mono, theme.small))
    return _baselines(theme)[1] + second + theme.px(11)


def _baselines(theme: Theme) -> tuple[int, int]:
    """How far below the top edge's margin the words of the two lines stand, in pixels."""
    first = int(theme.base.metrics("ascent"))
    ascent = max(int(font.metrics("ascent")) for font in (theme.mono, theme.small))
    return first, int(theme.base.metrics("linespace")) + theme.px(2) + ascent


def dress_buttons(theme: Theme, widget: tk.Misc) -> None:
    """Give the buttons in rows the palette's look."""
    style, p = ttk.Style(widget), theme.palette
    for name, ground in (("Saved", p.pane), ("Chosen.Saved", p.selection)):
        style.configure(f"{name}.TButton", padding=(theme.px(10), theme.px(3)), background=ground)
        style.map(f"{name}.TButton", background=[("active", ground)])
