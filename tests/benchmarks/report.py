"""Numbers as people read them: Markdown tables, and a verdict on everything that must be reached."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tests.benchmarks.turns import Series

_NOISE = 0.15  # of a number: so much may lie between two runs on one machine


@dataclass(frozen=True, slots=True)
class Verdict:
    """A number that must be reached, and what was measured."""

    what: str
    measured: float
    bound: float
    unit: str = ""
    at_most: bool = False

    @property
    def name(self) -> str:
        """What it is kept by."""
        return f"{self.what},{self.unit}" if self.unit else self.what

    @property
    def mark(self) -> str:
        """Pass, miss, or that it could not be measured here."""
        if math.isnan(self.measured):
            return "not measured"
        reached = self.measured <= self.bound if self.at_most else self.measured >= self.bound
        return "pass" if reached else "**miss**"

    def row(self) -> list[str]:
        must = f"{'at most' if self.at_most else 'at least'} {self.bound:g}{self.unit}"
        return [self.what, must, f"{number(self.measured)}{self.unit}", self.mark]


@dataclass(slots=True)
class Outcome:
    """What one scenario gave: a table, remarks below it, verdicts, and the raw numbers."""

    title: str
    head: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)
    neighbours: float = math.nan  # cores that other processes used meanwhile, as an average

    def keep(self, name: str, series: dict[str, Series]) -> None:
        """Put the samples of a comparison with the raw numbers, and say what disturbed it."""
        self.raw[name] = {contender: asdict(shown) for contender, shown in series.items()}
        disturbed = [
            f"{contender} {shown.disturbed} of {len(shown.samples)}"
            for contender, shown in series.items()
            if shown.disturbed
        ]
        if disturbed:
            self.remarks.append(f"{name}, runs while other processes were busy: {', '.join(disturbed)}.")
        failed = [f"{contender} {shown.failure}" for contender, shown in series.items() if shown.failure]
        if failed:
            self.remarks.append(f"{name}, could not: {'; '.join(failed)}.")

    def markdown(self) -> str:
        """The section of the report."""
        remarks = "\n".join(f"- {remark}" for remark in self.remarks)
        return "\n\n".join(filter(None, [f"### {self.title}", table(self.head, self.rows), remarks]))


def verdicts(outcomes: Sequence[Outcome], before: Mapping[str, float]) -> str:
    """Everything that must be reached, in one table: beside it what it was ``before``, and how busy the machine was."""
    rows = [
        [f"{outcome.neighbours:.2f}", *verdict.row(), _slide(verdict, before.get(verdict.name, math.nan))]
        for outcome in outcomes
        for verdict in outcome.verdicts
    ]
    return table(["Cores used by others", "What", "Must be", "Is", "", "Kept before"], rows)


def measured(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """What is kept of a release: the number of each verdict that was measured."""
    found = {verdict.name: verdict.measured for outcome in outcomes for verdict in outcome.verdicts}
    return {name: value for name, value in found.items() if not math.isnan(value)}


def _slide(verdict: Verdict, before: float) -> str:
    """The number that was kept, and whether today's is worse by more than a machine's noise."""
    if math.isnan(before) or math.isnan(verdict.measured):
        return number(before)
    worse, better = (verdict.measured, before) if verdict.at_most else (before, verdict.measured)
    return f"{number(before)}{verdict.unit}" + (", **worse**" if worse > better + _NOISE * abs(better) else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is of numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def number(value: float) -> str:
    """Three digits that count, thousands apart; a dash for what was not measured."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def rate(shown: Series | None, what: str = "rate", scale: float = 1.0) -> str:
    """The median of a series, or a dash for who could not do it."""
    return number(shown.median(what) * scale) if shown is not None else "-"
