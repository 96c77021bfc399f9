"""The files of a journal: making them, telling whether they are still there, and how much room they may take."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import NamedTuple, TypeAlias

from core.errors import JournalError
from core.files import why_no_file
from core.journal.schema import failed
from core.settings import GB, Limits

BESIDE = ("", "-wal", "-shm")  # behind the journal's name: the files that SQLite writes while it is open
_MOST_NAMES = 1_000  # that are tried for a file in which recording goes on
_SHARE = 20  # of a small disk, one such part is left free


def make(path: Path) -> sqlite3.Connection:
    """A new and empty file. Raises ``JournalError`` if something of that name is there, or if it cannot be made."""
    if why := why_no_file(path):
        raise JournalError(f"{path} cannot be a file: {why}")
    for each in (path.with_name(path.name + suffix) for suffix in BESIDE):
        if os.path.lexists(each):  # a link that leads nowhere, too: SQLite would not follow it
            raise JournalError(f"{each} exists already; Tincan does not write over a journal")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise failed(error, path) from error


def successor(path: Path) -> Path:
    """A name like ``path`` that is free. Raises ``JournalError``."""
    for number in range(2, _MOST_NAMES):
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        if not any(os.path.lexists(found.with_name(found.name + suffix)) for suffix in BESIDE):
            return found
    raise JournalError(f"{path} has too many successors")


def remove(path: Path) -> None:
    """Delete a journal that has not come to be."""
    with contextlib.suppress(OSError):
        for each in BESIDE:
            path.with_name(path.name + each).unlink(missing_ok=True)


class FileFacts(NamedTuple):
    """Which file it is, and how long; none of ours becomes shorter while it is open."""

    device: int
    inode: int
    size: int  # bytes


Files: TypeAlias = tuple[FileFacts | None, ...]  # the journal, its log and its shared memory


def place_of(file: FileFacts | None) -> tuple[int, int] | None:
    """Which file it is, whatever it is called by now; None for one that is not there."""
    return (file.device, file.inode) if file is not None else None


def files_of(path: Path) -> Files | None:
    """What is there: None for one that is not; None for all if nobody can tell."""
    if sys.platform == "win32":
        return None
    try:
        return tuple(_facts(path.with_name(path.name + suffix)) for suffix in BESIDE)
    except OSError:
        return None


def _facts(path: Path) -> FileFacts | None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileFacts(found.st_dev, found.st_ino, found.st_size)


def is_full(path: Path, limits: Limits) -> bool:
    """Whether the journal has reached its limit."""
    size = 0
    for suffix in BESIDE[:2]:
        with contextlib.suppress(OSError):
            size += path.with_name(path.name + suffix).stat().st_size
    return size >= limits.journal


def is_short(path: Path, limits: Limits) -> bool:
    """Whether the disk has no more left than what is to stay free; False where the system does not tell."""
    try:
        disk = shutil.disk_usage(path.parent)
    except OSError:
        return False
    return disk.free <= min(limits.disk, disk.total // _SHARE)


def in_words(size: int) -> str:
    """So many bytes, for a person."""
    return f"{size / GB:g} GB" if size >= GB else f"{size / 1e6:g} MB"
