"""What every scenario is given: how much to measure, the load generator, a folder, and how to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.load import Load
from tests.benchmarks.peers import Contender, Server
from tests.benchmarks.turns import Sample, Series, take_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much to measure. The smoke test measures little."""

    runs: int = 5
    is_brief: bool = False  # whether nothing is measured but what a verdict is about
    seconds: float = 1.0  # of one measurement
    connections: tuple[int, ...] = (1, 10, 100, 1000)
    receivers: tuple[int, ...] = (10, 100, 1000)
    burst: int = 500
    idle: int = 1000
    soak: float = 10.0  # seconds of each part of the soak
    audience: int = 50
    clients: int = 100  # of a server that is stopped
    stops: int = 50
    cycles: int = 1000
    megabytes: int = 64  # without a newline
    entries: int = 200_000
    searched: int = 1_000_000  # entries of the journal in which something is looked for
    long_journal: int = 10_000_000  # entries of the journal that is opened
    jumps: int = 200  # to anywhere in it
    damaged: int = 3500  # journals
    crafted: int = 1000  # journals of those that there are, at most
    crowds: tuple[int, ...] = (500, 5000, 10_000)  # connections of a server of which the window is told
    refreshes: int = 50  # of a window, of each kind
    view: str = ""  # part of the names of the views of a flood that are measured; empty: of all
    ways: int | None = None  # to look at a flood, and rates of one, that are measured; None: all there are


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmarks."""

    scale: Scale
    load: Load
    folder: Path

    def compare(
        self,
        contenders: Sequence[Contender],
        measure: Callable[[Server], Sample],
        *,
        connections: int = 1,
        core: bool = False,
    ) -> dict[str, Series]:
        """Measure all contenders that can take so many connections, in turn; ``core``: everything on one core."""
        able = [(each.name, each) for each in contenders if each.most >= connections]

        def measure_one(contender: Contender) -> Sample:
            with machine.one_core(core), contender.running(self.folder) as server:
                return measure(server)

        return take_turns(able, measure_one, self.scale.runs)
