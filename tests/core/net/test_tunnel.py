"""Clients and taps that dial through a proxy: what the proxy is asked, what becomes of it, and what stays secret."""

from __future__ import annotations

import base64
import itertools
import logging
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from core.address import Address
from core.errors import AddressError, ConnectError, Explanation, SendError
from core.events import (
    Closed,
    Ending,
    Listening,
    Onward,
    Opened,
    PeerFinished,
    Received,
    Remark,
    Resolving,
    Retrying,
    SessionClosed,
    SessionOpened,
    TlsHandshake,
)
from core.journal.recording.notes import sentence
from core.net.client import Client
from core.net.connection import Connection
from core.net.dialer import Tunnel
from core.net.loop import Loop
from core.net.tap import Tap
from core.proxy import Proxy
from core.roles import Role
from core.settings import Limits
from core.tls.settings import Tls
from core.wire.proxying import handshake_with
from core.workbench import Workbench
from tests.support.law import check_law
from tests.support.peers import Host, Peer, Resets, free_port
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import serving
from tests.support.systems import needs_rst, path_of

TARGET = "example.invalid:80"
REQUEST = b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50"
STANDS = b"\x05\x00\x00\x01\x0a\x00\x00\x09\x12\x34"


class Asking:
    """A client that has asked a proxy, which the test plays."""

    def __init__(self, client: Client, sink: Sink, host: Host) -> None:
        self.client, self.sink, self.host = client, sink, host

    def failure(self) -> str:
        (closed,) = self.sink.wait_for(SessionClosed)
        assert closed.failure is not None
        return str(closed.failure)


@contextmanager
def asking(kind: str = "socks5", **options: object) -> Iterator[Asking]:
    sink = Sink()
    with Host() as host:
        client = Client(TARGET, proxy=f"{kind}://{host.address}", events=sink, **options)  # type: ignore[arg-type]
        client.start()
        try:
            yield Asking(client, sink, host)
        finally:
            client.stop()
            assert client.join(PATIENCE)
    check_law(sink.events)


def let_in(proxy: Peer, behind: bytes = b"") -> None:
    """Play a SOCKS5 proxy that connects; ``behind`` is what the target says at once, in the same segment."""
    assert proxy.hear(3) == b"\x05\x01\x00"
    proxy.say(b"\x05\x00")
    assert proxy.hear(len(REQUEST)) == REQUEST
    proxy.say(STANDS + behind)


def test_what_comes_behind_the_reply_is_the_target_s_first_word() -> None:
    with asking() as talk, talk.host.accept(Peer) as proxy:
        let_in(proxy, b"220 welcome\r\n")
        talk.sink.wait_for(Received)
        talk.client.send(b"hello")
        assert proxy.hear(5) == b"hello"
    assert b"".join(event.data for event in talk.sink.of(Received)) == b"220 welcome\r\n"
    (opened,) = talk.sink.of(Opened)
    assert opened.peer == Address("example.invalid", 80)
    assert sentence(opened, 1, Role.CLIENT).startswith(f"connected to {TARGET} from 127.0.0.1:")
    (begun,) = talk.sink.of(SessionOpened)
    assert sentence(begun, None, Role.CLIENT) == (
        f"connecting to {TARGET} through the proxy socks5://{talk.host.address}"
    )


def test_the_name_of_the_target_is_for_the_proxy_to_look_up() -> None:
    with asking() as talk, talk.host.accept(Peer) as proxy:
        let_in(proxy)
        talk.sink.wait_for(Opened)
    assert talk.sink.of(Resolving) == []


def test_an_http_proxy_is_asked_by_connect() -> None:
    with asking("http") as talk, talk.host.accept(Peer) as proxy:
        asked = f"CONNECT {TARGET} HTTP/1.1\r\nHost: {TARGET}\r\n\r\n".encode()
        assert proxy.hear(len(asked)) == asked
        for byte in b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nhi":
            proxy.say(bytes([byte]))
        until(lambda: b"".join(event.data for event in talk.sink.of(Received)) == b"hi")


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_user_and_password_reach_the_proxy_and_nothing_else(kind: str) -> None:
    sink = Sink()
    with Host() as host:
        client = Client(TARGET, proxy=Proxy(kind, host.address, "anna-user", "secret-word"), events=sink)
        client.start()
        with host.accept(Peer) as proxy:
            if kind == "socks5":
                assert proxy.hear(4) == b"\x05\x02\x00\x02"
                proxy.say(b"\x05\x02")
                assert proxy.hear(23) == b"\x01\x09anna-user\x0bsecret-word"
                proxy.say(b"\x01\x01")
            else:
                login = base64.b64encode(b"anna-user:secret-word").decode()
                place = f"CONNECT {TARGET} HTTP/1.1\r\nHost: {TARGET}\r\n"
                asked = f"{place}Proxy-Authorization: Basic {login}\r\n\r\n".encode()
                assert proxy.hear(len(asked)) == asked
                proxy.say(b"HTTP/1.1 407 No\r\n\r\n")
            (closed,) = sink.wait_for(SessionClosed)
        assert client.join(PATIENCE)
    assert closed.failure is not None
    assert "does not take this user and password" in closed.failure.what
    said = f"{sink.events} {client!r} {closed.failure} {[sentence(event, 1, Role.CLIENT) for event in sink.events]}"
    assert "anna-user" not in said
    assert "secret-word" not in said


def test_a_target_that_refused_is_told_apart_from_a_proxy_that_did() -> None:
    with asking() as talk, talk.host.accept(Peer) as proxy:
        proxy.hear(3)
        proxy.say(b"\x05\x00")
        proxy.hear(len(REQUEST))
        proxy.say(b"\x05\x05\x00\x01" + bytes(6))
        assert talk.failure().startswith(
            f"The proxy socks5://{talk.host.address} could not reach {TARGET}: the connection was refused"
        )
    nobody = free_port()
    with pytest.raises(ConnectError, match="cannot be reached: nothing answers at") as caught:
        Client(TARGET, proxy=f"socks5://127.0.0.1:{nobody}").run()
    assert str(caught.value).startswith(f"The proxy socks5://127.0.0.1:{nobody} cannot be reached: nothing answers at")


def test_a_proxy_without_a_machine_is_named() -> None:
    with pytest.raises(ConnectError, match=r"cannot be reached: .*no-proxy\.invalid"):
        Client(TARGET, proxy="socks5://no-proxy.invalid").run()


def test_a_silent_proxy_has_a_time_limit() -> None:
    with asking(limits=Limits(connect=0.3)) as talk, talk.host.accept(Peer) as proxy:
        proxy.hear(3)
        proxy.say(b"\x05")
        assert talk.failure().startswith(
            f"The proxy socks5://{talk.host.address} did not answer in time, and could not be asked for {TARGET}."
        )


@pytest.mark.parametrize("said", [b"", b"\x05", b"\x05\x00"])
def test_a_proxy_that_closes_in_the_middle_is_told(said: bytes) -> None:
    with asking() as talk, talk.host.accept(Peer) as proxy:
        proxy.hear(3)
        proxy.say(said)
        if len(said) > 1:
            proxy.hear(len(REQUEST))
        proxy.finish()
        how = "without an answer about" if len(said) > 1 else "before it could be asked for"
        assert f"closed the connection {how} {TARGET}. Likely causes: " in talk.failure()


@pytest.mark.parametrize(
    ("kind", "said"), [("socks5", b"\x05\x00\x05\x00\x00"), ("http", b"HTTP/1.1 200 OK\r\nX: y\r\n")]
)
def test_a_proxy_that_closes_in_the_middle_of_its_answer_is_not_said_to_have_given_none(kind: str, said: bytes) -> None:
    with asking(kind) as talk, talk.host.accept(Peer) as proxy:
        proxy.say(said)
        proxy.finish()
        assert f"closed the connection in the middle of its answer about {TARGET}. Ask whoever" in talk.failure()


@contextmanager
def asking_on(loop: Loop, said: bytes) -> Iterator[list[socket.socket | Explanation]]:
    """An HTTP proxy has said that already; what came of it, once the loop has run."""
    came: list[socket.socket | Explanation] = []
    with (
        Host() as host,
        socket.create_connection((host.address.host, host.address.port)) as sock,
        host.accept(Peer) as proxy,
    ):
        proxy.say(said)
        sock.setblocking(False)
        handshake = handshake_with(Proxy("http", host.address), Address("example.invalid", 80))
        Tunnel(sock, handshake, loop=loop, seconds=PATIENCE, opened=came.append, failed=came.append)
        yield came
    loop.close()


def test_a_proxy_that_says_a_lot_leaves_others_their_turn() -> None:
    turns, loop = itertools.count(), Loop(gap=5.0)

    def take_a_turn() -> None:
        next(turns)
        loop.call_soon(loop.stop if came else take_a_turn)

    with asking_on(loop, b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000) as came:
        loop.call_soon(take_a_turn)
        loop.run()
    assert "whose head is longer than" in str(came)
    assert next(turns) > 100


@pytest.mark.parametrize("size", range(90, 115))
def test_a_head_that_ends_with_a_turn_is_over(size: int) -> None:
    loop = Loop(gap=5.0)
    with asking_on(loop, b"HTTP/1.1 200 OK\r\nX: " + b"x" * size + b"\r\n\r\n") as came:
        while not came:
            loop.call_soon(partial(loop.call_soon, loop.stop))
            loop.run()
    assert isinstance(came[0], socket.socket)


@needs_rst
def test_a_proxy_that_resets_is_told() -> None:
    with asking() as talk:
        with talk.host.accept(Resets) as proxy:
            proxy.hear(3)
        said = talk.failure()
    assert said.startswith(f"The proxy socks5://{talk.host.address} reset the connection (RST).")
    assert said.endswith("Ask whoever runs the proxy.")


def test_garbage_is_shown_and_obeyed_by_nobody() -> None:
    with asking("http") as talk, talk.host.accept(Peer) as proxy:
        proxy.say(b"\x1b]0;title\x07\r\n")
        assert "does not speak HTTP: it said “\\u001b]0;title\\u0007”" in talk.failure()


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_of_what_is_no_proxy_all_that_it_said_is_shown(kind: str) -> None:
    with asking(kind) as talk, talk.host.accept(Peer) as proxy:
        proxy.say(b"220 mail.example.org ESMTP\r\n")
        spoken = "HTTP" if kind == "http" else "SOCKS5"
        assert f"does not speak {spoken}: it said “220 mail.example.org ESMTP”. Check its port" in talk.failure()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BlockingIOError(11, "not now")])
def test_what_fails_once_the_tunnel_stands_is_no_fault_of_the_proxy(
    error: OSError, logged_errors: list[logging.LogRecord]
) -> None:
    def stands(_connection: Connection) -> None:
        raise error

    with asking(stands=stands) as talk, talk.host.accept(Peer) as proxy:
        let_in(proxy)
        said = talk.failure()
    assert said.startswith(f"Could not connect to {TARGET}: ")
    assert len(talk.sink.of(Closed)) == 1
    assert [record.exc_info[1] for record in logged_errors if record.exc_info] == [error]
    logged_errors.clear()


def test_it_can_be_cancelled_while_the_proxy_is_asked() -> None:
    with asking() as talk, talk.host.accept(Peer) as proxy:
        proxy.hear(3)
        talk.client.stop()
        assert proxy.hear_all() == b""
        (closed,) = talk.sink.wait_for(SessionClosed)
    assert closed.cancelled


def test_a_client_that_comes_back_asks_the_proxy_again() -> None:
    with asking(reconnect=True) as talk:
        with talk.host.accept(Peer) as proxy:
            proxy.hear(3)
            proxy.say(b"\x05\xff")
            (retrying,) = talk.sink.wait_for(Retrying)
        assert "wants a user and a password" in retrying.why
        with talk.host.accept(Peer) as proxy:
            let_in(proxy)
            talk.sink.wait_for(Opened)


def test_what_no_proxy_can_reach_is_refused_before_anything_begins() -> None:
    sink = Sink()
    with pytest.raises(AddressError, match="where no proxy leads"):
        Client("unix:/tmp/x", proxy="socks5://127.0.0.1", events=sink)
    with pytest.raises(AddressError, match="where no proxy leads"):
        Tap("0", "unix:/tmp/x", proxy="socks5://127.0.0.1", events=sink)
    assert sink.events == []


def relay(one: socket.socket, other: socket.socket) -> list[threading.Thread]:
    """Pass on what each says to the other, until both have finished."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    threads = [threading.Thread(target=pump, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    return threads


def test_tls_begins_behind_the_tunnel() -> None:
    with (
        serving(tls=True) as (server, _sink),
        asking(tls=Tls(verify=False)) as talk,
        talk.host.accept(Peer) as proxy,
        Peer.calls(server.addresses[0]) as onward,
    ):
        let_in(proxy)
        threads = relay(proxy.sock, onward.sock)
        talk.sink.wait_for(TlsHandshake)
        talk.client.send(b"secret")
        until(lambda: b"".join(event.data for event in talk.sink.of(Received)) == b"secret")
        talk.client.stop()
        for thread in threads:
            thread.join(PATIENCE)


def test_a_tap_dials_its_target_through_the_proxy() -> None:
    sink = Sink()
    with Host() as host, Tap("127.0.0.1:0", TARGET, proxy=f"socks5://{host.address}", events=sink) as tap:
        with Peer.calls(tap.addresses[0]) as caller:
            caller.say(b"hello")
            with host.accept(Peer) as proxy:
                let_in(proxy, b"welcome")
                assert proxy.hear(5) == b"hello"
                assert caller.hear(7) == b"welcome"
        sink.wait_for(Closed, 2)
    check_law(sink.events)
    assert {event.number: str(event.peer) for event in sink.of(Opened)}[-1] == TARGET
    said = [sentence(event, None, Role.TAP) for event in sink.events if isinstance(event, SessionOpened | Onward)]
    assert said == [
        "starting a tap on 127.0.0.1:0",
        f"passes on what callers say to {TARGET} through the proxy socks5://{host.address}",
    ]


NEVER_REACHED = f"nothing came from {TARGET}, which the proxy socks5://"


def remarks(sink: Sink) -> list[str]:
    return [event.text for event in sink.of(Remark) if event.text.startswith("nothing came")]


@pytest.mark.parametrize("half_open", [False, True])
@pytest.mark.parametrize("how", [Peer, pytest.param(Resets, marks=needs_rst)])
def test_a_proxy_that_says_yes_before_it_tries_is_not_taken_for_a_target_that_is_silent(
    how: type[Peer], half_open: bool
) -> None:
    with asking(half_open=half_open) as talk:
        with talk.host.accept(how) as proxy:
            let_in(proxy)
            talk.sink.wait_for(Opened)
        until(lambda: len(remarks(talk.sink)) == 1)
        talk.client.stop()
        talk.sink.wait_for(Closed)
    (said,) = remarks(talk.sink)
    assert said == f"{NEVER_REACHED}{talk.host.address} may never have reached: " + (
        "some proxies say that they have before they try"
    )


@needs_rst
def test_it_is_said_once_though_a_reset_comes_behind_the_end() -> None:
    with asking(half_open=True) as talk:
        with talk.host.accept(Peer) as proxy:
            let_in(proxy)
            talk.sink.wait_for(Opened)
        talk.sink.wait_for(PeerFinished)

        def is_over() -> bool:
            with suppress(SendError):
                talk.client.send(b"to nobody")
            return bool(talk.sink.of(Closed))

        until(is_over)
        (closed,) = talk.sink.of(Closed)
    assert closed.ending is Ending.PEER_RESET
    assert len(talk.sink.of(Remark)) == 1


def test_a_target_that_said_something_was_reached() -> None:
    with asking() as talk:
        with talk.host.accept(Peer) as proxy:
            let_in(proxy, b"welcome")
            talk.sink.wait_for(Received)
        talk.sink.wait_for(Closed)
    assert remarks(talk.sink) == []


@needs_rst
def test_a_reset_behind_a_proxy_is_not_said_to_be_the_target_s() -> None:
    with asking() as talk:
        with talk.host.accept(Resets) as proxy:
            let_in(proxy, b"welcome")
            talk.sink.wait_for(Received)
        talk.sink.wait_for(SessionClosed)
    (said,) = talk.sink.of(Remark)
    assert said.text == (
        f"this reset is the proxy's, socks5://{talk.host.address}: its own, or passed on from {TARGET}"
    )


@pytest.mark.parametrize("how", [Peer, pytest.param(Resets, marks=needs_rst)])
def test_of_a_tap_it_is_the_leg_to_the_target_that_may_lead_nowhere(how: type[Peer]) -> None:
    sink = Sink()
    with Host() as host, Tap("127.0.0.1:0", TARGET, proxy=f"socks5://{host.address}", events=sink) as tap:
        with Peer.calls(tap.addresses[0]):
            with host.accept(how) as proxy:
                let_in(proxy)
                sink.wait_for(Opened, 2)
            until(lambda: len(remarks(sink)) == 1)
        sink.wait_for(Closed, 2)
    (said,) = remarks(sink)
    assert said.startswith(f"{NEVER_REACHED}{host.address} may never have reached: ")
    (told,) = [event for event in sink.of(Remark) if event.text == said]
    assert told.connection == max(event.connection for event in sink.of(Opened))


@needs_rst
def test_a_caller_of_a_tap_whose_proxy_refuses_is_reset_with_the_reason() -> None:
    sink = Sink()
    with Host() as host, Tap("127.0.0.1:0", TARGET, proxy=f"socks5://{host.address}", events=sink) as tap:
        with Peer.calls(tap.addresses[0]) as caller, host.accept(Peer) as proxy:
            proxy.hear(3)
            proxy.say(b"\x05\xff")
            caller.hear_a_reset()
        (closed,) = sink.wait_for(Closed)
    check_law(sink.events)
    assert closed.ending is Ending.NO_TARGET
    assert closed.why is not None
    assert "wants a user and a password" in closed.why.what


def test_a_tap_that_stops_while_its_proxy_is_asked_lets_go_of_it() -> None:
    sink = Sink()
    with (
        Host() as host,
        Tap("127.0.0.1:0", TARGET, proxy=f"socks5://{host.address}", events=sink) as tap,
        Peer.calls(tap.addresses[0]),
        host.accept(Peer) as proxy,
    ):
        proxy.hear(3)
        tap.stop()
        assert proxy.hear_all() == b""
    check_law(sink.events)


LOGIN = ("anna-user", "secret-word")
DANTE = """
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: {method}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
"""
TINYPROXY = "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\n"


@contextmanager
def real_proxy(program: str, folder: Path, *, asks: bool) -> Iterator[Address]:
    """A proxy of somebody else's; ``asks`` for a user and a password, of dante those of the system."""
    path, port, settings = path_of(program), free_port(), folder / "settings"
    if program == "danted":
        settings.write_text(DANTE.format(port=port, method="username" if asks else "none"), encoding="utf-8")
        options = ["-f", str(settings)]
    elif program == "tinyproxy":
        login = "BasicAuth {} {}\n".format(*LOGIN) if asks else ""
        settings.write_text(TINYPROXY.format(port=port) + login, encoding="utf-8")
        options = ["-d", "-c", str(settings)]
    else:
        options = ["-i", "127.0.0.1", "-p", str(port), *(["-u", LOGIN[0], "-P", LOGIN[1]] if asks else [])]
    with subprocess.Popen([path, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: is_open(port) or process.poll() is not None, f"{program} at port {port}")
            if process.poll() is not None:
                pytest.skip(f"{program} does not run here")
            yield Address("127.0.0.1", port)
        finally:
            process.terminate()
    until(lambda: not is_open(port), f"the end of all processes of {program}")


PROXIES = [("microsocks", "socks5"), ("danted", "socks5"), ("tinyproxy", "http")]


@pytest.mark.parametrize(("program", "kind"), PROXIES)
def test_a_real_proxy_leads_to_a_real_server(program: str, kind: str, tmp_path: Path) -> None:
    closed_port = free_port()
    with serving() as (server, _sink), real_proxy(program, tmp_path, asks=False) as place:
        proxy = f"{kind}://{place}"
        with Client(server.addresses[0], proxy=proxy) as client:
            client.send(b"hello")
            assert client.receive(PATIENCE) == b"hello"
        with pytest.raises(ConnectError, match=f"could not reach 127.0.0.1:{closed_port}: "):
            Client(f"127.0.0.1:{closed_port}", proxy=proxy).run()
    with pytest.raises(ConnectError, match=f"(?i)^the proxy {proxy} cannot be reached"):
        Client(f"127.0.0.1:{closed_port}", proxy=proxy).run()


@pytest.mark.parametrize(("program", "kind"), PROXIES)
def test_a_real_proxy_that_wants_to_know_who_asks_says_so_of_itself(program: str, kind: str, tmp_path: Path) -> None:
    with serving() as (server, _sink), real_proxy(program, tmp_path, asks=True) as place:
        for proxy in (Proxy(kind, place), Proxy(kind, place, LOGIN[0], "wrong-word")):
            with pytest.raises(ConnectError, match=f"(?i)^the proxy {proxy} ") as refused:
                Client(server.addresses[0], proxy=proxy).run()
            assert "could not reach" not in str(refused.value)
            assert "wrong-word" not in str(refused.value)


@pytest.mark.parametrize(("program", "kind"), [each for each in PROXIES if each[0] != "danted"])
def test_user_and_password_of_a_real_proxy_are_in_no_file_of_ours(
    program: str, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own = tmp_path / "ours"
    own.mkdir()
    with serving() as (server, _sink), real_proxy(program, tmp_path, asks=True) as place, ExitStack() as stack:
        proxy = Proxy(kind, place, *LOGIN)
        workbench = Workbench(own / "run.tincan")
        news = workbench.subscribe(lambda: None, with_events=True)
        events: list[object] = []

        def came(what: type, count: int) -> bool:
            events.extend(event for batch in news.drain() for event in batch.events)
            return sum(isinstance(event, what) for event in events) >= count

        stack.callback(workbench.close)
        talking = workbench.connect(server.addresses[0], proxy=proxy)
        workbench.tap(Address("127.0.0.1", 0), server.addresses[0], proxy=proxy)
        until(lambda: came(Listening, 1) and came(Opened, 1), "the client and the tap")
        (listening,) = [event for event in events if isinstance(event, Listening)]
        workbench.send(talking, b"through the client")
        with Client(listening.addresses[0]) as caller:
            caller.send(b"through the tap")
            assert caller.receive(PATIENCE) == b"through the tap"
        until(lambda: came(Received, 3), "what was said")
    said = b"".join(path.read_bytes() for path in own.iterdir())
    assert b"through the client" in said
    assert b"through the tap" in said
    assert str(place).encode() in said
    told = said + repr(events).encode() + caplog.text.encode()
    for secret in (*LOGIN, base64.b64encode(":".join(LOGIN).encode()).decode()):
        assert secret.encode() not in told


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
