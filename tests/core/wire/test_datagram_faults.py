"""Bad lines for datagrams: what is not lost or flipped arrives unchanged, and each fault is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire.faults import FaultError, Faults, check_faults, parse_faults
from core.wire.faulty_line import DatagramLine, InjectedFault


class Clock:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def through(line: DatagramLine, clock: Clock, datagrams: list[bytes], step: float = 0.0) -> list[object]:
    """All that comes out, with so many seconds between the datagrams."""
    out: list[object] = []
    for datagram in datagrams:
        line.put(datagram)
        out += line.take()
        clock.now += step
    while (due := line.due) is not None:
        clock.now = max(clock.now, due)
        out += line.take()
    assert line.size == 0
    return out


def data(out: Sequence[object]) -> list[bytes]:
    return [each for each in out if isinstance(each, bytes)]


def told(out: Sequence[object]) -> list[str]:
    return [each.words for each in out if isinstance(each, InjectedFault)]


@given(
    datagrams=st.lists(st.binary(max_size=40), max_size=40),
    latency=st.sampled_from([0.0, 0.05]),
    jitter=st.sampled_from([0.0, 0.03]),
    bandwidth=st.sampled_from([None, 100, 10_000]),
    step=st.sampled_from([0.0, 0.001, 0.5]),
    seed=st.integers(0, 5),
)
def test_a_line_that_loses_nothing_gives_every_datagram_unchanged_and_in_order(
    datagrams: list[bytes], latency: float, jitter: float, bandwidth: int | None, step: float, seed: int
) -> None:
    clock = Clock()
    faults = Faults(latency=latency, jitter=jitter, bandwidth=bandwidth, seed=seed)

    assert through(DatagramLine(faults, clock), clock, datagrams, step) == datagrams


@given(
    datagrams=st.lists(st.binary(max_size=8), max_size=40),
    loss=st.sampled_from([0.0, 0.3, 1.0]),
    duplicate=st.sampled_from([0.0, 0.3, 1.0]),
    reorder=st.sampled_from([0.0, 0.3, 1.0]),
    step=st.sampled_from([0.0, 0.001, 0.5]),
    seed=st.integers(0, 5),
)
def test_what_is_told_accounts_for_every_datagram(
    datagrams: list[bytes], loss: float, duplicate: float, reorder: float, step: float, seed: int
) -> None:
    clock = Clock()
    line = DatagramLine(Faults(loss=loss, duplicate=duplicate, reorder=reorder, seed=seed), clock)
    out = through(line, clock, datagrams, step)

    words = Counter(re.sub(r"^a datagram of [0-9]+ bytes? | for .*", "", each) for each in told(out))
    assert len(data(out)) == len(datagrams) - words["was lost"] + words["goes on twice"]
    assert set(data(out)) <= set(datagrams)
    if not loss and not duplicate:
        assert sorted(data(out)) == sorted(datagrams)
    if loss == 1:
        assert (data(out), words["was lost"]) == ([], len(datagrams))
    if duplicate == 1 and not loss:
        assert Counter(data(out)) == Counter(datagrams * 2)


def test_a_datagram_that_is_held_back_is_overtaken() -> None:
    clock = Clock()
    line = DatagramLine(Faults(reorder=0.3, held_back=0.05, seed=3), clock)
    sent = [b"%02d" % number for number in range(20)]

    out = data(through(line, clock, sent, step=0.01))

    assert sorted(out) == sent
    assert out != sent


@given(
    datagrams=st.lists(st.binary(max_size=8), max_size=30),
    faults=st.sampled_from(["latency=50ms~40", "bandwidth=1000", "latency=1s,flip=0.5", "reorder=0.4/2s"]),
    step=st.sampled_from([0.0, 0.03]),
)
def test_what_is_emptied_is_all_that_was_on_its_way_as_it_was_put_in(
    datagrams: list[bytes], faults: str, step: float
) -> None:
    clock = Clock()
    line = DatagramLine(parse_faults(faults), clock)
    for datagram in datagrams:
        line.put(datagram)
        clock.now += step
    came = len(data(taken := line.take()))
    assert line.count == len(datagrams) - came
    out = [*taken, *line.empty()]

    assert (line.count, line.size, line.due, line.take()) == (0, 0, None, [])
    if "flip" not in faults:
        assert sorted(data(out)) == sorted(datagrams)
    if "reorder" not in faults:
        assert data(out)[came:] == datagrams[came:]


def test_latency_and_bandwidth_take_their_time() -> None:
    clock = Clock()
    line = DatagramLine(Faults(latency=0.1, bandwidth=1000), clock)
    line.put(bytes(100))
    line.put(bytes(100))

    assert line.take() == []
    assert line.due == pytest.approx(100.1)
    clock.now = 100.1
    assert line.take() == [bytes(100)]
    assert line.due == pytest.approx(100.2)


def test_what_finds_no_room_is_lost_and_told() -> None:
    clock = Clock()
    line = DatagramLine(Faults(bandwidth=1), clock)
    for _ in range(20):
        line.put(bytes(65_000))

    assert line.size <= DatagramLine.ROOM
    assert sum("too much waits" in words for words in told(line.take())) == 20 - DatagramLine.ROOM // 65_000


@given(datagrams=st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=20), seed=st.integers(0, 9))
def test_only_bits_are_flipped_and_each_is_told(datagrams: list[bytes], seed: int) -> None:
    clock = Clock()
    out = through(DatagramLine(Faults(flip=0.05, seed=seed), clock), clock, datagrams)

    differ = sum(
        (int.from_bytes(came) ^ int.from_bytes(went)).bit_count()
        for came, went in zip(data(out), datagrams, strict=True)
    )
    assert differ == sum(int(words.split()[0]) for words in told(out))


def test_a_flipped_bit_is_told_by_its_byte_in_its_own_datagram_and_each_byte_once() -> None:
    clock = Clock()
    line = DatagramLine(Faults(flip=1), clock)

    for datagram in (bytes(4), b"", bytes(2)):
        line.put(datagram)

    assert line.take() == [
        InjectedFault("32 bits flipped, in byte 0, 1, 2, …"),
        b"\xff" * 4,
        b"",
        InjectedFault("16 bits flipped, in byte 0, 1"),
        b"\xff" * 2,
    ]


def test_the_same_seed_makes_the_same_choices_and_another_name_others() -> None:
    faults, sent = Faults(loss=0.5), [b"%d" % number for number in range(64)]

    def out(name: str) -> list[bytes]:
        clock = Clock()
        return data(through(DatagramLine(faults, clock, name), clock, sent))

    assert out("1") == out("1") != out("2")


@pytest.mark.parametrize(
    ("written", "faults", "words"),
    [
        ("loss=0.1", Faults(loss=0.1), "10 % of the datagrams lost"),
        ("duplicate=1", Faults(duplicate=1.0), "100 % of the datagrams twice"),
        ("reorder=0.2/50ms", Faults(reorder=0.2, held_back=0.05), "20 % of the datagrams held back for 50 ms"),
        ("reorder=0.2", Faults(reorder=0.2), "20 % of the datagrams held back for 20 ms"),
    ],
)
def test_faults_of_datagrams_are_written_and_read(written: str, faults: Faults, words: str) -> None:
    assert parse_faults(written) == faults
    assert str(faults) == words


@pytest.mark.parametrize(
    "written", ["loss=0", "loss=0_1", "loss=1.1", "loss=much", "loss=", "reorder=0.1/x", "duplicate=-1"]
)
def test_what_is_no_share_is_refused(written: str) -> None:
    with pytest.raises(FaultError):
        parse_faults(written)


@pytest.mark.parametrize("written", ["slice=1", "cut=10", "finish=1s", "reset=10", "stall=10/1s", "dying-router"])
def test_datagrams_have_no_faults_of_streams(written: str) -> None:
    check_faults(parse_faults(written), datagrams=False)
    with pytest.raises(FaultError, match="streams of bytes alone"):
        check_faults(parse_faults(written), datagrams=True)


@pytest.mark.parametrize("written", ["byte-by-byte", "dying-router", "lossy-wifi"])
def test_a_preset_that_cannot_happen_says_what_it_is_made_of(written: str) -> None:
    with pytest.raises(FaultError, match=f"^{written} is made of [a-z]+, which happens to .* alone: leave it out$"):
        check_faults(parse_faults(written), datagrams=written != "lossy-wifi")


@pytest.mark.parametrize("written", ["loss=0.1", "duplicate=0.1", "reorder=0.1"])
def test_streams_have_no_faults_of_datagrams(written: str) -> None:
    check_faults(parse_faults(written), datagrams=True)
    with pytest.raises(FaultError, match=r"datagrams \(UDP\) alone"):
        check_faults(parse_faults(written), datagrams=False)


def test_what_both_have_passes() -> None:
    for datagrams in (False, True):
        for written in ("latency=10ms~5,bandwidth=64kB,flip=0.1,seed=3", "slow-phone", "satellite"):
            check_faults(parse_faults(written), datagrams=datagrams)
        check_faults(None, datagrams=datagrams)
