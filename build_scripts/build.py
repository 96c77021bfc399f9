"""Make the executables: ``dist/tincan`` in one file and ``dist/tincan-folder/`` (``Tincan.app`` on macOS).

Two builds of one commit by one Python are the same byte for byte, wherever the checkout lies.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.project import BUILD, DIST, ROOT, version

_FIRST_DAY = "1767225600"  # 2026-01-01: the date of a build outside of a git checkout


def main() -> int:
    """Build, and say what came of it."""
    machine.ensure(machine.TO_BUILD)
    print(f"Tincan {version()} for {platform.system()} {platform.machine()}, Python {platform.python_version()}")
    options = ["--noconfirm", "--clean", "--log-level", "WARN", "--distpath", str(DIST), "--workpath", str(BUILD)]
    command = [sys.executable, "-m", "PyInstaller", *options, str(ROOT / "build_scripts" / "app.spec")]
    commands.check(command, reproducible())
    for product in products():
        print(f"{size(product) / 1e6:8.1f} MB  {product.relative_to(ROOT)}")
    return 0


def reproducible() -> dict[str, str]:
    """The environment without which two builds differ: the order of sets, and the date in a header."""
    return {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": _date_of_commit()}


def products() -> list[Path]:
    """What a build leaves in ``dist``."""
    names = ("tincan", "tincan.exe", "tincan-folder", "Tincan.app")
    return [DIST / name for name in names if (DIST / name).exists()]


def executables() -> dict[str, Path]:
    """The programs that were built, by what they are called in a report."""
    suffix = ".exe" if sys.platform == "win32" else ""
    candidates = {
        "one file": DIST / f"tincan{suffix}",
        "folder": DIST / "tincan-folder" / f"tincan{suffix}",
    }
    return {name: path for name, path in candidates.items() if path.is_file()}


def size(product: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = product.rglob("*") if product.is_dir() else [product]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def _date_of_commit() -> str:
    try:
        command = ["git", "log", "-1", "--format=%ct"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return _FIRST_DAY
    return found or _FIRST_DAY


if __name__ == "__main__":
    sys.exit(main())
