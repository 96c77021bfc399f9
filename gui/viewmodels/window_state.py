"""What the view of the window is made from: the states of the sessions, and what a person has chosen. No tkinter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.text_safety import TextSafety

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.address import Address, LocalAddress
    from core.events import ConnectionId, SessionId
    from core.journal.recording.ledger import ConnectionState, SessionState


@dataclass(frozen=True, slots=True)
class WindowState:
    """What the view of the window is made from. A view that is made from the same twice is the same."""

    sessions: Mapping[SessionId, SessionState] = field(default_factory=dict)
    selected: SessionId | None = None
    connection: ConnectionState | None = None  # of the selected session, shown alone
    recipients: frozenset[ConnectionId] | None = None  # who gets what is written; None is everyone
    form: Address | None = None  # what host and port say, None if they make no sense
    datagrams: bool = False  # whether they ask for UDP
    reply: str = "letter"  # of the selected server, else of the next one
    reachable: tuple[LocalAddress, ...] = ()  # this machine's addresses that others can use
    safety: TextSafety = field(default_factory=TextSafety)
    archived: Mapping[SessionId, str] = field(default_factory=dict)  # when the journals of old sessions were begun
    seconds_left: int | None = None  # until the selected session, which is connecting, gives up
    now: int = 0  # a reading of ``core.clock.monotonic_ns()``
    removed: frozenset[str] = frozenset()  # rows that a person has taken out of the list of sessions, by their keys
    names: Mapping[str, str] = field(default_factory=dict)  # that a person gave, by the keys of their rows
    unread: Mapping[SessionId, int] = field(default_factory=dict)  # messages that came while it was not on view
    tls: bool = False  # whether what is started or connected next speaks TLS
    faulty: frozenset[SessionId] = frozenset()  # sessions whose line is bad on purpose
    held: Mapping[SessionId, int] = field(default_factory=dict)  # messages that wait in those that hold some

    @property
    def state(self) -> SessionState | None:
        """The selected session."""
        return self.sessions.get(self.selected) if self.selected is not None else None
