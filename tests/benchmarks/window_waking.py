"""What an idle window costs, and how soon it shows what comes: ``python -m tests.benchmarks.window_waking``.

On any system that has a display; ``dev.py windows python -m tests.benchmarks.window_waking`` measures under Wine.
Prints a table, and ends with 1 if something is missed that must be reached.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
import tkinter as tk
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gui.app import App, Options
from tests.benchmarks import report
from tests.benchmarks.report import Verdict

_SETTLES = 2_000  # milliseconds after the first paint until the window counts as idle
_APART = 0.05  # seconds between two wakes, so that none waits for the frame before


def main(arguments: Sequence[str]) -> int:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.window_waking")
    parser.add_argument("--wakes", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20.0, help="for which the window stands idle")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        app = App(Options(folder=Path(folder)))
        watch = _Watch(app, chosen.wakes, chosen.seconds)
        app.root.after(_SETTLES, watch.begin)
        app.run()
    verdicts = verdicts_of(watch.took, watch.idle)
    print(report.table(["What", "Must be", "Is", ""], [verdict.row() for verdict in verdicts]))
    return int(any(verdict.mark != "pass" for verdict in verdicts))


def verdicts_of(took: Sequence[float], idle: float) -> list[Verdict]:
    """What must be reached, of the seconds from each wake to the screen and the part of a core that idling takes."""
    in_order = sorted(took)
    middle, most = in_order[len(in_order) // 2], in_order[int(0.99 * len(in_order))]
    return [
        Verdict("wake to screen, p50", middle * 1000, 1, " ms", at_most=True),
        Verdict("wake to screen, p99", most * 1000, 10, " ms", at_most=True),
        Verdict("the window idle", idle * 100, 1, " % of a core", at_most=True),
    ]


class _Watch:
    """Leaves the window alone, then wakes it from another thread; each wake draws a few words anew."""

    def __init__(self, app: App, wakes: int, seconds: float) -> None:
        self._app = app
        self._wakes = wakes
        self._seconds = seconds
        self._drawn = threading.Event()
        self.took: list[float] = []
        self.idle = 0.0
        self._label = tk.Label(app.root)
        self._label.place(x=0, y=0)

    def begin(self) -> None:
        threading.Thread(target=self._measure, daemon=True).start()

    def _measure(self) -> None:
        began, used = time.perf_counter(), time.process_time()
        time.sleep(self._seconds)
        self.idle = (time.process_time() - used) / (time.perf_counter() - began)
        for _ in range(self._wakes):
            time.sleep(_APART)
            self._drawn.clear()
            began = time.perf_counter()
            self._app.post(partial(self._draw, began))
            self._drawn.wait()
        self._app.post(self._app.leave)

    def _draw(self, began: float) -> None:
        self._label.configure(text=f"{len(self.took)} wakes")
        self._label.update_idletasks()
        self.took.append(time.perf_counter() - began)
        self._drawn.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
