"""Where everything stands in a window: for tests that compare windows, or look for words that are cut.

Run as a program, it shows the window on DISPLAY and prints its scale and what is cut in it as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import font as tkfont
from tkinter import ttk

from gui.app import App, Options
from tests.gui.conftest import pump_until

_NUMBER = re.compile(r"\d+")
_ARROW = 16  # pixels at 96 dots an inch of a box that opens a list


def widgets(window: tk.Misc) -> Iterator[tk.Widget]:
    """All that can be seen of a window, menus left out, in the order of its tree."""
    for child in window.winfo_children():
        if isinstance(child, tk.Widget) and child.winfo_class() != "Menu" and child.winfo_ismapped():
            yield child
            yield from widgets(child)


def places(window: tk.Misc) -> dict[str, tuple[int, ...]]:
    """Left, top, width and height of each by its path without Tk's numbers, and of the text of a field."""
    found: dict[str, tuple[int, ...]] = {}
    for number, widget in enumerate(widgets(window)):
        text = widget.bbox(0) or () if isinstance(widget, ttk.Entry) else ()
        box = widget.winfo_x(), widget.winfo_y(), widget.winfo_width(), widget.winfo_height()
        found[f"{number} {_NUMBER.sub('', str(widget))}"] = (*box, *text)
    return found


def cut(window: tk.Misc, scale: float) -> list[str]:
    """The words that have less room than they need, or none of a line's height, and do not end with an ellipsis."""
    return [f"{widget}: {words}" for widget in widgets(window) for words in _cut(widget, scale)]


def _cut(widget: tk.Widget, scale: float) -> Iterator[str]:
    if isinstance(widget, ttk.Entry):
        font = tkfont.nametofont("TkDefaultFont", root=widget)
        words = str(widget.get())
        arrow = round(_ARROW * scale) if isinstance(widget, ttk.Combobox) else 0
        if font.measure(words) > widget.winfo_width() - arrow or font.metrics("linespace") > widget.winfo_height():
            yield words
    elif isinstance(widget, ttk.Label | ttk.Button | ttk.Checkbutton | tk.Label):
        words = str(widget.cget("text"))
        is_small = widget.winfo_width() < widget.winfo_reqwidth() or widget.winfo_height() < widget.winfo_reqheight()
        if words and is_small and not words.endswith("…"):
            yield words
    top, bottom = widget.winfo_rooty(), widget.winfo_rooty() + widget.winfo_height()
    above = widget.master
    if isinstance(above, tk.Widget) and (
        top < above.winfo_rooty() or bottom > above.winfo_rooty() + above.winfo_height()
    ):
        yield f"{widget} reaches out of {above}"


def show(folder: Path) -> dict[str, object]:
    """Show a window with its settings in that folder, and say how it looks."""
    app = App(Options(folder=folder))
    app.show()
    pump_until(lambda: app.own_journal.is_open, app.root)
    app.window.address.fill("255.255.255.255", "65535")
    app.root.update()
    base, root = app.theme.base, app.root
    found: dict[str, object] = {
        "scale": app.theme.scale,
        "size": [root.winfo_width(), root.winfo_height()],
        "line": base.metrics("linespace"),
        "button": app.window.address.server_button.winfo_height(),
        "cut": cut(root, app.theme.scale),
    }
    app.leave()
    return found


if __name__ == "__main__":
    print(json.dumps(show(Path(sys.argv[1]))))
