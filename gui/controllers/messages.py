"""What a person does with a message of the conversation: sends it again, edits, saves or copies it, goes to it.

Lives on the window's thread.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.address import Address
from core.errors import DraftError, JournalError, TincanError, reason
from core.journal.display_row import SENT, DisplayRow
from core.supervision import Worker
from core.words import sentence
from gui.viewmodels.drafting import MessageFormat, SendResult
from gui.viewmodels.going import Moment, no_such_number, not_exactly, nothing_after, read_goal
from gui.widgets.bindings import focus_now
from gui.widgets.clipboard import give

if TYPE_CHECKING:
    from core.compose import Place
    from core.journal.reading.recorded import Calls
    from core.journal.recording.ledger import SessionState
    from gui.controllers.sending import SendingController
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.conversation.go_bar import GoBar
    from gui.window import Window

MOST_EDITED = 1_000_000  # bytes of a message that is sent again or edited; larger ones are files
MOST_WRITTEN = 256 * 1024  # bytes that one command says: what a shell takes at once
_NO_MESSAGE = "Choose a message first: with a click, or with Up and Down in the conversation."


class MessageController:
    """Acts on the chosen message of the conversation on view; ``post`` has a call made on the window's thread."""

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        sending: SendingController,
        *,
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
    ) -> None:
        self._window = window
        self._viewing = viewing
        self._sending = sending
        self._post = post
        self._complain = complain
        self._bar: GoBar | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Stop saving."""
        self._closed.set()

    # One message.

    def send_again(self) -> None:
        """Send the bytes of the chosen message, what frames it included, to the recipients chosen now."""
        drafted = self._drafted()
        if drafted is not None:
            self._sending.send([drafted[0]], drafted[1], self._told)

    def edit(self) -> None:
        """Put the chosen message into the message field, in the format that keeps its bytes."""
        drafted = self._drafted()
        if drafted is not None:
            self._window.composer.put(*drafted)
            self._window.composer.focus_message()

    def save(self) -> None:
        """Ask for a file and write the bytes of the chosen message into it, what frames it included."""
        found = self._chosen()
        if found is None:
            return
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(
            parent=self._window.root, title="Save the bytes of the message", defaultextension=".bin"
        )
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, target: Path) -> None:
        """Write the bytes of the chosen message into a file, on a thread of its own; trouble is told."""
        found = self._chosen()
        if found is None:
            return
        conversation, display_row = found
        try:
            calls = conversation.recorded(display_row).calls
        except JournalError as error:
            self._complain(sentence(error))
            return
        write = partial(self._write, conversation, calls, target)
        Worker(write, f"save a message to {target.name}", self._not_saved).begin()

    def copy_as(self, notation: str) -> None:
        """Copy the selected messages, or the chosen one, in a notation; as they are shown if it is empty."""
        selection = self._window.conversation.transcript.selection
        if selection.picked is None:
            self._complain(_NO_MESSAGE)
        elif notation:
            selection.copy_as(notation)
        else:
            selection.copy_shown()

    def copy_command(self, program: str, state: SessionState | None, only: bytes | None) -> None:
        """Copy the command with which another program says the selected messages, or the chosen one, to the same peer.

        Of messages both ways it says those of the end that called. Where only the other end spoke, the program waits to
        be called and says those. ``only`` are bytes that were selected of the chosen message.
        """
        selection = self._window.conversation.transcript.selection
        if selection.picked is None or state is None:
            self._complain(_NO_MESSAGE)
            return
        found = selection.messages(self._complain)
        if found is None:
            return
        from core.compose import write_command

        try:
            place, data = said_to(state, found)
            text = write_command(program, data if only is None else only, place)
        except DraftError as error:
            self._complain(str(error))
        else:
            give(self._window.root, text)

    # A time or a number.

    def open_go(self) -> None:
        """Open the field that takes a message's number or a time."""
        pane = self._window.conversation
        if self._bar is None:
            from gui.views.conversation.go_bar import GoBar

            self._bar = GoBar(pane.strips, self._window.theme, on_go=self.go, on_close=self._close_go)
            self._window.adopt(self._bar)
        pane.open_strip(self._bar)
        self._bar.field.focus_all()

    def go(self, typed: str) -> None:
        """Go to the message of that number, or the first at that time or later."""
        assert self._bar is not None
        try:
            words = self._go(typed)
        except ValueError as error:
            self._bar.say(str(error), is_wrong=True)
        else:
            self._bar.say(words, is_wrong=False)

    # Private.

    def _close_go(self) -> None:
        if self._bar is not None:
            self._bar.say("", is_wrong=False)
            self._window.conversation.close_strip(self._bar)
        focus_now(self._window.conversation.transcript.text)

    def _go(self, typed: str) -> str:
        """Go there; the answer says what is not quite so. Raises ``ValueError`` with a sentence."""
        goal, conversation = read_goal(typed), self._viewing.conversation
        total = conversation.total if conversation is not None else 0
        if conversation is None or not total:
            raise ValueError(no_such_number(0, 0, is_part=False))
        transcript = self._window.conversation.transcript
        if not isinstance(goal, Moment):
            if not 1 <= goal.number <= total:
                is_part = not conversation.lens.only.admits_all or conversation.lens.since > 0
                raise ValueError(no_such_number(goal.number, total, is_part=is_part))
            transcript.reveal(goal.number - 1)
            return ""
        here = transcript.selection.chosen
        wanted = goal.on_day_of(_time_of(conversation, transcript.top_place if here is None else here))
        place = bisect_left(range(total), wanted, key=partial(_time_of, conversation))
        if place == total:
            raise ValueError(nothing_after(goal, _time_of(conversation, total - 1)))
        transcript.reveal(place)
        found = _time_of(conversation, place)
        return "" if found < wanted + goal.length_ns else not_exactly(goal, found)

    def _chosen(self) -> tuple[OpenConversation, DisplayRow] | None:
        """The chosen message; None if there is none, which is said."""
        display_row, conversation = self._window.conversation.transcript.chosen_message, self._viewing.conversation
        if display_row is None or conversation is None:
            self._complain(_NO_MESSAGE)
            return None
        return conversation, display_row

    def _drafted(self) -> tuple[str, MessageFormat] | None:
        """The chosen message as a person would write it; None if that cannot be, which is said."""
        data = self.chosen_bytes(MOST_EDITED, "for the message field. Save them; send the file.")
        if data is None:
            return None
        from core.compose import redraft

        draft = redraft(data, self._window.conversation.transcript.decoding.encoding)
        return draft.text, MessageFormat.of(draft, draft.framing)

    def chosen_bytes(self, most: int, too_many: str) -> bytes | None:
        """The bytes of the chosen message, with its frame; None if there is none, or too much of it, which is said.

        ``too_many`` ends the sentence of more bytes than ``most``: what for they are too many.
        """
        found = self._chosen()
        if found is None:
            return None
        conversation, display_row = found
        try:
            recorded = conversation.recorded(display_row)
            if recorded.size > most:
                self._complain(f"{recorded.size:,} bytes are too many {too_many}")
                return None
            return recorded.read(0, recorded.size)
        except JournalError as error:
            self._complain(sentence(error))
            return None

    def _told(self, result: SendResult) -> None:
        if result.sentence:
            self._complain(result.sentence)

    def _write(self, conversation: OpenConversation, calls: Calls, target: Path) -> None:
        from core.journal.export.writer import save_stretch

        path, session = conversation.journal.path, conversation.session
        save_stretch(path, session, calls, (0, calls.stop), target, self._closed)

    def _not_saved(self, error: BaseException) -> None:
        why = sentence(error if isinstance(error, TincanError) else f"The message could not be saved: {reason(error)}")
        if not self._closed.is_set():
            self._post(lambda: self._complain(why))


def _time_of(conversation: OpenConversation, place: int) -> int:
    """The time of a row, in nanoseconds since 1970."""
    found = conversation.read(place, 1, 0)
    return found[0].wall_ns if found else 0


def said_to(state: SessionState, found: Sequence[tuple[DisplayRow, bytes]]) -> tuple[Place, bytes]:
    """Where another program says these messages, and their bytes joined.

    Of messages both ways these are what the end that called has said; if only the other end spoke, what that has said,
    by a program that listens. Raises ``DraftError`` if there are none, too many bytes, or no address.
    """
    from core.compose import Place

    if not found:
        raise DraftError("Only messages have bytes that another program could send, and this is none.", 0, 0)
    asked = [(row, data) for row, data in found if _is_of_caller(state, row)]
    said = asked or list(found)
    if state.role.datagrams and len(said) > 1:
        raise DraftError("Each datagram is a message of its own: choose one of them.", 0, 0)
    data = b"".join(data for _row, data in said)
    if len(data) > MOST_WRITTEN:
        raise DraftError(f"{len(data):,} bytes are too many for one command. Save them, and send the file.", 0, 0)
    address, tls = _dialled(state, said[0][0])
    if address is None or address.is_unnamed or not (address.port or address.is_local):
        raise DraftError("The journal does not say at which address this was said.", 0, 0)
    return Place(address, not asked, tls, state.role.datagrams), data


def _we_dialled(state: SessionState, row: DisplayRow) -> bool:
    """Whether this end dialled; a tap does for its legs to the target, whose numbers are negative."""
    return (row.number or 1) < 0 or (state.role.dials and not state.role.listens)


def _is_of_caller(state: SessionState, row: DisplayRow) -> bool:
    return (row.kind == SENT) == _we_dialled(state, row)


def _dialled(state: SessionState, row: DisplayRow) -> tuple[Address | None, bool]:
    """The address that was dialled for the connection of a message, and whether TLS was spoken there."""
    known = state.connection(row.connection) if row.connection is not None else None
    tls = known.tls is not None if known is not None else state.tls
    if _we_dialled(state, row):
        asked = state.onward if state.role.listens else state.target
        return asked or (known.peer if known is not None else None), tls
    if known is not None and known.local.port:
        return known.local, tls
    return (state.addresses or (state.target.dialled,))[0], tls
