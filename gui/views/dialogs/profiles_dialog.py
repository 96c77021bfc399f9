"""The windows in which profiles are saved under a name, renamed, removed, imported and exported."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Protocol

from gui.theme.theme import Theme
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, elided
from gui.widgets.screens import is_narrow
from gui.widgets.small_window import TaskDialog

_ROWS, _LEAST_ROWS = 7, 2
_COLUMN, _LEAST_COLUMN = 315, 150  # at 96 dots an inch, of what a profile sets


class Save(Protocol):
    """Saves the setting under a name; the answer is why that cannot be, or empty."""

    def __call__(self, name: str, *, may_replace: bool) -> str: ...


class ProfilesDialogController(Protocol):
    """What the window of profiles asks for. Profiles are meant by their names."""

    def rename(self, name: str, new: str) -> str: ...
    def remove(self, name: str) -> None: ...
    def undo(self) -> None: ...
    def bring_in(self) -> None: ...
    def give_out(self) -> None: ...


class SaveProfileDialog(TaskDialog):
    """Asks for a name. One that another profile has is asked about before that is replaced."""

    def __init__(self, parent: tk.Misc, theme: Theme, setting: str, *, name: str, on_save: Save) -> None:
        super().__init__(parent, theme, title="Save as profile", words="Save", on_begin=self.save)
        self._on_save = on_save
        self._refused = ""  # the name that was asked about
        self.field = LineField(self.body, theme, lambda _text: self.complain(self.field, ""))
        self.field.put(name)
        self.section("Name", self.field)
        self.section("It sets", ttk.Label(self.body, text=self.safety.field(setting), style="Window.TLabel"))

    def save(self) -> None:
        """Save it and close, or say why that cannot be."""
        name = self.field.text.strip()
        why = self._on_save(name, may_replace=name == self._refused)
        if not why:
            self.destroy()
            return
        self._refused = name
        self.complain(self.field, why)
        self.field.focus_set()


class ProfilesDialog(TaskDialog):
    """The list, the name of the chosen one, and what can be done with it or with all."""

    def __init__(self, parent: tk.Misc, theme: Theme, controller: ProfilesDialogController) -> None:
        super().__init__(parent, theme, title="Profiles", words="Rename", on_begin=self.rename)
        self._controller = controller
        px = theme.px
        box = ttk.Frame(self.body, style="Edge.TFrame", padding=px(1))
        is_small = is_narrow(self, px)
        self._column = _LEAST_COLUMN if is_small else _COLUMN
        rows = _LEAST_ROWS if is_small else _ROWS
        self.tree = ttk.Treeview(box, columns=("sets",), show="tree", selectmode="browse", height=rows)
        self.tree.column("#0", width=px(90 if is_small else 130), minwidth=px(80), stretch=False)
        self.tree.column("sets", width=px(self._column), minwidth=px(80))
        bar = ttk.Scrollbar(box, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.pack(side="left", fill="both", expand=True)
        bar.pack(side="right", fill="y")
        self.tree.bind("<<TreeviewSelect>>", lambda _event: self._show_chosen())
        self.tree.bind("<Delete>", lambda _event: self._remove())
        self.field = LineField(self.body, theme, lambda _text: self.complain(self.field, ""))
        self._tools = Flow(self.body, theme, style="Window.TFrame")
        self.remove_button = self._tool("Remove", self._remove)
        self.undo_button = self._tool("Undo", controller.undo)
        self._tool("Import…", controller.bring_in)
        self._tool("Export…", controller.give_out)
        self._sets: dict[str, str] = {}
        self._said, self._full = (ttk.Label(self.body, style="Window.Muted.TLabel", anchor="w") for _ in range(2))
        parts = (("Profiles", box), ("", self._tools), ("", self._said), ("It sets", self._full), ("Name", self.field))
        for heading, part in parts:
            self.section(heading, part)
        self._list = box

    def show(self, rows: Sequence[tuple[str, str]], *, can_undo: bool) -> None:
        """Show these names with what they set; the chosen one stays chosen, or the one at its place."""
        names = self.tree.get_children()
        place = names.index(self.chosen) if self.chosen in names else 0
        chosen, self._sets = self.chosen, dict(rows)
        self.tree.delete(*names)
        for name, sets in rows:
            self.tree.insert("", "end", name, text=self.safety.field(name), values=(self._fitted(sets),))
        if rows:
            at = chosen if chosen in dict(rows) else rows[min(place, len(rows) - 1)][0]
            self.tree.selection_set([at])
            self.tree.focus(at)
            self.tree.see(at)
        self._show_chosen()  # the tree says so only once the window is there, whose height that would change
        self.remove_button.state(["!disabled" if rows else "disabled"])
        self.undo_button.state(["!disabled" if can_undo else "disabled"])

    def _fitted(self, words: str) -> str:
        """The words, cut where the column ends; what the chosen one sets stands below in full."""
        return elided(self.safety.field(words), self.theme.base, self.theme.px(self._column - 24))

    def say(self, words: str, *, is_wrong: bool) -> None:
        """Say what was done, or what is wrong."""
        self._said.configure(text="" if is_wrong else self.safety.field(words))
        self.complain(self._list, words if is_wrong else "")

    @property
    def chosen(self) -> str:
        """The name of the chosen profile; empty without one."""
        return next(iter(self.tree.selection()), "")

    @property
    def words(self) -> str:
        """What it says was done."""
        return str(self._said.cget("text"))

    def rename(self) -> None:
        """Give the chosen one the name in the field, or say why it cannot have that."""
        chosen, new = self.chosen, self.field.text.strip()
        if not chosen:
            return
        why = self._controller.rename(chosen, new)
        self.complain(self.field, why)
        if not why and new in self.tree.get_children():
            self.tree.selection_set([new])

    def _remove(self) -> None:
        if self.chosen:
            self._controller.remove(self.chosen)

    def _show_chosen(self) -> None:
        self.field.put(self.chosen)
        self._full.configure(text=self.safety.field(self._sets.get(self.chosen, "")))
        self.complain(self.field, "")

    def _tool(self, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(self._tools, text=words, command=act, width=0)
        button.bind("<Return>", lambda _event: button.invoke())
        self._tools.add(button)
        return button
