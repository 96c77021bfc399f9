"""Inspects one message of the conversation on view: has it dissected, and shows what was found.

Lives on the window's thread; the inspector is made when it is first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import monotonic
from core.errors import JournalError, TincanError, reason
from core.supervision import Worker
from core.words import sentence
from gui.viewmodels.inspection import Inspected, Range, within_frame
from gui.widgets.bindings import focus_now
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import ConnectionId, SessionId
    from core.journal.display_row import DisplayRow
    from core.journal.reading.dissecting import Dissection, Dissector
    from core.journal.reading.recorded import Calls
    from core.tls.facts import Handshake
    from core.wire.splitting import Envelope
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.viewmodels.ruler import Ruled
    from gui.views.inspector.inspector import Inspector
    from gui.window import Window

_AROUND = 64  # rows before and behind the message in which its neighbours are looked for
_PATIENCE = 150  # milliseconds until it is said that the journal is being read
_AGAIN = 250  # milliseconds, at least, until a message that was not complete is looked at again
_HANDSHAKE = "tls-handshake"  # the kind of its notes
_REST = 3  # times as long as the last look took


class InspectorController:
    """Has the chosen message of the conversation on view dissected for the inspector.

    ``post`` has a call made on the window's thread, from any other; ``marks`` says where in a message
    something was found, counted from its first byte.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
        marks: Callable[[DisplayRow], list[Range]],
    ) -> None:
        self._window = window
        self._viewing = viewing
        self._post = post
        self._complain = complain
        self._marks = marks
        self._inspector: Inspector | None = None
        self.on_made: Callable[[Inspector], None] = lambda _inspector: None  # who puts something below the bytes
        self._dissector: Dissector | None = None
        self._path: Path | None = None  # of the journal that the dissector reads
        self._found: Dissection | None = None  # what is shown
        self._asked: DisplayRow | None = None
        self._key: object = None  # of the conversation that it is of
        self._asked_at = self._took = 0.0  # when, and how long it took to answer, in seconds
        self._closed = threading.Event()
        self._incomplete = False  # whether more may become known of what is shown
        self._waiting = Debounce(window.root, self._say_that_it_takes_long)
        self._again = Debounce(window.root, self._ask_again)

    @property
    def is_open(self) -> bool:
        """Whether the inspector is in sight."""
        return self._inspector is not None and bool(self._inspector.winfo_manager())

    def toggle(self) -> None:
        """Show the chosen message closely beside the conversation, or put the inspector away."""
        if self._inspector is None:
            from gui.views.inspector.inspector import Inspector

            pane = self._window.side_pane
            self._inspector = Inspector(pane, self._window.theme, on_save=self._save, on_close=self.toggle)
            self.read_anew()
            self.on_made(self._inspector)
            self._window.adopt(self._inspector)
        if self.is_open:
            self._forget()
            self._window.close_side(self._inspector)
            self._window.composer.focus_message()
            return
        self._window.open_side(self._inspector)
        transcript = self._window.conversation.transcript
        focus_now(transcript.text)
        if transcript.selection.chosen is not None:
            transcript.choose(transcript.selection.chosen)
        else:
            transcript.choose_last()

    def choose(self, display_row: DisplayRow) -> None:
        """Inspect the row that a person has chosen, if the inspector is open."""
        conversation = self._viewing.conversation
        if self._inspector is None or not self.is_open or conversation is None:
            return
        if self._found is not None and self._key == conversation.key and self._found.display_row == display_row:
            return  # it is what is shown
        self._forget()
        self._key = conversation.key
        if display_row.span is None:
            handshake = self._handshake(display_row, conversation)
            self._inspector.show(Inspected(display_row, conversation.role, handshake=handshake))
            return
        self._asked = display_row
        self._waiting.ask(_PATIENCE)
        self._ask(display_row, conversation)

    def show_handshake(self, connection: ConnectionId | None) -> None:
        """Open the inspector at the last TLS handshake of a connection on view, or of all; say so if there is none."""
        conversation = self._viewing.conversation
        try:
            reader = conversation.journal.reader if conversation is not None else None
            ordinal = reader.last_of(conversation.session, _HANDSHAKE, connection) if reader and conversation else None
            place = conversation.place_of(ordinal, 0) if conversation and ordinal is not None else None
            rows = conversation.read(place, 1, 0) if conversation and place is not None else []
        except JournalError as error:
            self._complain(sentence(error))
            return
        if place is None:
            self._complain("There is no TLS handshake in what is on view.")
        elif not rows or rows[0].kind != _HANDSHAKE:
            self._complain("The handshake is not on view: View, Show everything brings it back.")
        else:
            if not self.is_open:
                self.toggle()
            self._window.conversation.transcript.reveal(place)

    def show_growth(self) -> None:
        """Inspect the message again if it was not complete: the conversation on view is another, or has grown."""
        conversation = self._viewing.conversation
        if self._inspector is None or self._key is None:
            return
        if conversation is None or conversation.key != self._key:
            self._forget()
            self._inspector.show(None)
        elif self._incomplete and not self._again.is_due:
            self._again.ask(max(_AGAIN, round(_REST * 1_000 * self._took)))

    def show_marks(self) -> None:
        """Mark what the find bar has found in the message."""
        inspected = self._inspector.inspected if self._inspector is not None else None
        if self._inspector is not None and inspected is not None and inspected.source is not None:
            self._inspector.show_marks(self._found_in(inspected))

    def read_anew(self) -> None:
        """Show the text of the message in the encoding that bytes are read in now."""
        if self._inspector is not None:
            self._inspector.show_as(self._window.conversation.transcript.decoding)

    @property
    def has_focus(self) -> bool:
        """Whether the bytes in the inspector have the focus, or had it when a menu took it."""
        return self._inspector is not None and self._window.focused is self._inspector.hex.text

    def copy_as(self, notation: str) -> bool:
        """Copy bytes of the inspector in a notation of ``core.compose``, if its bytes have the focus."""
        if self._inspector is None or not self.has_focus:
            return False
        self._inspector.hex.copy(notation)
        return True

    @property
    def focused_bytes(self) -> bytes | None:
        """The bytes that are selected in the inspector, or all of them; None if they have not the focus."""
        return self._inspector.hex.chosen_bytes() if self._inspector is not None and self.has_focus else None

    def ask_offset(self) -> bool:
        """Ask for an offset to go to, if the bytes in the inspector have the focus."""
        if self._inspector is None or not self.has_focus:
            return False
        self._inspector.hex.ask_offset()
        return True

    def close(self) -> None:
        """Stop dissecting and close the journal."""
        self._closed.set()
        self._forget()
        self._leave_journal()

    # Private.

    def _forget(self) -> None:
        self._waiting.cancel()
        self._again.cancel()
        self._asked = self._key = self._found = None
        self._incomplete = False

    def _handshake(self, display_row: DisplayRow, conversation: OpenConversation) -> Handshake | None:
        """The handshake that a note tells of."""
        if display_row.kind != _HANDSHAKE:
            return None
        from core.tls.facts import handshake_of

        try:
            return handshake_of(conversation.journal.reader.detail(display_row.session, display_row.ordinal))
        except JournalError as error:
            self._complain(sentence(error))
            return None

    def _ask(self, display_row: DisplayRow, conversation: OpenConversation) -> None:
        self._asked_at = monotonic()
        self._dissector_of(conversation).ask(display_row, conversation.framing_of(display_row) or "raw")

    def _dissector_of(self, conversation: OpenConversation) -> Dissector:
        """The dissector for the conversation's journal."""
        path = conversation.journal.path
        if self._dissector is None or self._path != path:
            from core.journal.reading.dissecting import Dissector

            self._leave_journal()
            self._path = path
            self._dissector = Dissector(
                path,
                tell=lambda found: self._post(partial(self._show, found)),
                fail=lambda why: self._post(partial(self._fail, why)),
            )
        return self._dissector

    def _leave_journal(self) -> None:
        if self._dissector is not None:
            self._dissector.close()
        self._dissector = self._path = None

    def _show(self, found: Dissection) -> None:
        """Show a dissection, unless another message was asked for meanwhile."""
        conversation = self._viewing.conversation
        if self._inspector is None or conversation is None or not self._is_wanted(found.display_row, conversation):
            return
        self._waiting.cancel()
        self._took = monotonic() - self._asked_at
        if _is_the_same(self._found, found) and self._inspector.inspected is not None:
            return
        self._found = found
        source, trace = found.recorded(conversation.journal.reader), found.trace
        far_is_behind = trace.far is not None and trace.far.stop < trace.stop
        self._incomplete = far_is_behind or found.display_row.is_pending
        inspected = Inspected(
            found.display_row, conversation.role, source, source.calls,
            envelope=_framing_bytes(found.envelope, source.size), ruled=self._ruled(conversation, found),
            framing=_framing_words(conversation, found.display_row), stream_offset=trace.start,
            since_previous_ns=trace.since_previous_ns, since_other_ns=trace.since_other_ns,
        )  # fmt: skip
        before = self._inspector.inspected
        is_other = before is None or before.source is None or before.display_row.place != found.display_row.place
        self._inspector.show(inspected)
        if is_other:
            self._inspector.show_marks(self._found_in(inspected))

    def _is_wanted(self, display_row: DisplayRow, conversation: OpenConversation) -> bool:
        return self.is_open and display_row == self._asked and conversation.key == self._key

    def _fail(self, why: str) -> None:
        self._waiting.cancel()
        self._show_what_is_known()
        self._complain(sentence(f"This message cannot be looked at closely: {why}"))

    def _say_that_it_takes_long(self) -> None:
        self._show_what_is_known(is_being_read=True)

    def _show_what_is_known(self, *, is_being_read: bool = False) -> None:
        """Show what is known of the message that was asked for before the journal is read."""
        conversation = self._viewing.conversation
        if self._inspector is not None and self._asked is not None and conversation is not None:
            role, framing = conversation.role, _framing_words(conversation, self._asked)
            self._inspector.show(Inspected(self._asked, role, framing=framing, is_being_read=is_being_read))

    def _ask_again(self) -> None:
        """Have the message dissected again: it may have grown, or more of it may have arrived at the other end."""
        conversation, asked = self._viewing.conversation, self._asked
        if conversation is None or asked is None or conversation.key != self._key:
            return
        rows = conversation.read(asked.place, 1, 0)
        if rows and rows[0].span is not None and rows[0].span[:2] == (asked.span or ())[:2]:
            self._asked = rows[0]
            self._ask(rows[0], conversation)

    def _ruled(self, conversation: OpenConversation, found: Dissection) -> Ruled:
        from gui.viewmodels.ruler import ruled

        display_row = found.display_row
        first = max(0, display_row.place - _AROUND)
        around = conversation.read(first, display_row.place + _AROUND + 1 - first, 0)
        same = [row for row in around if (row.connection, row.kind) == (display_row.connection, display_row.kind)]
        return ruled(found.trace, same, is_received=display_row.kind == "received", role=conversation.role)

    def _found_in(self, inspected: Inspected) -> list[Range]:
        try:
            return within_frame(self._marks(inspected.display_row), inspected.envelope)
        except JournalError as error:
            self._complain(sentence(error))
            return []

    def _save(self, inspected: Inspected, span: Range) -> None:
        """Ask for a file and write bytes of the message into it."""
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(parent=self._window.root, title="Save bytes", defaultextension=".bin")
        if chosen:
            self.save(inspected, span, Path(chosen))

    def save(self, inspected: Inspected, span: Range, target: Path) -> None:
        """Write the shown message's bytes of that span into a file, on a thread of its own; trouble is told."""
        found, journal = self._found, self._path
        if found is None or journal is None or found.display_row != inspected.display_row:
            return
        write = partial(self._write, journal, found.display_row.session, found.trace.calls, span, target)
        Worker(write, f"save bytes to {target.name}", self._not_saved).begin()

    def _write(self, journal: Path, session: SessionId, calls: Calls, span: Range, target: Path) -> None:
        from core.journal.export.writer import save_stretch

        save_stretch(journal, session, calls, span, target, self._closed)

    def _not_saved(self, error: BaseException) -> None:
        why = sentence(error if isinstance(error, TincanError) else f"The bytes could not be saved: {reason(error)}")
        if not self._closed.is_set():
            self._post(lambda: self._complain(why))


def _is_the_same(known: Dissection | None, found: Dissection) -> bool:
    """Whether two dissections say the same about the message."""
    if known is None or known.display_row != found.display_row:
        return False
    return [calls and calls.stop for calls in (known.trace.near, known.trace.far)] == [
        calls and calls.stop for calls in (found.trace.near, found.trace.far)
    ]


def _framing_bytes(envelope: Envelope, size: int) -> list[Range]:
    stretches = (envelope.start, min(envelope.stop, size)), (max(envelope.stop, size - envelope.back), size)
    return [(start, stop) for start, stop in stretches if start < stop]


def _framing_words(conversation: OpenConversation, display_row: DisplayRow) -> str:
    """The framing of the conversation in words; empty where each message is what one call received or sent."""
    framing = conversation.framing_of(display_row)
    if not framing:
        return ""
    from core.wire.framing import parse_framing

    return parse_framing(framing).words
