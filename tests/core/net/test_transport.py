"""What a connection asks of its transport, and a transport with a protocol of its own under a connection."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from core.events import Closed, Ending, PeerFinished, Received, Sent, WeFinished
from core.net.transport import Tcp, Transport
from core.settings import KIB, Limits
from tests.support.peers import Host, Peer
from tests.support.sealed import BYE, HELLO, Sealed, sealed
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import calling, serving
from tests.support.systems import needs_rst


def received(sink: Sink) -> list[bytes]:
    return [event.data for event in sink.of(Received)]


@pytest.fixture
def seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every connection that a session makes go over the other transport."""
    monkeypatch.setattr("core.net.session.Tcp", Sealed)


def test_tcp_is_the_socket_as_it_is() -> None:
    with Host() as host, Peer.calls(host.address) as peer:
        made = host.accept(Peer).sock
        transport: Transport = Tcp(made)
        assert (transport.name, transport.local) == ("TCP", host.address)
        assert transport.send(b"hello") == 5
        transport.finish_sending()
        assert peer.hear_all() == b"hello"
        made.setblocking(False)  # as the loop has it
        assert not transport.is_over
        made.settimeout(PATIENCE)
        peer.say(b"and you")
        assert transport.receive(3) + transport.receive(64) == b"and you"
        transport.close()
        assert made.fileno() == -1


@needs_rst
def test_tcp_is_aborted_with_a_reset() -> None:
    with Host() as host, Peer.calls(host.address) as peer:
        transport = Tcp(host.accept(Peer).sock)
        transport.send(b"hello")
        transport.abort()
        peer.hear_a_reset()


@pytest.mark.usefixtures("seal")
def test_what_is_sent_before_the_handshake_goes_out_after_it() -> None:
    with serving("echo", framing="line") as (server, _), Peer.calls(server.addresses[0]) as peer:
        until(lambda: bool(server.connections), "the connection")
        server.connections[0].send(b"early")
        assert peer.hear(len(HELLO)) == HELLO  # and nothing more until ours is there
        assert server.connections[0].waiting == 6
        peer.say(HELLO)
        assert peer.hear(8) == sealed(b"early\n")
        until(lambda: not server.connections[0].waiting, "an empty outbox")


@pytest.mark.usefixtures("seal")
def test_every_piece_of_one_receive_is_received_by_itself() -> None:
    with serving("echo") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(HELLO + sealed(b"one") + sealed(b"two") + sealed(b"three"))
        assert peer.hear(6 + 17) == HELLO + sealed(b"one") + sealed(b"two") + sealed(b"three")
        assert received(sink) == [b"one", b"two", b"three"]


@pytest.mark.usefixtures("seal")
def test_pieces_that_the_system_does_not_know_of_wait_while_reading_pauses() -> None:
    with serving("echo") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        sink.congest()
        peer.say(HELLO + sealed(b"one") + sealed(b"two"))
        sink.wait_for_pause()
        assert received(sink) == []
        sink.relieve()
        assert peer.hear(6 + 10) == HELLO + sealed(b"one") + sealed(b"two")
        assert received(sink) == [b"one", b"two"]


@pytest.mark.usefixtures("seal")
def test_a_large_message_goes_there_and_back_past_full_buffers() -> None:
    message = bytes(range(256)) * (512 * KIB // 256)
    small = Limits(outbox=64 * KIB, receive=4 * KIB)
    with serving("echo", framing="length:4be", limits=small) as (server, heard):
        with calling(server.addresses[0], framing="length:4be") as (client, sink):
            sender = threading.Thread(target=client.send, args=(message,))
            sender.start()
            assert client.receive(PATIENCE) == message
            sender.join(PATIENCE)
        assert b"".join(received(sink))[4:] == message
        assert b"".join(event.data for event in sink.of(Sent))[4:] == message
        (closed,) = heard.wait_for(Closed)
        assert closed.ending is Ending.PEER_FINISHED


@pytest.mark.usefixtures("seal")
def test_a_goodbye_that_finds_no_room_is_said_when_there_is_some_and_before_the_fin() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(HELLO)
        until(lambda: bool(server.connections), "the connection")
        server.connections[0].send(b"last")
        server.connections[0].finish_sending()
        assert peer.hear_all() == HELLO + sealed(b"last") + BYE
        sink.wait_for(WeFinished)
        peer.say(sealed(b"heard") + BYE)
        peer.finish()
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.PEER_FINISHED
        assert received(sink) == [b"heard"]


def test_a_standing_connection_goes_over_to_another_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.session.Tcp", partial(Sealed, plain=True))
    with serving("echo") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"in the clear")
        assert peer.hear(12) == b"in the clear"
        (connection,) = server.connections
        assert isinstance(connection._transport, Sealed)
        connection._loop.call_soon(connection._transport.seal)
        assert peer.hear(len(HELLO)) == HELLO
        connection.send(b"not in the clear")  # and not before the handshake
        peer.say(HELLO)
        assert peer.hear(18) == sealed(b"not in the clear")
        peer.say(sealed(b"nor this"))
        assert peer.hear(10) == sealed(b"nor this")
        assert received(sink) == [b"in the clear", b"nor this"]


@pytest.mark.usefixtures("seal")
def test_an_end_that_the_transport_does_not_believe_ends_the_connection_as_its_error_says() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(HELLO + sealed(b"and then"))
        sink.wait_for(Received)
        peer.finish()
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET
        assert sink.of(PeerFinished) == []
