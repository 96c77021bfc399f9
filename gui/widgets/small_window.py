"""Small windows beside the other: what they have in common, pages to read, and dialogs that begin something."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.widgets.bindings import bind_own, focus_now
from gui.widgets.clipboard import give
from gui.widgets.screens import Area, area_of
from gui.widgets.scrolling import ScrollingPage

_SMALLEST_PAGE = (320, 200)  # at 96 dots an inch
_FRAME = 70  # what the window manager may add to the height, at 96 dots an inch
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
        self.foot = ttk.Frame(self, style="Window.TFrame", padding=(px(20), px(8), px(16), px(12)))
        self.close_button = self.button("Close", self.destroy)
        self.foot.pack(side="bottom", fill="x")
        ttk.Frame(self, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")

    def button(self, words: str, act: Callable[[], None]) -> ttk.Button:
        """One more button in the strip, to the left of the others."""
        button = ttk.Button(self.foot, text=words, command=act)
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="right", padx=(self.theme.px(8), 0))
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


class TaskDialog(SmallWindow):
    """Sections with a heading each, a sentence under the one where something is wrong, and two buttons.

    Enter presses the button that has the focus, and ``words`` (which calls ``on_begin``) from anywhere else;
    Escape and Close put the window away.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, title: str, words: str, on_begin: Callable[[], None]) -> None:
        super().__init__(parent, theme, title)
        px = theme.px
        self.safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.body = ttk.Frame(self, style="Window.TFrame", padding=(px(24), px(14), px(24), px(16)))
        self.body.pack(fill="both", expand=True)
        self.body.columnconfigure(1, weight=1, minsize=px(_WIDTH))
        self._complaints: dict[tk.Widget, ttk.Label] = {}
        self._headings: dict[tk.Widget, ttk.Label] = {}
        self._rows = 0
        self._foot = ttk.Frame(self.body, style="Window.TFrame")
        self.close_button = ttk.Button(self._foot, text="Close", command=self.destroy)
        self.begin_button = ttk.Button(self._foot, text=words, style="Accent.TButton", command=on_begin)
        self._is_gone = False
        self._bind_keys()

    def section(self, heading: str, part: tk.Widget) -> None:
        """Put a part, a child of ``body``, under the others, with its heading at the left.

        Words take several lines, each as long as the column is at least: none makes the window wider, and none
        follows a window that follows it.
        """
        px, row = self.theme.px, self._rows
        self._rows += 2
        above = px(12) if row else 0
        label = ttk.Label(self.body, text=heading, style="Window.Strong.TLabel", wraplength=px(_HEADINGS))
        label.grid(row=row, column=0, sticky="nw", padx=(0, px(16)), pady=(above + px(4), 0))
        part.grid(row=row, column=1, sticky="ew", pady=(above, 0))
        why = ttk.Label(self.body, style="Window.Error.TLabel")
        for words in (part, why):
            if isinstance(words, ttk.Label):
                words.configure(wraplength=px(_WIDTH), justify="left")
        self._complaints[part], self._headings[part] = why, label
        why.grid(row=row + 1, column=1, sticky="w", pady=(px(3), 0))
        why.grid_remove()

    def display(self, part: tk.Widget, is_shown: bool) -> None:
        """Show a section or leave it out."""
        for widget in (part, self._headings[part]):
            (widget.grid if is_shown else widget.grid_remove)()
        if not is_shown:
            self.complain(part, "")

    def show_begin(self, *, is_next: bool) -> None:
        """Give the button that begins its weight, or take it away while there is nobody to begin with."""
        self.begin_button.configure(style="Accent.TButton" if is_next else "TButton")

    def complain(self, part: tk.Widget, why: str) -> None:
        """Say under a part what is wrong there; nothing if ``why`` is empty."""
        label = self._complaints[part]
        label.configure(text=self.safety.field(why, _LONGEST))
        (label.grid if why else label.grid_remove)()

    def complaint(self, part: tk.Widget) -> str:
        """What it says there."""
        label = self._complaints[part]
        return str(label.cget("text")) if label.winfo_manager() else ""

    def open(self, first: tk.Widget) -> None:
        """Show it, once it is filled, with the focus on ``first``."""
        px = self.theme.px
        self._foot.grid(row=self._rows, column=0, columnspan=2, sticky="se", pady=(px(16), 0))
        self.body.rowconfigure(self._rows, weight=1)
        self.close_button.pack(side="left")
        self.begin_button.pack(side="left", padx=(px(8), 0))
        self.begin_button.lift()
        self._foot.lift()
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
