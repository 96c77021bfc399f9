"""Two builds of the same source are the same downloads, byte for byte, wherever they are made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from build_scripts.package import SUMS
from build_scripts.project import ROOT

pytestmark = [pytest.mark.build, pytest.mark.timeout(1200)]  # seconds: two builds at once

DATE = "1767225600"


def copy_of_the_source(folder: Path) -> Path:
    """The files of this checkout as they are now, committed or not, without what is made from them."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def downloads(folder: Path) -> str:
    """Build and pack in a folder; the checksums of all that came of it."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": DATE, "PYTHONDONTWRITEBYTECODE": "1"}
    for step in ("build", "package"):
        command = [sys.executable, "-m", f"build_scripts.{step}"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "dist" / "release" / SUMS).read_text(encoding="utf-8")


def test_two_builds_from_different_folders_are_the_same(tmp_path: Path) -> None:
    folders = [copy_of_the_source(tmp_path / name) for name in ("one", "another, much longer, größer")]

    with ThreadPoolExecutor() as both:
        one, other = both.map(downloads, folders)

    assert len(one.splitlines()) >= 3
    assert one == other
