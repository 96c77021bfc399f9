"""Tooltips: words over a control, for the mouse that rests there, for the keyboard, and when it is pressed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.bindings import bind_for_now, bind_own, unbind
from gui.widgets.debounce import Debounce

_REST = 400  # milliseconds of the mouse on the control
_SAID = 8_000  # milliseconds that something said once stays: time to read two lines
_WIDTH = 380  # at 96 dots an inch


class Tip:
    """Shows ``words`` above or below ``widget``, within its window. Escape, or leaving it, takes them away.

    A mouse that only lies there is no reader: what it brought up goes with the next key, whatever that is for.

    ``spot`` gives the point of the screen at whose right they stand instead, where they are about a part of the widget.
    """

    def __init__(
        self, widget: tk.Widget, theme: Theme, spot: Callable[[], tuple[int, int] | None] | None = None
    ) -> None:
        self._widget, self._theme = widget, theme
        self._spot = spot
        self._window = widget.winfo_toplevel()
        self._box = ttk.Frame(self._window, style="Edge.TFrame", padding=theme.px(1), class_="Tip")
        self._label = ttk.Label(self._box, style="Pane.TLabel", justify="left", padding=(theme.px(12), theme.px(9)))
        self._label.pack()
        self._rest = Debounce(widget, self._open_for_mouse)
        self._typing = ""  # the binding by which it hears of keys
        bind_own(widget, "<Destroy>", self._gone)
        self._words = ""
        bind_own(widget, "<Enter>", self._entered)
        for sequence in ("<Leave>", "<FocusOut>", "<Escape>"):
            bind_own(widget, sequence, self.close)

    def put(self, words: str) -> None:
        """What to say from now on."""
        if words != self._words:
            self._words = words
            self._label.configure(text=words)

    @property
    def words(self) -> str:
        """What is said, while it is."""
        return self._words if self.is_open else ""

    @property
    def is_open(self) -> bool:
        """Whether it is in sight."""
        return bool(self._box.winfo_manager())

    def open(self) -> None:
        """Say it, if there is something to say."""
        if not self._words:
            return
        widget, window, px = self._widget, self._widget.winfo_toplevel(), self._theme.px
        spot = self._spot() if self._spot is not None else None
        left = spot[0] - window.winfo_rootx() + px(4) if spot is not None else 0
        room = window.winfo_width() - left - px(44)
        self._label.configure(wraplength=min(px(_WIDTH), room), font=self._theme.small)
        self._box.update_idletasks()
        if spot is not None:
            lowest = window.winfo_height() - self._box.winfo_reqheight() - px(4)
            self._box.place(x=left, y=max(0, min(spot[1] - window.winfo_rooty(), lowest)), anchor="nw")
            self._box.lift()
            return
        _place_at(self._box, widget, px)

    def rest(self) -> None:
        """Say it if the mouse rests for a moment."""
        self._rest.ask(_REST)

    def toggle(self) -> None:
        """Say it, or say no more."""
        self._rest.cancel()
        (self.close if self.is_open else self.open)()

    def close(self) -> None:
        """Say no more."""
        self._rest.cancel()
        if self._box.winfo_exists():
            self._box.place_forget()
        if self._typing and self._window.winfo_exists():
            unbind(self._window, "<Key>", self._typing)
        self._typing = ""

    def _open_for_mouse(self) -> None:
        self.open()
        if not self._typing:
            self._typing = bind_for_now(self._window, "<Key>", self.close)

    def _gone(self) -> None:
        self.close()
        self._box.destroy()

    def _entered(self) -> None:
        if not self.is_open:
            self.rest()


def _place_at(box: ttk.Frame, widget: tk.Misc, px: Callable[[int], int]) -> None:
    """Put a box above a widget, or below it where there is no room, no further right than it."""
    window = widget.winfo_toplevel()
    right = min(widget.winfo_rootx() - window.winfo_rootx() + widget.winfo_width(), window.winfo_width() - px(4))
    left = max(px(4), right - box.winfo_reqwidth())
    bottom = widget.winfo_rooty() - window.winfo_rooty() - px(4)
    if bottom >= box.winfo_reqheight():
        box.place(x=left, y=bottom, anchor="sw")
    else:
        box.place(x=left, y=bottom + widget.winfo_height() + px(8), anchor="nw")
    box.lift()


def say_at(field: tk.Misc, theme: Theme, words: str) -> None:
    """Say once what is wrong with what was just tried in a field: until it is used again or left, or for a while."""
    px, tags = theme.px, field.bindtags()
    box = ttk.Frame(field.winfo_toplevel(), style="Edge.TFrame", padding=px(1), class_="Tip")
    room = min(px(_WIDTH), field.winfo_toplevel().winfo_width() - px(44))
    label = ttk.Label(box, text=words, style="Pane.Error.TLabel", justify="left", wraplength=room, font=theme.small)
    label.configure(padding=(px(12), px(9)))
    label.pack()
    field.bindtags((*tags, str(box)))  # the box hears what the field does, and nothing is left bound there
    for sequence in ("<Key>", "<Button>", "<FocusOut>"):
        box.bind(sequence, lambda _event: box.destroy())

    def gone() -> None:
        if field.winfo_exists():
            field.bindtags(tags)

    bind_own(box, "<Destroy>", gone)
    box.update_idletasks()
    _place_at(box, field, px)
    Debounce(box, box.destroy).ask(_SAID)


def share_tips(root: tk.Tk, theme: Theme, words_of: Callable[[ttk.Button], str]) -> None:
    """Have every button of the program, also one that is made later, say what it does while the mouse rests on it.

    ``words_of`` gives the words, asked for each time; a button of which it knows nothing has no tip, or one of its own.
    """
    tips: dict[str, Tip] = {}

    def entered(event: tk.Event[tk.Misc]) -> None:
        button = event.widget
        if not isinstance(button, ttk.Button):
            return
        words = words_of(button)
        if words and str(button) not in tips:
            tip = tips[str(button)] = Tip(button, theme)
            bind_own(button, "<Destroy>", lambda: tips.pop(str(button), None))
            tip.rest()
        if str(button) in tips:
            tips[str(button)].put(words)

    def pressed(event: tk.Event[tk.Misc]) -> None:
        if str(event.widget) in tips:
            tips[str(event.widget)].close()

    root.bind_class("TButton", "<Enter>", entered, add=True)
    root.bind_class("TButton", "<Button-1>", pressed, add=True)
