"""Other people's servers, each in a process of its own, on a port that a test gives it."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.address import Address
from tests.support.sink import PATIENCE


def port_of_ours() -> int:
    """A port for a program of theirs, which cannot tell the one that it was given: not one that a system gives to
    whoever connects, or another test may have it by then.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def killed(program: subprocess.Popen[bytes]) -> Iterator[None]:
    """Have the program end, whatever comes: it would be waited for."""
    try:
        yield
    finally:
        program.kill()


@contextlib.contextmanager
def running(command: Sequence[object], port: int, cwd: Path, user: str | None = None) -> Iterator[Address]:
    """A server of theirs that can be reached; ``user`` is who it runs as, if that is another one."""
    program = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,  # s_server ends when its input does
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        user=user,
    )
    with program, killed(program):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), PATIENCE).close()
                break
            except OSError:
                assert program.poll() is None, f"{command[0]} ended with {program.returncode}"
                assert time.monotonic() < deadline, f"{command[0]} cannot be reached"
                time.sleep(0.01)
        yield Address("127.0.0.1", port)
