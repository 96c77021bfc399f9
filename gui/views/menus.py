"""The menu bar, and the menu of every field. Every entry does what it says; what does not exist yet is not there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from gui.keys import EDITING, menu_words, shown
from gui.platform.differences import HERE, Platform
from gui.theme.theme import Theme
from gui.viewmodels.framings import KINDS
from gui.viewmodels.window_view import MenuState
from gui.widgets import clipboard
from gui.widgets.bindings import MENU_KEYS
from gui.widgets.line_undo import can_undo, is_line
from gui.widgets.menu import SEPARATOR, Entry, Menu, literally, with_letters

_LINE = ""  # between two groups of entries
_COLOURS, _FRAMINGS, _ENCODINGS, _RECENT = "colours", "framings", "encodings", "recent"  # submenus
_PROFILES, _TLS = "profiles", "tls"
_ROWS, _TIMES, _MESSAGE, _COPIES = "rows", "times", "message", "copies"
_SOCKET, _TEXT_SIZE, _LIST = "socket", "text_size", "list"
SUBMENUS = {
    _COLOURS: "C&olours", _FRAMINGS: "&Messages", _ENCODINGS: "&Encoding", _RECENT: "&Recent journals",
    _ROWS: "Messa&ges as", _TIMES: "&Times of messages", _MESSAGE: "Cho&sen message", _COPIES: "Cop&y messages",
    _PROFILES: "Prof&ile", _TLS: "TLS an&d certificates", _SOCKET: "Soc&ket",
    _TEXT_SIZE: "Te&xt size", _LIST: "List of s&essions",
}  # fmt: skip
_TICKED = frozenset(
    {
        "filter",
        "full_screen",
        "log_keys",
        "message_options",
        "toggle_faults",
        "toggle_figures",
        "toggle_hex",
        "toggle_hold",
        "toggle_inspector",
        "toggle_lessons",
        "toggle_reconnect",
        "toggle_rules",
        "toggle_saved",
        "toggle_sequence",
        "toggle_socket_calls",
        "toggle_socket_options",
        "toggle_socket_state",
        "toggle_tls",
    }
)

_TALK_ENTRIES = "toggle_reconnect", "close_row", "abort_row", "finish_row", "restart_handler"
_LISTED_ENTRIES = "copy_address", "rename_row", "remove_row", "remove_over"
ROW_ENTRIES = (*_TALK_ENTRIES, *_LISTED_ENTRIES)
"""What can be done with the session or connection on view, here and in the menu of its row."""
LIST_ENTRIES = ("next_session", "previous_session", _LINE, *_LISTED_ENTRIES)
"""What there is to do in the list of sessions."""
PROFILE_ENTRIES = ("save_profile", "edit_profiles")
"""What can be done about profiles, besides choosing one."""
SOCKET_ENTRIES = ("toggle_socket_calls", "toggle_socket_state")
"""What can be seen of a session's socket."""
TEXT_SIZE_ENTRIES = ("larger", "smaller", "usual_size")
"""Sizes of the text."""
TLS_ROW_ENTRIES = ("start_tls_client", "start_tls_server", "show_handshake")
"""What can be done about TLS with the connection on view, here and in the menu of its row."""
TLS_ENTRIES = (
    "toggle_tls", "log_keys", _LINE, *TLS_ROW_ENTRIES, _LINE, "copy_authority", "save_authority",
)  # fmt: skip
"""What there is to do about TLS."""
MESSAGE_ENTRIES = ("send_again", "edit_message", "save_bytes")
"""What can be done with one message, here and in the menu of the conversation."""
COPY_ENTRIES = (
    "copy_shown", "copy_escapes", "copy_hex", "copy_dump", "copy_python", "copy_c", "copy_base64", _LINE,
    "copy_ncat", "copy_socat", "copy_nc", "copy_curl",
)  # fmt: skip
"""Ways to copy messages, here and there: one for each notation and each shell command of ``core.compose``, and as they
are shown."""

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "&File",
        ("open_journal", _RECENT, "open_journals", _LINE, "export", "replay", _LINE, "show_settings", _LINE, "quit"),
    ),
    (
        "&Edit",
        (
            *(key.command for key in EDITING[:2]), _LINE, *(key.command for key in EDITING[2:]), _LINE,
            _MESSAGE, _COPIES, _LINE,
            "message_options", "macros", _PROFILES, "save_message", _LINE,
            "find", "find_next", "find_previous", "go_to",
        ),
    ),
    (
        "&View",
        (
            _FRAMINGS, "filter", _ENCODINGS, "toggle_hex", _ROWS, _TIMES, "clear_view", "show_everything", _LINE,
            "toggle_inspector", "toggle_sequence", "toggle_figures", _SOCKET,
            "toggle_saved", "toggle_rules", "toggle_hold", "close_beside", _LINE,
            _TEXT_SIZE, "full_screen", _COLOURS,
        ),
    ),
    (
        "&Session",
        (
            "toggle_server", "toggle_client", "connect_again", "open_tap", _LINE,
            "repeat", "send_file", "keep_received", "stop_task", _LINE,
            _TLS, "toggle_socket_options", "toggle_faults", "show_times", _LINE,
            *_TALK_ENTRIES, _LIST,
        ),
    ),
    ("&Help", ("begin_tour", "toggle_lessons", "show_keys", _LINE, "report_problem", "show_about")),
)  # fmt: skip

# What the application menu of macOS calls (https://www.tcl-lang.org/man/tcl8.6/TkCmd/tk_mac.htm).
_APPLICATION = (
    ("::tk::mac::Quit", "quit"),
    ("::tk::mac::ShowPreferences", "show_settings"),
    ("::tk::mac::ShowHelp", "show_keys"),
    ("tkAboutDialog", "show_about"),
)
_IN_APPLICATION = ("quit", "show_settings", "show_about")
_EDITING_EVENTS = {key.command: key.sequences[0] for key in EDITING}


def menus_for(platform: Platform) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The menus of a platform: what its application menu has is not in the others."""
    if not platform.has_application_menu:
        return MENUS
    return tuple(
        (title, _tidy([command for command in commands if command not in _IN_APPLICATION])) for title, commands in MENUS
    )


def _tidy(commands: list[str]) -> tuple[str, ...]:
    """Without lines that separate nothing any more."""
    kept: list[str] = []
    for command in commands:
        if command != _LINE or (kept and kept[-1] != _LINE):
            kept.append(command)
    return tuple(kept[:-1] if kept and kept[-1] == _LINE else kept)


COLOURS = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"), ("high contrast", "High contrast"))
FRAMINGS = tuple((kind.usual, kind.words) for kind in KINDS)


class Alternatives(NamedTuple):
    """A submenu of which one entry holds: keys with their words, which one holds now, and who is told.

    Words without a key are those of a submenu that has all that follows, up to the next such words.
    """

    options: tuple[tuple[str, str], ...]
    chosen: Callable[[], str]
    choose: Callable[[str], None]

    def entries(self) -> Sequence[Entry]:
        """The entries as they are now."""
        chosen, found = self.chosen(), list[Entry]()
        group = found
        for key, words in self.options:
            if key:
                group.append(Entry(literally(words), partial(self.choose, key), mark="radio", is_on=key == chosen))
            else:
                group = []
                found.append(Entry(literally(words), entries=partial(tuple, group)))
        return found


def command_entry(command: str, act: Callable[[], object], state: MenuState) -> Entry:
    """The entry of a command as things stand."""
    words, key = state.words.get(command) or menu_words(command), shown(command)
    return Entry(
        words, act, key, command not in state.cannot, "tick" if command in _TICKED else "", command in state.on
    )


class MenuBar(tk.Menu):
    """``commands`` has a callback for every name in ``MENUS``; ``state`` tells how things stand for them.

    ``recent`` gives the entries of the menu of recent journals, each time it opens; it calls back when it
    knows more of them.
    """

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        commands: Mapping[str, Callable[[], None]],
        *,
        platform: Platform = HERE,
        state: Callable[[], MenuState] = MenuState,
        colours: Alternatives,
        framings: Alternatives,
        encodings: Alternatives,
        rows: Alternatives,
        times: Alternatives,
        recent: Callable[[Callable[[], None]], Sequence[tuple[str, Callable[[], None]]]],
        profiles: Callable[[], Alternatives],
    ) -> None:
        super().__init__(root, tearoff=False)
        self._theme = theme
        self._commands, self._state, self._recent, self._profiles = commands, state, recent, profiles
        self._submenus: dict[str, Callable[[], Sequence[Entry]]] = {
            _COLOURS: colours.entries,
            _FRAMINGS: framings.entries,
            _ENCODINGS: encodings.entries,
            _RECENT: self._recent_entries,
            _ROWS: rows.entries,
            _TIMES: times.entries,
            _MESSAGE: partial(self._entries, MESSAGE_ENTRIES),
            _TLS: partial(self._entries, TLS_ENTRIES),
            _COPIES: partial(self._entries, COPY_ENTRIES),
            _SOCKET: partial(self._entries, SOCKET_ENTRIES),
            _TEXT_SIZE: partial(self._entries, TEXT_SIZE_ENTRIES),
            _LIST: partial(self._entries, LIST_ENTRIES),
            _PROFILES: self._profile_entries,
        }
        self.menus: list[Menu] = []
        menus = menus_for(platform)
        for (title, letter), (_title, entries) in zip(with_letters([title for title, _ in menus]), menus, strict=True):
            menu = Menu(self, theme, partial(self._entries, entries))
            self.menus.append(menu)
            self.add_cascade(label=title, menu=menu, underline=letter)
        if platform.has_application_menu:
            for name, command in _APPLICATION:
                # As tkinter wraps every callback of its own: what is raised is reported like an error in any of them.
                root.createcommand(name, tk.CallWrapper(commands[command], None, root))
        theme.subscribe(self._restyle)
        _load_copying(root)
        root.configure(menu=self)  # now that it has its looks: Tk copies each menu of a bar

    def fill(self) -> None:
        """Take in how things stand, as each menu does when it opens."""
        for menu in self.menus:
            menu.fill()

    def _entries(self, commands: Sequence[str]) -> Sequence[Entry]:
        state = self._state()
        return [
            SEPARATOR
            if command == _LINE
            else Entry(SUBMENUS[command], entries=self._submenus[command])
            if command in self._submenus
            else command_entry(command, self._commands[command], state)
            for command in commands
        ]

    def _recent_entries(self) -> Sequence[Entry]:
        found = [Entry(literally(words), act) for words, act in self._recent(self._know_more)]
        return found or [Entry("None yet", can=False)]

    def _profile_entries(self) -> Sequence[Entry]:
        now = self._profiles()
        chosen = now.chosen()
        return [
            Entry(literally(words), partial(now.choose, key), mark="radio", is_on=key == chosen)
            for key, words in now.options
        ] + [SEPARATOR, *self._entries(PROFILE_ENTRIES)]

    def _know_more(self) -> None:
        if self.winfo_exists():
            self.menus[0].fill()

    def _restyle(self) -> None:
        self._theme.colour_menu(self)
        self.configure(background=self._theme.palette.window, activeborderwidth=0, borderwidth=0)


def _load_copying(root: tk.Tk) -> None:
    """Load what Tk copies a menu with: looking for it, it would read the index of every library there is."""
    with suppress(tk.TclError):  # another Tk keeps it elsewhere
        root.tk.eval("source [file join $tk_library tearoff.tcl]")


def edit(widget: tk.Misc | None, command: str) -> None:
    """Have a widget do one of ``EDITING``."""
    if widget is None:
        return
    widget.event_generate(_EDITING_EVENTS[command])
    if is_line(widget):
        widget.event_generate("<KeyRelease>")  # by which whoever has made the field hears of what is typed there


def can_edit(widget: tk.Misc | None) -> frozenset[str]:
    """The names of those of ``EDITING`` that would do something in the widget just now."""
    if isinstance(widget, tk.Text):
        is_open = str(widget.cget("state")) == "normal"
        has_text, is_selected = widget.compare("end-1c", "!=", "1.0"), bool(widget.tag_ranges("sel"))
        undone = [what for what in ("undo", "redo") if is_open and widget.tk.call(widget, "edit", f"can{what}")]
    elif is_line(widget):
        is_open = str(widget.cget("state")) == "normal"  # a combobox has it too
        has_text = bool(widget.tk.call(widget, "get"))
        is_selected = bool(widget.tk.call(widget, "selection", "present"))
        undone = can_undo(widget) if is_open else []
    elif widget is not None:
        return frozenset(command for command, event in _EDITING_EVENTS.items() if widget.bind(event))
    else:
        return frozenset()
    can = {"copy": is_selected, "cut": is_open and is_selected, "delete": is_open and is_selected}
    is_pasted_into = is_open or bool(widget.bind("<<Paste>>"))
    can |= {"select_all": has_text, "paste": is_pasted_into and clipboard.is_something_there(widget)}
    return frozenset((*undone, *(command for command, holds in can.items() if holds)))


class FieldMenu(Menu):
    """The menu of every field of the program that has none of its own, by the mouse and by the key."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self._field: tk.Misc | None = None
        super().__init__(root, theme, self._editing)
        for click in HERE.menu_clicks:
            root.bind_class("all", click, self._clicked)
        for key in MENU_KEYS:
            with suppress(tk.TclError):  # not every system has each key
                root.bind_class("all", key, self._asked)

    def _editing(self) -> Sequence[Entry]:
        can = can_edit(self._field)
        entries = [
            Entry(key.words, lambda command=key.command: edit(self._field, command), key.shown, key.command in can)  # type: ignore[misc]
            for key in EDITING
        ]
        return [*entries[:2], SEPARATOR, *entries[2:-1], SEPARATOR, entries[-1]]

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        """The hint of an empty field is a label on it, and is meant for it."""
        above = getattr(event.widget, "master", None)
        field = _field(event.widget) or (_field(above) if isinstance(event.widget, tk.Label) else None)
        if field is not None:
            field.focus_set()
            self._field = field
            self.open(event.x_root, event.y_root)

    def _asked(self, event: tk.Event[tk.Misc]) -> str:
        """Below the cursor. Shift+F10 is not to be taken for F10, which opens the menus of the window."""
        field = _field(event.widget)
        if field is not None:
            box = field.tk.splitlist(field.tk.call(field, "bbox", "insert")) or (0, 0, 0, field.winfo_height())
            self._field = field
            self.open(field.winfo_rootx() + int(box[0]), field.winfo_rooty() + int(box[1]) + int(box[3]))
        return "break"


def _field(widget: object) -> tk.Widget | None:
    """The widget if it is a field, which some of Tk's own, such as the list of a box, are to tkinter by name alone."""
    is_field = isinstance(widget, tk.Text) or (isinstance(widget, tk.Widget) and is_line(widget))
    return widget if is_field and isinstance(widget, tk.Widget) else None
