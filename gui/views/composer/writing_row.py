"""The row above the message field: whom to and how. It is there when there is something to choose or to know."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from gui.theme.theme import Theme
from gui.viewmodels.filtering import ConnectionRow, FilterView, chosen_words
from gui.views.composer.options import Options
from gui.views.connection_choice import ConnectionChoice
from gui.widgets.flow import Flow

if TYPE_CHECKING:
    from core.events import ConnectionId
    from gui.viewmodels.drafting import MessageFormat
    from gui.widgets.drop_list import DropList


class WritingRow:
    """``on_leave`` is called when Escape is pressed in one of the options, which are made when first shown."""

    def __init__(
        self,
        composer: ttk.Frame,
        theme: Theme,
        *,
        on_recipients: Callable[[frozenset[ConnectionId] | None], None],
        on_choose: Callable[[MessageFormat], None],
        on_wrong: Callable[[str], None],
        on_leave: Callable[[], object],
    ) -> None:
        self._composer, self._theme = composer, theme
        self._on_choose, self._on_wrong, self._on_leave = on_choose, on_wrong, on_leave
        self._flow = Flow(composer, theme, style="Pane.TFrame")
        self._flow.lower()  # first in the order of Tab, as to the eye
        self.to = Recipients(self._flow, theme, on_recipients)
        self._flow.add(self.to)
        self._flow.display(self.to, False)  # until there is somebody to choose
        self._options: Options | None = None
        adopt_keys(composer, self._flow)

    @property
    def options(self) -> Options:
        """Format, encoding, ending and frame."""
        if self._options is None:
            self._options = Options(self._flow, self._theme, on_choose=self._on_choose, on_wrong=self._on_wrong)
            for control in self._options.controls:
                control.bind("<Escape>", lambda _event: self._on_leave())
            adopt_keys(self._composer, self._flow)
        return self._options

    @property
    def has_options_focus(self) -> bool:
        """Whether one of the options has the focus."""
        focus = str(self._flow.tk.call("focus"))
        return self._options is not None and any(focus == str(control) for control in self._options.controls)

    def show_recipients(self, connections: tuple[ConnectionRow, ...], chosen: frozenset[ConnectionId] | None) -> None:
        """Offer these, with those chosen; nobody is no choice."""
        if connections:
            self.to.show(connections, chosen)
        self._flow.display(self.to, bool(connections))
        self._arrange(has_recipients=bool(connections))

    def show_options(self, message_format: MessageFormat, *, is_shown: bool) -> None:
        """Show how messages are written, or show nothing of it."""
        if is_shown or self._options is not None:
            self.options.show(message_format, is_shown=is_shown)
        self._arrange(has_options=is_shown)

    _has_recipients = _has_options = False

    def _arrange(self, *, has_recipients: bool | None = None, has_options: bool | None = None) -> None:
        self._has_recipients = self._has_recipients if has_recipients is None else has_recipients
        self._has_options = self._has_options if has_options is None else has_options
        if self._has_recipients or self._has_options:
            self._flow.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, self._theme.px(8)))
        else:
            self._flow.grid_remove()


class Recipients(ttk.Frame):
    """``on_choose`` gets the connections that a person chose, None for everyone; ``show`` shows them as chosen."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, on_choose: Callable[[frozenset[ConnectionId] | None], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        ttk.Label(self, text="To", style="Pane.Muted.TLabel").pack(side="left", padx=(theme.px(2), theme.px(6)))
        self.button = ConnectionChoice(self, theme, all_words="Everyone", on_choose=on_choose)
        self.button.pack(side="left", fill="y")

    def show(self, connections: tuple[ConnectionRow, ...], chosen: frozenset[ConnectionId] | None) -> None:
        """Offer these, with those chosen."""
        view = FilterView(connections, chosen)
        self.button.show(view, f"everyone ({len(connections):,})" if chosen is None else chosen_words(view))

    @property
    def list(self) -> DropList[ConnectionId]:
        """What opens under the button."""
        return self.button.list


def adopt_keys(composer: tk.Misc, part: tk.Misc) -> None:
    """The window's own keys, if it puts them first in the composer, work in what was made later as well."""
    first = composer.bindtags()[0]
    if first == str(composer):
        return
    if first not in part.bindtags():
        part.bindtags((first, *part.bindtags()))
    for child in part.winfo_children():
        if not isinstance(child, tk.Menu):
            adopt_keys(composer, child)
