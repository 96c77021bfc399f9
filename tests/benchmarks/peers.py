"""The contenders: our servers, and what a user would take instead, each in a process of its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.load import CannotServe, Load

_HOST = "127.0.0.1"
_CROWD = "4000"  # connections that ncat is told to allow; its own default is 100
_STANDS = 10.0  # seconds within which a server must listen

OFF = "Tincan"
ON = "Tincan, journal"
TERMINAL = "python -m core serve"
C = "C, a thread each"
NCAT = "ncat -l -k -e /bin/cat"
BROKER = "ncat --broker"
SOCAT = "socat fork EXEC:cat"
THREADING = "ThreadingTCPServer"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that stands: where, and whose process it is."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A name, and how to start it: ``command`` gets the port it shall listen on and a folder for its files.

    One that ``tells_port`` chooses the port itself, prints it, and ends with its standard input.
    """

    name: str
    command: Callable[[int, Path], Sequence[str]]
    tells_port: bool = False
    most: int = 1_000_000  # connections that it can be asked for

    @contextlib.contextmanager
    def running(self, folder: Path) -> Iterator[Server]:
        """Start it, and end it and all its children afterwards. Raises ``CannotServe``."""
        port = 0 if self.tells_port else free_port()
        complaints = folder / "complaints.txt"
        with complaints.open("wb") as errors:
            process = subprocess.Popen(
                self.command(port, folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if self.tells_port else subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        try:
            if self.tells_port:
                assert process.stdout is not None
                port = int(process.stdout.readline() or 0)
            if not _is_listening(port, process):
                raise CannotServe(f"does not start: {complaints.read_text(errors='replace').strip()[-200:]}")
            yield Server(port, process.pid)
        finally:
            _end(process)


_journals = itertools.count(1)


def ours(name: str, reply: str, *, journal: bool = False, framing: str = "raw") -> Contender:
    """Our server as a library, in a process that does nothing else."""

    def command(_port: int, folder: Path) -> Sequence[str]:
        recorded = ["--journal", str(folder / f"{next(_journals)}.tincan")] if journal else []
        return [sys.executable, "-m", "tests.benchmarks.serve", reply, "--framing", framing, *recorded]

    return Contender(name, command, tells_port=True)


def terminal(reply: str) -> Contender:
    """Our server as the terminal program, which prints what comes in."""
    serve = [sys.executable, "-m", "core", "serve", "--reply", reply, "--answers", "0"]
    return Contender(TERMINAL, lambda port, _folder: [*serve, f"{_HOST}:{port}"], most=500)


def echoes(load: Load) -> list[Contender]:
    """Everyone who sends back what came, ours first."""
    found = [ours(OFF, "echo"), ours(ON, "echo", journal=True), terminal("echo")]
    program = load.echo_server
    if program is not None:
        found.append(Contender(C, lambda port, _folder: [str(program), str(port)]))
    found += _installed("ncat", Contender(NCAT, lambda port, _: _ncat(port, "-e", "/bin/cat")))
    found += _installed(
        "socat",
        Contender(
            SOCAT,
            lambda port, _: [
                "socat",
                f"TCP-LISTEN:{port},bind={_HOST},reuseaddr,fork,backlog=1024,nodelay",
                "EXEC:cat",
            ],
        ),
    )
    return [*found, Contender(THREADING, _threading, tells_port=True)]


def rules(path: Path) -> list[Contender]:
    """The echo rule, and the table of rules in a file, both as a library."""
    tables = [
        ours(f"20 rules, journal {'on' if journal else 'off'}", f"rules:{path}", journal=journal)
        for journal in (False, True)
    ]
    return [ours(OFF, "echo"), ours(ON, "echo", journal=True), *tables]


def rooms() -> list[Contender]:
    """Everyone who hands what one says to all others."""
    broker = Contender(BROKER, lambda port, _: _ncat(port, "--broker"))
    return [ours(OFF, "room"), ours(ON, "room", journal=True), *_installed("ncat", broker)]


def sinks() -> list[Contender]:
    """Everyone who takes and says nothing."""
    null = "OPEN:/dev/null"
    return [
        ours(OFF, "none"),
        ours(ON, "none", journal=True),
        *_installed("ncat", Contender("ncat --recv-only", lambda port, _: _ncat(port, "--recv-only"))),
        *_installed(
            "socat",
            Contender(
                "socat -u", lambda port, _: ["socat", "-u", f"TCP-LISTEN:{port},bind={_HOST},reuseaddr,fork", null]
            ),
        ),
    ]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _ncat(port: int, *options: str) -> list[str]:
    return ["ncat", "-l", "-k", "-m", _CROWD, *options, _HOST, str(port)]


def _threading(_port: int, _folder: Path) -> Sequence[str]:
    return [sys.executable, "-m", "tests.benchmarks.serve", "threading"]


def _installed(program: str, contender: Contender) -> list[Contender]:
    return [contender] if shutil.which(program) else []


def _is_listening(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server stands; waits for it, but not for one that has ended."""
    deadline = time.monotonic() + _STANDS
    while port and time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return True
        time.sleep(0.01)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everyone it started, and wait for it."""
    with process:
        if sys.platform == "win32":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
