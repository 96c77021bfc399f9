"""Let a built program's two terminal programs talk with each other, and hold what they print to the tutorial."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from build_scripts.running import SmokeError, end, free_port

_WITHIN = 20.0  # seconds
_LOOK_EVERY = 0.01  # seconds
_SERVER_PRINTS = r"SERVER CONNECTED TO CLIENT\nCLIENT MESSAGE: hello\n"
_CLIENT_PRINTS = r"CLIENT CONNECTED TO SERVER\nSERVER: type the message\nSERVER: [A-Za-z]\n"


def talk_in_terminals(command: Sequence[str]) -> None:
    """One serves, one connects and says hello. Raises ``SmokeError`` if they do not print and end as they should."""
    says_version(command)
    target = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.txt"
        with told.open("wb") as log, _running([*command, "serve", target, "--once"], log) as server:
            _wait_until(server, told, "listening on")
            with _running([*command, "connect", target], log) as client:
                greeted = "".join(_line(client) for _ in range(2))
                answered, _ = client.communicate("hello\n", timeout=_WITHIN)
            served, _ = server.communicate(timeout=_WITHIN)
        words = told.read_text(encoding="utf-8")
    _hold("connect", _CLIENT_PRINTS, greeted + answered, client.returncode, words)
    _hold("serve", _SERVER_PRINTS, served, server.returncode, words)


@contextmanager
def _running(command: Sequence[str], log: BinaryIO) -> Iterator[subprocess.Popen[str]]:
    """A program in a terminal; it is ended if it takes too long, so that nobody waits for what it prints."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8"
    ) as program:
        too_late = threading.Timer(_WITHIN, program.terminate)
        too_late.start()
        try:
            yield program
        except subprocess.TimeoutExpired:
            raise SmokeError(f"{program.args!r} did not end within {_WITHIN:.0f} s") from None
        finally:
            too_late.cancel()
            too_late.join()
            end(program)


def _wait_until(program: subprocess.Popen[str], told: Path, words: str) -> None:
    """Until a program has told something on standard error."""
    while words not in told.read_text(encoding="utf-8"):
        if program.poll() is not None:
            raise SmokeError(f"{program.args!r} ended before it told that it is {words!r}")
        time.sleep(_LOOK_EVERY)


def _line(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline()


def says_version(command: Sequence[str]) -> None:
    """``--version`` and ``--help`` print; a bad argument is one line on standard error and exit code 2."""
    _hold("--version", r"Tincan \d+\.\d+\.\d+\n", *_told([*command, "--version"]))
    _hold("--help", r"usage: tincan .*", *_told([*command, "--help"]))
    bad = _run([*command, "--serve", "nowhere:at:all"], "")
    if bad.returncode != 2 or bad.stdout or bad.stderr.count("\n") != 1:
        raise SmokeError(f"{command[0]} told of a bad argument with {bad.returncode}, {bad.stdout!r}, {bad.stderr!r}")


def _told(command: Sequence[str]) -> tuple[str, int, str]:
    done = _run(command, "")
    return done.stdout, done.returncode, done.stderr


def _run(command: Sequence[str], typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, encoding="utf-8", timeout=_WITHIN, check=False
    )


def _hold(name: str, expected: str, printed: str, code: int, told: str) -> None:
    if code != 0 or not re.fullmatch(expected, printed, re.DOTALL):
        raise SmokeError(f"{name} exited with {code}, printed {printed!r} and told {told!r}")
