"""TLS as a person asks for it: on or off, whose certificate is trusted, and what to do when none is.

Lives on the window's thread; nothing of ``ssl`` or ``cryptography`` is imported before TLS is spoken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import TincanError, reason
from core.journal.recording.ledger import Phase
from core.supervision import Worker
from core.tls.settings import ClientCertificates, LowestVersion, Tls, parse_protocols
from core.words import sentence
from gui.preferences import typed_path

if TYPE_CHECKING:
    from core.address import Address
    from core.journal.recording.ledger import ConnectionState, SessionState
    from core.tls.facts import Handshake
    from gui.controllers.main import MainController
    from gui.views.dialogs.reply_dialog import ReplyDialog

TRUST = "Trust this certificate for this host"
ONCE = "Connect once without verifying"
_LOG = "tls-keys.log"
_AGAIN = "It connects in the clear again: start TLS once it stands."
_HOW = "A client that trusts it trusts every server that Tincan serves with TLS."


class TlsController:
    """``authority`` is the folder of Tincan's own authority; ``post`` has a call made on the window's thread."""

    def __init__(
        self, main_controller: MainController, authority: Path, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self.password = ""  # of the own certificate; kept nowhere else
        self.dialog: ReplyDialog | None = None  # that asks for the password, once one was needed
        self._once: set[str] = set()  # places where TLS is started next without verifying
        self.key_log: Path | None = None  # gets the secrets of the next session, and of no other
        self._main_controller = main_controller
        self._authority = authority
        self._post = post

    def toggle(self) -> None:
        """Have what is started or connected next speak TLS, or not any more."""
        self.put(is_on=not self._main_controller.preferences.tls)

    def put(self, *, is_on: bool) -> None:
        """Have what is started or connected next speak TLS, or not."""
        self._main_controller.preferences = replace(self._main_controller.preferences, tls=is_on)
        self._main_controller.refresh()

    def of_server(self) -> Tls | None:
        """What is asked for of a server that is started now. Raises ``TlsSettingsError``."""
        return self.for_listening() if self._main_controller.preferences.tls else None

    def for_listening(self) -> Tls:
        """What is asked for where peers begin with TLS. Raises ``TlsSettingsError``."""
        asks = ClientCertificates(self._main_controller.preferences.tls_clients)
        return replace(self._settings(), client_certificates=asks)

    def of_client(self, address: Address, *, verify: bool = True) -> Tls | None:
        """What is asked for of a client that connects there now. Raises ``TlsSettingsError``."""
        return self.for_dialling(address, verify=verify) if self._main_controller.preferences.tls else None

    def for_dialling(self, address: Address, *, verify: bool = True) -> Tls:
        """What is asked for where TLS is spoken with a server there. Raises ``TlsSettingsError``."""
        pin = self._pin(address)
        return replace(self._settings(), pin=pin) if verify else replace(self._settings(), verify=False)

    def has_handshake(self, state: SessionState) -> bool:
        """Whether there may be a TLS handshake in a conversation; of an old journal nobody has looked."""
        is_archived = self._main_controller.archives.get(state.session) is not None
        return is_archived or state.tls or any(one.tls is not None for one in (*state.connections, *state.over))

    def to_start(self, state: SessionState, connection: ConnectionState, *, as_server: bool) -> Tls:
        """What is asked for where TLS begins on a connection in the clear. Raises ``TlsSettingsError``."""
        if as_server:
            return self._settings()
        place = state.target if state.role.dials else connection.peer
        verify = _place(place) not in self._once
        self._once.discard(_place(place))
        return replace(self._settings(), pin=self._pin(place) if verify else "", verify=verify)

    def toggle_key_log(self) -> None:
        """Ask for a file that gets the secrets of the next session with TLS, or have none."""
        if self.key_log is not None:
            self.key_log = None
            return
        from tkinter import filedialog

        root = self._main_controller.window.root
        chosen = filedialog.asksaveasfilename(parent=root, title="Write the keys of the next session", initialfile=_LOG)
        if chosen:
            self.key_log = Path(chosen)
            self._main_controller.complain(
                f"Whoever has {self.key_log.name} can read the next session with TLS, as Wireshark does in a capture."
            )

    def use_password(self, password: str) -> None:
        """Take the password of the own certificate, until the program ends."""
        self.password = password

    def copy_authority(self) -> None:
        """Copy the certificate of Tincan's own authority, for clients that are to trust it."""
        self._make_authority(self._copy)

    def save_authority(self) -> None:
        """Ask for a file, and write the certificate of Tincan's own authority into it."""
        from tkinter import filedialog

        root, title = self._main_controller.window.root, "Save the authority's certificate"
        chosen = filedialog.asksaveasfilename(
            parent=root, title=title, initialfile="tincan-authority.pem", defaultextension=".pem"
        )
        if chosen:
            self._make_authority(partial(self._save, Path(chosen)))

    def phase_changed(self, state: SessionState) -> None:
        """Offer what can be done about a certificate that is not trusted; take it back once somebody connects there."""
        if state.failure is not None and state.failure.needs_password:
            self._ask_password(state, state.failure.what)
        if not state.role.dials:
            return
        last = state.over[-1].tls if state.phase is Phase.ENDED and state.over else None
        if last is not None and last.can_be_pinned:
            self._offer(state, last)
        else:
            self._main_controller.notices.take_back(_topic(state.target))

    def _ask_password(self, state: SessionState, why: str) -> None:
        """Ask for the password of the own certificate, and begin again with it."""
        from gui.views.dialogs.reply_dialog import ReplyDialog

        main, window = self._main_controller, self._main_controller.window
        if self.dialog is not None and self.dialog.winfo_exists():
            return

        def use(password: str) -> str:
            if not password:
                return "Type the password."
            self.use_password(password)
            if state.role.passes_on:
                main.tap.begin_again(state)
                return ""
            self.put(is_on=True)
            if state.role.dials:
                main.endpoints.dial(state.target)
            else:
                main.endpoints.put(state.target, is_udp=False)
                main.endpoints.serve()
            return ""

        self.dialog = ReplyDialog(
            window.root, window.theme, title="Password of the certificate", heading="Password",
            about=f"{sentence(why)} It is kept until Tincan ends, and nowhere.", on_use=use,  # ``why`` names the file
        )  # fmt: skip
        self.dialog.field.configure(show="•")
        self.dialog.open(self.dialog.field)

    def _offer(self, state: SessionState, handshake: Handshake) -> None:
        """Let a person trust the certificate that a server has shown, or do without for once."""
        address, shown = state.target, handshake.chain[0].shown_fingerprint
        before = "Another certificate was trusted there until now. " if self._pin(address) else ""
        self._main_controller.notices.offer(
            f"{before}Ask whoever runs {address} whether its certificate has this SHA-256 fingerprint: {shown}",
            _topic(address),
            {
                TRUST: lambda: self._trust(state, handshake),
                ONCE: lambda: self._connect(state, verify=False),
            },
        )

    def _trust(self, state: SessionState, handshake: Handshake) -> None:
        preferences, place = self._main_controller.preferences, _place(state.target)
        self._main_controller.preferences = preferences.with_pin(place, handshake.chain[0].fingerprint)
        self._connect(state)

    def _connect(self, state: SessionState, *, verify: bool = True) -> None:
        self._main_controller.notices.take_back(_topic(state.target))
        self.put(is_on=state.tls)
        if not state.tls:  # TLS begins in the middle, when it is asked for
            if not verify:
                self._once.add(_place(state.target))
            self._main_controller.complain(_AGAIN)
        self._main_controller.endpoints.dial(state.target, verify=verify)

    def _pin(self, address: Address) -> str:
        return self._main_controller.preferences.pins.get(_place(address), "")

    def _settings(self) -> Tls:
        preferences = self._main_controller.preferences
        ca, certificate, key = (
            typed_path(path) if path else None
            for path in (preferences.tls_ca, preferences.tls_certificate, preferences.tls_key)
        )
        tls = Tls(
            ca=ca,
            certificate=certificate,
            key=key,
            password=self.password or None,
            alpn=parse_protocols(preferences.tls_alpn) if preferences.tls_alpn else (),
            lowest=LowestVersion(preferences.tls_lowest),
            key_log=self.key_log,
            authority=self._authority,
        )
        self.key_log = None
        return tls

    def _make_authority(self, then: Callable[[bytes], None]) -> None:
        """Have the authority made, if it is not there, on a thread of its own; ``then`` gets its certificate (PEM)."""

        def make() -> None:
            from core.tls.authority import Authority

            certificate = Authority(self._authority).make()
            self._post(partial(then, certificate))

        Worker(make, "make Tincan's own authority", self._not_made).begin()

    def _not_made(self, error: BaseException) -> None:
        why = sentence(error if isinstance(error, TincanError) else f"There is no certificate: {reason(error)}")
        self._post(lambda: self._main_controller.complain(why))

    def _copy(self, certificate: bytes) -> None:
        root = self._main_controller.window.root
        root.clipboard_clear()
        root.clipboard_append(certificate.decode("ascii"))
        self._main_controller.complain(f"The certificate of Tincan's own authority was copied. {_HOW}")

    def _save(self, path: Path, certificate: bytes) -> None:
        try:
            path.write_bytes(certificate)
        except OSError as error:
            self._main_controller.complain(sentence(f"{path} cannot be written: {reason(error)}"))
            return
        self._main_controller.complain(f"The certificate of Tincan's own authority is in {path.name}. {_HOW}")


def _place(address: Address) -> str:
    """How the preferences call the place where a certificate is trusted."""
    return str(address) if address.is_local else str(address).lower()


def _topic(address: Address) -> str:
    return f"certificate of {_place(address)}"
