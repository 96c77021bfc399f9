"""The machine that is measured on: what it is, what else it does meanwhile, and a core to stay on."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "linux":
    _TICK = os.sysconf("SC_CLK_TCK")  # of the kernel's accounts, per second
else:
    _TICK = 100
_PROC = Path("/proc")
_UNKNOWN = float("nan")


def describe() -> str:
    """One line: processor, cores, kernel, Python."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in (_PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    cores = f"{os.cpu_count()} cores"
    return f"{model}, {cores}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


@contextlib.contextmanager
def one_core(wanted: bool = True) -> Iterator[None]:
    """Keep this process, and what it starts, on one core."""
    if not wanted or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Neighbours:
    """How many cores other processes, and other machines on the same iron, have used since this was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._all, self._ours = _busy(), cpu_of_family(os.getpid())

    def used(self) -> float:
        """Cores, as an average; not a number where the system does not say."""
        took = time.monotonic() - self._began
        return (_busy() - self._all - (cpu_of_family(os.getpid()) - self._ours)) / took


def cpu_of_family(pid: int) -> float:
    """Seconds of CPU used by a process, by those it started, and by those of them that ended."""
    parents: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for folder in _PROC.iterdir() if _PROC.is_dir() else ():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it has ended meanwhile
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
            used[int(folder.name)] = sum(map(int, fields[11:15])) / _TICK
    family, total = [pid], 0.0
    while family:
        member = family.pop()
        total += used.get(member, 0.0)
        family += parents.get(member, [])
    return total if used else _UNKNOWN


def cpu_of_threads(pid: int) -> float:
    """Seconds of CPU used by the threads that a process has now.

    The kernel tells them in nanoseconds. What ``cpu_of_family`` has it tells in ticks of 10 ms: in the 2.5 s for which
    a window is watched briefly one of them is 0.4 %, two are 0.8 %.
    """
    with contextlib.suppress(OSError, IndexError):
        threads = (_PROC / str(pid) / "task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9 or _UNKNOWN
    return _UNKNOWN


def memory(pid: int | str = "self", what: str = "VmRSS") -> float:
    """MiB that a process has in memory now; ``VmHWM`` is the most it ever had."""
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) / 1024
    return _UNKNOWN


def descriptors() -> int:
    """How many descriptors this process has open; -1 where the system does not say."""
    folder = _PROC / "self" / "fd"
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else -1


def version(program: str) -> str:
    """The first line that a program says of itself that has a digit in it."""
    flag = "-V" if program == "socat" else "--version"
    try:
        told = subprocess.run([program, flag], capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return f"{program} is not here"
    lines = [line for line in (told.stdout + told.stderr).splitlines() if "version" in line.lower()]
    return lines[0].strip() if lines else program


def _busy() -> float:
    """Seconds of CPU that the whole machine has used, and what other machines on the same iron took from it."""
    try:
        user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, (_PROC / "stat").read_text().split()[1:9])
    except OSError:
        return _UNKNOWN
    return (user + nice + system + irq + softirq + stolen) / _TICK
