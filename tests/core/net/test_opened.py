"""Whoever hears that a connection stands finds it, and can send over it at once."""

from __future__ import annotations

import pytest

from core.address import Address
from core.events import Event, Opened
from core.net.client import Client
from core.net.server import Server
from core.net.session import Session
from core.net.tap import Tap
from core.net.udp import UdpClient, UdpServer
from core.wire.faults import parse_faults
from tests.support.peers import Host, Peer
from tests.support.sink import Sink
from tests.support.systems import needs_rst


class SaysHello(Sink):
    """Sends in the very moment in which it hears that a connection stands."""

    session: Session

    def put(self, event: Event) -> None:
        if isinstance(event, Opened):
            connection = self.session.connection(event.connection)
            assert connection is not None
            connection.send(b"hello")
        super().put(event)


def test_a_client() -> None:
    sink = SaysHello()
    with Host() as host:
        sink.session = client = Client(host.address, events=sink)
        with client, host.accept(Peer) as peer:
            assert peer.hear(5) == b"hello"


def test_a_server() -> None:
    sink = SaysHello()
    sink.session = server = Server("127.0.0.1:0", reply="none", events=sink)
    with server, Peer.calls(server.addresses[0]) as peer:
        assert peer.hear(5) == b"hello"


def test_both_legs_of_a_tap() -> None:
    sink = SaysHello()
    with Host() as host:
        sink.session = tap = Tap(Address("127.0.0.1", 0), host.address, events=sink)
        with tap, Peer.calls(tap.addresses[0]) as caller, host.accept(Peer) as target:
            assert caller.hear(5) == b"hello"
            assert target.hear(5) == b"hello"


def test_over_udp() -> None:
    of_server, of_client = SaysHello(), SaysHello()
    of_server.session = server = UdpServer("127.0.0.1:0", reply="none", events=of_server)
    with server:
        of_client.session = client = UdpClient(server.addresses[0], events=of_client)
        with client:
            assert client.receive(timeout=20) == b"hello"


@needs_rst
def test_a_leg_that_a_fault_ends_at_once_ends_the_other() -> None:
    sink = Sink()
    with Host() as host:
        tap = Tap(Address("127.0.0.1", 0), host.address, fault_out=parse_faults("reset=0"), events=sink)
        with tap, pytest.raises(ConnectionResetError), Peer.calls(tap.addresses[0]) as caller:
            caller.hear(1)
