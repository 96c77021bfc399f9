"""The fields of one rule, with what is wrong under each. What is typed counts with Enter, or when the field is left."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from tkinter import ttk
from typing import Any

from core.text_safety import TextSafety
from core.words import with_capital
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODINGS, ENDINGS, FORMATS
from gui.viewmodels.rule_tables import THEN, WHEN, Mistake, RuleFields, takes
from gui.widgets.controls import Choice
from gui.widgets.debounce import Debounce
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, wrap_within

_CHECKED_AFTER = 400  # milliseconds: while a person types, little makes sense yet
_HEADINGS = 70  # pixels at 96 dots an inch
_LONGEST = 400  # characters of a sentence


class RuleEditor(ttk.Frame):
    """``on_edit`` has a rule be what the fields say, ``on_check`` only looks; both say what is wrong, if something is.

    Where nothing is wrong, ``on_edit`` has whoever shows the rules call ``show``.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_edit: Callable[[RuleFields], Mistake | None],
        on_check: Callable[[RuleFields], Mistake | None],
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._on_edit, self._on_check = theme, on_edit, on_check
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._shown, self._can = RuleFields(), True
        self._mistake: Mistake | None = None
        self._lines: dict[str, LineField] = {}
        self._choices: dict[str, tuple[Choice[str], Sequence[tuple[str, str]]]] = {}  # each with what it offers
        self._complaints: dict[str, ttk.Label] = {}
        self._headings: dict[str, ttk.Label] = {}
        self._check = Debounce(self, lambda: self._tell(self._on_check(self.fields)))
        self.columnconfigure(0, minsize=theme.px(_HEADINGS))
        self.columnconfigure(1, weight=1)
        self._row("Name", self._line(self, "name"), "name")
        self.when = self._choice(self, "when", WHEN)
        self._row("When", self.when, "when")
        self.pattern = self._line(self, "pattern")
        self._row("", self.pattern, "pattern")
        self._row("Answer", self._line(self, "answer"), "answer")
        how = Flow(self, theme)
        for name, options, width in (("format", FORMATS, 8), ("encoding", ENCODINGS, 12), ("ending", ENDINGS, 8)):
            choice = self._choice(how, name, options)
            choice.configure(width=width)
            how.add(choice)
        self._row("as", how)
        pause = Flow(self, theme)
        for name, words in (("least", "to"), ("most", "ms")):
            field = self._line(pause, name, width=8)
            field.configure(justify="right")
            pause.add(field)
            pause.add(ttk.Label(pause, text=words, style="Window.TLabel"))
        self._row("After", pause, "least", "most")
        self._row("Then", self._choice(self, "then", THEN), "then")

    @property
    def fields(self) -> RuleFields:
        """What stands in the fields."""
        found: dict[str, Any] = {name: field.text for name, field in self._lines.items()}
        found.update((name, choice.key) for name, (choice, _options) in self._choices.items())
        return replace(self._shown, **found)

    def line(self, name: str) -> LineField:
        """The field of that name."""
        return self._lines[name]

    def complaint(self, name: str) -> str:
        """What is said to be wrong in a field."""
        label = self._complaints[name]
        return str(label.cget("text")) if label.winfo_manager() else ""

    def show(self, fields: RuleFields, mistake: Mistake | None, *, can: bool) -> None:
        """Show a rule; ``can`` if there is one to be edited. What is being typed stays while the rule is the same."""
        if (fields, mistake, can) == (self._shown, self._mistake, self._can):
            return
        self._shown, self._mistake, self._can = fields, mistake, can
        for name, field in self._lines.items():
            field.put(getattr(fields, name))
        for name, (choice, options) in self._choices.items():
            choice.offer(options, getattr(fields, name))
        self._check.cancel()
        self._tell(mistake)
        self._fit_pattern()
        state = ["!disabled" if can else "disabled"]
        for widget in (*self._lines.values(), *(choice for choice, _options in self._choices.values())):
            widget.state(state)

    def commit(self) -> None:
        """Have what stands in the fields count, if something was changed."""
        self._check.cancel()
        if self.fields != self._shown:
            mistake = self._on_edit(self.fields)
            if mistake is not None:
                self._tell(mistake)

    def focus_name(self) -> None:
        """Go to the name, ready to be typed over."""
        self._lines["name"].focus_all()

    # Private.

    def _row(self, heading: str, part: tk.Widget, *names: str) -> None:
        px, row = self._theme.px, self.grid_size()[1]
        label = ttk.Label(self, text=heading, style="Window.TLabel")
        label.grid(row=row, column=0, sticky="nw", padx=(0, px(8)), pady=(px(8), 0))
        part.grid(row=row, column=1, sticky="ew", pady=(px(4), 0))
        for name in names:
            self._headings[name] = label
            why = ttk.Label(self, style="Window.Error.TLabel", justify="left")
            wrap_within(why, self, lambda: px(_HEADINGS + 16))
            why.grid(row=row + 1 + names.index(name), column=1, sticky="w", pady=(px(2), 0))
            why.grid_remove()
            self._complaints[name] = why

    def _line(self, parent: tk.Misc, name: str, width: int = 12) -> LineField:
        field = LineField(parent, self._theme, lambda _text: self._check.ask(_CHECKED_AFTER), width=width)
        for key in ("<Return>", "<KP_Enter>", "<FocusOut>"):
            field.bind(key, lambda _event: self.commit(), add=True)
        self._lines[name] = field
        return field

    def _choice(self, parent: tk.Misc, name: str, options: Sequence[tuple[str, str]]) -> Choice[str]:
        choice: Choice[str] = Choice(parent, lambda _key: self._chosen())
        choice.offer(options, options[0][0])
        self._choices[name] = choice, options
        return choice

    def _chosen(self) -> None:
        self._fit_pattern()
        self.commit()

    def _fit_pattern(self) -> None:
        """Ask for what the condition compares with, if it compares."""
        wanted = takes(self.when.key)
        self.pattern.hint(with_capital(wanted))
        for widget in (self.pattern, self._headings["pattern"]):
            (widget.grid if wanted else widget.grid_remove)()

    def _tell(self, mistake: Mistake | None) -> None:
        for name, label in self._complaints.items():
            is_here = mistake is not None and mistake.field == name
            label.configure(text=self._safety.field(mistake.sentence, _LONGEST) if mistake and is_here else "")
            (label.grid if is_here else label.grid_remove)()
        for name, field in self._lines.items():
            if mistake is not None and mistake.field == name:
                field.refuse(mistake.place)
            else:
                field.accept()
