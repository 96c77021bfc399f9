"""A compiled file forgets where it looked for libraries, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts import elf

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or None in map(shutil.which, ("gcc", "objdump")), reason="needs a compiler for Linux"
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library that looks for others in a folder of this machine."""
    (tmp_path / "made.c").write_text("int answer(void) { return 42; }\n", encoding="utf-8")
    command = ["gcc", "-shared", "-fPIC", "-Wl,-rpath,/home/somebody/lib", "-o", "made.so", "made.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path / "made.so"


def headers(file: Path) -> list[str]:
    """What the dynamic section says, a line each."""
    command = ["objdump", "--private-headers", str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return printed.partition("Dynamic Section:")[2].splitlines()


@pytest.mark.parametrize("kind", ["BINARY", "EXTENSION"])
def test_the_folders_are_forgotten_and_nothing_else(library: Path, tmp_path: Path, kind: str) -> None:
    before = headers(library)

    ((destination, source, _),) = elf.copied_without_search_path([("in/made.so", str(library), kind)], tmp_path / "to")

    assert destination == "in/made.so"
    assert any("/home/somebody/lib" in line for line in before)
    assert headers(Path(source)) == [line for line in before if "/home/somebody/lib" not in line]
    assert Path(source).stat().st_size == library.stat().st_size
    answer = f"import ctypes; print(ctypes.CDLL({source!r}).answer())"
    assert subprocess.run([sys.executable, "-c", answer], capture_output=True, check=True).stdout == b"42\n"


def test_a_link_or_a_text_stays_as_it_is(tmp_path: Path) -> None:
    rows = [("libz.so", "libz.so.1", "SYMLINK"), ("a.txt", "/nowhere/a.txt", "DATA")]

    assert elf.copied_without_search_path(rows, tmp_path) == rows
    assert elf.without_search_path(b"a text") == b"a text"
