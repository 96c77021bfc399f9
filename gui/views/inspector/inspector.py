"""The inspector: one message looked at closely. Who, when and how; its calls; its bytes; its text."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from tkinter import ttk
from typing import TYPE_CHECKING, TypeVar

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
)
from gui.views.inspector import Lines, Place, Section, all_sections
from gui.views.inspector.hex_text import HexText
from gui.widgets.bindings import focus_now
from gui.widgets.fitting import wrap_within

if TYPE_CHECKING:
    from gui.viewmodels.decoding import Decoding

_TWO_COLUMNS = 560  # at 96 dots an inch: from this width on the bytes stand beside the facts
_Kind = TypeVar("_Kind", bound=Section)

_WRAPPING, _WRAPPED = 300, 4  # at 96 dots an inch: below, date, facts and sentences wrap, so many lines in all
_BYTES = Lines(16, 7)  # that the head, the facts and enough of the bytes take before any section
_ABOUT_WIDTH = 292
_MARGIN = 8
_LEAST_VALUE = 80  # wide, at 96 dots an inch
_NAME_GAP = 10
_LABEL_EDGE = 4  # that a label has around its text
_LONGEST_VALUE = 600  # characters


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
        self._shape: tuple[bool, list[Section]] = (False, [])  # whether it is wide, and the sections that have room
        self.bind("<<Close>>", lambda _event: on_close())
        self._head = _Head(self, theme, on_copy=self._open_copies, on_save=self._save, on_close=on_close)
        self._about = ttk.Frame(self, style="Pane.TFrame", width=theme.px(_ABOUT_WIDTH))
        self._facts = _Facts(self._about, theme)
        self._facts.pack(fill="x", padx=theme.px(_MARGIN), pady=(0, theme.px(6)))
        kinds = all_sections()  # made in the order in which Tab goes
        self.sections = [self._make(kind) for kind in kinds if kind.where is not Place.BELOW_BYTES]
        self.hex = HexText(self, theme, on_move=self._cursor_moved, on_step=self._step)
        self.sections += [self._make(kind) for kind in kinds if kind.where is Place.BELOW_BYTES]
        self.sections.sort(key=lambda section: section.priority)
        self.below = ttk.Frame(self, style="Pane.TFrame")
        ttk.Frame(self, style="Line.TFrame", width=theme.px(1)).place(x=0, y=0, relheight=1.0)
        self._empty = ttk.Label(self, text=EMPTY, style="Pane.TLabel", justify="center", anchor="center")
        wrap_within(self._empty, self, lambda: theme.px(48))
        self.bind("<Configure>", self._resized, add=True)
        inputs = chain.from_iterable(section.inputs for section in self.sections)
        for widget in (self._head.copy, self._head.close, self.hex.text, *inputs):
            widget.bind("<Escape>", lambda _event: on_close(), add=True)  # unless it gives up something of its own
        self.show(None)

    def show(self, inspected: Inspected | None) -> None:
        """Show this; what was on view and has only grown keeps its place and its selection."""
        keep = _is_same(self._inspected, inspected)
        self._inspected = inspected
        for section in self.sections:
            section.inspect(inspected, keep=keep)
        if inspected is None:
            self.hex.show(None)
            self._arrange()
            return
        self._head.show(*(self._safety.field(words) for words in heading(inspected)), has_bytes=self._has_bytes)
        self.hex.show(inspected.source, keep=keep, envelope=inspected.envelope)
        self._arrange()

    def show_as(self, decoding: Decoding) -> None:
        """Read the bytes as other text."""
        self.hex.show_as(decoding)
        for section in self.sections:
            section.read_as(decoding)

    def show_marks(self, ranges: Sequence[Range]) -> None:
        """Colour what was found in the message: ranges of its bytes in ascending order that do not overlap."""
        self.hex.show_marks(ranges)
        if ranges:
            self.hex.center(ranges[0][0] // self.hex.layout.per_row)

    def focus_first(self) -> None:
        """Bring the keyboard here: to the bytes, if there are any."""
        focus_now(self.hex.text if self._has_bytes else self._head.close)

    @property
    def inspected(self) -> Inspected | None:
        """What is on view."""
        return self._inspected

    def section(self, kind: type[_Kind]) -> _Kind:
        """The section of that kind."""
        return next(section for section in self.sections if isinstance(section, kind))

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

    def _chosen(self, kind: type[Section], piece: Range | None) -> None:
        """Something was chosen in a section: its bytes stand out, and nothing is chosen elsewhere."""
        for section in self.sections:
            if type(section) is not kind:
                section.forget_choice()
        self.hex.show_call(*(piece or (0, 0)))

    def _step(self, by: int) -> None:
        for section in self.sections:
            section.step(by)

    def _cursor_moved(self) -> None:
        """Show as text what is selected, or else how the message begins; and say what would be saved."""
        selection = self.hex.cursor.selection
        inspected = self._inspected
        if inspected is None or inspected.source is None:
            return
        self._head.offer_saving(selection[1] - selection[0] if selection else None)
        try:
            data = self._read(selection) if selection else beginning(inspected)
        except JournalError:  # the hex view says so
            data = b""
        size = selection[1] - selection[0] if selection else inspected.display_row.size
        for section in self.sections:
            section.point(self.hex.cursor.offset)
            section.read(data, size, is_selection=selection is not None)

    def _read(self, selection: Range) -> bytes:
        source = self._inspected.source if self._inspected else None
        return source.read(selection[0], min(selection[1], selection[0] + MOST_READ)) if source else b""

    # Layout.

    @property
    def line_height(self) -> int:
        """Pixels of a line of text, or of bytes if they are taller: there is room for so many of these."""
        return max(font.metrics("linespace") for font in (self._theme.base, self._theme.mono))

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        self._is_wide = event.width >= self._theme.px(_TWO_COLUMNS)
        self._lines = event.height // self.line_height
        if event.width < self._theme.px(_WRAPPING):
            self._lines -= _WRAPPED
        if (self._is_wide, self._fitting()) != self._shape:
            self._arrange()

    def _make(self, kind: type[Section]) -> Section:
        parent = self._about if kind.where is Place.WITH_FACTS else self
        return kind(parent, self._theme, on_choose=partial(self._chosen, kind))

    def _fitting(self) -> list[Section]:
        """The sections that there is room for, in the order in which they get it."""
        inspected, shown = self._inspected, list[Section]()
        if inspected is None or inspected.source is None:
            return [section for section in self.sections if self._wanted(section)]
        left = self._lines - (_BYTES.wide if self._is_wide else _BYTES.narrow)
        is_over = False
        for section in self.sections:
            if section.wants(inspected):
                lines = section.lines.wide if self._is_wide else section.lines.narrow
                left -= lines
                is_over |= left < 0 and lines > 0 and not section.is_needed(inspected)
                if not is_over or not lines or section.is_needed(inspected):
                    shown.append(section)
        return shown

    def _arrange(self) -> None:
        self._shape = (self._is_wide, self._fitting())
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
        else:
            for row in range(self.grid_size()[1]):
                self.rowconfigure(row, weight=int(row == 1))

    def _known_of(self, inspected: Inspected) -> list[Fact]:
        """The facts, and those for which there would be a section if it had room."""
        display_row = inspected.display_row
        if not display_row.is_message:
            return [Fact("", display_row.note, is_problem=display_row.is_failure), *facts(inspected)]
        _is_wide, shown = self._shape
        hidden = (section for section in self.sections if section not in shown)
        return [*facts(inspected), *chain.from_iterable(section.instead(inspected) for section in hidden)]

    def _place_head(self) -> None:
        px = self._theme.px
        self._head.grid(row=0, column=0, columnspan=2, sticky="ew", padx=px(_MARGIN), pady=(px(10), px(6)))
        is_wide, shown = self._shape
        beside = is_wide and self._has_bytes
        fills = any(section.fills for section in shown)
        self._about.grid(row=1, column=0, rowspan=1, sticky="nsew" if beside or fills else "new")
        self._about.pack_propagate(not beside)
        self._about.configure(width=px(_ABOUT_WIDTH))
        for section in self.sections:
            if section.where is Place.WITH_FACTS:
                section.pack_forget()
                if section in shown:
                    section.pack(fill="both" if section.fills else "x", expand=section.fills)
        self.columnconfigure(0, weight=0 if beside else 1)
        self.columnconfigure(1, weight=1 if beside else 0)

    def _place_bytes(self) -> None:
        """The bytes with what stands above and below them: beside what is known of them, or under it."""
        px, (is_wide, shown) = self._theme.px, self._shape
        is_roomy = all(section in shown for section in self.sections if self._wanted(section))
        above = [section for section in shown if section.where is Place.ABOVE_BYTES]
        below = [section for section in shown if section.where is Place.BELOW_BYTES]
        for section in shown:
            section.fit(is_roomy=is_roomy)
        first = 1 if is_wide else 2
        for row, section in enumerate(above, first):
            section.grid(row=row, column=0, columnspan=2, sticky="ew", padx=px(_MARGIN - 6))
        column, bytes_row = int(is_wide), first + len(above)
        self.hex.grid(row=bytes_row, column=column, sticky="nsew", padx=px(_MARGIN - 6))
        for row, section in enumerate(below, bytes_row + 1):
            section.grid(row=row, column=column, sticky="ew", padx=px(_MARGIN - 6), pady=(0, px(6)))
        last = bytes_row + len(below) + 1
        self.below.grid(row=last, column=column, sticky="ew")
        if is_wide:
            self._about.grid(row=bytes_row, rowspan=last - bytes_row + 1)
        for each in range(max(last + 1, self.grid_size()[1])):
            self.rowconfigure(each, weight=int(each == bytes_row))

    def _wanted(self, section: Section) -> bool:
        return self._inspected is not None and section.wants(self._inspected)


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
