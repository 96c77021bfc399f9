"""Journals are named by when they began, and only the newest are kept."""

from __future__ import annotations

import os
from pathlib import Path

from gui import journals


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("x")


def test_a_name_says_when_and_who(tmp_path: Path) -> None:
    path = journals.journal_path(tmp_path, now=0)

    assert path.parent == tmp_path
    assert path.name.endswith(f"_{os.getpid()}.tincan")


def test_names_sort_by_age(tmp_path: Path) -> None:
    names = [journals.journal_path(tmp_path, now=moment).name for moment in (0, 1_000_000, 1_000_000_000)]

    assert names == sorted(names)


def test_the_oldest_go_and_strangers_stay(tmp_path: Path) -> None:
    mine = [f"2026-01-{day:02}_10-00-00_{day}.tincan" for day in range(1, 26)]
    strangers = ["notes.txt", "2026.tincan", "2026-01-01_10-00-00_1.tincan.bak", "a.tincan"]
    make(tmp_path, *mine, *strangers, f"{mine[0]}-wal", f"{mine[-1]}-wal")

    deleted = journals.prune(tmp_path, keep=20)

    assert [path.name for path in deleted] == mine[:5]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*mine[5:], *strangers, f"{mine[-1]}-wal"}


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert journals.prune(tmp_path / "nowhere") == []


def test_a_folder_named_like_a_journal_stays(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01_10-00-00_1.tincan").mkdir()

    assert journals.prune(tmp_path, keep=0) == []
