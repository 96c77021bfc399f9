"""The saved messages, a row each: chosen by arrow keys or mouse, put in order by both, named in place.

However many there are, only those in sight are widgets.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Protocol

from core.text_safety import TextSafety
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.saved_list import SavedRow
from gui.views.saved.saved_row import RowLine, RowLook, dress_buttons, measure
from gui.widgets.bindings import bind_known, bind_wheel, breaking, focus_now
from gui.widgets.focus_ring import FocusRing
from gui.widgets.namer import Namer
from gui.widgets.scrolling import RowScrollbar

_STARTS = 6  # pixels at 96 dots an inch that the mouse is moved before it is a drag
_STEP_MS = 90  # between two rows that are scrolled while the mouse is held outside


class Drag:
    """``lifted`` is the row in the hand, -1 if there is none. ``on_drop`` gets it, and where it is to be."""

    def __init__(self, rows: SavedRows, theme: Theme, on_drop: Callable[[int, int], None]) -> None:
        self.lifted = -1
        self._rows, self._theme, self._on_drop = rows, theme, on_drop
        self._pressed: tuple[int, int] | None = None  # the row, and where on the screen
        self._pointer = 0
        self._timer: str | None = None
        self._line = tk.Frame(rows.body, borderwidth=0, highlightthickness=0)
        rows.mouse.bind("<B1-Motion>", self._moved)
        rows.mouse.bind("<ButtonRelease-1>", self._released)

    def press(self, row: int, y_root: int) -> None:
        """The mouse went down on a row."""
        self._pressed = row, y_root

    def give_up(self) -> bool:
        """Leave the row where it is; whether there was one in the hand."""
        was_lifted = self.lifted >= 0
        self._end()
        return was_lifted

    @property
    def gap(self) -> int:
        """Before which row it would be put."""
        rows = self._rows
        y = min(max(self._pointer - rows.body.winfo_rooty(), 0), rows.body.winfo_height())
        return max(0, min(rows.top + round(y / rows.row_height), rows.total))

    def _moved(self, event: tk.Event[tk.Misc]) -> str:
        self._pointer = event.y_root
        if self._pressed is None:
            return "break"
        row, began = self._pressed
        if self.lifted < 0 and abs(event.y_root - began) >= self._theme.px(_STARTS):
            self.lifted = row
            self._rows.body.configure(cursor="fleur")
            self._rows.draw()
        if self.lifted >= 0:
            self._show_line()
            self._scroll_on()
        return "break"

    def _released(self, _event: object) -> None:
        lifted, gap = self.lifted, self.gap
        self._end()
        to = gap if gap <= lifted else gap - 1
        if lifted >= 0 and to != lifted:
            self._on_drop(lifted, to)

    def _show_line(self) -> None:
        rows, width = self._rows, self._theme.px(3)
        y = (self.gap - rows.top) * rows.row_height
        self._line.configure(background=self._theme.palette.focus)
        self._line.place(x=0, relwidth=1, y=max(0, y - width // 2), height=width)
        self._line.lift()

    def _scroll_on(self) -> None:
        """While the mouse is held above or below the list, see more of it."""
        if self._timer is not None:
            return
        y = self._pointer - self._rows.body.winfo_rooty()
        step = -1 if y < 0 else 1 if y > self._rows.body.winfo_height() else 0
        if step:
            self._rows.scroll_to(self._rows.top + step)
            self._show_line()
            self._timer = self._rows.body.after(_STEP_MS, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._scroll_on()

    def _end(self) -> None:
        self._pressed, self.lifted = None, -1
        if self._timer is not None:
            self._rows.body.after_cancel(self._timer)
            self._timer = None
        self._line.place_forget()
        self._rows.body.configure(cursor="")
        self._rows.draw()


_TURN = 2  # rows that one notch of the wheel scrolls


class SavedRowsController(Protocol):
    """What can be done with a message, by its number."""

    def send(self, number: int) -> None: ...
    def edit(self, number: int) -> None: ...
    def rename(self, number: int, name: str) -> bool: ...
    def move(self, number: int, to: int) -> None: ...
    def delete(self, number: int) -> None: ...


class SavedRows(ttk.Frame):
    """``on_choose`` is called when another row is chosen, ``on_menu`` gets where on the screen a menu is wanted."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        controller: SavedRowsController,
        *,
        on_choose: Callable[[], None],
        on_menu: Callable[[int, int], None],
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme, self._controller = theme, controller
        self._on_choose, self._on_menu = on_choose, on_menu
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.rows: Sequence[SavedRow] = ()
        self.at = 0  # of the row that is chosen
        self.top = 0  # the first row in sight
        self.lines: list[RowLine] = []
        self._measures = measure(theme, 1, 0)
        self.body = tk.Frame(self, borderwidth=0, highlightthickness=0, takefocus=True, width=1, height=1)
        self.mouse = tk.Frame(self, takefocus=False)  # never seen: its bindings are for the body and all within it
        self.body.bindtags((*self.body.bindtags(), str(self.mouse)))
        self.bar = RowScrollbar(self, self)
        self.bar.pack(side="right", fill="y", pady=theme.px(2), padx=(0, theme.px(2)))
        self.body.pack(side="left", fill="both", expand=True)
        self.namer: Namer[int] = Namer(self, self._rename, self.draw)
        self.drag = Drag(self, theme, self.move)
        FocusRing(self, self.body, theme)
        self._bind_keys()
        self._bind_mouse()
        theme.subscribe(self._restyle, self)

    def show(self, rows: Sequence[SavedRow]) -> None:
        """Show these rows; the message that was chosen stays so, or the one that is in its place now."""
        chosen = self.chosen
        self.rows = rows
        if chosen is not None:
            self.at = next((at for at, row in enumerate(rows) if row.number == chosen.number), self.at)
        self.at = max(0, min(self.at, len(rows) - 1))
        self.draw()
        self._on_choose()

    @property
    def chosen(self) -> SavedRow | None:
        """The row that keys and buttons mean."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def row_height(self) -> int:
        """Pixels."""
        return self._measures.height

    @property
    def page(self) -> int:
        """How many rows are in sight as a whole, at least 1."""
        return max(1, self.body.winfo_height() // self.row_height)

    def choose(self, place: int) -> None:
        """Choose a row, and see it."""
        place = max(0, min(place, self.total - 1))
        is_other = self.total > 0 and place != self.at
        self.at = place
        self.namer.leave()
        if self.at < self.top:
            self.top = self.at
        elif self.at >= self.top + self.page:
            self.top = self.at - self.page + 1
        self.draw()
        if is_other:
            self._on_choose()

    def choose_number(self, number: int) -> None:
        """Choose the row of a message."""
        self.choose(next((place for place, row in enumerate(self.rows) if row.number == number), self.at))

    def scroll_to(self, top: int) -> None:
        """Have that row first, or as near as there are rows below it."""
        self.namer.leave()
        self.top = top
        self.draw()

    def focus_rows(self) -> None:
        """Bring the keyboard here."""
        focus_now(self.body)

    def move(self, place: int, to: int) -> None:
        """Move a message to another place."""
        if 0 <= place < self.total and 0 <= to < self.total:
            self._controller.move(self.rows[place].number, to)
            self.choose(to)

    def begin_naming(self, then: Callable[[], None] | None = None) -> None:
        """Have the name of the chosen message typed over; ``then`` says where the keyboard goes afterwards."""
        if self.chosen is None:
            return
        self.update_idletasks()  # so that the room is known that the row has
        self.choose(self.at)
        self.namer.begin(self.chosen.number, self._safety.field(self.chosen.name), then or self.focus_rows)
        self.draw()
        focus_now(self.namer)

    def draw(self) -> None:
        """Draw the rows in sight."""
        height, width = self.row_height, self._measures.width
        self.top = max(0, min(self.top, self.total - self.page))
        seen = self.rows[self.top : self.top + self.body.winfo_height() // height + 1]
        while len(self.lines) < len(seen):
            self.lines.append(self._line(len(self.lines)))
        for line, place in zip(self.lines, range(self.top, self.top + len(seen)), strict=False):
            row = self.rows[place]
            look = RowLook(self._measures, place == self.at, place == self.drag.lifted, bool(row.problem))
            line.show(row, place + 1, look)
            line.place(x=0, y=(place - self.top) * height, width=width, height=height)
        for line in self.lines[len(seen) :]:
            line.place_forget()
        self._place_namer()
        self.bar.show()

    def place_at(self, y_root: int) -> int:
        """The row at that height of the screen, even beyond the last."""
        return self.top + (y_root - self.body.winfo_rooty()) // self.row_height

    # Keys.

    def _bind_keys(self) -> None:
        for key, act in (
            ("<Up>", lambda: self.choose(self.at - 1)),
            ("<Down>", lambda: self.choose(self.at + 1)),
            ("<Prior>", lambda: self.choose(self.at - self.page)),
            ("<Next>", lambda: self.choose(self.at + self.page)),
            ("<Home>", lambda: self.choose(0)),
            ("<End>", lambda: self.choose(self.total - 1)),
            ("<Alt-Up>", lambda: self.move(self.at, self.at - 1)),
            ("<Alt-Down>", lambda: self.move(self.at, self.at + 1)),
            ("<Return>", lambda: self._with_chosen(self._controller.send)),
            ("<KP_Enter>", lambda: self._with_chosen(self._controller.send)),
            ("<F2>", lambda: self._with_chosen(self._controller.edit)),
            ("<Shift-F2>", self.begin_naming),
            ("<Delete>", lambda: self._with_chosen(self._controller.delete)),
            ("<BackSpace>", lambda: self._with_chosen(self._controller.delete)),
            ("<Shift-F10>", self._menu_at_row),
            ("<Menu>", self._menu_at_row),
        ):
            bind_known(self.body, [key], breaking(act))

    def _with_chosen(self, act: Callable[[int], None]) -> None:
        if self.chosen is not None:
            act(self.chosen.number)

    def _menu_at_row(self) -> None:
        y = self.body.winfo_rooty() + (self.at - self.top + 1) * self.row_height
        self._on_menu(self.body.winfo_rootx() + self._theme.px(24), y)

    # Mouse.

    def _bind_mouse(self) -> None:
        mouse = self.mouse
        mouse.bind("<Button-1>", self._pressed)
        mouse.bind("<Double-Button-1>", self._double_clicked)
        for click in HERE.menu_clicks:
            mouse.bind(click, self._menu_at_mouse)
        bind_wheel(mouse, lambda rows: self.scroll_to(self.top + rows), _TURN)
        self.body.bind("<Configure>", lambda _event: self._reshape(), add=True)

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        place = self.place_at(event.y_root)
        if place < self.total:
            self.choose(place)
        if not isinstance(event.widget, ttk.Button):
            self.focus_rows()
            if place < self.total:
                self.drag.press(place, event.y_root)

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.place_at(event.y_root) < self.total and not isinstance(event.widget, ttk.Button):
            self._with_chosen(self._controller.edit)

    def _menu_at_mouse(self, event: tk.Event[tk.Misc]) -> None:
        self._pressed(event)
        self.drag.give_up()
        self._on_menu(event.x_root, event.y_root)

    # Private.

    def _line(self, at: int) -> RowLine:
        def send() -> None:
            self.choose(self.top + at)
            self._with_chosen(self._controller.send)

        return RowLine(self.body, self._theme, self._safety, events=str(self.mouse), on_send=send)

    def _rename(self, number: int, name: str) -> bool:
        """Give a message another name; one without keeps the one that it has."""
        return not name or self._controller.rename(number, name)

    def _place_namer(self) -> None:
        """The field stands where the row of its message is."""
        at = next((at for at, row in enumerate(self.rows) if row.number == self.namer.key), -1) - self.top
        if self.namer.key is None or not 0 <= at < len(self.lines):
            self.namer.place_forget()
            return
        name = self.lines[at].name
        left, width = int(name.place_info()["x"]), int(name.place_info()["width"])
        edge, margin = self._theme.px(6), self._theme.px(4)
        self.namer.place(
            in_=self.body,
            x=left - edge,
            width=width + edge,
            y=at * self.row_height + margin,
            height=self.row_height - 2 * margin,
        )
        self.namer.lift()

    def _reshape(self) -> None:
        """The room or the fonts are other ones."""
        if not self.lines:
            self.lines.append(self._line(0))
        self._measures = measure(self._theme, self.body.winfo_width(), self.lines[0].button.winfo_reqwidth())
        self.draw()

    def _restyle(self) -> None:
        dress_buttons(self._theme, self)
        self.body.configure(background=self._theme.palette.pane)
        for line in self.lines:
            line.forget_look()
        self._reshape()
