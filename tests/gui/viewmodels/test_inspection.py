"""What the inspector says, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.events import ConnectionId, SessionId
from core.journal.display_row import DisplayRow, Span
from core.journal.reading.recorded import Call
from core.origin import Origin
from core.roles import Role
from core.text_safety import Span as Stretch
from core.text_safety import TextSafety
from gui.viewmodels.inspection import (
    MOST_READ,
    Fact,
    Inspected,
    call_row,
    facts,
    heading,
    heading_of_calls,
    reading,
)

NOON = 1_790_000_000_123_456_789  # nanoseconds since 1970
SAFETY = TextSafety()


@pytest.fixture(autouse=True)
def _in_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("POSIX: this system's time zone cannot be set for one process")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def message(kind: str = "received", size: int = 5, number: int | None = 1) -> DisplayRow:
    return DisplayRow(
        3, SessionId(1), 42, ConnectionId(7), number, kind, NOON, 0, b"hello", size, span=Span(40, 0, 42, 2)
    )  # fmt: skip


def call(ordinal: int, milliseconds: int, start: int, stop: int) -> Call:
    return Call(ordinal, NOON + milliseconds * 1_000_000, milliseconds * 1_000_000, start, stop, 0)


class Framed:
    size = 7

    def read(self, start: int, stop: int) -> bytes:
        return b"hello\r\n"[start:stop]


@pytest.mark.parametrize(
    ("kind", "role", "says"),
    [
        ("received", Role.SERVER, "#1 → server"),
        ("sent", Role.SERVER, "server → #1"),
        ("received", Role.CLIENT, "server → you"),
        ("sent", Role.CLIENT, "you → server"),
    ],
)
def test_the_title_says_who_speaks_to_whom(kind: str, role: Role, says: str) -> None:
    assert heading(Inspected(message(kind), role)).title == says


def test_the_heading_has_the_size_the_day_and_the_time_to_the_millisecond() -> None:
    shown = heading(Inspected(message(size=1234), role=Role.SERVER))

    assert shown.size == "1,234 bytes"
    assert shown.when == "received 14:13:20.123  ·  Mon 21 Sep 2026"


def test_of_a_note_it_says_what_happened_and_when() -> None:
    note = DisplayRow(0, SessionId(1), 9, None, None, "peer-finished", NOON, 0, None, 0, note="the peer said goodbye")

    assert heading(Inspected(note, role=Role.SERVER)) == ("Peer finished", "", "14:13:20.123  ·  Mon 21 Sep 2026")
    assert facts(Inspected(note, role=Role.SERVER)) == [
        Fact("In this view", "#1"),
        Fact("In the journal", "entry 9"),
    ]


def test_the_facts_tell_all_that_is_known() -> None:
    known = Inspected(
        message(),
        role=Role.SERVER,
        source=Framed(),
        envelope=[(5, 6)],
        framing="lines",
        stream_offset=1000,
        since_previous_ns=12_345_678,
        since_other_ns=410_000,
    )

    assert facts(known) == [
        ("Length", "5 bytes and 2 that frame it", False),
        ("In the stream", "bytes 1,000–1,006 of what came in", False),
        ("After the previous", "12.3 ms", False),
        ("After the last sent", "410 µs", False),
        ("Framing", "lines", False),
        ("In this view", "#4", False),
        ("In the journal", "entries 40–42", False),
    ]


def test_who_spoke_is_a_fact_of_what_was_sent() -> None:
    said = message()._replace(kind="sent", origin=Origin("rule", "Temperature\n\x1b"))

    assert facts(Inspected(said, role=Role.SERVER))[0] == ("Sent", "by the rule Temperature \\e", False)


def test_what_is_not_known_is_not_said() -> None:
    assert [fact.name for fact in facts(Inspected(message(), role=Role.SERVER))] == [
        "Length",
        "In this view",
        "In the journal",
    ]


def test_a_message_that_is_not_whole_says_why_first() -> None:
    misfit = Inspected(message()._replace(misfit="never ended"), role=Role.SERVER)

    assert facts(misfit)[0] == Fact("Not whole", "never ended", is_problem=True)


def test_a_message_says_that_its_checksum_is_right() -> None:
    found = Inspected(message()._replace(checksum="CRC-32 right"), role=Role.SERVER)

    assert Fact("Checksum", "CRC-32 right") in facts(found)


def test_calls_are_counted_and_timed() -> None:
    calls = [call(40, 0, 0, 3), call(41, 2, 3, 4), call(42, 14, 4, 7)]
    known = Inspected(message(), role=Role.SERVER, calls=calls)

    assert heading_of_calls(known) == "Came in 3 recv calls over 14.0 ms"
    assert heading_of_calls(replace(known, calls=calls[:1])) == "Came in one recv call"
    assert heading_of_calls(replace(known, display_row=message("sent"), calls=calls[:1])) == "Went out in one send call"
    assert call_row(calls, 0) == ("14:13:20.123", "", "3 B", "bytes 0–2", "from byte 0")
    assert call_row(calls, 1) == ("14:13:20.125", "+2.0 ms", "1 B", "byte 3", "from byte 3")
    assert call_row(calls, 2) == ("14:13:20.137", "+12.0 ms", "3 B", "bytes 4–6", "from byte 4")


@pytest.mark.case("C-46", "C-47", "C-49")
def test_bytes_read_as_text_keep_what_is_no_text_as_marks() -> None:
    spans = reading("as\0\u202e€5".encode() + b"\xff", 0, SAFETY)

    assert [span[:2] for span in spans] == [
        ("as", False),
        ("\\0", True),
        ("\\u{202e}", True),
        ("€5", False),
        ("\\xff", True),
    ]


@pytest.mark.case("C-45")
def test_a_character_that_is_cut_at_the_end_of_the_view_is_left_out() -> None:
    assert reading(b"5 \xe2\x82", 1, SAFETY) == [Stretch("5 ")]
    assert [span[:2] for span in reading(b"5 \xe2\x82", 0, SAFETY)] == [("5 ", False), ("\\xe2", True), ("\\x82", True)]


@pytest.mark.case("C-54")
def test_very_many_marks_become_one_short_text() -> None:
    spans = reading(b"\xff" * MOST_READ, 0, SAFETY)

    assert spans == [Stretch("\\xff" * MOST_READ)]
    assert len(spans[0].text) <= 4_000


def test_sends_of_one_go_have_one_time_and_no_differences_are_told() -> None:
    calls = [call(40 + place, 0, place, place + 1) for place in range(3)]
    known = Inspected(message("sent", 3), role=Role.CLIENT, calls=calls)

    assert heading_of_calls(known) == "Went out in 3 send calls"
    assert [call_row(calls, row).since for row in range(3)] == ["", "", ""]
