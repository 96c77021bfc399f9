"""A recorded datagram is a message: no lens and no search joins it to another, and an empty one is there, too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.address import Address
from core.events import ConnectionId, Event, Opened, Received, Sent, SessionId, SessionOpened
from core.journal.display_row import EVERYTHING, RECEIVED, SENT, DisplayRow, Filter, Span
from core.journal.reading.dissecting import Tracer
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.journal.search.pattern import Mode, Query, compile_query
from core.journal.search.sweep import find
from core.roles import ROLES
from tests.support.systems import examples

S, C, HERE = SessionId(1), ConnectionId(1), Address("127.0.0.1", 5555)
MESSAGES = Filter(None, received=True, sent=True, notes=False)


@contextlib.contextmanager
def recorded(path: Path, *datagrams: bytes, sent: bool = False, role: str = "UDP server") -> Iterator[JournalReader]:
    """A journal of a session in which these came, or went."""
    kind = Sent if sent else Received
    events: list[Event] = [SessionOpened(S, 0, ROLES[role], HERE, "raw", "none"), Opened(S, C, 1, 1, HERE, HERE)]
    events += [kind(S, C, 2 + number, data) for number, data in enumerate(datagrams)]
    writer = JournalWriter(path)
    writer.append(events, 0)
    writer.close()
    reader = JournalReader(path)
    try:
        yield reader
    finally:
        reader.close()


def rows(reader: JournalReader, framing: str, only: Filter = MESSAGES) -> list[DisplayRow]:
    lens = Lens(framing, only, datagrams=reader.has_datagrams(S))
    view = LensView(reader, S, lens)
    counter = RowCounter(reader, S, lens)
    while view.entries < 2 + 1000 and (growth := counter.advance(1000)).entries > view.entries:
        view.take(growth)
    assert view.settled == view.total
    found = view.read(0, 1000)
    assert len(found) == view.total
    assert [each.place for each in found] == list(range(view.total))
    assert [view.place_of(each.ordinal, each.span.stop if each.span else 0) for each in found if each.size] == [
        each.place for each in found if each.size
    ]
    return found


@pytest.mark.parametrize("sent", [False, True])
def test_as_received_each_datagram_is_a_row(sent: bool, tmp_path: Path) -> None:
    with recorded(tmp_path / "j", b"one", b"", b"three", sent=sent) as reader:
        found = rows(reader, "raw")

    assert [(each.data, each.size, each.kind) for each in found] == [
        (b"one", 3, SENT if sent else RECEIVED),
        (b"", 0, SENT if sent else RECEIVED),
        (b"three", 5, SENT if sent else RECEIVED),
    ]


@pytest.mark.parametrize(
    ("framing", "datagrams", "messages"),
    [
        ("line", [b"a", b"b\n", b"c\nd", b"", b"\n"], [b"a", b"b", b"c", b"d", b"", b""]),
        ("line", [b"a\r", b"\nb"], [b"a", b"", b"b"]),
        ("delimiter:0d0a", [b"a\r", b"\nb"], [b"a\r", b"\nb"]),
        ("length:2be", [b"\0\2hi\0\1!", b"\0\0"], [b"hi", b"!", b""]),
        ("fixed:2", [b"abcd", b"ef"], [b"ab", b"cd", b"ef"]),
        ("gap:50", [b"a", b"b"], [b"a", b"b"]),
    ],
)
def test_a_framing_cuts_within_a_datagram(
    framing: str, datagrams: list[bytes], messages: list[bytes], tmp_path: Path
) -> None:
    with recorded(tmp_path / "j", *datagrams) as reader:
        found = rows(reader, framing)

    assert [each.data for each in found] == messages
    assert not any(each.misfit or each.is_pending for each in found)


@pytest.mark.parametrize(
    ("framing", "datagrams"), [("length:2be", [b"\0\5hi", b"\0", b""]), ("fixed:4", [b"abc", b"d"])]
)
def test_what_a_datagram_lacks_is_in_no_other(framing: str, datagrams: list[bytes], tmp_path: Path) -> None:
    with recorded(tmp_path / "j", *datagrams) as reader:
        found = rows(reader, framing)

    assert len(found) == len(datagrams)
    assert all("never ended" in each.misfit for each in found)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
@given(
    datagrams=st.lists(st.binary(max_size=12), max_size=8),
    framing=st.sampled_from(["line", "delimiter:00", "length:1", "fixed:3", "netstring", "gap:1", "between:0b,1c"]),
)
def test_the_rows_of_a_session_are_those_of_each_datagram_alone(
    datagrams: list[bytes], framing: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("datagrams")
    with recorded(folder / "together", *datagrams) as reader:
        together = [(each.data, each.misfit) for each in rows(reader, framing)]
    apart: list[tuple[bytes | None, str]] = []
    for number, datagram in enumerate(datagrams):
        with recorded(folder / str(number), datagram) as reader:
            apart += [(each.data, each.misfit) for each in rows(reader, framing)]

    assert together == apart


def test_notes_stand_between_datagrams(tmp_path: Path) -> None:
    with recorded(tmp_path / "j", b"a\nb", b"c") as reader:
        found = rows(reader, "line", EVERYTHING)

    assert [each.kind for each in found] == ["session-opened", "opened", RECEIVED, RECEIVED, RECEIVED]


@pytest.mark.parametrize(
    ("text", "datagrams", "hits"),
    [
        ("aa", [b"a", b"aa", b"aaa"], [(3, 0, 2), (4, 0, 2)]),
        ("ab", [b"a", b"b", b"ab"], [(4, 0, 2)]),
        ("hello", [b"hel", b"lo", b"say hello"], [(4, 4, 9)]),
    ],
)
def test_a_search_finds_nothing_across_datagrams(
    text: str, datagrams: list[bytes], hits: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    pattern = compile_query(Query(text, Mode.TEXT))
    with recorded(tmp_path / "j", *datagrams) as reader:
        found = [hit for _at, some in find(reader, S, pattern, EVERYTHING, range(100)) for hit in some]

    assert [tuple(hit) for hit in found] == hits


def test_the_same_bytes_of_a_stream_are_one(tmp_path: Path) -> None:
    pattern = compile_query(Query("ab", Mode.TEXT))
    with recorded(tmp_path / "j", b"a", b"b", b"ab", role="server") as reader:
        found = [hit for _at, some in find(reader, S, pattern, EVERYTHING, range(100)) for hit in some]
        assert len(found) == 2
        assert [each.data for each in rows(reader, "delimiter:62")] == [b"a", b"a"]


CLIENT, FAR = SessionId(2), ConnectionId(2)
CALLER = Address("127.0.0.1", 40_001)
MS = 1_000_000


def far_of(path: Path, place: int, *happened: Event) -> tuple[int, int, list[int] | None]:
    """Of the client's message at that place: where it begins and ends, and the entries that carried it there."""
    writer = JournalWriter(path)
    writer.append(
        [
            SessionOpened(S, 0, ROLES["UDP server"], HERE, "raw", "none"),
            Opened(S, C, 1, 1, HERE, CALLER),
            SessionOpened(CLIENT, 0, ROLES["UDP client"], HERE, "raw"),
            Opened(CLIENT, FAR, 1, 1, CALLER, HERE),
            *happened,
        ],
        0,
    )
    writer.close()
    reader = JournalReader(path)
    try:
        view = LensView(reader, CLIENT, Lens(datagrams=True))
        view.reach(reader.count(CLIENT))
        row = [each for each in view.read(0, view.total) if each.is_message][place]
        whole = row._replace(span=row.span or Span(row.ordinal, 0, row.ordinal, row.size))
        trace = Tracer(reader).trace(whole)
    finally:
        reader.close()
    assert trace is not None
    return trace.start, trace.stop, list(trace.far.ordinals) if trace.far is not None else None


def test_a_datagram_is_known_at_the_other_end_by_its_bytes_though_another_was_lost(tmp_path: Path) -> None:
    happened: list[Event] = [
        Sent(CLIENT, FAR, 10 * MS, b"lost"),
        Sent(CLIENT, FAR, 20 * MS, b"came"),
        Received(S, C, 21 * MS, b"came"),
    ]

    assert far_of(tmp_path / "1", 0, *happened) == (0, 4, [])
    assert far_of(tmp_path / "2", 1, *happened) == (4, 8, [2])


def test_of_the_same_bytes_the_nearest_are_meant_and_an_answer_is_found_before(tmp_path: Path) -> None:
    happened: list[Event] = []
    for number in range(3):
        at = 100 * number * MS
        happened += [Sent(CLIENT, FAR, at + 10, b"ping"), Received(S, C, at + 20, b"ping")]
        happened += [Sent(S, C, at + 30, b"pong"), Received(CLIENT, FAR, at + 40, b"pong")]

    assert far_of(tmp_path / "1", 2, *happened)[2] == [4]
    assert far_of(tmp_path / "2", 3, *happened)[2] == [5]


def test_an_empty_datagram_is_traced_too(tmp_path: Path) -> None:
    happened: list[Event] = [Sent(CLIENT, FAR, 10, b"x"), Sent(CLIENT, FAR, 20, b""), Received(S, C, 30, b"")]

    start, stop, far = far_of(tmp_path / "1", 1, *happened)

    assert (start, stop, far) in ((1, 1, []), (1, 1, [2]))
