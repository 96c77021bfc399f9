"""Undo and redo in fields of one line, by the keys that a person presses."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

import pytest

from gui.theme.theme import Theme
from gui.widgets.bindings import share_keys
from gui.widgets.fields import LineField
from gui.widgets.line_undo import can_undo, share_undo

KINDS: list[Callable[[tk.Misc], tk.Widget]] = [ttk.Entry, ttk.Combobox, ttk.Spinbox, tk.Entry, tk.Spinbox]


class Typist:
    """Somebody at the keys of a field."""

    def __init__(self, root: tk.Tk, field: tk.Widget) -> None:
        self.root, self.field = root, field
        share_keys(root)
        share_undo(root)
        field.pack()
        root.update()
        field.focus_force()
        root.update()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.field.event_generate(key)
        self.root.update()

    def type(self, text: str) -> None:
        self.press(*(f"<Key-{letter if letter != ' ' else 'space'}>" for letter in text))

    def undo(self) -> str:
        self.press("<Control-z>")
        return self.text

    def redo(self) -> str:
        self.press("<Control-y>")
        return self.text

    @property
    def text(self) -> str:
        return str(self.field.tk.call(self.field, "get"))

    @property
    def cursor(self) -> int:
        return int(self.field.tk.call(self.field, "index", "insert"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_what_was_typed_deleted_and_pasted_comes_back_step_by_step(
    root: tk.Tk, kind: Callable[[tk.Misc], tk.Widget]
) -> None:
    typist = Typist(root, kind(root))
    root.clipboard_clear()
    root.clipboard_append("pasted")
    typist.type("one two")
    typist.press("<BackSpace>", "<BackSpace>")
    typist.press("<<Paste>>")
    typist.type("xy")
    assert typist.text == "one tpastedxy"

    assert [typist.undo() for _ in range(5)] == ["one tpasted", "one t", "one two", "", ""]
    assert [typist.redo() for _ in range(5)] == ["one two", "one t", "one tpasted", "one tpastedxy", "one tpastedxy"]


def test_what_is_typed_elsewhere_in_the_line_is_a_step_of_its_own(root: tk.Tk) -> None:
    typist = Typist(root, ttk.Entry(root))
    typist.type("ac")
    typist.press("<Left>")
    typist.type("b")
    typist.press("<Home>", "<Delete>", "<Delete>")
    assert typist.text == "c"

    assert typist.undo() == "abc"
    assert (typist.undo(), typist.cursor) == ("ac", 2)
    assert typist.undo() == ""


def test_what_is_typed_over_a_selection_is_one_step_with_it(root: tk.Tk) -> None:
    typist = Typist(root, ttk.Entry(root))
    typist.type("was")
    typist.press("<<SelectAll>>")
    typist.type("new")

    assert [typist.undo() for _ in range(2)] == ["was", ""]
    assert [typist.redo() for _ in range(2)] == ["was", "new"]


def test_the_same_letter_typed_and_deleted_again_and_again_is_two_steps(root: tk.Tk) -> None:
    typist = Typist(root, ttk.Entry(root))
    typist.type("aaaa")
    typist.press("<BackSpace>", "<BackSpace>")

    assert [typist.undo() for _ in range(2)] == ["aaaa", ""]


def test_whoever_types_anew_has_nothing_to_redo(root: tk.Tk) -> None:
    typist = Typist(root, ttk.Entry(root))
    typist.type("a")
    assert (typist.undo(), can_undo(typist.field)) == ("", ["redo"])

    typist.type("b")

    assert can_undo(typist.field) == ["undo"]
    assert typist.redo() == "b"
    assert typist.undo() == ""


def test_what_the_program_puts_there_is_not_undone(root: tk.Tk) -> None:
    entry, other = ttk.Entry(root), ttk.Entry(root)
    typist = Typist(root, entry)
    other.pack()
    typist.type("mine")
    other.focus_force()
    root.update()
    entry.delete(0, "end")
    entry.insert(0, "the program's")
    entry.focus_force()
    root.update()

    assert can_undo(entry) == []
    assert typist.undo() == "the program's"
    typist.press("<End>")
    typist.type("x")
    assert typist.undo() == "the program's"


def test_whoever_follows_a_field_hears_of_what_is_undone(root: tk.Tk, theme: Theme) -> None:
    heard: list[str] = []
    typist = Typist(root, LineField(root, theme, heard.append))
    typist.type("ab")

    typist.undo()
    assert heard[-1] == ""
    typist.redo()
    assert heard[-1] == "ab"


def test_a_field_that_cannot_be_written_stays_as_it_is(root: tk.Tk) -> None:
    entry = ttk.Entry(root)
    typist = Typist(root, entry)
    typist.type("a")
    entry.configure(state="readonly")

    assert typist.undo() == "a"


def test_so_many_steps_are_kept_and_no_more(root: tk.Tk) -> None:
    typist = Typist(root, ttk.Entry(root))
    root.clipboard_clear()
    root.clipboard_append("ab")
    for _ in range(250):
        typist.field.event_generate("<<Paste>>")
    root.update()

    lengths = [len(typist.undo()) for _ in range(250)]

    assert lengths[:200] == list(range(498, 98, -2))
    assert set(lengths[200:]) == {100}
