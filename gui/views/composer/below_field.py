"""What stands below the message field: what is wrong with it, a question about pasted lines, and its bytes.

The bytes are those that will go out: how many, the first of them, and all of them on request.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import TypeAlias

from core.words import counted
from gui.theme.theme import Theme
from gui.viewmodels.drafting import MessageFormat, Preview, PreviewPart
from gui.viewmodels.hexdump import dump, fitting
from gui.widgets.bindings import bind_own
from gui.widgets.fitting import wrap_within
from gui.widgets.text_selection import colour_selection

_ANSWERS = (("One message", False), ("One per line", True))
_ADDED, _LABEL = "added", "label"  # tags
_FEWEST, _MOST = 4, 32  # bytes of the message in the line
_MOST_ADDED = 8  # bytes of its frame, and as many of its ending
_TALL = 5  # lines of the box with all bytes
_SHOWN = [chr(code) if 0x20 <= code < 0x7F else "·" for code in range(256)]

_Run: TypeAlias = tuple[str, str]  # words and their tag


class Complaint(ttk.Label):
    """A sentence in ``beside``, a line that is there anyway, so that nothing moves while one types.

    Where that has no room for it, or something else to show, it has lines of its own in ``row`` of the composer.
    """

    def __init__(
        self, composer: ttk.Frame, theme: Theme, beside: ttk.Frame, *, row: int, is_taken: Callable[[], bool]
    ) -> None:
        super().__init__(composer, style="Pane.Error.TLabel", justify="left", anchor="w")
        self._composer, self._theme, self._beside = composer, theme, beside
        self._row, self._is_taken = row, is_taken
        self._why = ""
        wrap_within(self, composer, lambda: theme.px(36))
        bind_own(beside, "<Configure>", self.arrange)
        theme.subscribe(self._restyle)

    @property
    def words(self) -> str:
        """What it says; empty if nothing is wrong."""
        return self._why

    def say(self, why: str) -> None:
        """Say this; nothing if ``why`` is empty."""
        self._why = why
        self.configure(text=why)
        self.arrange()

    def arrange(self) -> None:
        """Go where there is room now."""
        px, why = self._theme.px, self._why
        if not why:
            self.grid_remove()
        elif self._is_taken() or self._theme.small.measure(why) > self._room:
            pad = (px(4), px(2))
            self.grid(in_=self._composer, row=self._row, column=0, columnspan=2, sticky="w", padx=0, pady=pad)
        else:
            self.grid(in_=self._beside, row=0, column=2, columnspan=1, sticky="w", padx=(px(8), 0), pady=0)
            self.lift()

    @property
    def _room(self) -> int:
        buttons = [part for part in self._beside.grid_slaves(row=0) if isinstance(part, ttk.Button | ttk.Menubutton)]
        return self._beside.winfo_width() - sum(part.winfo_reqwidth() for part in buttons) - self._theme.px(16)

    def _restyle(self) -> None:
        """The line is high enough for a sentence, whether one stands there or not."""
        self._beside.rowconfigure(0, minsize=self._theme.small.metrics("linespace") + self._theme.px(4))


class NoticeStrip(ttk.Frame):
    """A sentence in a row of the composer with buttons beside it, made when it is first said.

    Escape in a button calls ``on_leave``, as does pressing one, before what it does.
    """

    def __init__(
        self,
        composer: ttk.Frame,
        theme: Theme,
        *,
        row: int,
        answers: Sequence[tuple[str, Callable[[], None]]],
        on_leave: Callable[[], None],
    ) -> None:
        px = theme.px
        super().__init__(composer, style="Notice.TFrame", padding=(px(10), px(4), px(6), px(4)))
        self._row, self._gap, self._on_leave = row, px(6), on_leave
        buttons = ttk.Frame(self, style="Notice.TFrame")
        buttons.pack(side="right")
        self._words = ttk.Label(self, style="Notice.TLabel", justify="left")
        self._words.pack(side="left", fill="x", expand=True)
        wrap_within(self._words, self, lambda: buttons.winfo_reqwidth() + px(30))
        self.buttons = tuple(self._button(buttons, px(4), words, act) for words, act in answers)

    def say(self, words: str) -> None:
        """Show this sentence."""
        self._words.configure(text=words)
        self.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(self._gap, 0))

    def _button(self, parent: tk.Misc, gap: int, words: str, act: Callable[[], None]) -> ttk.Button:
        def press() -> None:
            self._on_leave()
            act()

        button = ttk.Button(parent, text=words, command=press, style="Notice.Light.TButton")
        button.bind("<Return>", lambda _event: button.invoke())
        button.bind("<Escape>", lambda _event: self._on_leave())
        button.pack(side="left", padx=(gap, 0))
        return button


class LinesQuestion:
    """A line below the message field with two buttons; the answer holds until the field is empty again."""

    def __init__(self, composer: ttk.Frame, theme: Theme, go_back: Callable[[], None]) -> None:
        self._composer, self._theme = composer, theme
        self._go_back = go_back
        self._is_many: bool | None = None
        self._strip: NoticeStrip | None = None
        self._go_on: Callable[[], None] = lambda: None

    @property
    def buttons(self) -> tuple[ttk.Button, ...]:
        """The answers; none before it was first asked."""
        return self._strip.buttons if self._strip is not None else ()

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer."""
        return self._strip is not None and bool(self._strip.winfo_manager())

    def is_needed(self, text: str, message_format: MessageFormat, *, is_pasted: bool) -> bool:
        """Whether it makes a difference what these lines are, and nobody has said it."""
        has_lines = is_pasted and "\n" in text.strip("\n")
        return has_lines and message_format.adds_something and message_format.format != "hex" and self._is_many is None

    def messages(self, text: str) -> list[str]:
        """The text as one message, or as one for each line if that was the answer."""
        return text.removesuffix("\n").split("\n") if self._is_many else [text]

    def ask(self, text: str, go_on: Callable[[], None]) -> None:
        """Ask, and go on with the answer."""
        self._go_on = go_on
        if self._strip is None:
            answers = [(words, partial(self._answer, is_many=many)) for words, many in _ANSWERS]
            self._strip = NoticeStrip(self._composer, self._theme, row=5, answers=answers, on_leave=self._leave)
        count = len(text.removesuffix("\n").split("\n"))
        self._strip.say(f"{count:,} lines were pasted: are they one message, or is each line one?")
        self._strip.buttons[0].focus_set()

    def forget(self) -> None:
        """Another text begins."""
        self._is_many = None
        self.put_away()

    def _answer(self, *, is_many: bool) -> None:
        self._is_many = is_many
        self._go_on()

    def _leave(self) -> None:
        self.put_away()
        self._go_back()

    def put_away(self) -> None:
        """Ask no more until the message is to go out again."""
        if self._strip is not None:
            self._strip.grid_remove()


class BytesLine(ttk.Frame):
    """A line with the bytes; its button, there when it cannot hold them all, opens a box with the first 16 KiB.

    The box stands below it, over all of the parent's grid.
    """

    def __init__(self, parent: ttk.Frame, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._preview: Preview | None = None
        self._most = _FEWEST
        self._drawer = ttk.Frame(parent, style="Pane.TFrame")
        self.line = self._text(self, 1)
        self._is_open = False
        self.all_button = ttk.Button(self, command=self._press, style="Composer.Quiet.TButton", width=0)
        self.box = self._text(self._drawer, _TALL)
        bar = ttk.Scrollbar(self._drawer, command=self.box.yview)
        self.box.configure(yscrollcommand=bar.set, takefocus=True)
        bar.pack(side="right", fill="y")
        self.box.pack(side="left", fill="both", expand=True)
        self.line.grid(row=0, column=0, sticky="ew")
        self.columnconfigure(0, weight=1)
        self.bind("<Configure>", lambda _event: self._fit())
        self.all_button.bind("<Return>", lambda _event: self.all_button.invoke())
        self.all_button.bind("<Escape>", lambda _event: self._close_box())
        self.box.bind("<Escape>", lambda _event: self._close_box())
        theme.subscribe(self._restyle)
        for text in (self.line, self.box):
            colour_selection(text, theme)

    def show(self, preview: Preview | None) -> None:
        """Show these bytes; None is none."""
        if preview != self._preview:
            self._preview = preview
            self._arrange()

    @property
    def is_empty(self) -> bool:
        """Whether no bytes are shown."""
        return self._preview is None

    @property
    def words(self) -> str:
        """What the line says."""
        return self.line.get("1.0", "end-1c").strip()

    @property
    def dump(self) -> str:
        """What the box says; empty while it is closed."""
        return self.box.get("1.0", "end-1c") if self._drawer.winfo_manager() else ""

    def _text(self, parent: tk.Misc, height: int) -> tk.Text:
        return tk.Text(
            parent, height=height, width=10, wrap="none", borderwidth=0, highlightthickness=0, padx=0, pady=0,
            state="disabled", takefocus=False, cursor="arrow",
        )  # fmt: skip

    def _arrange(self) -> None:
        parts = self._preview.parts if self._preview is not None else ()
        self._most = self._bytes_that_fit()
        self._write(self.line, self._runs_of_line(self._most))
        is_more = any(part.size > self._room(part, self._most) for part in parts)
        if is_more:
            self.all_button.grid(row=0, column=1)
        else:
            self.all_button.grid_remove()
        self.all_button.configure(text=f"All bytes  {'▾' if self._is_open else '▸'}")
        if is_more and self._is_open:
            self._write_box(parts)
            self._drawer.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(self._theme.px(4), 0))
        else:
            self._drawer.grid_remove()

    def _bytes_that_fit(self) -> int:
        """How many bytes of the message the line has room for, both as hex and as text."""
        mono, small = self._theme.mono, self._theme.small
        taken = sum((small if tag == _LABEL else mono).measure(words) for words, tag in self._runs_of_line(0))
        room = self._whole_width() - taken
        fewest = 0 if self._preview is not None and self._preview.left_out else _FEWEST  # words stand there instead
        return max(fewest, min(_MOST, room // (mono.measure("000") + small.measure("0"))))

    def _whole_width(self) -> int:
        """Pixels of the line beside the button, whether that is there or not."""
        return self.winfo_width() - self.all_button.winfo_reqwidth()

    def _room(self, part: PreviewPart, most: int) -> int:
        return _MOST_ADDED if part.label else most

    def _runs_of_line(self, most: int) -> list[_Run]:
        """The line with no more than so many bytes of the message."""
        preview = self._preview
        if preview is None:
            return []
        left_out = f", {preview.left_out}" if preview.left_out else ""
        runs = [(f"{counted(preview.size, 'byte')}{left_out}   ", _LABEL)]
        for part in preview.parts:
            room = self._room(part, most)
            digits = part.data[:room].hex(" ") + (" …" if part.size > room else "") + "  "
            runs += [(f"{part.label} ", _LABEL), (digits, _ADDED)] if part.label else [(digits, "")]
        typed = b"".join(part.data for part in preview.parts if not part.label)[:most]
        return [*runs, (f" {''.join(map(_SHOWN.__getitem__, typed))}", _LABEL)]

    def _write_box(self, parts: tuple[PreviewPart, ...]) -> None:
        """A dump of each part under its label."""
        runs: list[_Run] = []
        width = self._drawer.master.winfo_width() - self._theme.px(32)
        columns = width // max(1, self._theme.mono.measure("0"))
        for part in parts:
            rows = dump(part.data, 0, fitting(columns, len(part.data)))
            runs.append((f"{part.label or 'message'}, {part.size:,} B\n", _LABEL))
            runs.append((f"{rows}\n", _ADDED if part.label else ""))
            if part.size > len(part.data):
                runs.append((f"and {part.size - len(part.data):,} bytes more\n", _LABEL))
        self._write(self.box, runs)

    def _write(self, text: tk.Text, runs: list[_Run]) -> None:
        text.configure(state="normal")
        text.delete("1.0", "end")
        for words, tag in runs:
            text.insert("end", words, tag)
        text.configure(state="disabled")

    def _fit(self) -> None:
        """Have as many bytes in the line as it has room for."""
        if self._bytes_that_fit() != self._most:
            self._arrange()

    def _press(self) -> None:
        self._is_open = not self._is_open
        self._arrange()

    def _close_box(self) -> None:
        self._is_open = False
        self._arrange()
        self.all_button.focus_set()

    def _restyle(self) -> None:
        theme, p = self._theme, self._theme.palette
        for text in (self.line, self.box):
            text.configure(background=p.pane, foreground=p.text, font=theme.mono)
            text.tag_configure(_LABEL, foreground=p.muted, font=theme.small)
            text.tag_configure(_ADDED, foreground=p.accent if p.name != "high contrast" else p.good)
        self.box.configure(padx=theme.px(6), pady=theme.px(2))
        self.box.configure(highlightthickness=theme.px(2), highlightbackground=p.pane, highlightcolor=p.focus)
