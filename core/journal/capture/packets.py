"""The packets of a capture, pcap or pcapng in either byte order, and what each carries, from its link to TCP or UDP.

Sources: draft-ietf-opsawg-pcap-05 and draft-ietf-opsawg-pcapng-03 of the file, tcpdump.org/linktypes.html, IEEE 802.1Q,
RFC 791, 768, 8200 and 9293 of the headers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.address import Address
from core.errors import JournalError

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6  # types of blocks
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}  # of a pcapng section
# Of a pcap file: byte order, nanoseconds of the fraction's unit, bytes of a packet's header.
_MAGICS = {
    magic if order == ">" else magic[::-1]: (order, unit, size)
    for order in "><"
    for magic, unit, size in (
        (b"\xa1\xb2\xc3\xd4", 1_000, 16),
        (b"\xa1\xb2\x3c\x4d", 1, 16),
        (b"\xa1\xb2\xcd\x34", 1_000, 24),  # Kuznetsov's, which Linux had once
    )
}
_LARGEST = 262_144  # bytes of a packet, as tcpdump and Wireshark have it
_LARGEST_BLOCK = 16 * 1024 * 1024  # bytes of a block that is read; others are passed over, whatever they have
_RESOLUTION, _OFFSET = 9, 14  # options of an interface
_BILLION = 1_000_000_000

FIN, SYN, RST, ACK = 1, 2, 4, 16
_TCP, _UDP = 6, 17
_LONGEST = 0xFFFF  # bytes of a datagram; a longer one says 0 (RFC 2675, section 4)
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)  # of virtual networks, each of four bytes
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_MOST_HEADERS = 16  # of IPv6 behind each other


class CaptureDamaged(JournalError):
    """The file cannot be read from here on: a clause that says where and why."""


class Packet(NamedTuple):
    """What was captured of one packet: ``original`` is its size on the wire in bytes, ``at`` is since 1970, in ns."""

    link: int  # https://www.tcpdump.org/linktypes.html
    at: int
    data: bytes
    original: int
    place: int  # in the file: where its record ends


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    snaplen: int
    per_second: int = 1_000_000  # units of a time stamp
    offset: int = 0  # seconds


def is_capture(path: Path) -> bool:
    """Whether the file begins as a pcap or pcapng file does."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] in _MAGICS or (head[:4] == struct.pack(">I", _SECTION) and head[8:12] in _ORDERS)


def read_packets(file: BinaryIO) -> Iterator[Packet]:
    """The packets of a file for which ``is_capture`` holds, in its order.

    Raises ``CaptureDamaged`` where it cannot be read any further, and ``OSError``.
    """
    magic = file.read(4)
    file.seek(0)
    reader = _Reader(file)
    yield from _read_pcap(reader, *_MAGICS[magic]) if magic in _MAGICS else _read_pcapng(reader)


class _Reader:
    """Reads so many bytes or raises ``CaptureDamaged``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.place = 0

    @property
    def is_at_end(self) -> bool:
        return self.place >= self._size

    def take(self, size: int, what: str) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise CaptureDamaged(f"it ends at byte {self._size:,}, in the middle of {what}")
        self.place += size
        return data

    def skip(self, size: int, what: str) -> None:
        if self.place + size > self._size:
            raise CaptureDamaged(f"it ends at byte {self._size:,}, in the middle of {what}")
        self.place = self._file.seek(size, os.SEEK_CUR)


def _read_pcap(reader: _Reader, order: str, unit: int, size: int) -> Iterator[Packet]:
    _magic, _major, _minor, _zone, _figures, _snaplen, link = struct.unpack(
        f"{order}IHHiIII", reader.take(24, "its head")
    )
    head = struct.Struct(f"{order}IIII")
    while not reader.is_at_end:
        begins = reader.place
        seconds, fraction, captured, original = head.unpack(reader.take(size, "a packet")[:16])
        _check(captured, begins)
        data = reader.take(captured, "a packet")
        yield Packet(link & 0xFFFF, seconds * _BILLION + fraction * unit, data, max(original, captured), reader.place)


def _check(captured: int, begins: int) -> None:
    if captured > _LARGEST:
        raise CaptureDamaged(f"at byte {begins:,} it has a packet of {captured:,} bytes, which none can have")


def _read_pcapng(reader: _Reader) -> Iterator[Packet]:
    order, interfaces = "<", list[_Interface]()
    last = 0  # of a block without a time
    while not reader.is_at_end:
        begins = reader.place
        head = reader.take(8, "a block")
        if head[:4] == struct.pack("<I", _SECTION):  # the same in either order
            magic = reader.take(4, "a block")
            if magic not in _ORDERS:
                raise CaptureDamaged(f"at byte {begins:,} a section begins in no byte order that there is")
            order, interfaces = _ORDERS[magic], []
            body = _rest(reader, order, head, 12, begins)
            if struct.unpack_from(f"{order}H", body)[0] != 1:
                raise CaptureDamaged(f"at byte {begins:,} begins a section of a version that this Tincan does not know")
            continue
        (kind,) = struct.unpack(f"{order}I", head[:4])
        if kind not in (_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET):
            _rest(reader, order, head, 8, begins, is_wanted=False)
            continue
        body = _rest(reader, order, head, 8, begins)
        try:
            if kind == _INTERFACE:
                interfaces.append(_interface(order, body))
            else:
                packet = _packet(order, kind, body, interfaces, last, reader.place)
                _check(len(packet.data), begins)
                last = packet.at
                yield packet
        except (struct.error, IndexError, ValueError):
            raise CaptureDamaged(f"the block at byte {begins:,} is not what it says it is") from None


def _rest(reader: _Reader, order: str, head: bytes, taken: int, begins: int, *, is_wanted: bool = True) -> bytes:
    """What stands in a block behind the bytes that were taken of it, without the length at its end."""
    (size,) = struct.unpack(f"{order}I", head[4:8])
    if size % 4 or size < taken + 4:
        raise CaptureDamaged(f"the block at byte {begins:,} says that it has {size:,} bytes, which none can have")
    if is_wanted and size > _LARGEST_BLOCK:
        raise CaptureDamaged(f"the block at byte {begins:,} says that it has {size:,} bytes, which is too much")
    body = b""
    if is_wanted:
        body = reader.take(size - taken - 4, "a block")
    else:
        reader.skip(size - taken - 4, "a block")
    if reader.take(4, "a block") != head[4:8]:
        raise CaptureDamaged(f"the block at byte {begins:,} has two different lengths")
    return body


def _interface(order: str, body: bytes) -> _Interface:
    link, _reserved, snaplen = struct.unpack_from(f"{order}HHI", body)
    per_second, offset, place = 1_000_000, 0, 8
    while place + 4 <= len(body):
        code, size = struct.unpack_from(f"{order}HH", body, place)
        value = body[place + 4 : place + 4 + size]
        if code == 0:
            break
        if code == _RESOLUTION and value:
            per_second = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == _OFFSET and size == 8:
            (offset,) = struct.unpack(f"{order}q", value)
        place += 4 + size + -size % 4
    return _Interface(link, snaplen, per_second, offset)


def _packet(order: str, kind: int, body: bytes, interfaces: list[_Interface], last: int, place: int) -> Packet:
    """The packet of a block. Raises ``struct.error``, ``IndexError`` and ``ValueError`` for what is none."""
    if kind == _SIMPLE_PACKET:
        interface = interfaces[0]
        (original,) = struct.unpack_from(f"{order}I", body)
        captured = min(original, interface.snaplen or original, len(body) - 4)
        return Packet(interface.link, last, body[4 : 4 + captured], original, place)
    number, high, low, captured, original = struct.unpack_from(f"{order}IIIII", body)
    if kind == _OLD_PACKET:
        number = number >> 16 if order == ">" else number & 0xFFFF  # two numbers of 16 bits; the other counts drops
    interface = interfaces[number]
    if captured > len(body) - 20:
        raise ValueError
    at = (high << 32 | low) * _BILLION // interface.per_second + interface.offset * _BILLION
    return Packet(interface.link, at, body[20 : 20 + captured], max(original, captured), place)


# Headers.


class Unread(Exception):
    """The packet carries no TCP or UDP that can be read; the message says what it is, in the plural."""


class End(NamedTuple):
    """One end of a conversation: its address as the packet has it, and its port."""

    host: bytes
    port: int

    @property
    def address(self) -> Address:
        """The same for people."""
        return Address(str(ip_address(self.host)), self.port)


class WrongLength(NamedTuple):
    """How long a UDP header says that its datagram is, itself included, and what the packet around has for it."""

    said: int
    there: int


class Carried(NamedTuple):
    """A TCP segment or a UDP datagram. ``missing`` bytes of its payload were not captured."""

    is_udp: bool
    source: End
    target: End
    data: bytes
    missing: int
    sequence: int = 0
    acknowledged: int = 0
    flags: int = 0
    wrong_length: WrongLength | None = None


def carried(packet: Packet) -> Carried:
    """What the packet carries. Raises ``Unread``."""
    try:
        link = _LINKS[packet.link]
    except KeyError:
        raise Unread(f"of a link of type {packet.link}, which is not known here") from None
    try:
        version, start = link(packet.data)
        if version == _IPV4:
            return _of_ipv4(packet, start)
        if version == _IPV6:
            return _of_ipv6(packet, start)
    except (struct.error, IndexError):
        raise Unread("cut in the middle of their headers") from None
    raise Unread("of other protocols than IP")


# Links: each finds the version of IP and where its header begins.


def _ethernet(data: bytes, place: int = 12) -> tuple[int, int]:
    """``place`` is that of the protocol, or of the tag in front of it."""
    (kind,) = struct.unpack_from("!H", data, place)
    while kind in _TAGS:
        place += 4
        (kind,) = struct.unpack_from("!H", data, place)
    return kind, place + 2


def _raw(data: bytes) -> tuple[int, int]:
    return {4: _IPV4, 6: _IPV6}.get(data[0] >> 4, 0), 0


def _null(data: bytes) -> tuple[int, int]:
    """A protocol family in the byte order of who captured it; that of IPv6 is another in each system."""
    return _raw(data[4:])[0], 4


def _cooked(data: bytes) -> tuple[int, int]:
    """As ``tcpdump -i any`` writes it; libpcap puts the tag back that Linux has taken away."""
    return _ethernet(data, 14)


def _cooked_2(data: bytes) -> tuple[int, int]:
    return struct.unpack_from("!H", data, 0)[0], 20


_LINKS: dict[int, Callable[[bytes], tuple[int, int]]] = {
    0: _null, 108: _null, 1: _ethernet, 12: _raw, 14: _raw, 101: _raw, 228: _raw, 229: _raw,
    113: _cooked, 276: _cooked_2,
}  # fmt: skip


# IP.


def _of_ipv4(packet: Packet, start: int) -> Carried:
    data = packet.data
    size = (data[start] & 0xF) * 4
    if data[start] >> 4 != 4 or size < 20:
        raise Unread("of other protocols than IP")
    total, fragment, protocol = struct.unpack_from("!H2xHxB", data, start + 2)
    if fragment & 0x3FFF:  # more of them follow, or this is not the first
        raise Unread("fragments of larger ones")
    hosts = data[start + 12 : start + 16], data[start + 16 : start + 20]
    end = start + total if total else None  # 0: the network card was to cut it (TSO)
    return _of_transport(packet, protocol, hosts, start + size, end)


def _of_ipv6(packet: Packet, start: int) -> Carried:
    data = packet.data
    size, protocol = struct.unpack_from("!HB", data, start + 4)
    hosts = data[start + 8 : start + 24], data[start + 24 : start + 40]
    place = start + 40
    end = place + size if size else None
    for _ in range(_MOST_HEADERS):
        if protocol in (_HOP_BY_HOP, _ROUTING, _DESTINATION):
            protocol, place = data[place], place + 8 + data[place + 1] * 8
        elif protocol == _AUTHENTICATION:
            protocol, place = data[place], place + 8 + data[place + 1] * 4
        elif protocol == _FRAGMENT:
            if struct.unpack_from("!H", data, place + 2)[0] & 0xFFF9:
                raise Unread("fragments of larger ones")
            protocol, place = data[place], place + 8
        else:
            break
    return _of_transport(packet, protocol, hosts, place, end)


def _of_transport(packet: Packet, protocol: int, hosts: tuple[bytes, bytes], place: int, end: int | None) -> Carried:
    """``place`` is where the header of TCP or UDP begins, ``end`` where its payload ends on the wire, as IP says."""
    data, wrong = packet.data, None
    if protocol not in (_TCP, _UDP):
        raise Unread("of other protocols than TCP and UDP")
    if protocol == _UDP:
        own, other, size = struct.unpack_from("!HHH", data, place)
        if end is not None and size != end - place and (size or end - place <= _LONGEST):
            wrong = WrongLength(size, max(0, end - place))
        end = packet.original if end is None else end
        begins, end = place + 8, min(end, place + size) if size else end
        sequence = acknowledged = flags = 0
    else:
        own, other, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", data, place)
        begins, end = place + (offset >> 4) * 4, packet.original if end is None else end
        if offset >> 4 < 5:
            raise Unread("cut in the middle of their headers")
    payload = data[begins : max(begins, end)]
    return Carried(
        protocol == _UDP, End(hosts[0], own), End(hosts[1], other), payload, max(0, end - begins - len(payload)),
        sequence, acknowledged, flags, wrong,
    )  # fmt: skip
