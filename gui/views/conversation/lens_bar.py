"""The strip that asks for what a way to tell messages apart needs to know: a length, some bytes, a silence."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.framings import Kind, WrittenError, read, written
from gui.widgets.bindings import breaking
from gui.widgets.debounce import Debounce
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, wrap_within

QUIET = 300  # milliseconds without a key after which what was written applies
_LEAST_FIELD, _LEAST_WORDS = 160, 120  # pixels at 96 dots an inch


class LensBar(ttk.Frame):
    """``on_framing`` gets a written form as soon as a good one stands there; ``on_close`` takes the strip away."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_framing: Callable[[str], None], on_close: Callable[[], None]
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(16), px(6), px(10), px(6)))
        self._theme = theme
        self._on_framing, self._on_close = on_framing, on_close
        self.bind("<<Close>>", breaking(self.close))
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._kind: Kind | None = None
        self._framing = ""  # that holds
        self._quiet = Debounce(self, self._apply)
        self._flow = Flow(self, theme)
        self._asks = ttk.Label(self._flow, style="Window.TLabel")
        self.field = LineField(self._flow, theme, self._edited, width=1)
        self._words = ttk.Label(self._flow, style="Window.Muted.TLabel", anchor="w")
        self.close_button = ttk.Button(self._flow, text="✕", command=self.close, style="Bar.Quiet.TButton", width=0)
        self._why = ttk.Label(self, style="Window.Error.TLabel", justify="left", anchor="w")
        self._flow.add(self._asks)
        self._flow.add(self.field, stretch=1, least=px(_LEAST_FIELD))
        self._flow.add(self._words, least=px(_LEAST_WORDS))
        self._flow.add_corner(self.close_button)
        self._help = ttk.Label(self, style="Window.Muted.TLabel", justify="left", anchor="w")
        self._flow.pack(fill="x")
        for label in (self._why, self._help):
            wrap_within(label, self, lambda: px(30))
        for part in (self.field, self.close_button):
            part.bind("<Escape>", breaking(self.close))
        for sequence in ("<Return>", "<KP_Enter>"):
            self.field.bind(sequence, breaking(self._quiet.now))
        self.close_button.bind("<Return>", breaking(self.close))

    def ask(self, kind: Kind, framing: str) -> None:
        """Ask for what this kind needs; ``framing`` is the one that holds. What is being written stays."""
        if (kind, framing) == (self._kind, self._framing):
            return
        self._kind, self._framing = kind, framing
        self._asks.configure(text=kind.asks)
        self.field.hint(kind.hint)
        self._help.configure(text=kind.help)
        if kind.help:
            self._help.pack(fill="x", pady=(self._theme.px(4), 0))
        else:
            self._help.pack_forget()
        self.field.put(written(kind, framing))
        self._check()

    @property
    def words(self) -> str:
        """What it says about what is written."""
        return str(self._words.cget("text"))

    @property
    def help(self) -> str:
        """What it says can be written there."""
        return str(self._help.cget("text")) if self._help.winfo_manager() else ""

    @property
    def complaint(self) -> str:
        """What it says is wrong; empty if nothing is."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def close(self) -> None:
        """Put the strip away. What holds goes on to hold; what is wrong is forgotten."""
        self._quiet.now()
        kind, self._kind = self._kind, None
        if kind is not None:
            self.field.put(written(kind, self._framing))
        self._on_close()

    def _edited(self, _text: str) -> None:
        self._check()
        self._quiet.ask(QUIET)

    def _check(self) -> str:
        """Say what is written in words, or what is wrong with it; its written form, empty if it is wrong."""
        if self._kind is None:
            return ""
        try:
            framing = read(self._kind, self.field.text)
        except WrittenError as error:
            self.field.refuse(error.place)
            self._why.configure(text=self._safety.text(str(error)))
            self._why.pack(after=self._flow, fill="x", pady=(self._theme.px(4), 0))
            self._words.configure(text="")
            return ""
        self.field.accept()
        self._why.pack_forget()
        self._words.configure(text=framing.words)
        self._flow.arrange()
        return str(framing)

    def _apply(self) -> None:
        framing = self._check()
        if framing and framing != self._framing:
            self._framing = framing
            self._on_framing(framing)
