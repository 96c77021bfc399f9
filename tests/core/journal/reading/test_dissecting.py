"""The thread that takes messages apart: it answers the latest question, says what it cannot read, and ends."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.journal.display_row import DisplayRow
from core.journal.reading.dissecting import Dissection, Dissector
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import NONE_LARGE
from tests.support.journals import SESSION, write_journal

PATIENCE = 20.0  # seconds
Answers = queue.SimpleQueue[Dissection | str]


@pytest.fixture
def answers() -> Answers:
    return queue.SimpleQueue()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "talk.tincan"
    write_journal(path, 300, instead={0: b"\x00\x05hel", 1: b"lo", 7: bytes(2_000_000)})
    return path


@pytest.fixture
def dissector(journal: Path, answers: Answers) -> Iterator[Dissector]:
    dissector = Dissector(journal, tell=answers.put, fail=answers.put)
    yield dissector
    dissector.close()
    assert dissector.join(PATIENCE)


def display_row(journal: Path, place: int, framing: str = "raw") -> DisplayRow:
    reader, lens = JournalReader(journal), Lens(framing)
    rows = LensView(reader, SESSION, lens)
    if lens.is_plain:
        rows.reach(reader.count(SESSION))
    else:
        rows.take(RowCounter(reader, SESSION, lens).advance(reader.count(SESSION)))
    found = rows.read(place, 1)[0]
    reader.close()
    return found


def answer(answers: Answers) -> Dissection:
    found = answers.get(timeout=PATIENCE)
    assert isinstance(found, Dissection)
    return found


def test_a_message_comes_back_with_its_bytes_its_calls_and_its_frame(
    journal: Path, dissector: Dissector, answers: Answers
) -> None:
    dissector.ask(display_row(journal, 2, "length:2be"), "length:2be")

    found = answer(answers)

    reader = JournalReader(journal)
    assert found.recorded(reader).read(0, 99) == b"\x00\x05hello"
    reader.close()
    assert [(call.start, call.stop) for call in found.trace.calls] == [(0, 5), (5, 7)]
    assert (found.envelope, found.large) == ((0, 2, 0), NONE_LARGE)


def test_an_entry_that_takes_long_to_read_comes_with_it(journal: Path, dissector: Dissector, answers: Answers) -> None:
    dissector.ask(display_row(journal, 9), "raw")

    large = answer(answers).large
    assert (large.ordinal, bytes(large.data)) == (9, bytes(2_000_000))

    dissector.ask(display_row(journal, 9), "raw")
    assert answer(answers).large is large


def test_what_was_asked_for_last_is_answered_last(journal: Path, dissector: Dissector, answers: Answers) -> None:
    rows = [display_row(journal, place) for place in range(20, 60)]
    for row in rows:
        dissector.ask(row, "raw")

    found = answer(answers)
    while found.display_row != rows[-1]:
        found = answer(answers)
    assert answers.empty()


def test_of_a_journal_that_is_not_there_it_says_so(tmp_path: Path, journal: Path, answers: Answers) -> None:
    dissector = Dissector(tmp_path / "gone.tincan", tell=answers.put, fail=answers.put)
    dissector.ask(display_row(journal, 2), "raw")

    assert "is not there" in str(answers.get(timeout=PATIENCE))
    dissector.ask(display_row(journal, 3), "raw")
    assert "is not there" in str(answers.get(timeout=PATIENCE))
    dissector.close()
    assert dissector.join(PATIENCE)


def test_a_framing_that_is_not_known_is_said_and_the_next_question_answered(
    journal: Path, dissector: Dissector, answers: Answers
) -> None:
    dissector.ask(display_row(journal, 2), "runes")
    assert "runes" in str(answers.get(timeout=PATIENCE))

    dissector.ask(display_row(journal, 3), "raw")
    assert answer(answers).display_row.place == 3


def test_one_that_was_never_asked_has_nothing_to_end(journal: Path, answers: Answers) -> None:
    dissector = Dissector(journal, tell=answers.put, fail=answers.put)
    dissector.close()

    assert dissector.join(0)
    dissector.ask(display_row(journal, 2), "raw")
    assert answers.empty()
