"""Faults of a line: what is neither cut nor flipped arrives unchanged, in order, and when it was to arrive."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire.faults import PRESETS, At, FaultError, Faults, parse_faults
from core.wire.faulty_line import End, FaultyLine, InjectedFault, Passed


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(line: FaultyLine, clock: Clock, until: float = math.inf) -> list[tuple[float, Passed]]:
    """Everything that comes out of a line by then, and when it does."""
    out: list[tuple[float, Passed]] = []
    while True:
        out += [(clock.now, passed) for passed in line.take()]
        due = line.due
        if due is None or due > until:
            return out
        clock.now = max(clock.now, due)


def data_of(out: list[tuple[float, Passed]]) -> bytes:
    return b"".join(passed for _, passed in out if isinstance(passed, bytes))


def times() -> st.SearchStrategy[float]:
    return st.floats(0, 2, allow_nan=False)


HARMLESS = st.builds(
    Faults,
    latency=times(),
    jitter=times(),
    bandwidth=st.none() | st.integers(50, 10_000),
    slice=st.none() | st.integers(1, 40),
    pause=st.floats(0, 0.1),
    stall=st.none() | st.integers(0, 100).map(At) | times().map(lambda seconds: At(seconds=seconds)),
    stalled_for=times(),
    seed=st.integers(0, 9),
)
CHUNKS = st.lists(st.tuples(st.binary(min_size=1, max_size=60), times()), max_size=12)


@given(HARMLESS, CHUNKS)
def test_what_is_not_cut_or_flipped_arrives_unchanged_in_order_and_before_the_end(
    faults: Faults, chunks: list[tuple[bytes, float]]
) -> None:
    clock = Clock()
    line = FaultyLine(faults, clock)
    out: list[tuple[float, Passed]] = []
    for data, pause in chunks:
        line.put(data)
        out += run(line, clock, clock.now + pause)
        clock.now += pause
    line.end(End.FINISHED)
    out += run(line, clock)

    assert data_of(out) == b"".join(data for data, _ in chunks)
    assert [passed for _, passed in out if isinstance(passed, End)] == [End.FINISHED]
    assert out[-1][1] is End.FINISHED
    assert line.size == 0
    if faults.slice is not None:
        assert all(len(passed) <= faults.slice for _, passed in out if isinstance(passed, bytes))


@given(HARMLESS, CHUNKS, st.integers(0, 300), st.sampled_from(["cut", "finish", "reset"]))
def test_what_comes_before_a_cut_arrives_and_nothing_after_it(
    faults: Faults, chunks: list[tuple[bytes, float]], size: int, kind: str
) -> None:
    clock = Clock()
    line = FaultyLine(replace(faults, **{kind: At(size)}), clock)  # type: ignore[arg-type]
    said = b"".join(data for data, _ in chunks)
    for data, _ in chunks:
        line.put(data)
    line.end(End.FINISHED)
    out = run(line, clock)
    line.put(b"too late")

    assert data_of(out) == said[:size]
    assert isinstance(out[-1][1], End)
    if len(said) > size:
        assert out[-1][1] is {"cut": End.CUT, "finish": End.FINISHED, "reset": End.RESET}[kind]
    assert line.take() == []


@given(st.binary(min_size=1, max_size=500), st.floats(0.001, 1), st.integers(0, 99), st.integers(1, 50))
def test_flipped_bits_are_told_of_one_by_one_and_the_same_seed_flips_the_same(
    said: bytes, rate: float, seed: int, size: int
) -> None:
    def flipped(size: int) -> tuple[bytes, list[InjectedFault]]:
        clock = Clock()
        line = FaultyLine(Faults(flip=rate, seed=seed, slice=size), clock)
        line.put(said)
        out = run(line, clock)
        return data_of(out), [passed for _, passed in out if isinstance(passed, InjectedFault)]

    heard, told = flipped(size)
    count = sum((one ^ other).bit_count() for one, other in zip(said, heard, strict=True))

    assert len(heard) == len(said)
    assert sum(int(note.words.split()[0].replace(",", "")) for note in told) == count
    assert heard == flipped(500)[0]
    if rate == 1:
        assert count == 8 * len(said)


def test_the_rate_of_flipped_bits_is_what_was_asked_for() -> None:
    clock = Clock()
    line = FaultyLine(Faults(flip=0.01), clock)
    line.put(bytes(100_000))

    flips = sum(byte.bit_count() for byte in data_of(run(line, clock)))

    assert 7600 < flips < 8400


def test_latency_delays_and_jitter_spreads_within_its_bounds() -> None:
    clock = Clock()
    line = FaultyLine(Faults(latency=0.1, jitter=0.02), clock)
    arrivals = []
    for number in range(50):
        clock.now = float(number)
        line.put(b"x")
        arrivals += [at - number for at, _ in run(line, clock)]

    assert all(0.08 <= delay <= 0.1201 for delay in arrivals)
    assert max(arrivals) - min(arrivals) > 0.02


def test_bandwidth_is_kept_over_time() -> None:
    clock = Clock()
    line = FaultyLine(Faults(bandwidth=1000), clock)
    line.put(bytes(5000))

    out = run(line, clock)

    assert out[-1][0] == pytest.approx(5.0, abs=0.05)


def test_slices_go_one_by_one_with_a_pause() -> None:
    clock = Clock()
    line = FaultyLine(Faults(slice=2, pause=0.5), clock)
    line.put(b"abcde")

    assert run(line, clock) == [(0.0, b"ab"), (0.5, b"cd"), (1.0, b"e")]


def test_a_stall_holds_everything_and_is_told() -> None:
    clock = Clock()
    line = FaultyLine(Faults(stall=At(2), stalled_for=3.0), clock)
    line.put(b"abcd")

    assert run(line, clock) == [(0.0, b"ab"), (0.0, InjectedFault("stalled after 2 bytes for 3 s")), (3.0, b"cd")]


def test_a_stall_without_an_end_lasts_for_ever() -> None:
    clock = Clock()
    line = FaultyLine(Faults(stall=At(2)), clock)
    line.put(b"abcd")

    assert data_of(run(line, clock)) == b"ab"
    assert line.due is None


@pytest.mark.parametrize(("kind", "end"), [("reset", End.RESET), ("finish", End.FINISHED), ("cut", End.CUT)])
def test_what_happens_by_the_clock_happens_on_a_silent_line_too(kind: str, end: End) -> None:
    clock = Clock()
    line = FaultyLine(Faults(**{kind: At(seconds=2.0)}), clock)  # type: ignore[arg-type]

    assert [(at, passed) for at, passed in run(line, clock) if isinstance(passed, End)] == [(2.0, end)]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", Faults()),
        ("latency=100ms~20,slice=1", Faults(latency=0.1, jitter=0.02, slice=1)),
        ("latency=2s, bandwidth=64kB", Faults(latency=2.0, bandwidth=64_000)),
        ("slice=10/5ms", Faults(slice=10, pause=0.005)),
        ("stall=4KiB/3s", Faults(stall=At(4096), stalled_for=3.0)),
        ("stall=500ms", Faults(stall=At(seconds=0.5))),
        ("cut=1000,finish=2s,reset=1M", Faults(cut=At(1000), finish=At(seconds=2.0), reset=At(1_000_000))),
        ("cut=1.005kB", Faults(cut=At(1005))),
        ("flip=0.001,seed=7", Faults(flip=0.001, seed=7)),
        ("satellite", PRESETS["satellite"]),
        ("byte-by-byte,latency=50", Faults(slice=1, pause=0.001, latency=0.05)),
    ],
)
def test_faults_are_read_as_they_are_written(text: str, faults: Faults) -> None:
    assert parse_faults(text) == faults


@given(
    faults=st.builds(
        Faults,
        latency=st.sampled_from([0.0, 0.1, 1e-6, 3600.0]),
        jitter=st.sampled_from([0.0, 0.02]),
        bandwidth=st.none() | st.integers(1, 10**9),
        slice=st.none() | st.integers(1, 10**6),
        stall=st.none() | st.integers(0, 10**9).map(At) | st.just(At(seconds=0.5)),
        stalled_for=st.sampled_from([float("inf"), 3.0]),
        cut=st.none() | st.integers(0, 10**9).map(At),
        flip=st.floats(0, 1),
        seed=st.integers(0, 10**17),
        loss=st.floats(0, 1),
        reorder=st.floats(0, 1),
    )
)
def test_what_is_written_is_read_as_the_same(faults: Faults) -> None:
    again = parse_faults(faults.written)
    stalled_for = again.stalled_for if faults.stall is None else faults.stalled_for
    assert again == replace(faults, stalled_for=stalled_for)


@pytest.mark.parametrize(
    "text",
    ["nonsense", "latency", "latency=", "latency=fast", "latency=-1", "latency=2h", "slice=0", "bandwidth=0", "cut=x",
     "cut=1.5", "slice=0.5", "cut=0.0001kB",
     "flip=0", "flip=2", "flip=nan", "seed=x", "seed=٣", "reset=1e9", "stall=1/x", "latency=1~x", "satellite=1"],
)  # fmt: skip
def test_what_is_no_fault_is_refused_and_named(text: str) -> None:
    with pytest.raises(FaultError, match=text.split("=", maxsplit=1)[0]):
        parse_faults(text)


def test_faults_are_told_in_words() -> None:
    assert str(PRESETS["dying-router"]) == (
        "latency 20 ms ± 20 ms, 536 bytes at a time, stalls after 64,000 bytes for 3 s, resets after 256,000 bytes"
    )
    assert str(parse_faults("flip=0.5,slice=1/1ms,bandwidth=9")) == (
        "9 B a second, 1 byte at a time, 1 ms apart, 50 % of the bits flipped (seed 1)"
    )
