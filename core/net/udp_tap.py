"""A tap for datagrams: stands between programs that speak UDP, and passes on what each says to the other."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

from core.address import Address
from core.errors import shortage
from core.events import Ending, EventSink, SessionId
from core.explanations import Doing, explain
from core.net.connection import Connection
from core.net.datagrams import DatagramSocket
from core.net.hold import RAW, Hold, Matcher
from core.net.resolver import Resolver
from core.net.session import check_types
from core.net.socket_options import AS_USUAL, SocketOptionError, SocketOptions
from core.net.sockets import Endpoint
from core.net.tap import Leg, Tap
from core.net.udp import HearingSession, udp_address, with_group
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.wire.faults import Faults


class UdpTap(HearingSession, Tap):
    """Hears datagrams at ``listen`` (an ``Address`` or ``[HOST:]PORT``), and passes each on to ``target``.

        with UdpTap("5354", "127.0.0.1:53") as tap:
            ...

    Whoever speaks is a caller, for whom the tap sends from a port of its own: what comes back there goes to that
    caller. Each datagram goes on as it is, empty ones too; of one that comes while much waits already it is told that
    it does not. A caller is forgotten as a peer of ``UdpServer`` is, together with its leg to the target, and where
    the system has no socket left for a new one. It counts as one connection for ``limits``. The target is looked up
    once, before anything is heard. ``socket_options`` are those of all its sockets, but groups are joined where callers
    are heard. Else it is what ``Tap`` is. Raises ``AddressError`` for a bad address, and ``FaultError`` for faults of
    streams.
    """

    role = Role.UDP_TAP
    _sockets_of_pair = 1

    def __init__(
        self,
        listen: Address | str,
        target: Address | str,
        *,
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        listen, target = udp_address(listen, for_server=True), udp_address(target, for_server=False)
        self._have_no_peers()
        self._endpoints: list[Endpoint] = []  # what the target stands for
        super().__init__(
            listen,
            target,
            framing=framing,
            limits=limits,
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            fault_out=fault_out,
            fault_in=fault_in,
        )
        check_types(socket_options=socket_options)
        self.socket_options = self._in_effect = with_group(socket_options, listen)

    # The tap's thread.

    def _answers(self) -> bool:
        return False

    def _start(self) -> None:
        self._look_target_up(self.onward, self._found)

    def _found(self, endpoints: list[Endpoint], _began: float) -> None:
        self._endpoints = endpoints
        super()._start()

    def _greet(self, connection: Connection) -> None:
        """Open the way to the target for a caller: at once, for what it has said is passed on next."""
        failed = self._open(connection)
        if failed is not None and shortage(failed) and len(self._connections) > 1:
            self._longest_silent(None).connection.abort(Ending.FORGOTTEN)
            failed = self._open(connection)
        if failed is not None:
            connection.abort(Ending.FAILED, explain(failed, Doing.SENDING, self._endpoints[0].address))

    def _open(self, caller: Connection) -> Exception | None:
        """Open it by the first endpoint that can be sent to; the error of the first if there is none."""
        failed: Exception | None = None
        for endpoint in self._endpoints:
            try:
                self._open_onward(caller, endpoint)
            except (OSError, SocketOptionError) as error:
                failed = failed or error
                continue
            return None
        return failed

    def _open_onward(self, caller: Connection, endpoint: Endpoint) -> None:
        """Raises ``OSError`` and ``SocketOptionError``."""
        only = self._transport_to(endpoint, _without_groups(self.socket_options))
        try:
            self._talk(only, endpoint.address, -caller.number)
        except BaseException:
            only.shared.close()
            raise
        self._pair(self._legs[caller.id])

    @property
    def _onward_sockets(self) -> list[DatagramSocket]:
        return [self._transports[leg].shared for leg in self._targets]

    def _set_options(
        self,
        use: Callable[[socket.socket, SocketOptions, SocketOptions], None],
        wanted: SocketOptions,
        before: SocketOptions,
    ) -> None:
        super()._set_options(use, wanted, before)
        for shared in self._onward_sockets:
            use(shared.sock, _without_groups(wanted), _without_groups(before))

    def _use_hold(self, hold: Hold, matcher: Matcher) -> None:
        super()._use_hold(replace(hold, framing=RAW, back=None), matcher)

    def _end_other(self, leg: Leg, other: Leg, ending: Ending) -> None:  # noqa: ARG002 - nothing tells of an end
        super()._end_other(leg, other, Ending.PASSED_ON)

    def _fault_places(self, number: int) -> tuple[str, str]:
        return Tap._fault_places(self, number)


def _without_groups(options: SocketOptions) -> SocketOptions:
    return replace(options, groups=())
