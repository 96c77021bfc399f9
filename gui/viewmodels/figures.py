"""What the figures say: charts, the numbers beside them, a table, and all of it as CSV. No tkinter."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.journal.reading.figures import Figures, Times, middle_of
from core.words import connection_name, counted, duration, human_bytes

if TYPE_CHECKING:
    from core.journal.reading.figures import Slot

PERCENTILES = (50, 95, 99)
NOTHING_YET = "Nothing was said yet."
_SECOND = 1_000_000_000  # ns
_HALVES = 2  # bars of answer times for each octave


class Bar(NamedTuple):
    """One bar: how high it is above the line and how deep below, 0 to 1 each, and what it says."""

    above: float
    below: float
    words: str


class Chart(NamedTuple):
    """Bars beside each other over an axis from ``start`` to ``stop``; ``highest`` is what 1 stands for.

    ``marks`` are places on the axis, 0 to 1, with a name each.
    """

    title: str
    summary: str
    bars: tuple[Bar, ...] = ()
    highest: str = ""
    start: str = ""
    stop: str = ""
    marks: tuple[tuple[float, str], ...] = ()


class TableRow(NamedTuple):
    """A connection in the table."""

    name: str
    received: str
    sent: str
    answers: str


def charts(figures: Figures) -> list[Chart]:
    """Messages a second, bytes a second, sizes, answer times."""
    return [
        _rate(figures, "Messages a second", 0, _short),
        _rate(figures, "Bytes a second", 2, lambda each: human_bytes(round(each))),
        _sizes(figures),
        _answers(figures),
    ]


def table(figures: Figures) -> list[TableRow]:
    """What each connection said, those that said most first."""
    return [
        TableRow(
            connection_name(one.number), f"{one.said.received:,}  {human_bytes(one.said.bytes_received)}",
            f"{one.said.sent:,}  {human_bytes(one.said.bytes_sent)}", percentiles_in_words(one.answers),
        )
        for one in figures.connections
    ]  # fmt: skip


def percentiles_in_words(times: Times) -> str:
    """``p50 55 µs  p95 87 µs  p99 89 µs``; a dash without any."""
    if not times.count:
        return "–"
    return "  ".join(f"p{percent} {duration(times.percentile(percent))}" for percent in PERCENTILES)


def as_csv(figures: Figures) -> str:
    """All numbers as lines of ``figure, connection, from, to, received, sent``; RFC 4180 with LF.

    Times are seconds since the first message, sizes bytes; of answers, ``received`` is how many there were.
    """
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(("figure", "connection", "from", "to", "received", "sent"))
    for place, slot in enumerate(figures.slots):
        span = tuple(f"{at * figures.slot_ns / _SECOND:.3f}" for at in (place, place + 1))
        write(("messages", "", *span, slot.received, slot.sent))
        write(("bytes", "", *span, slot.bytes_received, slot.bytes_sent))
    for bits in _range(figures.sizes_received, figures.sizes_sent):
        sizes = figures.sizes_received.get(bits, 0), figures.sizes_sent.get(bits, 0)
        write(("sizes", "", *_bounds(bits), *sizes))
    for place in sorted(figures.answers.classes):
        time = f"{middle_of(place) / _SECOND:.9f}"
        write(("answer time", "", time, time, figures.answers.classes[place], ""))
    _write_totals(write, "", figures.said, figures.answers)
    for one in figures.connections:
        _write_totals(write, connection_name(one.number), one.said, one.answers)
    return out.getvalue()


def _write_totals(write: Callable[[Sequence[object]], object], who: str, said: Slot, answers: Times) -> None:
    write(("messages in all", who, "", "", said.received, said.sent))
    write(("bytes in all", who, "", "", said.bytes_received, said.bytes_sent))
    for percent in PERCENTILES if answers.count else ():
        write((f"answers p{percent}", who, "", f"{answers.percentile(percent) / _SECOND:.9f}", answers.count, ""))


def _rate(figures: Figures, title: str, first: int, words: Callable[[float], str]) -> Chart:
    """What slots have in column ``first`` (received) and the next (sent), for a second."""
    seconds = figures.slot_ns / _SECOND
    rates = [(slot[first] / seconds, slot[first + 1] / seconds) for slot in figures.slots]
    if not rates:
        return Chart(title, NOTHING_YET)
    most = max(map(max, rates))
    received, sent = figures.said[first], figures.said[first + 1]
    length = duration(figures.slot_ns)
    bars = tuple(
        Bar(
            one / most if most else 0.0, two / most if most else 0.0,
            f"after {duration(place * figures.slot_ns)}, for {length}: "
            f"{words(one)} received and {words(two)} sent a second",
        )
        for place, (one, two) in enumerate(rates)
    )  # fmt: skip
    in_all = (human_bytes(received), human_bytes(sent)) if first else (f"{received:,}", f"{sent:,}")
    return Chart(
        title, f"{in_all[0]} received, {in_all[1]} sent; at most {words(most)} a second within {length}",
        bars, words(most), "0 s", duration(len(rates) * figures.slot_ns),
    )  # fmt: skip


def _sizes(figures: Figures) -> Chart:
    title, classes = "Sizes", _range(figures.sizes_received, figures.sizes_sent)
    if not classes:
        return Chart(title, NOTHING_YET)
    found = [(figures.sizes_received.get(bits, 0), figures.sizes_sent.get(bits, 0)) for bits in classes]
    most = max(map(max, found))
    bars = tuple(
        Bar(one / most, two / most, f"{_size_words(bits)}: {one:,} received, {two:,} sent")
        for bits, (one, two) in zip(classes, found, strict=True)
    )
    said = figures.said
    means = [
        f"{human_bytes(round(size / count))} {words}"
        for size, count, words in (
            (said.bytes_received, said.received, "received"), (said.bytes_sent, said.sent, "sent"),
        )
        if count
    ]  # fmt: skip
    summary = f"on average {', '.join(means)}; the largest has {counted(figures.largest, 'byte')}"
    return Chart(title, summary, bars, f"{most:,}", _size_words(classes[0]), _size_words(classes[-1]))


def _answers(figures: Figures) -> Chart:
    title, times = "Answer times", figures.answers
    if not times.count:
        return Chart(title, "No answer was timed yet.")
    octaves: Counter[int] = Counter()
    for place, count in times.classes.items():
        octaves[_half_octave(middle_of(place))] += count
    classes = range(min(octaves), max(octaves) + 1)
    most = max(octaves.values())
    bars = tuple(
        Bar(
            octaves[each] / most,
            0.0,
            f"{duration(_start_of(each))} to {duration(_start_of(each + 1))}: {octaves[each]:,}",
        )
        for each in classes
    )
    marks = tuple((_place_of(times.percentile(percent), classes), f"p{percent}") for percent in PERCENTILES)
    summary = f"{percentiles_in_words(times)}, at most {duration(times.longest_ns)} ({times.count:,})"
    return Chart(
        title, summary, bars, f"{most:,}", duration(_start_of(classes[0])), duration(_start_of(classes[-1] + 1)), marks
    )


def _half_octave(ns: int) -> int:
    return math.floor(math.log2(max(1, ns)) * _HALVES)


def _start_of(half_octave: int) -> int:
    return round(2 ** (half_octave / _HALVES))


def _place_of(ns: int, classes: range) -> float:
    """Where a time stands on the axis of those classes, 0 to 1."""
    return min(1.0, max(0.0, (math.log2(max(1, ns)) * _HALVES - classes[0]) / len(classes)))


def _range(*counts: Mapping[int, int]) -> Sequence[int]:
    """The classes from the first to the last that has anything."""
    known = [bits for each in counts for bits in each]
    return range(min(known), max(known) + 1) if known else ()


def _bounds(bits: int) -> tuple[int, int]:
    """The least and the most bytes of sizes with so many bits."""
    return (1 << bits) >> 1, (1 << bits) - 1


def _size_words(bits: int) -> str:
    least, most = _bounds(bits)
    if most < 1000:
        return counted(least, "byte") if least >= most else f"{least:,} to {counted(most, 'byte')}"
    return f"{human_bytes(least)} to {human_bytes(most)}"


def _short(number: float) -> str:
    """``1,204``, ``12``, ``0.4``."""
    return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"
