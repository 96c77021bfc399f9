"""What an idle window costs, and how soon it shows what comes: ``python -m tests.benchmarks.window_waking``.

On any system that has a display; ``dev.py windows python -m tests.benchmarks.window_waking`` measures under Wine.
Prints a table, and ends with 1 if something is missed that must be reached. Below it stand the times of bare wakes of
the same event loop, taken in turn with the program's own: what a busy machine costs, both have.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gui.app import App, Options
from gui.platform.event_loop import TkLoop
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
    middle, most = (1000 * at for at in middle_and_most(watch.bare_took))
    print(f"\nA bare wake of Tk to the screen, in turn with these: p50 {middle:.2f} ms, p99 {most:.2f} ms")
    return int(any(verdict.mark != "pass" for verdict in verdicts))


def verdicts_of(took: Sequence[float], idle: float) -> list[Verdict]:
    """What must be reached, of the seconds from each wake to the screen and the part of a core that idling takes."""
    middle, most = middle_and_most(took)
    return [
        Verdict("wake to screen, p50", middle * 1000, 1, " ms", at_most=True),
        Verdict("wake to screen, p99", most * 1000, 10, " ms", at_most=True),
        Verdict("the window idle", idle * 100, 1, " % of a core", at_most=True),
    ]


def middle_and_most(took: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th of a hundred."""
    in_order = sorted(took)
    return in_order[len(in_order) // 2], in_order[int(0.99 * len(in_order))]


class _Watch:
    """Leaves the window alone, then wakes it from another thread; each wake draws a few words anew."""

    def __init__(self, app: App, wakes: int, seconds: float) -> None:
        self._app = app
        self._wakes = wakes
        self._seconds = seconds
        self._drawn = threading.Event()
        self._drawn.set()
        self.took: list[float] = []
        self.bare_took: list[float] = []
        self._waker = TkLoop(app.root).waker(lambda: self._draw(self.bare_took))
        self._began = 0.0
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
            self._measure_one(self._waker.wake)
            self._measure_one(partial(self._app.post, partial(self._draw, self.took)))
        self._app.post(self._waker.close)
        self._app.post(self._app.leave)

    def _measure_one(self, wake: Callable[[], None]) -> None:
        time.sleep(_APART)
        self._drawn.clear()
        self._began = time.perf_counter()
        wake()
        self._drawn.wait()

    def _draw(self, took: list[float]) -> None:
        if self._drawn.is_set():  # a waker may call more often than it is asked to
            return
        self._label.configure(text=f"{len(took)} wakes")
        self._label.update_idletasks()
        took.append(time.perf_counter() - self._began)
        self._drawn.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
