"""Bytes that wait to be sent."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.net.outbox import Outbox
from core.origin import FLIPPED, PASSED_ON, PERSON, Origin


def test_begins_empty() -> None:
    outbox = Outbox(10)
    assert not outbox
    assert outbox.size == 0
    assert not outbox.is_full


@pytest.mark.case("C-43")
def test_lets_a_message_in_whole_until_the_limit_is_reached() -> None:
    outbox = Outbox(10)
    outbox.add(b"x" * 9)
    assert not outbox.is_full
    outbox.add(b"x" * 1000)  # the last one in may be larger than what was left
    assert outbox.is_full
    assert outbox.size == 1009


def test_counts_only_what_the_kernel_has_not_taken() -> None:
    outbox = Outbox(10)
    outbox.add(b"hello", taken=3)
    assert outbox.size == 2
    assert bytes(outbox.bite()) == b"lo"


def test_offers_small_messages_joined_and_large_ones_in_bites() -> None:
    outbox = Outbox(1 << 20)
    for word in (b"one ", b"two ", b"three"):
        outbox.add(word)
    assert bytes(outbox.bite()) == b"one two three"
    outbox.drop()
    outbox.add(b"x" * 1_000_000)
    outbox.add(b"y")
    assert bytes(outbox.bite()) == b"x" * 262_144


def test_joins_no_more_than_a_bite_needs() -> None:
    outbox = Outbox(1 << 30)
    for _ in range(10):
        outbox.add(b"x" * 100_000)
    assert len(outbox.bite()) == 300_000


def test_gives_back_each_message_once_its_last_byte_is_out_with_the_cuts_it_took() -> None:
    outbox = Outbox(100)
    outbox.add(b"hello", taken=2)
    outbox.add(b"world")
    assert outbox.took(2) == []
    first, second = outbox.took(6)
    assert (first.data, first.cuts) == (b"hello", [2, 2, 1])
    assert (second.data, second.cuts) == (b"world", [5])
    assert not outbox


def test_gives_up_everything_at_once() -> None:
    outbox = Outbox(10)
    outbox.add(b"hello", taken=1)
    outbox.add(b"world")
    assert [(left.data, left.taken) for left in outbox.drop()] == [(b"hello", 1), (b"world", 0)]
    assert not outbox
    assert outbox.size == 0


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=8), st.lists(st.integers(0, 12), min_size=1))
def test_every_byte_goes_out_once_and_in_order_however_little_the_kernel_takes(
    messages: list[bytes], takes: list[int]
) -> None:
    outbox = Outbox(1 << 20)
    for message in messages:
        outbox.add(message)
    wire, done = b"", []
    for take in itertools.chain(takes, itertools.repeat(1)):
        if not outbox:
            break
        bite = bytes(outbox.bite())
        assert bite
        count = min(take, len(bite))
        wire += bite[:count]
        done += [outgoing.data for outgoing in outbox.took(count)]
        assert outbox.size == sum(map(len, messages)) - len(wire)
    assert wire == b"".join(messages)
    assert done == messages


@pytest.mark.parametrize(
    ("origin", "bytes_of_it", "then"),
    [(PASSED_ON, b"ABcd", FLIPPED), (PASSED_ON, b"abcd", PASSED_ON), (PERSON, b"ABcd", PERSON)],
)
def test_what_is_passed_on_with_other_bytes_than_came_is_not_called_passed_on(
    origin: Origin, bytes_of_it: bytes, then: Origin
) -> None:
    outbox = Outbox(10)
    outbox.add(b"abcd", origin=origin)
    outbox.replace(0, bytes_of_it[:2])

    (outgoing,) = outbox.took(4)
    assert (outgoing.data, outgoing.origin) == (bytes_of_it, then)
