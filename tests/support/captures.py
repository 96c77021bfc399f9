"""Captures made by hand: packets of one TCP conversation or of datagrams, and files of either format around them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
NOON = 1_795_867_200_000_000_000  # 2026-11-28 12:00:00 UTC
RAW, ETHERNET = 101, 1


class Frame(NamedTuple):
    """A packet as it lies in a file; ``cut`` bytes of it were not kept."""

    data: bytes
    at: int = NOON
    cut: int = 0


@dataclass
class Caller:
    """One TCP connection, told packet by packet: what each end sends goes on where it was."""

    caller: tuple[str, int] = ("10.0.0.2", 40_000)
    called: tuple[str, int] = ("10.0.0.1", 80)
    first: int = 0xFFFFFFF0  # soon it begins anew
    answer_first: int = 0x7FFFFFF0
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = {True: self.first, False: self.answer_first}

    def segment(self, data: bytes = b"", flags: int = ACK, *, back: bool = False, skip: int = 0) -> bytes:
        """The next segment of an end, ``skip`` bytes further on; nothing goes on by it."""
        own, other = (self.called, self.caller) if back else (self.caller, self.called)
        sequence = (self.next[not back] + skip) % (1 << 32)
        acknowledged = self.next[back] if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", own[1], other[1], sequence, acknowledged, 5 << 4, flags, 65535, 0, 0)
        return ip(own[0], other[0], 6, head + data)

    def say(self, data: bytes = b"", flags: int = PSH | ACK, *, back: bool = False, lost: bool = False) -> bytes:
        """The next segment, which is captured unless it is lost to the capture."""
        packet = self.segment(data, flags, back=back)
        if not lost:
            self.frames.append(Frame(packet, NOON + len(self.frames) * 1_000_000))
        size = len(data) + bool(flags & (SYN | FIN))
        self.next[not back] = (self.next[not back] + size) % (1 << 32)
        return packet

    def open(self) -> Caller:
        self.say(flags=SYN)
        self.say(flags=SYN | ACK, back=True)
        self.say(flags=ACK)
        return self

    def close(self) -> Caller:
        self.say(flags=FIN | ACK)
        self.say(flags=FIN | ACK, back=True)
        self.say(flags=ACK)
        return self


def ip(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    """A packet of IPv4 or IPv6 without checksums, which nobody reads."""
    one, other = ip_address(source), ip_address(target)
    if one.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + one.packed + other.packed + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    return head + one.packed + other.packed + payload


def datagram(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    return ip(source[0], target[0], 17, struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data)


def pcap(frames: Sequence[Frame], *, link: int = RAW, order: str = "<", nanoseconds: bool = False) -> bytes:
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1_000)
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for frame in frames:
        seconds, fraction = divmod(frame.at, 1_000_000_000)
        kept = frame.data[: len(frame.data) - frame.cut]
        parts += [struct.pack(f"{order}IIII", seconds, fraction // unit, len(kept), len(frame.data)), kept]
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def section(order: str = "<", version: int = 1) -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, version, 0, -1), order)


def interface(link: int = RAW, order: str = "<", options: bytes = b"", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, snaplen) + options, order)


def enhanced(frame: Frame, order: str = "<", *, units: int = 1_000, number: int = 0) -> bytes:
    """A packet whose time is told in so many nanoseconds."""
    at = frame.at // units
    kept = frame.data[: len(frame.data) - frame.cut]
    head = struct.pack(f"{order}IIIII", number, at >> 32, at & 0xFFFFFFFF, len(kept), len(frame.data))
    return block(6, head + kept, order)


def pcapng(frames: Sequence[Frame], *, link: int = RAW, order: str = "<") -> bytes:
    return section(order) + interface(link, order) + b"".join(enhanced(frame, order) for frame in frames)
