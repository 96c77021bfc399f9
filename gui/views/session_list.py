"""The servers with their connections, and the clients beside them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import ttk

from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.typesetting import connection_tag
from gui.viewmodels.window_view import SessionRow
from gui.widgets.bindings import MENU_KEYS, bind_known
from gui.widgets.fitting import elided
from gui.widgets.tip import Tip

_WIDTH = 190  # at 96 dots an inch, as are the next two
_BESIDE, _DEEPER = 44, 14  # what a row needs beside its words: arrow and dot; and a connection's more


class SessionList(ttk.Frame):
    """A tree of sessions; choosing a row is reported by its key.

    ``entries`` are what can be done with the row that is chosen: words with the names of ``commands``, of which
    ``can`` says which mean something just now.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_choose: Callable[[str], None],
        entries: Sequence[tuple[str, str]] = (),
        commands: Mapping[str, Callable[[], None]] | None = None,
        can: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        super().__init__(parent, style="Sidebar.TFrame")
        self._theme = theme
        self._on_choose = on_choose
        self._entries, self._commands, self._can = entries, commands or {}, can
        self._rows: dict[str, SessionRow] = {}
        self._telling = False
        self._under = ""  # the row under the mouse
        heading = ttk.Label(self, text="Sessions", style="Sidebar.Muted.TLabel")
        heading.pack(anchor="w", padx=theme.px(16), pady=(theme.px(10), theme.px(4)))
        self.tree = ttk.Treeview(self, show="tree", selectmode="browse")
        self.tree.column("#0", width=theme.px(_WIDTH), minwidth=theme.px(90))
        bar = ttk.Scrollbar(self, command=self.tree.yview, style="Sidebar.Vertical.TScrollbar")
        self.tree.configure(yscrollcommand=lambda first, last: self._place_bar(bar, first, last))
        self.tree.pack(side="left", fill="both", expand=True, padx=(theme.px(6), 0))
        self.tip = Tip(self.tree, theme, self._spot)
        self.menu = tk.Menu(self.tree, tearoff=False)
        for words, command in self._entries:
            self.menu.add_command(label=words, command=self._commands[command])
        self._bind()
        theme.subscribe(self._restyle)

    def show(self, rows: Sequence[SessionRow], selected: str) -> None:
        """Show these rows, changing only what differs."""
        wanted = {row.key: row for row in rows}
        gone = [key for key in self._rows if key not in wanted and self.tree.exists(key)]
        if gone:
            self.tree.delete(*gone)
        stands = [key for key in self._rows if key in wanted] == [key for key in wanted if key in self._rows]
        places: dict[str, int] = {}
        for row in rows:
            place = places[row.parent] = places.get(row.parent, -1) + 1
            if not (stands and self._rows.get(row.key) == row):
                self._put(row, place)
        self._rows = wanted
        if selected in wanted and self.tree.selection() != (selected,):
            self._telling = True
            self.tree.selection_set(selected)
            self.tree.focus(selected)
            self.tree.see(selected)

    def words_of(self, key: str) -> str:
        """A row's words as they are shown, cut where there is no room for them."""
        return str(self.tree.item(key, "text")).strip()

    # Rows.

    def _put(self, row: SessionRow, place: int) -> None:
        if self._rows.get(row.key) == row and self.tree.exists(row.key):
            if self.tree.index(row.key) != place:
                self.tree.move(row.key, row.parent, place)
            return
        tags = (row.state,) if row.number is None else (row.state, connection_tag(row.number))
        picture, text = str(self._theme.dot(self._color(row))), f" {self._fitted(row)}"
        if self.tree.exists(row.key):
            self.tree.item(row.key, text=text, tags=tags, image=picture)
            self.tree.move(row.key, row.parent, place)
        else:
            self.tree.insert(row.parent, place, iid=row.key, text=text, tags=tags, image=picture, open=True)

    def _fitted(self, row: SessionRow) -> str:
        """The row's words; if they are too long the name gives way, and how it stands can be read."""
        px = self._theme.px
        width = self.tree.winfo_width() if self.tree.winfo_ismapped() else px(_WIDTH)
        room = width - px(_BESIDE + (_DEEPER if row.parent else 0))
        behind = f"  {row.word}" if row.word else ""
        return elided(row.text, self._theme.base, room - self._theme.base.measure(behind)) + behind

    def _refit(self, _event: object = None) -> None:
        for row in self._rows.values():
            text = f" {self._fitted(row)}"
            if self.tree.item(row.key, "text") != text:
                self.tree.item(row.key, text=text)

    def _color(self, row: SessionRow) -> str:
        p = self._theme.palette
        if row.number is not None and row.state in ("live", "waiting"):
            return p.connections[(row.number - 1) % len(p.connections)]
        return {"live": p.good, "waiting": p.warning, "failed": p.error}.get(row.state, p.thumb)

    # What a person does.

    def _bind(self) -> None:
        bind = self.tree.bind
        bind("<<TreeviewSelect>>", self._selected)
        bind("<Configure>", self._refit, add=True)
        bind("<Motion>", self._moved, add=True)
        for click in HERE.menu_clicks:
            bind(click, self._open_menu)
        bind_known(self.tree, MENU_KEYS, self._open_menu_by_key)
        if "remove_row" in self._commands:
            bind("<Delete>", lambda _event: self._commands["remove_row"]())

    def _selected(self, _event: object) -> None:
        chosen = self.tree.selection()
        if self._telling:
            self._telling = False
        elif chosen and chosen[0] in self._rows and not chosen[0].endswith("more"):
            self._on_choose(chosen[0])

    def _open_menu(self, event: tk.Event[tk.Misc]) -> str:
        key = self.tree.identify_row(event.y)
        if key not in self._rows or key.endswith("more"):
            return "break"
        self.tree.focus_set()
        if self.tree.selection() != (key,):
            self._on_choose(key)
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
        possible = self._can()
        for place, (_words, command) in enumerate(self._entries):
            self.menu.entryconfigure(place, state="normal" if command in possible else "disabled")
        self.tip.close()
        self.menu.tk_popup(x, y)

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        """Explain the row under the mouse if it could not be shown whole."""
        key = self.tree.identify_row(event.y)
        if key == self._under:
            return
        self._under = key
        self.tip.close()
        row = self._rows.get(key)
        whole = f"{row.text}  {row.word}".strip() if row is not None else ""
        self.tip.put(whole if whole != self.words_of(key) else "")
        self.tip.rest()

    def _spot(self) -> tuple[int, int] | None:
        """Where the tip stands: under the row that it is about."""
        box = self.tree.bbox(self._under) if self._under and self.tree.exists(self._under) else ""
        return (self.tree.winfo_rootx() + box[0], self.tree.winfo_rooty() + box[1] + box[3]) if box else None

    # Looks.

    def _place_bar(self, bar: ttk.Scrollbar, first: float, last: float) -> None:
        bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            bar.pack_forget()
        elif not bar.winfo_manager():
            bar.pack(side="right", fill="y", before=self.tree)

    def _restyle(self) -> None:
        p = self._theme.palette
        for state, color in (("live", p.text), ("waiting", p.text), ("over", p.muted), ("failed", p.error)):
            self.tree.tag_configure(state, foreground=color)
        self._theme.colour_menu(self.menu)
        rows, self._rows = self._rows, {}
        selected = self.tree.selection()
        self.show(list(rows.values()), selected[0] if selected else "")
