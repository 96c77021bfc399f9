"""A built program begins with the window, or with whichever terminal program is named first."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from build_scripts import entry
from build_scripts.project import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the project from its own folder."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_terminal_program_can_be_named() -> None:
    told = run("-m", "core", "--help").stdout

    offered = re.search(r"\{([\w,-]+)\}", told)
    assert offered is not None
    assert sorted(entry.TERMINAL_PROGRAMS) == sorted(offered[1].split(","))


def test_a_terminal_program_opens_no_window() -> None:
    begin = "import sys; sys.argv = ['tincan', 'serve', 'nowhere']; from build_scripts.entry import main; main()"

    done = run("-X", "importtime", "-c", begin)

    assert done.returncode == 2
    assert "core.__main__" in done.stderr
    assert "tkinter" not in done.stderr


def test_anything_else_is_the_windows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["tincan", "--version"])

    assert entry.main() == 0
    assert capsys.readouterr().out.startswith("Tincan ")
