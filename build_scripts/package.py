"""Make the downloads in ``dist/release`` from programs that were built and proved: archives, package, checksums."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from build_scripts import archives, debian
from build_scripts.bill import bill
from build_scripts.build import date_of_commit
from build_scripts.materials import materials
from build_scripts.notices import notices
from build_scripts.project import DIST, LICENCES, RELEASE, ROOT, USER_README, user_readme
from build_scripts.target import BUNDLE, FOLDER, System, Target, this_target

SUMS = "SHA256SUMS"
_AIMS = {"": 17_000_000, ".exe": 17_000_000, ".deb": 14_000_000}  # bytes, by what a download's name ends with


def main() -> int:
    """Make every download for this system and list them."""
    try:
        target = this_target()
        made = package(target, DIST, RELEASE, int(date_of_commit()))
    except (OSError, ValueError) as error:
        print(f"Nothing was packaged: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path.relative_to(ROOT)}{too_large(path, target)}")
    return 0


def too_large(download: Path, target: Target) -> str:
    """A warning if a download is larger than it should be for those who fetch it over a thin line."""
    aim = _AIMS.get(download.name.removeprefix(target.name), float("inf"))
    return f"  WARNING: it should have at most {aim / 1e6:.0f} MB" if download.stat().st_size > aim else ""


def package(target: Target, dist: Path, release: Path, date: int) -> list[Path]:
    """Make the downloads for a target from the programs in ``dist``, anew; their date is in seconds since 1970.

    Raises ``OSError`` if a program is missing, ``ValueError`` if it could not run where it is meant to.
    """
    shutil.rmtree(release, ignore_errors=True)
    release.mkdir(parents=True)
    parts = materials()
    licences = notices(parts)
    (release / f"{target.name}-{LICENCES}").write_text(licences, encoding="utf-8", newline="\n")
    (release / f"{target.name}.cdx.json").write_text(bill(target, parts, date), encoding="utf-8", newline="\n")
    with tempfile.TemporaryDirectory() as scratch:
        if target.system is not System.MACOS:
            _WAYS[target.system](target, _folder_with_notices(dist, Path(scratch), licences), release, date)
            _one_file(target, dist, release)
        else:
            archives.zip_folder(release / f"{target.name}.zip", dist / BUNDLE, BUNDLE, date)
    made = sorted(release.iterdir())
    (release / SUMS).write_text(archives.checksums(made), encoding="utf-8", newline="\n")
    return [*made, release / SUMS]


def _folder_with_notices(dist: Path, scratch: Path, licences: str) -> Path:
    """The folder build, beside it what must be handed on with it."""
    folder = scratch / FOLDER
    shutil.copytree(dist / FOLDER, folder, symlinks=True)
    (folder / LICENCES).write_text(licences, encoding="utf-8", newline="\n")
    (folder / USER_README).write_text(user_readme(), encoding="utf-8", newline="\n")
    return folder


def _for_linux(target: Target, folder: Path, release: Path, date: int) -> None:
    archives.tar_gz(release / f"{target.name}.tar.gz", folder, target.name, date)
    debian.write(release / f"{target.name}.deb", folder, target, date)


def _for_windows(target: Target, folder: Path, release: Path, date: int) -> None:
    archives.zip_folder(release / f"{target.name}.zip", folder, target.name, date)


_WAYS: dict[System, Callable[[Target, Path, Path, int], None]] = {
    System.LINUX: _for_linux,
    System.WINDOWS: _for_windows,
}


def _one_file(target: Target, dist: Path, release: Path) -> None:
    """The programs in one file, under the names they are downloaded by."""
    for program in sorted({"tincan", target.console}):
        name = target.name + program.removeprefix("tincan") + target.suffix
        shutil.copy2(dist / f"{program}{target.suffix}", release / name)


if __name__ == "__main__":
    sys.exit(main())
