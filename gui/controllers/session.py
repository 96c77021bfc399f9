"""The list of sessions: what is unread, and commands: close, abort, finish sending, copy, rename, remove from the list.

Lives on the window's thread. Most commands are for the row on view; each says why if it cannot be done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import TlsSettingsError
from core.journal.recording.ledger import Phase
from core.words import connection_name, sentence
from gui.viewmodels.presenter import selected_row
from gui.viewmodels.session_rows import next_session, parse_row_key, place_words, row_key, rows_over, session_rows
from gui.widgets.clipboard import give

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from core.events import ConnectionId, SessionId
    from core.journal.recording.ledger import ConnectionState, SessionState
    from gui.controllers.main import MainController
    from gui.viewmodels.window_view import SessionRow

_NOTHING = "Nothing is on view: choose a session or a connection in the list."
_OVER = "This is over already; its conversation stays in the journal."
_MANY = "Choose one connection of the server in the list first: this is for one at a time."
_NOBODY = "Nobody is connected here."
_STILL = "This still goes on: close it first, then take it out of the list."
_NONE_OVER = "Nothing in the list is over."
_NO_LIST = "Names are for the list of sessions, which appears beside the conversation once there are two."
_KEPT = "What was recorded stays in the journal: open it from File, Recent journals."
LONGEST_NAME = 60  # characters


class SessionController:
    """``removed`` are the keys of the rows that were taken out; the journal keeps their conversations.

    ``names`` are those that a person gave to rows, by their keys. They last as long as the window: the journal holds
    what happened on the line, and a name did not. ``unread`` are the messages that a session has received since its end
    was on view last, of sessions that have any.
    """

    def __init__(self, main_controller: MainController) -> None:
        self.removed: set[str] = set()
        self.names: dict[str, str] = {}
        self.unread: dict[SessionId, int] = {}
        self._read: dict[SessionId, int] = {}  # messages received of each session by when its end was on view
        self._main_controller = main_controller

    def close(self) -> None:
        """Close one connection of a server, a client's connection, or a server with all its connections."""
        state, chosen = self._main_controller.state, self._chosen
        if state is None:
            self._main_controller.complain(_NOTHING)
        elif self._is_over:
            self._main_controller.complain(_OVER)
        elif chosen is not None and state.role.many_connections:
            self._main_controller.workbench.disconnect(state.session, chosen.connection)
        else:
            self._main_controller.workbench.stop(state.session)

    def abort(self) -> None:
        """Abort one connection with RST."""
        one = self._one_standing()
        if one is not None:
            self._main_controller.workbench.abort(*one)

    def finish_sending(self) -> None:
        """Half-close one connection: its peer may still send. Under TLS 1.2 that cannot be, which is said."""
        one = self._one_standing()
        if one is None:
            return
        why = self._main_controller.workbench.why_no_half_close(*one)
        if why:
            self._main_controller.complain(sentence(why))
        else:
            self._main_controller.workbench.finish_sending(*one)

    def start_tls(self, *, as_server: bool) -> None:
        """Have the connection on view speak TLS from now on, in the role of a client or of a server."""
        state, why = self._main_controller.state, self.why_no_tls
        one = self._single(state) if state is not None and not why else None
        if state is None or one is None:
            self._main_controller.complain(sentence(f"TLS cannot begin here: {why}"))
            return
        try:
            tls = self._main_controller.tls.to_start(state, one, as_server=as_server)
        except TlsSettingsError as error:
            self._main_controller.complain(sentence(error))
            return
        self._main_controller.workbench.start_tls(state.session, one.connection, tls, as_server=as_server)

    @property
    def why_no_tls(self) -> str:
        """Why TLS cannot begin on the row on view, in a few words; empty if it can."""
        state = self._main_controller.state
        if state is None:
            return "nothing is on view"
        if not state.role.speaks_tls:
            return f"a {state.role.name} speaks no TLS"
        if self._is_over:
            return "this is over"
        one = self._single(state)
        if one is None:
            return "choose one connection" if state.connections else "nobody is connected"
        if one.is_securing:
            return "a handshake is under way"
        if one.tls is not None:
            return f"it speaks {one.tls.version or 'TLS'} already"
        return "" if one.can_send and one.can_receive else "one side has finished sending"

    def copy_address(self) -> None:
        """Copy the address: a server's own, the one that a client connected to, or a peer's."""
        state, chosen = self._main_controller.state, self._chosen
        if state is None:
            self._main_controller.complain(_NOTHING)
            return
        is_peer = chosen is not None and state.role.many_connections
        address = chosen.peer_name if chosen is not None and is_peer else place_words(state)
        give(self._main_controller.window.root, address)
        self._main_controller.complain(f"{address} was copied.")

    def remove(self) -> None:
        """Take a row that is over out of the list and show the row below it, or above it, or the one it belonged to."""
        if self._main_controller.state is None:
            self._main_controller.complain(_NOTHING)
            return
        if not self._is_over:
            self._main_controller.complain(_STILL)
            return
        window_state = self._main_controller.window_state()
        gone = selected_row(window_state)
        rows = {row.key: row for row in session_rows(window_state)}
        self.removed.add(gone)
        around = rows[gone].parent if gone in rows else ""
        level = [key for key, row in rows.items() if row.parent == around and not row.is_note]
        place = level.index(gone) if gone in level else 0
        above = next((key for key in _above(rows, gone) if not rows[key].is_note), "")
        left = [key for key in level if key != gone] or ([above] if above else self._first_left())
        if left:
            self._main_controller.select(*parse_row_key(left[min(place, len(left) - 1)]))
        else:
            self._main_controller.select_nothing()

    def remove_over(self) -> None:
        """Take everything that is over out of the list, and say where it still is."""
        window_state = self._main_controller.window_state()
        gone = rows_over(window_state)
        if not gone:
            self._main_controller.complain(_NONE_OVER)
            return
        self.removed.update(gone)
        chosen = selected_row(window_state)
        if chosen in gone and window_state.state is not None and window_state.state.phase is not Phase.ENDED:
            self._main_controller.select(window_state.state.session)
        elif chosen.partition("c")[0] in gone:
            left = self._first_left()
            self._main_controller.select(*parse_row_key(left[0])) if left else self._main_controller.select_nothing()
        else:
            self._main_controller.refresh()
        were = "One that was over is" if len(gone) == 1 else f"{len(gone):,} that were over are"
        self._main_controller.complain(f"{were} out of the list. {_KEPT}")

    def rename(self) -> None:
        """Let a person type a name for the row on view, in its place in the list."""
        if self._main_controller.state is None:
            self._main_controller.complain(_NOTHING)
        elif self.has_list:
            self._main_controller.window.sessions.begin_naming()
        else:
            self._main_controller.complain(_NO_LIST)

    def give_name(self, key: str, name: str) -> bool:
        """Call a row by that name from now on, or by its address again; False if the name is too long."""
        if len(name) > LONGEST_NAME:
            return False
        if name:
            self.names[key] = name
        else:
            self.names.pop(key, None)
        self._main_controller.refresh()
        return True

    @property
    def has_list(self) -> bool:
        """Whether the list of sessions is in the window."""
        return bool(self._main_controller.window.sessions.winfo_manager())

    def _first_left(self) -> list[str]:
        """The first session of the list, if there is one."""
        session = next_session(replace(self._main_controller.window_state(), selected=None), 1)
        return [row_key(session)] if session is not None else []

    def bring_back(self, states: Iterable[SessionState]) -> None:
        """Put sessions that were asked for again back into the list, with all their connections."""
        for state in states:
            own = row_key(state.session)
            self.removed -= {key for key in self.removed if key == own or key.startswith(f"{own}c")}

    def count_unread(self, states: Iterable[SessionState]) -> None:
        """Count what has come in these sessions since the end of each was on view."""
        for state in states:
            new = state.received - self._read.get(state.session, 0)
            if new:
                self.unread[state.session] = new

    def mark_read(self, state: SessionState) -> None:
        """Nothing is unread of the session on view while its end is; one that is coming on view says what is new."""
        main = self._main_controller
        if not main.viewing.shows(state) or main.window.conversation.transcript.is_following:
            self._read[state.session] = state.received
            self.unread.pop(state.session, None)

    @property
    def can(self) -> frozenset[str]:
        """The names of the commands that apply to the row on view."""
        state = self._main_controller.state
        if state is None:
            return frozenset()
        of_all = {"remove_over"} if rows_over(self._main_controller.window_state()) else set()
        of_any = {"copy_address", *of_all, *({"rename_row"} if self.has_list else ())}
        if self._is_over:
            return frozenset({*of_any, "remove_row"})
        if self._main_controller.reply.handler is not None:
            of_any.add("restart_handler")
        one = self._single(state)
        sends = {"finish_row"} if one is not None and one.can_send and state.role.half_closes else set()
        aborts = {"abort_row"} if one is not None and not state.role.datagrams else set()
        return frozenset({*of_any, "close_row", *sends, *aborts})

    @property
    def close_words(self) -> str:
        """What ``close`` would do to the row on view, as its entry of a menu says it; empty if it would do nothing."""
        state, chosen = self._main_controller.state, self._chosen
        if state is None or self._is_over:
            return ""
        if not state.role.many_connections:
            return "Close t&he connection" if state.phase is Phase.OPEN else "Cancel t&he attempt to connect"
        if chosen is not None:
            return f"Close t&he connection {connection_name(chosen.number)}"
        many = len(state.connections)
        closes = (
            "" if not many else " and close its connection" if many == 1 else f" and close its {many:,} connections"
        )
        return f"Stop t&his {state.role.name}{closes}"

    @property
    def _chosen(self) -> ConnectionState | None:
        """The connection that is shown alone, as it is by now."""
        state, shown = self._main_controller.state, self._main_controller.window_state().connection
        if state is None or shown is None:
            return None
        return state.connection(shown.connection) or shown

    @property
    def _is_over(self) -> bool:
        state, chosen = self._main_controller.state, self._chosen
        if state is None or state.phase is Phase.ENDED:
            return True
        return chosen is not None and chosen not in state.connections

    def _single(self, state: SessionState) -> ConnectionState | None:
        """The one connection that a command is for, if it is open: the one shown alone, or the only one there is."""
        chosen = self._chosen
        if chosen is not None:
            return chosen if chosen in state.connections else None
        return state.connections[0] if len(state.connections) == 1 else None

    def _one_standing(self) -> tuple[SessionId, ConnectionId] | None:
        """The one open connection that a command is for; None if there is none, and the reason is said."""
        state = self._main_controller.state
        if state is None:
            self._main_controller.complain(_NOTHING)
            return None
        one = None if self._is_over else self._single(state)
        if one is not None:
            return state.session, one.connection
        self._main_controller.complain(_OVER if self._is_over else _MANY if state.connections else _NOBODY)
        return None


def _above(rows: Mapping[str, SessionRow], key: str) -> Iterator[str]:
    """The rows in which a row stands, the nearest first."""
    while key in rows and rows[key].parent:
        key = rows[key].parent
        yield key
