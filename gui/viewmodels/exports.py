"""Exporting, as its dialog sees it: what there is to choose from, what was chosen, how far it is. No tkinter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from core.words import counted, human_bytes


class Scope(Enum):
    """Which rows of the conversation."""

    ALL = "all"
    SELECTION = "selection"
    FILTERED = "filtered"


class Rows(NamedTuple):
    """A scope that can be offered; ``number`` of them, None where there is no such thing just now."""

    scope: Scope
    number: int | None


class ExportFormat(NamedTuple):
    """A form of file: a key for the program, words and a sentence for people, the file name's ending with its dot."""

    key: str
    words: str
    sentence: str
    ending: str


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a person asked for. ``path`` as typed; ``may_replace`` once they agreed to lose what is there."""

    scope: Scope
    format: str  # the key
    path: str
    may_replace: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it: rows, bytes, and where; ``where`` is one file's name, or says how many there are."""

    rows: int
    size: int
    where: str


@dataclass(frozen=True, slots=True)
class ExportView:
    """How far an export is. ``rate`` in bytes a second; ``is_in_the_way``: a file is there already."""

    is_running: bool = False
    rows: int = 0
    total: int = 0
    size: int = 0
    rate: float = 0.0
    complaint: str = ""
    is_in_the_way: bool = False
    result: Exported | None = None
    is_cancelled: bool = False

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        return min(1.0, self.rows / self.total) if self.total else None


NOT_BEGUN = ExportView()


def scope_words(rows: Rows) -> str:
    """``Everything, 1,204 rows``; what is not there says so."""
    name = {
        Scope.ALL: "Everything",
        Scope.SELECTION: "The selection",
        Scope.FILTERED: "What the filter shows",
    }[rows.scope]
    if rows.number is None:
        missing = {Scope.SELECTION: "nothing is selected", Scope.FILTERED: "nothing is filtered out"}
        return f"{name} ({missing.get(rows.scope, 'there is nothing yet')})"
    return f"{name}, {counted(rows.number, 'row')}"


def progress_words(view: ExportView) -> str:
    """``1,204 of 10,000 rows, 3.4 MB, 12.0 MB a second``; at the end what came of it."""
    if view.result is not None:
        done = view.result
        return f"{counted(done.rows, 'row')}, {human_bytes(done.size)}, in {done.where}"
    if view.is_cancelled:
        return "Cancelled. Nothing was written."
    if not view.is_running:
        return ""
    rows = f"{view.rows:,} of {counted(view.total, 'row')}" if view.total else counted(view.rows, "row")
    rate = f", {human_bytes(round(view.rate))} a second" if view.rate else ""
    return f"{rows}, {human_bytes(view.size)}{rate}"


def with_ending(path: str, ending: str, formats: Sequence[ExportFormat]) -> str:
    """The path with that format's ending in place of another format's; any other ending stays as typed."""
    for known in formats:
        if path.lower().endswith(known.ending.lower()) and len(path) > len(known.ending):
            return path[: -len(known.ending)] + ending
    return path
