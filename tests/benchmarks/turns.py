"""Contenders take turns, so that what the machine does meanwhile falls on all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.benchmarks.load import CannotServe
from tests.benchmarks.machine import Neighbours

Sample = dict[str, float]
_Named = TypeVar("_Named")

BUSY = 0.5  # cores that other processes may use before a run counts as disturbed
_REPEATS = 2  # times that a disturbed run is repeated before it is taken as it is


@dataclass(slots=True)
class Series:
    """What one contender showed, one sample a run; or why it showed nothing."""

    samples: list[Sample] = field(default_factory=list)
    disturbed: int = 0  # runs during which other processes were busy
    failure: str = ""

    def median(self, what: str) -> float:
        """The median over the runs; not a number if there is none."""
        values = [sample[what] for sample in self.samples if what in sample]
        return statistics.median(values) if values else float("nan")

    def worst(self, what: str) -> float:
        """The largest over the runs."""
        return max((sample[what] for sample in self.samples if what in sample), default=float("nan"))


def take_turns(
    contenders: Sequence[tuple[str, _Named]], measure: Callable[[_Named], Sample], runs: int
) -> dict[str, Series]:
    """Measure each contender ``runs`` times, in turn. One that cannot do it is not asked again."""
    series = {name: Series() for name, _ in contenders}
    for _ in range(runs):
        for name, contender in contenders:
            if not series[name].failure:
                _measure_once(series[name], contender, measure)
    return series


def ratio(series: dict[str, Series], one: str, other: str, what: str = "rate") -> float:
    """The median over the runs of how many times as much ``one`` did as ``other`` in the same run."""
    if one not in series or other not in series:
        return float("nan")
    pairs = zip(series[one].samples, series[other].samples, strict=False)
    ratios = [mine[what] / theirs[what] for mine, theirs in pairs if theirs.get(what)]
    return statistics.median(ratios) if ratios else float("nan")


def _measure_once(series: Series, contender: _Named, measure: Callable[[_Named], Sample]) -> None:
    sample: Sample = {}
    used = 0.0
    for _ in range(1 + _REPEATS):
        neighbours = Neighbours()
        try:
            sample = measure(contender)
        except CannotServe as error:
            series.failure = str(error)
            return
        used = neighbours.used()
        if not used > BUSY:
            break
    series.samples.append(sample)
    series.disturbed += used > BUSY
