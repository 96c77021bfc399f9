"""Taps: how a person starts one, in a dialog with two addresses, and what it holds to be forwarded, edited or dropped.

Lives on the window's thread.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.address import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    HIGHEST_PORT,
    Address,
    Destination,
    both_udp,
    parse_destination,
    with_udp,
)
from core.clock import monotonic_ns
from core.errors import AddressError, SendError, TincanError
from core.journal.recording.ledger import Phase
from core.proxy import parse_proxy
from core.words import sentence
from gui.controllers.view_controller import ViewController
from gui.viewmodels.drafting import MessageFormat
from gui.viewmodels.holding import HoldForm, HoldView, Waiting, waiting_words
from gui.viewmodels.session_rows import onward_words, place_words
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from core.net.hold import HeldMessage
    from core.proxy import Proxy
    from gui.controllers.main import MainController
    from gui.views.conversation.hold_bar import HoldBar
    from gui.views.dialogs.tap_dialog import TapDialog, TapRefusal, TapRequest
    from gui.window import Window

_LOOK = 500  # milliseconds from one look at what waits to the next
_NO_TAP = "Messages are held in a tap: start one first, from Session, Tap…"
_EDITED = "Change it in the message field: Enter sends it on in the place of what came."
_GONE = "the message that was being edited has gone already; what you wrote goes where To says"
_MOST_EDITED = 256 * 1024  # bytes
_TOO_MANY = "This message is too long for the message field: forward it, or drop it."


class TapController:
    """Opens the dialog and starts what it asks for; ``dialog`` is the one that was opened last."""

    def __init__(self, window: Window, main_controller: MainController) -> None:
        self.dialog: TapDialog | None = None
        self._window, self._main_controller = window, main_controller
        self._begun: SessionId | None = None  # what the dialog has started last

    def open(self) -> None:
        """Ask where a tap is to stand; the address on view is suggested as its target."""
        if self.dialog is not None and not self.dialog.is_gone:
            self.dialog.lift()
            self.dialog.listen.focus_all()
            return
        from gui.views.dialogs.tap_dialog import TapDialog

        listen, target = self._suggested()
        written = self._main_controller.preferences.proxy
        self.dialog = TapDialog(
            self._window.root,
            self._window.theme,
            listen=listen,
            target=target,
            proxy=str(parse_proxy(written)) if written else "",
            on_start=self.start,
        )
        self.dialog.open(self.dialog.listen)

    def _suggested(self) -> tuple[str, str]:
        """What the dialog begins with: the places of a tap on view, else one in front of the address on view."""
        state = self._main_controller.state
        if state is not None and state.onward is not None:
            return _places(state)
        target = (self._main_controller.endpoints.typed or Address(DEFAULT_HOST, DEFAULT_PORT)).dialled
        port = target.port + 1 if target.port < HIGHEST_PORT else target.port - 1
        if self._main_controller.endpoints.asks_for_datagrams:
            return with_udp(str(Address(DEFAULT_HOST, port))), with_udp(str(target))
        scheme = "tls://" if self._main_controller.preferences.tls else ""
        return str(Address(DEFAULT_HOST, port)), f"{scheme}{target}"

    def start(self, request: TapRequest) -> TapRefusal:
        """Start a tap and show it; the answer says what is wrong with the request."""
        from gui.views.dialogs.tap_dialog import TapRefusal

        callers, onward = both_udp(*request)
        (listen, why_not_listen), (target, why_not_target) = (
            _read(callers, for_server=True),
            _read(onward, for_server=False),
        )
        if listen is None or target is None:
            return TapRefusal(why_not_listen, why_not_target)
        try:
            proxy = self._main_controller.endpoints.proxy_for(target.address) if not target.datagrams else None
        except AddressError as error:
            return TapRefusal(target=sentence(error))
        try:
            session = self._begin(listen, target, proxy)
        except TincanError as error:
            return TapRefusal(sentence(error))
        self._begun = session
        self._main_controller.endpoints.put(listen.address, is_udp=listen.datagrams)
        self._main_controller.show_new(session, self._main_controller.workbench.role(session), listen.address)
        return TapRefusal()

    def _begin(self, listen: Destination, target: Destination, proxy: Proxy | None) -> SessionId:
        """Raises ``TincanError``."""
        bench, tls = self._main_controller.workbench, self._main_controller.tls
        if listen.datagrams:
            return bench.tap_datagrams(listen.address, target.address)
        return bench.tap(
            listen.address,
            target.address,
            tls=tls.for_listening() if listen.tls else None,
            onward_tls=tls.for_dialling(target.address) if target.tls else None,
            proxy=proxy,
        )

    def begin_again(self, state: SessionState) -> None:
        """Start what could not begin once more: as it stands in the dialog, if that is still there."""
        if self.dialog is not None and not self.dialog.is_gone:
            self.dialog.begin()
            return
        from gui.views.dialogs.tap_dialog import TapRequest

        why = self.start(TapRequest(*_places(state)))
        if any(why):
            self._main_controller.complain(why.listen or why.target)

    def phase_changed(self, state: SessionState) -> None:
        """Close the dialog once its tap stands; say in it what kept it from that."""
        if state.session != self._begun or state.phase is Phase.STARTING:
            return
        self._begun = None
        dialog = self.dialog
        if dialog is None or dialog.is_gone:
            return
        if state.failure is None:
            dialog.destroy()
            self._window.composer.focus_message()
            return
        from gui.views.dialogs.tap_dialog import TapRefusal

        dialog.refuse(TapRefusal(sentence(state.failure)))


def _places(state: SessionState) -> tuple[str, str]:
    """Where a tap listens and what it dials, as they are typed."""
    if state.role.datagrams:
        return with_udp(place_words(state)), with_udp(onward_words(state))
    return f"{'tls://' if state.tls else ''}{place_words(state)}", onward_words(state)


def _read(text: str, *, for_server: bool) -> tuple[Destination | None, str]:
    """An address as it was typed, or the sentence why it is none."""
    try:
        return parse_destination(text, for_server=for_server), ""
    except AddressError as error:
        return None, sentence(error)


class HoldController(ViewController["HoldBar"]):
    """What is held stays held while the bar is closed."""

    def __init__(self, window: Window, main_controller: MainController) -> None:
        super().__init__(window, window.open_task, window.close_task)
        self._main_controller = main_controller
        self._forms: dict[SessionId, HoldForm] = {}
        self._editing: tuple[SessionId, HeldMessage] | None = None
        self._again = Debounce(window.root, self._look)

    @property
    def counts(self) -> dict[SessionId, int]:
        """How many messages wait in each session that holds some."""
        if not self._forms:
            return {}
        bench = self._main_controller.workbench
        counts = {session: len(bench.held(session)) for session, form in self._forms.items() if form.is_on}
        return {session: count for session, count in counts.items() if count}

    def show(self) -> None:
        """Show what waits in the tap on view, and look again soon while something may come."""
        self._forget_what_has_gone()
        sessions = self._main_controller.sessions
        over = [session for session in self._forms if sessions[session].phase is Phase.ENDED]
        for session in over:
            del self._forms[session]
        if any(form.is_on for form in self._forms.values()):
            self._again.ask(_LOOK)
        if not self.is_open:
            return
        state, held = self._tap, self._held
        if state is None:
            self.view.show(HoldView(words=_NO_TAP))
            return
        form = self._forms.get(state.session, HoldForm())
        is_editing = self._editing is not None and self._editing[0] == state.session
        waiting = [Waiting(one.number, len(one.data), one.since) for one in held]
        words = waiting_words(waiting, state.role, form, monotonic_ns())
        self.view.show(HoldView(form, True, len(held), is_editing, f"{words} {_EDITED}" if is_editing else words))

    # What a person asks for.

    def hold(self, form: HoldForm) -> str:
        """Hold such messages from now on; the answer is the sentence why that cannot be, or empty."""
        from core.net.hold import Hold

        state = self._tap
        if state is None:
            return ""
        lens = self._main_controller.viewing.lens
        hold = Hold(form.out, form.into, form.expression, lens.framing, lens.back)
        try:
            self._main_controller.workbench.set_hold(state.session, hold if form.is_on else None)
        except TincanError as error:
            return sentence(error)
        self._forms[state.session] = form
        self._main_controller.refresh()
        return ""

    def forward(self) -> None:
        """Let the first message go on as it is, or, while it is edited, as it stands in the message field."""
        if self._is_editing_here:
            self._window.composer.submit()
        else:
            self._release(None)

    def drop(self) -> None:
        """Have the first message go nowhere."""
        self._release(b"")

    def let_go(self) -> None:
        """Let everything go on that waits."""
        state = self._tap
        if state is not None:
            self._main_controller.workbench.let_go(state.session)
            self._again.ask(1)

    def edit(self) -> None:
        """Put the first message into the message field, to be changed and sent on; or leave it as it is."""
        state, held = self._tap, self._held
        if state is None or not held:
            return
        if self._is_editing_here:
            self._stop_editing()
            self._window.composer.field.put("")
        elif len(held[0].data) > _MOST_EDITED:
            self._main_controller.complain(_TOO_MANY)
        else:
            from core.compose import redraft

            draft = redraft(held[0].data, self._window.conversation.transcript.decoding.encoding)
            self._editing = state.session, held[0]
            self._main_controller.sending.send_instead = partial(self._send_on, self._editing)
            self._window.composer.put(draft.text, MessageFormat.of(draft, draft.framing))
            self._window.composer.focus_message()
        self.show()

    # Private.

    def _make(self) -> HoldBar:
        from gui.views.conversation.hold_bar import HoldActs, HoldBar

        acts = HoldActs(self.hold, self.forward, self.edit, self.drop, self.let_go, self.toggle)
        bar = HoldBar(self._window.tasks, self._window.theme, acts)
        self._window.keep_in_sight(bar.line)
        return bar

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()

    @property
    def _tap(self) -> SessionState | None:
        state = self._main_controller.state
        is_live = state is not None and state.phase is not Phase.ENDED and state.role.passes_on
        return state if state is not None and is_live else None

    @property
    def _held(self) -> tuple[HeldMessage, ...]:
        state = self._tap
        return self._main_controller.workbench.held(state.session) if state is not None else ()

    @property
    def _is_editing_here(self) -> bool:
        state = self._main_controller.state
        return state is not None and self._editing is not None and self._editing[0] == state.session

    def _release(self, data: bytes | None) -> None:
        state, held = self._tap, self._held
        if state is None or not held:
            return
        self._main_controller.workbench.forward(state.session, held[0].key, data)
        self._again.ask(1)

    def _send_on(self, edited: tuple[SessionId, HeldMessage], session: SessionId, data: bytes) -> bool:
        """Forward what was edited as it stood in the field; False if it is another session's.

        Raises ``SendError`` if it has gone.
        """
        if edited[0] != session:
            return False
        if self._editing is edited:
            self._stop_editing()
        _session, message = edited
        if not self._main_controller.workbench.forward(session, message.key, data):
            self.show()
            raise SendError(_GONE)
        self._again.ask(1)
        return True

    def _stop_editing(self) -> None:
        self._editing = None
        self._main_controller.sending.send_instead = None

    def _forget_what_has_gone(self) -> None:
        """Edit no more what has been let go, dropped, or lost."""
        if self._editing is None:
            return
        session, message = self._editing
        if not self._is_held(session, message):
            self._stop_editing()
            self._main_controller.complain(sentence(_GONE))

    def _is_held(self, session: SessionId, message: HeldMessage) -> bool:
        return any(one.key == message.key for one in self._main_controller.workbench.held(session))

    def _look(self) -> None:
        self._main_controller.refresh()
