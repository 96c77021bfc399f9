"""Capture files of every make give their packets; damaged ones give those before the damage, and a sentence."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.capture.conversations import Conversations
from core.journal.capture.packets import CaptureDamaged, Packet, is_capture, read_packets
from tests.support.captures import NOON, RAW, Caller, Frame, block, enhanced, interface, pcap, pcapng, section

FRAMES = [Frame(b"first", NOON + 1_234_567), Frame(b"second packet", NOON + 2_000_000, cut=4)]
ODD = 4  # an option of an interface that nobody knows


def read(capture: bytes) -> list[Packet]:
    return list(read_packets(io.BytesIO(capture)))


def until_damage(capture: bytes) -> tuple[list[Packet], str]:
    found: list[Packet] = []
    try:
        found.extend(read_packets(io.BytesIO(capture)))
    except CaptureDamaged as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_a_pcap_of_either_order_and_unit(order: str, nanoseconds: bool) -> None:
    found = read(pcap(FRAMES, order=order, nanoseconds=nanoseconds))

    assert [(packet.link, packet.data, packet.original) for packet in found] == [
        (RAW, b"first", 5),
        (RAW, b"second pa", 13),
    ]
    assert found[0].at == NOON + (1_234_567 if nanoseconds else 1_234_000)


@pytest.mark.parametrize("order", "<>")
def test_a_pcap_with_the_longer_heads_that_linux_had_once(order: str) -> None:
    head = struct.pack(f"{order}IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65_535, RAW)

    (packet,) = read(head + struct.pack(f"{order}IIIIIHBB", 7, 3, 2, 2, 0, 0, 0, 0) + b"ab")

    assert (packet.data, packet.at) == (b"ab", 7_000_003_000)


@pytest.mark.parametrize("order", "<>")
def test_a_pcapng_of_either_order(order: str) -> None:
    found = read(pcapng(FRAMES, order=order))

    assert [(packet.data, packet.original, packet.at) for packet in found] == [
        (b"first", 5, NOON + 1_234_000),
        (b"second pa", 13, NOON + 2_000_000),
    ]


@pytest.mark.parametrize(
    ("resolution", "units"), [(b"\x09", 1), (b"\x03", 1_000_000), (b"\x00", 1_000_000_000), (b"\x80", 1_000_000_000)]
)
def test_the_times_of_an_interface_are_in_its_own_unit(resolution: bytes, units: int) -> None:
    options = struct.pack("<HH", ODD, 3) + b"abc\0" + struct.pack("<HH", 9, 1) + resolution.ljust(4, b"\0")
    second = interface(1, options=options + struct.pack("<HHq", 14, 8, 5))

    (packet,) = read(section() + interface() + second + enhanced(Frame(b"x", NOON), units=units, number=1))

    assert (packet.link, packet.at) == (1, NOON + 5_000_000_000)


def test_sections_of_both_orders_and_blocks_that_nobody_reads_stand_behind_each_other() -> None:
    unknown = block(0x0BAD, b"whatever it is")

    found = read(section() + unknown + interface() + enhanced(FRAMES[0]) + pcapng(FRAMES[:1], order=">", link=1))

    assert [(packet.link, packet.data) for packet in found] == [(RAW, b"first"), (1, b"first")]


def test_simple_and_old_packets_are_read() -> None:
    simple = block(3, struct.pack("<I", 9) + b"simple in")
    old = block(2, struct.pack("<HHIIII", 0, 7, 0, 5_000_000, 3, 3) + b"old")

    found = read(section() + interface(snaplen=6) + old + simple)

    assert [(packet.data, packet.original, packet.at) for packet in found] == [
        (b"old", 3, 5_000_000_000),
        (b"simple", 9, 5_000_000_000),
    ]


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_that_was_cut_anywhere_gives_what_is_before(make: Callable[..., bytes]) -> None:
    whole = make(FRAMES)
    ends = [packet.place for packet in read(whole)]

    for size in range(12, len(whole)):
        found, why = until_damage(whole[:size])
        assert len(found) == sum(end <= size for end in ends)
        assert "in the middle of" in why or size in (24, 28, 28 + 20, *ends)


@pytest.mark.parametrize(
    ("capture", "why"),
    [
        (pcap(FRAMES[:1]) + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31), "a packet of 2,147,483,648 bytes"),
        (pcapng(FRAMES[:1]) + struct.pack("<II", 6, 13), "13 bytes, which none can have"),
        (pcapng(FRAMES[:1]) + struct.pack("<II", 6, 0xFFFFFFFC), "which is too much"),
        (pcapng(FRAMES[:1]) + block(6, b"short"), "is not what it says it is"),
        (pcapng(FRAMES[:1]) + enhanced(FRAMES[0], number=9), "is not what it says it is"),
        (pcapng(FRAMES[:1]) + enhanced(FRAMES[0])[:-4] + b"\0\0\0\0", "two different lengths"),
        (pcapng(FRAMES[:1]) + section(version=2), "of a version that this Tincan does not know"),
        (pcapng(FRAMES[:1]) + section()[:8] + b"\0" * 20, "in no byte order"),
        (pcapng(FRAMES[:1]) + block(6, struct.pack("<IIIII", 0, 0, 0, 999, 999) + b"x"), "not what it says"),
    ],
)
def test_what_is_damaged_is_a_clause_and_what_is_before_is_read(capture: bytes, why: str) -> None:
    found, told = until_damage(capture)

    assert [packet.data for packet in found] == [b"first"]
    assert why in told


@pytest.mark.parametrize("make", [pcap, pcapng])
@given(changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6), cut=st.integers(0, 300))
def test_whatever_is_changed_in_a_file_nothing_else_is_raised(
    make: Callable[..., bytes], changes: list[tuple[int, int]], cut: int
) -> None:
    talk = Caller().open()
    talk.say(b"hello", back=True)
    damaged = bytearray(make(talk.close().frames))
    for place, byte in changes:
        damaged[12 + place % (len(damaged) - 12)] = byte
    conversations = Conversations()

    found, _why = until_damage(bytes(damaged[: len(damaged) - cut]))
    events = [event for packet in found for event in conversations.take(packet)]

    assert all(0 <= event.at <= 1 << 62 for event in (*events, *conversations.finish()))


def test_whether_a_file_is_a_capture_is_seen_by_its_beginning(tmp_path: Path) -> None:
    for name, data in {"a": pcap([]), "b": pcap([], order=">", nanoseconds=True), "c": pcapng([])}.items():
        (tmp_path / name).write_bytes(data)
        assert is_capture(tmp_path / name)
    for data in (b"", b"\n\r\r\n", b"SQLite format 3\0", b"\n\r\r\n" + b"\0" * 20):
        (tmp_path / "none").write_bytes(data)
        assert not is_capture(tmp_path / "none")
    assert not is_capture(tmp_path / "missing")
