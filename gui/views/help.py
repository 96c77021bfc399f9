"""What the menu Help shows: all keys, what this program is and runs on, and the card of the tour."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from core.text_safety import TextSafety
from gui.keys import topics
from gui.theme.theme import Theme
from gui.widgets.bindings import unbind
from gui.widgets.debounce import Debounce
from gui.widgets.small_window import SmallPage, copy_text, facts

_KEYS_SIZE = (1000, 640)  # at 96 dots an inch
_ONE_COLUMN = 720  # narrower than that, the topics stand under each other
_GAP, _BEHIND, _MARGINS = 12, 20, 36  # the same: between key and words, behind these, beside the page


class KeysPage(SmallPage):
    """What every key does, by topic; F1 puts it away too."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, theme, "Keys", size=_KEYS_SIZE, also_closes="<F1>")
        self._columns = [ttk.Frame(self.body, style="Window.TFrame") for _ in range(2)]
        self._words: list[tuple[ttk.Label, ttk.Label]] = []  # a key and what it does
        self._topics = [self._topic(title, rows) for title, rows in topics()]
        self._shown = 0
        self._arrange(2)
        self.body.bind("<Configure>", self._fit, add=True)
        self.open()

    def _topic(self, title: str, rows: tuple[tuple[str, str], ...]) -> ttk.Frame:
        px = self.theme.px
        frame = ttk.Frame(self.body, style="Window.TFrame", padding=(0, 0, px(_BEHIND), px(14)))
        ttk.Label(frame, text=title, style="Window.Strong.TLabel").grid(
            row=0, column=0, columnspan=2, sticky="w", pady=(0, px(4))
        )
        for row, (key, does) in enumerate(rows, 1):
            label = ttk.Label(frame, text=key, style="Key.TLabel", anchor="center")
            words = ttk.Label(frame, text=does, style="Window.TLabel", justify="left")
            label.grid(row=row, column=0, sticky="ew", pady=px(1))
            words.grid(row=row, column=1, sticky="w", padx=(px(_GAP), 0), pady=px(3))
            self._words.append((label, words))
        return frame

    def _fit(self, event: tk.Event[tk.Misc]) -> None:
        """Have as many columns as there is room for, and no sentence wider than its own."""
        columns = 1 if event.width < self.theme.px(_ONE_COLUMN) else 2
        self._arrange(columns)
        px = self.theme.px
        room = (event.width - px(_MARGINS)) // columns - px(_GAP + _BEHIND)
        for frame in self._topics:
            keys = max((key.winfo_reqwidth() for key, _words in self._words if key.master is frame), default=0)
            for key, words in self._words:
                if key.master is frame:
                    words.configure(wraplength=max(px(80), room - keys))

    def _arrange(self, columns: int) -> None:
        """Put the topics into so many columns, of about the same height."""
        if columns == self._shown:
            return
        self._shown = columns
        rows = [len(frame.winfo_children()) for frame in self._topics]
        height = sum(rows) / columns
        for place, frame in enumerate(self._topics):
            column = int((sum(rows[:place]) + rows[place] / 2) / height)
            frame.pack(in_=self._columns[column], anchor="w")
        self.body.columnconfigure((0, 1), weight=0, uniform="")
        self.body.columnconfigure(tuple(range(columns)), weight=1, uniform="columns")
        for column, holder in enumerate(self._columns):
            holder.grid(row=0, column=column, sticky="nw")
            if column >= columns:
                holder.grid_remove()


_ABOUT_SIZE = (480, 420)  # at 96 dots an inch


class AboutPage(SmallPage):
    """``rows`` are names and what there is to say of them; Copy takes them all."""

    def __init__(self, parent: tk.Misc, theme: Theme, sentence: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent, theme, "About Tincan", size=_ABOUT_SIZE)
        px = theme.px
        safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._rows = tuple((name, safety.text(words)) for name, words in rows)  # a folder may have any name
        ttk.Label(self.body, text="Tincan", style="Window.TLabel", font=theme.title).grid(
            row=0, column=0, columnspan=2, sticky="w"
        )
        ttk.Label(self.body, text=sentence, style="Window.TLabel").grid(
            row=1, column=0, columnspan=2, sticky="w", pady=(px(2), px(12))
        )
        facts(self.body, theme, self._rows, first=2)
        self.copy = self.button("Copy", lambda: copy_text(self.text, self.copy))
        self.open()

    @property
    def text(self) -> str:
        """What Copy copies."""
        return "\n".join(f"{name}: {words}" for name, words in self._rows)


_WIDTH = 300  # of the sentence, at 96 dots an inch
_ARROW = (18, 9)
_AROUND = 6  # between the ring and what it is around
_LINE = 2
_SETTLES = 30  # milliseconds after the last change of the window


class TourCard:
    """``on_skip`` goes on, ``on_end`` puts the tour away. Everything in the window can be used meanwhile."""

    def __init__(self, root: tk.Tk, theme: Theme, *, on_skip: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._root = root
        self._theme = theme
        px = theme.px
        self._target: tk.Misc | None = None
        self._ring = [tk.Frame(root, borderwidth=0) for _ in range(4)]
        self.frame = tk.Frame(root, borderwidth=0, padx=px(_LINE), pady=px(_LINE))
        body = ttk.Frame(self.frame, style="Pane.TFrame", padding=(px(16), px(12), px(12), px(10)))
        body.pack(fill="both", expand=True)
        self._title = ttk.Label(body, style="Pane.Strong.TLabel")
        self._title.pack(anchor="w")
        self._sentence = ttk.Label(body, style="Pane.TLabel", justify="left", wraplength=px(_WIDTH))
        self._sentence.pack(anchor="w", pady=(px(4), px(10)))
        foot = ttk.Frame(body, style="Pane.TFrame")
        foot.pack(fill="x")
        self._count = ttk.Label(foot, style="Pane.Muted.TLabel")
        self._count.pack(side="left")
        self.end_button = self._button(foot, "End the tour", on_end)
        self.skip_button = self._button(foot, "Skip", on_skip)
        for button in (self.skip_button, self.end_button):
            button.bind("<Escape>", lambda _event: on_end())
        self._arrow = tk.Canvas(root, width=px(_ARROW[0]), height=px(_ARROW[1]), highlightthickness=0, borderwidth=0)
        self._later = Debounce(self.frame, self._put)
        self._moved = root.bind("<Configure>", lambda _event: self._later.ask(_SETTLES), add=True)
        theme.subscribe(self._restyle)

    def show(self, title: str, sentence: str, count: str, target: tk.Misc | None, end_word: str) -> None:
        """Say that, and point at ``target``; without one the card stands in the middle."""
        self._title.configure(text=title)
        self._sentence.configure(text=sentence)
        self._count.configure(text=count)
        self.end_button.configure(text=end_word)
        if target is None:  # the end: whoever has followed so far has their hands free
            self.skip_button.pack_forget()
            self.end_button.focus_set()
        self._target = target
        self._later.ask(0)

    def leave(self) -> None:
        """Take it away."""
        self._later.cancel()
        unbind(self._root, "<Configure>", self._moved)
        self._theme.forget(self._restyle)
        for widget in (*self._ring, self._arrow, self.frame):
            widget.destroy()

    @property
    def words(self) -> tuple[str, str]:
        """Title and sentence."""
        return str(self._title.cget("text")), str(self._sentence.cget("text"))

    def _button(self, foot: ttk.Frame, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(foot, text=words, command=act, style="Pane.Light.TButton")
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="right")
        return button

    def _put(self) -> None:
        """Stand beside the target, where there is room, and draw the ring around it."""
        self.frame.update_idletasks()
        wide, high = self.frame.winfo_reqwidth(), self.frame.winfo_reqheight()
        room = self._root.winfo_width(), self._root.winfo_height()
        if self._target is None or not self._target.winfo_ismapped():
            self._hide_pointers()
            self._place(self.frame, (room[0] - wide) // 2, (room[1] - high) // 3, wide, high)
            return
        x, y, width, height = self._box(self._target)
        self._draw_ring(x, y, width, height)
        arrow_wide, arrow_high = (self._theme.px(side) for side in _ARROW)
        middle = x + min(width, room[0] - x) // 2
        is_below = y + height + arrow_high + high <= room[1] or y < high + arrow_high
        card_x = max(self._theme.px(8), min(middle - wide // 2, room[0] - wide - self._theme.px(8)))
        card_y = y + height + arrow_high if is_below else y - arrow_high - high
        card_y = min(card_y, room[1] - high)
        self._place(self.frame, card_x, card_y, wide, high)
        arrow_y = y + height if is_below else y - arrow_high
        self._draw_arrow(middle - arrow_wide // 2, arrow_y, up=is_below)

    def _box(self, target: tk.Misc) -> tuple[int, int, int, int]:
        gap = self._theme.px(_AROUND) // 2
        x = target.winfo_rootx() - self._root.winfo_rootx() - gap
        y = target.winfo_rooty() - self._root.winfo_rooty() - gap
        return (
            x,
            y,
            target.winfo_width() + 2 * gap,
            min(target.winfo_height(), self._root.winfo_height() // 2) + 2 * gap,
        )

    def _draw_ring(self, x: int, y: int, width: int, height: int) -> None:
        line = self._theme.px(_LINE)
        sides = (
            (x, y, width, line),
            (x, y + height - line, width, line),
            (x, y, line, height),
            (x + width - line, y, line, height),
        )
        for frame, side in zip(self._ring, sides, strict=True):
            self._place(frame, *side)

    def _draw_arrow(self, x: int, y: int, *, up: bool) -> None:
        wide, high = (self._theme.px(side) for side in _ARROW)
        tip, base = (0, high) if up else (high, 0)
        self._arrow.delete("all")
        self._arrow.create_polygon(0, base, wide, base, wide // 2, tip, fill=self._theme.palette.accent, width=0)
        self._arrow.configure(background=self._theme.palette.window if up else self._theme.palette.pane)
        self._place(self._arrow, x, y, wide, high)

    def _place(self, widget: tk.Widget, x: int, y: int, width: int, height: int) -> None:
        widget.place(x=x, y=y, width=width, height=height)
        widget.tk.call("raise", str(widget))

    def _hide_pointers(self) -> None:
        for widget in (*self._ring, self._arrow):
            widget.place_forget()

    def _restyle(self) -> None:
        for frame in (*self._ring, self.frame):
            frame.configure(background=self._theme.palette.accent)
        self._later.ask(_SETTLES)
