"""The conversation: its head, the transcript, what an empty one says, and the way back to the end."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.decoding import decoding
from gui.drafting import ENCODINGS, USUAL
from gui.panes.choice import Choice
from gui.panes.controls import ThinProgress
from gui.panes.transcript import Transcript
from gui.panes.wrapped import wrap_within
from gui.theme import Theme
from gui.views import REPLY_WORDS, ConversationView, Empty

if TYPE_CHECKING:
    from core.journal.passage import Passage
    from gui.rows import Conversation

_WIDE, _NARROW = 13, 10  # characters of a choice in the head
_LONG, _LONGER = "Long.TCombobox", 150  # a style, and how much wider its list is in pixels at 96 dots an inch
_ROOMY = 560  # pixels at 96 dots an inch from which the choices are wide
_APART, _MARGINS = 8, 36  # the same: between the head's parts, and beside all of them


class ConversationPane(ttk.Frame):
    """Shows one session's conversation and lets a person choose how a server replies."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_reply: Callable[[str], None],
        on_choose: Callable[[Passage], None],
        on_encoding: Callable[[str], None],
        on_refuse: Callable[[str], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        px = theme.px
        self._head = ttk.Frame(self, style="Pane.TFrame", padding=(px(20), px(10), px(16), px(8)))
        self._title = ttk.Label(self._head, style="Pane.Strong.TLabel")
        self._detail = ttk.Label(self._head, style="Pane.Muted.TLabel")
        self._reply_label = ttk.Label(self._head, text="Reply with", style="Pane.Muted.TLabel")
        self.reply: Choice[str] = Choice(self._head, on_reply, width=_WIDE)
        self.reply.offer(tuple(REPLY_WORDS.items()), "letter")
        self.on_read_anew: Callable[[], None] = lambda: None  # called when bytes are read as other text
        self.on_lens: Callable[[str], None] = lambda _usual: None  # who cuts the conversation sets it
        self.lens: Choice[str] = Choice(self._head, lambda usual: self.on_lens(usual), width=_WIDE)
        self._lens_label = ttk.Label(self._head, text="Messages", style="Pane.Muted.TLabel")
        self.encoding: Choice[str] = Choice(self._head, on_encoding, width=_NARROW)
        one_height = self.reply.winfo_reqheight()  # whether or not the choice is there
        ttk.Frame(self._head, style="Pane.TFrame", width=1, height=one_height).pack(side="left")
        self.on_each: Callable[[str], None] = lambda _framing: None  # who has servers answer sets it
        self.each: Choice[str] = Choice(self._head, lambda framing: self.on_each(framing), width=_WIDE)
        self._each_label = ttk.Label(self._head, text="to each", style="Pane.Muted.TLabel")
        answers = (self._reply_label, self.reply, self._each_label, self.each)
        choices = (self._lens_label, self.lens, self.encoding, *answers)
        self._parts = (self._title, self._detail, *choices)
        # that mean nothing for what is on view
        self._unwanted: set[tk.Widget] = {self._lens_label, self.lens, self.encoding, self._each_label, self.each}
        self._head.bind("<Configure>", lambda _event: self._fit_head())
        self._head.pack(fill="x")
        self._line = ttk.Frame(self, style="Line.TFrame", height=px(1))
        self._line.pack(fill="x")
        self._progress: ThinProgress | None = None
        self._strips = ttk.Frame(self, style="Window.TFrame")
        self.transcript = Transcript(self, theme, on_new=self._show_new, on_choose=on_choose, on_refuse=on_refuse)
        self.transcript.pack(fill="both", expand=True)
        self._empty = EmptyPage(self.transcript, theme)
        self._back = ttk.Button(self.transcript, style="Accent.TButton", command=self.transcript.to_end)
        self._view: ConversationView | None = None
        theme.subscribe(self._restyle)

    def show(self, view: ConversationView) -> None:
        """Give the pane its head and what to say while it is empty."""
        if view == self._view:
            return
        self._view = view
        self._title.configure(text=view.title)
        self._detail.configure(text=view.detail)
        self._show_reply(view.reply)  # and fit the head, which has other words now
        self._empty.show(view.empty)

    def show_rows(self, conversation: Conversation | None) -> None:
        """Show the conversation as it stands."""
        self.transcript.show(conversation)
        if self.transcript.is_empty and not (conversation is not None and conversation.is_counting):
            self._empty.place(relx=0.5, rely=0.42, anchor="center")
        else:
            self._empty.place_forget()

    def offer_lenses(self, options: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer these ways to cut the conversation into messages; nothing at all if there are none."""
        if options:
            self.lens.offer(options, chosen)
        self._want(self.lens, self._lens_label, is_wanted=bool(options))

    def offer_each(self, options: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer what a server can reply to; nothing at all if there is no choice."""
        if options:
            self.each.offer(options, chosen)
            is_long = any(len(words) > _WIDE for _framing, words in options)
            self.each.configure(style=_LONG if is_long else "TCombobox")
        self._want(self.each, self._each_label, is_wanted=bool(options))

    def show_encoding(self, encoding: str) -> None:
        """Read messages as text of that encoding, and say so where it is not the usual one."""
        self.transcript.show_as(decoding(encoding))
        self.on_read_anew()
        self.encoding.offer(ENCODINGS, encoding)
        self._want(self.encoding, is_wanted=encoding != USUAL.encoding)

    def show_progress(self, fraction: float | None) -> None:
        """Show how much of the conversation is cut into messages, 0 to 1; None once it all is."""
        if fraction is None:
            if self._progress is not None:
                self._progress.place_forget()
            return
        if self._progress is None:
            self._progress = ThinProgress(self, self._theme)
        self._progress.put(fraction)
        if not self._progress.winfo_manager():
            self._progress.place(in_=self._line, relwidth=1, y=0, anchor="nw", bordermode="outside")
            self._progress.lift()

    @property
    def is_showing_progress(self) -> bool:
        """Whether it shows how much is cut into messages."""
        return self._progress is not None and bool(self._progress.winfo_manager())

    def open_strip(self, strip: ttk.Frame) -> None:
        """Show a strip between the head and the conversation; it is a child of ``strips``."""
        self._strips.pack(fill="x", before=self.transcript)
        strip.pack(fill="x")

    def close_strip(self, strip: ttk.Frame) -> None:
        """Take it away."""
        strip.pack_forget()
        if not self._strips.pack_slaves():
            self._strips.pack_forget()

    @property
    def strips(self) -> ttk.Frame:
        """Where strips are made."""
        return self._strips

    def _show_reply(self, reply: str | None) -> None:
        if reply is not None:
            self.reply.offer(tuple(REPLY_WORDS.items()), reply)
        self._want(self.reply, self._reply_label, is_wanted=reply is not None)

    def _want(self, *parts: tk.Widget, is_wanted: bool) -> None:
        self._unwanted = self._unwanted - {*parts} if is_wanted else self._unwanted | {*parts}
        self._fit_head()

    def _restyle(self) -> None:
        """Let lists of long words be wider than their box, to the left of it."""
        more = self._theme.px(_LONGER)
        ttk.Style(self).configure(_LONG, postoffset=(-more, 0, more, 0))

    def _fit_head(self) -> None:
        """Show as much of the head as there is room for: the choices first, then whose talk it is, then the rest."""
        wide = self._head.winfo_width() >= self._theme.px(_ROOMY)
        for choice in (self.lens, self.reply, self.each):
            choice.configure(width=_WIDE if wide else _NARROW)
        room = self._head.winfo_width() - self._theme.px(_MARGINS)
        shown: set[tk.Widget] = set()
        words = (self._title, self._each_label, self._detail, self._reply_label, self._lens_label)
        for part in (self.reply, self.each, self.lens, self.encoding, *words):
            takes = part.winfo_reqwidth() + self._gap(part)
            if part not in self._unwanted and (takes <= room or part is self._title or isinstance(part, Choice)):
                shown.add(part)
                room -= takes
        for part in self._parts:
            part.pack_forget()
        self._pack_head(shown)

    def _gap(self, part: tk.Widget) -> int:
        """The pixels between a part of the head and its neighbour: a choice stands close to its label."""
        return self._theme.px(_APART if isinstance(part, Choice) else _APART * 2)

    def _pack_head(self, shown: set[tk.Widget]) -> None:
        for part in reversed(self._parts[2:]):
            if part in shown:
                part.pack(side="right", padx=(self._gap(part), 0))
        for part in self._parts[:2]:
            if part in shown:
                part.pack(side="left", padx=(0, self._gap(part)))

    def _show_new(self, new: int) -> None:
        if new > 0:
            self._back.configure(text=f"{new:,} new  ↓")
            self._back.place(relx=0.5, rely=1.0, y=-self._theme.px(14), anchor="s")
        else:
            self._back.place_forget()


class EmptyPage(ttk.Frame):
    """What stands in the middle of an empty conversation: what to do next, with the keys."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._picture = CansAndString(self, theme)
        self._picture.pack(pady=(0, theme.px(14)))
        self._title = ttk.Label(self, style="Pane.TLabel", font=theme.title, anchor="center")
        self._title.pack()
        self._sentence = ttk.Label(self, style="Pane.TLabel", justify="center", anchor="center")
        self._sentence.pack(pady=(theme.px(6), theme.px(14)))
        self._keys = ttk.Frame(self, style="Pane.TFrame")
        self._keys.pack()
        self._shown: Empty | None = None
        parent.bind("<Configure>", self._fit, add=True)
        wrap_within(self._sentence, parent, lambda: theme.px(60))

    def show(self, empty: Empty) -> None:
        """Say this."""
        if empty == self._shown:
            return
        self._shown = empty
        self._title.configure(text=empty.title)
        self._sentence.configure(text=empty.sentence)
        for label in self._keys.winfo_children():
            label.destroy()
        for row, (key, does) in enumerate(empty.keys):
            gap = self._theme.px(6)
            ttk.Label(self._keys, text=key, style="Key.TLabel", anchor="center").grid(row=row, column=0, sticky="ew")
            ttk.Label(self._keys, text=does, style="Pane.TLabel").grid(
                row=row, column=1, sticky="w", padx=gap * 2, pady=gap
            )

    def _fit(self, event: tk.Event[tk.Misc]) -> None:
        if event.height < self._theme.px(260):
            self._picture.pack_forget()
        elif not self._picture.winfo_manager():
            self._picture.pack(pady=(0, self._theme.px(14)), before=self._title)


class CansAndString(tk.Canvas):
    """Two cans and a string between them."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, width=theme.px(210), height=theme.px(64), highlightthickness=0, borderwidth=0)
        self._theme = theme
        theme.subscribe(self._draw)

    def _draw(self) -> None:
        p, s = self._theme.palette, self._theme.scale
        self.delete("all")
        self.configure(background=p.pane)
        string = [value * s for value in (46, 30, 76, 44, 105, 49, 134, 44, 164, 30)]
        self.create_line(*string, smooth=True, width=max(1, 1.6 * s), fill=p.muted)
        for x, color in ((10, p.outgoing), (164, p.incoming)):
            self._can(x * s, color, p.muted, s)

    def _can(self, x: float, fill: str, line: str, s: float) -> None:
        width, top, bottom, rim = 36 * s, 10 * s, 52 * s, 5 * s
        stroke = max(1, 1.4 * s)
        self.create_oval(x, bottom - rim, x + width, bottom + rim, fill=fill, outline=line, width=stroke)
        self.create_rectangle(x, top, x + width, bottom, fill=fill, outline="")
        self.create_line(x, top, x, bottom, fill=line, width=stroke)
        self.create_line(x + width, top, x + width, bottom, fill=line, width=stroke)
        self.create_oval(x, top - rim, x + width, top + rim, fill=fill, outline=line, width=stroke)
        for y in (24 * s, 38 * s):
            ribs = (x, y - rim, x + width, y + rim)
            self.create_arc(*ribs, start=180, extent=180, style="arc", outline=line, width=max(1, s * 0.8))
