"""A client: connects, receives in a bounded inbox, parts, and can be stopped at any moment of it."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from core.address import Address
from core.errors import AddressError, ConnectError, ConnectionEnded, SendError, TincanError
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Opened,
    PeerFinished,
    Received,
    Resolving,
    Sent,
    SessionClosed,
    SessionOpened,
)
from core.net import sockets
from core.net.client import Client, Inbox
from core.net.connection import Connection
from core.net.owner import Pause
from core.net.resolver import Resolver
from core.net.sockets import Endpoint
from core.settings import KIB, MIB, Limits
from core.supervision import Worker
from tests.support.law import check_law
from tests.support.peers import Host, Peer, Resets, black_hole, free_port
from tests.support.sink import PATIENCE, SOON, Sink, until
from tests.support.stage import calling
from tests.support.systems import needs_rst, only_linux

on_linux = only_linux("a full backlog swallows packets on Linux only")


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as made:
        yield made


# Talking.


def test_says_and_hears_and_parts(host: Host) -> None:
    with calling(host.address) as (client, sink), host.accept(Peer) as peer:
        client.send(b"hello")
        assert peer.hear(5) == b"hello"
        peer.say(b"world")
        assert client.receive(PATIENCE) == b"world"
        assert "running" in repr(client)
        client.stop()
        assert peer.hear_all() == b""
    assert [event.ending for event in sink.of(Closed)] == [Ending.OURS]
    assert "stopped" in repr(client)
    (opened,) = sink.of(Opened)
    assert opened.peer == host.address
    assert opened.took is not None


@pytest.mark.parametrize("framing", ["raw", "line"])
def test_what_is_sent_is_what_the_message_was_then(host: Host, framing: str) -> None:
    limits = Limits(outbox=64 * MIB)
    with calling(host.address, framing=framing, limits=limits) as (client, sink), host.accept(Peer) as peer:
        large, small = bytearray(b"A" * (16 * MIB)), memoryview(bytearray(b"small\n"))
        client.send(large)  # type: ignore[arg-type]  # more than the kernel takes, so that most of it waits
        client.send(small, exact=True)  # type: ignore[arg-type]
        large[:] = b"B" * len(large)
        small[:] = b"-----\n"
        ending = b"\n" if framing == "line" else b""
        assert peer.hear(16 * MIB + len(ending) + 6) == b"A" * (16 * MIB) + ending + b"small\n"
        assert [event.data[:5] for event in sink.wait_for(Sent, 2)] == [b"AAAAA", b"small"]


@pytest.mark.parametrize("message", ["text", 5, None, [97], ()])
@pytest.mark.parametrize("framing", ["raw", "line", "fixed:1", "flag:7e"])
def test_what_is_no_bytes_is_refused_at_once(host: Host, framing: str, message: object) -> None:
    with calling(host.address, framing=framing) as (client, sink), host.accept(Peer):
        for exact in (False, True):
            with pytest.raises(TypeError, match=f"a message is bytes, and this is {type(message).__name__}"):
                client.send(message, exact=exact)  # type: ignore[arg-type]
        assert sink.of(Sent) == []


@pytest.mark.parametrize("end", [Connection.abort, Connection.close])
def test_who_hears_that_it_stands_may_end_it_at_once(host: Host, end: Callable[[Connection], None]) -> None:
    with calling(host.address, stands=end) as (client, sink):
        sink.wait_for(SessionClosed)
        assert client.connections == []
        client.check()
    assert len(sink.of(Opened)) == len(sink.of(Closed)) == 1


def test_hears_every_message_until_the_server_has_finished(host: Host) -> None:
    with calling(host.address, framing="line") as (client, sink):
        with host.accept(Peer) as peer:
            peer.say(b"one\ntwo\nthree")
        assert list(client) == [b"one", b"two", b"three"]
        sink.wait_for(SessionClosed)
        assert client.connections == []
        with pytest.raises(SendError):
            client.send(b"too late")
        with pytest.raises(ConnectionEnded):
            client.receive()
    assert [event.ending for event in sink.of(Closed)] == [Ending.PEER_FINISHED]


@pytest.mark.case("C-05")
def test_finishes_sending_and_still_hears_the_answer(host: Host) -> None:
    with calling(host.address) as (client, _sink), host.accept(Peer) as peer:
        client.send(b"question")
        client.finish_sending()
        assert peer.hear_all() == b"question"
        peer.say(b"answer")
        peer.leave()
        assert b"".join(client) == b"answer"
        client.finish_sending()  # nothing is there to finish: no harm


def test_a_half_open_client_goes_on_sending_to_a_server_that_has_finished(host: Host) -> None:
    sink = Sink()
    with Client(host.address, half_open=True, events=sink) as client, host.accept(Peer) as peer:
        peer.finish()
        until(lambda: bool(sink.of(PeerFinished)))
        client.send(b"the rest")
        client.finish_sending()
        assert peer.hear_all() == b"the rest"
    assert [event.ending for event in sink.of(Closed)] == [Ending.PEER_FINISHED]


def test_a_message_that_does_not_come_in_time_is_a_timeout(host: Host) -> None:
    with calling(host.address) as (client, _sink), host.accept(Peer), pytest.raises(TimeoutError):
        client.receive(0.01)


def test_receiving_is_for_who_holds_the_client_in_a_with_block(host: Host) -> None:
    with pytest.raises(RuntimeError, match="context manager"):
        Client(host.address).receive()


def test_finds_its_connection_by_number(host: Host) -> None:
    with calling(host.address) as (client, _sink), host.accept(Peer):
        (connection,) = client.connections
        assert client.connection(connection.id) is connection
        assert client.connection(ConnectionId(99)) is None


@needs_rst
def test_works_without_anybody_to_tell(host: Host) -> None:
    with Client(str(host.address)) as client, host.accept(Peer) as peer:
        peer.say(b"hello")
        assert client.receive(PATIENCE) == b"hello"
        client.connections[0].abort()
        peer.hear_a_reset()


@pytest.mark.case("C-42")
def test_what_nobody_fetches_stays_with_the_peer(host: Host) -> None:
    limits = Limits(inbox=64 * KIB, receive=16 * KIB)
    with calling(host.address, limits=limits) as (client, sink), host.accept(Peer) as peer:
        peer.sock.setblocking(False)
        said = fill(peer)
        (connection,) = client.connections
        until(lambda: Pause.OWNER in connection._pause, "a client that stops reading")
        assert sum(len(event.data) for event in sink.of(Received)) <= 64 * KIB + 16 * KIB
        heard = 0
        while heard < said:
            heard += len(client.receive(PATIENCE))
        assert heard == said
        until(lambda: connection._pause is Pause.NONE, "a client that reads on")


def fill(peer: Peer) -> int:
    """Say until the other side's buffers are full."""
    said = 0
    try:
        while said < 1 << 30:
            said += peer.sock.send(b"x" * 65536)
    except BlockingIOError:
        return said
    raise AssertionError("the client takes whatever comes")


def test_an_inbox_is_full_once_and_has_room_once() -> None:
    inbox = Inbox(10)
    assert not inbox.put([b"x" * 10])
    assert inbox.put([b"y"])
    assert not inbox.put([b"z" * 20]), "it was full already"
    assert inbox.take(0) == (b"x" * 10, False)
    assert inbox.take(0) == (b"y", False)
    assert inbox.take(0) == (b"z" * 20, True)
    inbox.end()
    with pytest.raises(ConnectionEnded):
        inbox.take(None)


# Connecting, or not.


@pytest.mark.case("C-09")
def test_a_refusal_is_raised_with_host_port_and_advice() -> None:
    nobody = Address("127.0.0.1", free_port())
    sink = Sink()
    client = Client(nobody, events=sink)
    with pytest.raises(ConnectError, match=str(nobody)) as refusal:
        client.run()
    assert not refusal.value.cancelled
    assert "Start the server first" in str(refusal.value)
    assert [type(event) for event in sink.events] == [SessionOpened, SessionClosed]
    assert sink.of(SessionClosed)[0].failure == refusal.value.explanation
    assert "failed" in repr(client)


@pytest.mark.case("C-09")
def test_a_with_block_is_not_entered_if_nobody_answers() -> None:
    with pytest.raises(ConnectError), Client(Address("127.0.0.1", free_port())):
        raise AssertionError("it was entered")


@pytest.mark.case("C-28", "C-29")
@pytest.mark.parametrize(
    "target",
    [
        *("", "127.0.0.1", "127.0.0.1:0", "h:65536", "h:-1", "h:80x", "h:1.5", "h:٨٠", "a b:80", "a\0b:80"),
        *("\u202eh:80", "a" * 64 + ":80", "a." * 130 + "b:80", "[::1:80", "::1:80:", "h:" + "9" * 5000),
    ],
)
def test_what_is_no_address_is_refused_before_anything_begins(target: str) -> None:
    with pytest.raises(AddressError):
        Client(target)


@pytest.mark.case("C-28")
@pytest.mark.parametrize("port", [True, 1.5, "80", None, -1, 65536])
def test_a_port_that_is_no_number_is_refused_too(port: object) -> None:
    with pytest.raises(AddressError):
        Client(Address("127.0.0.1", port))  # type: ignore[arg-type]


def test_an_unknown_framing_is_refused_before_anything_begins(host: Host) -> None:
    with pytest.raises(TincanError, match="framing"):
        Client(host.address, framing="morse")


@pytest.mark.case("C-13")
def test_localhost_reaches_a_server_on_one_of_its_addresses_only(host: Host) -> None:
    sink = Sink()
    with Client(f"localhost:{host.address.port}", events=sink) as client, host.accept(Peer) as peer:
        client.send(b"hello")
        assert peer.hear(5) == b"hello"
    assert sink.of(Resolving)[0].host == "localhost"
    assert sink.of(Opened)[0].peer == host.address
    check_law(sink.events)


@on_linux
@pytest.mark.case("C-10")
def test_a_black_hole_is_given_up_at_the_deadline() -> None:
    sink = Sink()
    with black_hole() as hole, pytest.raises(ConnectError, match="o answer from"):
        Client(hole, limits=Limits(connect=0.2), events=sink).run()
    check_law(sink.events)


@on_linux
@pytest.mark.case("C-10", "C-11")
def test_stopped_while_connecting_it_is_over_at_once() -> None:
    sink = Sink()
    with black_hole() as hole:
        client = Client(hole, events=sink)
        client.start()
        until(lambda: client._dialer is not None and bool(client._dialer._dialling), "an attempt")
        client.stop()
        client.stop()
        assert client.join(SOON), "cancelling waited for the answer"
        with pytest.raises(SendError, match="not connected"):
            client.send(b"hello")
    (closed,) = sink.of(SessionClosed)
    assert closed.cancelled
    assert closed.failure is None
    check_law(sink.events)


@on_linux
@pytest.mark.case("C-11")
def test_who_waits_for_a_connection_is_told_that_it_was_cancelled() -> None:
    with black_hole() as hole:
        client = Client(hole)
        stopper = threading.Timer(0.1, client.stop)
        stopper.start()
        with pytest.raises(ConnectError, match="cancelled") as refusal, client:
            raise AssertionError("it was entered")
        stopper.join()
    assert refusal.value.cancelled


@pytest.mark.case("C-12")
def test_a_name_server_that_hangs_holds_up_neither_stop_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()

    def hang(_target: Address, *, for_server: bool) -> list[Endpoint]:
        back.wait(PATIENCE)
        return []

    monkeypatch.setattr(sockets, "resolve", hang)
    resolver, sink = Resolver(4), Sink()
    clients = [Client("tincan.test:80", events=sink if number == 0 else None, resolver=resolver) for number in range(4)]
    for client in clients:
        client.start()
    sink.wait_for(Resolving)
    until(lambda: sum(thread.name.startswith("resolver") for thread in threading.enumerate()) == 4)
    with pytest.raises(ConnectError, match="name server does not answer"):
        Client("tincan.test:80", resolver=resolver).run()
    for client in clients:
        client.stop()
    assert all(client.join(SOON) for client in clients)
    check_law(sink.events)
    back.set()
    until(lambda: not any(thread.name.startswith("resolver") for thread in threading.enumerate()))


@pytest.mark.case("C-15")
def test_a_server_that_resets_before_we_looked_is_a_failure_to_connect(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS a socket that was reset has not even a name of its own."""

    def nameless(*_args: object, **_options: object) -> Connection:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(Client, "_connection", nameless)
    sink = Sink()
    with pytest.raises(ConnectError):
        Client(host.address, events=sink).run()
    check_law(sink.events)


@pytest.mark.case("C-03")
@needs_rst
def test_a_server_that_resets_ends_what_is_received(host: Host) -> None:
    with calling(host.address) as (client, sink):
        with host.accept(Resets) as peer:
            peer.say(b"first")
            assert client.receive(PATIENCE) == b"first"
        assert list(client) == []
    assert [event.ending for event in sink.of(Closed)] == [Ending.PEER_RESET]


@pytest.mark.case("C-08")
def test_a_client_cannot_connect_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_oneself(endpoint: Endpoint) -> tuple[socket.socket, int]:
        sock = socket.socket()
        sock.bind(endpoint.sockaddr)
        sock.setblocking(False)
        sock.connect_ex(sock.getsockname())
        return sock, 0

    monkeypatch.setattr(sockets, "start_connect", to_oneself)
    with pytest.raises(ConnectError, match="refused"):
        Client(Address("127.0.0.1", free_port())).run()


# Order.


@pytest.mark.case("C-17")
def test_stopped_before_it_was_started_it_never_connects(host: Host) -> None:
    sink = Sink()
    client = Client(host.address, events=sink)
    assert "not started" in repr(client)
    client.stop()
    assert client.join()
    with pytest.raises(ConnectError) as refusal:
        client.run()
    assert refusal.value.cancelled
    assert [type(event) for event in sink.events] == [SessionOpened, SessionClosed]


@pytest.mark.case("C-17")
def test_a_client_has_one_life(host: Host) -> None:
    with calling(host.address) as (client, _sink), host.accept(Peer):
        for again in (client.start, client.run):
            with pytest.raises(RuntimeError, match="run before"):
                again()
    with pytest.raises(RuntimeError, match="run before"):
        client.start()


@pytest.mark.case("C-17")
def test_stopped_by_its_own_thread_it_does_not_wait_for_itself(host: Host) -> None:
    with calling(host.address) as (client, sink), host.accept(Peer) as peer:
        joined: list[bool] = []
        client._loop.call_soon(lambda: (client.stop(), joined.append(client.join()))[0])  # type: ignore[func-returns-value]
        assert peer.hear_all() == b""
        peer.leave()
        sink.wait_for(SessionClosed)
    assert joined == [True]


@pytest.mark.case("C-32")
def test_without_a_thread_to_be_had_it_says_so_and_nobody_waits_for_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    client = Client(host.address)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError, match="new thread"):
            client.start()
    client.stop()
    assert client.join()


@pytest.mark.case("C-67")
@needs_rst
def test_a_fault_of_our_own_still_ends_the_session_with_its_events(host: Host, logged_errors: list[object]) -> None:
    with calling(host.address) as (client, sink), host.accept(Peer) as peer:
        client._loop.call_soon(lambda: [][0])
        with pytest.raises(ConnectionEnded):
            client.receive(PATIENCE)
        peer.hear_a_reset()
        (closed,) = sink.wait_for(SessionClosed)
        assert closed.failure is not None
        assert "IndexError" in closed.failure.what
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_ctrl_c_while_it_connects_leaves_no_thread_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with Host() as host:
        client = Client(host.address)
        monkeypatch.setattr(client._stands_or_over, "wait", interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.__enter__()
        assert client.join(PATIENCE)


def test_ctrl_c_while_its_thread_begins_leaves_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """``Worker.start`` waits for the thread, and there an interrupt may come."""
    start = Worker.start

    def start_and_interrupt(worker: Worker) -> None:
        start(worker)
        raise KeyboardInterrupt

    with Host() as host:
        client = Client(host.address)
        monkeypatch.setattr(Worker, "start", start_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.__enter__()
        until(lambda: not any(str(host.address) in thread.name for thread in threading.enumerate()), "the thread's end")
