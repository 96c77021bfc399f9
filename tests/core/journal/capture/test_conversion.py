"""A capture opens like a journal: what other programs made of packets, and what our own export made of a session."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import JournalError
from core.events import SessionId
from core.journal.capture.packets import is_capture
from core.journal.display_row import DATA_KINDS
from core.journal.export.formats.pcapng import Pcapng
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.journal.reading.reader import Entry
from core.journal.recovery.archive import archived_sessions
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import Opened, open_journal
from tests.support.captures import ACK, Caller, Frame, datagram, pcap, pcapng
from tests.support.exports import Talk
from tests.support.sink import until
from tests.support.systems import path_of

EVERY = bytes(range(256))


def opened(path: Path) -> contextlib.closing[Opened]:
    return contextlib.closing(open_journal(path))


def entries(found: Opened, session: int = 1) -> list[Entry]:
    return list(found.reader.read(SessionId(session), 0, 1 << 40, preview=1 << 30))


def said(path: Path) -> dict[tuple[int, str], bytes]:
    """What each connection carried each way, by the number of its session, of itself, and the kind."""
    carried: dict[tuple[int, str], bytes] = {}
    with opened(path) as found:
        for row in found.reader.sessions():
            for entry in entries(found, row.session):
                if entry.kind in DATA_KINDS:
                    key = (entry.connection or 0, entry.kind)
                    carried[key] = carried.get(key, b"") + (entry.data or b"")
    return carried


def talk_of(*said: bytes) -> Caller:
    talk = Caller().open()
    for place, data in enumerate(said):
        talk.say(data, back=place % 2 == 1)
    return talk.close()


def run(program: str, *arguments: object) -> str:
    done = subprocess.run([path_of(program), *map(str, arguments)], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.pcapng"


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("order", "<>")
def test_a_capture_is_a_sound_journal_that_is_gone_once_it_is_closed(path: Path, make: object, order: str) -> None:
    path.write_bytes(make(talk_of(b"hello", EVERY).frames, order=order))  # type: ignore[operator]

    with opened(path) as found:
        (state,) = archived_sessions(found.reader)
        assert (state.role.name, str(state.target), state.failure) == ("capture", "10.0.0.1:80", None)
        assert [str(one.peer) for one in state.connections] == ["10.0.0.2:40000"]
        assert [entry.data for entry in entries(found) if entry.kind in DATA_KINDS] == [b"hello", EVERY]
        assert (found.notice, found.remark, found.left_out, find_damage(found.path)) == ("", "", "", "")
        journal = found.path
    assert not journal.exists()
    assert not journal.parent.exists()


@pytest.mark.parametrize("listens", [True, False])
def test_our_own_export_comes_back_byte_for_byte(tmp_path: Path, path: Path, listens: bool) -> None:
    talk = Talk(tmp_path / "talk.tincan")
    for number in (1, 2):
        talk.opens(number)
    talk.receives(EVERY, 1)
    talk.sends(b"x" * 200_000, 2)
    talk.receives(b"more", 2)
    talk.sends(b"\0", 1)
    talk.closes(1)
    talk.close()
    with opens_reading(tmp_path / "talk.tincan", SessionId(1), Lens())(threading.Event()) as source:
        export(source, path, Pcapng)

    assert said(path) == said(tmp_path / "talk.tincan")
    with opened(path) as found, opened(tmp_path / "talk.tincan") as before:
        kinds = [entry.kind for entry in entries(found) if entry.kind in ("opened", "closed", "we-finished")]
        assert kinds[:2] == ["opened", "opened"]
        first = next(entry for entry in entries(before) if entry.kind == "received")
        assert first.wall_ns in [entry.wall_ns for entry in entries(found)]


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "pcapng", "modpcap"])
def test_what_editcap_writes_is_read(tmp_path: Path, path: Path, form: str) -> None:
    path.write_bytes(pcapng(talk_of(EVERY, b"answer").frames))
    target = tmp_path / "other"

    run("editcap", "-F", form, path, target)

    assert is_capture(target)
    assert said(target) == {(1, "received"): EVERY, (1, "sent"): b"answer"}


def test_packets_that_editcap_cut_doubled_and_mergecap_joined_are_put_together(tmp_path: Path, path: Path) -> None:
    path.write_bytes(pcapng(talk_of(EVERY, b"answer").frames))
    twice, cut = tmp_path / "twice", tmp_path / "cut"

    run("mergecap", "-w", twice, path, path)
    run("editcap", "-s", "60", path, cut)

    assert said(twice) == {(1, "received"): EVERY, (1, "sent"): b"answer"}
    assert said(cut) == {(1, "received"): EVERY[:20], (1, "sent"): b"answer"}
    with opened(cut) as found:
        notes = [entry.note for entry in entries(found)]
    assert "#1: the capture kept 20 of 256 bytes from the client here" in notes


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-T", "40000,80"], (1, "received")),
        (["-u", "40000,53"], (1, "received")),
        (["-6", "fe80::2,fe80::1", "-T", "40000,80"], (1, "received")),
        (["-4", "10.0.0.1,10.0.0.2", "-u", "53,40000"], (1, "sent")),
        (["-F", "pcap", "-T", "40000,80"], (1, "received")),
    ],
)
def test_what_text2pcap_writes_is_read(tmp_path: Path, options: list[str], expected: tuple[int, str]) -> None:
    dump = tmp_path / "dump"
    dump.write_text("".join(f"{at:06x} {EVERY[at : at + 16].hex(' ')}\n" for at in range(0, 256, 16)), encoding="ascii")

    run("text2pcap", "-q", *options, dump, tmp_path / "capture")

    assert said(tmp_path / "capture") == {expected: EVERY}


def test_what_tshark_writes_is_read(tmp_path: Path, path: Path) -> None:
    path.write_bytes(pcap(talk_of(EVERY, b"answer").frames))

    for form in ("pcapng", "pcap"):
        run("tshark", "-r", path, "-F", form, "-w", tmp_path / form)
        assert said(tmp_path / form) == {(1, "received"): EVERY, (1, "sent"): b"answer"}


def test_tshark_follows_the_same_streams(path: Path) -> None:
    path.write_bytes(pcap(talk_of(EVERY, b"answer", b"once more").frames))

    follow = run("tshark", "-r", path, "-q", "-z", "follow,tcp,raw,0")
    rows = [
        line for line in follow.splitlines() if line.strip("\t") and set(line.strip("\t")) <= set("0123456789abcdef")
    ]

    ours = said(path)
    assert bytes.fromhex("".join(row for row in rows if not row.startswith("\t"))) == ours[(1, "received")]
    assert bytes.fromhex("".join(row.strip() for row in rows if row.startswith("\t"))) == ours[(1, "sent")]


def test_what_tcpdump_captures_of_a_real_conversation_is_what_was_said(tmp_path: Path) -> None:
    target = tmp_path / "lo.pcap"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with (
            capturing(target, port),
            socket.create_connection(("127.0.0.1", port)) as client,
            server.accept()[0] as peer,
        ):
            client.sendall(EVERY * 1_000)
            client.shutdown(socket.SHUT_WR)
            while peer.recv(65_536):
                pass
            peer.sendall(b"thanks")
            assert client.recv(100) == b"thanks"

    found = said(target)

    assert found == {(1, "received"): EVERY * 1_000, (1, "sent"): b"thanks"}


@contextlib.contextmanager
def capturing(target: Path, port: int) -> Iterator[None]:
    """The program tcpdump sees the loopback, which only some may, until it has the last that is said."""
    command = [path_of("tcpdump"), "-i", "lo", "-U", "-B", "8192", "-w", str(target), f"tcp port {port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as dumping:
        assert dumping.stderr is not None
        try:
            if b"listening on" not in dumping.stderr.readline():
                pytest.skip("tcpdump may not capture here")
            yield
            # The buffer of the kernel comes in portions.
            until(lambda: b"thanks" in target.read_bytes() or dumping.poll() is not None, "all of the capture")
            assert dumping.poll() is None
        finally:
            dumping.terminate()
            dumping.communicate()


def test_a_damaged_capture_gives_what_is_before_the_damage_and_a_sentence(path: Path) -> None:
    path.write_bytes(pcap(talk_of(b"hello", EVERY).frames)[:-250])

    with opened(path) as found:
        assert b"hello" in [entry.data for entry in entries(found)]
        notice = found.notice
    assert notice.startswith("talk.pcapng is damaged: it ends at byte ")
    assert notice.endswith("packets could be read.")


def test_what_no_conversation_has_is_told(path: Path) -> None:
    path.write_bytes(pcap([Frame(b"\x10 neither"), *talk_of(b"x").frames]))

    with opened(path) as found:
        assert found.left_out == "1 packet is in no conversation: 1 of other protocols than IP."


def test_a_capture_without_a_packet_is_no_failure(path: Path) -> None:
    path.write_bytes(pcap([]))

    with opened(path) as found:
        assert archived_sessions(found.reader) == []


@pytest.mark.parametrize("at", [(0, (1 << 64) - 1), ((1 << 64) - 1, 0), (5 * 10**18, 10**18)])
def test_times_that_no_clock_can_tell_stop_nothing(path: Path, at: tuple[int, int]) -> None:
    talk = talk_of(b"hello", b"you")
    blocks = pcapng([])
    for place, frame in enumerate(talk.frames):
        when = at[place % 2]
        head = struct.pack("<IIIII", 0, when >> 32, when & 0xFFFFFFFF, len(frame.data), len(frame.data))
        body = head + frame.data + b"\0" * (-len(frame.data) % 4)
        size = struct.pack("<I", len(body) + 12)
        blocks += struct.pack("<I", 6) + size + body + size
    path.write_bytes(blocks)

    assert said(path) == {(1, "received"): b"hello", (1, "sent"): b"you"}


def test_a_huge_capture_tells_how_far_it_is_and_can_be_cancelled(path: Path) -> None:
    talk = Caller().open()
    for _ in range(20_000):
        talk.say(b"x" * 10)
    path.write_bytes(pcap(talk.frames))
    cancelled, told = threading.Event(), list[float]()

    def tell(fraction: float) -> None:
        told.append(fraction)
        if len(told) == 2:
            cancelled.set()

    with pytest.raises(JournalError, match="was cancelled"):
        open_journal(path, cancelled=cancelled, on_check=tell)

    assert len(told) == 2
    assert 0 < told[0] < told[1] < 1


def test_a_million_hostile_callers_are_counted_and_not_kept_open(path: Path) -> None:
    frames = [Frame(Caller(("10.0.0.2", port)).segment(flags=2)) for port in range(1, 3_000)]
    path.write_bytes(pcap(frames))

    with opened(path) as found:
        assert len(entries(found)) == 2_999 + 2
        assert {entry.is_failure for entry in entries(found) if entry.kind == "turned-away"} == {True}


def test_datagrams_are_a_session_of_their_own(path: Path) -> None:
    client, server = ("10.0.0.2", 40_000), ("10.0.0.1", 80)
    path.write_bytes(pcap([*talk_of(b"x").frames, Frame(datagram(client, server, b"y"))]))

    with opened(path) as found:
        names = [(state.role.name, str(state.target)) for state in archived_sessions(found.reader)]

    assert names == [("capture", "10.0.0.1:80"), ("UDP capture", "10.0.0.1:80")]


def test_an_acknowledgement_alone_opens_nothing_but_its_connection(path: Path) -> None:
    talk = Caller()
    talk.say(flags=ACK)
    path.write_bytes(pcap(talk.frames))

    assert said(path) == {}
