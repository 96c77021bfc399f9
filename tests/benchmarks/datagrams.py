"""Datagrams of 64 bytes at a steady rate: how many were recorded, and what the system says that it dropped."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import machine, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, take_turns

_SIZE = 64  # bytes
_RATES = (50_000, 100_000, 150_000)
_WANTED = 100_000  # a second, none of them dropped
_LOOK = 0.01  # seconds
_PATIENCE = 60.0  # seconds for the server to record the rest and end


def datagrams(bench: Bench) -> Outcome:
    """One peer sends; a server without a reply hears it, and everything is recorded."""
    rates = [_WANTED] if bench.scale.ways == 1 else list(_RATES)
    ways = [(f"{rate:,} a second", rate) for rate in rates]
    series = take_turns(ways, lambda rate: _measure(bench, rate), bench.scale.runs)
    outcome = Outcome(
        f"UDP: datagrams of {_SIZE} bytes from one peer, received and recorded, for {_seconds(bench):g} s",
        ["Sent", "sent a second", "recorded a second", "dropped by the system's count", "neither", "us of CPU each"],
    )
    for name, shown in series.items():
        cells = [report.rate(shown, what) for what in ("rate", "recorded", "dropped", "unaccounted", "us of CPU")]
        outcome.rows.append([name, *cells])
    outcome.keep("datagrams", series)
    wanted = series[f"{_WANTED:,} a second"]
    outcome.verdicts += [
        Verdict("datagrams recorded a second", wanted.median("recorded"), 0.99 * _WANTED),
        Verdict("datagrams neither recorded nor counted", wanted.worst("unaccounted"), 0, "", at_most=True),
    ]
    return outcome


def _seconds(bench: Bench) -> float:
    return 5 * bench.scale.seconds


def _measure(bench: Bench, rate: int) -> Sample:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        journal = Path(folder) / "datagrams.tincan"
        command = [sys.executable, "-m", "tests.benchmarks.serve", "none", "--udp", "--journal", str(journal)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port, before = int(server.stdout.readline()), machine.cpu_of_family(server.pid)
            sent = bench.load.flood(port, rate, _seconds(bench), _SIZE, datagrams=True)
            _wait_until_read(port)
            spent = machine.cpu_of_family(server.pid) - before
            try:
                server.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                raise CannotServe("does not end") from None
        recorded, dropped = _account(journal)
    count = sent["bytes"] // _SIZE
    return {
        "rate": sent["rate"], "recorded": recorded / sent["took"], "dropped": dropped,
        "unaccounted": count - recorded - dropped, "us of CPU": 1e6 * spent / max(1, recorded),
    }  # fmt: skip


def _wait_until_read(port: int) -> None:
    """Until the system holds nothing any more that came for that port; see proc_net_udp(5)."""
    local = f":{port:04X}"
    for _ in range(int(_PATIENCE / _LOOK)):
        rows = [row.split() for row in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
        if all(row[4].endswith(":00000000") for row in rows if row[1].endswith(local)):
            return
        time.sleep(_LOOK)
    raise CannotServe("does not read what came")


def _account(journal: Path) -> tuple[int, int]:
    """Datagrams that the journal has, and those that it says the system has dropped."""
    with contextlib.closing(sqlite3.connect(journal)) as database:
        (recorded,) = database.execute("SELECT count(*) FROM entry WHERE kind = 'received'").fetchone()
        told = database.execute("SELECT note FROM entry WHERE kind = 'session-remark'").fetchall()
    return recorded, sum(int(note.split()[3].replace(",", "")) for (note,) in told)
