"""A strip between conversation and composer for something that goes on: what, how far, how well, and how to end it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.tasks import TaskView
from gui.widgets.bindings import focus_now
from gui.widgets.controls import ThinProgress
from gui.widgets.fitting import Flow, wrap_within

_LEAST_WORDS = 120  # pixels at 96 dots an inch
_LONGEST_TITLE = 60  # characters
_LONGEST_SENTENCE = 600


class TaskStrip(ttk.Frame):
    """``ends`` are buttons with which a person ends it, while it goes on; ``on_close`` puts the strip away.

    ``looks`` are buttons that show more of it, as long as the strip is there.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        ends: Sequence[tuple[str, Callable[[], None]]],
        on_close: Callable[[], None],
        looks: Sequence[tuple[str, Callable[[], None]]] = (),
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._view: TaskView | None = None
        ttk.Frame(self, style="Line.TFrame", height=px(1)).grid(row=0, column=0, columnspan=2, sticky="ew")
        self._flow = Flow(self, theme)
        self._title = ttk.Label(self._flow, style="Window.Strong.TLabel", compound="left")
        self._words = ttk.Label(self._flow, style="Window.TLabel")
        self._detail = ttk.Label(self._flow, style="Window.Muted.TLabel")
        self._trouble = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._progress = ThinProgress(self, theme)
        self._buttons = ttk.Frame(self, style="Window.TFrame")
        self.looks = tuple(self._button(words, act, "Strip.TButton") for words, act in looks)
        self.ends = tuple(self._button(words, act, "Strip.TButton") for words, act in ends)
        self.close_button = self._button("✕", on_close, "Bar.Quiet.TButton")
        self.close_button.bind("<Escape>", lambda _event: on_close())
        self._lay_out()
        theme.subscribe(self._restyle, self)

    def show(self, view: TaskView) -> None:
        """Show how it goes."""
        if view == self._view:
            return
        before, self._view = self._view, view
        self._title.configure(text=f" {self._safety.field(view.title, _LONGEST_TITLE)}")
        self._words.configure(text=self._safety.field(view.words))
        self._detail.configure(text=view.detail)
        self._flow.display(self._detail, bool(view.detail))
        self._flow.arrange()
        self._trouble.configure(text=self._safety.field(view.trouble, _LONGEST_SENTENCE))
        (self._trouble.grid if view.trouble else self._trouble.grid_remove)()
        self._progress.put(view.fraction if view.is_running else None)
        (self._progress.grid if view.is_running and view.fraction is not None else self._progress.grid_remove)()
        if before is None or (before.is_running, before.is_failure) != (view.is_running, view.is_failure):
            self._restyle()
            self._offer(is_running=view.is_running)

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._view is None or self._view.is_running

    @property
    def words(self) -> str:
        """Everything that it says."""
        labels = (self._title, self._words, self._detail, self._trouble)
        return "  ".join(filter(None, (str(label.cget("text")).strip() for label in labels)))

    def focus_first(self) -> None:
        """Go to its first button."""
        focus_now(self.ends[0] if self.is_running and self.ends else self.close_button)

    def _button(self, words: str, act: Callable[[], None], style: str) -> ttk.Button:
        button = ttk.Button(self._buttons, text=words, command=act, style=style, width=0)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _lay_out(self) -> None:
        px = self._theme.px
        self._flow.grid(row=1, column=0, sticky="ew", padx=(px(16), px(8)), pady=px(4))
        for label, stretch in ((self._title, 0), (self._words, 1), (self._detail, 0)):
            self._flow.add(label, stretch=stretch, least=px(_LEAST_WORDS) if stretch else 0)
        self._buttons.grid(row=1, column=1, sticky="ne", padx=(0, px(10)), pady=px(4))
        self._trouble.grid(row=2, column=0, columnspan=2, sticky="w", padx=px(16), pady=(0, px(5)))
        self._progress.grid(row=3, column=0, columnspan=2, sticky="ew")
        wrap_within(self._trouble, self, lambda: px(36))
        self.columnconfigure(0, weight=1)
        self._offer(is_running=True)

    def _offer(self, *, is_running: bool) -> None:
        """While it goes on, what ends it; then, what puts it away. The focus stays in the strip if it was there."""
        had_focus = str(self.tk.call("focus")).startswith(f"{self}.")
        for button in (*self.looks, *self.ends, self.close_button):
            if button in self.looks or is_running != (button is self.close_button):
                button.pack(side="left", padx=(self._theme.px(4), 0))
            else:
                button.pack_forget()
        if had_focus:
            self.focus_first()

    def _restyle(self) -> None:
        p, px, view = self._theme.palette, self._theme.px, self._view
        ttk.Style(self).configure("Strip.TButton", padding=(px(10), px(2)))
        has_failed = not self.is_running and view is not None and view.is_failure
        color = p.accent if self.is_running else p.error if has_failed else p.good
        self._title.configure(image=str(self._theme.dot(color, "failed" if has_failed else "live")))
