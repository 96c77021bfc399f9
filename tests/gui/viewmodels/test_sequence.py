"""What the sequence view says of rows."""

from __future__ import annotations

from core.compose.encoding import Encoding
from core.roles import ROLES
from core.text_safety import TextSafety
from gui.viewmodels.decoding import Decoding
from gui.viewmodels.sequence import FAILURE, FAULT, MESSAGE, NOTE, Reading, rows_of
from tests.gui.fake_journal import note, received, sent

SERVER, CLIENT = ROLES["server"], ROLES["client"]
READING = Reading(TextSafety())


def nobody(_row: object) -> str:
    raise AssertionError


def test_time_between_rows_is_told_and_folded_where_it_is_long() -> None:
    rows = [received(0, b"a", at=0), sent(1, b"b", at=0.0004), received(2, b"c", at=0.25), sent(3, b"d", at=90)]

    found = rows_of(rows, None, CLIENT, READING, nobody)
    assert [(row.gap, row.is_folded) for row in found] == [
        ("", False), ("", False), ("+250 ms", False), ("+1 min 29 s", True),
    ]  # fmt: skip
    assert rows_of(rows[3:], rows[2], CLIENT, READING, nobody) == found[3:]


def test_words_are_safe_on_one_line_and_name_the_connection_where_there_are_many() -> None:
    row = received(0, b"a\r\n\x00\xff\tz", number=3)

    assert rows_of([row], None, SERVER, READING, nobody)[0].words == "#3  a\\r\\n\\0\\xff\\tz"
    assert rows_of([row], None, CLIENT, READING, nobody)[0].words == "a\\r\\n\\0\\xff\\tz"


def test_of_a_long_message_the_first_bytes_and_the_size_are_shown() -> None:
    row = received(0, "é".encode() * 4, size=5000)._replace(data="é".encode() * 4 + b"\xc3")

    assert rows_of([row], None, CLIENT, READING, nobody)[0].words == "éééé…  (5.0 kB)"


def test_bytes_are_read_as_the_conversation_reads_them() -> None:
    row = received(0, b"\xe9\xe8")

    assert rows_of([row], None, CLIENT, Reading(TextSafety(), as_hex=True), nobody)[0].words == "e9 e8"
    latin = Reading(TextSafety(), Decoding(Encoding.LATIN_1))
    assert rows_of([row], None, CLIENT, latin, nobody)[0].words == "éè"


def test_how_a_connection_ended_is_asked_for_only_where_one_ended() -> None:
    closed = note(1, "#1 closed: the peer reset it (RST)", number=1, failed=True)._replace(kind="closed")
    asked = []

    def ending(row: object) -> str:
        asked.append(row)
        return "reset"

    found = rows_of([received(0, b"a"), closed, note(2, "hello")], None, SERVER, READING, ending)

    assert asked == [closed]
    assert found[1].words == "RST  #1 closed: the peer reset it (RST)"
    assert [row.kind for row in found] == [MESSAGE, FAILURE, NOTE]


def test_an_injected_fault_is_a_kind_of_its_own() -> None:
    row = note(0, "#1: fault on the way to the target: stalls for 2.0 s", number=1)._replace(kind="remark")

    (found,) = rows_of([row], None, ROLES["tap"], READING, nobody)

    assert (found.kind, found.words) == (FAULT, "fault  #1: fault on the way to the target: stalls for 2.0 s")
