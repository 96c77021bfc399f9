"""The line at the bottom: what is going on, in words and figures."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.window_view import StatusView
from gui.widgets.fitting import elided
from gui.widgets.tip import Tip

_BETWEEN = "     "  # two figures
_BESIDE = 64  # pixels at 96 dots an inch: margins and dot


class StatusBar(ttk.Frame):
    """A dot, words, figures, and a warning while others can reach us; pressing it calls ``on_warning``."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_warning: Callable[[], None] | None = None) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(16), px(2), px(16), px(3)))
        self._theme = theme
        self._view = StatusView("off", "Ready")
        self._dot = ttk.Label(self, style="Window.TLabel")
        self._words = ttk.Label(self, style="Window.Muted.TLabel")
        self._figures = ttk.Label(self, style="Window.Muted.TLabel")
        self.warning = ttk.Button(self, style="Warning.TButton", command=on_warning or (lambda: None))
        self.warning.bind("<Return>", lambda _event: self.warning.invoke())
        self.times = ttk.Button(self, style="Status.Quiet.TButton", command=self._toggle_times, width=0)
        self.times.bind("<Return>", lambda _event: self.times.invoke())
        self._tip: Tip | None = None
        self._height = ttk.Frame(self, style="Window.TFrame", width=px(1))  # one, whether or not the warning is there
        self._height.configure(height=self.warning.winfo_reqheight())
        self._height.pack(side="left")
        self._dot.pack(side="left", padx=(0, px(8)))
        self._figures.pack(side="right")
        self._words.pack(side="left")
        self.bind("<Configure>", lambda _event: self._fit())
        theme.subscribe(self._restyle)

    def show(self, view: StatusView) -> None:
        """Show this."""
        if view != self._view:
            self._view = view
            self._paint()

    def _restyle(self) -> None:
        """Only here: whatever changes a style has all of the window laid out and drawn anew."""
        ttk.Style(self).configure(
            "Status.Quiet.TButton", background=self._theme.palette.window, foreground=self._theme.palette.muted,
            font=self._theme.small, padding=(self._theme.px(7), self._theme.px(1)),
        )  # fmt: skip
        self._paint()

    def show_times(self) -> bool:
        """Go to the figure of times and say what it is; False if there are none."""
        if self._view.times is None:
            return False
        self.times.focus_set()
        self._tips.open()
        return True

    @property
    def has_times(self) -> bool:
        """Whether it shows how long answers take."""
        return self._view.times is not None

    @property
    def tip(self) -> str:
        """What is said of the times, while it is."""
        return self._tip.words if self._tip is not None else ""

    @property
    def words(self) -> str:
        """Everything that is written in the line."""
        return "   ".join(filter(None, (self._view.words, self._view.warning, *self._view.figures, self._figure)))

    def _paint(self) -> None:
        p, view = self._theme.palette, self._view
        colors = {"live": p.good, "waiting": p.warning, "failed": p.error}
        self._dot.configure(image=str(self._theme.dot(colors.get(view.state, p.muted), view.state)))
        self._words.configure(text=view.words)
        self._show_times()
        self.warning.configure(text=f"▲ {view.warning}")
        if view.warning and not self.warning.winfo_manager():
            self.warning.pack(side="left", padx=(self._theme.px(10), 0))
        elif not view.warning:
            self.warning.pack_forget()
        self._fit()

    def _fit(self) -> None:
        """Leave out the last figures first, then the end of the words, where there is no room for a warning."""
        px, font, view = self._theme.px, self._theme.small, self._view
        if self._height.winfo_reqheight() != self.warning.winfo_reqheight():
            self._height.configure(height=self.warning.winfo_reqheight())
        room = self.winfo_width() - px(_BESIDE)
        if view.warning:
            room -= self.warning.winfo_reqwidth() + px(10)
        if view.times is not None:
            room -= self.times.winfo_reqwidth() + px(10)
        figures = list(view.figures)
        while figures and font.measure(view.words + _BETWEEN + _BETWEEN.join(figures)) > room:
            figures.pop()
        self._figures.configure(text=_BETWEEN.join(figures))
        fits = not self.winfo_ismapped() or figures or font.measure(view.words) <= room
        self._words.configure(text=view.words if fits else elided(view.words, font, max(0, room)))

    @property
    def _figure(self) -> str:
        return self._view.times.figure if self._view.times is not None else ""

    @property
    def _tips(self) -> Tip:
        """What explains the times, made when there are some."""
        if self._tip is None:
            self._tip = Tip(self.times, self._theme)
        return self._tip

    def _show_times(self) -> None:
        times, px = self._view.times, self._theme.px
        if times is None:
            self.times.pack_forget()
            if self._tip is not None:
                self._tip.close()
            return
        self.times.configure(text=times.figure)
        self._tips.put(times.words)
        if not self.times.winfo_manager():
            self.times.pack(side="right", padx=(px(10), 0), before=self._figures)

    def _toggle_times(self) -> None:
        self._tips.toggle()
