"""Servers and clients as a person starts and ends them: host and port, two buttons.

Lives on the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from core.address import DEFAULT_HOST, DEFAULT_PORT, Address, Parts, parse_host, parse_port, split_target, without_udp
from core.clock import monotonic
from core.errors import AddressError, TincanError
from core.journal.recording.ledger import Phase
from core.local_address import is_local
from core.net.reachable import look_up
from core.proxy import make_proxy
from core.words import sentence
from gui.keys import shown
from gui.viewmodels import presenter

if TYPE_CHECKING:
    from core.address import LocalAddress
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from core.proxy import Proxy
    from core.replies import Reply
    from core.workbench import Workbench
    from gui.controllers.main import MainController
    from gui.viewmodels.window_state import WindowState
    from gui.views.address_bar import AddressBar
    from gui.window import Window

_RUNS_ALREADY = (
    f"A client runs at this address already: {shown('toggle_client')} ends it, "
    f"{shown('connect_again')} connects one more."
)
_COMES_BACK = (
    "A client connects again when its connection is over, or nobody answers: after half a second, then more and more "
    "seldom, up to every 30 s. Disconnect ends it."
)
_STAYS_AWAY = "A client whose connection is over stays away."
_NO_TLS = "The TLS handshake failed: the conversation says why."


class EndpointsController:
    """Starts and ends servers and clients at the address in the fields.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(self, main_controller: MainController, post: Callable[[Callable[[], None]], None]) -> None:
        self.reachable: tuple[LocalAddress, ...] = ()  # this machine's addresses that others can use
        self._main_controller = main_controller
        self._post = post
        self._newest: SessionId | None = None  # whose failure is told under the fields
        self._begun: dict[bool, tuple[SessionId, _Place]] = {}  # the newest that listens, and the newest that does not
        self._starting: SessionId | None = None  # the server that is about to listen
        self._deadlines: dict[SessionId, float] = {}  # when clients give up dialing, by core.clock.monotonic()
        self._connect_next: _Place | None = None  # asked for meanwhile: it would be refused
        self._reconnects = False  # whether clients to come do so by themselves
        self._proxy_password = ""  # kept nowhere else
        self._reconnecting: set[SessionId] = set()  # clients that do

    def open(self, window: Window) -> None:
        """Fill the fields as they were last used."""
        self._window = window
        preferences = self._main_controller.preferences
        hosts, ports = preferences.hosts, preferences.ports
        window.address.fill(hosts[0] if hosts else DEFAULT_HOST, ports[0] if ports else str(DEFAULT_PORT))
        self._offer_history()

    @property
    def typed(self) -> Address | None:
        """The address in the fields, None if they hold none."""
        return _glance(self._window.address)

    @property
    def asks_for_datagrams(self) -> bool:
        """Whether udp:// stands before the address in the fields."""
        return _udp_of(self._window.address)

    def show_place(self, state: SessionState) -> None:
        """Have the fields speak of a session."""
        port = state.addresses[0].port if state.addresses else state.target.port
        self.put(Address(state.target.host, port), is_udp=state.role.datagrams)

    def put(self, address: Address, *, is_udp: bool) -> None:
        """Put an address into the fields."""
        self._window.address.fill(_shown_host(address.host, is_udp=is_udp), address.port_text)

    def tidy_address(self) -> None:
        """Put a whole address that stands in one of the fields into both, now that the person has left the field."""
        bar = self._window.address
        try:
            host, port, tls = _parted(bar)
            parse_host(host)
        except AddressError:
            return  # said when it is used
        if tls:
            self._main_controller.tls.put(is_on=True)
        host = _shown_host(host, is_udp=_udp_of(bar))
        if (host, port) != bar.written:
            bar.fill(host, port)
            self._main_controller.refresh()

    def toggle_server(self) -> None:
        """Start the server at host and port, or stop the one that runs there."""
        running = self._running(presenter.server_here, listens=True)
        if running is None:
            self.serve()
        else:
            self._main_controller.workbench.stop(running)

    def toggle_client(self) -> None:
        """Connect to host and port, or end what is connected or dialling there."""
        running = self._running(presenter.client_here, listens=False)
        if running is not None:
            self._main_controller.workbench.stop(running)
        elif self._connect_next is not None:
            self._connect_next = None
        else:
            self.connect()

    def _running(self, find: Callable[[WindowState], SessionState | None], *, listens: bool) -> SessionId | None:
        """What a button stops: a session that runs at the address in the fields, or one just begun there.

        Of the latter no state has come yet; a second one beside it would be refused, or not be wanted.
        """
        told = find(self._main_controller.window_state())
        if told is not None:
            return told.session
        session, place = self._begun.get(listens, (None, None))
        is_told_of = session is None or session in self._main_controller.sessions
        return None if is_told_of or place != (self.typed, self.asks_for_datagrams) else session

    def serve(self) -> None:
        """Start a server at host and port."""
        place = self._read_address(for_server=True)
        if place is None:
            return
        address, replies, tls = place.address, self._main_controller.reply, self._main_controller.tls.of_server

        def start(bench: Workbench, reply: str | Reply, framing: str) -> SessionId:
            if place.is_udp:
                return bench.serve_datagrams(address, reply=reply, framing=framing)
            return bench.serve(address, reply=reply, framing=framing, tls=tls())

        session = self._begin(place, lambda bench: replies.begin(address, partial(start, bench)))
        if session is None:
            return
        self._starting = session
        if not address.is_loopback:
            look_up(lambda found: self._post(lambda: self._found_addresses(found)))

    def connect(self) -> None:
        """Connect a client to host and port; while a server is about to listen, wait until it does."""
        typed = self._read_address(for_server=False)
        if typed is None:
            return
        place = typed._replace(address=typed.address.dialled)
        if self._starting is not None:
            self._connect_next = place
        else:
            self._connect_to(place)

    def _connect_to(self, place: _Place) -> None:
        if place.is_udp:
            self._main_controller.on_connect.prepare(place.address, partial(self._send_to, place), is_udp=True)
        else:
            self.dial(place.address)

    def _send_to(self, place: _Place, reply: Reply | None) -> None:
        self._begin(place, lambda bench: bench.send_datagrams(place.address, reply=reply))

    @property
    def can_reconnect(self) -> bool:
        """Whether what is on view, or what is begun next, is a client that could come back by itself."""
        state = self._main_controller.state
        return state is None or (state.role.dials and not state.role.datagrams)

    @property
    def reconnects(self) -> bool:
        """Whether the client on view comes back by itself; of none that goes on, whether the next one will."""
        client = self._client_on_view
        return client in self._reconnecting if client is not None else self._reconnects

    def toggle_reconnect(self) -> None:
        """Have the client on view, and those to come, reconnect by itself, or not any more."""
        client = self._client_on_view
        self._reconnects = not self.reconnects
        if client is not None:
            (self._reconnecting.add if self._reconnects else self._reconnecting.discard)(client)
            self._main_controller.workbench.set_reconnect(client, self._reconnects)
        self._main_controller.complain(_COMES_BACK if self._reconnects else _STAYS_AWAY)

    @property
    def _client_on_view(self) -> SessionId | None:
        state = self._main_controller.state
        return state.session if state is not None and state.role.dials and state.phase is not Phase.ENDED else None

    def use_proxy_password(self, password: str) -> None:
        """Take the password of the proxy, for this run."""
        self._proxy_password = password

    def proxy_for(self, target: Address) -> Proxy | None:
        """The settings' proxy for what dials ``target``; none leads to a local socket. Raises ``AddressError``."""
        written = self._main_controller.preferences.proxy
        if not written or target.is_local:
            return None
        proxy = make_proxy(written, target)
        return replace(proxy, password=self._proxy_password) if proxy is not None and proxy.user else proxy

    def seconds_left(self, state: SessionState | None) -> float | None:
        """Seconds until a client that is dialing gives up; None for anything else."""
        is_first_time = state is not None and state.retry is None
        deadline = self._deadlines.get(state.session) if state is not None and is_first_time else None
        return max(0.0, deadline - monotonic()) if deadline is not None else None

    def do_next(self) -> None:
        """Do what Enter in the address means: press the button that is next."""
        window_state = self._main_controller.window_state()
        if presenter.present(window_state).address.server.is_next:
            self.serve()
        elif presenter.client_here(window_state) is None:
            self.connect()
        else:
            self._main_controller.complain(_RUNS_ALREADY)

    def phase_changed(self, state: SessionState, *, is_selected: bool) -> None:
        """Show under or in the fields that the phase of a server or client has changed."""
        form = self._window.address
        if state.phase is not Phase.STARTING:
            self._deadlines.pop(state.session, None)
        if state.session == self._starting and state.phase is not Phase.STARTING:
            self._server_decided(listens=state.phase is Phase.OPEN)
        if state.phase is Phase.ENDED and state.failure is not None and state.session == self._newest:
            last = state.over[-1].tls if state.over else None
            form.refuse(_NO_TLS if last is not None and last.failure else str(state.failure))
        if state.phase is Phase.OPEN and state.addresses and state.target.port == 0 and is_selected:
            self.show_place(state)

    def _read_address(self, *, for_server: bool) -> _Place | None:
        """What the fields say; if it makes no sense, the field that is wrong says why.

        A whole address in one of the fields, as it was found somewhere, is put into both; TLS is switched on where it
        asks for that.
        """
        bar = self._window.address
        try:
            host, port, tls = _parted(bar)
            parse_host(host)
        except AddressError as error:
            bar.refuse(sentence(error), host=True)
            return None
        is_udp = _udp_of(bar)
        bar.fill(_shown_host(host, is_udp=is_udp), port)
        if tls:
            self._main_controller.tls.put(is_on=True)
        try:
            return _Place(_made(host, port, for_server=for_server), is_udp)
        except AddressError as error:
            bar.refuse(sentence(error), port=True)
            return None

    def _begin(self, place: _Place, start: Callable[[Workbench], SessionId]) -> SessionId | None:
        """Start a session and show it; None if the workbench refuses it, which is told under the fields."""
        self._window.address.accept()
        self._window.composer.complain("")
        try:
            session = start(self._main_controller.workbench)
        except TincanError as error:
            self._window.address.refuse(str(error))
            return None
        self._newest = session
        address, role = place.address, self._main_controller.workbench.role(session)
        self._begun[role.listens] = session, place
        self._main_controller.show_new(session, role, address)
        host, preferences = _shown_host(address.host, is_udp=place.is_udp), self._main_controller.preferences
        self._main_controller.preferences = preferences.with_address(host, address.port_text)
        self._window.address.fill(host, address.port_text)
        self._offer_history()
        self._window.composer.focus_message()
        return session

    def _server_decided(self, *, listens: bool) -> None:
        """Connect the client that waited for the server, which now listens or has failed."""
        self._starting = None
        place, self._connect_next = self._connect_next, None
        if listens and place is not None:
            self._connect_to(place)

    def dial(self, address: Address, *, verify: bool = True) -> None:
        """Connect a client there; with ``verify`` off nothing that a server shows of itself is looked at this once."""
        self._main_controller.on_connect.prepare(address, partial(self._dial, address, verify))

    def _dial(self, address: Address, verify: bool, reply: Reply | None) -> None:
        deadline = monotonic() + self._main_controller.preferences.limits().connect
        reconnect = self._reconnects and verify  # else it would be more than once
        tls = partial(self._main_controller.tls.of_client, address, verify=verify)
        session = self._begin(
            _Place(address),
            lambda bench: bench.connect(
                address, reconnect=reconnect, tls=tls(), reply=reply, proxy=self.proxy_for(address)
            ),
        )
        if session is not None:
            if reconnect:
                self._reconnecting.add(session)
            self._deadlines[session] = deadline

    def _offer_history(self) -> None:
        preferences = self._main_controller.preferences
        self._window.address.offer(preferences.hosts, preferences.ports)

    def _found_addresses(self, found: tuple[LocalAddress, ...]) -> None:
        self.reachable = found
        self._main_controller.refresh()


class _Place(NamedTuple):
    """What the fields ask for."""

    address: Address
    is_udp: bool = False


def _udp_of(bar: AddressBar) -> bool:
    return without_udp(bar.host.get())[1] or without_udp(bar.port.get())[1]


def _shown_host(host: str, *, is_udp: bool) -> str:
    """The host as it stands in its field: UDP is asked for by what stands before it."""
    return f"udp://{host}" if is_udp else host


def _glance(bar: AddressBar) -> Address | None:
    """What the fields say, without a word if it makes no sense."""
    try:
        host, port, _tls = _parted(bar)
        return _made(host, port, for_server=True)
    except AddressError:
        return None


def _made(host: str, port: str, *, for_server: bool) -> Address:
    """The address that two fields say; a local socket has no port. Raises ``AddressError``."""
    host = parse_host(host)
    return Address(host, 0 if is_local(host) else parse_port(port, for_server=for_server))


def _parted(bar: AddressBar) -> tuple[str, str, bool]:
    """Host and port, from whichever field has them, and whether a scheme in front of them asks for TLS.

    A number alone in the field for the host stays: it may be one.

    Raises ``AddressError`` if the field for the host has an address that is none for Tincan.
    """
    host, port = (without_udp(text)[0] for text in bar.written)
    in_host = Parts(host, None, False) if host.strip().isdecimal() else split_target(host)
    try:
        in_port = split_target(port)
    except AddressError:
        in_port = Parts(None, None, False)  # said as what a port is not
    if is_local(in_host.host):
        return in_host.host or "", port, False
    if in_port.host and (in_port.port or is_local(in_port.host)):
        return in_port.host, in_port.port or str(DEFAULT_PORT), in_port.tls
    return in_host.host or (DEFAULT_HOST if in_host.port else ""), in_host.port or in_port.port or port, in_host.tls
