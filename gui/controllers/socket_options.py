"""Shows and changes the socket options of the session on view. Lives on the window's thread."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING

from core.journal.recording.ledger import Phase
from core.words import sentence
from gui.controllers.opening import OpeningController
from gui.keys import shown
from gui.viewmodels.session_rows import session_words

if TYPE_CHECKING:
    from core.events import SessionId
    from gui.controllers.main import MainController
    from gui.views.conversation.socket_options_bar import SocketOptionsBar, SocketOptionsForm
    from gui.views.inspector.inspector import Inspector
    from gui.window import Window


class SocketOptionsController(OpeningController["SocketOptionsBar"]):
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
