"""The pane of lessons: the list of all, or one with its code, what was done and what is to be done."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import Protocol

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.lessons import Course
from gui.widgets.bindings import bind_own, breaking, focus_now
from gui.widgets.fitting import Flow, elided
from gui.widgets.scrolling import QuietScrollbar
from gui.widgets.text_selection import colour_selection

_MARGIN = 10  # pixels at 96 dots an inch
_LONGEST = 8_000  # characters of a text
_BESIDE = 36  # the same: what a row of the list needs beside its words
_DONE = "✓"


class LessonsController(Protocol):
    """What the pane asks for."""

    def toggle(self) -> None: ...
    def show_list(self) -> None: ...
    def choose(self, place: int) -> None: ...
    def skip(self) -> None: ...
    def begin_again(self) -> None: ...
    def copy_code(self) -> None: ...


class LessonsPane(ttk.Frame):
    """Either a list, of which Enter begins a lesson, or a lesson as a text that scrolls."""

    def __init__(self, parent: tk.Misc, theme: Theme, controller: LessonsController) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme, self._controller = theme, controller
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        head = ttk.Frame(self, style="Pane.TFrame")
        self._title = ttk.Label(head, text="Lessons", style="Pane.Strong.TLabel")
        self.close = self._button(head, "Close", controller.toggle)
        self._box = ttk.Frame(self, style="Pane.TFrame")
        self.tree = ttk.Treeview(self._box, show="tree", selectmode="browse", height=4)
        self.text = tk.Text(
            self._box, wrap="word", state="disabled", width=10, height=4, borderwidth=0, undo=False, insertwidth=0,
            takefocus=True, cursor="arrow", padx=theme.px(8), pady=theme.px(4), highlightthickness=theme.px(2),
        )  # fmt: skip
        parts: tuple[tk.Text | ttk.Treeview, ...] = (self.tree, self.text)
        self._parts = [(part, QuietScrollbar(self._box, part.yview, ground="Pane.")) for part in parts]
        self._titles: list[str] = []
        self._acts = Flow(self, theme, style="Pane.TFrame")
        self.again = self._act("Begin again", controller.begin_again)
        self.skip = self._act("Skip this step", controller.skip)
        self.copy = self._act("Copy the code", controller.copy_code)
        self.all = self._act("All lessons", controller.show_list)
        self._lay_out(head)
        self.bind("<<Close>>", self._escape)
        self._bind_keys()
        colour_selection(self.text, theme)
        theme.subscribe(self._restyle, self)

    # The list.

    def show_list(self, lessons: Sequence[tuple[str, bool]], broken: Sequence[str]) -> None:
        """Show the titles, each with whether it was done, and a sentence for each file that is no lesson."""
        tree = self.tree
        tree.delete(*tree.get_children())
        self._titles = [
            f"{_DONE if is_done else '  '} {place}  {self._safety.field(title, 200)}"
            for place, (title, is_done) in enumerate(lessons, 1)
        ]
        for place, words in enumerate(self._titles):
            tree.insert("", "end", str(place), text=words)
        self._fit()
        self._write([(self._safety.field(each, 400), ("error",)) for each in broken])
        self._show(self.tree, *((self.text,) if broken else ()))
        first = next((place for place, (_title, is_done) in enumerate(lessons) if not is_done), 0)
        if lessons:
            tree.selection_set(str(first))
            tree.focus(str(first))
            tree.see(str(first))
        focus_now(tree)

    # A lesson.

    def show_lesson(self, course: Course, code: str) -> None:
        """Show how far the learner is."""
        lesson, step = course.lesson, course.step
        parts = [(lesson.title, ("title",)), (lesson.about, ())]
        if code:
            now = step.lines if step is not None else ()
            parts += [(line, ("code", *(("now",) if at in now else ()))) for at, line in enumerate(code.split("\n"), 1)]
        asked = len(lesson.steps) - 1
        for place, each in enumerate(lesson.steps[: course.place]):
            parts += [(f"{_DONE} {self._asked(place, asked)}{each.do}", ("done",)), (each.then, ("then",))]
        if step is not None:
            parts += [(f"{self._asked(course.place, asked)}{step.do}", ("step",)), (step.why, ())]
        else:
            parts.append(("You have done this lesson.", ("good",)))
        self._write([(self._safety.text(text)[:_LONGEST], tags) for text, tags in parts if text or "code" in tags])
        self._acts.display(self.skip, step is not None and course.place < asked)
        self._acts.display(self.copy, bool(code))
        self._show(self.text)
        self.text.see("end-1c")
        if step is not None and course.place == 0:
            self.text.yview_moveto(0)

    def focus_lesson(self) -> None:
        """Have the keys scroll the lesson."""
        focus_now(self.text)

    @staticmethod
    def _asked(place: int, asked: int) -> str:
        return "Question: " if place == asked else f"{place + 1} of {asked}: "

    # Private.

    def _fit(self) -> None:
        """Cut the titles to the list's width."""
        room = self.tree.winfo_width() - self._theme.px(_BESIDE)
        if room > 0:
            for row, words in zip(self.tree.get_children(), self._titles, strict=True):
                self.tree.item(row, text=elided(words, self._theme.base, room))

    def _write(self, parts: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        text = self.text
        text.configure(state="normal")
        text.delete("1.0", "end")
        for words, tags in parts:
            text.insert("end", f"{words}\n", tags)
        text.delete("end-1c")
        text.configure(state="disabled")

    def _show(self, *shown: tk.Widget) -> None:
        """Show the list, the lesson, or the list with a text below it."""
        for row, (part, bar) in enumerate(self._parts):
            if part in shown:
                part.grid(row=row, column=0, sticky="nsew")
                bar.grid(row=row, column=1, sticky="ns")
            else:
                part.grid_remove()
                bar.grid_remove()
            self._box.rowconfigure(row, weight=(3 - 2 * row) * int(part in shown))
        if self.tree in shown:
            self._acts.grid_remove()
        else:
            self._acts.grid()

    def _button(self, parent: tk.Misc, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(parent, text=words, style="Pane.Light.TButton", width=0, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        button.bind("<Escape>", self._escape)
        return button

    def _act(self, words: str, act: Callable[[], None]) -> ttk.Button:
        button = self._button(self._acts, words, act)
        self._acts.add(button)
        return button

    def _lay_out(self, head: ttk.Frame) -> None:
        px = self._theme.px
        margin = px(_MARGIN)
        ttk.Frame(self, style="Line.TFrame", width=px(1)).grid(row=0, column=0, rowspan=3, sticky="ns")
        self._title.pack(side="left")
        self.close.pack(side="right")
        head.grid(row=0, column=1, sticky="ew", padx=margin, pady=(px(8), px(4)))
        self._box.grid(row=1, column=1, sticky="nsew", padx=(px(2), 0))
        self._acts.grid(row=2, column=1, sticky="ew", padx=margin, pady=px(6))
        self._box.columnconfigure(0, weight=1)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(1, weight=1)
        for part, bar in self._parts:
            part.configure(yscrollcommand=bar.set)

    def _bind_keys(self) -> None:
        for part, _bar in self._parts:
            part.bind("<Escape>", self._escape)
        bind_own(self.tree, "<Configure>", self._fit)
        for key in ("<Return>", "<space>", "<Double-Button-1>"):
            self.tree.bind(key, breaking(self._choose))
        self.text.bind("<Button-1>", lambda _event: self.text.focus_set(), add=True)
        for key, amount in (("<Up>", -1), ("<Down>", 1)):
            self.text.bind(key, breaking(partial(self.text.yview_scroll, amount, "units")))

    def _choose(self) -> None:
        if chosen := self.tree.selection():
            self._controller.choose(int(chosen[0]))

    def _escape(self, _event: object) -> str:
        self._controller.toggle()
        return "break"

    def _restyle(self) -> None:
        p, theme, tag = self._theme.palette, self._theme, self.text.tag_configure
        gap, px = theme.px(6), theme.px
        self.text.configure(
            background=p.pane, foreground=p.text, font=theme.base, highlightcolor=p.focus, highlightbackground=p.pane,
        )  # fmt: skip
        self.text.configure(spacing1=px(2))
        tag("title", font=theme.title, spacing3=gap)
        tag("code", font=theme.mono, background=p.field, lmargin1=px(6), lmargin2=px(18), wrap="char")
        tag("now", background=p.selection, foreground=p.selection_text)
        tag("done", foreground=p.muted, spacing1=gap)
        tag("then", foreground=p.good, lmargin1=px(14), lmargin2=px(14))
        tag("step", font=theme.strong, spacing1=gap, spacing3=px(3))
        tag("good", font=theme.strong, foreground=p.good, spacing1=gap)
        tag("error", foreground=p.error, spacing1=gap)
        self.text.tag_raise("sel")
