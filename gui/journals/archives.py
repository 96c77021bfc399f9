"""Journals of earlier runs that are open in the window, beside the one that is being written. No tkinter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.events import SessionId
from core.supervision import do_all

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState
    from core.journal.recovery.recovery import Opened
    from gui.journals.conversations import OpenJournal


class Archived(NamedTuple):
    """A session of an earlier run: its journal, and its number there."""

    journal: OpenJournal
    session: SessionId
    begun: str  # when the journal was


class Archives:
    """Keeps journals open and gives their sessions numbers below zero, which no session of this run has."""

    def __init__(self) -> None:
        self._sessions: dict[SessionId, Archived] = {}
        self._journals: dict[Path, Opened] = {}
        self._shown: dict[Path, list[SessionState]] = {}

    def take(self, path: Path, opened: Opened, states: Sequence[SessionState]) -> list[SessionState]:
        """Keep a journal that was opened as ``path``; its sessions with the numbers that they have here."""
        from gui.journals.conversations import OpenJournal
        from gui.journals.journal_files import when

        journal = OpenJournal(opened.path, opened.reader)
        self._journals[path.resolve()] = opened
        shown = self._shown[path.resolve()] = []
        for state in states:
            name = SessionId(-len(self._sessions) - 1)
            self._sessions[name] = Archived(journal, state.session, when(path))
            shown.append(replace(state, session=name))
        return shown

    def sessions_of(self, path: Path) -> list[SessionState]:
        """The sessions of the journal that was opened as ``path``; none if it is not open."""
        return self._shown.get(path.resolve(), [])

    def get(self, session: SessionId) -> Archived | None:
        """The archived session of a number below zero; None for one of this run."""
        return self._sessions.get(session)

    @property
    def begun(self) -> dict[SessionId, str]:
        """The time at which each archived session's journal was begun, in words."""
        return {session: archived.begun for session, archived in self._sessions.items()}

    def close(self) -> None:
        """Close the journals."""
        do_all([(f"closing the old journal {path.name}", opened.close) for path, opened in self._journals.items()])
        self._journals.clear()
        self._sessions.clear()
        self._shown.clear()
