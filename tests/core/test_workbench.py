"""The interface of the core: commands go down and return at once, batches come up, and closing leaves nobody behind."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.address import Address
from core.clock import monotonic
from core.errors import JournalError, SendError, TincanError
from core.events import Closed, ConnectionId, Ending, NotSent, Received, Sent, SessionId, TurnedAway
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.journal.recording.recorder import _MOST_BYTES
from core.net import sockets
from core.net.session import Session
from core.settings import Limits
from core.workbench import Delivery, Workbench
from tests.support.peers import Peer
from tests.support.sink import until
from tests.support.story import PATIENCE, View
from tests.support.systems import needs_rst

ANY_PORT = Address("127.0.0.1", 0)


@contextlib.contextmanager
def working(journal: Path | None = None, limits: Limits | None = None) -> Iterator[tuple[Workbench, View]]:
    workbench = Workbench(journal, limits=limits or Limits())
    view = View(workbench, with_events=True)
    try:
        yield workbench, view
    finally:
        view.subscription.close()
        assert workbench.close(PATIENCE) == []


def serving(
    workbench: Workbench, view: View, *, reply: str = "letter", framing: str = "raw"
) -> tuple[SessionId, Address]:
    """A server that listens."""
    server = workbench.serve(ANY_PORT, reply=reply, framing=framing)
    return server, view.wait_for_state(server, lambda state: state.phase is Phase.OPEN).addresses[0]


def connected(workbench: Workbench, view: View, address: Address, *, framing: str = "raw") -> SessionId:
    """A client that is connected."""
    client = workbench.connect(address, framing=framing)
    view.wait_for_state(client, lambda state: len(state.connections) == 1)
    return client


def with_connections(view: View, session: SessionId, count: int) -> tuple[ConnectionState, ...]:
    return view.wait_for_state(session, lambda state: len(state.connections) == count).connections


def ended(view: View, session: SessionId) -> SessionState:
    return view.wait_for_state(session, lambda state: state.phase is Phase.ENDED)


def received(view: View, session: SessionId) -> bytes:
    return b"".join(e.data for e in view.events if isinstance(e, Received) and e.session == session)


def sent(view: View, session: SessionId, count: int) -> list[Sent]:
    """So many messages that were sent; the peer may have received the last before it is told that it was."""

    def found() -> list[Sent]:
        return [event for event in view.events if isinstance(event, Sent) and event.session == session]

    view.wait_until(lambda: len(found()) >= count)
    return found()


def wait_to_receive(view: View, session: SessionId, data: bytes) -> None:
    view.wait_until(lambda: received(view, session) == data)


def endings(view: View, session: SessionId) -> list[Ending]:
    return [e.ending for e in view.events if isinstance(e, Closed) and e.session == session]


class TestTalking:
    def test_both_ends_on_one_workbench_have_the_tutorial_s_conversation(self, tmp_path: Path) -> None:
        with working(tmp_path / "journal.sqlite") as (workbench, view):
            server, address = serving(workbench, view)
            client = connected(workbench, view, address)
            wait_to_receive(view, client, b"type the message")

            assert workbench.send(client, b"hello") == Delivery(1)
            view.wait_for_state(client, lambda state: state.bytes_in == 17)
            workbench.send(client, b"stop")
            at_server, at_client = with_connections(view, server, 0), ended(view, client)
            workbench.stop(server)
            at_end = ended(view, server)
            with contextlib.closing(workbench.open_reader()) as reader:
                rows = {row.session: row.entries for row in reader.sessions()}

        assert at_server == ()
        assert (at_client.bytes_in, at_client.bytes_out) == (17, 9)
        assert (at_end.bytes_in, at_end.bytes_out, at_end.accepted) == (9, 17, 1)
        assert rows == {server: at_end.entries, client: at_client.entries}
        assert endings(view, server) == [Ending.REPLY]
        assert endings(view, client) == [Ending.PEER_FINISHED]

    def test_a_message_goes_to_everybody_or_to_one(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            one = connected(workbench, view, address)
            first = with_connections(view, server, 1)[0].connection
            two = connected(workbench, view, address)
            with_connections(view, server, 2)

            assert workbench.send(server, b"all ") == Delivery(2)
            assert workbench.send(server, b"one", to=first) == Delivery(1)
            wait_to_receive(view, one, b"all one")
            wait_to_receive(view, two, b"all ")

    def test_each_connection_has_its_own_number_and_all_ids_differ(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view)
            clients = [connected(workbench, view, address) for _ in range(3)]
            states = with_connections(view, server, 3)
            ids = {c.connection for c in states} | {
                with_connections(view, client, 1)[0].connection for client in clients
            }

        assert [connection.number for connection in states] == [1, 2, 3]
        assert len(ids) == 6

    def test_another_rule_answers_from_the_next_message_on(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            client = connected(workbench, view, address)
            workbench.set_reply(server, "echo")
            view.wait_for_state(server, lambda state: state.reply == "echo")
            workbench.send(client, b"echo?")
            wait_to_receive(view, client, b"echo?")

            with pytest.raises(TincanError, match="no reply called"):
                workbench.set_reply(server, "shout")
            workbench.set_reply(client, "echo")  # a client has no rule: nothing happens

    @pytest.mark.case("C-38", "C-57")
    def test_lines_are_framed_on_both_sides(self) -> None:
        with working() as (workbench, view):
            _server, address = serving(workbench, view, reply="echo", framing="line")
            client = connected(workbench, view, address, framing="line")
            workbench.send(client, b"one")
            workbench.send(client, b"")
            workbench.send(client, b"two")
            wait_to_receive(view, client, b"one\n\ntwo\n")


class TestRefusals:
    def test_nobody_to_send_to_is_said(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view)
            with pytest.raises(SendError, match="nobody is connected"):
                workbench.send(server, b"anybody?")
            with pytest.raises(SendError, match="nobody is connected"):
                workbench.send(SessionId(99), b"anybody?")
            connected(workbench, view, address)
            with pytest.raises(SendError, match="that connection is over"):
                workbench.send(server, b"you?", to=ConnectionId(99))

    @pytest.mark.case("C-40")
    def test_an_empty_message_without_a_frame_has_nothing_to_send(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view)
            connected(workbench, view, address)
            with_connections(view, server, 1)
            with pytest.raises(SendError, match="empty"):
                workbench.send(server, b"")

    @pytest.mark.case("C-05")
    def test_who_cannot_take_a_message_is_named_and_the_others_get_it(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            with Peer.calls(address):  # who stays when we have finished sending, as a client of ours would not
                first = with_connections(view, server, 1)[0].connection
                two = connected(workbench, view, address)
                with_connections(view, server, 2)
                workbench.finish_sending(server, first)

                delivery = workbench.send(server, b"news")

                wait_to_receive(view, two, b"news")
        assert delivery.accepted == 1
        ((number, why),) = delivery.refused
        assert number == 1
        assert "finished sending" in why

    @pytest.mark.parametrize(("options", "says"), [({"reply": "shout"}, "reply"), ({"framing": "csv"}, "framing")])
    def test_an_unknown_name_is_refused_before_anything_begins(self, options: dict[str, str], says: str) -> None:
        with working() as (workbench, view):
            with pytest.raises(TincanError, match=f"there is no {says} called"):
                workbench.serve(ANY_PORT, reply=options.get("reply", "letter"), framing=options.get("framing", "raw"))
            with pytest.raises(TincanError, match="there is no framing called"):
                workbench.connect(Address("127.0.0.1", 1), framing="csv")

        assert view.events == []

    def test_a_journal_that_is_not_kept_cannot_be_read(self) -> None:
        with working() as (workbench, _view), pytest.raises(JournalError, match="nothing is being recorded"):
            workbench.open_reader()

    def test_a_journal_that_cannot_be_made_is_refused_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "journal.sqlite").touch()

        with pytest.raises(JournalError, match="exists already"):
            Workbench(tmp_path / "journal.sqlite")


class TestFailures:
    @pytest.mark.case("C-09")
    def test_nobody_there_comes_up_as_the_client_s_failure(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with working() as (workbench, view):
            state = ended(view, workbench.connect(Address("127.0.0.1", port)))

        assert state.failure is not None
        assert "connection was refused" in state.failure.what

    @pytest.mark.case("C-21")
    def test_a_port_in_use_comes_up_as_the_server_s_failure(self) -> None:
        with working() as (workbench, view):
            _server, address = serving(workbench, view)
            state = ended(view, workbench.serve(address))

        assert state.failure is not None
        assert f"{address} is already in use" in state.failure.what
        assert "different port" in state.failure.advice

    @pytest.mark.case("C-32")
    def test_no_thread_to_be_had_ends_that_session_and_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_thread(_session: Session) -> None:
            raise RuntimeError("can't start new thread")

        with working() as (workbench, view):
            server, address = serving(workbench, view)
            with monkeypatch.context() as patch:
                patch.setattr(Session, "start", no_thread)
                state = ended(view, workbench.connect(address))
            connected(workbench, view, address)
            with_connections(view, server, 1)

        assert state.failure is not None
        assert "no more threads" in state.failure.what

    @pytest.mark.case("C-12")
    def test_no_command_waits_for_a_name_that_nobody_knows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hangs, go_on = threading.Event(), threading.Event()

        def hang(*_arguments: object, **_options: object) -> list[object]:
            hangs.set()
            go_on.wait(PATIENCE)
            return []

        monkeypatch.setattr(sockets, "resolve", hang)
        with working() as (workbench, view):
            client = workbench.connect(Address("slow.example", 1))
            assert hangs.wait(PATIENCE)
            workbench.stop(client)
            state = ended(view, client)
            assert not go_on.is_set()
            go_on.set()

        assert state.cancelled

    @pytest.mark.case("C-34")
    def test_one_too_many_is_turned_away_and_told_so(self) -> None:
        with working(limits=Limits(connections=1)) as (workbench, view):
            server, address = serving(workbench, view)
            connected(workbench, view, address)
            with_connections(view, server, 1)
            with socket.create_connection((address.host, address.port), PATIENCE) as peer:
                assert b"as many connections as it takes" in peer.recv(1024)
            view.wait_until(lambda: any(isinstance(event, TurnedAway) for event in view.events))


class TestParting:
    @pytest.mark.parametrize(
        ("part", "ours", "theirs"),
        [
            (Workbench.disconnect, Ending.OURS, Ending.PEER_FINISHED),
            pytest.param(Workbench.abort, Ending.OURS_RESET, Ending.PEER_RESET, marks=needs_rst),
        ],
        ids=["politely", "with a reset"],
    )
    @pytest.mark.case("C-03")
    def test_one_connection_is_closed_and_the_server_goes_on(self, part: object, ours: Ending, theirs: Ending) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            gone = connected(workbench, view, address)
            (connection,) = with_connections(view, server, 1)
            part(workbench, server, connection.connection)  # type: ignore[operator]
            ended(view, gone)
            with_connections(view, server, 0)
            connected(workbench, view, address)
            with_connections(view, server, 1)

        assert endings(view, server)[0] is ours
        assert endings(view, gone) == [theirs]

    def test_what_is_over_can_be_parted_from_again_without_harm(self) -> None:
        with working() as (workbench, view):
            server, _address = serving(workbench, view)
            workbench.stop(server)
            ended(view, server)
            for session in (server, SessionId(99)):
                workbench.stop(session)
                workbench.disconnect(session, ConnectionId(1))
                workbench.abort(session, ConnectionId(1))
                workbench.finish_sending(session, ConnectionId(1))
                workbench.set_reply(session, "echo")

    @pytest.mark.case("C-04", "C-05")
    def test_a_client_that_has_finished_sending_still_hears_a_person_s_answer(self) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            client = connected(workbench, view, address)
            with_connections(view, server, 1)
            (connection,) = with_connections(view, client, 1)
            workbench.finish_sending(client, connection.connection)
            view.wait_for_state(server, lambda state: not state.connections[0].can_receive)
            workbench.send(server, b"still there")
            wait_to_receive(view, client, b"still there")

            with pytest.raises(SendError, match="finished sending"):
                workbench.send(client, b"too late")


class TestClosing:
    @pytest.mark.case("C-14", "C-66")
    def test_everything_that_runs_is_stopped_and_the_journal_finished(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.sqlite"
        workbench = Workbench(path)
        view = View(workbench, with_events=True)
        server, address = serving(workbench, view)
        for _ in range(5):
            connected(workbench, view, address)
        with_connections(view, server, 5)

        began = monotonic()
        assert workbench.close(PATIENCE) == []
        took = monotonic() - began
        view.wait_until(lambda: all(ended(view, SessionId(session)).phase is Phase.ENDED for session in range(1, 7)))

        assert took < 5
        assert [file.name for file in tmp_path.iterdir()] == [path.name]
        assert set(endings(view, server)) <= {Ending.SERVER_STOPPED, Ending.PEER_FINISHED}

    @pytest.mark.case("C-17")
    def test_closing_twice_is_closing(self) -> None:
        workbench = Workbench()

        assert workbench.close() == []
        assert workbench.close() == []

    @pytest.mark.case("C-17", "C-66")
    def test_what_is_asked_for_after_the_end_does_not_begin(self) -> None:
        workbench = Workbench()
        workbench.close()
        threads = threading.active_count()

        workbench.serve(ANY_PORT)
        workbench.connect(Address("127.0.0.1", 1))

        assert threading.active_count() == threads
        assert workbench.close() == []

    def test_who_is_late_is_named_rather_than_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        workbench = Workbench()
        view = View(workbench, with_events=True)
        serving(workbench, view)
        with monkeypatch.context() as patch:
            patch.setattr(Session, "join", lambda _session, _timeout: False)
            (late,) = workbench.close(0.2)

        assert late.startswith("<Server 127.0.0.1:0 ")
        assert workbench.close(PATIENCE) == []


def test_it_closes_itself_whatever_happens_within() -> None:
    with contextlib.suppress(ZeroDivisionError), Workbench() as workbench:
        session = workbench.serve(Address("127.0.0.1", 0))
        raise ZeroDivisionError
    assert workbench._sessions[session].join(0)


def test_the_journal_may_be_named_by_a_text(tmp_path: Path) -> None:
    workbench = Workbench(str(tmp_path / "talk.tincan"))
    assert workbench.journal == tmp_path / "talk.tincan"
    assert workbench.close(PATIENCE) == []
    assert workbench.journal.exists()


@pytest.mark.case("C-42")
def test_a_view_that_sleeps_slows_the_peers_and_loses_nothing() -> None:
    """The chain from a view over the recorder to the peer's own send: it holds, and then lets go."""
    limits = Limits(events_high=256 * 1024, events_low=64 * 1024)
    size = 32 * 1024 * 1024
    with working(limits=limits) as (workbench, view):
        server, address = serving(workbench, view, reply="none")
        with socket.create_connection((address.host, address.port), PATIENCE) as peer:
            writer = threading.Thread(target=peer.sendall, args=(bytes(size),))
            writer.start()
            until(lambda: workbench._recorder.congested and not view.subscription._has_room)
            assert writer.is_alive()
            assert view.subscription._size < _MOST_BYTES + size // 2

            state = view.wait_for_state(server, lambda state: state.bytes_in == size)
            writer.join(PATIENCE)

    assert state.bytes_in == sum(len(event.data) for event in view.events if isinstance(event, Received)) == size
    assert not [event for event in view.events if isinstance(event, NotSent | Sent)]


def test_room_comes_when_the_peer_reads_or_when_it_is_over() -> None:
    much = bytes(32 << 20)  # more than two kernels hold

    with working() as (workbench, view), socket.create_server(("127.0.0.1", 0)) as server:
        client = connected(workbench, view, Address("127.0.0.1", server.getsockname()[1]))

        def wait_for_room() -> threading.Thread:
            workbench.send(client, much)
            waiting = threading.Thread(target=workbench.wait_for_room, args=(client, 0))
            waiting.start()
            return waiting

        with Peer(server.accept()[0]) as peer:
            waiting = wait_for_room()
            assert len(peer.hear(len(much))) == len(much)
            waiting.join(PATIENCE)
            assert not waiting.is_alive()

            waiting = wait_for_room()
            assert waiting.is_alive()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()
