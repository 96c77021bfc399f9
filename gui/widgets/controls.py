"""Small controls that ttk's buttons and boxes do not cover: a toggle that stays down, a tick, an option out
of several, a box that offers a few things, and a thin line of progress.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from tkinter import ttk
from typing import Any, Generic, NamedTuple, TypeVar

from gui.theme import shapes
from gui.theme.painting import layout_part
from gui.theme.palettes import rgb
from gui.theme.theme import Theme
from gui.widgets.bindings import focus_now, when_idle

_TOGGLE, _TICK, _OPTION = "Toggle.body", "Tick.mark", "Option.mark"
_MARK = 16  # pixels at 96 dots an inch


def dress(theme: Theme, widget: tk.Misc) -> None:
    """Give the controls of the widget's window their look, once; it follows the theme from then on."""
    style = ttk.Style(widget)
    if not style.configure("Toggle.TCheckbutton", "padding"):
        theme.subscribe(_Look(theme, style).paint)


def dress_marks(theme: Theme, widget: tk.Misc) -> None:
    """The same for ticks and options, whose pictures take longer than all others: the first window has none of them."""
    style = ttk.Style(widget)
    if not style.configure("Window.Tick.TCheckbutton", "padding"):
        theme.subscribe(_Look(theme, style).paint_marks)


class _Look:
    """The pictures and styles of one window."""

    def __init__(self, theme: Theme, style: ttk.Style) -> None:
        self._theme = theme
        self._style = style

    def paint(self) -> None:
        """Take the colours and sizes that the theme has now."""
        self._paint_toggle()
        self._paint_rest()

    def _paint_toggle(self) -> None:
        p, style, px, box = self._theme.palette, self._style, self._theme.px, self._theme.painter.box
        body = self._theme.painter.element(
            _TOGGLE,
            box("toggle rest", p.button, p.strong_border),
            ("disabled", box("toggle off", p.window, p.border)),
            ("selected", "focus", box("toggle on focus", p.selection, p.focus, 2)),
            ("selected", box("toggle on", p.selection, p.accent)),
            ("focus", box("toggle focus", p.button, p.focus, 2)),
            ("active", box("toggle over", p.button_hover, p.strong_border)),
        )
        inside = layout_part("Checkbutton.padding", layout_part("Checkbutton.label"))
        style.layout("Toggle.TCheckbutton", [layout_part(body, inside)])
        style.configure("Toggle.TCheckbutton", padding=(px(10), px(5)), anchor="center", background=p.window)
        style.map(
            "Toggle.TCheckbutton",
            foreground=[("disabled", p.muted), ("selected", p.selection_text)],
            background=[("active", p.window)],
        )

    def paint_marks(self) -> None:
        """The same for ticks and options."""
        p, painter = self._theme.palette, self._theme.painter
        ring = painter.element(
            "Mark.ring", painter.box("bare", None, None), ("focus", painter.box("ring", None, p.focus, 2))
        )
        for name, radius, kind, words in (
            (_TICK, 4.0, "Checkbutton", "Tick.TCheckbutton"),
            (_OPTION, _MARK / 2, "Radiobutton", "Option.TRadiobutton"),
        ):
            mark = painter.element(
                name,
                self._mark(name, "rest", radius, p.field, p.strong_border),
                ("disabled", "selected", self._mark(name, "off on", radius, p.thumb, p.thumb, is_on=True)),
                ("disabled", self._mark(name, "off", radius, p.window, p.border)),
                ("selected", "focus", self._mark(name, "on focus", radius, p.accent, p.text, is_on=True)),
                ("selected", self._mark(name, "on", radius, p.accent, p.accent, is_on=True)),
                ("focus", self._mark(name, "focus", radius, p.field, p.focus)),
                ("active", self._mark(name, "over", radius, p.button_hover, p.strong_border)),
                is_box=False,
            )
            label = layout_part(f"{kind}.padding", layout_part(f"{kind}.label"))
            beside = (ring, {"side": "left", "sticky": "nsw", "children": [label]})
            for ground, fill in (("Window", p.window), ("Pane", p.pane)):
                self._paint_marked(f"{ground}.{words}", mark, beside, fill)

    def _paint_marked(self, name: str, mark: str, beside: Any, fill: str) -> None:  # noqa: ANN401 - a layout
        p, style, px = self._theme.palette, self._style, self._theme.px
        style.layout(name, [(mark, {"side": "left", "sticky": ""}), beside])
        style.configure(name, background=fill, foreground=p.text, padding=(px(6), px(2)), focuscolor=p.focus)
        style.map(name, background=[("active", fill)], foreground=[("disabled", p.muted)])

    def _paint_rest(self) -> None:
        p, style = self._theme.palette, self._style
        style.configure("Progress.TFrame", background=p.accent)
        plain = [(state, p.window) for state in ("disabled", "pressed", "active")]
        style.configure("Bar.Quiet.TButton", background=p.window)
        style.map("Bar.Quiet.TButton", background=plain)

    def _mark(
        self, name: str, state: str, radius: float, fill: str, border: str, *, is_on: bool = False
    ) -> tk.PhotoImage:
        px, size = self._theme.px, self._theme.px(_MARK)
        width = px(2 if "focus" in state else 1)
        image = self._theme.painter.image(
            f"{name} {state}", shapes.rounded_box(size, size, px(radius), fill, border, width)
        )
        if is_on:
            edge = size // 4  # the middle lies within the shape, so its pixels are not see-through
            middle = _middle(size, edge, fill, self._theme.palette.accent_text, is_round=name == _OPTION)
            image.put(middle, to=(edge, edge))
        return image


@lru_cache(maxsize=64)
def _middle(size: int, edge: int, fill: str, color: str, *, is_round: bool) -> str:
    """The pixels in the middle of a mark that is on, without ``edge`` pixels around: a dot, or a tick."""
    rows = _inside(size, edge, fill, color, is_round=is_round)
    return " ".join("{" + " ".join(row) + "}" for row in rows)


def _inside(size: int, edge: int, fill: str, color: str, *, is_round: bool) -> Iterator[list[str]]:
    for y in range(edge, size - edge):
        points = [((x + 0.5) / size, (y + 0.5) / size) for x in range(edge, size - edge)]
        gaps = [_from_dot(*point) if is_round else _from_tick(*point) for point in points]
        yield [_mix(fill, color, max(0.0, min(1.0, 0.5 - gap * size))) for gap in gaps]


def _from_dot(x: float, y: float) -> float:
    """How far a point of the unit square lies outside a dot in its middle."""
    return float(((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5) - 0.2


def _from_tick(x: float, y: float) -> float:
    """The same for a tick of two strokes."""
    short = _from_stroke(x, y, (0.29, 0.52), (0.44, 0.67))
    return min(short, _from_stroke(x, y, (0.44, 0.67), (0.71, 0.34))) - 0.06


def _from_stroke(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    across, down = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * across + (y - start[1]) * down) / (across**2 + down**2)
    along = max(0.0, min(1.0, along))
    return float(((x - start[0] - along * across) ** 2 + (y - start[1] - along * down) ** 2) ** 0.5)


def _mix(one: str, other: str, share: float) -> str:
    parts = (round(a * (1 - share) + b * share) for a, b in zip(rgb(one), rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


Key = TypeVar("Key")

_WRAP = 440  # pixels at 96 dots an inch of a sentence's lines; lines that followed the width would change it
_BESIDE = 23  # pixels at 96 dots an inch that a mark takes beside its words


class Toggle(ttk.Checkbutton):
    """A button that stays down while it is on; ``on_change`` gets what a person made of it."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: str, on_change: Callable[[bool], None], *, style: str = "Toggle"
    ) -> None:
        dress(theme, parent)
        super().__init__(parent, text=words, style=f"{style}.TCheckbutton", command=self._changed)
        self._on_change = on_change
        self._name = f"::tincan_toggle{self}"  # a Tcl variable: a BooleanVar may be collected in another thread
        self.configure({"variable": self._name})
        self.put(False)
        self.bind("<Return>", lambda _event: self.invoke())
        self.bind("<Destroy>", lambda _event: self.tk.call("unset", "-nocomplain", self._name))

    @property
    def is_on(self) -> bool:
        """Whether it is down."""
        return bool(self.instate(["selected"]))

    def put(self, is_on: bool) -> None:
        """Turn it on or off without telling anybody."""
        if is_on != self.is_on or self.instate(["alternate"]):
            self.tk.call("set", self._name, "1" if is_on else "0")

    def _changed(self) -> None:
        self._on_change(self.is_on)


class Tick(Toggle):
    """A box with a tick and words beside it."""

    def __init__(self, parent: tk.Misc, theme: Theme, words: str, on_change: Callable[[bool], None]) -> None:
        dress_marks(theme, parent)
        super().__init__(parent, theme, words, on_change, style="Window.Tick")


class Option(NamedTuple, Generic[Key]):
    """One of several: what it stands for, its words, and a sentence that explains it."""

    key: Key
    words: str
    sentence: str = ""
    is_free: bool = True  # whether it can be chosen


class Options(ttk.Frame, Generic[Key]):
    """One out of several, each with its sentence beneath. Up and Down choose, Tab goes past them all.

    In several ``columns`` they stand one below the other, too, column by column.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, on_choose: Callable[[Key], None], *, columns: int = 1) -> None:
        dress_marks(theme, parent)
        super().__init__(parent, style="Window.TFrame")
        self.buttons: list[ttk.Radiobutton] = []
        self._theme = theme
        self._on_choose = on_choose
        self._columns = columns
        self._offered: tuple[Option[Key], ...] = ()
        self._sentences: list[ttk.Label] = []
        self._place = 0
        self._is_locked = False
        self._wrap = theme.px(_WRAP)
        self._name = f"::tincan_options{self}"
        for column in range(columns):
            self.columnconfigure(column, weight=1)
        self.bind("<Destroy>", self._forget)

    def offer(self, options: Sequence[Option[Key]], chosen: Key) -> None:
        """Show these with that one chosen; one that cannot be chosen gives way to the first that can."""
        if len(options) != len(self._offered):
            self._build(len(options))
        self._offered = tuple(options)
        for button, label, option in zip(self.buttons, self._sentences, options, strict=True):
            button.configure(text=option.words, state=self._state(option))
            label.configure(text=option.sentence)
            (label.grid if option.sentence else label.grid_remove)()
        free = [place for place, option in enumerate(options) if option.is_free]
        self._choose(next((place for place in free if options[place].key == chosen), free[0] if free else 0))

    def fit_width(self, width: int) -> None:
        """Have no line of a sentence longer than this allows, in pixels."""
        self._wrap = min(self._theme.px(_WRAP), width // self._columns - self._theme.px(_BESIDE))
        for label in self._sentences:
            label.configure(wraplength=self._wrap)

    def lock(self, is_locked: bool) -> None:
        """Let nothing be chosen for a while."""
        self._is_locked = is_locked
        for button, option in zip(self.buttons, self._offered, strict=True):
            button.configure(state=self._state(option))

    @property
    def key(self) -> Key:
        """What is chosen."""
        return self._offered[self._place].key

    def choose(self, key: Key) -> None:
        """Choose what is offered under that key, as a person would."""
        self._picked([option.key for option in self._offered].index(key))

    def focus_chosen(self) -> None:
        """Put the focus on what is chosen."""
        focus_now(self.buttons[self._place])

    def _build(self, count: int) -> None:
        for part in self.winfo_children():
            part.destroy()
        rows = -(-count // self._columns)
        self.buttons = [self._button(place, 2 * (place % rows), place // rows) for place in range(count)]
        self._sentences = [
            ttk.Label(self, style="Window.Muted.TLabel", justify="left", wraplength=self._wrap) for _ in range(count)
        ]
        for place, label in enumerate(self._sentences):
            row, column = 2 * (place % rows) + 1, place // rows
            label.grid(row=row, column=column, sticky="w", padx=(self._theme.px(_BESIDE), 0))

    def _button(self, place: int, row: int, column: int) -> ttk.Radiobutton:
        button = ttk.Radiobutton(self, style="Window.Option.TRadiobutton", value=str(place))
        button.configure({"variable": self._name, "command": partial(self._picked, place)})
        button.bind("<Up>", partial(self._step, -1))
        button.bind("<Down>", partial(self._step, 1))
        button.grid(row=row, column=column, sticky="w")
        return button

    def _state(self, option: Option[Key]) -> str:
        return "normal" if option.is_free and not self._is_locked else "disabled"

    def _choose(self, place: int) -> None:
        self._place = place
        self.tk.call("set", self._name, str(place))
        for at, button in enumerate(self.buttons):
            button.configure(takefocus=at == place)

    def _step(self, step: int, _event: object) -> str:
        place = self._place + step
        while 0 <= place < len(self._offered) and not self._offered[place].is_free:
            place += step
        if 0 <= place < len(self._offered):
            self._picked(place)
            self.focus_chosen()
        return "break"

    def _picked(self, place: int) -> None:
        self._choose(place)
        self._on_choose(self.key)

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.tk.call("unset", "-nocomplain", self._name)


class ThinProgress(ttk.Frame):
    """A line that fills from left to right; ``put`` gets a fraction from 0 to 1."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        dress(theme, parent)
        super().__init__(parent, style="Line.TFrame", height=theme.px(3))
        self._done = ttk.Frame(self, style="Progress.TFrame")

    def put(self, fraction: float | None) -> None:
        """Fill the line so far; None, for a length that nobody knows, leaves it empty."""
        self._done.place(x=0, y=0, relheight=1, relwidth=max(0.0, min(1.0, fraction or 0.0)))

    @property
    def fraction(self) -> float:
        """How far it is filled."""
        return float(self._done.place_info().get("relwidth", 0.0))


class Choice(ttk.Combobox, Generic[Key]):
    """A box that offers a few things by their words and means them by their keys: (key, words) pairs.

    ``on_choose`` gets the key that a person picked.

    What is chosen may have words of its own in the box, which say more than those by which it is offered.
    """

    def __init__(self, parent: tk.Misc, on_choose: Callable[[Key], None], *, width: int = 18) -> None:
        on_pane = str(parent.cget("style")).startswith("Pane")  # whose colour shows at the round corners
        style = "Pane.TCombobox" if on_pane else "TCombobox"
        super().__init__(parent, state="readonly", width=width, exportselection=False, style=style)
        self._offered: tuple[tuple[Key, str], ...] = ()
        self._on_choose = on_choose
        self._place, self._own = 0, ""
        self._when_closed = ""  # the Tcl command for the end of the list
        self.configure(postcommand=self._list_words)
        self.bind("<<ComboboxSelected>>", self._chosen)

    def offer(self, options: Sequence[tuple[Key, str]], chosen: Key, own: str = "") -> bool:
        """Show these options with that one chosen, by its ``own`` words if it has any; whether that is anything new."""
        place = next((i for i, (key, _words) in enumerate(options) if key == chosen), 0)
        if (self._offered, self._place, self._own) == (tuple(options), place, own) and self.current() == place:
            return False
        self._offered, self._place, self._own = tuple(options), place, own
        self._show_own()
        return True

    @property
    def words(self) -> tuple[str, ...]:
        """What is offered, in words."""
        return tuple(words for _key, words in self._offered)

    @property
    def own(self) -> str:
        """The words of its own that what is chosen has; empty if it is offered by them."""
        return self._own

    @property
    def key(self) -> Key:
        """What is chosen."""
        return self._offered[max(0, self.current())][0]

    def _show_own(self) -> None:
        """The box says what is chosen in its own words, and Tk still knows which one that is."""
        words = list(self.words)
        if self._own and words:
            words[self._place] = self._own
        self.configure(values=words)
        if words:
            self.current(self._place)

    def _list_words(self) -> None:
        """The list is about to drop: it has each by the words by which it is offered."""
        if not self._own:
            return
        self.configure(values=self.words)
        self.current(self._place)
        if not self._when_closed:
            self._when_closed = self.register(self._closed)
            self.tk.call("bind", self.tk.call("ttk::combobox::PopdownWindow", self), "<Unmap>", self._when_closed)

    def _closed(self) -> None:
        """Tk tells of what was chosen only once the list is gone, so that the box must not change before."""
        when_idle(self, self._show_own_again)

    def _show_own_again(self) -> None:
        if self._own:
            self._show_own()

    def _chosen(self, _event: object) -> None:
        self.selection_clear()
        self._on_choose(self.key)
