"""The strip above the conversation that finds text, bytes or a pattern in it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.finding import (
    MODE_WORDS,
    NOTHING_ASKED,
    FindMode,
    FindRequest,
    FindView,
    SearchHistory,
    count_words,
    hint,
)
from gui.widgets.bindings import breaking
from gui.widgets.controls import Choice, ThinProgress, Toggle
from gui.widgets.debounce import Debounce
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, wrap_within

QUIET = 200  # milliseconds without a key after which a search begins by itself
_REVEAL = 300  # milliseconds after which a search counts as a long one, with progress and Stop
_LEAST_FIELD, _LEAST_COUNT, _WORDS = 120, 100, 690  # pixels at 96 dots an inch
_SEQUENCES = {1: ("<Return>", "<KP_Enter>"), -1: ("<Shift-Return>", "<Shift-KP_Enter>")}


class FindBar(ttk.Frame):
    """``on_search`` gets what to look for, empty if nothing; ``on_step`` 1 for the next hit, -1 for the one before.

    ``on_stop`` ends a running search, ``on_close`` takes the strip away and gives the focus back.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_search: Callable[[FindRequest], None],
        on_step: Callable[[int], None],
        on_stop: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Window.TFrame", padding=(px(16), px(6), px(10), px(6)))
        self._theme = theme
        self._on_search, self._on_step, self._on_close = on_search, on_step, on_close
        self.bind("<<Close>>", breaking(self.close))
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._searches = SearchHistory(self._safety)
        self._asked = FindRequest("")
        self._view = NOTHING_ASKED
        self._is_revealed = False
        self._quiet = Debounce(self, self._search_if_new)
        self._long = Debounce(self, lambda: self._reveal(True))
        self._flow = Flow(self, theme)
        self.field = LineField(self._flow, theme, self._edited, width=1)
        self.mode: Choice[FindMode] = Choice(self._flow, self._mode_chosen, width=15)
        self.mode.offer(tuple(MODE_WORDS.items()), FindMode.TEXT)
        self.match_case = Toggle(self._flow, theme, "Aa", lambda _is_on: self._search_now())
        self._steps = ttk.Frame(self._flow, style="Window.TFrame")
        self.previous_button = self._button("Previous", lambda: self._go(-1), self._steps)
        self.next_button = self._button("Next", lambda: self._go(1), self._steps)
        self._count = ttk.Label(self._flow, style="Window.Muted.TLabel", anchor="w")
        self.stop_button = self._button("Stop", on_stop)
        self.close_button = self._button("✕", self.close)
        self._progress = ThinProgress(self, theme)
        self._why = ttk.Label(self, style="Window.Error.TLabel", justify="left", anchor="w")
        self._lay_out()
        self._bind_keys()
        self._show_mode(FindMode.TEXT)

    def show(self, view: FindView) -> None:
        """Show how the search goes that was asked for last."""
        self._view = view
        self._put_count(count_words(view, self._asked))
        self._complain(view.complaint, view.error_place)
        for button in (self.previous_button, self.next_button):
            button.state(["!disabled" if view.count else "disabled"])
        self._progress.put(view.fraction)
        self._show_running(view.is_running)

    def focus_field(self) -> None:
        """Go to the field, ready to be typed over."""
        self.field.focus_all()

    def close(self) -> None:
        """Put the strip away; what was looked for is remembered."""
        self._quiet.cancel()
        self._searches.add(self._asked)
        self._on_close()

    def remember(self, history: Sequence[FindRequest]) -> None:
        """The searches of before, newest first."""
        self._searches.load(history)

    @property
    def history(self) -> tuple[FindRequest, ...]:
        """The searches so far, newest first."""
        return self._searches.entries

    @property
    def request(self) -> FindRequest:
        """What the strip says now, whether or not it has been looked for."""
        mode = self.mode.key
        return FindRequest(self.field.text, mode, self.match_case.is_on and mode is not FindMode.HEX)

    @property
    def count(self) -> str:
        """What it says about the hits."""
        return str(self._count.cget("text"))

    @property
    def complaint(self) -> str:
        """What it says is wrong; empty if nothing is."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def _button(self, words: str, act: Callable[[], None], parent: tk.Misc | None = None) -> ttk.Button:
        button = ttk.Button(parent or self._flow, text=words, command=act, style="Bar.Quiet.TButton", width=0)
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _lay_out(self) -> None:
        px, flow = self._theme.px, self._flow
        flow.add(self.field, stretch=2, least=px(_LEAST_FIELD))
        for step in (self.previous_button, self.next_button):
            step.pack(side="left", fill="y")
            step.state(["disabled"])
        for part in (self.mode, self.match_case, self._steps):
            flow.add(part)
        flow.add(self._count, stretch=1, least=px(_LEAST_COUNT))
        flow.add(self.stop_button)
        flow.add_corner(self.close_button)
        flow.display(self.stop_button, False)
        flow.display(self._count, False)
        flow.pack(fill="x")
        flow.bind("<Configure>", self._fit_words, add=True)
        wrap_within(self._why, self, lambda: px(30))

    def _fit_words(self, event: tk.Event[tk.Misc]) -> None:
        """Where it is narrow, arrows stand for the words."""
        is_wide = event.width >= self._theme.px(_WORDS)
        self.previous_button.configure(text="Previous" if is_wide else "↑")
        self.next_button.configure(text="Next" if is_wide else "↓")
        self._flow.arrange()

    def _bind_keys(self) -> None:
        for step, sequences in _SEQUENCES.items():
            for sequence in sequences:
                self.field.bind(sequence, breaking(partial(self._go, step)))
        self.field.bind("<Up>", lambda _event: self._recall(self._searches.earlier))
        self.field.bind("<Down>", lambda _event: self._recall(self._searches.later))
        steps = (self.previous_button, self.next_button)
        for part in (self.field, self.mode, self.match_case, *steps, self.stop_button, self.close_button):
            part.bind("<Escape>", breaking(self.close))
            part.bind("<F3>", breaking(partial(self._go, 1)))
            part.bind("<Shift-F3>", breaking(partial(self._go, -1)))

    def _edited(self, text: str) -> None:
        self._complain("", None)
        self._quiet.ask(QUIET if text else 0)

    def _mode_chosen(self, mode: FindMode) -> None:
        self._show_mode(mode)
        self._search_now()

    def _show_mode(self, mode: FindMode) -> None:
        self.field.hint(hint(mode))
        self.match_case.state(["disabled" if mode is FindMode.HEX else "!disabled"])

    def _search_now(self) -> None:
        self._complain("", None)
        self._search_if_new()

    def _search_if_new(self) -> None:
        self._quiet.cancel()
        request = self.request
        if request != self._asked:
            self._asked = request
            self._on_search(request)

    def _go(self, step: int) -> None:
        """To the next hit; first of all look for what has been typed since."""
        self._searches.add(self.request)
        if self.request != self._asked:
            self._search_if_new()
        elif self._view.count:
            self._on_step(step)

    def _recall(self, find: Callable[[FindRequest], FindRequest | None]) -> str:
        request = find(self.request)
        if request is not None:
            self.mode.offer(tuple(MODE_WORDS.items()), request.mode)
            self._show_mode(request.mode)
            self.match_case.put(request.match_case)
            self.field.put(request.text)
            self._edited(request.text)
        return "break"

    def _put_count(self, words: str) -> None:
        if words != self.count:
            self._count.configure(text=words)
            self._flow.display(self._count, bool(words))
            self._flow.arrange()

    def _complain(self, why: str, place: int | None) -> None:
        if not why:
            self.field.accept()
            self._why.pack_forget()
            return
        self.field.refuse(place)
        self._why.configure(text=self._safety.text(why))
        self._why.pack(fill="x", pady=(self._theme.px(4), 0))

    def _show_running(self, is_running: bool) -> None:
        """A search that ends soon shows no Stop, so that nothing flickers while a person types."""
        if not is_running:
            self._long.cancel()
            self._reveal(False)
        elif not self._is_revealed and not self._long.is_due:
            self._long.ask(_REVEAL)

    def _reveal(self, is_long: bool) -> None:
        self._is_revealed = is_long
        self._flow.display(self.stop_button, is_long)
        if is_long:
            self._progress.place(relx=0, rely=1, anchor="sw", relwidth=1, bordermode="outside")
        else:
            self._progress.place_forget()
