"""How much room a journal may take: the size of its own files, and what it leaves of the disk."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from core.journal.recording.store import BESIDE
from core.settings import GB, Limits

_SHARE = 20  # of a small disk, one such part is left free


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
