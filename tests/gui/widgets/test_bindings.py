"""One of several bindings is taken back, and who asks for a window's own events hears nothing else."""

from __future__ import annotations

import tkinter as tk

from gui.widgets.bindings import bind_own, breaking, unbind
from tests.gui.conftest import WaitUntil


def test_an_event_that_is_kept_reaches_no_later_binding(root: tk.Tk) -> None:
    heard: list[str] = []
    frame = tk.Frame(root)
    frame.pack()
    root.update()
    frame.bindtags(("first", "second"))
    frame.bind_class("first", "<<Said>>", breaking(lambda: heard.append("first")))
    frame.bind_class("second", "<<Said>>", lambda _event: heard.append("second"))

    frame.event_generate("<<Said>>")

    assert heard == ["first"]


def test_the_other_bindings_stay(root: tk.Tk) -> None:
    root.update()
    heard: list[str] = []
    first, second, third = (
        root.bind("<<Said>>", lambda _event, name=name: heard.append(name), add=True)  # type: ignore[misc]
        for name in ("first", "second", "third")
    )

    unbind(root, "<<Said>>", second)
    root.event_generate("<<Said>>")
    assert heard == ["first", "third"]

    unbind(root, "<<Said>>", first)
    unbind(root, "<<Said>>", third)
    root.event_generate("<<Said>>")
    assert heard == ["first", "third"]
    assert not root.bind("<<Said>>")


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
