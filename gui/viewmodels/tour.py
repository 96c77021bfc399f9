"""The tour of the first conversation: five steps, each of which is over when what it speaks of has happened.

Pure functions of values; no tkinter. The tour watches what a person really does and does nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from core.events import SessionId
from core.journal.recording.ledger import Phase, SessionState
from gui.keys import shown


class Place(Enum):
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
class Step:
    """One thing to do: what, why, where, and how one knows that it is done; ``beside`` is what it speaks of, too."""

    title: str
    sentence: str
    place: Place
    is_done: Callable[[Scene], bool]
    beside: Place


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
    Step(
        "Start a server",
        "A server waits at an address until somebody calls: the host and the port in this row, where 127.0.0.1 is this "
        "machine. "
        f"Press Start server, or {shown('toggle_server')}.",
        Place.SERVER_BUTTON,
        _server_listens,
        Place.ADDRESS,
    ),
    Step(
        "Connect to it",
        "A client calls that address. Three packets make the handshake, and from then on both ends can speak. "
        f"Press Connect, or {shown('toggle_client')}.",
        Place.CLIENT_BUTTON,
        _client_stands,
        Place.ADDRESS,
    ),
    Step(
        "Say something",
        "You are the client now. Type a word and press Enter: the server has greeted you, and answers each message "
        "with one random letter.",
        Place.MESSAGE,
        _client_spoke,
        Place.CONVERSATION,
    ),
    Step(
        "Look from the other end",
        "Choose the server in the list: the same bytes, as they came in and went out there. "
        f"{shown('next_session')} goes there too.",
        Place.SESSIONS,
        _server_is_on_view,
        Place.CONVERSATION,
    ),
    Step(
        "Say goodbye",
        "Press Disconnect. Your end sends FIN, the polite end of a TCP connection, and the conversation says so. "
        "A rude one would read RST.",
        Place.CLIENT_BUTTON,
        _client_is_over,
        Place.CONVERSATION,
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
    def step(self) -> Step | None:
        """What is to be done; None at the end."""
        return STEPS[self.place] if self.place < len(STEPS) else None

    def watch(self, scene: Scene) -> None:
        """Go on past everything that has happened."""
        while self.step is not None and self.step.is_done(scene):
            self.place += 1

    def skip(self) -> None:
        """Go on all the same."""
        self.place = min(self.place + 1, len(STEPS))
