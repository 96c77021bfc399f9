"""What the person looks at: which conversation, through which lens. No tkinter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import TincanError
from core.events import ConnectionId, Role, SessionId
from core.journal.lens import RAW, Lens
from core.journal.passage import EVERYTHING, Filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from gui.conversations import OpenConversation, OpenJournal


@dataclass(frozen=True, slots=True)
class Calls:
    """How a conversation calls back. ``post`` is for any thread and has its argument called on the window's."""

    post: Callable[[Callable[[], None]], None]
    changed: Callable[[], None]
    trouble: Callable[[str], None]


class Viewing:
    """The conversation on view, opened anew whenever the session or the lens changes. The window's thread.

    Each session keeps its own lens for the run; ``framing`` is what new ones begin with.
    """

    def __init__(self, calls: Calls, framing: str = RAW) -> None:
        self.framing = framing
        self._calls = calls
        self._lenses: dict[SessionId, Lens] = {}
        self._shown: SessionId | None = None
        self._conversation: OpenConversation | None = None

    @property
    def conversation(self) -> OpenConversation | None:
        """What is on view."""
        return self._conversation

    @property
    def lens(self) -> Lens:
        """What the session on view is seen through."""
        return self._lens_of(self._shown) if self._shown is not None else Lens(self.framing)

    def look(
        self, shown: SessionId, journal: OpenJournal, session: SessionId, role: Role, entries: int
    ) -> OpenConversation | None:
        """Show a session of a journal, of which ``entries`` can be read. ``shown`` is what the window calls it."""
        lens = self._lenses.setdefault(shown, Lens(self.framing))
        known = self._conversation
        if known is None or known.key != (journal.path, session, lens):
            self.close()
            from gui.conversations import OpenConversation

            try:
                self._conversation = OpenConversation(journal, session, role, lens, self._calls)
            except TincanError as error:
                self._calls.trouble(str(error))
        self._shown = shown
        if self._conversation is not None:
            self._conversation.reach(entries)
        return self._conversation

    def choose_framing(self, framing: str) -> None:
        """Cut the conversation on view, and those to come, by another framing."""
        self.framing = framing
        self._change(framing=framing)

    def choose_filter(self, only: Filter) -> None:
        """Show only that of the conversation on view."""
        self._change(only=only)

    def choose_connection(self, session: SessionId, connection: ConnectionId | None) -> None:
        """Show only one connection of a session, or all of them."""
        chosen = frozenset({connection}) if connection is not None else None
        lens = self._lens_of(session)
        self._lenses[session] = replace(lens, only=replace(lens.only, connections=chosen))

    def clear(self) -> None:
        """Begin the conversation on view with what comes next."""
        if self._conversation is not None:
            self._change(since=self._conversation.entries)

    def show_everything(self) -> None:
        """Show the conversation on view from its beginning, and all of it."""
        self._change(since=0, only=EVERYTHING)

    def close(self) -> None:
        """Show nothing."""
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = self._shown = None

    def _lens_of(self, session: SessionId) -> Lens:
        return self._lenses.get(session) or Lens(self.framing)

    def _change(self, **changes: object) -> None:
        if self._shown is not None:
            self._lenses[self._shown] = replace(self._lens_of(self._shown), **changes)  # type: ignore[arg-type]
