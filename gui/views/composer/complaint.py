"""What is wrong with a message, or why it did not go out, below the field in which it is written."""

from __future__ import annotations

from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.wrapped import wrap_within


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
