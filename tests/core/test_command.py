"""Tincan finds itself again, from source and frozen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import __version__
from core.command import command_line, environment


def test_it_starts_itself_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [*command_line(), "--version"]

    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout == f"Tincan {__version__}\n"
    assert environment()["PYTHONPATH"].split(os.pathsep)[-1] == str(tmp_path)


def test_frozen_it_is_the_program_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    assert command_line() == [sys.executable]
    assert "PYTHONPATH" not in environment()
