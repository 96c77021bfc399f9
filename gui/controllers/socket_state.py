"""The state of a socket of the session on view, looked at again and again while its pane is open.

Lives on the window's thread; the system's table is read on another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.clock import monotonic_ns
from core.net.socket_table import tcp_states
from core.settings import DEFAULTS
from core.tcp import SocketFacts
from gui.controllers.opening import OpeningController
from gui.platform.background import in_background
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
    from core.journal.recording.ledger import SessionState
    from core.net.socket_table import Ends
    from core.tcp import TcpState
    from gui.controllers.main import MainController
    from gui.views.socket_state import SocketStatePane
    from gui.window import Window


class SocketStateController(OpeningController["SocketStatePane"]):
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
