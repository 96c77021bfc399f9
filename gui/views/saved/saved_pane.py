"""The pane of saved messages: what can be done with the list, its rows, and what there is to say of the chosen one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Protocol

from core.text_safety import TextSafety
from gui.keys import shown
from gui.theme.theme import Theme
from gui.viewmodels.saved_list import SavedRow
from gui.views.saved import saved_rows
from gui.views.saved.saved_rows import SavedRows
from gui.widgets.fitting import Flow, elided, wrap_within
from gui.widgets.menu import Entry, Menu

EMPTY = "Nothing is saved yet. Write a message and press {key} to keep it here, or import a file."
_MARGIN = 10  # pixels at 96 dots an inch
_LONGEST = 400  # characters of a sentence
_LESSON_LINES = 3
_LOW = 400  # pixels at 96 dots an inch; in less height the rows have the room of the lesson


class SavedController(saved_rows.SavedRowsController, Protocol):
    """What the pane asks for. Messages are meant by their numbers."""

    def update(self, number: int) -> None: ...
    def save_field(self) -> None: ...
    def bring_in(self) -> None: ...
    def give_out(self) -> None: ...
    def undo(self) -> None: ...
    def toggle(self) -> None: ...


class SavedPane(ttk.Frame):
    """Shows the list, and says what was done."""

    def __init__(self, parent: tk.Misc, theme: Theme, controller: SavedController) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme, self._controller = theme, controller
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._menu: Menu | None = None
        self._entries: Sequence[Entry] = ()
        self._head = ttk.Frame(self, style="Pane.TFrame")
        self._title = ttk.Label(self._head, text="Saved messages", style="Pane.Strong.TLabel")
        self._count = ttk.Label(self._head, style="Pane.Muted.TLabel")
        self.close = self._button(self._head, "Close", controller.toggle)
        self._tools = Flow(self, theme, style="Pane.TFrame")
        self.save = self._tool("Save the field", controller.save_field)
        self.bring_in = self._tool("Import…", controller.bring_in)
        self.give_out = self._tool("Export…", controller.give_out)
        self.rows = SavedRows(self, theme, controller, on_choose=self._show_chosen, on_menu=self._open_menu)
        self._empty = ttk.Label(self, style="Pane.Muted.TLabel", justify="center", anchor="center")
        self._empty.configure(text=EMPTY.format(key=shown("save_message")))
        self._foot = ttk.Frame(self, style="Pane.TFrame", height=1)
        self._said = ""  # of the row that is chosen
        self._lesson = ttk.Label(self._foot, style="Pane.Muted.TLabel", justify="left", anchor="nw")
        self._acts = Flow(self, theme, style="Pane.TFrame")
        self.edit = self._act("Edit", controller.edit)
        self.update_button = self._act("Update", controller.update)
        self.rename = self._act("Rename", lambda _number: self.rows.begin_naming())
        self.delete = self._act("Delete", controller.delete)
        self._news = ttk.Frame(self, style="Pane.TFrame")
        self._words = ttk.Label(self._news, style="Pane.Muted.TLabel", justify="left", anchor="w")
        self.undo = self._button(self._news, "Undo", controller.undo)
        self._lay_out()
        self.rows.body.bind("<Escape>", self._escape)
        self.rows.body.bind("<<Undo>>", self._undo)
        self.bind("<<Close>>", self._escape)
        theme.subscribe(self._restyle, self)

    def show(self, rows: Sequence[SavedRow]) -> None:
        """Show these rows."""
        self._count.configure(text=f"{len(rows):,}" if rows else "")
        self.rows.show(rows)
        if rows:
            self._empty.place_forget()
        else:
            self._empty.place(in_=self.rows, relx=0.5, rely=0.4, anchor="center")
        for button in (self.edit, self.update_button, self.rename, self.delete, self.give_out):
            button.state(["!disabled" if rows else "disabled"])

    def say(self, sentence: str, *, is_wrong: bool = False, undo: Callable[[], None] | None = None) -> None:
        """Say what was done and offer to ``undo`` it, or why it was not done; nothing if the sentence is empty."""
        self._words.configure(
            text=self._safety.field(sentence, _LONGEST), style="Pane.Error.TLabel" if is_wrong else "Pane.Muted.TLabel"
        )
        if undo is not None:
            self.undo.configure(command=undo)
            self.undo.pack(side="right", anchor="n", padx=(self._theme.px(6), 0), before=self._words)
        else:
            self.undo.pack_forget()
        if sentence:
            self._news.grid()
        else:
            self._news.grid_remove()

    @property
    def sentence(self) -> str:
        """What is said."""
        return str(self._words.cget("text")) if self._news.winfo_manager() else ""

    @property
    def lesson(self) -> str:
        """What is said of the chosen message."""
        return self._said

    # Private.

    def _button(self, parent: tk.Misc, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(parent, text=words, style="Pane.Light.TButton", width=0, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        button.bind("<Escape>", self._escape)
        return button

    def _tool(self, words: str, act: Callable[[], None]) -> ttk.Button:
        button = self._button(self._tools, words, act)
        self._tools.add(button)
        return button

    def _act(self, words: str, act: Callable[[int], None]) -> ttk.Button:
        """A button for the chosen message."""

        def do() -> None:
            if self.rows.chosen is not None:
                act(self.rows.chosen.number)

        button = self._button(self._acts, words, do)
        self._acts.add(button)
        return button

    def _lay_out(self) -> None:
        px = self._theme.px
        margin = px(_MARGIN)
        ttk.Frame(self, style="Line.TFrame", width=px(1)).grid(row=0, column=0, rowspan=6, sticky="ns")
        self._title.pack(side="left")
        self._count.pack(side="left", padx=(px(8), 0))
        self.close.pack(side="right")
        self._words.pack(side="left", fill="x", expand=True)
        self._lesson.place(x=0, y=0, relwidth=1, relheight=1)
        self._head.grid(row=0, column=1, sticky="ew", padx=(margin, px(10)), pady=(px(8), px(4)))
        self._tools.grid(row=1, column=1, sticky="ew", padx=px(10), pady=(0, px(6)))
        self.rows.grid(row=2, column=1, sticky="nsew", padx=(px(2), 0))
        self._foot.grid(row=3, column=1, sticky="ew", padx=margin, pady=(px(6), 0))
        self._acts.grid(row=4, column=1, sticky="ew", padx=px(10), pady=px(6))
        self._news.grid(row=5, column=1, sticky="ew", padx=(margin, px(10)), pady=(0, px(6)))
        self._news.grid_remove()
        self.columnconfigure(1, weight=1)
        self.rowconfigure(2, weight=1)
        wrap_within(self._lesson, self._foot, lambda: px(6))
        wrap_within(self._words, self._news, lambda: self.undo.winfo_reqwidth() + px(8))
        wrap_within(self._empty, self, lambda: px(48))
        self.bind("<Configure>", lambda event: self._fit() if event.widget is self else None, add=True)

    def _fit(self) -> None:
        """Give what is said of a row its room, if there is something to say of one, and room."""
        chosen, is_high = self.rows.chosen, self.winfo_height() >= self._theme.px(_LOW)
        has_words = any(row.lesson or row.problem for row in self.rows.rows)
        if (has_words and is_high) or (chosen is not None and chosen.problem):
            self._foot.configure(height=_LESSON_LINES * self._theme.small.metrics("linespace") + self._theme.px(2))
            self._foot.grid()
        else:
            self._foot.grid_remove()
        room = _LESSON_LINES * self.winfo_width() * 3 // 4  # lines are broken between words
        self._lesson.configure(text=elided(self._said, self._theme.small, room) if room > 10 else self._said)

    def _show_chosen(self) -> None:
        row = self.rows.chosen
        words = (row.problem or row.lesson) if row is not None else ""
        is_wrong = row is not None and bool(row.problem)
        self._said = self._safety.field(words, _LONGEST)
        self._lesson.configure(style="Pane.Error.TLabel" if is_wrong else "Pane.Muted.TLabel")
        self._fit()

    def _open_menu(self, x: int, y: int) -> None:
        row = self.rows.chosen
        if row is None:
            return
        number, place, rows = row.number, self.rows.at, self.rows
        self._entries = (
            Entry("&Send", lambda: self._controller.send(number), "Enter"),
            Entry("&Edit in the message field", lambda: self._controller.edit(number), "F2"),
            Entry("&Update from the message field", lambda: self._controller.update(number)),
            Entry("&Rename", rows.begin_naming, "Shift+F2"),
            Entry("&Move up", lambda: rows.move(place, place - 1), "Alt+Up", place > 0),
            Entry("Move do&wn", lambda: rows.move(place, place + 1), "Alt+Down", place < len(rows.rows) - 1),
            Entry("&Delete", lambda: self._controller.delete(number), "Delete"),
        )
        if self._menu is None:
            self._menu = Menu(self, self._theme, lambda: self._entries)
        self._menu.open(x, y)

    def _escape(self, _event: object) -> str:
        if not self.rows.drag.give_up():
            self._controller.toggle()
        return "break"

    def _undo(self, _event: object) -> str:
        self._controller.undo()
        return "break"

    def _restyle(self) -> None:
        self._fit()
