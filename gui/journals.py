"""Where this run's journal goes, and how many of the earlier ones are kept. No tkinter."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

KEEP = 20  # journals, the one being written included

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_\d+\.tincan")
_SIDE_FILES = ("-wal", "-shm")  # what SQLite may leave beside a journal after a crash


def journal_path(folder: Path, now: float | None = None) -> Path:
    """A name for a new journal: date, time and process, so that it sorts by age and two runs never share it."""
    moment = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(now))
    return folder / f"{moment}_{os.getpid()}.tincan"


def prune(folder: Path, keep: int = KEEP) -> list[Path]:
    """Delete all but the newest ``keep`` journals; give back those deleted.

    Only files whose names say that a run of Tincan made them are touched. One that cannot be
    deleted, because another window has it open, stays.
    """
    try:
        journals = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    except OSError:
        return []
    return [path for path in journals[: max(0, len(journals) - keep)] if _delete(path)]


def _delete(path: Path) -> bool:
    try:
        path.unlink()
        for suffix in _SIDE_FILES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError:
        return False
    return True
