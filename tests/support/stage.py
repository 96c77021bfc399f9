"""Servers, clients and taps as tests want them: on a free port, recorded, and held to the law when they end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.address import Address
from core.net.client import Client
from core.net.connection import Connection
from core.net.resolver import Resolver
from core.net.server import Server
from core.net.session import Session
from core.net.tap import Tap
from core.net.transport import Tcp
from core.replies import Reply
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from core.wire.faults import Faults
from tests.support.law import check_law
from tests.support.sink import Sink, until


def held_up(session: Session) -> threading.Event:
    """Keep the session's thread busy until the event is set."""
    go_on, is_busy = threading.Event(), threading.Event()

    def keep_busy() -> None:
        is_busy.set()
        go_on.wait(10)

    session.connections[0].loop.call_soon(keep_busy)
    assert is_busy.wait(10)
    return go_on


@contextmanager
def serving(
    reply: str | Reply = "echo",
    *,
    framing: str = "raw",
    target: Address | str = "127.0.0.1:0",
    limits: Limits = DEFAULTS,
    resolver: Resolver | None = None,
    tls: Tls | bool | None = None,
) -> Iterator[tuple[Server, Sink]]:
    """A server that stands, and what happens to it."""
    sink = Sink()
    with Server(target, reply=reply, framing=framing, limits=limits, events=sink, resolver=resolver, tls=tls) as server:
        yield server, sink
    check_law(sink.events)


@contextmanager
def tapping(
    target: Address | str,
    *,
    limits: Limits = DEFAULTS,
    fault_out: Faults | None = None,
    fault_in: Faults | None = None,
    tls: Tls | None = None,
    onward_tls: Tls | None = None,
) -> Iterator[tuple[Tap, Sink]]:
    """A tap that stands before ``target``, and what happens to it."""
    sink = Sink()
    with Tap(
        "0", target, limits=limits, events=sink,
        fault_out=fault_out, fault_in=fault_in, tls=tls, onward_tls=onward_tls,
    ) as tap:  # fmt: skip
        yield tap, sink
    check_law(sink.events)


@contextmanager
def calling(
    target: Address | str,
    *,
    framing: str = "raw",
    limits: Limits = DEFAULTS,
    resolver: Resolver | None = None,
    tls: Tls | bool | None = None,
    half_open: bool = False,
    stands: Callable[[Connection], None] | None = None,
) -> Iterator[tuple[Client, Sink]]:
    """A client that is connected, and what happens to it."""
    sink = Sink()
    with Client(
        target,
        framing=framing,
        half_open=half_open,
        limits=limits,
        events=sink,
        resolver=resolver,
        tls=tls,
        stands=stands,
    ) as client:
        yield client, sink
    check_law(sink.events)


def socket_of(connection: Connection) -> socket.socket:
    """What the connection's transport is over, for who does something behind its back."""
    assert isinstance(connection._transport, Tcp)
    return connection._transport._sock


def resident_memory() -> int:
    """Bytes of this process in memory; Linux only, 0 elsewhere."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * 4096 if statm.exists() else 0


def ours(server: Server) -> Connection:
    """The server's end of its only connection."""
    until(lambda: len(server.connections) == 1, "a connection")
    return server.connections[0]
