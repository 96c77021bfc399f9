"""A value to type, with its unit, its reason, and why what was typed will not do."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import Generic, TypeVar

from gui.theme.theme import Theme
from gui.widgets.fitting import wrap_within

Value = TypeVar("Value")

_WORDS = 236  # pixels at 96 dots an inch for the words in front of the field
_QUIET_KEYS = ("Tab", "ISO_Left_Tab", "Escape", "Shift_L", "Shift_R", "Control_L", "Control_R", "Alt_L", "Alt_R")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Value]):
    """What a row asks for. ``read`` raises ``ValueError`` with a sentence for what will not do."""

    words: str
    unit: str
    usual: Value
    read: Callable[[str], Value]
    shown: Callable[[Value], str]
    why: str = ""
    steps: tuple[int, int, int] | None = None  # smallest, largest and step of a field with arrows


def whole_number(words: str, unit: str, usual: int, steps: tuple[int, int, int], why: str = "") -> Asked[int]:
    """A row that asks for a whole number between two bounds."""
    smallest, largest, _step = steps

    def read(text: str) -> int:
        typed = text.strip().replace(",", "")
        if not (typed.isascii() and typed.isdecimal() and smallest <= int(typed[:12]) <= largest):
            raise ValueError(f"This has to be a whole number from {smallest:,} to {largest:,}.")
        return int(typed)

    return Asked(words, unit, usual, read, str, why, steps)


class CheckedRow(ttk.Frame, Generic[Value]):
    """A field whose value counts as soon as it is a good one.

    ``on_value`` gets it, and may refuse it too with a ``ValueError``. What is refused stays as typed,
    with the reason under it, from the moment the person leaves the field or presses Enter.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, asked: Asked[Value], on_value: Callable[[Value], None]) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._asked = asked
        self._on_value = on_value
        self._value = asked.usual
        self.field = self._make_field()
        words = ttk.Label(self, text=asked.words, style="Window.TLabel")
        unit = ttk.Label(self, text=asked.unit, style="Window.Muted.TLabel")
        self.reset = ttk.Button(self, style="Quiet.TButton", command=self._be_usual)
        self.reset.configure(text=f"Usual: {asked.shown(asked.usual)}")
        self.reset.bind("<Return>", lambda _event: self.reset.invoke())
        self._reason = ttk.Label(self, text=asked.why, style="Window.Muted.TLabel", justify="left")
        self._complaint = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._lay_out(words, unit)
        self._put(asked.usual)
        self._offer_usual()

    def show(self, value: Value) -> None:
        """Show a value that has changed; what is being typed, and means the same, stays as it is."""
        if value != self._value and not self._says(value):
            self._put(value)
        self._value = value
        self._offer_usual()

    @property
    def complaint(self) -> str:
        """Why what stands in the field does not count; empty if it does."""
        return str(self._complaint.cget("text")) if self._complaint.winfo_manager() else ""

    def _make_field(self) -> ttk.Entry:
        if self._asked.steps is None:
            field: ttk.Entry = ttk.Entry(self, width=9, justify="right")
        else:
            smallest, largest, step = self._asked.steps
            field = ttk.Spinbox(self, width=8, justify="right", from_=smallest, to=largest, increment=step)
            field.configure(command=self._leave)
        field.bind("<KeyRelease>", self._typed)
        field.bind("<FocusOut>", self._leave)
        for key in ("<Return>", "<KP_Enter>"):
            field.bind(key, self._leave)
        return field

    def _lay_out(self, words: ttk.Label, unit: ttk.Label) -> None:
        px = self._theme.px
        self.columnconfigure(0, minsize=px(_WORDS))
        self.columnconfigure(3, weight=1)
        words.grid(row=0, column=0, sticky="w")
        self.field.grid(row=0, column=1, sticky="nsw")
        unit.grid(row=0, column=2, sticky="w", padx=px(8))
        self.reset.grid(row=0, column=3, sticky="nse")
        if self._asked.why:
            self._reason.grid(row=2, column=0, columnspan=4, sticky="w", pady=(px(3), 0))
        for label in (self._reason, self._complaint):
            wrap_within(label, self, lambda: px(4))

    def _says(self, value: Value) -> bool:
        """Whether the field holds that value, in whatever way it was written."""
        try:
            return self._asked.read(self.field.get()) == value
        except ValueError:
            return False

    def _typed(self, event: tk.Event[tk.Misc]) -> None:
        """Take what is good at once; of what is not good yet nothing is said while the person types."""
        if event.keysym in _QUIET_KEYS or event.keysym in ("Return", "KP_Enter"):
            return
        self._take()

    def _leave(self, _event: object = None) -> None:
        """The person is done with the field."""
        why = self._take()
        if why:
            self._complain(why)
        elif self._says(self._value):
            self._put(self._value)

    def _take(self) -> str:
        """Take what stands in the field; the answer says why not, if not."""
        try:
            value = self._asked.read(self.field.get())
            if value != self._value:
                self._on_value(value)
        except ValueError as error:
            return str(error)
        self._value = value
        self._complain("")
        self._offer_usual()
        return ""

    def _be_usual(self) -> None:
        self._put(self._asked.usual)
        self.field.focus_set()  # the button is about to go
        self._leave()

    def _put(self, value: Value) -> None:
        text = self._asked.shown(value)
        if self.field.get() != text:
            self.field.delete(0, "end")
            self.field.insert(0, text)
        self._complain("")

    def _complain(self, why: str) -> None:
        self.field.state(["invalid" if why else "!invalid"])
        if why:
            self._complaint.configure(text=why)
            self._complaint.grid(row=1, column=0, columnspan=4, sticky="w", pady=(self._theme.px(3), 0))
        else:
            self._complaint.grid_remove()

    def _offer_usual(self) -> None:
        if self._value == self._asked.usual:
            self.reset.grid_remove()
        else:
            self.reset.grid()
