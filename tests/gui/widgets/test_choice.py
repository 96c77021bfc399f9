"""A choice that shows its own words takes what is chosen in its list."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

import pytest

from gui.theme.theme import Theme
from gui.widgets.controls import Choice
from tests.gui.conftest import WaitUntil


@pytest.mark.parametrize("own", ["", "no end"])
def test_what_is_chosen_in_the_list_is_taken(root: tk.Tk, theme: Theme, wait_until: WaitUntil, own: str) -> None:
    chosen: list[str] = []
    frame = ttk.Frame(root, style="Pane.TFrame")
    frame.pack()
    choice: Choice[str] = Choice(frame, chosen.append)
    choice.pack()
    choice.offer((("nothing", "nothing"), ("lf", "LF"), ("cr", "CR")), "nothing", own)
    root.update()
    choice.focus_force()

    choice.event_generate("<Down>")
    listed = f"{root.tk.call('ttk::combobox::PopdownWindow', choice)}.f.l"
    wait_until(lambda: bool(root.tk.call("winfo", "ismapped", listed)))
    assert root.tk.splitlist(root.tk.call(listed, "get", 0, "end")) == ("nothing", "LF", "CR")
    root.tk.call("focus", "-force", listed)
    for key in ("<Down>", "<Return>"):
        root.tk.call("event", "generate", listed, key)
    root.update()

    assert chosen == ["lf"]
