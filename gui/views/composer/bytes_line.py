"""The bytes that will go out, below the message: how many, the first of them, and all of them on request."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TypeAlias

from core.words import counted
from gui.theme.theme import Theme
from gui.viewmodels.drafting import Preview, Stretch
from gui.viewmodels.hexdump import dump, fitting
from gui.widgets.text_selection import colour_selection

_ADDED, _LABEL = "added", "label"  # tags
_FEWEST, _MOST = 4, 32  # bytes of the message in the line
_MOST_ADDED = 8  # bytes of its frame, and as many of its ending
_TALL = 5  # lines of the box with all bytes
_SHOWN = [chr(code) if 0x20 <= code < 0x7F else "·" for code in range(256)]

_Run: TypeAlias = tuple[str, str]  # words and their tag


class BytesLine(ttk.Frame):
    """One line; its button, there when it cannot hold them all, opens a box with the first 16 KiB.

    The box stands below it, over all of the parent's grid.
    """

    def __init__(self, parent: ttk.Frame, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._preview: Preview | None = None
        self._most = _FEWEST
        self._drawer = ttk.Frame(parent, style="Pane.TFrame")
        self.line = self._text(self, 1)
        self._is_open = False
        self.all_button = ttk.Button(self, command=self._press, style="Composer.Quiet.TButton", width=0)
        self.box = self._text(self._drawer, _TALL)
        bar = ttk.Scrollbar(self._drawer, command=self.box.yview)
        self.box.configure(yscrollcommand=bar.set, takefocus=True)
        bar.pack(side="right", fill="y")
        self.box.pack(side="left", fill="both", expand=True)
        self.line.grid(row=0, column=0, sticky="ew")
        self.columnconfigure(0, weight=1)
        self.bind("<Configure>", lambda _event: self._fit())
        self.all_button.bind("<Return>", lambda _event: self.all_button.invoke())
        self.all_button.bind("<Escape>", lambda _event: self._close_box())
        self.box.bind("<Escape>", lambda _event: self._close_box())
        theme.subscribe(self._restyle)
        for text in (self.line, self.box):
            colour_selection(text, theme)

    def show(self, preview: Preview | None) -> None:
        """Show these bytes; None is none."""
        if preview != self._preview:
            self._preview = preview
            self._arrange()

    @property
    def is_empty(self) -> bool:
        """Whether no bytes are shown."""
        return self._preview is None

    @property
    def words(self) -> str:
        """What the line says."""
        return self.line.get("1.0", "end-1c").strip()

    @property
    def dump(self) -> str:
        """What the box says; empty while it is closed."""
        return self.box.get("1.0", "end-1c") if self._drawer.winfo_manager() else ""

    def _text(self, parent: tk.Misc, height: int) -> tk.Text:
        return tk.Text(
            parent, height=height, width=10, wrap="none", borderwidth=0, highlightthickness=0, padx=0, pady=0,
            state="disabled", takefocus=False, cursor="arrow",
        )  # fmt: skip

    def _arrange(self) -> None:
        stretches = self._preview.stretches if self._preview is not None else ()
        self._most = self._bytes_that_fit()
        self._write(self.line, self._runs_of_line(self._most))
        is_more = any(stretch.size > self._room(stretch, self._most) for stretch in stretches)
        if is_more:
            self.all_button.grid(row=0, column=1)
        else:
            self.all_button.grid_remove()
        self.all_button.configure(text=f"All bytes  {'▾' if self._is_open else '▸'}")
        if is_more and self._is_open:
            self._write_box(stretches)
            self._drawer.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(self._theme.px(4), 0))
        else:
            self._drawer.grid_remove()

    def _bytes_that_fit(self) -> int:
        """How many bytes of the message the line has room for, both as hex and as text."""
        mono, small = self._theme.mono, self._theme.small
        taken = sum((small if tag == _LABEL else mono).measure(words) for words, tag in self._runs_of_line(0))
        room = self._whole_width() - taken
        fewest = 0 if self._preview is not None and self._preview.left_out else _FEWEST  # words stand there instead
        return max(fewest, min(_MOST, room // (mono.measure("000") + small.measure("0"))))

    def _whole_width(self) -> int:
        """Pixels of the line beside the button, whether that is there or not."""
        return self.winfo_width() - self.all_button.winfo_reqwidth()

    def _room(self, stretch: Stretch, most: int) -> int:
        return _MOST_ADDED if stretch.label else most

    def _runs_of_line(self, most: int) -> list[_Run]:
        """The line with no more than so many bytes of the message."""
        preview = self._preview
        if preview is None:
            return []
        left_out = f", {preview.left_out}" if preview.left_out else ""
        runs = [(f"{counted(preview.size, 'byte')}{left_out}   ", _LABEL)]
        for stretch in preview.stretches:
            room = self._room(stretch, most)
            digits = stretch.data[:room].hex(" ") + (" …" if stretch.size > room else "") + "  "
            runs += [(f"{stretch.label} ", _LABEL), (digits, _ADDED)] if stretch.label else [(digits, "")]
        typed = b"".join(stretch.data for stretch in preview.stretches if not stretch.label)[:most]
        return [*runs, (f" {''.join(map(_SHOWN.__getitem__, typed))}", _LABEL)]

    def _write_box(self, stretches: tuple[Stretch, ...]) -> None:
        """A dump of each stretch under its label."""
        runs: list[_Run] = []
        width = self._drawer.master.winfo_width() - self._theme.px(32)
        columns = width // max(1, self._theme.mono.measure("0"))
        for stretch in stretches:
            rows = dump(stretch.data, 0, fitting(columns, len(stretch.data)))
            runs.append((f"{stretch.label or 'message'}, {stretch.size:,} B\n", _LABEL))
            runs.append((f"{rows}\n", _ADDED if stretch.label else ""))
            if stretch.size > len(stretch.data):
                runs.append((f"and {stretch.size - len(stretch.data):,} bytes more\n", _LABEL))
        self._write(self.box, runs)

    def _write(self, text: tk.Text, runs: list[_Run]) -> None:
        text.configure(state="normal")
        text.delete("1.0", "end")
        for words, tag in runs:
            text.insert("end", words, tag)
        text.configure(state="disabled")

    def _fit(self) -> None:
        """Have as many bytes in the line as it has room for."""
        if self._bytes_that_fit() != self._most:
            self._arrange()

    def _press(self) -> None:
        self._is_open = not self._is_open
        self._arrange()

    def _close_box(self) -> None:
        self._is_open = False
        self._arrange()
        self.all_button.focus_set()

    def _restyle(self) -> None:
        theme, p = self._theme, self._theme.palette
        for text in (self.line, self.box):
            text.configure(background=p.pane, foreground=p.text, font=theme.mono)
            text.tag_configure(_LABEL, foreground=p.muted, font=theme.small)
            text.tag_configure(_ADDED, foreground=p.accent if p.name != "high contrast" else p.good)
        self.box.configure(padx=theme.px(6), pady=theme.px(2))
        self.box.configure(highlightthickness=theme.px(2), highlightbackground=p.pane, highlightcolor=p.focus)
