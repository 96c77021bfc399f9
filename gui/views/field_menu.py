"""What can be done with the text of a field, and the menu of every field for it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from contextlib import suppress

from gui.keys import EDITING
from gui.platform.differences import HERE, LINUX
from gui.theme.theme import Theme
from gui.widgets.bindings import MENU_KEYS
from gui.widgets.line_undo import can_undo, is_line
from gui.widgets.menu import SEPARATOR, Entry, Menu

_EVENTS = {key.command: key.sequences[0] for key in EDITING}
_TARGETS = {"type": "TARGETS"} if HERE.name == LINUX else {}  # asks for the kinds of what is copied, not for all of it


def edit(widget: tk.Misc | None, command: str) -> None:
    """Have a widget do one of ``EDITING``."""
    if widget is None:
        return
    widget.event_generate(_EVENTS[command])
    if is_line(widget):
        widget.event_generate("<KeyRelease>")  # by which whoever has made the field hears of what is typed there


def can_edit(widget: tk.Misc | None) -> frozenset[str]:
    """The names of those of ``EDITING`` that would do something in the widget just now."""
    if isinstance(widget, tk.Text):
        is_open = str(widget.cget("state")) == "normal"
        has_text, is_selected = widget.compare("end-1c", "!=", "1.0"), bool(widget.tag_ranges("sel"))
        undone = [what for what in ("undo", "redo") if is_open and widget.tk.call(widget, "edit", f"can{what}")]
    elif is_line(widget):
        is_open = str(widget.cget("state")) == "normal"  # a combobox has it too
        has_text = bool(widget.tk.call(widget, "get"))
        is_selected = bool(widget.tk.call(widget, "selection", "present"))
        undone = can_undo(widget) if is_open else []
    elif widget is not None:
        return frozenset(command for command, event in _EVENTS.items() if widget.bind(event))
    else:
        return frozenset()
    can = {"copy": is_selected, "cut": is_open and is_selected, "delete": is_open and is_selected}
    can |= {"select_all": has_text, "paste": (is_open or bool(widget.bind("<<Paste>>"))) and _has_copied(widget)}
    return frozenset((*undone, *(command for command, holds in can.items() if holds)))


def _has_copied(widget: tk.Misc) -> bool:
    """Whether something is on the clipboard."""
    with suppress(tk.TclError):
        return bool(widget.selection_get(selection="CLIPBOARD", **_TARGETS))  # type: ignore[no-untyped-call]
    return False


class FieldMenu(Menu):
    """The menu of every field of the program that has none of its own, by the mouse and by the key."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self._field: tk.Misc | None = None
        super().__init__(root, theme, self._editing)
        for click in HERE.menu_clicks:
            root.bind_class("all", click, self._clicked)
        for key in MENU_KEYS:
            with suppress(tk.TclError):  # not every system has each key
                root.bind_class("all", key, self._asked)

    def _editing(self) -> Sequence[Entry]:
        can = can_edit(self._field)
        entries = [
            Entry(key.words, lambda command=key.command: edit(self._field, command), key.shown, key.command in can)  # type: ignore[misc]
            for key in EDITING
        ]
        return [*entries[:2], SEPARATOR, *entries[2:-1], SEPARATOR, entries[-1]]

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        """The hint of an empty field is a label on it, and is meant for it."""
        above = getattr(event.widget, "master", None)
        field = _field(event.widget) or (_field(above) if isinstance(event.widget, tk.Label) else None)
        if field is not None:
            field.focus_set()
            self._field = field
            self.open(event.x_root, event.y_root)

    def _asked(self, event: tk.Event[tk.Misc]) -> str:
        """Below the cursor. Shift+F10 is not to be taken for F10, which opens the menus of the window."""
        field = _field(event.widget)
        if field is not None:
            box = field.tk.splitlist(field.tk.call(field, "bbox", "insert")) or (0, 0, 0, field.winfo_height())
            self._field = field
            self.open(field.winfo_rootx() + int(box[0]), field.winfo_rooty() + int(box[1]) + int(box[3]))
        return "break"


def _field(widget: object) -> tk.Widget | None:
    """The widget if it is a field, which some of Tk's own, such as the list of a box, are to tkinter by name alone."""
    is_field = isinstance(widget, tk.Text) or (isinstance(widget, tk.Widget) and is_line(widget))
    return widget if is_field and isinstance(widget, tk.Widget) else None
