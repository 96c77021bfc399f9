"""Both ends of talks with oneself, written as they happened, and what a trace makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.address import Address
from core.events import ConnectionId, Event, Opened, Received, Sent, SessionId, SessionOpened
from core.journal.display_row import DisplayRow
from core.journal.reading.dissecting import Tracer
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import Calls, Trace
from core.journal.recording.store import JournalWriter
from core.roles import Role
from tests.support.journals import write_journal

SERVER, CLIENT = SessionId(1), SessionId(2)
INSIDE, OUTSIDE = ConnectionId(1), ConnectionId(2)  # the connection as the server and as the client has it
HOME, CALLER = Address("127.0.0.1", 5555), Address("127.0.0.1", 40_001)
MS = 1_000_000


class Talk:
    """A client's connection with a server of the same run. ``at`` is in milliseconds."""

    def __init__(
        self, path: Path, *, far: bool = True, far_opened: int = 0, home: Address = HOME, caller: Address = CALLER
    ) -> None:
        self.path = path
        self._events: list[Event] = [
            SessionOpened(SERVER, 0, Role.SERVER, home, "raw", "none"),
            Opened(SERVER, INSIDE, 0, 1, home, caller),
        ]
        if far:
            self._events += [
                SessionOpened(CLIENT, 0, Role.CLIENT, home, "raw"),
                Opened(CLIENT, OUTSIDE, far_opened * MS, 1, caller, home),
            ]

    def client_sends(self, size: int, at: int = 0, cuts: tuple[int, ...] = ()) -> None:
        self._events.append(Sent(CLIENT, OUTSIDE, at * MS, bytes(size), cuts))

    def server_receives(self, size: int, at: int = 0) -> None:
        self._events.append(Received(SERVER, INSIDE, at * MS, bytes(size)))

    def server_sends(self, size: int, at: int = 0) -> None:
        self._events.append(Sent(SERVER, INSIDE, at * MS, bytes(size)))

    def trace(self, place: int, session: SessionId = SERVER) -> Trace:
        """What is known of row ``place`` of a session, the notes not counted."""
        writer = JournalWriter(self.path)
        writer.append(self._events, 0)
        writer.close()
        reader = JournalReader(self.path)
        try:
            traced = Tracer(reader).trace(messages(reader, session)[place])
        finally:
            reader.close()
        assert traced is not None
        return traced


def messages(reader: JournalReader, session: SessionId = SERVER) -> list[DisplayRow]:
    rows = LensView(reader, session, Lens())
    rows.reach(reader.count(session))
    return [display_row for display_row in rows.read(0, rows.total) if display_row.is_message]


def stretches(calls: Calls | None) -> list[tuple[int, int]]:
    assert calls is not None
    return [(call.start, call.stop) for call in calls]


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path / "talk.tincan")


def test_one_send_that_tcp_cut_in_three_stands_over_the_three(talk: Talk) -> None:
    talk.client_sends(1_500)
    for size in (512, 512, 476):
        talk.server_receives(size)

    traced = talk.trace(1)

    assert (traced.start, traced.stop) == (512, 1_024)
    assert stretches(traced.near) == [(0, 512), (512, 1_024), (1_024, 1_500)]
    assert stretches(traced.far) == [(0, 1_500)]


def test_sends_that_arrived_together_stand_over_the_one_recv(talk: Talk) -> None:
    for _ in range(40):
        talk.client_sends(10)
    talk.server_receives(400)

    traced = talk.trace(0)

    assert stretches(traced.near) == [(0, 400)]
    assert stretches(traced.far) == [(at, at + 10) for at in range(0, 400, 10)]


def test_what_was_sent_is_seen_arriving_from_its_own_side_too(talk: Talk) -> None:
    for _ in range(40):
        talk.client_sends(10)
    talk.server_receives(400)

    traced = talk.trace(7, CLIENT)

    assert (traced.start, traced.stop) == (70, 80)
    assert stretches(traced.far) == [(0, 400)]
    assert stretches(traced.near) == [(at, at + 10) for at in range(0, 400, 10)]


def test_a_send_that_the_kernel_took_in_bites_is_as_many_calls(talk: Talk) -> None:
    talk.client_sends(100, cuts=(60, 40))
    talk.server_receives(100)

    assert stretches(talk.trace(0).far) == [(0, 60), (60, 100)]


def test_calls_are_also_counted_from_the_message(talk: Talk) -> None:
    talk.server_receives(10)
    talk.server_receives(5)

    assert stretches(talk.trace(1).calls) == [(0, 5)]


def test_an_end_that_this_journal_does_not_have_is_not_invented(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "talk.tincan", far=False)
    talk.server_receives(3)

    assert talk.trace(0).far is None


def test_the_same_ports_at_another_time_are_another_connection(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "talk.tincan", far_opened=3_600_000)
    talk.client_sends(3)
    talk.server_receives(3)

    assert talk.trace(0).far is None


def test_callers_of_a_local_socket_have_no_names_to_be_told_apart_by(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "talk.tincan", home=Address("unix:/run/s", 0), caller=Address("unix:", 0))
    talk.server_receives(10)
    talk.client_sends(10)
    assert talk.trace(0).far is None


def test_what_has_not_arrived_yet_is_nothing_yet(talk: Talk) -> None:
    talk.client_sends(10)
    talk.server_receives(10)
    talk.client_sends(20)

    traced = talk.trace(1, CLIENT)

    assert stretches(traced.near) == [(0, 10), (10, 30)]
    assert stretches(traced.far) == [(0, 10)]


def test_the_waits_are_since_the_latest_before_it_and_since_the_latest_the_other_way(talk: Talk) -> None:
    talk.server_sends(1, at=1)
    talk.server_receives(1, at=5)
    talk.server_receives(1, at=7)

    traced = talk.trace(2)

    assert (traced.since_previous_ns, traced.since_other_ns) == (2 * MS, 6 * MS)


def test_the_first_message_waited_for_nothing(talk: Talk) -> None:
    talk.server_receives(1, at=5)

    traced = talk.trace(0)

    assert (traced.since_previous_ns, traced.since_other_ns) == (None, None)


def test_a_note_has_no_trace(tmp_path: Path) -> None:
    write_journal(tmp_path / "talk.tincan", 1)
    reader = JournalReader(tmp_path / "talk.tincan")
    rows = LensView(reader, SERVER, Lens())
    rows.reach(1)

    assert Tracer(reader).trace(rows.read(0, 1)[0]) is None
    reader.close()


CONNECTIONS, ENTRIES, SIZE = 3, 20_000, 64


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[JournalReader, Tracer, int]]:
    """Three connections in turn, and where their entries begin."""
    path = tmp_path_factory.mktemp("crowd") / "talk.tincan"
    first = write_journal(path, ENTRIES, connections=CONNECTIONS, size=SIZE)
    reader = JournalReader(path)
    yield reader, Tracer(reader), first
    reader.close()


@given(number=st.integers(0, ENTRIES - 1))
def test_the_place_in_the_stream_is_what_went_before_it(crowd: tuple[JournalReader, Tracer, int], number: int) -> None:
    reader, tracer, first = crowd
    rows = LensView(reader, SERVER, Lens())
    rows.reach(first + ENTRIES)

    traced = tracer.trace(rows.read(first + number, 1)[0])

    assert traced is not None
    start = number // CONNECTIONS * SIZE
    assert (traced.start, traced.stop) == (start, start + SIZE)
    assert [call.ordinal for call in traced.calls] == [first + number]
    around = stretches(traced.near)
    assert around[0][0] == max(0, start - 8 * SIZE)
    assert all((stop, stop + SIZE) == after for (_, stop), after in pairwise(around))


LEG_IN, LEG_OUT = ConnectionId(7), ConnectionId(8)


def passed_on(path: Path, came: list[Event]) -> Trace:
    """What is known of the first message of a pair of legs."""
    begun: list[Event] = [
        SessionOpened(SERVER, 0, Role.TAP, HOME, "raw"),
        Opened(SERVER, LEG_IN, 0, 1, HOME, CALLER),
        Opened(SERVER, LEG_OUT, 0, -1, CALLER, HOME, took=0.0),
    ]
    writer = JournalWriter(path)
    writer.append([*begun, *came], 0)
    writer.close()
    with closing(JournalReader(path)) as reader:
        traced = Tracer(reader).trace(messages(reader)[0])
    assert traced is not None
    return traced


def test_what_came_on_one_leg_stands_over_what_went_on_on_the_other(tmp_path: Path) -> None:
    traced = passed_on(
        tmp_path / "tap.tincan",
        [Received(SERVER, LEG_IN, 1, b"question"), Sent(SERVER, LEG_OUT, 3, b"question", (5, 3))],
    )

    assert traced.is_passed_on
    assert stretches(traced.near) == [(0, 8)]
    assert stretches(traced.far) == [(0, 5), (5, 8)]


def test_legs_that_carried_different_bytes_are_not_laid_side_by_side(tmp_path: Path) -> None:
    traced = passed_on(
        tmp_path / "tap.tincan",
        [Received(SERVER, LEG_IN, 1, b"question"), Sent(SERVER, LEG_OUT, 2, b"Question")],
    )

    assert traced.is_passed_on
    assert traced.far is None


def test_what_did_not_go_on_yet_is_nothing_yet(tmp_path: Path) -> None:
    traced = passed_on(tmp_path / "tap.tincan", [Received(SERVER, LEG_IN, 1, b"question")])

    assert traced.far is not None
    assert not traced.far
