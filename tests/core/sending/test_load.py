"""A list of steps by many clients: each answer is counted and measured, and a connection that fails is replaced."""

from __future__ import annotations

import threading

import pytest

from core.address import Address, Destination
from core.compose import Draft, Format
from core.net.server import Server
from core.net.udp import UdpServer
from core.sending.load import BUSY, CONNECT, LATE, Figures, Line, Load, Pace, _line
from core.steps.step import Expectation, Otherwise, OwnEnd, ReadySteps, Step, StepList
from tests.support.peers import free_port
from tests.support.sink import PATIENCE, until


def ready(*asked: tuple[str, str, str], within: int = 5_000) -> ReadySteps:
    steps = tuple(
        Step("", Draft(text, Format.ESCAPES), Expectation(when, pattern, within, Otherwise.STOP))
        for text, when, pattern in asked
    )
    return ReadySteps(StepList("load", steps, "line"))


def at(server: Server) -> Destination:
    return Destination(server.addresses[0], tls=False, datagrams=server.role.datagrams)


def by_name(load: Load) -> dict[str, Line]:
    return {line.name: line for line in load.table()}


def play(load: Load, until_answers: int, *, failures: int = 0) -> dict[str, Line]:
    """Until there are so many answers, or failures."""
    load.start()

    def enough() -> bool:
        load.keep_up()
        last = load.table()[-1]
        return last.answers >= until_answers and last.failures >= failures

    try:
        until(enough)
    finally:
        load.stop(PATIENCE)
    return by_name(load)


def test_every_client_plays_over_its_own_connection_at_the_rate_of_all() -> None:
    with Server("127.0.0.1:0", reply="echo", framing="line") as server:
        steps = ready(("hello", "equals", "hello"), ("x", "equals", "x"))
        lines = play(Load(steps, at(server), clients=5, rate=200), 100)
    assert list(lines) == [CONNECT, "1 equals “hello”", "2 equals “x”", "all steps"]
    assert lines[CONNECT].answers == 5
    one, two, all_steps = lines["1 equals “hello”"], lines["2 equals “x”"], lines["all steps"]
    assert one.answers == two.answers
    assert all_steps.answers == one.answers + two.answers >= 100
    assert all_steps.failures == 0
    assert 0 < all_steps.rate <= 2 * 200 * 1.1 + 20
    for line in (one, two, all_steps):
        assert 0 < line.percentiles[0] <= line.percentiles[1] <= line.percentiles[2] <= line.percentiles[3] <= line.most


def test_over_udp_each_client_has_a_socket_of_its_own() -> None:
    with UdpServer("127.0.0.1:0", reply="echo") as server:
        steps = ready(("hello", "equals", "hello"), ("x", "equals", "x"))
        lines = play(Load(steps, at(server), clients=3, rate=1_000), 60)
        peers = {str(connection.peer) for connection in server.connections}
    assert lines["all steps"].failures == 0
    assert lines["1 equals “hello”"].answers == lines["2 equals “x”"].answers >= 30
    assert len(peers) == lines[CONNECT].answers == 3


def test_an_answer_that_is_not_as_wished_is_an_error_and_its_connection_is_replaced() -> None:
    def answers(_peer: object, message: bytes) -> bytes:
        return b"no" if message == b"b" else message

    with Server("127.0.0.1:0", reply=answers, framing="line") as server:
        steps = ready(("a", "equals", "a"), ("b", "equals", "b"), within=200)
        lines = play(Load(steps, at(server), clients=2, rate=1_000), 5, failures=5)
    wrong = lines["2 equals “b”"]
    assert wrong.answers == 0
    assert wrong.failures >= 4
    assert wrong.reasons[0][0].startswith("no such answer within 200 ms")
    assert lines[CONNECT].answers >= 5


def test_a_server_that_hangs_up_is_called_again() -> None:
    def hangs_up(peer: object, _message: bytes) -> bytes:
        peer.close()  # type: ignore[attr-defined]
        return b""

    with Server("127.0.0.1:0", reply=hangs_up, framing="line") as server:
        lines = play(Load(ready(("a", "equals", "a")), at(server), clients=2, rate=1_000), 0, failures=6)
    assert lines[CONNECT].answers >= 6
    assert lines["1 equals “a”"].reasons[0][0] == "the other end finished first"


def test_a_server_that_is_not_there_is_an_error_of_connecting() -> None:
    load = Load(
        ready(("a", "any", "")),
        Destination(Address("127.0.0.1", free_port()), tls=False, datagrams=False),
        clients=2,
        rate=100,
    )
    load.start()

    def refused() -> bool:
        load.keep_up()
        return load.table()[0].failures >= 3

    until(refused)
    load.stop(PATIENCE)
    assert "the connection was refused" in load.table()[0].reasons[0][0]


def test_the_end_counts_for_nothing_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with Server("127.0.0.1:0", reply="none") as server:
        load = Load(ready(("a", "any", "")), at(server), clients=20, rate=1_000)
        load.start()
        until(lambda: load.table()[0].answers == 20)
        load.stop(PATIENCE)
    assert [(line.answers, line.failures) for line in load.table()] == [(20, 0), (0, 0), (0, 0)]
    until(lambda: threading.active_count() <= before)


@pytest.mark.parametrize(
    ("count", "percentiles"),
    [(0, (0, 0, 0, 0)), (1, (1, 1, 1, 1)), (1_000, (500, 950, 990, 999)), (10_000, (5_000, 9_500, 9_900, 9_990))],
)
def test_percentiles_are_times_that_were_measured(count: int, percentiles: tuple[int, ...]) -> None:
    figures = Figures()
    figures.took.extend(reversed(range(1, count + 1)))
    line = _line("x", figures, 1.0)
    assert (line.answers, line.percentiles, line.most) == (count, percentiles, count)


def test_lists_that_had_to_wait_are_told_apart_from_those_the_load_was_late_with() -> None:
    def slow(_peer: object, message: bytes) -> bytes:
        threading.Event().wait(0.03)
        return message

    with Server("127.0.0.1:0", reply=slow, framing="line") as server:
        busy = Load(ready(("a", "equals", "a")), at(server), clients=1, rate=1_000)
        play(busy, 5)
        idle = Load(ready(("a", "equals", "a")), at(server), clients=1, rate=1)
        play(idle, 2)
    assert busy.pace().asked == 1_000
    assert busy.pace().begun < 1_000
    assert busy.pace().behind >= 4
    assert idle.pace().behind <= 1  # the first, where the connection took longer than there was time
    assert 0 <= idle.pace().late[0] <= idle.pace().late[-1]
    assert idle.pace().cpu > 0


@pytest.mark.parametrize(
    ("late", "cpu", "is_limit"),
    [(0, 0.1, False), (LATE, BUSY, False), (LATE + 1, 0.1, True), (0, BUSY + 0.01, True)],
)
def test_the_load_names_itself_where_it_is_the_limit(late: int, cpu: float, is_limit: bool) -> None:
    assert Pace(10, 10, (0, 0, late, late, late), 0, cpu).is_own_limit is is_limit


def test_errors_are_counted_by_kind_and_the_rarest_together() -> None:
    figures = Figures()
    figures.failures.update({f"kind {number}": number for number in range(1, 15)})
    reasons = _line("x", figures, 1.0).reasons
    assert reasons[0] == ("kind 14", 14)
    assert reasons[-1] == ("4 other kinds", 1 + 2 + 3 + 4)
    assert sum(count for _why, count in reasons) == sum(range(1, 15))


def test_what_was_passed_over_makes_no_kind_of_its_own() -> None:
    counts = iter(range(1, 1_000))

    def floods(_peer: object, _message: bytes) -> bytes:
        return b"\n".join([b"no"] * next(counts))

    with Server("127.0.0.1:0", reply=floods, framing="line") as server:
        steps = ready(("a", "equals", "a"), within=50)
        lines = play(Load(steps, at(server), clients=2, rate=1_000), 0, failures=4)
    assert [why for why, _count in lines["1 equals “a”"].reasons] == ["no such answer within 50 ms"]


def test_a_list_that_ends_its_connection_is_played_over_a_new_one_each_time() -> None:
    steps = (
        Step("", Draft("a", Format.ESCAPES), Expectation("any", "", 5_000), end=OwnEnd.FINISH),
        Step("", None, Expectation("end", "", 5_000)),
    )
    with Server("127.0.0.1:0", reply="echo") as server:
        load = Load(ReadySteps(StepList("ends", steps, "raw")), at(server), clients=2, rate=1_000)
        lines = play(load, 10)
    assert lines["all steps"].failures == 0
    assert lines[CONNECT].answers >= 5
