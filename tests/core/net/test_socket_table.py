"""The system's table of sockets: real sockets in their states, and tables of Windows as it writes them."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

import pytest

from core.address import Address
from core.net.socket_table import Ends, read_windows_table, tcp_states
from core.net.sockets import readable, tcp_info
from core.tcp import TcpState
from tests.support.sink import until
from tests.support.systems import only_linux, only_windows

ANY_TABLE = pytest.mark.skipif(sys.platform not in ("linux", "win32"), reason="POSIX: this system's table is not read")


def ends_of(sock: socket.socket) -> Ends:
    return readable(sock.getsockname()), readable(sock.getpeername())


def state_of(ends: Ends) -> TcpState:
    found = tcp_states([ends])
    assert found is not None
    return found[ends]


def comes_to(ends: Ends, state: TcpState) -> None:
    """Wait until the socket is in that state."""
    until(lambda: state_of(ends) is state, state.name)


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket, socket.socket]]:
    """A listener, a client of it, and the other end of that."""
    host = "127.0.0.1" if request.param is socket.AF_INET else "::1"
    with socket.socket(request.param, socket.SOCK_STREAM) as listener:
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listener.listen(1)
        with socket.create_connection(listener.getsockname()[:2]) as client:
            served, _ = listener.accept()
            with served:
                yield listener, client, served


@ANY_TABLE
def test_a_listener_and_both_ends_of_a_connection_are_found(
    pair: tuple[socket.socket, socket.socket, socket.socket],
) -> None:
    listener, client, served = pair

    assert state_of((readable(listener.getsockname()), None)) is TcpState.LISTEN
    assert state_of(ends_of(client)) is TcpState.ESTABLISHED
    assert state_of(ends_of(served)) is TcpState.ESTABLISHED


@ANY_TABLE
def test_a_half_close_and_the_end_are_followed(pair: tuple[socket.socket, socket.socket, socket.socket]) -> None:
    _listener, client, served = pair
    here, there = ends_of(client), ends_of(served)

    client.shutdown(socket.SHUT_WR)
    assert served.recv(1) == b""
    comes_to(here, TcpState.FIN_WAIT_2)  # once the other end's system has acknowledged the FIN
    assert state_of(there) is TcpState.CLOSE_WAIT

    served.close()
    assert client.recv(1) == b""
    client.close()
    comes_to(here, TcpState.TIME_WAIT)
    comes_to(there, TcpState.CLOSED)


@only_linux("a socket of IPv6 that serves IPv4 too")
def test_an_ipv4_peer_of_a_dual_stack_server_is_found_by_its_ipv4_address() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener:
        try:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind(("::", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listener.listen(1)
        with socket.create_connection(("127.0.0.1", listener.getsockname()[1])):
            served, _ = listener.accept()
            with served:
                assert state_of(ends_of(served)) is TcpState.ESTABLISHED
                assert ends_of(served)[0].host == "127.0.0.1"


@ANY_TABLE
def test_what_the_table_does_not_have_is_closed_and_a_name_is_nowhere() -> None:
    assert state_of((Address("127.0.0.1", 1), Address("127.0.0.1", 2))) is TcpState.CLOSED
    assert state_of((Address("localhost", 1), None)) is TcpState.CLOSED


def test_without_a_table_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert tcp_states([(Address("127.0.0.1", 1), None)]) is None


def v4(state: int, local: str, port: int, peer: str, peer_port: int) -> bytes:
    ports = struct.pack(">H2xH2x", port, peer_port)
    return struct.pack("<I", state) + socket.inet_aton(local) + ports[:4] + socket.inet_aton(peer) + ports[4:]


def test_a_table_of_windows_is_read() -> None:
    rows = [
        v4(2, "0.0.0.0", 80, "0.0.0.0", 4711),
        v4(5, "127.0.0.1", 80, "127.0.0.1", 50_000),
        v4(11, "10.0.0.1", 9, "10.0.0.2", 8),
    ]

    found = read_windows_table(struct.pack("<I", 3) + b"".join(rows), is_ipv6=False)

    one = socket.inet_aton("127.0.0.1")
    assert found[one, 80, one, 50_000] is TcpState.ESTABLISHED
    assert found[bytes(4), 80, bytes(4), 0] is TcpState.LISTEN
    assert found[socket.inet_aton("10.0.0.1"), 9, socket.inet_aton("10.0.0.2"), 8] is TcpState.TIME_WAIT


def test_a_table_of_windows_with_ipv6_is_read() -> None:
    one = socket.inet_pton(socket.AF_INET6, "::1")
    row = struct.pack("<I", 8) + one + bytes(4) + struct.pack(">H2x", 80) + one + bytes(4) + struct.pack(">H2x", 81)

    found = read_windows_table(struct.pack("<I", 1) + row, is_ipv6=True)

    assert found == {(one, 80, one, 81): TcpState.CLOSE_WAIT}


@pytest.mark.parametrize(
    "data", [b"", b"\x05\0\0\0", b"\xff\xff\xff\xff" + bytes(30), v4(99, "1.1.1.1", 1, "1.1.1.2", 2)]
)
def test_a_table_that_is_cut_off_or_strange_harms_nobody(data: bytes) -> None:
    assert len(read_windows_table(data, is_ipv6=False)) <= 1
    assert len(read_windows_table(data, is_ipv6=True)) <= 1


@only_windows
def test_windows_gives_its_tables() -> None:
    assert tcp_states([(Address("127.0.0.1", 1), None)]) is not None


@only_linux("TCP_INFO")
def test_what_linux_knows_of_a_connection(pair: tuple[socket.socket, socket.socket, socket.socket]) -> None:
    _listener, client, served = pair
    client.sendall(b"x" * 1000)
    assert served.recv(1000, socket.MSG_WAITALL) == b"x" * 1000

    info = tcp_info(client)

    assert info is not None
    assert 0 < info.rtt < 10_000_000
    assert 500 < info.mss < 70_000
    assert info.congestion_window >= 1
    assert info.peer_window is None or info.peer_window > 1000
    client.close()
    assert tcp_info(client) is None
