from __future__ import annotations

import ast
import itertools
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core import clock

OTHER_CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "get_clock_info"}


@pytest.mark.parametrize(
    ("platform", "version", "name"),
    [
        ("win32", (3, 11), "perf_counter"),
        ("win32", (3, 12), "perf_counter"),
        ("win32", (3, 13), "monotonic"),
        ("win32", (3, 14), "monotonic"),
        ("linux", (3, 11), "monotonic"),
        ("darwin", (3, 12), "monotonic"),
    ],
)
def test_a_clock_that_steps_by_sixty_fourths_of_a_second_is_not_read(
    platform: str, version: tuple[int, int], name: str
) -> None:
    assert clock.clock_for(platform, version) == name


def test_the_clock_is_the_systems_own_function_and_costs_nothing_more() -> None:
    name = clock.clock_for(sys.platform, sys.version_info[:2])

    assert clock.monotonic is getattr(time, name)
    assert clock.monotonic_ns is getattr(time, f"{name}_ns")
    assert time.get_clock_info(name).resolution == clock.RESOLUTION


def test_times_far_below_a_millisecond_are_told_apart() -> None:
    steps = itertools.pairwise(clock.monotonic_ns() for _ in range(100_000))

    assert 0 < min(after - before for before, after in steps if after > before) < 100_000


def test_both_units_are_readings_of_one_clock() -> None:
    before, between, after = clock.monotonic_ns(), clock.monotonic(), clock.monotonic_ns()

    assert before - 1000 <= between * 1e9 <= after + 1000


_MENTION = re.compile(r"\btime\s*\.|\bimport\b.*\btime\b|\bfrom\s+time\b")


def other_clocks(source: str) -> Iterator[str]:
    """Each name by which a module reads a clock for durations other than the program's."""
    if not _MENTION.search(source):  # most: reading them costs a hundred times as much
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time":
            yield from {node.attr} & OTHER_CLOCKS
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from {alias.name for alias in node.names} & OTHER_CLOCKS
        elif isinstance(node, ast.Import):
            yield from (f"time as {alias.asname}" for alias in node.names if alias.name == "time" and alias.asname)


def test_nobody_reads_another_clock() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for package in ("core", "gui")
        for path in (ROOT / package).rglob("*.py")
        for name in other_clocks(path.read_text(encoding="utf-8"))
        if path != Path(clock.__file__)
    }

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import time\nbegan = time.monotonic()",
        "import time\ndef f(clock=time.monotonic_ns): pass",
        "from time import perf_counter",
        "import time as clock\nclock.monotonic()",
        "import time\ntime.get_clock_info('monotonic')",
    ],
)
def test_whoever_reads_another_clock_is_found(source: str) -> None:
    assert list(other_clocks(source))


def test_the_time_of_day_may_be_read() -> None:
    assert not list(other_clocks("import time\nfrom time import sleep\ntime.time_ns()\nmonotonic()"))
