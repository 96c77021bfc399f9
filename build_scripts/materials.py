"""What a build takes from the machine that makes it: the compiled files that are packed, and whose they are."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from build_scripts.project import BUILD

_LIST = BUILD / "materials.json"
_FROM_PIP = ("cryptography", "cffi")  # the packages with compiled files that the program needs, and what they need
_COMPILED = ("BINARY", "EXTENSION")  # of PyInstaller's kinds of entries


@dataclass(frozen=True, slots=True)
class Packed:
    """A compiled file as it was found, before anything was stripped from it."""

    name: str  # its path in the program's folder
    sha256: str


@dataclass(frozen=True, slots=True)
class Material:
    """Something that others made and a build packs."""

    name: str
    version: str
    debian: bool  # a package of Debian's or of a system made from it, rather than part of a Python from elsewhere
    files: tuple[Packed, ...]


def keep(entries: Iterable[Sequence[str]]) -> None:
    """Note which compiled files are packed, as PyInstaller's analysis lists them: (name, source, kind)."""
    found = sorted((entry[0], entry[1]) for entry in entries if entry[2] in _COMPILED)
    _LIST.write_text(json.dumps(found, indent=1), encoding="utf-8")


def materials() -> list[Material]:
    """What the latest build packed, sorted by name. Raises ``OSError`` where nothing was built."""
    sources = {name: Path(source).resolve() for name, source in json.loads(_LIST.read_text(encoding="utf-8"))}
    owners = debian_owners(sources.values())
    found: dict[tuple[str, str, bool], list[Packed]] = {}
    for name, source in sources.items():
        owner = owners.get(source)
        whose = (*owner, True) if owner else (*_made_by(source), False)
        found.setdefault(whose, []).append(Packed(Path(name).as_posix(), digest(source)))
    return [
        Material(*whose, tuple(sorted(files, key=lambda file: file.name))) for whose, files in sorted(found.items())
    ]


def debian_owners(files: Iterable[Path]) -> dict[Path, tuple[str, str]]:
    """The package and its version for each file that came in a Debian package; nothing on other systems."""
    if shutil.which("dpkg-query") is None:
        return {}
    by_name = {name: file for file in files for name in _names(file)}
    packages: dict[Path, str] = {}
    for line in _printed(["dpkg-query", "--search", *by_name]):
        package, _, name = line.partition(": ")
        if name in by_name:
            packages[by_name[name]] = package.split(",")[0].split(":")[0]
    versions = _versions(set(packages.values()))
    return {file: (package, versions[package]) for file, package in packages.items() if package in versions}


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _names(file: Path) -> list[str]:
    """What dpkg may know a file as: before /lib became a link to /usr/lib, packages named it without /usr."""
    return [str(file), str(file).removeprefix("/usr")]


def _versions(packages: set[str]) -> dict[str, str]:
    lines = _printed(["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *sorted(packages)])
    return dict(line.split(" ", 1) for line in lines)


def _files(package: metadata.Distribution) -> Sequence[metadata.PackagePath]:
    return package.files or ()


def _printed(command: Sequence[str]) -> list[str]:
    """The lines that a command prints; it may fail, because it was asked for what it does not know."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    return done.stdout.splitlines()


def python_package(name: str) -> metadata.Distribution | None:
    """What pip has installed by that name; None if it has not."""
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _made_by(source: Path) -> tuple[str, str]:
    for name in _FROM_PIP:
        package = python_package(name)
        if package is not None and source in {
            Path(str(package.locate_file(file))).resolve() for file in _files(package)
        }:
            return name, package.version
    if source.is_relative_to(Path(sys.base_prefix).resolve()):
        return "CPython", platform.python_version()
    return source.name, "unknown"
