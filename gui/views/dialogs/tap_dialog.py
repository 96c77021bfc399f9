"""The window that asks where a tap is to stand: between those who call one address and another."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.widgets.fields import LineField
from gui.widgets.small_window import TaskDialog

_WIDTH = 34  # characters


class TapRequest(NamedTuple):
    """Where callers come and what is dialled for each, as they were typed."""

    listen: str
    target: str


class TapRefusal(NamedTuple):
    """What is wrong with a request, a sentence for each field; empty where nothing is."""

    listen: str = ""
    target: str = ""


class TapDialog(TaskDialog):
    """``on_start`` gets what a person asked for and gives back what is wrong with it.

    The window stays until the tap stands, so that what keeps it from that is said here. ``proxy`` is what the target is
    dialled through, if there is one.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        listen: str,
        target: str,
        proxy: str = "",
        on_start: Callable[[TapRequest], TapRefusal],
    ) -> None:
        super().__init__(parent, theme, title="Tap", words="Start", on_begin=self.begin)
        self._on_start = on_start
        self.listen, self.target = (LineField(self.body, theme, self._edited, width=_WIDTH) for _ in range(2))
        self._about = ttk.Label(
            self.body, style="Window.Muted.TLabel",
            text="For each caller the tap dials the target, passes on what each of the two says and how it ends, and "
            "shows all of it. With tls:// before an address, TLS is spoken there; udp:// passes datagrams on."
            + (f" It dials through the proxy {proxy}, as the settings say." if proxy else ""),
        )  # fmt: skip
        for heading, part in (("Listen at", self.listen), ("Target", self.target), ("", self._about)):
            self.section(heading, part)
        self.listen.hint("[HOST:]PORT, where callers come")
        self.target.hint("HOST:PORT, what is dialled for each")
        self.listen.put(listen)
        self.target.put(target)

    def begin(self) -> None:
        """Start, if nothing is wrong; else say what is."""
        self.begin_button.state(["disabled"])
        self.refuse(self._on_start(TapRequest(self.listen.text, self.target.text)))

    def refuse(self, why: TapRefusal) -> None:
        """Say what is wrong under its field, and let it be tried again; nothing if nothing is."""
        wrong = [(field, words) for field, words in zip((self.listen, self.target), why, strict=True) if words]
        for field, words in wrong:
            self.complain(field, words)
            field.refuse()
        if wrong:
            self.begin_button.state(["!disabled"])
            wrong[0][0].focus_all()

    def _edited(self, _text: str) -> None:
        for field in (self.listen, self.target):
            self.complain(field, "")
            field.accept()
        self.begin_button.state(["!disabled"])
