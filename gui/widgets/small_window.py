"""Small windows beside the other: what they have in common, pages to read, and dialogs that begin something."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import NamedTuple, Protocol, runtime_checkable

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.widgets.bindings import bind_own, focus_now, when_idle
from gui.widgets.clipboard import give
from gui.widgets.screens import Area, area_of
from gui.widgets.scrolling import ScrollingPage

_SMALLEST_PAGE = (320, 200)  # at 96 dots an inch
_FRAME = 70  # what the window manager may add to the height, at 96 dots an inch
_FOOT_MARGINS = 36  # at 96 dots an inch, on both sides of its buttons
_COPIED = 1_500  # milliseconds for which a button says so


class SmallWindow(tk.Toplevel):
    """Belongs to the window of its parent, and is withdrawn until it is put somewhere. Escape closes it."""

    _smallest = (0, 0)  # width and height at 96 dots an inch
    _is_as_large_as_needed = False

    def __init__(self, parent: tk.Misc, theme: Theme, title: str) -> None:
        super().__init__(parent)
        self.withdraw()
        self.title(f"{title} — Tincan")
        self.transient(parent.winfo_toplevel())
        self.theme = theme
        self._scale = theme.scale
        for key in ("<Escape>", "<<Close>>"):
            self.bind(key, lambda _event: self.destroy())
        theme.subscribe(self._restyle, self)
        bind_own(self, "<Map>", partial(theme.colour_title, self))

    def put_beside(self, size: tuple[int, int], smallest: tuple[int, int]) -> None:
        """Put it over the middle of the window it belongs to, no larger than the screen.

        The sizes are width and height at 96 dots an inch.
        """
        self._smallest = smallest
        px, over = self.theme.px, self.master.winfo_toplevel()
        wide, high = self._fitting(px(size[0]), px(size[1]))
        x = over.winfo_rootx() + (over.winfo_width() - wide) // 2
        y = over.winfo_rooty() + (over.winfo_height() - high) // 3
        self._put(wide, high, x, y)

    @property
    def _area(self) -> Area:
        """Where on the screens it may be: on the one with the window it belongs to."""
        area = area_of(self.master)
        return area._replace(height=area.height - self.theme.px(_FRAME))

    def room_above(self, foot: tk.Widget) -> tuple[int, int]:
        """How many pixels of the screen, in width and height, may be above this strip."""
        area = self._area
        return area.width, area.height - foot.winfo_reqheight()

    def _fitting(self, wide: int, high: int) -> tuple[int, int]:
        """A size in pixels that is no larger than the screen."""
        return min(wide, self._area.width), min(high, self._area.height)

    def _put(self, wide: int, high: int, x: int, y: int) -> None:
        """Put it there, or as near as it is all on the screen."""
        area = self._area
        self.minsize(
            *(min(self.theme.px(least), side) for least, side in zip(self._smallest, (wide, high), strict=True))
        )
        x, y = area.inside(x, y, wide, high)
        self.geometry(f"{wide}x{high}+{x}+{y}")

    def _follow_text(self) -> None:
        """Become as much larger as the text has, unless it is as large as what is in it anyway."""
        factor, self._scale = self.theme.scale / self._scale, self.theme.scale
        if factor != 1 and self.winfo_ismapped() and not self._is_as_large_as_needed:
            wide, high = self._fitting(round(self.winfo_width() * factor), round(self.winfo_height() * factor))
            self._put(wide, high, self.winfo_x(), self.winfo_y())

    def add_foot(self) -> None:
        """Put a strip along the bottom, with the button Close at its right end."""
        px = self.theme.px
        self.foot = ttk.Frame(self, style="Window.TFrame", padding=(px(20), px(8), px(_FOOT_MARGINS - 20), px(12)))
        self.close_button = self.button("Close", self.destroy)
        self.foot.pack(side="bottom", fill="x")
        ttk.Frame(self, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")

    def button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        """One more button in the strip, to the left of the others."""
        px = self.theme.px
        button = ttk.Button(self.foot, text=words, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        beside = self.foot.pack_slaves()
        taken = sum(each.winfo_reqwidth() + px(8) for each in (*beside, button))
        if beside and taken > self._area.width - px(_FOOT_MARGINS):
            button.pack(side="top", anchor="e", pady=(0, px(8)), before=beside[0])  # in a line of its own
        else:
            button.pack(side="right", padx=(px(8), 0))
        return button

    def _restyle(self) -> None:
        self.configure(background=self.theme.palette.window)
        self.theme.colour_title(self)
        self._follow_text()


class SmallPage(SmallWindow):
    """``body`` is to be filled before it opens. The ``also_closes`` key puts it away, too.

    ``size`` is width and height at 96 dots an inch; the page is no higher than what it holds.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, title: str, *, size: tuple[int, int], also_closes: str = ""
    ) -> None:
        super().__init__(parent, theme, title)
        self._size = size
        px = theme.px
        self.add_foot()
        self._page = ScrollingPage(self, theme)
        self.body = self._page.body
        self.body.configure(padding=(px(20), px(14), px(16), px(14)))
        self._page.pack(side="top", fill="both", expand=True)
        if also_closes:
            self.bind(also_closes, lambda _event: self.destroy())

    def open(self) -> None:
        """Show it, once it is filled."""
        self._page.settle()
        self.update_idletasks()
        foot = self.foot.winfo_reqheight() + self.theme.px(2)
        wide, high = self._size
        needed = int((self.body.winfo_reqheight() + foot) / self.theme.scale) + 1
        self.put_beside((wide, min(high, needed)), _SMALLEST_PAGE)
        self.deiconify()
        focus_now(self.close_button)


def facts(body: ttk.Frame, theme: Theme, rows: Sequence[tuple[str, str]], first: int = 0) -> None:
    """Lines of a name and what there is to say of it."""
    px = theme.px
    body.columnconfigure(1, weight=1)
    for row, (name, words) in enumerate(rows, first):
        ttk.Label(body, text=name, style="Window.Muted.TLabel").grid(row=row, column=0, sticky="nw", pady=px(3))
        ttk.Label(body, text=words, style="Window.TLabel", justify="left").grid(
            row=row, column=1, sticky="nw", padx=(px(16), 0), pady=px(3)
        )


def copy_text(text: str, button: ttk.Button) -> None:
    """Copy a text, and have the button that was pressed say so for a moment."""
    give(button, text)
    button.configure(text="Copied")
    # the root's, because whoever closes the program cancels what waits there
    button.nametowidget(".").after(_COPIED, partial(_say_copy, button))


def _say_copy(button: ttk.Button) -> None:
    if button.winfo_exists():
        button.configure(text="Copy")


_LONGEST = 600  # characters of a sentence
_SMALLEST_DIALOG = (360, 160)  # at 96 dots an inch
_WIDTH = 460  # at 96 dots an inch, of what is asked for
_HEADINGS = 96  # at 96 dots an inch, of a heading's line
_EDGE, _BESIDE_HEADING = 24, 16  # at 96 dots an inch


class _Section(NamedTuple):
    heading: ttk.Label
    part: tk.Widget
    why: ttk.Label
    gap: int  # above it, at 96 dots an inch
    has_heading: bool


@runtime_checkable
class FitsWidth(Protocol):
    """A part whose words break into lines where it has so many pixels."""

    def fit_width(self, width: int) -> None: ...


class Sections(ScrollingPage):
    """Parts under each other, each with its heading and a sentence where something is wrong.

    The headings stand at the left of the parts, or above them where the screen is too narrow for both. ``room`` is the
    pixels that there are, in width and height. Parts are children of ``body``, at least ``width`` pixels wide at 96
    dots an inch. What has the focus is scrolled into sight.
    """

    def __init__(self, parent: SmallWindow, theme: Theme, room: Callable[[], tuple[int, int]], width: int) -> None:
        super().__init__(parent, theme, room)
        self._width = width
        self._sections: dict[tk.Widget, _Section] = {}
        self._hidden: set[tk.Widget] = set()
        self._wrong: set[tk.Widget] = set()  # parts that something is said about
        self._in_sight: tk.Misc | None = None  # what is to be seen, however the sizes change
        self._sizes: list[tuple[int, int]] = []  # of what is seen and of all
        self.safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        parent.bind("<FocusIn>", self._see_focus, add=True)
        theme.subscribe(self.lay_out, self)

    def add(self, heading: str, part: tk.Widget, *, gap: int = 12) -> None:
        """Put a part under the others, with its heading.

        Words take several lines, each as long as the column is at least: none makes the window wider, and none
        follows a window that follows it.
        """
        label = ttk.Label(self.body, text=heading, style="Window.Strong.TLabel")
        why = ttk.Label(self.body, style="Window.Error.TLabel", justify="left")
        if isinstance(part, ttk.Label):
            part.configure(justify="left")
        self._sections[part] = _Section(label, part, why, gap if self._sections else 0, bool(heading))
        self.lay_out()

    def display(self, part: tk.Widget, is_shown: bool) -> None:
        """Show a section or leave it out."""
        (self._hidden.discard if is_shown else self._hidden.add)(part)
        self.lay_out()
        if not is_shown:
            self.complain(part, "")

    def complain(self, part: tk.Widget, why: str) -> None:
        """Say under a part what is wrong there; nothing if ``why`` is empty."""
        label = self._sections[part].why
        label.configure(text=self.safety.field(why, _LONGEST))
        (self._wrong.add if why else self._wrong.discard)(part)
        self.lay_out()
        if why:
            self._in_sight = label
            when_idle(self, self._see_again)

    def complaint(self, part: tk.Widget) -> str:
        """What it says there."""
        return str(self._sections[part].why.cget("text")) if part in self._wrong else ""

    def lay_out(self) -> None:
        """Put everything where it belongs, by the size of the text and of the screen."""
        px, room = self._theme.px, self._room_across
        is_narrow = room < px(self._width + _HEADINGS + _BESIDE_HEADING)
        wide = min(room, px(self._width))
        right = max(0, px(_EDGE) - self.beside)
        self.body.configure(padding=(px(_EDGE), px(14), right, 0))
        self.body.columnconfigure(1, weight=1, minsize=wide)
        for number, section in enumerate(self._sections.values()):
            if isinstance(section.part, FitsWidth):
                section.part.fit_width(wide)
            self._place(section, 3 * number, wide, is_narrow=is_narrow)

    def _place(self, section: _Section, row: int, wide: int, *, is_narrow: bool) -> None:
        px, (heading, part, why, gap, has_heading) = self._theme.px, section
        above = px(gap)
        heading.configure(wraplength=wide if is_narrow else px(_HEADINGS))
        for words in (part, why):
            if isinstance(words, ttk.Label):
                words.configure(wraplength=wide)
        if is_narrow:
            heading.grid(row=row, column=1, sticky="w", padx=0, pady=(above, px(2)))
            part.grid(row=row + 1, column=1, sticky="ew", pady=0 if has_heading else (above, 0))
        else:
            heading.grid(row=row + 1, column=0, sticky="nw", padx=(0, px(_BESIDE_HEADING)), pady=(above + px(4), 0))
            part.grid(row=row + 1, column=1, sticky="ew", pady=(above, 0))
        why.grid(row=row + 2, column=1, sticky="w", pady=(px(3), 0))
        is_hidden = part in self._hidden
        for widget, is_left_out in (
            (heading, is_hidden or (is_narrow and not has_heading)),
            (part, is_hidden),
            (why, part not in self._wrong),
        ):
            if is_left_out:
                widget.grid_remove()

    @property
    def _room_across(self) -> int:
        """The pixels of the screen that a line may have."""
        assert self._room is not None
        return self._room()[0] - 2 * self._theme.px(_EDGE)

    def _see_focus(self, event: tk.Event[tk.Misc]) -> None:
        if isinstance(event.widget, tk.Misc) and str(event.widget).startswith(f"{self.body}."):
            self._in_sight = event.widget
            self._see_again()

    def _fit(self, event: object) -> None:
        super()._fit(event)
        sizes = [(each.winfo_width(), each.winfo_height()) for each in (self._canvas, self.body)]
        if sizes != self._sizes:  # else it was scrolled, by a person who wants to see something else
            self._sizes = sizes
            when_idle(self, self._see_again)

    def _see_again(self) -> None:
        """Have in sight what is to be, with what is wrong there if there is room for both."""
        widget = self._in_sight
        if widget is None or not widget.winfo_exists():
            return
        for section in self._sections.values():
            if section.why.winfo_ismapped() and f"{widget}.".startswith(f"{section.part}."):
                self.see(section.why)
        self.see(widget)


class TaskDialog(SmallWindow):
    """Sections with a heading each, a sentence under the one where something is wrong, and two buttons.

    Enter presses the button that has the focus, and ``words`` (which calls ``on_begin``) from anywhere else;
    Escape and Close put the window away.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, title: str, words: str, on_begin: Callable[[], None]) -> None:
        super().__init__(parent, theme, title)
        px = theme.px
        self._foot = ttk.Frame(self, style="Window.TFrame", padding=(px(_EDGE), px(16), px(_EDGE), px(16)))
        self._sections = Sections(self, theme, partial(self.room_above, self._foot), _WIDTH)
        self.body, self.safety = self._sections.body, self._sections.safety
        self.section, self.display = self._sections.add, self._sections.display
        self.complain, self.complaint = self._sections.complain, self._sections.complaint
        buttons = ttk.Frame(self._foot, style="Window.TFrame")
        buttons.pack(side="right")
        self.close_button = ttk.Button(buttons, text="Close", command=self.destroy)
        self.begin_button = ttk.Button(buttons, text=words, style="Accent.TButton", command=on_begin)
        self.close_button.pack(side="left")
        self.begin_button.pack(side="left", padx=(px(8), 0))
        self._foot.pack(side="bottom", fill="x")
        self._sections.pack(side="top", fill="both", expand=True)
        self._is_gone = False
        self._bind_keys()

    def show_begin(self, *, is_next: bool) -> None:
        """Give the button that begins its weight, or take it away while there is nobody to begin with."""
        self.begin_button.configure(style="Accent.TButton" if is_next else "TButton")

    def open(self, first: tk.Widget) -> None:
        """Show it, once it is filled, with the focus on ``first``."""
        self._foot.lift()
        self.update_idletasks()
        self._sections.ask_for_room()
        self.update_idletasks()
        scale = self.theme.scale
        size = int(self.winfo_reqwidth() / scale) + 1, int(self.winfo_reqheight() / scale) + 1
        self.put_beside(size, _SMALLEST_DIALOG)
        _size, x, y = self.geometry().split("+")
        self.geometry("")  # as large as what is in it, from now on
        self._is_as_large_as_needed = True
        self.geometry(f"+{x}+{y}")
        self.deiconify()
        focus_now(first)
        first.event_generate("<<TraverseIn>>")  # as if one came by Tab: what stands in a field is to be typed over

    @property
    def is_gone(self) -> bool:
        """Whether it was closed."""
        return self._is_gone

    def _bind_keys(self) -> None:
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, self._enter)
        bind_own(self, "<Destroy>", self._destroyed)

    def _enter(self, event: tk.Event[tk.Misc]) -> str:
        if isinstance(event.widget, ttk.Button):
            event.widget.invoke()
        elif not isinstance(event.widget, str):
            self.begin_button.invoke()
        return "break"

    def _destroyed(self) -> None:
        self._is_gone = True
