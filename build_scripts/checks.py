"""Every check of the project, the coverage of its core, and the test run within its limit of time."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from build_scripts import commands
from build_scripts.project import ROOT

CORE_COVERAGE = 95  # percent, lines and branches together
CORE_TESTS = "tests/core"
OTHER_PLATFORMS = ("win32", "darwin")  # checked for what people get; the tests know the system they run on
SHIPPED = ("-p", "core", "-p", "gui", "-p", "build_scripts")
LONGEST_RUN = 1800.0  # seconds for all tests together; pyproject.toml limits each of them
RUNNING_TESTS = "TINCAN_RUNNING_TESTS"  # the variable that names the file which tests.support.unfinished keeps
EXAMPLES = "TINCAN_TEST_EXAMPLES"  # the variable that says how many examples of a law are tried: "all" or "few"

LAST_FAILED = ROOT / ".pytest_cache/v/cache/lastfailed"  # where pytest keeps the names of the tests that failed
_TESTS_FAILED = 1  # pytest's exit code
_FEW = 5  # tests that may have failed by chance

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only as the parent of a folder made by tempfile
_ENOUGH = 1 << 30  # bytes that must be free there; a container may have no more than 64 MiB


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name in the summary, its command, how it is run, and whether beside others of its kind."""

    name: str
    command: list[str]
    run: Callable[[list[str]], int] = lambda command: commands.run(command)
    is_beside_others: bool = False


def every_check(python: Path) -> list[Check]:
    """The linters, the type checker for three platforms, and all tests."""
    module = [str(python), "-m"]
    mypy = [*module, "mypy"]
    linters = {
        "lint": [*module, "ruff", "check", "."],
        "format": [*module, "ruff", "format", "--check", "."],
        "types": mypy,
        # each with a cache of its own: what one platform has found is of no use for another, and would be replaced
        **{
            f"types on {name}": [*mypy, "--platform", name, "--cache-dir", f".mypy_cache/{name}", *SHIPPED]
            for name in OTHER_PLATFORMS
        },
    }
    return [
        *(Check(name, command, commands.run_collected, is_beside_others=True) for name, command in linters.items()),
        Check("tests", [*module, "pytest", *_workers()], run_tests),
    ]


def coverage_of_core(python: Path) -> list[Check]:
    """The tests of ``core`` once more with every line and branch counted, which takes them twice as long.

    Of each law they try few examples: more of them reach the same lines.
    """
    module = [str(python), "-m"]
    tests = [*module, "coverage", "run", "-m", "pytest", *_workers(), CORE_TESTS]
    return [
        Check("old coverage removed", [*module, "coverage", "erase"]),
        Check("tests of core", tests, partial(run_tests, variables={EXAMPLES: "few"})),
        Check("coverage gathered", [*module, "coverage", "combine", "--quiet"]),
        Check(f"core covered to {CORE_COVERAGE} %", [*module, "coverage", "report", f"--fail-under={CORE_COVERAGE}"]),
    ]


def run_all(checks: Sequence[Check]) -> int:
    """Run every check, also after one has failed, and sum up; 1 if any has failed.

    Those that may run beside others come first, as many at once as there are cores.
    """

    def outcome(check: Check) -> tuple[str, int, float]:
        begin = time.monotonic()
        return check.name, check.run(check.command), time.monotonic() - begin

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(outcome, [check for check in checks if check.is_beside_others]))
    outcomes += [outcome(check) for check in checks if not check.is_beside_others]
    print("\n" + summary(outcomes))
    return 1 if any(code for _, code, _ in outcomes) else 0


def summary(outcomes: Sequence[tuple[str, int, float]]) -> str:
    """A line for each check, then the verdict."""
    lines = [f"{'FAILED' if code else 'ok':>8}  {name} ({seconds:.1f} s)" for name, code, seconds in outcomes]
    failed = [name for name, code, _ in outcomes if code]
    verdict = f"FAILED: {', '.join(failed)}." if failed else "Everything passed."
    return "\n".join([*lines, verdict])


def run_tests(command: list[str], limit: float = LONGEST_RUN, variables: Mapping[str, str] | None = None) -> int:
    """Run pytest with its files in memory where there is room; one that takes too long is ended, its tests named.

    It is given these variables of the environment, too.
    """
    with tempfile.TemporaryDirectory(prefix="tincan-tests-", dir=_folder_in_memory()) as folder:
        running = Path(folder) / "running"
        environment = {RUNNING_TESTS: str(running), "PYTEST_DEBUG_TEMPROOT": folder, **compiled_once(Path(folder))}
        environment.update(variables or {})
        before = _written_at(LAST_FAILED)
        try:
            code = commands.run_within(limit, command, environment)
            return _once_more(command, limit, environment, before) if code == _TESTS_FAILED else code
        except TimeoutError:
            names = running.read_text(encoding="utf-8").split("\n") if running.exists() else []
            print(_overdue(limit, [name for name in names if name]), file=sys.stderr)
            return 1


def _once_more(command: list[str], limit: float, environment: dict[str, str], before: int) -> int:
    """Run the few tests that failed again, alone: 0 if they pass, and then it is said that they failed before.

    A machine that is busy with something else must not turn a whole run red; a fault stays one the second time.
    """
    try:
        is_of_this_run = _written_at(LAST_FAILED) != before
        failed = sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return _TESTS_FAILED
    if not is_of_this_run or not 0 < len(failed) <= _FEW:
        return _TESTS_FAILED
    print(f"\nOnce more, alone: {', '.join(failed)}.\n", flush=True)
    alone = [part for part in command if part not in _workers()]
    code = commands.run_within(limit, [*alone, "--last-failed", "--last-failed-no-failures", "none"], environment)
    if code == 0:
        print(f"\nFailed at first and passed alone, so by chance or by load: {', '.join(failed)}.", flush=True)
    return code


def _written_at(path: Path) -> int:
    """When a file was written, by the clock of its disk; 0 if there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


def compiled_once(folder: Path) -> dict[str, str]:
    """Where Python is not to write what it has compiled: a place for it all the same, which goes with the run.

    Else each of the hundreds of programs that the tests start compiles itself anew, for half of the time of all tests.
    """
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder)} if sys.dont_write_bytecode else {}


def _overdue(limit: float, names: Sequence[str]) -> str:
    what = "No test was running" if not names else "Running then: " + ", ".join(names)
    return f"The tests were ended after {limit:,.0f} s, which is longer than they may take. {what}."


def _workers() -> list[str]:
    """Two processes a core, since tests also wait, each with a display of its own; one where there is one display."""
    if sys.platform != "linux":
        return []
    return ["-n", str(min(2 * (os.cpu_count() or 1), 8)), "--dist", "worksteal"]


def _folder_in_memory() -> Path | None:
    """Where files cost no disk's time; None for the usual folder. What is about durability works there, too."""
    try:
        return _IN_MEMORY if shutil.disk_usage(_IN_MEMORY).free > _ENOUGH and os.access(_IN_MEMORY, os.W_OK) else None
    except OSError:
        return None
