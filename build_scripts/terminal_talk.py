"""Let a built program's two terminal programs talk with each other, and hold what they print to the tutorial."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from build_scripts.running import SmokeError, end, free_port

_WITHIN = 20.0  # seconds
_LISTENS = "listening on"
_SERVER_PRINTS = r"SERVER CONNECTED TO CLIENT\nCLIENT MESSAGE: hello\n"
_CLIENT_PRINTS = r"CLIENT CONNECTED TO SERVER\nSERVER: type the message\nSERVER: [A-Za-z]\n"


def talk_in_terminals(command: Sequence[str]) -> None:
    """One serves, one connects and says hello. Raises ``SmokeError`` if they do not print and end as they should."""
    says_version(command)
    target = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder) / "server.txt"
        with printed.open("wb") as output, _serving([*command, "serve", target, "--once"], output) as server:
            client = _run([*command, "connect", target], "hello\n")
            _, told = server.communicate(timeout=_WITHIN)
        _hold("serve", _SERVER_PRINTS, printed.read_text(encoding="utf-8"), server.returncode, told)
    _hold("connect", _CLIENT_PRINTS, client.stdout, client.returncode, client.stderr)


@contextmanager
def _serving(command: Sequence[str], output: BinaryIO) -> Iterator[subprocess.Popen[str]]:
    """A server in a terminal, as soon as it listens."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as server:
        try:
            _wait_until_it_listens(server)
            yield server
        except subprocess.TimeoutExpired:
            raise SmokeError(f"the terminal programs of {command[0]} did not end within {_WITHIN:.0f} s") from None
        finally:
            end(server)


def says_version(command: Sequence[str]) -> None:
    """``--version`` and ``--help`` print; a bad argument is one line on standard error and exit code 2."""
    _hold("--version", r"Tincan \d+\.\d+\.\d+\n", *_told([*command, "--version"]))
    _hold("--help", r"usage: tincan .*", *_told([*command, "--help"]))
    bad = _run([*command, "--serve", "nowhere:at:all"], "")
    if bad.returncode != 2 or bad.stdout or bad.stderr.count("\n") != 1:
        raise SmokeError(f"{command[0]} told of a bad argument with {bad.returncode}, {bad.stdout!r}, {bad.stderr!r}")


def _wait_until_it_listens(server: subprocess.Popen[str]) -> None:
    assert server.stderr is not None
    for line in server.stderr:
        if _LISTENS in line:
            return
    raise SmokeError(f"{server.args!r} ended before it listened")


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
