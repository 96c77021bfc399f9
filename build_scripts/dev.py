#!/usr/bin/env python3
"""The one script of a developer: run, test, build and bench Tincan, from nothing but a bare Python.

python3 build_scripts/dev.py run [--serve PORT ...]   start the program; arguments are handed on
python3 build_scripts/dev.py test [PYTEST ARGUMENTS]  every check there is; with arguments the tests they choose
python3 build_scripts/dev.py coverage                 the tests of core, and how much of it they reach
python3 build_scripts/dev.py build                    make the executables, prove them, pack dist/release
python3 build_scripts/dev.py bench [ARGUMENTS]        measure
python3 build_scripts/dev.py pictures [FOLDER]        take the README's pictures of the running program
python3 build_scripts/dev.py icons                    draw the icon's files anew from its drawings
python3 build_scripts/dev.py windows WHAT [ARGUMENTS] test, build or run with a Windows Python under Wine
python3 build_scripts/dev.py mutants FILE [TESTS]     list the small changes to a file that its tests do not notice

Standard library only. What is missing is installed: system packages by apt-get where that needs no
password, everything else into .venv. Every command is shown before it runs.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(f"Tincan needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a script's own folder is on the path, not the root

from build_scripts import checks, commands, environment, machine
from build_scripts.project import ROOT, development_pins


def run(arguments: Sequence[str]) -> int:
    """Start the program: in the interpreter that runs this script, or in one beside it that has all it needs."""
    machine.ensure(machine.TO_RUN, environment.needs_to_run())
    python = str(environment.to_run())
    command = [python, "-P", "-m", "gui", *arguments]  # -P: a core or gui in this folder is not ours
    commands.show(command)
    # Rather than going to the project's folder: a FILE among the arguments is relative to this one.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    if os.name == "posix":
        os.execv(python, command)  # signals and the exit code are then the program's own
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


def coverage(_arguments: Sequence[str]) -> int:
    """Run the tests of ``core`` with its lines and branches counted; 1 if too few are reached."""
    machine.ensure(machine.TO_TEST)
    return checks.run_all(checks.coverage_of_core(environment.ensure()))


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
    return commands.run([_python_with("pictures"), "-m", "build_scripts.pictures", *arguments])


def icons(_arguments: Sequence[str]) -> int:
    """Draw the icon's files anew."""
    return commands.run([_python_with("pictures"), "-m", "build_scripts.icons.draw"])


def mutants(arguments: Sequence[str]) -> int:
    """List the small changes to a file that its tests do not notice."""
    return commands.run([_python_with("mutants"), "-m", "build_scripts.mutants", *arguments])


def windows(arguments: Sequence[str]) -> int:
    """Test, build or run with a Windows Python under Wine."""
    machine.ensure(machine.TO_TEST)
    return commands.run([str(environment.ensure()), "-m", "build_scripts.windows", *arguments])


def _python_with(group: str) -> Path:
    """The environment's interpreter, once the tools of one more dependency group are installed there."""
    machine.ensure(machine.TO_TEST)
    python = environment.ensure()
    commands.check([python, "-m", "pip", "install", "--quiet", *development_pins(group)])
    return python


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "test": test,
    "coverage": coverage,
    "build": build,
    "bench": bench,
    "pictures": pictures,
    "icons": icons,
    "mutants": mutants,
    "windows": windows,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says with the rest."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else commands.CANNOT_GO_ON
    name, *rest = arguments
    if name not in COMMANDS:
        nearest = difflib.get_close_matches(name, COMMANDS, n=1)
        question = f" Did you mean {nearest[0]}?" if nearest else ""
        commands.end(f"There is no command {name!r}; there are {', '.join(COMMANDS)}.{question}")
    return COMMANDS[name](rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
