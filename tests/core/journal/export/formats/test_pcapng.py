"""A capture: its blocks, its packets, and what another program makes of it."""

from __future__ import annotations

import ipaddress
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.journal.display_row import DisplayRow
from core.journal.export.formats.pcapng import Pcapng
from core.journal.reading.parties import Ends, Parties
from tests.support.systems import needs

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
AT = 1_764_000_000_123_456_789


class Packet(NamedTuple):
    at: int
    source: str
    target: str
    flags: int
    sequence: int
    acknowledged: int
    data: bytes
    comments: tuple[str, ...]


def row(kind: str, data: bytes | None = None, *, number: int | None = 1, note: str = "") -> DisplayRow:
    return DisplayRow(0, 1, 0, None, number, kind, AT, 0, data, len(data or b""), note)  # type: ignore[arg-type]


def written(parties: Parties, *rows: DisplayRow) -> bytes:
    form = Pcapng(parties=parties)
    parts = [form.head()]
    for each in rows:
        parts += form.row(each, lambda each=each: iter([each.data or b""]))  # type: ignore[misc]
    return b"".join(parts)


def parties(
    role: str = "server", local: str = "127.0.0.1:5555", peer: str = "127.0.0.1:40000", ending: str = "fin"
) -> Parties:
    return Parties(role, "127.0.0.1:5555", {1: Ends(local, peer, ending)})


def blocks(capture: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(capture):
        kind, size = struct.unpack_from("<II", capture, place)
        assert size % 4 == 0
        assert struct.unpack_from("<I", capture, place + size - 4) == (size,)
        yield kind, capture[place + 8 : place + size - 4]
        place += size


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    return (total & 0xFFFF) + (total >> 16) & 0xFFFF or 0xFFFF


def packets(capture: bytes) -> list[Packet]:
    section, interface, *rest = blocks(capture)
    assert section[0] == 0x0A0D0D0A
    assert interface[0] == 1
    assert interface[1][:2] == b"\x65\x00"  # LINKTYPE_RAW
    return [packet(body) for kind, body in rest if kind == 6]


def packet(body: bytes) -> Packet:
    _interface, high, low, size, original = struct.unpack_from("<IIIII", body)
    assert size == original
    raw, options = body[20 : 20 + size], body[20 + size + -size % 4 :]
    if raw[0] >> 4 == 4:
        head, total = raw[:20], struct.unpack("!H", raw[2:4])[0]
        assert checksum(head) == 0xFFFF
        assert total == size
        source, target, segment = raw[12:16], raw[16:20], raw[20:]
        pseudo = source + target + struct.pack("!HH", 6, len(segment))
    else:
        assert struct.unpack("!H", raw[4:6])[0] == size - 40
        source, target, segment = raw[8:24], raw[24:40], raw[40:]
        pseudo = source + target + struct.pack("!II", len(segment), 6)
    assert checksum(pseudo + segment) == 0xFFFF
    own, other, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", segment)
    ends = [f"{ipaddress.ip_address(address)}:{port}" for address, port in ((source, own), (target, other))]
    data = segment[(offset >> 4) * 4 :]
    return Packet(high << 32 | low, ends[0], ends[1], flags, sequence, acknowledged, data, tuple(comments(options)))


def comments(options: bytes) -> Iterator[str]:
    place = 0
    while place < len(options):
        code, size = struct.unpack_from("<HH", options, place)
        if code == 1:
            yield options[place + 4 : place + 4 + size].decode()
        place += 4 + size + -size % 4


@pytest.mark.parametrize(
    ("local", "peer", "offset"),
    [("127.0.0.1:5555", "127.0.0.1:40000", 20), ("[::1]:5555", "[::1]:40000", 40)],
)
def test_datagrams_are_packets_of_udp_as_they_were_and_nothing_else_is(local: str, peer: str, offset: int) -> None:
    largest = bytes(65_507)
    capture = written(
        parties("UDP server", local, peer),
        row("opened", note="#1 speaks from there"),
        row("received", b"hello"),
        row("sent", b""),
        row("sent", largest),
        row("closed", note="#1 closed"),
    )

    _section, _interface, *found = blocks(capture)
    raw = [body[20 : 20 + struct.unpack_from("<I", body, 12)[0]] for _kind, body in found]
    there, back = (40_000, 5555), (5555, 40_000)
    assert [struct.unpack_from("!HHH", each, offset) for each in raw] == [(*there, 13), (*back, 8), (*back, 65_515)]
    assert [each[offset + 8 :] for each in raw] == [b"hello", b"", largest]
    assert {each[9] if offset == 20 else each[6] for each in raw} == {17}
    for each in raw:
        ends = each[12:20] if offset == 20 else each[8:40]
        size = len(each) - offset
        pseudo = ends + (struct.pack("!HH", 17, size) if offset == 20 else struct.pack("!II", size, 17))
        assert checksum(pseudo + each[offset:]) == 0xFFFF


def test_a_conversation_is_a_handshake_its_bytes_and_its_end() -> None:
    capture = written(
        parties(),
        row("opened", note="#1 connected"),
        row("received", b"hello"),
        row("sent", b"hi"),
        row("peer-finished", note="#1 has finished"),
        row("closed", note="#1 closed"),
    )

    found = packets(capture)

    assert [(each.source.endswith("5555"), each.flags, each.data) for each in found] == [
        (False, SYN, b""),
        (True, SYN | ACK, b""),
        (False, ACK, b""),
        (False, PSH | ACK, b"hello"),
        (True, PSH | ACK, b"hi"),
        (False, FIN | ACK, b""),
        (True, ACK, b""),
        (True, FIN | ACK, b""),
        (False, ACK, b""),
    ]
    assert found[0].comments == ("#1 connected",)
    assert found[5].comments == ("#1 has finished",)
    assert {each.at for each in found} == {AT}
    next_of = {found[0].source: found[0].sequence, found[1].source: found[1].sequence}
    for each in found:
        assert each.sequence == next_of[each.source]
        assert each.acknowledged == (0 if each.flags == SYN else next_of[each.target])
        next_of[each.source] += len(each.data) + bool(each.flags & (SYN | FIN))


def test_a_client_s_conversation_begins_at_its_own_end() -> None:
    found = packets(written(parties("client", "[::1]:40000", "[fe80::1%3]:80"), row("opened"), row("sent", b"x")))

    assert (found[0].source, found[0].target, found[0].flags) == ("::1:40000", "fe80::1:80", SYN)
    assert (found[3].source, found[3].data) == ("::1:40000", b"x")


@pytest.mark.parametrize(
    ("ending", "flags", "is_ours"),
    [
        ("reset", RST, False),
        ("ours-reset", RST, True),
        ("stalled", RST, True),
        ("passed-reset", RST, True),
        ("lost", 0, True),
        ("unreachable", 0, True),
        ("ours", FIN, True),
        ("fin", FIN, False),
    ],
)
def test_it_ends_as_it_ended(ending: str, flags: int, is_ours: bool) -> None:
    found = packets(written(parties(ending=ending), row("opened"), row("closed")))

    assert found[3].flags == flags | ACK
    assert found[3].source.endswith("5555") is is_ours
    assert len(found) == (7 if flags == FIN else 4)


def test_who_is_lost_sends_no_reset_and_why_it_is_thought_lost_is_told() -> None:
    found = packets(written(parties(ending="lost"), row("opened"), row("closed", note="#1 closed: nobody answers")))

    assert not any(each.flags & (RST | FIN) for each in found)
    assert found[-1].comments == ("#1 closed: nobody answers",)


def test_the_leg_of_a_tap_to_its_target_begins_at_the_tap() -> None:
    ends = {1: Ends("127.0.0.1:5556", "127.0.0.1:40000", "fin"), -1: Ends("127.0.0.1:40001", "127.0.0.1:5555", "fin")}
    capture = written(Parties("tap", "127.0.0.1:5556", ends), row("opened"), row("opened", number=-1))

    syns = [(each.source, each.target) for each in packets(capture) if each.flags == SYN]

    assert syns == [("127.0.0.1:40000", "127.0.0.1:5556"), ("127.0.0.1:40001", "127.0.0.1:5555")]


@pytest.mark.parametrize(
    ("role", "local", "peer", "first"),
    [
        ("server", "unix:/run/s", "unix:", ("127.0.0.1:10001", "127.0.0.1:1")),
        ("client", "unix:", "unix:/run/s", ("127.0.0.1:10001", "127.0.0.1:1")),
    ],
)
def test_a_local_socket_has_addresses_that_are_made_up_and_says_so(
    role: str, local: str, peer: str, first: tuple[str, str]
) -> None:
    said = "received" if role == "server" else "sent"
    capture = written(parties(role, local, peer), row("opened"), row(said, b"hello"), row("closed"))
    begun, _answered, _stands, spoken, *_rest = packets(capture)
    assert (begun.source, begun.target) == (spoken.source, spoken.target) == first
    assert (begun.flags, spoken.data) == (SYN, b"hello")
    assert "unix:/run/s is a local socket: its address and ports here are made up" in begun.comments


@pytest.mark.parametrize(
    ("local", "peer", "shown"),
    [
        ("127.0.0.1:4000", "example.org:80", "192.0.2.1:80"),
        ("[::1]:4000", "example.org:80", "2001:db8::1:80"),
        ("127.0.0.1:4000", "[2001:db8::7]:80", "192.0.2.1:80"),
        ("[::1]:4000", "192.0.2.7:80", "2001:db8::1:80"),
    ],
)
def test_who_was_reached_through_a_proxy_has_an_address_that_is_made_up(local: str, peer: str, shown: str) -> None:
    capture = written(parties("client", local, peer), row("opened"), row("sent", b"hello"))
    begun, _answered, _stands, spoken = packets(capture)
    assert (begun.target, spoken.data) == (shown, b"hello")
    assert f"{peer} was reached through a proxy: its address here is made up" in begun.comments


def test_a_tap_is_called_on_one_leg_and_calls_on_the_other() -> None:
    ends = {
        1: Ends("127.0.0.1:5556", "127.0.0.1:40000", "fin"),
        -1: Ends("127.0.0.1:40001", "127.0.0.1:5555", "fin"),
        2: Ends("unix:/run/tap", "unix:", "fin"),
        -2: Ends("unix:", "unix:/run/s", "fin"),
    }
    rows = [row("opened", number=number) for number in (1, -1, 2, -2)]
    begun = [one for one in packets(written(Parties("tap", "127.0.0.1:5556", ends), *rows)) if one.flags == SYN]
    assert [(one.source, one.target) for one in begun] == [
        ("127.0.0.1:40000", "127.0.0.1:5556"),
        ("127.0.0.1:40001", "127.0.0.1:5555"),
        ("127.0.0.1:10002", "127.0.0.1:1"),
        ("127.0.0.1:59998", "127.0.0.1:1"),
    ]


def test_large_messages_are_cut_into_segments_that_fit() -> None:
    data = bytes(range(256)) * 1000
    found = packets(written(parties(), row("received", data)))

    assert b"".join(each.data for each in found) == data
    assert max(len(each.data) for each in found) <= 65_495


def test_what_has_no_addresses_leaves_no_packet_and_raises_nothing() -> None:
    assert packets(written(Parties("server", "x", {}), row("received", b"x"))) == []
    assert packets(written(parties(local="somewhere:80"), row("received", b"x"), row("closed"))) == []


@needs("tshark")
def test_tshark_finds_nothing_malformed_and_the_very_bytes(tmp_path: Path) -> None:
    said, answered = bytes(range(256)) * 300, b"\x00answer\xff"
    path = tmp_path / "talk.pcapng"
    rows = (row("opened"), row("received", said), row("sent", answered), row("closed"))
    path.write_bytes(written(parties(), *rows))

    def tshark(*arguments: str) -> str:
        command = [
            "tshark",
            "-r",
            str(path),
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    seen = tshark("-V")
    assert "Malformed" not in seen
    assert "incorrect" not in seen
    followed = tshark("-q", "-z", "follow,tcp,raw,0").splitlines()
    lines = [line for line in followed if line.strip() and not line.strip("\t0123456789abcdef")]
    assert bytes.fromhex("".join(line for line in lines if not line.startswith("\t"))) == said
    assert bytes.fromhex("".join(line.strip() for line in lines if line.startswith("\t"))) == answered
