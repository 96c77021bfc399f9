"""What sessions are made of: what is of another type, or cannot happen to them, is refused when they are made."""

from __future__ import annotations

import errno
import queue
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from core.errors import TincanError
from core.net.client import Client
from core.net.server import Server
from core.net.session import Session
from core.net.tap import Tap
from core.net.udp import UdpClient, UdpServer
from core.wire.faults import BothWays, FaultError, parse_faults

SERVER = partial(Server, "127.0.0.1:0")
CLIENT = partial(Client, "127.0.0.1:5")
TAP = partial(Tap, "127.0.0.1:0", "127.0.0.1:5")
UDP_SERVER = partial(UdpServer, "127.0.0.1:0")
UDP_CLIENT = partial(UdpClient, "127.0.0.1:5")


def tap_of_callers_at(listen: str) -> Tap:
    return Tap(listen, "127.0.0.1:5")


@pytest.mark.parametrize("kind", [Server, Client, UdpServer, UdpClient, partial(Tap, "127.0.0.1:0"), tap_of_callers_at])
@pytest.mark.parametrize("target", [5555, None, b"127.0.0.1:5", ("127.0.0.1", 5)])
def test_a_target_that_is_no_address_and_no_text_is_refused(kind: Callable[..., Session], target: object) -> None:
    with pytest.raises(TypeError, match=f"has to be Address or str, and this is {type(target).__name__}$"):
        kind(target)


@pytest.mark.parametrize("make", [SERVER, CLIENT, TAP, UDP_SERVER, UDP_CLIENT])
@pytest.mark.parametrize(
    ("name", "value", "kinds"),
    [
        ("framing", None, "str"),
        ("limits", {"connections": 5}, "Limits"),
        ("events", queue.SimpleQueue(), "EventSink or None"),
        ("events", print, "EventSink or None"),
        ("fault_out", "latency=100ms", "Faults or None"),
        ("fault_in", "latency=100ms", "Faults or None"),
    ],
)
def test_an_argument_of_another_type_is_refused(
    make: Callable[..., Session], name: str, value: object, kinds: str
) -> None:
    with pytest.raises(TypeError, match=f"^{name} has to be {kinds}, and this is {type(value).__name__}$"):
        make(**{name: value})


@pytest.mark.parametrize(
    ("make", "name", "value", "kinds"),
    [
        (SERVER, "tls", "server.pem", "Tls or bool or None"),
        (CLIENT, "tls", 1, "Tls or bool or None"),
        (TAP, "onward_tls", "ca.pem", "Tls or bool or None"),
        (CLIENT, "proxy", 1080, "Proxy or str or None"),
        (TAP, "proxy", 1080, "Proxy or str or None"),
        (CLIENT, "stands", "call", "Callable or None"),
        (CLIENT, "reply", "echo", "Reply or None"),
        (SERVER, "reply", None, "Reply, str or a function"),
        (UDP_SERVER, "reply", 5, "Reply, str or a function"),
    ],
)
def test_one_that_only_some_have_is_refused_as_well(
    make: Callable[..., Session], name: str, value: object, kinds: str
) -> None:
    with pytest.raises(TypeError, match=f"^{name} has to be {kinds}, and this is {type(value).__name__}$"):
        make(**{name: value})


@pytest.mark.parametrize(
    ("make", "written", "where"),
    [
        (SERVER, "loss=0.1", "datagrams"),
        (CLIENT, "lossy-wifi", "datagrams"),
        (TAP, "reorder=0.1", "datagrams"),
        (UDP_SERVER, "cut=1000", "streams"),
        (UDP_CLIENT, "slice=1", "streams"),
    ],
)
def test_a_fault_that_cannot_happen_there_is_refused(make: Callable[..., Session], written: str, where: str) -> None:
    faults: Any = parse_faults(written)
    for name in ("fault_out", "fault_in"):
        with pytest.raises(FaultError, match=f"happens to {where}"):
            make(**{name: faults})
    with pytest.raises(TincanError, match=f"happens to {where}"):
        make().set_faults(BothWays(into=faults))


@pytest.mark.case("C-31")
@pytest.mark.parametrize("make", [SERVER, CLIENT, TAP, UDP_SERVER, UDP_CLIENT])
def test_a_session_that_has_no_descriptors_for_its_loop_says_so_and_logs_no_fault(
    make: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left() -> tuple[socket.socket, socket.socket]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", none_left)
    with pytest.raises(TincanError, match="as many connections and files open as the system allows"), make():
        pass
    assert not caplog.records
