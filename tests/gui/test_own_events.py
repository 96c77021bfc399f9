"""Who asks for a window's own events hears neither of what is in it, nor instead of whoever asked before."""

from __future__ import annotations

import tkinter as tk

from gui.widgets.own_events import bind_own
from tests.gui.conftest import WaitUntil


def test_a_window_hears_of_itself_and_not_of_what_is_in_it(root: tk.Tk, wait_until: WaitUntil) -> None:
    all_of_them: list[str] = []
    own: list[str] = []
    frame = tk.Frame(root, width=10, height=10)
    frame.pack()
    root.update()
    root.bind("<Configure>", lambda event: all_of_them.append(str(event.widget)), add=True)
    bind_own(root, "<Configure>", lambda: own.append("one"))
    bind_own(root, "<Configure>", lambda: own.append("two"))

    frame.configure(width=50)
    wait_until(lambda: str(frame) in all_of_them)
    assert own == []

    root.geometry("500x400")
    wait_until(lambda: "." in all_of_them)
    assert own[:2] == ["one", "two"]


def test_an_error_is_told_as_that_of_any_callback(root: tk.Tk, callback_errors: list[BaseException]) -> None:
    frame = tk.Frame(root)
    bind_own(frame, "<Destroy>", lambda: 1 / 0)

    frame.destroy()

    assert isinstance(callback_errors.pop(), ZeroDivisionError)
