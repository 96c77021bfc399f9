"""The controllers of the conversation on view, and the panes that show it otherwise: sequence, socket calls, figures.

Lives on the window's thread. Views are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JournalError, reason
from core.supervision import do_all
from core.words import sentence
from gui.controllers.find import FindController
from gui.controllers.inspector import InspectorController
from gui.controllers.lens import FilterController, FramingController
from gui.controllers.view_controller import ViewController
from gui.platform.bridge import in_background
from gui.viewmodels.socket_calls import chosen_by
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from core.journal.reading.call_reader import CallReader
    from core.journal.reading.figures import Figures
    from core.journal.reading.measuring import Measurer
    from core.journal.reading.socket_calls import SocketCall
    from core.journal.recording.ledger import SessionState
    from core.roles import Role
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.figures import FiguresPane
    from gui.views.sequence import SequencePane
    from gui.views.socket_calls import SocketCallsPane
    from gui.window import Window

_AGAIN = 30  # milliseconds until what could not be known yet is looked at again


class ConversationController:
    """Tells the controllers of the conversation when it changes, and connects them with each other.

    ``refresh`` shows everything anew, ``refilter`` does after another filter was chosen. ``post`` has a call made on
    the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        refresh: Callable[[], None],
        refilter: Callable[[], None],
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
        save_sequence: Callable[[], None],
    ) -> None:
        self._window = window
        self.filtering = FilterController(window, viewing, refilter)
        self.finding = FindController(window, viewing, post)
        self.framing = FramingController(window, viewing, refresh=refresh, complain=complain)
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


class SequenceController(ViewController["SequencePane"]):
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


class SocketCallsController(ViewController["SocketCallsPane"]):
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


class FiguresController(ViewController["FiguresPane"]):
    """Has the figures of the conversation on view worked out while the pane is open, and saves them.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
    ) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._viewing, self._post, self._complain = viewing, post, complain
        self._measurer: Measurer | None = None
        self._key: object = None  # of the conversation that is measured
        self.figures: Figures | None = None

    def show(self) -> None:
        """Have what is new of the conversation on view, or another one, measured."""
        if not self.is_open:
            if self._measurer is not None:  # another pane has taken its place
                self._leave()
            return
        conversation = self._viewing.conversation
        key = conversation.key if conversation is not None else None
        if key != self._key:
            self._leave()
            self._key = key
            self.view.show(None, is_all=conversation is None)
            if conversation is not None:
                from core.journal.reading.measuring import Measurer

                self._measurer = Measurer(
                    conversation.journal.path, conversation.session, conversation.lens, dials=conversation.role.dials,
                    tell=lambda figures: self._post(partial(self._show, key, figures)),
                    fail=lambda why: self._post(partial(self._fail, key, why)),
                )  # fmt: skip
        if conversation is not None and self._measurer is not None:
            self._measurer.reach(conversation.entries)

    def close(self) -> None:
        """Measure no more."""
        self._leave()

    def save(self) -> None:
        """Ask for a file and write the numbers into it."""
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(
            parent=self._window.root, title="Save the figures", defaultextension=".csv",
            initialfile=f"tincan_figures_{time.strftime('%Y-%m-%d_%H-%M-%S')}.csv",
            filetypes=(("CSV", "*.csv"), ("All files", "*")),
        )  # fmt: skip
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, target: Path) -> None:
        """Write the numbers that are shown into a file, on a thread of its own; trouble is told."""
        figures = self.figures
        if figures is None:
            return

        def write() -> None:
            from core.journal.export.files import PartialFiles, export_errors, place_for
            from gui.viewmodels.figures import as_csv

            with export_errors(target), PartialFiles(place_for(target)) as file:
                file.write(as_csv(figures).encode())
                file.finish()
                file.keep()

        in_background("save figures", write, lambda _none: None, self._not_saved, self._post)

    def _not_saved(self, error: BaseException) -> None:
        self._complain(sentence(f"The figures could not be saved: {reason(error)}"))

    def _show(self, key: object, figures: Figures) -> None:
        """Show what is known by now, unless it is of another conversation than the one on view."""
        conversation = self._viewing.conversation
        if key == self._key and self.is_open and conversation is not None:
            self.figures = figures
            self.view.show(figures, is_all=figures.entries >= conversation.entries)

    def _fail(self, key: object, why: str) -> None:
        if key == self._key and self.is_open:
            self._key = None  # asked for again, it is tried again
            self.view.show(self.figures, is_all=True)
            self._complain(sentence(f"The figures cannot be worked out: {why}"))

    def _leave(self) -> None:
        if self._measurer is not None:
            self._measurer.close()
        self._measurer = self._key = self.figures = None

    def _make(self) -> FiguresPane:
        from gui.views.figures import FiguresPane

        return FiguresPane(self._window.side_pane, self._window.theme, on_save=self.save, on_close=self.toggle)

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()

    def _closed(self) -> None:
        self._leave()
