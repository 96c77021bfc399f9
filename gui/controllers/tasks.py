"""Tasks that take time: repeats, files that are sent, received bytes that are saved. Lives on the window's thread.

The workbench tells their progress on other threads; it is posted here. Dialogs are made when they are asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.errors import TincanError
from core.files import home_folder, is_there
from core.words import connection_name, sentence
from gui.controllers.task_strips import Task, TaskStrips, ThrottledProgress, Told
from gui.keys import shown
from gui.preferences import typed_path
from gui.viewmodels.filtering import RecipientRows
from gui.viewmodels.session_rows import session_words
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from pathlib import Path

    from core.compose import Draft
    from core.events import ConnectionId, SessionId
    from core.journal.recording.ledger import SessionState
    from core.sending.file import FileSending
    from core.sending.plan import FileSent, Kept, Played, Repeated
    from gui.controllers.main import MainController
    from gui.viewmodels.repeating import Maker, RepeatRequest, RepeatView
    from gui.views.dialogs.repeat_dialog import RepeatDialog
    from gui.views.dialogs.send_file_dialog import FileRequest, KeepDialog, KeepRequest, SendFileDialog
    from gui.widgets.small_window import TaskDialog
    from gui.window import Window

_BEGINNING = 100  # characters of the message that the window for repeating shows
_LOOK = 250  # milliseconds between two looks at the message field while the window for repeating is open


class TaskController:
    """Starts the tasks that the dialogs ask for and shows each in a strip.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        main_controller: MainController,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._window, self._main_controller, self._post = window, main_controller, post
        self.strips = TaskStrips(window)
        self.repeat_dialog: RepeatDialog | None = None
        self.file_dialog: SendFileDialog | None = None
        self.keep_dialog: KeepDialog | None = None
        self._file = ""  # sent last
        self._folder = home_folder()  # in which something was saved last
        self._again = Debounce(window.root, self._look)
        self._kept: SessionId | None = None  # whose bytes the window for saving offers
        self._checked: tuple[object, str] = (None, "")  # what was in the field, and what is wrong with it

    def show(self) -> None:
        """Show in the dialog for files who will get one."""
        if self.file_dialog is not None and not self.file_dialog.is_gone:
            state = self._main_controller.state
            has_datagrams = state is not None and state.role.datagrams
            self.file_dialog.show(self._to_words(), self._main_controller.why_nobody(), datagrams=has_datagrams)

    def cancel_all(self) -> None:
        """End every task, as its own button would."""
        if not self.strips.end_all():
            self._main_controller.complain("Nothing is being repeated, sent or saved just now.")

    # Messages by the clock.

    def open_repeat(self) -> None:
        """Open the dialog for repeating messages."""
        if _is_open(self.repeat_dialog):
            return
        from gui.views.dialogs.repeat_dialog import RepeatDialog

        self._main_controller.saved.load()
        dialog = self.repeat_dialog = RepeatDialog(
            self._window.root, self._window.theme, on_start=self.repeat, on_save=self.save_steps
        )
        self._look()
        dialog.open(dialog.what.buttons[0] if self._window.composer.text else dialog.every.field)
        if self._window.composer.text:
            dialog.every.field.focus_all()

    def repeat(self, request: RepeatRequest) -> str:
        """Start a repeat; the answer is the sentence why it cannot start, or empty."""
        from gui.viewmodels.repeating import Maker, plan_of, repeat_words
        from gui.viewmodels.tasks import repeat_view

        state, why = self._main_controller.state, self._main_controller.why_nobody() or self.strips.why_full
        if state is None or why:
            return why
        if request.waits:
            return self._play(request, state.session)
        maker = Maker(self._main_controller.sending.count, self._main_controller.preferences.variables)
        title = f"{repeat_words(request)} to {self._to_words()}"
        tasks: list[Task] = []
        progress = self.throttled_progress(partial(self._repeated, tasks, title, maker))
        try:
            plan = plan_of(request, self._drafts(request), maker)
            run = self._main_controller.workbench.repeat(
                state.session, plan, to=self._main_controller.sending.offered_recipients, exact=True, tell=progress.tell
            )
        except TincanError as error:
            return sentence(error)
        tasks.append(self.strips.begin(repeat_view(title, run.progress), (("Stop", run.stop),)))
        return ""

    def _repeated(self, tasks: list[Task], title: str, maker: Maker, repeated: Repeated) -> None:
        from gui.viewmodels.tasks import repeat_view

        tasks[0].show(repeat_view(title, repeated))
        if not repeated.is_running:
            self._main_controller.sending.count_on(maker.count, maker.set)

    def _play(self, request: RepeatRequest, session: SessionId) -> str:
        """Start a list that waits for answers; the answer is the sentence why it cannot start, or empty."""
        from core.steps.report import COLUMNS
        from gui.viewmodels.repeating import repeat_words, steps_of
        from gui.viewmodels.replaying import played_lines
        from gui.viewmodels.tasks import played_view
        from gui.views.dialogs.steps_table import PlayedTable

        controller = self._main_controller
        title = f"{repeat_words(request)} to {self._to_words()}"
        table = PlayedTable(self._window.root, self._window.theme, "Steps", title, COLUMNS, "failure")
        tasks: list[Task] = []

        def show(played: Played) -> None:
            view = played_view(title, played)
            tasks[0].show(view)
            table.take(played_lines(played.rows, table.safety), view.trouble or view.words)
            if not played.is_running:
                controller.sending.count_on(run.playing.count, run.playing.set)

        try:
            run = controller.workbench.play(
                session,
                steps_of(request, controller.viewing.lens.framing, self._window.composer.message_format.framing),
                to=controller.sending.offered_recipients,
                rounds=request.times,
                variables=controller.preferences.variables,
                count=controller.sending.count,
                tell=self.throttled_progress(show).tell,
            )
        except TincanError as error:
            return sentence(error)
        tasks.append(
            self.strips.begin(played_view(title, run.progress), (("Stop", run.stop),), (("Table…", table.open),))
        )
        return ""

    def save_steps(self, request: RepeatRequest, path: Path | None = None) -> str:
        """Write a list to a file that a person chooses, for ``test``; the answer is the sentence why it cannot be."""
        from core.steps.step_file import export_step_file
        from gui.controllers.saved_files import ask_for_target
        from gui.viewmodels.repeating import steps_of

        controller, state = self._main_controller, self._main_controller.state
        frame = self._window.composer.message_format.framing
        try:
            steps = steps_of(request, controller.viewing.lens.framing, frame).list
            path = path or ask_for_target(self.repeat_dialog or self._window.root, "steps")
            if path is not None:
                target = str(state.target) if state is not None and state.role.dials else ""
                export_step_file(path, replace(steps, name=path.stem, target=target))
        except TincanError as error:
            return sentence(error)
        return ""

    def _drafts(self, request: RepeatRequest) -> list[Draft]:
        composer = self._window.composer
        if not request.steps:
            return [composer.message_format.draft(composer.text)]
        return [step.message.draft(composer.message_format.framing) for step in request.steps]

    def _look(self) -> None:
        """Show in the dialog the message that would be sent, and look again soon."""
        dialog = self.repeat_dialog
        if dialog is None or dialog.is_gone:
            return
        dialog.show(self._repeat_view())
        self._again.ask(_LOOK)

    def _repeat_view(self) -> RepeatView:
        from gui.viewmodels.repeating import RepeatView

        composer = self._window.composer
        beginning = composer.field.get("1.0", f"1.0 + {_BEGINNING} chars").rstrip("\n")
        return RepeatView(
            beginning,
            composer.message_format.words,
            self._to_words(),
            self._wrong(),
            self._main_controller.why_nobody(),
            self._main_controller.saved.messages,
        )

    def _wrong(self) -> str:
        """The sentence why the text in the field is no message; empty also where only the run can say it."""
        from gui.controllers.sending import is_quick
        from gui.viewmodels.repeating import Maker, NotMade

        composer = self._window.composer
        text, message_format = composer.text if composer.field.is_short else "", composer.message_format
        if not text or not is_quick(text, message_format):
            return ""
        if self._checked[0] != (text, message_format):
            why = ""
            try:
                variables = self._main_controller.preferences.variables
                Maker(self._main_controller.sending.count, variables).of(message_format.draft(text))(0)
            except NotMade as error:
                why = str(error)
            self._checked = (text, message_format), why
        return self._checked[1]

    # A file to the other side.

    def open_send_file(self) -> None:
        """Open the dialog for sending a file."""
        if _is_open(self.file_dialog):
            return
        from gui.views.dialogs.send_file_dialog import SendFileDialog

        dialog = self.file_dialog = SendFileDialog(
            self._window.root, self._window.theme, on_send=self.send_file, read_size=_read_size, path=self._file
        )
        self.show()
        dialog.open(dialog.file.field)

    def send_file(self, request: FileRequest) -> str:
        """Send a file; the answer says why it cannot start, or is empty. Errors in reading the file are told later."""
        state, why = self._main_controller.state, self._main_controller.why_nobody() or self.strips.why_full
        if state is None or why:
            return why
        self._file = request.path
        path = typed_path(request.path)
        pause = None if request.line_pause_ms is None else request.line_pause_ms / 1000
        sending = _SentFile(self.strips, f"Send {path.name} to {self._to_words()}", self.file_dialog)

        progress = self.throttled_progress(sending.show)
        try:
            sending.run = self._main_controller.workbench.send_file(
                state.session,
                path,
                to=self._main_controller.sending.offered_recipients,
                line_pause=pause,
                **({"datagram": request.datagram} if request.datagram else {}),
                tell=progress.tell,
            )
        except TincanError as error:
            return sentence(error)
        return ""

    # What was received, into a file.

    def open_keep(self) -> None:
        """Open the dialog for saving received bytes."""
        state, rows = self._main_controller.state, self._main_controller.conversation.filtering.connections
        if state is not None and state.session == self._kept and _is_open(self.keep_dialog):
            return
        if state is not None and self._main_controller.archives.get(state.session) is not None:
            self._main_controller.complain(f"This is an earlier run's: {shown('export')} exports it, as raw bytes too.")
            return
        if state is None or not rows:
            self._main_controller.complain("Nothing was received yet that could be saved: there was no connection.")
            return
        from gui.views.dialogs.send_file_dialog import KeepDialog

        if self.keep_dialog is not None and not self.keep_dialog.is_gone:
            self.keep_dialog.destroy()  # another conversation's
        self._kept = state.session
        chosen = next(iter(self._main_controller.sending.recipients or ()), rows[-1].connection)
        moment = time.strftime("%Y-%m-%d_%H-%M-%S")
        dialog = self.keep_dialog = KeepDialog(
            self._window.root,
            self._window.theme,
            connections=[(row.connection, row.label) for row in rows],
            chosen=chosen,
            path=str(self._folder / f"tincan_received_{moment}.bin"),
            on_keep=partial(self.keep, state, {row.connection: row.number for row in rows}),
            is_there=lambda path: is_there(typed_path(path)),
        )
        dialog.open(dialog.what.buttons[0])

    def keep(self, state: SessionState, numbers: dict[ConnectionId, int], request: KeepRequest) -> str:
        """Save what a connection received; the answer is the sentence why it cannot start, or empty."""
        from gui.viewmodels.tasks import kept_view

        if self.strips.why_full:
            return self.strips.why_full
        target = typed_path(request.path)
        title = f"Save {connection_name(numbers[request.connection])} to {target.name}"
        tasks: list[Task] = []

        def show(kept: Kept) -> None:
            tasks[0].show(kept_view(title, kept))

        try:
            run = self._main_controller.workbench.keep_received(
                state.session,
                request.connection,
                target,
                follow=request.follow,
                tell=self.throttled_progress(show).tell,
            )
        except TincanError as error:
            return sentence(error)
        self._folder = target.absolute().parent
        ends = (("Stop", run.stop), ("Stop and delete", run.discard)) if request.follow else (("Cancel", run.stop),)
        tasks.append(self.strips.begin(kept_view(title, run.progress), ends))
        return ""

    def throttled_progress(self, show: Callable[[Told], None]) -> ThrottledProgress[Told]:
        """What passes the progress of a task to ``show``, from its thread to the window's."""
        return ThrottledProgress(show, post=self._post, later=self._window.root.after)

    # Whom to.

    def _to_words(self) -> str:
        """``127.0.0.1:5555``, or ``everyone (3) at Server 127.0.0.1:5555``."""
        state, chosen = self._main_controller.state, self._main_controller.sending.offered_recipients
        if state is None or not state.connections:
            return ""
        if not state.role.many_connections:
            return str(state.target)
        place = session_words(self._main_controller.window_state(), state)
        return f"{RecipientRows(state.connections, state.senders).words(chosen)} at {place}"


class _SentFile:
    """A file on its way, from the dialog that asked for it to the strip that tells of it."""

    run: FileSending  # set before anything of it is shown

    def __init__(self, strips: TaskStrips, title: str, dialog: SendFileDialog | None) -> None:
        self._strips, self._title, self._dialog = strips, title, dialog
        self._task: Task | None = None

    def show(self, sent: FileSent) -> None:
        """Show how the file goes; an error in reading it is said in the dialog while nothing was sent."""
        from core.sending.plan import End
        from gui.viewmodels.tasks import file_view

        view, dialog = file_view(self._title, sent), self._dialog
        if self._task is None:
            if dialog is not None and not dialog.is_gone:
                if sent.end is End.FAILED and not sent.sent:
                    dialog.refuse(sent.why)
                    return
                dialog.destroy()
            self._task = self._strips.begin(view, (("Cancel", self.run.stop),))
        self._task.show(view)


def _read_size(text: str) -> int:
    """Bytes of a datagram. Raises ``ValueError`` with a sentence."""
    from core.net.socket_options import LARGEST_DATAGRAM

    typed = text.strip().replace(",", "")
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed[:12]) <= LARGEST_DATAGRAM):
        raise ValueError(f"A datagram has 1 to {LARGEST_DATAGRAM:,} bytes.")
    return int(typed)


def _is_open(dialog: TaskDialog | None) -> bool:
    """Whether a dialog is open; if so, it comes to the front."""
    if dialog is None or dialog.is_gone:
        return False
    dialog.lift()
    dialog.focus_set()
    return True
