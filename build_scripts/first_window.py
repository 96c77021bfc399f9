"""How long each program takes until its window is on the screen, beside Packet Sender if that is installed.

python -m build_scripts.first_window [RUNS]
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from build_scripts.build import executables
from build_scripts.drive import WINDOW_CLASS, appeared
from build_scripts.project import ROOT
from build_scripts.running import SmokeError, end
from build_scripts.target import this_target
from build_scripts.x11 import Display
from build_scripts.xvfb import VirtualDisplay

_RUNS = 9


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that opens a window."""

    name: str
    command: tuple[str, ...]
    window_class: str = WINDOW_CLASS


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table; the exit code."""
    runs = int(arguments[0]) if arguments else _RUNS
    for package in ("core", "gui"):  # from source, every start but the first has its bytecode
        compileall.compile_dir(ROOT / package, quiet=1)
    with VirtualDisplay() as display:
        try:
            print(table(measured(contenders(), display, runs)))
        except SmokeError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    return 0


def contenders() -> list[Contender]:
    """The program from source, as it was built, and Packet Sender."""
    found = [Contender("python -m gui", (sys.executable, "-m", "gui"))]
    found += [Contender(name, (str(path),)) for name, path in executables(this_target()).items()]
    other = shutil.which("packetsender")
    if other and shutil.which("xrandr"):  # without which it takes a machine for one without a display
        found.append(Contender("Packet Sender", (other,), "packetsender"))
    return found


def measured(programs: Sequence[Contender], display: str, runs: int) -> dict[str, list[float]]:
    """Seconds until the window of each program is on the screen, the programs taking turns. Raises ``SmokeError``.

    The display must have no window manager.
    """
    times: dict[str, list[float]] = {program.name: [] for program in programs}
    with Display(display) as eyes:
        for _ in range(runs):
            for program in programs:
                times[program.name].append(until_it_appears(program, display, eyes))
    return times


def until_it_appears(program: Contender, display: str, eyes: Display) -> float:
    """Seconds from the start of a program until its window is on the screen. Raises ``SmokeError``."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {
            **os.environ, "DISPLAY": display, "HOME": home, "PYTHONPATH": str(ROOT),
            "XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/data",
        }  # fmt: skip
        begin = time.monotonic()
        process = subprocess.Popen(program.command, env=environment, cwd=home)
        try:
            appeared(process, eyes, program.window_class)
            return time.monotonic() - begin
        finally:
            end(process)


def table(times: dict[str, list[float]]) -> str:
    """The median and the fastest of each, and how the median compares with the first."""
    base = statistics.median(next(iter(times.values())))
    lines = [f"{'from start to window':24}{'median':>10}{'fastest':>10}{'ratio':>8}"]
    for name, seconds in times.items():
        median = statistics.median(seconds)
        lines.append(f"{name:24}{median * 1000:7.0f} ms{min(seconds) * 1000:7.0f} ms{median / base:7.2f}x")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
