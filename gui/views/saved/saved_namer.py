"""A field over a row's name, in which it is typed anew."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk


class Namer(ttk.Entry):
    """``rename`` gets a message's number and its new name; False is a name that it cannot have."""

    def __init__(self, parent: tk.Misc, rename: Callable[[int, str], bool], on_end: Callable[[], None]) -> None:
        super().__init__(parent, width=1)
        self._rename = rename
        self._on_end = on_end
        self._number: int | None = None
        self._before = ""
        self._then: Callable[[], None] | None = None
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, lambda _event: self._end(keep=True))
        self.bind("<Escape>", lambda _event: self._end(keep=False))
        self.bind("<FocusOut>", lambda _event: self.leave())
        self.bind("<Key>", lambda _event: self.state(["!invalid"]), add=True)

    @property
    def number(self) -> int | None:
        """The message that is being named."""
        return self._number

    def begin(self, number: int, name: str, then: Callable[[], None]) -> None:
        """Offer this name to be typed over; ``then`` says where the keyboard goes afterwards."""
        self._number, self._before, self._then = number, name, then
        self.state(["!invalid"])
        self.delete(0, "end")
        self.insert(0, name)
        self.selection_range(0, "end")
        self.icursor("end")

    def leave(self) -> None:
        """Keep what was typed, if it can be kept: the keyboard is elsewhere."""
        if self._number is not None:
            number, name = self._stop()
            self._keep(number, name)

    def _end(self, *, keep: bool) -> str:
        if self._number is None:
            return "break"
        if keep and not self._keep(self._number, self.get()):
            self.state(["invalid"])
            return "break"
        then = self._then
        self._stop()
        if then is not None:
            then()
        return "break"

    def _keep(self, number: int, name: str) -> bool:
        name = name.strip()
        return name in ("", self._before) or self._rename(number, name)

    def _stop(self) -> tuple[int, str]:
        number, name = self._number or 0, self.get()
        self._number = self._then = None
        self.place_forget()
        self._on_end()
        return number, name
