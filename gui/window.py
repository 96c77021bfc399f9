"""The window: the views in their places, the menus and the keys. It decides nothing."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING, Protocol

from gui.keys import KEYS, UNTOLD
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODINGS
from gui.viewmodels.window_view import WindowView
from gui.views.address_bar import AddressBar
from gui.views.banner import Banner
from gui.views.composer.composer import Composer, ComposerController
from gui.views.conversation.conversation import ConversationPane
from gui.views.menus import COLOURS, FRAMINGS, ROW_ENTRIES, Alternatives, MenuBar
from gui.views.session_list import SessionList
from gui.views.status_bar import StatusBar
from gui.widgets.bindings import breaking, share_keys, type_on

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.preferences import Preferences

ICONS = Path(__file__).parent / "icons"
USUAL_SIZE = (920, 660)  # at 96 dots an inch
_CROWDED = 760  # at 96 dots an inch; below, the list of sessions gives way to what stands beside the conversation
_NARROW = 560  # at 96 dots an inch; below, the inspector stands in the conversation's place
SMALLEST_SIZE = (460, 320)

_FIRST_TAG = "TincanKeys"  # in front of every widget's own bindings: Ctrl+K must not cut a line in a field


class Actions(Protocol):
    """The calls for what a person asks for in the views; keys and menus go by the names in ``commands``."""

    @property
    def commands(self) -> Mapping[str, Callable[[], None]]: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def sending(self) -> ComposerController: ...
    def form_edited(self) -> None: ...
    def form_left(self) -> None: ...
    def do_next(self) -> None: ...
    def choose_row(self, key: str) -> None: ...
    def choose_reply(self, reply: str) -> None: ...
    def choose_colours(self, name: str) -> None: ...
    def choose_framing_kind(self, usual: str) -> None: ...
    def choose_encoding(self, encoding: str) -> None: ...
    def choose_display_row(self, display_row: DisplayRow) -> None: ...
    def complain(self, why: str) -> None: ...
    def can_do(self) -> frozenset[str]: ...
    def recent_journals(self, on_more: Callable[[], None]) -> Sequence[tuple[str, Callable[[], None]]]: ...


class Window:
    """All views in one root window."""

    def __init__(self, root: tk.Tk, theme: Theme, actions: Actions) -> None:
        self.root = root
        self.theme = theme
        self._view: WindowView | None = None
        self._side: ttk.Frame | None = None  # what stands beside the conversation
        commands = actions.commands
        root.title("Tincan")
        root.minsize(*(theme.px(size) for size in SMALLEST_SIZE))
        self.menus = _menus(root, theme, actions)
        self.address = AddressBar(
            root,
            theme,
            on_server=commands["toggle_server"],
            on_client=commands["toggle_client"],
            on_edit=actions.form_edited,
            on_enter=actions.do_next,
            on_leave=actions.form_left,
        )
        self.banner = Banner(root, theme)
        self._middle = ttk.Frame(root, style="Pane.TFrame")
        self._middle.bind("<Configure>", self._share_width)
        self.sessions = SessionList(
            self._middle, theme, on_choose=actions.choose_row, entries=ROW_ENTRIES, commands=commands,
            can=actions.can_do,
        )  # fmt: skip
        self._divider = ttk.Frame(self._middle, style="Line.TFrame", width=theme.px(1))
        self._talk = ttk.Frame(self._middle, style="Pane.TFrame")
        self.conversation = ConversationPane(
            self._talk,
            theme,
            on_reply=actions.choose_reply,
            on_choose=actions.choose_display_row,
            on_encoding=actions.choose_encoding,
            on_refuse=actions.complain,
        )
        self._tasks = ttk.Frame(self._talk, style="Window.TFrame")
        self.composer = Composer(
            self._talk,
            theme,
            actions.sending,
            on_page=lambda pages: self.conversation.transcript.page(pages),
        )
        self.status = StatusBar(root, theme, on_warning=commands["show_network"])
        self._lay_out()
        share_keys(root)
        for part in (self.conversation.transcript.text, self.sessions.tree):
            type_on(part, self.composer.write, self.composer.focus_message)
        self._bind_keys(commands)

    def show(self, view: WindowView) -> None:
        """Show everything but the conversation's rows."""
        known, self._view = self._view, view
        if view == known:
            return
        if known is None or known.title != view.title:
            self.root.title(view.title)
        if known is None or known.address != view.address:
            self.address.show(view.address)
        self._show_sessions(view)
        self.conversation.show(view.conversation)
        self.composer.show(view.composer)
        self.status.show(view.status)

    def show_encoding(self, encoding: str) -> None:
        """Read conversations as text of another encoding."""
        self.menus.show_encoding(encoding)
        self.conversation.show_encoding(encoding)

    def adopt(self, widget: tk.Misc) -> None:
        """Let the window's keys come before those of a widget, and of all within it, that was made later."""
        _put_tag_first(widget)

    @property
    def side_pane(self) -> ttk.Frame:
        """The parent of a view that stands beside the conversation."""
        return self._middle

    def open_side(self, pane: ttk.Frame) -> None:
        """Show a pane at the right, in the place of another: two fifths of the room, all of it where it is narrow."""
        if self._side is not None and self._side is not pane:
            self.close_side(self._side)
        self._side = pane
        self._share_width()
        pane.grid(row=0, column=3, sticky="nsew")
        pane.grid_propagate(False)
        pane.pack_propagate(False)

    def close_side(self, pane: ttk.Frame) -> None:
        """Take it away."""
        if self._side is pane:
            self._side = None
        pane.grid_remove()
        self._middle.columnconfigure(3, weight=0, minsize=0)
        self._talk.grid()
        self._place_sessions()

    def _share_width(self, _event: object = None) -> None:
        """Give the view at the side its part of the present width."""
        self._place_sessions()
        if self._side is None:
            return
        width = self._middle.winfo_width()
        is_narrow = width < self.theme.px(_NARROW)
        self._middle.columnconfigure(3, weight=0, minsize=width * (10 if is_narrow else 4) // 10)
        if is_narrow:
            self._talk.grid_remove()
        else:
            self._talk.grid()

    @property
    def tasks(self) -> ttk.Frame:
        """The parent of the strips between conversation and composer, one for each running task."""
        return self._tasks

    def open_task(self, strip: ttk.Frame) -> None:
        """Show a strip below the others."""
        self._tasks.pack(side="bottom", fill="x", before=self.conversation)
        strip.pack(fill="x")

    def close_task(self, strip: ttk.Frame) -> None:
        """Take it away."""
        strip.pack_forget()
        if not self._tasks.pack_slaves():
            self._tasks.pack_forget()

    def set_icon(self) -> None:
        """Take the program's icon, if it is there."""
        try:
            pictures = [tk.PhotoImage(master=self.root, file=path) for path in sorted(ICONS.glob("*.png"))]
            if pictures:
                self.root.iconphoto(True, *sorted(pictures, key=lambda picture: -picture.width()))
        except tk.TclError:  # a picture is missing or broken: the window does without
            return

    def _show_sessions(self, view: WindowView) -> None:
        self._place_sessions()
        self.sessions.show(view.rows, view.selected)

    def _place_sessions(self) -> None:
        """The list is there while it has rows, and room."""
        is_crowded = self._side is not None and self._middle.winfo_width() < self.theme.px(_CROWDED)
        is_wanted = self._view is not None and bool(self._view.rows) and not is_crowded
        if is_wanted and not self.sessions.winfo_manager():
            self.sessions.grid(row=0, column=0, sticky="nsew")
            self._divider.grid(row=0, column=1, sticky="ns")
        elif not is_wanted and self.sessions.winfo_manager():
            self.sessions.grid_remove()
            self._divider.grid_remove()

    def _lay_out(self) -> None:
        root, px = self.root, self.theme.px
        lines = [ttk.Frame(root, style="Line.TFrame", height=px(1)) for _ in range(2)]
        rows = (self.address, self.banner, lines[0], self._middle, lines[1], self.status)
        for row, part in enumerate(rows):
            part.grid(row=row, column=0, sticky="nsew")
        self.banner.grid_remove()
        root.columnconfigure(0, weight=1)
        root.rowconfigure(3, weight=1)
        self._middle.columnconfigure(2, weight=1)
        self._middle.rowconfigure(0, weight=1, minsize=2)  # Tk leaves a grid as it was that wants one pixel
        self._talk.grid(row=0, column=2, sticky="nsew")
        self.composer.pack(side="bottom", fill="x")
        ttk.Frame(self._talk, style="Line.TFrame", height=px(1)).pack(side="bottom", fill="x")
        self.conversation.pack(side="top", fill="both", expand=True)
        for early in (self._middle, self.composer, self.conversation):
            early.lower()

    def _bind_keys(self, commands: Mapping[str, Callable[[], None]]) -> None:
        """Bind each key to its command, in front of whatever the widgets themselves make of it."""
        for key in (*KEYS, *UNTOLD):
            for sequence in key.sequences:
                try:
                    self.root.bind_class(_FIRST_TAG, sequence, breaking(commands[key.command]))
                except tk.TclError:  # a key that this system has no name for
                    continue
        self.adopt(self.root)


def _menus(root: tk.Tk, theme: Theme, actions: Actions) -> MenuBar:
    return MenuBar(
        root,
        theme,
        actions.commands,
        colours=Alternatives(COLOURS, theme.choice, actions.choose_colours),
        framings=Alternatives(FRAMINGS, FRAMINGS[0][0], actions.choose_framing_kind),
        encodings=Alternatives(ENCODINGS, actions.preferences.read_as, actions.choose_encoding),
        recent=actions.recent_journals,
    )


def _put_tag_first(widget: tk.Misc) -> None:
    widget.bindtags((_FIRST_TAG, *widget.bindtags()))
    for child in widget.winfo_children():
        if not isinstance(child, tk.Menu):
            _put_tag_first(child)
