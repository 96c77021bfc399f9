"""Scenarios without much traffic: standing idle, stopping, starting over, an endless line, the journal alone."""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks import machine, peers, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.peers import Server
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, take_turns

_MIB = 1024 * 1024
_PATIENCE = 300.0  # seconds for what runs in an interpreter of its own


def idle(bench: Bench) -> Outcome:
    """Connections that say nothing: what they cost."""
    count = bench.scale.idle

    def measure(server: Server) -> Sample:
        alone = machine.memory(server.pid)
        with _crowd(server.port, count):
            time.sleep(0.1 + count / 1000)  # until all are taken in
            before = machine.cpu_of_family(server.pid)
            time.sleep(3 * bench.scale.seconds)
            used = (machine.cpu_of_family(server.pid) - before) / (3 * bench.scale.seconds)
            standing = machine.memory(server.pid)
        return {"MiB": standing, "KiB each": (standing - alone) * 1024 / count, "CPU": used * 100}

    contenders = [each for each in peers.echoes(bench.load) if each.name not in (peers.NCAT, peers.SOCAT)]
    series = bench.compare(contenders, measure, connections=count)
    outcome = Outcome(f"{count:,} idle connections", ["Echo server", "MiB", "KiB each", "% of a core"])
    for name, shown in series.items():
        outcome.rows.append([name, *(report.rate(shown, what) for what in ("MiB", "KiB each", "CPU"))])
    outcome.keep("idle", series)
    outcome.remarks.append("ncat and socat start a process for each connection and are left out.")
    for name in (peers.OFF, peers.ON):
        outcome.verdicts.append(
            Verdict(f"{count:,} idle, {name}", series[name].median("MiB"), 45, " MiB", at_most=True)
        )
        outcome.verdicts.append(
            Verdict(f"{count:,} idle, {name}", series[name].median("CPU"), 0.1, " % CPU", at_most=True)
        )
    return outcome


def stop(bench: Bench) -> Outcome:
    """How long it takes from ``stop()`` with clients connected until the last thread has ended."""
    clients, times = bench.scale.clients, bench.scale.stops
    outcome = Outcome(f"stop() with {clients} clients", ["Clients", "p50", "p99", "longest"])
    for name, polite in (("close when the server does", 1), ("do not react", 0)):
        took = sorted(_inside("stops", times, clients, polite)["ms"])
        p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
        shown = (statistics.median(took), p99, took[-1])
        outcome.rows.append([name, *(f"{report.number(value)} ms" for value in shown)])
        outcome.verdicts.append(
            Verdict(f"stop() with {clients} clients that {name}, p99", p99, 100, " ms", at_most=True)
        )
        outcome.raw[name] = took
    return outcome


def cycles(bench: Bench) -> Outcome:
    """Start and stop on one port, over and over."""
    count = bench.scale.cycles
    left = _inside("cycles", count)
    outcome = Outcome(
        f"{count:,} times started and stopped on one port",
        ["ms a cycle", "threads left", "descriptors left", "MiB more"],
    )
    outcome.rows.append([report.number(left[what]) for what in ("ms", "threads", "descriptors", "MiB")])
    outcome.raw.update(left)
    for what, most in (("threads", 0), ("descriptors", 0), ("MiB", 2)):
        outcome.verdicts.append(Verdict(f"{what} left by {count:,} cycles", left[what], most, at_most=True))
    return outcome


def endless_line(bench: Bench) -> Outcome:
    """Bytes without a newline under the framing ``line``: how much memory they take, and for how long."""
    most = bench.scale.megabytes * _MIB

    def measure(parts: int) -> Sample:
        with peers.ours(peers.OFF, "echo", framing="line").running(bench.folder) as server:
            before = machine.memory(server.pid)
            sample = bench.load.sink(server.port, 60.0, most // parts)
            return {"MB/s": sample["rate"] / 1e6, "MiB more": machine.memory(server.pid, "VmHWM") - before}

    parts = [(f"{bench.scale.megabytes / part:g} MiB", part) for part in (4, 1)]
    series = take_turns(parts, measure, bench.scale.runs)
    outcome = Outcome("A line that does not end", ["Length", "MB/s", "MiB more at the most"])
    for name, shown in series.items():
        outcome.rows.append([name, report.rate(shown, "MB/s"), report.number(shown.worst("MiB more"))])
    outcome.keep("endless line", series)
    worst = series[parts[1][0]].worst("MiB more")
    outcome.verdicts.append(Verdict(f"{parts[1][0]} without a newline", worst, 20, " MiB more", at_most=True))
    return outcome


def journal(bench: Bench) -> Outcome:
    """The journal without a network: entries of 64 bytes a second."""
    series = take_turns(
        [("journal", bench.scale.entries)], lambda entries: dict(_inside("journal", entries)), bench.scale.runs
    )
    shown = series["journal"]
    outcome = Outcome(
        "The journal alone, entries of 64 bytes a second",
        ["into the file", "through the recorder", "us a put", "us of CPU an entry, all threads"],
    )
    columns = ("file", "recorder", "us a put", "us of CPU")
    outcome.rows.append([report.rate(shown, what) for what in columns])
    outcome.keep("journal", series)
    cpu = shown.median("us of CPU")
    outcome.verdicts.append(Verdict("CPU of a recorded entry, all threads", cpu, 1.5, " us", at_most=True))
    return outcome


@contextlib.contextmanager
def _crowd(port: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as crowd:
        for _ in range(count):
            try:
                crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            except OSError as error:
                raise CannotServe(str(error)) from error
        yield


def _inside(name: str, *arguments: int) -> dict[str, Any]:
    """Measure in an interpreter of its own; see ``inside``."""
    command = [sys.executable, "-m", "tests.benchmarks.inside", name, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if ran.returncode:
        raise CannotServe(ran.stderr.strip() or f"exit code {ran.returncode}")
    measured: dict[str, Any] = json.loads(ran.stdout)
    return measured
