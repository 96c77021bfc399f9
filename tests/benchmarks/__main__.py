"""``python -m tests.benchmarks [NAME ...] [--runs N] [--seconds S] [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import (
    damage,
    flood,
    life,
    lookup,
    machine,
    report,
    soak,
    tls,
    traffic,
    window_beside,
    window_life,
)
from tests.benchmarks.bench import Bench, Scale
from tests.benchmarks.load import Load
from tests.benchmarks.report import Outcome

SCENARIOS: dict[str, Callable[[Bench], Outcome]] = {
    "round-trips": traffic.round_trips,
    "fan-out": traffic.fan_out,
    "one-way": traffic.one_way,
    "burst": traffic.burst,
    "tls": tls.tls,
    "idle": life.idle,
    "silent-peer": traffic.silent_peer,
    "stop": life.stop,
    "cycles": life.cycles,
    "endless-line": life.endless_line,
    "journal": life.journal,
    "find": lookup.find,
    "recut": lookup.recut,
    "damage": damage.damage,
    "crafted": damage.crafted,
    "flood-100k": flood.flood_100k,
    "flood-1m": flood.flood_1m,
    "flood-flat": flood.flood_flat,
    "hostile": flood.hostile,
    "open-10m": window_life.open_10m,
    "first-paint": window_life.first_paint,
    "refresh": window_life.refresh,
    "packetsender": window_beside.packetsender,
    "soak": soak.soak,
}
_PEERS = ("ncat", "socat")


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; the report goes to standard output, progress to standard error."""
    chosen = _parse(arguments)
    scale = Scale(runs=chosen.runs, seconds=chosen.seconds, soak=10 * chosen.seconds)
    with tempfile.TemporaryDirectory(prefix="tincan-bench-") as folder:
        bench = Bench(scale, Load(Path(folder)), Path(folder))
        print(f"{_heading(bench)}\n", flush=True)
        outcomes = measure(chosen.names or list(SCENARIOS), bench)
    print(f"### What must be reached\n\n{report.verdicts(outcomes)}")
    if chosen.json is not None:
        raw = {outcome.title: outcome.raw for outcome in outcomes}
        chosen.json.write_text(
            json.dumps({"machine": machine.describe(), "runs": scale.runs, "numbers": raw}, indent=1)
        )
    return 0


def measure(names: Sequence[str], bench: Bench) -> list[Outcome]:
    """Run the scenarios of those names, and print each when it is done."""
    outcomes = []
    for name in names:
        began = time.monotonic()
        outcomes.append(SCENARIOS[name](bench))
        print(outcomes[-1].markdown() + "\n", flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return outcomes


def _heading(bench: Bench) -> str:
    versions = ", ".join(machine.version(peer) for peer in _PEERS if shutil.which(peer)) or "no other program"
    generator = (
        "in C" if bench.load.is_lean else "in Python (no C compiler here): it may be slower than what it measures"
    )
    return (
        f"{machine.describe()}.\nBeside it: {versions}. Load generator {generator}.\n"
        f"Medians of {bench.scale.runs} runs of {bench.scale.seconds:g} s, all contenders in turn; "
        "a ratio is the median of the ratios of each run."
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure Tincan beside its peers.")
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--runs", type=int, default=5, help="of each measurement (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="for one measurement (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
