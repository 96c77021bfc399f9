"""Mutation testing of one file with mutmut: small changes to the code that no test notices, with their diffs.

It works on a copy of the project, so that a run that is broken off leaves nothing behind. A change that mypy
objects to is not tested. Whether a change that survived is a gap in the tests is for a person to judge: some of
them change nothing that anybody could see.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from build_scripts import commands
from build_scripts.project import ROOT

MUTABLE = ("core", "gui", "build_scripts")
LONGEST_RUN = 20.0  # minutes

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
# An example that fails need not be made smaller: that takes longer than all the rest.
_PLUGIN = "mutants_plugin"
_PLUGIN_TEXT = """from hypothesis import Phase, settings

settings.register_profile("mutants", database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutants")
"""


def main(arguments: Sequence[str]) -> int:
    """Mutate a file and list the survivors; 0 unless that could not be done."""
    options = _options(arguments)
    if not hasattr(os, "fork"):
        return _refuse("mutmut tests each change in a fork of its process, which this system does not have.")
    file = _inside(options.file)
    if file is None or file.suffix != ".py" or file.parts[0] not in MUTABLE:
        return _refuse(f"{options.file} is no Python file in {', '.join(MUTABLE)}. A path is relative to {ROOT}.")
    tests = [path.as_posix() for path in map(_inside, options.tests) if path is not None] or tests_of(file)
    if not tests:
        return _refuse(f"No test file has the name of {file} or imports it: name the tests behind it.")
    with tempfile.TemporaryDirectory(prefix="tincan-mutants-") as folder:
        copy = Path(folder) / "tincan"
        copy_project(copy, file, tests)
        command = _mutmut("run", "--max-children", _workers())
        try:  # by SIGINT it puts down what it knows before it ends
            code = commands.run_within(options.minutes * 60, command, folder=copy, ended_by=signal.SIGINT)
        except TimeoutError:
            print(f"\nEnded after {options.minutes:g} minutes. What was tried by then:")
            code = 0
        try:
            return code or _report(copy, file, tests)
        except subprocess.CalledProcessError:
            print("The results cannot be read: mutmut was ended while it wrote them.", file=sys.stderr)
            return 1


def tests_of(file: Path) -> list[str]:
    """The test files that mirror this one; if there are none, those that import it."""
    found = sorted((ROOT / "tests" / file.parts[0]).rglob("test_*.py"))
    mirrors = [test for test in found if test.stem == f"test_{file.stem}"]
    module = ".".join(file.with_suffix("").parts)
    imports = f"from {module} import", f"import {module}\n", f"from {module.rpartition('.')[0]} import {file.stem}\n"
    chosen = mirrors or [test for test in found if any(line in test.read_text(encoding="utf-8") for line in imports)]
    return [test.relative_to(ROOT).as_posix() for test in chosen]


def copy_project(copy: Path, file: Path, tests: Sequence[str]) -> None:
    """Copy what the tests need, and tell mutmut in the copy which file to mutate."""
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    (copy / f"{_PLUGIN}.py").write_text(_PLUGIN_TEXT, encoding="utf-8")
    lines = [f"{name} = {json.dumps(value)}" for name, value in _settings(copy, file, tests).items()]
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n".join(["\n[tool.mutmut]", *lines, ""]))


def _settings(copy: Path, file: Path, tests: Sequence[str]) -> Mapping[str, object]:
    """Settings of mutmut, as TOML and JSON both write them."""
    types = ["--config-file=", "--strict", "-p", file.parts[0], "--output", "json"]
    excused = ["--disable-error-code", "unused-ignore", "--disable-error-code", "no-redef"]  # of what mutmut adds
    return {
        "source_paths": list(MUTABLE),
        "only_mutate": [file.as_posix()],
        "also_copy": sorted(path.name for path in copy.iterdir() if path.name not in MUTABLE),
        "pytest_add_cli_args_test_selection": list(tests),
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", _PLUGIN],
        "process_isolation": "forkserver",  # so that no test is run in a process that has threads or windows of others
        "type_check_command": [sys.executable, "-m", "mypy", *types, *excused],
        "timeout_multiplier": 4.0,
        "timeout_constant": 1.0,  # seconds; a test of the window waits longer than that for what never comes
        "use_git_change_detection": False,
        "track_dependencies": False,
        "use_setproctitle": False,
    }


def _report(copy: Path, file: Path, tests: Sequence[str]) -> int:
    """Print how many mutants came to which end, and the diffs of those that survived."""
    ends = ends_of(_output(copy, "results", "--all", "true"))
    survivors = [name for name, end in ends.items() if end == "survived"]
    for name in survivors:
        print(f"\n{_output(copy, 'show', name).strip()}")
    counts = Counter(ends.values())
    words = ", ".join(f"{count:,} {end}" for end, count in counts.most_common())
    print(f"\n{file.as_posix()}: {len(ends):,} mutants, {words or 'none tried'}. Tests: {', '.join(tests)}")
    return 0


def ends_of(results: str) -> dict[str, str]:
    """What became of each mutant, from what mutmut says of its results."""
    pairs = (line.strip().rpartition(": ") for line in results.splitlines())
    return {name: end for name, colon, end in pairs if colon}


def _output(copy: Path, *arguments: str) -> str:
    done = subprocess.run(_mutmut(*arguments), cwd=copy, capture_output=True, text=True, check=True)
    return done.stdout


def _mutmut(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mutmut", *arguments]


def _workers() -> str:
    return str(max(1, (os.cpu_count() or 1) // 2))  # tests that wait for one another under load would fail by that


def _inside(path: str) -> Path | None:
    """A file's place in the project; None if it is not a file in there."""
    whole = (ROOT / path).resolve()
    return whole.relative_to(ROOT) if whole.is_file() and whole.is_relative_to(ROOT) else None


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py mutants", description=__doc__)
    parser.add_argument("file", help="Python file to mutate, relative to the project's folder")
    parser.add_argument("tests", nargs="*", help="test files; else those of the file's name, or those that import it")
    parser.add_argument("--minutes", type=float, default=LONGEST_RUN, help="end after so long (%(default)g)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
