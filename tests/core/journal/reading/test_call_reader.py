"""The calls of real sessions, read anywhere in their journal."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.address import Address
from core.events import ConnectionId, Opened, Received, Sent, SessionId, SessionOpened, SocketTuned, TlsBegun
from core.journal.reading.call_reader import LOOKED_BACK, CallReader
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.net.socket_options import SocketOptions
from core.roles import ROLES
from core.workbench import Workbench
from tests.support.story import View

S, C, D = SessionId(1), ConnectionId(1), ConnectionId(2)
HERE, THERE = Address("127.0.0.1", 5555), Address("127.0.0.1", 40_000)


@contextlib.contextmanager
def reading(path: Path, session: SessionId = S) -> Iterator[tuple[CallReader, int]]:
    with contextlib.closing(JournalReader(path)) as reader:
        yield CallReader(reader, session), reader.count(session)


def all_of(path: Path, session: SessionId = S) -> list[str]:
    with reading(path, session) as (calls, total):
        while not calls.knows(total):
            calls.read(0, 1, total)
        return [call.text for entry in calls.read(0, total, total) for call in entry.calls]


def test_a_conversation_with_a_server_is_its_calls(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    workbench = Workbench(path)
    view = View(workbench)
    session = workbench.serve(Address("127.0.0.1", 0), reply="echo")
    address = view.wait_for_state(session, lambda state: bool(state.addresses)).addresses[0]
    with socket.create_connection(("127.0.0.1", address.port)) as peer:
        view.wait_for_state(session, lambda state: bool(state.connections))
        workbench.tune(session, SocketOptions(receive=3))
        peer.sendall(b"hello")
        assert peer.makefile("rb").read(5) == b"hello"  # or closing would reset it
        port = peer.getsockname()[1]
    view.wait_for_state(session, lambda state: bool(state.over))
    workbench.close()

    found = all_of(path, session)
    received = [text.partition(",")[0] for text in found if text.startswith("recv(3) -> ")]
    assert found[3:6] == [
        f"bind(('127.0.0.1', {address.port}))",
        "listen(1024)",
        f"accept() -> (sock, ('127.0.0.1', {port}))",
    ]
    assert received[:2] == ["recv(3) -> 3 bytes", "recv(3) -> 2 bytes"]
    assert received[-1] == "recv(3) -> b''"
    assert "send(3 bytes) -> 3" in found
    assert found[-3:] == ["shutdown(SHUT_WR)", "close()", "close()"]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two connections; the first one's recv asks for 100 bytes, then for 7, then it speaks TLS."""
    path = tmp_path / "talk.tincan"
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append(
            [SessionOpened(S, 0, ROLES["server"], HERE, "raw"), Opened(S, C, 0, 1, HERE, THERE, receive=100)], 0
        )
        writer.append([Received(S, C, 1_000_000 * place, b"x") for place in range(1, 1_001)], 0)
        writer.append([SocketTuned(S, C, 1_001_000_000, 7, nagle=False), Received(S, C, 1_002_000_000, b"y")], 0)
        writer.append([TlsBegun(S, C, 1_003_000_000, is_server=True), Received(S, C, 1_005_000_000, b"z")], 0)
        writer.append([Sent(S, C, 1_006_000_000, b"one"), Sent(S, C, 1_006_000_000, b"two")], 0)
        writer.append([Received(S, D, 1_007_000_000, b"?")], 0)
    return path


@pytest.mark.parametrize(
    ("ordinal", "wanted"),
    [
        (2, "recv(100) -> 1 byte, waited 1.0 ms"),
        (900, "recv(100) -> 1 byte, waited 1.0 ms"),
        (1_003, "recv(7) -> 1 byte, waited 1.0 ms"),
        (1_005, "recv(7) -> 1 byte, waited 2.0 ms"),
        (1_006, "send(3 bytes) -> 3"),
        (1_007, "3 bytes of the send above"),
        (1_008, "recv(…) -> 1 byte"),
    ],
)
def test_any_entry_is_read_by_itself_and_knows_what_was_before(journal: Path, ordinal: int, wanted: str) -> None:
    with reading(journal) as (calls, total):
        (found,) = calls.read(ordinal, 1, total)

    assert [call.text for call in found.calls] == [wanted]
    assert found.row.ordinal == ordinal
    assert bool(found.calls[0].aside) is (ordinal in (1_005, 1_006, 1_007))


def test_what_was_longer_ago_than_is_looked_back_has_no_wait(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append([SessionOpened(S, 0, ROLES["server"], HERE, "raw"), Received(S, D, 5, b"x")], 0)
        writer.append([Received(S, C, 10 + place, b"x") for place in range(LOOKED_BACK)], 0)
        writer.append([Received(S, D, 1_000_000_000, b"x")], 0)

    with reading(path) as (calls, total):
        (found,) = calls.read(total - 1, 1, total)
    assert [call.text for call in found.calls] == ["recv(…) -> 1 byte"]


def test_what_is_recorded_meanwhile_is_learned_too(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append([SessionOpened(S, 0, ROLES["server"], HERE, "raw")], 0)
        with reading(path) as (calls, _total):
            calls.read(0, 1, 1)
            writer.append([Opened(S, C, 1, 1, HERE, THERE, receive=64), Received(S, C, 2, b"x")], 0)
            assert not calls.knows(3)
            found = calls.read(2, 1, 3)
            assert calls.knows(3)

    assert found[0].calls[0].text == "recv(64) -> 1 byte"
