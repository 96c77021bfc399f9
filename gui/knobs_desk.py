"""Turning the knobs of the conversation on view: between the bars and the workbench. The window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.journal.ledger import Phase
from gui import presenter

if TYPE_CHECKING:
    import tkinter as tk

    from core.events import SessionId
    from core.journal.ledger import SessionState
    from core.workbench import Workbench
    from gui.archives import Archives
    from gui.panes.knobs_bar import KnobsBar
    from gui.preferences import Preferences
    from gui.turning import Turned
    from gui.window import Window


class Board(Protocol):
    """What the desk needs of the switchboard."""

    archives: Archives
    preferences: Preferences

    @property
    def state(self) -> SessionState | None: ...
    @property
    def workbench(self) -> Workbench: ...
    def desk(self) -> presenter.Desk: ...


class KnobsDesk:
    """One bar over the message field, and wherever else ``mount`` puts one."""

    def __init__(self, window: Window, board: Board) -> None:
        self._window, self._board = window, board
        self._strip: KnobsBar | None = None
        self._bars: list[KnobsBar] = []

    @property
    def strip(self) -> KnobsBar | None:
        """The bar over the message field, once it was asked for."""
        return self._strip

    @property
    def is_open(self) -> bool:
        """Whether that bar is in sight."""
        return self._strip is not None and bool(self._strip.winfo_manager())

    def toggle(self) -> None:
        """Show that bar and go there, or put it away."""
        if self._strip is not None and self.is_open:
            self._window.close_task(self._strip)
            self._window.composer.focus_message()
            return
        if self._strip is None:
            self._strip = self._made(self._window.tasks, is_closed_by_itself=True)
        self._window.open_task(self._strip)
        self.show()
        self._strip.focus_first()

    def mount(self, parent: tk.Misc) -> KnobsBar:
        """Put a bar somewhere else as well; it fills the width there."""
        bar = self._made(parent, is_closed_by_itself=False)
        bar.pack(fill="x")
        self.show()
        return bar

    def show(self) -> None:
        """Show how the knobs of the conversation on view stand."""
        bars = [bar for bar in self._bars if bar.winfo_manager()]
        state = self._board.state
        if not bars or state is None:
            return
        is_live = state.phase is not Phase.ENDED and self._board.archives.get(state.session) is None
        words = presenter.session_words(self._board.desk(), state)
        for bar in bars:
            bar.show(self._turned(state.session), words, is_free=is_live)

    def _turned(self, session: SessionId) -> Turned:
        from gui.turning import Turned

        knobs = self._board.workbench.knobs(session)
        return Turned(knobs.receive or self._usual, knobs.nagle, knobs.byte_by_byte, knobs.pause * 1000)

    def _turn(self, turned: Turned) -> None:
        from core.net.knobs import Knobs

        state = self._board.state
        if state is not None:
            receive = None if turned.receive == self._usual else turned.receive
            knobs = Knobs(turned.nagle, receive, turned.byte_by_byte, turned.pause_ms / 1000)
            self._board.workbench.tune(state.session, knobs)

    @property
    def _usual(self) -> int:
        """Bytes that a recv asks for when nobody has said it."""
        return self._board.preferences.limits().receive

    def _made(self, parent: tk.Misc, *, is_closed_by_itself: bool) -> KnobsBar:
        from core.net.knobs import LARGEST_RECEIVE, LONGEST_PAUSE
        from gui.panes.knobs_bar import KnobsBar
        from gui.turning import Bounds

        bounds = Bounds(self._usual, LARGEST_RECEIVE, LONGEST_PAUSE * 1000)
        on_close = self.toggle if is_closed_by_itself else None
        bar = KnobsBar(parent, self._window.theme, bounds=bounds, on_change=self._turn, on_close=on_close)
        self._window.adopt(bar)
        self._bars.append(bar)
        return bar
