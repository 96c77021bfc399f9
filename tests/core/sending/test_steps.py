"""Lists of steps over real connections: early, split and doubled answers, hostile peers, and always an end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.compose import Draft, Format
from core.errors import SendError
from core.net.owner import Watchers
from core.sending.plan import End, PlanError, Played
from core.sending.steps import StepsRun
from core.steps.playing import Verdict
from core.steps.step import Expectation, Otherwise, ReadySteps, Step, StepList
from tests.core.test_workbench import connected, serving, with_connections, working
from tests.support.peers import Dribbles, Host, NeverEndsItsLine, NeverReads, Peer, Resets
from tests.support.sink import PATIENCE, until
from tests.support.stage import calling
from tests.support.stage import serving as serving_net
from tests.support.systems import examples, needs_rst

LONG = 60_000  # milliseconds that no test waits for
WISHED, MISSED, SENT = Verdict.WISHED, Verdict.MISSED, Verdict.SENT


def step(
    text: str | None, when: str | None = None, pattern: str = "", within: int = LONG, *,
    otherwise: Otherwise = Otherwise.STOP, pause: float = 0,
) -> Step:  # fmt: skip
    message = Draft(text, Format.ESCAPES) if text is not None else None
    expected = Expectation(when, pattern, within, otherwise) if when is not None else None
    return Step("", message, expected, pause)


def ready(*steps: Step, framing: str = "line") -> ReadySteps:
    return ReadySteps(StepList("test", steps, framing))


class Run:
    """A run, what it has told, and its end, which is waited for."""

    def __init__(self, steps: ReadySteps, *, rounds: int | None = 1) -> None:
        self.told: list[Played] = []
        self.run = StepsRun("test", steps, self.told.append, rounds=rounds)

    @property
    def played(self) -> Played:
        assert self.run.join(PATIENCE)
        return self.told[-1]

    @property
    def verdicts(self) -> list[Verdict]:
        return [row.verdict for row in self.played.rows]


@contextmanager
def playing(
    host: Host, kind: type[Peer], *steps: Step, framing: str = "line", rounds: int | None = 1
) -> Iterator[tuple[Run, Peer]]:
    """A list that a client plays to a peer of that kind."""
    run = Run(ready(*steps, framing=framing), rounds=rounds)
    run.run.start()
    try:
        with calling(host.address, half_open=True, stands=run.run.attach), host.accept(kind) as peer:
            yield run, peer
            run.run.stop()
            assert run.run.join(PATIENCE)
    finally:
        run.run.stop()
        run.run.join(PATIENCE)


def test_the_answer_of_one_step_goes_into_the_next() -> None:
    with Host() as host, playing(
        host, Peer, step("T?", "regex", r"^(?P<t>\S+) C$"), step(r"SET \{t}", "equals", "OK")
    ) as (run, peer):  # fmt: skip
        assert peer.hear(3) == b"T?\n"
        peer.say(b"21.5 C\n")
        assert peer.hear(9) == b"SET 21.5\n"
        peer.say(b"OK\n")
        assert run.verdicts == [WISHED, WISHED]
        assert (run.played.end, run.played.is_as_wished, run.played.wished, run.played.sent) == (End.DONE, True, 2, 2)
        assert all(row.took is not None and 0 <= row.took < PATIENCE * 1e9 for row in run.played.rows)


def test_a_greeting_that_is_there_before_anything_else_counts() -> None:
    with serving_net("letter", framing="line") as (server, _sink):
        run = Run(ready(step(None, "equals", "type the message"), step("stop", "end")))
        run.run.start()
        with calling(server.addresses[0], half_open=True, stands=run.run.attach):
            assert run.verdicts == [WISHED, WISHED]


def test_an_answer_a_byte_to_a_segment_is_one_and_two_in_a_segment_are_two() -> None:
    with Host() as host, playing(
        host, Dribbles, step("a", "equals", "in pieces"), step("b", "equals", "one"), step(None, "equals", "two")
    ) as (run, peer):  # fmt: skip
        peer.say(b"in pieces\n")
        peer.sock.sendall(b"one\ntwo\n")
        assert run.verdicts == [WISHED, WISHED, WISHED]


@needs_rst
@pytest.mark.parametrize("otherwise", [Otherwise.STOP, Otherwise.AGAIN, Otherwise.GO_ON])
def test_a_reset_ends_the_wait_at_once_whatever_was_to_be_done(otherwise: Otherwise) -> None:
    with Host() as host, playing(host, Resets, step("a", "any", otherwise=otherwise)) as (run, peer):
        peer.hear(2)
        peer.leave()
        assert run.verdicts == [MISSED]
        assert "reset" in run.played.rows[0].why
        assert not run.played.is_as_wished


def test_a_half_close_is_the_end_of_answers_and_not_of_sending() -> None:
    with Host() as host, playing(host, Peer, step("QUIT", "end"), step("still here")) as (run, peer):
        peer.hear(5)
        peer.finish()
        assert peer.hear(11) == b"still here\n"
        assert run.verdicts == [WISHED, SENT]
        assert run.played.is_as_wished


def test_a_flood_without_a_line_end_is_bounded_and_can_be_stopped() -> None:
    with Host() as host, playing(host, NeverEndsItsLine, step("a", "contains", "y")) as (run, peer):
        assert isinstance(peer, NeverEndsItsLine)
        peer.hear(2)
        assert peer.flood(8 * 1024 * 1024) == 8 * 1024 * 1024
        peer.say(b"\nxyz\n")
        assert run.verdicts == [WISHED]
        assert run.played.rows[0].answer == b"xyz"


def test_a_flood_without_messages_is_looked_at_at_its_end() -> None:
    with Host() as host, playing(host, NeverEndsItsLine, step("a", "contains", "xy"), framing="raw") as (run, peer):
        assert isinstance(peer, NeverEndsItsLine)
        peer.hear(1)
        peer.flood(3 * 1024 * 1024)
        peer.say(b"y")
        assert run.verdicts == [WISHED]


def test_an_endless_list_against_a_flood_can_be_stopped() -> None:
    with Host() as host, playing(host, Peer, step("a", "any"), rounds=None) as (run, peer):
        peer.hear(2)
        peer.say(b"\n" * examples(100_000))
        until(lambda: run.run.progress.wished > 0)
        run.run.stop()
        assert run.played.end is End.STOPPED
        assert run.played.wished >= 1


def test_a_peer_that_never_reads_has_messages_refused_not_lost_in_silence() -> None:
    big = "x" * 1_000_000
    with Host(window=2048) as host, playing(
        host, NeverReads, *(step(big, pause=1) for _ in range(200)), framing="raw"
    ) as (run, _peer):  # fmt: skip
        assert run.verdicts[-1] is MISSED
        assert run.played.rows[-1].why.startswith("not sent: ")


def test_another_connection_hears_nothing_of_it() -> None:
    with serving_net("echo", framing="line") as (server, _sink):
        run = Run(ready(step("a", "equals", "a"), step(None, "nothing", within=50)))
        with calling(server.addresses[0], stands=run.run.attach), calling(server.addresses[0]) as (other, _events):
            other.send(b"loud\n")
            run.run.start()
            assert run.verdicts == [WISHED, WISHED]


def test_without_a_connection_it_waits_until_it_is_stopped() -> None:
    run = Run(ready(step("a")))
    run.run.start()
    assert not run.run.join(0.01)
    run.run.stop()
    assert (run.played.end, run.played.rows) == (End.STOPPED, ())


@pytest.mark.parametrize("rounds", [None, 2])
def test_what_is_sent_again_and_again_needs_a_pause_or_an_answer(rounds: int | None) -> None:
    with pytest.raises(PlanError, match="at least 1 ms"):
        StepsRun("test", ready(step("a")), lambda _played: None, rounds=rounds)
    StepsRun("test", ready(step("a", "any")), lambda _played: None, rounds=rounds)
    StepsRun("test", ready(step("a", pause=1)), lambda _played: None, rounds=rounds)
    with pytest.raises(PlanError, match="at least once"):
        StepsRun("test", ready(step("a")), lambda _played: None, rounds=0)


def test_the_workbench_plays_over_the_one_connection_that_is_meant() -> None:
    with working() as (workbench, view):
        server, address = serving(workbench, view, reply="none", framing="line")
        first = connected(workbench, view, address, framing="line")
        connected(workbench, view, address, framing="line")
        there = with_connections(view, server, 2)
        told: list[Played] = []
        steps = ready(step("who", "equals", "me"))
        with pytest.raises(SendError, match="choose one"):
            workbench.play(server, steps)
        run = workbench.play(server, steps, to=there[0].connection, tell=told.append)
        workbench.send(first, b"me")
        assert run.join(PATIENCE)
        assert told[-1].is_as_wished
        with pytest.raises(SendError):
            workbench.play(first, steps, to=there[0].connection)


def test_a_list_that_waits_ends_when_the_workbench_closes() -> None:
    told: list[Played] = []
    with working() as (workbench, view):
        _server, address = serving(workbench, view, reply="none")
        client = connected(workbench, view, address)
        workbench.play(client, ready(step("a", "any")), tell=told.append)
        workbench.play(None, ready(step("a", "any")), tell=told.append)
    assert [played.end for played in told if not played.is_running] == [End.STOPPED, End.STOPPED]


def test_a_list_that_is_stopped_with_its_connection_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def close_first(run: StepsRun, _data: bytes) -> None:
        run.stop()
        raise SendError("the connection is closing")

    monkeypatch.setattr(StepsRun, "_send", close_first)
    with working() as (workbench, view):
        _server, address = serving(workbench, view, reply="none")
        run = workbench.play(connected(workbench, view, address), ready(step("a", "any")))
        assert run.join(PATIENCE)

    assert (run.progress.end, run.progress.why) == (End.STOPPED, "")


def test_the_counter_and_the_variables_of_the_run_go_on_from_what_was_sent_before() -> None:
    with working() as (workbench, view):
        server, address = serving(workbench, view, reply="none", framing="line")
        client = connected(workbench, view, address)
        run = workbench.play(client, ready(step(r"\{unit}\{counter}")), variables={"unit": "7"}, count=4)
        assert run.join(PATIENCE)
        view.wait_for_state(server, lambda state: state.bytes_in == 3)
        assert run.progress.rows[0].sent == b"75\n"
        assert run.playing.count == 5


@pytest.mark.case("C-67")
def test_who_hears_a_connection_and_fails_costs_it_nothing(logged_errors: list[logging.LogRecord]) -> None:
    def fails(_data: bytes, _at: int) -> None:
        raise RuntimeError("broken")

    heard: list[bytes] = []
    with Host() as host, calling(host.address, half_open=True) as (client, _sink), host.accept(Peer) as peer:
        (connection,) = client.connections
        connection.add_hearer(fails)
        connection.add_hearer(lambda data, _at: heard.append(data))
        peer.say(b"one")
        assert client.receive(PATIENCE) == b"one"
        connection.remove_hearer(fails)
        connection.remove_hearer(fails)  # twice does no harm
        peer.say(b"two")
        assert client.receive(PATIENCE) == b"two"
    assert heard[:2] == [b"one", b"two"]
    assert [record.getMessage() for record in logged_errors] == ["fault in whoever hears what a connection receives"]
    logged_errors.clear()


def test_nothing_is_said_over_a_connection_before_its_answers_are_heard() -> None:
    run = StepsRun("test", ready(step("a", "any")), lambda _played: None)

    class Watched:
        has_datagrams = True

        def __init__(self) -> None:
            self.watchers = Watchers()
            self.was_attached: bool | None = None

        def add_hearer(self, _hear: object) -> None:
            self.was_attached = run.is_attached

    run.attach(watched := Watched())  # type: ignore[arg-type]
    assert watched.was_attached is False
