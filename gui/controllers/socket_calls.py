"""The socket calls of the session on view. Lives on the window's thread; the pane is made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.errors import JournalError
from core.words import sentence
from gui.controllers.opening import OpeningController
from gui.viewmodels.socket_calls import chosen_by
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.call_reader import CallReader
    from core.journal.reading.socket_calls import SocketCall
    from core.roles import Role
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.socket_calls import SocketCallsPane
    from gui.window import Window

_AGAIN = 30  # milliseconds until what could not be known yet is looked at again


class SocketCallsController(OpeningController["SocketCallsPane"]):
    """Keeps the pane and the conversation in step: the same session, the message of the chosen call."""

    def __init__(self, window: Window, viewing: Viewing, *, complain: Callable[[str], None]) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._viewing, self._complain = viewing, complain
        self._calls: SessionCalls | None = None
        self._again = Debounce(window.root, self._look_again)

    def show(self) -> None:
        """Show the calls of the session on view, which is another or has grown."""
        if not self.is_open:
            return
        conversation = self._viewing.conversation
        if conversation is None:
            self._calls = None
        elif self._calls is None or self._calls.key != conversation.source:
            self._calls = SessionCalls(conversation, self._complain, lambda: self._again.ask(_AGAIN))
        if self._calls is not None and conversation is not None:
            self._calls.entries = conversation.entries
        self.view.show(self._calls)

    def choose(self, display_row: DisplayRow) -> None:
        """The row was chosen in the conversation."""
        if self.is_open:
            self.view.choose_message(chosen_by(display_row))

    def _look_again(self) -> None:
        if self.is_open:
            self.view.redraw()

    def _choose_entry(self, ordinal: int) -> None:
        """A call was chosen: choose the message that it moved."""
        conversation = self._viewing.conversation
        if conversation is None or ordinal < conversation.lens.since:
            return
        try:
            self._window.conversation.transcript.reveal(conversation.place_of(ordinal, 1))
        except JournalError as error:
            self._complain(sentence(error))

    def _make(self) -> SocketCallsPane:
        from gui.views.socket_calls import SocketCallsPane

        window = self._window
        return SocketCallsPane(window.side_pane, window.theme, on_choose=self._choose_entry, on_close=self.toggle)

    def _opened(self) -> None:
        self.show()
        chosen = self._window.conversation.transcript.chosen_message
        if chosen is not None:
            self.choose(chosen)
        self.view.focus_first()


class SessionCalls:
    """A session of a journal: ``gui.views.socket_calls.Calls``. ``not_all`` is called if not all could be known yet."""

    def __init__(
        self, conversation: OpenConversation, complain: Callable[[str], None], not_all: Callable[[], None]
    ) -> None:
        self.key = conversation.source
        self.role: Role = conversation.role
        self.entries = 0
        self._conversation = conversation
        self._complain, self._not_all = complain, not_all
        self._reader: CallReader | None = None

    def read(self, first: int, count: int) -> Sequence[tuple[DisplayRow, Sequence[SocketCall]]]:
        """Entries with their calls; none if they cannot be read, which is then complained of."""
        if self.role.is_captured:
            return []
        from core.journal.reading.call_reader import CallReader

        try:
            if self._reader is None:
                self._reader = CallReader(self._conversation.journal.reader, self._conversation.session)
            found = self._reader.read(first, min(count, self.entries - first), self.entries)
        except JournalError as error:
            self._complain(sentence(f"These calls cannot be read: {error}"))
            return []
        if not self._reader.knows(self.entries):
            self._not_all()
        return found
