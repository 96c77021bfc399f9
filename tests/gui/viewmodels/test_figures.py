"""What the figures say in words, in bars and as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from core.journal.reading.figures import Figures, Tally
from gui.viewmodels.figures import NOTHING_YET, as_csv, charts, table

MS = 1_000_000


@pytest.fixture
def figures() -> Figures:
    """Ten requests of 100 bytes, each answered with 10 bytes after 1, 2 … 10 ms, one every 100 ms."""
    tally = Tally(dials=False)
    for place in range(10):
        tally.add(3, is_sent=False, sizes=(100,), mono_ns=place * 100 * MS)
        tally.add(3, is_sent=True, sizes=(10,), mono_ns=place * 100 * MS + (place + 1) * MS)
    return tally.figures(20)


def test_rates_are_for_a_second_and_the_numbers_stand_beside(figures: Figures) -> None:
    messages, size, _sizes, _answers = charts(figures)

    assert messages.summary == "10 received, 10 sent; at most 10 a second within 100 ms"
    assert (messages.highest, messages.start, messages.stop) == ("10", "0 s", "1.00 s")
    assert messages.bars[3] == (1.0, 1.0, "after 300 ms, for 100 ms: 10 received and 10 sent a second")
    assert size.summary == "1.0 kB received, 100 B sent; at most 1.0 kB a second within 100 ms"
    assert size.bars[0][:2] == (1.0, 0.1)


def test_sizes_are_classes_of_powers_of_two(figures: Figures) -> None:
    sizes = charts(figures)[2]

    assert sizes.summary == "on average 100 B received, 10 B sent; the largest has 100 bytes"
    assert [bar.words for bar in sizes.bars][:: len(sizes.bars) - 1] == [
        "8 to 15 bytes: 0 received, 10 sent", "64 to 127 bytes: 10 received, 0 sent",
    ]  # fmt: skip
    assert [bar[:2] for bar in sizes.bars] == [(0, 1), (0, 0), (0, 0), (1, 0)]


def test_answer_times_have_their_percentiles_in_words_and_marked(figures: Figures) -> None:
    answers = charts(figures)[3]

    assert answers.summary == "p50 5.0 ms  p95 10.0 ms  p99 10.0 ms, at most 10.0 ms (10)"
    assert [name for _place, name in answers.marks] == ["p50", "p95", "p99"]
    places = [place for place, _name in answers.marks]
    assert places == sorted(places)
    assert 0.5 < places[0] < places[1] < 1
    assert sum(int(bar.words.rpartition(" ")[2]) for bar in answers.bars) == 10


def test_a_connection_has_a_row(figures: Figures) -> None:
    assert table(figures) == [("#3", "10  1.0 kB", "10  100 B", "p50 5.0 ms  p95 10.0 ms  p99 10.0 ms")]


def test_without_anything_said_the_charts_say_so() -> None:
    found = charts(Figures())

    assert [chart.summary for chart in found] == [NOTHING_YET, NOTHING_YET, NOTHING_YET, "No answer was timed yet."]
    assert not any(chart.bars for chart in found)


def test_all_numbers_are_in_the_csv(figures: Figures) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(figures))))

    def of(name: str, who: str = "") -> list[dict[str, str]]:
        return [each for each in lines if (each["figure"], each["connection"]) == (name, who)]

    assert [each["received"] for each in of("messages")] == ["1"] * 10
    assert of("bytes")[2] == {
        "figure": "bytes", "connection": "", "from": "0.200", "to": "0.300", "received": "100", "sent": "10",
    }  # fmt: skip
    assert sum(int(each["received"]) for each in of("answer time")) == 10
    assert [each["to"] for each in of("sizes")][-1] == "127"
    assert of("messages in all", "#3")[0]["sent"] == "10"
    assert float(of("answers p50", "#3")[0]["to"]) == pytest.approx(0.005, rel=0.005)
    assert of("answers p99")[0]["received"] == "10"
