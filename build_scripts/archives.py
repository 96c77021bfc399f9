"""Archives that hold the same bytes whenever and wherever they are made: names sorted, one date, no owner."""

from __future__ import annotations

import gzip
import hashlib
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

EXECUTABLE = 0o755
PLAIN = 0o644
_MADE_ON_UNIX = 3  # of ZipInfo.create_system; without it, unpackers ignore permissions and links


def tar_gz(archive: Path, folder: Path, name: str, date: int) -> None:
    """Pack a folder, with its links and what may be executed, as ``name`` in a ``.tar.gz``."""

    def without_origin(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = date
        entry.mode = 0o777 if entry.issym() else EXECUTABLE if entry.mode & stat.S_IXUSR else PLAIN
        return entry

    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=date) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        tar.add(folder, name, filter=without_origin)  # sorted by name


def zip_folder(archive: Path, folder: Path, name: str, date: int) -> None:
    """Pack a folder as ``name`` in a ``.zip``, with its links and permissions, which an application on macOS needs."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                continue  # made by unpacking what is in it
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}", _zip_date(date))
            entry.create_system = _MADE_ON_UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            if path.is_symlink():
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                packed.writestr(entry, path.readlink().as_posix())
            else:
                entry.external_attr = (stat.S_IFREG | _mode(path)) << 16
                packed.writestr(entry, path.read_bytes())


def checksums(files: Iterable[Path]) -> str:
    """The SHA-256 of each file as ``sha256sum --check`` reads them, sorted by name."""
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    return "".join(sorted(lines, key=lambda line: line.split("  ", 1)[1]))


def _mode(path: Path) -> int:
    return EXECUTABLE if path.stat().st_mode & stat.S_IXUSR else PLAIN


def _zip_date(date: int) -> tuple[int, int, int, int, int, int]:
    at = datetime.fromtimestamp(date, UTC)
    return at.year, at.month, at.day, at.hour, at.minute, at.second
