"""Taps as a person starts them: a dialog with two addresses. Lives on the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.address import DEFAULT_HOST, DEFAULT_PORT, HIGHEST_PORT, Address, Target, parse_target
from core.errors import AddressError, TincanError
from core.journal.recording.ledger import Phase
from core.words import sentence
from gui.viewmodels.session_rows import onward_words, place_words

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.views.dialogs.tap_dialog import TapDialog, TapRefusal, TapRequest
    from gui.window import Window


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
        self.dialog = TapDialog(
            self._window.root, self._window.theme, listen=listen, target=target, on_start=self.start
        )
        self.dialog.open(self.dialog.listen)

    def _suggested(self) -> tuple[str, str]:
        """What the dialog begins with: the places of a tap on view, else one in front of the address on view."""
        state = self._main_controller.state
        if state is not None and state.onward is not None:
            return _places(state)
        target = (self._main_controller.endpoints.typed or Address(DEFAULT_HOST, DEFAULT_PORT)).dialled
        port = target.port + 1 if target.port < HIGHEST_PORT else target.port - 1
        scheme = "tls://" if self._main_controller.preferences.tls else ""
        return str(Address(DEFAULT_HOST, port)), f"{scheme}{target}"

    def start(self, request: TapRequest) -> TapRefusal:
        """Start a tap and show it; the answer says what is wrong with the request."""
        from gui.views.dialogs.tap_dialog import TapRefusal

        (listen, why_not_listen), (target, why_not_target) = (
            _read(request.listen, for_server=True),
            _read(request.target, for_server=False),
        )
        if listen is None or target is None:
            return TapRefusal(why_not_listen, why_not_target)
        tls = self._main_controller.tls
        try:
            session = self._main_controller.workbench.tap(
                listen.address,
                target.address,
                tls=tls.for_listening() if listen.tls else None,
                onward_tls=tls.for_dialling(target.address) if target.tls else None,
            )
        except TincanError as error:
            return TapRefusal(sentence(error))
        self._begun = session
        self._main_controller.endpoints.put(listen.address, is_udp=False)
        self._main_controller.show_new(session, self._main_controller.workbench.role(session), listen.address)
        return TapRefusal()

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
    return f"{'tls://' if state.tls else ''}{place_words(state)}", onward_words(state)


def _read(text: str, *, for_server: bool) -> tuple[Target | None, str]:
    """An address as it was typed, or the sentence why it is none."""
    try:
        return parse_target(text, for_server=for_server), ""
    except AddressError as error:
        return None, sentence(error)
