"""What is common to the controllers of panes beside the conversation, of strips over it and of bars below it."""

from __future__ import annotations

from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from gui.window import Window

View = TypeVar("View", bound=ttk.Frame)


class ViewController(Generic[View]):
    """Makes its view when it is first opened: the first window does not need it. Lives on the window's thread.

    ``put`` has the window show the view, ``take_away`` no longer.
    """

    def __init__(self, window: Window, put: Callable[[View], None], take_away: Callable[[View], None]) -> None:
        self._window, self._put, self._take_away = window, put, take_away
        self.made: View | None = None

    @property
    def view(self) -> View:
        """The view, made when it is first asked for."""
        if self.made is None:
            self.made = self._make()
            self._window.adopt(self.made)
        return self.made

    @property
    def is_open(self) -> bool:
        """Whether the view is in sight."""
        return self.made is not None and bool(self.made.winfo_manager())

    def open(self) -> None:
        """Open the view with the focus in it, which it may be already."""
        self._put(self.view)
        self._opened()

    def toggle(self) -> None:
        """Open the view with the focus in it, or close it."""
        if self.is_open:
            self._take_away(self.view)
            self._closed()
            self._window.composer.focus_message()
        else:
            self.open()

    # What a subclass gives.

    def _make(self) -> View:
        raise NotImplementedError

    def _opened(self) -> None:
        """Show what there is to show, and bring the focus here."""
        raise NotImplementedError

    def _closed(self) -> None:
        """Let go of what only an open view needs."""
