"""The window beside another program's: Packet Sender, whose window has a TCP server too, under the same flood.

Neither has a pulse of ours here: both are asked for the same sign of life, the answer to a window
manager's ping.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from build_scripts.xvfb import VirtualDisplay
from tests.benchmarks import machine, report, window
from tests.benchmarks.bench import Bench
from tests.benchmarks.flood import quantile
from tests.benchmarks.load import CannotServe
from tests.benchmarks.peers import free_port
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, Series, take_turns
from tests.benchmarks.window_x11 import Onlooker

_SIZE = 64  # bytes of a line
_RATES = (1_000, 10_000, 100_000)  # lines a second
_SECONDS = 5
_PING_EVERY = 0.025  # seconds
_PROMPT = 100.0  # milliseconds; who answers later keeps a person waiting
_CALM = 1.0  # seconds of prompt answers after which a window has got over a flood
_GETS_OVER = 120.0  # seconds it may take for that
_STANDS = 20.0  # seconds within which a window must be there and listen

OURS = "Tincan"
PACKET_SENDER = "Packet Sender"


class _Window(NamedTuple):
    """A window that listens."""

    pid: int
    port: int
    display: str


_Start = Callable[[Path], AbstractContextManager[_Window]]


def packetsender(bench: Bench) -> Outcome:
    """The same flood into the window of either program, and how it answers meanwhile and afterwards."""
    outcome = Outcome(
        f"A window under {_SECONDS * bench.scale.seconds:g} s of lines of {_SIZE} bytes",
        ["Lines a second", "Window", "an answer p50 / p99 / longest", "no prompt answer for", "over it after",
         "MiB more", "bytes taken in"],
    )  # fmt: skip
    contenders: list[tuple[str, _Start]] = [(OURS, _tincan)]
    if shutil.which("packetsender"):
        contenders.append((PACKET_SENDER, _packet_sender))
    else:
        outcome.remarks.append("Packet Sender is not installed here, so there is nothing to compare with.")
    for rate in _RATES[: bench.scale.ways]:
        series = take_turns(contenders, partial(_measure, bench, rate), bench.scale.runs)
        outcome.keep(f"{rate:,} lines a second", series)
        outcome.rows += [_row(rate, name, shown) for name, shown in series.items()]
        longest = series[OURS].worst("longest")
        outcome.verdicts.append(
            Verdict(f"an answer of the window at {rate:,} lines a second", longest, _PROMPT, " ms", at_most=True)
        )
    outcome.remarks.append(
        "Answers in milliseconds, from the first line until the window had got over it: nothing waits in the "
        f"kernel and every answer of a whole second took less than {_PROMPT:g} ms. Packet Sender has its option "
        "Persistent TCP switched on: without it, it closes a connection after the first packet."
    )
    return outcome


def _row(rate: int, name: str, shown: Series) -> list[str]:
    answers = f"{report.rate(shown, 'p50')} / {report.rate(shown, 'p99')} / {report.number(shown.worst('longest'))} ms"
    return [
        f"{rate:,}", name, answers, f"{report.rate(shown, 'mute')} s", f"{report.rate(shown, 'over')} s",
        report.number(shown.worst("MiB more")), f"{report.rate(shown, 'taken', 100)} %",
    ]  # fmt: skip


def _measure(bench: Bench, rate: int, start: _Start) -> Sample:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder, start(Path(folder)) as shown:
        with Onlooker(shown.display) as onlooker, ThreadPoolExecutor(1) as elsewhere:
            onlooker.ping()
            before = machine.memory(shown.pid)
            flooding = elsewhere.submit(bench.load.flood, shown.port, rate, _SECONDS * bench.scale.seconds, _SIZE)
            answers = _ping_until(onlooker, flooding.done)
            ended = time.monotonic()
            answers += _ping_until(onlooker, _Calm(shown.port).is_here)
            sent = flooding.result()["bytes"]
        taken = 1 - _waiting(shown.port) / sent
        late = sum(answer for answer in answers if answer > _PROMPT)
        over = time.monotonic() - ended - _CALM
        answers.sort()
        return {
            "p50": quantile(answers, 0.5), "p99": quantile(answers, 0.99), "longest": answers[-1],
            "mute": late / 1000, "over": max(0.0, over), "taken": taken, "sent": sent,
            "MiB more": machine.memory(shown.pid, "VmHWM") - before,
        }  # fmt: skip


class _Calm:
    """Knows when a window has got over a flood."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._looked = self._since = time.monotonic()
        self._until = self._since + _GETS_OVER

    def is_here(self) -> bool:
        """Asked after each answer: whether they were prompt for long enough. Raises ``CannotServe`` in the end."""
        now = time.monotonic()
        if (now - self._looked) * 1000 > _PROMPT or _waiting(self._port):
            self._since = now
        self._looked = now
        if now > self._until:
            raise CannotServe(f"has not got over it after {_GETS_OVER:g} s")
        return now - self._since > _CALM


def _ping_until(onlooker: Onlooker, is_enough: Callable[[], bool]) -> list[float]:
    answers = [onlooker.ping()]
    while not is_enough():
        time.sleep(_PING_EVERY)
        answers.append(onlooker.ping())
    return answers


def _waiting(port: int) -> int:
    """Bytes that the kernel holds for connections to that port because nobody has fetched them."""
    held = 0
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _number, local, _remote, state, queues = line.split()[:5]
        if int(local.rpartition(":")[2], 16) == port and state != "0A":  # 0A: listening, where it counts connections
            held += int(queues.partition(":")[2], 16)
    return held


@contextlib.contextmanager
def _tincan(folder: Path) -> Iterator[_Window]:
    with window.running(folder, framing="line") as program:
        yield _Window(program.pid, program.port, program.display)


@contextlib.contextmanager
def _packet_sender(folder: Path) -> Iterator[_Window]:
    """Packet Sender with nothing but its TCP server, everything of it in the folder."""
    port = free_port()
    settings = {"tcpServerEnable": "true", "tcpPort": port, "persistentTCPCheck": "true", "ipMode": "127.0.0.1",
                "udpServerEnable": "false", "sslServerEnable": "false"}  # fmt: skip
    kept = folder / ".local/share/PacketSender/ps_settings.ini"
    kept.parent.mkdir(parents=True)
    kept.write_text("[General]\n" + "".join(f"{name}={value}\n" for name, value in settings.items()))
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / ".local/share"), "XDG_RUNTIME_DIR": str(folder)}
    with VirtualDisplay("1280x900x24") as display:
        environment = {**os.environ, **home, "DISPLAY": display, "PATH": _path(folder)}
        process = subprocess.Popen(
            ["packetsender"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with process:
            try:
                _wait_until_listening(process, port)
                yield _Window(process.pid, port, display)
            finally:
                process.kill()


def _path(folder: Path) -> str:
    """Where programs are found: Packet Sender takes a machine without ``xrandr`` for one without a display."""
    if not shutil.which("xrandr"):
        stand_in = folder / "bin" / "xrandr"
        stand_in.parent.mkdir()
        stand_in.write_text("#!/bin/sh\nexit 0\n")
        stand_in.chmod(0o755)
    return f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Until its server stands, seen from the kernel's list: a connection would open another window."""
    deadline = time.monotonic() + _STANDS
    wanted = f":{port:04X} "
    while not any(wanted in line and " 0A " in line for line in Path("/proc/net/tcp").read_text().splitlines()):
        if time.monotonic() > deadline or process.poll() is not None:
            raise CannotServe("does not start")
        time.sleep(0.05)
    time.sleep(1.0)  # until its window is drawn
