"""What can be done with the chosen message or the selected ones: the menu of the conversation."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from gui.keys import menu_words, shown
from gui.platform.differences import HERE
from gui.theme.theme import Theme
from gui.viewmodels.window_view import MenuState
from gui.views.menus import COPY_ENTRIES, MESSAGE_ENTRIES, command_entry
from gui.widgets.bindings import MENU_KEYS, bind_known
from gui.widgets.menu import SEPARATOR, Entry, Menu

if TYPE_CHECKING:
    from gui.views.conversation.transcript import Transcript


class MessageMenu:
    """Opens by the mouse on the message under it, by the menu key on the chosen one, or the last in sight."""

    def __init__(
        self,
        transcript: Transcript,
        theme: Theme,
        commands: Mapping[str, Callable[[], None]],
        state: Callable[[], MenuState],
    ) -> None:
        self._transcript = transcript
        self._theme, self._commands, self._state = theme, commands, state
        for button in HERE.menu_clicks:
            transcript.text.bind(button, self._open)
        bind_known(transcript.text, MENU_KEYS, self._open_by_key)

    @cached_property
    def menu(self) -> Menu:
        """The menu, made when it opens for the first time."""
        return Menu(self._transcript.text, self._theme, self._entries)

    def _entries(self) -> Sequence[Entry]:
        selection = self._transcript.selection
        has_some, has_rows = selection.picked is not None, self._transcript.total > 0
        return [
            *self._of(MESSAGE_ENTRIES),
            SEPARATOR,
            Entry(menu_words("copy"), selection.copy, shown("copy"), has_some),
            Entry("C&opy as", can=has_some, entries=partial(self._of, COPY_ENTRIES)),
            Entry(menu_words("select_all"), selection.select_all, shown("select_all"), has_rows),
        ]

    def _of(self, commands: Sequence[str]) -> Sequence[Entry]:
        state = self._state()
        return [
            command_entry(command, self._commands[command], state) if command else SEPARATOR for command in commands
        ]

    def _open(self, event: tk.Event[tk.Misc]) -> str:
        self._transcript.text.focus_set()
        if self._transcript.selection.places is None and self._transcript.total:
            self._transcript.choose(self._transcript.selection.place_under(event))
        self.menu.open(event.x_root, event.y_root)
        return "break"

    def _open_by_key(self, _event: object) -> str:
        transcript, text = self._transcript, self._transcript.text
        if transcript.selection.picked is None:
            transcript.choose_last()
        text.update_idletasks()
        chosen = transcript.selection.chosen
        box = text.bbox(f"{transcript.row_window.line_of(chosen + 1) - 1}.0") if chosen is not None else None
        x, y = (box[0], box[1] + box[3]) if box else (20, 20)
        self.menu.open(text.winfo_rootx() + x, text.winfo_rooty() + y)
        return "break"
