"""What stands under a hex view: where the cursor is, what went wrong, and the field to go elsewhere."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from core.words import counted
from gui.theme.theme import Theme
from gui.viewmodels.hex_cursor import HexCursor
from gui.viewmodels.hexdump import read_offset
from gui.widgets.bindings import focus_now
from gui.widgets.fitting import wrap_within


class HexFooter(ttk.Frame):
    """One line, and another for a complaint. ``on_go`` gets the offset that was typed.

    ``on_leave`` is called when the field for it closes.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_go: Callable[[int], None], on_leave: Callable[[], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame", padding=(theme.px(6), theme.px(2)))
        self._on_go = on_go
        self._on_leave = on_leave
        self._limit = 0
        line = ttk.Frame(self, style="Pane.TFrame")
        line.pack(fill="x")
        self.words = ttk.Label(line, style="Pane.Muted.TLabel", width=1)
        self.words.pack(side="left", fill="x", expand=True)
        self._complaint = ttk.Label(self, style="Pane.Error.TLabel", justify="left")
        wrap_within(self._complaint, self, lambda: 2 * theme.px(6))
        self._asking = ttk.Frame(line, style="Pane.TFrame")
        ttk.Label(self._asking, text="Go to", style="Pane.Muted.TLabel").pack(side="left")
        self.entry = ttk.Entry(self._asking, width=10, font=theme.mono)
        self.entry.pack(side="left", padx=theme.px(4))
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.bind(key, self._go)
        self.entry.bind("<Escape>", lambda _event: self._leave())
        self.entry.bind("<Key>", lambda _event: self._accept(), add=True)

    def tell(self, words: str) -> None:
        """Say where the cursor is."""
        self.words.configure(text=words)

    def complain(self, sentence: str) -> None:
        """Say what is wrong, until ``forgive``."""
        self._complaint.configure(text=sentence)
        self._complaint.pack(anchor="w")

    def ask(self, limit: int) -> None:
        """Open the field for an offset below ``limit``."""
        self._limit = limit
        self._asking.pack(side="left", before=self.words)
        self.entry.selection_range(0, "end")
        focus_now(self.entry)

    def forgive(self) -> None:
        """Nothing is wrong any more."""
        self._complaint.pack_forget()

    @property
    def complaint(self) -> str:
        """What is said to be wrong; empty if nothing is."""
        return str(self._complaint.cget("text")) if self._complaint.winfo_manager() else ""

    @property
    def is_asking(self) -> bool:
        """Whether the field is open."""
        return bool(self._asking.winfo_manager())

    def _go(self, _event: object) -> str:
        try:
            offset = read_offset(self.entry.get(), self._limit)
        except ValueError as error:
            self.entry.state(["invalid"])
            self.complain(str(error))
            return "break"
        self._on_go(offset)
        return self._leave()

    def _leave(self) -> str:
        self._accept()
        self.forgive()
        self._asking.pack_forget()
        self._on_leave()
        return "break"

    def _accept(self) -> None:
        self.entry.state(["!invalid"])


def whereabouts(cursor: HexCursor, byte: int | None) -> str:
    """Where the cursor is and what is selected, in hexadecimal and decimal; ``byte`` is the one under it, if known."""
    if not cursor.size:
        return "no bytes"
    if cursor.selection is not None:
        start, stop = cursor.selection
        return f"{counted(stop - start, 'byte')}  ·  {start:#x}–{stop - 1:#x}  ({start:,}–{stop - 1:,})"
    place = f"offset {cursor.offset:#x}  ({cursor.offset:,})"
    return place if byte is None else f"{place}  ·  {byte:#04x} = {byte}{_character(byte)}"


def _character(byte: int) -> str:
    return f" = “{chr(byte)}”" if 0x20 < byte < 0x7F else ""
