"""Silence ends a message for whoever answers, and nobody hears of it once the connection is over."""

from __future__ import annotations

import gc
import logging
import threading
import weakref

import pytest

from core.events import Closed, Ending, FramingChanged, PeerFinished, Received, Retrying, TlsBegun
from core.net.client import Client
from core.net.connection import Connection
from core.net.loop import Timer
from core.net.server import Server
from core.net.session import Session
from core.net.udp import UdpClient
from core.settings import Limits
from core.tls.settings import Tls
from tests.support.peers import Host, Peer, stranger
from tests.support.sink import Sink, until
from tests.support.stage import serving

PATIENCE = 10.0


def test_a_server_answers_once_the_peer_has_been_silent_long_enough() -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing="gap:30") as server,
        Client(server.addresses[0]) as client,
    ):
        client.send(b"one message ")
        client.send(b"in two pieces")
        assert client.receive(PATIENCE) == b"one message in two pieces"
        client.send(b"another")
        assert client.receive(PATIENCE) == b"another"


def test_an_hour_of_silence_keeps_no_server_from_ending() -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing="gap:3600000") as server,
        Client(server.addresses[0]) as client,
    ):
        client.send(b"never answered in time")
        client.finish_sending()
        assert client.receive(PATIENCE) == b"never answered in time"  # its end was silence enough


@pytest.mark.parametrize("framing", ["length:2be", "length:varint,itself", "delimiter:0d0a", "fixed:5"])
def test_two_ends_of_one_framing_understand_each_other(framing: str) -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing=framing) as server,
        Client(server.addresses[0], framing=framing) as client,
    ):
        client.send(b"hello")
        client.send(b"there")
        assert [client.receive(PATIENCE), client.receive(PATIENCE)] == [b"hello", b"there"]


def test_what_had_begun_when_the_framing_changed_gets_no_reply_even_when_silence_follows() -> None:
    with serving("echo", framing="gap:50") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"begun")
        sink.wait_for(Received)

        server.set_framing("gap:150")
        sink.wait_for(FramingChanged)  # what comes before that has begun, too

        peer.say(b"anew")
        assert peer.hear(4) == b"anew"


def test_a_fault_in_an_answer_to_what_silence_ended_costs_one_connection(
    logged_errors: list[logging.LogRecord],
) -> None:
    class Stumbling(Server):
        def received(self, connection: Connection, messages: list[bytes]) -> None:
            assert messages != [b"stumble"], "it stumbled"
            super().received(connection, messages)

    sink = Sink()
    with Stumbling("127.0.0.1:0", reply="echo", framing="gap:30", events=sink) as server:
        with Peer.calls(server.addresses[0]) as stone, Peer.calls(server.addresses[0]) as other:
            stone.say(b"stumble")
            (closed,) = sink.wait_for(Closed)
            other.say(b"still there")
            assert other.hear(11) == b"still there"
        assert closed.ending is Ending.FAILED
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_a_connection_that_is_over_is_forgotten_long_before_its_limit_of_silence() -> None:
    with serving("echo", limits=Limits(idle=3600.0)) as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
            forgotten = weakref.ref(server.connections[0]._framer)
        sink.wait_for(Closed)
        until(lambda: gc.collect() >= 0 and forgotten() is None, "the connection to be forgotten")


def waited_for(session: Session) -> list[Timer]:
    """What a session's loop would still wake up for."""
    return [timer for _when, _number, timer in list(session._loop._timers) if not timer.cancelled]


@pytest.mark.parametrize(
    ("reply", "framing", "said", "finishes"),
    [
        ("none", "raw", b"", True),  # a person may still answer who has finished
        ("echo", "gap:3600000", b"begun", False),
        ("echo", "raw", b"GET /", False),  # which is likely to become a request of HTTP
    ],
    ids=["half-closed", "gap", "http"],
)
def test_nothing_is_waited_for_on_behalf_of_a_connection_that_is_over(
    reply: str, framing: str, said: bytes, *, finishes: bool
) -> None:
    with (
        serving(reply, framing=framing, limits=Limits(half_closed=3600.0, request_line=3600.0)) as (server, sink),
        Peer.calls(server.addresses[0]) as peer,
    ):
        if said:
            peer.say(said)
            sink.wait_for(Received)
        if finishes:
            peer.finish()
            sink.wait_for(PeerFinished)
        until(lambda: len(waited_for(server)) == 1, "the timer")
        server.connections[0].abort()
        sink.wait_for(Closed)
        assert waited_for(server) == []


def test_a_client_that_comes_back_does_not_wait_for_an_answer_of_the_connection_before() -> None:
    sink = Sink()
    with Host() as host:
        client = Client(host.address, tls=Tls(starttls="postgres"), reconnect=True, events=sink)
        client.start()
        with host.accept(Peer) as peer:
            peer.hear(8)
        sink.wait_for(Retrying)
        until(lambda: client._waits is not None, "the next try")
        assert waited_for(client) in ([], [client._waits])
        client.stop()
        assert client.join(PATIENCE)


def test_a_client_whose_server_goes_over_to_tls_waits_for_the_handshake_alone() -> None:
    with Host() as host:
        client = Client(host.address, tls=Tls(starttls="postgres"), events=(sink := Sink()))
        client.start()
        with host.accept(Peer) as peer:
            peer.hear(8)
            peer.say(b"S")
            sink.wait_for(TlsBegun)
            has_begun = threading.Event()
            client._loop.call_soon(has_begun.set)  # behind what begins the handshake
            assert has_begun.wait(PATIENCE)
            assert len(waited_for(client)) == 1
        client.stop()
        assert client.join(PATIENCE)


def test_a_name_that_was_found_is_looked_up_no_longer() -> None:
    with stranger() as other, UdpClient(f"localhost:{other.getsockname()[1]}") as client:
        assert waited_for(client) == []
