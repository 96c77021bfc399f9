"""The replies of servers: by which rule, and to each piece received or to each message of a framing.

Lives on the window's thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from core.events import SessionId
from core.journal.reading.lens import RAW
from core.journal.recording.ledger import Phase
from core.replies import find_reply
from gui.viewmodels.framings import one_of

if TYPE_CHECKING:
    from core.address import Address
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.window import Window


_Offered: TypeAlias = tuple[tuple[str, ...], str]  # framings, and which of them holds
_NOTHING: _Offered = ((), RAW)


class ReplyController:
    """Keeps the rule and the framing of every server's reply, and has servers take what a person chooses.

    The rule is the one that was asked for: the server's own state tells it a moment later. The chooser of the
    framing is offered once the conversation is framed in another way than its reply.
    """

    def __init__(self, window: Window, main_controller: MainController) -> None:
        self._pane = window.conversation
        self._main_controller = main_controller
        self._rules: dict[SessionId, str] = {}
        self._framings: dict[Address, str] = {}  # chosen for a server there, and for those begun there again
        self._asked: dict[SessionId, str] = {}  # framings that a server was told and has not confirmed yet
        self._offered: _Offered = _NOTHING
        self._pane.on_reply_framing = self.choose_framing

    @property
    def usual(self) -> str:
        """The rule of the servers to come; it is remembered for the next run."""
        return self._main_controller.preferences.reply

    def rule_of(self, session: SessionId | None) -> str:
        """The rule of that server, or of the next one."""
        return self._rules.get(session, self.usual) if session is not None else self.usual

    def framing_at(self, address: Address) -> str:
        """The framing whose messages a server that is begun at that address replies to."""
        return self._framings.get(address, RAW)

    def begun(self, session: SessionId) -> None:
        """Keep the rule of a server that has been started with the usual one."""
        self._rules[session] = self.usual

    def choose(self, rule: str) -> None:
        """Have the selected server, and those to come, reply by that rule."""
        self._main_controller.preferences = replace(self._main_controller.preferences, reply=rule)
        state = self._main_controller.state
        if state is not None and state.role.replies:
            self._rules[state.session] = rule
            self._main_controller.workbench.set_reply(state.session, rule)

    def choose_framing(self, framing: str) -> None:
        """Have the server on view, and those begun there again, reply to each message of that framing."""
        state = self._main_controller.state
        if state is not None and _replies(state):
            self._asked[state.session] = self._framings[state.target] = framing
            self._main_controller.workbench.set_framing(state.session, framing)
            self.show()

    def show(self) -> None:
        """Offer the framings that the reply of the session on view can have."""
        state = self._main_controller.state
        offered = self._offered_by(state) if state is not None and _replies(state) else _NOTHING
        if offered != self._offered:
            self._offered = offered
            framings, chosen = offered
            self._pane.offer_reply_framings([(framing, one_of(framing)) for framing in framings], chosen)

    def _offered_by(self, state: SessionState) -> _Offered:
        """The framings to choose from, if there is more than one, and the one that holds."""
        asked = self._asked.get(state.session, state.framing)
        if asked == state.framing:
            self._asked.pop(state.session, None)
        known = tuple(dict.fromkeys((RAW, asked, self._main_controller.viewing.lens.framing)))
        return (known, asked) if len(known) > 1 else _NOTHING


def _replies(state: SessionState) -> bool:
    reply = find_reply(state.reply or "")
    is_over = state.phase is Phase.ENDED
    return state.role.replies and not is_over and reply is not None and not reply.waits_for_a_person
