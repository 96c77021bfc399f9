"""Rows as they are shown: runs of text with the names of tags, and what is set off in them. Pure values; no tkinter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from core.text_safety import Span
from gui.viewmodels.hexdump import Layout, Side, dump, stretches

INCOMING, OUTGOING = "incoming", "outgoing"
MARKED = "marked"  # what was found
DECOR = "decor"  # what is there for the eye alone and is left out when text is copied


class Run(NamedTuple):
    """Text and the tags it carries."""

    text: str
    tags: tuple[str, ...]


class Cap(NamedTuple):
    """A bubble's rounded end: on which line of its row, and how wide in pixels."""

    line: int
    kind: str
    width: int
    top: bool


class Marked(NamedTuple):
    """Bytes of one message that are set off: its place, the first of them, and one past the last."""

    place: int
    start: int
    stop: int


@dataclass(slots=True)
class Row:
    """One display row as it is shown. Every line ends in a line feed."""

    place: int
    runs: list[Run] = field(default_factory=list)
    caps: list[Cap] = field(default_factory=list)
    lines: int = 0

    def line(self, *runs: Run) -> None:
        """Add a whole line; its line feed carries the last run's tags."""
        self.runs.extend(runs)
        self.runs.append(Run("\n", runs[-1].tags))
        self.lines += 1

    def decoration(self, *tags: str) -> None:
        """Add an empty line that is only looked at."""
        self.runs.append(Run("\n", (*tags, DECOR)))
        self.lines += 1


def marked(runs: Sequence[Run], first: int, last: int) -> Iterator[Run]:
    """The same runs with a tag on the characters from ``first`` up to before ``last``; decoration is not counted.

    If that is behind the last of them, it is the line ending that was meant, for which a mark stands.
    """
    place = 0
    length = sum(len(run.text) for run in runs if DECOR not in run.tags) - 1  # the line feed at the end is ours
    for text, tags in runs:
        if DECOR in tags:
            yield Run(text, (*tags, MARKED)) if last > length == place and "mark" in tags and text else Run(text, tags)
            continue
        begin, end = (max(0, min(at, length) - place) for at in (first, last))
        pieces = (Run(text[:begin], tags), Run(text[begin:end], (*tags, MARKED)), Run(text[end:], tags))
        yield from (piece for piece in pieces if piece.text)
        place += len(text)


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same text in as few runs as can be: Tk takes its time over each."""
    return [Run("".join(run.text for run in same), tags) for tags, same in groupby(runs, key=lambda run: run.tags)]


def pieces(line: Sequence[Span], lengths: Iterable[int]) -> Iterator[list[Span]]:
    """The line in pieces of so many characters each; what is left behind them is left out."""
    left = [span for span in reversed(line) if span.text]
    for length in lengths:
        piece: list[Span] = []
        while left and length:
            span = left.pop()
            piece.append(Span(span.text[:length], span.is_mark))
            if len(span.text) > length:
                left.append(Span(span.text[length:], span.is_mark))
            length -= len(piece[-1].text)
        yield piece


def hex_lines(data: bytes, layout: Layout, tags: tuple[str, ...], marked: Marked | None) -> Iterator[list[Run]]:
    """A dump of the bytes, a list of runs for each line, with the marked bytes set off in both columns."""
    lines = dump(data, 0, layout).split("\n")
    start, stop = (marked.start, min(marked.stop, len(data))) if marked is not None else (0, 0)
    found = {one.row: one for one in stretches(start, stop, 0, len(lines), layout.per_row)}
    for number, line in enumerate(lines):
        runs, at = [], 0
        for side in Side if number in found else ():
            first, last = layout.stretch(side, found[number].first, found[number].stop)
            runs += [Run(line[at:first], tags), Run(line[first:last], (*tags, MARKED))]
            at = last
        yield [*runs, Run(line[at:], tags)]
