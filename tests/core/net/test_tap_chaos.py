"""Callers of all kinds through a tap whose faults and holds change under them: no byte, leg or thread is lost."""

from __future__ import annotations

import contextlib
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.events import Closed, Ending, Opened
from core.net.hold import Hold
from core.net.tap import Tap
from core.wire.faults import SOUND, BothWays, parse_faults
from tests.support.peers import Peer, Resets
from tests.support.sink import until
from tests.support.stage import serving, tapping
from tests.support.systems import needs_rst

LINES = [parse_faults(each) for each in ("latency=3ms~3", "slice=700", "stall=2kB/20ms", "bandwidth=3MB", "stall=0")]
HOLDS = [None, Hold(framing="line"), Hold(out=False), Hold(into=False, expression="7"), Hold(framing="fixed:100")]
STEPS = 60


def stir(tap: Tap, chance: random.Random) -> None:
    """Change what is wrong with the lines of all or of one, what is held, and what is let go."""
    faults = BothWays(*(chance.choice([None, *LINES]) for _ in range(2)))
    tap.set_faults(faults, chance.choice([None, None, 1, 2, 3]))
    tap.set_hold(chance.choice(HOLDS))
    for held in tap.held[:3]:
        tap.forward(held.key)
    if chance.random() < 0.3:
        tap.let_go()


def settle(tap: Tap) -> None:
    tap.set_faults(SOUND)
    tap.set_hold(None)


@pytest.mark.parametrize("seed", range(3))
def test_every_byte_comes_back_in_order_whatever_is_switched_on_and_off(seed: int) -> None:
    chance = random.Random(seed)
    lines = [[b"%d:%d\n" % (caller, line) * 40 for line in range(STEPS)] for caller in range(6)]
    said = [b"".join(each) for each in lines]
    with serving() as (server, _), tapping(server.addresses[0]) as (tap, sink), ThreadPoolExecutor(6) as pool:
        callers = [Peer.calls(tap.addresses[0]) for _ in said]
        heard = [pool.submit(caller.hear, len(words)) for caller, words in zip(callers, said, strict=True)]
        for step in range(STEPS):
            for caller, words in zip(callers, lines, strict=True):
                caller.say(words[step])
            stir(tap, chance)
            sink.wait_for(Opened, 12)
        settle(tap)
        assert [one.result() for one in heard] == said
        for caller in callers:
            caller.finish()
            assert caller.hear_all() == b""
            caller.leave()
        endings = {event.ending for event in sink.wait_for(Closed, 2 * len(said))}

    assert endings == {Ending.PEER_FINISHED}
    assert tap.held == ()


@needs_rst
@pytest.mark.parametrize("seed", range(3))
def test_those_who_leave_in_the_middle_take_their_pair_with_them_and_nobody_else(seed: int) -> None:
    chance = random.Random(seed)
    with serving() as (server, _), tapping(server.addresses[0]) as (tap, sink):
        for step in range(STEPS // 2):
            kind = Resets if step % 2 else Peer
            with contextlib.suppress(OSError), kind.calls(tap.addresses[0]) as caller:
                caller.say(chance.randbytes(chance.randrange(1, 40_000)))
                stir(tap, chance)
        settle(tap)
        with Peer.calls(tap.addresses[0]) as last:
            last.say(b"still there?")
            assert last.hear(12) == b"still there?"
        until(lambda: len(sink.of(Closed)) == len(sink.of(Opened)), "all legs to be over")

    assert tap.held == ()
