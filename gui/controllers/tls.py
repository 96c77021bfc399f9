"""TLS as a person asks for it: on or off, whose certificate is trusted, and what to do when none is.

Lives on the window's thread; nothing of ``ssl`` or ``cryptography`` is imported before TLS is spoken.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.journal.recording.ledger import Phase
from core.tls.settings import Tls

if TYPE_CHECKING:
    from core.address import Address
    from core.journal.recording.ledger import SessionState
    from core.tls.facts import Handshake
    from gui.controllers.main import MainController

TRUST = "Trust this certificate for this host"
ONCE = "Connect once without verifying"


class TlsController:
    """``authority`` is the folder of Tincan's own authority."""

    def __init__(self, main_controller: MainController, authority: Path) -> None:
        self._main_controller = main_controller
        self._authority = authority

    def toggle(self) -> None:
        """Have what is started or connected next speak TLS, or not any more."""
        self.put(is_on=not self._main_controller.preferences.tls)

    def put(self, *, is_on: bool) -> None:
        """Have what is started or connected next speak TLS, or not."""
        self._main_controller.preferences = replace(self._main_controller.preferences, tls=is_on)
        self._main_controller.refresh()

    def of_server(self) -> Tls | None:
        """What is asked for of a server that is started now. Raises ``TlsSettingsError``."""
        return self._settings() if self._main_controller.preferences.tls else None

    def of_client(self, address: Address, *, verify: bool = True) -> Tls | None:
        """What is asked for of a client that connects there now. Raises ``TlsSettingsError``."""
        if not self._main_controller.preferences.tls:
            return None
        pin = self._main_controller.preferences.pins.get(_place(address), "")
        return replace(self._settings(), pin=pin) if verify else replace(self._settings(), verify=False)

    def phase_changed(self, state: SessionState) -> None:
        """Offer what can be done about a certificate that is not trusted; take it back once somebody connects there."""
        if not state.role.dials:
            return
        last = state.over[-1].tls if state.phase is Phase.ENDED and state.over else None
        if last is not None and last.can_be_pinned:
            self._offer(state, last)
        else:
            self._main_controller.notices.take_back(_topic(state.target))

    def _offer(self, state: SessionState, handshake: Handshake) -> None:
        """Let a person trust the certificate that a server has shown, or do without for once."""
        address, shown = state.target, handshake.chain[0].shown_fingerprint
        before = "Another certificate was trusted there until now. " if self._pin(address) else ""
        self._main_controller.notices.offer(
            f"{before}Ask whoever runs {address} whether its certificate has this SHA-256 fingerprint: {shown}",
            _topic(address),
            {TRUST: lambda: self._trust(state, handshake), ONCE: lambda: self._connect(state, verify=False)},
        )

    def _trust(self, state: SessionState, handshake: Handshake) -> None:
        preferences, place = self._main_controller.preferences, _place(state.target)
        self._main_controller.preferences = preferences.with_pin(place, handshake.chain[0].fingerprint)
        self._connect(state)

    def _connect(self, state: SessionState, *, verify: bool = True) -> None:
        self._main_controller.notices.take_back(_topic(state.target))
        self.put(is_on=True)
        self._main_controller.endpoints.dial(state.target, verify=verify)

    def _pin(self, address: Address) -> str:
        return self._main_controller.preferences.pins.get(_place(address), "")

    def _settings(self) -> Tls:
        return Tls(authority=self._authority)


def _place(address: Address) -> str:
    """How the preferences call the place where a certificate is trusted."""
    return str(address).lower()


def _topic(address: Address) -> str:
    return f"certificate of {_place(address)}"
