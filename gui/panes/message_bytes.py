"""The bytes of one message, exactly, and the calls of the socket that carried them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk

from core.text_safety import TextSafety
from gui.message_facts import CallRow
from gui.panes.byte_lines import ByteLines, Bytes
from gui.panes.wrapped import wrap_within
from gui.theme import Theme


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the inspector shows. ``data`` is what went through the socket, what frames the message included."""

    title: str
    facts: tuple[str, ...]
    calls: Sequence[CallRow]
    data: Bytes


class Inspector(ttk.Frame):
    """Beside the conversation; says what to do while no message is chosen."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_close: Callable[[], None]) -> None:
        px = theme.px
        super().__init__(parent, style="Pane.TFrame", padding=(px(12), px(8), px(12), px(12)))
        self._theme = theme
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._rows: Sequence[CallRow] = ()
        head = ttk.Frame(self, style="Pane.TFrame")
        self._title = ttk.Label(head, style="Pane.Strong.TLabel", anchor="w")
        self.close_button = ttk.Button(head, text="✕", style="Quiet.TButton", width=0, command=on_close)
        self.close_button.pack(side="right")
        self._title.pack(side="left", fill="x", expand=True)
        self._facts = ttk.Label(self, style="Pane.Muted.TLabel", justify="left", anchor="w")
        self.calls = tk.Listbox(
            self, height=4, activestyle="none", exportselection=False, borderwidth=0, highlightthickness=px(2)
        )
        self.hex = ByteLines(self, theme)
        head.pack(fill="x")
        self._facts.pack(fill="x", pady=(px(4), px(8)))
        wrap_within(self._facts, self, lambda: px(24))
        self.calls.bind("<<ListboxSelect>>", self._call_chosen)
        for part in (self.calls, self.hex.text, self.close_button):
            part.bind("<Escape>", lambda _event: on_close())
        self.close_button.bind("<Return>", lambda _event: self.close_button.invoke())
        theme.subscribe(self._restyle)
        self.show(None)

    def show(self, inspected: Inspected | None) -> None:
        """Show a message, or what to do to see one."""
        if inspected is None:
            self._title.configure(text="Inspector")
            self._facts.configure(text="Click a message, or choose one with Alt+Up and Alt+Down.")
            self.calls.pack_forget()
            self.hex.pack_forget()
            return
        self._title.configure(text=self._safety.field(inspected.title))
        self._facts.configure(text=self._safety.text("\n".join(inspected.facts)))
        self._rows = inspected.calls
        self.calls.delete(0, "end")
        self.calls.insert("end", *(row.words for row in self._rows))
        self.calls.configure(height=max(1, min(6, len(self._rows))))
        self.calls.pack(fill="x", pady=(0, self._theme.px(8)))
        self.hex.pack(fill="both", expand=True)
        self.hex.show(inspected.data)

    @property
    def words(self) -> str:
        """What it says of the message."""
        return f"{self._title.cget('text')}\n{self._facts.cget('text')}"

    def _call_chosen(self, _event: object) -> None:
        chosen = self.calls.curselection()  # type: ignore[no-untyped-call]
        if chosen:
            row = self._rows[chosen[0]]
            self.hex.mark(row.start, row.stop)

    def _restyle(self) -> None:
        p = self._theme.palette
        self.calls.configure(
            background=p.pane, foreground=p.text, font=self._theme.small, selectbackground=p.selection,
            selectforeground=p.selection_text, highlightbackground=p.border, highlightcolor=p.focus,
        )  # fmt: skip
