"""Runs other programs, and shows each command line before it does."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from build_scripts.project import ROOT

CANNOT_GO_ON = 2  # exit code where the person must do something first, or asked for what is not there
_ENDS_WITHIN = 10.0  # seconds between a signal and force


def show(command: Sequence[str | Path]) -> None:
    """Print a command as it could be typed, paths inside the project shortened."""
    print(_as_typed(command), flush=True)


def _as_typed(command: Sequence[str | Path]) -> str:
    return "$ " + shlex.join(str(word).removeprefix(f"{ROOT}{os.sep}") for word in command)


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> int:
    """Run a command in the project's folder and return its exit code; 127 if there is no such program."""
    show(command)
    try:
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False).returncode
    except FileNotFoundError:
        print(f"There is no program {command[0]}.", file=sys.stderr)
        return 127


def run_collected(command: Sequence[str | Path]) -> int:
    """Run a command as ``run`` does, and show it together with what it wrote once it has ended."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        print(f"{_as_typed(command)}\nThere is no program {command[0]}.", flush=True)
        return 127
    print(f"{_as_typed(command)}\n{done.stdout.decode(errors='replace')}", end="", flush=True)
    return done.returncode


def run_within(
    seconds: float,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path = ROOT,
    ended_by: signal.Signals = signal.SIGABRT,
) -> int:
    """Run a command as ``run`` does. Raises ``TimeoutError`` after ``seconds``, with all that it started ended.

    Python programs among them write the stacks of their threads at SIGABRT, if ``faulthandler`` is enabled there.
    """
    show(command)
    program = subprocess.Popen(command, cwd=folder, env={**os.environ, **(environment or {})}, process_group=0)
    try:
        return program.wait(seconds)
    except subprocess.TimeoutExpired:
        _end_all(program, ended_by)
        raise TimeoutError from None
    except KeyboardInterrupt:
        _end_all(program, signal.SIGINT)  # who types it reaches this process alone
        return 128 + signal.SIGINT


def _end_all(program: subprocess.Popen[bytes], first: signal.Signals) -> None:
    """End a program and what it started: by a signal, and by force if that was not enough."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(program.pid)], capture_output=True, check=False)
        program.wait()
        return
    os.killpg(program.pid, first)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(_ENDS_WITHIN)
    with contextlib.suppress(ProcessLookupError):  # nobody of them is left
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def check(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
    """Run a command; if it fails, end this program with its exit code."""
    code = run(command, environment)
    if code != 0:
        print(f"That failed with exit code {code}.", file=sys.stderr)
        raise SystemExit(code if code > 0 else 1)


def succeeds(command: Sequence[str | Path]) -> bool:
    """Whether a command runs and exits with 0; it stays silent."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def end(message: str) -> NoReturn:
    """End this program: a person must do something first, and the message says what."""
    print(message, file=sys.stderr)
    raise SystemExit(CANNOT_GO_ON)
