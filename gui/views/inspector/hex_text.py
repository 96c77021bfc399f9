"""A hex view over any number of bytes: rows in sight only, a cursor, a selection, marks, and ways to copy."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import takewhile
from tkinter import ttk

from core.errors import JournalError
from core.text_safety import TextSafety
from core.words import counted
from gui.keys import menu_words, shown
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.hexdump import (
    CURSOR_KEYS,
    MOST_COPIED,
    Bytes,
    HexCursor,
    Side,
    dump,
    fitting,
    letters,
    read_offset,
    stretches,
    unprintable,
    whereabouts,
    whole_dump,
)
from gui.viewmodels.inspection import Range
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.clipboard import give
from gui.widgets.fitting import wrap_within
from gui.widgets.menu import SEPARATOR, Entry, Menu
from gui.widgets.row_view import Picture, RowView

_MOD = HERE.modifier
_MISSING = "Some of these bytes are missing in the journal."
_CROWD = 200  # marks in sight from which only the hex column has them: Tk draws each stretch by itself
_BOTH = (Side.HEX, Side.TEXT)
_DUMP = "dump"  # a notation of ``core.compose``, which here has the offsets and letters that are shown
_FORM_OF = {Side.HEX: "hex", Side.TEXT: "text"}


class HexText(RowView):
    """Shows a source of bytes; ``on_move`` is called when the cursor, the selection or the source has changed.

    ``on_step`` gets 1 for the next boundary between calls, -1 for the one before: Ctrl+Right, Ctrl+Left.

    Keys: arrows, Page Up and Down, Home, End, Ctrl+Home, Ctrl+End, with Shift to select; Space changes the
    column; Ctrl+A selects all, Ctrl+C copies as the column shows, Ctrl+G asks for an offset.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_move: Callable[[], None] = lambda: None,
        on_step: Callable[[int], None] = lambda _by: None,
    ) -> None:
        super().__init__(parent, theme, theme.mono, height=5)
        self.cursor = HexCursor()
        self.layout = fitting(0, 0)
        self._on_move = on_move
        self._on_step = on_step
        self._decoding = UTF_8
        self._source: Bytes | None = None
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._marks: Sequence[Range] = ()
        self._call: Range = (0, 0)
        self._envelope: Sequence[Range] = ()
        self._known = (0, b"")  # the bytes in sight, and where they begin
        self._is_told = False
        self._sees_cursor = False
        self.footer = HexFooter(self, theme, on_go=self._go, on_leave=self.text.focus_set)
        self.footer.pack(side="bottom", fill="x", before=self.scrollbar)
        self._menu = Menu(self, theme, self._menu_entries)
        self._bind_keys()
        self._bind_mouse()
        theme.subscribe(self._restyle)
        self.bind("<Destroy>", self._unsubscribe, add=True)

    # What others call.

    def show_as(self, decoding: Decoding) -> None:
        """Read the bytes as other text, beside their digits and when they are copied."""
        self._decoding = decoding
        self.redraw()

    def show(self, source: Bytes | None, *, keep: bool = False, envelope: Sequence[Range] = ()) -> None:
        """Show these bytes from their beginning, or with ``keep`` from where the view is.

        ``envelope`` is what of them is shown as framing.
        """
        self._source, self._envelope = source, envelope
        if not keep:
            self.cursor.place(0)
            self.top, self._marks, self._call, self._sees_cursor = 0, (), (0, 0), False
        self.cursor.resize(source.size if source else 0)
        self.reshape()
        self._moved()

    def show_marks(self, ranges: Sequence[Range]) -> None:
        """Colour these bytes, as what was found: ranges in ascending order that do not overlap."""
        self._marks = ranges
        self.redraw()

    def show_call(self, start: int, stop: int) -> None:
        """Colour the bytes that one call carried and bring the first into view; none if there are none."""
        self._call = (start, stop)
        if stop > start:
            self.center(start // self.layout.per_row)
        self.redraw()

    def go(self, offset: int, *, stop: int | None = None) -> None:
        """Put the cursor on a byte and bring it into view, or select from there up to before ``stop``."""
        self.cursor.select(offset, offset if stop is None else stop)
        self.center(offset // self.layout.per_row)
        self._moved()

    def copy(self, form: str = "") -> None:
        """Copy what is selected, or everything; as the cursor's column shows it unless another form is asked for.

        A form is a notation of ``core.compose``.
        """
        data = self.chosen_bytes()
        if data is not None:
            give(
                self, self._written(data, form or _FORM_OF[self.cursor.side], (self.cursor.selection or (0,))[0]), data
            )

    def chosen_bytes(self) -> bytes | None:
        """What is selected, or everything; None if that is too much to copy or cannot be read, which is told."""
        start, stop = self.cursor.selection or (0, self.cursor.size)
        if stop - start > MOST_COPIED:
            self.footer.complain(f"{stop - start:,} bytes are too many to copy (at most {MOST_COPIED:,}): save them.")
            return None
        try:
            return self._read(start, stop)
        except JournalError as error:
            self.footer.complain(self._safety.field(str(error)))
            return None

    def _written(self, data: bytes, form: str, start: int) -> str:
        from core.compose import write_as

        if form == _DUMP:
            return whole_dump(data, start, letters(self._decoding.codec))
        return write_as(form, data, self._decoding.encoding)

    def ask_offset(self) -> None:
        """Open the field that takes an offset."""
        if self.cursor.size:
            self.footer.ask(self.cursor.size)

    def open_menu(self, x: int, y: int) -> None:
        """Open what the right mouse button opens, at a place on the screen."""
        self._menu.open(x, y)

    # The rows.

    def reshape(self) -> None:
        size = self.cursor.size
        first = self.top * self.cursor.per_row
        self.layout = fitting(self.columns, size)
        self.cursor.per_row = self.layout.per_row
        self.top = first // self.layout.per_row
        self.total = -(-size // self.layout.per_row)
        if self._sees_cursor:
            self.reveal(self.cursor.row)
        self.redraw()

    def paint(self, first: int, count: int) -> Picture:
        per_row = self.layout.per_row
        self._sees_cursor = first <= self.cursor.row < first + self.page
        start, stop = first * per_row, min((first + count) * per_row, self.cursor.size)
        try:
            data = self._read(start, stop) if count > 0 else b""
        except JournalError as error:
            self._known = (0, b"")
            return Picture(self._safety.text(str(error)), {"failure": ("1.0", "end")})
        self._known = (start, data)
        self._tell()
        return Picture(dump(data, start, self.layout, letters(self._decoding.codec)), self._ranges(first, count, data))

    def _ranges(self, first: int, count: int, data: bytes) -> dict[str, Sequence[str]]:
        """Which tag lies where; a later one covers an earlier."""
        start, stop = first * self.layout.per_row, first * self.layout.per_row + len(data)

        def indices(ranges: Iterable[Range], *sides: Side) -> list[str]:
            found: list[str] = []
            for begin, end in ranges:
                for row, left, right in stretches(begin, end, first, count, self.layout.per_row):
                    for side in sides:
                        columns = self.layout.stretch(side, left, right)
                        found += (f"{row + 1}.{columns[0]}", f"{row + 1}.{columns[1]}")
            return found

        selection, here = self.cursor.selection, (self.cursor.offset, self.cursor.offset + 1)
        side, other = (_BOTH if self.cursor.side is Side.HEX else _BOTH[::-1]) if self.has_focus else (None, None)
        marks = list(self._marks_between(start, stop))
        is_crowded = len(marks) > _CROWD
        dots = (
            []
            if is_crowded
            else [(start + begin, start + end) for begin, end in unprintable(data, letters(self._decoding.codec))]
        )
        return {
            "offset": [f"{row + 1}.{column}" for row in range(count) for column in (0, self.layout.digits)],
            "dot": indices(dots, Side.TEXT),
            "framing": indices(self._envelope, *_BOTH),
            "call": indices([self._call], *_BOTH),
            "mark": indices(marks, *_BOTH[: 1 if is_crowded else 2]),
            "selection": indices([selection], *_BOTH) if selection else (),
            "cursor": indices([here], side) if side else (),
            "cursor-other": indices([here], other) if other else (),
        }

    def _marks_between(self, start: int, stop: int) -> Iterable[Range]:
        place = max(0, bisect_right(self._marks, start, key=lambda mark: mark[0]) - 1)
        nearby = (self._marks[index] for index in range(place, len(self._marks)))
        return takewhile(lambda mark: mark[0] < stop, nearby)

    def _read(self, start: int, stop: int) -> bytes:
        data = self._source.read(start, stop) if self._source else b""
        if len(data) != stop - start:
            raise JournalError(_MISSING)
        return data

    # The cursor.

    def _moved(self) -> None:
        self._is_told = False
        self.footer.forgive()
        self.redraw()
        self._on_move()

    def _tell(self) -> None:
        """Say where the cursor is, once for each move."""
        if self._is_told:
            return
        self._is_told = True
        start, data = self._known
        place = self.cursor.offset - start
        self.footer.tell(whereabouts(self.cursor, data[place] if 0 <= place < len(data) else None))

    def _pressed(self, key: str, _event: object, *, extend: bool) -> str:
        self.cursor.press(key, self.page, extend=extend)
        self.reveal(self.cursor.row)
        self._moved()
        return "break"

    def _go(self, offset: int) -> None:
        self.go(offset)

    def _select_all(self) -> None:
        self.cursor.select(0, self.cursor.size)
        self._moved()

    def _switch_side(self) -> None:
        self.cursor.switch_side()
        self._moved()

    def _escape(self, _event: object) -> str | None:
        """Give up the selection; if there is none, the key is somebody else's."""
        if self.cursor.selection is None:
            return None
        self.cursor.place(self.cursor.offset)
        self._moved()
        return "break"

    def _bind_keys(self) -> None:
        for key in CURSOR_KEYS:
            modifier, _, name = key.rpartition("-")
            prefix = f"{modifier}-" if modifier else ""
            self.text.bind(f"<{prefix}{name}>", partial(self._pressed, key, extend=False))
            self.text.bind(f"<Shift-{prefix}{name}>", partial(self._pressed, key, extend=True))
        for letter, act in (("a", self._select_all), ("c", self.copy)):
            for spelling in (letter, letter.upper()):
                self.text.bind(f"<{_MOD}-{spelling}>", breaking(act))
        self.text.event_add("<<GoTo>>", f"<{_MOD}-g>", f"<{_MOD}-G>")
        self.text.bind("<<GoTo>>", breaking(self.ask_offset))
        self.text.bind("<<Copy>>", breaking(self.copy))
        self.text.bind("<<SelectAll>>", breaking(self._select_all))
        self.text.bind("<space>", breaking(self._switch_side))
        for key, by in (("Left", -1), ("Right", 1)):
            self.text.bind(f"<{_MOD}-{key}>", breaking(partial(self._on_step, by)))
        self.text.bind("<Escape>", self._escape)
        for key in ("<Menu>", "<Shift-F10>"):
            self.text.bind(key, self._menu_key)

    # The mouse.

    def _bind_mouse(self) -> None:
        self.text.bind("<Button-1>", self._clicked)
        self.text.bind("<Shift-Button-1>", self._dragged)
        self.text.bind("<B1-Motion>", self._dragged)
        self.text.bind("<ButtonRelease-1>", lambda _event: self.stop_dragging())
        for button in HERE.menu_clicks:
            self.text.bind(button, self._menu_clicked)

    def _byte_at(self, event: tk.Event[tk.Misc]) -> tuple[Side, int]:
        row, column = self.at(event)
        side, index = self.layout.locate(column)
        return side, row * self.layout.per_row + index

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.text.focus_set()
        self.cursor.side, offset = self._byte_at(event)
        self.cursor.place(offset)
        self._moved()
        return "break"

    def _dragged(self, event: tk.Event[tk.Misc]) -> str:
        self.text.focus_set()
        _side, offset = self._byte_at(event)
        if offset != self.cursor.offset or self.cursor.selection:
            self.cursor.place(offset, extend=True)
            self._moved()
        self.keep_dragging(event, self._dragged)
        return "break"

    def _menu_clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.text.focus_set()
        self.open_menu(event.x_root, event.y_root)
        return "break"

    def _menu_key(self, _event: object) -> str:
        box = self.text.bbox("cursor.first") if self.text.tag_ranges("cursor") else None
        x, y = (box[0], box[1] + box[3]) if box else (0, 0)
        self.open_menu(self.text.winfo_rootx() + x, self.text.winfo_rooty() + y)
        return "break"

    def _menu_entries(self) -> Sequence[Entry]:
        from core.compose import NOTATIONS

        selection = self.cursor.selection
        count = selection[1] - selection[0] if selection else self.cursor.size
        what = f"Copy {'' if selection else 'all '}{counted(count, 'byte')}"
        return [
            *(Entry(f"{what} {words}", partial(self.copy, form), can=count > 0) for form, words, _write in NOTATIONS),
            SEPARATOR,
            Entry(menu_words("select_all"), self._select_all, shown("select_all"), count > 0),
            Entry("&Go to offset…", self.ask_offset, shown("go_to"), count > 0),
        ]

    # Colours and fonts.

    def _restyle(self) -> None:
        p, tag = self.theme.palette, self.text.tag_configure
        self.text.configure(
            background=p.pane, foreground=p.text, font=self.font, highlightcolor=p.focus, highlightbackground=p.border
        )
        tag("failure", foreground=p.error, font=self.theme.base, wrap="word")
        tag("offset", foreground=p.muted)
        tag("dot", foreground=p.muted)
        tag("framing", foreground=p.muted, underline=True)
        tag("call", background=p.outgoing, foreground=p.outgoing_text)
        tag("mark", background=p.chosen, foreground=p.chosen_text)
        tag("selection", background=p.selection, foreground=p.selection_text)
        tag("cursor-other", foreground=p.accent, underline=True)
        tag("cursor", background=p.accent, foreground=p.accent_text)
        self.reshape()

    def _unsubscribe(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.theme.forget(self._restyle)


class HexFooter(ttk.Frame):
    """A line under the view: where the cursor is, and a field to go elsewhere; another for a complaint.

    ``on_go`` gets the offset that was typed. ``on_leave`` is called when the field for it closes.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_go: Callable[[int], None], on_leave: Callable[[], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame", padding=(theme.px(6), theme.px(2)))
        self._on_go = on_go
        self._on_leave = on_leave
        self._limit = 0
        line = ttk.Frame(self, style="Pane.TFrame")
        line.pack(fill="x")
        self.words = ttk.Label(line, style="Pane.Muted.TLabel", width=1)
        self.words.pack(side="left", fill="x", expand=True)
        self._complaint = ttk.Label(self, style="Pane.Error.TLabel", justify="left")
        wrap_within(self._complaint, self, lambda: 2 * theme.px(6))
        self._asking = ttk.Frame(line, style="Pane.TFrame")
        ttk.Label(self._asking, text="Go to", style="Pane.Muted.TLabel").pack(side="left")
        self.entry = ttk.Entry(self._asking, width=10, font=theme.mono)
        self.entry.pack(side="left", padx=theme.px(4))
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.bind(key, self._go)
        self.entry.bind("<Escape>", lambda _event: self._leave())
        self.entry.bind("<Key>", lambda _event: self._accept(), add=True)

    def tell(self, words: str) -> None:
        """Say where the cursor is."""
        self.words.configure(text=words)

    def complain(self, sentence: str) -> None:
        """Say what is wrong, until ``forgive``."""
        self._complaint.configure(text=sentence)
        self._complaint.pack(anchor="w")

    def ask(self, limit: int) -> None:
        """Open the field for an offset below ``limit``."""
        self._limit = limit
        self._asking.pack(side="left", before=self.words)
        self.entry.selection_range(0, "end")
        focus_now(self.entry)

    def forgive(self) -> None:
        """Nothing is wrong any more."""
        self._complaint.pack_forget()

    @property
    def complaint(self) -> str:
        """What is said to be wrong; empty if nothing is."""
        return str(self._complaint.cget("text")) if self._complaint.winfo_manager() else ""

    @property
    def is_asking(self) -> bool:
        """Whether the field is open."""
        return bool(self._asking.winfo_manager())

    def _go(self, _event: object) -> str:
        try:
            offset = read_offset(self.entry.get(), self._limit)
        except ValueError as error:
            self.entry.state(["invalid"])
            self.complain(str(error))
            return "break"
        self._on_go(offset)
        return self._leave()

    def _leave(self) -> str:
        self._accept()
        self.forgive()
        self._asking.pack_forget()
        self._on_leave()
        return "break"

    def _accept(self) -> None:
        self.entry.state(["!invalid"])
