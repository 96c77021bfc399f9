"""What is pasted into fields comes through one door, and what cannot be taken is said."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

import pytest

from gui.theme.theme import Theme
from gui.views.composer.message_field import MessageField
from gui.widgets.clipboard import BYTES, MOST, MOST_IN_LINE, give, share_pasting
from gui.widgets.fields import LineField
from gui.widgets.tip import say_at
from tests.gui.conftest import WaitUntil
from tests.support.systems import not_on_wine

_FAILS = "rename selection _selection; proc selection args {if {[lindex $args 0] eq {get}} {error {%s}}}"


class Fields:
    """A window with a field of each kind, whose refusals are kept."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.refused: list[tuple[tk.Misc, str]] = []
        self.root, self.wait_until = root, wait_until
        share_pasting(root, lambda widget, why: self.refused.append((widget, why)))
        self.got: list[bytes] = []
        self.message = MessageField(root, theme, lambda: None, self.got.append)
        self.entry, self.box = ttk.Entry(root), ttk.Combobox(root)
        self.line = LineField(root, theme, lambda _text: None)
        self.line.hint("what belongs here")
        for field in (self.message, self.entry, self.box, self.line):
            field.pack(fill="x")
        root.update()

    def copy(self, text: str) -> None:
        self.root.clipboard_clear()
        self.root.clipboard_append(text)

    def select(self, text: str) -> None:
        """Have this selected in a field of another kind, as in another program."""
        other = tk.Text(self.root)
        other.insert("1.0", text)
        other.tag_add("sel", "1.0", "end-1c")
        self.root.tk.call("selection", "own", "-selection", "PRIMARY", other)

    def select_bytes(self, text: str, data: bytes) -> None:
        """Have bytes selected and copied, as in a conversation."""
        give(self.root, text, data)
        other = tk.Text(self.root)

        def part_of(whole: str, first: str, most: str) -> str:
            return whole[int(first) : int(first) + int(most)]

        for kind, whole in (("STRING", text), ("UTF8_STRING", text), (BYTES, data.hex())):
            other.selection_handle(partial(part_of, whole), type=kind)
        self.root.tk.call("selection", "own", "-selection", "PRIMARY", other)

    def click(self, widget: tk.Misc) -> None:
        """Press the middle button in a widget."""
        widget.event_generate("<Enter>")
        widget.event_generate("<Button-2>", x=3, y=3)
        widget.event_generate("<ButtonRelease-2>", x=3, y=3)
        self.root.update()

    def type(self, widget: tk.Misc, key: str) -> None:
        widget.focus_force()
        self.wait_until(lambda: widget.focus_get() is widget)
        widget.event_generate(key)
        self.root.update()


@pytest.fixture
def fields(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Fields:
    return Fields(root, theme, wait_until)


def ways(fields: Fields, text: str) -> list[str]:
    """The text pasted in each way into an empty message field: what it holds then."""
    fields.copy(text)
    fields.select(text)
    found = []
    acts: list[Callable[[], object]] = [
        lambda: fields.message.event_generate("<<Paste>>"),
        lambda: fields.click(fields.message),
        lambda: fields.click(fields.message._hint),  # it covers the field while that is empty
        lambda: fields.type(fields.message, "<Insert>"),
    ]
    for act in acts:
        act()
        fields.root.update()
        found.append(fields.message.content)
        assert fields.message.has_pasted_lines is ("\n" in text)
        assert max(map(len, fields.message.get("1.0", "end-1c").split("\n"))) <= 2_000
        fields.message.put("")
        fields.root.update()
    return found


@pytest.mark.case("C-94")
@pytest.mark.parametrize(
    "text", ["word", "one\ntwo\nthree", "x" * 300_000, "a long line " * 1_000 + "\nand \U0001f600"]
)
def test_every_way_of_pasting_into_the_message_has_the_same_guards(fields: Fields, text: str) -> None:
    began = time.process_time()

    assert ways(fields, text) == [text] * 4
    assert fields.refused == []
    assert time.process_time() - began < 10  # once it took a core 36 s for one of these


@pytest.mark.case("C-94")
@pytest.mark.parametrize("data", [bytes(range(256)), b"\0", b"two\nlines\r\n", bytes(range(256)) * 200], ids=len)
def test_every_way_of_pasting_bytes_into_the_message_gives_the_same_bytes(fields: Fields, data: bytes) -> None:
    fields.select_bytes("what is shown", data)
    fields.message.put("")
    acts: list[Callable[[], object]] = [
        lambda: fields.message.event_generate("<<Paste>>"),
        lambda: fields.type(fields.message, "<Control-v>"),
        lambda: fields.type(fields.message, "<Insert>"),
        lambda: fields.click(fields.message),
        lambda: fields.click(fields.message._hint),
    ]
    for act in acts:
        act()
        fields.root.update()

    assert fields.got == [data] * 5
    assert fields.message.content == ""  # it is for whoever gets the bytes to write them
    assert fields.refused == []


@pytest.mark.case("C-94")
def test_every_way_of_pasting_bytes_into_a_field_of_one_line_gives_their_text(fields: Fields) -> None:
    fields.select_bytes("\\0 shown", b"\0 shown")
    for field in (fields.entry, fields.box, fields.line):
        acts: list[Callable[[], object]] = [
            lambda field=field: fields.type(field, "<Control-v>"),  # type: ignore[misc]
            lambda field=field: fields.click(field),  # type: ignore[misc]
        ]
        for act in acts:
            act()
            assert field.get() == "\\0 shown", field
            field.delete(0, "end")
            fields.root.update()

    fields.click(fields.line._hint)
    assert fields.line.get() == "\\0 shown"
    assert fields.root.focus_get() is fields.line
    assert (fields.got, fields.refused) == ([], [])


@pytest.mark.case("C-94")
def test_the_middle_button_on_a_hint_is_refused_as_on_the_field(fields: Fields) -> None:
    fields.select("x" * (MOST_IN_LINE + 1))

    fields.click(fields.line._hint)

    assert fields.line.get() == ""
    assert fields.refused == [(fields.line, "These are 20,001 characters, and this field takes 20,000.")]


def test_the_middle_button_pastes_where_it_is_pressed_and_leaves_what_is_selected(fields: Fields) -> None:
    fields.message.put("end")
    fields.select("from the ")

    fields.message.event_generate("<Button-2>", x=0, y=3)
    fields.message.event_generate("<ButtonRelease-2>", x=0, y=3)
    fields.root.update()

    assert fields.message.content == "from the end"


def test_what_is_typed_or_pasted_bit_by_bit_into_one_line_is_folded_too(fields: Fields) -> None:
    fields.copy("y" * 1_900)
    for _ in range(20):
        fields.message.event_generate("<<Paste>>")
        fields.root.update()
    fields.message.focus_force()
    fields.wait_until(lambda: fields.message.focus_get() is fields.message)
    for _ in range(21):  # the window draws after each hundred
        for _ in range(100):
            fields.message.event_generate("<Key>", keysym="z", when="now")
        fields.root.update()

    assert fields.message.content == "y" * 38_000 + "z" * 2_100
    assert max(map(len, fields.message.get("1.0", "end-1c").split("\n"))) <= 2_000


@pytest.mark.case("C-94")
@pytest.mark.parametrize(
    ("words_of_tk", "why"),
    [
        ("selection property too large", "in pieces that are too large to be pasted"),
        ("selection owner didn't respond", "does not answer"),
        ('CLIPBOARD selection doesn\'t exist or form "STRING" not defined', "There is no text to paste"),
    ],
)
def test_what_the_other_program_does_not_give_is_said(fields: Fields, words_of_tk: str, why: str) -> None:
    fields.root.tk.eval(_FAILS % words_of_tk)

    for field in (fields.message, fields.entry, fields.box):
        field.event_generate("<<Paste>>")
        fields.click(field)

    assert [widget for widget, _why in fields.refused] == [
        each for each in (fields.message, fields.entry, fields.box) for _ in range(2)
    ]
    assert all(why in said for _widget, said in fields.refused)


@not_on_wine("it takes minutes to measure a line of four million characters")
def test_more_than_a_field_takes_is_refused_and_said(fields: Fields) -> None:
    for field, most in ((fields.message, MOST), (fields.entry, MOST_IN_LINE), (fields.box, MOST_IN_LINE)):
        fields.copy("x" * (most + 1))
        field.event_generate("<<Paste>>")
        assert (field.content if isinstance(field, MessageField) else field.get()) == ""
        assert fields.refused.pop() == (field, f"These are {most + 1:,} characters, and this field takes {most:,}.")

        fields.copy("x" * most)
        field.event_generate("<<Paste>>")
        assert len(field.content if isinstance(field, MessageField) else field.get()) == most
    assert fields.refused == []


def test_what_is_said_at_a_field_goes_with_the_next_key(fields: Fields, theme: Theme) -> None:
    tags = fields.entry.bindtags()
    say_at(fields.entry, theme, "There is no text to paste.")
    boxes = [child for child in fields.root.winfo_children() if child.winfo_class() == "Tip"]
    assert len(boxes) == 1

    fields.type(fields.entry, "<Key-a>")

    assert not boxes[0].winfo_exists()
    assert fields.entry.bindtags() == tags
