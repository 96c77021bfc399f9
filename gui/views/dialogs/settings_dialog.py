"""The settings, in a small window beside the other. What is changed counts at once."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from tkinter import ttk
from typing import Any, TypeAlias, TypeVar

from gui.theme.theme import Theme
from gui.viewmodels.preferences import Preferences
from gui.views.dialogs.settings_pages import JournalsPage, LimitsPage, LookPage, SettingsPage
from gui.widgets.placement import put_beside

Page = TypeVar("Page", bound=SettingsPage)
_Maker: TypeAlias = tuple[str, type[SettingsPage], Callable[[tk.Misc], SettingsPage]]

_SIZE = (620, 470)  # at 96 dots an inch
_SMALLEST = (380, 260)


class SettingsDialog(tk.Toplevel):
    """``current`` says what is so; ``on_change`` gets what is wanted, whole. Escape closes."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        current: Callable[[], Preferences],
        on_change: Callable[[Preferences], None],
        on_open_folder: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self.withdraw()
        self.title("Settings — Tincan")
        self.transient(parent.winfo_toplevel())
        self._theme = theme
        self._current = current
        self._on_change = on_change
        self._makers: tuple[_Maker, ...] = (
            ("Look", LookPage, lambda place: LookPage(place, theme, self._change)),
            ("Journals", JournalsPage, lambda place: JournalsPage(place, theme, self._change, on_open_folder)),
            ("Connections", LimitsPage, lambda place: LimitsPage(place, theme, self._change)),
        )
        self._pages: dict[type[SettingsPage], SettingsPage] = {}
        self.tabs = ttk.Notebook(self)
        self._places = [ttk.Frame(self.tabs, style="Window.TFrame") for _ in self._makers]
        for place, (words, _kind, _make) in zip(self._places, self._makers, strict=True):
            self.tabs.add(place, text=words)
        self.tabs.bind("<<NotebookTabChanged>>", self._turned)
        self._lay_out()
        self.page(LookPage)
        theme.subscribe(self._restyle)
        self.bind("<Destroy>", self._forget)
        self.bind("<Escape>", lambda _event: self.destroy())
        self.deiconify()
        self.tabs.focus_set()

    def show(self) -> None:
        """Show what is so, after something else has changed it."""
        preferences = self._current()
        for page in self._pages.values():
            page.show(preferences)

    def page(self, kind: type[Page]) -> Page:
        """The page of that kind, made when it is first wanted: all at once would take too long."""
        page = self._pages.get(kind)
        if page is None:
            number = next(number for number, (_, other, _) in enumerate(self._makers) if other is kind)
            page = self._pages[kind] = self._makers[number][2](self._places[number])
            page.pack(fill="both", expand=True)
            page.show(self._current())
        assert isinstance(page, kind)
        return page

    def _turned(self, _event: object) -> None:
        number = int(self.tk.call(str(self.tabs), "index", "current"))
        self.page(self._makers[number][1])

    def _change(self, changes: dict[str, Any]) -> None:
        self._on_change(replace(self._current(), **changes))
        self.show()

    def _lay_out(self) -> None:
        px = self._theme.px
        foot = ttk.Frame(self, style="Window.TFrame", padding=(px(20), px(8), px(16), px(12)))
        ttk.Label(foot, text="Every change counts at once.", style="Window.Muted.TLabel").pack(side="left")
        self.close = ttk.Button(foot, text="Close", command=self.destroy)
        self.close.bind("<Return>", lambda _event: self.close.invoke())
        self.close.pack(side="right")
        foot.pack(side="bottom", fill="x")
        ttk.Frame(self, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")
        self.tabs.pack(fill="both", expand=True)
        self.tabs.enable_traversal()
        put_beside(self, self._theme, _SIZE, _SMALLEST)

    def _restyle(self) -> None:
        self.configure(background=self._theme.palette.window)

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._theme.forget(self._restyle)
