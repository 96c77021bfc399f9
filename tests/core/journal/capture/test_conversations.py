"""A capture of any link becomes sessions by who was called, with what each end said and how it ended."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Closed, Event, Opened, PeerFinished, Received, Remark, Sent, SessionClosed, SessionOpened
from core.journal.capture.conversations import Conversations
from core.journal.capture.packets import Packet
from core.journal.recording.notes import sentence
from tests.support.captures import ACK, FIN, NOON, RAW, RST, SYN, Caller, Frame, datagram, ip


def events_of(frames: Iterable[Frame], link: int = RAW) -> tuple[list[Event], Conversations]:
    conversations = Conversations()
    found: list[Event] = []
    for frame in frames:
        packet = Packet(link, frame.at, frame.data[: len(frame.data) - frame.cut], len(frame.data), 0)
        found += conversations.take(packet)
    return [*found, *conversations.finish()], conversations


def told(events: Iterable[Event]) -> list[str | bytes]:
    """What a conversation shows: bytes with who said them, and sentences."""
    role = next(event.role for event in events if isinstance(event, SessionOpened))
    numbers = {event.connection: event.number for event in events if isinstance(event, Opened)}
    found: list[str | bytes] = []
    for event in events:
        if isinstance(event, Received | Sent):
            found.append((b"> " if isinstance(event, Received) else b"< ") + event.data)
        else:
            found.append(sentence(event, numbers.get(getattr(event, "connection", None)), role))  # type: ignore[arg-type]
    return found


def test_a_conversation_has_its_beginning_its_bytes_and_its_end() -> None:
    talk = Caller().open()
    talk.say(b"hello")
    talk.say(b"", ACK, back=True)
    talk.say(b"hi there", back=True)
    events, _ = events_of(talk.close().frames)

    assert told(events) == [
        "captured conversations with 10.0.0.1:80",
        "#1 connected from 10.0.0.2:40000",
        b"> hello",
        b"< hi there",
        "#1 has finished sending (FIN)",
        "the server has finished sending to #1 (FIN)",
        "#1 closed: the client said goodbye (FIN)",
        "the capture ends here",
    ]
    assert [event.at - NOON for event in events][:3] == [0, 1_000_000, 3_000_000]


@pytest.mark.parametrize("first", [0, 0xFFFFFFFF, 1 << 31])
def test_an_answer_to_a_syn_that_was_captured_before_it_is_of_the_same_connection(first: int) -> None:
    talk = Caller(first=first).open()
    talk.say(b"hello")
    syn, answer, *rest = talk.close().frames

    in_order, _ = events_of([syn, answer, *rest])
    turned, _ = events_of([answer, syn, *rest])

    assert told(turned) == told(in_order)


@pytest.mark.parametrize(
    ("link", "head"),
    [
        (0, struct.pack("<I", 2)),
        (0, struct.pack(">I", 2)),
        (108, struct.pack(">I", 2)),
        (1, b"\0" * 12 + b"\x08\0"),
        (1, b"\0" * 12 + b"\x81\0\0\x05\x08\0"),
        (1, b"\0" * 12 + b"\x88\xa8\0\x05\x81\0\0\x05\x08\0"),
        (101, b""),
        (228, b""),
        (113, b"\0" * 14 + b"\x08\0"),
        (113, b"\0" * 14 + b"\x81\0\0\x05\x08\0"),
        (276, b"\x08\0" + b"\0" * 18),
    ],
)
def test_every_link_leads_to_the_same_conversation(link: int, head: bytes) -> None:
    talk = Caller().open()
    talk.say(b"hello")

    events, conversations = events_of((Frame(head + frame.data, frame.at) for frame in talk.frames), link)

    assert b"> hello" in told(events)
    assert not conversations.unread


def test_ipv6_is_read_behind_its_extension_headers() -> None:
    talk = Caller(("fe80::2", 40_000), ("fe80::1", 80)).open()
    packet = talk.say(b"hello")
    options = bytes((43, 0)) + b"\1\4\0\0\0\0" + bytes((60, 0)) + b"\0" * 6 + bytes((6, 1)) + b"\0" * 14
    talk.frames[-1] = Frame(ip("fe80::2", "fe80::1", 0, options + packet[40:]))

    events, _ = events_of(talk.frames)

    assert "captured conversations with [fe80::1]:80" in told(events)
    assert b"> hello" in told(events)


def test_padding_behind_a_packet_is_no_part_of_it() -> None:
    talk = Caller().open()
    talk.say(b"x")

    events, _ = events_of(Frame(frame.data + b"\0" * 20, frame.at) for frame in talk.frames)

    assert [event.data for event in events if isinstance(event, Received)] == [b"x"]


def test_what_the_capture_lost_is_a_note_where_it_is_missing() -> None:
    talk = Caller().open()
    talk.say(b"one")
    talk.say(b"lost!", lost=True)
    talk.say(b"three")
    talk.say(flags=ACK, back=True)
    events, _ = events_of(talk.close().frames)

    assert told(events)[2:5] == [b"> one", "#1: 5 bytes from the client are missing here: not captured", b"> three"]


def test_what_the_snaplen_cut_is_a_note_behind_what_was_kept() -> None:
    talk = Caller().open()
    talk.say(b"hello world")
    talk.frames[-1] = talk.frames[-1]._replace(cut=6)
    talk.say(b"next")
    events, _ = events_of(talk.frames)

    assert told(events)[2:5] == [b"> hello", "#1: the capture kept 5 of 11 bytes from the client here", b"> next"]


@pytest.mark.parametrize("back", [True, False])
def test_a_reset_is_an_end_by_who_reset(back: bool) -> None:
    talk = Caller().open()
    talk.say(b"hi")
    talk.say(flags=RST | ACK, back=back)
    talk.say(b"too late")
    events, _ = events_of(talk.frames)

    words = "the server reset it (RST)" if back else "the client reset it (RST)"
    assert str(told(events)[-2]).rstrip(".") == f"#1 closed: {words}"


def test_a_syn_that_is_refused_or_never_answered_is_told() -> None:
    refused, silent = Caller(("10.0.0.2", 1_000)), Caller(("10.0.0.2", 1_001))
    for caller in (refused, silent):
        caller.say(flags=SYN)
        caller.frames.append(caller.frames[0])
    refused.say(flags=RST | ACK, back=True)
    events, _ = events_of([*refused.frames, *silent.frames])

    assert told(events)[1:3] == [
        "turned 10.0.0.2:1000 away: refused (RST)",
        "turned 10.0.0.2:1001 away: its SYN got no answer",
    ]


def test_a_connection_of_which_the_capture_has_only_the_middle() -> None:
    talk = Caller()
    talk.say(b"answer", back=True)
    talk.say(b"question")
    events, _ = events_of(talk.frames)

    assert told(events) == [
        "captured conversations with 10.0.0.1:80",
        "#1 connected from 10.0.0.2:40000",
        "#1: its beginning was not captured, and who called is a guess by the ports",
        b"< answer",
        b"> question",
        "#1: its end was not captured",
        "the capture ends here",
    ]


def test_the_same_ports_once_more_are_another_connection() -> None:
    first = Caller().open()
    first.say(b"one")
    second = Caller(first=77, answer_first=99).open()
    second.say(b"two")
    events, _ = events_of([*first.frames, *second.frames])

    assert [event.number for event in events if isinstance(event, Opened)] == [1, 2]
    assert [event.data for event in events if isinstance(event, Received)] == [b"one", b"two"]


def test_each_address_that_was_called_is_a_session_and_each_caller_a_connection() -> None:
    callers = [Caller(("10.0.0.2", 1_001), ("10.0.0.1", port)).open() for port in (80, 443)]
    callers.append(Caller(("10.0.0.3", 1_001), ("10.0.0.1", 80)).open())
    events, _ = events_of(frame for caller in callers for frame in caller.frames)

    assert [str(event.target) for event in events if isinstance(event, SessionOpened)] == [
        "10.0.0.1:80",
        "10.0.0.1:443",
    ]
    assert [(event.session, event.number) for event in events if isinstance(event, Opened)] == [(1, 1), (2, 1), (1, 2)]
    assert sum(isinstance(event, SessionClosed) for event in events) == 2


def test_a_datagram_is_a_message() -> None:
    client, server = ("10.0.0.2", 40_000), ("10.0.0.1", 53)
    packets = [datagram(client, server, b"who?"), datagram(server, client, b"you"), datagram(client, server, b"")]
    events, _ = events_of(Frame(packet) for packet in packets)

    assert told(events)[:5] == [
        "captured datagrams with 10.0.0.1:53",
        "#1 speaks from 10.0.0.2:40000",
        b"> who?",
        b"< you",
        b"> ",
    ]
    assert [event.origin for event in events if isinstance(event, Sent)] == [None]  # nobody knows who spoke


def with_length(packet: bytes, size: int, header: int = 20) -> bytes:
    """A datagram whose UDP header says that it has so many bytes."""
    return packet[: header + 4] + struct.pack("!H", size) + packet[header + 6 :]


@pytest.mark.parametrize(("size", "data"), [(4, b""), (0, b"hello"), (10, b"he"), (20, b"hello"), (65535, b"hello")])
@pytest.mark.parametrize(("hosts", "header"), [(("10.0.0.2", "10.0.0.1"), 20), (("fd00::2", "fd00::1"), 40)])
def test_a_datagram_whose_length_is_not_that_of_its_packet_has_a_note(
    size: int, data: bytes, hosts: tuple[str, str], header: int
) -> None:
    packet = datagram((hosts[0], 40_000), (hosts[1], 53), b"hello")

    events, _ = events_of([Frame(with_length(packet, size, header) + b"padding of the link")])

    assert [event.data for event in events if isinstance(event, Received)] == [data]
    says = f"the UDP header of this datagram from the client says {size:,} bytes, and its packet has 13"
    assert [event.text for event in events if isinstance(event, Remark)] == [says]


def test_where_nobody_can_tell_the_length_of_the_packet_there_is_no_note() -> None:
    """The network card was to cut it (TSO), or it is longer than a header can say (RFC 2675)."""
    large = b"x" * 70_000
    told = datagram(("fd00::2", 40_000), ("fd00::1", 53), b"hello")
    jumbo = struct.pack("!IHBB", 6 << 28, 0, 17, 64) + told[8:40] + struct.pack("!HHHH", 40_000, 53, 0, 0) + large
    for packet, data in ((told[:4] + b"\0\0" + told[6:], b"hello"), (jumbo, large)):
        events, _ = events_of([Frame(packet)])

        assert [event.data for event in events if isinstance(event, Received)] == [data]
        assert not [event for event in events if isinstance(event, Remark)]


def test_a_datagram_that_the_capture_cut_has_no_wrong_length() -> None:
    events, _ = events_of([Frame(datagram(("10.0.0.2", 40_000), ("10.0.0.1", 53), b"hello"), NOON, cut=2)])

    assert [event.text for event in events if isinstance(event, Remark)] == [
        "the capture kept 3 of 5 bytes from the client here"
    ]


def test_an_answer_that_is_captured_first_is_one() -> None:
    events, _ = events_of([Frame(datagram(("10.0.0.1", 53), ("10.0.0.2", 40_000), b"answer"))])

    assert [event.data for event in events if isinstance(event, Sent)] == [b"answer"]


def test_what_is_no_conversation_is_counted_by_what_it_is() -> None:
    fragment = bytearray(datagram(("10.0.0.1", 1), ("10.0.0.2", 2), b"x"))
    fragment[6] = 0x20
    packets = [ip("10.0.0.1", "10.0.0.2", 1, b"ping"), bytes(fragment), b"", b"\x45\0", b"\x10 neither"]

    _events, conversations = events_of(Frame(packet) for packet in packets)
    conversations.unread.update(events_of([Frame(b"x")], link=147)[1].unread)

    assert dict(conversations.unread) == {
        "of other protocols than TCP and UDP": 1,
        "fragments of larger ones": 1,
        "cut in the middle of their headers": 2,
        "of other protocols than IP": 1,
        "of a link of type 147, which is not known here": 1,
    }


@given(st.lists(st.tuples(st.sampled_from([RAW, 1, 113, 276, 0]), st.binary(max_size=120)), max_size=20))
def test_no_packet_stops_the_reading(packets: list[tuple[int, bytes]]) -> None:
    conversations = Conversations()
    for link, data in packets:
        list(conversations.take(Packet(link, 0, data, len(data), 0)))
    list(conversations.finish())


@given(st.data())
def test_hostile_segments_end_in_sound_events(data: st.DataObject) -> None:
    """Each connection opens once, nothing is said outside of it, and it closes at most once."""
    talk = Caller()
    for _ in range(data.draw(st.integers(0, 25))):
        flags = data.draw(st.sampled_from([0, SYN, ACK, SYN | ACK, FIN | ACK, RST, FIN | SYN, RST | ACK, 0xFF]))
        back, skip = data.draw(st.booleans()), data.draw(st.sampled_from([0, 1, -1, 5, 1 << 31, (1 << 31) - 1, -9]))
        talk.frames.append(Frame(talk.segment(data.draw(st.binary(max_size=6)), flags, back=back, skip=skip)))
    events, _ = events_of(talk.frames)

    standing: set[int] = set()
    opened: set[int] = set()
    for event in events:
        if isinstance(event, Opened):
            assert event.connection not in opened
            opened.add(event.connection)
            standing.add(event.connection)
        elif isinstance(event, Received | Sent | Closed | PeerFinished | Remark):
            assert event.connection in standing
            if isinstance(event, Closed):
                standing.discard(event.connection)
