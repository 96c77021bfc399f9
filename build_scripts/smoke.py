"""Run what was built, as a person and a client would, and measure how fast it starts.

Each program tests itself through its own window, serves a plain client, is driven by real keys, and is
started in the situations in which people start programs; then its terminal programs talk.
"""

from __future__ import annotations

import compileall
import os
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from build_scripts.build import consoles, executables, size
from build_scripts.drive import drive
from build_scripts.project import ROOT
from build_scripts.running import SmokeError, connected, end, self_test, serving
from build_scripts.situations import prove
from build_scripts.target import BUNDLE, this_target
from build_scripts.terminal_talk import talk_in_terminals
from build_scripts.xvfb import VirtualDisplay

FROM_SOURCE = "python -m gui"
_RUNS = 5


def main() -> int:
    """Prove every executable, then compare their starts with that from source."""
    programs = executables(this_target())
    if not programs:
        print("There is nothing in dist: build first.", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        if sys.platform == "linux":  # always a display of our own: keys must not go to the person's windows
            os.environ["DISPLAY"] = stack.enter_context(VirtualDisplay(open_to_all=True))
        try:
            prove_all(programs, consoles(this_target()))
            commands = {name: [str(path)] for name, path in programs.items()}
            times = start_times({FROM_SOURCE: [sys.executable, "-m", "gui"], **commands})
        except SmokeError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print("\n" + table(times, programs))
    return 0


def prove_all(programs: dict[str, Path], terminals: dict[str, Path]) -> None:
    """Prove the programs by what they are called. Raises ``SmokeError``."""
    for name, program in programs.items():
        command = [str(program)]
        self_test(command)
        converse(command)
        print(f"{name}: tested itself, talked and ended as it should", flush=True)
        if sys.platform == "linux":
            drive(command, os.environ["DISPLAY"])
            print(f"{name}: started, connected and talked by real keys", flush=True)
        for proved in prove(program, name):
            print(f"{name}: started {proved}", flush=True)
    for name, program in terminals.items():
        talk_in_terminals([str(program)])
        print(f"{name}: served and connected in a terminal", flush=True)


def converse(command: Sequence[str]) -> None:
    """Play the tutorial's conversation with the program's server, then end the program."""
    with serving(command) as (program, port, _):
        with connected(program, port) as client:
            _expect(client, b"type the message")
            client.sendall(b"hello")
            letter = client.recv(100)
            if not (len(letter) == 1 and letter.isalpha() and letter.isascii()):
                raise SmokeError(f"{command[0]} answered hello with {letter!r} instead of one letter")
            client.sendall(b"stop")
            if rest := client.recv(100):
                raise SmokeError(f"{command[0]} answered stop with {rest!r} instead of the end")
        code = end(program)
        if code != 0 and sys.platform != "win32":  # there SIGTERM is not a request
            raise SmokeError(f"{command[0]} exited with {code} after SIGTERM")


def start_times(programs: dict[str, list[str]]) -> dict[str, list[float]]:
    """Seconds from each program's start until a client has its greeting, the programs taking turns."""
    for package in ("core", "gui"):  # from source, every start but the first has its bytecode
        compileall.compile_dir(ROOT / package, quiet=1)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(_RUNS):
        for name, command in programs.items():
            with serving(command) as (program, port, begin), connected(program, port) as client:
                _expect(client, b"type the message")
                times[name].append(time.monotonic() - begin)
    return times


def table(times: dict[str, list[float]], programs: dict[str, Path]) -> str:
    """Medians, how they compare with the start from source, and sizes."""
    base = statistics.median(times[FROM_SOURCE])
    lines = [f"{'from start to greeting':24}{'median':>10}{'fastest':>10}{'ratio':>8}{'size':>12}"]
    for name, seconds in times.items():
        median = statistics.median(seconds)
        weight = f"{_weight(programs[name]) / 1e6:.1f} MB" if name in programs else ""
        lines.append(f"{name:24}{median * 1000:7.0f} ms{min(seconds) * 1000:7.0f} ms{median / base:7.2f}x{weight:>12}")
    return "\n".join(lines)


def _weight(program: Path) -> int:
    """Bytes of what is handed on with a program: its bundle, its folder, or itself."""
    if BUNDLE in program.parts:
        return size(program.parents[2])
    return size(program.parent if (program.parent / "_internal").is_dir() else program)


def _expect(client: socket.socket, expected: bytes) -> None:
    received = b""
    while len(received) < len(expected):
        data = client.recv(100)
        if not data:
            break
        received += data
    if received != expected:
        raise SmokeError(f"the server said {received!r} instead of {expected!r}")


if __name__ == "__main__":
    sys.exit(main())
