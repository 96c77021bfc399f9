"""What a lens shows must be what the recorded bytes say, wherever one looks first."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.address import Address
from core.clock import monotonic
from core.errors import JournalError
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    Opened,
    PeerFinished,
    Received,
    Sent,
    SessionId,
    SessionOpened,
    WeFinished,
)
from core.journal.display_row import DATA_KINDS, EVERYTHING, DisplayRow, Filter, Span
from core.journal.reading.indexing import GIVEN_WAY, Indexer
from core.journal.reading.lens import MARK_ENTRIES, FrameScanner, Lens, Mark
from core.journal.reading.lens_view import MOST_CHECKED, Growth, LensView, RowCounter
from core.journal.reading.reader import Entry, JournalReader
from core.journal.recording.store import JournalWriter
from core.roles import Role
from tests.support.journals import SESSION, write_journal
from tests.support.systems import examples

HERE = Address("127.0.0.1", 5555)
LINES = Lens("line")


class Talk:
    """A session written event by event."""

    def __init__(self, path: Path, role: Role = Role.SERVER) -> None:
        self.path = path
        self.entries = 0
        self._writer = JournalWriter(path)
        self._at = 0
        self.add(SessionOpened(SESSION, 0, role, HERE, "raw", "none"))

    def add(self, *events: Event) -> None:
        self._writer.append(events, 0)
        self.entries += len(events)

    def opens(self, number: int) -> None:
        self.add(Opened(SESSION, ConnectionId(number), self._now(), number, HERE, HERE))

    def receives(self, data: bytes, number: int = 1) -> None:
        self.add(Received(SESSION, ConnectionId(number), self._now(), data))

    def sends(self, data: bytes, number: int = 1, cuts: tuple[int, ...] = ()) -> None:
        self.add(Sent(SESSION, ConnectionId(number), self._now(), data, cuts))

    def closes(self, number: int = 1) -> None:
        self.add(Closed(SESSION, ConnectionId(number), self._now(), Ending.OURS))

    def says(self, pieces: list[tuple[str, str]]) -> None:
        for what, text in pieces:
            match what:
                case "r1" | "r2":
                    self.receives(text.encode(), int(what[1]))
                case "s1":
                    self.sends(text.encode())
                case _:
                    self.closes()

    def close(self) -> None:
        self._writer.close()

    def wait(self) -> None:
        """Let ten milliseconds pass in which nobody says anything."""
        self._at += 10_000_000

    def _now(self) -> int:
        self._at += 1_000_000
        return self._at


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(tmp_path / "talk.tincan")
    yield talk
    talk.close()


@pytest.fixture
def reader(talk: Talk) -> Iterator[JournalReader]:
    reader = JournalReader(talk.path)
    yield reader
    reader.close()


def counted(reader: JournalReader, lens: Lens, entries: int) -> LensView:
    """A reading of the first ``entries`` entries, counted to the end."""
    reading = LensView(reader, SESSION, lens)
    reading.reach(entries)
    counter = RowCounter(reader, SESSION, lens)
    while reading.entries < entries:
        reading.take(counter.advance(entries))
    return reading


def texts(reading: LensView, first: int = 0, count: int = 1000) -> list[str]:
    return [_text(display_row) for display_row in reading.read(first, count)]


def _text(display_row: DisplayRow) -> str:
    if not display_row.is_message:
        return display_row.kind
    mark = f" ({display_row.misfit})" if display_row.misfit else ""
    return f"{display_row.kind[0]}{display_row.number} {(display_row.data or b'').decode()}{mark}"


def test_lines_are_cut_out_of_whatever_recv_gave(talk: Talk, reader: JournalReader) -> None:
    talk.opens(1)
    talk.receives(b"one\ntw")
    talk.sends(b"answer\r\n")
    talk.receives(b"o\r")
    talk.receives(b"\nthr")
    reading = counted(reader, LINES, talk.entries)
    assert texts(reading) == ["session-opened", "opened", "r1 one", "s1 answer", "r1 two", "r1 thr (not ended yet)"]
    assert (reading.settled, reading.total) == (5, 6)


def test_what_never_ended_is_shown_before_the_close_that_ended_it(talk: Talk, reader: JournalReader) -> None:
    talk.opens(1)
    talk.opens(2)
    talk.receives(b"half", 1)
    talk.sends(b"too", 1)
    talk.receives(b"whole\n", 2)
    talk.closes(1)
    talk.add(PeerFinished(SESSION, ConnectionId(2), 10**9))
    shown = texts(counted(reader, LINES, talk.entries))
    assert shown[3:] == ["r2 whole", "r1 half (never ended)", "s1 too (never ended)", "closed", "peer-finished"]


def test_a_side_that_finishes_ends_what_it_was_saying_and_not_what_it_hears(talk: Talk, reader: JournalReader) -> None:
    for number in (1, 2):
        talk.opens(number)
        talk.receives(b"theirs", number)
        talk.sends(b"ours", number)
    talk.add(PeerFinished(SESSION, ConnectionId(1), 10**9), WeFinished(SESSION, ConnectionId(2), 10**9))
    shown = texts(counted(reader, LINES, talk.entries))
    assert shown[3:] == [
        "r1 theirs (never ended)",
        "peer-finished",
        "s2 ours (never ended)",
        "we-finished",
        "s1 ours (not ended yet)",
        "r2 theirs (not ended yet)",
    ]


def test_of_two_messages_that_one_close_cuts_off_each_is_found_by_its_own_bytes(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    talk.receives(b"theirs")
    talk.sends(b"ours")
    talk.closes(1)
    reading = counted(reader, LINES, talk.entries)
    assert texts(reading)[2:] == ["r1 theirs (never ended)", "s1 ours (never ended)", "closed"]
    assert [reading.place_of(ordinal, 1) for ordinal in (2, 3)] == [2, 3]


def test_a_message_that_grows_is_shown_as_it_stands(talk: Talk, reader: JournalReader) -> None:
    lens, counter = LINES, RowCounter(reader, SESSION, LINES)
    reading = LensView(reader, SESSION, lens)
    talk.opens(1)
    for piece, shown in ((b"a", "r1 a (not ended yet)"), (b"b", "r1 ab (not ended yet)"), (b"c\n", "r1 abc")):
        talk.receives(piece)
        reading.take(counter.advance(talk.entries))
        assert texts(reading)[-1] == shown


def test_a_line_that_may_still_get_the_second_half_of_its_ending_is_one_row(talk: Talk, reader: JournalReader) -> None:
    talk.opens(1)
    talk.receives(b"a line\r")

    assert texts(counted(reader, LINES, talk.entries))[-1] == "r1 a line"
    talk.receives(b"\nbegun")
    assert texts(counted(reader, LINES, talk.entries))[-2:] == ["r1 a line", "r1 begun (not ended yet)"]


def test_a_filter_leaves_out_what_is_not_wanted_and_still_knows_where_streams_end(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    talk.opens(2)
    talk.receives(b"one", 1)
    talk.sends(b"x\n", 1)
    talk.receives(b"two\n", 2)
    talk.closes(1)
    only = Filter(frozenset({ConnectionId(1)}), sent=False, notes=False)
    assert texts(counted(reader, Lens("line", only), talk.entries)) == ["r1 one (never ended)"]
    assert texts(counted(reader, Lens("raw", only), talk.entries)) == ["r1 one"]
    assert texts(counted(reader, Lens("raw", Filter(received=False, sent=False)), talk.entries))[1:] == [
        "opened",
        "opened",
        "closed",
    ]


def test_a_view_can_begin_late(talk: Talk, reader: JournalReader) -> None:
    talk.opens(1)
    talk.receives(b"old\n")
    talk.receives(b"new\n")
    assert texts(counted(reader, Lens(since=3), talk.entries)) == ["r1 new\n"]
    assert texts(counted(reader, Lens("line", since=3), talk.entries)) == ["r1 new"]


def test_entries_of_very_many_messages_have_many_marks_so_that_few_are_cut_for_one_row(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    for _ in range(10):
        talk.receives(b"\n" * 3000)
    counter, marks = RowCounter(reader, SESSION, LINES), 0
    while (growth := counter.advance(talk.entries)).entries < talk.entries:
        marks += len(growth.marks)
    assert marks >= 4
    reading = counted(reader, LINES, talk.entries)
    assert [reading.place_of(7, stop) for stop in (1, 1500, 3000)] == [15_002, 16_501, 18_001]


def test_a_message_longer_than_the_limit_is_shown_with_a_word_about_it(talk: Talk, reader: JournalReader) -> None:
    talk.opens(1)
    for _ in range(5):
        talk.receives(b"x" * 400)
    talk.receives(b"\nshort\n")
    long, short = counted(reader, Lens("line", limit=1000), talk.entries).read(2, 9, preview=10)
    assert (long.data, long.size, long.misfit) == (b"x" * 10, 2000, "longer than the limit of 1,000 bytes")
    assert (short.data, short.misfit) == (b"short", "")


@pytest.mark.parametrize(
    ("framing", "pieces", "shown"),
    [
        ("delimiter:3b3b", [b"one;", b";two;;", b"th"], ["r1 one", "r1 two", "r1 th (not ended yet)"]),
        ("length:2be", [b"\0", b"\3one\0\0\0", b"\3tw"], ["r1 one", "r1 ", "r1 tw (not ended yet: 4 of 5 bytes)"]),
        ("length:2be,offset=1", [b"A\0\1bC", b"\0\1d"], ["r1 Ab", "r1 Cd"]),
        ("length:2be,offset=1", [b"A\0"], ["r1 A (not ended yet: its length has not come yet)"]),
        ("fixed:4", [b"onet", b"wo"], ["r1 onet", "r1 wo (not ended yet: 2 of 4 bytes)"]),
        ("gap:2", [b"a", b"b"], ["r1 a", "r1 b"]),
        ("gap:3", [b"a", b"b"], ["r1 ab"]),
        (
            "between:02,03",
            [b"\2one\3\r", b"\n\2tw", b"o\3\2"],
            ["r1 one", "r1 \r\n (it does not begin with 02)", "r1 two", "r1  (not ended yet: 03 has not come)"],
        ),
        ("flag:7e", [b"~", b"~one~two~~thr", b"ee~"], ["r1 one", "r1 two", "r1 three"]),
        ("netstring", [b"3:one,", b"3", b":two,"], ["r1 one", "r1 two"]),
        ("content-length", [b"Content-Length:", b"3\n\none"], ["r1 one"]),
    ],
)
def test_any_framing_cuts_what_was_recorded_under_another(
    talk: Talk, reader: JournalReader, framing: str, pieces: list[bytes], shown: list[str]
) -> None:
    talk.opens(1)
    for piece in pieces:
        talk.receives(piece)
        talk.sends(piece)
    whole = texts(counted(reader, Lens(framing), talk.entries))
    assert [text for text in whole if text.startswith("r1")] == shown
    assert [text.replace("s1", "r1", 1) for text in whole if text.startswith("s1")] == shown


def test_a_checksum_is_looked_at_in_messages_of_any_size_that_a_view_can_wait_for(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    for size in (3, 10_000, MOST_CHECKED):
        for piece in (b"x" * (size // 2), b"x" * (size - size // 2), b"%03d" % (size * 120 % 256), b"\n"):
            talk.receives(piece)
    talk.receives(b"x121\nnot yet")

    rows = counted(reader, Lens("line+sum,decimal"), talk.entries).read(2, 9, preview=5)

    assert [(row.misfit, row.checksum) for row in rows] == [
        ("", "sum right"),
        ("", "sum right"),
        ("", "checksum not looked at: more than 131,072 bytes"),
        ("sum wrong: expected 120, found 121", ""),
        ("not ended yet", ""),
    ]
    assert [row.size for row in rows] == [3, 10_000, MOST_CHECKED, 1, 7]


def test_a_message_that_silence_ends_is_as_old_as_its_own_bytes_and_whole_when_the_connection_ends(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    talk.receives(b"a")
    talk.receives(b"b")
    talk.wait()
    talk.receives(b"late")
    talk.closes(1)
    reading = counted(reader, Lens("gap:2"), talk.entries)
    assert texts(reading)[2:] == ["r1 ab", "r1 late", "closed"]
    early, late = reading.read(2, 2)
    assert (early.ordinal, late.ordinal) == (3, 4)
    assert early.mono_ns < late.mono_ns - 2_000_000
    assert [reading.place_of(ordinal, 1) for ordinal in (2, 3, 4)] == [2, 2, 3]


@pytest.mark.parametrize(
    ("framing", "stream", "shown"),
    [
        ("length:2be", b"\0\x09cut", "r1 cut (never ended: 5 of 11 bytes)"),
        ("length:4be", b"GET / HT", "r1 / HT (never ended: 8 of 1,195,725,860 bytes, more than the limit of 1,000)"),
        (
            "length:2be,whole",
            b"\0\1abc",
            "r1 \0\1abc (never ended: a length of 1 where it can be no less than 2, so nothing",
        ),
        ("length:varint", b"\xff" * 12, "(never ended: a length that does not end within 10 bytes"),
        ("netstring", b"hello", "r1 hello (never ended: it does not begin with a length in digits and a colon, so"),
        ("netstring", b"2:hi;", "r1 hi (it ends with 3b, not with 2c)"),
        ("length:4digits", b"12 4ab", "r1 12 4ab (never ended: a length of 31 32 20 34, which are not digits"),
        ("between:0b,1c0d", b"MSH|a\r", "r1 MSH|a\r (never ended: it does not begin with 0b)"),
        ("between:0b,1c0d", b"\x0bMSH", "r1 MSH (never ended: 1c 0d has not come)"),
        ("line+sum,decimal", b"hello123\n", "r1 hello (sum wrong: expected 020, found 123)"),
        ("line+sum,decimal", b"hello020\n", "r1 hello ()"),
        ("flag:7e", b"~~one", "r1 one (never ended: 7e has not come behind it)"),
        ("content-length", b"GET / HTTP/1.1\r\n", "r1 GET / HTTP/1.1\r\n (never ended: its length has not come yet)"),
        ("delimiter:00", b"x" * 1001, "(longer than the limit of 1,000 bytes)"),
    ],
)
@pytest.mark.case("C-41", "C-80")
def test_what_does_not_fit_is_marked_with_the_reason_and_none_of_it_is_lost(
    talk: Talk, reader: JournalReader, framing: str, stream: bytes, shown: str
) -> None:
    talk.opens(1)
    talk.receives(stream[:3])
    talk.receives(stream[3:])
    talk.closes(1)
    reading = counted(reader, Lens(framing, limit=1000), talk.entries)
    (row,) = (row for row in reading.read(0, 99) if row.is_message)
    assert reading.recorded(row).read(0, 9999) == stream
    assert shown in f"r1 {(row.data or b'').decode('latin-1')} ({row.misfit})"


def test_a_message_leads_back_to_its_bytes_and_to_the_calls_that_carried_them(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    talk.receives(b"x\nhel")
    talk.receives(b"other", 2)
    talk.receives(b"lo\r")
    talk.receives(b"\nmore")
    talk.sends(b"0123456789\n", cuts=(4, 3))
    reading = counted(reader, LINES, talk.entries)
    hello = reading.read(3, 1, preview=2)[0]
    assert (hello.data, hello.size) == (b"he", 5)
    assert b"".join(reading.whole(hello)) == b"hello"
    recorded = reading.recorded(hello)
    assert recorded.read(0, 99) == b"hello\r\n"
    assert [(call.ordinal, call.start, call.stop) for call in recorded.calls] == [(2, 0, 3), (4, 3, 6), (5, 6, 7)]
    answer = reading.recorded(reading.read(4, 1)[0])
    assert [(call.start, call.stop) for call in answer.calls] == [(0, 4), (4, 7), (7, 11)]
    assert [answer.read(at, at + 3) for at in (0, 3, 9)] == [b"012", b"345", b"9\n"]


def test_a_message_of_many_calls_is_its_bytes_without_its_ending_however_little_is_looked_at(
    talk: Talk, reader: JournalReader
) -> None:
    text = b"the line that came in forty calls, so yes!"
    talk.opens(1)
    talk.receives(b"before\r\n" + text[:2])
    for byte in text[2:] + b"\r\n":
        talk.receives(bytes([byte]))
    reading = counted(reader, LINES, talk.entries)
    message = reading.read(3, 1, preview=2)[0]
    assert (message.data, message.size) == (b"th", len(text))
    assert b"".join(reading.whole(message)) == text


def test_a_message_around_its_length_comes_whole_from_calls_of_one_byte(talk: Talk, reader: JournalReader) -> None:
    body = bytes(range(0x20, 0x70))
    talk.opens(1)
    for byte in b"A" + len(body).to_bytes(2, "big") + body + b"B":
        talk.receives(bytes([byte]))
    reading = counted(reader, Lens("length:2be,offset=1"), talk.entries)
    (message,) = reading.read(2, 1)
    assert b"".join(reading.whole(message)) == b"A" + body == message.data


def test_what_frames_a_message_is_told_apart_from_it_also_where_that_is_not_always_as_long(
    talk: Talk, reader: JournalReader
) -> None:
    talk.opens(1)
    talk.receives(b"\x05short\xc8\x01" + b"x" * 200)
    reading = counted(reader, Lens("length:varint"), talk.entries)
    short, long = reading.read(2, 2)
    assert [(row.data, row.size) for row in (short, long)] == [(b"short", 5), (b"x" * 200, 200)]
    assert [reading.envelope(row) for row in (short, long)] == [(0, 1, 0), (0, 2, 0)]
    assert [b"".join(reading.whole(row)) for row in (short, long)] == [b"short", b"x" * 200]


def test_the_beginning_of_a_message_takes_no_more_calls_than_it_lies_in(tmp_path: Path) -> None:
    path = tmp_path / "long.tincan"
    calls = 20_000
    first = write_journal(path, calls, instead=dict.fromkeys(range(calls - 1), b"0123456789"))
    with sqlite3.connect(path) as database:  # so that whoever reads it is told off
        database.execute("UPDATE chunk SET data = 12 WHERE ordinal > ?", (first + calls // 2,))
    database.close()
    reader = JournalReader(path)
    try:
        whole = Span(first, 0, first + calls - 1, 64)
        message = DisplayRow(0, SESSION, first, ConnectionId(1), 1, "received", 0, 0, b"", 200_000, span=whole)

        pieces = LensView(reader, SESSION, LINES).whole(message)

        some = b""
        while len(some) < 5_000:
            some += next(pieces)
        assert some == (b"0123456789" * calls)[: len(some)]
        with pytest.raises(JournalError):
            b"".join(pieces)
    finally:
        reader.close()


def test_a_note_has_no_bytes(talk: Talk, reader: JournalReader) -> None:
    reading = counted(reader, Lens(), talk.entries)
    note = reading.read(0, 1)[0]
    assert (reading.recorded(note).size, list(reading.whole(note))) == (0, [])


PIECES = st.lists(
    st.tuples(st.sampled_from(["r1", "s1", "r2", "close1"]), st.text("ab\r\n\0\1\2", min_size=1, max_size=5)),
    max_size=60,
)
LENSES = [
    "raw", "line", "delimiter:0d0a", "delimiter:61", "length:1", "length:1,offset=1,whole", "length:2be,itself",
    "length:varint", "length:1,add=-1,then=61", "fixed:4", "gap:2", "between:01,02", "between:6162,02",
    "between:02,620a", "flag:61", "line+xor", "raw+xor", "between:01,02+xor,behind", "length:1+sum,header",
]  # fmt: skip
FILTERS = st.builds(
    Filter,
    st.sampled_from([None, frozenset({ConnectionId(1)}), frozenset({ConnectionId(2)})]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(PIECES, FILTERS, st.sampled_from(LENSES), st.data())
def test_any_window_shows_the_same_rows_as_the_whole(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[tuple[str, str]],
    only: Filter,
    framing: str,
    data: st.DataObject,
) -> None:
    monkeypatch.setattr("core.journal.reading.lens_view.MARK_ENTRIES", 3)
    talk = Talk(tmp_path_factory.mktemp("talk") / "talk.tincan")
    talk.says(pieces)
    reader = JournalReader(talk.path)
    try:
        reading = counted(reader, Lens(framing, only), talk.entries)
        whole = reading.read(0, 10_000)
        assert [display_row.place for display_row in whole] == list(range(reading.total))
        _check_streams(reading, whole, reader, only, framing, talk.entries)
        first = data.draw(st.integers(0, len(whole)))
        count = data.draw(st.integers(0, 8))
        assert reading.read(first, count) == whole[first : first + count]
        for display_row in whole:
            stop = display_row.span.stop if display_row.span else 0
            assert (
                reading.place_of(display_row.span.last if display_row.span else display_row.ordinal, stop)
                == display_row.place
            )
    finally:
        reader.close()
        talk.close()


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(PIECES, FILTERS, st.sampled_from(LENSES), st.sampled_from([(5, 100, 4), (100, 9, 100), (9, 100, 100)]))
def test_many_entries_counted_at_once_are_counted_and_marked_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[tuple[str, str]],
    only: Filter,
    framing: str,
    limits: tuple[int, int, int],
) -> None:
    for name, limit in zip(("MARK_ENTRIES", "MARK_BYTES", "MARK_ROWS"), limits, strict=True):
        monkeypatch.setattr(f"core.journal.reading.lens_view.{name}", limit)
    talk = Talk(tmp_path_factory.mktemp("talk") / "talk.tincan")
    talk.says(pieces)
    reader = JournalReader(talk.path)
    try:
        at_once, one_by_one = (RowCounter(reader, SESSION, Lens(framing, only)) for _ in range(2))
        single = [growth for stop in range(1, talk.entries + 1) for growth in _grown(one_by_one, stop)]
        many = _grown(at_once, talk.entries)
        assert [growth.marks for growth in many if growth.marks] == [growth.marks for growth in single if growth.marks]
        assert many[-1][1:] == single[-1][1:]
    finally:
        reader.close()
        talk.close()


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(PIECES, st.sampled_from(LENSES), st.booleans())
def test_messages_are_as_long_as_the_rows_that_are_cut(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, str]], framing: str, datagrams: bool
) -> None:
    talk = Talk(tmp_path_factory.mktemp("talk") / "talk.tincan")
    talk.says(pieces)
    reader = JournalReader(talk.path)
    lens = Lens(framing, datagrams=datagrams)
    try:
        cutting, measuring = (FrameScanner(lens, Mark(0, 0), reader.number_of) for _ in range(2))
        for entry in reader.read(SESSION, 0, talk.entries, preview=10):
            rows = [(cut or entry) for _place, cut in cutting.cut(entry)]
            cut = [(row.kind, row.size) for row in rows if row.kind in DATA_KINDS]
            assert [(kind, size) for kind, sizes in measuring.sizes(entry) for size in sizes] == cut
            assert (measuring.rows, measuring.partial_frames) == (cutting.rows, cutting.partial_frames)
    finally:
        reader.close()
        talk.close()


def test_whole_lines_are_counted_together_but_for_where_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "lines.tincan"
    first = write_journal(
        path, 60, connections=3, both_ways=True, instead={20: b"two\r\nlines\n", 30: b"half", 36: b" more\n"}
    )
    reader = JournalReader(path)
    try:
        reading = counted(reader, Lens("line", Filter(notes=False)), first + 60)
        rows = reading.read(0, 100)
        assert [row.place for row in rows] == list(range(60)) == list(range(reading.total))
        assert [row.data for row in rows if row.number == 1 and row.kind == "received"][5] == b"half more"
    finally:
        reader.close()


def _grown(counter: RowCounter, entries: int) -> list[Growth]:
    growths = [counter.advance(entries)]
    while growths[-1].entries < entries:
        growths.append(counter.advance(entries))
    return growths


def _check_streams(
    reading: LensView, whole: list[DisplayRow], reader: JournalReader, only: Filter, framing: str, entries: int
) -> None:
    """The frames of a direction, put together, are its bytes."""
    for connection in (1, 2):
        for kind in ("received", "sent"):
            rows = [row for row in whole if (row.connection, row.kind) == (connection, kind)]
            shown = b"".join(reading.recorded(row).read(0, 10_000) for row in rows)
            wanted = reader.calls(SESSION, ConnectionId(connection), kind, 0, entries)
            is_wanted = only.admits(kind, ConnectionId(connection))
            assert shown == (b"".join(reader.data(SESSION, row[0]) for row in wanted) if is_wanted else b"")
            for row in rows:
                start, stop, back = reading.envelope(row)
                frame = reading.recorded(row).read(0, 10_000)
                assert b"".join(reading.whole(row)) == frame[:start] + frame[stop : len(frame) - back] == row.data
            if framing == "line":
                assert all(b"\n" not in (row.data or b"") for row in rows)


def test_an_indexer_counts_as_far_as_it_is_told_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "many.tincan"
    first = write_journal(path, 5000, lines=3)
    grown: list[Growth] = []
    there = threading.Event()

    def take(growth: Growth) -> None:
        grown.append(growth)
        if growth.entries == first + 5000:
            there.set()

    indexer = Indexer(path, SESSION, LINES, take, pytest.fail)
    indexer.reach(100)
    indexer.reach(first + 5000)
    assert there.wait(10)
    indexer.close()
    assert indexer.join(5)
    assert grown[-1].rows == first + 15_000
    assert sum(len(growth.marks) for growth in grown) >= 5000 // MARK_ENTRIES
    reader = JournalReader(path)
    reading = LensView(reader, SESSION, LINES)
    for growth in grown:
        reading.take(growth)
    assert (reading.read(first + 12_345, 1)[0].data or b"").startswith(b"line 000000012345")
    reader.close()


def test_an_indexer_gives_way_for_a_moment_and_goes_on_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "some.tincan"
    first = write_journal(path, 10)
    told: SimpleQueue[float] = SimpleQueue()
    indexer = Indexer(path, SESSION, LINES, lambda _growth: told.put(monotonic()), pytest.fail)

    began = monotonic()
    indexer.give_way()
    indexer.reach(first + 10)

    assert told.get(timeout=10) - began >= GIVEN_WAY
    indexer.give_way()
    indexer.close()
    assert indexer.join(5)


def test_an_indexer_does_not_give_way_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.reading.indexing.GIVEN_WAY", 3600.0)  # as where somebody asks again and again
    path = tmp_path / "many.tincan"
    first = write_journal(path, 10)
    told: SimpleQueue[Growth] = SimpleQueue()
    indexer = Indexer(path, SESSION, LINES, told.put, pytest.fail)

    indexer.give_way()
    indexer.reach(first + 10)

    assert told.get(timeout=10).entries == first + 10
    indexer.close()
    assert indexer.join(5)


def test_an_indexer_of_a_journal_that_is_not_there_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    grown: list[Growth] = []
    indexer = Indexer(tmp_path / "gone.tincan", SESSION, LINES, grown.append, said.append)
    assert indexer.join(5)
    assert "is not there" in said[0]


def test_an_entry_that_is_not_there_is_an_error(talk: Talk, reader: JournalReader) -> None:
    with pytest.raises(JournalError, match="entry 99 is not in"):
        counted(reader, LINES, talk.entries).place_of(99)


class CountingReader(JournalReader):
    """A reader that knows how many entries it was asked for."""

    entries_read = 0
    looked_up = 0

    def read(
        self, session: SessionId, first: int, count: int, *, preview: int = 16384, only: Filter = EVERYTHING
    ) -> list[Entry]:
        found = super().read(session, first, count, preview=preview, only=only)
        self.entries_read += len(found)
        return found

    def data(self, session: SessionId, ordinal: int) -> bytes:
        self.looked_up += 1
        return super().data(session, ordinal)


def test_a_page_with_a_very_long_message_on_it_is_read_without_what_lies_inside_that(talk: Talk) -> None:
    talk.receives(b"before\n")
    for _ in range(40 * MARK_ENTRIES):
        talk.receives(b"long")
    talk.receives(b"\nafter\n")
    reader = CountingReader(talk.path)
    try:
        reading = counted(reader, LINES, talk.entries)
        page = reading.read(0, 200)
        inside = reading.place_of(20 * MARK_ENTRIES, 1)
    finally:
        reader.close()

    assert [display_row.size for display_row in page if display_row.is_message] == [6, 40 * MARK_ENTRIES * 4, 5]
    assert page[inside].size == 40 * MARK_ENTRIES * 4
    assert reader.entries_read < 8 * MARK_ENTRIES


def test_messages_that_lie_across_entries_are_put_together_from_what_the_page_was_read_from(tmp_path: Path) -> None:
    path = tmp_path / "across.tincan"
    first = write_journal(path, 1000, connections=3, both_ways=True)
    reader = CountingReader(path)
    try:
        page = counted(reader, Lens("fixed:48"), first + 1000).read(700, 200)
    finally:
        reader.close()

    across = [
        display_row for display_row in page if display_row.span and display_row.span.first != display_row.span.last
    ]
    assert len(page) == 200
    assert len(across) > 50
    assert reader.looked_up <= 6 * 2 * 2  # entries, of each direction, of a message that lies across one of two marks


# A lens with two framings, as a tap has them: #1 is a caller (1), #1→ the leg to its target (2).

NEAR, FAR = ConnectionId(1), ConnectionId(2)


def pair(talk: Talk) -> None:
    talk.opens(1)
    talk.add(Opened(SESSION, FAR, talk._now(), -1, HERE, HERE, took=0.0))


def passes(talk: Talk, data: bytes, *, back: bool) -> None:
    came, went = (FAR, NEAR) if back else (NEAR, FAR)
    talk.add(Received(SESSION, came, talk._now(), data), Sent(SESSION, went, talk._now(), data))


def test_what_comes_back_from_a_target_is_cut_by_a_framing_of_its_own(talk: Talk, reader: JournalReader) -> None:
    pair(talk)
    passes(talk, b"one\ntw", back=False)
    passes(talk, b"abcd\nefg", back=True)
    passes(talk, b"o\n", back=False)

    assert texts(counted(reader, Lens("line", back="fixed:4"), talk.entries), 3) == [
        "r1 one", "s-1 one", "r-1 abcd", "r-1 \nefg", "s1 abcd", "s1 \nefg", "r1 two", "s-1 two",
    ]  # fmt: skip
    assert texts(counted(reader, Lens("line", back="raw"), talk.entries), 3) == [
        "r1 one", "s-1 one", "r-1 abcd\nefg", "s1 abcd\nefg", "r1 two", "s-1 two",
    ]  # fmt: skip
    assert texts(counted(reader, Lens("raw", back="line"), talk.entries), 3) == [
        "r1 one\ntw", "s-1 one\ntw", "r-1 abcd", "s1 abcd", "r1 o\n", "s-1 o\n",
        "r-1 efg (not ended yet)", "s1 efg (not ended yet)",
    ]  # fmt: skip


def test_what_is_shown_as_received_beside_messages_is_no_longer_than_was_asked_for(
    talk: Talk, reader: JournalReader
) -> None:
    pair(talk)
    passes(talk, b"x" * 100, back=True)
    (row,) = [row for row in counted(reader, Lens("line", back="raw"), talk.entries).read(0, 9, 10) if row.number == -1
              and row.kind == "received"]  # fmt: skip

    assert (row.data, row.size) == (b"x" * 10, 100)


def test_the_frame_of_a_message_is_that_of_its_way(talk: Talk, reader: JournalReader) -> None:
    pair(talk)
    passes(talk, b"line\n", back=False)
    passes(talk, b"\x00\x03abc", back=True)
    reading = counted(reader, Lens("line", back="length:2be"), talk.entries)
    rows = [row for row in reading.read(0, 99) if row.is_message]

    assert [row.data for row in rows] == [b"line", b"line", b"abc", b"abc"]
    assert [b"".join(reading.whole(row)) for row in rows] == [b"line", b"line", b"abc", b"abc"]
    assert [reading.place_of(row.ordinal, 1) for row in rows] == [row.place for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(40))
@given(
    st.lists(st.tuples(st.booleans(), st.text("ab\n", min_size=1, max_size=8)), max_size=30),
    st.sampled_from(["raw", "line", "fixed:3"]),
    st.sampled_from(["raw", "line", "fixed:3"]),
)
def test_each_way_is_cut_as_if_it_were_alone(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[bool, str]], there: str, back: str
) -> None:
    talk = Talk(tmp_path_factory.mktemp("pair") / "talk.tincan")
    pair(talk)
    for is_back, text in said:
        passes(talk, text.encode(), back=is_back)
    reader = JournalReader(talk.path)
    try:
        both = [row for row in counted(reader, Lens(there, back=back), talk.entries).read(0, 999) if row.is_message]
        for connection, kind in ((NEAR, "received"), (FAR, "sent"), (FAR, "received"), (NEAR, "sent")):
            framing = there if (connection is NEAR) == (kind == "received") else back
            alone = counted(reader, Lens(framing, Filter.of_direction(connection, kind)), talk.entries).read(0, 999)
            mine = [(row.data, row.span) for row in both if (row.connection, row.kind) == (connection, kind)]
            assert mine == [(row.data, row.span) for row in alone if row.is_message]
    finally:
        reader.close()
        talk.close()
