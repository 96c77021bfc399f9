"""Bytes of one message as a file: all of them, or the file as it was."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.journal.display_row import Span
from core.journal.export.files import ExportError
from core.journal.export.writer import save_stretch
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import Calls
from tests.support.journals import SESSION, write_journal

PIECES = [b"\x00one", b"two\xff", b"three"]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "talk.tincan"
    write_journal(path, len(PIECES), instead=dict(enumerate(PIECES)))
    return path


@pytest.fixture
def calls(journal: Path) -> Calls:
    reader = JournalReader(journal)
    found = Calls(reader.calls(SESSION, reader.connections(SESSION)[1], "received", 2, 4), Span(2, 0, 4, 5))
    reader.close()
    return found


def test_the_bytes_are_written_exactly(journal: Path, calls: Calls, tmp_path: Path) -> None:
    save_stretch(journal, SESSION, calls, (2, 11), tmp_path / "saved.bin", threading.Event())

    assert (tmp_path / "saved.bin").read_bytes() == b"".join(PIECES)[2:11]


def test_when_it_is_cancelled_the_file_stays_as_it_was(journal: Path, calls: Calls, tmp_path: Path) -> None:
    target, cancelled = tmp_path / "saved.bin", threading.Event()
    target.write_bytes(b"before")
    cancelled.set()

    with pytest.raises(ExportError) as caught:
        save_stretch(journal, SESSION, calls, (0, 12), target, cancelled)

    assert caught.value.cancelled
    assert target.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["saved.bin", "talk.tincan"]


def test_a_place_that_cannot_be_written_is_told(journal: Path, calls: Calls, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="could not be written"):
        save_stretch(journal, SESSION, calls, (0, 12), tmp_path / "no folder" / "saved.bin", threading.Event())
