"""The socket and the line of the session on view: what state the socket is in, its options, and faults made on purpose.

Lives on the window's thread; the system's table of sockets is read on another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING, TypeAlias

from core.clock import monotonic_ns
from core.journal.recording.ledger import Phase
from core.net.socket_table import tcp_states
from core.settings import DEFAULTS
from core.tcp import SocketFacts
from core.words import connection_name, sentence
from gui.controllers.view_controller import ViewController
from gui.keys import shown
from gui.platform.bridge import in_background
from gui.viewmodels.session_rows import session_words
from gui.viewmodels.socket_state import (
    LOOK_EVERY_MS,
    Gauge,
    SocketView,
    Watched,
    facts_in_words,
    inferred,
    sockets_of,
    way_to,
)
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from core.net.socket_table import Ends
    from core.tcp import TcpState
    from gui.controllers.main import MainController
    from gui.viewmodels.faults import FaultsForm
    from gui.views.conversation.faults_bar import FaultsBar
    from gui.views.conversation.socket_options_bar import SocketOptionsBar, SocketOptionsForm
    from gui.views.inspector.inspector import Inspector
    from gui.views.socket_state import SocketStatePane
    from gui.window import Window

_LineKey: TypeAlias = "tuple[SessionId, int | None]"  # of all connections of a session, or of the one with that number


class SocketStateController(ViewController["SocketStatePane"]):
    """Looks at one socket: the one that a person chose, or the newest. ``post`` has a call made on the window's thread.

    A look begins when the one before is over, and ``LOOK_EVERY_MS`` later.
    """

    def __init__(
        self, window: Window, main_controller: MainController, post: Callable[[Callable[[], None]], None]
    ) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._main_controller, self._post = main_controller, post
        self._chosen: Watched | None = None  # by a person
        self._shown: tuple[int, Watched] | None = None  # the session and its socket
        self._way: tuple[TcpState, ...] = ()
        self._told: tuple[TcpState, ...] = ()  # the way that our own events told when it was looked at last
        self._gauge = Gauge()
        self._again = Debounce(window.root, self._look)
        self._is_looking = False

    def show(self) -> None:
        """The session on view has changed: look at its socket at once if our own events tell something new of it."""
        if not self.is_open:
            self._again.cancel()
            return
        state, watched = self._main_controller.state, self._watched()
        if state is not None and watched is not None and self._shown == (state.session, watched):
            is_asked = self._is_looking or self._again.is_due
            if is_asked and inferred(state, watched) == self._told:
                return
        self._look()

    def _look(self) -> None:
        """Look at the socket, unless that is being done."""
        state, watched = self._main_controller.state, self._watched()
        if not self.is_open:
            return
        if state is None or watched is None:
            self.view.show(SocketView())
            return
        if self._shown != (state.session, watched):
            self._shown, self._way, self._told, self._gauge = (state.session, watched), (), (), Gauge()
            self._show(state, watched, None)
        if self._is_looking or self._main_controller.archives.get(state.session) is not None:
            return
        if watched.local is None:
            self._again.ask(LOOK_EVERY_MS)
            return
        self._is_looking = True
        ends = watched.local, watched.peer
        then, failed = partial(self._looked, ends), lambda _error: self._looked(ends, None)
        in_background("state of a socket", lambda: tcp_states([ends]), then, failed, self._post)

    def _looked(self, ends: Ends, found: dict[Ends, TcpState] | None) -> None:
        self._is_looking = False
        state, watched = self._main_controller.state, self._watched()
        if not self.is_open or state is None or watched is None:
            return
        if (watched.local, watched.peer) == ends and self._shown == (state.session, watched):
            self._show(state, watched, found[ends] if found is not None else None)
        if not self._again.is_due:
            self._again.ask(LOOK_EVERY_MS)

    def _show(self, state: SessionState, watched: Watched, told: TcpState | None) -> None:
        """Show a socket whose state the system told, or else, from our own events."""
        way = inferred(state, watched)
        if way != self._told:
            self._told, self._way = way, way if told is None else self._joined(way, told)
        if told is not None:
            self._way = way_to(self._way, told)
        facts = self._facts(state, watched)
        waiting = facts.waiting if facts is not None else 0
        options, _usual = sockets_of(state, self._main_controller.connection_alone)
        self.view.show(
            SocketView(
                tuple(options), watched, self._way, told is None, facts_in_words(facts),
                self._gauge.look(waiting, monotonic_ns()), min(1.0, waiting / DEFAULTS.outbox),
            )
        )  # fmt: skip

    def _joined(self, way: tuple[TcpState, ...], told: TcpState) -> tuple[TcpState, ...]:
        """The way of our own events up to the state that the system tells: it may not have gone as far as they say."""
        if told in way:
            return way[: len(way) - way[::-1].index(told)]
        return self._way or way[:-1] or way

    def _facts(self, state: SessionState, watched: Watched) -> SocketFacts | None:
        if watched.connection is None or self._main_controller.archives.get(state.session) is not None:
            return None
        return self._main_controller.workbench.socket_facts(state.session, watched.connection)

    def _watched(self) -> Watched | None:
        state = self._main_controller.state
        if state is None:
            return None
        options, usual = sockets_of(state, self._main_controller.connection_alone)
        offered = {watched for watched, _words in options}
        return self._chosen if self._chosen in offered else usual or next(iter(offered), None)

    def _choose(self, watched: Watched) -> None:
        self._chosen = watched
        self.show()

    def _make(self) -> SocketStatePane:
        from gui.views.socket_state import SocketStatePane

        return SocketStatePane(self._window.side_pane, self._window.theme, on_choose=self._choose, on_close=self.toggle)

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()

    def _closed(self) -> None:
        self._again.cancel()


class SocketOptionsController(ViewController["SocketOptionsBar"]):
    """Has the workbench use the socket options that a person sets in the bar over the message field."""

    def __init__(self, window: Window, main_controller: MainController) -> None:
        super().__init__(window, window.open_task, window.close_task)
        self._main_controller = main_controller
        main_controller.conversation.inspector.on_made = self._offer_in

    def show(self) -> None:
        """Show the socket options of the session on view."""
        if not self.is_open:
            return
        bar, state = self.view, self._main_controller.state
        if state is None:
            bar.show(self._nobodys, "", is_free=False)
            return
        is_live = state.phase is not Phase.ENDED and self._main_controller.archives.get(state.session) is None
        words = session_words(self._main_controller.window_state(), state)
        bar.show(self._turned(state.session), words, is_free=is_live, datagrams=state.role.datagrams)

    def _offer_in(self, inspector: Inspector) -> None:
        """Put a button for the socket options below the inspector's bytes, whose borders they move."""
        theme = self._window.theme
        words = f"Socket options  {shown('toggle_socket_options')}"
        button = ttk.Button(inspector.below, text=words, command=self.toggle, style="Pane.Light.TButton", width=0)
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="left", padx=theme.px(4), pady=(0, theme.px(4)))

    def _turned(self, session: SessionId) -> SocketOptionsForm:
        from gui.views.conversation.socket_options_bar import SocketOptionsForm

        socket_options = self._main_controller.workbench.socket_options(session)
        return SocketOptionsForm(
            socket_options.receive or self._usual,
            socket_options.nagle,
            socket_options.byte_by_byte,
            socket_options.pause * 1000,
            socket_options.broadcast,
            socket_options.groups,
            socket_options.interface,
            socket_options.ttl,
        )

    def _turn(self, form: SocketOptionsForm) -> None:
        from core.net.socket_options import SocketOptions

        state = self._main_controller.state
        if state is not None:
            receive = None if form.receive == self._usual else form.receive
            socket_options = SocketOptions(
                form.nagle,
                receive,
                form.byte_by_byte,
                form.pause_ms / 1000,
                groups=form.groups,
                interface=form.interface,
                ttl=form.hops,
                broadcast=form.broadcast,
            )
            self._main_controller.workbench.tune(state.session, socket_options)

    @property
    def _nobodys(self) -> SocketOptionsForm:
        from gui.views.conversation.socket_options_bar import SocketOptionsForm

        return SocketOptionsForm(self._usual)

    @property
    def _usual(self) -> int:
        """The bytes that a recv asks for unless a person has set another size."""
        return self._main_controller.preferences.limits().receive

    def _make(self) -> SocketOptionsBar:
        from core.net.socket_options import LARGEST_RECEIVE, LONGEST_PAUSE
        from gui.views.conversation.socket_options_bar import Bounds, SocketOptionsBar

        window = self._window
        bounds = Bounds(self._usual, LARGEST_RECEIVE, LONGEST_PAUSE * 1000, read_groups, read_hops)
        return SocketOptionsBar(window.tasks, window.theme, bounds=bounds, on_change=self._turn, on_close=self.toggle)

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()


def read_groups(text: str) -> tuple[str, ...]:
    """Multicast groups. Raises ``ValueError`` with a sentence."""
    from core.net.socket_options import SocketOptionError, SocketOptions

    try:
        return SocketOptions(groups=tuple(dict.fromkeys(text.replace(",", " ").split()))).groups
    except SocketOptionError as error:
        raise ValueError(sentence(error)) from None


def read_hops(text: str) -> int | None:
    """Hops, or nothing. Raises ``ValueError`` with a sentence."""
    from core.net.socket_options import HIGHEST_TTL

    typed = text.strip()
    if typed and not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= HIGHEST_TTL):
        raise ValueError(f"A datagram passes 0 to {HIGHEST_TTL} hops; nothing leaves that to the system.")
    return int(typed) if typed else None


class FaultsController(ViewController["FaultsBar"]):
    """Has the workbench make lines bad as a person sets it in the bar over the message field.

    Where a connection is shown alone, its line is meant; else those of the whole session, now and later. What is on
    stays on while the bar is closed.
    """

    def __init__(self, window: Window, main_controller: MainController) -> None:
        super().__init__(window, window.open_task, window.close_task)
        self._main_controller = main_controller
        self._forms: dict[_LineKey, FaultsForm] = {}

    @property
    def faulty(self) -> frozenset[SessionId]:
        """The sessions that have faults on some line."""
        return frozenset(session for (session, _number), form in self._forms.items() if form.is_on)

    def show(self) -> None:
        """Show the faults of what is on view."""
        if not self.is_open:
            return
        from gui.viewmodels.faults import TO_AND_FRO, FaultsForm, Ways

        state = self._main_controller.state
        if state is None or state.phase is Phase.ENDED or self._main_controller.archives.get(state.session) is not None:
            self.view.show(FaultsForm(), Ways(), "")
            return
        line, whose = self._line(state), session_words(self._main_controller.window_state(), state)
        alone = f"{connection_name(line[1])} of " if line[1] is not None else ""
        of_all = self._forms.get((state.session, None), FaultsForm(datagrams=state.role.datagrams))
        ways = TO_AND_FRO if state.role.passes_on else Ways()
        self.view.show(self._forms.get(line, of_all), ways, f"{alone}{whose}")

    def _line(self, state: SessionState) -> _LineKey:
        alone = self._main_controller.window_state().connection if state.role.many_connections else None
        return state.session, abs(alone.number) if alone is not None else None

    def _set(self, form: FaultsForm) -> None:
        from core.wire.faults import SOUND
        from gui.viewmodels.faults import Wrong, read

        state, faults = self._main_controller.state, read(form)
        if state is None or isinstance(faults, Wrong):
            return
        line = self._line(state)
        if line[1] is None:  # which is of all, whatever single ones had
            self._forms = {known: one for known, one in self._forms.items() if known[0] != state.session}
        self._forms[line] = form
        self._main_controller.workbench.set_faults(state.session, faults if form.is_on else SOUND, line[1])
        self._main_controller.refresh()

    def _make(self) -> FaultsBar:
        from gui.views.conversation.faults_bar import FaultsBar

        return FaultsBar(
            self._window.tasks, self._window.theme,
            on_change=self._set, on_wrong=self._main_controller.complain, on_close=self.toggle,
        )  # fmt: skip

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()
