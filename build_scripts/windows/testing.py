"""Runs all tests of core and gui under Wine, on each processor in a Windows of its own, and counts what was skipped.

Every call of Windows goes to Wine's server and back: with both on one processor, that takes three quarters of the time.
And of several windows in one Windows, one has the focus.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from xml.etree import ElementTree

from build_scripts.project import ROOT
from build_scripts.windows.wine import Wine
from build_scripts.xvfb import VirtualDisplay

_WINDOWS = 2  # at most; each takes 700 MB of disk
_FOLDERS = ("tests/gui", "tests/core")  # the slowest first: a long one at the end has one processor to itself
_SHARE = 120_000  # bytes of tests at least for one run of pytest, which needs some seconds to begin
# A test that hangs ends its process, and with it the stacks that pytest-timeout writes: then another goes on with the
# rest. What faulthandler writes shortly before is seen.
OF_HUNG_TESTS = (
    "--timeout", "120", "-o", "faulthandler_timeout=110", "--max-worker-restart", "200",
)  # fmt: skip
_OPTIONS = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_logging=no", "-n", "1", *OF_HUNG_TESTS)
_ONCE_MORE = 20  # tests at most that are run again when they failed
_FAILED = {"failure", "error"}


@dataclass(slots=True)
class Outcome:
    """What became of tests: how many passed, why how many were skipped, which failed."""

    passed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def add(self, report: Path) -> None:
        """Add what pytest has written about a run. Raises ``OSError`` if it has written nothing."""
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
            kinds = {part.tag: part.get("message", "") for part in case if part.tag in {*_FAILED, "skipped"}}
            if _FAILED & kinds.keys():
                self.failed.append(_node(case))
            elif "skipped" in kinds:
                self.skipped[kinds["skipped"]] += 1
            else:
                self.passed += 1

    def summary(self) -> str:
        """All numbers in a line; whose name a skip's reason begins with is why."""
        why = {"Wine": 0, "POSIX": 0, "other reasons": 0}
        for reason, number in self.skipped.items():
            why[next((name for name in why if reason.startswith(name)), "other reasons")] += number
        skipped = [f"{number} skipped for {name}" for name, number in why.items()]
        return ", ".join((f"{self.passed} passed", *skipped, f"{len(self.failed)} failed"))


def _node(case: ElementTree.Element) -> str:
    """The test as pytest takes it on the command line; the file, where it could not be imported."""
    name = case.get("name", "")
    module, _, inner = (case.get("classname") or name).partition(".Test")
    file = f"{module.replace('.', '/')}.py"
    if not case.get("classname"):
        return file
    return "::".join([file, *(f"Test{inner}".split(".") if inner else []), name])


def run_all(wine: Wine, python: Path, seconds: float, environment: Mapping[str, str]) -> int:
    """Run all tests, and once more those that fail; 0 if none fails. What is not done in time has failed."""
    began = time.monotonic()
    deadline = began + seconds
    processors = [0]
    if sys.platform == "linux":  # Wine is used on no other
        processors = sorted(os.sched_getaffinity(0))[:_WINDOWS]
    with ExitStack() as stack:
        wines = [wine]
        for number in range(2, len(processors) + 1):
            wines.append(wine.another(str(number), stack.enter_context(VirtualDisplay())))
            stack.callback(wines[-1].end)
        run = _Run(python, deadline, environment, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        with ThreadPoolExecutor(len(wines)) as pool:
            for done in [pool.submit(run.work, *each) for each in zip(wines, processors, strict=True)]:
                done.result()
        outcome = run.outcome
        print(f"\n{outcome.summary()}, in {time.monotonic() - began:.0f} s. Skipped:", flush=True)
        for reason, number in sorted(outcome.skipped.items()):
            print(f"{number:6} {reason}")
        if not outcome.failed:
            return 0
        print("Failed:", *outcome.failed, sep="\n  ", flush=True)
        if len(outcome.failed) > _ONCE_MORE or time.monotonic() > deadline:
            return 1
        failed, run.outcome = outcome.failed, Outcome()
        run.take(wine, failed, "once more, alone")
        if run.outcome.failed or run.outcome.passed < len(failed):
            return 1
        print("Failed at first and passed alone, so by chance or by load.", flush=True)
        return 0


class _Run:
    """What is still to be done, and what was; several threads, each with its Windows, take shares of it."""

    def __init__(self, python: Path, deadline: float, environment: Mapping[str, str], folder: Path) -> None:
        self.outcome = Outcome()
        self._python = python
        self._deadline = deadline
        self._environment = environment
        self._folder = folder
        self._shares = SimpleQueue[list[str]]()
        self._numbers = count()
        self._lock = threading.Lock()  # of what is written down and printed
        for share in shares(_FOLDERS):
            self._shares.put(share)

    def work(self, wine: Wine, processor: int) -> None:
        """Take one share after another, on this processor."""
        if sys.platform == "linux":
            os.sched_setaffinity(0, {processor})  # of this thread, and so of what it starts
        wine.set_up()
        wine.place_windows_itself(is_so=True)
        try:
            while True:
                share = self._shares.get_nowait()
                self.take(wine, share, f"{share[0]} and {len(share) - 1} more")
        except Empty:
            return
        finally:
            wine.place_windows_itself(is_so=False)

    def take(self, wine: Wine, tests: Sequence[str], name: str) -> None:
        """Run these tests and write down what became of them."""
        began, report, lines = time.monotonic(), self._folder / f"{next(self._numbers)}.xml", list[str]()
        command: list[str | Path] = [self._python, *_OPTIONS, f"--junitxml={report}", *tests]
        this = Outcome()
        code: int | None = None
        try:
            code = wine.run(command, max(1.0, self._deadline - began), self._environment, lines.append)
            this.add(report)
        except subprocess.TimeoutExpired:
            this.failed.append(f"{name}: not done in time")
        except (OSError, ElementTree.ParseError) as error:
            this.failed.append(f"{name} ended with exit code {code}: {error}")
        with self._lock:
            print(f"{name}: {this.summary()}, in {time.monotonic() - began:.0f} s", flush=True)
            if this.failed or code:
                print(*lines, sep="\n", flush=True)
            self.outcome.passed += this.passed
            self.outcome.skipped += this.skipped
            self.outcome.failed += this.failed


def shares(folders: Sequence[str]) -> Iterator[list[str]]:
    """The files with tests, neighbours together, in parts that take about as long as each other."""
    share, size = list[str](), 0
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            share.append(path.relative_to(ROOT).as_posix())
            size += path.stat().st_size
            if size >= _SHARE:
                yield share
                share, size = [], 0
    if share:
        yield share
