"""Archives that hold the same bytes whenever and wherever they are made: names sorted, one date, no owner."""

from __future__ import annotations

import gzip
import hashlib
import io
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
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
        add_folder(tar, folder, name, date)
    with archive.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=date) as packed:
        packed.write(content.getbuffer())


def add_folder(tar: tarfile.TarFile, folder: Path, name: str, date: int) -> None:
    """Add a folder and all that is in it to a tar archive, as ``name``."""
    tar.addfile(header(name, date, kind=tarfile.DIRTYPE, mode=EXECUTABLE))
    for path in sorted(folder.rglob("*")):
        inside = f"{name}/{path.relative_to(folder).as_posix()}"
        if path.is_symlink():
            link = header(inside, date, kind=tarfile.SYMTYPE, mode=0o777)
            link.linkname = path.readlink().as_posix()
            tar.addfile(link)
        elif path.is_dir():
            tar.addfile(header(inside, date, kind=tarfile.DIRTYPE, mode=EXECUTABLE))
        else:
            add_file(tar, inside, path.read_bytes(), date, mode=_mode(path))


def add_file(tar: tarfile.TarFile, name: str, content: bytes, date: int, mode: int = PLAIN) -> None:
    """Add one file to a tar archive."""
    entry = header(name, date, kind=tarfile.REGTYPE, mode=mode)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def header(name: str, date: int, *, kind: bytes, mode: int) -> tarfile.TarInfo:
    """What a tar archive says of an entry; everything is root's."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, date
    entry.uname = entry.gname = "root"
    return entry


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
