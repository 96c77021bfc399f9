"""Looking closely at the conversation on view: filter, hex, inspector, find. Lives on the window's thread.

The panes for it are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JournalError
from gui.narrowing import Narrowing
from gui.searching import Searching
from gui.sentences import sentence

if TYPE_CHECKING:
    from core.journal.ledger import SessionState
    from core.journal.passage import Passage
    from gui.inspection import Inspected
    from gui.panes.inspector import Inspector
    from gui.viewing import Viewing
    from gui.window import Window

_MOST_SAVED = 16 << 20  # bytes of one message that are saved from the inspector


class ReadingRoom:
    """Between the panes that show a conversation closely and what is on view.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        refresh: Callable[[], None],
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
    ) -> None:
        self._window = window
        self._complain = complain
        self._viewing = viewing
        self._as_hex = False
        self._inspector: Inspector | None = None
        self.narrowing = Narrowing(window, viewing, refresh)
        self.searching = Searching(window, viewing, post)

    def show(self, state: SessionState | None) -> None:
        """The conversation on view has changed, or grown."""
        self.narrowing.show(state)
        self.searching.search_on()

    def close(self) -> None:
        """Look for nothing any more."""
        self.searching.stop()

    def open_find(self) -> None:
        """Offer to look for something."""
        self.searching.open()

    def step(self, step: int) -> None:
        """Show the next place found (1) or the one before (-1)."""
        self.searching.step(step)

    def open_filter(self) -> None:
        """Offer to show only a part of the conversation."""
        self.narrowing.open()

    # Hex.

    def toggle_hex(self) -> None:
        """Show messages as hex and text side by side, or as text again."""
        self._as_hex = not self._as_hex
        self._window.conversation.transcript.show_hex(as_hex=self._as_hex)

    # Inspector.

    def toggle_inspector(self) -> None:
        """Show the bytes of the chosen message beside the conversation, or put them away."""
        if self._inspector is None:
            from gui.panes.inspector import Inspector

            pane = self._window.side_pane
            self._inspector = Inspector(pane, self._window.theme, on_save=self._save, on_close=self.toggle_inspector)
            self._window.adopt(self._inspector)
        if self._inspector.winfo_manager():
            self._window.close_side(self._inspector)
            self._window.composer.focus_message()
            return
        self._window.open_side(self._inspector)
        transcript = self._window.conversation.transcript
        transcript.text.focus_set()
        if transcript.picking.chosen is not None:
            transcript.choose(transcript.picking.chosen)

    def choose(self, passage: Passage) -> None:
        """A person has chosen a row: show what it consists of, if the inspector is open."""
        conversation = self._viewing.conversation
        if self._inspector is None or not self._inspector.winfo_manager() or conversation is None:
            return
        from gui.inspection import Inspected

        is_server = conversation.role.value == "server"
        if not passage.is_message:
            self._inspector.show(Inspected(passage, is_server))
            return
        try:
            recorded = conversation.recorded(passage)
        except JournalError as error:
            self._complain(sentence(error))
            return
        framing = "" if conversation.joins_pieces else conversation.lens.framing
        self._inspector.show(Inspected(passage, is_server, recorded, recorded.calls, framing=framing))

    def _save(self, inspected: Inspected, span: tuple[int, int]) -> None:
        """Write bytes of a message into a file."""
        if inspected.source is None:
            return
        if span[1] - span[0] > _MOST_SAVED:
            self._complain("That is too much to save from here. File, Export writes raw bytes.")
            return
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(parent=self._window.root, title="Save bytes", defaultextension=".bin")
        if not chosen:
            return
        try:
            Path(chosen).write_bytes(inspected.source.read(*span))
        except (OSError, JournalError) as error:
            self._complain(f"The bytes were not saved: {error}.")
