"""Undo and redo for fields of one line: Tk has them for texts of many lines alone.

What the program puts into a field while the keyboard is elsewhere is no step.
"""

from __future__ import annotations

import tkinter as tk
from itertools import takewhile
from typing import NamedTuple, TypeGuard
from weakref import WeakKeyDictionary

LINES = ("TEntry", "TCombobox", "TSpinbox", "Entry", "Spinbox")  # classes of fields of one line, as Tk calls them
_MOST = 200  # steps of one field
_WHOLE = ("<<Paste>>", "<<PasteSelection>>", "<<Cut>>", "<<Clear>>")  # what changes a text by one of them is one step


class _State(NamedTuple):
    text: str
    cursor: int


class _History:
    """The texts that a field had: letters typed one behind the other are one step, as are letters deleted so."""

    def __init__(self, now: _State) -> None:
        self.now = now
        self.past: list[_State] = []
        self.future: list[_State] = []
        self._run: tuple[bool, int] | None = None  # whether letters are typed or deleted, and where the last one was

    def note(self, now: _State, *, is_whole: bool = False) -> None:
        """Take in how the field stands now; ``is_whole``: what has changed since is a step of its own."""
        if now.text == self.now.text:
            return
        run = None if is_whole else _run(self.now.text, now.text)
        is_over_others = run is not None and run[0] and len(now.text) <= len(self.now.text)
        is_next = run is not None and self._run is not None and run[0] is self._run[0] and run[1] in _next_to(self._run)
        if is_over_others or not is_next:
            self.past = [*self.past[-_MOST + 1 :], self.now]
        self.future.clear()
        self.now, self._run = now, run

    def step(self, *, back: bool) -> _State | None:
        """The state before, or the one that was undone last; None if there is none."""
        source, target = (self.past, self.future) if back else (self.future, self.past)
        if not source:
            return None
        target.append(self.now)
        self.now, self._run = source.pop(), None
        return self.now


def _run(before: str, now: str) -> tuple[bool, int] | None:
    """Whether one letter was typed, maybe over others, or else deleted, and where; None if more has changed."""
    place = _alike(before, now)
    behind = _alike(before[place:][::-1], now[place:][::-1])
    typed, deleted = len(now) - place - behind, len(before) - place - behind
    return (True, place) if typed == 1 else (False, place) if (typed, deleted) == (0, 1) else None


def _alike(one: str, other: str) -> int:
    """With how many of the same letters both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _next_to(run: tuple[bool, int]) -> tuple[int, ...]:
    """Where the next letter of a run is: behind the last one typed; deleted in front of it, or in its place."""
    is_typed, place = run
    return (place + 1,) if is_typed else (place - 1, place)


_histories: WeakKeyDictionary[tk.Misc, _History] = WeakKeyDictionary()


def share_undo(root: tk.Tk) -> None:
    """Have every field of one line, of the whole program, undo and redo what a person has done in it."""
    for name in LINES:
        root.bind_class(name, "<<Undo>>", lambda event: _step(event.widget, back=True))
        root.bind_class(name, "<<Redo>>", lambda event: _step(event.widget, back=False))
        root.bind_class(name, "<FocusIn>", lambda event: _begin(event.widget), add=True)
    root.bind_class("all", "<Key>", lambda event: _note(event.widget), add=True)
    for whole in _WHOLE:
        root.bind_class("all", whole, lambda event: _note(event.widget, is_whole=True), add=True)


def can_undo(field: tk.Misc) -> list[str]:
    """Which of undo and redo would do something in a field of one line."""
    history = _noted(field)
    return [what for what, steps in (("undo", history.past), ("redo", history.future)) if steps]


def forget(field: tk.Misc) -> None:
    """Have nothing to undo in a field: what stood there is not to be seen again."""
    _histories.pop(field, None)


def _begin(field: object) -> None:
    """The keyboard comes: what has changed while it was elsewhere was not typed, and is not undone."""
    if is_line(field) and (history := _histories.get(field)) and history.now.text != _state(field).text:
        del _histories[field]
    _note(field)


def _note(field: object, *, is_whole: bool = False) -> None:
    if is_line(field):
        _noted(field, is_whole=is_whole)


def _noted(field: tk.Misc, *, is_whole: bool = False) -> _History:
    now = _state(field)
    history = _histories.setdefault(field, _History(now))
    history.note(now, is_whole=is_whole)
    return history


def _step(field: object, *, back: bool) -> str:
    if is_line(field) and str(field.cget("state")) == "normal":
        state = _noted(field).step(back=back)
        if state is not None:
            field.tk.call(field, "delete", 0, "end")
            field.tk.call(field, "insert", 0, state.text)
            field.tk.call(field, "icursor", state.cursor)
    return "break"


def is_line(widget: object) -> TypeGuard[tk.Misc]:
    """Whether it is a field of one line; those of Tk's own dialogs are known to tkinter by name alone."""
    return isinstance(widget, tk.Misc) and widget.winfo_class() in LINES


def _state(field: tk.Misc) -> _State:
    return _State(str(field.tk.call(field, "get")), int(field.tk.call(field, "index", "insert")))
