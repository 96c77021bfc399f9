"""Journals of earlier runs that are open in the window, beside the one that is being written. No tkinter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.events import SessionId

if TYPE_CHECKING:
    from core.journal.ledger import SessionState
    from gui.conversations import OpenJournal


class Archived(NamedTuple):
    """A session of an earlier run: in which journal, and what that calls it."""

    journal: OpenJournal
    session: SessionId
    begun: str  # when the journal was


class Archives:
    """Opens journals and gives their sessions numbers below zero, which no session of this run has."""

    def __init__(self) -> None:
        self._sessions: dict[SessionId, Archived] = {}
        self._journals: dict[Path, OpenJournal] = {}

    def open(self, path: Path) -> list[SessionState]:
        """The sessions of a journal; none if it is open already. Raises ``JournalError``."""
        from core.journal.archive import archived_sessions
        from core.journal.reader import JournalReader
        from gui.conversations import OpenJournal
        from gui.journals import when

        if path.resolve() in self._journals:
            return []
        reader = JournalReader(path)
        try:
            states = archived_sessions(reader)
        except BaseException:
            reader.close()
            raise
        journal = self._journals[path.resolve()] = OpenJournal(path, reader)
        shown = []
        for state in states:
            name = SessionId(-len(self._sessions) - 1)
            self._sessions[name] = Archived(journal, state.session, when(path))
            shown.append(replace(state, session=name))
        return shown

    def get(self, session: SessionId) -> Archived | None:
        """What a session below zero stands for."""
        return self._sessions.get(session)

    @property
    def begun(self) -> dict[SessionId, str]:
        """When each archived session's journal was begun."""
        return {session: archived.begun for session, archived in self._sessions.items()}

    def close(self) -> None:
        """Let go of the files."""
        for journal in self._journals.values():
            journal.reader.close()
        self._journals.clear()
        self._sessions.clear()
