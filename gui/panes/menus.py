"""The menu bar. Every entry does what it says; what does not exist yet is not there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial

from gui.keys import shown
from gui.theme import CHOICES, Theme

_SEPARATOR = ""
_COLOURS = "tincan_colours"  # a Tcl variable: a StringVar in a cycle may be collected in another thread

MENUS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("File", (("Open the folder of journals", "open_journals"), (_SEPARATOR, ""), ("Quit", "quit"))),
    ("Edit", (("Cut", "cut"), ("Copy", "copy"), ("Paste", "paste"), (_SEPARATOR, ""), ("Select all", "select_all"))),
    (
        "View",
        (
            ("Clear the view", "clear_view"),
            ("Show everything", "show_everything"),
            (_SEPARATOR, ""),
            ("Larger text", "larger"),
            ("Smaller text", "smaller"),
            ("Usual size", "usual_size"),
        ),
    ),
    (
        "Session",
        (
            ("Start or stop the server", "toggle_server"),
            ("Connect or disconnect", "toggle_client"),
            ("Connect once more", "connect_again"),
            (_SEPARATOR, ""),
            ("Next conversation", "next_session"),
            ("Previous conversation", "previous_session"),
        ),
    ),
    ("Help", (("Keys", "show_keys"), ("About Tincan", "show_about"))),
)


class MenuBar(tk.Menu):
    """``commands`` has a callback for every name in ``MENUS``; ``on_theme`` gets a palette's name."""

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        commands: Mapping[str, Callable[[], None]],
        on_theme: Callable[[str], None],
    ) -> None:
        super().__init__(root, tearoff=False)
        self._theme = theme
        for title, entries in MENUS:
            menu = tk.Menu(self, tearoff=False)
            for label, command in entries:
                if label == _SEPARATOR:
                    menu.add_separator()
                else:
                    menu.add_command(label=label, command=commands[command], accelerator=shown(command))
            if title == "View":
                self._add_themes(menu, on_theme)
            self.add_cascade(label=title, menu=menu)
        root.configure(menu=self)
        theme.subscribe(self._restyle)

    def _add_themes(self, menu: tk.Menu, on_theme: Callable[[str], None]) -> None:
        menu.add_separator()
        looks = tk.Menu(menu, tearoff=False)
        self.setvar(_COLOURS, self._theme.choice)
        words = {"system": "As the system", "light": "Light", "dark": "Dark", "high contrast": "High contrast"}
        for choice in CHOICES:
            looks.add_radiobutton(label=words[choice], value=choice, command=partial(on_theme, choice))
            looks.entryconfigure("end", {"variable": _COLOURS})
        menu.add_cascade(label="Colours", menu=looks)

    def _restyle(self) -> None:
        self._theme.colour_menu(self)
        self.configure(background=self._theme.palette.window, activeborderwidth=0, borderwidth=0)
