"""What a person has selected or chosen in the transcript, wherever its rows are just now.

The Text holds a row window of the conversation, so a selection is kept as places of rows and put back
whenever the row window changes; what lies outside the row window is read from the journal when it is copied.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from gui.viewmodels.typeset_row import DECOR, Place
from gui.widgets.bindings import breaking
from gui.widgets.clipboard import BYTES, give

if TYPE_CHECKING:
    from core.compose import Encoding
    from core.journal.display_row import DisplayRow
    from gui.views.conversation.bubbles import BubbleText
    from gui.views.conversation.row_window import RowWindow


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


_SHIFT = 1  # in the state of a Tk event
MOST_ROWS = 2_000  # that are copied at once; more is what exporting is for
MOST_BYTES = 2_000_000  # of them
_MOST_WRITTEN = 256 * 1024  # bytes that are written as something else than their own text: a tenth of a second

_NOTHING = "Nothing is selected to be copied: drag over some text, or choose a message with Alt+Up."


class Position(NamedTuple):
    """A character of the conversation: of which row, where in it, and which bytes of the message are at its sides.

    ``start`` is the first byte that is not shown in front of it, ``stop`` the one behind the last that is (None for the
    message's end): a mark that it lies within counts to both sides.
    """

    place: int
    line: int
    column: int
    start: int = 0
    stop: int | None = None


class Selection:
    """The selection and the chosen row of one transcript. A click that selects no text has its row chosen."""

    def __init__(
        self,
        text: BubbleText,
        row_window: RowWindow,
        *,
        choose: Callable[[int], None],
        on_refuse: Callable[[str], None],
    ) -> None:
        self.chosen: int | None = None  # the place of the row that is looked at closely
        self._selection: tuple[Position, Position] | None = None
        self._row_window = row_window
        self._text = text
        self._choose = choose
        self._on_refuse = on_refuse
        self._anchor: Position | None = None  # where Tk selects from, once the row window has changed since the click
        self._pressed = 0  # the place on which the mouse button went down
        self._primary = ""  # what another program is being given of what is selected
        self._bind()

    # For the transcript.

    def remember(self) -> None:
        """The row window is about to change: note what is selected."""
        self._remember_anchor()
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

    def _remember_anchor(self) -> None:
        """Note from where Tk selects while the mouse is dragged, which Tk keeps as a mark in the Text."""
        top, bottom = self._row_window.span
        if self._anchor is None or top <= self._anchor.place < bottom:
            mark = self._anchor_mark
            self._anchor = self._position(self._text.index(mark)) if mark in self._text.mark_names() else None

    @cached_property
    def _anchor_mark(self) -> str:
        return str(self._text.tk.call("tk::TextAnchor", self._text))

    def restore(self) -> None:
        """The row window has changed: show again what is selected and chosen."""
        text = self._text
        text.set_off([self._row_window.shown_at(chosen) for chosen in self._chosen_here()])
        if self._anchor is not None:
            text.mark_set(self._anchor_mark, self._index(self._anchor))
        if self._selection is not None and self._overlaps(self._selection):
            text.tag_remove("sel", "1.0", "end")
            text.tag_add("sel", self._index(self._selection[0]), self._index(self._selection[1]))

    def forget(self) -> None:
        """Nothing is selected or chosen: another conversation is on view."""
        self._selection = self.chosen = self._anchor = None
        self._text.mark_unset(self._anchor_mark)
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
        total = self._row_window.total
        if total:
            self._selection = (Position(0, 0, 0), Position(total, 0, 0))
            self.restore()

    def copy(self) -> None:
        """Copy the bytes of what is selected, or of the chosen message: as text, or as escapes or hex where it must be.

        What has no bytes, as a note, is copied as it is shown.
        """
        self.copy_as("")

    def copy_as(self, notation: str) -> None:
        """Copy the same in a notation of ``core.compose``."""
        found = self._pieces(self._on_refuse)
        text = self._written(found, notation, self._on_refuse) if found else None
        if found and text is not None:
            give(self._text, text, b"".join(found))
        elif found == []:
            self.copy_shown()

    def copy_shown(self) -> None:
        """Copy what is selected, or the chosen row, as it is shown: with its time, its number and its marks."""
        places = self.picked
        if places is None:
            self._on_refuse(_NOTHING)
            return
        top, bottom = self._row_window.span
        if places[0] >= top and places[1] <= bottom:
            first, last = self._row_window.shown_at(places[0])[0], self._row_window.shown_at(places[1] - 1)[1]
            chosen = (f"{first}.0", f"{last}.0 - 1 chars")
            shown = selected_text(self._text) if self._selection else text_between(self._text, *chosen)
        else:
            rows = self._read(places, self._on_refuse)
            shown = self._row_window.text_of(rows) if rows is not None else ""
        if shown.strip("\n"):
            give(self._text, shown)
        else:
            self._on_refuse(_NOTHING)

    @property
    def picked(self) -> tuple[int, int] | None:
        """The places of the selected rows or of the chosen one, the second one past the last."""
        return self.places or ((self.chosen, self.chosen + 1) if self.chosen is not None else None)

    # Behind them.

    def _chosen_here(self) -> list[int]:
        """The chosen row if it is in the Text."""
        top, bottom = self._row_window.span
        return [self.chosen] if self.chosen is not None and top <= self.chosen < bottom else []

    def _read(self, places: tuple[int, int], refuse: Callable[[str], None]) -> list[DisplayRow] | None:
        """The rows that were picked; None if there are too many, which is told."""
        rows = places[1] - places[0]
        if rows > MOST_ROWS:
            refuse(f"{rows:,} rows are too many for the clipboard. File, Export writes them to a file.")
            return None
        return self._row_window.read(*places)

    def messages(self, refuse: Callable[[str], None]) -> list[tuple[DisplayRow, bytes]] | None:
        """Each message that was picked, with its bytes as far as it was; None if too many or none, which is told."""
        places = self.picked
        if places is None:
            refuse(_NOTHING)
        rows = self._read(places, refuse) if places is not None else None
        if rows is None:
            return None
        rows = [row for row in self._row_window.shown_once(rows) if row.is_message and row.size]
        if sum(row.size for row in rows) > MOST_BYTES:
            refuse("That is too much for the clipboard. File, Export writes it to a file.")
            return None
        return [(row, data) for row in rows if (data := self._picked_of(row))]

    def _pieces(self, refuse: Callable[[str], None]) -> list[bytes] | None:
        """The bytes alone."""
        found = self.messages(refuse)
        return [data for _row, data in found] if found is not None else None

    def _picked_of(self, row: DisplayRow) -> bytes:
        """What was picked of one message."""
        data = row.data or b""
        if len(data) < row.size:
            data = self._row_window.whole(row, MOST_BYTES)
        start, stop = 0, None
        if self._selection is not None:
            first, last = self._selection
            start = first.start if first.place == row.place else 0
            stop = last.stop if last.place == row.place else None
        return data[start:stop]

    def _written(self, found: list[bytes], notation: str, refuse: Callable[[str], None]) -> str | None:
        """Messages in a notation, or as they are copied without one; None if that would take long, which is told."""
        data = b"".join(found)
        notation = notation or ("hex" if self._row_window.style.as_hex else "")
        text = self._text_of(found, data) if not notation else None
        if text is not None:
            return text
        if len(data) > _MOST_WRITTEN:
            refuse(f"{len(data):,} bytes are too many to copy like that. Save them, or export them.")
            return None
        from core.compose import write_as

        return write_as(notation or "escapes", data, self._encoding)

    def _text_of(self, found: list[bytes], data: bytes) -> str | None:
        """The messages as text, each on a line of its own; None if not all that is in it can be told apart there."""
        from core.compose import Format, describe, is_typeable

        if describe(data, Format.TEXT, self._encoding) != "".join(map(self._row_window.decoding.decode, found)):
            return None
        texts = [self._row_window.decoding.decode(one) for one in found]
        if not all(map(is_typeable, texts)):
            return None
        return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts[:-1]) + texts[-1]

    @property
    def _encoding(self) -> Encoding:
        return self._row_window.decoding.encoding

    def _overlaps(self, selection: tuple[Position, Position]) -> bool:
        top, bottom = self._row_window.span
        return selection[0].place < bottom and selection[1].place >= top

    def _position(self, index: str) -> Position:
        line, _, column = index.partition(".")
        place, within = self._row_window.place_at(int(line))
        known = next((one for one in self._selection or () if one[:3] == (place, within, int(column))), None)
        if known is not None:
            return known
        row, at = self._row_window.row(place), Place(within, int(column))
        if row is None or row.body is None:
            return Position(place, *at)
        return Position(place, *at, *row.body.bytes_between(row, at, at, self._text.astral))

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
        for kind in ("STRING", "UTF8_STRING", BYTES):
            self._text.selection_handle(partial(self._give_primary, kind), type=kind)

    def _mouse_down(self, event: tk.Event[tk.Misc]) -> None:
        top, bottom = self._row_window.span
        if not int(event.state) & _SHIFT:
            self._anchor = None
        is_outside = self._anchor is not None and not top <= self._anchor.place < bottom
        self._selection = (self._anchor, self._anchor) if self._anchor is not None and is_outside else None
        self._pressed = self.place_under(event)

    def _mouse_up(self, event: tk.Event[tk.Misc]) -> None:
        """A click that selects no text chooses the row; what only separates rows is no text."""
        place = self.place_under(event)
        is_blank = bool(self._text.tag_ranges("sel")) and not selected_text(self._text).strip("\n")
        if is_blank and not self._pieces(_say_nothing):
            self._selection = None
            self._text.tag_remove("sel", "1.0", "end")
        if not self._text.tag_ranges("sel") and place == self._pressed and self._row_window.total:
            self._choose(place)

    def place_under(self, event: tk.Event[tk.Misc]) -> int:
        """The place of the row under the mouse."""
        index = self._text.index(f"@{event.x},{event.y}")
        return self._row_window.place_at(int(index.partition(".")[0]))[0]

    def _give_primary(self, kind: str, offset: str, most: str) -> str:
        """What X11 pastes with the middle button, a part at a time: what would be copied."""
        if offset == "0":
            found = self._pieces(_say_nothing) or []
            text = self._written(found, "", _say_nothing) if found else None
            shown = selected_text(self._text) if text is None else text
            self._primary = b"".join(found).hex() if kind == BYTES else shown
        return self._primary[int(offset) : int(offset) + int(most)]


def _say_nothing(_why: str) -> None:
    """Another program asks, again and again: nobody is here to be told."""
