"""The conversation: its head, the transcript, what an empty one says, the way back to the end, and its menu."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.keys import menu_words, shown
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.decoding import decoding
from gui.viewmodels.drafting import ENCODINGS, USUAL
from gui.viewmodels.window_view import ConversationView, Empty, MenuState, reply_choices
from gui.views.conversation.head import ConversationHead
from gui.views.conversation.transcript import Transcript
from gui.views.menus import COPY_ENTRIES, MESSAGE_ENTRIES, command_entry
from gui.widgets.bindings import MENU_KEYS, bind_known
from gui.widgets.controls import ThinProgress
from gui.widgets.fitting import elided, wrap_within
from gui.widgets.menu import SEPARATOR, Entry, Menu
from gui.widgets.scrolling import Bars

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.rows import Conversation

_LEAST_ROWS = 4  # messages; where there is no room for more, what stands around them gives way


class ConversationPane(ttk.Frame):
    """Shows one session's conversation and lets a person choose how a server replies."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_reply: Callable[[str], None],
        on_choose: Callable[[DisplayRow], None],
        on_encoding: Callable[[str], None],
        on_refuse: Callable[[str], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self.on_read_anew: Callable[[], None] = lambda: None  # called when bytes are read as other text
        self.on_end: Callable[[], None] = lambda: None  # called when a person comes back to the end
        self.on_show_all: Callable[[], None] = lambda: None  # who shows a connection alone sets it
        self.head = ConversationHead(self, theme)
        self.on_lens: Callable[[str], None] = lambda _usual: None  # who cuts the conversation sets it
        self.on_back: Callable[[str], None] = lambda _usual: None  # the same, for what comes back from targets
        self.on_reply_framing: Callable[[str], None] = lambda _framing: None  # who has servers answer sets it
        self.head.on_reply, self.head.on_encoding = on_reply, on_encoding
        self.head.on_lens, self.head.on_back, self.head.on_reply_framing = (
            lambda usual: self.on_lens(usual),
            lambda usual: self.on_back(usual),
            lambda framing: self.on_reply_framing(framing),
        )
        self.lens, self.back, self.encoding, self.reply, self.each = (
            self.head.lens, self.head.back, self.head.encoding, self.head.reply, self.head.each,
        )  # fmt: skip
        self.head.pack(fill="x")
        self._line = ttk.Frame(self, style="Line.TFrame", height=theme.px(1))
        self._line.pack(fill="x")
        self._progress: ThinProgress | None = None
        self.only = OnlyBar(self, theme, lambda: self.on_show_all())
        self.bars = Bars(self, theme)
        self.transcript = Transcript(self, theme, on_new=self._show_new, on_choose=on_choose, on_refuse=on_refuse)
        self.transcript.pack(fill="both", expand=True)
        self._empty = EmptyPage(self.transcript, theme)
        self._is_empty = False  # whether that page is in sight
        self._back = ttk.Button(self.transcript, style="Accent.TButton", command=self.transcript.to_end)
        self._new = ""  # what the button back to the end tells of; it is there while there is something
        self._view: ConversationView | None = None
        self._rows = 0  # for which there is to be room
        self.on_change: Callable[[], None] = lambda: None  # called when there is to be room for more, or for fewer

    def show(self, view: ConversationView) -> None:
        """Give the pane its head and what to say while it is empty."""
        if view == self._view:
            return
        self._view = view
        self.head.show(view.title, view.detail)
        self.head.be_past(
            self.reply, "Replied with" if view.is_reply_past else "Reply with", is_past=view.is_reply_past
        )
        self.restore_reply()
        self._empty.show(view.empty)
        self.only.show(view.only)
        if view.only and not self.only.winfo_manager():
            self.only.pack(fill="x", after=self._line)
        elif not view.only:
            self.only.pack_forget()

    def restore_reply(self) -> None:
        """Show the reply that there is, in the place of what a person has chosen and then not used."""
        view = self._view
        if view is not None:
            kind, replies = (view.reply or "").partition(":")[0], reply_choices() if view.reply is not None else []
            self.head.offer(self.reply, replies, kind, is_wanted=bool(replies), own=view.reply_words)

    @property
    def least_height(self) -> int:
        """Pixels of a few messages, if there are so many, and of what says that one connection is shown alone."""
        only = self.only.winfo_reqheight() if self.only.winfo_manager() else 0
        return only + self._line.winfo_reqheight() + self.transcript.least_height(_LEAST_ROWS)

    def give_head(self, room: int) -> None:
        """Let the head have that many pixels: all of its lines, one of them, or none."""
        is_low = room < self.head.height(is_low=False)
        self.head.be_low(is_low=is_low)
        has_room = not is_low or room >= self.head.height(is_low=True)  # low it is never higher
        if has_room and not self.head.winfo_manager():
            self.head.pack(fill="x", before=self._line)
        elif not has_room:
            self.head.pack_forget()

    def show_rows(self, conversation: Conversation | None) -> None:
        """Show the conversation as it stands."""
        self.transcript.show(conversation)
        rows = min(_LEAST_ROWS, self.transcript.total)
        if rows != self._rows:
            self._rows = rows
            self.on_change()
        is_empty = self.transcript.is_empty and not (conversation is not None and conversation.is_counting)
        if is_empty is not self._is_empty:
            self._is_empty = is_empty
            if is_empty:
                self._empty.place(relx=0.5, rely=0.42, anchor="center")
            else:
                self._empty.place_forget()

    def offer_lenses(self, options: Sequence[tuple[str, str]], chosen: str, own: str) -> None:
        """Offer these ways to cut the conversation into messages; nothing at all if there are none.

        ``own`` are the words for the one that is chosen, with its details.
        """
        self.head.offer(self.lens, options, chosen, is_wanted=bool(options), own=own)

    def offer_back(self, options: Sequence[tuple[str, str]], chosen: str, own: str) -> None:
        """Offer these ways to cut what comes back from targets; nothing at all if there are none."""
        self.head.offer(self.back, options, chosen, is_wanted=bool(options), own=own)

    def offer_reply_framings(self, options: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer what a server can reply to; nothing at all if there is no choice."""
        self.head.offer(self.each, options, chosen, is_wanted=bool(options))

    def show_encoding(self, encoding: str) -> None:
        """Read messages as text of that encoding, and say so where it is not the usual one."""
        self.transcript.show_as(decoding(encoding))
        self.on_read_anew()
        self.head.offer(self.encoding, ENCODINGS, encoding, is_wanted=encoding != USUAL.encoding)

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
        self.bars.pack(fill="x", before=self.transcript)
        strip.pack(fill="x")

    def close_strip(self, strip: ttk.Frame) -> None:
        """Take it away."""
        strip.pack_forget()
        if not self.strips.pack_slaves():
            self.bars.pack_forget()

    @property
    def strips(self) -> ttk.Frame:
        """Where strips are made."""
        return self.bars.body

    def _show_new(self, new: str) -> None:
        """Offer the way to so many new lines; to none if there are none."""
        before, self._new = self._new, new
        if new and new != before:
            self._back.configure(text=f"{new} new  ↓")
        if new and not before:
            self._back.place(relx=0.5, rely=1.0, y=-self._theme.px(14), anchor="s")
        elif before and not new:
            self._back.place_forget()
            self.after_idle(self.on_end)


class OnlyBar(ttk.Frame):
    """The strip that says which connection of several is shown alone, with the way back to all of them."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_show_all: Callable[[], None]) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(20), px(4), px(10), px(4)))
        self._theme = theme
        self._words = ""
        self.all_button = ttk.Button(self, text="Show all", command=on_show_all, style="Bar.Quiet.TButton")
        self.all_button.bind("<Return>", lambda _event: self.all_button.invoke())
        self.all_button.pack(side="right")
        self.label = ttk.Label(self, style="Window.TLabel", width=1)
        self.label.pack(side="left", fill="x", expand=True)
        self.label.bind("<Configure>", self._fit)
        theme.subscribe(self._fit)

    def show(self, words: str) -> None:
        """Say this."""
        self._words = words
        self._fit()

    def _fit(self, _event: object = None) -> None:
        self.label.configure(text=elided(self._words, self._theme.base, max(1, self.label.winfo_width())))


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
            px = self._theme.px
            ttk.Label(self._keys, text=key, style="Key.TLabel", anchor="center").grid(row=row, column=0, sticky="ew")
            ttk.Label(self._keys, text=does, style="Pane.TLabel").grid(
                row=row, column=1, sticky="w", padx=px(12), pady=px(6)
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


class MessageMenu:
    """What can be done with the chosen message or the selected ones.

    It opens by the mouse on the message under it, by the menu key on the chosen one, or the last in sight.
    """

    def __init__(
        self,
        transcript: Transcript,
        theme: Theme,
        commands: Mapping[str, Callable[[], None]],
        state: Callable[[], MenuState],
    ) -> None:
        self._transcript = transcript
        self._theme, self._commands, self._state = theme, commands, state
        for button in HERE.menu_clicks:
            transcript.text.bind(button, self._open)
        bind_known(transcript.text, MENU_KEYS, self._open_by_key)

    @cached_property
    def menu(self) -> Menu:
        """The menu, made when it opens for the first time."""
        return Menu(self._transcript.text, self._theme, self._entries)

    def _entries(self) -> Sequence[Entry]:
        selection = self._transcript.selection
        has_some, has_rows = selection.picked is not None, self._transcript.total > 0
        return [
            *self._of(MESSAGE_ENTRIES),
            SEPARATOR,
            Entry(menu_words("copy"), selection.copy, shown("copy"), has_some),
            Entry("C&opy as", can=has_some, entries=partial(self._of, COPY_ENTRIES)),
            Entry(menu_words("select_all"), selection.select_all, shown("select_all"), has_rows),
        ]

    def _of(self, commands: Sequence[str]) -> Sequence[Entry]:
        state = self._state()
        return [
            command_entry(command, self._commands[command], state) if command else SEPARATOR for command in commands
        ]

    def _open(self, event: tk.Event[tk.Misc]) -> str:
        self._transcript.text.focus_set()
        if self._transcript.selection.places is None and self._transcript.total:
            self._transcript.choose(self._transcript.selection.place_under(event))
        self.menu.open(event.x_root, event.y_root)
        return "break"

    def _open_by_key(self, _event: object) -> str:
        transcript, text = self._transcript, self._transcript.text
        if transcript.selection.picked is None:
            transcript.choose_last()
        text.update_idletasks()
        chosen = transcript.selection.chosen
        box = text.bbox(f"{transcript.row_window.line_of(chosen + 1) - 1}.0") if chosen is not None else None
        x, y = (box[0], box[1] + box[3]) if box else (20, 20)
        self.menu.open(text.winfo_rootx() + x, text.winfo_rooty() + y)
        return "break"
