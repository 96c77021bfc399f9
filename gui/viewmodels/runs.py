"""Rows as they are shown: runs of text with the names of tags, and what is set off in them. Pure values; no tkinter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.text_safety import Span
from gui.viewmodels.body import DECOR, Body

__all__ = ["DECOR", "FOUND", "INCOMING", "MARKED", "OUTGOING", "Body", "Cap", "Row", "Run", "joined", "pieces"]

INCOMING, OUTGOING = "incoming", "outgoing"
FOUND, MARKED = "found", "marked"  # what was found, and that of it which was gone to


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


@dataclass(slots=True)
class Row:
    """One display row as it is shown. Every line ends in a line feed."""

    place: int
    runs: list[Run] = field(default_factory=list)
    caps: list[Cap] = field(default_factory=list)
    lines: int = 0
    body: Body | None = None  # the bytes of a message

    def line(self, *runs: Run) -> None:
        """Add a whole line; its line feed carries the last run's tags."""
        self.runs.extend(runs)
        self.runs.append(Run("\n", runs[-1].tags))
        self.lines += 1

    def decoration(self, *tags: str) -> None:
        """Add an empty line that is only looked at."""
        self.runs.append(Run("\n", (*tags, DECOR)))
        self.lines += 1


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same text in as few runs as can be: Tk takes its time over each."""
    found: list[Run] = []
    texts: list[str] = []  # of the runs with the tags of the last one
    for run in runs:
        if found and run.tags == found[-1].tags:
            texts.append(run.text)
            continue
        if len(texts) > 1:
            found[-1] = Run("".join(texts), found[-1].tags)
        found.append(run)
        texts = [run.text]
    if len(texts) > 1:
        found[-1] = Run("".join(texts), found[-1].tags)
    return found


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
