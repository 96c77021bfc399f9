"""Where a person writes: whom to, the message, Send, and why a message did not go out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, NamedTuple

from gui.panes.choice import Choice
from gui.panes.wrapped import wrap_within
from gui.theme import Theme
from gui.views import ComposerView

if TYPE_CHECKING:
    from core.events import ConnectionId


class Outcome(NamedTuple):
    """What became of a message: whether it went out, and what there is to say about it."""

    is_sent: bool
    sentence: str = ""


_MOST_LINES = 6  # the field grows up to here, then scrolls


class Composer(ttk.Frame):
    """``on_send`` gets the text and the chosen connection, and says what became of them."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_send: Callable[[str, ConnectionId | None], Outcome],
        on_page: Callable[[int], None],
        on_recipient: Callable[[ConnectionId | None], None],
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Pane.TFrame", padding=(px(16), px(8), px(16), px(12)))
        self._theme = theme
        self._on_send = on_send
        self._history: Sequence[str] = ()
        self._place = -1  # in the history; -1 is the new message
        self._view: ComposerView | None = None
        self._to = ttk.Frame(self, style="Pane.TFrame")
        ttk.Label(self._to, text="To", style="Pane.Muted.TLabel").pack(side="left", padx=(px(2), px(8)))
        self.to: Choice[ConnectionId | None] = Choice(self._to, on_recipient, width=26)
        self.to.pack(side="left")
        self._box = ttk.Frame(self, style="Field.TFrame", padding=(px(10), px(8)))
        self.field = tk.Text(
            self._box, height=1, width=10, wrap="word", borderwidth=0, highlightthickness=0, padx=0, pady=0, undo=True,
            maxundo=200,
        )  # fmt: skip
        self.field.pack(fill="both", expand=True)
        self._hint = tk.Label(self.field, anchor="w", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self.send_button = ttk.Button(self, text="Send", command=self.submit, width=7)
        self._why = ttk.Label(self, style="Pane.Error.TLabel", justify="left", anchor="w")
        self._box.grid(row=1, column=0, sticky="nsew")
        self.send_button.grid(row=1, column=1, sticky="s", padx=(px(8), 0), ipady=px(3))
        self.columnconfigure(0, weight=1)
        self._bind_keys(on_page)
        theme.subscribe(self._restyle)

    def show(self, view: ComposerView) -> None:
        """Offer whom to write to, and give Send its weight."""
        if view == self._view:
            return
        self._view = view
        self._hint.configure(text=view.hint)
        self.send_button.configure(style="Accent.TButton" if view.is_next else "TButton")
        if view.recipients:
            self.to.offer([(one.connection, one.text) for one in view.recipients], view.chosen)
            self._to.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, self._theme.px(8)))
        else:
            self._to.grid_remove()

    def remember(self, history: Sequence[str]) -> None:
        """The messages sent before, newest first."""
        self._history = history

    @property
    def text(self) -> str:
        """What is in the field."""
        return self.field.get("1.0", "end-1c")

    @property
    def complaint(self) -> str:
        """Why the last message did not go out; empty if it did."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def complain(self, why: str) -> None:
        """Say under the field what went wrong; nothing if ``why`` is empty."""
        self._why.configure(text=why)
        if why:
            self._why.grid(row=2, column=0, columnspan=2, sticky="w", pady=(self._theme.px(6), 0))
        else:
            self._why.grid_remove()

    def submit(self) -> None:
        """Send what is in the field; it stays there if it could not go out."""
        text = self.text
        if not text:
            self.complain("")
            self.field.focus_set()
            return
        outcome = self._on_send(text, self.to.key if self._view and self._view.recipients else None)
        self.complain(outcome.sentence)
        if outcome.is_sent:
            self._put("")
            self._place = -1

    def focus_message(self) -> None:
        """Go to the message field."""
        self.field.focus_set()

    def _bind_keys(self, on_page: Callable[[int], None]) -> None:
        bind = self.field.bind
        for key in ("<Return>", "<KP_Enter>"):
            bind(key, self._enter)
        for key in ("<Shift-Return>", "<Shift-KP_Enter>"):
            bind(key, self._new_line)
        bind("<Up>", lambda _event: self._recall(1))
        bind("<Down>", lambda _event: self._recall(-1))
        bind("<Prior>", lambda _event: self._page(on_page, -1))
        bind("<Next>", lambda _event: self._page(on_page, 1))
        bind("<Tab>", lambda event: self._leave(event.widget.tk_focusNext()))
        bind("<<PrevWindow>>", lambda event: self._leave(event.widget.tk_focusPrev()))
        bind("<FocusIn>", lambda _event: self._box.state(["focus"]))
        bind("<FocusOut>", lambda _event: self._box.state(["!focus"]))
        bind("<<Modified>>", self._changed)
        bind("<Configure>", lambda _event: self._grow())
        self._hint.bind("<Button-1>", lambda _event: self.field.focus_set())
        wrap_within(self._why, self, lambda: self._theme.px(36))

    def _page(self, on_page: Callable[[int], None], pages: int) -> str:
        on_page(pages)
        return "break"

    def _enter(self, _event: object) -> str:
        self.submit()
        return "break"

    def _new_line(self, _event: object) -> str:
        self.field.insert("insert", "\n")
        self.field.see("insert")
        return "break"

    def _leave(self, widget: tk.Misc | None) -> str:
        if widget is not None:
            widget.focus_set()
        return "break"

    def _recall(self, step: int) -> str | None:
        """Earlier and later messages, as long as the field holds one of them unchanged, or nothing."""
        unchanged = self._history[self._place] if 0 <= self._place < len(self._history) else ""
        place = self._place + step
        if self.text != unchanged or not -1 <= place < len(self._history):
            return None
        self._place = place
        self._put(self._history[place] if place >= 0 else "")
        return "break"

    def _put(self, text: str) -> None:
        self.field.delete("1.0", "end")
        self.field.insert("1.0", text)
        self.field.edit_reset()
        self.field.see("insert")

    def _changed(self, _event: object) -> None:
        if not self.field.edit_modified():
            return
        self.field.edit_modified(False)
        if self.text:
            self._hint.place_forget()
        else:
            self._place = -1 if self._place >= len(self._history) else self._place
            self._hint.place(x=self._theme.px(2), y=0, relwidth=1)
        self._grow()

    def _grow(self) -> None:
        lines = int(self.field.tk.call(str(self.field), "count", "-displaylines", "1.0", "end") or 1)
        height = max(1, min(_MOST_LINES, lines))
        if int(self.field.cget("height")) != height:
            self.field.configure(height=height)

    def _restyle(self) -> None:
        theme, p = self._theme, self._theme.palette
        self.field.configure(
            background=p.field, foreground=p.text, insertbackground=p.text, font=theme.text,
            selectbackground=p.selection, selectforeground=p.selection_text, insertwidth=theme.px(2),
        )  # fmt: skip
        self._hint.configure(background=p.field, foreground=p.muted, font=theme.text)
        if not self.text:
            self._hint.place(x=theme.px(2), y=0, relwidth=1)
