"""The one script of a developer: what each command runs, and what comes of a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from build_scripts import commands, dev, environment, machine
from build_scripts.project import ROOT, version

PYTHON = Path("/somewhere/python")


class FakeRunner:
    """Keeps every command line; those that contain a word from ``failing`` fail."""

    def __init__(self, *failing: str) -> None:
        self.lines: list[str] = []
        self._failing = failing

    def __call__(self, command: Sequence[object], environment: Mapping[str, str] | None = None) -> int:
        self.lines.append(" ".join(map(str, command)))
        return int(any(word in self.lines[-1] for word in self._failing))


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lacks nothing."""
    monkeypatch.setattr(machine, "ensure", lambda *_needs: None)
    monkeypatch.setattr(environment, "ensure", lambda: PYTHON)
    monkeypatch.setattr(environment, "to_run", lambda: PYTHON)


def test_without_arguments_every_check_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run_collected", runner)
    monkeypatch.setattr(commands, "run_within", lambda _limit, command, environment: runner(command, environment))

    assert dev.main(["test"]) == 0
    assert len(runner.lines) == 6
    assert runner.lines[-1].startswith(f"{PYTHON} -m pytest")
    assert not [line for line in runner.lines if "coverage" in line], "it doubles the time"


def test_too_little_coverage_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner("--fail-under")
    monkeypatch.setattr(commands, "run", runner)
    monkeypatch.setattr(commands, "run_within", lambda _limit, command, environment: runner(command, environment))

    assert dev.main(["coverage"]) == 1
    assert [line for line in runner.lines if "coverage run -m pytest" in line] != []


def test_a_choice_of_tests_runs_at_once_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run", runner)
    monkeypatch.setattr(commands, "run_within", lambda _limit, command, environment: runner(command, environment))

    assert dev.main(["test", "tests/core", "-k", "x"]) == 0
    assert runner.lines == [f"{PYTHON} -m pytest tests/core -k x"]


def test_a_failed_build_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner("build_scripts.build")
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["build"]) == 1
    assert runner.lines == [f"{PYTHON} -m build_scripts.build"]


def test_what_failed_its_proof_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner("smoke")
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["build"]) == 1
    assert runner.lines == [f"{PYTHON} -m build_scripts.build", f"{PYTHON} -m build_scripts.smoke"]


def test_a_build_that_is_proved_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["build"]) == 0
    assert runner.lines[-1] == f"{PYTHON} -m build_scripts.package"


def test_arguments_of_a_benchmark_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["bench", "--quick"]) == 0
    assert runner.lines == [f"{PYTHON} -m tests.benchmarks --quick"]


def test_the_tool_that_mutates_is_installed_only_for_who_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["mutants", "core/events.py"]) == 0
    install, mutate = runner.lines
    assert install.startswith(f"{PYTHON} -m pip install --quiet mutmut==")
    assert mutate == f"{PYTHON} -m build_scripts.mutants core/events.py"


def test_what_draws_is_installed_only_for_who_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = FakeRunner()
    monkeypatch.setattr(commands, "run", runner)

    assert dev.main(["icons"]) == 0
    install, draw = runner.lines
    assert install.startswith(f"{PYTHON} -m pip install --quiet pillow==")
    assert " resvg-py==" in install
    assert draw == f"{PYTHON} -m build_scripts.icons.draw"


@pytest.mark.skipif(sys.platform == "win32", reason="there the script waits for the program instead of becoming it")
def test_run_becomes_the_program_and_stays_where_the_person_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    became: list[Sequence[str]] = []

    def become(_file: str, command: Sequence[str]) -> NoReturn:
        became.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit):
        dev.main(["run", "--serve", "5555"])

    assert became == [[str(PYTHON), "-P", "-m", "gui", "--serve", "5555"]]
    assert os.environ["PYTHONPATH"] == str(ROOT)
    assert Path.cwd() == tmp_path


def test_run_finds_our_packages_before_those_of_the_same_name(tmp_path: Path) -> None:
    for folder in ("here", "theirs"):
        for package in ("core", "gui", "build_scripts"):
            (tmp_path / folder / package).mkdir(parents=True)
            (tmp_path / folder / package / "__init__.py").write_text("raise SystemExit('a stranger')", encoding="utf-8")
    (tmp_path / "theirs" / "sitecustomize.py").write_text("print('kept')", encoding="utf-8")
    command = [sys.executable, str(ROOT / "build_scripts" / "dev.py"), "run", "--version"]
    with_theirs = {**os.environ, "PYTHONPATH": str(tmp_path / "theirs")}

    done = subprocess.run(command, cwd=tmp_path / "here", env=with_theirs, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[-2:] == ["kept", f"Tincan {version()}"], done.stderr


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0)])
def test_who_asks_reads_how_it_is_used(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> None:
    assert dev.main(arguments) == code
    assert "dev.py test" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "question"), [("rum", " Did you mean run?"), ("tests", " Did you mean test?"), ("--serve", "")]
)
def test_who_mistypes_a_command_reads_which_there_are(
    capsys: pytest.CaptureFixture[str], typed: str, question: str
) -> None:
    with pytest.raises(SystemExit) as ending:
        dev.main([typed, "5555"])

    assert ending.value.code == 2
    assert capsys.readouterr().err == f"There is no command {typed!r}; there are {', '.join(dev.COMMANDS)}.{question}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there a program is started by its ending")
def test_the_script_can_be_executed() -> None:
    assert os.access(ROOT / "build_scripts" / "dev.py", os.X_OK)


def test_the_script_runs_from_any_folder_without_a_package(tmp_path: Path) -> None:
    script = ROOT / "build_scripts" / "dev.py"

    done = subprocess.run([sys.executable, script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "dev.py run" in done.stdout


def test_a_command_that_does_not_exist_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(["no-such-program-here"]) == 127
    assert "$ no-such-program-here" in capsys.readouterr().out


def test_a_failed_command_ends_the_script_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        commands.check([sys.executable, "-c", "raise SystemExit(7)"])

    assert ending.value.code == 7
    assert "exit code 7" in capsys.readouterr().err
