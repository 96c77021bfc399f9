"""One row of the saved messages: its key, its name, how it is meant and begins, and a button that sends it.

The field in which the name is typed anew is here as well.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk
from typing import NamedTuple

from core.text_safety import TextSafety
from gui.keys import saved_key
from gui.theme.theme import Theme
from gui.viewmodels.saved_list import SavedRow
from gui.widgets.fitting import elided

_EDGE, _GAP, _MARGIN = 10, 8, 5  # pixels at 96 dots an inch
_ROOMY = 300  # a row that wide says "Ctrl+1", a narrower one "1"


class Measures(NamedTuple):
    """Where everything stands in a row, in pixels: ``left`` and ``room`` are those of name and message."""

    width: int
    height: int
    left: int
    room: int
    key_top: int
    name_top: int
    small_top: int  # of small words in the second line
    mono_top: int
    is_roomy: bool


class RowLook(NamedTuple):
    """All that makes a row look as it does but its words."""

    measures: Measures
    is_chosen: bool
    is_lifted: bool
    is_wrong: bool


class RowLine(tk.Frame):
    """Shows any row. ``events`` is the tag whose bindings get what the mouse does to it."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, safety: TextSafety, *, events: str, on_send: Callable[[], None]
    ) -> None:
        super().__init__(parent, borderwidth=0, highlightthickness=0)
        self._theme, self._safety = theme, safety
        self._words: tuple[SavedRow, int] | None = None
        self._look: RowLook | None = None
        self._key, self.name, self._tag, self.text = (self._label() for _ in range(4))
        self.button = ttk.Button(
            self, text="Send", command=on_send, takefocus=False, width=0, style="Saved.TButton", cursor="arrow"
        )
        for part in (self, self._key, self.name, self._tag, self.text):
            part.bindtags((events, "all"))
        self.button.bindtags((str(self.button), "TButton", events, "all"))

    def show(self, row: SavedRow, number: int, look: RowLook) -> None:
        """Show that row, the ``number``-th, with that look; only what differs is drawn."""
        is_other_look = look != self._look
        if is_other_look:
            self._look = look
            self._dress(look)
        if is_other_look or self._words != (row, number):
            self._words = row, number
            self._write(row, number, look.measures)

    def forget_look(self) -> None:
        """The theme is another: the next ``show`` draws everything."""
        self._look = None

    def _label(self) -> tk.Label:
        return tk.Label(self, anchor="w", borderwidth=0, padx=0, pady=0, highlightthickness=0)

    def _write(self, row: SavedRow, number: int, at: Measures) -> None:
        px, theme = self._theme.px, self._theme
        keys = saved_key(number)
        self._key.configure(text="" if keys is None else keys[0 if at.is_roomy else 1])
        self.name.configure(text=elided(self._safety.field(row.name), theme.base, at.room))
        if row.problem:
            self._tag.place_forget()
            self._write_text(theme.small, row.problem, at.left, at.small_top, at.room)
            return
        self._tag.configure(text=row.tag)
        self._tag.place(x=at.left, y=at.small_top)
        beside = self._tag.winfo_reqwidth() + px(6)
        self._write_text(theme.mono, row.text, at.left + beside, at.mono_top, max(1, at.room - beside))

    def _write_text(self, font: tkfont.Font, words: str, left: int, top: int, room: int) -> None:
        self.text.configure(text=elided(self._safety.field(words), font, room))
        self.text.place(x=left, y=top, width=room)

    def _dress(self, look: RowLook) -> None:
        p, theme, at = self._theme.palette, self._theme, look.measures
        ground, words = (p.selection, p.selection_text) if look.is_chosen else (p.pane, p.text)
        if look.is_lifted:
            ground, words = p.button_hover, p.text
        quiet = p.muted if ground == p.pane else words
        self.configure(background=ground)
        self._key.configure(background=ground, foreground=quiet, font=theme.small)
        self.name.configure(background=ground, foreground=words, font=theme.base)
        self._tag.configure(background=p.incoming, foreground=p.muted, font=theme.small, padx=theme.px(4))
        if look.is_wrong:
            self.text.configure(background=p.error_fill, foreground=p.error, font=theme.small)
        else:
            self.text.configure(background=ground, foreground=quiet, font=theme.mono)
        self.button.configure(style="Chosen.Saved.TButton" if ground == p.selection else "Saved.TButton")
        self.button.place(relx=1, x=-theme.px(_EDGE), rely=0.5, anchor="e")
        self._key.place(x=theme.px(_EDGE), y=at.key_top)
        self.name.place(x=at.left, y=at.name_top, width=at.room)


def measure(theme: Theme, width: int, button: int) -> Measures:
    """What rows look like that are ``width`` pixels wide, with a button of ``button``."""
    px = theme.px
    small, mono = theme.small, theme.mono
    is_roomy = width >= px(_ROOMY)
    left = px(_EDGE) + px(_GAP) + theme.small.measure((saved_key(1) or ("", ""))[0 if is_roomy else 1])
    first = px(_MARGIN) + _ascent(theme.base)
    second = px(_MARGIN) + int(theme.base.metrics("linespace")) + px(2) + max(_ascent(small), _ascent(mono))
    below = max(int(small.metrics("descent")), int(mono.metrics("descent")))
    return Measures(
        width=width,
        height=second + below + px(_MARGIN + 1),
        left=left,
        room=max(1, width - left - button - px(_EDGE) - px(_GAP)),
        key_top=first - _ascent(small),
        name_top=px(_MARGIN),
        small_top=second - _ascent(small),
        mono_top=second - _ascent(mono),
        is_roomy=is_roomy,
    )


def _ascent(font: tkfont.Font) -> int:
    return int(font.metrics("ascent"))


def dress_buttons(theme: Theme, widget: tk.Misc) -> None:
    """Give the buttons in rows the palette's look."""
    style, p = ttk.Style(widget), theme.palette
    for name, ground in (("Saved", p.pane), ("Chosen.Saved", p.selection)):
        style.configure(f"{name}.TButton", padding=(theme.px(10), theme.px(3)), background=ground)
        style.map(f"{name}.TButton", background=[("active", ground)])
