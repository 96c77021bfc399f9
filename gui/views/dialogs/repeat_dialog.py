"""The window that asks what is to be sent again and again, how fast, and how often."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.repeating import RepeatRequest, RepeatView, pause_words, read_pause, read_times
from gui.views.dialogs.step_list import StepList
from gui.widgets.controls import Option, Options
from gui.widgets.number_field import Measure
from gui.widgets.task_dialog import TaskDialog

FIELD, LIST = "field", "list"
_EVERY_MS = 1000.0
_TIMES = 10
_LONGEST = 48  # characters of the message


class RepeatDialog(TaskDialog):
    """``on_start`` gets what a person asked for, and gives back why it cannot be, or nothing.

    The message is the one in the field at that moment, so it can be changed while this is open.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_start: Callable[[RepeatRequest], str]) -> None:
        super().__init__(parent, theme, title="Repeat", words="Start", on_begin=self.begin)
        self._on_start = on_start
        self._view = RepeatView()
        body = self.body
        self.what: Options[str] = Options(body, theme, self._what_chosen)
        self.every = Measure(body, theme, "milliseconds", self._changed)
        self.list = StepList(body, theme, on_change=self._changed, on_wrong=lambda why: self.complain(self.list, why))
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
        no_pause = not sum(step.pause_ms for step in self.list.steps) and self._rounds != 1
        fast = "A list that is sent again and again needs a pause of at least 1 ms." if no_pause else ""
        return [
            (self.what, self.what.buttons[0], "" if is_list else view.wrong or missing),
            (self.every, self.every.field, "" if is_list else self.every.read(read_pause)),
            (self.list, self.list.add, (no_step or slow or (fast if self.list.steps else "")) if is_list else ""),
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
