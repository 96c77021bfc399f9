"""Two programs with a tap between them, each of which does what chance will have: each sees of the other what it would
see without the tap, and the journal says the same.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TypeAlias

import pytest

from core.events import Closed, Ending, Event, NotSent, Opened, Received, Remark, Sent
from core.net.hold import Hold
from core.net.tap import Tap
from core.settings import KIB, MIB, Limits
from core.tls.settings import Tls
from core.wire.faults import BothWays, parse_faults
from tests.support.certificates import make
from tests.support.law import check_law
from tests.support.peers import Host, Peer
from tests.support.sink import Sink, until
from tests.support.stage import tapping
from tests.support.systems import needs_rst, only_linux
from tests.support.tls_peers import client_context, server_context

LINES = [parse_faults(each) for each in ("latency=3ms~3", "slice=700", "stall=2kB/5ms", "bandwidth=3MB")]
HOLDS = [Hold(framing="line"), Hold(out=False), Hold(into=False, framing="fixed:1000")]
LIMITS = Limits(outbox=64 * KIB)
CERTIFICATE = make()
CASES = int(os.environ.get("TINCAN_PAIRS", "8"))  # of each kind; thousands by hand
Kinds: TypeAlias = tuple[bool, bool]  # whether caller and target speak TLS
KINDS = [
    pytest.param(kinds, id=f"{'TLS' if kinds[0] else 'TCP'}-{'TLS' if kinds[1] else 'TCP'}")
    for kinds in product((False, True), repeat=2)
]


class Program:
    """One end: never waits, counts what it said and heard, and knows how the other one ended."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None = None, *, is_server: bool = False) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.said, self.heard, self._to_say = bytearray(), bytearray(), bytearray()
        self.reads, self.end = True, ""  # how the other one has ended
        self.wants_fin = self.has_finished = False
        self._out = b""
        self._in_bio, self._out_bio = ssl.MemoryBIO(), ssl.MemoryBIO()
        host = None if is_server else "localhost"
        self._tls = (
            context.wrap_bio(self._in_bio, self._out_bio, server_side=is_server, server_hostname=host)
            if context is not None
            else None
        )
        self.is_ready = self._tls is None

    @property
    def is_quiet(self) -> bool:
        return not self._to_say and not self._out and self.wants_fin == self.has_finished

    def has_ended(self) -> bool:
        return bool(self.end)

    def has_an_error(self) -> bool:
        return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def say(self, data: bytes) -> None:
        if not self.wants_fin:
            self._to_say += data

    def step(self) -> None:
        """Do what can be done now."""
        if self.sock.fileno() < 0:
            return
        try:
            if not self.is_ready:
                self._shake_hands()
            for act in (self._send, self._receive) if self.is_ready else ():
                with contextlib.suppress(BlockingIOError):
                    act()
        except ConnectionError:
            self.end = self.end or "reset"

    def _shake_hands(self) -> None:
        assert self._tls is not None
        with contextlib.suppress(BlockingIOError):
            self._in_bio.write(self.sock.recv(MIB))
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
            self.is_ready = True
        with contextlib.suppress(BlockingIOError):
            self._push()

    def _push(self) -> None:
        self._out += self._out_bio.read()
        while self._out:
            self._out = self._out[self.sock.send(self._out) :]

    def _send(self) -> None:
        if self.has_finished:
            return
        self._push()
        while self._to_say:
            count = min(len(self._to_say), 16 * KIB)
            count = self._tls.write(self._to_say[:count]) if self._tls is not None else self.sock.send(self._to_say)
            self.said += self._to_say[:count]
            del self._to_say[:count]
            self._push()
        if self.wants_fin:
            if self._tls is not None:
                self._say_goodbye(self._tls)
            self._push()
            self.sock.shutdown(socket.SHUT_WR)
            self.has_finished = True

    def _say_goodbye(self, tls: ssl.SSLObject) -> None:
        while count := tls.pending():
            self.heard += tls.read(count)
        unread = self._in_bio.read()
        with contextlib.suppress(ssl.SSLError):
            tls.unwrap()
        self._in_bio.write(unread)

    def _receive(self) -> None:
        while self.reads and not self.end:
            data = self.sock.recv(MIB)
            if self._tls is None:
                self.heard += data
                self.end = "" if data else "end"
                continue
            self._in_bio.write(data)
            self._decrypt(self._tls)
            if not data and not self.end:
                self.end = "cut"

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        try:
            while part := tls.read(MIB):
                self.heard += part
        except ssl.SSLWantReadError:
            return
        except ssl.SSLZeroReturnError:  # in place of no bytes, once this side has said goodbye, too
            pass
        self.end = "end"

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Pair:
    """A caller and a target, and the tap between them."""

    def __init__(self, tap: Tap, sink: Sink, chance: random.Random, caller: Program, target: Program) -> None:
        self.tap, self.sink, self.chance = tap, sink, chance
        self.caller, self.target = self.both = caller, target

    def until(self, condition: Callable[[], bool], what: str) -> None:
        def is_true() -> bool:
            for program in self.both:
                program.step()
            return condition()

        until(is_true, what)

    def act(self) -> None:
        """One of them does something."""
        program, chance = self.chance.choice(self.both), self.chance
        what = chance.randrange(8)
        if what < 3:
            program.say(chance.randbytes(chance.randrange(1, 3000)) + b"\n")
        elif what == 3:
            program.say(chance.randbytes(chance.randrange(10_000, 300_000)))
        elif what == 4:
            program.reads = not program.reads
        elif what == 5:
            program.wants_fin |= chance.random() < 0.4
        for held in self.tap.held[:2]:
            self.tap.forward(held.key)
        for each in self.both:
            each.step()

    def come_to_rest(self) -> None:
        """All that was said is heard, but for an end of which nobody wants to know more."""
        self.tap.set_hold(None)
        caller, target = self.both
        for program in self.both:
            program.reads = True
        self.until(lambda: caller.is_quiet and target.is_quiet, "all to be said")
        self.until(lambda: (caller.said, target.said) == (target.heard, caller.heard), "all to be heard")
        self.until(lambda: (caller.wants_fin, target.wants_fin) == (bool(target.end), bool(caller.end)), "the ends")

    def check(self) -> dict[bool, Ending]:
        """Hold what was recorded against what the two have seen; how the caller's leg (True) and the other ended."""
        legs = {event.number > 0: event.connection for event in self.sink.of(Opened)}
        stories = {
            is_near: [event for event in self.sink.events if getattr(event, "connection", None) == leg]
            for is_near, leg in legs.items()
        }
        received = {is_near: joined(story, Received) for is_near, story in stories.items()}
        sent = {is_near: joined(story, Sent) for is_near, story in stories.items()}
        for is_near, program in ((True, self.caller), (False, self.target)):
            assert bytes(program.said).startswith(received[is_near])
            assert received[is_near].startswith(sent[not is_near])
            assert sent[is_near].startswith(bytes(program.heard))
        lost = sum(map(told_lost, stories.values()))
        assert sum(map(len, received.values())) == sum(map(len, sent.values())) + lost
        endings = {event.connection: event.ending for event in self.sink.of(Closed)}
        return {is_near: endings[leg] for is_near, leg in legs.items()}


def joined(story: list[Event], kind: type[Received | Sent]) -> bytes:
    return b"".join(event.data for event in story if isinstance(event, kind))


def told_lost(story: list[Event]) -> int:
    """Bytes that are told to have gone nowhere."""
    notes = [event.text for event in story if isinstance(event, Remark) and "not passed on" in event.text]
    refused = sum(event.size for event in story if isinstance(event, NotSent))
    return refused + sum(int(note.split()[0].replace(",", "")) for note in notes)


@contextlib.contextmanager
def a_pair(seed: int, kinds: Kinds, folder: Path) -> Iterator[Pair]:
    """Two that have talked for a while."""
    chance, (near, far) = random.Random(seed), kinds
    certificate, key = CERTIFICATE.write(folder)
    own = Tls(certificate=certificate, key=key, authority=folder / "made")
    onward = Tls(verify=False, authority=folder / "made")
    with (
        Host() as host,
        tapping(host.address, limits=LIMITS, tls=own if near else None, onward_tls=onward if far else None) as (
            tap,
            sink,
        ),
        contextlib.ExitStack() as sockets,
    ):
        tap.set_faults(BothWays(*(chance.choice([None, *LINES]) for _ in range(2))))
        tap.set_hold(chance.choice([None, *HOLDS]))
        caller = sockets.enter_context(Peer.calls(tap.addresses[0])).sock
        target = sockets.enter_context(host.accept(Peer)).sock
        pair = Pair(
            tap, sink, chance,
            Program(caller, client_context() if near else None),
            Program(target, server_context(CERTIFICATE, folder) if far else None, is_server=True),
        )  # fmt: skip
        pair.until(lambda: all(each.is_ready for each in pair.both) and len(sink.of(Opened)) == 2, "the connections")
        for _ in range(chance.randrange(14)):
            pair.act()
        yield pair
        tap.set_hold(None)
        sockets.close()
        sink.wait_for(Closed, 2)
    check_law(sink.events)


@pytest.mark.parametrize("kinds", KINDS)
def test_who_says_all_it_has_to_say_is_heard_to_its_end(kinds: Kinds, tmp_path: Path) -> None:
    for seed in range(CASES):
        with a_pair(seed, kinds, tmp_path) as pair:
            pair.come_to_rest()
            for program in pair.chance.sample(pair.both, 2):
                program.wants_fin = True
                pair.come_to_rest()

            assert [program.end for program in pair.both] == ["end", "end"]
        assert set(pair.check().values()) == {Ending.PEER_FINISHED}
        assert told_lost(pair.sink.events) == 0


@needs_rst
@only_linux("no other system is known to tell of a reset that comes behind a FIN, before something is sent there")
@pytest.mark.parametrize("kinds", KINDS)
def test_who_resets_is_seen_to_reset(kinds: Kinds, tmp_path: Path) -> None:
    for seed in range(CASES):
        with a_pair(seed, kinds, tmp_path) as pair:
            pair.come_to_rest()
            is_over = all(program.has_finished for program in pair.both)
            gone, other = pair.chance.sample(pair.both, 2)
            had_ended = bool(other.end)
            gone.reset()
            if had_ended and not is_over:
                until(other.has_an_error, "the reset")
            elif not is_over:
                pair.until(other.has_ended, "the reset")
                assert other.end == "reset"
        endings = pair.check()
        if not is_over:
            is_near = gone is pair.caller
            assert endings == {is_near: Ending.PEER_RESET, not is_near: Ending.PASSED_RESET}


@needs_rst
@pytest.mark.parametrize("kinds", KINDS)
def test_whoever_leaves_in_the_middle_no_end_is_clean_of_which_something_is_missing(
    kinds: Kinds, tmp_path: Path
) -> None:
    for seed in range(CASES):
        with a_pair(seed, kinds, tmp_path) as pair:
            gone, other = pair.chance.sample(pair.both, 2)
            pair.chance.choice([gone.reset, gone.sock.close])()
            pair.tap.set_hold(None)
            other.reads = True
            pair.until(other.has_ended, "an end")

            assert other.end != "end" or other.heard == gone.said
        pair.check()
