"""UDP: a datagram is a message, peers appear as they speak, and no error of one of them ends the session."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest

from core.address import Address
from core.clock import monotonic
from core.compose import Draft
from core.errors import AddressError, ConnectError, Explanation, ListenError, SendError, TincanError
from core.events import (
    Closed,
    Ending,
    Listening,
    NotSent,
    Opened,
    Received,
    Remark,
    Resolved,
    Sent,
    SessionClosed,
    SessionRemark,
    TlsRefused,
)
from core.net import sockets
from core.net.datagrams import DatagramSocket, DatagramTransport, connect
from core.net.owner import Pause
from core.net.socket_options import AS_USUAL, SocketOptionError, SocketOptions, use_options
from core.net.sockets import Endpoint, SocketAddress
from core.net.udp import UdpClient, UdpServer
from core.replies import Reply
from core.replies.function import FunctionPeer, FunctionReply
from core.replies.rules import Rules
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from core.wire.faults import BothWays, FaultError, parse_faults
from tests.support.injection import KINDS, Breaker
from tests.support.law import check_law
from tests.support.namespaces import FAR, two_hosts
from tests.support.peers import stranger
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import held_up
from tests.support.systems import examples, needs_icmp, needs_ipv6, only_linux

UNREACHABLE = "sent the datagram back (ICMP port unreachable)"


@contextlib.contextmanager
def hearing(
    reply: str | Reply = "echo",
    *,
    target: str = "127.0.0.1:0",
    framing: str = "raw",
    limits: Limits = DEFAULTS,
    options: SocketOptions = AS_USUAL,
) -> Iterator[tuple[UdpServer, Sink]]:
    """A UDP server that stands, and what happens to it."""
    sink = Sink()
    with UdpServer(target, reply=reply, framing=framing, limits=limits, events=sink, socket_options=options) as server:
        yield server, sink
    check_law(sink.events)


@contextlib.contextmanager
def speaking(
    target: Address | str, *, limits: Limits = DEFAULTS, options: SocketOptions | None = None
) -> Iterator[tuple[UdpClient, Sink]]:
    """A UDP client, and what happens to it."""
    sink = Sink()
    with UdpClient(target, limits=limits, events=sink, socket_options=options or SocketOptions()) as client:
        yield client, sink
    check_law(sink.events)


@contextlib.contextmanager
def speakers(server: UdpServer) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two of them that speak to a server."""
    with stranger(server.addresses[0]) as one, stranger(server.addresses[0]) as other:
        yield one, other


def place_of(sock: socket.socket) -> Address:
    return Address(*sock.getsockname()[:2])


def test_a_datagram_is_a_message_both_ways_and_an_empty_one_too() -> None:
    with hearing() as (server, heard), speaking(server.addresses[0]) as (client, said):
        for message in (b"hello", b"", b"a\nb", b"\0" * 65_507):
            client.send(message)
            assert client.receive(PATIENCE) == message

        messages = [b"hello", b"", b"a\nb", b"\0" * 65_507]
        assert [event.data for event in heard.of(Received)] == messages
        assert [event.data for event in heard.wait_for(Sent, 4)] == messages
        assert [event.data for event in said.of(Received)] == messages
        assert [event.data for event in said.of(Sent)] == messages


def test_peers_appear_as_they_speak_and_each_is_answered_where_it_is() -> None:
    with hearing() as (server, sink), speakers(server) as (one, other):
        assert not server.connections
        one.send(b"one")
        assert one.recv(100) == b"one"
        other.send(b"other")
        assert other.recv(100) == b"other"
        one.send(b"again")
        assert one.recv(100) == b"again"

        first, second = sink.of(Opened)
        assert (first.number, first.peer, second.number, second.peer) == (1, place_of(one), 2, place_of(other))
        assert [event.data for event in sink.of(Received, first.connection)] == [b"one", b"again"]


@contextlib.contextmanager
def busy(server: UdpServer) -> Iterator[None]:
    """A server whose thread reads nothing for a while: what came meanwhile it finds together."""
    at_it, go_on = threading.Event(), threading.Event()

    def be_busy() -> None:
        at_it.set()
        go_on.wait(PATIENCE)

    server._soon(be_busy)
    assert at_it.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()


@pytest.mark.parametrize("reply", ["none", "echo"])
@pytest.mark.parametrize("framing", ["raw", "line"])
def test_what_came_together_is_recorded_as_it_came(reply: str, framing: str) -> None:
    with hearing(reply, framing=framing) as (server, sink), speakers(server) as (one, other):
        said: list[tuple[Address, bytes]] = []
        with busy(server), stranger(server.addresses[0]) as third:
            for number in range(600):
                peer = (one, other, other, third)[number % 4 if number > 300 else number % 2]
                peer.send(data := b"%d" % number if number % 50 else b"")
                said.append((place_of(peer), data))
        sink.wait_for(Received, len(said))
        peers = {event.connection: event.peer for event in sink.of(Opened)}
        heard = sink.of(Received)
        assert [(peers[event.connection], event.data) for event in heard] == said
        assert [event.at for event in heard] == sorted(event.at for event in heard)
        assert [event.at for event in sink.of(Opened)] == sorted(event.at for event in sink.of(Opened))


def test_who_hears_or_cannot_hear_more_is_asked_for_each_of_those_that_came_together() -> None:
    with hearing("none") as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"first")
        sink.wait_for(Received)
        (connection,) = server.connections
        heard: list[bytes] = []

        def hear(data: bytes, _at: int) -> None:
            heard.append(data)
            if data == b"5":
                connection.pause(Pause.STEPS)

        connection.add_hearer(hear)
        with busy(server):
            for number in range(10):
                peer.send(b"%d" % number)
        sink.wait_for(Received, 11)
        connection.remove_hearer(hear)
        server._soon(lambda: connection.resume(Pause.STEPS))
        sink.wait_for(Remark, 2)
        assert heard == [b"%d" % number for number in range(10)]
        assert [each.text for each in sink.of(Remark)][1] == "5 datagrams got no answer"


def test_how_many_got_no_answer_is_told_once_nothing_keeps_them_from_being_heard() -> None:
    with hearing() as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"first")
        assert peer.recv(100) == b"first"
        (connection,) = server.connections
        server._soon(lambda: connection.pause(Pause.STEPS | Pause.REPLY))
        until(lambda: bool(connection._pause), "nothing to be heard")
        for count in (1, 2):
            peer.send(b"unheard")
            sink.wait_for(Received, 1 + count)
            server._soon(lambda: connection.resume(Pause.REPLY))
        server._soon(lambda: connection.resume(Pause.STEPS))
        sink.wait_for(Remark, 2)
        assert sink.of(Remark)[1].text == "2 datagrams got no answer"


def test_a_peer_is_parted_from_once_it_has_said_nothing_for_too_long() -> None:
    with hearing(limits=Limits(idle=0.3)) as (server, sink), stranger(server.addresses[0]) as peer:
        for _ in range(10):
            peer.send(b"still there")
            assert peer.recv(100) == b"still there"
            until(lambda: monotonic() * 1e9 - sink.of(Received)[-1].at > 0.04e9, "a moment of silence")
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.IDLE
        assert closed.at - sink.of(Received)[-1].at > 0.15e9


def test_a_person_writes_to_all_or_to_one_peer() -> None:
    with (
        hearing("none") as (server, sink),
        stranger(server.addresses[0]) as one,
        stranger(server.addresses[0]) as other,
    ):
        one.send(b"1")
        sink.wait_for(Received, 1)
        other.send(b"2")
        sink.wait_for(Received, 2)
        for connection in server.connections:
            connection.send(b"to all")
        server.connections[1].send(b"")

        assert (one.recv(100), other.recv(100), other.recv(100)) == (b"to all", b"to all", b"")


@pytest.mark.parametrize(
    ("reply", "answers"),
    [("echo", [b"hi"]), ("none", []), ("letter", [b"type the message", None])],
)
def test_replies_answer_datagrams(reply: str, answers: list[bytes | None]) -> None:
    with hearing(reply) as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"hi")
        for wanted in answers:
            got = peer.recv(100)
            assert got == wanted if wanted is not None else len(got) == 1
        sink.wait_for(Received)


def test_stop_ends_a_peer_of_the_letter_reply_which_comes_again_as_another() -> None:
    with hearing("letter") as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"stop")
        assert [event.ending for event in sink.wait_for(Closed)] == [Ending.REPLY]
        peer.send(b"hi")
        assert [event.number for event in sink.wait_for(Opened, 2)] == [1, 2]


def test_the_room_passes_datagrams_on_to_the_other_peers() -> None:
    with (
        hearing("room") as (server, sink),
        stranger(server.addresses[0]) as one,
        stranger(server.addresses[0]) as other,
    ):
        one.send(b"who is here?")
        sink.wait_for(Received, 1)
        other.send(b"me")
        assert one.recv(100) == b"me"


def test_rules_answer_datagrams_and_see_only_whole_ones() -> None:
    rules = RuleSet("test", (Rule("ping", "equals", "ping", answer=Draft("pong")),))
    with hearing(Rules(rules)) as (server, _sink), stranger(server.addresses[0]) as peer:
        for said in (b"pi", b"ng", b"ping"):
            peer.send(said)
        assert peer.recv(100) == b"pong"


def test_no_framing_joins_two_datagrams_and_the_end_of_one_ends_a_message() -> None:
    with hearing(framing="line") as (server, _sink), stranger(server.addresses[0]) as peer:
        for said in (b"half a ", b"line\nand more", b""):
            peer.send(said)
        assert [peer.recv(100) for _ in range(4)] == [b"half a \n", b"line\n", b"and more\n", b"\n"]


def test_a_datagram_that_is_too_large_is_refused_in_a_sentence_and_the_next_one_goes() -> None:
    with hearing() as (server, _heard), speaking(server.addresses[0]) as (client, sink):
        with pytest.raises(SendError, match=r"larger than the way to 127.0.0.1:\d+ takes: it has 65,508 bytes") as told:
            client.send(bytes(65_508))
        client.send(b"still there")
        assert client.receive(PATIENCE) == b"still there"
        assert not sink.of(Closed)
    (missing,) = sink.of(NotSent)
    assert (missing.size, missing.why, missing.is_told) == (65_508, str(told.value), True)


def test_an_answer_that_the_system_refuses_is_put_on_record_once_and_the_next_one_goes() -> None:
    def answer(_peer: FunctionPeer, question: bytes) -> bytes:
        return question * 65_508 if question == b"x" else question

    with hearing(FunctionReply(answer)) as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"x")
        peer.send(b"next")
        assert peer.recv(100) == b"next"
    (missing,) = sink.of(NotSent)
    assert (missing.size, missing.is_told) == (65_508, False)


def test_what_a_narrow_way_takes_is_told_in_bytes_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(shared: DatagramSocket, data: bytes, to: SocketAddress | None) -> int:
        if len(data) > 1_272:
            raise OSError(errno.EMSGSIZE, "Message too long")
        return send(shared, data, to)

    send = DatagramSocket._send
    monkeypatch.setattr(DatagramSocket, "_send", narrow)
    monkeypatch.setattr(sockets, "path_limit", lambda _sock: 1_300)
    with hearing() as (server, _heard), speaking(server.addresses[0]) as (client, _sink):
        with pytest.raises(SendError, match="it has 1,273 bytes, where packets have 1,300 at most") as refused:
            client.send(bytes(1_273))
        client.send(bytes(1_272))
        assert client.receive(PATIENCE) == bytes(1_272)
        with pytest.raises(SendError, match="UDP datagram has 65,507 bytes at most") as too_large:
            client.send(bytes(65_508))
    assert "Send at most 1,272 bytes at once" in str(refused.value)
    assert "1,300" not in str(too_large.value)


@needs_icmp
def test_a_port_where_nobody_listens_is_told_and_ends_nothing() -> None:
    with stranger() as nobody:
        where = place_of(nobody)
    with speaking(where) as (client, sink):
        client.send(b"anybody?")
        (remark,) = sink.wait_for(Remark)
        assert remark.is_failure
        assert remark.text == f"nothing listens at {where}: its machine {UNREACHABLE}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
            late.settimeout(PATIENCE)
            late.bind((where.host, where.port))
            client.send(b"now?")
            assert late.recv(100) == b"now?"
        assert [event.data for event in sink.of(Sent)] == [b"anybody?", b"now?"]


@pytest.mark.root
@only_linux("elsewhere a connected socket is told of ports alone")
def test_a_host_that_cannot_be_reached_is_told_and_ends_nothing() -> None:
    """The router at FAR knows no way to it, and says so by ICMP."""
    with two_hosts() as (near, far):
        far.run(lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii"))
        far.ip("route", "add", "unreachable", "10.78.0.0/24")
        near.ip("route", "add", "10.78.0.0/24", "via", FAR)

        def talk() -> tuple[list[str], list[bytes]]:
            with speaking(Address("10.78.0.1", 9)) as (client, sink):
                client.send(b"anybody?")
                sink.wait_for(Remark)
                client.send(b"still nobody?")
                sink.wait_for(Sent, 2)
                return [event.text for event in sink.of(Remark)], [event.data for event in sink.of(Sent)]

        told, sent = near.run(talk)

    assert told == ["10.78.0.1:9 cannot be reached from here"]
    assert sent == [b"anybody?", b"still nobody?"]


@pytest.mark.root
@only_linux("elsewhere the system does not tell a UDP socket")
def test_a_time_to_live_that_runs_out_on_the_way_is_told_as_that() -> None:
    """The router at FAR would have to pass it on."""
    with two_hosts() as (near, far):
        far.run(lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii"))
        far.ip("route", "add", "10.78.0.0/24", "dev", "cable-far")
        near.ip("route", "add", "10.78.0.0/24", "via", FAR)

        def talk() -> str:
            with speaking(Address("10.78.0.1", 9), options=SocketOptions(ttl=1)) as (client, sink):
                client.send(b"not far")
                return sink.wait_for(Remark)[0].text

        told = near.run(talk)

    assert told == "a datagram did not arrive at 10.78.0.1:9: its time to live ran out on the way"


@pytest.mark.root
@only_linux("elsewhere nothing refuses to part a datagram")
def test_how_much_a_router_on_the_way_takes_is_told() -> None:
    """The router at FAR takes packets of 1,300 bytes at most."""
    with two_hosts() as (near, far):
        far.run(lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii"))
        far.ip("route", "add", "10.78.0.0/24", "dev", "cable-far", "mtu", "1300")
        near.ip("route", "add", "10.78.0.0/24", "via", FAR)

        def talk() -> str:
            with speaking(Address("10.78.0.1", 9), options=SocketOptions(fragments=False)) as (client, sink):
                client.send(bytes(1_400))
                return sink.wait_for(Remark)[0].text

        told = near.run(talk)

    assert told == "the datagram is larger than the way to 10.78.0.1:9 takes, where packets have 1,300 at most"


@only_linux("elsewhere nothing tells which peer it was")
def test_a_client_of_the_unspecified_address_hears_that_nothing_listens_there() -> None:
    with stranger() as nobody:
        port = place_of(nobody).port
    with speaking(Address("0.0.0.0", port)) as (client, sink):
        client.send(b"anybody?")
        assert UNREACHABLE in sink.wait_for(Remark)[0].text


@needs_ipv6
@only_linux("other systems call it unreachable")
def test_an_address_that_lacks_its_interface_is_told_to_need_one() -> None:
    with pytest.raises(ListenError, match="a link-local IPv6 address needs its interface"):
        UdpServer("[ff02::1]:0").serve_forever()
    with pytest.raises(ConnectError, match="a link-local IPv6 address needs its interface"), speaking("[fe80::1]:9"):
        pass


@pytest.mark.root
@only_linux("elsewhere the system keeps nothing of what it refuses")
def test_what_the_system_itself_refuses_to_send_is_told_once() -> None:
    def talk() -> list[Remark]:
        with speaking(Address(FAR, 9), options=SocketOptions(fragments=False)) as (client, sink):
            with pytest.raises(SendError, match="where packets have 1,500 at most"):
                client.send(bytes(2_000))
            for _ in range(2):  # what the socket has to tell is told by then
                has_turned = threading.Event()
                client._loop.call_soon(has_turned.set)
                assert has_turned.wait(PATIENCE)
            return sink.of(Remark)

    with two_hosts() as (near, _far):
        assert near.run(talk) == []


class ToldOfWhatWasTooLarge:
    """A socket whose next call is told that what went out before was too large for the way (ICMP)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._news = [OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))]

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        if self._news:
            raise self._news.pop()
        return self._sock.send(data)


def test_a_small_datagram_goes_out_though_one_before_was_too_large_for_the_way() -> None:
    with stranger() as other, speaking(place_of(other)) as (client, _sink):
        assert client._socket is not None
        client._socket.sock = ToldOfWhatWasTooLarge(client._socket.sock)  # type: ignore[assignment]
        client.send(b"small")
        assert other.recv(100) == b"small"


def test_a_send_that_meets_the_news_of_the_one_before_goes_out_all_the_same() -> None:
    with stranger() as nobody:
        where = place_of(nobody)
    with speaking(where) as (client, sink):
        sink.congest()  # so that nobody reads, and the next send is who hears of it
        for number in range(50):
            client.send(b"%d" % number)
        sink.relieve()
        sink.wait_for(Remark)
        assert len(sink.of(Sent)) == 50


@only_linux("elsewhere the system does not say whose datagram came back")
def test_a_server_hears_which_peer_has_gone() -> None:
    with hearing("none") as (server, sink), stranger(server.addresses[0]) as stays:
        with stranger(server.addresses[0]) as goes:
            goes.send(b"bye")
            gone = place_of(goes)
            sink.wait_for(Received, 1)
        stays.send(b"hello")
        sink.wait_for(Received, 2)
        for connection in server.connections:
            connection.send(b"answer")
        assert stays.recv(100) == b"answer"

        (remark,) = sink.wait_for(Remark)
        assert (remark.connection, UNREACHABLE in remark.text) == (sink.of(Opened)[0].connection, True)
        assert str(gone) in remark.text
        assert len(server.connections) == 2


@only_linux("elsewhere the system does not say what it drops")
def test_what_the_system_drops_is_told_by_its_own_count() -> None:
    with hearing("none") as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"first")
        sink.wait_for(Received)
        sink.congest()
        count = 20_000
        for _ in range(count):
            peer.send(bytes(1000))
        sink.relieve()
        (remark, *_others) = sink.wait_for(SessionRemark)
        came = 0

        def is_all() -> bool:
            nonlocal came
            came = len(sink.of(Received)) - 1
            return came + sum(_dropped(each.text) for each in sink.of(SessionRemark)) == count

        until(is_all, "every datagram to be received or counted")
        assert remark.is_failure
        assert 0 < came < count


def _dropped(text: str) -> int:
    assert text.startswith("the system dropped ")
    return int(text.split()[3].replace(",", ""))


class ToldFirst:
    """A socket of which a receive begins with news of what was sent before, as Windows has it (WSAECONNRESET)."""

    def __init__(self, sock: socket.socket, *errors: int) -> None:
        self._sock, self._errors = sock, list(errors)

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def recvfrom(self, most: int) -> tuple[bytes, object]:
        if self._errors:
            raise OSError(self._errors.pop(), "what the system says")
        return self._sock.recvfrom(most)


def test_news_that_a_receive_brings_are_told_and_end_nothing() -> None:
    with hearing() as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"one")
        assert peer.recv(100) == b"one"
        shared = server._open_sockets[0]
        told = ToldFirst(shared.sock, errno.ECONNRESET, errno.EMSGSIZE, errno.EIO)
        server._soon(lambda: setattr(shared, "sock", told))  # between two turns of the loop
        until(lambda: isinstance(shared.sock, ToldFirst))
        peer.send(b"two")
        assert peer.recv(100) == b"two"

        (remark,) = sink.of(Remark)
        assert UNREACHABLE in remark.text
        assert not sink.of(Closed)


def test_a_crowd_that_comes_back_is_told_of_once_a_second_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with hearing() as (server, _heard), speaking(server.addresses[0]) as (client, sink):
        transport = client.connections[0]._transport
        assert isinstance(transport, DatagramTransport)
        for second in (10, 10, 10, 12):
            monkeypatch.setattr("core.net.datagrams.monotonic_ns", lambda at=second: at * 1_000_000_000)
            transport.came_back(Explanation("it came back"), is_sending=False)

        assert [remark.text for remark in sink.of(Remark)] == ["it came back", "it came back; so did 2 more"]


def test_the_systems_count_of_what_it_dropped_may_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = chain([0xFFFFFFFE], repeat(3))
    monkeypatch.setattr("core.net.sockets.dropped", lambda _sock: next(counts))
    with hearing("none") as (server, sink):
        for _ in range(2):
            server._soon(server._open_sockets[0]._look_again)
        (remark,) = sink.wait_for(SessionRemark)
        assert _dropped(remark.text) == 5
    assert len(sink.of(SessionRemark)) == 1, "the same ones are told of once"


def test_whoever_was_silent_for_longest_makes_place_for_a_newcomer() -> None:
    limits = replace(DEFAULTS, connections=2)
    with hearing(limits=limits) as (server, sink), contextlib.ExitStack() as stack:
        one, two, three = (stack.enter_context(stranger(server.addresses[0])) for _ in range(3))
        for peer in (one, two, one, three):
            peer.send(b"hi")
            assert peer.recv(100) == b"hi"

        (closed,) = sink.of(Closed)
        assert (closed.ending, closed.connection) == (Ending.FORGOTTEN, sink.of(Opened)[1].connection)
        assert [each.peer for each in server.connections] == [place_of(one), place_of(three)]


def test_who_spoke_or_came_since_the_last_newcomer_stays() -> None:
    limits = replace(DEFAULTS, connections=4)
    with hearing(limits=limits) as (server, sink), contextlib.ExitStack() as stack:
        peers = [stack.enter_context(stranger(server.addresses[0])) for _ in range(8)]
        for number in (0, 1, 2, 3, 4, 2, 5, 1, 6, 3, 7):
            peers[number].send(b"hi")
            assert peers[number].recv(100) == b"hi"
        here = {place_of(peer): number for number, peer in enumerate(peers)}
        opened = {event.connection: here[event.peer] for event in sink.of(Opened)}

        assert [opened[event.connection] for event in sink.of(Closed)] == [0, 1, 3, 4, 2, 5]
        assert [here[each.peer] for each in server.connections] == [1, 6, 3, 7]


def test_thousands_of_ports_leave_as_many_peers_as_there_may_be_and_the_server_answers_on() -> None:
    limits = replace(DEFAULTS, connections=200)
    with hearing(limits=limits) as (server, sink), stranger(server.addresses[0]) as peer:
        for number in range(examples(10_000)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooding:
                flooding.sendto(b"x", (server.addresses[0].host, server.addresses[0].port))
            if number % 100 == 0:
                peer.send(b"%d" % number)
                assert peer.recv(100) == b"%d" % number
        peer.send(b"the last")
        assert peer.recv(100) == b"the last"
        shared = server._open_sockets[0]
        assert len(server.connections) == len(server._transports) == len(shared.peers) == 200
        assert len(server._by_silence[1]) <= 200
        assert len(sink.of(Opened)) - len(sink.of(Closed)) == 200
        began = monotonic()
    assert monotonic() - began < PATIENCE / 2


@only_linux("elsewhere this machine has one address in 127.0.0.0/8")
def test_a_list_of_thousands_of_peers_is_answered_and_ended() -> None:
    count = examples(10_000)
    limits = replace(DEFAULTS, connections=count)
    with hearing(limits=limits) as (server, sink), stranger(server.addresses[0]) as peer:
        for number in range(count + 50):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind((f"127.0.{1 + number // 200}.{1 + number % 200}", 0))
                one.sendto(b"x", (server.addresses[0].host, server.addresses[0].port))
            if number % 100 == 0 or number == count + 49:  # what came before is taken in, too
                peer.send(b"?")
                assert peer.recv(100) == b"?"
        assert len(server.connections) == count
    assert len(sink.of(Closed)) == len(sink.of(Opened)) == count + 51
    assert not server.connections
    assert not server._transports


def test_many_strangers_leave_no_more_than_the_limit() -> None:
    limits = replace(DEFAULTS, connections=5)
    with hearing(limits=limits) as (server, sink), contextlib.ExitStack() as strangers:
        for _ in range(50):  # who are there at once, so that no two have the same port
            peer = strangers.enter_context(stranger(server.addresses[0]))
            peer.send(b"hi")
            peer.recv(100)
        assert len(server.connections) == len(server._transports) == len(server._open_sockets[0].peers) == 5
        assert len(sink.of(Closed)) == 45


def test_a_peer_that_says_nothing_is_forgotten_after_a_while() -> None:
    limits = replace(DEFAULTS, silent_peer=0.05)
    with hearing(limits=limits) as (server, sink), stranger(server.addresses[0]) as peer:
        for number in (1, 2):
            peer.send(b"hi")
            assert [event.ending for event in sink.wait_for(Closed, number)] == [Ending.FORGOTTEN] * number
        assert not server.connections


def test_a_peer_that_is_spoken_to_is_not_forgotten() -> None:
    limits = replace(DEFAULTS, silent_peer=0.4)
    with hearing("none", limits=limits) as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"hi")
        sink.wait_for(Received)
        (connection,) = server.connections
        for number in range(1, 11):
            connection.send(b"news")
            assert peer.recv(100) == b"news"
            sink.wait_for(Sent, number)
            until(lambda: monotonic() * 1e9 - sink.of(Sent)[-1].at > 0.08e9, "a moment of silence")
        assert sink.wait_for(Closed)[0].at - sink.of(Sent)[-1].at > 0.2e9


def test_what_comes_while_too_much_waits_to_be_answered_gets_no_answer() -> None:
    slow = RuleSet("slow", (Rule("late", "any", answer=Draft("late"), after=(100, 100)),))
    with hearing(Rules(slow)) as (server, sink), stranger(server.addresses[0]) as peer:
        for _ in range(200):
            peer.send(b"?")
        sink.wait_for(Received, 200)
        sink.wait_until(lambda: any("got no answer" in each.text for each in sink.of(Remark)), "the account")
        peer.send(b"?")
        sink.wait_until(lambda: sink.events[-1:] != [] and len(sink.of(Received)) == 201, "the last one")
        texts = [each.text for each in sink.of(Remark)]
        assert texts[0] == "more comes than is answered: what comes until that is done gets no answer"


def test_a_client_that_nobody_fetches_from_leaves_the_rest_to_the_system() -> None:
    limits = replace(DEFAULTS, inbox=10)
    with stranger() as peer, speaking(place_of(peer), limits=limits) as (client, sink):
        client.send(b"send me much")
        _data, where = peer.recvfrom(100)
        for number in range(20):
            peer.sendto(b"message %02d" % number, where)
        assert [client.receive(PATIENCE) for _ in range(20)] == [b"message %02d" % number for number in range(20)]
        assert len(sink.of(Received)) == 20


def test_a_client_hears_from_nobody_else() -> None:
    with stranger() as peer, stranger() as other, speaking(place_of(peer)) as (client, sink):
        client.send(b"hello")
        _data, where = peer.recvfrom(100)
        other.sendto(b"forged", where)
        peer.sendto(b"real", where)
        assert client.receive(PATIENCE) == b"real"
        assert [event.data for event in sink.of(Received)] == [b"real"]


def test_a_client_does_not_hear_what_was_meant_for_who_had_its_port_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(sock: socket.socket, endpoint: Endpoint) -> None:
        with stranger(Address("127.0.0.1", sock.getsockname()[1])) as other:
            other.send(b"an answer to somebody else")
        connect(sock, endpoint)

    monkeypatch.setattr("core.net.udp.connect", late)
    with stranger() as target, speaking(place_of(target)) as (client, sink):
        client.send(b"question")
        target.sendto(b"answer", target.recvfrom(100)[1])
        assert client.receive(PATIENCE) == b"answer"
        assert [event.data for event in sink.of(Received)] == [b"answer"]


@pytest.mark.parametrize("target", ["0.0.0.0:0", "[::]:0"])
def test_a_peer_of_a_server_on_every_interface_has_our_address_towards_it(target: str) -> None:
    with hearing(target=target) as (server, sink), stranger(Address("127.0.0.1", server.addresses[0].port)) as peer:
        peer.send(b"hi")
        assert peer.recv(100) == b"hi"
        (opened,) = sink.of(Opened)

        assert (opened.local, opened.peer) == (Address("127.0.0.1", server.addresses[0].port), place_of(peer))


def test_localhost_is_heard_on_both_loopbacks_and_resolved_by_a_client() -> None:
    with hearing(target="localhost:0") as (_server, sink):
        ports = {address.port for address in sink.of(Listening)[0].addresses}
        assert len(ports) == 1
        with speaking(f"localhost:{ports.pop()}") as (client, said):
            client.send(b"hello")
            assert client.receive(PATIENCE) == b"hello"
            assert said.of(Resolved)


@pytest.mark.parametrize("target", ["udp://127.0.0.1:0", "UDP://127.0.0.1:0", "127.0.0.1:0", "0"])
def test_a_target_may_have_the_scheme(target: str) -> None:
    with hearing(target=target) as (server, _sink):
        assert server.addresses[0].host == "127.0.0.1"


@pytest.mark.parametrize(
    "target",
    ["tls://127.0.0.1:1", "udp://", "127.0.0.1:65536", "udp://127.0.0.1:0", "unix:/tmp/x", "udp://unix:/tmp/x"],
)
def test_a_client_refuses_what_is_no_target(target: str) -> None:
    with pytest.raises(AddressError):
        UdpClient(target)


@pytest.mark.case("C-21")
def test_a_port_in_use_is_told_with_the_next_free_one() -> None:
    with hearing() as (server, _sink), pytest.raises(ListenError, match=r"already in use.*\d+ is free"):
        UdpServer(server.addresses[0]).serve_forever()


def test_a_name_that_nobody_knows_is_told() -> None:
    told = "no machine called|could not be looked up"  # by a name server, or where none can be asked
    with pytest.raises(ConnectError, match=told), UdpClient("nobody.invalid:9"):
        pass


def test_there_is_no_half_close_no_tls_and_no_reset() -> None:
    with hearing("none") as (server, sink), speaking(server.addresses[0]) as (client, said):
        client.send(b"hi")
        sink.wait_for(Received)
        with pytest.raises(SendError, match="UDP has no end of sending"):
            client.connections[0].finish_sending()
        server.start_tls(server.connections[0].id, Tls(verify=False), as_server=False)
        assert [event.why for event in sink.wait_for(TlsRefused)] == ["TLS is for streams of bytes, and UDP has none"]
        client.connections[0].abort()
        assert [(event.ending, event.how) for event in said.wait_for(Closed)] == [(Ending.OURS, "")]


def test_a_server_that_stops_ends_its_peers() -> None:
    with hearing() as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"hi")
        sink.wait_for(Sent)
    assert [event.ending for event in sink.of(Closed)] == [Ending.SERVER_STOPPED]
    assert isinstance(sink.events[-1], SessionClosed)


def fill(client: UdpClient, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the system say so many times that it has no room for what the client sends."""
    shared = client._shared[0]
    real, left = shared._send, [times]

    def full_at_first(data: bytes, to: object) -> int:
        if left[0]:
            left[0] -= 1
            raise BlockingIOError
        return real(data, to)  # type: ignore[arg-type]

    monkeypatch.setattr(shared, "_send", full_at_first)


def test_datagrams_that_find_no_room_wait_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with stranger() as peer, speaking(place_of(peer)) as (client, sink):
        fill(client, monkeypatch, times=3)
        for message in (b"one", b"", b"three"):
            client.send(message)
        assert [peer.recv(100) for _ in range(3)] == [b"one", b"", b"three"]
        assert [event.data for event in sink.wait_for(Sent, 3)] == [b"one", b"", b"three"]
        assert client.connections[0].waiting == 0


def test_a_waiting_datagram_that_cannot_go_out_is_put_on_record_and_the_next_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stranger() as peer, speaking(place_of(peer)) as (client, sink):
        fill(client, monkeypatch, times=2)
        client.send(bytes(70_000))
        client.send(b"small")
        assert peer.recv(100) == b"small"
        (missing,) = sink.wait_for(NotSent)
        assert (missing.size, "70,000 bytes" in missing.why) == (70_000, True)


@pytest.mark.case("C-89")
@pytest.mark.parametrize(
    "step",
    [
        "reading a socket no more",
        "parting from a peer",
        "closing a socket for datagrams",
        "giving the spare descriptor back",
    ],
)
def test_a_step_of_a_servers_end_that_raises_leaves_the_others_alone(
    step: str, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    breaker = Breaker(monkeypatch)
    with hearing() as (server, sink), stranger(server.addresses[0]) as peer:
        peer.send(b"hi")
        sink.wait_for(Sent)
        breaker.steps({step: KINDS[0]})
    assert breaker.broken == [step]
    assert [record.getMessage() for record in logged_errors] == [f"fault in {step}"]
    logged_errors.clear()


@pytest.mark.case("C-89")
@pytest.mark.parametrize("step", ["closing a UDP client", "closing a socket for datagrams"])
def test_a_step_of_a_clients_end_that_raises_leaves_the_others_alone(
    step: str, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    breaker = Breaker(monkeypatch)
    with stranger() as peer, speaking(place_of(peer)):
        breaker.steps({step: KINDS[0]})
    assert breaker.broken == [step]
    assert [record.getMessage() for record in logged_errors] == [f"fault in {step}"]
    logged_errors.clear()


# Faults.


def test_a_line_that_loses_everything_is_told_both_ways() -> None:
    with hearing() as (server, heard):
        sink = Sink()
        with UdpClient(server.addresses[0], fault_out=parse_faults("loss=1"), events=sink) as client:
            client.send(b"never arrives")
            texts = [each.text for each in sink.wait_for(Remark, 2)]
            assert texts == [
                "fault on the way to the peer: 100 % of the datagrams lost",
                "fault on the way to the peer: a datagram of 13 bytes was lost",
            ]
            assert [event.data for event in sink.of(Sent)] == [b"never arrives"]
        check_law(sink.events)
        assert not heard.of(Received)


def test_a_line_that_doubles_and_delays_what_comes_back() -> None:
    sink = Sink()
    faults = parse_faults("duplicate=1,latency=5ms")
    with hearing() as (server, _heard), UdpClient(server.addresses[0], fault_in=faults, events=sink) as client:
        for message in (b"one", b""):
            client.send(message)
            assert [client.receive(PATIENCE) for _ in range(2)] == [message] * 2
    assert [event.data for event in sink.of(Received)] == [b"one", b"one", b"", b""]
    check_law(sink.events)


def test_each_peer_of_a_server_has_its_own_bad_line() -> None:
    sink = Sink()
    faults = parse_faults("latency=20ms")
    with (
        UdpServer("127.0.0.1:0", reply="echo", fault_out=faults, fault_in=faults, events=sink) as server,
        speakers(server) as (one, other),
    ):
        one.send(b"one")
        other.send(b"other")
        assert (one.recv(100), other.recv(100)) == (b"one", b"other")
        assert len(sink.of(Remark)) == 4
    check_law(sink.events)


def test_what_cannot_go_out_of_a_bad_line_is_told() -> None:
    sink = Sink()
    with stranger() as peer, UdpClient(place_of(peer), fault_out=parse_faults("latency=1ms"), events=sink) as client:
        client.send(bytes(70_000))
        sink.wait_until(lambda: any(each.is_failure for each in sink.of(Remark)), "the news")
        client.send(b"small")
        assert peer.recv(100) == b"small"


def test_faults_of_streams_are_refused() -> None:
    with pytest.raises(FaultError, match="slice happens to streams"):
        UdpClient("127.0.0.1:9", fault_out=parse_faults("slice=1"))


def set_faults(session: UdpServer | UdpClient, out: str = "", into: str = "", number: int | None = None) -> None:
    ways = (parse_faults(written) if written else None for written in (out, into))
    session.set_faults(BothWays(*ways), number)


def told(sink: Sink) -> list[str]:
    return [each.text for each in sink.of(Remark)]


def test_faults_are_switched_on_and_off_while_a_client_talks() -> None:
    with hearing() as (server, heard), speaking(server.addresses[0]) as (client, sink):
        client.send(b"sound")
        assert client.receive(PATIENCE) == b"sound"
        set_faults(client, out="loss=1")
        sink.wait_for(Remark)
        client.send(b"lost")
        sink.wait_for(Remark, 2)
        set_faults(client, into="duplicate=1")
        sink.wait_for(Remark, 4)
        client.send(b"twice")
        assert [client.receive(PATIENCE) for _ in range(2)] == [b"twice", b"twice"]
        set_faults(client)
        sink.wait_for(Remark, 6)
        client.send(b"once")
        client.send(b"more")
        assert [client.receive(PATIENCE) for _ in range(2)] == [b"once", b"more"]

    assert told(sink) == [
        "fault on the way to the peer: 100 % of the datagrams lost",
        "fault on the way to the peer: a datagram of 4 bytes was lost",
        "fault on the way to the peer: none any more",
        "fault on the way from the peer: 100 % of the datagrams twice",
        "fault on the way from the peer: a datagram of 5 bytes goes on twice",
        "fault on the way from the peer: none any more",
    ]
    assert [event.data for event in heard.of(Received)] == [b"sound", b"twice", b"once", b"more"]


def test_a_datagram_that_is_sent_after_the_faults_were_set_goes_through_them_however_busy_the_session_is() -> None:
    with hearing() as (server, heard), speaking(server.addresses[0]) as (client, sink):
        go_on = held_up(client)
        client.send(b"before")
        set_faults(client, out="loss=1")
        client.send(b"lost")
        go_on.set()
        sink.wait_for(Remark, 2)
        set_faults(client)
        client.send(b"after")
        assert [client.receive(PATIENCE) for _ in range(2)] == [b"before", b"after"]

    assert [event.data for event in heard.of(Received)] == [b"before", b"after"]


def test_one_peer_of_a_server_may_have_faults_of_its_own_and_newcomers_have_those_of_all() -> None:
    with hearing() as (server, sink), speakers(server) as (one, other):
        for peer in (one, other):
            peer.send(b"hi")
            assert peer.recv(100) == b"hi"
        set_faults(server, out="duplicate=1", number=1)
        sink.wait_for(Remark)
        one.send(b"1")
        other.send(b"2")
        assert [one.recv(100), one.recv(100), other.recv(100)] == [b"1", b"1", b"2"]
        set_faults(server, into="duplicate=1")
        sink.wait_until(lambda: len(told(sink)) == 5, "the faults of all")
        with stranger(server.addresses[0]) as third:
            third.send(b"3")
            assert [third.recv(100), third.recv(100)] == [b"3", b"3"]
            one.send(b"4")
            assert [one.recv(100), one.recv(100)] == [b"4", b"4"]
        assert server.faults(1) == server.faults() == BothWays(into=parse_faults("duplicate=1"))


def test_what_a_line_holds_goes_on_at_once_and_in_order_when_its_faults_are_changed() -> None:
    with hearing() as (server, heard), speaking(server.addresses[0]) as (client, sink):
        set_faults(client, out="latency=1000s")
        sink.wait_for(Remark)
        for number in range(3):
            client.send(b"%d" % number)
        client.send(b"")
        assert not heard.of(Received)
        set_faults(client, into="latency=1000s")
        sink.wait_for(Remark, 3)
        assert [event.data for event in heard.wait_for(Received, 4)] == [b"0", b"1", b"2", b""]
        (transport,) = client._transports.values()
        until(lambda: transport._in is not None and transport._in.count == 4, "the echoes on their way")
        set_faults(client)
        assert [client.receive(PATIENCE) for _ in range(4)] == [b"0", b"1", b"2", b""]


def test_what_is_sent_while_faults_come_and_go_arrives_in_order() -> None:
    sent = [b"%d" % number for number in range(400)]
    kinds = ["latency=2ms~2", "", "bandwidth=1MB", "latency=1ms", ""]
    with hearing("none") as (server, heard), speaking(server.addresses[0]) as (client, sink):
        for number, data in enumerate(sent):
            if number % 20 == 0:
                set_faults(client, out=kinds[number // 20 % len(kinds)])
            client.send(data)
        set_faults(client)
        assert [event.data for event in heard.wait_for(Received, len(sent))] == sent
        assert [event.data for event in sink.of(Sent)] == sent


def test_a_client_that_ends_lets_out_what_comes_out_in_time_and_accounts_for_the_rest() -> None:
    with hearing("none") as (server, heard):
        with speaking(server.addresses[0]) as (client, sink):
            set_faults(client, out="latency=5ms")
            sink.wait_for(Remark)
            client.send(b"soon")
            sink.wait_for(Sent)
        assert [event.data for event in heard.wait_for(Received)] == [b"soon"]
        limits = replace(DEFAULTS, drain=0.01)
        with speaking(server.addresses[0], limits=limits) as (client, sink):
            set_faults(client, out="latency=1000s")
            sink.wait_for(Remark)
            client.send(b"never")
            client.send(b"")
            sink.wait_for(Sent, 2)
        assert told(sink)[-1] == "fault on the way to the peer: 2 datagrams had not come through at the end"


@pytest.mark.parametrize("written", ["slice=1", "dying-router"])
def test_faults_of_streams_are_refused_while_it_talks_too(written: str) -> None:
    with hearing() as (server, _sink), pytest.raises(FaultError, match="alone: leave it out"):
        set_faults(server, into=written)


# Groups and broadcast.

GROUP = "239.255.77.7"


def test_a_group_of_the_other_kind_of_address_is_not_said_to_be_joined() -> None:
    six = SocketOptions(groups=("ff02::88%nope0",))
    with hearing() as (server, sink):
        server.tune(six)
        (told,) = sink.wait_for(SessionRemark)
        server.tune(SocketOptions())
        until(lambda: server._in_effect == SocketOptions())
        assert sink.of(SessionRemark) == [told]
    assert told.is_failure
    assert told.text == "the group ff02::88%nope0 is not joined: it is of IPv6, and the address of this session of IPv4"


@only_linux("the interface is called lo, and groups work on it")
def test_a_server_that_joins_a_group_and_cannot_hear_it_says_so() -> None:
    joined = SocketOptions(groups=(GROUP,), interface="lo")
    with hearing("none", target="127.0.0.1:0") as (server, sink):
        server.tune(joined)
        assert [each.text for each in sink.wait_for(SessionRemark, 2)] == [
            f"has joined the group {GROUP} on the interface lo",
            f"what is sent to the group {GROUP} does not come to a server at 127.0.0.1: listen at 0.0.0.0 or ::, "
            "or at the group itself",
        ]
    with hearing("none", target=f"{GROUP}:0", options=SocketOptions(interface="lo")) as (_server, sink):
        assert len(sink.of(SessionRemark)) == 1


@only_linux("the interface is called lo, and groups work on it")
def test_a_group_is_joined_heard_and_left() -> None:
    joined = SocketOptions(groups=(GROUP,), interface="lo")
    with (
        hearing("none", target="0.0.0.0:0", options=joined) as (server, sink),
        speaking(Address(GROUP, server.addresses[0].port), options=SocketOptions(interface="lo", ttl=0)) as (client, _),
    ):
        assert [each.text for each in sink.of(SessionRemark)] == [f"has joined the group {GROUP} on the interface lo"]
        client.send(b"to the group")
        assert [event.data for event in sink.wait_for(Received)] == [b"to the group"]
        server.tune(SocketOptions(interface="lo"))
        sink.wait_for(SessionRemark, 2)
        assert sink.of(SessionRemark)[1].text == f"has left the group {GROUP}"
        client.send(b"nobody hears this")
        server.tune(joined)
        sink.wait_for(SessionRemark, 3)
        client.send(b"back")
        assert [event.data for event in sink.wait_for(Received, 2)] == [b"to the group", b"back"]


@only_linux("the interface is called lo, and groups work on it")
def test_a_group_is_heard_as_before_where_the_new_options_are_refused_and_can_still_be_left() -> None:
    joined = SocketOptions(groups=(GROUP,), interface="lo")
    with (
        hearing("none", target="0.0.0.0:0", options=joined) as (server, sink),
        speaking(Address(GROUP, server.addresses[0].port), options=SocketOptions(interface="lo")) as (client, _),
    ):
        server.tune(SocketOptions(groups=("239.1.2.4",), interface="nope0", ttl=7))
        assert sink.wait_for(SessionRemark, 2)[1].text == (
            "this machine has no network interface “nope0”. The socket options stay as they were"
        )
        assert server.socket_options == joined
        (shared,) = server._shared
        assert shared.sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 64
        client.send(b"still heard")
        sink.wait_for(Received, 1)
        server.tune(SocketOptions(interface="lo"))
        assert sink.wait_for(SessionRemark, 3)[2].text == f"has left the group {GROUP}"
        client.send(b"not heard")
        with stranger(server.addresses[0]) as other:
            other.send(b"the last")
            assert [event.data for event in sink.wait_for(Received, 2)] == [b"still heard", b"the last"]


@only_linux("the interface is called lo, and groups work on it")
def test_a_group_is_joined_once_however_often_and_however_it_is_written() -> None:
    options = SocketOptions(groups=("FF02::FB%lo", "ff02:0::fb%lo", "ff02::fb%lo"))
    with hearing("none", target="[::]:0", options=options) as (_server, sink):
        assert [each.text for each in sink.of(SessionRemark)] == ["has joined the group ff02::fb%lo"]


@only_linux("the interface is called lo, and groups work on it")
def test_whoever_answers_a_group_is_told_apart() -> None:
    options = SocketOptions(groups=(GROUP,), interface="lo")
    with (
        hearing("echo", target="0.0.0.0:0", options=options) as (server, _heard),
        stranger() as other,
        speaking(Address(GROUP, server.addresses[0].port), options=SocketOptions(interface="lo")) as (client, sink),
    ):
        client.send(b"who is there?")
        assert client.receive(PATIENCE) == b"who is there?"
        other.sendto(b"me too", ("127.0.0.1", client.connections[0]._transport.local.port))
        assert client.receive(PATIENCE) == b"me too"
        first, second = (each.text for each in sink.of(Remark))
        assert first.startswith("what follows comes from ")
        assert first.endswith(f":{server.addresses[0].port}")
        assert second == f"what follows comes from {place_of(other)}"
        other.sendto(b"me again", ("127.0.0.1", client.connections[0]._transport.local.port))
        assert client.receive(PATIENCE) == b"me again"
        assert len(sink.of(Remark)) == 2, "who speaks is told once"


@only_linux("the interface is called lo, and groups work on it")
def test_a_server_at_a_group_joins_it() -> None:
    options = SocketOptions(interface="lo")
    with (
        hearing("none", target=f"{GROUP}:0", options=options) as (server, sink),
        speaking(Address(GROUP, server.addresses[0].port), options=options) as (client, _said),
    ):
        client.send(b"hello")
        assert [event.data for event in sink.wait_for(Received)] == [b"hello"]
        (opened,) = sink.of(Opened)
        assert (opened.local.is_group, opened.local.port) == (False, server.addresses[0].port)  # an answer's source


@only_linux("the interface is called lo, and groups work on it")
def test_a_port_of_a_group_is_shared() -> None:
    options = SocketOptions(groups=(GROUP,), interface="lo")
    with hearing("none", target="0.0.0.0:0", options=options) as (server, one):
        port = server.addresses[0].port
        with (
            hearing("none", target=f"0.0.0.0:{port}", options=options) as (_other, two),
            speaking(Address(GROUP, port), options=SocketOptions(interface="lo")) as (client, _said),
        ):
            client.send(b"both")
            assert [event.data for sink in (one, two) for event in sink.wait_for(Received)] == [b"both", b"both"]


def test_the_options_are_those_of_the_socket_and_go_back() -> None:
    options = SocketOptions(ttl=7, broadcast=True, hears_itself=False, fragments=False)
    with stranger() as peer, speaking(place_of(peer), options=options) as (client, _sink):
        assert _options_of(client) == (7, 7, True, 0)
        client.tune(SocketOptions())
        until(lambda: client._in_effect == SocketOptions())
        assert _options_of(client) == (64, 1, False, 1)


def _options_of(client: UdpClient) -> tuple[int, int, bool, int]:
    """The hops of a datagram and of one to a group, whether broadcast is allowed, whether groups are heard here."""
    sock = client._shared[0].sock
    of_ip = [
        sock.getsockopt(socket.IPPROTO_IP, option)
        for option in (socket.IP_TTL, socket.IP_MULTICAST_TTL, socket.IP_MULTICAST_LOOP)
    ]
    return of_ip[0], of_ip[1], bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)), of_ip[2]


@only_linux("other systems have no such option, or another")
def test_what_is_larger_than_the_way_takes_can_be_refused_instead_of_parted() -> None:
    with stranger() as peer, speaking(place_of(peer), options=SocketOptions(fragments=False)) as (client, _sink):
        assert client._shared[0].sock.getsockopt(socket.IPPROTO_IP, 10) == 2  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        client.tune(SocketOptions())
        until(lambda: client._in_effect.fragments)
        assert client._shared[0].sock.getsockopt(socket.IPPROTO_IP, 10) == 1  # IP_PMTUDISC_WANT


@needs_ipv6
@only_linux("the interface is called lo")
def test_a_group_that_names_its_interface_is_joined_there() -> None:
    there = socket.inet_pton(socket.AF_INET6, "ff02::88") + struct.pack("@I", socket.if_nametoindex("lo"))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        joined = SocketOptions(groups=("ff02::88%lo",))
        use_options(sock, joined, AS_USUAL)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, there)  # refused where it is not joined
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, there)
        use_options(sock, AS_USUAL, joined)
        with pytest.raises(OSError, match="assign"):
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, there)


@needs_ipv6
@only_linux("the interface is called lo")
def test_the_interface_that_a_group_names_is_told_and_no_other() -> None:
    sink = Sink()
    options = SocketOptions(groups=("ff02::88%lo", "ff05::88"), interface="lo")
    with UdpServer("[::]:0", socket_options=options, events=sink):
        assert [each.text for each in sink.wait_for(SessionRemark, 2)] == [
            "has joined the group ff02::88%lo",
            "has joined the group ff05::88 on the interface lo",
        ]
    with pytest.raises(ListenError, match="no network interface “nope0”"):
        UdpServer("[::]:0", socket_options=SocketOptions(groups=("ff02::88%nope0",))).serve_forever()


@pytest.mark.parametrize("interface", ["nope0", "999999", "192.0.2.1"])
def test_an_interface_that_is_not_there_is_told(interface: str) -> None:
    options = SocketOptions(groups=(GROUP,), interface=interface)
    with pytest.raises(ListenError, match=f"no network interface “{interface}”"):
        UdpServer("0.0.0.0:0", socket_options=options).serve_forever()


@pytest.mark.root
@only_linux("network namespaces are Linux's")
def test_a_group_that_no_network_leads_to_is_told_to_want_an_interface() -> None:
    def join() -> None:
        UdpServer("0.0.0.0:0", socket_options=SocketOptions(groups=(GROUP,))).serve_forever()

    with two_hosts() as (near, _far), pytest.raises(ListenError, match="choose an interface"):
        near.run(join)


def test_a_group_that_cannot_be_joined_later_is_told_and_the_server_goes_on() -> None:
    with hearing() as (server, sink), stranger(server.addresses[0]) as peer:
        server.tune(SocketOptions(groups=(GROUP,), interface="nope0"))
        (remark,) = sink.wait_for(SessionRemark)
        assert (remark.is_failure, "nope0" in remark.text) == (True, True)
        peer.send(b"still?")
        assert peer.recv(100) == b"still?"


@only_linux("loopback has a broadcast address")
def test_broadcast_wants_to_be_allowed() -> None:
    with speaking("127.255.255.255:9") as (client, _sink), pytest.raises(SendError, match="Allow broadcast"):
        client.send(b"all of you")
    with stranger() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as everybody:
        everybody.settimeout(PATIENCE)
        everybody.bind(("", 0))
        where = Address("127.255.255.255", everybody.getsockname()[1])
        with speaking(where, options=SocketOptions(broadcast=True)) as (_client, sink):
            assert sink.of(Opened)[0].local.host == "127.0.0.1"
        with speaking(where) as (client, _sink):
            client.tune(SocketOptions(broadcast=True))
            until(lambda: client._in_effect.broadcast)
            client.send(b"all of you")
            data, source = everybody.recvfrom(100)
            peer.sendto(b"here", source)
            assert (data, client.receive(PATIENCE)) == (b"all of you", b"here")


@pytest.mark.parametrize(
    "options",
    [{"groups": ("10.0.0.1",)}, {"groups": ("x",)}, {"ttl": -1}, {"ttl": 256}, {"groups": (GROUP,) * 21}],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(SocketOptionError):
        SocketOptions(**options)  # type: ignore[arg-type]


def test_wrong_words_are_refused() -> None:
    with pytest.raises(TincanError):
        UdpServer("0", reply="nonsense")
