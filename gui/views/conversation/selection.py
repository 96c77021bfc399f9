"""What a person has selected or chosen in the transcript, wherever its rows are just now.

The Text holds a row window of the conversation, so a selection is kept as places of rows and put back
whenever the row window changes; what lies outside the row window is read from the journal when it is copied.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gui.keys import menu_words, shown
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.runs import DECOR
from gui.viewmodels.typesetting import clock
from gui.widgets.bindings import MENU_KEYS, bind_known, breaking
from gui.widgets.menu import Entry, Menu

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.views.conversation.transcript import Transcript


def text_between(text: tk.Text, first: str, last: str) -> str:
    """The characters from ``first`` to ``last`` without those tagged as decoration."""
    pieces, position = [], text.index(first)
    while found := text.tag_nextrange(DECOR, position, last):
        pieces.append(text.get(position, found[0]))
        position = found[1]
    if text.compare(position, "<", last):
        pieces.append(text.get(position, last))
    return "".join(pieces)


def selected_text(text: tk.Text) -> str:
    """What is selected, empty if nothing is."""
    ranges = text.tag_ranges("sel")
    if not ranges:
        return ""
    first = str(ranges[0])
    inside = text.tag_prevrange(DECOR, f"{first}+1c")
    if inside and text.compare(inside[1], ">", first):
        first = str(inside[1])
    return text_between(text, first, str(ranges[-1]))


def own_primary(text: tk.Text) -> None:
    """Make what X11 pastes with the middle button leave decoration out."""

    def primary(offset: str, most: str) -> str:
        return selected_text(text)[int(offset) : int(offset) + int(most)]

    for kind in ("STRING", "UTF8_STRING"):
        text.selection_handle(primary, type=kind)


MOST_ROWS = 2_000  # that are copied at once; more is what exporting is for
MOST_BYTES = 2_000_000  # of them


class Position(NamedTuple):
    """A character of the conversation: of which row, and where in it."""

    place: int
    line: int
    column: int


class Selection:
    """The selection and the chosen row of one transcript."""

    def __init__(self, transcript: Transcript, theme: Theme, *, on_refuse: Callable[[str], None]) -> None:
        self.chosen: int | None = None  # the place of the row that is looked at closely
        self._selection: tuple[Position, Position] | None = None
        self._transcript = transcript
        self._row_window = transcript.row_window
        self._text = transcript.text
        self._on_refuse = on_refuse
        self._pressed = 0  # the place on which the mouse button went down
        self._bind()
        self._make_menu(theme)

    # For the transcript.

    def remember(self) -> None:
        """The row window is about to change: note what is selected."""
        ranges = [str(index) for index in self._text.tag_ranges("sel")]
        if not ranges:
            if self._selection is not None and self._overlaps(self._selection):
                self._selection = None
            return
        first, last = self._position(ranges[0]), self._position(ranges[-1])
        top, bottom = self._row_window.span
        if self._selection is not None:  # what lies outside the row window is still selected
            first = self._selection[0] if self._selection[0].place < top else first
            last = self._selection[1] if self._selection[1].place >= bottom else last
        self._selection = (first, last)

    def restore(self) -> None:
        """The row window has changed: show again what is selected and chosen."""
        text, line_of = self._text, self._row_window.line_of
        text.set_off([(line_of(chosen), line_of(chosen + 1)) for chosen in self._chosen_here()])
        if self._selection is not None and self._overlaps(self._selection):
            text.tag_remove("sel", "1.0", "end")
            text.tag_add("sel", self._index(self._selection[0]), self._index(self._selection[1]))

    def forget(self) -> None:
        """Nothing is selected or chosen: another conversation is on view."""
        self._selection = self.chosen = None
        self._text.tag_remove("sel", "1.0", "end")

    # For others.

    @property
    def places(self) -> tuple[int, int] | None:
        """The places of the selected rows, the second one past the last; None if nothing is selected."""
        self.remember()
        if self._selection is None:
            return None
        first, last = self._selection
        return first.place, last.place + (1 if (last.line, last.column) > (0, 0) or last.place == first.place else 0)

    def select_all(self) -> None:
        """Select the whole conversation, also what is not in the Text."""
        total = self._transcript.total
        if total:
            self._selection = (Position(0, 0, 0), Position(total, 0, 0))
            self.restore()

    def copy(self) -> None:
        """Copy what is selected, as it reads."""
        self.remember()
        top, bottom = self._row_window.span
        if self._selection is None:
            return
        first, last = self._selection
        if first.place >= top and (last.place < bottom or last == Position(bottom, 0, 0)):
            self._give(selected_text(self._text))
        else:
            self.copy_as(self._reading)

    def copy_as(self, form: Callable[[DisplayRow], str]) -> None:
        """Copy the selected rows, or the chosen one, whole, each as ``form`` has it."""
        places = self.places or ((self.chosen, self.chosen + 1) if self.chosen is not None else None)
        if places is None:
            return
        rows = places[1] - places[0]
        if rows > MOST_ROWS:
            self._on_refuse(f"{rows:,} rows are too many for the clipboard. File, Export writes them to a file.")
            return
        display_rows = [self._complete(display_row) for display_row in self._row_window.read(*places)]
        if sum(display_row.size for display_row in display_rows) > MOST_BYTES:
            self._on_refuse("That is too much for the clipboard. File, Export writes it to a file.")
            return
        self._give("\n".join(form(display_row) for display_row in display_rows))

    # Behind them.

    def _chosen_here(self) -> list[int]:
        """The chosen row if it is in the Text."""
        top, bottom = self._row_window.span
        return [self.chosen] if self.chosen is not None and top <= self.chosen < bottom else []

    def _complete(self, display_row: DisplayRow) -> DisplayRow:
        if not display_row.is_message or len(display_row.data or b"") >= min(display_row.size, MOST_BYTES):
            return display_row
        return display_row._replace(data=self._row_window.whole(display_row, MOST_BYTES))

    def _give(self, words: str) -> None:
        if words:
            self._text.clipboard_clear()
            self._text.clipboard_append(self._text.safety.text(words))

    def _overlaps(self, selection: tuple[Position, Position]) -> bool:
        top, bottom = self._row_window.span
        return selection[0].place < bottom and selection[1].place >= top

    def _position(self, index: str) -> Position:
        line, _, column = index.partition(".")
        place, within = self._row_window.place_at(int(line))
        return Position(place, within, int(column))

    def _index(self, position: Position) -> str:
        top, bottom = self._row_window.span
        if position.place < top:
            return "1.0"
        if position.place >= bottom:
            return "end-1c"
        return f"{self._row_window.line_of(position.place) + position.line}.{position.column}"

    def _bind(self) -> None:
        bind = self._text.bind
        bind("<Button-1>", self._mouse_down, add=True)
        bind("<ButtonRelease-1>", self._mouse_up, add=True)
        bind("<<Copy>>", breaking(self.copy))
        bind("<<SelectAll>>", breaking(self.select_all))

    def _mouse_down(self, event: tk.Event[tk.Misc]) -> None:
        self._selection = None
        self._pressed = self._place_under(event)

    def _mouse_up(self, event: tk.Event[tk.Misc]) -> None:
        """A click that selects no text chooses the row."""
        place = self._place_under(event)
        if not self._text.tag_ranges("sel") and place == self._pressed and self._transcript.total:
            self._transcript.choose(place)

    def _place_under(self, event: tk.Event[tk.Misc]) -> int:
        index = self._text.index(f"@{event.x},{event.y}")
        return self._row_window.place_at(int(index.partition(".")[0]))[0]

    def _make_menu(self, theme: Theme) -> None:
        self._menu = Menu(self._text, theme, self._entries)
        for button in HERE.menu_clicks:
            self._text.bind(button, self._open_menu)
        bind_known(self._text, MENU_KEYS, self._open_menu_by_key)

    def _entries(self) -> Sequence[Entry]:
        has_text = bool(self._text.tag_ranges("sel")) or self._selection is not None
        has_rows = has_text or self.chosen is not None
        return [
            Entry(menu_words("copy"), self.copy, shown("copy"), has_text),
            Entry("Copy with &times", lambda: self.copy_as(self._timed), can=has_rows),
            Entry("Copy as &hex", lambda: self.copy_as(_hex), can=has_rows),
            Entry(menu_words("select_all"), self.select_all, shown("select_all"), self._transcript.total > 0),
        ]

    def _reading(self, display_row: DisplayRow) -> str:
        if not display_row.is_message:
            return display_row.note
        return self._row_window.decoding.decode(display_row.data or b"").removesuffix("\n")

    def _timed(self, display_row: DisplayRow) -> str:
        who = f"#{display_row.number} " if display_row.number is not None else ""
        way = {"received": "> ", "sent": "< "}.get(display_row.kind, "")
        return f"{clock(display_row)}  {who}{way}{self._reading(display_row)}"

    def _open_menu(self, event: tk.Event[tk.Misc]) -> str:
        if self.places is None and self._transcript.total:
            self._transcript.choose(self._place_under(event))
        self._menu.open(event.x_root, event.y_root)
        return "break"

    def _open_menu_by_key(self, _event: object) -> str:
        boxes = [self._text.bbox(f"{self._row_window.line_of(chosen)}.0") for chosen in self._chosen_here()]
        box = boxes[0] if boxes else None
        x, y = (box[0], box[1] + box[3]) if box else (20, 20)
        self._menu.open(self._text.winfo_rootx() + x, self._text.winfo_rooty() + y)
        return "break"


def _hex(display_row: DisplayRow) -> str:
    return (display_row.data or b"").hex(" ") if display_row.is_message else ""
