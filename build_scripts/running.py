"""Start, reach and end programs that were built: what every proof of them needs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from build_scripts.project import ROOT

_TEST_WITHIN = 60.0  # seconds for a self-test
_UP_WITHIN = 30.0  # seconds until a program that was started must serve
_ANSWER_WITHIN = 5.0  # seconds
_END_WITHIN = 5.0  # seconds after SIGTERM
_PORTS = range(20_000, 30_000)
_STEP = 97  # prime to the number of ports
_RETRY = 0.002  # seconds between two attempts to connect


class SmokeError(Exception):
    """What was built does not do what it should; the message says what."""


def self_test(command: Sequence[str]) -> None:
    """Let the program work its own window; it must exit with 0 and its report must say that it passed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        report = Path(folder) / "report.txt"
        line = [*command, "--self-test", str(report), "--config", folder]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=_TEST_WITHIN, check=False, cwd=folder)
        except subprocess.TimeoutExpired:
            raise SmokeError(f"{shlex.join(command)} has not finished its self-test in {_TEST_WITHIN:.0f} s") from None
        text = report.read_text(encoding="utf-8") if report.exists() else "no report"
        if done.returncode != 0 or not _says_passed(text):
            raise SmokeError(
                f"the self-test of {shlex.join(command)} exited with {done.returncode}:\n{text}\n{done.stderr}"
            )


def _says_passed(report: str) -> bool:
    try:
        content = json.loads(report)
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("passed") is True


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


def end(program: subprocess.Popen[Any]) -> int:
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
    before its server is up can end up connected to itself. Each process begins its search elsewhere, so that
    two that look at once do not find the same.
    """
    begin = os.getpid() * _STEP
    for number in range(len(_PORTS)):
        port = _PORTS[(begin + number) % len(_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SmokeError(f"every port from {_PORTS.start} to {_PORTS.stop} is in use")
