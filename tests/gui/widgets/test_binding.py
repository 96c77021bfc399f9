"""One of several bindings is taken back, the others stay."""

from __future__ import annotations

import tkinter as tk

from gui.widgets.binding import unbind


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
