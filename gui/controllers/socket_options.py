"""Turning the knobs of the conversation on view: between the bar and the workbench. The window's thread."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING, Protocol

from core.journal.recording.ledger import Phase
from gui.keys import shown
from gui.viewmodels.session_rows import session_words

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from core.workbench import Workbench
    from gui.controllers.conversation import ConversationController
    from gui.journals.archives import Archives
    from gui.preferences import Preferences
    from gui.viewmodels.presenter import WindowState
    from gui.viewmodels.socket_options import Turned
    from gui.views.conversation.socket_options_bar import KnobsBar
    from gui.views.inspector.inspector import Inspector
    from gui.window import Window


class MainController(Protocol):
    """What the controller needs of the main controller."""

    archives: Archives
    preferences: Preferences
    conversation: ConversationController

    @property
    def state(self) -> SessionState | None: ...
    @property
    def workbench(self) -> Workbench: ...
    def window_state(self) -> WindowState: ...


class SocketOptionsController:
    """One bar over the message field."""

    def __init__(self, window: Window, main_controller: MainController) -> None:
        self._window, self._main_controller = window, main_controller
        self._strip: KnobsBar | None = None
        main_controller.conversation.inspector.on_made = self._offer_in

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
            self._strip = self._made()
        self._window.open_task(self._strip)
        self.show()
        self._strip.focus_first()

    def show(self) -> None:
        """Show how the knobs of the conversation on view stand."""
        bar, state = self._strip, self._main_controller.state
        if bar is None or not self.is_open:
            return
        if state is None:
            bar.show(self._nobodys, "", is_free=False)
            return
        is_live = state.phase is not Phase.ENDED and self._main_controller.archives.get(state.session) is None
        words = session_words(self._main_controller.window_state(), state)
        bar.show(self._turned(state.session), words, is_free=is_live)

    def _offer_in(self, inspector: Inspector) -> None:
        """Offer the knobs below the bytes too, whose borders they move."""
        theme = self._window.theme
        words = f"Socket knobs  {shown('toggle_knobs')}"
        button = ttk.Button(inspector.below, text=words, command=self.toggle, style="Pane.Light.TButton", width=0)
        button.bind("<Return>", lambda _event: button.invoke())
        button.pack(side="left", padx=theme.px(4), pady=(0, theme.px(4)))

    def _turned(self, session: SessionId) -> Turned:
        from gui.viewmodels.socket_options import Turned

        knobs = self._main_controller.workbench.knobs(session)
        return Turned(knobs.receive or self._usual, knobs.nagle, knobs.byte_by_byte, knobs.pause * 1000)

    def _turn(self, turned: Turned) -> None:
        from core.net.socket_options import Knobs

        state = self._main_controller.state
        if state is not None:
            receive = None if turned.receive == self._usual else turned.receive
            knobs = Knobs(turned.nagle, receive, turned.byte_by_byte, turned.pause_ms / 1000)
            self._main_controller.workbench.tune(state.session, knobs)

    @property
    def _nobodys(self) -> Turned:
        from gui.viewmodels.socket_options import Turned

        return Turned(self._usual)

    @property
    def _usual(self) -> int:
        """Bytes that a recv asks for when nobody has said it."""
        return self._main_controller.preferences.limits().receive

    def _made(self) -> KnobsBar:
        from core.net.socket_options import LARGEST_RECEIVE, LONGEST_PAUSE
        from gui.viewmodels.socket_options import Bounds
        from gui.views.conversation.socket_options_bar import KnobsBar

        window, bounds = self._window, Bounds(self._usual, LARGEST_RECEIVE, LONGEST_PAUSE * 1000)
        bar = KnobsBar(window.tasks, window.theme, bounds=bounds, on_change=self._turn, on_close=self.toggle)
        window.adopt(bar)
        return bar
