"""The hint that a silent peer may wait for the end of the message. Lives on the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.clock import monotonic_ns
from gui.viewmodels.drafting import NOBODYS, MessageFormat, SendResult, ends_nothing
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import ConnectionId, SessionId
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.viewmodels.drafting import ConversationId
    from gui.window import Window

_PATIENCE = 2_000_000_000  # nanoseconds without an answer
_WORDS = "No answer for 2 s: the message went out without an ending."


class SilenceController:
    """Says once in a session that its peer, which has never answered, was sent text without a line ending.

    ``clock`` is the clock of the journal's entries, in nanoseconds.
    """

    def __init__(
        self, window: Window, main_controller: MainController, clock: Callable[[], int] = monotonic_ns
    ) -> None:
        self._window, self._main_controller, self._clock = window, main_controller, clock
        self._unended: dict[ConversationId, frozenset[ConnectionId] | None] = {}  # and whom the message went to
        self._told: dict[SessionId, ConversationId] = {}  # where it is said, or, once that is over, nowhere
        self._later = Debounce(window.root, self.show)
        window.composer.on_end_with_lf = self.end_with_lf
        window.composer.on_not_again = self.not_again

    def sent(self, conversation: ConversationId, data: bytes, message_format: MessageFormat) -> None:
        """Take in the last bytes that were sent in a conversation, and how they were written."""
        if ends_nothing(data, message_format):
            self._unended[conversation] = self._main_controller.sending.offered_recipients
        else:
            self._unended.pop(conversation, None)
        self.show()

    def show(self) -> None:
        """Say it in the conversation on view, if it is time; take it back once there is an answer."""
        state, conversation = self._main_controller.state, self._main_controller.sending.conversation
        self._later.cancel()
        if state is None or not self._is_silent(state, conversation):
            if state is not None and self._told.get(state.session) == conversation:
                self._told[state.session] = NOBODYS  # once is enough
            self._window.composer.show_silence("")
            return
        left = state.sent_at + _PATIENCE - self._clock()
        if conversation != self._told.get(state.session) and left > 0:
            self._later.ask(left // 1_000_000 + 1)
        else:
            self._told[state.session] = conversation
        self._window.composer.show_silence(_WORDS if state.session in self._told else "")

    def end_with_lf(self) -> None:
        """End the messages of the conversation with LF from now on, and send the LF that the last one lacked."""
        sending = self._main_controller.sending
        self._window.composer.choose(replace(sending.new_format, ending="lf"))
        sending.send([""], MessageFormat(encoding=sending.new_format.encoding, ending="lf"), self._ended)

    def not_again(self) -> None:
        """Say it in no conversation any more, until the settings have it said again."""
        self._main_controller.preferences = replace(self._main_controller.preferences, tell_silence=False)
        self.show()

    def _ended(self, result: SendResult) -> None:
        self._window.composer.complain(result.sentence)

    def _is_silent(self, state: SessionState, conversation: ConversationId) -> bool:
        """Whether the last message of a conversation had no ending and nobody in its session has ever answered."""
        return (
            self._main_controller.preferences.tell_silence
            and not state.role.datagrams  # whose end is an ending
            and conversation in self._unended
            and self._told.get(state.session, conversation) == conversation
            and self._unended[conversation] == self._main_controller.sending.offered_recipients
            and state.bytes_in == 0
            and state.senders > 0
            and state.sent_at > 0
        )
