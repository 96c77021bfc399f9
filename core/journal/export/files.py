"""Files that take their names when they are complete, and leave nothing behind if they never are.

An export may be split into a file for each direction of each connection. If only one connection spoke, and in one
direction, the target is that file. Otherwise the files stand beside it and are named after it: for ``talk.bin`` they
are ``talk-1-received.bin``, ``talk-1-sent.bin``, ``talk-2-received.bin`` ... Nobody was asked about those, so one that
is there already is left alone and the export is refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from core.errors import TincanError
from core.files import replace_file, require_possible, why_no_file
from core.journal.reading.database import has_log
from core.words import with_full_stop

MOST_OPEN = 32  # descriptors; there may be many more streams

FileKey = tuple[int | None, str]  # a connection's number, and the direction
WHOLE: FileKey = (None, "")  # of what is not split

_BESIDE = ("", "-wal", "-shm", "-journal")  # what the names of a database's files end in
_DATABASE = b"SQLite format 3\0"
_NO_ROOM = {number for name in ("ENOSPC", "EDQUOT", "EFBIG") if (number := getattr(errno, name, None)) is not None}


class ExportError(TincanError):
    """Nothing was exported and no file changed; the message says why. ``cancelled`` if that was wanted."""

    def __init__(self, sentence: str, *, cancelled: bool = False) -> None:
        super().__init__(sentence)
        self.cancelled = cancelled


class PartialFile:
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
        replace_file(self._path, target)

    def discard(self) -> None:
        """Leave nothing behind; after ``keep`` there is nothing to leave."""
        with contextlib.suppress(OSError):  # what it could not write, it need not write
            self.rest()
        with contextlib.suppress(OSError):
            self._path.unlink()


class PartialFiles:
    """A file for each stream, made for its first byte. One thread; leaving it discards what was not kept."""

    def __init__(self, target: Path, ending: str = "") -> None:
        """``ending``, with its dot, is that of the files beside the target, if there are several."""
        self._target, self._ending = target, ending
        self._files: dict[FileKey, PartialFile] = {}
        self._open: dict[FileKey, None] = {}  # in the order of their last use

    def __enter__(self) -> PartialFiles:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.discard()

    def write(self, data: bytes, stream: FileKey = WHOLE) -> None:
        """Add bytes to that stream, if there are any. Raises ``OSError``, ``ExportError``."""
        if not data:
            return
        file = self._files.get(stream) or self._begin(stream)
        self._open.pop(stream, None)
        self._open[stream] = None
        if len(self._open) > MOST_OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._files[oldest].rest()
        file.write(data)

    def finish(self) -> None:
        """Have everything on the disk. Raises ``OSError``."""
        if not self._files:  # nothing was said: a file without a byte says that
            self._files[WHOLE] = PartialFile(self._target.parent)
        for file in self._files.values():
            file.finish()

    def keep(self) -> tuple[Path, ...]:
        """Give every file its name, or none, once all is finished. Raises ``OSError``, ``ExportError``."""
        if len(self._files) == 1:
            next(iter(self._files.values())).keep(self._target)
            return (self._target,)
        return self._keep_all()

    def _keep_all(self) -> tuple[Path, ...]:
        named = {self._free_path(stream): file for stream, file in sorted(self._files.items(), key=_order)}
        with contextlib.ExitStack() as undo:
            for path, file in named.items():
                file.keep(path)
                undo.callback(path.unlink, missing_ok=True)
            undo.pop_all()
        return tuple(named)

    def _begin(self, stream: FileKey) -> PartialFile:
        """A file for a new stream. The second tells that names of their own are needed."""
        if self._files:
            for one in (stream, *self._files) if len(self._files) == 1 else (stream,):
                self._free_path(one)
        file = self._files[stream] = PartialFile(self._target.parent)
        return file

    def _free_path(self, stream: FileKey) -> Path:
        path = path_of(self._target, stream, self._ending)
        if path.exists() or path.is_symlink():
            raise ExportError(f"{shown(path)} is there already. Move it away or choose another name.")
        return path


def place_for(target: Path) -> Path:
    """Where the file itself is or will be: a link stays, and what it leads to is replaced.

    Raises ``ExportError`` for what must not be replaced: a folder, a device, a pipe, a journal.
    """
    if why := why_no_file(target):
        raise ExportError(with_full_stop(f"{shown(target)} cannot be a file: {why}"))
    try:
        place = target.resolve()
        require_possible(place)
        in_the_way = place.exists() and not place.is_file()
        is_database = any(has_log(each) or (each.is_file() and _is_database(each)) for each in _databases(place))
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL in the name
        raise ExportError(with_full_stop(f"{shown(target)} cannot be a file: {_reason(error)}")) from error
    if in_the_way:
        raise ExportError(f"{shown(target)} is there and is not a file. Choose another name.")
    if is_database:
        raise ExportError(f"{shown(target)} is a journal, or another database. Choose another name.")
    return place


def _databases(place: Path) -> list[Path]:
    """The databases that a file of this name would belong to, if they are there: itself, or one that it lies beside."""
    owners = [place.name.removesuffix(suffix) for suffix in _BESIDE if place.name.endswith(suffix)]
    return [place.with_name(name) for name in owners if name]


def _is_database(path: Path) -> bool:
    """Whether it is one of SQLite, as a journal is. A file that cannot be read is none. Raises ``OSError``."""
    try:
        with path.open("rb") as file:
            return file.read(len(_DATABASE)) == _DATABASE
    except PermissionError:
        return False


@contextlib.contextmanager
def export_errors(target: Path) -> Iterator[None]:
    """Say of what the disk refuses what it means for the target, as an ``ExportError``."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ExportError(
                f"There is no room for {shown(target)}, so nothing was kept. Free some space or choose another disk."
            ) from error
        why = with_full_stop(f"{shown(target)} could not be written: {_reason(error)}")
        raise ExportError(f"{why} Nothing was kept.") from error


def shown(path: Path) -> str:
    """The path as it can be shown: a file name may hold any byte."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def path_of(target: Path, stream: FileKey, ending: str) -> Path:
    """The file of one stream, if there are several."""
    number, direction = stream
    name = "unknown" if number is None else str(number)
    return target.with_name(f"{target.stem}-{name}-{direction}{ending}")


def _order(item: tuple[FileKey, PartialFile]) -> tuple[bool, int, str]:
    (number, direction), _file = item
    return number is None, number or 0, direction
