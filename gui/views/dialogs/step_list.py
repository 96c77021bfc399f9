"""A list of saved messages to be sent one after the other, with a pause behind each."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.repeating import MOST_STEPS, ListStep, pause_words, read_pause
from gui.widgets.binding import breaking
from gui.widgets.choice import Choice
from gui.widgets.number_field import Measure

if TYPE_CHECKING:
    from core.compose import SavedMessage

_MOST_ROWS, _LEAST_ROWS = 5, 2  # in sight
_BESIDE, _ROW = 420, 20  # pixels at 96 dots an inch that the window around takes, and a row
_LONGEST_NAME = 48  # characters
_USUAL_PAUSE = 100.0  # milliseconds
_ADD = "Add a saved message…"


class StepList(ttk.Frame):
    """``on_change`` is called when a person has changed the list, ``on_wrong`` gets what is wrong with a pause.

    Alt+Up and Alt+Down move the chosen row, Delete takes it out.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_change: Callable[[], None], on_wrong: Callable[[str], None]
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._on_change, self._on_wrong = theme, on_change, on_wrong
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._saved: tuple[SavedMessage, ...] = ()
        self.steps: list[ListStep] = []
        self.add: Choice[SavedMessage | None] = Choice(self, self._add, width=26)
        box = ttk.Frame(self, style="Edge.TFrame", padding=theme.px(1))
        inner = ttk.Frame(box, style="Pane.TFrame")
        inner.pack(fill="both", expand=True)
        self.tree = ttk.Treeview(inner, columns=("wait",), show="tree", selectmode="browse", height=self._rows)
        self.tree.column("#0", width=theme.px(220), minwidth=theme.px(80))
        self.tree.column("wait", width=theme.px(130), minwidth=theme.px(80), anchor="e", stretch=False)
        bar = ttk.Scrollbar(inner, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.pack(side="left", fill="both", expand=True, padx=theme.px(2), pady=theme.px(2))
        bar.pack(side="right", fill="y")
        self._row = ttk.Frame(self, style="Window.TFrame")
        self.pause = Measure(self._row, theme, "ms", self._pause_edited, before="Then wait", width=8)
        self.buttons = {words: self._button(words, act) for words, act in self._acts()}
        self._lay_out(box)
        self._bind()
        self.offer(())
        self._draw(0)

    def offer(self, saved: Sequence[SavedMessage]) -> None:
        """Offer these saved messages."""
        if tuple(saved) != self._saved or not self.add.cget("values"):
            self._saved = tuple(saved)
            self._offer()

    @property
    def chosen(self) -> int:
        """Which row is chosen, from 0."""
        chosen = self.tree.selection()
        return self.tree.index(chosen[0]) if chosen else 0

    @property
    def _rows(self) -> int:
        """How many rows there is room for on the screen."""
        room = self.winfo_screenheight() / self._theme.scale - _BESIDE
        return int(max(_LEAST_ROWS, min(_MOST_ROWS, room // _ROW)))

    def _acts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return ("Up", lambda: self._move(-1)), ("Down", lambda: self._move(1)), ("Remove", self._remove)

    def _offer(self) -> None:
        words = _ADD if self._saved else "There are no saved messages yet"
        named = [(message, self._safety.field(message.name, _LONGEST_NAME)) for message in self._saved]
        self.add.offer([(None, words), *named], None)

    def _add(self, message: SavedMessage | None) -> None:
        self._offer()
        if message is None:
            return
        if len(self.steps) >= MOST_STEPS:
            self._on_wrong(f"No more than {MOST_STEPS} messages can stand in a list.")
            return
        pause = self.steps[-1].pause_ms if self.steps else _USUAL_PAUSE
        self.steps.append(ListStep(message, pause))
        self._changed(len(self.steps) - 1)

    def _move(self, by: int) -> None:
        place, to = self.chosen, self.chosen + by
        if self.steps and 0 <= to < len(self.steps):
            self.steps.insert(to, self.steps.pop(place))
            self._changed(to)

    def _remove(self) -> None:
        if self.steps:
            place = self.chosen
            del self.steps[place]
            self._changed(min(place, len(self.steps) - 1))

    def _changed(self, place: int) -> None:
        self._draw(place)
        self._on_change()

    def _draw(self, place: int) -> None:
        self.tree.delete(*self.tree.get_children())
        for number, step in enumerate(self.steps):
            words = f"{number + 1}.  {self._safety.field(step.message.name, _LONGEST_NAME)}"
            wait = f"then {pause_words(step.pause_ms)} ms"
            self.tree.insert("", "end", iid=str(number), text=words, values=(wait,))
        if self.steps:
            self.tree.selection_set(str(place))
            self.tree.focus(str(place))
            self.tree.see(str(place))
        self._show_pause()

    def _show_pause(self, _event: object = None) -> None:
        """Another row is chosen: its pause can be changed."""
        state = ["!disabled" if self.steps else "disabled"]
        for part in (self.pause.field, *self.buttons.values()):
            part.state(state)
        if self.steps and self.focus_get() is not self.pause.field:
            self.pause.field.put(pause_words(self.steps[self.chosen].pause_ms))
            self.pause.field.accept()

    def _pause_edited(self) -> None:
        if not self.steps:
            return
        why = self.pause.read(lambda text: read_pause(text, 0))
        self._on_wrong(why)
        if why:
            return
        place = self.chosen
        self.steps[place] = self.steps[place]._replace(pause_ms=read_pause(self.pause.field.text, 0))
        self.tree.set(str(place), "wait", f"then {pause_words(self.steps[place].pause_ms)} ms")
        self._on_change()

    def _button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        return ttk.Button(self._row, text=words, command=act, style="Bar.Quiet.TButton", width=0)

    def _lay_out(self, box: ttk.Frame) -> None:
        px = self._theme.px
        self.add.pack(fill="x")
        box.pack(fill="x", pady=px(6))
        self._row.pack(fill="x")
        self.pause.pack(side="left", fill="y")
        for button in reversed(self.buttons.values()):
            button.pack(side="right", padx=(px(2), 0), fill="y")

    def _bind(self) -> None:
        self.tree.bind("<<TreeviewSelect>>", self._show_pause)
        for key, by in (("<Alt-Up>", -1), ("<Alt-Down>", 1)):
            self.tree.bind(key, breaking(partial(self._move, by)))
        self.tree.bind("<Delete>", lambda _event: self._remove())
