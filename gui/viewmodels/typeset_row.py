"""A row of the conversation as it is typeset: runs of text with tags, and which characters show which bytes.

Pure values; no tkinter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from core import text_safety
from core.text_safety import Span, TextSafety
from gui.viewmodels.hexdump import Layout, Side, stretches

if TYPE_CHECKING:
    from gui.viewmodels.decoding import Decoding

INCOMING, OUTGOING = "incoming", "outgoing"
FOUND, MARKED = "found", "marked"  # what was found, and that of it which was gone to
DECOR = "decor"  # tags what is there for the eye alone and is left out when text is copied


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


def _is_plain(two: str) -> bool:
    """Whether they are two characters that are shown as they are."""
    return len(two) == 2 and two.isascii() and two.isprintable()


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
            if len(span.text) > length:
                left.append(Span(span.text[length:], span.is_mark))
                span = Span(span.text[:length], span.is_mark)
            piece.append(span)
            length -= len(span.text)
        yield piece


class Place(NamedTuple):
    """A character of a row: on which of its lines, and in which column, as Tk counts them."""

    line: int
    column: int


TOP = Place(0, 0)
_FEED = Span(text_safety.mark_of("\n"), is_mark=True)


@dataclass(slots=True)
class Body:
    """The bytes that a row shows, and from where to where it does; offsets count from the message's first byte.

    The first ``carried`` bytes of ``data`` are the beginning of a character that the piece before was cut in.
    ``has_more`` says that bytes of the message follow which are not shown.
    """

    data: bytes
    decoding: Decoding
    safety: TextSafety
    carried: int = 0
    has_more: bool = False
    layout: Layout | None = None  # of a hex dump
    is_one_line: bool = False
    start: Place = TOP
    stop_line: int = 0

    def lines(self, enough: int | None = None) -> list[list[Span]]:
        """The text that is shown, with a mark for each line feed and for its line ending.

        If there is ``enough``, what lies behind so many characters may be left out, where no mark is cut in two.
        """
        text, ending = self._text_and_ending()
        if enough is not None and _is_plain(text[enough - 1 : enough + 1]):
            text, ending = text[:enough], ""
        lines = [list(self.safety.spans(line)) for line in text.split("\n")]
        for line in lines[:-1]:
            line.append(_FEED)
        if self.is_one_line:
            lines = [[span for line in lines for span in line]]
        if ending:
            lines[-1].append(Span(text_safety.ending_mark(ending), is_mark=True, characters=len(ending)))
        return lines

    def bytes_between(self, row: Row, first: Place, last: Place, astral: int = 1) -> tuple[int, int | None]:
        """The bytes that the characters from ``first`` up to before ``last`` show; of a mark, all that it stands for.

        The second is None for the message's end. ``astral`` is how many columns Tk takes an emoji for.
        """
        is_behind = last.line >= self.stop_line and (not self.has_more or last.line >= row.lines)
        if self.layout is not None:
            start, stop = self._hex_byte(first), self._hex_byte(last, is_stop=True)
        else:
            places, ranges = self._places(row, astral), self.ranges()
            begin, end = bisect_left(places, first), min(bisect_left(places, last), len(ranges))
            start = ranges[begin][0] if begin < len(ranges) else len(self.data)
            stop = ranges[end - 1][1] if end else 0
            is_behind |= end >= min(len(places) - 1, len(ranges)) > 0 and (self.is_one_line or not self.has_more)
        stop = max(start, stop)
        return max(0, start - self.carried), None if is_behind else max(0, stop - self.carried)

    def stretches(self, row: Row, start: int, stop: int, astral: int = 1) -> Iterator[tuple[Place, Place]]:
        """Where these bytes are shown: characters from the first place up to before the second."""
        start, stop = start + self.carried, min(stop + self.carried, len(self.data))
        if start >= stop:
            return
        if self.layout is not None:
            rows = self.stop_line - self.start.line
            for found in stretches(start, stop, 0, rows, self.layout.per_row):
                for side in Side:
                    columns = self.layout.stretch(side, found.first, found.stop)
                    yield tuple(Place(self.start.line + found.row, self.start.column + at) for at in columns)  # type: ignore[misc]
            return
        places, ranges = self._places(row, astral), self.ranges()
        begin = bisect_right(ranges, start, key=lambda one: one[1])
        end = min(bisect_left(ranges, stop, key=lambda one: one[0]), len(places) - 1)
        if begin >= end and self.is_one_line and places[1:]:  # it stands behind what there was room for: in the "…"
            behind = places[-2]
            yield Place(behind.line, behind.column + 1), Place(behind.line, behind.column + 2)
        while begin < end:
            line_end = min(end, bisect_left(places, Place(places[begin].line + 1, 0)))
            behind = places[line_end - 1]
            yield places[begin], Place(behind.line, behind.column + 1)
            begin = line_end

    def _text_and_ending(self) -> tuple[str, str]:
        text = self.decoding.decode(self.data)
        return (text, "") if self.has_more else text_safety.split_ending(text)

    def ranges(self) -> list[tuple[int, int]]:
        """For each character that is shown, the bytes for which it stands."""
        ends = self.decoding.ends(self.data)
        found: list[tuple[int, int]] = []
        start, at = 0, 0
        for number, line in enumerate(self.lines() if self.data else []):
            if number:
                found.append(found[-1])  # Tk's own line feed, behind the mark of the message's
            for span in line:
                steps = [span.characters] if span.is_mark else [1] * len(span.text)
                for step in steps:
                    stop = ends[at + step - 1]
                    found += [(start, stop)] * (len(span.text) if span.is_mark else 1)
                    start, at = stop, at + step
        return found

    def _places(self, row: Row, astral: int) -> list[Place]:
        """Where each of those characters stands, and the line feed behind them."""
        found: list[Place] = []
        line = column = 0
        for text, tags in row.runs:
            is_body = DECOR not in tags
            for character in text:
                place = Place(line, column)
                if is_body and place >= self.start and line < self.stop_line:
                    found.append(place)
                if character == "\n":
                    line, column = line + 1, 0
                else:
                    column += astral if character > "\uffff" else 1
            if line >= self.stop_line:
                break
        return found

    def _hex_byte(self, place: Place, *, is_stop: bool = False) -> int:
        """The byte in front of a place, and one more; or the first that is not in front of it."""
        assert self.layout is not None
        row, column = place.line - self.start.line, place.column - self.start.column - is_stop
        if row < 0:
            return 0
        index = self.layout.locate(column)[1] + is_stop if column >= 0 else 0
        return min(row * self.layout.per_row + index, len(self.data))
