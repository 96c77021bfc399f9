"""Run what was built, as a person and a client would, and measure how fast it starts.

Each program tests itself through its own window; then it serves, a plain socket plays the
tutorial's conversation with it, and it is told to end.
"""

from __future__ import annotations

import compileall
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from build_scripts.build import executables, size
from build_scripts.project import ROOT
from build_scripts.xvfb import VirtualDisplay

FROM_SOURCE = "python -m gui"
_RUNS = 5
_UP_WITHIN = 30.0  # seconds until a program that was started must serve
_ANSWER_WITHIN = 5.0  # seconds
_TEST_WITHIN = 60.0  # seconds for a self-test
_END_WITHIN = 5.0  # seconds after SIGTERM
_PORTS = range(20_000, 30_000)
_RETRY = 0.002  # seconds between two attempts to connect


class SmokeError(Exception):
    """What was built does not do what it should; the message says what."""


def main() -> int:
    """Prove every executable, then compare their starts with that from source."""
    programs = {name: [str(path)] for name, path in executables().items()}
    if not programs:
        print("There is nothing in dist: build first.", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        if sys.platform == "linux" and not os.environ.get("DISPLAY"):
            os.environ["DISPLAY"] = stack.enter_context(VirtualDisplay())
        try:
            for name, command in programs.items():
                self_test(command)
                converse(command)
                print(f"{name}: tested itself, talked and ended as it should")
            times = start_times({FROM_SOURCE: [sys.executable, "-m", "gui"], **programs})
        except SmokeError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print("\n" + table(times))
    return 0


def self_test(command: Sequence[str]) -> None:
    """Let the program work its own window; it must exit with 0 and its report must say that it passed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.txt"
        line = [*command, "--self-test", str(report), "--config", folder]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=_TEST_WITHIN, check=False, cwd=folder)
        except subprocess.TimeoutExpired:
            raise SmokeError(f"{command[0]} has not finished its self-test in {_TEST_WITHIN:.0f} s") from None
        text = report.read_text(encoding="utf-8") if report.exists() else "no report"
        if done.returncode != 0 or not _says_passed(text):
            raise SmokeError(f"the self-test of {command[0]} exited with {done.returncode}:\n{text}\n{done.stderr}")


def _says_passed(report: str) -> bool:
    try:
        content = json.loads(report)
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("passed") is True


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


def start_times(programs: dict[str, list[str]], runs: int = _RUNS) -> dict[str, list[float]]:
    """Seconds from each program's start until a client has its greeting, the programs taking turns."""
    for package in ("core", "gui"):  # from source, every start but the first has its bytecode
        compileall.compile_dir(ROOT / package, quiet=1)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, command in programs.items():
            with serving(command) as (program, port, begin), connected(program, port) as client:
                _expect(client, b"type the message")
                times[name].append(time.monotonic() - begin)
    return times


def table(times: dict[str, list[float]]) -> str:
    """Medians, how they compare with the start from source, and sizes."""
    base = statistics.median(times[FROM_SOURCE])
    found = executables()
    lines = [f"{'from start to greeting':24}{'median':>10}{'fastest':>10}{'ratio':>8}{'size':>12}"]
    for name, seconds in times.items():
        median = statistics.median(seconds)
        of_disk = (
            f"{size(found[name] if name == 'one file' else found[name].parent) / 1e6:.1f} MB" if name in found else ""
        )
        lines.append(f"{name:24}{median * 1000:7.0f} ms{min(seconds) * 1000:7.0f} ms{median / base:7.2f}x{of_disk:>12}")
    return "\n".join(lines)


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """Start the program as a server with a folder of its own; gives it, its port and when it was started."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        line = [*command, "--serve", f"127.0.0.1:{port}", "--config", folder]
        begin = time.monotonic()
        program = subprocess.Popen(line, cwd=ROOT)
        try:
            yield program, port, begin
        finally:
            end(program)


@contextmanager
def connected(program: subprocess.Popen[bytes], port: int) -> Iterator[socket.socket]:
    """A client of the program, as soon as it listens."""
    deadline = time.monotonic() + _UP_WITHIN
    while (client := _dial(port)) is None:
        if program.poll() is not None:
            raise SmokeError(f"{program.args!r} exited with {program.returncode} instead of serving")
        if time.monotonic() > deadline:
            raise SmokeError(f"{program.args!r} did not listen within {_UP_WITHIN:.0f} s")
        time.sleep(_RETRY)
    with client:
        yield client


def _dial(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_WITHIN)
    except ConnectionRefusedError:
        return None


def end(program: subprocess.Popen[bytes]) -> int:
    """Ask the program to end, and return its exit code; it is killed if it takes too long, which is -9."""
    if program.poll() is None:
        program.send_signal(signal.SIGTERM)
    try:
        return program.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()


def free_port() -> int:
    """A port of the loopback address that nobody listens on.

    It is below those that systems give to clients: a client that dials such a port again and again
    before its server is up can end up connected to itself.
    """
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SmokeError(f"every port from {_PORTS.start} to {_PORTS.stop} is in use")


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
