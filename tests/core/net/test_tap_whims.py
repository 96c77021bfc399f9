"""Both ends of a tap, and its lines, do what chance will have: no thread, descriptor or byte is lost untold."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core.events import Closed, Event, NotSent, Opened, Received, Remark, Sent
from core.net.tap import Tap
from core.wire.faults import SOUND, BothWays, parse_faults
from tests.support.peers import Host, Peer, Resets
from tests.support.sink import PATIENCE, until
from tests.support.stage import tapping
from tests.support.systems import needs_rst

BAD_LINES = [
    parse_faults(each)
    for each in (
        "cut=5kB", "cut=3ms", "reset=9kB", "reset=4ms", "finish=7kB", "finish=2ms", "flip=0.001", "stall=2kB/10ms",
        "latency=4ms~4,slice=900", "bandwidth=2MB,reset=20kB", "stall=1kB/5ms,cut=12kB,flip=0.0001",
    )
]  # fmt: skip
PAIRS = 120
AT_ONCE = 8
ASKED = b"?"  # with which a caller begins, so that the tap has it


class Whim:
    """A peer that says, hears, finishes, leaves or crashes as chance will have it, and remembers what was said."""

    def __init__(self, sock: socket.socket, port: int, seed: int) -> None:
        self._sock, self._chance = sock, random.Random(seed)
        sock.settimeout(PATIENCE)
        self.port = (
            port  # the caller's, of the connection to the tap or from it; 0 if that was over before anybody asked
        )
        self.said, self.heard = bytearray(), bytearray()

    def live(self) -> Whim:
        with Peer(self._sock) as peer, contextlib.suppress(OSError):  # the other end has its whims as well
            for _ in range(self._chance.randrange(6)):
                self._chance.choice([self._say, self._say, self._hear])()
            if self._chance.random() < 0.5:
                peer.finish()
                while part := self._sock.recv(1 << 16):
                    self.heard += part
            if self._chance.random() < 0.3:
                Resets(self._sock).leave()
        return self

    def _say(self) -> None:
        words = self._chance.randbytes(self._chance.randrange(1, 20_000))
        self.said += words
        self._sock.sendall(words)

    def _hear(self) -> None:
        self._sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.heard += self._sock.recv(10_000)
        self._sock.settimeout(PATIENCE)


@contextlib.contextmanager
def targets_at(host: Host, live: Callable[[socket.socket], Future[Whim]]) -> Iterator[list[Future[Whim]]]:
    """One for each connection that comes."""
    targets: list[Future[Whim]] = []
    is_over = threading.Event()

    def accept() -> None:
        while True:
            sock = host.accept(Peer).sock
            if is_over.is_set():
                sock.close()
                return
            targets.append(live(sock))

    acceptor = threading.Thread(target=accept, name="acceptor")
    acceptor.start()
    try:
        yield targets
    finally:
        is_over.set()
        Peer.calls(host.address).leave()
        acceptor.join()


def stir(tap: Tap, chance: random.Random) -> None:
    """What is wrong with the lines of all that come, or of one that is there, changes."""
    numbers = [None, *(connection.number for connection in tap.connections)]
    tap.set_faults(BothWays(*(chance.choice([None, *BAD_LINES]) for _ in range(2))), chance.choice(numbers))


def joined(story: Sequence[Event], kind: type[Received | Sent]) -> bytes:
    return b"".join(event.data for event in story if isinstance(event, kind))


def lost(story: Sequence[Event]) -> int:
    """Bytes that are told to have gone nowhere."""
    notes = [event.text for event in story if isinstance(event, Remark) and "not passed on" in event.text]
    refused = sum(event.size for event in story if isinstance(event, NotSent))
    return refused + sum(int(note.split()[0].replace(",", "")) for note in notes)


def flipped(story: Sequence[Event]) -> int:
    """Bits that are told to have been flipped."""
    notes = "\n".join(event.text for event in story if isinstance(event, Remark))
    return sum(int(count.replace(",", "")) for count in re.findall(r"([\d,]+) bits? flipped", notes))


def check_pair(near: Sequence[Event], far: Sequence[Event]) -> None:
    """What came on one leg went out on the other in its order; what did not is told, and so is each flipped bit."""
    came, went = len(joined(near, Received) + joined(far, Received)), len(joined(near, Sent) + joined(far, Sent))
    assert came == went + lost(near) + lost(far)
    for one, other in ((near, far), (far, near)):
        heard, passed = joined(one, Received), joined(other, Sent)
        differs = sum((a ^ b).bit_count() for a, b in zip(heard, passed, strict=False))
        assert differs <= flipped(other), "other bits went on than came"


def port_of(leg: Opened) -> int:
    """The port of the one that called: of the caller, or of the tap that called its target."""
    return leg.peer.port if leg.number > 0 else leg.local.port


def check_end(story: Sequence[Event], end: Whim) -> None:
    """A leg carried what its end said and heard."""
    assert bytes(end.said).startswith(joined(story, Received))
    assert joined(story, Sent).startswith(bytes(end.heard))


@needs_rst
@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_cut_or_flipped_arrives_and_what_is_lost_is_told(seed: int) -> None:
    chance = random.Random(seed)

    def call(number: int) -> Whim:
        sock = Peer.calls(tap.addresses[0]).sock
        return Whim(sock, sock.getsockname()[1], number)

    def met(sock: socket.socket) -> Future[Whim]:
        port = 0
        with contextlib.suppress(OSError):  # reset already
            port = sock.getpeername()[1]
        return far.submit(Whim(sock, port, port).live)

    with (
        Host() as host,
        ThreadPoolExecutor(AT_ONCE) as near,
        ThreadPoolExecutor(PAIRS) as far,
        tapping(host.address) as (tap, sink),
        targets_at(host, met) as targets,
    ):
        callers: list[Future[Whim]] = []
        for number in range(PAIRS):
            stir(tap, chance)
            with contextlib.suppress(ConnectionResetError):  # by a fault, before it was connected
                callers.append(near.submit(call(1000 * seed + number).live))
            if len(callers) > AT_ONCE:
                callers[-AT_ONCE].result()
        ends = [caller.result() for caller in callers]
        tap.set_faults(SOUND)
        until(lambda: len(sink.of(Closed)) == len(sink.of(Opened)), "all legs to be over")
        ends += [target.result() for target in targets]

    stories: dict[int, list[Event]] = {opened.connection: [] for opened in sink.of(Opened)}
    for event in sink.events:
        identity = getattr(event, "connection", None)
        if identity is not None:
            stories[identity].append(event)
    numbered = {opened.number: stories[opened.connection] for opened in sink.of(Opened)}
    for number, story in numbered.items():
        if number > 0:
            check_pair(story, numbered.get(-number, []))
    ports, end_ports = [port_of(opened) for opened in sink.of(Opened)], [end.port for end in ends]
    by_port = {port_of(opened): stories[opened.connection] for opened in sink.of(Opened)}
    for end in ends:
        if ports.count(end.port) == end_ports.count(end.port) == 1:  # else it never was a leg, or the port came again
            check_end(by_port[end.port], end)
