"""Does what a person asks for: commands go down to the workbench, states come up and are shown.

Lives on the window's thread. What the workbench is asked here returns at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.address import DEFAULT_HOST, DEFAULT_PORT, Address
from core.errors import TincanError
from core.events import ConnectionId, Role, SessionId
from core.journal.ledger import ConnectionState, Phase, SessionState
from gui import presenter
from gui.archives import Archives
from gui.desktop import open_file, open_folder
from gui.export_desk import ExportDesk
from gui.form import glance, read_address
from gui.help_desk import HelpDesk
from gui.journal_desk import JournalDesk, first
from gui.keys import SAVED_WITH_KEYS
from gui.knobs_desk import KnobsDesk
from gui.notices import Notices
from gui.preferences import Preferences
from gui.reachable import look_up
from gui.reading_room import ReadingRoom
from gui.saved_desk import SavedDesk
from gui.sending_desk import SendingDesk
from gui.settings_desk import SettingsDesk
from gui.task_desk import TaskDesk
from gui.theme import Theme
from gui.viewing import Calls, Viewing
from gui.window import Window

if TYPE_CHECKING:
    from core.journal.passage import Passage
    from core.journal.recorder import Recording
    from core.net.reachable import LocalAddress
    from core.workbench import Workbench
    from gui.conversations import OpenConversation, OpenJournal


class Surroundings(Protocol):
    """What the switchboard needs of the program around it."""

    @property
    def journal_folder(self) -> Path:
        """Where journals are."""
        ...

    @property
    def journal(self) -> Path | None:
        """The one of this run."""
        ...

    def open_workbench(self) -> tuple[Workbench, OpenJournal | None]:
        """Start the engine room; called once, before the first command."""
        ...

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the window's thread, soon. Any thread."""
        ...

    def leave(self) -> None:
        """End the program."""
        ...

    @property
    def log(self) -> Path:
        """Where faults are written down."""
        ...

    @property
    def saved_messages(self) -> Path:
        """The file in which they are kept."""
        ...


class Switchboard:
    """Between the window and the workbench. Implements ``gui.window.Actions``."""

    def __init__(self, theme: Theme, preferences: Preferences, surroundings: Surroundings) -> None:
        self.preferences = preferences
        self.sessions: dict[SessionId, SessionState] = {}
        self.selected: SessionId | None = None
        self._connection: ConnectionState | None = None  # the one that is shown alone
        self._theme = theme
        self._surroundings = surroundings
        self._workbench: Workbench | None = None
        self._journal: OpenJournal | None = None
        self._replies: dict[SessionId, str] = {}
        self._asked: SessionId | None = None  # the newest session, whose failure is told under the fields
        self._starting: SessionId | None = None  # the server that is about to listen
        self._connect_next: Address | None = None  # asked for meanwhile: it would be refused
        self._reachable: tuple[LocalAddress, ...] = ()
        self._leaving = False
        calls = Calls(surroundings.post, self.refresh, self._cannot_read)
        self.viewing = Viewing(calls, preferences.lens)
        self.archives = Archives()
        self.sending = SendingDesk(self, surroundings.post)

    def open(self, window: Window) -> None:
        """Take charge of a window."""
        self._window = window
        post = self._surroundings.post
        self.room = ReadingRoom(
            window,
            self.viewing,
            refresh=self.refresh,
            post=post,
            complain=self.complain,
            choose_framing=self.choose_framing,
        )
        self.export_desk = ExportDesk(window, self.viewing, post=post, open_folder=open_folder)
        self.notices = Notices(window.banner, self.commands)
        self.help = HelpDesk(window, self._theme, self.notices, log=self._surroundings.log, open_folder=open_folder)
        self.journal_desk = JournalDesk(
            self.archives,
            self.notices,
            self._surroundings,
            safety=window.conversation.transcript.text.safety,
            on_open=self._show_archived,
            on_change=self._learn,
        )
        self.settings = SettingsDesk(
            window, self._theme, current=lambda: self.preferences, keep=self.apply, post=post,
            open_folder=self._open_folder,
        )  # fmt: skip
        self.saved = SavedDesk(window, self.sending, self._surroundings.saved_messages, post=post, say=self.say)
        self.tasks = TaskDesk(
            window, self, post=post, connections=lambda: self.room.narrowing.connections,
            complain=self.complain, saved=self.saved,
        )  # fmt: skip
        self.knobs = KnobsDesk(window, self)
        hosts, ports = self.preferences.hosts, self.preferences.ports
        window.address.fill(hosts[0] if hosts else DEFAULT_HOST, ports[0] if ports else str(DEFAULT_PORT))
        self._offer_history()
        self.sending.open(window)
        window.show_encoding(self.preferences.read_as)
        window.composer.focus_message()
        self.refresh()

    @property
    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Every command of the keys and menus, by its name."""
        return {
            "toggle_server": self.toggle_server,
            "toggle_client": self.toggle_client,
            "connect_again": self.connect,
            "focus_host": lambda: self._window.address.focus_host(),
            "focus_message": lambda: self._window.composer.focus_message(),
            "message_options": lambda: self._window.composer.toggle_options(),
            "macros": lambda: self._window.composer.open_macros(),
            "show_settings": lambda: self.settings.open(),
            "show_network": lambda: self.settings.show_network(self.sessions.values()),
            "toggle_saved": lambda: self.saved.toggle(),
            "save_message": lambda: self.saved.save_field(),
            **{f"send_saved_{place + 1}": partial(self._send_saved, place) for place in range(SAVED_WITH_KEYS)},
            "repeat": lambda: self.tasks.open_repeat(),
            "send_file": lambda: self.tasks.open_send_file(),
            "keep_received": lambda: self.tasks.open_keep(),
            "stop_task": lambda: self.tasks.stop_newest(),
            "toggle_knobs": lambda: self.knobs.toggle(),
            "show_times": lambda: self._window.status.show_times(),
            "find": lambda: self.room.open_find(),
            "find_next": lambda: self.room.step(1),
            "find_previous": lambda: self.room.step(-1),
            "filter": lambda: self.room.open_filter(),
            "toggle_inspector": lambda: self.room.toggle_inspector(),
            "export": lambda: self.export_desk.open(),
            "toggle_hex": lambda: self.room.toggle_hex(),
            "next_session": lambda: self._step(1),
            "previous_session": lambda: self._step(-1),
            "clear_view": self.clear_view,
            "show_everything": self.show_everything,
            "larger": lambda: self.settings.zoom(self._theme.step + 1),
            "smaller": lambda: self.settings.zoom(self._theme.step - 1),
            "usual_size": lambda: self.settings.zoom(0),
            "show_keys": lambda: self.help.show_keys(),
            "show_about": lambda: self.help.show_about(),
            "begin_tour": lambda: self.help.begin_tour(),
            "report_problem": lambda: self.help.report_problem(),
            "open_journals": self._open_folder,
            "open_journal": self._ask_for_journal,
            "open_log": self._show_log,
            "cut": lambda: self._edit("<<Cut>>"),
            "copy": lambda: self._edit("<<Copy>>"),
            "paste": lambda: self._edit("<<Paste>>"),
            "select_all": lambda: self._edit("<<SelectAll>>"),
            "quit": self.quit,
        }

    # What comes up.

    def deliver(self, states: dict[SessionId, SessionState], recording: Recording) -> None:
        """Take in the newest states and show them."""
        self.notices.watch(states, self.sessions, recording)
        for state in states.values():
            before = self.sessions.get(state.session)
            self.sessions[state.session] = state
            if before is None or before.phase is not state.phase:
                self._phase_changed(state)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so."""
        self._window.show(presenter.present(self.desk()))
        self.help.watch(self.sessions, self.selected)
        state = self.state
        conversation = self._look(state) if state is not None else None
        self._window.conversation.show_rows(conversation)
        self.room.show(state)
        self.tasks.show()
        self.knobs.show()

    def _look(self, state: SessionState) -> OpenConversation | None:
        archived = self.archives.get(state.session)
        journal = archived.journal if archived is not None else self._journal
        session = archived.session if archived is not None else state.session
        if journal is None:
            return None
        return self.viewing.look(state.session, journal, session, state.role, state.entries)

    @property
    def state(self) -> SessionState | None:
        """The selected session."""
        return self.sessions.get(self.selected) if self.selected is not None else None

    def desk(self) -> presenter.Desk:
        """What the view is made from."""
        return presenter.Desk(
            self.sessions,
            self.selected,
            self._connection,
            self.sending.recipients,
            glance(self._window.address),
            self._replies.get(self.selected, self.preferences.reply) if self.selected else self.preferences.reply,
            self._reachable,
            self._window.conversation.transcript.text.safety,
            self.archives.begun,
        )

    # What the person asks for.

    def toggle_server(self) -> None:
        """Start the server at host and port, or stop the one that runs there."""
        running = presenter.server_here(self.desk())
        if running is None:
            self.serve()
        else:
            self.workbench.stop(running.session)

    def toggle_client(self) -> None:
        """Connect to host and port, or end what is connected or dialling there."""
        running = presenter.client_here(self.desk())
        if running is None:
            self.connect()
        else:
            self.workbench.stop(running.session)

    def serve(self) -> None:
        """Start a server at host and port."""
        address = read_address(self._window.address, for_server=True)
        if address is not None:
            reply = self.preferences.reply
            self._begin(address, lambda: self.workbench.serve(address, reply=reply), is_server=True)
            if self._asked is not None:
                self._replies[self._asked] = reply
            if not address.is_loopback:
                look_up(lambda found: self._surroundings.post(lambda: self._found_addresses(found)))

    def connect(self) -> None:
        """Connect a client to host and port."""
        address = read_address(self._window.address, for_server=False)
        if address is None:
            return
        if self._starting is not None:
            self._connect_next = address
        else:
            self._begin(address, lambda: self.workbench.connect(address))

    def do_next(self) -> None:
        """Enter in the address: press the button that is next."""
        view = presenter.present(self.desk()).address
        if view.server.is_next:
            self.serve()
        elif view.client.is_next or view.client.text == "Connect":
            self.connect()

    def choose_row(self, key: str) -> None:
        """Show the session, or the connection of a session, that a row stands for."""
        self.select(*presenter.parse_row_key(key))

    def select(self, session: SessionId, connection: ConnectionId | None = None) -> None:
        """Show a session; host and port follow it, so that the buttons speak of it."""
        state = self.sessions.get(session)
        standing = state.connections if state is not None else ()
        self.selected, self.sending.recipients = session, None if connection is None else frozenset((connection,))
        self._connection = next((one for one in standing if one.connection == connection), None)
        self.viewing.choose_connection(session, connection)
        if state is not None:
            port = state.addresses[0].port if state.addresses else state.target.port
            self._window.address.fill(state.target.host, str(port))
        self._window.composer.complain("")
        self.refresh()

    def choose_reply(self, reply: str) -> None:
        """Have the selected server, and those to come, reply like that."""
        self.preferences = replace(self.preferences, reply=reply)
        state = self.state
        if state is not None and state.role is Role.SERVER:
            self._replies[state.session] = reply
            self.workbench.set_reply(state.session, reply)

    def choose_colours(self, name: str) -> None:
        """Take another palette."""
        self.settings.choose_colours(name)

    def form_edited(self) -> None:
        """Host or port changed: the buttons may mean something else."""
        self.refresh()

    def clear_view(self) -> None:
        """Show only what comes from now on."""
        self.viewing.clear()
        self.refresh()

    def show_everything(self) -> None:
        """Take back ``clear_view`` and whatever else leaves something out."""
        self._connection = None
        self.viewing.show_everything()
        self.refresh()

    def choose_framing(self, framing: str) -> None:
        """Cut the conversation into messages in another way."""
        self.preferences = replace(self.preferences, lens=framing)
        self.viewing.choose_framing(framing)
        self.refresh()

    def choose_encoding(self, encoding: str) -> None:
        """Read the bytes of conversations as other text."""
        self.preferences = replace(self.preferences, read_as=encoding)
        self._window.show_encoding(encoding)

    def choose_passage(self, passage: Passage) -> None:
        """A person looks at one message."""
        self.room.choose(passage)

    def complain(self, why: str) -> None:
        """Say why something cannot be done."""
        self.say(why, "refused")

    def quit(self) -> None:
        """End the program; ask first, once, while something is connected."""
        standing = sum(len(state.connections) for state in self.sessions.values())
        if not standing or self._leaving:
            self._surroundings.leave()
            return
        self._leaving = True
        words = "One connection stands" if standing == 1 else f"{standing:,} connections stand"
        sentence, answers = f"{words}. Quit all the same?", {"Quit": self._surroundings.leave}
        self.notices.offer(sentence, "quit", answers, close_word="Stay", on_close=self._stay)
        self._window.banner.focus_first()

    @property
    def workbench(self) -> Workbench:
        """The engine room, opened when first needed."""
        if self._workbench is None:
            self.start()
        assert self._workbench is not None
        return self._workbench

    def start(self) -> None:
        """Open the workbench, after the first paint or with the first command, whichever comes first."""
        if self._workbench is None:
            self._workbench, self._journal = self._surroundings.open_workbench()

    def say(self, sentence: str, topic: str = "", *, is_failure: bool = False) -> None:
        """See ``Notices.say``."""
        self.notices.say(sentence, topic, is_failure=is_failure)

    # Behind the scenes.

    def _begin(self, address: Address, start: Callable[[], SessionId], *, is_server: bool = False) -> None:
        self._window.address.accept()
        self._window.composer.complain("")
        try:
            session = start()
        except TincanError as error:
            self._window.address.refuse(str(error))
            return
        self.selected, self._connection, self._asked, self.sending.recipients = session, None, session, None
        self._starting = session if is_server else None
        self.preferences = self.preferences.with_address(address.host, str(address.port))
        self._offer_history()
        self._window.composer.focus_message()

    def _offer_history(self) -> None:
        self._window.address.offer(self.preferences.hosts, self.preferences.ports)

    def _phase_changed(self, state: SessionState) -> None:
        form = self._window.address
        if state.session == self._starting and state.phase is not Phase.STARTING:
            self._server_decided(listens=state.phase is Phase.OPEN)
        if state.phase is Phase.ENDED and state.failure is not None and state.session == self._asked:
            form.refuse(str(state.failure))
        if state.phase is Phase.OPEN and state.addresses and state.target.port == 0 and state.session == self.selected:
            form.fill(state.target.host, str(state.addresses[0].port))

    def _server_decided(self, *, listens: bool) -> None:
        """The server listens or has failed: do what was asked for meanwhile."""
        self._starting = None
        address, self._connect_next = self._connect_next, None
        if listens and address is not None:
            self._begin(address, lambda: self.workbench.connect(address))

    def _cannot_read(self, why: str) -> None:
        self.say(why, "reading", is_failure=True)

    def _step(self, step: int) -> None:
        session = presenter.next_session(self.desk(), step)
        if session is not None:
            self.select(session)

    def _edit(self, event: str) -> None:
        widget = self._window.root.focus_get()
        if widget is not None:
            widget.event_generate(event)

    def recent_journals(self, on_more: Callable[[], None]) -> list[tuple[str, Callable[[], None]]]:
        """See ``JournalDesk.recent``."""
        return self.journal_desk.recent(on_more)

    def apply(self, preferences: Preferences) -> None:
        """Take other settings, of which limits are for the sessions that are started from now on."""
        self.preferences = preferences
        if self._workbench is not None:
            self._workbench.use(preferences.limits())

    def _show_archived(self, states: list[SessionState]) -> None:
        self.sessions.update((state.session, state) for state in states)
        self.select(first(states))

    def _learn(self, state: SessionState) -> None:
        """More is known of a session of an earlier run."""
        self.sessions[state.session] = state
        self.refresh()

    def _found_addresses(self, found: tuple[LocalAddress, ...]) -> None:
        self._reachable = found
        self.refresh()

    def _ask_for_journal(self) -> None:
        from tkinter import filedialog

        kinds = [("Journals", "*.tincan"), ("All files", "*")]
        chosen = filedialog.askopenfilename(parent=self._window.root, title="Open a journal", filetypes=kinds)
        if chosen:
            self.journal_desk.open(Path(chosen))

    def _open_folder(self) -> None:
        journal = self._surroundings.journal
        folder = journal.parent if journal is not None else self._surroundings.journal_folder
        if not open_folder(folder):
            self.say(f"The journals are in {folder}", "folder")

    def _show_log(self) -> None:
        log = self._surroundings.log
        if not open_file(log):
            self.say(f"The log is {log}", "log")

    def why_nobody(self) -> str:
        """Why there is nobody to send to, as a sentence."""
        return presenter.present(self.desk()).composer.hint + "."

    def _send_saved(self, place: int) -> None:
        self.saved.send_at(place)

    def _stay(self) -> None:
        self._leaving = False
        self._window.composer.focus_message()
