"""Distances in pixels of widgets that exist already, converted when the text becomes larger or smaller."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from tkinter import ttk
from typing import Any
from weakref import WeakKeyDictionary

# Options that are distances; those of a class stand beside those that every widget may have.
_EVERY = ("padding", "padx", "pady", "borderwidth", "highlightthickness", "insertwidth", "wraplength")
_OF_CLASS = {
    "TFrame": ("width", "height"), "Frame": ("width", "height"), "Canvas": ("width", "height", "yscrollincrement"),
}  # fmt: skip
_OUTSIDE = ("-padx", "-pady", "-ipadx", "-ipady")


class Distances:
    """All widgets of one window and of the windows that belong to it.

    A distance is converted from what it was at 96 dots an inch, not from pixels that were rounded before: whoever
    makes the text larger and smaller again has the window as it was.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._known: WeakKeyDictionary[tk.Misc, dict[str, tuple[float, int]]] = WeakKeyDictionary()

    def measure(self) -> dict[tuple[str, str], list[str]]:
        """Every distance as it is now, by its widget and its name."""
        return {(str(each), name): _parts(value) for each in _all(self._root) for name, value, _ in _distances(each)}

    def convert(self, measured: dict[tuple[str, str], list[str]], before: float, now: float) -> None:
        """Multiply every distance by ``now / before``, both scales as in ``Theme.scale``.

        One that is not as ``measured`` any more is left alone: Tk calls what follows the size of a widget while
        distances change, and that has given it by the new scale.
        """
        for widget in _all(self._root):
            known = self._known.setdefault(widget, {})
            for name, value, change in _distances(widget):
                parts = _parts(value)
                if measured.get((str(widget), name)) != parts:
                    continue
                pixels = [int(each) for each in parts]
                new = [_converted(known, f"{name} {at}", each, before, now) for at, each in enumerate(pixels)]
                if new != pixels:
                    widget.tk.call(*change, new)

    def tell(self) -> None:
        """Have whatever follows the size of a widget follow it once more, although the size has not changed."""
        for widget in _all(self._root):
            if widget.winfo_ismapped() and not isinstance(widget, tk.Wm):
                widget.event_generate(
                    "<Configure>", x=widget.winfo_x(), y=widget.winfo_y(), width=widget.winfo_width(),
                    height=widget.winfo_height(),
                )  # fmt: skip


def _parts(value: Any) -> list[str]:  # noqa: ANN401 - as tkinter gives it
    """The numbers of a distance, whatever Tk has made of them by now: of two, each may be an object or a number."""
    return [str(each) for each in value] if isinstance(value, tuple) else str(value).split()


def _converted(known: dict[str, tuple[float, int]], name: str, pixels: int, before: float, now: float) -> int:
    if pixels <= 0:
        return pixels
    usual, was = known.get(name, (0.0, 0))
    if was != pixels:  # given anew since
        usual = round(pixels / before) if before >= 1 else pixels / before
    new = max(1, round(usual * now))
    known[name] = usual, new
    return new


def _all(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    for child in tuple(widget.children.values()):
        if not isinstance(child, tk.Menu):
            yield from _all(child)


def _distances(widget: tk.Misc) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Every distance of a widget: its name, its value as Tk has it, and the command that takes another."""
    path, call, options = str(widget), widget.tk.call, set(widget.keys())
    for option in (*_EVERY, *_OF_CLASS.get(widget.winfo_class(), ())):
        if option in options:
            yield option, call(path, "cget", f"-{option}"), (path, "configure", f"-{option}")
    if not isinstance(widget, tk.Wm):
        yield from _around(widget)
    if isinstance(widget, ttk.Treeview):
        yield from _columns(widget)
        widget.configure(height=widget.cget("height"))  # only then it asks for more room
    if isinstance(widget, ttk.Entry):
        widget.configure(width=widget.cget("width"))  # only then it measures its text
    for kind, count in zip(("column", "row"), widget.grid_size(), strict=True):
        for number in range(count):
            command = ("grid", f"{kind}configure", path, str(number))
            for name in ("-minsize", "-pad"):
                yield f"{kind} {number} {name}", call(*command, name), (*command, name)


def _around(widget: tk.Misc) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """What its geometry manager leaves free around a widget."""
    path, tcl = str(widget), widget.tk
    with _managed(widget) as manager:
        info = tcl.splitlist(tcl.call(manager, "info", path)) if manager in ("pack", "grid") else ()
        for name, value in zip(map(str, info[::2]), info[1::2], strict=True):
            if name in _OUTSIDE:
                yield name, value, (manager, "configure", path, name)


def _columns(tree: ttk.Treeview) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    for column in ("#0", *map(str, tree.tk.splitlist(tree.cget("columns")))):
        for name in ("-minwidth", "-width"):
            command = (str(tree), "column", column, name)
            yield f"{column} {name}", tree.tk.call(*command), command


@contextmanager
def _managed(widget: tk.Misc) -> Iterator[str]:
    """The geometry manager of a widget. One that its grid has removed, and remembers, is in there for as long."""
    manager = widget.winfo_manager()
    was_removed = not manager and bool(widget.master and widget.master.grid_slaves())
    if was_removed:
        widget.tk.call("grid", str(widget))
    yield "grid" if was_removed else manager
    if was_removed:
        widget.tk.call("grid", "remove", str(widget))
