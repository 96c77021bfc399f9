"""The controllers of the conversation on view: filter, find, framing and what shows it otherwise. The window's thread.

Their views are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.supervision import do_all
from gui.controllers.figures import FiguresController
from gui.controllers.find import FindController
from gui.controllers.inspector import InspectorController
from gui.controllers.lens import FilterController, FramingController
from gui.controllers.sequence import SequenceController
from gui.controllers.socket_calls import SocketCallsController

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.recording.ledger import SessionState
    from gui.journals.viewing import Viewing
    from gui.window import Window


class ConversationController:
    """Tells the controllers of the conversation when it changes, and connects them with each other.

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
        choose_back: Callable[[str | None], None],
        save_sequence: Callable[[], None],
    ) -> None:
        self._window = window
        self.filtering = FilterController(window, viewing, refresh)
        self.finding = FindController(window, viewing, post)
        self.framing = FramingController(window, viewing, choose_framing, choose_back)
        self.inspector = InspectorController(window, viewing, post=post, complain=complain, marks=self.finding.marks)
        self.sequence = SequenceController(window, viewing, save=save_sequence)
        self.figures = FiguresController(window, viewing, post=post, complain=complain)
        self.socket_calls = SocketCallsController(window, viewing, complain=complain)
        self.finding.on_shown = self.inspector.show_marks
        self.finding.is_looked_at = lambda: self.inspector.is_open
        window.conversation.on_read_anew = self._read_anew

    def show(self, state: SessionState | None) -> None:
        """Show the conversation on view, which has changed or grown."""
        self.framing.show(state)
        self.filtering.show(state)
        self.finding.search_on()
        self.inspector.show_growth()
        self.sequence.show()
        self.figures.show()
        self.socket_calls.show()

    def close(self) -> None:
        """Stop what reads journals on threads of its own."""
        do_all(
            [
                ("stopping the search", self.finding.stop),
                ("closing the inspector", self.inspector.close),
                ("closing the figures", self.figures.close),
            ]
        )

    def _read_anew(self) -> None:
        """Search again and redraw the inspector: bytes are read in another encoding now."""
        self.finding.search_on()
        self.inspector.read_anew()
        self.sequence.show()

    @property
    def as_hex(self) -> bool:
        """Whether messages are shown as hex."""
        return self._window.conversation.transcript.row_window.style.as_hex

    def toggle_hex(self) -> None:
        """Show messages as hex and text side by side, or as text again."""
        transcript = self._window.conversation.transcript
        style = transcript.row_window.style
        transcript.show_style(replace(style, as_hex=not style.as_hex))
        self.sequence.show()

    def choose(self, display_row: DisplayRow) -> None:
        """A person has chosen a row of the conversation."""
        self.inspector.choose(display_row)
        self.sequence.choose(display_row)
        self.socket_calls.choose(display_row)
