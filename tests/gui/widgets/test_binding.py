"""One of several bindings keeps an event to itself, or is taken back."""

from __future__ import annotations

import tkinter as tk

from gui.widgets.binding import breaking, unbind


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
