"""Folds the log of a journal into the file while its writer goes on: the disk takes as long for it as the writer does.

Only then is it sure that a power cut leaves what was written. SQLite folds the log by itself, too, once it is long
(``PRAGMA wal_autocheckpoint``), and until the disk has all of it nothing is written: what is folded beforehand does not
wait then.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from core.errors import NoThread
from core.supervision import Worker

_LEAST = 16 * 1024 * 1024  # bytes that are worth a thread and a wait for the disk
_MOST_BEHIND = 64 * 1024 * 1024  # bytes written while the log is folded; then the writer waits for the disk after all


class Checkpoints:
    """Folds the log of the journal at ``path``, as its only writer wants it. That writer's thread alone.

    SQLite before 3.51.3 may lose what is written where one connection begins the log anew while another folds it
    (https://www.sqlite.org/wal.html#walresetbug). So a third one reads from before that until after it: a log in which
    somebody reads is not begun anew, and a file in which all of the log was already is not written to meanwhile.
    Raises ``sqlite3.Error`` if the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._name = f"checkpoint of {path.name}"
        self._written = 0  # bytes, since the folding began
        self._has_more = False  # whether a transaction was written since then, or not all before could be folded
        self._is_folded = True  # whether the last folding took all that was written before it
        self._worker: Worker | None = None  # while it is folded
        with contextlib.ExitStack() as stack:
            self._reader = stack.enter_context(contextlib.closing(_opened(path)))
            self._folder = stack.enter_context(contextlib.closing(_opened(path)))
            self._connections = stack.pop_all()

    def wrote(self, size: int) -> None:
        """Another transaction of so many bytes stands in the log: fold it if that is worth it."""
        self._written += size
        self._has_more = True
        if self._worker is None:
            if self._written >= _LEAST:
                self._begin()
        elif self._worker.is_over or self._written >= _MOST_BEHIND:
            self._finish()  # before the next transaction, which begins the log anew if it is long and all in the file

    def sync(self) -> None:
        """Fold what has not been: the disk has it then, however little it is."""
        if self._worker is not None and self._worker.is_over:
            self._finish()
        if self._worker is None and self._has_more:
            self._begin()

    def close(self) -> None:
        """Wait until the log is folded, if it is being, and let go of the file."""
        self._finish()
        self._connections.close()

    def _begin(self) -> None:
        worker = Worker(self._fold, self._name)
        self._is_folded = False
        try:
            self._reader.execute("BEGIN")
            self._reader.execute("SELECT 1 FROM journal").fetchone()
            worker.start()
        except (sqlite3.Error, NoThread):  # then SQLite folds it, or finds the same fault where it is told
            self._end_reading()
        else:
            self._written, self._has_more, self._worker = 0, False, worker

    def _fold(self) -> None:
        """Not all of it where others read what was there before, and then the disk may have nothing of the rest."""
        try:
            with contextlib.suppress(sqlite3.Error):  # what stands in the log can be read, and is folded another time
                _busy, in_log, folded = self._folder.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # pages
                self._is_folded = in_log == folded
        finally:
            self._end_reading()  # or the next transaction could not begin the log anew, and it would grow for ever

    def _end_reading(self) -> None:
        if self._reader.in_transaction:
            self._reader.execute("ROLLBACK")

    def _finish(self) -> None:
        if self._worker is not None:
            self._worker.join()
            self._worker = None
            self._has_more |= not self._is_folded


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that has the log open already, for the file may have another name by the time it is used."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("SELECT 1 FROM journal").fetchone()
    except sqlite3.Error:
        database.close()
        raise
    return database
