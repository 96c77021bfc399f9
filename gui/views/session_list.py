"""The servers with their connections, and the clients beside them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from tkinter import font as tkfont
from tkinter import ttk

from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.typesetting import connection_tag
from gui.viewmodels.window_view import MenuState, SessionRow
from gui.views.menus import ROW_ENTRIES, TLS_ROW_ENTRIES, command_entry
from gui.widgets.bindings import MENU_KEYS, bind_known, focus_now
from gui.widgets.fitting import elided
from gui.widgets.menu import Entry, Menu
from gui.widgets.namer import Namer
from gui.widgets.tip import Tip

_WIDTH = 190  # at 96 dots an inch, as are the next three: the least that is usual
_EDGE, _BESIDE = 6, 44  # left of the tree; and what a row needs in it beside its words: arrow and dot
_INDENT = 14  # what a row below another is moved to the right
_NAMER_EDGE = 10  # what the field for a name begins left of the name
_GOING_ON = ("live", "waiting")  # states of rows that are not over
_FEW = 9  # new messages, for whose number each row has room
_OF_NOTES = frozenset({"remove_over"})  # commands for a row that stands for no conversation


class SessionList(ttk.Frame):
    """A tree of sessions; choosing a row is reported by its key.

    Its menu has those of ``commands`` that are for a row, as ``state`` says that things stand for them.
    ``on_usual_width`` is called when ``usual_width`` is another.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_choose: Callable[[str], None],
        commands: Mapping[str, Callable[[], None]] | None = None,
        state: Callable[[], MenuState] = MenuState,
        on_usual_width: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(parent, style="Sidebar.TFrame")
        self._theme = theme
        self._on_choose, self._on_usual_width = on_choose, on_usual_width
        self._commands, self._state = commands or {}, state
        self.on_rename: Callable[[str, str], bool] = lambda _key, _name: False  # whoever keeps the names sets it
        self._rows: dict[str, SessionRow] = {}
        self._widths: dict[str, int] = {}  # pixels that each row needs
        self.usual_width = theme.px(_WIDTH)  # pixels, in which no name is cut
        self._chosen = ""  # the row on view
        self._above: tuple[str, ...] = ()  # the rows in which it stands, the nearest first
        self._opened: set[str] = set()  # those of them that were unfolded for it
        self._marked = ""  # the row that was selected last, by the program or by a person
        self._under = ""  # the row under the mouse
        self._beside_it: tuple[int, int] | None = None  # where its tip stands
        heading = ttk.Label(self, text="Sessions", style="Sidebar.Muted.TLabel")
        heading.pack(anchor="w", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self.tree = ttk.Treeview(self, show="tree", selectmode="browse")
        self.tree.column("#0", width=theme.px(_WIDTH), minwidth=theme.px(60))
        self._bar = ttk.Scrollbar(self, command=self.tree.yview, style="Sidebar.Vertical.TScrollbar")
        self.tree.configure(yscrollcommand=self._scrolled)
        self.tree.pack(side="left", fill="both", expand=True, padx=(theme.px(_EDGE), 0))
        self.tip = Tip(self.tree, theme, lambda: self._beside_it)
        self.namer: Namer[str] = Namer(self.tree, lambda key, name: self.on_rename(key, name), lambda: None)
        self._bind_events()
        theme.subscribe(self._restyle)

    @cached_property
    def menu(self) -> Menu:
        """The menu of a row, made when it opens for the first time."""
        return Menu(self.tree, self._theme, self._entries)

    def show(self, rows: Sequence[SessionRow], selected: str) -> None:
        """Show these rows, changing only what differs."""
        known, self._rows = self._rows, {row.key: row for row in rows}
        gone = [key for key in known if key not in self._rows]
        stands = [key for key in known if key in self._rows] == [key for key in self._rows if key in known]
        self._take_out(gone)
        places: dict[str, int] = {}
        is_other = bool(gone) or not stands
        is_changed = is_other
        for row in rows:
            place = places[row.parent] = places.get(row.parent, -1) + 1
            before = known.get(row.key)
            if not (stands and (before is row or before == row)):
                self._put(row, place, before)
                is_changed = True
                is_other = is_other or before is None
        self._mark(selected, is_other=is_other)
        if is_changed:
            self._settle_width(may_shrink=bool(gone))
            self._follow_rows()

    def words_of(self, key: str) -> str:
        """A row's words as they are shown, cut where there is no room for them."""
        return str(self.tree.item(key, "text")).strip()

    def begin_naming(self) -> None:
        """Let a person type a name in the place of the row on view."""
        row = self._rows.get(self._chosen)
        if row is not None and self.tree.bbox(row.key):
            self._forget_row()
            self.namer.begin(row.key, row.name, self.tree.focus_set)
            self._follow_rows()
            focus_now(self.namer)

    # Rows.

    def _take_out(self, gone: Sequence[str]) -> None:
        """Delete rows, but not what stands below them and is only to stand elsewhere."""
        for key in gone:
            self._widths.pop(key, None)
            for child in self.tree.get_children(key):
                if child in self._rows:
                    self.tree.move(child, "", "end")
        if gone:
            self.tree.delete(*gone)

    def _put(self, row: SessionRow, place: int, known: SessionRow | None) -> None:
        if known == row:
            if self.tree.index(row.key) != place:
                self.tree.move(row.key, row.parent, place)
            return
        if known is None:
            self.tree.insert(row.parent, place, iid=row.key, open=not row.is_note)
        else:
            self.tree.move(row.key, row.parent, place)
        self._dress(row)

    def _dress(self, row: SessionRow) -> None:
        self._widths[row.key] = self._needed(row)
        tags = [row.state, *([connection_tag(row.number)] if row.number is not None else [])]
        picture = "" if row.is_note else str(self._theme.dot(self._color(row), row.state))
        self.tree.item(
            row.key, text=f" {self._fitted(row)}", tags=[*tags, "unread"] if row.unread else tags, image=picture
        )

    def _font(self, row: SessionRow) -> tkfont.Font:
        return self._theme.strong if row.unread else self._theme.base

    def _needed(self, row: SessionRow) -> int:
        """The pixels of the tree in which no name is cut, whatever comes while it is not on view.

        The list would else grow wider with the first message, under the eyes of who reads beside it. How many messages
        are new is told where there is room, as there is for a few: the conversation needs it more.
        """
        goes_on = row.state in _GOING_ON
        settled = replace(row, word="" if goes_on else row.word, unread=min(row.unread, _FEW))  # such a word goes again
        rows = [settled]
        if row.number is None and goes_on:
            rows.append(replace(settled, unread=_FEW))
        return self._beside(row) + max(self._font(one).measure(f" {one.text}{one.behind}") for one in rows)

    def _beside(self, row: SessionRow) -> int:
        """The pixels of the tree that a row needs beside its words."""
        return self._theme.px(_BESIDE) + len(self._rows_above(row.key)) * self._theme.px(_INDENT)

    def _rows_above(self, key: str) -> tuple[str, ...]:
        """The rows in which a row stands, the nearest first."""
        parent = self._rows[key].parent if key in self._rows else ""
        return (parent, *self._rows_above(parent)) if parent else ()

    def _fitted(self, row: SessionRow) -> str:
        """The row's words; if they are too long the name gives way, and how it stands can be read.

        A word that says what somebody waits for gives way itself.
        """
        width = self.tree.winfo_width() if self.tree.winfo_ismapped() else self.usual_width - self._theme.px(_EDGE)
        font, room = self._font(row), width - self._beside(row)
        if font.measure(f" {row.text}{row.behind}") <= room:
            return row.text + row.behind
        words, end = row.text, row.shortly_behind
        if row.state in _GOING_ON:
            words, end = row.text + replace(row, unread=0).behind, replace(row, word="").shortly_behind
        return elided(words, font, room - font.measure(f" {end}")) + end

    def _refit(self, _event: object = None) -> None:
        for row in self._rows.values():
            text = f" {self._fitted(row)}"
            if self.tree.item(row.key, "text") != text:
                self.tree.item(row.key, text=text)
        self.after_idle(self._see)  # when Tk knows how many rows there is room for
        self._follow_rows()

    def _settle_width(self, *, may_shrink: bool) -> None:
        """Tell if there is another usual width. It shrinks only with other rows: words come and go too often."""
        bar = self._bar.winfo_reqwidth() if self._bar.winfo_manager() else 0
        widest, folded = 0, set[str]()  # of the rows that can be seen; and those in which others cannot
        for key, row in self._rows.items():
            if row.parent in folded:
                folded.add(key)
                continue
            widest = max(widest, self._widths[key])
            if row.is_note and not self.tree.item(key, "open"):
                folded.add(key)
        usual = max(self._theme.px(_WIDTH), self._theme.px(_EDGE) + widest + bar)
        if usual > self.usual_width or (may_shrink and usual != self.usual_width):
            self.usual_width = usual
            self._on_usual_width()

    def _color(self, row: SessionRow) -> str:
        p = self._theme.palette
        if row.number is not None and row.state in ("live", "waiting"):
            return p.connections[(abs(row.number) - 1) % len(p.connections)]
        return {"live": p.good, "waiting": p.warning, "failed": p.error}.get(row.state, p.muted)

    # Which row is chosen.

    def _mark(self, selected: str, *, is_other: bool) -> None:
        """Select the row on view, or the one in which a person has folded it away; ``is_other`` of another list.

        What it stands in is unfolded when it comes there, and folded again behind it. A row that a person has gone to
        and that stands for no conversation stays selected.
        """
        above = self._rows_above(selected)
        has_come = (selected, above) != (self._chosen, self._above)
        self._chosen, self._above = selected, above
        if has_come:
            for key in self._opened.difference(above).intersection(self._rows):
                self.tree.item(key, open=False)
            self._opened = {key for key in above if key in self._opened or not self.tree.item(key, "open")}
            for key in self._opened:
                self.tree.item(key, open=True)
            self._settle_width(may_shrink=True)
        current = self.tree.selection()
        if selected in self._rows and (has_come or not current or self._is_folded_away(current[0])):
            self._marked = next((key for key in reversed(above) if not self.tree.item(key, "open")), selected)
            if current != (self._marked,):
                self.tree.selection_set(self._marked)
                self.tree.focus(self._marked)
        if has_come or is_other:
            self._see()

    def _is_folded_away(self, key: str) -> bool:
        return any(not self.tree.item(above, "open") for above in self._rows_above(key))

    def _see(self) -> None:
        """Have the row that is selected in sight."""
        for key in self.tree.selection():
            if not self._is_folded_away(key):
                self.tree.see(key)

    def _selected(self, _event: object) -> None:
        chosen = self.tree.selection()
        if not chosen or chosen[0] == self._marked or chosen[0] not in self._rows:
            return
        self._marked = chosen[0]
        self._forget_row()
        if not self._rows[chosen[0]].is_note and chosen[0] != self._chosen:
            self._on_choose(chosen[0])

    def _folded(self, _event: object) -> None:
        """A person folds a row, or unfolds it."""
        self._forget_row()
        self._opened.discard(self.tree.focus())
        self._mark(self._chosen, is_other=False)
        self._settle_width(may_shrink=True)

    # What a person does.

    def _bind_events(self) -> None:
        bind = self.tree.bind
        bind("<<TreeviewSelect>>", self._selected)
        for folding in ("<<TreeviewOpen>>", "<<TreeviewClose>>"):
            bind(folding, lambda event: self.after_idle(self._folded, event))  # Tk tells of the one before it opens
        bind("<Configure>", self._refit, add=True)
        bind("<Motion>", self._moved, add=True)
        bind("<Enter>", self._moved, add=True)
        for leaving in ("<Leave>", "<Key>", "<Button>"):
            bind(leaving, lambda _event: self._forget_row(), add=True)
        bind("<ButtonRelease-1>", self._clicked, add=True)
        bind("<Double-1>", lambda event: "break" if self._is_note_at(event) else None)
        for click in HERE.menu_clicks:
            bind(click, self._open_menu)
        bind_known(self.tree, MENU_KEYS, self._open_menu_by_key)
        bind("<Delete>", lambda _event: self._do("remove_over" if self._is_at_note else "remove_row"))
        bind("<Shift-Delete>", lambda _event: self._do("remove_over"))

    def _do(self, command: str) -> str:
        self._commands[command]()
        return "break"

    @property
    def _is_at_note(self) -> bool:
        """Whether the row that is selected stands for no conversation."""
        return any(self._rows[key].is_note for key in self.tree.selection() if key in self._rows)

    def _is_note_at(self, event: tk.Event[tk.Misc]) -> bool:
        key = self.tree.identify_row(event.y)
        return key in self._rows and self._rows[key].is_note

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        """A click anywhere on a row under which others are folded unfolds it; its arrow does so by itself."""
        key = self.tree.identify_row(event.y)
        is_arrow = "indicator" in str(self.tree.identify_element(event.x, event.y))
        if key not in self._rows or is_arrow or self.tree.selection() != (key,):
            return
        if not self._rows[key].is_note:
            if key != self._chosen:  # it is selected in place of one that is folded away in it
                self._on_choose(key)
        elif self.tree.get_children(key):
            self.tree.item(key, open=not self.tree.item(key, "open"))
            self.tree.focus(key)
            self._folded(event)

    def _open_menu(self, event: tk.Event[tk.Misc]) -> str:
        key = self.tree.identify_row(event.y)
        row = self._rows.get(key)
        if row is None or (row.is_note and not self.tree.get_children(key)):
            return "break"
        self.tree.focus_set()
        if self.tree.selection() != (key,):
            self.tree.selection_set(key)
            self._selected(event)
        self._pop_up(event.x_root, event.y_root)
        return "break"

    def _open_menu_by_key(self, _event: object) -> str:
        chosen = self.tree.selection()
        box = self.tree.bbox(chosen[0]) if chosen else ""
        if box:
            x, y, _width, height = box
            self._pop_up(self.tree.winfo_rootx() + x + self._theme.px(_BESIDE), self.tree.winfo_rooty() + y + height)
        return "break"

    def _pop_up(self, x: int, y: int) -> None:
        self._forget_row()
        self.menu.open(x, y)

    def _entries(self) -> Sequence[Entry]:
        state, names = self._state(), (*ROW_ENTRIES, "replay", *TLS_ROW_ENTRIES)
        if self._is_at_note:
            state = replace(state, words={}, cannot=frozenset(names) - _OF_NOTES | state.cannot)
        return [command_entry(name, self._commands[name], state) for name in names if name in self._commands]

    # The tip of the row under the mouse.

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        """Explain the row under the mouse if it could not be shown whole."""
        key = self.tree.identify_row(event.y)
        if key == self._under:
            return
        self._forget_row()
        self._under, row = key, self._rows.get(key)
        self._beside_it = self._spot(key)
        self.tip.put(row.whole if row is not None and row.whole != self.words_of(key) else "")
        self.tip.rest()

    def _forget_row(self) -> None:
        self._under = ""
        self.tip.put("")
        self.tip.close()

    def _spot(self, key: str) -> tuple[int, int] | None:
        """Where the tip of a row stands: right of the list, where it covers no row."""
        box = self.tree.bbox(key) if key and self.tree.exists(key) else ""
        return (self.winfo_rootx() + self.winfo_width(), self.tree.winfo_rooty() + box[1]) if box else None

    def _scrolled(self, first: float | str, last: float | str) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.pack_forget()
        elif not self._bar.winfo_manager():
            self._bar.pack(side="right", fill="y", before=self.tree)
            self._settle_width(may_shrink=False)
        self._follow_rows()

    def _follow_rows(self) -> None:
        """Rows may stand elsewhere: what is about one goes with it, or leaves."""
        if self._under and self._spot(self._under) != self._beside_it:
            self._forget_row()
        if self.namer.key is None:
            return
        box = self.tree.bbox(self.namer.key) if self.tree.exists(self.namer.key) else ""
        if box:
            left = self._beside(self._rows[self.namer.key]) - self._theme.px(_NAMER_EDGE)
            self.namer.place(x=left, y=box[1], width=self.tree.winfo_width() - left, height=box[3])
        else:
            self.namer.leave()

    # Looks.

    def _restyle(self) -> None:
        p = self._theme.palette
        for state, color in (
            ("live", p.text), ("waiting", p.text), ("over", p.muted), ("failed", p.error), ("note", p.muted)
        ):  # fmt: skip
            self.tree.tag_configure(state, foreground=color)
        self.tree.tag_configure("unread", font=self._theme.strong)
        for row in self._rows.values():
            self._dress(row)
        self._settle_width(may_shrink=True)
