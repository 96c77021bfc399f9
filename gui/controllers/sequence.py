"""The sequence view of the conversation on view. Lives on the window's thread; the pane is made when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import JournalError

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.journals.viewing import Viewing
    from gui.views.sequence import SequencePane
    from gui.window import Window


class SequenceController:
    """Keeps the pane and the conversation in step: the same rows, the same one chosen."""

    def __init__(self, window: Window, viewing: Viewing, *, save: Callable[[], None]) -> None:
        self._window, self._viewing, self._save = window, viewing, save
        self._made: SequencePane | None = None

    @property
    def is_open(self) -> bool:
        """Whether the pane is in sight."""
        return self._made is not None and bool(self._made.winfo_manager())

    def toggle(self) -> None:
        """Open the pane beside the conversation with the focus in it, or close it."""
        if self.is_open:
            self._window.close_side(self._pane)
            self._window.composer.focus_message()
            return
        self._window.open_side(self._pane)
        self.show()
        self._pane.mark(self._window.conversation.transcript.selection.chosen)
        self._pane.focus_first()

    def show(self) -> None:
        """Show the conversation on view, which is another or has grown."""
        if self.is_open:
            transcript = self._window.conversation.transcript
            style = transcript.row_window.style
            self._pane.show(self._viewing.conversation, transcript.decoding, as_hex=style.as_hex)

    def choose(self, display_row: DisplayRow) -> None:
        """The row was chosen in the conversation."""
        if self.is_open:
            self._pane.mark(display_row.place)

    @property
    def _pane(self) -> SequencePane:
        if self._made is None:
            from gui.views.sequence import SequencePane

            self._made = SequencePane(
                self._window.side_pane, self._window.theme, ending=self._ending, on_save=self._save,
                on_choose=self._window.conversation.transcript.reveal, on_close=self.toggle,
            )  # fmt: skip
            self._window.adopt(self._made)
        return self._made

    def _ending(self, display_row: DisplayRow) -> str:
        """How the connection of a row ended; empty if the journal cannot say."""
        conversation = self._viewing.conversation
        if conversation is None:
            return ""
        try:
            return str(conversation.journal.reader.detail(display_row.session, display_row.ordinal).get("ending", ""))
        except JournalError:
            return ""
