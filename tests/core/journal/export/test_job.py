"""An export beside a window: it never holds anybody up, and its end is always heard of."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import monotonic
from core.journal.export.formats import Format, all_formats
from core.journal.export.formats.csv import Csv
from core.journal.export.formats.raw import Raw
from core.journal.export.formats.text import Text
from core.journal.export.source import Source, opens_reading
from core.journal.export.writer import Exported, ExportJob, NotExported, Outcome, Progress
from core.journal.reading.lens import Lens
from tests.support.journals import SESSION, write_journal
from tests.support.systems import examples

PATIENCE = 20.0  # seconds
LINES = examples(5_000)


class Window:
    """Who waits for an export: gets its news through queues, as a window does."""

    def __init__(self) -> None:
        self.progress: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self.ends: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()

    def ended(self, outcome: Outcome) -> None:
        self.ends.put((threading.current_thread().name, outcome))

    def outcome(self) -> Outcome:
        _thread, outcome = self.ends.get(timeout=PATIENCE)
        return outcome


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    write_journal(tmp_path / "journal", LINES)
    return tmp_path / "journal"


@pytest.mark.parametrize("form", all_formats())
@pytest.mark.parametrize("framing", ["raw", "line"])
def test_it_writes_the_file_and_says_so_once(journal: Path, tmp_path: Path, form: type[Format], framing: str) -> None:
    window = Window()
    target = tmp_path / f"out{form.ending}"
    job = ExportJob(
        opens_reading(journal, SESSION, Lens(framing)),
        target,
        form,
        on_progress=window.progress.put,
        on_end=window.ended,
    )
    assert job.join(PATIENCE)

    thread, outcome = window.ends.get_nowait()
    assert isinstance(outcome, Exported)
    assert (outcome.rows, outcome.paths) == (LINES + (0 if form is Raw else 2), (target,))
    assert outcome.size == target.stat().st_size
    assert thread == f"export to {target.name}"
    assert window.ends.empty()
    assert window.progress.get_nowait().total == LINES + 2


def test_a_stretch_of_rows_can_be_asked_for(journal: Path, tmp_path: Path) -> None:
    window = Window()
    source = opens_reading(journal, SESSION, Lens())
    job = ExportJob(
        source, tmp_path / "out", Raw, first=4, count=3, on_progress=window.progress.put, on_end=window.ended
    )
    assert job.join(PATIENCE)

    assert window.outcome() == Exported(3, 192, (tmp_path / "out",))


def test_to_cancel_it_waits_for_nobody(journal: Path, tmp_path: Path) -> None:
    window = Window()
    is_busy, go_on = threading.Event(), threading.Event()

    def hold(_progress: Progress) -> None:
        is_busy.set()
        assert go_on.wait(PATIENCE)

    source = opens_reading(journal, SESSION, Lens())
    job = ExportJob(source, tmp_path / "out", Text, on_progress=hold, on_end=window.ended)
    assert is_busy.wait(PATIENCE)
    job.cancel()  # returns, although the thread is held
    assert not job.join(0)
    go_on.set()

    assert window.outcome() == NotExported("Cancelled. Nothing was kept.", cancelled=True)
    assert job.join(PATIENCE)
    assert [path.name for path in tmp_path.iterdir() if path.name != "journal"] == []


def test_cancelled_while_it_counts_it_counts_no_further(journal: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()

    with opens_reading(journal, SESSION, Lens("line"))(cancelled) as source:
        assert source.total == 0


@pytest.mark.case("C-62")
def test_a_journal_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    window = Window()
    (tmp_path / "foreign").write_text("not a journal")
    for name, says in (("foreign", "cannot be used"), ("missing", "is not there")):
        source = opens_reading(tmp_path / name, SESSION, Lens())
        job = ExportJob(source, tmp_path / "out", Text, on_progress=window.progress.put, on_end=window.ended)

        outcome = window.outcome()
        assert isinstance(outcome, NotExported)
        assert says in outcome.why
        assert not outcome.cancelled
        assert job.join(PATIENCE)
    assert not (tmp_path / "out").exists()


def test_a_fault_of_our_own_is_logged_and_told(tmp_path: Path, logged_errors: list[logging.LogRecord]) -> None:
    window = Window()

    @contextlib.contextmanager
    def broken(_cancelled: threading.Event) -> Iterator[Source]:
        raise ZeroDivisionError
        yield

    job = ExportJob(broken, tmp_path / "out", Text, on_progress=window.progress.put, on_end=window.ended)

    assert window.outcome() == NotExported("Something went wrong inside Tincan (ZeroDivisionError). Nothing was kept.")
    assert job.join(PATIENCE)
    assert [record.getMessage() for record in logged_errors] == ["fault in export to out"]
    logged_errors.clear()


def test_who_is_told_may_take_its_time_without_hearing_more_often(journal: Path, tmp_path: Path) -> None:
    window = Window()
    source = opens_reading(journal, SESSION, Lens())
    began = monotonic()
    job = ExportJob(source, tmp_path / "out", Csv, on_progress=window.progress.put, on_end=window.ended)
    assert job.join(PATIENCE)
    took = monotonic() - began

    assert 1 <= window.progress.qsize() <= 1 + took * 20
