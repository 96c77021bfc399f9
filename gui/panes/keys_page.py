"""All keys on one page."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from gui.keys import FIXED, KEYS
from gui.theme import Theme


class KeysPage(tk.Toplevel):
    """A small window beside the other; Escape, F1 or Close puts it away."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        px = theme.px
        self.title("Keys — Tincan")
        self.resizable(False, False)
        self.transient(parent.winfo_toplevel())
        body = ttk.Frame(self, style="Window.TFrame", padding=(px(24), px(18)))
        body.pack(fill="both", expand=True)
        rows = [(key.shown, key.does) for key in KEYS]
        self._column(body, 0, rows)
        self._column(body, 1, FIXED)
        close = ttk.Button(body, text="Close", command=self.destroy, style="Accent.TButton")
        close.grid(row=1, column=1, sticky="e", pady=(px(14), 0))
        for key in ("<Escape>", "<F1>", "<Return>"):
            self.bind(key, lambda _event: self.destroy())
        self.configure(background=theme.palette.window)
        close.focus_set()

    def _column(self, body: ttk.Frame, column: int, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> None:
        px = self._theme.px
        frame = ttk.Frame(body, style="Window.TFrame")
        frame.grid(row=0, column=column, sticky="n", padx=(0 if column == 0 else px(32), 0))
        for row, (key, does) in enumerate(rows):
            ttk.Label(frame, text=key, style="Key.TLabel", anchor="center").grid(row=row, column=0, sticky="ew")
            ttk.Label(frame, text=does, style="Window.TLabel").grid(
                row=row, column=1, sticky="w", padx=(px(12), 0), pady=px(4)
            )
