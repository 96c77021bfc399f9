"""The pane of rules: which table, its rules in their order, the editor of the chosen one, and a place to try them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Protocol

from core.compose.encoding import Encoding
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.framings import KINDS, kind_of, words_of
from gui.viewmodels.rule_tables import Mistake, RuleFields, RuleRow, Tried
from gui.views.rules.rule_editor import RuleEditor
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.controls import Choice
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, wrap_within
from gui.widgets.scrolling import ScrollingPage

NEW, COPY, DELETE = "\0new", "\0copy", "\0delete"  # behind the names of the tables
_ROWS, _FEW_ROWS = 7, 3
_LOW = 420  # pixels at 96 dots an inch; in less height the list has few rows, and what the table plays is left out
_MARGIN = 10  # the same
_FIRED, _TIMES, _NARROW = 104, 40, 330  # the same: how often and when last, how often alone; a list that is narrow
_LONGEST = 600  # characters of a sentence
_LONGEST_ANSWER = 4_000  # the same, of bytes in hex and as text


class RulesPaneController(Protocol):
    """What the pane asks for."""

    def toggle(self) -> None: ...
    def choose(self, key: str) -> None: ...
    def rename(self, name: str) -> str: ...
    def choose_framing(self, framing: str) -> None: ...
    def use(self) -> None: ...
    def bring_in(self) -> None: ...
    def give_out(self) -> None: ...
    def choose_rule(self, place: int) -> None: ...
    def add(self) -> None: ...
    def copy(self) -> None: ...
    def delete(self) -> None: ...
    def move(self, step: int) -> None: ...
    def switch(self) -> None: ...
    def undo(self) -> None: ...
    def edit(self, fields: RuleFields) -> Mistake | None: ...
    def check(self, fields: RuleFields) -> Mistake | None: ...
    def try_it(self, typed: str) -> None: ...
    def take_message(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RulesView:
    """What the pane shows. ``use`` are the words of the button that has a server answer by this table."""

    names: tuple[str, ...]
    name: str
    is_own: bool
    about: str
    framing: str
    rows: tuple[RuleRow, ...]
    place: int
    fields: RuleFields
    mistake: Mistake | None
    use: str
    is_in_use: bool
    counted: str  # of messages that no rule answers


class RulesPane(ttk.Frame):
    """Shows a table and passes on what is done with it."""

    def __init__(self, parent: tk.Misc, theme: Theme, controller: RulesPaneController) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._controller = theme, controller
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._view: RulesView | None = None
        head = ttk.Frame(self, style="Window.TFrame")
        ttk.Label(head, text="Rules", style="Window.Strong.TLabel").pack(side="left")
        self._button(head, "Close", controller.toggle).pack(side="right")
        self._page = ScrollingPage(self, theme)
        self._body = self._page.body
        self._make_table()
        self._make_list()
        self.editor = RuleEditor(self._body, theme, on_edit=controller.edit, on_check=controller.check)
        self._make_trial()
        ttk.Frame(self, style="Line.TFrame", width=theme.px(1)).place(x=0, y=0, relheight=1.0)
        head.pack(fill="x", padx=theme.px(_MARGIN), pady=(theme.px(8), theme.px(4)))
        self._page.pack(fill="both", expand=True, padx=(theme.px(1), 0))
        self._lay_out()
        self._bind_keys()
        self.say("")
        self._page.settle()

    def show(self, view: RulesView) -> None:
        """Show this."""
        if view == self._view:
            self.editor.show(view.fields, view.mistake, can=bool(view.rows))
            return
        known, self._view = self._view, view
        more = [(NEW, "New rules…"), (COPY, "A copy of these…"), *([(DELETE, "Delete these")] if view.is_own else [])]
        self.table.offer([*((name, self._safety.field(name)) for name in view.names), *more], view.name)
        self.name.put(view.name)
        self.framing.offer(
            [(kind.usual, kind.words) for kind in KINDS], kind_of(view.framing).usual, words_of(view.framing)
        )
        self._about.configure(text=self._safety.field(view.about, _LONGEST))
        self.use_button.configure(text=view.use)
        self.use_button.state(["disabled" if view.is_in_use else "!disabled"])
        about_rule = view.rows[view.place].words if view.place < len(view.rows) else "There is no rule yet: add one."
        self._counted.configure(text=self._safety.field(f"{about_rule}\n{view.counted}".strip(), _LONGEST))
        self._draw(known.rows if known is not None else (), view)
        for button in self._of_rule:
            button.state(["!disabled" if view.rows else "disabled"])
        self.editor.show(view.fields, view.mistake, can=bool(view.rows))
        self._fit()

    def say(self, sentence: str, *, is_wrong: bool = False, can_undo: bool = False) -> None:
        """Say what was done, or why it was not; nothing if the sentence is empty."""
        self._words.configure(
            text=self._safety.field(sentence, _LONGEST),
            style="Window.Error.TLabel" if is_wrong else "Window.Muted.TLabel",
        )
        self.undo.state(["!disabled" if can_undo else "disabled"])
        (self._words.grid if sentence else self._words.grid_remove)()

    @property
    def sentence(self) -> str:
        """What is said."""
        return str(self._words.cget("text"))

    def show_tried(self, found: Sequence[Tried] | None, encoding: Encoding, mistake: Mistake | None = None) -> None:
        """Show what a message was answered; None to show nothing."""
        if mistake is not None:
            self.message.refuse(mistake.place)
            lines = [mistake.sentence]
        elif found is None:
            lines = []
        else:
            lines = [line for one in found for line in _lines_of(one, encoding)] or ["No rule answers this message."]
        self._tried.configure(
            text="\n".join(self._safety.field(line, _LONGEST_ANSWER) for line in lines),
            style="Window.Error.TLabel" if mistake is not None else "Window.TLabel",
        )

    @property
    def tried(self) -> str:
        """What is shown of it."""
        return str(self._tried.cget("text"))

    def focus_first(self) -> None:
        """Bring the keyboard here: to the rules."""
        focus_now(self.tree)

    def see_tried(self) -> None:
        """Scroll to what was tried."""
        self.update_idletasks()
        self._page.see(self._tried)

    # Making it.

    def _make_table(self) -> None:
        body, theme = self._body, self._theme
        self.table: Choice[str] = Choice(body, self._controller.choose, width=10)
        self._about = ttk.Label(body, style="Window.Muted.TLabel", justify="left")
        self._tools = Flow(body, theme)
        self.use_button = self._tool(self._tools, "Use for this server", self._controller.use)
        self._tool(self._tools, "Import…", self._controller.bring_in)
        self._tool(self._tools, "Export…", self._controller.give_out)
        self._called = Flow(body, theme)
        self._called.add(ttk.Label(self._called, text="Called", style="Window.TLabel"))
        self.name = LineField(self._called, theme, lambda _text: None, width=14)
        for key in ("<Return>", "<KP_Enter>", "<FocusOut>"):
            self.name.bind(key, lambda _event: self._rename(), add=True)
        self._called.add(self.name, stretch=1)
        self._called.add(ttk.Label(self._called, text="for messages", style="Window.TLabel"))
        self.framing: Choice[str] = Choice(self._called, self._controller.choose_framing, width=14)
        self._called.add(self.framing)

    def _make_list(self) -> None:
        body, theme = self._body, self._theme
        px = theme.px
        self._box = ttk.Frame(body, style="Edge.TFrame", padding=px(1))
        self.tree = ttk.Treeview(self._box, columns=("when", "fired"), show="tree", selectmode="browse", height=_ROWS)
        for column, least in (("#0", 50), ("when", 50), ("fired", _TIMES)):
            self.tree.column(column, width=px(least), minwidth=px(least), stretch=False)
        self.tree.bind("<Configure>", self._fit_columns, add=True)
        bar = ttk.Scrollbar(self._box, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.pack(side="left", fill="both", expand=True)
        bar.pack(side="right", fill="y")
        theme.subscribe(self._restyle, self)
        self._counted = ttk.Label(body, style="Window.Muted.TLabel", justify="left")
        self._acts = Flow(body, theme)
        controller = self._controller
        self._tool(self._acts, "Add", controller.add)
        acts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Copy", controller.copy), ("Delete", controller.delete), ("Up", lambda: controller.move(-1)),
            ("Down", lambda: controller.move(1)), ("On or off", controller.switch),
        )  # fmt: skip
        self._of_rule = [self._tool(self._acts, words, act) for words, act in acts]
        self.undo = self._tool(self._acts, "Undo", controller.undo)
        self._words = ttk.Label(body, style="Window.Muted.TLabel", justify="left")

    def _make_trial(self) -> None:
        body, theme = self._body, self._theme
        self._trial_title = ttk.Label(body, text="Try it: what is answered to a message, sent to nobody")
        self._trial_title.configure(style="Window.Strong.TLabel", justify="left")
        self.message = LineField(body, theme, lambda _text: None, width=12)
        self.message.hint("A message, with escapes such as \\r")
        for key in ("<Return>", "<KP_Enter>"):
            self.message.bind(key, lambda _event: self._try(), add=True)
        self._trial = Flow(body, theme)
        self._tool(self._trial, "Try it", self._try)
        self._tool(self._trial, "The chosen message", self._controller.take_message)
        self._tried = ttk.Label(body, style="Window.TLabel", justify="left")

    def _lay_out(self) -> None:
        px = self._theme.px
        parts: tuple[tuple[tk.Widget, int], ...] = (
            (self.table, 0), (self._about, 4), (self._tools, 6), (self._called, 6), (self._box, 8),
            (self._counted, 2), (self._acts, 6), (self._words, 4), (self.editor, 8), (self._trial_title, 14),
            (self.message, 4), (self._trial, 6), (self._tried, 6),
        )  # fmt: skip
        self._body.columnconfigure(0, weight=1)
        for row, (part, above) in enumerate(parts):
            part.grid(row=row, column=0, sticky="ew", padx=(px(_MARGIN), px(4)), pady=(px(above), 0))
        self._tried.grid_configure(pady=(px(6), px(12)))
        for label in (self._about, self._counted, self._words, self._trial_title, self._tried):
            wrap_within(label, self._body, lambda: px(2 * _MARGIN))
        self.bind("<Configure>", lambda event: self._fit() if event.widget is self else None, add=True)

    def _bind_keys(self) -> None:
        controller, tree = self._controller, self.tree
        tree.bind("<<TreeviewSelect>>", lambda _event: self._selected())
        for keys, act in (
            (("<space>",), controller.switch), (("<Insert>",), controller.add), (("<Delete>",), controller.delete),
            (("<Alt-Up>",), lambda: controller.move(-1)), (("<Alt-Down>",), lambda: controller.move(1)),
            (("<<Undo>>",), controller.undo), (("<Return>", "<F2>"), self.editor.focus_name),
        ):  # fmt: skip
            for key in keys:
                tree.bind(key, breaking(act))
        close = breaking(controller.toggle)
        self.bind("<<Close>>", close)
        below: list[tk.Misc] = [self]
        for widget in below:
            below += widget.winfo_children()
            if isinstance(widget, ttk.Entry | ttk.Button | ttk.Treeview):  # Tab goes to whatever has a key
                widget.bind("<Escape>", close, add=True)

    def _button(self, parent: tk.Misc, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(parent, text=words, width=0, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _tool(self, flow: Flow, words: str, act: Callable[[], None]) -> ttk.Button:
        button = self._button(flow, words, act)
        flow.add(button)
        return button

    # What happens in it.

    def _restyle(self) -> None:
        palette = self._theme.palette
        self.tree.tag_configure("off", foreground=palette.muted)
        self.tree.tag_configure("wrong", foreground=palette.error)

    def _draw(self, known: Sequence[RuleRow], view: RulesView) -> None:
        tree = self.tree
        if len(known) != len(view.rows):
            tree.delete(*tree.get_children())
            known = ()
        for place, row in enumerate(view.rows):
            if place < len(known) and known[place] == row:
                continue
            words = f"{'!' if row.mistake else '●' if row.is_on else '○'}  {self._safety.field(row.name)}"
            values = (self._safety.field(row.when), f"{row.times}  {row.last}" if row.times else "")
            tags = ("wrong",) if row.mistake else () if row.is_on else ("off",)
            if tree.exists(str(place)):
                tree.item(str(place), text=words, values=values, tags=tags)
            else:
                tree.insert("", "end", str(place), text=words, values=values, tags=tags)
        if view.rows and tree.selection() != (str(view.place),):
            tree.selection_set([str(view.place)])
            tree.focus(str(view.place))
            tree.see(str(view.place))

    def _selected(self) -> None:
        chosen = self.tree.selection()
        if chosen and self._view is not None and int(chosen[0]) != self._view.place:
            self._controller.choose_rule(int(chosen[0]))

    def _rename(self) -> None:
        view = self._view
        if view is None or self.name.text.strip() == view.name:
            return
        why = self._controller.rename(self.name.text)
        if why:
            self.name.refuse()
            self.say(why, is_wrong=True)

    def _try(self) -> None:
        self._controller.try_it(self.message.text)

    def _fit(self) -> None:
        is_low = self.winfo_height() < self._theme.px(_LOW)
        rows = _FEW_ROWS if is_low else _ROWS
        if int(str(self.tree.cget("height"))) != rows:
            self.tree.configure(height=rows)
        has_about = self._view is not None and bool(self._view.about) and not is_low
        (self._about.grid if has_about else self._about.grid_remove)()

    def _fit_columns(self, event: tk.Event[tk.Misc]) -> None:
        """Share the list's width; where that is narrow, when a rule fired last stands below the list only."""
        fired = self._theme.px(_FIRED if event.width >= self._theme.px(_NARROW) else _TIMES)
        room = event.width - fired
        for column, width in (("#0", room * 9 // 20), ("when", room - room * 9 // 20), ("fired", fired)):
            self.tree.column(column, width=width)


def _lines_of(tried: Tried, encoding: Encoding) -> list[str]:
    lines = [f"“{tried.rule}”: {tried.words}"]
    if tried.wire:
        lines += [f"hex   {tried.hex}", f"text  {tried.text(encoding)}"]
    return lines
