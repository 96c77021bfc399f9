"""Tincan finds itself again, from source and frozen."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

from core import __version__, command
from core.command import command_line, environment


def test_it_starts_itself_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = subprocess.run(
        [*command_line(), "--version"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.stdout == f"Tincan {__version__}\n"
    assert environment()["PYTHONPATH"].split(os.pathsep)[-1] == str(tmp_path)


def test_frozen_it_is_the_program_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    assert command_line() == [sys.executable]
    assert "PYTHONPATH" not in environment()


def test_a_folder_of_the_same_name_does_not_stand_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")

    done = subprocess.run(
        [*command_line(), "--version"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )

    assert done.stdout == f"Tincan {__version__}\n"


def test_a_folder_of_installed_packages_is_not_put_before_pythons_own_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(command, "_ROOT", Path(site.getsitepackages()[0]))

    assert "PYTHONPATH" not in environment()
