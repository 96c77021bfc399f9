"""What the menu Help shows: all keys, what this program is and runs on, and the card of the tour."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from tkinter import ttk

from core.text_safety import TextSafety
from gui.keys import topics
from gui.theme.theme import Theme
from gui.widgets.bindings import bind_for_now, focus_now, unbind
from gui.widgets.debounce import Debounce
from gui.widgets.fitting import wrap_within
from gui.widgets.small_window import SmallPage, copy_text, facts
from gui.widgets.text_selection import colour_selection

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
        says = ttk.Label(self.body, text=sentence, style="Window.TLabel", justify="left")
        says.configure(wraplength=min(px(_ABOUT_SIZE[0]), self._area.width) - px(40))
        says.grid(row=1, column=0, columnspan=2, sticky="w", pady=(px(2), px(12)))
        facts(self.body, theme, self._rows, first=2)
        self.copy = self.button("Copy", lambda: copy_text(self.text, self.copy))
        self.open()

    @property
    def text(self) -> str:
        """What Copy copies."""
        return "\n".join(f"{name}: {words}" for name, words in self._rows)


_REPORT_SIZE = (620, 520)  # at 96 dots an inch
_REPORT_LINES = 18
_SAYS = (
    "Write what happened, and copy all of it into your report: it has the versions, the last faults of this run, and "
    "nothing of any conversation. The log may have some of one: read it before you pass it on."
)


class ReportPage(SmallPage):
    """A report to be copied; ``place`` says where the log is. What is written into it stays here."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, report: str, place: str, *, on_folder: Callable[[], None]
    ) -> None:
        super().__init__(parent, theme, "Report a problem", size=_REPORT_SIZE)
        px = theme.px
        safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        for words in (_SAYS, safety.text(place)):
            label = ttk.Label(self.body, text=words, style="Window.TLabel", justify="left")
            label.pack(fill="x", pady=(0, px(8)))
            wrap_within(label, self.body, lambda: px(40))
        self.field = tk.Text(self.body, height=_REPORT_LINES, width=40, wrap="word", borderwidth=0, undo=True)
        colour_selection(self.field, theme)
        theme.subscribe(self._restyle_field, self.field)
        self.field.insert("1.0", safety.text(report))
        self.field.edit_reset()
        self.field.bind("<Tab>", lambda _event: self._go_on())
        self.field.pack(fill="both", expand=True)
        self.copy = self.button("Copy", lambda: copy_text(self.field.get("1.0", "end-1c"), self.copy))
        self.folder = self.button("Open the folder of the log", on_folder)
        self.open()
        self.field.mark_set("insert", "2.0")  # below the first question
        focus_now(self.field)

    def _restyle_field(self) -> None:
        px, p = self.theme.px, self.theme.palette
        self.field.configure(
            font=self.theme.mono, background=p.field, foreground=p.text, insertbackground=p.text,
            padx=px(8), pady=px(6), highlightthickness=px(2), highlightbackground=p.border, highlightcolor=p.focus,
        )  # fmt: skip

    def _go_on(self) -> str:
        following = self.field.tk_focusNext()
        if following is not None:
            following.focus_set()
        return "break"


_WIDTH = 400  # of the sentence at most, at 96 dots an inch
_SLIM = 290  # the same where that would cover something
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
        self._beside: tk.Misc | None = None
        self._ring = [tk.Frame(root, borderwidth=0) for _ in range(4)]
        self.frame = tk.Frame(root, borderwidth=0, padx=px(_LINE), pady=px(_LINE))
        body = ttk.Frame(self.frame, style="Pane.TFrame", padding=(px(16), px(12), px(12), px(10)))
        body.pack(fill="both", expand=True)
        head = ttk.Frame(body, style="Pane.TFrame")
        head.pack(fill="x")
        self._title = ttk.Label(head, style="Pane.Strong.TLabel")
        self._title.pack(side="left")
        self._count = ttk.Label(head, style="Pane.Muted.TLabel")
        self._count.pack(side="left", padx=(px(10), 0))
        self._sentence = ttk.Label(body, style="Pane.TLabel", justify="left")
        self._sentence.pack(anchor="w", pady=(px(4), 0))
        self.end_button = self._button(head, "End the tour", on_end)
        self.skip_button = self._button(head, "Skip", on_skip)
        self._arrow = tk.Canvas(root, width=px(_ARROW[0]), height=px(_ARROW[1]), highlightthickness=0, borderwidth=0)
        self._later = Debounce(self.frame, self._put)
        self._bound = {
            "<Configure>": root.bind("<Configure>", self._moved, add=True),
            "<Escape>": bind_for_now(root, "<Escape>", on_end),
        }
        theme.subscribe(self._restyle)

    def show(
        self,
        title: str,
        sentence: str,
        count: str,
        target: tk.Misc | None,
        end_word: str,
        beside: tk.Misc | None = None,
    ) -> None:
        """Say that, and point at ``target``; without one the card stands in the middle.

        It covers neither that nor what stands ``beside`` it in the sentence, as far as there is room.
        """
        self._title.configure(text=title)
        self._sentence.configure(text=sentence)
        self._count.configure(text=count)
        self.end_button.configure(text=end_word)
        if target is None:  # the end: whoever has followed so far has their hands free
            self.skip_button.pack_forget()
            self.end_button.focus_set()
        self._target, self._beside = target, beside
        self._later.ask(0)

    def settle(self) -> None:
        """Stand where nothing is covered, if that is elsewhere by now."""
        self._later.ask(_SETTLES)

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        """Something in the window has another place or size; what is in the card has it from here."""
        if not str(event.widget).startswith(str(self.frame)):
            self.settle()

    def leave(self) -> None:
        """Take it away."""
        self._later.cancel()
        for sequence, binding in self._bound.items():
            unbind(self._root, sequence, binding)
        self._theme.forget(self._restyle)
        for widget in (*self._ring, self._arrow, self.frame):
            widget.destroy()

    @property
    def words(self) -> tuple[str, str]:
        """Title and sentence."""
        return str(self._title.cget("text")), str(self._sentence.cget("text"))

    def _button(self, parent: ttk.Frame, words: str, act: Callable[[], None]) -> ttk.Button:
        button = ttk.Button(parent, text=words, command=act, style="Pane.Light.TButton")
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="right")
        return button

    def _put(self) -> None:
        """Stand beside the target, where there is room, and draw the ring around it."""
        room = self._root.winfo_width(), self._root.winfo_height()
        wide, high = self._shaped(_WIDTH)
        if self._target is None or not self._target.winfo_ismapped():
            self._hide_pointers()
            self._place(self.frame, (room[0] - wide) // 2, (room[1] - high) // 3, wide, high)
            return
        x, y, width, height = self._box(self._target)
        self._draw_ring(x, y, width, height)
        around = [(x, y, width, height)]
        if self._beside is not None and self._beside.winfo_ismapped():
            around.append(self._box(self._beside))
        covered, at, side = self._best(around, (wide, high), room)
        if covered:
            wide, high = self._shaped(_SLIM)
            covered, at, side = self._best(around, (wide, high), room)
        card_x, card_y = at
        self._place(self.frame, card_x, card_y, wide, high)
        arrow_wide, arrow_high = (self._theme.px(length) for length in _ARROW)
        if side:
            middle = min(max(x + min(width, room[0] - x) // 2, card_x + arrow_wide), card_x + wide - arrow_wide)
            arrow_y = y + height if side == "below" else y - arrow_high
            self._draw_arrow(middle - arrow_wide // 2, arrow_y, up=side == "below")
        else:
            self._arrow.place_forget()

    def _shaped(self, most: int) -> tuple[int, int]:
        """Width and height of the card, with a sentence of so many pixels at most, at 96 dots an inch."""
        px, beside = self._theme.px, (self._count, self.skip_button, self.end_button)
        room = min(px(most), self._root.winfo_width() - px(60))
        self._sentence.configure(wraplength=room)
        taken = sum(part.winfo_reqwidth() for part in beside if part.winfo_manager()) + px(10)
        self._title.configure(wraplength=max(px(60), room - taken))
        self.frame.update_idletasks()
        return self.frame.winfo_reqwidth(), self.frame.winfo_reqheight()

    def _best(
        self, around: Sequence[tuple[int, int, int, int]], size: tuple[int, int], room: tuple[int, int]
    ) -> tuple[int, tuple[int, int], str]:
        """How many pixels of the boxes around the card covers at the place where these are the fewest; that place."""
        return min(
            (
                (sum(_overlap((*at, *size), box) for box in around), at, side)
                for at, side in self._places(around, size, room)
            ),
            key=itemgetter(0),
        )

    def _places(
        self, around: Sequence[tuple[int, int, int, int]], size: tuple[int, int], room: tuple[int, int]
    ) -> Iterator[tuple[tuple[int, int], str]]:
        """Where the card can stand, the best first: below or above the target, at its sides, between the others."""
        x, y, width, height = around[0]
        wide, high = size
        edge, gap = self._theme.px(8), self._theme.px(_ARROW[1])
        right, low = max(edge, room[0] - wide - edge), max(0, room[1] - high)
        middle = max(edge, min(x + min(width, room[0] - x) // 2 - wide // 2, right))
        if y + height + gap <= low:
            yield (middle, y + height + gap), "below"
        if y - gap - high >= 0:
            yield (middle, y - gap - high), "above"
        for left in (x + width + gap, x - gap - wide):
            if edge <= left <= right:
                yield (left, max(0, min(y, low))), ""
        tops = [edge for box in around for edge in (box[1] + box[3], box[1] - high)]
        lefts = [edge for box in around for edge in (box[0] + box[2], box[0] - wide)]
        for top in (*tops, low, 0):
            for left in (middle, *lefts, right, 0):
                yield (max(0, min(left, right)), max(0, min(top, low))), ""

    def _box(self, target: tk.Misc) -> tuple[int, int, int, int]:
        """Where a widget stands in the window, with the ring; of a text no more than is written."""
        gap, height = self._theme.px(_AROUND) // 2, target.winfo_height()
        if isinstance(target, tk.Text):
            last = target.dlineinfo("end-1c")
            height = min(height, last[1] + last[3]) if last is not None else height
        x = target.winfo_rootx() - self._root.winfo_rootx() - gap
        y = target.winfo_rooty() - self._root.winfo_rooty() - gap
        return (
            x,
            y,
            target.winfo_width() + 2 * gap,
            min(height, self._root.winfo_height() // 2) + 2 * gap,
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


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> int:
    """Pixels that two boxes share; each is left, top, width and height."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, wide) * max(0, high)
