"""What a server replies to: each piece as it is received, or each message as the conversation shows them.

Offered in the head of the conversation once the two differ. Lives on the window's thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from core.events import Role, SessionId
from core.journal.reading.lens import RAW
from core.journal.recording.ledger import Phase
from gui.viewmodels.framings import one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.window import Window


_Offered: TypeAlias = tuple[tuple[str, ...], str]  # framings, and which of them holds
_NOTHING: _Offered = ((), RAW)


class ReplyFramingController:
    """Between the chooser and the servers; ``change`` has a server tell messages apart by another framing."""

    def __init__(
        self, window: Window, main_controller: MainController, change: Callable[[SessionState, str], None]
    ) -> None:
        self._pane = window.conversation
        self._main_controller = main_controller
        self._change = change
        self._asked: dict[SessionId, str] = {}  # what was chosen and is not told of yet
        self._offered: _Offered = _NOTHING
        self._pane.on_reply_framing = self.choose

    def show(self) -> None:
        """What is on view has changed."""
        state = self._main_controller.state
        offered = self._offered_by(state) if state is not None and _replies(state) else _NOTHING
        if offered != self._offered:
            self._offered = offered
            framings, chosen = offered
            self._pane.offer_reply_framings([(framing, one_of(framing)) for framing in framings], chosen)

    def choose(self, framing: str) -> None:
        """Have the server on view reply to each message of that framing, from now on."""
        state = self._main_controller.state
        if state is not None and _replies(state):
            self._asked[state.session] = framing
            self._change(state, framing)
            self.show()

    def _offered_by(self, state: SessionState) -> _Offered:
        """The framings to choose from, if there is more than one, and the one that holds."""
        asked = self._asked.get(state.session, state.framing)
        if asked == state.framing:
            self._asked.pop(state.session, None)
        known = tuple(dict.fromkeys((RAW, asked, self._main_controller.viewing.lens.framing)))
        return (known, asked) if len(known) > 1 else _NOTHING


def _replies(state: SessionState) -> bool:
    return state.role is Role.SERVER and state.phase is not Phase.ENDED and state.reply not in (None, "none")
