"""``python -m tests.benchmarks [NAME ...] [--runs N] [--seconds S] ...``; see ``--help``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

from build_scripts.checks import compiled_once
from build_scripts.project import version
from tests.benchmarks import (
    damage,
    datagrams,
    flood,
    flood_views,
    life,
    lookup,
    machine,
    report,
    soak,
    tap,
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
    "rules": traffic.rules,
    "fan-out": traffic.fan_out,
    "one-way": traffic.one_way,
    "burst": traffic.burst,
    "tls": tls.tls,
    "datagrams": datagrams.datagrams,
    "tap": tap.tap,
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
    "flood-panes": flood.flood_panes,
    "flood-flat": flood.flood_flat,
    "flood-views-100k": flood_views.flood_views_100k,
    "flood-views-1m": flood_views.flood_views_1m,
    "flood-kinds": flood_views.flood_kinds,
    "hostile": flood.hostile,
    "open-10m": window_life.open_10m,
    "panes": window_life.panes,
    "first-paint": window_life.first_paint,
    "refresh": window_life.refresh,
    "packetsender": window_beside.packetsender,
    "soak": soak.soak,
}
_PEERS = ("ncat", "socat")
_QUICK = ("round-trips", "one-way", "tls", "journal", "find", "recut", "first-paint")
_IN_QUICK = Scale(seconds=0.25, connections=(1, 100), runs=5, is_brief=True)
_NOT_IN_BRIEF = (
    "Left out: whoever no verdict is about, everything on one core, TLS handshakes, all queries and lenses but the "
    "first, and what an empty window takes when it is idle."
)
_KEPT = Path(__file__).parent / "results"  # a file for each release


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; the report goes to standard output, progress to standard error."""
    chosen = _parse(arguments)
    scale = _scale(chosen)
    names = chosen.names or (_QUICK if chosen.quick else list(SCENARIOS))
    with tempfile.TemporaryDirectory(prefix="tincan-bench-") as made:
        folder = Path(made)
        bench = Bench(scale, Load(folder), folder)
        print(f"{_heading(bench)}\n", flush=True)
        with mock.patch.dict(os.environ, compiled_once(folder)):  # people start it with its bytecode
            outcomes = measure(names, bench)
    print(f"### What must be reached\n\n{report.verdicts(outcomes, kept())}")
    facts = {"machine": machine.describe(), "runs": scale.runs, "seconds": scale.seconds}
    if chosen.json is not None:
        raw = {outcome.title: outcome.raw for outcome in outcomes}
        chosen.json.write_text(json.dumps({**facts, "numbers": raw}, indent=1))
    if chosen.keep:
        _KEPT.mkdir(exist_ok=True)
        found = {**facts, "measured": {**kept(version()), **report.measured(outcomes)}}
        (_KEPT / f"{version()}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    return 0


def kept(release: str = "") -> dict[str, float]:
    """What was measured of a release, or of the newest of which something is kept; empty if nothing is."""
    files = sorted(_KEPT.glob(f"{release or '*'}.json"), key=lambda file: [int(part) for part in file.stem.split(".")])
    found: dict[str, float] = json.loads(files[-1].read_text())["measured"] if files else {}
    return found


def measure(names: Sequence[str], bench: Bench) -> list[Outcome]:
    """Run the scenarios of those names, and print each when it is done."""
    outcomes = []
    for name in names:
        began, neighbours = time.monotonic(), machine.Neighbours()
        outcomes.append(SCENARIOS[name](bench))
        outcomes[-1].neighbours = neighbours.used()
        print(outcomes[-1].markdown() + "\n", flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return outcomes


def _scale(chosen: argparse.Namespace) -> Scale:
    usual = _IN_QUICK if chosen.quick else Scale()
    runs, seconds = chosen.runs or usual.runs, chosen.seconds or usual.seconds
    return replace(usual, runs=runs, seconds=seconds, soak=10 * seconds, view=chosen.view)


def _heading(bench: Bench) -> str:
    versions = ", ".join(machine.version(peer) for peer in _PEERS if shutil.which(peer)) or "no other program"
    generator = (
        "in C" if bench.load.is_lean else "in Python (no C compiler here): it may be slower than what it measures"
    )
    return (
        f"{machine.describe()}.\nBeside it: {versions}. Load generator {generator}.\n"
        f"Medians of {bench.scale.runs} runs of {bench.scale.seconds:g} s, all contenders in turn; "
        "a ratio is the median of the ratios of each run."
    ) + (f"\n{_NOT_IN_BRIEF}" if bench.scale.is_brief else "")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure Tincan beside its peers.")
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--quick", action="store_true", help=f"in three minutes: {', '.join(_QUICK)}")
    parser.add_argument("--runs", type=int, help="of each measurement (default: 5)")
    parser.add_argument("--seconds", type=float, help="for one measurement (default: 1, quick 0.25)")
    parser.add_argument(
        "--view", default="", metavar="WORDS", help="measure only views of a flood with that in the name"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    parser.add_argument("--keep", action="store_true", help="keep the numbers as those of this release")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
