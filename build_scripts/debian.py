"""The Debian package: the folder build under /usr/lib/tincan, with what a desktop needs to offer it.

Written here rather than by dpkg-deb, so that it comes out the same byte for byte and on any Linux.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import re
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from build_scripts.archives import EXECUTABLE, PLAIN, add_file, header
from build_scripts.project import ROOT, version
from build_scripts.target import Target

_LINUX = ROOT / "build_scripts" / "linux"
_ICONS = ROOT / "build_scripts" / "icons"
_SIZES = (16, 24, 32, 48, 64, 128, 256)
_MAGIC = b"!<arch>\n"
_ELF = b"\x7fELF"
# What the C library brings.
_OF_LIBC = re.compile(r"(libc|libm|libdl|libpthread|librt|libutil|libresolv)\.so\.\d+|ld-linux.*")
# What PyInstaller leaves to the system: libxcb because it must fit the drivers, zlib because its starter needs it
# before anything else. Nothing else may be missing.
_OF_THE_SYSTEM = {"libxcb.so.1": "libxcb1", "libz.so.1": "zlib1g"}
# Read by libraries in the folder: fonts.conf with at least one font, and how keys compose letters.
_READ_AT_RUN_TIME = ("fontconfig-config", "libx11-data")
_CONTROL = """\
Package: tincan
Version: {version}
Architecture: {architecture}
Maintainer: The Tincan authors <tincan@localhost>
Installed-Size: {kibibytes}
Depends: {depends}
Section: net
Priority: optional
Description: both ends of a TCP conversation on one desktop
 Play the server, the client, or both, and see every byte. A window for
 learning sockets and for talking to devices, services and protocols; the
 same in a terminal with "tincan serve" and "tincan connect".
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package, or a link if ``link`` says where to."""

    content: bytes = b""
    mode: int = PLAIN
    link: str = ""


def write(package: Path, folder: Path, target: Target, date: int) -> None:
    """Write the package for a folder build. Raises ``ValueError`` if the folder needs libraries that it lacks."""
    entries = contents(folder, date)
    control = _CONTROL.format(
        version=version(),
        architecture=target.debian_architecture,
        kibibytes=sum(len(entry.content) + 1023 for entry in entries.values()) // 1024,
        depends=", ".join(dependencies(folder)),
    )
    sums = "".join(
        f"{hashlib.md5(entry.content, usedforsecurity=False).hexdigest()}  {name}\n"
        for name, entry in sorted(entries.items())
        if not entry.link
    )
    about = {"control": Entry(control.encode()), "md5sums": Entry(sums.encode())}
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": _tar_xz(about, date),
        "data.tar.xz": _tar_xz(entries, date),
    }
    package.write_bytes(_MAGIC + b"".join(_member(name, content, date) for name, content in members.items()))


def contents(folder: Path, date: int) -> dict[str, Entry]:
    """Every file of the package by its path without the leading slash."""
    found = {f"usr/lib/tincan/{path.relative_to(folder).as_posix()}": _entry(path) for path in _files(folder)}
    found["usr/bin/tincan"] = Entry(link="../lib/tincan/tincan")
    found["usr/share/applications/tincan.desktop"] = Entry((_LINUX / "tincan.desktop").read_bytes())
    found["usr/share/man/man1/tincan.1.gz"] = Entry(_gzipped(manual(), date))
    for size in _SIZES:
        icon = (_ICONS / f"tincan-{size}.png").read_bytes()
        found[f"usr/share/icons/hicolor/{size}x{size}/apps/tincan.png"] = Entry(icon)
    found["usr/share/icons/hicolor/scalable/apps/tincan.svg"] = Entry((_ICONS / "tincan.svg").read_bytes())
    found["usr/share/doc/tincan/copyright"] = Entry((ROOT / "LICENSE").read_bytes())
    found["usr/share/doc/tincan/changelog.gz"] = Entry(_gzipped((ROOT / "CHANGELOG.md").read_bytes(), date))
    return found


def dependencies(folder: Path) -> list[str]:
    """What the package depends on. Raises ``ValueError`` if the folder needs libraries that it lacks."""
    compiled = [path for path in _files(folder) if not path.is_symlink() and path.read_bytes()[:4] == _ELF]
    packed = {path.name for path in _files(folder)}
    outside = {name for path in compiled for name in needed(path) - packed if not _OF_LIBC.fullmatch(name)}
    if unknown := sorted(outside - _OF_THE_SYSTEM.keys()):
        raise ValueError(f"the folder lacks {', '.join(unknown)}, and no package is named for it")
    minor = max(newest_libc(path.read_bytes()) for path in compiled)
    return sorted([*_READ_AT_RUN_TIME, f"libc6 (>= 2.{minor})", *(_OF_THE_SYSTEM[name] for name in outside)])


def needed(file: Path) -> set[str]:
    """The shared libraries that a compiled file asks for, as objdump reads them."""
    command = ["objdump", "--private-headers", str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^\s+NEEDED\s+(\S+)$", printed, re.MULTILINE))


def newest_libc(content: bytes) -> int:
    """The N of the newest version 2.N of the C library that a compiled file has symbols of; 0 if of none."""
    return max((int(number) for number in re.findall(rb"\0GLIBC_2\.(\d+)(?=[.\0])", content)), default=0)


def manual() -> bytes:
    """The manual page."""
    return (_LINUX / "tincan.1").read_text(encoding="utf-8").replace("@VERSION@", version()).encode()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Entry(link=path.readlink().as_posix())
    return Entry(path.read_bytes(), EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN)


def _tar_xz(entries: Mapping[str, Entry], date: int) -> bytes:
    """Pack files and the folders above them, each named as dpkg wants it: ``./usr/bin/tincan``."""
    content = io.BytesIO()
    folders = {str(parent) for name in entries for parent in Path(name).parents}
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(folders | entries.keys()):
            entry = entries.get(name)
            inside = "./" if name == "." else f"./{name}"
            if entry is None:
                tar.addfile(header(inside, date, kind=tarfile.DIRTYPE, mode=EXECUTABLE))
            elif entry.link:
                link = header(inside, date, kind=tarfile.SYMTYPE, mode=0o777)
                link.linkname = entry.link
                tar.addfile(link)
            else:
                add_file(tar, inside, entry.content, date, entry.mode)
    return lzma.compress(content.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def _gzipped(content: bytes, date: int) -> bytes:
    return gzip.compress(content, 9, mtime=date)


def _member(name: str, content: bytes, date: int) -> bytes:
    """One member of an ar archive: a header of 60 bytes in columns, the content, and a byte to make it even."""
    head = f"{name:<16}{date:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
    return head.encode("ascii") + content + b"\n" * (len(content) % 2)
