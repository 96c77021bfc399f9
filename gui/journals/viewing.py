"""The conversation on view, and the lens and the encoding of every session. No tkinter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from core.address import Address
from core.errors import TincanError
from core.events import ConnectionId, SessionId
from core.journal.display_row import EVERYTHING, Filter
from core.journal.reading.lens import RAW, Lens
from core.roles import Role

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState
    from gui.journals.conversations import OpenConversation, OpenJournal
    from gui.viewmodels.rows import Callbacks


_Place: TypeAlias = tuple[Role, Address]


class Viewing:
    """The conversation on view, opened anew whenever the session or the lens changes. The window's thread.

    Each session keeps its own lens for the run. The lens of a new session has the framing that the session itself
    replies to, mostly none; or the one that a person chose for an earlier session at the same address. So does it keep
    the encoding in which its bytes are read; that of a new session is ``encoding``, or the one that was chosen last.
    """

    def __init__(self, callbacks: Callbacks, encoding: str) -> None:
        self._callbacks = callbacks
        self._usual_encoding = encoding
        self._encodings: dict[SessionId, str] = {}
        self._chosen: dict[_Place, str] = {}  # framings, where a person chose them
        self._lenses: dict[SessionId, Lens] = {}
        self._shown: SessionState | None = None
        self._conversation: OpenConversation | None = None

    @property
    def conversation(self) -> OpenConversation | None:
        """The conversation on view; None without one."""
        return self._conversation

    @property
    def lens(self) -> Lens:
        """The lens of the session on view."""
        return self._lenses[self._shown.session] if self._shown is not None else Lens()

    def shows(self, state: SessionState) -> bool:
        """Whether that session is the one on view."""
        return self._shown is not None and self._shown.session == state.session

    @property
    def encoding(self) -> str:
        """The encoding in which the bytes of the session on view are read, by its key in ``ENCODINGS``."""
        return self._encodings[self._shown.session] if self._shown is not None else self._usual_encoding

    def look(self, state: SessionState, journal: OpenJournal, session: SessionId) -> OpenConversation | None:
        """Show a session, which its journal calls ``session``."""
        lens = replace(self._lens_of(state), datagrams=state.role.datagrams)
        self._lenses[state.session] = lens
        self._encodings.setdefault(state.session, self._usual_encoding)
        known = self._conversation
        if known is None or known.key != (journal.path, session, lens):
            self.close()
            from gui.journals.conversations import OpenConversation

            try:
                self._conversation = OpenConversation(journal, session, state.role, lens, self._callbacks)
            except TincanError as error:
                self._callbacks.trouble(str(error))
        self._shown = state
        if self._conversation is not None:
            self._conversation.reach(state.entries)
        return self._conversation

    def choose_framing(self, framing: str) -> None:
        """Use another framing for the session on view, and for later ones at the same address."""
        if self._shown is not None:
            self._chosen[_place_of(self._shown)] = framing
        self._change(framing=framing)

    def choose_back(self, framing: str | None) -> None:
        """Use another framing for what comes back from targets in the session on view; None is that of the way out."""
        self._change(back=framing)

    def choose_encoding(self, encoding: str) -> None:
        """Read the bytes of the session on view, and of the sessions to come, in another encoding."""
        self._usual_encoding = encoding
        if self._shown is not None:
            self._encodings[self._shown.session] = encoding

    def use(self, session: SessionId, framing: str, encoding: str) -> None:
        """Cut and read a session, which may just have been begun, like that; others stay as they are."""
        self._lenses[session] = replace(self._lenses.get(session, Lens()), framing=framing)
        self._encodings[session] = encoding

    def choose_filter(self, only: Filter) -> None:
        """Show only the entries of the conversation on view that the filter admits."""
        self._change(only=only)

    def choose_connection(self, state: SessionState, connection: ConnectionId | None) -> None:
        """Show only a connection of a session, or a pair, or all; a conversation that cannot be read is tried again."""
        if self._conversation is not None and self._conversation.is_broken:
            self.close()
        chosen = state.pair(connection) if connection is not None else None
        lens = self._lens_of(state)
        self._lenses[state.session] = replace(lens, only=replace(lens.only, connections=chosen))

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

    def _lens_of(self, state: SessionState) -> Lens:
        return self._lenses.get(state.session) or Lens(self._chosen.get(_place_of(state)) or _own_framing(state))

    def _change(self, **changes: object) -> None:
        if self._shown is not None:
            session = self._shown.session
            self._lenses[session] = replace(self._lenses[session], **changes)  # type: ignore[arg-type]


def _place_of(state: SessionState) -> _Place:
    return state.role, state.target


def _own_framing(state: SessionState) -> str:
    """The framing of the session itself; as received if this version does not know it."""
    if state.framing == RAW:
        return RAW
    from core.wire.framing import parse_framing

    try:
        return str(parse_framing(state.framing))
    except TincanError:  # a later version's, in a journal
        return RAW
