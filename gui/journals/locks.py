"""Who is writing which journal: a lock that ends with the process that holds it. No tkinter.

A run locks its journal before it makes the file: it locks ``NAME.tincan-lock`` beside it, by ``flock``
or on Windows by ``msvcrt.locking``, and when it ends properly the lock's file goes. So a lock's file that
nobody holds says that its run was killed. SQLite's own locks are not touched. Where the file system has no
locks, the number of the process in the journal's name must do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from enum import Enum
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "-lock"  # behind the name of the journal

_PROCESS = re.compile(r"_(\d{1,9})(-\d+)?\.tincan")
_OPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a link or a pipe is no lock of ours
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}  # what a lock says that somebody has


class Hold(Enum):
    """The state of a journal's writer, as its lock tells it."""

    IN_USE = "in use"  # it is being written
    STALE = "stale"  # its writer was killed
    RELEASED = "released"  # its writer ended properly


class JournalLock:
    """A run's lock on its journal. ``close`` it when the journal is closed; a ``with`` block does."""

    def __init__(self, path: Path) -> None:
        """Lock the journal at ``path``. Nothing is raised where it cannot be locked: then its name alone holds it."""
        self._lock = _lock_of(path)
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._lock, _OPEN | os.O_CREAT, 0o600)
            _take(self._descriptor)

    def __enter__(self) -> JournalLock:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock and delete its file, as a run that ends properly does. Harmless a second time."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if sys.platform != "win32":  # Windows deletes no file that is open
            self._lock.unlink(missing_ok=True)
        os.close(descriptor)
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._lock.unlink(missing_ok=True)


def lock_journal(path: Path) -> JournalLock:
    """Lock the journal that this run is about to write."""
    return JournalLock(path)


def hold_on(path: Path) -> Hold:
    """Whether a journal is being written and, if not, how its run has ended. Takes well below a millisecond.

    Journals without a lock, as earlier versions left them, count as properly ended unless the process in
    the name lives and the write-ahead log is there.
    """
    from core.journal.reading.database import has_log  # SQLite is not needed before the first window

    process = _PROCESS.search(path.name)
    number = int(process[1]) if process else 0
    if number == os.getpid():  # never probe a lock of our own: on network disks that would drop it
        return Hold.IN_USE
    try:
        descriptor = os.open(_lock_of(path), _OPEN)
    except FileNotFoundError:
        return Hold.IN_USE if has_log(path) and _lives(number) else Hold.RELEASED
    except OSError:
        return Hold.IN_USE
    try:
        _take(descriptor)
    except OSError as error:
        is_held = error.errno in _HELD or _lives(number)
        return Hold.IN_USE if is_held else Hold.STALE
    else:
        return Hold.STALE
    finally:
        os.close(descriptor)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + LOCK)


def _take(descriptor: int) -> None:
    """Lock the file without waiting; closing it unlocks it. Raises ``OSError``."""
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lives(process: int) -> bool:
    """Whether there is a process of that number."""
    if process <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is somebody else's
        return True
    return True
