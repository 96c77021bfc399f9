"""The settings and the page of this machine's addresses. Lives on the window's thread.

Their windows are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.net.reachable import look_up
from core.replies import find_reply
from gui.viewmodels.reachable import how_to_talk, places

if TYPE_CHECKING:
    from core.address import LocalAddress
    from core.journal.recording.ledger import SessionState
    from gui.theme.theme import Theme
    from gui.viewmodels.preferences import Preferences
    from gui.views.dialogs.settings_dialog import SettingsDialog
    from gui.window import Window


class SettingsController:
    """Changes the preferences and shows the change at once.

    ``current`` gives the preferences and ``keep`` takes other ones; ``use_password`` gets that of the certificate for
    TLS and ``use_proxy_password`` that of the proxy, which are no preferences, since they are not kept; ``post`` has a
    call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        theme: Theme,
        *,
        current: Callable[[], Preferences],
        keep: Callable[[Preferences], None],
        post: Callable[[Callable[[], None]], None],
        open_folder: Callable[[], None],
        use_password: Callable[[str], None],
        use_proxy_password: Callable[[str], None],
    ) -> None:
        self._window = window
        self._theme = theme
        self._current = current
        self._keep = keep
        self._post = post
        self._open_folder = open_folder
        self._use_password = use_password
        self._use_proxy_password = use_proxy_password
        self._dialog: SettingsDialog | None = None

    def open(self) -> None:
        """Open the settings, or bring them to the front."""
        if self._dialog is not None and self._dialog.winfo_exists():
            self._dialog.lift()
            self._dialog.tabs.focus_set()
            return
        from gui.views.dialogs.settings_dialog import SettingsDialog

        self._dialog = SettingsDialog(
            self._window.root,
            self._theme,
            current=self._current,
            on_change=self.apply,
            on_open_folder=self._open_folder,
            on_password=self._use_password,
            on_proxy_password=self._use_proxy_password,
        )

    def apply(self, preferences: Preferences) -> None:
        """Take other preferences: the look at once, limits for the sessions that are started from now on."""
        self._theme.dress(preferences.theme, preferences.text_size, preferences.font, preferences.mono_font)
        self._keep(preferences)

    def choose_colours(self, name: str) -> None:
        """Take another palette."""
        self._theme.choose(name)
        self._change(theme=name)

    def zoom(self, step: int) -> None:
        """Show text so many points larger than usual."""
        self._change(text_size=self._theme.zoom(step))

    def show_network(self, sessions: Iterable[SessionState]) -> None:
        """List every address at which others reach the servers that are open to the network."""
        from gui.views.dialogs.network_page import NetworkPage

        wide = [state for state in sessions if state.is_open_to_the_network]
        listening = [address for state in wide for address in state.addresses if not address.is_loopback]
        replies = (find_reply(state.reply or "") for state in wide)
        page = NetworkPage(self._window.root, self._theme, how_to_talk(replies))

        def show(found: tuple[LocalAddress, ...]) -> None:
            if page.winfo_exists():
                page.show(places(listening, found))

        look_up(lambda found: self._post(partial(show, found)))

    def _change(self, **changes: str | int) -> None:
        self._keep(replace(self._current(), **changes))  # type: ignore[arg-type]
        if self._dialog is not None and self._dialog.winfo_exists():
            self._dialog.show()
