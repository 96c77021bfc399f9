"""The files of a journal: their names, whether they are still those that were made, and how much room they may take."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple, TypeAlias

from core.errors import JournalError
from core.settings import GB, Limits

BESIDE = ("", "-wal", "-shm")  # behind the journal's name: the files that SQLite writes while it is open
_MOST_NAMES = 1_000  # that are tried for a file in which recording goes on
_SHARE = 20  # of a small disk, one such part is left free


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


def last_bytes(path: Path, limits: Limits) -> int | None:
    """How many bytes of the disk stay free, if it has no more; None if it has, or the system does not tell."""
    try:
        disk = shutil.disk_usage(path.parent)
    except OSError:
        return None
    last = min(limits.disk, disk.total // _SHARE)
    return last if disk.free <= last else None


def in_words(size: int) -> str:
    """So many bytes, for a person."""
    return f"{size / GB:.3g} GB" if size >= GB else f"{size / 1e6:.3g} MB"
