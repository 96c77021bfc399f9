"""Whether lines that were pasted are one message or many: asked once it matters, and never in the way."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.drafting import MessageFormat
from gui.widgets.wrapped import wrap_within


class LinesQuestion:
    """A line below the message field with two buttons; the answer holds until the field is empty again."""

    def __init__(self, composer: ttk.Frame, theme: Theme, go_back: Callable[[], None]) -> None:
        self._composer, self._theme = composer, theme
        self._go_back = go_back
        self._is_many: bool | None = None
        self._strip: ttk.Frame | None = None
        self._words: ttk.Label | None = None
        self._go_on: Callable[[], None] = lambda: None
        self.buttons: tuple[ttk.Button, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer."""
        return self._strip is not None and bool(self._strip.winfo_manager())

    def is_needed(self, text: str, message_format: MessageFormat, *, is_pasted: bool) -> bool:
        """Whether it makes a difference what these lines are, and nobody has said it."""
        has_lines = is_pasted and "\n" in text.strip("\n")
        return has_lines and message_format.adds_something and message_format.format != "hex" and self._is_many is None

    def messages(self, text: str) -> list[str]:
        """The text as one message, or as one for each line if that was the answer."""
        return text.removesuffix("\n").split("\n") if self._is_many else [text]

    def ask(self, text: str, go_on: Callable[[], None]) -> None:
        """Ask, and go on with the answer."""
        self._go_on = go_on
        strip = self._make()
        count = len(text.removesuffix("\n").split("\n"))
        assert self._words is not None
        self._words.configure(text=f"{count:,} lines were pasted: are they one message, or is each line one?")
        strip.grid(row=5, column=0, columnspan=2, sticky="ew", pady=(self._theme.px(6), 0))
        self.buttons[0].focus_set()

    def forget(self) -> None:
        """Another text begins."""
        self._is_many = None
        self._put_away()

    def _make(self) -> ttk.Frame:
        if self._strip is None:
            px = self._theme.px
            self._strip = ttk.Frame(self._composer, style="Notice.TFrame", padding=(px(10), px(4), px(6), px(4)))
            buttons = ttk.Frame(self._strip, style="Notice.TFrame")
            buttons.pack(side="right")
            self._words = ttk.Label(self._strip, style="Notice.TLabel", justify="left")
            self._words.pack(side="left", fill="x", expand=True)
            wrap_within(self._words, self._strip, lambda: buttons.winfo_reqwidth() + px(30))
            self.buttons = (
                self._button(buttons, "One message", partial(self._answer, is_many=False)),
                self._button(buttons, "One per line", partial(self._answer, is_many=True)),
            )
        return self._strip

    def _button(self, parent: tk.Misc, words: str, command: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(parent, text=words, command=command, style="Notice.Light.TButton")
        button.bind("<Return>", lambda _event: button.invoke())
        button.bind("<Escape>", lambda _event: self._escape())
        button.pack(side="left", padx=(self._theme.px(4), 0))
        return button

    def _answer(self, *, is_many: bool) -> None:
        self._is_many = is_many
        self._escape()
        self._go_on()

    def _escape(self) -> None:
        self._put_away()
        self._go_back()

    def _put_away(self) -> None:
        if self._strip is not None:
            self._strip.grid_remove()
