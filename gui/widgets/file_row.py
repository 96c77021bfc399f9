"""The name of a file to type or to choose."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.widgets.line_field import LineField


class FileRow(ttk.Frame):
    """``ask`` is the system's own dialog for files, with what it is to be asked; ``on_edit`` hears of changes.

    ``is_chosen`` while what stands in the field came from that dialog, which has asked whether to replace it.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, ask: Callable[..., str], title: str, on_edit: Callable[[], None]
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._ask, self._title, self._on_edit = ask, title, on_edit
        self.is_chosen = False
        self.field = LineField(self, theme, self._edited, width=30)
        self.field.hint("A file's name")
        self.button = ttk.Button(self, text="Choose…", command=self._choose)
        self.field.pack(side="left", fill="both", expand=True)
        self.button.pack(side="left", padx=(theme.px(8), 0), fill="y")

    @property
    def path(self) -> str:
        """What is written there."""
        return self.field.text.strip()

    def put(self, path: str) -> None:
        """Suggest a file."""
        self.field.put(fit(path))
        self.is_chosen = False

    def _edited(self, _text: str) -> None:
        self.is_chosen = False
        self._on_edit()

    def _choose(self) -> None:
        folder, _slash, name = self.path.replace("\\", "/").rpartition("/")
        path = self._ask(
            parent=self.winfo_toplevel(), title=self._title, initialdir=folder or None, initialfile=name,
            filetypes=[("All files", "*")],
        )  # fmt: skip
        if path:
            self.field.put(fit(str(path)))
            self.is_chosen = bool(self.path)
            self._on_edit()
        self.field.focus_set()


def fit(path: str) -> str:
    """A path that Tk can take; one with bytes that are no text stays out, for it would come back as another."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return ""
    return path.replace("\0", "")
