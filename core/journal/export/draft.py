"""Files that take their names when they are complete, and leave nothing behind if they never are."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import TincanError

_NO_ROOM = {number for name in ("ENOSPC", "EDQUOT", "EFBIG") if (number := getattr(errno, name, None)) is not None}


class ExportError(TincanError):
    """Nothing was exported and no file changed; the message says why. ``cancelled`` if that was wanted."""

    def __init__(self, sentence: str, *, cancelled: bool = False) -> None:
        super().__init__(sentence)
        self.cancelled = cancelled


class Draft:
    """A new file beside its target, which only its owner can read. One thread."""

    def __init__(self, folder: Path) -> None:
        """Make the file. Raises ``OSError``."""
        descriptor, name = tempfile.mkstemp(prefix=".tincan-", suffix=".part", dir=folder)
        self._path = Path(name)
        self._file: BinaryIO | None = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        if self._file is None:
            self._file = self._path.open("ab")
        self._file.write(data)

    def rest(self) -> None:
        """Need no descriptor until more is written."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def finish(self) -> None:
        """Have everything on the disk."""
        if self._file is None:
            self._file = self._path.open("ab")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.rest()

    def keep(self, target: Path) -> None:
        """Become the target, which is replaced in one step."""
        self._path.replace(target)

    def discard(self) -> None:
        """Leave nothing behind; after ``keep`` there is nothing to leave."""
        with contextlib.suppress(OSError):  # what it could not write, it need not write
            self.rest()
        with contextlib.suppress(OSError):
            self._path.unlink()


def place_for(target: Path) -> Path:
    """Where the file itself is or will be: a link stays, and what it leads to is replaced.

    Raises ``ExportError`` for what must not be replaced: a folder, a device, a pipe.
    """
    try:
        place = target.resolve()
        in_the_way = place.exists() and not place.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL in the name
        raise ExportError(f"{shown(target)} cannot be a file: {_reason(error)}.") from error
    if in_the_way:
        raise ExportError(f"{shown(target)} is there and is not a file. Choose another name.")
    return place


@contextlib.contextmanager
def in_words(target: Path) -> Iterator[None]:
    """Say of what the disk refuses what it means for the target, as an ``ExportError``."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ExportError(
                f"There is no room for {shown(target)}, so nothing was kept. Free some space or choose another disk."
            ) from error
        raise ExportError(f"{shown(target)} could not be written: {_reason(error)}. Nothing was kept.") from error


def shown(path: Path) -> str:
    """The path as it can be shown: a file name may hold any byte."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
