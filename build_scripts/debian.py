"""The Debian package: the folder build under /usr/lib/tincan, with what a desktop needs to offer it.

``dpkg-deb`` packs it, with one date for everything, so that it comes out the same byte for byte.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from build_scripts import icons
from build_scripts.archives import EXECUTABLE, PLAIN
from build_scripts.project import APP_ID, LICENCES, ROOT, USER_README, homepage, maintainer, version
from build_scripts.recipe import OF_THE_SYSTEM
from build_scripts.target import Target

_LINUX = ROOT / "build_scripts" / "linux"
_ELF = b"\x7fELF"
# What the C library brings.
_OF_LIBC = re.compile(r"(libc|libm|libdl|libpthread|librt|libutil|libresolv)\.so\.\d+|ld-linux.*")
# Read by libraries: fonts.conf with at least one font, and how keys compose letters.
_READ_AT_RUN_TIME = ("fontconfig-config", "libx11-data")
# Every Debian has this text, and its policy wants packages to point there instead of bringing it along.
_APACHE = re.compile(
    rb"^ *Apache License\n +Version 2\.0, January 2004\n.*?^ *END OF TERMS AND CONDITIONS\n", re.DOTALL | re.MULTILINE
)
_WHERE_APACHE = b"Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0\n"
_CONTROL = """\
Package: tincan
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {kibibytes}
Depends: {depends}
Section: net
Priority: optional
{homepage}Description: both ends of a TCP conversation on one desktop
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
        maintainer=maintainer(),
        homepage=f"Homepage: {homepage()}\n" if homepage() else "",
        architecture=target.debian_architecture,
        kibibytes=sum(len(entry.content) + 1023 for entry in entries.values()) // 1024,
        depends=", ".join(dependencies(folder)),
    )
    sums = "".join(
        f"{hashlib.md5(entry.content, usedforsecurity=False).hexdigest()}  {name}\n"
        for name, entry in sorted(entries.items())
        if not entry.link
    )
    about = {"DEBIAN/control": Entry(control.encode()), "DEBIAN/md5sums": Entry(sums.encode())}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        _lay_out(root, {**entries, **about}, date)
        _pack(root, package, date)


def contents(folder: Path, date: int) -> dict[str, Entry]:
    """Every file of the package by its path without the leading slash."""
    documents = {USER_README, LICENCES}  # of the folder, which in a package have places of their own
    program = {path.relative_to(folder).as_posix(): _entry(path) for path in _files(folder)}
    found = {f"usr/lib/tincan/{name}": entry for name, entry in program.items() if name not in documents}
    found["usr/bin/tincan"] = Entry(link="../lib/tincan/tincan")
    found[f"usr/share/applications/{APP_ID}.desktop"] = Entry(_filled("tincan.desktop", date))
    found[f"usr/share/metainfo/{APP_ID}.metainfo.xml"] = Entry(_filled("tincan.metainfo.xml", date))
    found[f"usr/share/mime/packages/{APP_ID}.xml"] = Entry(_filled("tincan.mime.xml", date))
    found["usr/share/man/man1/tincan.1.gz"] = Entry(_gzipped(_filled("tincan.1", date)))
    for size in icons.SIZES:
        icon = (icons.HERE / f"tincan-{size}.png").read_bytes()
        found[f"usr/share/icons/hicolor/{size}x{size}/apps/{APP_ID}.png"] = Entry(icon)
    found[f"usr/share/icons/hicolor/scalable/apps/{APP_ID}.svg"] = Entry((icons.HERE / "tincan.svg").read_bytes())
    found["usr/share/lintian/overrides/tincan"] = Entry(_filled("lintian-overrides", date))
    found["usr/share/doc/tincan/README"] = program[USER_README]
    found["usr/share/doc/tincan/copyright"] = Entry(_APACHE.sub(_WHERE_APACHE, program[LICENCES].content))
    found["usr/share/doc/tincan/changelog.gz"] = Entry(_gzipped(changelog(date).encode()))
    return found


def changelog(date: int) -> str:
    """What CHANGELOG.md says of this version, in the form that Debian's tools read."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = re.split(r"\n(?=- )|\n\n", text.partition(f"\n## {version()}\n")[2].partition("\n## ")[0].strip())
    lines = [
        textwrap.fill(change.removeprefix("- "), 79, initial_indent="  * ", subsequent_indent="    ")
        for change in changes
    ]
    day = format_datetime(datetime.fromtimestamp(date, UTC))
    return "\n".join(
        [f"tincan ({version()}) unstable; urgency=medium", "", *lines, "", f" -- {maintainer()}  {day}", ""]
    )


def dependencies(folder: Path) -> list[str]:
    """What the package depends on. Raises ``ValueError`` if the folder needs libraries that it lacks."""
    compiled = [path for path in _files(folder) if not path.is_symlink() and path.read_bytes()[:4] == _ELF]
    packed = {path.name for path in _files(folder)}
    outside = {name for path in compiled for name in needed(path) - packed if not _OF_LIBC.fullmatch(name)}
    if unknown := sorted(outside - OF_THE_SYSTEM.keys()):
        raise ValueError(f"the folder lacks {', '.join(unknown)}, and no package is named for it")
    minor = max(newest_libc(path.read_bytes()) for path in compiled)
    return sorted([*_READ_AT_RUN_TIME, f"libc6 (>= 2.{minor})", *(OF_THE_SYSTEM[name] for name in outside)])


def needed(file: Path) -> set[str]:
    """The shared libraries that a compiled file asks for, as objdump reads them."""
    command = ["objdump", "--private-headers", str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^\s+NEEDED\s+(\S+)$", printed, re.MULTILINE))


def newest_libc(content: bytes) -> int:
    """The N of the newest version 2.N of the C library that a compiled file has symbols of; 0 if of none."""
    return max((int(number) for number in re.findall(rb"\0GLIBC_2\.(\d+)(?=[.\0])", content)), default=0)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Entry(link=path.readlink().as_posix())
    is_program = path.stat().st_mode & 0o100 and ".so" not in path.name  # nobody executes a library
    return Entry(path.read_bytes(), EXECUTABLE if is_program else PLAIN)


def _filled(name: str, date: int) -> bytes:
    """A file of ``build_scripts/linux`` with what is known only now."""
    text = (_LINUX / name).read_text(encoding="utf-8")
    day = datetime.fromtimestamp(date, UTC).date().isoformat()
    for word, value in {"@VERSION@": version(), "@APP_ID@": APP_ID, "@DATE@": day}.items():
        text = text.replace(word, value)
    return text.encode()


def _lay_out(root: Path, entries: Mapping[str, Entry], date: int) -> None:
    """Write the files as they are installed, whatever this user's umask is."""
    for name, entry in entries.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.link:
            path.symlink_to(entry.link)
        else:
            path.write_bytes(entry.content)
            path.chmod(entry.mode)
    for path in sorted([root, *root.rglob("*")], reverse=True):  # what is in a folder before the folder
        if path.is_dir():
            path.chmod(EXECUTABLE)
        os.utime(path, (date, date), follow_symlinks=False)


def _pack(root: Path, package: Path, date: int) -> None:
    # How many threads compress decides where xz begins new blocks.
    same = {"SOURCE_DATE_EPOCH": str(date), "DPKG_DEB_THREADS_MAX": "1"}
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z9", "-Sextreme", "--build", str(root), str(package)]
    done = subprocess.run(command, env={**os.environ, **same}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"dpkg-deb refuses the package: {done.stderr.strip()}")


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
