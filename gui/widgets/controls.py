"""Small controls that ttk's buttons and boxes do not cover: a toggle that stays down, a tick, an option out
of several, and a thin line of progress.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import Generic, NamedTuple, TypeVar

from gui.theme.control_styles import dress
from gui.theme.theme import Theme

Key = TypeVar("Key")

_WRAP = 440  # pixels at 96 dots an inch of a sentence's lines; lines that followed the width would change it
_BESIDE = 23  # pixels at 96 dots an inch that a mark takes beside its words


class Toggle(ttk.Checkbutton):
    """A button that stays down while it is on; ``on_change`` gets what a person made of it."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: str, on_change: Callable[[bool], None], *, style: str = "Toggle"
    ) -> None:
        dress(theme, parent)
        super().__init__(parent, text=words, style=f"{style}.TCheckbutton", command=self._changed)
        self._on_change = on_change
        self._name = f"::tincan_toggle{self}"  # a Tcl variable: a BooleanVar may be collected in another thread
        self.configure({"variable": self._name})
        self.put(False)
        self.bind("<Return>", lambda _event: self.invoke())
        self.bind("<Destroy>", lambda _event: self.tk.call("unset", "-nocomplain", self._name))

    @property
    def is_on(self) -> bool:
        """Whether it is down."""
        return bool(self.instate(["selected"]))

    def put(self, is_on: bool) -> None:
        """Turn it on or off without telling anybody."""
        if is_on != self.is_on or self.instate(["alternate"]):
            self.tk.call("set", self._name, "1" if is_on else "0")

    def _changed(self) -> None:
        self._on_change(self.is_on)


class Tick(Toggle):
    """A box with a tick and words beside it, on a ground of Window or Pane."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: str, on_change: Callable[[bool], None], *, ground: str = "Window"
    ) -> None:
        super().__init__(parent, theme, words, on_change, style=f"{ground}.Tick")


class Option(NamedTuple, Generic[Key]):
    """One of several: what it stands for, its words, and a sentence that explains it."""

    key: Key
    words: str
    sentence: str = ""
    is_free: bool = True  # whether it can be chosen


class Options(ttk.Frame, Generic[Key]):
    """One out of several, each with its sentence beneath. Up and Down choose, Tab goes past them all."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_choose: Callable[[Key], None]) -> None:
        dress(theme, parent)
        super().__init__(parent, style="Window.TFrame")
        self.buttons: list[ttk.Radiobutton] = []
        self._theme = theme
        self._on_choose = on_choose
        self._offered: tuple[Option[Key], ...] = ()
        self._sentences: list[ttk.Label] = []
        self._place = 0
        self._is_locked = False
        self._name = f"::tincan_options{self}"
        self.columnconfigure(0, weight=1)
        self.bind("<Destroy>", self._forget)

    def offer(self, options: Sequence[Option[Key]], chosen: Key) -> None:
        """Show these with that one chosen; one that cannot be chosen gives way to the first that can."""
        if len(options) != len(self._offered):
            self._build(len(options))
        self._offered = tuple(options)
        for button, label, option in zip(self.buttons, self._sentences, options, strict=True):
            button.configure(text=option.words, state=self._state(option))
            label.configure(text=option.sentence)
            (label.grid if option.sentence else label.grid_remove)()
        free = [place for place, option in enumerate(options) if option.is_free]
        self._choose(next((place for place in free if options[place].key == chosen), free[0] if free else 0))

    def lock(self, is_locked: bool) -> None:
        """Let nothing be chosen for a while."""
        self._is_locked = is_locked
        for button, option in zip(self.buttons, self._offered, strict=True):
            button.configure(state=self._state(option))

    @property
    def key(self) -> Key:
        """What is chosen."""
        return self._offered[self._place].key

    def focus_chosen(self) -> None:
        """Put the focus on what is chosen."""
        self.buttons[self._place].focus_set()

    def _build(self, count: int) -> None:
        for part in self.winfo_children():
            part.destroy()
        self.buttons = [self._button(place) for place in range(count)]
        wrap = self._theme.px(_WRAP)
        self._sentences = [
            ttk.Label(self, style="Window.Muted.TLabel", justify="left", wraplength=wrap) for _ in range(count)
        ]
        for place, label in enumerate(self._sentences):
            label.grid(row=2 * place + 1, column=0, sticky="w", padx=(self._theme.px(_BESIDE), 0))

    def _button(self, place: int) -> ttk.Radiobutton:
        button = ttk.Radiobutton(self, style="Window.Option.TRadiobutton", value=str(place))
        button.configure({"variable": self._name, "command": partial(self._picked, place)})
        button.bind("<Up>", partial(self._step, -1))
        button.bind("<Down>", partial(self._step, 1))
        button.grid(row=2 * place, column=0, sticky="w")
        return button

    def _state(self, option: Option[Key]) -> str:
        return "normal" if option.is_free and not self._is_locked else "disabled"

    def _choose(self, place: int) -> None:
        self._place = place
        self.tk.call("set", self._name, str(place))
        for at, button in enumerate(self.buttons):
            button.configure(takefocus=at == place)

    def _step(self, step: int, _event: object) -> str:
        place = self._place + step
        while 0 <= place < len(self._offered) and not self._offered[place].is_free:
            place += step
        if 0 <= place < len(self._offered):
            self._picked(place)
            self.focus_chosen()
        return "break"

    def _picked(self, place: int) -> None:
        self._choose(place)
        self._on_choose(self.key)

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.tk.call("unset", "-nocomplain", self._name)


class ThinProgress(ttk.Frame):
    """A line that fills from left to right; ``put`` gets a fraction from 0 to 1."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        dress(theme, parent)
        super().__init__(parent, style="Line.TFrame", height=theme.px(3))
        self._done = ttk.Frame(self, style="Progress.TFrame")

    def put(self, fraction: float | None) -> None:
        """Fill the line so far; None, for a length that nobody knows, leaves it empty."""
        self._done.place(x=0, y=0, relheight=1, relwidth=max(0.0, min(1.0, fraction or 0.0)))

    @property
    def fraction(self) -> float:
        """How far it is filled."""
        return float(self._done.place_info().get("relwidth", 0.0))
