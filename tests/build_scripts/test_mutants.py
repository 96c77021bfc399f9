"""Mutation testing of one file: which tests are chosen, what mutmut is told, and a small file for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from build_scripts import commands, mutants
from build_scripts.project import ROOT


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("core/net/connection.py", ["tests/core/net/test_connection.py"]),  # of the same name and place
        (
            "gui/views/conversation/transcript.py",
            ["tests/gui/views/conversation/test_transcript.py"],
        ),  # of the same name, elsewhere
        ("gui/views/conversation/row_window.py", ["tests/gui/test_talking.py"]),  # which imports it
        ("core/net/listening.py", []),
    ],
)
def test_the_tests_of_a_file_have_its_name_or_import_it(file: str, tests: list[str]) -> None:
    found = mutants.tests_of(Path(file))

    assert set(tests) <= set(found)
    assert bool(found) is bool(tests)


@pytest.mark.parametrize(
    "file", ["core/no_such_file.py", "tests/conftest.py", "README.md", "../core/events.py", "core"]
)
def test_what_is_no_file_of_the_program_is_refused(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main([file]) == 2
    assert f"{file} is no Python file in core, gui, build_scripts" in capsys.readouterr().err


def test_a_file_that_no_test_names_wants_its_tests_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["core/net/listening.py"]) == 2
    assert "name the tests behind it" in capsys.readouterr().err


def test_the_copy_has_what_the_tests_need_and_tells_mutmut_the_one_file(tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    mutants.copy_project(copy, Path("core/command.py"), ["tests/core/test_command.py"])

    settings = tomllib.loads((copy / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"] == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = settings["tool"]["mutmut"]
    assert told["only_mutate"] == ["core/command.py"]
    assert told["pytest_add_cli_args_test_selection"] == ["tests/core/test_command.py"]
    assert {"tests", "pyproject.toml"} <= set(told["also_copy"])
    assert not {".git", ".venv", "dist"} & {path.name for path in copy.iterdir()}


def test_mutants_and_their_ends_are_read_from_what_mutmut_prints() -> None:
    results = "    core.x_one__mutmut_1: killed\n    core.xǁOneǁtwo__mutmut_2: caught by type check\n\n"

    assert mutants.ends_of(results) == {
        "core.x_one__mutmut_1": "killed",
        "core.xǁOneǁtwo__mutmut_2": "caught by type check",
    }


def test_a_run_that_takes_too_long_lists_what_was_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never_ends(seconds: float, _command: object, *, folder: Path, ended_by: signal.Signals) -> int:
        assert (seconds, ended_by) == (30, signal.SIGINT)
        assert (folder / "pyproject.toml").is_file()
        raise TimeoutError

    outputs = {"results": "m_1: survived\nm_2: not checked\nm_3: not checked\n", "show": "- right\n+ wrong\n"}

    def answer(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, outputs[command[3]])

    monkeypatch.setattr(commands, "run_within", never_ends)
    monkeypatch.setattr(subprocess, "run", answer)

    assert mutants.main(["core/command.py", "--minutes", "0.5"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "Ended after 0.5 minutes. What was tried by then:" in lines
    assert lines[-4:] == [
        "- right",
        "+ wrong",
        "",
        "core/command.py: 3 mutants, 2 not checked, 1 survived. Tests: tests/core/test_command.py",
    ]


def test_results_that_were_only_written_in_part_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(command: list[str], **_options: object) -> None:
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(commands, "run_within", lambda *_arguments, **_options: 0)
    monkeypatch.setattr(subprocess, "run", fail)

    assert mutants.main(["core/command.py"]) == 1
    assert "The results cannot be read" in capsys.readouterr().err


@pytest.mark.build
@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutmut needs fork")
@pytest.mark.skipif(find_spec("mutmut") is None, reason="mutmut is installed by dev.py mutants")
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is installed by dev.py")
def test_a_change_that_no_test_notices_is_shown(tmp_path: Path) -> None:
    """A project of one function, half of which is tested."""
    for name, text in {
        "core/__init__.py": "",
        "core/half.py": "def half(n: int) -> int:\n    if n < 0:\n        return 7\n    return n // 2\n",
        "tests/core/test_half.py": "from core.half import half\n\n\ndef test_half():\n    assert half(8) == 4\n",
        "pyproject.toml": '[tool.pytest]\npythonpath = ["."]\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    program = f"from build_scripts import mutants as m; m.ROOT = m.Path({json.dumps(str(tmp_path))}); "
    program += "m.MUTABLE = ('core',); raise SystemExit(m.main(['core/half.py']))"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "-        return 7" in done.stdout
    assert "+        return 8" in done.stdout
    assert "return n // 3" not in done.stdout
    assert "Tests: tests/core/test_half.py" in done.stdout
