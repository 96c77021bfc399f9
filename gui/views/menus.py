"""The menu bar. Every entry does what it says; what does not exist yet is not there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from gui.keys import shown
from gui.platform.differences import HERE, Platform
from gui.theme.theme import Theme
from gui.viewmodels.framings import KINDS

_SEPARATOR = ""
# Submenus, and the Tcl variables of those with a choice: a StringVar in a cycle may be collected in another thread.
_COLOURS, _FRAMINGS, _ENCODINGS = "tincan_colours", "tincan_framings", "tincan_encodings"
_RECENT = "tincan_recent"

ROW_ENTRIES = (
    ("Close it", "close_row"),
    ("Abort it (RST)", "abort_row"),
    ("Finish sending (FIN)", "finish_row"),
    ("Copy its address", "copy_address"),
    ("Rename…", "rename_row"),
    ("Remove it from the list", "remove_row"),
    ("Remove all that are over", "remove_over"),
)
"""What can be done with the session or connection on view, here and in the menu of its row."""

MENUS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "File",
        (
            ("Open a journal…", "open_journal"),
            ("Recent journals", _RECENT),
            ("Open the folder of journals", "open_journals"),
            (_SEPARATOR, ""),
            ("Export…", "export"),
            (_SEPARATOR, ""),
            ("Settings…", "show_settings"),
            (_SEPARATOR, ""),
            ("Quit", "quit"),
        ),
    ),
    (
        "Edit",
        (
            ("Cut", "cut"),
            ("Copy", "copy"),
            ("Paste", "paste"),
            ("Select all", "select_all"),
            (_SEPARATOR, ""),
            ("How the message is written", "message_options"),
            ("Macros for the message", "macros"),
            ("Save the message", "save_message"),
            (_SEPARATOR, ""),
            ("Find…", "find"),
            ("Find next", "find_next"),
            ("Find previous", "find_previous"),
        ),
    ),
    (
        "View",
        (
            ("Messages", _FRAMINGS),
            ("Filter…", "filter"),
            ("Encoding", _ENCODINGS),
            ("Hex or text", "toggle_hex"),
            ("Inspector", "toggle_inspector"),
            ("Saved messages", "toggle_saved"),
            (_SEPARATOR, ""),
            ("Clear the view", "clear_view"),
            ("Show everything", "show_everything"),
            (_SEPARATOR, ""),
            ("Larger text", "larger"),
            ("Smaller text", "smaller"),
            ("Usual size", "usual_size"),
            ("Colours", _COLOURS),
        ),
    ),
    (
        "Session",
        (
            ("Start or stop the server", "toggle_server"),
            ("Connect or disconnect", "toggle_client"),
            ("Connect once more", "connect_again"),
            (_SEPARATOR, ""),
            ("Repeat…", "repeat"),
            ("Send a file…", "send_file"),
            ("Save what was received…", "keep_received"),
            ("Stop what goes on", "stop_task"),
            (_SEPARATOR, ""),
            ("Socket knobs", "toggle_socket_options"),
            ("Times", "show_times"),
            (_SEPARATOR, ""),
            *ROW_ENTRIES,
            (_SEPARATOR, ""),
            ("Next conversation", "next_session"),
            ("Previous conversation", "previous_session"),
        ),
    ),
    (
        "Help",
        (
            ("Tour of the first conversation", "begin_tour"),
            ("Keys", "show_keys"),
            (_SEPARATOR, ""),
            ("Report a problem", "report_problem"),
            ("About Tincan", "show_about"),
        ),
    ),
)

# What the application menu of macOS calls (https://www.tcl-lang.org/man/tcl8.6/TkCmd/tk_mac.htm).
_APPLICATION = (
    ("::tk::mac::Quit", "quit"),
    ("::tk::mac::ShowPreferences", "show_settings"),
    ("::tk::mac::ShowHelp", "show_keys"),
    ("tkAboutDialog", "show_about"),
)
_IN_APPLICATION = ("quit", "show_settings", "show_about")


def menus_for(platform: Platform) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The menus of a platform: what its application menu has is not in the others."""
    if not platform.has_application_menu:
        return MENUS
    return tuple(
        (title, _tidy([entry for entry in entries if entry[1] not in _IN_APPLICATION])) for title, entries in MENUS
    )


def _tidy(entries: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Without separators that separate nothing any more."""
    kept: list[tuple[str, str]] = []
    for entry in entries:
        if entry[0] != _SEPARATOR or (kept and kept[-1][0] != _SEPARATOR):
            kept.append(entry)
    return tuple(kept[:-1] if kept and kept[-1][0] == _SEPARATOR else kept)


COLOURS = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"), ("high contrast", "High contrast"))
FRAMINGS = tuple((kind.usual, kind.words) for kind in KINDS)


class Alternatives(NamedTuple):
    """A submenu of which one entry holds: keys with their words, the one that holds now, and who is told.

    Words without a key are those of a submenu that has all that follows, up to the next such words.
    """

    options: tuple[tuple[str, str], ...]
    chosen: str
    choose: Callable[[str], None]


class MenuBar(tk.Menu):
    """``commands`` has a callback for every name in ``MENUS``.

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
        colours: Alternatives,
        framings: Alternatives,
        encodings: Alternatives,
        recent: Callable[[Callable[[], None]], Sequence[tuple[str, Callable[[], None]]]],
    ) -> None:
        super().__init__(root, tearoff=False)
        self._theme = theme
        self._submenus: dict[str, Callable[[tk.Menu], tk.Menu]] = {
            _COLOURS: partial(self._alternatives, _COLOURS, colours),
            _FRAMINGS: partial(self._alternatives, _FRAMINGS, framings),
            _ENCODINGS: partial(self._alternatives, _ENCODINGS, encodings),
            _RECENT: partial(self._filled_when_opened, recent),
        }
        for title, entries in menus_for(platform):
            menu = tk.Menu(self, tearoff=False)
            for label, command in entries:
                self._add(menu, label, command, commands)
            self.add_cascade(label=title, menu=menu, underline=0)
        if platform.has_application_menu:
            for name, command in _APPLICATION:
                # As tkinter wraps every callback of its own: what is raised is reported like an error in any of them.
                root.createcommand(name, tk.CallWrapper(commands[command], None, root))
        root.configure(menu=self)
        theme.subscribe(self._restyle)

    def show_framing(self, chosen: str) -> None:
        """Mark the framing that holds, by its key."""
        self.setvar(_FRAMINGS, chosen)

    def show_encoding(self, chosen: str) -> None:
        """Mark the encoding that holds, by its key."""
        self.setvar(_ENCODINGS, chosen)

    def _add(self, menu: tk.Menu, label: str, command: str, commands: Mapping[str, Callable[[], None]]) -> None:
        if label == _SEPARATOR:
            menu.add_separator()
        elif command in self._submenus:
            menu.add_cascade(label=label, menu=self._submenus[command](menu))
        else:
            menu.add_command(label=label, command=commands[command], accelerator=shown(command), underline=0)

    def _alternatives(self, variable: str, which: Alternatives, parent: tk.Menu) -> tk.Menu:
        menu = part = tk.Menu(parent, tearoff=False)
        self.setvar(variable, which.chosen)
        for key, words in which.options:
            if not key:
                part = tk.Menu(menu, tearoff=False)
                menu.add_cascade(label=words, menu=part)
                continue
            part.add_radiobutton(label=words, value=key, command=partial(which.choose, key))
            part.entryconfigure("end", {"variable": variable})
        return menu

    def _filled_when_opened(
        self, entries: Callable[[Callable[[], None]], Sequence[tuple[str, Callable[[], None]]]], parent: tk.Menu
    ) -> tk.Menu:
        menu = tk.Menu(parent, tearoff=False)

        def fill() -> None:
            menu.delete(0, "end")
            for label, act in entries(know_more):
                menu.add_command(label=label, command=act)
            if menu.index("end") is None:
                menu.add_command(label="None yet", state="disabled")

        def know_more() -> None:
            if menu.winfo_exists() and menu.winfo_ismapped():
                fill()

        menu.configure(postcommand=fill)
        return menu

    def _restyle(self) -> None:
        self.setvar(_COLOURS, self._theme.choice)  # the settings offer them too
        self._theme.colour_menu(self)
        self.configure(background=self._theme.palette.window, activeborderwidth=0, borderwidth=0)
