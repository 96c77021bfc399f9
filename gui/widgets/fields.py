"""Fields of one line: they say what belongs in them while they are empty, and mark what is wrong in them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Any, Generic, TypeVar

from gui.theme.theme import Theme
from gui.widgets.bindings import focus_now
from gui.widgets.debounce import Debounce
from gui.widgets.fitting import elided, wrap_within
from gui.widgets.line_undo import forget
from gui.widgets.screens import is_narrow

_HINT_EDGE = 8  # pixels at 96 dots an inch


class LineField(ttk.Entry):
    """``on_edit`` gets what the text is about to be, in whatever way a person changes it; ``put`` is silent."""

    def __init__(self, parent: tk.Misc, theme: Theme, on_edit: Callable[[str], None], *, width: int = 20) -> None:
        super().__init__(parent, width=width)
        self._theme = theme
        self._on_edit = on_edit
        self._is_putting = False
        self._place: int | None = None
        self._hint_words = ""
        self._hint = tk.Label(self, anchor="w", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.focus_set())
        self._hint.bind("<<PasteSelection>>", lambda _event: self._paste_selection())
        self._underline = tk.Frame(self, borderwidth=0)
        self.configure(
            validate="key",
            validatecommand=(self.register(self._edited), "%P"),
            xscrollcommand=lambda _first, _last: self._draw_mark(),
        )
        self.bind("<Configure>", lambda _event: self._resized())
        theme.subscribe(self._restyle, self)

    @property
    def text(self) -> str:
        """What is written in it."""
        return self.get()

    def put(self, text: str) -> None:
        """Write this into it, the cursor at the end."""
        if text == self.get():
            return
        self._is_putting = True
        try:
            self.delete(0, "end")
            self.insert(0, text)
        finally:
            self._is_putting = False
        self.icursor("end")
        self.xview("end")

    def state(self, statespec: Sequence[str] | None = None) -> Any:  # noqa: ANN401 - as ttk has it
        """Take these states (``ttk.Widget.state``); what it says while it is empty lies on the field as it is then."""
        changed = super().state(statespec)
        if statespec and "disabled" in "".join(statespec):
            self._restyle()
        return changed

    def hint(self, words: str) -> None:
        """What it says while it is empty."""
        self._hint_words = words
        self._resized()

    def focus_all(self) -> None:
        """Go there, ready to be typed over."""
        focus_now(self)
        self.selection_range(0, "end")
        self.icursor("end")

    def refuse(self, place: int | None = None) -> None:
        """Show that the text is wrong, at the character ``place`` if it is known."""
        self.state(["invalid"])
        self._place = place
        self._draw_mark()

    def accept(self) -> None:
        """Nothing is wrong any more."""
        self.state(["!invalid"])
        self._place = None
        self._underline.place_forget()

    @property
    def marked(self) -> int | None:
        """Which character is underlined."""
        return self._place if self._underline.winfo_manager() else None

    def _edited(self, text: str) -> bool:
        self._show_hint(text)
        self.accept()
        if not self._is_putting:
            self._on_edit(text)
        return True

    def _paste_selection(self) -> None:
        """The middle button on the hint is meant for the field, which it covers while that is empty."""
        self.event_generate("<<PasteSelection>>", x=0, y=0)
        self.focus_set()

    def _resized(self) -> None:
        words, room = self._hint_words, self.winfo_width() - 2 * self._theme.px(_HINT_EDGE)
        self._hint.configure(text=elided(words, self._theme.base, room) if self.winfo_ismapped() else words)
        self._draw_mark()

    def _show_hint(self, text: str) -> None:
        if text:
            self._hint.place_forget()
        else:
            self._hint.place(x=self._theme.px(_HINT_EDGE), rely=0.5, y=-1, anchor="w")

    def _draw_mark(self) -> None:
        if self._place is None:
            return
        left, top, width, height = self._box_of(self._place)
        if not 0 < left < self.winfo_width() - self._theme.px(6):
            self._underline.place_forget()
            return
        line = self._theme.px(2)
        self._underline.place(x=left, y=min(top + height, self.winfo_height() - 2 * line), width=width, height=line)

    def _box_of(self, place: int) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels of a character; behind the last one stands an empty one."""
        least = self._theme.px(6)
        left, top, width, height = self.bbox(min(place, max(0, len(self.get()) - 1))) or (0, 0, 0, 0)
        if place >= len(self.get()):
            left, width = left + width, least
        return left, top, max(width, least), height

    def _restyle(self) -> None:
        p = self._theme.palette
        off = self.instate(["disabled"])
        self._hint.configure(background=p.window if off else p.field, foreground=p.muted, font=self._theme.base)
        self._show_hint(self.get())
        self._underline.configure(background=p.error)


class Measure(ttk.Frame):
    """A number to type with the words behind it; ``on_edit`` is called when it changes."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: str,
        on_edit: Callable[[], None],
        *,
        before: str = "",
        width: int = 9,
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        if before:
            ttk.Label(self, text=before, style="Window.TLabel").pack(side="left", padx=(0, theme.px(8)))
        self.field = LineField(self, theme, self._soon, width=width)
        self.field.configure(justify="right")
        self.field.pack(side="left", fill="y")
        self._behind = ttk.Label(self, text=words, style="Window.TLabel", justify="left")
        self._behind.pack(side="left", padx=(theme.px(8), 0))
        self._edited = Debounce(self, on_edit)

    def fit_width(self, width: int) -> None:
        """Break the words behind the field where there are not as many pixels."""
        parts = [each for each in self.winfo_children() if each is not self._behind]
        taken = sum(each.winfo_reqwidth() + self._theme.px(8) for each in parts)
        self._behind.configure(wraplength=max(1, width - taken))
        self.field.pack_configure(fill="none")  # as high as it is where there are several lines

    def read(self, read: Callable[[str], object]) -> str:
        """Why ``read`` refuses what is typed, and mark it then; empty if it does not."""
        try:
            read(self.field.text)
        except ValueError as error:
            self.field.refuse()
            return str(error)
        self.field.accept()
        return ""

    def _soon(self, _text: str) -> None:
        self._edited.ask(0)  # when the field has it


class FileRow(ttk.Frame):
    """The name of a file to type or to choose; ``on_edit`` hears of changes.

    ``ask`` is the system's own dialog for files, ``options`` gives what else it is to be asked than the title.
    ``is_chosen`` while what stands in the field came from that dialog, which has asked whether to replace it.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        ask: Callable[..., str],
        title: str,
        on_edit: Callable[[], None],
        options: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._ask, self._title, self._on_edit, self._asked_too = ask, title, on_edit, options
        self.is_chosen = False
        self.field = LineField(self, theme, self._edited, width=12)  # at least: it takes what the buttons leave
        self.field.hint("A file's name")
        self.button = ttk.Button(self, text="Choose…", command=self._choose)
        self.field.grid(row=0, column=0, sticky="nsew")
        self.columnconfigure(0, weight=1)
        self.add_button(self.button)

    def add_button(self, button: ttk.Button) -> None:
        """Put a button at the right end, on a narrow screen from the second on below."""
        px, columns = self._theme.px, self.grid_size()[0]
        if columns > 1 and is_narrow(self, px):
            button.grid(row=1, column=0, columnspan=columns, sticky="e", pady=(px(6), 0))
        else:
            button.grid(row=0, column=columns, sticky="ns", padx=(px(8), 0))

    @property
    def path(self) -> str:
        """What is written there."""
        return self.field.text.strip()

    def put(self, path: str) -> None:
        """Suggest a file."""
        self.field.put(_fit(path))
        self.is_chosen = False

    def _edited(self, _text: str) -> None:
        self.is_chosen = False
        self._on_edit()

    def _choose(self) -> None:
        folder, _slash, name = self.path.replace("\\", "/").rpartition("/")
        path = self._ask(
            parent=self.winfo_toplevel(), title=self._title, initialdir=folder or None, initialfile=name,
            **{"filetypes": [("All files", "*")], **self._asked_too()},
        )  # fmt: skip
        if path:
            self.field.put(_fit(str(path)))
            self.is_chosen = bool(self.path)
            self._on_edit()
        self.field.focus_set()


def _fit(path: str) -> str:
    """A path that Tk can take; one with bytes that are no text stays out, for it would come back as another."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return ""
    return path.replace("\0", "")


Value = TypeVar("Value")

_WORDS = 236  # pixels at 96 dots an inch for the words in front of the field
_QUIET_KEYS = ("Tab", "ISO_Left_Tab", "Escape", "Shift_L", "Shift_R", "Control_L", "Control_R", "Alt_L", "Alt_R")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Value]):
    """What a row asks for. ``read`` raises ``ValueError`` with a sentence for what will not do."""

    words: str
    unit: str
    usual: Value
    read: Callable[[str], Value]
    shown: Callable[[Value], str]
    why: str = ""
    steps: tuple[int, int, int] | None = None  # smallest, largest and step of a field with arrows
    has_secrets: bool = False  # that are shown no more once they count, so that no undo brings them back


def whole_number(words: str, unit: str, usual: int, steps: tuple[int, int, int], why: str = "") -> Asked[int]:
    """A row that asks for a whole number between two bounds."""
    smallest, largest, _step = steps

    def read(text: str) -> int:
        typed = text.strip().replace(",", "")
        if not (typed.isascii() and typed.isdecimal() and smallest <= int(typed[:12]) <= largest):
            raise ValueError(f"This has to be a whole number from {smallest:,} to {largest:,}.")
        return int(typed)

    return Asked(words, unit, usual, read, str, why, steps)


def put_words(row: ttk.Frame, words: ttk.Label, px: Callable[[float], int]) -> int:
    """Put the words of a row in front of its field, on a narrow screen above; the grid's row for the field.

    ``px`` gives a distance at 96 dots an inch in pixels.
    """
    if is_narrow(row, px):
        words.grid(row=0, column=0, columnspan=4, sticky="w", pady=(0, px(3)))
        return 1
    row.columnconfigure(0, minsize=px(_WORDS))
    words.grid(row=0, column=0, sticky="w")
    return 0


class CheckedRow(ttk.Frame, Generic[Value]):
    """A field whose value counts as soon as it is a good one.

    ``on_value`` gets it, and may refuse it too with a ``ValueError``. What is refused stays as typed,
    with the reason under it, from the moment the person leaves the field or presses Enter.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, asked: Asked[Value], on_value: Callable[[Value], None]) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme = theme
        self._asked = asked
        self._on_value = on_value
        self._value = asked.usual
        self.field = self._make_field()
        words = ttk.Label(self, text=asked.words, style="Window.TLabel")
        unit = ttk.Label(self, text=asked.unit, style="Window.Muted.TLabel")
        self.reset = ttk.Button(self, style="Quiet.TButton", command=self._be_usual)
        self.reset.configure(text=f"Usual: {asked.shown(asked.usual)}")
        self.reset.bind("<Return>", lambda _event: self.reset.invoke())
        self._reason = ttk.Label(self, text=asked.why, style="Window.Muted.TLabel", justify="left")
        self._complaint = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._lay_out(words, unit)
        self._put(asked.usual)
        self._offer_usual()

    def show(self, value: Value) -> None:
        """Show a value that has changed; what is being typed, and means the same, stays as it is."""
        if value != self._value and not self._says(value):
            self._put(value)
        self._value = value
        self._offer_usual()

    @property
    def complaint(self) -> str:
        """Why what stands in the field does not count; empty if it does."""
        return str(self._complaint.cget("text")) if self._complaint.winfo_manager() else ""

    def _make_field(self) -> ttk.Entry:
        if self._asked.steps is None:
            field: ttk.Entry = ttk.Entry(self, width=9, justify="right")
        else:
            smallest, largest, step = self._asked.steps
            field = ttk.Spinbox(self, width=8, justify="right", from_=smallest, to=largest, increment=step)
            field.configure(command=self._leave)
        field.bind("<KeyRelease>", self._typed)
        field.bind("<FocusOut>", self._leave)
        for key in ("<Return>", "<KP_Enter>"):
            field.bind(key, self._leave)
        return field

    def _lay_out(self, words: ttk.Label, unit: ttk.Label) -> None:
        px = self._theme.px
        below = put_words(self, words, px)
        self.columnconfigure(3 if self._asked.unit else 1, weight=1)  # words give way where the window is narrow
        self.field.grid(row=below, column=1, sticky="nsw")
        unit.grid(row=below, column=2, sticky="w", padx=px(8))
        self.reset.grid(row=below, column=3, sticky="nse")
        if self._asked.why:
            self._reason.grid(row=3, column=0, columnspan=4, sticky="w", pady=(px(3), 0))
        for label in (self._reason, self._complaint):
            wrap_within(label, self, lambda: px(4))

    def _says(self, value: Value) -> bool:
        """Whether the field holds that value, in whatever way it was written."""
        try:
            return self._asked.read(self.field.get()) == value
        except ValueError:
            return False

    def _typed(self, event: tk.Event[tk.Misc]) -> None:
        """Take what is good at once; of what is not good yet nothing is said while the person types."""
        if event.keysym in _QUIET_KEYS or event.keysym in ("Return", "KP_Enter"):
            return
        self._take()

    def _leave(self, _event: object = None) -> None:
        """The person is done with the field."""
        why = self._take()
        if why:
            self._complain(why)
        elif self._says(self._value):
            self._put(self._value)

    def _take(self) -> str:
        """Take what stands in the field; the answer says why not, if not."""
        try:
            value = self._asked.read(self.field.get())
            if value != self._value:
                self._on_value(value)
        except ValueError as error:
            return str(error)
        self._value = value
        self._complain("")
        self._offer_usual()
        return ""

    def _be_usual(self) -> None:
        self._put(self._asked.usual)
        self.field.focus_set()  # the button is about to go
        self._leave()

    def _put(self, value: Value) -> None:
        text = self._asked.shown(value)
        if self.field.get() != text:
            self.field.delete(0, "end")
            self.field.insert(0, text)
            if self._asked.has_secrets:
                forget(self.field)
        self._complain("")

    def _complain(self, why: str) -> None:
        self.field.state(["invalid" if why else "!invalid"])
        if why:
            self._complaint.configure(text=why)
            self._complaint.grid(row=2, column=0, columnspan=4, sticky="w", pady=(self._theme.px(3), 0))
        else:
            self._complaint.grid_remove()

    def _offer_usual(self) -> None:
        if self._value == self._asked.usual:
            self.reset.grid_remove()
        else:
            self.reset.grid()
