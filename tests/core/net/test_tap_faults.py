"""A tap whose line is bad on purpose."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.clock import monotonic
from core.events import Closed, Ending, Remark
from core.settings import KIB
from core.wire.faults import parse_faults
from tests.support.peers import Host, Peer
from tests.support.stage import serving, tapping
from tests.support.systems import needs_rst


def test_every_byte_arrives_in_order_both_ways_on_a_bad_line() -> None:
    faults = parse_faults("latency=5ms~5,slice=1000/0.1ms,bandwidth=4MB,stall=50kB/50ms")
    said = random.Random(1).randbytes(300 * KIB)

    with (
        serving() as (server, _),
        tapping(server.addresses[0], fault_out=faults, fault_in=faults) as (tap, sink),
        Peer.calls(tap.addresses[0]) as caller,
        ThreadPoolExecutor(1) as pool,
    ):
        heard = pool.submit(caller.hear_all)
        caller.say(said)
        caller.finish()
        assert heard.result() == said
        notes = [event.text for event in sink.of(Remark)]

    assert f"fault on the way to the target: {faults}" in notes
    assert f"fault on the way from the target: {faults}" in notes
    assert "fault on the way to the target: stalled after 50,000 bytes for 50 ms" in notes


def test_latency_is_of_its_way_alone() -> None:
    with (
        Host() as host,
        tapping(host.address, fault_in=parse_faults("latency=200ms")) as (tap, _),
        Peer.calls(tap.addresses[0]) as caller,
        host.accept(Peer) as target,
    ):
        caller.say(b"ping")
        assert target.hear(4) == b"ping"
        began = monotonic()
        target.say(b"pong")
        assert caller.hear(4) == b"pong"

        assert monotonic() - began >= 0.2


@pytest.mark.parametrize(
    ("written", "ending"),
    [("cut=5", Ending.FAULT_CUT), pytest.param("reset=5", Ending.FAULT_RESET, marks=needs_rst)],
)
def test_a_line_that_breaks_takes_both_ends_with_it_and_is_told(written: str, ending: Ending) -> None:
    with Host() as host, tapping(host.address, fault_out=parse_faults(written)) as (tap, sink):
        with Peer.calls(tap.addresses[0]) as caller, host.accept(Peer) as target:
            caller.say(b"0123456789")
            assert target.hear(5) == b"01234"
            if ending is Ending.FAULT_RESET:
                assert target.hear_a_reset() == b""
                assert caller.hear_a_reset() == b""
            else:
                assert target.hear_all() == b""
                assert caller.hear_all() == b""
        endings = {event.ending for event in sink.wait_for(Closed, 2)}
        notes = [event.text for event in sink.of(Remark)]

    assert endings == {ending}
    assert any(f"{written[:3]}" in note and "after 5 bytes; 5 bytes are lost" in note for note in notes)


def test_a_half_close_by_the_clock_leaves_the_other_way_open() -> None:
    with (
        Host() as host,
        tapping(host.address, fault_out=parse_faults("finish=30ms")) as (tap, _),
        Peer.calls(tap.addresses[0]) as caller,
        host.accept(Peer) as target,
    ):
        assert target.hear_all() == b""
        target.say(b"still")
        assert caller.hear(5) == b"still"
