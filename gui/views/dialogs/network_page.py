"""Who can reach this server: every address that others can use, each ready to be copied."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from functools import partial
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.reachable import ReachableAddress
from gui.widgets.bindings import focus_now, has_focus
from gui.widgets.fitting import wrap_within
from gui.widgets.scrolling import ScrollingPage
from gui.widgets.small_window import SmallWindow, copy_text

_SIZE = (520, 360)  # at 96 dots an inch
_SMALLEST = (320, 150)
_LOW = 150  # high enough for a single sentence
_LOOKING = "Looking for this machine's addresses…"
_NONE = "This machine is on no network just now, so nobody else can reach it."
_OPEN = "Others on these networks can connect with these addresses:"
_FIREWALL = (
    "A firewall on this machine or a router in between may still be in the way. Across the internet a router "
    "usually is, until it is told to let this port through."
)


class NetworkPage(SmallWindow):
    """Escape or Close puts it away. ``advice`` stands under the addresses."""

    def __init__(self, parent: tk.Misc, theme: Theme, advice: str = "") -> None:
        super().__init__(parent, theme, "Who can reach this server")
        self._advice = advice
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._shown: tuple[ReachableAddress, ...] | None = None
        self.copy_buttons: list[ttk.Button] = []
        self.add_foot()
        self._page: ScrollingPage | None = None
        self._words = _LOOKING
        self._fill(())
        self.put_beside((_SIZE[0], _LOW), _SMALLEST)
        self.deiconify()
        focus_now(self.close_button)

    def show(self, places: Sequence[ReachableAddress]) -> None:
        """List these. Until it is called the page says that it is looking."""
        if tuple(places) == self._shown:
            return
        had_focus = any(has_focus(button) for button in self.copy_buttons)
        self._shown = tuple(places)
        self._words = _OPEN if places else _NONE
        if places and self.winfo_height() < self.theme.px(_SIZE[1]):
            self.put_beside(_SIZE, _SMALLEST)
        self._fill(self._shown)
        if had_focus:
            focus_now(self.close_button)

    @property
    def sentence(self) -> str:
        """What stands above the addresses."""
        return self._words

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is listed."""
        return tuple(place.text for place in self._shown or ())

    def _fill(self, places: Sequence[ReachableAddress]) -> None:
        px = self.theme.px
        if self._page is not None:
            self._page.destroy()
        page = self._page = ScrollingPage(self, self.theme)
        page.body.configure(padding=(px(20), px(14), px(16), px(14)))
        page.body.columnconfigure(0, weight=1)
        self._say(page.body, self._words, "Window.TLabel")
        self.copy_buttons = [self._row(page.body, place) for place in places]
        if places:
            self._say(page.body, self._advice, "Window.TLabel")
            self._say(page.body, _FIREWALL, "Window.Muted.TLabel")
        page.settle()
        page.pack(side="top", fill="both", expand=True)

    def _say(self, body: ttk.Frame, sentence: str, style: str) -> None:
        if not sentence:
            return
        label = ttk.Label(body, text=sentence, style=style, justify="left")
        label.grid(column=0, columnspan=3, sticky="w", pady=(0, self.theme.px(10)))
        wrap_within(label, body, lambda: self.theme.px(40))

    def _row(self, body: ttk.Frame, place: ReachableAddress) -> ttk.Button:
        px, safe = self.theme.px, self._safety.field
        row = body.grid_size()[1]
        ttk.Label(body, text=safe(place.text), style="Window.TLabel", font=self.theme.mono).grid(
            row=row, column=0, sticky="w"
        )
        ttk.Label(body, text=safe(place.interface), style="Window.Muted.TLabel").grid(
            row=row, column=1, sticky="w", padx=px(12)
        )
        button = ttk.Button(body, text="Copy", width=7)
        button.configure(command=partial(copy_text, place.text, button))
        button.bind("<Return>", lambda _event: button.invoke())
        button.grid(row=row, column=2, sticky="e")
        if place.note:
            note = ttk.Label(body, text=f"{place.note}.", style="Window.Muted.TLabel", justify="left")
            note.grid(row=row + 1, column=0, columnspan=3, sticky="w")
            wrap_within(note, body, lambda: px(40))
        ttk.Frame(body, style="Window.TFrame", height=px(6)).grid(column=0)
        return button
