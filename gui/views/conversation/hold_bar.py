"""The messages that a tap holds: which are, how many wait and for how long, and what is done with the first."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.viewmodels.holding import HoldForm, HoldView
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.controls import Toggle
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, wrap_within
from gui.widgets.scrolling import KeptLine

_EDIT, _LEAVE = "Edit", "Leave it"


class HoldActs(NamedTuple):
    """What a person can do: ``hold`` gives back why it cannot be, or nothing; the others are for the first message."""

    hold: Callable[[HoldForm], str]
    forward: Callable[[], None]
    edit: Callable[[], None]
    drop: Callable[[], None]
    let_go: Callable[[], None]
    close: Callable[[], None]


class HoldBar(ttk.Frame):
    """Nothing is decided here; ``acts`` are called as a person presses. ``line`` is to be kept in sight."""

    def __init__(self, parent: tk.Misc, theme: Theme, acts: HoldActs) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._acts = theme, acts
        self._view: HoldView | None = None
        self.bind("<<Close>>", breaking(acts.close))
        ttk.Frame(self, style="Line.TFrame", height=theme.px(1)).grid(sticky="ew")
        self._flow = Flow(self, theme)
        self._title = ttk.Label(self._flow, text="Hold", style="Window.Strong.TLabel")
        self.out, self.into = (
            Toggle(self._flow, theme, words, lambda _is_on: self._hold())
            for words in ("To the target", "From the target")
        )
        self.expression = LineField(self._flow, theme, lambda _text: self._complain(""), width=20)
        self.expression.hint("all, or a regular expression")
        self.forward = self._button("Forward", acts.forward)
        self.edit = self._button(_EDIT, acts.edit)
        self.drop = self._button("Drop", acts.drop)
        self.let_go = self._button("Let everything go", acts.let_go)
        self.close_button = ttk.Button(self._flow, text="✕", style="Bar.Quiet.TButton", width=0, command=acts.close)
        self.line = KeptLine(self, theme)
        self._why = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._lay_out()

    def show(self, view: HoldView) -> None:
        """Show how it stands."""
        if view == self._view:
            return
        before, self._view = self._view, view
        if before is None or before.form != view.form or before.is_free is not view.is_free:
            self.out.put(view.form.out)
            self.into.put(view.form.into)
            self.expression.put(view.form.expression)
            self._complain("")
        for part in (self.out, self.into, self.expression):
            part.state(["!disabled" if view.is_free else "disabled"])
        for button in (self.forward, self.edit, self.drop, self.let_go):
            button.state(["!disabled" if view.count else "disabled"])
        self.edit.configure(text=_LEAVE if view.is_editing else _EDIT)
        self.line.label.configure(text=view.words)
        self._flow.arrange()

    @property
    def words(self) -> str:
        """What it says."""
        return str(self.line.label.cget("text"))

    @property
    def complaint(self) -> str:
        """What is wrong; empty if nothing is."""
        return str(self._why.cget("text"))

    def focus_first(self) -> None:
        """Go to the first control."""
        focus_now(self.out)

    def _hold(self) -> None:
        form = HoldForm(self.out.is_on, self.into.is_on, self.expression.text)
        why = self._acts.hold(form)
        self._complain(why)
        if why and self._view is not None:
            self.out.put(self._view.form.out)
            self.into.put(self._view.form.into)

    def _complain(self, why: str) -> None:
        (self.expression.refuse if why else self.expression.accept)()
        self._why.configure(text=why)
        (self._why.grid if why else self._why.grid_remove)()

    def _button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(self._flow, text=words, style="Bar.Quiet.TButton", width=0, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _lay_out(self) -> None:
        px = self._theme.px
        for part in (self._title, self.out, self.into):
            self._flow.add(part)
        self._flow.add(self.expression, stretch=1)
        for button in (self.forward, self.edit, self.drop, self.let_go):
            self._flow.add(button)
        self._flow.add_corner(self.close_button)
        self.line.grid(row=1, sticky="ew")
        self._flow.grid(row=2, sticky="ew", padx=(px(16), px(10)), pady=(0, px(5)))
        self._why.grid(row=3, sticky="ew", padx=px(16), pady=(0, px(5)))
        self._why.grid_remove()
        self.columnconfigure(0, weight=1)
        for label in (self.line.label, self._why):
            wrap_within(label, self, lambda: px(40))
        for key in ("<Return>", "<KP_Enter>"):
            self.expression.bind(key, breaking(self._hold))
        for control in (self.out, self.into, self.expression, self.forward, self.edit, self.drop, self.let_go):
            control.bind("<Escape>", lambda _event: self._acts.close())
        self.close_button.bind("<Escape>", lambda _event: self._acts.close())
        self.close_button.bind("<Return>", lambda _event: self.close_button.invoke())
