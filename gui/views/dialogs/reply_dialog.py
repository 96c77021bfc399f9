"""The windows that ask which program, or which Python file, answers for a server."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog, ttk

from gui.theme.theme import Theme
from gui.widgets.fields import FileRow, LineField
from gui.widgets.small_window import TaskDialog

_PYTHON = [("Python files", "*.py"), ("All files", "*")]


class ReplyDialog(TaskDialog):
    """Asks for the argument of a reply in one line. ``on_use`` gets it and says why it cannot be used, or nothing."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, title: str, heading: str, about: str, on_use: Callable[[str], str]
    ) -> None:
        super().__init__(parent, theme, title=title, words="Use it", on_begin=self.use)
        self._on_use = on_use
        self._part, self.field = self._make_field()
        self.section(heading, self._part)
        self.section("", ttk.Label(self.body, text=about, style="Window.Muted.TLabel"))

    def use(self) -> None:
        """Use it and close, or say why that cannot be."""
        why = self._on_use(self.field.text.strip())
        if why:
            self.complain(self._part, why)
            self.field.focus_set()
        else:
            self.destroy()

    @property
    def why(self) -> str:
        """Why it cannot be used, where that is said."""
        return self.complaint(self._part)

    def _make_field(self) -> tuple[tk.Widget, LineField]:
        field = LineField(self.body, self.theme, lambda _text: self._edited(), width=44)
        return field, field

    def _edited(self) -> None:
        self.complain(self._part, "")


class HandlerDialog(ReplyDialog):
    """Asks for a Python file. ``on_new`` makes one where a person wants it and says why it cannot be, or nothing."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        title: str,
        heading: str,
        about: str,
        on_use: Callable[[str], str],
        on_new: Callable[[str], str],
    ) -> None:
        self._on_new = on_new
        super().__init__(parent, theme, title=title, heading=heading, about=about, on_use=on_use)

    def _make_field(self) -> tuple[tk.Widget, LineField]:
        row = FileRow(
            self.body, self.theme, ask=filedialog.askopenfilename, title="A Python file", on_edit=self._edited,
            options=lambda: {"filetypes": _PYTHON},
        )  # fmt: skip
        self.new_button = ttk.Button(row, text="New handler…", command=self._make_new)
        row.add_button(self.new_button)
        return row, row.field

    def _make_new(self) -> None:
        path = filedialog.asksaveasfilename(
            parent=self, title="New handler", filetypes=_PYTHON, defaultextension=".py", initialfile="answers.py"
        )
        if path:
            why = self._on_new(str(path))
            self.field.put(str(path))
            self.complain(self._part, why)
            self.field.focus_set()
