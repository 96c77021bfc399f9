"""Scenarios with the window and no traffic: until it is painted, standing idle, and a very long journal."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from build_scripts.xvfb import VirtualDisplay
from tests.benchmarks import machine, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, Series, ratio, take_turns
from tests.support.journals import write_journal

_SETTLES = 2.0  # seconds after the first paint until the window counts as idle
_LEAVES = 10.0  # seconds
_PATIENCE = 900.0  # seconds to open a journal, count its rows and jump about in it

_NEWS = ("bytes", "change", "turnover", "fold")
_MOST_FEW, _MOST_MANY = 3, 10  # milliseconds of a refresh, with a crowd of the smallest size and with larger ones

_OURS, _EMPTY, _LOADED = "Tincan", "an empty ttk window", "the same, with Tincan's imports"


def first_paint(bench: Bench) -> Outcome:
    """From the start of the process until its window is drawn; then what it takes to stand idle."""
    watched = 10 * bench.scale.seconds
    with VirtualDisplay() as display:
        ours = ["ours", str(bench.folder / "first-paint")]
        contenders = [(_OURS, ours), (_EMPTY, ["empty"]), (_LOADED, ["empty-with-imports"])]

        def measure(command: Sequence[str]) -> Sample:
            is_watched = command is ours or not bench.scale.is_brief
            return _paint(command, display, watched if is_watched else 0.0)

        series = take_turns(contenders, measure, max(1, bench.scale.runs))
    outcome = Outcome("A window, empty", ["Window", "painted after", "MiB", "% of a core, idle"])
    for name, shown in series.items():
        painted = f"{report.rate(shown, 'painted')} ms"
        outcome.rows.append([name, painted, report.rate(shown, "MiB"), report.rate(shown, "CPU")])
    outcome.keep("first paint", series)
    alone = ratio(series, _OURS, _EMPTY, "painted")
    outcome.remarks.append(f"Against an empty window that imports only tkinter it is {report.number(alone)} times.")
    against = ratio(series, _OURS, _LOADED, "painted")
    outcome.verdicts += [
        Verdict("first paint, against an empty ttk window with the same imports", against, 1.2, "x", at_most=True),
        Verdict("the window idle", series[_OURS].median("MiB"), 60, " MiB", at_most=True),
        Verdict("the window idle", series[_OURS].median("CPU"), 1, " % CPU", at_most=True),
    ]
    return outcome


def _paint(command: Sequence[str], display: str, watched: float) -> Sample:
    began = time.monotonic()
    with _standing(command, display) as (painted, pid):
        sample = {"painted": (painted - began) * 1000}
        if watched:
            time.sleep(min(_SETTLES, watched))
            before = machine.cpu_of_threads(pid)
            time.sleep(watched)
            used = (machine.cpu_of_threads(pid) - before) / watched
            sample |= {"MiB": machine.memory(pid), "CPU": used * 100}
        return sample


class _Painted(NamedTuple):
    """When a window was drawn (``time.monotonic()``), and whose it is."""

    at: float
    pid: int


@contextlib.contextmanager
def _standing(command: Sequence[str], display: str) -> Iterator[_Painted]:
    """A window in a process of its own, from when it is drawn."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.window_inside", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DISPLAY": display},
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            told = process.stdout.readline()
            if not told:
                raise CannotServe("no window came")
            yield _Painted(json.loads(told)["at"], process.pid)
            process.stdin.close()
            process.wait(_LEAVES)
        except subprocess.TimeoutExpired:
            raise CannotServe("the window does not close") from None
        finally:
            process.kill()


def open_10m(bench: Bench) -> Outcome:
    """A long journal: until its end is on view, and jumps to anywhere in it."""
    path = bench.folder / "long.tincan"
    began = time.monotonic()
    write_journal(path, bench.scale.long_journal, connections=2, both_ways=True)
    wrote = time.monotonic() - began
    with VirtualDisplay() as display:
        lenses = [(name, framing) for name, framing in (("as received", "raw"), ("lines", "line"))]
        series = take_turns(lenses, lambda framing: _open(path, framing, display, bench.scale.jumps), 1)
    size = path.stat().st_size / 1e6
    path.unlink()
    return _told_of_opening(bench, series, f"The journal has {size:,.0f} MB; it was written in {wrote:.0f} s.")


_PANES = {"socket_calls": "socket calls", "sequence": "sequence", "figures": "figures", "socket_state": "state"}


def panes(bench: Bench) -> Outcome:
    """Each pane beside a long journal: until it shows what it is for, opened first and again, and jumps in it."""
    path, entries = bench.folder / "panes.tincan", bench.scale.searched
    write_journal(path, entries, connections=2, both_ways=True)
    series = {pane: Series() for pane in _PANES}
    with VirtualDisplay() as display:
        for run in range(bench.scale.runs):
            told = _ask_inside(display, "panes", str(bench.folder / f"panes-{run}"), str(path), str(bench.scale.jumps))
            for pane, sample in told.items():
                series[pane].samples.append(_of_pane(sample))
    path.unlink()
    outcome = Outcome(
        f"Panes beside a journal of {entries:,} entries",
        ["Pane", "opened first", "opened again", f"{bench.scale.jumps} jumps, p50 / longest"],
    )
    for pane, shown in series.items():

        def cell(what: str, shown: Series = shown) -> str:
            return f"{report.rate(shown, what)} ms ({report.rate(shown, f'{what} cpu')} at work)"

        has_rows = "jump p50" in shown.samples[0]
        jumps = f"{cell('jump p50')} / {cell('jump longest')}" if has_rows else "-"
        outcome.rows.append([_PANES[pane], cell("first"), cell("again"), jumps])
        slowest = max(shown.median("first"), shown.median("again"))
        outcome.verdicts.append(
            Verdict(f"{_PANES[pane]} of {entries:,} entries: open", slowest, 300, " ms", at_most=True)
        )
        if has_rows:
            longest = shown.median("jump longest")
            outcome.verdicts.append(Verdict(f"{_PANES[pane]}: a jump at most", longest, 50, " ms", at_most=True))
    outcome.keep("panes", series)
    counted = report.rate(series["figures"], "all")
    outcome.remarks += [
        "At work: time of a processor that the window's thread took of it. What other programs take is not in that.",
        f"The figures show the first of what they count at once; all of it was counted {counted} s later.",
    ]
    return outcome


def _of_pane(told: dict[str, Any]) -> Sample:
    sample = {what: told[what] for what in ("first", "first cpu", "again", "again cpu")}
    if "all" in told:
        sample["all"] = told["all"] / 1000
    for suffix in ("", " cpu"):
        took = sorted(told.get(f"jumps{suffix}", ()))
        if took:
            sample |= {f"jump p50{suffix}": took[len(took) // 2], f"jump longest{suffix}": took[-1]}
    return sample


def refresh(bench: Bench) -> Outcome:
    """News of a server with many connections: until the window shows it, and what its account takes before that."""
    with VirtualDisplay() as display:
        crowds = [(f"{count:,} connections", count) for count in bench.scale.crowds]
        series = take_turns(crowds, lambda count: _refresh(bench, count, display), bench.scale.runs)
    outcome = Outcome(
        "The window, while a server has many connections",
        ["Connections", "bytes", "one can do less", "one closes, one opens", "the account"],
    )
    for name, shown in series.items():
        outcome.rows.append([name, *(f"{report.rate(shown, what)} ms" for what in _NEWS)])
        most = _MOST_FEW if name == f"{bench.scale.crowds[0]:,} connections" else _MOST_MANY
        slowest = max(shown.median(what) for what in _NEWS)
        outcome.verdicts.append(Verdict(f"a refresh with {name}", slowest, most, " ms", at_most=True))
    outcome.keep("refresh", series)
    return outcome


def _refresh(bench: Bench, connections: int, display: str) -> Sample:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        told = _ask_inside(display, "refreshes", folder, str(connections), str(bench.scale.refreshes))
    return {what: statistics.median(told[what]) for what in _NEWS}


def _ask_inside(display: str, *arguments: str) -> dict[str, Any]:
    """What ``window_inside`` measures. Raises ``CannotServe``."""
    command = [sys.executable, "-m", "tests.benchmarks.window_inside", *arguments]
    environment = {**os.environ, "DISPLAY": display}
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE, check=False, env=environment
    )  # fmt: skip
    if ran.returncode:
        raise CannotServe(ran.stderr.strip()[-300:] or f"exit code {ran.returncode}")
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def _open(path: Path, framing: str, display: str, count: int) -> Sample:
    told = _ask_inside(display, "jumps", str(path), framing, str(count))
    took = sorted(told["jumps"])
    return {
        "opened": told["opened"], "counted": told["counted"] / 1000, "rows": told["rows"], "p50": took[len(took) // 2],
        "p99": took[int(0.99 * len(took))], "longest": took[-1],
    }  # fmt: skip


def _told_of_opening(bench: Bench, series: dict[str, Series], remark: str) -> Outcome:
    entries = bench.scale.long_journal
    outcome = Outcome(
        f"A journal of {entries:,} entries in the transcript",
        ["Shown", "its end on view", "every row counted", f"{bench.scale.jumps} jumps, p50 / p99 / longest"],
    )
    for name, shown in series.items():
        jumps = " / ".join(report.rate(shown, what) for what in ("p50", "p99", "longest"))
        opened, counted = report.rate(shown, "opened"), report.rate(shown, "counted")
        outcome.rows.append([name, f"{opened} ms", f"{counted} s", f"{jumps} ms"])
        what = f"{entries:,} entries, {name}"
        outcome.verdicts += [
            Verdict(f"{what}: on view", shown.worst("opened"), 100, " ms", at_most=True),
            Verdict(f"{what}: a jump at most", shown.worst("longest"), 50, " ms", at_most=True),
        ]
    outcome.keep("open", series)
    outcome.remarks += [remark, "The file has just been written, so it is read from memory as far as that reaches."]
    return outcome
