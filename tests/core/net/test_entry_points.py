"""Whatever a session's loop is asked to call may raise: the smallest thing ends, all else goes on, and it is told."""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from core.address import Address
from core.compose import Draft
from core.errors import ConnectError, ConnectionEnded, SendError, TincanError
from core.events import Opened, Received
from core.net.client import Client
from core.net.resolver import Outcome, Resolver
from core.net.server import Server
from core.net.socket_options import SocketOptions
from core.net.tap import Tap
from core.net.udp import UdpClient, UdpServer
from core.replies import Reply
from core.replies.on_connect import OnConnect
from core.replies.rules import Rules
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.settings import DEFAULTS
from core.tls.settings import Tls
from core.wire.faults import parse_faults
from tests.support.injection import KINDS, Breaker, Entry, loop_calls
from tests.support.law import check_law
from tests.support.peers import Host, NeverReads, Peer, Resets, SaysNothing, black_hole, stranger
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import socket_of
from tests.support.systems import needs_rst
from tests.support.tls_peers import client_context, hello_of, served


class Stage:
    """A server in whose session something breaks, and what happens to it."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self.sink = Sink()

    @contextlib.contextmanager
    def server(
        self, reply: str | Reply = "echo", *, framing: str = "raw", tls: Tls | None = None, **limits: object
    ) -> Iterator[Server]:
        kept = replace(DEFAULTS, **limits)  # type: ignore[arg-type]
        with Server("127.0.0.1:0", reply=reply, framing=framing, limits=kept, events=self.sink, tls=tls) as server:
            yield server

    def is_broken(self) -> bool:
        return bool(self._breaker.broken)

    def wait(self) -> None:
        until(self.is_broken, "what was to break")

    def wait_until_asked(self) -> None:
        """From now on the next news for the call that was asked for breaks it."""
        until(lambda: bool(self._breaker.asked), "the call that is to break")

    def still_serves(self, server: Server) -> None:
        """Somebody who comes afterwards is answered."""
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"still there?")
            assert peer.hear(12) == b"still there?"


def one_peer_suffers(stage: Stage, act: Callable[[Server, Peer], object], reply: str = "echo", **how: object) -> None:
    """``act`` makes a call for one connection, which breaks: that one ends, and the next is served."""
    with stage.server(reply, **how) as server:  # type: ignore[arg-type]
        with Peer.calls(server.addresses[0]) as peer:
            if reply == "echo":
                peer.say(b"hello")
            until(lambda: bool(server.connections), "the connection")
            act(server, peer)
            stage.wait()
        if reply == "echo":
            stage.still_serves(server)


def reads(stage: Stage) -> None:
    with stage.server() as server:
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"hello")
            stage.wait()
        stage.still_serves(server)


def resumes(stage: Stage) -> None:
    """The journal was behind, and reading is to go on."""
    with stage.server() as server:
        with Peer.calls(server.addresses[0]) as peer:
            stage.sink.congest()
            peer.say(b"hello")
            stage.sink.wait_for_pause()
            stage.sink.relieve()
            stage.wait()
        stage.still_serves(server)


def finishes(stage: Stage) -> None:
    one_peer_suffers(stage, lambda server, _peer: server.connections[0].finish_sending())


def answers_late(stage: Stage) -> None:
    """A rule's pause is over."""
    answered_by_rules(stage, Rule("late", "any", answer=Draft("late"), after=(10, 10)))


def answers_in_turns(stage: Stage) -> None:
    """An expression has been looked at on a thread of its own."""
    answered_by_rules(stage, Rule("slow", "regex", "(a|aa)+$"), b"a" * 60 + b"b")


def answered_by_rules(stage: Stage, rule: Rule, said: bytes = b"hello") -> None:
    with stage.server(reply=Rules(RuleSet("test", (rule,)))) as server:
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(said)
            stage.wait()
        server.set_reply("echo")
        stage.still_serves(server)


def closes(stage: Stage) -> None:
    one_peer_suffers(stage, lambda server, _peer: server.connections[0].close(), drain=0.02)


def idles(stage: Stage) -> None:
    one_peer_suffers(stage, lambda _server, _peer: None, idle=0.03)


def idles_again(stage: Stage) -> None:
    def act(_server: Server, peer: Peer) -> None:
        def speaks_until_it_breaks() -> bool:
            peer.say(b".")
            return stage.is_broken()

        with contextlib.suppress(OSError):
            until(speaks_until_it_breaks)

    one_peer_suffers(stage, act, idle=0.05)


def falls_silent(stage: Stage) -> None:
    one_peer_suffers(stage, lambda _server, _peer: None, framing="gap:20")


def seems_to_speak_http(stage: Stage) -> None:
    one_peer_suffers(stage, lambda _server, peer: peer.say(b"GET /"), "room", request_line=0.02)


def fills(server: Server) -> None:
    with contextlib.suppress(SendError):
        while True:
            server.connections[0].send(bytes(100_000))


def stalls(stage: Stage) -> None:
    with stage.server(stalled=0.05) as server:
        with NeverReads.calls(server.addresses[0]):
            until(lambda: bool(server.connections), "the connection")
            fills(server)
            stage.wait()
        stage.still_serves(server)


def stalls_again(stage: Stage) -> None:
    """It is looked at again for who reads a little, which the system says."""
    left = itertools.count(1_000_000, -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.net.sockets.unconfirmed", lambda _sock, **_keywords: next(left))
        stalls(stage)


def pauses(stage: Stage) -> None:
    def act(server: Server, _peer: Peer) -> None:
        server.tune(SocketOptions(pause=0.01))
        until(lambda: server.connections[0]._sender._throttle is not None, "the pace")
        server.connections[0].send(b"slowly")

    one_peer_suffers(stage, act)


def sends_to_the_dead(stage: Stage) -> None:
    """A send meets a broken socket, and the connection is to be told."""
    with stage.server("none") as server, Peer.calls(server.addresses[0]) as peer:
        until(lambda: bool(server.connections), "the connection")
        connection = server.connections[0]
        socket_of(connection).shutdown(socket.SHUT_WR)
        with pytest.raises(SendError):
            connection.send(b"too late")
        stage.wait()
        peer.hear_all()


def half_closes(stage: Stage) -> None:
    """A person may still answer, for a while. What ends that while is the session's, and it breaks the session."""
    with stage.server("none", half_closed=0.02) as server, Peer.calls(server.addresses[0]) as peer:
        until(lambda: bool(server.connections), "the connection")
        peer.finish()
        stage.wait()


def passes_a_reset_on(stage: Stage) -> None:
    """A tap gives what was sent a moment to arrive before it resets the other leg."""
    with (
        Host(window=2048) as host,
        Tap("127.0.0.1:0", host.address, events=stage.sink) as tap,
        Resets.calls(tap.addresses[0]) as caller,
        host.accept(NeverReads),
    ):
        caller.say(bytes(256 * 1024))
        stage.sink.wait_for(Received)
        caller.leave()
        stage.wait()
        with Peer.calls(tap.addresses[0]) as other, host.accept(Peer) as target:
            other.say(b"still there?")
            assert target.hear(12) == b"still there?"


def looks_at_who_is_not_read(stage: Stage) -> None:
    """A tap reads nobody whose target is not there yet, so it has to look whether somebody was reset."""
    with black_hole() as target, Tap("127.0.0.1:0", target, events=stage.sink) as tap:
        with Peer.calls(tap.addresses[0]):
            stage.wait()
        with Peer.calls(tap.addresses[0]):
            stage.sink.wait_for(Opened, 2)


LATE = parse_faults("latency=20ms")


def is_late_on_purpose(stage: Stage) -> None:
    """What a bad line holds of what is sent comes out by a timer."""
    with Host() as host, Tap("0", host.address, events=stage.sink, fault_out=LATE) as tap:
        with Peer.calls(tap.addresses[0]) as caller, host.accept(Peer):
            caller.say(b"hello")
            stage.wait()
        with Peer.calls(tap.addresses[0]) as other, host.accept(Peer) as target:
            other.say(b"still there?")
            assert target.hear(12) == b"still there?"


def comes_late_on_purpose(stage: Stage) -> None:
    """So does what it holds of what was received."""
    with Server("127.0.0.1:0", reply="echo", events=stage.sink, fault_in=LATE) as server:
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"hello")
            stage.wait()
        stage.still_serves(server)


def turns_away(stage: Stage) -> None:
    """A crowd is reported a while after the first of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.net.listening._QUIET", 0.5)
        with stage.server(connections=1) as server, Peer.calls(server.addresses[0]) as first:
            until(lambda: bool(server.connections), "the connection")
            for _ in range(2):
                with Peer.calls(server.addresses[0]) as other:
                    other.hear_all()
            stage.wait()
            first.say(b"here")
            assert first.hear(4) == b"here"


def rests(stage: Stage) -> None:
    """Nobody could be taken in for a moment: without listening on there is no server, so that ends it."""
    with stage.server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.net.listening._ACCEPT_REST", 0.01)
        tries = [MemoryError()]
        real = socket.socket.accept

        def accept(sock: socket.socket) -> object:
            if tries:
                raise tries.pop()
            return real(sock)

        patch.setattr(socket.socket, "accept", accept)
        with contextlib.suppress(OSError), Peer.calls(server.addresses[0]):
            stage.wait()
        assert server.join(PATIENCE)


def never_stands(stage: Stage) -> None:
    with pytest.raises(TincanError), stage.server():
        pass


def is_told(stage: Stage) -> None:
    """A command for the session."""
    with stage.server() as server:
        server.set_reply("echo")
        stage.wait()
        stage.still_serves(server)


def is_told_early(stage: Stage) -> None:
    """A command from before the session runs."""
    server = Server("127.0.0.1:0", reply="letter", events=stage.sink)
    server.set_reply("echo")
    with server:
        stage.wait()
        stage.still_serves(server)


def stops(stage: Stage) -> None:
    with stage.server():
        pass


def listens(stage: Stage) -> None:
    """An accept that breaks leaves the next one alone."""
    with stage.server() as server:
        with contextlib.suppress(OSError), Peer.calls(server.addresses[0]):
            stage.wait()
        assert server.join(PATIENCE)


def dials(stage: Stage) -> None:
    with stage.server() as server, pytest.raises(ConnectError), Client(server.addresses[0]):
        pass


def dials_in_vain(stage: Stage) -> None:
    """Nothing answers, until the time is up."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, contextlib.ExitStack() as stack:
        for _ in range(4):  # the queue of those who wait to be accepted is full from the second on
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(deaf.getsockname())
        limits = replace(DEFAULTS, connect=0.4)
        with pytest.raises(ConnectError), Client(f"127.0.0.1:{deaf.getsockname()[1]}", limits=limits):
            pass


def comes_back(stage: Stage) -> None:
    """The next try of a client that comes back by itself."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = Client(f"127.0.0.1:{nobody.getsockname()[1]}", reconnect=True, events=stage.sink)
        client.start()
        stage.wait()
        assert client.join(PATIENCE)


def speaks_over_tls(stage: Stage) -> None:
    """What a client says on connect, once the handshake is over."""
    with served() as tls, Server("127.0.0.1:0", reply="none", tls=tls) as server:
        speaks = OnConnect(Draft("hello"))
        client = Client(server.addresses[0], tls=Tls(verify=False), reply=speaks, events=stage.sink)
        client.start()
        stage.wait()
        assert client.join(PATIENCE)


def fetches(stage: Stage) -> None:
    """The inbox was full, and there is room again."""
    limits = replace(DEFAULTS, inbox=10)
    with stage.server() as server, Client(server.addresses[0], limits=limits) as client:
        client.send(b"more than ten bytes")
        assert client.receive(PATIENCE) == b"more than ten bytes"
        stage.wait()
        with pytest.raises(ConnectionEnded):
            client.receive(PATIENCE)


def shakes_hands_too_slowly(stage: Stage) -> None:
    with served() as tls, stage.server(tls=tls, handshake=0.05) as server, SaysNothing.calls(server.addresses[0]):
        stage.wait()


def shakes_hands_early(stage: Stage) -> None:
    """A client's hello is there before TLS begins."""
    _client, _incoming, outgoing = hello_of(client_context())
    with served() as tls, stage.server("none") as server, Peer.calls(server.addresses[0]) as peer:
        stage.sink.congest()
        peer.say(outgoing.read())
        stage.sink.wait_for_pause()
        server.start_tls(server.connections[0].id, tls, as_server=True)
        stage.wait()
        stage.sink.relieve()


def resumes_with_bytes_at_hand(stage: Stage) -> None:
    """The journal was behind when bytes came together with the end of the handshake, and reading is to go on."""
    client, incoming, outgoing = hello_of(client_context())
    with served() as tls, stage.server(tls=tls) as server, Peer.calls(server.addresses[0]) as peer:
        stage.sink.congest()
        peer.say(outgoing.read())
        while True:
            incoming.write(peer.sock.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                break
        client.write(b"hello")
        peer.say(outgoing.read())
        stage.sink.wait_for_pause()
        stage.sink.relieve()
        stage.wait()


def asks_for_tls_in_vain(stage: Stage) -> None:
    limits = replace(DEFAULTS, handshake=0.05)
    with Host() as host, pytest.raises(ConnectError), Client(host.address, tls=Tls(starttls="smtp"), limits=limits):
        pass


@contextlib.contextmanager
def hearing(stage: Stage, **limits: object) -> Iterator[UdpServer]:
    """A UDP server in whose session something breaks."""
    kept = replace(DEFAULTS, **limits)  # type: ignore[arg-type]
    with UdpServer("127.0.0.1:0", reply="echo", limits=kept, events=stage.sink) as server:
        yield server


def is_answered(server: UdpServer) -> None:
    """Somebody who speaks UDP afterwards."""
    with stranger(server.addresses[0]) as sock:
        sock.send(b"still there?")
        assert sock.recv(100) == b"still there?"


def forgets(stage: Stage) -> None:
    with hearing(stage, silent_peer=0.05) as server:
        is_answered(server)
        stage.wait()
        is_answered(server)


def forgets_again(stage: Stage) -> None:
    """Not everybody was silent for long enough when it was looked."""
    with hearing(stage, silent_peer=0.2) as server, stranger(server.addresses[0]) as sock:

        def speaks_until_it_breaks() -> bool:
            sock.send(b".")
            return stage.is_broken()

        until(speaks_until_it_breaks)
        is_answered(server)


def looks_at_what_was_dropped(stage: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.net.datagrams._LOOK_EVERY", 0.02)
        with hearing(stage) as server:
            is_answered(server)
            stage.wait()
            is_answered(server)


def is_late_by_a_fault(stage: Stage) -> None:
    """What the bad line of a peer holds comes out by a timer; it ends that peer, and the next is answered."""
    faults = parse_faults("latency=5ms")
    with UdpServer("127.0.0.1:0", reply="echo", fault_in=faults, events=stage.sink) as server:
        with stranger(server.addresses[0]) as sock:
            sock.send(b"hello")
            stage.wait()
        is_answered(server)


def goes_through_a_bad_line(stage: Stage) -> None:
    faults = parse_faults("latency=1ms")
    with UdpServer("127.0.0.1:0", reply="echo", fault_out=faults, events=stage.sink) as server:
        with stranger(server.addresses[0]) as sock:
            sock.send(b"hello")
            (opened,) = stage.sink.wait_for(Opened)
            connection = server.connection(opened.connection)
            assert connection is not None
            connection.send(b"from another thread")
            stage.wait()
        is_answered(server)


def hears_again(stage: Stage) -> None:
    """The journal was behind when a datagram came. Whoever is to go on cannot: the session stops when it is told to."""
    with hearing(stage) as server, stranger(server.addresses[0]) as sock:
        stage.sink.congest()
        sock.send(b"hello")
        stage.sink.wait_for_pause()
        stage.sink.relieve()
        stage.wait()


def hears(stage: Stage) -> None:
    """Without hearing there is no server, so that ends it."""
    with hearing(stage) as server, stranger(server.addresses[0]) as sock:
        sock.send(b"hello")
        stage.wait()
        assert server.join(PATIENCE)


def looks_up_in_vain(stage: Stage) -> None:
    with pytest.raises(ConnectError), UdpClient("127.0.0.1:9", events=stage.sink):
        pass


class NeverFinds(Resolver):
    """A name server that does not answer."""

    def resolve(self, target: Address, *, for_server: bool, done: Callable[[Outcome], None]) -> None: ...


def looks_up_too_long(stage: Stage) -> None:
    limits = replace(DEFAULTS, connect=0.05)
    client = UdpClient("localhost:9", limits=limits, events=stage.sink, resolver=NeverFinds(threads=1))
    client.start()
    stage.wait()
    assert client.join(PATIENCE)


def asks_a_proxy(stage: Stage) -> None:
    with Host() as host, pytest.raises(ConnectError), Client("example.org:80", proxy=f"socks5://{host.address}"):
        pass


def asks_a_proxy_in_vain(stage: Stage) -> None:
    limits = replace(DEFAULTS, connect=0.2)
    with Host() as host, pytest.raises(ConnectError):
        Client("example.org:80", proxy=f"socks5://{host.address}", limits=limits).run()


def hears_a_proxy(stage: Stage) -> None:
    with Host() as host:
        client = Client("example.org:80", proxy=f"socks5://{host.address}", events=stage.sink)
        client.start()
        with host.accept(Peer) as proxy:
            assert proxy.hear(3) == b"\x05\x01\x00"
            stage.wait_until_asked()  # what is said earlier may be heard without waiting for it
            proxy.say(b"\x05")
            stage.wait()
        assert client.join(PATIENCE)


CASES: dict[tuple[str, str, str], Callable[[Stage], None]] = {
    ("core.net.reply_peer", "ReplyPeer.call_later", "call_later"): answers_late,
    ("core.net.reply_peer", "ReplyPeer.call_soon", "call_soon"): answers_in_turns,
    ("core.net.client", "Client._come_back", "call_later"): comes_back,
    ("core.net.client", "Client._ask_for_tls", "call_later"): asks_for_tls_in_vain,
    ("core.net.client", "Client._shook_hands", "call_soon"): speaks_over_tls,
    ("core.net.client", "Client.receive", "call_soon"): fetches,
    ("core.net.connection", "Connection._end_within", "call_later"): closes,
    ("core.net.connection", "Connection._abort_if_delivered", "call_later"): passes_a_reset_on,
    ("core.net.connection", "Connection._read", "call_soon"): resumes,
    ("core.net.connection", "Connection._soon", "call_soon"): finishes,
    ("core.net.datagrams", "DatagramSocket._read_some", "call_later"): looks_at_what_was_dropped,
    ("core.net.datagrams", "DatagramSocket._read_some", "call_soon"): hears_again,
    ("core.net.datagrams", "DatagramSocket._watch", "watch"): hears,
    ("core.net.line_faults", "FaultyDirection._let_through", "call_later"): is_late_by_a_fault,
    ("core.net.line_faults", "FaultyDirection.put", "call_soon"): goes_through_a_bad_line,
    ("core.net.dialer", "Dialer._try_next", "call_later"): dials_in_vain,
    ("core.net.dialer", "Dialer._try_next", "watch"): dials,
    ("core.net.dialer", "Dialer.dial", "call_later"): dials_in_vain,
    ("core.net.dialer", "Dialer.dial", "call_soon"): dials,
    ("core.net.dialer", "Tunnel.__init__", "call_later"): asks_a_proxy_in_vain,
    ("core.net.dialer", "Tunnel.__init__", "watch"): asks_a_proxy,
    ("core.net.dialer", "Tunnel._ready", "watch"): hears_a_proxy,
    ("core.net.http_guard", "HttpGuard.feed", "call_later"): seems_to_speak_http,
    ("core.net.sender", "Sender._check_stalled", "call_later"): stalls_again,
    ("core.net.sender", "Sender._fail", "call_soon"): sends_to_the_dead,
    ("core.net.sender", "Sender._offer_pieces", "call_later"): pauses,
    ("core.net.sender", "Sender.start_waiting", "call_later"): stalls,
    ("core.net.listening", "ListeningSession._rest", "call_later"): rests,
    ("core.net.listening", "ListeningSession._start", "call_soon"): never_stands,
    ("core.net.listening", "ListeningSession._turn_away", "call_later"): turns_away,
    ("core.net.listening", "ListeningSession._watch_listeners", "watch"): listens,
    ("core.net.server", "Server.peer_finished", "call_later"): half_closes,
    ("core.net.session", "Session._adopt", "call_soon"): is_told_early,
    ("core.net.session", "Session._run", "call_soon"): never_stands,
    ("core.net.session", "Session._soon", "call_soon"): is_told,
    ("core.net.line_faults", "IncomingLine._let_through", "call_later"): comes_late_on_purpose,
    ("core.net.sender", "Sender._wait_for_line", "call_later"): is_late_on_purpose,
    ("core.net.session", "Session.stop", "call_soon"): stops,
    ("core.net.tap", "Tap._look_for_resets", "call_later"): looks_at_who_is_not_read,
    ("core.net.timeouts", "InactivityTimer.restart", "call_later"): idles,
    ("core.net.timeouts", "InactivityTimer._check", "call_later"): idles_again,
    ("core.net.tls", "TlsTransport._begin", "call_later"): shakes_hands_too_slowly,
    ("core.net.tls", "TlsTransport._begin", "call_soon"): shakes_hands_early,
    ("core.net.tls", "TlsTransport.wait_for", "call_soon"): resumes_with_bytes_at_hand,
    ("core.net.transport", "Tcp.wait_for", "watch"): reads,
    ("core.net.udp", "_DatagramSession._look_target_up", "call_later"): looks_up_too_long,
    ("core.net.udp", "_DatagramSession._look_target_up", "call_soon"): looks_up_in_vain,
    ("core.net.udp", "HearingSession._forget_silent", "call_later"): forgets_again,
    ("core.net.udp", "HearingSession._meet", "call_later"): forgets,
}

# Others that come to pass at a place that has its case.
ALSO = {("core.net.timeouts", "InactivityTimer.restart", "call_later"): falls_silent}


def test_every_call_that_a_loop_is_asked_for_has_its_case() -> None:
    assert {tuple(entry) for entry in loop_calls()} == set(CASES)


@pytest.mark.case("C-67")
@pytest.mark.parametrize(
    ("place", "act"),
    [
        pytest.param(*each, marks=needs_rst if each[1] is passes_a_reset_on else ())
        for each in [*sorted(CASES.items()), *ALSO.items()]
    ],
    ids=lambda value: ":".join(value) if isinstance(value, tuple) else value.__name__,
)
def test_a_call_that_raises_ends_the_smallest_thing_and_is_told(
    place: tuple[str, str, str],
    act: Callable[[Stage], None],
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
) -> None:
    error = KINDS[sorted(CASES).index(place) % len(KINDS)]
    breaker = Breaker(monkeypatch)
    breaker.loop_call(Entry(*place), error)
    stage = Stage(breaker)

    act(stage)

    assert len(breaker.broken) == 1
    assert [type(record.exc_info[1]) for record in logged_errors if record.exc_info] == [type(error())]
    logged_errors.clear()
    if stage.sink.events:
        check_law(stage.sink.events)


@pytest.mark.case("C-67")
@pytest.mark.parametrize("kind", KINDS)
def test_a_session_whose_thread_dies_says_so(
    kind: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    breaker, sink = Breaker(monkeypatch), Sink()
    breaker.worker("server *", kind)
    with pytest.raises(TincanError), Server("127.0.0.1:0", events=sink):
        pass

    check_law(sink.events)
    assert len(logged_errors) == 1
    logged_errors.clear()
    with Server("127.0.0.1:0", events=Sink()) as server, Peer.calls(server.addresses[0]) as peer:
        assert peer.hear(4) == b"type"
