"""The window that asks what is to be sent again and again, how fast, and how often.

The list of messages that are sent in turn, with a pause behind each, is a part of it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from core.steps.step import EXPECTED, LONGEST_WAIT, Expectation, Otherwise
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.repeating import (
    MOST_STEPS,
    ListStep,
    RepeatRequest,
    RepeatView,
    pause_words,
    read_pause,
    read_times,
)
from gui.widgets.bindings import breaking, has_focus
from gui.widgets.controls import Choice, Option, Options
from gui.widgets.debounce import Debounce
from gui.widgets.fields import LineField, Measure
from gui.widgets.screens import area_of, is_narrow
from gui.widgets.small_window import TaskDialog

if TYPE_CHECKING:
    from core.compose import SavedMessage

_MOST_ROWS, _LEAST_ROWS = 5, 2  # in sight
_BESIDE, _ROW = 490, 20  # pixels at 96 dots an inch that the window around takes, and a row
_LONGEST_NAME = 48  # characters
_USUAL_PAUSE = 100.0  # milliseconds
_ADD = "Add a saved message…"


_NO_WAIT = "No answer is waited for"
_OTHERWISE = (
    (Otherwise.STOP, "stop"),
    (Otherwise.GO_ON, "go on"),
    (Otherwise.AGAIN, "begin again"),
)


class WaitRow(ttk.Frame):
    """What the chosen message waits for: an answer, for how long, and what is done without it.

    ``on_edit`` is called when a person has changed it.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, on_edit: Callable[[], None]) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._on_edit = on_edit
        self._typed = Debounce(self, self._edited)
        self.when: Choice[str] = Choice(self, lambda _when: self._edited(), width=26)
        self.pattern = LineField(self, theme, lambda _text: self._typed.ask(0), width=12)  # 0: when the field has it
        self.within = Measure(self, theme, "ms, else", self._edited, before="within", width=8)
        self.otherwise: Choice[Otherwise] = Choice(self, lambda _what: self._edited(), width=10)
        px = theme.px
        self.columnconfigure(2, weight=1)
        if is_narrow(self, px):
            for row, part in enumerate((self.when, self.pattern, self.within, self.otherwise)):
                part.grid(row=row, column=2, sticky="ew", pady=(px(4) if row else 0, 0))
        else:
            self.when.grid(row=0, column=0, sticky="ew")
            self.pattern.grid(row=0, column=1, columnspan=2, sticky="ew", padx=(px(6), 0))
            self.within.grid(row=1, column=0, columnspan=2, sticky="w", pady=(px(4), 0))
            self.otherwise.grid(row=1, column=2, sticky="w", padx=(px(6), 0), pady=(px(4), 0))
        self.show(None, is_enabled=False)

    def show(self, expected: Expectation | None, *, is_enabled: bool) -> None:
        """Show what a message waits for."""
        usual = expected or Expectation()
        self.when.offer(
            [("", _NO_WAIT), *((one.name, f"Wait: {one.words}") for one in EXPECTED)], expected.when if expected else ""
        )
        self.otherwise.offer(_OTHERWISE, usual.otherwise)
        for field, text in ((self.pattern, usual.pattern), (self.within.field, str(usual.within))):
            if not has_focus(field):
                field.put(text)
                field.accept()
        self._enable(is_enabled=is_enabled)

    def read(self) -> Expectation | None:
        """What is chosen. Raises ``ValueError`` with a sentence."""
        if not self.when.key:
            return None
        within = int(read_pause(self.within.field.text, 1, LONGEST_WAIT))
        pattern = self.pattern.text if _takes(self.when.key) else ""
        if not pattern and _takes(self.when.key):
            raise ValueError(f"Type which answer is waited for: {_takes(self.when.key)}.")
        return Expectation(self.when.key, pattern, within, self.otherwise.key)

    def _edited(self) -> None:
        self._enable(is_enabled=True)
        self._on_edit()

    def _enable(self, *, is_enabled: bool) -> None:
        waits = is_enabled and bool(self.when.key)
        self.when.state(["!disabled" if is_enabled else "disabled"])
        self.pattern.state(["!disabled" if waits and _takes(self.when.key) else "disabled"])
        self.within.field.state(["!disabled" if waits else "disabled"])
        self.otherwise.state(["!disabled" if waits else "disabled"])


def _takes(when: str) -> str:
    return next((one.takes for one in EXPECTED if one.name == when), "")


class StepList(ttk.Frame):
    """``on_change`` is called when a person has changed the list, ``on_wrong`` gets what is wrong with a pause.

    ``on_save`` is called when they want the list in a file.

    Alt+Up and Alt+Down move the chosen row, Delete takes it out.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_change: Callable[[], None],
        on_wrong: Callable[[str], None],
        on_save: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._on_change, self._on_wrong, self._on_save = theme, on_change, on_wrong, on_save
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._saved: tuple[SavedMessage, ...] = ()
        self.steps: list[ListStep] = []
        self.wrong = ""  # with what the chosen one is to wait for
        self.add: Choice[SavedMessage | None] = Choice(self, self._add, width=26)
        box = ttk.Frame(self, style="Edge.TFrame", padding=theme.px(1))
        inner = ttk.Frame(box, style="Pane.TFrame")
        inner.pack(fill="both", expand=True)
        self.tree = ttk.Treeview(inner, columns=("wait",), show="tree", selectmode="browse", height=self._rows)
        name, wait = (100, 130) if is_narrow(self, theme.px) else (160, 220)
        self.tree.column("#0", width=theme.px(name), minwidth=theme.px(80))
        self.tree.column("wait", width=theme.px(wait), minwidth=theme.px(80), anchor="e", stretch=False)
        bar = ttk.Scrollbar(inner, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.pack(side="left", fill="both", expand=True, padx=theme.px(2), pady=theme.px(2))
        bar.pack(side="right", fill="y")
        self._row = ttk.Frame(self, style="Window.TFrame")
        self.pause = Measure(self._row, theme, "ms", self._pause_edited, before="Then wait", width=8)
        self.buttons = {words: self._button(words, act) for words, act in self._acts()}
        self.wait = WaitRow(self, theme, self._wait_edited)
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
        room = area_of(self).height / self._theme.scale - _BESIDE
        return int(max(_LEAST_ROWS, min(_MOST_ROWS, room // _ROW)))

    def _acts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        up, down = ("Up", lambda: self._move(-1)), ("Down", lambda: self._move(1))
        return up, down, ("Remove", self._remove), ("Save…", self._on_save)

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
            self.tree.insert("", "end", iid=str(number), text=words, values=(self._row_words(step),))
        if self.steps:
            self.tree.selection_set(str(place))
            self.tree.focus(str(place))
            self.tree.see(str(place))
        self._show_pause()

    def _show_pause(self, _event: object = None) -> None:
        """Another row is chosen: its pause can be changed, and what it waits for."""
        self.wrong = ""
        state = ["!disabled" if self.steps else "disabled"]
        for part in (self.pause.field, *self.buttons.values()):
            part.state(state)
        if self.steps and not has_focus(self.pause.field):
            self.pause.field.put(pause_words(self.steps[self.chosen].pause_ms))
            self.pause.field.accept()
        self.wait.show(self.steps[self.chosen].expected if self.steps else None, is_enabled=bool(self.steps))

    def _pause_edited(self) -> None:
        if not self.steps:
            return
        why = self.pause.read(lambda text: read_pause(text, 0))
        self._on_wrong(why)
        if why:
            return
        self._change(self.steps[self.chosen]._replace(pause_ms=read_pause(self.pause.field.text, 0)))

    def _wait_edited(self) -> None:
        if not self.steps:
            return
        try:
            expected = self.wait.read()
        except ValueError as error:
            self.wrong = str(error)
            self._on_wrong(self.wrong)
            return
        self.wrong = ""
        self._on_wrong("")
        self._change(self.steps[self.chosen]._replace(expected=expected))

    def _change(self, step: ListStep) -> None:
        """Have the chosen row be this step."""
        place = self.chosen
        self.steps[place] = step
        self.tree.set(str(place), "wait", self._row_words(step))
        self._on_change()

    def _row_words(self, step: ListStep) -> str:
        then = f"then {pause_words(step.pause_ms)} ms"
        return f"waits {step.expected.within:,} ms, {then}" if step.expected is not None else then

    def _button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        return ttk.Button(self._row, text=words, command=act, style="Bar.Quiet.TButton", width=0)

    def _lay_out(self, box: ttk.Frame) -> None:
        px = self._theme.px
        self.add.pack(fill="x")
        box.pack(fill="x", pady=px(6))
        self._row.pack(fill="x")
        self.wait.pack(fill="x", pady=(px(4), 0))
        if is_narrow(self, px):
            self.pause.pack(side="top", anchor="w", pady=(0, px(4)))
        else:
            self.pause.pack(side="left", fill="y")
        for button in reversed(self.buttons.values()):
            button.pack(side="right", padx=(px(2), 0), fill="y")

    def _bind(self) -> None:
        self.tree.bind("<<TreeviewSelect>>", self._show_pause)
        for key, by in (("<Alt-Up>", -1), ("<Alt-Down>", 1)):
            self.tree.bind(key, breaking(partial(self._move, by)))
        self.tree.bind("<Delete>", lambda _event: self._remove())


FIELD, LIST = "field", "list"
_EVERY_MS = 1000.0
_TIMES = 10
_LONGEST = 48  # characters of the message


class RepeatDialog(TaskDialog):
    """``on_start`` gets what a person asked for, and gives back why it cannot be, or nothing; so does ``on_save``.

    The latter writes the list to a file.

    The message is the one in the field at that moment, so it can be changed while this is open.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_start: Callable[[RepeatRequest], str],
        on_save: Callable[[RepeatRequest], str] = lambda _request: "",
    ) -> None:
        super().__init__(parent, theme, title="Repeat", words="Start", on_begin=self.begin)
        self._on_start, self._on_save = on_start, on_save
        self._view = RepeatView()
        body = self.body
        self.what: Options[str] = Options(body, theme, self._what_chosen)
        self.every = Measure(body, theme, "milliseconds", self._changed)
        self.list = StepList(
            body,
            theme,
            on_change=self._changed,
            on_wrong=lambda why: self.complain(self.list, why),
            on_save=self._save,
        )
        self.often: Options[bool] = Options(body, theme, lambda _is_endless: self._often_chosen())
        self.to = ttk.Label(body, style="Window.TLabel")
        for heading, part in (
            ("What", self.what), ("Every", self.every), ("In order", self.list), ("How often", self.often),
            ("To", self.to),
        ):  # fmt: skip
            self.section(heading, part)
        self.often.offer((Option(True, "Until it is stopped"), Option(False, "So many times:")), True)
        self.times = Measure(self.often, theme, "", self._changed, width=12)
        self.times.grid(row=2, column=1, padx=(theme.px(8), 0))
        self.often.columnconfigure(0, weight=0)
        self.every.field.put(pause_words(_EVERY_MS))
        self.times.field.put(str(_TIMES))
        self.show(RepeatView())
        self._arrange()

    def show(self, view: RepeatView) -> None:
        """Show what there is to choose from now."""
        if view == self._view and self.what.buttons:
            return
        self._view = view
        message = f"“{self.safety.field(view.message, _LONGEST)}”" if view.message else "Nothing is written there yet"
        options = (
            Option(
                FIELD,
                "The message in the field",
                f"{message}, {view.message_format[:1].lower()}{view.message_format[1:]}" if view.message else message,
            ),
            Option(LIST, "Saved messages, one after the other"),
        )
        self.what.offer(options, self.what.key if self.what.buttons else FIELD)
        self.list.offer(view.saved)
        self.to.configure(text=self.safety.field(view.to) or "Nobody")
        self.show_begin(is_next=not view.nobody)
        self._check()

    @property
    def is_list(self) -> bool:
        """Whether saved messages are to be sent."""
        return self.what.key == LIST

    def begin(self) -> None:
        """Start, if nothing is wrong; else say what is."""
        wrong = self._check(is_last=True)
        if wrong is not None:
            wrong.focus_set()
            return
        times = None if self.often.key else read_times(self.times.field.text)
        every = _EVERY_MS if self.is_list else read_pause(self.every.field.text)
        why = self._on_start(RepeatRequest(every, times, tuple(self.list.steps) if self.is_list else ()))
        if why:
            self.complain(self.list if self.is_list else self.what, why)
        else:
            self.destroy()

    def _save(self) -> None:
        if self._check(is_last=True) in (None, self.begin_button):  # nobody has to be there to save it for
            self.complain(self.list, self._on_save(RepeatRequest(_EVERY_MS, 1, tuple(self.list.steps))))

    def _changed(self) -> None:
        self._check()

    def _check(self, *, is_last: bool = False) -> tk.Widget | None:
        """Say at its place what is wrong, and give back the first such place; what is missing only at the end."""
        first: tk.Widget | None = None
        for part, field, why in self._troubles(is_last=is_last):
            self.complain(part, why)
            first = first or (field if why else None)
        return first

    def _troubles(self, *, is_last: bool) -> list[tuple[tk.Widget, tk.Widget, str]]:
        view, is_list = self._view, self.is_list
        missing = "Write a message first, or choose saved ones." if is_last and not view.message else ""
        no_step = "Add a message to the list first." if is_last and not self.list.steps else ""
        slow = self.list.pause.read(lambda text: read_pause(text, 0)) if self.list.steps else ""
        waits = any(step.expected is not None for step in self.list.steps)
        no_pause = not waits and not sum(step.pause_ms for step in self.list.steps) and self._rounds != 1
        fast = "A list that is sent again and again needs a pause of at least 1 ms." if no_pause else ""
        wrong = no_step or slow or self.list.wrong or (fast if self.list.steps else "")
        return [
            (self.what, self.what.buttons[0], "" if is_list else view.wrong or missing),
            (self.every, self.every.field, "" if is_list else self.every.read(read_pause)),
            (self.list, self.list.add, wrong if is_list else ""),
            (self.often, self.times.field, "" if self.often.key else self.times.read(read_times)),
            (self.to, self.begin_button, view.nobody),
        ]

    @property
    def _rounds(self) -> int | None:
        try:
            return None if self.often.key else read_times(self.times.field.text)
        except ValueError:
            return None

    def _what_chosen(self, _key: str) -> None:
        self._arrange()
        self._check()

    def _often_chosen(self) -> None:
        self.times.field.state(["disabled" if self.often.key else "!disabled"])
        if not self.often.key:
            self.times.field.focus_all()
        self._check()

    def _arrange(self) -> None:
        self.display(self.every, not self.is_list)
        self.display(self.list, self.is_list)
        self.times.field.state(["disabled" if self.often.key else "!disabled"])
