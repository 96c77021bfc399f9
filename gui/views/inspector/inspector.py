"""The inspector: one message looked at closely. Who, when and how; its calls; its bytes; its text."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from itertools import chain
from tkinter import ttk
from typing import TYPE_CHECKING, NamedTuple

from core.errors import JournalError
from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.inspection import (
    EMPTY,
    MOST_READ,
    Fact,
    Inspected,
    Range,
    beginning,
    facts,
    heading,
    heading_of_calls,
)
from gui.viewmodels.ruler_words import verdict
from gui.views.inspector.call_list import CallList
from gui.views.inspector.decoded_text import DecodedText
from gui.views.inspector.hex_text import HexText
from gui.views.inspector.ruler import Ruler
from gui.widgets.wrapped import wrap_within

if TYPE_CHECKING:
    from core.journal.reading.recorded import Call
    from gui.viewmodels.decoding import Decoding

_TWO_COLUMNS = 560  # at 96 dots an inch: from this width on the bytes stand beside the facts
_TEXT_BESIDE, _TEXT_BELOW = 16, 33  # lines of height; in less the bytes take the room of their text
_RULER_LINES = 8  # that are needed beside those
_RULER_BESIDE, _RULER_BELOW = 15, 24  # in less the bytes take the room of the ruler
_CALLS_BELOW = 29  # in less there is none for the calls, which the ruler has too
_CALLS, _CALLS_IF_LOW = 6, 3  # rows in sight
_ABOUT_WIDTH = 292
_MARGIN = 8
_LEAST_VALUE = 80  # wide, at 96 dots an inch
_NAME_GAP = 10
_LABEL_EDGE = 4  # that a label has around its text
_LONGEST_VALUE = 600  # characters


class _Shape(NamedTuple):
    """What there is room for."""

    is_wide: bool
    shows_text: bool
    shows_ruler: bool
    shows_calls: bool


class Inspector(ttk.Frame):
    """Shows a message or a note; ``on_save`` gets it with the range of its bytes to be saved.

    ``below`` is empty room under the bytes for whatever else says something of them.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_save: Callable[[Inspected, Range], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._on_save = on_save
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._inspected: Inspected | None = None
        self._is_wide, self._lines = False, 0
        self._shape = self._fitting()
        self._head = _Head(self, theme, on_copy=self._open_copies, on_save=self._save, on_close=on_close)
        self._about = ttk.Frame(self, style="Pane.TFrame", width=theme.px(_ABOUT_WIDTH))
        self._facts = _Facts(self._about, theme)
        self._facts.pack(fill="x", padx=theme.px(_MARGIN), pady=(0, theme.px(6)))
        self._calls_heading = ttk.Label(self._about, style="Pane.Muted.TLabel")
        self.calls = CallList(self._about, theme, on_choose=self._call_chosen)
        self.ruler = Ruler(self, theme, on_choose=self._piece_chosen)
        self.hex = HexText(self, theme, on_move=self._cursor_moved, on_step=self.ruler.step)
        self._reading = DecodedText(self, theme, self._safety)
        self.below = ttk.Frame(self, style="Pane.TFrame")
        ttk.Frame(self, style="Line.TFrame", width=theme.px(1)).place(x=0, y=0, relheight=1.0)
        self._empty = ttk.Label(self, text=EMPTY, style="Pane.TLabel", justify="center", anchor="center")
        wrap_within(self._empty, self, lambda: theme.px(48))
        self.bind("<Configure>", self._resized, add=True)
        texts = (self.calls.text, self.hex.text, self._reading.text)
        for widget in (self._head.copy, self._head.close, self.ruler.canvas, *texts):
            widget.bind("<Escape>", lambda _event: on_close(), add=True)  # unless it gives up something of its own
        self.show(None)

    def show(self, inspected: Inspected | None) -> None:
        """Show this; what was on view and has only grown keeps its place and its selection."""
        keep = _is_same(self._inspected, inspected)
        self._inspected = inspected
        if inspected is None:
            self.hex.show(None)
            self.calls.show(())
            self.ruler.show(None)
            self._arrange()
            return
        self._head.show(*(self._safety.field(words) for words in heading(inspected)), has_bytes=self._has_bytes)
        self._calls_heading.configure(text=heading_of_calls(inspected))
        self.calls.show(inspected.calls, keep=keep)
        self.hex.show(inspected.source, keep=keep, envelope=inspected.envelope)
        self.ruler.show(inspected.ruled, keep=keep)
        self._arrange()

    def show_as(self, decoding: Decoding) -> None:
        """Read the bytes as other text."""
        self.hex.show_as(decoding)
        self._reading.show_as(decoding)

    def show_marks(self, ranges: Sequence[Range]) -> None:
        """Colour what was found in the message: ranges of its bytes in ascending order that do not overlap."""
        self.hex.show_marks(ranges)
        if ranges:
            self.hex.center(ranges[0][0] // self.hex.layout.per_row)

    def focus_first(self) -> None:
        """Bring the keyboard here: to the bytes, if there are any."""
        (self.hex.text if self._has_bytes else self._head.close).focus_set()

    @property
    def inspected(self) -> Inspected | None:
        """What is on view."""
        return self._inspected

    @property
    def _has_bytes(self) -> bool:
        return self._inspected is not None and self._inspected.source is not None

    # What the person does.

    def _open_copies(self) -> None:
        button = self._head.copy
        self.hex.open_menu(button.winfo_rootx(), button.winfo_rooty() + button.winfo_height())

    def _save(self) -> None:
        if self._inspected is not None and self._inspected.source is not None:
            self._on_save(self._inspected, self.hex.cursor.selection or (0, self._inspected.source.size))

    def _call_chosen(self, call: Call | None) -> None:
        self.ruler.forget_choice()
        self.hex.show_call(*((call.start, call.stop) if call else (0, 0)))

    def _piece_chosen(self, piece: Range | None) -> None:
        """A piece of the ruler: what it carried of the message stands out among the bytes."""
        self.calls.forget_choice()
        self.hex.show_call(*(piece or (0, 0)))

    def _cursor_moved(self) -> None:
        """Show as text what is selected, or else how the message begins; and say what would be saved."""
        selection = self.hex.cursor.selection
        inspected = self._inspected
        if inspected is None or inspected.source is None:
            return
        self.ruler.point(self.hex.cursor.offset)
        self._head.offer_saving(selection[1] - selection[0] if selection else None)
        try:
            data = self._read(selection) if selection else beginning(inspected)
        except JournalError:  # the hex view says so
            data = b""
        size = selection[1] - selection[0] if selection else inspected.display_row.size
        self._reading.show(data, size, is_selection=selection is not None)

    def _read(self, selection: Range) -> bytes:
        source = self._inspected.source if self._inspected else None
        return source.read(selection[0], min(selection[1], selection[0] + MOST_READ)) if source else b""

    # Where everything stands.

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        self._is_wide = event.width >= self._theme.px(_TWO_COLUMNS)
        self._lines = event.height // self._theme.base.metrics("linespace")
        if self._fitting() != self._shape:
            self._arrange()

    def _fitting(self) -> _Shape:
        """What there is room for."""
        has_ruler = self._inspected is not None and self._inspected.ruled is not None
        is_wide, lines = self._is_wide, self._lines
        text = (_TEXT_BESIDE if is_wide else _TEXT_BELOW) + (_RULER_LINES if has_ruler else 0)
        ruler = _RULER_BESIDE if is_wide else _RULER_BELOW
        calls = _CALLS_BELOW if has_ruler and not is_wide else 0
        return _Shape(is_wide, lines >= text, has_ruler and lines >= ruler, lines >= calls)

    def _arrange(self) -> None:
        self._shape = self._fitting()
        for child in self.grid_slaves():
            child.grid_remove()
        self._empty.place_forget()
        if self._inspected is None:
            self._empty.place(relx=0.5, rely=0.42, anchor="center")
            return
        self._facts.show(self._known_of(self._inspected), self._safety)
        self._place_head()
        if self._has_bytes:
            self._place_bytes()

    def _known_of(self, inspected: Inspected) -> list[Fact]:
        """The facts; with what became of a message on its way, if there is no room for the ruler."""
        display_row = inspected.display_row
        if not display_row.is_message:
            return [Fact("", display_row.note, is_problem=display_row.is_failure), *facts(inspected)]
        if inspected.ruled is None or self._shape.shows_ruler:
            return facts(inspected)
        return [*facts(inspected), Fact("", verdict(inspected.ruled))]

    def _place_head(self) -> None:
        px = self._theme.px
        self._head.grid(row=0, column=0, columnspan=2, sticky="ew", padx=px(_MARGIN), pady=(px(10), px(6)))
        beside = self._shape.is_wide and self._has_bytes
        self._about.grid(
            row=2 if beside else 1, column=0, rowspan=3 if beside else 1, sticky="nsew" if beside else "new"
        )
        self._about.pack_propagate(not beside)
        self._about.configure(width=px(_ABOUT_WIDTH))
        if self._has_bytes and self._shape.shows_calls:
            self.calls.limit_rows(_CALLS if self._shape.shows_text else _CALLS_IF_LOW)
            self._calls_heading.pack(anchor="w", padx=px(_MARGIN), pady=(px(2), 0))
            self.calls.pack(fill="x", padx=px(_MARGIN - 6), pady=(0, px(4)))
        else:
            self._calls_heading.pack_forget()
            self.calls.pack_forget()
        self.columnconfigure(0, weight=0 if beside else 1)
        self.columnconfigure(1, weight=1 if beside else 0)

    def _place_bytes(self) -> None:
        """The bytes, their text and the room below: beside what is known of them, or under it."""
        px = self._theme.px
        is_wide = self._shape.is_wide
        column, row = (1, 2) if is_wide else (0, 3)
        if self._shape.shows_ruler:
            self.ruler.grid(row=row - 1, column=0, columnspan=2 if is_wide else 1, sticky="ew", padx=px(_MARGIN - 6))
        self.hex.grid(row=row, column=column, sticky="nsew", padx=px(_MARGIN - 6))
        if self._shape.shows_text:
            self._reading.grid(row=row + 1, column=column, sticky="ew", padx=px(_MARGIN - 6), pady=(0, px(6)))
        self.below.grid(row=row + 2, column=column, sticky="ew")
        for each in range(1, 6):
            self.rowconfigure(each, weight=1 if each == row else 0)


class _Head(ttk.Frame):
    """The title, when it was, and the buttons."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_copy: Callable[[], None],
        on_save: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        top = ttk.Frame(self, style="Pane.TFrame")
        top.pack(fill="x")
        self._title = ttk.Label(top, style="Pane.Strong.TLabel")
        self._title.pack(side="left")
        self._size = ttk.Label(top, style="Pane.Muted.TLabel")
        self._size.pack(side="right")
        self._subtitle = ttk.Label(self, style="Pane.Muted.TLabel", justify="left")
        self._subtitle.pack(anchor="w", pady=(theme.px(2), theme.px(6)))
        wrap_within(self._subtitle, self, lambda: 0)
        row = ttk.Frame(self, style="Pane.TFrame")
        row.pack(fill="x")
        self.copy = ttk.Button(row, text="Copy…", style="Pane.Light.TButton", width=-1, command=on_copy)
        self._save = ttk.Button(row, text="Save bytes…", style="Pane.Light.TButton", width=-1, command=on_save)
        self.close = ttk.Button(row, text="Close", style="Pane.Light.TButton", width=-1, command=on_close)
        self.copy.pack(side="left")
        self._save.pack(side="left", padx=theme.px(4))
        self.close.pack(side="right")
        for button in (self.copy, self._save, self.close):
            button.bind("<Return>", lambda event: event.widget.invoke())

    def show(self, title: str, size: str, when: str, *, has_bytes: bool) -> None:
        """Say this, and offer what can be done with bytes if there are any."""
        for button in (self.copy, self._save):
            button.state(["!disabled" if has_bytes else "disabled"])
        self._title.configure(text=title)
        self._size.configure(text=size)
        self._subtitle.configure(text=when)

    def offer_saving(self, selected: int | None) -> None:
        """Say what would be saved: so many bytes that are selected, or everything."""
        self._save.configure(text="Save bytes…" if selected is None else f"Save {selected:,} selected…")


class _Facts(ttk.Frame):
    """Names and values in two columns."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._rows: list[tuple[ttk.Label, ttk.Label]] = []
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", lambda event: self._wrap(event.width))

    def show(self, known: Sequence[Fact], safety: TextSafety) -> None:
        """Show these facts."""
        while len(self._rows) < len(known):
            self._add_row()
        for (name, value), fact in zip(self._rows, known, strict=False):
            name.configure(text=fact.name)
            value.configure(
                text=safety.field(fact.value, _LONGEST_VALUE),
                style="Pane.Error.TLabel" if fact.is_problem else "Pane.TLabel",
            )
            name.grid() if fact.name else name.grid_remove()
            value.grid(column=1 if fact.name else 0, columnspan=1 if fact.name else 2)
        for label in chain.from_iterable(self._rows[len(known) :]):
            label.grid_remove()
        self._wrap(self.winfo_width())

    def _wrap(self, width: int) -> None:
        """Break the values where the room ends that the names leave."""
        names = max((name.winfo_reqwidth() for name, _value in self._rows if name.winfo_manager()), default=0)
        room = width - self._theme.px(_LABEL_EDGE)
        beside = max(self._theme.px(_LEAST_VALUE), room - names - self._theme.px(_NAME_GAP))
        for name, value in self._rows:
            value.configure(wraplength=beside if name.winfo_manager() else max(beside, room))

    def _add_row(self) -> None:
        name = ttk.Label(self, style="Pane.Muted.TLabel")
        value = ttk.Label(self, style="Pane.TLabel", justify="left", font=self._theme.small)
        row = len(self._rows)
        name.grid(row=row, column=0, sticky="nw", padx=(0, self._theme.px(_NAME_GAP)))
        value.grid(row=row, column=1, sticky="ew", pady=(0, self._theme.px(2)))
        self._rows.append((name, value))


def _is_same(known: Inspected | None, other: Inspected | None) -> bool:
    """Whether both are the same message, perhaps grown."""
    if known is None or other is None:
        return False
    one, two = known.display_row, other.display_row
    begins = (display_row.span[:2] if display_row.span else None for display_row in (one, two))
    return (one.session, one.connection, one.kind) == (two.session, two.connection, two.kind) and len(set(begins)) == 1
