"""Plays one side of a recorded conversation again, and files of steps. Lives on the window's thread.

What is played is an ordinary session: shown, recorded, and ended as any other. A strip tells how it goes, and a table
what came beside what was recorded, or beside what was wished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import HIGHEST_PORT, Address, Destination, parse_destination
from core.errors import SendError, TincanError, reason
from core.journal.recording.ledger import Phase
from core.words import connection_name, counted, sentence
from gui.platform.bridge import in_background
from gui.viewmodels.framings import KINDS, words_of
from gui.viewmodels.session_rows import place_words, session_words

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from core.net.connection import Connection
    from core.sending.plan import Played
    from core.sending.steps import StepsRun
    from core.steps.playing import Row
    from core.steps.replay import RecordedConversation
    from core.steps.step import ReadySteps
    from gui.controllers.main import MainController
    from gui.controllers.task_strips import Task, ThrottledProgress
    from gui.viewmodels.replaying import ReplayRequest
    from gui.viewmodels.tasks import TaskView
    from gui.views.dialogs.replay_dialog import ReplayDialog, StepsDialog
    from gui.views.dialogs.steps_table import PlayedTable
    from gui.window import Window

_NOTHING = "There is no conversation on view to replay."
_MOST_CONNECTIONS = 200  # that are offered
_TOPIC = "playing"


class ReplayController:
    """Asks what is to be played, and plays it. ``post`` has a call made on the window's thread, from any other."""

    def __init__(
        self, window: Window, main_controller: MainController, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self.dialog: ReplayDialog | None = None
        self.steps_dialog: StepsDialog | None = None
        self._window, self._main_controller, self._post = window, main_controller, post
        self._ended: dict[SessionId, Callable[[SessionState], None]] = {}  # whom to tell of the end of a session
        self._cancelled = threading.Event()

    @property
    def why_not(self) -> str:
        """The sentence why the conversation on view cannot be replayed; empty if it can."""
        main = self._main_controller
        return "" if main.state is not None and main.viewing.conversation is not None else _NOTHING

    def close(self) -> None:
        """Read no more of a journal."""
        self._cancelled.set()

    def phase_changed(self, state: SessionState) -> None:
        """Tell whoever plays over this session of its end."""
        if state.phase is Phase.ENDED and state.session in self._ended:
            self._ended.pop(state.session)(state)

    # One side of what was recorded.

    def open(self) -> None:
        """Ask how the conversation on view is to be had again."""
        state, conversation = self._main_controller.state, self._main_controller.viewing.conversation
        if state is None or conversation is None:
            self._main_controller.complain(_NOTHING)
            return
        if self.dialog is not None and not self.dialog.is_gone:
            self.dialog.destroy()  # another conversation's
        from gui.views.dialogs.replay_dialog import ReplayDialog

        framing = conversation.lens.framing
        framings = [(kind.usual, kind.words.rstrip("…")) for kind in KINDS if not kind.asks or kind.usual == framing]
        if framing not in dict(framings):
            framings.insert(0, (framing, words_of(framing)))
        shown_alone = self._main_controller.connection_alone
        both = sorted((*state.connections, *state.over), key=lambda one: (one.number < 0, abs(one.number)))
        chosen = sorted(both, key=lambda one: one != shown_alone)[:_MOST_CONNECTIONS]
        dialog = self.dialog = ReplayDialog(
            self._window.root,
            self._window.theme,
            what=self._words(state),
            places=self._places(state),
            connections=[(one.number, f"{connection_name(one.number)}  {one.peer_name}") for one in chosen],
            framings=framings,
            framing=framing,
            on_start=partial(self.replay, state, conversation.journal.path, conversation.session),
        )
        dialog.open(dialog.side.buttons[0])

    def _places(self, state: SessionState) -> tuple[str, str]:
        """Where the server was, for the client's side, and where a mock can stand instead."""
        scheme = "udp://" if state.role.datagrams else "tls://" if state.tls else ""
        dialled = (state.addresses[0] if state.addresses else state.target).dialled
        listen = dialled if dialled.is_loopback or dialled.is_local else Address("127.0.0.1", dialled.port)
        sessions = self._main_controller.sessions.values()
        if listen.port and any(
            listen.port in {address.port for address in one.addresses}
            for one in sessions
            if one.role.listens and one.phase is not Phase.ENDED
        ):
            listen = Address(listen.host, listen.port + 1 if listen.port < HIGHEST_PORT else listen.port - 1)
        client = place_words(state) if state.role.dials else f"{dialled}"
        return f"{scheme}{client}", f"{scheme}{listen}"

    def replay(self, state: SessionState, path: Path, session: SessionId, request: ReplayRequest) -> None:
        """Read the conversation on a thread of its own, then play; what is wrong is said in the dialog."""
        dialog = self.dialog  # which may be another one when the recording is read
        try:
            target = parse_destination(request.address, for_server=request.serves)
        except TincanError as error:
            self._refuse(dialog, error)
            return
        if self._main_controller.tasks.strips.why_full:
            self._refuse(dialog, self._main_controller.tasks.strips.why_full)
            return

        def read() -> RecordedConversation:
            from core.sending.replay import ReplayPlan, read_recording

            plan = ReplayPlan(request.serves, request.framing, request.in_pace, request.connection)
            return read_recording(path, session, plan, self._cancelled)

        play = self._serve if request.serves else self._call
        title = f"Replay of {self._words(state)}"
        done = partial(self._play, dialog, play, title, target)
        in_background("read a recording", read, done, partial(self._refuse, dialog), self._post)

    def _refuse(self, dialog: ReplayDialog | None, error: BaseException | str) -> None:
        why = sentence(error if isinstance(error, str) else reason(error))
        if dialog is not None and not dialog.is_gone:
            dialog.refuse(why)
        else:
            self._main_controller.say(f"Nothing is replayed: {why}", _TOPIC, is_failure=True)

    def _play(
        self,
        dialog: ReplayDialog | None,
        play: Callable[[str, Destination, RecordedConversation], None],
        title: str,
        target: Destination,
        recording: RecordedConversation,
    ) -> None:
        from core.sending.replay import destination_for

        try:
            play(title, destination_for(recording, target), recording)
        except TincanError as error:
            self._refuse(dialog, error)
            return
        if dialog is not None and not dialog.is_gone:
            dialog.destroy()

    def _call(self, title: str, target: Destination, recording: RecordedConversation) -> None:
        """Play the client's side. Raises ``TincanError``."""
        from core.steps.replay import LIMIT
        from core.steps.report import COMPARED
        from gui.viewmodels.replaying import Comparison, replay_view

        table = self._table("Replay", f"{title} to {target.address}", COMPARED, "difference")
        comparison = Comparison(recording, table.safety)

        def show(task: Task, played: Played, failure: str) -> None:
            if not failure:
                comparison.take(played.rows, played.left, is_over=not played.is_running)
            table.take(comparison.lines, failure or comparison.words)
            task.show(replay_view(title, comparison, played, failure))

        self._over_a_client(recording.ready, target, show, table, "Compare…", limit=LIMIT, keeps_all=True)

    def _serve(self, title: str, target: Destination, recording: RecordedConversation) -> None:
        """Play the server's side. Raises ``TincanError``."""
        from core.steps.replay import Mock
        from core.steps.report import COMPARED

        main = self._main_controller
        table = self._table("Replay", f"{title} at {target.address}", COMPARED, "difference")
        mocked = _Mocked(title, recording, table, main.tasks.throttled_progress)
        tls = main.tls.for_listening() if target.tls else None
        mock = Mock(recording, mocked.tell)
        if target.datagrams:
            session = main.workbench.serve_datagrams(target.address, reply=mock)
        else:
            session = main.workbench.serve(target.address, reply=mock, tls=tls)
        main.reply.learn(session, mock)
        self._show_session(session, target)
        stop = partial(main.workbench.stop, session)
        mocked.begin(main.tasks.strips.begin(mocked.view, (("Stop", stop),), (("Compare…", table.open),)))
        self._ended[session] = mocked.ended
        table.open()

    # Files of steps.

    def open_steps(self, path: Path) -> None:
        """Read a file of steps on a thread of its own, and ask what it is to be played over."""

        def read() -> ReadySteps:
            from core.steps.step_file import read_step_file

            return read_step_file(path)

        in_background("read a file of steps", read, partial(self._offer, path), self._not_read, self._post)

    def _not_read(self, error: BaseException) -> None:
        self._main_controller.say(sentence(reason(error)), _TOPIC, is_failure=True)

    def _offer(self, path: Path, steps: ReadySteps) -> None:
        from gui.views.dialogs.replay_dialog import StepsDialog

        if self.steps_dialog is not None and not self.steps_dialog.is_gone:
            self.steps_dialog.destroy()
        main = self._main_controller
        main.notices.take_back(_TOPIC)  # what was wrong with the file before
        typed = main.endpoints.typed
        scheme = "udp://" if main.endpoints.asks_for_datagrams else ""
        target = steps.list.target or (f"{scheme}{typed.dialled}" if typed is not None else "")
        state = main.state
        on_view = self._words(state) if state is not None and not main.why_nobody() else ""
        dialog = self.steps_dialog = StepsDialog(
            self._window.root,
            self._window.theme,
            what=f"{steps.list.name}: {counted(len(steps.steps), 'step')}, from {path.name}",
            about=steps.list.about,
            on_view=on_view,
            address=target,
            on_start=partial(self.play_steps, steps),
        )
        dialog.open(dialog.over.buttons[0])

    def play_steps(self, steps: ReadySteps, is_on_view: bool, address: str) -> None:
        """Play the steps over the connection on view, or over one to that address."""
        try:
            why = self._main_controller.tasks.strips.why_full
            if why:
                raise SendError(why)
            if is_on_view:
                self._over_the_view(steps)
            else:
                target = parse_destination(address, for_server=False)
                table, show = self._steps_table(steps, f"Steps of {steps.list.name} to {target.address}")
                self._over_a_client(steps, target, show, table, "Table…")
        except TincanError as error:
            dialog = self.steps_dialog
            if dialog is not None and not dialog.is_gone:
                dialog.refuse(sentence(error))
            return
        if self.steps_dialog is not None and not self.steps_dialog.is_gone:
            self.steps_dialog.destroy()

    def _over_the_view(self, steps: ReadySteps) -> None:
        """Raises ``SendError``."""
        main, state = self._main_controller, self._main_controller.state
        why = main.why_nobody()
        if state is None or why:
            raise SendError(why)
        table, show = self._steps_table(steps, f"Steps of {steps.list.name} to {self._words(state)}")
        tasks: list[Task] = []

        def told(played: Played) -> None:
            show(tasks[0], played, "")
            self._count_on(run)

        run = main.workbench.play(
            state.session,
            steps,
            to=main.sending.offered_recipients,
            variables=main.preferences.variables,
            count=main.sending.count,
            tell=main.tasks.throttled_progress(told).tell,
        )
        tasks.append(self._strip(show, run, table, "Table…"))

    def _steps_table(self, steps: ReadySteps, title: str) -> tuple[PlayedTable, Callable[[Task, Played, str], None]]:
        """The table of a list, and what shows in it and in a strip how the list goes."""
        from core.steps.report import COLUMNS
        from gui.viewmodels.replaying import step_lines, steps_view

        table = self._table("Steps", title, COLUMNS, "failure")

        def show(task: Task, played: Played, failure: str) -> None:
            view = steps_view(title, played, failure)
            table.take(step_lines(steps, played, table.safety), view.trouble or view.words)
            task.show(view)

        return table, show

    # What both need.

    def _over_a_client(
        self,
        steps: ReadySteps,
        target: Destination,
        show: Callable[[Task, Played, str], None],
        table: PlayedTable,
        look: str,
        *,
        limit: int | None = None,
        keeps_all: bool = False,
    ) -> None:
        """Play over a new connection there. Raises ``TincanError``."""
        main = self._main_controller
        tasks: list[Task] = []
        failures = [""]

        def told(played: Played) -> None:
            show(tasks[0], played, failures[0])
            self._count_on(run)

        tls = main.tls.for_dialling(target.address) if target.tls else None
        proxy = main.endpoints.proxy_for(target.address)
        run = main.workbench.play(
            None,
            steps,
            variables=main.preferences.variables,
            count=main.sending.count,
            limit=limit,
            keeps_all=keeps_all,
            tell=main.tasks.throttled_progress(told).tell,
        )
        try:
            stands: Callable[[Connection], None] = run.attach
            if target.datagrams:
                session = main.workbench.send_datagrams(target.address, stands=stands)
            else:
                session = main.workbench.connect(target.address, half_open=True, tls=tls, proxy=proxy, stands=stands)
        except TincanError:
            run.stop()
            raise
        self._show_session(session, target)
        tasks.append(self._strip(show, run, table, look))

        def ended(state: SessionState) -> None:
            if not run.is_attached:
                failures[0] = sentence(state.failure or "the attempt to connect was cancelled")
                run.stop()

        self._ended[session] = ended

    def _count_on(self, run: StepsRun) -> None:
        """Go on behind what was played, once it is over."""
        if not run.progress.is_running:
            self._main_controller.sending.count_on(run.playing.count, run.playing.set)

    def _strip(self, show: Callable[[Task, Played, str], None], run: StepsRun, table: PlayedTable, look: str) -> Task:
        from gui.viewmodels.tasks import played_view

        view = played_view("", run.progress)
        task = self._main_controller.tasks.strips.begin(view, (("Stop", run.stop),), ((look, table.open),))
        show(task, run.progress, "")
        table.open()  # before the dialog goes, so that the keyboard is here then
        return task

    def _words(self, state: SessionState) -> str:
        return session_words(self._main_controller.window_state(), state)

    def _show_session(self, session: SessionId, target: Destination) -> None:
        main = self._main_controller
        main.endpoints.put(target.address, is_udp=target.datagrams)
        main.show_new(session, main.workbench.role(session), target.address)

    def _table(self, kind: str, title: str, columns: Sequence[str], wrong: str) -> PlayedTable:
        from gui.views.dialogs.steps_table import PlayedTable

        return PlayedTable(self._window.root, self._window.theme, kind, title, columns, wrong)


class _News(NamedTuple):
    """Something has come of a mock; the reports say what."""

    is_running: bool = True


class _Mocked:
    """Shows what comes of a mock. ``tell`` is called on the mock's thread."""

    def __init__(
        self,
        title: str,
        recording: RecordedConversation,
        table: PlayedTable,
        throttled: Callable[[Callable[[_News], None]], ThrottledProgress[_News]],
    ) -> None:
        from gui.viewmodels.replaying import MockComparisons

        self._title, self._table = title, table
        self._comparisons = MockComparisons(recording, table.safety)
        self._reports: dict[int, tuple[Sequence[Row], int, bool]] = {}  # that were not looked at yet
        self._progress = throttled(self._show)
        self._task: Task | None = None
        self._is_running, self._failure = True, ""

    @property
    def view(self) -> TaskView:
        """How it goes, for its strip."""
        from gui.viewmodels.replaying import mock_view

        return mock_view(self._title, self._comparisons, is_running=self._is_running, failure=self._failure)

    def begin(self, task: Task) -> None:
        """Show it in that strip from now on."""
        self._task = task

    def tell(self, number: int, rows: Sequence[Row], left: int, is_over: bool) -> None:
        """Take in how a connection goes. The mock's thread."""
        self._reports[number] = rows, left, is_over
        self._progress.tell(_News())

    def ended(self, state: SessionState) -> None:
        """The mock is over."""
        self._is_running = False
        self._failure = sentence(state.failure) if state.failure is not None else ""
        self._show(_News())

    def _show(self, _news: _News) -> None:
        while self._reports:
            number, (rows, left, is_over) = self._reports.popitem()
            self._comparisons.take(number, rows, left, is_over=is_over)
        view = self.view
        self._table.take(self._comparisons.lines(), view.trouble or view.words)
        if self._task is not None:
            self._task.show(view)
