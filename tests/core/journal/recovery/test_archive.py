"""What a journal that is over says of its sessions, in the window's own terms."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from core.address import Address
from core.errors import Explanation, JournalError
from core.events import SessionId
from core.journal.reading.reader import JournalReader
from core.journal.recording.ledger import ConnectionState, Ledger, Phase, SessionState
from core.journal.recording.store import JournalWriter
from core.journal.recovery.archive import NOWHERE, Archive, ByteCount, archived_sessions
from core.roles import Role
from core.workbench import Workbench
from tests.support.journals import SESSION, write_journal, written
from tests.support.story import Story, View
from tests.support.systems import only_posix

GOES_ON = threading.Event()  # never set: nobody cancels


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.tincan"


def archive(path: Path) -> contextlib.closing[Archive]:
    return contextlib.closing(Archive(path))


def sessions(path: Path) -> tuple[SessionState, ...]:
    with archive(path) as found:
        return found.sessions()


def change(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        assert database.execute(sql).rowcount


def test_a_session_is_told_as_it_was_while_it_went_on(path: Path) -> None:
    """Beside what nobody counts in advance, the state is the one that the last batch would have carried."""
    story = Story()
    events = [*story.whole()[:-1], story.opens(50_000), story.hears(b"xyz"), story.closes(), story.ends()]
    written(path, *events)
    (live,) = Ledger().fold(events, {story.session: len(events)})

    (state,) = sessions(path)

    assert (state.session, state.role, state.target, state.framing, state.reply) == (
        live.session,
        live.role,
        live.target,
        live.framing,
        live.reply,
    )
    assert (state.phase, state.addresses, state.accepted, state.entries, state.failure, state.cancelled) == (
        live.phase,
        live.addresses,
        live.accepted,
        live.entries,
        live.failure,
        live.cancelled,
    )
    assert (state.phase, state.accepted, state.entries) == (Phase.ENDED, 2, 12)


def test_every_connection_that_ever_stood_can_be_chosen(path: Path) -> None:
    story = Story()
    first, second = story.opens(40_001), story.opens(40_002)
    written(path, story.begins(), first, second)

    (state,) = sessions(path)

    assert state.connections == tuple(
        ConnectionState(each.connection, each.number, each.local, each.peer, can_receive=False, can_send=False)
        for each in (first, second)
    )


def test_sessions_come_in_the_order_in_which_they_were_opened(path: Path) -> None:
    client, server = Story(1, Role.CLIENT), Story(2)
    written(path, client.begins(Address("localhost", 80)), server.begins(), server.listens(), client.ends())

    assert [(each.role, each.target) for each in sessions(path)] == [
        (Role.CLIENT, Address("localhost", 80)),
        (Role.SERVER, Address("127.0.0.1", 5555)),
    ]


def test_a_server_says_where_it_really_listened(path: Path) -> None:
    story = Story()
    both = (Address("127.0.0.1", 49_000), Address("::1", 49_000))
    written(path, story.begins(Address("localhost", 0)), story.listens(*both))

    (state,) = sessions(path)

    assert (state.target, state.addresses) == (Address("localhost", 0), both)


def test_a_client_is_over_with_its_connection_and_torn_without(path: Path) -> None:
    parted, torn = Story(1, Role.CLIENT), Story(2, Role.CLIENT)
    events = [event for each in (parted, torn) for event in (each.begins(), each.opens())]
    written(path, *events, parted.closes(), parted.ends())

    assert [each.has_no_end for each in sessions(path)] == [False, True]


def test_how_it_ended_is_told(path: Path) -> None:
    why = Explanation("it broke", ("rain", "snow"), "Take an umbrella")
    failed, given_up, torn = Story(1, Role.CLIENT), Story(2, Role.CLIENT), Story(3)
    events = [each.begins() for each in (failed, given_up, torn)]
    written(path, *events, failed.ends(why), given_up.ends(cancelled=True), torn.opens())

    ends = [(each.failure, each.cancelled, each.has_no_end) for each in sessions(path)]

    assert ends == [(why, False, False), (None, True, False), (None, False, True)]


def test_bytes_are_counted_when_they_are_asked_for(path: Path) -> None:
    story = Story()
    written(path, *story.whole())

    with archive(path) as found:
        assert found.count_bytes(story.session, GOES_ON) == ByteCount(9, 17, is_whole=True)
        assert found.count_bytes(SessionId(99), GOES_ON) == ByteCount(0, 0, is_whole=True)


def test_counting_stops_when_it_is_enough(path: Path) -> None:
    write_journal(path, 1_000)
    nobody_wants_it = threading.Event()
    nobody_wants_it.set()

    with archive(path) as found:
        assert found.count_bytes(SESSION, GOES_ON, most=100) == ByteCount(98 * 64, 0, is_whole=False)
        assert found.count_bytes(SESSION, nobody_wants_it) == ByteCount(0, 0, is_whole=False)


@pytest.mark.case("C-62")
class TestWhatIsMissing:
    """A journal whose tables do not tell the same is read all the same."""

    @pytest.fixture
    def path(self, path: Path) -> Path:
        return written(path, *Story().whole())

    def test_a_session_that_only_entries_know(self, path: Path) -> None:
        change(path, "DELETE FROM session")

        (state,) = sessions(path)

        assert (state.role, state.target, state.entries) == (Role.SERVER, NOWHERE, 9)
        assert state.addresses == (Address("127.0.0.1", 5555),)

    def test_a_session_that_only_connections_know(self, path: Path) -> None:
        change(path, "DELETE FROM session")
        change(path, "DELETE FROM chunk")

        (state,) = sessions(path)

        assert (state.entries, state.accepted) == (0, 1)

    def test_entries_of_a_connection_that_is_unknown(self, path: Path) -> None:
        change(path, "DELETE FROM connection")

        (state,) = sessions(path)

        assert (state.connections, state.accepted, state.entries) == ((), 0, 9)

    @pytest.mark.parametrize("target", ["", "unknown", "a b", "1.2.3.4:99999999"])
    def test_an_address_that_none_can_be(self, path: Path, target: str) -> None:
        change(path, f"UPDATE session SET target = '{target}'")
        change(path, "UPDATE connection SET peer = ''")

        (state,) = sessions(path)

        assert (state.target, state.connections[0].peer) == (NOWHERE, NOWHERE)

    @pytest.mark.parametrize("detail", ["", "[]", "{", '{"addresses": 5}', '{"failure": {"what": 5}}', "[" * 100_000])
    def test_details_that_say_nothing(self, path: Path, detail: str) -> None:
        change(path, f"UPDATE chunk SET detail = '{detail}'")

        (state,) = sessions(path)

        assert (state.addresses, state.failure, state.entries) == ((), None, 9)

    @pytest.mark.parametrize(
        "spoil", ["UPDATE connection SET number = 'one'", "UPDATE session SET framing = x'00'"], ids=["number", "text"]
    )
    def test_a_value_of_another_kind_is_a_fault_in_words(self, path: Path, spoil: str) -> None:
        change(path, spoil)

        with pytest.raises(JournalError, match="is damaged"):
            sessions(path)


def test_of_very_many_sessions_the_first_are_listed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.recovery.archive.MOST_SESSIONS", 3)
    writer = JournalWriter(path)
    try:
        writer.append([Story(session).begins() for session in range(1, 9)], 0)
    finally:
        writer.close()

    with contextlib.closing(JournalReader(path)) as reader:
        assert [state.session for state in archived_sessions(reader)] == [1, 2, 3]
        assert reader.session_count() == 8
        assert [row.session for row in reader.sessions(most=2)] == [1, 2]
        assert [row.session for row in reader.each_session(SessionId(7))] == [7]


@only_posix("Python has no such sockets there")
def test_the_addresses_of_local_sockets_are_read_back(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        target = Address(f"unix:{folder}/socket", 0)
        workbench = Workbench(path)
        view = View(workbench)
        server = workbench.serve(target)
        view.wait_for_state(server, lambda state: bool(state.addresses))
        client = workbench.connect(target)
        live = view.wait_for_state(server, lambda state: bool(state.connections))
        workbench.stop(client)
        view.wait_for_state(server, lambda state: bool(state.over))
        workbench.close()
    assert live.connections[0].process.startswith(f"process {os.getpid()}")
    first, second = sessions(path)
    assert (first.target, first.addresses, second.target) == (target, (target,), target)
    (called,), (calling,) = first.connections, second.connections
    assert (called.local, called.peer, calling.local, calling.peer) == (target, calling.local, called.peer, target)
    assert called.peer.is_local
