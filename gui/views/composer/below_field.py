"""What is said below the message field: what is wrong with it, and whether pasted lines are one message or many."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.drafting import MessageFormat
from gui.widgets.bindings import bind_own
from gui.widgets.fitting import wrap_within


class Complaint(ttk.Label):
    """A sentence in ``beside``, a line that is there anyway, so that nothing moves while one types.

    Where that has no room for it, or something else to show, it has lines of its own in ``row`` of the composer.
    """

    def __init__(
        self, composer: ttk.Frame, theme: Theme, beside: ttk.Frame, *, row: int, is_taken: Callable[[], bool]
    ) -> None:
        super().__init__(composer, style="Pane.Error.TLabel", justify="left", anchor="w")
        self._composer, self._theme, self._beside = composer, theme, beside
        self._row, self._is_taken = row, is_taken
        self._why = ""
        wrap_within(self, composer, lambda: theme.px(36))
        bind_own(beside, "<Configure>", self.arrange)
        theme.subscribe(self._restyle)

    @property
    def words(self) -> str:
        """What it says; empty if nothing is wrong."""
        return self._why

    def say(self, why: str) -> None:
        """Say this; nothing if ``why`` is empty."""
        self._why = why
        self.configure(text=why)
        self.arrange()

    def arrange(self) -> None:
        """Go where there is room now."""
        px, why = self._theme.px, self._why
        if not why:
            self.grid_remove()
        elif self._is_taken() or self._theme.small.measure(why) > self._room:
            pad = (px(4), px(2))
            self.grid(in_=self._composer, row=self._row, column=0, columnspan=2, sticky="w", padx=0, pady=pad)
        else:
            self.grid(in_=self._beside, row=0, column=2, columnspan=1, sticky="w", padx=(px(8), 0), pady=0)
            self.lift()

    @property
    def _room(self) -> int:
        buttons = [part for part in self._beside.grid_slaves(row=0) if isinstance(part, ttk.Button | ttk.Menubutton)]
        return self._beside.winfo_width() - sum(part.winfo_reqwidth() for part in buttons) - self._theme.px(16)

    def _restyle(self) -> None:
        """The line is high enough for a sentence, whether one stands there or not."""
        self._beside.rowconfigure(0, minsize=self._theme.small.metrics("linespace") + self._theme.px(4))


_ANSWERS = (("One message", False), ("One per line", True))


class NoticeStrip(ttk.Frame):
    """A sentence in a row of the composer with buttons beside it, made when it is first said.

    Escape in a button calls ``on_leave``, as does pressing one, before what it does.
    """

    def __init__(
        self,
        composer: ttk.Frame,
        theme: Theme,
        *,
        row: int,
        answers: Sequence[tuple[str, Callable[[], None]]],
        on_leave: Callable[[], None],
    ) -> None:
        px = theme.px
        super().__init__(composer, style="Notice.TFrame", padding=(px(10), px(4), px(6), px(4)))
        self._row, self._gap, self._on_leave = row, px(6), on_leave
        buttons = ttk.Frame(self, style="Notice.TFrame")
        buttons.pack(side="right")
        self._words = ttk.Label(self, style="Notice.TLabel", justify="left")
        self._words.pack(side="left", fill="x", expand=True)
        wrap_within(self._words, self, lambda: buttons.winfo_reqwidth() + px(30))
        self.buttons = tuple(self._button(buttons, px(4), words, act) for words, act in answers)

    def say(self, words: str) -> None:
        """Show this sentence."""
        self._words.configure(text=words)
        self.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(self._gap, 0))

    def _button(self, parent: tk.Misc, gap: int, words: str, act: Callable[[], None]) -> ttk.Button:
        def press() -> None:
            self._on_leave()
            act()

        button = ttk.Button(parent, text=words, command=press, style="Notice.Light.TButton")
        button.bind("<Return>", lambda _event: button.invoke())
        button.bind("<Escape>", lambda _event: self._on_leave())
        button.pack(side="left", padx=(gap, 0))
        return button


class LinesQuestion:
    """A line below the message field with two buttons; the answer holds until the field is empty again."""

    def __init__(self, composer: ttk.Frame, theme: Theme, go_back: Callable[[], None]) -> None:
        self._composer, self._theme = composer, theme
        self._go_back = go_back
        self._is_many: bool | None = None
        self._strip: NoticeStrip | None = None
        self._go_on: Callable[[], None] = lambda: None

    @property
    def buttons(self) -> tuple[ttk.Button, ...]:
        """The answers; none before it was first asked."""
        return self._strip.buttons if self._strip is not None else ()

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
        if self._strip is None:
            answers = [(words, partial(self._answer, is_many=many)) for words, many in _ANSWERS]
            self._strip = NoticeStrip(self._composer, self._theme, row=5, answers=answers, on_leave=self._leave)
        count = len(text.removesuffix("\n").split("\n"))
        self._strip.say(f"{count:,} lines were pasted: are they one message, or is each line one?")
        self._strip.buttons[0].focus_set()

    def forget(self) -> None:
        """Another text begins."""
        self._is_many = None
        self.put_away()

    def _answer(self, *, is_many: bool) -> None:
        self._is_many = is_many
        self._go_on()

    def _leave(self) -> None:
        self.put_away()
        self._go_back()

    def put_away(self) -> None:
        """Ask no more until the message is to go out again."""
        if self._strip is not None:
            self._strip.grid_remove()
