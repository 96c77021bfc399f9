"""What the knobs of a socket do, and that the recorded boundaries show it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import pairwise

import pytest

from core.events import Closed, Ending, NotSent, Received, Sent, SocketTuned
from core.net.connection import Connection
from core.net.server import Server
from core.net.socket_options import AS_USUAL, SocketOptionError, SocketOptions
from core.settings import KIB, Limits
from tests.support.peers import NeverReads, Peer
from tests.support.sink import until
from tests.support.stage import calling, ours, serving, socket_of

BYTE_BY_BYTE = SocketOptions(byte_by_byte=True)
HASTY = Limits(flush=0.05, drain=0.05)


def address_of(server: Server) -> str:
    return str(server.addresses[0])


def is_nagling(connection: Connection) -> bool:
    return not socket_of(connection).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def tuned(server: Server, socket_options: SocketOptions) -> Connection:
    """The only connection, when the knobs have been turned."""
    server.tune(socket_options)
    connection, size = ours(server), socket_options.receive or server._limits.receive
    until(
        lambda: (connection._receive, is_nagling(connection)) == (size, socket_options.nagle), "the knobs to be turned"
    )
    until(lambda: (connection._sender._throttle is not None) == socket_options.slows_down, "the pace to be set")
    return connection


def test_every_byte_is_a_send_of_its_own_and_one_message_all_the_same() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        tuned(server, BYTE_BY_BYTE).send(b"hello")

        assert peer.hear(5) == b"hello"
        (sent,) = sink.wait_for(Sent)
        assert (sent.data, sent.cuts) == (b"hello", (1, 1, 1, 1, 1))


def test_byte_by_byte_many_messages_keep_their_order_and_their_borders() -> None:
    messages = [b"%d" % number * 97 for number in range(10)]
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        connection = tuned(server, BYTE_BY_BYTE)
        for message in messages:
            connection.send(message)

        assert peer.hear(970) == b"".join(messages)
        sent = sink.wait_for(Sent, 10)
        assert [event.data for event in sent] == messages
        assert {event.cuts for event in sent} == {(1,) * 97}


def test_between_two_sends_passes_the_pause_in_a_message_and_after_it() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        connection = tuned(server, SocketOptions(byte_by_byte=True, pause=0.01))
        connection.send(b"abc")
        connection.send(b"d")

        assert peer.hear(4) == b"abcd"
        first, second = sink.wait_for(Sent, 2)
        assert first.cuts == (1, 1, 1)
        assert second.at - first.at > 9_500_000


def test_with_a_pause_alone_a_message_is_one_send_and_the_next_waits() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        connection = tuned(server, SocketOptions(pause=0.01))
        for message in (b"one ", b"two ", b"three"):
            connection.send(message)

        assert peer.hear(13) == b"one two three"
        sent = sink.wait_for(Sent, 3)
        assert [event.cuts for event in sent] == [(), (), ()]
        assert all(after.at - before.at > 9_500_000 for before, after in pairwise(sent))


def test_turned_back_what_waited_goes_out_at_once() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        connection = tuned(server, SocketOptions(byte_by_byte=True, pause=60))
        connection.send(b"slow, then fast")
        assert peer.hear(1) == b"s"

        server.tune(AS_USUAL)

        assert peer.hear(14) == b"low, then fast"
        assert [event.cuts for event in sink.wait_for(Sent)] == [(1, 14)]
        connection.send(b"and again")
        assert peer.hear(9) == b"and again"


@pytest.mark.parametrize("size", [1, 7])
def test_a_recv_asks_for_as_much_as_it_is_told(size: int) -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        tuned(server, SocketOptions(receive=size))
        peer.say(b"x" * 42)

        sink.wait_until(lambda: sum(len(event.data) for event in sink.of(Received)) == 42)
        assert max(len(event.data) for event in sink.of(Received)) <= size


def test_a_large_recv_takes_more_at_once_than_usual() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        tuned(server, SocketOptions(receive=256 * KIB))
        sink.congest()  # so that much gathers
        peer.say(b"x")
        sink.wait_for_pause()
        peer.say(b"x" * 200 * KIB)
        sink.relieve()

        sink.wait_until(lambda: sum(len(event.data) for event in sink.of(Received)) == 200 * KIB + 1)
        assert max(len(event.data) for event in sink.of(Received)) > 64 * KIB


def test_nagle_is_turned_on_and_off_at_once_and_for_those_that_come_later() -> None:
    with serving("none") as (server, _sink), Peer.calls(server.addresses[0]) as first:
        assert not is_nagling(ours(server))
        tuned(server, SocketOptions(nagle=True))
        with Peer.calls(server.addresses[0]):
            until(lambda: len(server.connections) == 2, "a second connection")
            assert [is_nagling(connection) for connection in server.connections] == [True, True]
            server.tune(AS_USUAL)
            until(lambda: not any(map(is_nagling, server.connections)), "Nagle to be off")
        first.say(b"x")


def test_only_what_is_another_recv_or_another_nagle_is_on_record() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]):
        tuned(server, BYTE_BY_BYTE)
        tuned(server, SocketOptions(receive=7))
        tuned(server, SocketOptions(receive=7, pause=0.01))
        tuned(server, AS_USUAL)

        assert [event.receive for event in sink.wait_for(SocketTuned, 2)] == [7, server._limits.receive]


def test_a_client_is_tuned_before_it_is_connected_too() -> None:
    with serving("echo") as (server, _), calling(address_of(server)) as (client, sink):
        client.tune(BYTE_BY_BYTE)
        until(lambda: client.connections[0]._sender._throttle is not None, "the pace to be set")
        client.send(b"abc")
        assert b"".join(client.receive() for _ in range(1))[:1] == b"a"
        assert sink.wait_for(Sent)[0].cuts == (1, 1, 1)


@pytest.mark.case("C-37")
def test_an_answer_byte_by_byte_is_the_same_answer() -> None:
    with serving("echo", framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        tuned(server, SocketOptions(receive=1, byte_by_byte=True))
        peer.say(b"one\r\ntwo\nthree\n")
        assert peer.hear(14) == b"one\ntwo\nthree\n"


@pytest.mark.case("C-43")
def test_a_long_pause_is_not_taken_for_a_peer_that_does_not_read() -> None:
    with serving("none", limits=Limits(stalled=0.02)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        tuned(server, SocketOptions(pause=0.1)).send(b"one ")
        ours(server).send(b"two")

        assert peer.hear(7) == b"one two"
        assert sink.of(Closed) == []


@pytest.mark.case("C-43")
def test_byte_by_byte_a_peer_that_does_not_read_is_dropped_all_the_same() -> None:
    limits = Limits(stalled=0.05, outbox=4096 * KIB)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(server.addresses[0]):
        connection = ours(server)
        connection.send(b"x" * 4096 * KIB)
        tuned(server, BYTE_BY_BYTE)

        assert sink.wait_for(Closed)[0].ending is Ending.STALLED


def test_what_a_pause_kept_from_going_out_is_accounted_for_at_the_end() -> None:
    with (
        serving("none", limits=Limits(flush=0.05, drain=0.05)) as (server, sink),
        Peer.calls(server.addresses[0]) as peer,
    ):
        connection = tuned(server, SocketOptions(byte_by_byte=True, pause=60))
        connection.send(b"abc")
        assert peer.hear(1) == b"a"

        connection.close()

        assert peer.hear_all() == b""
        sink.wait_for(Closed)
        assert [event.data for event in sink.of(Sent)] == [b"a"]
        assert [event.size for event in sink.of(NotSent)] == [2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SocketOptions(receive=0),
        lambda: SocketOptions(receive=256 * KIB + 1),
        lambda: SocketOptions(pause=-0.001),
        lambda: SocketOptions(pause=60.1),
        lambda: SocketOptions(pause=float("nan")),
    ],
)
def test_what_no_knob_can_do_is_refused_in_words(make: Callable[[], SocketOptions]) -> None:
    with pytest.raises(SocketOptionError, match=r"a recv asks for|the pause between two sends"):
        make()
