"""How one leg of a tap ends, the other hears at once: whatever the first still waits for, whoever reads what."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from core.address import Address
from core.events import Closed, Ending, NotSent, Opened, Received, Remark
from core.net import sockets
from core.net.hold import Hold
from core.net.owner import Pause
from core.net.tap import Tap
from core.settings import KIB, MIB, Limits
from core.wire.faults import SOUND, BothWays, Faults, parse_faults
from tests.support.peers import Host, NeverReads, Peer, Resets, black_hole
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import tapping
from tests.support.systems import needs_rst, only_linux, only_posix

FOR_EVER = 3600.0  # seconds: whoever waited for that would never be done in time

MORE_THAN_A_SYSTEM_TAKES = 8 * MIB


class Pair:
    """A caller and a target with a tap between them."""

    def __init__(self, tap: Tap, sink: Sink, caller: Peer, target: Peer) -> None:
        self.tap, self.sink, self.caller, self.target = tap, sink, caller, target


@contextmanager
def between(
    caller: type[Peer] = Peer,
    target: type[Peer] = Peer,
    *,
    window: int = 0,
    limits: Limits = Limits(drain=FOR_EVER, flush=FOR_EVER),  # noqa: B008 - it cannot be changed
    fault_out: Faults | None = None,
) -> Iterator[Pair]:
    """Two peers and a tap that waits for no goodbye of theirs in the time of a test."""
    with (
        Host(window=window) as host,
        tapping(host.address, limits=limits, fault_out=fault_out) as (tap, sink),
        ExitStack() as peers,
    ):
        near = peers.enter_context(caller.calls(tap.addresses[0]))
        far = peers.enter_context(host.accept(target))
        sink.wait_for(Opened, 2)
        yield Pair(tap, sink, near, far)
        peers.close()
        sink.wait_for(Closed, 2)


def fill(pair: Pair) -> None:
    """Have the caller say so much that the tap reads it no more, for the target reads nothing."""
    pair.caller.sock.setblocking(False)
    near = pair.tap.connections[0]

    def is_full() -> bool:
        with contextlib.suppress(BlockingIOError):
            pair.caller.sock.send(bytes(64 * KIB))
            return False
        return Pause.TAP in near._pause

    until(is_full, "the tap to read no more")


def look_at_unread(tap: Tap) -> None:
    """Have the tap look now whether one that it does not read was reset."""
    has_looked = threading.Event()
    tap._soon(tap._look_at_unread)
    tap._soon(has_looked.set)
    assert has_looked.wait(PATIENCE)


def test_a_cut_is_seen_at_both_ends_though_neither_says_goodbye() -> None:
    with between(fault_out=parse_faults("cut=5")) as pair:
        pair.caller.say(b"01234")

        assert pair.target.hear_all() == b"01234"
        assert pair.caller.hear_all() == b""


def test_a_cut_of_the_way_to_the_target_before_it_has_begun_is_seen_by_the_caller_at_once() -> None:
    with between(fault_out=parse_faults("cut=0")) as pair:
        assert pair.target.hear_all() == b""
        assert pair.caller.hear_all() == b""


def test_for_a_caller_that_a_cut_closes_before_anything_was_said_nobody_is_dialled() -> None:
    with Host() as host, tapping(host.address, fault_in=parse_faults("cut=0")) as (tap, sink):
        with Peer.calls(tap.addresses[0]) as caller:
            assert caller.hear_all() == b""
        sink.wait_for(Closed)

    assert [opened.number for opened in sink.of(Opened)] == [1]


def test_for_a_caller_that_a_person_closes_nobody_is_dialled_any_more() -> None:
    with (
        black_hole() as target,
        tapping(target, limits=Limits(connect=FOR_EVER, drain=FOR_EVER)) as (tap, sink),
        Peer.calls(tap.addresses[0]) as caller,
    ):
        sink.wait_for(Opened)
        until(lambda: any(leg.dialer is not None for leg in tuple(tap._legs.values())), "the dialling")
        tap.connections[0].close()
        assert caller.hear_all() == b""
        assert all(leg.dialer is None for leg in tap._legs.values())


@pytest.mark.parametrize("which", [0, 1])
def test_a_leg_that_a_person_closes_ends_the_other_before_its_own_peer_says_goodbye(which: int) -> None:
    with between() as pair:
        pair.tap.connections[which].close()

        assert (pair.caller, pair.target)[1 - which].hear_all() == b""
        assert not pair.sink.of(Closed)


def test_a_leg_whose_line_let_the_goodbye_through_waits_for_none_longer_than_to_drain() -> None:
    late = parse_faults("latency=50ms")
    with between(limits=Limits(drain=0.01, flush=0.01), fault_out=late) as pair:
        pair.caller.say(b"last words")
        pair.sink.wait_for(Received)
        pair.tap.connections[0].close()

        assert pair.target.hear_all() == b"last words"
        assert {event.ending for event in pair.sink.wait_for(Closed, 2)} == {Ending.OURS, Ending.PASSED_ON}


@pytest.mark.parametrize("how", ["the tap stops", "it is closed", "the line is cut"])
def test_a_leg_that_waits_for_its_line_with_the_goodbye_ends_at_once_when(how: str) -> None:
    with between(limits=Limits(drain=0.01, flush=0.01), fault_out=parse_faults("stall=0")) as pair:
        pair.caller.say(b"never heard")
        pair.sink.wait_for(Received)
        near, far = pair.tap.connections
        near.close()
        pair.sink.wait_for(Closed)
        assert far.is_finishing
        if how == "the tap stops":
            pair.tap.stop()
        elif how == "it is closed":
            far.close()
        else:
            pair.tap.set_faults(BothWays(out=parse_faults("cut=0")))

        pair.sink.wait_for(Closed, 2)


def test_a_leg_is_read_again_when_a_fault_has_ended_the_line_that_held_what_it_said() -> None:
    with between(fault_out=parse_faults("stall=0")) as pair:
        fill(pair)
        near = pair.tap.connections[0]
        pair.tap.set_faults(BothWays(out=parse_faults("finish=0")))
        assert pair.target.hear_all() == b""

        until(lambda: Pause.TAP not in near._pause, "the caller to be read")
        assert near.is_open


@pytest.mark.parametrize("hold", [None, Hold()])
def test_what_comes_when_the_other_leg_is_over_is_not_kept_and_told_to_be_lost(hold: Hold | None) -> None:
    said = bytes(64 * KIB)
    with between() as pair:
        pair.tap.set_hold(hold)
        pair.tap.set_faults(BothWays(into=parse_faults("finish=0")))  # the caller hears an end, its target goes on
        assert pair.caller.hear_all() == b""
        pair.caller.leave()
        assert pair.target.hear_all() == b""
        pair.sink.wait_for(Closed)
        far = pair.tap._legs[pair.tap.connections[0].id]
        pair.target.say(said)
        number = far.connection.id
        pair.sink.wait_until(lambda: sum(len(event.data) for event in pair.sink.of(Received, number)) == len(said))
        assert not far.held
        assert not pair.tap.held
        pair.target.leave()
        pair.sink.wait_for(Closed, 2)

    notes = [event.text for event in pair.sink.of(Remark)]
    assert f"{len(said):,} bytes that came were not passed on: #1→ is over" in notes, notes


@only_posix("Windows forgets the bytes that came before a RST")
@needs_rst
def test_what_came_before_a_reset_that_a_write_meets_in_closing_is_told_to_be_lost() -> None:
    with between(target=Resets) as pair:
        fill(pair)
        far = pair.tap.connections[1]
        pair.sink.congest()
        pair.target.say(b"unread")
        far.close()
        until(lambda: far._closing is not None, "the leg to be closing")
        pair.target.leave()
        closed = pair.sink.wait_for(Closed, connection=far.id)
    assert closed[0].ending is Ending.PEER_RESET
    assert [event.data for event in pair.sink.of(Received, far.id)] == [b"unread"]
    told = [remark.text for remark in pair.sink.of(Remark, far.id)]
    assert "6 bytes that came were not passed on: #1→ is over" in told


def test_what_comes_after_a_cut_is_told_to_be_lost() -> None:
    with between(fault_out=parse_faults("cut=5")) as pair:
        near = pair.tap.connections[0]
        pair.caller.say(b"01234")
        assert pair.caller.hear_all() == b""
        pair.caller.say(b"too late")
        until(lambda: near.drained == 8, "what came too late")  # else the target's end may come before it
        pair.caller.leave()
        pair.target.leave()
        pair.sink.wait_for(Closed, 2)

    assert "8 bytes that came were not passed on: #1 is over" in [event.text for event in pair.sink.of(Remark)]


def test_what_comes_after_a_half_close_by_a_fault_is_told_not_to_have_been_sent() -> None:
    with between(fault_out=parse_faults("finish=5")) as pair:
        pair.caller.say(b"01234")
        assert pair.target.hear_all() == b"01234"
        pair.caller.say(b"too late")

        assert pair.sink.wait_for(NotSent)[0].size == 8
        assert [event.ending for event in pair.sink.of(Closed)] == []


def test_a_target_that_finishes_is_heard_to_though_it_has_not_read_what_the_caller_said_last() -> None:
    with between(target=NeverReads, window=2048) as pair:
        far = pair.tap.connections[1]
        far.send_exactly(bytes(MORE_THAN_A_SYSTEM_TAKES))
        pair.caller.finish()
        until(lambda: far.is_finishing, "the end of what the caller says")
        assert far.waiting, "the target is to have something unread before it"
        pair.target.finish()

        assert pair.caller.hear_all() == b""
        pair.target.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)  # by 2 KiB it may take a minute
        assert pair.target.hear_all() == bytes(MORE_THAN_A_SYSTEM_TAKES)


@only_linux("no other system tells of a FIN behind bytes that wait to be read")
def test_what_waits_for_a_target_that_had_finished_first_is_not_lost_when_the_caller_finishes() -> None:
    limits, said = Limits(receive=16 * KIB, outbox=64 * KIB), bytes(96 * KIB)
    with between(limits=limits, fault_out=parse_faults("stall=0")) as pair:
        near, _far = pair.tap.connections
        pair.target.finish()
        assert pair.caller.hear_all() == b""
        pair.caller.say(said)
        pair.caller.finish()
        until(lambda: near.is_over_unread, "the end of what the caller says")
        for _ in range(20):  # turns in which it would be read
            look_at_unread(pair.tap)
        pair.tap.set_faults(SOUND)

        assert pair.target.hear_all() == said
        assert {event.ending for event in pair.sink.wait_for(Closed, 2)} == {Ending.PEER_FINISHED}


@needs_rst
@only_linux("no other system is known to tell of a reset that comes behind a FIN, before something is sent there")
def test_an_end_behind_messages_that_are_held_and_lost_is_not_passed_on() -> None:
    with between(target=Resets) as pair:
        pair.tap.set_hold(Hold(out=False))
        pair.target.say(b"never let go")
        pair.target.finish()
        until(lambda: len(pair.tap.held) == 1 and pair.tap.connections[1].peer_has_finished, "the message and its end")
        pair.target.leave()

        assert pair.caller.hear_a_reset() == b""
        assert "12 held bytes were not passed on: #1→ is over" in [event.text for event in pair.sink.of(Remark)]


@needs_rst
def test_a_caller_that_is_not_read_is_seen_to_reset_and_its_target_is_told_that_reads_nothing() -> None:
    with between(Resets, NeverReads, window=2048) as pair:
        fill(pair)
        pair.caller.leave()

        until(lambda: sockets.is_over(pair.target.sock, with_fin=False), "the reset at the target")
        endings = {event.ending for event in pair.sink.wait_for(Closed, 2)}
        assert endings == {Ending.PEER_RESET, Ending.PASSED_RESET}
        assert pair.sink.of(NotSent), "what the target did not read is told"


@needs_rst
def test_a_caller_that_resets_while_its_target_is_dialled_is_over_at_once() -> None:
    with black_hole() as target, tapping(target, limits=Limits(connect=FOR_EVER)) as (tap, sink):
        with Resets.calls(tap.addresses[0]):
            sink.wait_for(Opened)

        assert sink.wait_for(Closed)[0].ending is Ending.PEER_RESET


@needs_rst
def test_the_moment_for_the_last_bytes_is_by_the_clock_however_many_looks_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.net.connection._LOOK", 1e-9)  # each is late then, as all are on a busy machine
    with between(Resets, NeverReads, window=2048) as pair:
        pair.tap.connections[1].send_exactly(bytes(MORE_THAN_A_SYSTEM_TAKES))
        pair.caller.leave()

        until(lambda: sockets.is_over(pair.target.sock, with_fin=False), "the reset at the target")


@needs_rst
@only_linux("elsewhere nobody can tell what has arrived")
def test_a_reset_behind_what_came_is_passed_on_before_that_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.connection._LAST_BYTES", FOR_EVER)
    monkeypatch.setattr(sockets, "unconfirmed", lambda _sock, **_keywords: 1)  # as for 40 ms behind each last word
    with between(Resets, Peer) as pair:
        pair.caller.say(b"last words")
        pair.caller.leave()

        assert pair.target.hear_a_reset() == b"last words"


@needs_rst
@only_linux("no other system is known to tell of a reset that comes behind a FIN, before something is sent there")
@pytest.mark.parametrize("who", ["caller", "target"])
def test_a_reset_behind_an_end_is_passed_on_though_nobody_reads_there(who: str) -> None:
    with between(Resets, Resets) as pair:
        gone, other = (pair.caller, pair.target) if who == "caller" else (pair.target, pair.caller)
        gone.say(b"last words")
        gone.finish()
        assert other.hear_all() == b"last words"
        assert len(pair.tap.connections) == 2
        gone.leave()
        number = 1 if who == "caller" else -1
        numbers = {event.connection: event.number for event in pair.sink.of(Opened)}
        ends = {numbers[event.connection]: event.ending for event in pair.sink.wait_for(Closed, 2)}
        assert ends == {number: Ending.PEER_RESET, -number: Ending.PASSED_RESET}
        until(lambda: other.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0, "the reset at the other end")


@only_posix("Python has no local sockets on Windows")
def test_who_closes_a_local_socket_for_good_has_only_finished(tmp_path: Path) -> None:
    sink = Sink()
    with Host() as host, Tap(Address(f"unix:{tmp_path}/s", 0), host.address, events=sink):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(f"{tmp_path}/s")
            caller.sendall(b"last words")
        with host.accept(Peer) as target:
            assert target.hear_all() == b"last words"
            target.say(b"answer")
        sink.wait_for(Closed, 2)
