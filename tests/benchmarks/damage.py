"""What becomes of thousands of damaged journals, and of the crafted ones, by every door of a terminal."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections import Counter
from pathlib import Path

from tests.benchmarks import machine, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Outcome, Verdict
from tests.support.crafted import CRAFTED, craft
from tests.support.damage import Judge, damaged_journals, sound_journals

_TIMES_OUT = 60  # seconds
_DOORS = (["export", "--list"], ["export"], ["export", "--as", "csv"], ["export", "--frame", "line"], ["find", "hello"])


def damage(bench: Bench) -> Outcome:
    """Damaged journals: exit codes, what was untrue with exit code 0, the slowest, and memory."""
    folder = bench.folder / "damage"
    for name in ("sound", "damaged"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sound = sound_journals(folder / "sound")
    judge, before = Judge(folder / "damaged", sound), machine.memory()
    codes, wrong, faults, slowest = Counter[int](), [], [], 0.0
    for one in damaged_journals(sound, bench.scale.damaged):
        try:
            judgement = judge.judge(one)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            faults.append(f"{one.name}: {traceback.format_exc(limit=-2)}")
            continue
        codes[judgement.code] += 1
        slowest = max(slowest, judgement.seconds)
        wrong += [] if judgement.is_true else [f"{one.name}: {judgement.wrong}"]
    outcome = Outcome(
        f"{bench.scale.damaged:,} damaged journals", ["exit code 0", "2", "3", "slowest door", "MiB more"]
    )
    more = machine.memory(what="VmHWM") - before
    outcome.rows.append([*(str(codes[code]) for code in (0, 2, 3)), f"{slowest:.2f} s", report.number(more)])
    outcome.remarks += [*wrong, *faults]
    outcome.raw.update(codes={str(code): count for code, count in codes.items()}, wrong=wrong, faults=faults)
    outcome.verdicts += [
        Verdict("damaged journals with an exception", len(faults), 0, at_most=True),
        Verdict("damaged journals with anything but the truth and exit code 0", len(wrong), 0, at_most=True),
        Verdict("the slowest door", slowest, 2, " s", at_most=True),
        Verdict("memory for the worst", more, 200, " MiB more", at_most=True),
    ]
    return outcome


def crafted(bench: Bench) -> Outcome:
    """Crafted journals, each by a program of its own: how long, and how much memory, the worst took."""
    folder = bench.folder / "crafted"
    folder.mkdir(parents=True, exist_ok=True)
    worst, faults = {"s": (0.0, ""), "MiB": (0.0, "")}, []
    names = list(CRAFTED)[:: max(1, len(CRAFTED) // bench.scale.crafted)]
    for name in names:
        for door in _DOORS:
            path = folder / "crafted.tincan"
            for each in folder.iterdir():
                each.unlink()
            craft(name, path)
            seconds, memory, fault = _through(door, path)
            worst["s"], worst["MiB"] = max(worst["s"], (seconds, name)), max(worst["MiB"], (memory, name))
            faults += [f"{name}, {' '.join(door)}: {fault}"] if fault else []
    outcome = Outcome(f"{len(names)} crafted journals by {len(_DOORS)} doors", ["slowest", "most memory"])
    outcome.rows.append([f"{value:.1f} {unit} ({name})" for unit, (value, name) in worst.items()])
    outcome.remarks += faults
    outcome.raw.update(worst=worst, faults=faults)
    outcome.verdicts += [
        Verdict("crafted journals with a traceback", len(faults), 0, at_most=True),
        Verdict("the slowest crafted journal, its processor's time", worst["s"][0], 2, " s", at_most=True),
        Verdict("memory for the worst crafted journal", worst["MiB"][0], 200, " MiB", at_most=True),
    ]
    return outcome


def _through(door: list[str], path: Path) -> tuple[float, float, str]:
    """The processor's seconds and the MiB of memory that a program took, and what it said if that was a fault."""
    command = ["-m", "core", door[0], str(path), *door[1:]]
    told = path.with_name("told")
    measured = (
        "import resource, subprocess, sys; "
        "code = subprocess.run([sys.executable, *sys.argv[2:]], stdout=subprocess.DEVNULL, "
        "stderr=open(sys.argv[1], 'wb')).returncode; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", measured, str(told), *command],
        capture_output=True, text=True, timeout=_TIMES_OUT, check=True,
    )  # fmt: skip
    code, seconds, memory = ran.stdout.split()
    said = told.read_text("utf-8", "replace")
    is_fault = code not in {"0", "1", "2", "3"} or "Traceback" in said
    return float(seconds), float(memory), f"exit code {code}, {said[-200:]}" if is_fault else ""
