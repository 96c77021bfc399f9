"""The window with what is played step by step: a list of steps, or what came beside what was recorded."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from functools import partial
from tkinter import ttk

from core.text_safety import LONGEST_FIELD, TextSafety
from core.words import with_capital
from gui.theme.theme import Theme
from gui.viewmodels.replaying import TableLine, as_tab_separated
from gui.widgets.bindings import bind_own, breaking, focus_now
from gui.widgets.clipboard import give
from gui.widgets.debounce import Debounce
from gui.widgets.fitting import wrap_within
from gui.widgets.screens import is_narrow
from gui.widgets.small_window import SmallWindow, copy_text

_SIZE, _SMALLEST = (760, 400), (420, 240)  # width and height at 96 dots an inch
_WIDTHS = (110, 120, 140, 140, 120)  # of the columns, likewise
_NARROW = {"time": 70}
_SHORT_TITLE = 60  # characters
_AT_ONCE = 300  # lines that are put in before whatever else the window has to do
_SOON = 15  # milliseconds


class PlayedTable:
    """The lines so far, and the window that shows them while it is open. ``wrong`` names what a marked line is."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, kind: str, title: str, columns: Sequence[str], wrong: str
    ) -> None:
        self._make = partial(StepsTable, parent, theme, kind, title, columns, wrong)
        self.safety = TextSafety.for_tk(str(parent.tk.call("info", "patchlevel")))
        self._lines: tuple[TableLine, ...] = ()
        self._words = ""
        self.window: StepsTable | None = None

    def take(self, lines: Sequence[TableLine], words: str = "") -> None:
        """These are the lines now; ``words`` says how it goes as a whole."""
        self._lines, self._words = tuple(lines), words
        if self.window is not None and self.window.winfo_exists():
            self.window.show(self._lines, words)

    def open(self) -> None:
        """Show the window, or bring it to the front."""
        if self.window is None or not self.window.winfo_exists():
            self.window = self._make()
            self.window.show(self._lines, self._words)
            self.window.open()
        self.window.lift()
        focus_now(self.window.tree)


class StepsTable(SmallWindow):
    """The lines, and the chosen one in full below.

    Ctrl+C copies the chosen lines, the button all of them. F3 and its button go to the next line that is marked; until
    a person goes somewhere, the first of these is chosen as soon as it is there.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, kind: str, title: str, columns: Sequence[str], wrong: str
    ) -> None:
        super().__init__(parent, theme, kind)
        px = theme.px
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._columns = tuple(columns)
        self._lines: tuple[TableLine, ...] = ()
        self._shown: list[TableLine] = []  # what is in the table by now
        self._has_gone = False  # whether a person has chosen a line
        self._soon = Debounce(self, self._put_in)
        self.add_foot()
        self.copy_button = self.button("Copy", self._copy_all)
        self.next_button = self.button(f"Next {wrong}", lambda: self._next(1))
        self.next_button.state(["disabled"])
        longest = _SHORT_TITLE if is_narrow(self, px) else LONGEST_FIELD  # the table needs the room
        head = ttk.Label(self, text=self._safety.field(title, longest), style="Window.Strong.TLabel", justify="left")
        wrap_within(head, self, lambda: px(44))
        head.pack(side="top", anchor="w", fill="x", padx=px(20), pady=(px(12), 0))
        self.words = ttk.Label(self, style="Window.TLabel", justify="left")
        wrap_within(self.words, self, lambda: px(44))
        self.words.pack(side="top", anchor="w", fill="x", padx=px(20), pady=(0, px(6)))
        self.full = ttk.Label(self, style="Window.TLabel", justify="left", anchor="w")
        wrap_within(self.full, self, lambda: px(44))
        self.full.pack(side="bottom", fill="x", padx=px(20), pady=(px(6), px(10)))
        box = ttk.Frame(self, style="Edge.TFrame", padding=px(1))
        self.tree = ttk.Treeview(box, columns=self._columns, show="headings", selectmode="extended", height=4)
        for column, width in zip(self._columns, _WIDTHS, strict=True):
            wide = _NARROW.get(column, width)
            self.tree.heading(column, text=with_capital(column), anchor="w")
            self.tree.column(column, width=px(wide), minwidth=px(50), stretch=column not in _NARROW)
        bar = ttk.Scrollbar(box, command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")  # first, so that it stays when the columns need more than there is
        self.tree.pack(side="left", fill="both", expand=True)
        box.pack(side="top", fill="both", expand=True, padx=px(20))
        self._bind_keys(theme)

    def _bind_keys(self, theme: Theme) -> None:
        self.tree.bind("<<TreeviewSelect>>", self._chosen)
        self.tree.bind("<<Copy>>", breaking(self._copy_chosen))
        self.tree.bind("<<SelectAll>>", breaking(self._select_all))
        self.bind("<F3>", breaking(lambda: self._next(1)))
        self.bind("<Shift-F3>", breaking(lambda: self._next(-1)))
        for sequence in ("<KeyPress-Up>", "<KeyPress-Down>", "<Prior>", "<Next>", "<Button-1>"):
            self.tree.bind(sequence, self._goes, add=True)
        bind_own(self.tree, "<Configure>", self._fit)
        self.tree.bind("<Home>", breaking(lambda: self._go_to_end(0)))
        self.tree.bind("<End>", breaking(lambda: self._go_to_end(-1)))
        theme.subscribe(self._colour, self)

    def _fit(self) -> None:
        """Have all columns in sight where there is little room."""
        wide = {
            column: self.theme.px(_NARROW.get(column, width))
            for column, width in zip(self._columns, _WIDTHS, strict=True)
        }
        share = self.tree.winfo_width() / sum(wide.values())
        for column, width in wide.items() if share < 1 else ():
            self.tree.column(column, width=int(width * share))

    def show(self, lines: Sequence[TableLine], words: str = "") -> None:
        """Show these lines, what is new of them in short turns, and the last in view if the last one was."""
        self.words.configure(text=self._safety.field(words, 400))
        lines = tuple(lines)
        if lines == self._lines:
            return
        self._lines = lines
        was_at_end = self.tree.yview()[1] >= 1
        if len(lines) < len(self._shown):
            self.tree.delete(*map(str, range(len(lines), len(self._shown))))
            del self._shown[len(lines) :]
        self._soon.now()
        if lines and was_at_end and not self._first_wrong:
            self.tree.see(str(len(self._shown) - 1))

    def open(self) -> None:
        """Show the window, once it is filled."""
        self.put_beside(_SIZE, _SMALLEST)
        self.deiconify()

    def _put_in(self) -> None:
        """Bring the table up to the lines, as far as one turn goes."""
        changed = 0
        for place, line in enumerate(self._lines):
            if place < len(self._shown) and line == self._shown[place]:
                continue
            if changed == _AT_ONCE:
                self._soon.ask(_SOON)
                break
            changed += 1
            self._set_line(place, line)
        self.next_button.state(["!disabled" if self._first_wrong else "disabled"])
        self._choose_by_itself()
        self._chosen()

    def _set_line(self, place: int, line: TableLine) -> None:
        tags = ("missed",) if line.is_wrong else ()
        if place < len(self._shown):
            self._shown[place] = line
            self.tree.item(str(place), values=line.cells, tags=tags)
        else:
            self._shown.append(line)
            self.tree.insert("", "end", iid=str(place), values=line.cells, tags=tags)

    @property
    def _first_wrong(self) -> str:
        return next((str(place) for place, line in enumerate(self._shown) if line.is_wrong), "")

    def _choose_by_itself(self) -> None:
        """Choose the first line that is marked, or the first of all, as long as nobody has chosen another."""
        place = self._first_wrong or ("0" if self._shown else "")
        if place and not self._has_gone and self.tree.selection() != (place,):
            self._go(place)

    def _go(self, place: str) -> None:
        self.tree.focus(place)
        self.tree.selection_set(place)
        self.tree.see(place)

    def _goes(self, _event: object) -> None:
        self._has_gone = True

    def _go_to_end(self, place: int) -> None:
        self._has_gone = True
        if self._shown:
            self._go(str(place % len(self._shown)))

    def _select_all(self) -> None:
        self._has_gone = True
        self.tree.selection_set(self.tree.get_children())

    def _next(self, step: int) -> None:
        """Go to the next line that is marked, from the last to the first."""
        wrong = [place for place, line in enumerate(self._shown) if line.is_wrong]
        if not wrong:
            return
        self._has_gone = True
        here = int(self.tree.focus() or -1)
        after = [place for place in wrong if (place > here if step > 0 else place < here)]
        self._go(str((after or wrong)[0 if step > 0 else -1]))

    def _chosen(self, _event: object = None) -> None:
        chosen = self.tree.focus() or next(iter(self.tree.selection()), "")
        if chosen and int(chosen) < len(self._shown):
            self.full.configure(text=self._shown[int(chosen)].full())

    def _copy_all(self) -> None:
        copy_text(as_tab_separated(self._columns, self._lines), self.copy_button)

    def _copy_chosen(self) -> None:
        places = sorted(map(int, self.tree.selection()))
        give(self.tree, as_tab_separated(self._columns, [self._shown[place] for place in places]))

    def _colour(self) -> None:
        self.tree.tag_configure("missed", foreground=self.theme.palette.error)
