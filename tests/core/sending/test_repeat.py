"""Messages by the clock: no drift, no burst after a delay, nothing refused in silence, and always an end."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from core.errors import NobodyThere, SendError, TincanError
from core.events import SessionId
from core.net.audience import Audience
from core.sending import repeat
from core.sending.plan import End, Plan, PlanError, PlannedMessage, Repeated, every
from core.sending.repeat import Repeat
from core.settings import Limits
from core.workbench import Workbench
from tests.core.test_workbench import (
    connected,
    received,
    serving,
    wait_to_receive,
    with_connections,
    working,
)
from tests.support.peers import Host, NeverReads, Peer
from tests.support.sink import until
from tests.support.stage import calling
from tests.support.stage import serving as serving_net
from tests.support.story import PATIENCE, View
from tests.support.systems import needs_rst, only_posix

MS = 1_000_000  # nanoseconds

# Says twenty times something to the port it is given, one every 20 ms, and then how that went.
TICKER = """
import sys
from core.net.audience import Audience
from core.net.client import Client
from core.sending.plan import every
from core.sending.repeat import Repeat

with Client("127.0.0.1:" + sys.argv[1]) as client:
    run = Repeat(Audience(client), every(0.02, lambda _: b".", 20), lambda _: None, exact=False, sink=None)
    run.start()
    run.join(20)
    print(run.progress.missed, run.progress.lateness.max_ns)
"""


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


class SetClock:
    """The time of a run, in nanoseconds: it moves where a test moves it, and to the end of a wait at once."""

    def __init__(self) -> None:
        self.now = 0

    def monotonic_ns(self) -> int:
        return self.now

    def wait_until(self, moment: int) -> None:
        self.now = max(self.now, moment)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    clock, pause = SetClock(), Repeat._pause

    def pause_at_once(run: Repeat, moment: int | None) -> None:
        if moment is not None:
            clock.wait_until(moment)
        else:
            pause(run, None)

    monkeypatch.setattr(repeat, "monotonic_ns", clock.monotonic_ns)
    monkeypatch.setattr(Repeat, "_pause", pause_at_once)
    return clock


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
        messages = (
            PlannedMessage(lambda count: b"a%d" % count),
            PlannedMessage(lambda count: b"b%d" % count, 0.001),
            PlannedMessage(lambda _: b"."),
        )
        teller = Teller()

        workbench.repeat(client, Plan(messages, rounds=3), tell=teller)

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

    def test_nothing_drifts_however_long_a_message_takes_to_make(self, talk: Talk, clock: SetClock) -> None:
        workbench, view, server, client = talk
        teller, began = Teller(), []

        def think(_count: int) -> bytes:
            began.append(clock.now)
            clock.now += 4 * MS
            return b"tick"

        workbench.repeat(client, every(0.006, think, times=30), tell=teller)
        end = teller.wait_for_end()
        view.wait_until(lambda: len(received(view, server)) == 4 * 30)

        assert began == [6 * MS * count for count in range(30)]
        assert end.missed == 0
        assert end.lateness.max_ns == 4 * MS

    @pytest.mark.case("C-19")
    def test_after_a_delay_of_our_own_there_is_no_burst_and_what_was_missed_is_counted(
        self, talk: Talk, clock: SetClock
    ) -> None:
        workbench, view, server, client = talk
        teller, began = Teller(), []

        def oversleep(count: int) -> bytes:
            began.append(clock.now)
            if count == 2:
                clock.now += 100 * MS  # as much as five moments and a half
            return b"%d;" % count

        workbench.repeat(client, every(0.018, oversleep, times=5), tell=teller)
        end = teller.wait_for_end()
        wait_to_receive(view, server, b"0;1;2;3;4;")

        assert began == [count * 18 * MS for count in (0, 1, 2, 8, 9)]
        assert end.missed == 5
        assert end.lateness.max_ns == 10 * MS  # of each against a moment that had not passed

    @pytest.mark.case("C-19")
    @only_posix("Windows has no SIGSTOP")
    def test_suspended_it_sends_no_burst_when_it_wakes(self) -> None:
        with Host() as host:
            command = [sys.executable, "-c", TICKER, str(host.address.port)]
            program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert program.stdout is not None
            with program, host.accept(Peer) as peer:
                try:
                    assert peer.hear(3) == b"..."
                    program.send_signal(signal.SIGSTOP)
                    threading.Event().wait(0.5)
                    program.send_signal(signal.SIGCONT)
                    assert peer.hear_all() == b"." * 17
                    missed, longest = map(int, program.stdout.readline().split())
                finally:
                    program.kill()
        assert missed >= 20  # moments of 20 ms each in half a second, but for a few at the edges
        assert longest < 20_000_000

    def test_a_list_leaves_nothing_out_after_a_delay(self, talk: Talk, clock: SetClock) -> None:
        workbench, view, server, client = talk
        teller = Teller()

        def oversleep(_count: int) -> bytes:
            clock.now += 50 * MS
            return b"late;"

        messages = (
            PlannedMessage(lambda _: b"first;", 0.001),
            PlannedMessage(oversleep, 0.01),
            PlannedMessage(lambda _: b"last;"),
        )
        workbench.repeat(client, Plan(messages), tell=teller)

        wait_to_receive(view, server, b"first;late;last;")
        assert teller.wait_for_end().missed == 1


class TestToWhom:
    def test_to_several_and_those_that_are_gone_are_left_out(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            clients = [connected(workbench, view, address) for _ in range(3)]
            one, _two, three = (state.connection for state in with_connections(view, server, 3))
            run = workbench.repeat(server, every(0.005, lambda _: b"x"), to=frozenset({one, three}))
            for client in (clients[0], clients[2]):
                view.wait_until(lambda client=client: received(view, client) != b"")  # type: ignore[misc]

            workbench.abort(clients[0], with_connections(view, clients[0], 1)[0].connection)
            with_connections(view, server, 2)
            before = run.progress.sent
            until(lambda: run.progress.sent > before + 3)
            run.stop()
            assert run.join(PATIENCE)
            assert received(view, clients[1]) == b""

    @needs_rst
    def test_it_ends_with_the_last_connection_even_in_a_long_pause(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        teller = Teller()
        workbench.repeat(server, every(3600, lambda _: b"x"), tell=teller)
        wait_to_receive(view, client, b"x")

        workbench.abort(client, with_connections(view, client, 1)[0].connection)

        end = teller.wait_for_end()
        assert (end.end, end.sent) == (End.GONE, 1)
        assert "nobody is left" in end.why

    def test_with_nobody_there_it_does_not_begin(self) -> None:
        with working() as (workbench, view):
            server, _address = serving(workbench, view)
            with pytest.raises(NobodyThere, match="nobody is connected"):
                workbench.repeat(server, every(1, lambda _: b"x"))
            with pytest.raises(NobodyThere, match="no connection is chosen"):
                workbench.repeat(server, every(1, lambda _: b"x"), to=())

    @pytest.mark.case("C-43")
    def test_who_does_not_read_is_told_and_counted_and_the_others_get_every_message(self) -> None:
        with working(limits=Limits(outbox=64 * 1024)) as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            with NeverReads.calls(address):
                with_connections(view, server, 1)
                client = connected(workbench, view, address)
                with_connections(view, server, 2)
                run = workbench.repeat(server, every(0.001, lambda _: b"x" * 65536))
                until(lambda: run.progress.refused > 3)
                run.stop()
                assert run.join(PATIENCE)
                view.wait_for_state(client, lambda state: state.bytes_in == run.progress.sent * 65536)
        assert "does not read" in run.progress.refusal
        assert run.progress.end is End.STOPPED


class TestEnds:
    def test_a_message_that_cannot_be_made_ends_it_with_the_reason(self, talk: Talk) -> None:
        workbench, _view, _server, client = talk
        teller = Teller()

        def make(_count: int) -> bytes:
            raise TincanError("the counter is used up")

        workbench.repeat(client, every(1, make), tell=teller)

        end = teller.wait_for_end()
        assert (end.end, end.why) == (End.FAILED, "the counter is used up")

    def test_a_fault_of_ours_is_logged_and_told(self, talk: Talk, logged_errors: list[logging.LogRecord]) -> None:
        workbench, _view, _server, client = talk
        teller = Teller()

        def make(_count: int) -> bytes:
            raise ZeroDivisionError

        workbench.repeat(client, every(1, make), tell=teller)

        end = teller.wait_for_end()
        assert end.end is End.FAILED
        assert "ZeroDivisionError" in end.why
        assert [record.getMessage()[:15] for record in logged_errors] == ["fault in repeat"]
        logged_errors.clear()

    def test_closing_the_workbench_ends_every_run(self, talk: Talk) -> None:
        workbench, view, server, client = talk
        run = workbench.repeat(client, every(3600, lambda _: b"x"))
        wait_to_receive(view, server, b"x")

        view.subscription.close()
        assert workbench.close(PATIENCE) == []

        assert run.progress.end is End.STOPPED
        with pytest.raises(SendError):
            workbench.repeat(client, every(1, lambda _: b"x"))

    @pytest.mark.case("C-32")
    def test_without_a_thread_to_be_had_it_is_refused(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        workbench, _view, _server, client = talk

        def no_thread(_run: Repeat) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(Repeat, "start", no_thread)
        with pytest.raises(SendError, match="no more threads"):
            workbench.repeat(client, every(1, lambda _: b"x"))

    def test_while_the_journal_is_behind_nothing_is_sent(self) -> None:
        with serving_net("echo") as (net_server, _sink), calling(net_server.addresses[0]) as (client, sink):
            sink.congest()
            run = Repeat(Audience(client), every(0.001, lambda _: b"x", 3), lambda _: None, exact=False, sink=sink)
            run.start()
            sink.wait_for_pause()
            assert run.progress.sent == 0

            sink.relieve()

            assert run.join(PATIENCE)
            assert run.progress.sent == 3


class TestPlans:
    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda: Plan(()), "no message"),
            (lambda: every(0.0, lambda _: b"", None), "at least 1 ms"),
            (lambda: every(1, lambda _: b"", 0), "at least once"),
            (lambda: PlannedMessage(lambda _: b"", -1), "a pause is"),
            (lambda: PlannedMessage(lambda _: b"", float("nan")), "a pause is"),
            (lambda: PlannedMessage(lambda _: b"", 1e9), "a pause is"),
        ],
    )
    def test_what_cannot_be_done_is_refused_in_words(self, make: Callable[[], object], says: str) -> None:
        with pytest.raises(PlanError, match=says):
            make()

    def test_once_needs_no_pause(self) -> None:
        assert every(0, lambda _: b"x", 1).total == 1
