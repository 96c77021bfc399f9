"""What differs between Linux, macOS and Windows, on whichever of them this runs."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.address import Address
from core.net import sockets
from core.net.sockets import Endpoint
from core.net.transport import Tcp
from core.settings import Limits
from tests.support.peers import Host, NeverReads, Peer, Resets, free_port
from tests.support.sink import PATIENCE, until
from tests.support.systems import ON_WINDOWS, needs_rst, only_linux, only_posix

LOOPBACK = Endpoint(socket.AF_INET, ("127.0.0.1", 0))


class FakeSocket:
    """Keeps the options that were set; ``refused`` are those that this system does not know."""

    def __init__(self, refused: tuple[int, ...] = ()) -> None:
        self.options: dict[tuple[int, int], Any] = {}
        self.refused = refused
        self.family = socket.AF_INET
        self.blocks = True
        self.closed = False

    def setsockopt(self, level: int, option: int, value: object) -> None:
        if option in self.refused:
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        self.options[level, option] = value

    def setblocking(self, blocks: bool) -> None:
        self.blocks = blocks

    def close(self) -> None:
        self.closed = True


def listen(host: str, port: int = 0) -> list[socket.socket]:
    target = Address(host, port)
    return sockets.listen(sockets.resolve(target, for_server=True), target, backlog=16)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Peer]]:
    """A connected socket of ours, and the peer at its other end."""
    with (
        Host() as host,
        socket.create_connection((host.address.host, host.address.port)) as ours,
        host.accept(Peer) as peer,
    ):
        yield ours, peer


# Addresses.


@pytest.mark.parametrize(
    ("sockaddr", "shown"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        (("::ffff:192.0.2.7", 80, 0, 0), "192.0.2.7:80"),
        (("::ffff:0:1", 80, 0, 0), "[::ffff:0:1]:80"),
    ],
)
def test_an_address_of_the_system_is_shown_as_people_write_it(sockaddr: tuple[Any, ...], shown: str) -> None:
    assert str(sockets.readable(sockaddr)) == shown


@pytest.mark.case("C-30")
def test_a_link_local_address_keeps_its_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_indextoname", {3: "eth0"}.__getitem__)
    monkeypatch.setattr(sys, "platform", "linux")
    assert str(sockets.readable(("fe80::1", 80, 0, 3))) == "[fe80::1%eth0]:80"
    assert str(sockets.readable(("fe80::1%eth0", 80, 0, 3))) == "[fe80::1%eth0]:80"


@pytest.mark.case("C-30")
def test_windows_takes_no_name_of_an_interface_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_indextoname", lambda _index: "ethernet_5")
    monkeypatch.setattr(sys, "platform", "win32")

    assert str(sockets.readable(("fe80::1", 80, 0, 3))) == "[fe80::1%3]:80"


@pytest.mark.parametrize("name", ["", "an interface/called?so"])
def test_an_interface_without_a_name_that_can_be_written_is_shown_by_its_number(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def named(_index: int) -> str:
        if name:
            return name
        raise OSError(errno.ENXIO, "No such device")

    monkeypatch.setattr(socket, "if_indextoname", named)
    assert str(sockets.readable(("fe80::1", 80, 0, 3))) == "[fe80::1%3]:80"


@pytest.mark.case("C-30")
def test_the_interface_of_a_typed_address_reaches_the_system() -> None:
    index, name = socket.if_nameindex()[0]
    typed = index if ON_WINDOWS else name  # which does not take its own names back
    endpoint = sockets.resolve(Address(f"fe80::1%{typed}", 80), for_server=False)[0]
    assert endpoint.sockaddr[3] == index
    with pytest.raises(socket.gaierror):
        sockets.resolve(Address("fe80::1%nope", 80), for_server=False)


@pytest.mark.case("C-13", "C-25")
def test_localhost_of_a_server_is_both_loopbacks_without_asking_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    found = sockets.resolve(Address("LocalHost", 80), for_server=True)
    assert [str(endpoint.address) for endpoint in found] == ["127.0.0.1:80", "[::1]:80"]


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LocalHost", "tincan.localhost", "a.b.localhost."])
def test_localhost_of_a_client_is_both_loopbacks_where_the_system_does_not_know_it(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def knows_none(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", knows_none)
    found = sockets.resolve(Address(host, 80), for_server=False)
    assert [str(endpoint.address) for endpoint in found] == ["127.0.0.1:80", "[::1]:80"]


@pytest.mark.parametrize("host", ["localhost.example", "mylocalhost", "example.localhosts"])
def test_a_name_that_only_looks_like_localhost_is_the_system_s(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [row])
    for for_server in (False, True):
        found = sockets.resolve(Address(host, 80), for_server=for_server)
        assert [str(endpoint.address) for endpoint in found] == ["192.0.2.1:80"]


def test_an_address_that_the_resolver_names_twice_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [row, row])
    assert len(sockets.resolve(Address("example.test", 80), for_server=False)) == 1


@pytest.mark.case("C-29")
def test_a_name_that_the_codec_refuses_is_a_name_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(socket.gaierror):
        sockets.resolve(Address("example.test", 80), for_server=False)


# Listening.


@pytest.mark.case("C-25")
def test_localhost_listens_on_both_loopbacks_at_one_port() -> None:
    listeners = listen("localhost")
    try:
        names = [sockets.readable(listener.getsockname()) for listener in listeners]
        assert len({name.port for name in names}) == 1
        assert names[0].port != 0
        assert [name.host for name in names] == ["127.0.0.1", "::1"][: len(names)]
    finally:
        sockets._close_all(listeners)


@pytest.mark.case("C-25")
def test_localhost_makes_do_with_one_loopback_where_there_is_no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sockets._listener

    def without_ipv6(endpoint: Endpoint, backlog: int) -> socket.socket:
        if endpoint.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return real(endpoint, backlog)

    monkeypatch.setattr(sockets, "_listener", without_ipv6)
    listeners = listen("localhost")
    assert len(listeners) == 1
    listeners[0].close()


def test_localhost_without_any_loopback_cannot_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_endpoint: Endpoint, _backlog: int) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported")

    monkeypatch.setattr(sockets, "_listener", nowhere)
    with pytest.raises(OSError, match="not supported"):
        listen("localhost")


def test_listening_nowhere_is_an_error() -> None:
    with pytest.raises(OSError, match="no address"):
        sockets.listen([], Address("localhost", 80), backlog=1)


@pytest.mark.case("C-25")
def test_a_port_that_is_free_on_one_loopback_only_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Port 0: the second address must be free at the port that the first was given, or another is tried."""
    real, refusals = sockets._listener, [None, errno.EADDRINUSE, None, None]
    made: list[socket.socket] = []

    def sometimes_taken(endpoint: Endpoint, backlog: int) -> socket.socket:
        refusal = refusals.pop(0)
        if refusal:
            raise OSError(refusal, "Address already in use")
        made.append(real(LOOPBACK if endpoint.family == socket.AF_INET6 else endpoint, backlog))
        return made[-1]

    monkeypatch.setattr(sockets, "_listener", sometimes_taken)
    listeners = listen("localhost")
    assert listeners == made[1:]
    assert made[0].fileno() == -1, "the first attempt's socket is still open"
    sockets._close_all(listeners)


def test_where_no_port_is_free_on_both_loopbacks_one_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sockets._listener

    def taken_on_ipv6(endpoint: Endpoint, backlog: int) -> socket.socket:
        if endpoint.family == socket.AF_INET6:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        return real(endpoint, backlog)

    monkeypatch.setattr(sockets, "_listener", taken_on_ipv6)
    listeners = listen("localhost")
    assert len(listeners) == 1
    listeners[0].close()


@pytest.mark.case("C-21")
def test_a_port_in_use_is_refused_and_leaves_nothing_open() -> None:
    with Host() as other, pytest.raises(OSError, match=r".") as refusal:
        listen("127.0.0.1", other.address.port)
    assert refusal.value.errno == errno.EADDRINUSE


@pytest.mark.case("C-26")
@only_linux("other systems allow it")
def test_every_interface_clashes_with_loopback() -> None:
    with Host() as other, pytest.raises(OSError, match=r".") as refusal:
        listen("0.0.0.0", other.address.port)
    assert refusal.value.errno == errno.EADDRINUSE


@pytest.mark.case("C-26")
@only_linux("all of 127.0.0.0/8 is loopback on Linux only")
def test_another_loopback_address_does_not_clash() -> None:
    with Host() as other:
        (listener,) = listen("127.0.0.2", other.address.port)
        listener.close()


@pytest.mark.case("C-25")
@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_two_programs_can_have_one_port_in_ipv4_and_ipv6_but_not_all_of_localhost() -> None:
    with Host() as other:
        try:
            (listener,) = listen("::1", other.address.port)
        except OSError as error:
            pytest.skip(f"no IPv6 loopback here: {error}")
        assert sockets.readable(listener.getsockname()) == Address("::1", other.address.port)
        listener.close()
        with pytest.raises(OSError, match=r"."):
            listen("localhost", other.address.port)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs a dual-stack IPv6")
def test_every_ipv6_interface_means_every_ipv4_interface_too() -> None:
    (listener,) = listen("::")
    with listener, Peer.calls(Address("127.0.0.1", listener.getsockname()[1])):
        listener.setblocking(True)
        accepted, sockaddr = listener.accept()
        accepted.close()
        assert sockets.readable(sockaddr).host == "127.0.0.1"


@pytest.mark.case("C-22")
@only_posix("SO_REUSEADDR means something else on Windows")
def test_the_same_port_can_be_had_again_while_old_connections_wait_out_their_time() -> None:
    (listener,) = listen("127.0.0.1")
    address = sockets.readable(listener.getsockname())
    with Peer.calls(address) as peer:
        listener.setblocking(True)
        listener.accept()[0].close()  # the side that closes first has the TIME_WAIT
        assert peer.hear_all() == b""
    listener.close()
    (again,) = listen(address.host, address.port)
    again.close()


@pytest.mark.case("C-22", "C-24")
def test_a_port_is_claimed_for_us_alone_but_for_its_time_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    sock = FakeSocket()
    sockets._claim_port(sock)  # type: ignore[arg-type]
    assert sock.options == {(socket.SOL_SOCKET, socket.SO_REUSEADDR): 1}


@pytest.mark.case("C-24")
@only_linux("this system has no SO_REUSEPORT")
def test_no_other_program_can_share_a_port_of_ours() -> None:
    (listener,) = listen("127.0.0.1")
    with listener, socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match=r"."):
            thief.bind(listener.getsockname())


@pytest.mark.case("C-23")
def test_on_windows_a_port_is_claimed_exclusively_and_never_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    sock = FakeSocket()
    sockets._claim_port(sock)  # type: ignore[arg-type]
    assert sock.options == {(socket.SOL_SOCKET, -5): 1}


# Tuning.


def test_a_tuned_socket_answers_at_once_and_notices_a_vanished_peer(pair: tuple[socket.socket, Peer]) -> None:
    ours, _peer = pair
    sockets.tune(ours, Limits(keepalive_idle=7, keepalive_interval=2, keepalive_probes=4, unacknowledged=1.5))
    assert not ours.getblocking()
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if sys.platform == "linux":
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        assert [ours.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [7, 2, 4, 1500]


@pytest.mark.case("C-01")
def test_by_default_a_vanished_peer_is_noticed_within_thirty_seconds() -> None:
    limits = Limits()
    assert limits.keepalive_idle + limits.keepalive_probes * limits.keepalive_interval <= 30
    assert limits.unacknowledged <= 30


def test_the_idle_time_has_another_name_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    for absent in ("TCP_KEEPIDLE", "TCP_USER_TIMEOUT"):
        monkeypatch.delattr(socket, absent, raising=False)
    monkeypatch.setattr(socket, "TCP_KEEPALIVE", 0x10, raising=False)
    sock = FakeSocket()
    sockets.tune(sock, Limits(keepalive_idle=7))  # type: ignore[arg-type]
    assert sock.options[socket.IPPROTO_TCP, 0x10] == 7


def test_an_option_that_the_system_refuses_is_done_without() -> None:
    sock = FakeSocket(refused=(socket.TCP_NODELAY, socket.SO_KEEPALIVE))
    sockets.tune(sock, Limits())  # type: ignore[arg-type]
    assert not sock.blocks
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY) not in sock.options


# Connecting.


def connected(endpoint: Endpoint) -> tuple[socket.socket, int]:
    sock, status = sockets.start_connect(endpoint)
    if not status:
        until(lambda: _is_decided(sock), "an answer")
        status = sockets.connect_status(sock)
    return sock, status


def _is_decided(sock: socket.socket) -> bool:
    return any(select.select([], [sock], [sock], 0))  # Windows tells a refusal as an exception


def test_a_connect_that_succeeds() -> None:
    with Host() as host:
        sock, status = connected(LOOPBACK.with_port(host.address.port))
        assert status == 0
        sock.close()


@pytest.mark.case("C-09")
def test_a_connect_that_is_refused() -> None:
    sock, status = connected(LOOPBACK.with_port(free_port()))
    sock.close()
    assert status == errno.ECONNREFUSED


@pytest.mark.case("C-09")
def test_the_status_of_a_connect_becomes_the_error_that_a_call_would_have_raised() -> None:
    with pytest.raises(ConnectionRefusedError) as raised:
        socket.create_connection(("127.0.0.1", free_port()))

    error = sockets.error_of(errno.ECONNREFUSED)

    assert type(error) is ConnectionRefusedError
    assert (error.errno, error.strerror) == (raised.value.errno, raised.value.strerror)


@pytest.mark.case("C-08")
def test_a_connection_to_oneself_counts_as_refused() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(sock.getsockname())  # nobody listens, and yet: TCP simultaneous open
        assert sock.getsockname() == sock.getpeername()
        assert sockets.connect_status(sock) == errno.ECONNREFUSED


@pytest.mark.case("C-03")
def test_a_connect_that_was_reset_before_we_looked_has_its_reason() -> None:
    """On macOS the peer's name cannot be asked for any more, and the error has been taken already."""

    class Gone:
        def getsockopt(self, _level: int, _option: int) -> int:
            return 0

        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", 1

        def getpeername(self) -> tuple[str, int]:
            raise OSError(errno.EINVAL, "Invalid argument")

    assert sockets.connect_status(Gone()) == errno.ECONNRESET  # type: ignore[arg-type]


def test_a_connect_that_cannot_even_begin_leaves_no_socket() -> None:
    with pytest.raises(TypeError):
        sockets.start_connect(Endpoint(socket.AF_INET, ("127.0.0.1", "80")))


# What ICMP says.


@only_linux("elsewhere nothing is asked")
@pytest.mark.parametrize(
    ("number", "origin", "kind", "code", "name"),
    [
        (errno.ECONNREFUSED, 2, 3, 3, "ECONNREFUSED"),
        (errno.EHOSTUNREACH, 2, 3, 1, "EHOSTUNREACH"),
        (errno.EHOSTUNREACH, 2, 11, 0, "ENETRESET"),
        (errno.EHOSTUNREACH, 2, 11, 1, "EHOSTUNREACH"),  # fragments did not all come
        (errno.EHOSTUNREACH, 3, 3, 0, "ENETRESET"),
        (errno.ENETUNREACH, 3, 1, 0, "ENETUNREACH"),
        (errno.EACCES, 3, 1, 1, "EHOSTUNREACH"),  # administratively prohibited
        (errno.ECONNREFUSED, 3, 1, 4, "ECONNREFUSED"),
    ],
)
def test_what_icmp_says_has_one_name_whatever_the_kind_of_address(
    number: int, origin: int, kind: int, code: int, name: str
) -> None:
    class Told:
        """A socket with one error in its queue: a struct sock_extended_err of IPv6."""

        def __init__(self) -> None:
            self._left = [struct.pack("=IBBBBII", number, origin, kind, code, 0, 0, 0)]

        def recvmsg(self, *_asked: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, int]]:
            if not self._left:
                raise BlockingIOError
            return b"", [(socket.IPPROTO_IPV6, 25, self._left.pop())], 0, ("::1", 9)

    ((error, _whose),) = sockets.returned(Told())  # type: ignore[arg-type]
    assert errno.errorcode[error.errno or 0] == name


# Endings.


@pytest.mark.case("C-03")
@needs_rst
def test_a_reset_is_seen_as_one_by_the_peer(pair: tuple[socket.socket, Peer]) -> None:
    ours, peer = pair
    sockets.reset(ours)
    assert peer.hear_a_reset() == b""


def test_a_reset_is_packed_as_windows_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    sock = FakeSocket()
    sockets.reset(sock)  # type: ignore[arg-type]
    assert sock.options[socket.SOL_SOCKET, socket.SO_LINGER] == struct.pack("hh", 1, 0)
    assert sock.closed


def test_a_reset_of_a_socket_that_refuses_the_option_still_closes_it() -> None:
    sock = FakeSocket(refused=(socket.SO_LINGER,))
    sockets.reset(sock)  # type: ignore[arg-type]
    assert sock.closed


@only_linux("nobody else can tell")
def test_a_fin_is_no_byte_that_waits_for_its_acknowledgement() -> None:
    with Host() as host, Peer.calls(host.address) as near, host.accept(Peer):
        ours = Tcp(near.sock)
        ours.finish_sending()
        assert ours.unconfirmed == 0
    with Host() as host, Peer.calls(host.address) as near, host.accept(Peer):
        near.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                near.sock.send(bytes(64 * 1024))
        ours = Tcp(near.sock)
        before = ours.unconfirmed or 0
        ours.finish_sending()
        assert 0 < (ours.unconfirmed or 0) <= before
        near.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1)  # ms
        until(lambda: near.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ETIMEDOUT, "the loss")
        lost = sockets.unconfirmed(near.sock) or 0  # with a FIN that nobody takes any more
        assert ours.unconfirmed == lost - 1


@only_linux("nobody else can tell")
def test_what_has_gone_out_to_this_machine_is_there_and_what_waits_for_room_is_not() -> None:
    with Host() as host, NeverReads.calls(host.address) as far, host.accept(Peer) as near:
        near.say(b"hello")
        assert sockets.undelivered(near.sock) == 0
        near.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                near.sock.send(bytes(64 * 1024))
        waits = sockets.undelivered(near.sock) or 0
        assert 0 < waits <= (sockets.unconfirmed(near.sock) or 0)
        far.leave()
        until(lambda: sockets.undelivered(near.sock) == 0, "the end")


@only_linux("nobody else can tell")
def test_what_another_machine_has_not_acknowledged_may_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "unconfirmed", lambda _sock, **_keywords: 5)
    sock = FakeSocket()
    sock.getpeername = lambda: ("192.0.2.1", 80)  # type: ignore[attr-defined]
    sock.getsockname = lambda: ("192.0.2.2", 5555)  # type: ignore[attr-defined]
    assert sockets.undelivered(sock) == 5  # type: ignore[arg-type]


@pytest.mark.case("C-02", "C-07")
@only_linux("nobody else can tell")
def test_what_the_peer_has_not_confirmed_can_be_counted(pair: tuple[socket.socket, Peer]) -> None:
    ours, peer = pair
    ours.sendall(b"hello")
    assert peer.hear(5) == b"hello"
    until(lambda: sockets.unconfirmed(ours) == 0, "an acknowledgement")
    ours.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(10_000):
            ours.send(b"x" * 65536)
    assert (sockets.unconfirmed(ours) or 0) > 65536


@only_linux("elsewhere two ends look like a reset")
def test_two_ends_are_no_reset() -> None:
    with Host() as host, Resets.calls(host.address) as near, host.accept(Peer) as far:
        far.finish()
        near.finish()
        until(lambda: sockets.is_over(far.sock), "the end")
        assert not sockets.is_over(far.sock, with_fin=False)
    with Host() as host, Resets.calls(host.address) as near, host.accept(Peer) as far:
        near.leave()
        until(lambda: sockets.is_over(far.sock, with_fin=False), "the reset")


def test_a_socket_that_was_closed_meanwhile_confirms_nothing() -> None:
    sock = socket.socket()
    sock.close()
    assert sockets.unconfirmed(sock) is None


@only_linux("nobody else can tell")
def test_what_is_no_socket_confirms_nothing() -> None:
    with Path(os.devnull).open("rb") as nothing:
        assert sockets.unconfirmed(nothing) is None  # type: ignore[arg-type]


@pytest.mark.case("C-01")
@only_linux("nobody else can tell")
def test_how_long_a_peer_has_been_silent_can_be_told(pair: tuple[socket.socket, Peer]) -> None:
    ours, peer = pair
    ours.sendall(b"hello")
    assert peer.hear(5) == b"hello"
    silence = sockets.silence(ours)
    assert silence is not None
    assert 0 <= silence < PATIENCE
    until(lambda: (sockets.silence(ours) or 0) > silence + 0.02, "time to pass")


def test_what_is_no_tcp_socket_is_silent_for_nobody_knows_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert sockets.silence(datagrams) is None
        monkeypatch.setattr(sys, "platform", "darwin")
        assert sockets.silence(datagrams) is None


def test_elsewhere_nobody_can_tell_what_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with socket.socket() as sock:
        assert sockets.unconfirmed(sock) is None


# Descriptors.


@pytest.mark.case("C-31")
@only_posix("Windows has no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (256, -1, (8192, -1)),  # macOS: 256, and as many as you ask for
        (1024, 4096, (4096, 4096)),
        (1024, 100_000, (8192, 100_000)),
        (20_000, 100_000, None),
        (-1, -1, None),
    ],
)
def test_as_many_descriptors_are_asked_for_as_can_be_had(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: tuple[int, int] | None
) -> None:
    import resource

    infinite = {-1: resource.RLIM_INFINITY}
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (infinite.get(soft, soft), infinite.get(hard, hard)))
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: asked.append(limits))
    sockets.raise_descriptor_limit()
    assert asked == ([] if raised is None else [(raised[0], infinite.get(raised[1], raised[1]))])


@pytest.mark.case("C-31")
@only_posix("Windows has no such limit")
def test_a_system_that_refuses_more_descriptors_is_lived_with(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    def refuse(*_args: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _what: (256, 1000))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    sockets.raise_descriptor_limit()


def test_windows_has_no_limit_to_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "resource", None)  # there is no such module there
    sockets.raise_descriptor_limit()


def test_a_peer_that_resets_at_once_does_not_spoil_tuning() -> None:
    with Host() as host:
        sock = socket.create_connection((host.address.host, host.address.port))
        host.accept(Resets).leave()
        sockets.tune(sock, Limits())
        assert not sock.getblocking()
        sock.close()
