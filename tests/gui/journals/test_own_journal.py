"""The workbench and the journal of a run, without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Limits
from core.workbench import Workbench
from gui.journals.locks import LOCK, Hold, hold_on
from gui.journals.own_journal import OwnJournal


class Run:
    """A run that notes what its journal tells it."""

    def __init__(self, folder: Path) -> None:
        self.opened: list[Workbench] = []
        self.complaints: list[str] = []
        self.journal = OwnJournal(folder, limits=Limits, on_open=self.opened.append, complain=self.complaints.append)

    def close(self) -> None:
        self.journal.close_reader()
        assert self.journal.close_workbench(5.0) == []
        self.journal.release_lock()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    run = Run(tmp_path / "journals")
    yield run
    run.close()


def test_the_workbench_is_opened_once_when_it_is_first_asked_for(run: Run) -> None:
    assert not run.journal.is_open
    assert run.journal.path is None

    workbench = run.journal.workbench
    run.journal.open()

    assert run.opened == [workbench]
    assert run.journal.workbench is workbench
    assert run.journal.path is not None
    assert run.journal.path.parent == run.journal.folder
    assert run.journal.reading is not None
    assert run.complaints == []


def test_the_journal_is_locked_until_the_run_releases_it(run: Run) -> None:
    run.journal.open()
    path = run.journal.path
    assert path is not None
    lock = path.with_name(path.name + LOCK)
    assert lock.exists()

    run.close()

    assert not lock.exists()
    assert hold_on(path.rename(path.with_name("other.tincan"))) is Hold.RELEASED


def test_where_the_folder_cannot_be_used_the_journal_is_kept_in_a_temporary_one_for_now(run: Run) -> None:
    run.journal.folder.write_text("a file where the folder should be")

    run.journal.open()

    assert run.journal.path is not None
    assert run.journal.path.parent.parent.name == "temporary"
    assert len(run.complaints) == 1
    assert "temporary folder" in run.complaints[0]


def test_taking_other_limits_opens_no_workbench(run: Run) -> None:
    run.journal.use(Limits(receive=100))

    assert not run.journal.is_open
