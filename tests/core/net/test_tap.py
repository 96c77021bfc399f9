"""A tap: what one end says and how it ends, the other end sees as if nobody stood between them."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NoReturn

import pytest

from core.address import Address
from core.clock import monotonic
from core.errors import AddressError, ListenError
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Listening,
    Onward,
    Opened,
    PeerFinished,
    Received,
    Sent,
    SessionClosed,
    SessionOpened,
    TurnedAway,
    WeFinished,
)
from core.net.connection import Connection
from core.net.tap import Leg, Tap
from core.roles import Role
from core.settings import KIB, MIB, Limits
from tests.support.injection import Breaker
from tests.support.law import check_law
from tests.support.peers import Host, NeverReads, Peer, Resets, black_hole, free_port
from tests.support.sink import Sink, until
from tests.support.stage import resident_memory, serving, tapping
from tests.support.systems import needs_rst, only_linux


class Pair:
    """A caller and a target with a tap between them."""

    def __init__(self, tap: Tap, sink: Sink, caller: Peer, target: Peer) -> None:
        self.tap, self.sink, self.caller, self.target = tap, sink, caller, target

    def endings(self) -> dict[int, Ending]:
        """How the legs ended, once both have, by their numbers."""
        numbers = {event.connection: event.number for event in self.sink.of(Opened)}
        return {numbers[event.connection]: event.ending for event in self.sink.wait_for(Closed, 2)}


@contextmanager
def between(
    caller: type[Peer] = Peer, target: type[Peer] = Peer, *, limits: Limits | None = None, window: int = 0
) -> Iterator[Pair]:
    with (
        Host(window=window) as host,
        tapping(host.address, limits=limits or Limits()) as (tap, sink),
        caller.calls(tap.addresses[0]) as near,
        host.accept(target) as far,
    ):
        sink.wait_for(Opened, 2)
        yield Pair(tap, sink, near, far)


def test_bytes_pass_both_ways_and_are_told_of_on_both_legs() -> None:
    with between() as pair:
        pair.caller.say(b"question")
        assert pair.target.hear(8) == b"question"
        pair.target.say(b"answer")
        assert pair.caller.hear(6) == b"answer"
        near, far = pair.sink.of(Opened)

        assert (near.number, far.number) == (1, -1)
        assert near.took is None
        assert far.took is not None
        assert [event.data for event in pair.sink.of(Received, near.connection)] == [b"question"]
        assert [event.data for event in pair.sink.wait_for(Sent, connection=far.connection)] == [b"question"]
        assert [event.data for event in pair.sink.of(Received, far.connection)] == [b"answer"]
        assert [event.data for event in pair.sink.wait_for(Sent, connection=near.connection)] == [b"answer"]


def test_what_it_is_is_told_before_anything_else() -> None:
    with Host() as host, tapping(host.address) as (tap, sink):
        opened, onward, listening = sink.events[:3]

    assert isinstance(opened, SessionOpened)
    assert opened.role is Role.TAP
    assert isinstance(onward, Onward)
    assert onward.target == host.address == tap.onward
    assert isinstance(listening, Listening)
    assert listening.addresses == tap.addresses


def test_the_caller_of_a_new_leg_is_known_without_a_walk_through_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unwalked(dict[ConnectionId, Leg]):
        def values(self) -> NoReturn:
            raise AssertionError("with a thousand callers, this takes a thousand times as long")

        items = values

    register = Tap._register

    def watched(tap: Tap, connection: Connection) -> None:
        legs, tap._legs = tap._legs, Unwalked(tap._legs)
        register(tap, connection)
        legs.update(tap._legs)
        tap._legs = legs

    monkeypatch.setattr(Tap, "_register", watched)
    with Host() as host, tapping(host.address) as (tap, sink), ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(Peer.calls(tap.addresses[0]))
            stack.enter_context(host.accept(Peer))
        assert {event.number for event in sink.wait_for(Opened, 6)} == {1, 2, 3, -1, -2, -3}


def test_a_target_that_speaks_first_is_heard() -> None:
    with between() as pair:
        pair.target.say(b"220 ready\r\n")

        assert pair.caller.hear(11) == b"220 ready\r\n"


def test_what_a_caller_says_before_the_target_answers_is_not_lost() -> None:
    with Host() as host, tapping(host.address) as (tap, _sink), Peer.calls(tap.addresses[0]) as caller:
        caller.say(b"early")
        caller.finish()
        with host.accept(Peer) as target:
            assert target.hear_all() == b"early"


def test_half_a_megabyte_of_anything_arrives_as_it_was_both_ways_at_once() -> None:
    there, back = random.Random(1).randbytes(512 * KIB), random.Random(2).randbytes(512 * KIB)

    with between() as pair, ThreadPoolExecutor(2) as pool:
        saying = [pool.submit(pair.caller.say, there), pool.submit(pair.target.say, back)]
        assert pair.target.hear(len(there)) == there
        assert pair.caller.hear(len(back)) == back
        assert [one.result() for one in saying] == [None, None]


def test_fifty_connections_at_once_are_not_mixed_up() -> None:
    with serving() as (server, _), tapping(server.addresses[0]) as (tap, sink), ExitStack() as stack:
        callers = [stack.enter_context(Peer.calls(tap.addresses[0])) for _ in range(50)]
        said = [f"caller {number}".encode() * 100 for number in range(50)]
        for caller, words in zip(callers, said, strict=True):
            caller.say(words)

        assert [caller.hear(len(words)) for caller, words in zip(callers, said, strict=True)] == said
        numbers = [event.number for event in sink.of(Opened)]
        assert sorted(numbers) == [*range(-50, 0), *range(1, 51)]


def test_a_name_is_looked_up_once_for_a_crowd() -> None:
    with serving(target="localhost:0") as (server, _), ExitStack() as stack:
        target = Address("localhost", server.addresses[0].port)
        tap, _sink = stack.enter_context(tapping(target, limits=Limits(resolvers=1)))
        callers = [stack.enter_context(Peer.calls(tap.addresses[0])) for _ in range(20)]
        for caller in callers:
            caller.say(b"x")

        assert [caller.hear(1) for caller in callers] == [b"x"] * 20


@pytest.mark.parametrize("first", ["caller", "target"])
def test_a_half_close_is_passed_on_and_the_other_side_may_still_speak(first: str) -> None:
    with between() as pair:
        one, other = (pair.caller, pair.target) if first == "caller" else (pair.target, pair.caller)
        one.say(b"that is all")
        one.finish()
        assert other.hear_all() == b"that is all"

        other.say(b"not for me")
        assert one.hear(10) == b"not for me"
        other.finish()
        assert one.hear_all() == b""

        assert pair.endings() == {1: Ending.PEER_FINISHED, -1: Ending.PEER_FINISHED}
        told = [event for event in pair.sink.events if isinstance(event, PeerFinished | WeFinished)]
        assert isinstance(told[0], PeerFinished), "what happened first is told first"
        assert isinstance(told[1], WeFinished)


@needs_rst
@pytest.mark.parametrize("first", ["caller", "target"])
def test_a_reset_is_passed_on_as_one_behind_the_bytes_that_came_before_it(first: str) -> None:
    with between(Resets, Resets) as pair:
        one, other = (pair.caller, pair.target) if first == "caller" else (pair.target, pair.caller)
        one.say(b"last words")
        assert other.hear(10) == b"last words"
        one.leave()

        assert other.hear_a_reset() == b""
        ours, theirs = (1, -1) if first == "caller" else (-1, 1)
        assert pair.endings() == {ours: Ending.PEER_RESET, theirs: Ending.PASSED_RESET}


@needs_rst
def test_a_caller_whose_target_refuses_is_reset_and_the_reason_is_told() -> None:
    target = Address("127.0.0.1", free_port())

    with tapping(target) as (tap, sink):
        with pytest.raises(ConnectionResetError), Peer.calls(tap.addresses[0]) as caller:  # it may come at once
            caller.hear(1)
        (closed,) = sink.wait_for(Closed)

    assert closed.ending is Ending.NO_TARGET
    assert closed.why is not None
    assert str(target) in str(closed.why)


def test_a_target_that_does_not_answer_is_given_up() -> None:
    limits = Limits(connect=0.05)
    with black_hole() as target, tapping(target, limits=limits) as (tap, sink), Peer.calls(tap.addresses[0]):
        (closed,) = sink.wait_for(Closed)

    assert closed.ending is Ending.NO_TARGET


def test_a_tap_that_stops_while_it_dials_leaves_nothing_behind() -> None:
    with black_hole() as target, tapping(target) as (tap, sink), Peer.calls(tap.addresses[0]):
        sink.wait_for(Opened)
        tap.stop()
        (closed,) = sink.wait_for(Closed)

    assert closed.ending is Ending.SERVER_STOPPED


@only_linux("reads what a process holds from /proc")
def test_a_reader_that_stops_slows_the_writer_down_and_memory_stays_bounded() -> None:
    size = 48 * MIB
    with between(window=4096) as pair:
        before = resident_memory()
        written = threading.Event()

        def write() -> None:
            chunk = bytes(64 * KIB)
            for _ in range(size // len(chunk)):
                pair.caller.say(chunk)
            written.set()

        writer = threading.Thread(target=write)
        writer.start()
        near, far = pair.tap.connections
        until(lambda: far.waiting > 0 and bool(near._pause), "the tap to read no more")
        assert not written.is_set()
        assert far.waiting <= MIB
        assert resident_memory() - before < 16 * MIB
        pair.target.sock.settimeout(60)
        received = 0
        while received < size:
            received += len(pair.target.sock.recv(MIB))
        writer.join()

    assert received == size


def test_one_who_does_not_read_for_long_is_left_to_the_two_programs() -> None:
    """Neither knows of the tap: without it, nobody would have ended their connection."""
    limits = Limits(outbox=64 * KIB, receive=4 * KIB, stalled=0.05)
    with between(window=4096, limits=limits) as pair:
        pair.caller.sock.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += pair.caller.sock.send(bytes(64 * KIB))
        near, far = pair.tap.connections
        until(lambda: far.waiting > 0 and bool(near._pause), "the tap to read no more")
        begun = monotonic()
        until(lambda: monotonic() - begun > 4 * limits.stalled, "more time than a peer of ours would have")

        assert pair.target.hear(sent) == bytes(sent)
        assert pair.sink.of(Closed) == []


def test_one_who_does_not_read_holds_nobody_else_up() -> None:
    with (
        serving() as (server, _),
        tapping(server.addresses[0]) as (tap, sink),
        NeverReads.calls(tap.addresses[0]) as lazy,
        Peer.calls(tap.addresses[0]) as other,
    ):
        sink.wait_for(Opened, 4)
        lazy.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(1000):
                lazy.sock.send(bytes(64 * KIB))
        other.say(b"hello")

        assert other.hear(5) == b"hello"


def test_what_is_held_when_a_writer_finishes_still_arrives_before_the_end() -> None:
    said = random.Random(3).randbytes(3 * MIB)
    with between(limits=Limits(outbox=64 * KIB), window=4096) as pair, ThreadPoolExecutor(1) as pool:
        heard = pool.submit(pair.target.hear_all)
        pair.caller.say(said)
        pair.caller.finish()

        assert heard.result() == said


def test_a_person_may_fill_a_leg_and_nothing_that_passes_is_lost() -> None:
    with between(limits=Limits(outbox=64 * KIB), window=4096) as pair:
        _near, far = pair.tap.connections
        far.send_exactly(bytes(8 * MIB))
        pair.caller.say(b"behind")
        pair.caller.finish()

        assert pair.target.hear_all() == bytes(8 * MIB) + b"behind"


@pytest.mark.parametrize("which", [0, 1])
def test_a_leg_that_a_person_closes_or_resets_takes_the_other_with_it(which: int) -> None:
    with between() as pair:
        pair.tap.connections[which].close()
        peer = (pair.target, pair.caller)[which]
        assert peer.hear_all() == b""
        (pair.caller, pair.target)[which].leave()
        peer.leave()
        assert set(pair.endings().values()) == {Ending.OURS, Ending.PASSED_ON}


def test_a_busy_tap_that_is_stopped_ends_at_once_and_legally() -> None:
    sink = Sink()
    with serving() as (server, _), ExitStack() as stack:
        tap = stack.enter_context(Tap("127.0.0.1:0", server.addresses[0], events=sink))
        callers = [stack.enter_context(Peer.calls(tap.addresses[0])) for _ in range(10)]
        sink.wait_for(Opened, 20)
        for caller in callers:
            caller.say(bytes(128 * KIB))
        tap.stop()
        assert tap.join(5.0)
        check_law(sink.events)

        assert len(sink.of(Closed)) == 20
        assert isinstance(sink.events[-1], SessionClosed)


def test_who_comes_when_there_is_no_place_is_sent_off_without_a_word_of_ours() -> None:
    with (
        Host() as host,
        tapping(host.address, limits=Limits(connections=2)) as (tap, sink),
        Peer.calls(tap.addresses[0]),
        host.accept(Peer),
        Peer.calls(tap.addresses[0]) as second,
    ):
        assert second.hear_all() == b""
        assert sink.wait_for(TurnedAway)[0].why == "the tap has 1 connection, as many as it takes"


def test_a_port_that_is_taken_is_told() -> None:
    with Host() as host, pytest.raises(ListenError), Tap(host.address, "127.0.0.1:1"):
        pass


@pytest.mark.parametrize(("listen", "target"), [("nonsense:x", "127.0.0.1:1"), ("0", "127.0.0.1"), ("0", "tls://")])
def test_a_bad_address_is_refused_at_once(listen: str, target: str) -> None:
    with pytest.raises(AddressError):
        Tap(listen, target)


def test_a_leg_is_found_by_its_id() -> None:
    with between() as pair:
        near, far = pair.tap.connections

        assert (near.number, far.number) == (1, -1)
        assert pair.tap.connection(near.id) is near
        assert pair.tap.connection(far.id) is far
        assert pair.tap.connection(ConnectionId(99)) is None


@pytest.mark.case("C-67")
def test_a_fault_while_it_gives_up_dialling_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, logged_errors: list[object]
) -> None:
    with between() as pair:
        pair.caller.say(b"x")
        assert pair.target.hear(1) == b"x"
        Breaker(monkeypatch).steps({"dialling no more": RuntimeError})
    assert len(logged_errors) == 1
    logged_errors.clear()
