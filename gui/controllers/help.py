"""Help inside the window: the keys, the tour, what this program is, and where its log lies. Works without a network.

Lives on the window's thread. The pages are made when they are first asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gui.platform.desktop import open_file
from gui.viewmodels.tour import DONE, STEPS, Place, Scene, Tour

if TYPE_CHECKING:
    import tkinter as tk

    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import AppInterface
    from gui.controllers.notices import Notices
    from gui.theme.theme import Theme
    from gui.views.help import AboutPage, KeysPage, ReportPage, TourCard
    from gui.window import Window

_SENTENCE = "Both ends of a TCP conversation, byte for byte."


class HelpController:
    """Opens the pages of help.

    ``app`` knows the faults and their log; ``open_folder`` shows a folder, or says that it cannot.
    """

    def __init__(
        self,
        window: Window,
        theme: Theme,
        notices: Notices,
        *,
        app: AppInterface,
        open_folder: Callable[[Path], bool],
    ) -> None:
        self._window = window
        self._theme = theme
        self._notices = notices
        self._app = app
        self._log = app.log
        self._open_folder = open_folder
        self._keys: KeysPage | None = None
        self._about: AboutPage | None = None
        self._report: ReportPage | None = None
        self._tour: Tour | None = None
        self._card: TourCard | None = None
        self._scene = Scene()
        self._over: frozenset[SessionId] = frozenset()  # sessions that were over when the tour began

    def show_keys(self) -> None:
        """Open the page of keys, or bring it to the front."""
        from gui.views.help import KeysPage

        if self._keys is None or not self._keys.winfo_exists():
            self._keys = KeysPage(self._window.root, self._theme)
        self._keys.lift()

    def show_about(self) -> None:
        """Say what this program is and what it runs on."""
        from gui.views.help import AboutPage

        if self._about is None or not self._about.winfo_exists():
            self._about = AboutPage(self._window.root, self._theme, _SENTENCE, self._versions())
        self._about.lift()

    def report_problem(self) -> None:
        """Show a report to be copied, and the place of the log. Nothing leaves the machine."""
        from gui.views.help import ReportPage

        if self._report is None or not self._report.winfo_exists():
            place = f"The log of faults is {self._log}" if self._log.exists() else f"The log would be {self._log}"
            faults = "\n\n".join(self._app.faults) or "None in this run."
            versions = "\n".join(f"{name}: {words}" for name, words in self._versions() if name != "Log")
            text = f"What I did:\n\n\nWhat happened, and what I expected:\n\n\n{versions}\n\nFaults:\n{faults}\n"
            self._report = ReportPage(self._window.root, self._theme, text, place, on_folder=self._open_log_folder)
        self._report.lift()

    def _open_log_folder(self) -> None:
        folder = self._log.parent
        if not (folder.is_dir() and self._open_folder(folder)):
            self._notices.say(f"No program here shows folders. The log is {self._log}", "log")

    def open_log(self) -> None:
        """Show the log itself, or say where it is."""
        if not open_file(self._log):
            why = "No program here shows text files." if self._log.exists() else "Nothing has been logged yet."
            self._notices.say(f"{why} The log is {self._log}", "log")

    def begin_tour(self) -> None:
        """Begin the tour of the first conversation, from its first step."""
        from gui.views.help import TourCard

        self.end_tour()
        self._over = frozenset(name for name, state in self._scene.sessions.items() if state.phase.value == "ended")
        self._tour = Tour()
        self._card = TourCard(self._window.root, self._theme, on_skip=self._skip, on_end=self.end_tour)
        self._window.adopt(self._card.frame)
        self._go_on()

    def end_tour(self) -> None:
        """Put the tour away."""
        if self._card is not None:
            self._card.leave()
        self._tour = self._card = None

    def watch(self, sessions: Mapping[SessionId, SessionState], selected: SessionId | None) -> None:
        """Let the tour see which sessions there are."""
        self._scene = Scene(sessions, selected)
        if self._tour is not None and self._tour.step is not None:
            before = self._tour.place
            self._tour.watch(self._scene_of_tour())
            if self._tour.place != before:
                self._show_step()
            elif self._card is not None:
                self._card.settle()  # what it must not cover may have grown

    def _skip(self) -> None:
        if self._tour is not None:
            self._tour.skip()
            self._go_on()

    def _go_on(self) -> None:
        if self._tour is not None:
            self._tour.watch(self._scene_of_tour())
            self._show_step()

    def _scene_of_tour(self) -> Scene:
        sessions = {name: state for name, state in self._scene.sessions.items() if name not in self._over}
        return Scene(sessions, self._scene.selected)

    def _show_step(self) -> None:
        assert self._tour is not None
        assert self._card is not None
        step = self._tour.step
        if step is None:
            self._card.show(*DONE, "", None, "Done")
            return
        count, target = f"{self._tour.place + 1} of {len(STEPS)}", self._target(step.place)
        self._card.show(step.title, step.sentence, count, target, "End the tour", self._target(step.beside))

    def _target(self, place: Place) -> tk.Misc:
        window = self._window
        return {
            Place.SERVER_BUTTON: window.address.server_button,
            Place.CLIENT_BUTTON: window.address.client_button,
            Place.MESSAGE: window.composer.box,
            Place.SESSIONS: window.sessions,
            Place.ADDRESS: window.address,
            Place.CONVERSATION: window.conversation.transcript.text,
        }[place]

    def _versions(self) -> list[tuple[str, str]]:
        import platform
        import sqlite3

        from core import __version__

        tk_version = str(self._window.root.tk.call("info", "patchlevel"))
        system = f"{platform.system()} {platform.release()} ({platform.machine()})"
        return [
            ("Tincan", __version__ + (", as an executable" if getattr(sys, "frozen", False) else "")),
            ("Python", sys.version.split()[0]),
            ("Tk", tk_version),
            ("SQLite", sqlite3.sqlite_version),
            ("System", system),
            ("Log", str(self._log)),
        ]
