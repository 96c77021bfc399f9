"""Help inside the window: the keys, the tour, what this program is, and where its log lies. Works without a network.

Lives on the window's thread. The pages are made when they are first asked for. The tour of the first conversation
watches what a person really does and does nothing itself: each step is over when what it speaks of has happened.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from core.events import SessionId
from core.journal.recording.ledger import Phase, SessionState
from gui.keys import shown
from gui.platform.desktop import open_file

if TYPE_CHECKING:
    import tkinter as tk

    from gui.controllers.app_interface import AppInterface
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
        self._over = frozenset(name for name, state in self._scene.sessions.items() if state.phase is Phase.ENDED)
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

    def _target(self, place: TourPlace) -> tk.Misc:
        window = self._window
        return {
            TourPlace.SERVER_BUTTON: window.address.server_button,
            TourPlace.CLIENT_BUTTON: window.address.client_button,
            TourPlace.MESSAGE: window.composer.box,
            TourPlace.SESSIONS: window.sessions,
            TourPlace.ADDRESS: window.address,
            TourPlace.CONVERSATION: window.conversation.transcript.text,
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


class TourPlace(Enum):
    """What a step points at."""

    SERVER_BUTTON = "server button"
    CLIENT_BUTTON = "client button"
    MESSAGE = "message"
    SESSIONS = "sessions"
    ADDRESS = "address"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Scene:
    """What has happened since the tour began."""

    sessions: Mapping[SessionId, SessionState] = field(default_factory=dict)
    selected: SessionId | None = None

    @property
    def servers(self) -> list[SessionState]:
        """The sessions of this run that listen."""
        return [state for state in self.sessions.values() if state.role.listens and state.session > 0]

    @property
    def clients(self) -> list[SessionState]:
        """The sessions of this run that called somebody."""
        return [state for state in self.sessions.values() if state.role.dials and state.session > 0]


@dataclass(frozen=True, slots=True)
class TourStep:
    """One thing to do: what, why, where, and how one knows that it is done; ``beside`` is what it speaks of, too."""

    title: str
    sentence: str
    place: TourPlace
    is_done: Callable[[Scene], bool]
    beside: TourPlace


def _server_listens(scene: Scene) -> bool:
    return any(state.phase is Phase.OPEN for state in scene.servers)


def _client_stands(scene: Scene) -> bool:
    return any(state.connections for state in scene.clients)


def _client_spoke(scene: Scene) -> bool:
    return any(state.bytes_out for state in scene.clients)


def _server_is_on_view(scene: Scene) -> bool:
    return any(state.session == scene.selected for state in scene.servers)


def _client_is_over(scene: Scene) -> bool:
    over = [state for state in scene.clients if state.accepted and not state.connections]
    return bool(over) and not _client_stands(scene)


STEPS = (
    TourStep(
        "Start a server",
        "A server waits at an address until somebody calls: the host and the port in this row, where 127.0.0.1 is this "
        "machine. "
        f"Press Start server, or {shown('toggle_server')}.",
        TourPlace.SERVER_BUTTON,
        _server_listens,
        TourPlace.ADDRESS,
    ),
    TourStep(
        "Connect to it",
        "A client calls that address. Three packets make the handshake, and from then on both ends can speak. "
        f"Press Connect, or {shown('toggle_client')}.",
        TourPlace.CLIENT_BUTTON,
        _client_stands,
        TourPlace.ADDRESS,
    ),
    TourStep(
        "Say something",
        "You are the client now. Type a word and press Enter: the server has greeted you, and answers each message "
        "with one random letter.",
        TourPlace.MESSAGE,
        _client_spoke,
        TourPlace.CONVERSATION,
    ),
    TourStep(
        "Look from the other end",
        "Choose the server in the list: the same bytes, as they came in and went out there. "
        f"{shown('next_session')} goes there too.",
        TourPlace.SESSIONS,
        _server_is_on_view,
        TourPlace.CONVERSATION,
    ),
    TourStep(
        "Say goodbye",
        "Press Disconnect. Your end sends FIN, the polite end of a TCP connection, and the conversation says so. "
        "A rude one would read RST.",
        TourPlace.CLIENT_BUTTON,
        _client_is_over,
        TourPlace.CONVERSATION,
    ),
)

DONE = (
    "That was a whole conversation",
    f"Listen, connect, send, receive, FIN. {shown('toggle_inspector')} shows the bytes of a message and how TCP cut "
    f"them; {shown('show_keys')} lists every key.",
)


class Tour:
    """Where a person is in the tour. A step that is done already when its turn comes is passed over."""

    def __init__(self) -> None:
        self.place = 0  # of the step that is shown; the number of steps once all are done

    @property
    def step(self) -> TourStep | None:
        """What is to be done; None at the end."""
        return STEPS[self.place] if self.place < len(STEPS) else None

    def watch(self, scene: Scene) -> None:
        """Go on past everything that has happened."""
        while self.step is not None and self.step.is_done(scene):
            self.place += 1

    def skip(self) -> None:
        """Go on all the same."""
        self.place = min(self.place + 1, len(STEPS))
