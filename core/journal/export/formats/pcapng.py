"""A conversation as a capture for Wireshark: every byte in TCP segments, as if they had been seen on the way, and each
datagram of UDP in a packet.

The journal knows what went through the sockets, not what was on the wire: addresses, ports, times and bytes are the
real ones; sequence numbers, handshakes and acknowledgements are made up, and so is how the bytes were cut into
segments. So are the addresses of local sockets, which have none: 127.0.0.1, port 1 at the end with the name, and the
connection's number from 10,000 on at the other; a comment has the name. Notes are comments. Sources:
draft-ietf-opsawg-pcapng-03 for the file, LINKTYPE_RAW of tcpdump.org/linktypes.html, RFC 768, 791, 8200 and 9293 for
the packets.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.compose.encoding import Encoding
from core.events import RESETS_OF_OURS, Ending
from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import NOBODY, Format
from core.journal.export.source import Pieces
from core.journal.reading.parties import Parties
from core.local_address import is_local

_RAW = 101  # LINKTYPE_RAW: a packet begins with its IP header
_LARGEST = 60_000  # bytes of a segment: with its headers it fits the length field of IPv4
_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
_WINDOW = 65_535
_TCP, _UDP = 6, 17  # protocol numbers of IP
_LONGEST_COMMENT = 4_000  # bytes; an option has a length of 16 bits, and nobody reads more
_BY_RESET = Ending.PEER_RESET.value
_BY_OUR_RESET = tuple(ending.value for ending in RESETS_OF_OURS)
_BY_SILENCE = (Ending.LOST.value, Ending.UNREACHABLE.value)


class Pcapng(Format):
    """One section, one interface, nanoseconds."""

    name = "pcapng"
    title = "Wireshark capture"
    sentence = (
        "Packets for Wireshark: the real bytes, times, addresses and ports. Sequence numbers, handshakes and "
        "how bytes are cut into segments are made up; who sent and notes are comments."
    )
    ending = ".pcapng"
    order = 6
    is_binary = has_framing = True

    def __init__(self, encoding: Encoding = Encoding.UTF_8, parties: Parties = NOBODY) -> None:
        super().__init__(encoding, parties)
        self._streams: dict[int, _Connection | _Datagrams] = {}
        self._notes: list[str] = []

    def head(self) -> bytes:
        """The section and the interface."""
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(4, b"Tincan") + _END
        interface = struct.pack("<HHI", _RAW, 0, 0) + _option(2, b"tincan") + _option(9, b"\x09") + _END
        return _block(0x0A0D0D0A, section) + _block(1, interface)

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[bytes]:
        """The packets of a row; a note is a comment on the next packet."""
        at = min(max(0, display_row.wall_ns), (1 << 64) - 1)  # of a damaged journal it may be anything
        number = display_row.number or 1
        if not display_row.is_message:
            self._notes.append(display_row.note)
            yield from self._happened(display_row.kind, number, at)
            return
        stream, begun = self._stream(number, at)
        yield from begun
        is_ours = display_row.kind != RECEIVED
        if stream is not None and display_row.spoke:
            self._notes.append(f"sent {display_row.spoke}")
        if isinstance(stream, _Datagrams):
            yield self._packet(at, stream.carry(b"".join(pieces()), is_ours=is_ours))
        elif stream is not None:
            for piece in pieces():
                for first in range(0, len(piece), _LARGEST):
                    yield self._packet(at, stream.carry(piece[first : first + _LARGEST], is_ours=is_ours))

    def _stream(self, number: int, at: int) -> tuple[_Connection | _Datagrams | None, list[bytes]]:
        """The connection of that number, and the packets with which it begins if it does."""
        known = self._streams.get(number)
        if known is not None:
            return known, []
        ends = self.parties.ends.get(number)
        if ends is None:
            return None, []
        we_called = not self.parties.accepted(number)
        try:
            if is_local(ends.local) or is_local(ends.peer):
                stream: _Connection | _Datagrams = _Connection(*_made_up(number, is_ours=we_called))
                name = ends.peer if we_called else ends.local
                self._notes.append(f"{name} is a local socket: its address and ports here are made up")
            elif self.parties.has_datagrams:
                stream = _Datagrams(_end(ends.local), _end(ends.peer))
            else:
                ours = _end(ends.local)
                theirs = _opposite(ours, ends.peer)
                stream = _Connection(ours, theirs)
                if theirs.address == _BEHIND_PROXY[ours.address.version]:
                    self._notes.append(f"{ends.peer} was reached through a proxy: its address here is made up")
        except ValueError:  # a journal that was written by hand, or is damaged
            return None, []
        self._streams[number] = stream
        return stream, [self._packet(at, packet) for packet in stream.open(is_ours=we_called)]

    def _happened(self, kind: str, number: int, at: int) -> Iterator[bytes]:
        if kind not in ("opened", "peer-finished", "we-finished", "closed"):
            return
        stream, begun = self._stream(number, at)
        yield from begun
        if stream is None:
            return
        if kind in ("peer-finished", "we-finished"):
            packets = stream.finish(is_ours=kind == "we-finished")
        elif kind == "closed":
            packets = stream.close(self.parties.ends[number].ending)
        else:
            packets = []
        for packet in packets:
            yield self._packet(at, packet)

    def _packet(self, at: int, packet: bytes) -> bytes:
        """An enhanced packet block, with the notes that came before it."""
        head = struct.pack("<IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(packet), len(packet))
        comments = b"".join(_option(1, _cut(note)) for note in self._notes)
        self._notes.clear()
        return _block(6, head + _padded(packet) + (comments + _END if comments else b""))


@dataclass(frozen=True, slots=True)
class _End:
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int


def _end(written: str) -> _End:
    """The address of an end. Raises ``ValueError`` for a name."""
    host, _, port = written.rpartition(":")
    return _End(ipaddress.ip_address(host.strip("[]").partition("%")[0]), int(port) & 0xFFFF)


# Documentation addresses (RFC 5737, RFC 3849) for who has none of the kind that our own end has.
_BEHIND_PROXY = {4: ipaddress.ip_address("192.0.2.1"), 6: ipaddress.ip_address("2001:db8::1")}


def _opposite(ours: _End, written: str) -> _End:
    """The peer's end; a proxy leads to names, and to addresses of the other kind. Raises ``ValueError``."""
    host, _, port = written.rpartition(":")
    try:
        theirs = _end(written)
    except ValueError:
        if not host or not port.isdigit():
            raise
        theirs = _End(_BEHIND_PROXY[ours.address.version], int(port) & 0xFFFF)
    if theirs.address.version != ours.address.version:
        theirs = _End(_BEHIND_PROXY[ours.address.version], theirs.port)
    return theirs


def _made_up(number: int, *, is_ours: bool) -> tuple[_End, _End]:
    """Ends for a local socket: ours and the peer's. Whoever called has the number for a port."""
    here = ipaddress.ip_address("127.0.0.1")
    caller, named = _End(here, 10_000 + number % 50_000), _End(here, 1)
    return (caller, named) if is_ours else (named, caller)


class _Connection:
    """One connection: what each side has sent so far."""

    def __init__(self, ours: _End, theirs: _End) -> None:
        self._ends = {True: ours, False: theirs}
        self._next = {True: 1_000, False: 2_000}  # sequence numbers; made up, and the same in each export
        self._has_finished = {True: False, False: False}

    def open(self, *, is_ours: bool) -> list[bytes]:
        """The three packets of a handshake, begun by this program or by its peer."""
        return [
            self._segment(is_ours, _SYN, is_first=True),
            self._segment(not is_ours, _SYN | _ACK),
            self._segment(is_ours, _ACK),
        ]

    def carry(self, data: bytes, *, is_ours: bool) -> bytes:
        """Bytes of one side."""
        return self._segment(is_ours, _PSH | _ACK, data)

    def finish(self, *, is_ours: bool) -> list[bytes]:
        """A side sends no more."""
        if self._has_finished[is_ours]:
            return []
        self._has_finished[is_ours] = True
        return [self._segment(is_ours, _FIN | _ACK), self._segment(not is_ours, _ACK)]

    def close(self, ending: str) -> list[bytes]:
        """The end, as it came."""
        if ending == _BY_RESET or ending in _BY_OUR_RESET:
            return [self._segment(ending in _BY_OUR_RESET, _RST | _ACK)]
        if ending in _BY_SILENCE:
            return [self._segment(True, _ACK)]  # a last question of ours, as keepalive asks, without an answer
        first = ending != "fin"  # who goes first: the peer, unless we did
        return [*self.finish(is_ours=first), *self.finish(is_ours=not first)]

    def _segment(self, is_ours: bool, flags: int, data: bytes = b"", *, is_first: bool = False) -> bytes:
        source, target = self._ends[is_ours], self._ends[not is_ours]
        sequence = self._next[is_ours]
        acknowledged = 0 if is_first else self._next[not is_ours]
        self._next[is_ours] = (sequence + len(data) + bool(flags & (_SYN | _FIN))) & 0xFFFFFFFF
        head = struct.pack("!HHIIBBHHH", source.port, target.port, sequence, acknowledged, 5 << 4, flags, _WINDOW, 0, 0)
        check = _checksum(_pseudo(source, target, _TCP, len(head) + len(data)) + head + data)
        ip = _ip(source, target, _TCP, len(head) + len(data))
        return ip + head[:16] + struct.pack("!H", check) + head[18:] + data


class _Datagrams:
    """A peer of UDP: each message is a packet as it was, and nothing else is."""

    def __init__(self, ours: _End, theirs: _End) -> None:
        self._ends = {True: ours, False: theirs}

    def open(self, *, is_ours: bool) -> list[bytes]:  # noqa: ARG002 - as of a stream
        return []

    def carry(self, data: bytes, *, is_ours: bool) -> bytes:
        """A datagram of one side."""
        source, target = self._ends[is_ours], self._ends[not is_ours]
        size = 8 + len(data)
        head = struct.pack("!HHH", source.port, target.port, size)
        check = _checksum(_pseudo(source, target, _UDP, size) + head + b"\0\0" + data) or 0xFFFF  # 0 is none at all
        return _ip(source, target, _UDP, size) + head + struct.pack("!H", check) + data

    def finish(self, *, is_ours: bool) -> list[bytes]:  # noqa: ARG002 - as of a stream
        return []

    def close(self, ending: str) -> list[bytes]:  # noqa: ARG002 - as of a stream
        return []


def _pseudo(source: _End, target: _End, protocol: int, size: int) -> bytes:
    """What the checksum covers beside the packet itself."""
    ends = source.address.packed + target.address.packed
    if source.address.version == 4:
        return ends + struct.pack("!HH", protocol, size)
    return ends + struct.pack("!II", size, protocol)


def _ip(source: _End, target: _End, protocol: int, size: int) -> bytes:
    """The IP header in front of so many bytes."""
    if source.address.version == 6:
        return struct.pack("!IHBB", 6 << 28, size, protocol, 64) + source.address.packed + target.address.packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, protocol, 0)
    head += source.address.packed + target.address.packed
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:]


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    even = data + b"\0" if len(data) % 2 else data
    total: int = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


_END = struct.pack("<HH", 0, 0)  # of the options


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def _cut(note: str) -> bytes:
    return note.encode(errors="replace")[:_LONGEST_COMMENT].decode(errors="ignore").encode()
