"""A packet's headers: from its link down to TCP or UDP, and what of the payload was captured.

Sources: tcpdump.org/linktypes.html, IEEE 802.1Q, RFC 791, 768, 8200, 9293.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

from core.address import Address
from core.journal.capture.files import Packet

FIN, SYN, RST, ACK = 1, 2, 4, 16
_TCP, _UDP = 6, 17
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)  # of virtual networks, each of four bytes
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_MOST_HEADERS = 16  # of IPv6 behind each other


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


def _ethernet(data: bytes) -> tuple[int, int]:
    place = 12
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
    return struct.unpack_from("!H", data, 14)[0], 16


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
    end = start + total if total else packet.original  # 0: the network card was to cut it (TSO)
    return _of_transport(packet, protocol, hosts, start + size, end)


def _of_ipv6(packet: Packet, start: int) -> Carried:
    data = packet.data
    size, protocol = struct.unpack_from("!HB", data, start + 4)
    hosts = data[start + 8 : start + 24], data[start + 24 : start + 40]
    place = start + 40
    end = place + size if size else packet.original
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


def _of_transport(packet: Packet, protocol: int, hosts: tuple[bytes, bytes], place: int, end: int) -> Carried:
    """``place`` is where the header of TCP or UDP begins, ``end`` where its payload ends on the wire."""
    data = packet.data
    if protocol not in (_TCP, _UDP):
        raise Unread("of other protocols than TCP and UDP")
    if protocol == _UDP:
        own, other, size = struct.unpack_from("!HHH", data, place)
        begins, end = place + 8, min(end, place + size) if size else end
        sequence = acknowledged = flags = 0
    else:
        own, other, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", data, place)
        begins = place + (offset >> 4) * 4
        if offset >> 4 < 5:
            raise Unread("cut in the middle of their headers")
    payload = data[begins : max(begins, end)]
    return Carried(
        protocol == _UDP, End(hosts[0], own), End(hosts[1], other), payload, max(0, end - begins - len(payload)),
        sequence, acknowledged, flags,
    )  # fmt: skip
