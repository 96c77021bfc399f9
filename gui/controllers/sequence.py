"""The sequence view of the conversation on view. Lives on the window's thread; the pane is made when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import JournalError
from gui.controllers.opening import OpeningController

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.journals.viewing import Viewing
    from gui.views.sequence import SequencePane
    from gui.window import Window


class SequenceController(OpeningController["SequencePane"]):
    """Keeps the pane and the conversation in step: the same rows, the same one chosen."""

    def __init__(self, window: Window, viewing: Viewing, *, save: Callable[[], None]) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._viewing, self._save = viewing, save

    def show(self) -> None:
        """Show the conversation on view, which is another or has grown."""
        if self.is_open:
            transcript = self._window.conversation.transcript
            style = transcript.row_window.style
            self.view.show(self._viewing.conversation, transcript.decoding, as_hex=style.as_hex)

    def choose(self, display_row: DisplayRow) -> None:
        """The row was chosen in the conversation."""
        if self.is_open:
            self.view.mark(display_row.place)

    def _make(self) -> SequencePane:
        from gui.views.sequence import SequencePane

        return SequencePane(
            self._window.side_pane, self._window.theme, ending=self._ending, on_save=self._save,
            on_choose=self._window.conversation.transcript.reveal, on_close=self.toggle,
        )  # fmt: skip

    def _opened(self) -> None:
        self.show()
        self.view.mark(self._window.conversation.transcript.selection.chosen)
        self.view.focus_first()

    def _ending(self, display_row: DisplayRow) -> str:
        """How the connection of a row ended; empty if the journal cannot say."""
        conversation = self._viewing.conversation
        if conversation is None:
            return ""
        try:
            return str(conversation.journal.reader.detail(display_row.session, display_row.ordinal).get("ending", ""))
        except JournalError:
            return ""
