"""Every check, what is said of those that fail, and of tests that would never end."""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from build_scripts import checks, commands
from build_scripts.checks import Check
from tests.support.test_guards import prepare

PYTHON = Path("/somewhere/python")
PATIENCE = 20.0  # seconds
KNOWS_ITSELF = f"""
import os, pathlib, threading

def test_it():
    running = pathlib.Path(os.environ[{checks.RUNNING_TESTS!r}])
    while not running.exists() or running.read_text() != "test_it.py::test_it":
        threading.Event().wait(0.01)  # the process that sums up hears of it a little later
"""


def test_every_check_runs_and_the_failed_ones_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def run(command: Sequence[str]) -> int:
        lines.append(" ".join(command))
        return int("ruff check" in lines[-1] or "darwin" in lines[-1])

    everything = [replace(check, run=run) for check in checks.every_check(PYTHON)]
    code = checks.run_all(everything)

    assert code == 1
    assert lines[-1].startswith(f"{PYTHON} -m pytest")
    assert capsys.readouterr().out.endswith("FAILED: lint, types on darwin.\n")


def test_the_tests_of_core_must_reach_nearly_all_of_it() -> None:
    erase, tests, combine, report = [" ".join(check.command) for check in checks.coverage_of_core(PYTHON)]

    assert erase == f"{PYTHON} -m coverage erase"
    assert tests.startswith(f"{PYTHON} -m coverage run -m pytest")
    assert tests.endswith(" tests/core")
    assert combine == f"{PYTHON} -m coverage combine --quiet"
    assert report == f"{PYTHON} -m coverage report --fail-under=95"


def test_few_examples_of_a_law_are_tried_where_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | None] = []

    def run_within(_seconds: float, _command: Sequence[str], environment: Mapping[str, str]) -> int:
        told.append(environment.get(checks.EXAMPLES))
        return 0

    monkeypatch.setattr(commands, "run_within", run_within)
    for check in (*checks.coverage_of_core(PYTHON), *checks.every_check(PYTHON)):
        if "pytest" in check.command:
            check.run(check.command)

    assert told == ["few", None]


def test_all_checks_passed_is_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.run_all([Check("one", ["true"], lambda _command: 0)]) == 0
    assert capsys.readouterr().out.endswith("Everything passed.\n")


def test_types_are_checked_for_three_platforms() -> None:
    lines = [" ".join(check.command) for check in checks.every_check(PYTHON)]

    types = [line.partition("mypy")[2].strip() for line in lines if "mypy" in line]
    shipped = "-p core -p gui -p build_scripts"
    assert types == [
        "",
        f"--platform win32 --cache-dir .mypy_cache/win32 {shipped}",
        f"--platform darwin --cache-dir .mypy_cache/darwin {shipped}",
    ]


def test_linters_run_beside_each_other_and_the_tests_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    both = threading.Barrier(2, timeout=PATIENCE)
    ended: list[str] = []

    def meet(command: list[str]) -> int:
        both.wait()
        ended.append(command[0])
        return 0

    def tests(command: list[str]) -> int:
        assert sorted(ended) == ["one", "two"]
        return 0

    linters = [Check(name, [name], meet, is_beside_others=True) for name in ("one", "two")]

    assert checks.run_all([Check("tests", ["tests"], tests), *linters]) == 0


def test_what_a_linter_writes_stands_below_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    code = commands.run_collected([sys.executable, "-c", "import sys; print('found'); sys.exit('two faults')"])

    shown, *written = capfd.readouterr().out.splitlines()
    assert code == 1
    assert shown.startswith("$ ")
    assert sorted(written) == ["found", "two faults"]
    assert commands.run_collected(["no-such-program-here"]) == 127
    assert "There is no program no-such-program-here." in capfd.readouterr().out


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "1"]], ids=["in one process", "in another"])
def test_while_a_test_runs_its_name_is_on_record(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: list[str]
) -> None:
    monkeypatch.setenv(checks.RUNNING_TESTS, str(tmp_path / "running"))
    prepare(pytester, monkeypatch, "")
    pytester.makepyfile(test_it=KNOWS_ITSELF)

    pytester.runpytest_subprocess(*workers).assert_outcomes(passed=1)

    assert (tmp_path / "running").read_text() == ""


@pytest.mark.parametrize(
    ("running", "said"),
    [
        ("tests/a.py::one\ntests/b.py::two", "Running then: tests/a.py::one, tests/b.py::two."),
        ("", "No test was running."),
    ],
)
def test_a_run_that_took_too_long_names_the_tests_that_it_hung_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], running: str, said: str
) -> None:
    def run_within(_seconds: float, _command: Sequence[str], environment: Mapping[str, str]) -> int:
        Path(environment[checks.RUNNING_TESTS]).write_text(running)
        raise TimeoutError

    monkeypatch.setattr(commands, "run_within", run_within)

    assert checks.run_tests(["pytest"], limit=1800) == 1
    assert (
        capsys.readouterr().err == f"The tests were ended after 1,800 s, which is longer than they may take. {said}\n"
    )


def test_a_run_that_ends_in_time_gives_its_own_exit_code() -> None:
    assert checks.run_tests([sys.executable, "-c", "raise SystemExit(5)"]) == 5


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_compiled_serves_the_whole_run_and_is_written_only_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    seen: dict[str, str] = {}

    def run_within(_seconds: float, _command: Sequence[str], environment: Mapping[str, str]) -> int:
        seen.update(environment)
        return 0

    monkeypatch.setattr(commands, "run_within", run_within)
    monkeypatch.setattr(sys, "dont_write_bytecode", not kept)

    checks.run_tests(["pytest"])

    elsewhere = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": seen["PYTEST_DEBUG_TEMPROOT"]}
    assert {name: seen[name] for name in elsewhere if name in seen} == ({} if kept else elsewhere)


@pytest.mark.skipif(sys.platform == "win32", reason="its processes have no groups")
def test_no_process_of_a_run_that_was_ended_goes_on(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(TimeoutError):
            commands.run_within(2.0, ["sh", "-c", f"exec >'{fifo}'; echo begun; sleep 1000 & wait"])
        assert os.read(reading, 100) == b"begun\n"
        assert select.select([reading], [], [], PATIENCE)[0], "somebody can still write"  # the killed go a little later
        assert os.read(reading, 100) == b""
    finally:
        os.close(reading)


class Runs:
    """pytest, which fails as often as it is told to and keeps the names of what failed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, failures: int, names: int) -> None:
        self.commands: list[list[str]] = []
        self._failures, self._names, self._path = failures, names, folder / "lastfailed"
        monkeypatch.setattr(checks, "LAST_FAILED", self._path)
        monkeypatch.setattr(commands, "run_within", self.run)

    def run(self, _seconds: float, command: list[str], _environment: Mapping[str, str]) -> int:
        self.commands.append(command)
        has_failed = len(self.commands) <= self._failures
        if has_failed:
            self._path.write_text(json.dumps({f"test_{number}": True for number in range(self._names)}))
        return int(has_failed)


@pytest.mark.parametrize(
    ("failures", "names", "code", "runs"), [(0, 0, 0, 1), (1, 2, 0, 2), (2, 2, 1, 2), (1, 6, 1, 1)]
)
def test_a_few_tests_that_failed_are_run_again_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failures: int, names: int, code: int, runs: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest_runs = Runs(monkeypatch, tmp_path, failures, names)

    assert checks.run_tests(["python", "-m", "pytest", *checks._workers()]) == code

    assert len(pytest_runs.commands) == runs
    if runs == 2:
        assert pytest_runs.commands[1] == [
            "python", "-m", "pytest", "--last-failed", "--last-failed-no-failures", "none",
        ]  # fmt: skip
        said = capsys.readouterr().out
        assert ("by chance or by load: test_0, test_1" in said) is (code == 0)


def test_what_failed_in_another_run_is_not_run_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest_runs = Runs(monkeypatch, tmp_path, 0, 0)
    (tmp_path / "lastfailed").write_text('{"test_old": true}')
    os.utime(tmp_path / "lastfailed", (1, 1))
    monkeypatch.setattr(commands, "run_within", lambda *_arguments: 1)

    assert checks.run_tests(["python", "-m", "pytest"]) == 1
    assert not pytest_runs.commands
