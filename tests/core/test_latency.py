"""How long things took, in a few numbers out of the last so many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.latency import KEPT, NO_LATENCY, Latency, Samples


def latency_of(times: list[int]) -> Latency:
    samples = Samples()
    for took in times:
        samples.add(took)
    return samples.freeze()


def test_without_a_time_all_figures_are_0() -> None:
    assert latency_of([]) == NO_LATENCY
    assert (NO_LATENCY.p50_ns, NO_LATENCY.p99_ns, NO_LATENCY.max_ns) == (0, 0, 0)


def test_the_middle_and_the_99th_percentile_are_of_the_last_and_all_are_counted() -> None:
    found = latency_of([9_999] * 1000 + list(range(1, KEPT + 1)))

    assert (found.count, found.p50_ns, found.p99_ns, found.max_ns) == (1000 + KEPT, 256, 507, 512)


def test_one_time_is_every_figure() -> None:
    found = latency_of([7])

    assert (found.count, found.p50_ns, found.p99_ns, found.max_ns) == (1, 7, 7, 7)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=2 * KEPT))
def test_each_figure_is_a_time_that_was_measured_and_they_are_in_order(times: list[int]) -> None:
    found = latency_of(times)

    assert found.p50_ns <= found.p99_ns <= found.max_ns
    assert {found.p50_ns, found.p99_ns, found.max_ns} <= set(times[-KEPT:])
    assert sum(took <= found.p50_ns for took in found.last) * 2 >= len(found.last)
