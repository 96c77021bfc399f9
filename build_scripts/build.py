"""Make the executables: ``dist/tincan`` in one file and ``dist/tincan-folder/`` (``Tincan.app`` on macOS).

Two builds of one commit by one Python are the same byte for byte, wherever the checkout lies.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.project import BUILD, DIST, ROOT, version
from build_scripts.target import BUNDLE, FOLDER, PROGRAM, System, Target, this_target

_FIRST_DAY = "1767225600"  # 2026-01-01: the date of a build outside of a git checkout


def main() -> int:
    """Build, and say what came of it."""
    machine.ensure(machine.TO_BUILD)
    target = this_target()
    print(f"Tincan {version()} for {target.system} {target.architecture}, Python {platform.python_version()}")
    shutil.rmtree(DIST, ignore_errors=True)  # so that nothing of an earlier build passes for one of this
    options = ["--noconfirm", "--clean", "--log-level", "WARN", "--distpath", str(DIST), "--workpath", str(BUILD)]
    command = [sys.executable, "-m", "PyInstaller", *options, str(ROOT / "build_scripts" / "app.spec")]
    commands.check(command, {**reproducible(), "PYINSTALLER_CONFIG_DIR": str(BUILD / "cache")})
    for product in products(target):
        print(f"{size(product) / 1e6:8.1f} MB  {product.relative_to(ROOT)}")
    return 0


def reproducible() -> dict[str, str]:
    """The environment without which two builds differ: the order of sets, and the date in a header."""
    return {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": date_of_commit()}


def products(target: Target, dist: Path = DIST) -> list[Path]:
    """What a build leaves in ``dist`` for people to run."""
    files = [*executables(target, dist).values(), *consoles(target, dist).values()]
    tops = {dist / file.relative_to(dist).parts[0] for file in files}
    return sorted(tops)


def executables(target: Target, dist: Path = DIST) -> dict[str, Path]:
    """The programs that were built and open a window, by what they are called in a report."""
    return _built(target, dist, PROGRAM)


def consoles(target: Target, dist: Path = DIST) -> dict[str, Path]:
    """The programs that were built and print in a terminal: the same ones, but on Windows."""
    return _built(target, dist, target.console)


def size(product: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = product.rglob("*") if product.is_dir() else [product]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def date_of_commit() -> str:
    """When what is built was committed, in seconds since 1970; ``SOURCE_DATE_EPOCH`` if the caller sets it."""
    if (given := os.environ.get("SOURCE_DATE_EPOCH", "")).isdigit():
        return given
    try:
        command = ["git", "log", "-1", "--format=%ct"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return _FIRST_DAY
    return found or _FIRST_DAY


def _built(target: Target, dist: Path, program: str) -> dict[str, Path]:
    name = f"{program}{target.suffix}"
    if target.system is System.MACOS:
        candidates = {"application": dist / BUNDLE / "Contents" / "MacOS" / name}
    else:
        candidates = {"one file": dist / name, "folder": dist / FOLDER / name}
    return {title: path for title, path in candidates.items() if path.is_file()}


if __name__ == "__main__":
    sys.exit(main())
