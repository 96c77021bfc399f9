"""A network that delays, slices, freezes, cuts and resets: every byte received is the byte that was sent, in order."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import SendError
from core.events import Closed, Ending, PeerFinished, Received, SessionClosed
from core.net.client import Client
from core.net.server import Server
from core.settings import KIB, MIB
from tests.support.chaos import ChaosProxy, Mischief
from tests.support.law import check_law
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import calling, serving
from tests.support.systems import needs_rst

SIZE = int(os.environ.get("TINCAN_CHAOS", 16 * MIB))  # bytes each way; 1 or 10 GiB by hand
ROUGH = Mischief(slices=48 * KIB, delay=0.0005, freeze=0.002, frozen_for=0.02)


class CountingSink(Sink):
    """Keeps a digest of what was received instead of the bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()
        self.received = 0

    def put(self, event: object) -> None:
        if isinstance(event, Received):
            self.digest.update(event.data)
            self.received += len(event.data)
            with self._changed:
                self._changed.notify_all()
        elif type(event).__name__ not in ("Sent", "NotSent"):
            super().put(event)  # type: ignore[arg-type]


def say(client: Client, size: int, digest: hashlib._Hash) -> None:
    """Send ``size`` bytes that never repeat, as fast as they are taken."""
    room = threading.Event()
    sent = 0
    while sent < size:
        chunk = hashlib.shake_128(str(sent).encode()).digest(min(64 * KIB, size - sent))
        digest.update(chunk)
        sent += len(chunk)
        while not _takes(client, chunk):
            room.wait(0.001)


def _takes(client: Client, chunk: bytes) -> bool:
    try:
        client.send(chunk)
    except SendError as refusal:
        if "does not read" not in str(refusal):
            raise
        return False
    return True


@pytest.mark.case("C-37", "C-42")
def test_every_byte_arrives_through_a_rough_network_and_comes_back() -> None:
    there, back, said = CountingSink(), CountingSink(), hashlib.sha256()
    with (
        Server("127.0.0.1:0", reply="echo", events=there) as server,
        ChaosProxy(server.addresses[0], ROUGH, seed=1) as proxy,
        Client(proxy.address, events=back) as client,
        ThreadPoolExecutor(1) as fetcher,
    ):
        fetcher.submit(lambda: [None for _message in client])
        say(client, SIZE, said)
        back.wait_until(lambda: back.received >= SIZE, "every byte back")
        client.stop()
    assert there.received == back.received == SIZE
    assert said.digest() == there.digest.digest() == back.digest.digest()
    for sink in (there, back):
        check_law(sink.events)


@pytest.mark.case("C-03")
@pytest.mark.parametrize("seed", range(8))
@needs_rst
def test_a_network_that_resets_leaves_a_beginning_of_what_was_sent(seed: int) -> None:
    text = hashlib.shake_128(b"text").digest(300 * KIB)
    mischief = Mischief(slices=4 * KIB, reset_after=(seed + 1) * 20_000)
    with (
        serving("none") as (server, there),
        ChaosProxy(server.addresses[0], mischief, seed=seed) as proxy,
        calling(proxy.address) as (client, here),
    ):
        client.send(text)
        (closed,) = here.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET
        (closed,) = there.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET
        heard = b"".join(event.data for event in there.of(Received))
        assert text.startswith(heard)
        assert len(heard) < len(text)


@pytest.mark.case("C-04")
@pytest.mark.parametrize("seed", range(4))
def test_a_network_that_cuts_one_direction_leaves_a_beginning_and_the_other_direction(seed: int) -> None:
    text = hashlib.shake_128(b"text").digest(64 * KIB)
    with (
        serving("none") as (server, there),
        ChaosProxy(server.addresses[0], Mischief(slices=1000, fin_after=30_000), seed=seed) as proxy,
        calling(proxy.address) as (client, _here),
    ):
        client.send(text)
        there.wait_for(PeerFinished)
        heard = b"".join(event.data for event in there.of(Received))
        assert text.startswith(heard)
        assert 30_000 <= len(heard) < 31_000
        (connection,) = server.connections
        connection.send(b"still there?")
        assert client.receive(PATIENCE) == b"still there?"
        connection.close()  # or the client waits a second for an answer to its end, which is cut


@pytest.mark.case("C-19")
def test_a_network_that_freezes_delays_and_drops_nothing() -> None:
    with (
        serving("echo", framing="line") as (server, _there),
        ChaosProxy(server.addresses[0], Mischief(slices=5, freeze=0.3, frozen_for=0.01), seed=3) as proxy,
        calling(proxy.address, framing="line") as (client, here),
    ):
        lines = [f"line {number}".encode() for number in range(50)]
        for line in lines:
            client.send(line)
        assert [client.receive(PATIENCE) for _ in lines] == lines
        client.stop()
        here.wait_for(SessionClosed)
        until(lambda: not server.connections, "the server's end")
