"""A field in which the name of a row is typed, in the row's place."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Namer(ttk.Entry, Generic[Key]):
    """``rename`` gets the key of a row and its new name; False is a name that it cannot have."""

    def __init__(self, parent: tk.Misc, rename: Callable[[Key, str], bool], on_end: Callable[[], None]) -> None:
        super().__init__(parent, width=1)
        self._rename = rename
        self._on_end = on_end
        self._key: Key | None = None
        self._before = ""
        self._then: Callable[[], None] | None = None
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, lambda _event: self._end(keep=True))
        self.bind("<Escape>", lambda _event: self._end(keep=False))
        self.bind("<FocusOut>", lambda _event: self.leave())
        self.bind("<Key>", lambda _event: self.state(["!invalid"]), add=True)

    @property
    def key(self) -> Key | None:
        """The row that is being named."""
        return self._key

    def begin(self, key: Key, name: str, then: Callable[[], None]) -> None:
        """Offer this name to be typed over; ``then`` says where the keyboard goes afterwards."""
        self._key, self._before, self._then = key, name, then
        self.state(["!invalid"])
        self.delete(0, "end")
        self.insert(0, name)
        self.selection_range(0, "end")
        self.icursor("end")

    def leave(self) -> None:
        """Keep what was typed, if it can be kept: the keyboard is elsewhere."""
        if self._key is not None:
            self._keep(*self._stop(self._key))

    def _end(self, *, keep: bool) -> str:
        if self._key is None:
            return "break"
        if keep and not self._keep(self._key, self.get()):
            self.state(["invalid"])
            return "break"
        then = self._then
        self._stop(self._key)
        if then is not None:
            then()
        return "break"

    def _keep(self, key: Key, name: str) -> bool:
        name = name.strip()
        return name == self._before or self._rename(key, name)

    def _stop(self, key: Key) -> tuple[Key, str]:
        name = self.get()
        self._key = self._then = None
        self.place_forget()
        self._on_end()
        return key, name
