"""The load generator: ``c/load.c`` and ``c/flood.c`` where there is a compiler, ``pyload.py`` where there is none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

_SOURCES = Path(__file__).parent / "c"
_IN_PYTHON = [sys.executable, "-m", "tests.benchmarks.pyload"]
_PATIENCE = 150.0  # seconds for one measurement


class CannotServe(Exception):
    """The server that was measured did not do what was asked of it. Says what happened."""


class Load:
    """Runs the load generator against a port of 127.0.0.1."""

    def __init__(self, folder: Path, *, compiled: bool = True) -> None:
        """Compile into ``folder`` what can be compiled, unless ``compiled`` is false."""
        self.echo_server = _compile("echo", folder) if compiled else None
        self.relay = _compile("relay", folder) if compiled else None
        self._generator = _compile("load", folder) if compiled else None
        self._flood = _compile("flood", folder) if compiled else None
        self._tls = _compile("tls", folder, "-lssl", "-lcrypto") if compiled else None

    @property
    def is_lean(self) -> bool:
        """Whether the generator is the one in C."""
        return self._generator is not None

    def echo(self, port: int, connections: int, seconds: float, size: int = 64) -> dict[str, float]:
        """Round trips in a closed loop: rate, p50 and p99 in microseconds, served, cpu."""
        return self._run("echo", port, connections, seconds, size)

    def fan(
        self, port: int, receivers: int, seconds: float, size: int = 64, *, silent: int = 0, pause: int = 0
    ) -> dict[str, float]:
        """One says, all others get: deliveries a second, p50 and p99 of one delivery, lost, cpu.

        ``pause`` milliseconds lie between two messages; ``silent`` more connections never read.
        """
        return self._run("fan", port, receivers, seconds, size, silent, pause)

    def sink(self, port: int, seconds: float, limit: int = 0) -> dict[str, float]:
        """One way: bytes a second, bytes, cpu. Ends after ``limit`` bytes if that is not 0."""
        return self._run("sink", port, seconds, limit)

    def burst(self, port: int, connections: int, size: int = 64) -> dict[str, float]:
        """All at once: the longest connect, the longest wait for an answer (microseconds), unanswered."""
        return self._run("burst", port, connections, size)

    def flood(
        self, port: int, rate: int, seconds: float, size: int = 64, *, datagrams: bool = False
    ) -> dict[str, float]:
        """Numbered lines, so many a second (0: as many as can be): the rate reached, bytes, their CRC-32, cpu.

        Over TCP, or each in a datagram.
        """
        program = [str(self._flood)] if self._flood else [*_IN_PYTHON, "flood"]
        how = ("udp",) if datagrams and self._flood else (1,) if datagrams else ()
        return _measured([*program, *map(str, (port, rate, seconds, size, *how))], _PATIENCE + seconds)

    def tls(self, mode: str, *arguments: float) -> dict[str, float]:
        """Over TLS: ``shake`` (port, seconds), ``sink`` (the same) and ``echo`` (port, connections, seconds, size)."""
        program = [str(self._tls)] if self._tls else [sys.executable, "-m", "tests.benchmarks.tlsload"]
        return _measured([*program, mode, *map(str, arguments)])

    def _run(self, mode: str, *arguments: float) -> dict[str, float]:
        program = [str(self._generator)] if self._generator else _IN_PYTHON
        return _measured([*program, mode, *map(str, arguments)])


def _measured(command: list[str], patience: float = _PATIENCE) -> dict[str, float]:
    """What a load generator says. Raises ``CannotServe``."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        raise CannotServe("hangs") from None
    if ran.returncode:
        complaint = ran.stderr.strip().splitlines()
        raise CannotServe(complaint[-1] if complaint else f"exit code {ran.returncode}")
    measured: dict[str, float] = json.loads(ran.stdout)
    return measured


def _compile(name: str, folder: Path, *libraries: str) -> Path | None:
    """The program of that name, or None if it cannot be made here (no compiler, no epoll, no such library)."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = folder / name
    command = [compiler, "-O2", "-pthread", "-o", str(program), str(_SOURCES / f"{name}.c"), *libraries]
    return program if subprocess.run(command, capture_output=True, check=False).returncode == 0 else None
