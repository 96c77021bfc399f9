"""Strips across the window for what concerns all of it: recording stopped, settings set aside, a fault."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from tkinter import ttk

from core.clock import monotonic
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.widgets.bindings import bind_own, focus_now, has_focus
from gui.widgets.fitting import wrap_within

_MOST = 3  # notices at a time; the oldest makes room, a failure only to failures
_LONGEST = 1_000  # characters of a notice


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence and the buttons that answer it, besides the one that takes it away.

    ``on_close`` is called when it is taken away, by whomever. For ``quiet`` seconds after the person
    has closed it, nothing more is said on its topic.
    """

    sentence: str
    is_failure: bool = False
    buttons: tuple[tuple[str, Callable[[], None]], ...] = ()
    close_word: str = "Close"
    on_close: Callable[[], None] | None = None
    quiet: float = 0.0


class Banner(ttk.Frame):
    """Notices, one of each topic; there only while there are any. Never in the way of typing."""

    def __init__(self, parent: tk.Misc, theme: Theme, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._clock = clock
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._lines: dict[str, _Line] = {}
        self._quiet_until: dict[str, float] = {}
        self._latest = ""

    def say(self, notice: Notice, topic: str = "") -> None:
        """Show a notice in the place of an earlier one on the same topic."""
        if self._clock() < self._quiet_until.get(topic, 0.0):
            return
        line = self._lines.get(topic)
        if line is None:
            line = self._lines[topic] = _Line(self, self._theme, on_close=partial(self._close, topic))
            line.pack(fill="x")
        line.show(notice, self._safety.field(notice.sentence, _LONGEST))
        self._latest = topic
        while len(self._lines) > _MOST:
            known = [each for each in self._lines if each != topic]
            self.take_away(next((each for each in known if not self._lines[each].notice.is_failure), known[0]))
        self.grid()

    def take_away(self, topic: str) -> None:
        """Say no more of it, if anything was said."""
        line = self._lines.pop(topic, None)
        if line is None:
            return
        on_close = line.notice.on_close
        line.leave()
        if not self._lines:
            self.grid_remove()
        if on_close is not None:
            on_close()

    def hush(self) -> None:
        """Say nothing."""
        for topic in list(self._lines):
            self.take_away(topic)

    def focus_first(self) -> None:
        """Put the focus on the first button of the latest notice, so that Enter or Space answers."""
        if self._latest in self._lines:
            focus_now(self._lines[self._latest].buttons[0])

    @property
    def sentence(self) -> str:
        """What is said just now."""
        return "\n".join(line.notice.sentence for line in self._lines.values())

    @property
    def topics(self) -> Collection[str]:
        """What is said something on just now."""
        return self._lines.keys()

    @property
    def buttons(self) -> list[ttk.Button]:
        """Every button, in reading order."""
        return [button for line in self._lines.values() for button in line.buttons]

    @property
    def on_hush(self) -> Callable[[], None] | None:
        """What is called when the notice that was said last is taken away."""
        line = self._lines.get(self._latest)
        return line.notice.on_close if line is not None else None

    @on_hush.setter
    def on_hush(self, call: Callable[[], None] | None) -> None:
        if self._latest in self._lines:
            self._lines[self._latest].on_close(call)

    def _close(self, topic: str) -> None:
        """The person has read it."""
        self._quiet_until[topic] = self._clock() + self._lines[topic].notice.quiet
        self.take_away(topic)


class _Line(ttk.Frame):
    """One notice with its buttons. A notice that only counts on leaves the buttons, and their focus, alone."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_close: Callable[[], None]) -> None:
        px = theme.px
        super().__init__(parent, padding=(px(16), px(4), px(8), px(4)))
        self.notice = Notice("")
        self.buttons: list[ttk.Button] = []
        self._theme = theme
        self._close = on_close
        self._answers = ttk.Frame(self)
        self._words = ttk.Label(self, justify="left", anchor="w")
        self._is_below: bool | None = None  # whether the buttons stand below the words
        wrap_within(self._words, self, self._beside)
        bind_own(self, "<Configure>", self._arrange)
        self._arrange()

    def show(self, notice: Notice, sentence: str) -> None:
        """Show another notice on the same topic; ``sentence`` is fit to be shown."""
        kind = "Failure" if notice.is_failure else "Notice"
        before, self.notice = self.notice, notice
        self._words.configure(text=sentence, style=f"{kind}.TLabel")
        for frame in (self, self._answers):
            frame.configure(style=f"{kind}.TFrame")
        if not self.buttons or (_words(before), before.is_failure) != (_words(notice), notice.is_failure):
            self._make_buttons(f"{kind}.Light.TButton", len(notice.buttons) + 1)
        answers = (*notice.buttons, (notice.close_word, self._close))
        for button, (text, act) in zip(self.buttons, answers, strict=True):
            button.configure(text=text, command=act)
        self._arrange()

    def on_close(self, call: Callable[[], None] | None) -> None:
        """Have that called when the notice is taken away."""
        self.notice = replace(self.notice, on_close=call)

    def leave(self) -> None:
        """Go, and hand on the focus."""
        if any(has_focus(button) for button in self.buttons):
            following = self.buttons[-1].tk_focusNext()
            if following is not None:
                following.focus_set()
        self.destroy()

    def _beside(self) -> int:
        """Pixels of the width that the words have not."""
        return self._theme.px(36) + (0 if self._is_below else self._answers.winfo_reqwidth())

    def _arrange(self) -> None:
        """Put the buttons beside the words, or below them where they would take most of the width."""
        width = self.winfo_width()
        is_below = width > 1 and self._answers.winfo_reqwidth() > width // 2
        if is_below is self._is_below:
            return
        self._is_below = is_below
        for part in (self._answers, self._words):
            part.pack_forget()
        self._answers.pack(side="bottom" if is_below else "right", anchor="e" if is_below else "n")
        self._words.pack(side="left", fill="x", expand=True)
        if width > 1:
            self._words.configure(wraplength=max(1, width - self._beside()))

    def _make_buttons(self, style: str, count: int) -> None:
        for button in self.buttons:
            button.destroy()
        self.buttons = [ttk.Button(self._answers, style=style) for _ in range(count)]
        for button in self.buttons:
            button.bind("<Return>", lambda event: event.widget.invoke())
            button.bind("<Escape>", lambda _event: self.buttons[-1].invoke())  # the one that closes
            button.pack(side="left", padx=(self._theme.px(4), 0))


def _words(notice: Notice) -> tuple[str, ...]:
    return (*(text for text, _act in notice.buttons), notice.close_word)
