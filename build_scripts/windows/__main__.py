"""Run, test and build Tincan with a Windows Python under Wine, on Debian or Ubuntu.

python -m build_scripts.windows test [PYTEST ARGUMENTS]   the tests
python -m build_scripts.windows build                     make the executables and prove that they work
python -m build_scripts.windows run [ARGUMENTS]           the program
python -m build_scripts.windows python [ARGUMENTS]        the interpreter

It proves, and is no release: Wine is not Windows. Needs root or an installed Wine; where nothing of it can be had, the
exit code is 77. Python and its Windows are kept in the user's folder for caches.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.bare_debian import SKIPPED
from build_scripts.build import date_of_commit
from build_scripts.windows import testing
from build_scripts.windows.assembly import AssemblyError, assemble
from build_scripts.windows.wine import NEEDS, Wine
from build_scripts.xvfb import VirtualDisplay

_TESTS_WITHIN = 40 * 60.0  # seconds
_BUILT_WITHIN = 5 * 60.0
_PROVED_WITHIN = 5 * 60.0
_OUTPUT = "build/windows"
_EACH_ON_ITS_OWN = ("-n", "2", *testing.OF_HUNG_TESTS, "-r", "sx")


def _environment(python: Path) -> dict[str, str]:
    """What a Python there is told. It keeps its bytecode beside itself: the checkout is shared with this system."""
    bytecode = f"Z:{python.with_name('bytecode')}".replace("/", "\\")
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode, "PYTHONUNBUFFERED": "1"}


def test(wine: Wine, python: Path, arguments: Sequence[str]) -> int:
    """Run the chosen tests, or all of core and gui."""
    if not arguments:
        return testing.run_all(wine, python, _TESTS_WITHIN, _environment(python))
    command: list[str | Path] = [python, "-m", "pytest", "-p", "no:cacheprovider", *_EACH_ON_ITS_OWN, *arguments]
    wine.place_windows_itself(is_so=True)
    try:
        return wine.run(command, _TESTS_WITHIN, _environment(python))
    finally:
        wine.place_windows_itself(is_so=False)


def build(wine: Wine, python: Path, _arguments: Sequence[str]) -> int:
    """Make the executables there, beside what this system builds, and prove them from here."""
    wine.place_windows_itself(is_so=False)  # whatever a run of tests that was killed has left
    output = {"TINCAN_OUTPUT": _OUTPUT, "SOURCE_DATE_EPOCH": date_of_commit()}
    if code := wine.run([python, "-m", "build_scripts.build"], _BUILT_WITHIN, {**_environment(python), **output}):
        return code
    return wine.run_here([sys.executable, "-m", "build_scripts.windows.proof"], _PROVED_WITHIN, output)


def run(wine: Wine, python: Path, arguments: Sequence[str]) -> int:
    """Run the program."""
    return wine.run([python, "-m", "gui", *arguments], environment=_environment(python))


def interpret(wine: Wine, python: Path, arguments: Sequence[str]) -> int:
    """Run the interpreter."""
    return wine.run([python, *arguments], environment=_environment(python))


COMMANDS: dict[str, Callable[[Wine, Path, Sequence[str]], int]] = {
    "test": test,
    "build": build,
    "run": run,
    "python": interpret,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says with the rest."""
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else commands.CANNOT_GO_ON
    is_possible = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    problem = machine.install(NEEDS) if is_possible else "it needs Linux on a 64-bit PC"
    if problem:
        print(f"This cannot be tried here: {problem}", file=sys.stderr)
        return SKIPPED
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tincan-build" / "windows"
    try:
        python = assemble(cache / f"python{sys.version_info.major}.{sys.version_info.minor}")
    except AssemblyError as error:
        print(f"This cannot be tried here: {error}", file=sys.stderr)
        return SKIPPED
    is_seen = arguments[0] == "run" and "DISPLAY" in os.environ
    with nullcontext(os.environ.get("DISPLAY", "")) if is_seen else VirtualDisplay() as display:
        wine = Wine(cache / "prefix", display)
        try:
            wine.set_up()
        except subprocess.SubprocessError as error:
            print(f"This cannot be tried here: Wine does not start: {error}", file=sys.stderr)
            wine.end()
            return SKIPPED
        try:
            return COMMANDS[arguments[0]](wine, python, arguments[1:])
        except subprocess.TimeoutExpired as error:
            print(f"FAILED: not done after {error.timeout:.0f} s.", file=sys.stderr)
            return 1
        finally:
            wine.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
