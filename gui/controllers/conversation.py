"""Looking closely at the conversation on view: filter, hex, inspector, find. Lives on the window's thread.

The panes for it are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.supervision import do_all
from gui.controllers.filter import Narrowing
from gui.controllers.find import Searching
from gui.controllers.framing import Cutting
from gui.controllers.inspector import Inspecting

if TYPE_CHECKING:
    from core.journal.display_row import Passage
    from core.journal.recording.ledger import SessionState
    from gui.journals.viewing import Viewing
    from gui.window import Window


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
        choose_framing: Callable[[str], None],
    ) -> None:
        self._window = window
        self._as_hex = False
        self.narrowing = Narrowing(window, viewing, refresh)
        self.searching = Searching(window, viewing, post)
        self.cutting = Cutting(window, viewing, choose_framing)
        self.inspecting = Inspecting(window, viewing, post=post, complain=complain, marks=self.searching.marks)
        self.searching.on_shown = self.inspecting.show_marks
        self.searching.is_looked_at = lambda: self.inspecting.is_open
        window.conversation.on_read_anew = self._read_anew

    def show(self, state: SessionState | None) -> None:
        """The conversation on view has changed, or grown."""
        self.cutting.show(state)
        self.narrowing.show(state)
        self.searching.search_on()
        self.inspecting.show_growth()

    def close(self) -> None:
        """Look for nothing any more."""
        do_all([("stopping the search", self.searching.stop), ("closing the inspector", self.inspecting.close)])

    def open_find(self) -> None:
        """Offer to look for something."""
        self.searching.open()

    def step(self, step: int) -> None:
        """Show the next place found (1) or the one before (-1)."""
        self.searching.step(step)

    def open_filter(self) -> None:
        """Offer to show only a part of the conversation."""
        self.narrowing.open()

    def _read_anew(self) -> None:
        """Bytes are read as other text: what was looked for may be elsewhere."""
        self.searching.search_on()
        self.inspecting.read_anew()

    # Hex.

    def toggle_hex(self) -> None:
        """Show messages as hex and text side by side, or as text again."""
        self._as_hex = not self._as_hex
        self._window.conversation.transcript.show_hex(as_hex=self._as_hex)

    # Inspector.

    def toggle_inspector(self) -> None:
        """Show the bytes of the chosen message beside the conversation, or put them away."""
        self.inspecting.toggle()

    def choose(self, passage: Passage) -> None:
        """A person has chosen a row: show what it consists of, if the inspector is open."""
        self.inspecting.choose(passage)
