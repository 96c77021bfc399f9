"""The controller that knows the others: commands go down to the workbench, states come up and are shown.

Lives on the window's thread. No call to the workbench waits here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.clock import monotonic, monotonic_ns
from core.events import ConnectionId, SessionId
from core.journal.reading.lens import RAW
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.supervision import Step, do_all
from core.words import sentence
from gui.controllers.commands import commands, menu_state
from gui.controllers.conversation import ConversationController
from gui.controllers.endpoints import EndpointsController
from gui.controllers.export import ExportController
from gui.controllers.help import HelpController
from gui.controllers.journal import JournalController, first
from gui.controllers.lessons import LessonsController
from gui.controllers.messages import MessageController
from gui.controllers.notices import Notices
from gui.controllers.profiles import ProfilesController
from gui.controllers.replay import ReplayController
from gui.controllers.reply import OnConnectController, ReplyController
from gui.controllers.rules import RulesController
from gui.controllers.saved_messages import SavedMessagesController
from gui.controllers.sending import SendingController
from gui.controllers.session import SessionController
from gui.controllers.settings import SettingsController
from gui.controllers.silence import SilenceController
from gui.controllers.sockets import FaultsController, SocketOptionsController, SocketStateController
from gui.controllers.tap import HoldController, TapController
from gui.controllers.tasks import TaskController
from gui.controllers.tls import TlsController
from gui.journals.archives import Archives
from gui.journals.viewing import Viewing
from gui.platform.desktop import open_folder
from gui.theme.theme import Theme
from gui.viewmodels import presenter
from gui.viewmodels.framings import kind_of
from gui.viewmodels.preferences import Preferences
from gui.viewmodels.profiles import ACTIONS
from gui.viewmodels.rows import Callbacks
from gui.viewmodels.session_rows import next_session, parse_row_key
from gui.viewmodels.window_state import WindowState
from gui.viewmodels.window_view import MenuState
from gui.views.menus import Alternatives
from gui.widgets.debounce import Debounce
from gui.window import Window

if TYPE_CHECKING:
    import tkinter as tk

    from core.address import Address
    from core.journal.display_row import DisplayRow
    from core.journal.recording.ledger import Recording
    from core.roles import Role
    from core.workbench import Workbench
    from gui.controllers.app_interface import AppInterface
    from gui.journals.conversations import OpenConversation, OpenJournal


_FIGURES_REST = 0.1  # seconds between two times at which figures alone are shown: nobody reads them more often


class MainController:
    """Passes a person's commands to the workbench and its states to the window. Implements ``gui.window.Actions``."""

    def __init__(self, theme: Theme, preferences: Preferences, app: AppInterface) -> None:
        self.preferences = preferences
        self.sessions: dict[SessionId, SessionState] = {}
        self.selected: SessionId | None = None
        self._connection: ConnectionState | None = None  # the one that is shown alone
        self.theme = theme
        self._app = app
        callbacks = Callbacks(app.post, self._show_growth, self._cannot_read)
        self.viewing = Viewing(callbacks, preferences.read_as)
        self.archives = Archives()
        self.tls = TlsController(self, app.authority, app.post)
        self.endpoints = EndpointsController(self, app.post)
        self.sending = SendingController(self, app.post)
        self.rows = SessionController(self)

    def open(self, window: Window) -> None:
        """Make the other controllers for a window and show what there is."""
        self.window = window
        self._second = Debounce(window.root, self.refresh)
        self._figures = Debounce(window.root, self.refresh)
        self._refreshed_at = 0.0  # by the monotonic clock
        post = self._app.post
        self.conversation = ConversationController(
            window,
            self.viewing,
            refresh=self.refresh,
            refilter=self._refilter,
            post=post,
            complain=self.complain,
            save_sequence=lambda: self.export_controller.open("svg"),
        )
        self.messages = MessageController(window, self.viewing, self.sending, post=post, complain=self.complain)
        self.export_controller = ExportController(
            window, self.viewing, post=post, open_folder=open_folder, complain=self.complain
        )
        self.notices = Notices(window.banner, self.commands)
        self.help = HelpController(window, self.theme, self.notices, app=self._app, open_folder=open_folder)
        self.journal_controller = JournalController(
            self.archives,
            self.notices,
            self._app,
            window=window,
            on_open=self._show_archived,
            on_change=self._learn,
            on_own=self._put_back,
            on_steps=lambda path: self.replay.open_steps(path),
        )
        self.settings = SettingsController(
            window, self.theme, current=lambda: self.preferences, keep=self.apply, post=post,
            open_folder=self.journal_controller.open_folder, use_password=self.tls.use_password,
            use_proxy_password=self.endpoints.use_proxy_password,
        )  # fmt: skip
        self.saved = SavedMessagesController(window, self.sending, self._app.saved_messages, post=post, say=self.say)
        self.profiles = ProfilesController(window, self, self._app.profiles, post)
        self.silence = SilenceController(window, self)
        self.tasks = TaskController(window, self, post)
        self.replay = ReplayController(window, self, post)
        self.socket_options = SocketOptionsController(window, self)
        self.tap = TapController(window, self)
        self.faults = FaultsController(window, self)
        self.hold = HoldController(window, self)
        self.socket_state = SocketStateController(window, self, post)
        self.reply = ReplyController(window, self)
        self.on_connect = OnConnectController(window, self)
        self.rules = RulesController(window, self, self._app.rules, post)
        self.lessons = LessonsController(window, self, self._app.saved_messages.parent / "lessons")
        self.endpoints.open(window)
        self.sending.open(window)
        window.sessions.on_rename = self.rows.give_name
        window.conversation.on_show_all = self._show_all
        window.conversation.on_end = self.refresh
        window.show_rows(self.preferences.rows, self.preferences.times)
        window.composer.focus_message()
        self.refresh()

    @property
    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Every command of the keys and menus, by its name."""
        return commands(self)

    # What comes up.

    def deliver(self, states: dict[SessionId, SessionState], recording: Recording) -> None:
        """Take in the newest states and show them.

        Where nothing but figures differ, they are shown a little later, and by themselves: of a flood the conversation
        is drawn with each of them.
        """
        before = {session: self.sessions[session] for session in states if session in self.sessions}
        are_figures = all(
            name in before and state.differs_in_traffic_alone(before[name]) for name, state in states.items()
        )
        self.sessions.update(states)
        self.rows.count_unread(states.values())
        if self.state is not None:
            self.rows.mark_read(self.state)
        do_all(
            [
                ("the notices", lambda: self.notices.watch(states, before, recording)),
                ("following the journal", lambda: self._app.own_journal.follow(recording.path)),
                *(("a change of phase", partial(self._tell_phase, state, before)) for state in states.values()),
                ("showing what is so", self._show_figures if are_figures else self.refresh),
            ]
        )

    def _show_figures(self) -> None:
        """Show what has come, and the figures of it unless they were shown just now: then they follow."""
        left = self._refreshed_at + _FIGURES_REST - monotonic()
        if left <= 0:
            self.refresh()
            return
        if not self._figures.is_due:
            self._figures.ask(math.ceil(left * 1_000))
        self._show_growth()

    def _tell_phase(self, state: SessionState, before: Mapping[SessionId, SessionState]) -> None:
        known = before.get(state.session)
        if known is None or known.phase is not state.phase:
            self.endpoints.phase_changed(state, is_selected=state.session == self.selected)
            self.tap.phase_changed(state)
            self.replay.phase_changed(state)
            self.tls.phase_changed(state)  # last: it may ask for a password

    def refresh(self) -> None:
        """Show the present state in every view, each guarded for itself."""
        self._figures.cancel()
        self._refreshed_at = monotonic()
        state = self.state
        if state is not None:
            self.rows.mark_read(state)
        seconds_left = self.endpoints.seconds_left(state)
        now = monotonic_ns()
        waits = [(state.retry.due - now) / 1e9 for state in self.sessions.values() if state.retry is not None]
        left = [seconds for seconds in (seconds_left, *waits) if seconds is not None and seconds > 0]
        if left and not self._second.is_due:
            self._second.ask(min(int(seconds % 1 * 1_000) for seconds in left) + 1)  # until the next whole one
        do_all(
            [
                ("the window", lambda: self.window.show(presenter.present(self.window_state()))),
                ("the tour", lambda: self.help.watch(self.sessions, self.selected)),
                *self._showing_conversation(state),
                ("the saved messages", lambda: self.saved.show(self.why_nobody)),
                ("the profiles", self.profiles.show),
                ("the silence of a peer", self.silence.show),
                ("the tasks", self.tasks.show),
                ("the socket options", self.socket_options.show),
                ("the faults", self.faults.show),
                ("what is held", self.hold.show),
                ("the state of a socket", self.socket_state.show),
                ("the reply", self.reply.show),
                ("the rules", self.rules.show),
                ("the lessons", self.lessons.watch),
                ("what is said on connect", self.on_connect.show),
            ]
        )

    def _show_growth(self) -> None:
        """Show that there is more of the conversation on view; what stands around it is as it was."""
        do_all(self._showing_conversation(self.state))

    def _showing_conversation(self, state: SessionState | None) -> list[Step]:
        return [
            ("the conversation", lambda: self._show_conversation(state)),
            ("what reads the conversation", lambda: self.conversation.show(state)),
        ]

    def _show_conversation(self, state: SessionState | None) -> None:
        conversation = self._look(state) if state is not None else None
        self.window.show_encoding(self.viewing.encoding)
        self.window.conversation.show_rows(conversation)

    @property
    def own_reading(self) -> OpenJournal | None:
        """The journal of this run, as it is read; None while there is none."""
        return self._app.own_journal.reading

    def _look(self, state: SessionState) -> OpenConversation | None:
        archived = self.archives.get(state.session)
        journal = archived.journal if archived is not None else self.own_reading
        session = archived.session if archived is not None else state.session
        if journal is None:
            return None
        return self.viewing.look(state, journal, session)

    @property
    def state(self) -> SessionState | None:
        """The selected session."""
        return self.sessions.get(self.selected) if self.selected is not None else None

    @property
    def connection_alone(self) -> ConnectionState | None:
        """The connection that is shown alone, as it stands by now."""
        state, alone = self.state, self._connection
        return state.connection(alone.connection) or alone if state is not None and alone is not None else None

    def window_state(self) -> WindowState:
        """The state that the window's view is made from."""
        seconds_left = self.endpoints.seconds_left(self.state)
        return WindowState(
            self.sessions,
            self.selected,
            self._connection,
            self.sending.recipients,
            self.endpoints.typed,
            self.endpoints.asks_for_datagrams,
            self.reply.written_of(self.selected),
            self.endpoints.reachable,
            self.window.conversation.transcript.text.safety,
            self.archives.begun,
            math.ceil(seconds_left) if seconds_left is not None else None,
            monotonic_ns(),
            frozenset(self.rows.removed),
            self.rows.names,
            self.rows.unread,
            self.preferences.tls,
            self.faults.faulty,
            self.hold.counts,
        )

    # What the person asks for.

    def choose_row(self, key: str) -> None:
        """Show the session, or the connection of a session, that a row stands for."""
        self.select(*parse_row_key(key))

    def select(self, session: SessionId, connection: ConnectionId | None = None) -> None:
        """Show a session; host, port and TLS follow it, so that the buttons speak of it."""
        state = self.sessions.get(session)
        self.selected = session
        self._connection = state.connection(connection) if state is not None and connection is not None else None
        if state is not None:
            self.viewing.choose_connection(state, connection)
            self.endpoints.show_place(state)
            if self.archives.get(session) is None and state.role.speaks_tls:
                self.tls.put(is_on=state.tls)
        self.window.composer.complain("")
        self.sending.turn_to(session, connection)
        self.refresh()

    def _refilter(self) -> None:
        """Show what another filter admits, and say no longer that a connection is shown alone if it is not."""
        only, alone, state = self.viewing.lens.only.connections, self._connection, self.state
        if alone is not None and state is not None and only != state.pair(alone.connection):
            self._connection = None
            self.sending.turn_to(self.selected)
        self.refresh()

    def _show_all(self) -> None:
        """Show all connections of the session on view again."""
        if self.selected is not None:
            self.select(self.selected)

    def select_nothing(self) -> None:
        """Show no session, as before the first one."""
        self.selected = self._connection = None
        self.sending.turn_to(None)
        self.viewing.close()
        self.refresh()

    def choose_reply(self, reply: str) -> None:
        """Have the selected server, and those to come, reply like that."""
        self.reply.choose(reply)

    def do_next(self) -> None:
        """Enter in the address: press the button that is next."""
        self.endpoints.do_next()

    def show_new(self, session: SessionId, role: Role, address: Address) -> None:
        """Show a session that has just been started, of which nothing is known yet.

        Where it takes the place of one on view that is over, what was being written there is written on here.
        """
        over, composer = self.state, self.window.composer
        is_over = over is not None and over.phase is Phase.ENDED and self._connection is None
        places = (over.target, *over.addresses) if over is not None and is_over and over.role is role else ()
        text = composer.text if address in places else ""
        message_format = composer.message_format
        self.selected, self._connection = session, None
        self.sending.turn_to(session, takes_draft=True)
        if text:
            composer.put(text, message_format)
        self.profiles.begun(session, role, address)

    def choose_colours(self, name: str) -> None:
        """Take another palette."""
        self.settings.choose_colours(name)

    def form_edited(self) -> None:
        """Host or port changed: the buttons may mean something else."""
        self.refresh()

    def form_left(self) -> None:
        """The person has left host or port: what is in there can be put into its form."""
        self.endpoints.tidy_address()

    def clear_view(self) -> None:
        """Show only what comes from now on."""
        if self.viewing.conversation is None:
            self.complain("There is no conversation on view to clear.")
        self.viewing.clear()
        self.refresh()

    def go_on(self) -> None:
        """Let all connections go on that were paused because two programs seemed to answer each other."""
        for session in self.sessions:
            self.workbench.go_on(session)
            # Not before the key that has pressed the notice's button is through with it.
            self.window.root.after_idle(self.notices.take_back, f"paused {session}")

    def show_everything(self) -> None:
        """Take back ``clear_view`` and the filter."""
        self._connection = None
        self.sending.turn_to(self.selected)
        self.viewing.show_everything()
        self.refresh()

    def choose_framing_kind(self, usual: str) -> None:
        """Cut the conversation on view into messages by a kind of framing, whose details are asked for."""
        self.conversation.framing.choose_kind(usual)

    def choose_encoding(self, encoding: str) -> None:
        """Read the bytes of the conversation on view, and of those to come, in another encoding.

        It is written in that too, unless a person chose one for writing.
        """
        before = self.viewing.encoding
        self.preferences = replace(self.preferences, read_as=encoding)
        self.viewing.choose_encoding(encoding)
        self.profiles.show()
        self.lessons.watch()
        self.window.show_encoding(encoding)
        self.sending.follow_encoding(before, encoding)
        self.conversation.framing.tell_misread_ending()

    def choose_rows(self, rows: str) -> None:
        """Show messages as bubbles or on one line each."""
        self.preferences = replace(self.preferences, rows=rows)
        self.window.show_rows(rows, self.preferences.times)

    def choose_times(self, times: str) -> None:
        """Show times of day, or how long after the message before each was."""
        self.preferences = replace(self.preferences, times=times)
        self.window.show_rows(self.preferences.rows, times)

    def choose_display_row(self, display_row: DisplayRow) -> None:
        """Inspect the message that a person has chosen."""
        self.conversation.choose(display_row)

    def complain(self, why: str) -> None:
        """Say why something cannot be done just now."""
        self.notices.mention(why)

    @property
    def chosen_framing(self) -> str:
        """The kind of framing by which the conversation on view is cut into messages."""
        return kind_of(self.viewing.lens.framing).usual if self.state is not None else RAW

    @property
    def chosen_encoding(self) -> str:
        """The encoding in which the conversation on view is read."""
        return self.viewing.encoding

    def menu_state(self) -> MenuState:
        """How things stand for the commands of the menus."""
        return menu_state(self)

    def refuse_paste(self, field: tk.Misc, why: str) -> None:
        """Say why nothing was pasted: at the field, or, of a message, with a way round."""
        if field is self.window.composer.field:
            self.notices.mention(why, {"Send a file…": self.commands["send_file"]})
        elif field.winfo_exists():  # it may have gone while the other program was waited for
            self.window.say_at(field, why)

    def quit(self) -> None:
        """End the program; ask first, once, while something is connected."""
        own = (state for name, state in self.sessions.items() if self.archives.get(name) is None)
        standing = sum(len(state.connections) for state in own)
        if not standing or self.notices.tells("quit"):
            self._app.leave()
            return
        words = "One connection is still open" if standing == 1 else f"{standing:,} connections are still open"

        def leave() -> None:
            self.window.root.after_idle(self._app.leave)  # the key that says so has bindings behind it

        sentence, answers = f"{words}. Quit all the same?", {"Quit": leave}
        self.notices.offer(sentence, "quit", answers, close_word="Stay", on_close=self.window.composer.focus_message)
        self.window.banner.focus_first()

    @property
    def workbench(self) -> Workbench:
        """The workbench of this run. Raises ``NoThread`` if it cannot be opened just now."""
        return self._app.own_journal.workbench

    def say(self, sentence: str, topic: str = "", *, is_failure: bool = False) -> None:
        """See ``Notices.say``."""
        self.notices.say(sentence, topic, is_failure=is_failure)

    # For the other controllers, the menus and the views.

    def _cannot_read(self, why: str) -> None:
        self.say(why, "reading", is_failure=True)

    def step(self, step: int) -> None:
        """Show the session ``step`` further in the list."""
        session = next_session(self.window_state(), step)
        if session in (None, self.selected):
            self.complain("There is no other conversation to go to.")
        elif session is not None:
            self.select(session)

    def show_times(self) -> None:
        """Say what the times in the status line are."""
        if not self.window.status.show_times():
            self.complain("No answer has been timed here yet.")

    def show_handshake(self) -> None:
        """Show the TLS handshake of what is on view."""
        alone = self._connection
        self.conversation.inspector.show_handshake(alone.connection if alone is not None else None)

    def recent_journals(self, on_more: Callable[[], None]) -> list[tuple[str, Callable[[], None]]]:
        """See ``JournalController.recent``; before them what puts back what was taken out of the list."""
        journals = self.journal_controller.recent(on_more)
        return [("This run", self._put_back), *journals] if self.rows.removed else journals

    def _put_back(self) -> None:
        """Put everything of this run that was taken out of the list back into it."""
        self.rows.bring_back(state for state in self.sessions.values() if self.archives.get(state.session) is None)
        self.refresh()

    def profile_choices(self) -> Alternatives:
        """The profiles for the menu."""
        choice = self.profiles.choice
        return Alternatives(choice.options[: -len(ACTIONS)], lambda: choice.chosen, self.profiles.choose)

    def apply(self, preferences: Preferences) -> None:
        """Take other settings, of which limits are for the sessions that are started from now on."""
        self.preferences = preferences
        self._app.own_journal.use(preferences.limits())

    def keep_widths(self, list_width: float, side_width: float) -> None:
        """Remember how wide the list and the pane at the side are."""
        self.preferences = replace(self.preferences, list_width=list_width, side_width=side_width)

    def _show_archived(self, states: list[SessionState]) -> None:
        self.rows.bring_back(states)
        self.sessions.update((state.session, state) for state in states)
        self.select(first(states))

    def _learn(self, states: list[SessionState]) -> None:
        """Take in what more is known of sessions of an earlier run."""
        self.sessions.update((state.session, state) for state in states)
        self.refresh()

    def why_nobody(self) -> str:
        """Why there is nobody to send to, as a sentence; empty if there is somebody."""
        return sentence(presenter.why_nobody(self.window_state()))
