"""Messages by the clock: no drift, no burst after a delay, nothing refused in silence, and always an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.address import Address
from core.errors import NobodyThere, SendError, TincanError
from core.events import SessionId
from core.sending.plan import Plan, PlanError, Repeated, Step, every
from core.sending.repeat import Repeat
from core.sending.run import End
from core.settings import Limits
from core.workbench import Workbench
from tests.core.test_workbench import (
    connected,
    ended,
    received,
    serving,
    wait_to_receive,
    with_connections,
    working,
)
from tests.support.peers import Host, NeverReads, Peer
from tests.support.sink import until
from tests.support.story import PATIENCE, View


class Teller:
    """Is told how a run goes, and waits for its end."""

    def __init__(self) -> None:
        self.told: list[Repeated] = []
        self._ended = threading.Event()

    def __call__(self, progress: Repeated) -> None:
        self.told.append(progress)
        if not progress.is_running:
            self._ended.set()

    def wait_for_end(self) -> Repeated:
        assert self._ended.wait(PATIENCE), "the run never ended"
        return self.told[-1]


@pytest.fixture
def talk() -> Iterator[tuple[Workbench, View, SessionId, SessionId]]:
    """A workbench, its view, a server that does not answer, and a client of it."""
    with working() as (workbench, view):
        server, address = serving(workbench, view, reply="none")
        client = connected(workbench, view, address)
        with_connections(view, server, 1)
        yield workbench, view, server, client


Talk = tuple[Workbench, View, SessionId, SessionId]


class TestByTheClock:
    def test_a_message_made_anew_goes_out_so_many_times(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        teller = Teller()

        workbench.repeat(client, every(0.002, lambda count: b"%d;" % count, times=5), tell=teller)

        wait_to_receive(view, server, b"0;1;2;3;4;")
        end = teller.wait_for_end()
        assert (end.end, end.sent, end.total, end.refused, end.why) == (End.DONE, 5, 5, 0, "")
        assert end.lateness.count == 5
        assert end.lateness.max_ns >= end.lateness.p99_ns >= end.lateness.p50_ns >= 0
        assert [progress.sent for progress in teller.told] == sorted(progress.sent for progress in teller.told)

    def test_a_list_is_gone_through_in_order_and_again(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        steps = (Step(lambda count: b"a%d" % count), Step(lambda count: b"b%d" % count, 0.001), Step(lambda _: b"."))
        teller = Teller()

        workbench.repeat(client, Plan(steps, rounds=3), tell=teller)

        wait_to_receive(view, server, b"a0b0.a1b1.a2b2.")
        assert teller.wait_for_end().sent == 9

    def test_without_a_number_it_goes_on_until_it_is_stopped(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        teller = Teller()

        run = workbench.repeat(client, every(0.001, lambda _: b"x"), tell=teller)
        view.wait_until(lambda: len(received(view, server)) >= 5)
        run.stop()

        end = teller.wait_for_end()
        assert (end.end, end.total) == (End.STOPPED, None)
        view.wait_until(lambda: len(received(view, server)) == end.sent)

    def test_a_long_pause_can_be_ended_at_once(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        run = workbench.repeat(client, every(3600, lambda _: b"x"))
        wait_to_receive(view, server, b"x")

        run.stop()

        assert run.join(PATIENCE)
        assert run.progress.end is End.STOPPED
