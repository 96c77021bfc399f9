#!/usr/bin/env python3
"""The one script of a developer: run, test, build and bench Tincan, from nothing but a bare Python.

python3 build_scripts/dev.py run [--serve PORT ...]   start the program; arguments are handed on
python3 build_scripts/dev.py test [PYTEST ARGUMENTS]  every check there is; with arguments the tests they choose
python3 build_scripts/dev.py build                    make the executables, prove them, pack dist/release
python3 build_scripts/dev.py bench [ARGUMENTS]        measure
python3 build_scripts/dev.py pictures [FOLDER]        take the README's pictures of the running program

Standard library only. What is missing is installed: system packages by apt-get where that needs no
password, everything else into .venv. Every command is shown before it runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(f"Tincan needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a script's own folder is on the path, not the root

from build_scripts import checks, commands, environment, machine
from build_scripts.project import ROOT


def run(arguments: Sequence[str]) -> int:
    """Start the program in the interpreter that runs this script: it needs nothing but Tk."""
    machine.ensure(machine.TO_RUN)
    command = [sys.executable, "-m", "gui", *arguments]
    commands.show(command)
    os.environ["PYTHONPATH"] = str(ROOT)  # rather than going there: a FILE among the arguments is relative to here
    if os.name == "posix":
        os.execv(sys.executable, command)  # signals and the exit code are then the program's own
    program = subprocess.Popen(command)
    while True:
        try:
            return program.wait()
        except KeyboardInterrupt:
            continue  # the program got it too, and is closing


def test(arguments: Sequence[str]) -> int:
    """Run every check, or, with arguments for pytest, the tests that they choose and nothing else."""
    machine.ensure(machine.TO_TEST)
    python = environment.ensure()
    if arguments:
        return checks.run_tests([str(python), "-m", "pytest", *arguments])
    return checks.run_all(checks.every_check(python))


def build(arguments: Sequence[str]) -> int:
    """Make the executables, prove that they work, and only then pack them."""
    machine.ensure(machine.TO_BUILD)
    python = str(environment.ensure())
    steps = (["build_scripts.build", *arguments], ["build_scripts.smoke"], ["build_scripts.package"])
    return next((code for step in steps if (code := commands.run([python, "-m", *step]))), 0)


def bench(arguments: Sequence[str]) -> int:
    """Measure with the project's own benchmarks."""
    machine.ensure(machine.TO_TEST)
    return commands.run([str(environment.ensure()), "-m", "tests.benchmarks", *arguments])


def pictures(arguments: Sequence[str]) -> int:
    """Take the README's pictures."""
    machine.ensure(machine.TO_TEST)
    return commands.run([str(environment.ensure()), "-m", "build_scripts.pictures", *arguments])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "test": test,
    "build": build,
    "bench": bench,
    "pictures": pictures,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says with the rest."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    return command(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
