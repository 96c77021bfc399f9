"""A client that comes back by itself, and one that does not any more."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator

import pytest

from core.events import Closed, Opened, Retrying, SessionClosed
from core.journal.recording.ledger import Ledger, Phase
from core.net.client import Client
from core.net.loop import Loop
from tests.support.law import check_law
from tests.support.peers import Peer
from tests.support.sink import PATIENCE, Sink


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
    monkeypatch.setattr("core.net.client.LONGEST", 0.02)


@contextlib.contextmanager
def coming_back(port: int) -> Iterator[tuple[Client, Sink]]:
    sink = Sink()
    client = Client(f"127.0.0.1:{port}", reconnect=True, events=sink)
    client.start()
    try:
        yield client, sink
    finally:
        client.stop()
        assert client.join(PATIENCE)
    check_law(sink.events)


@contextlib.contextmanager
def place() -> Iterator[socket.socket]:
    """A socket that has a port and does not listen yet."""
    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        sock.bind(("127.0.0.1", 0))
        yield sock


def accept(server: socket.socket) -> Peer:
    return Peer(server.accept()[0])


def test_it_tries_until_somebody_listens_and_again_when_that_is_over() -> None:
    with place() as server, coming_back(server.getsockname()[1]) as (client, sink):
        sink.wait_for(Retrying, 3)
        server.listen()
        for number in (1, 2):
            with accept(server) as peer:
                opened = sink.wait_for(Opened, number)[-1]
                assert opened.number == number
                client.send(b"here")
                assert peer.hear(4) == b"here"
            sink.wait_for(Closed, number)
        sink.wait_for(Opened, 3)
    tries = sink.of(Retrying)
    assert [each.tries for each in tries[:3]] == [1, 2, 3]
    assert "refused" in tries[0].why
    assert (tries[-1].tries, tries[-1].why) == (1, "the connection is over")
    assert sink.wait_for(SessionClosed)[0].failure is None


def test_it_can_be_stopped_while_it_waits_for_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 60.0)
    with place() as server, coming_back(server.getsockname()[1]) as (client, sink):
        sink.wait_for(Retrying)
        client.stop()
        closed = sink.wait_for(SessionClosed)[0]
    assert (closed.failure, closed.cancelled) == (None, True)


def test_it_can_be_told_to_come_back_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, coming_back(server.getsockname()[1]) as (client, sink):
        server.settimeout(PATIENCE)
        with accept(server):
            sink.wait_for(Opened)
            client.set_reconnect(False)
        sink.wait_for(SessionClosed)
        assert not sink.of(Retrying)
    monkeypatch.setattr("core.net.client.SHORTEST", 60.0)
    with place() as silent, coming_back(silent.getsockname()[1]) as (client, sink):
        sink.wait_for(Retrying)
        client.set_reconnect(False)
        sink.wait_for(SessionClosed)


def test_another_client_can_be_told_to_come_back_from_now_on() -> None:
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        client = Client(f"127.0.0.1:{server.getsockname()[1]}", events=sink)
        client.start()
        with accept(server):
            client.set_reconnect(True)
        accept(server).leave()
        client.stop()
        assert client.join(PATIENCE)
    assert sink.of(Retrying)


def test_one_whose_thread_fails_does_not_say_that_it_tries_again(
    monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    def fail(_loop: Loop) -> None:
        raise RuntimeError("the selector is broken")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        with coming_back(server.getsockname()[1]) as (_client, sink), accept(server) as peer:
            sink.wait_for(Opened)
            monkeypatch.setattr(Loop, "_turn", fail)
            peer.say(b"x")
            (closed,) = sink.wait_for(SessionClosed)

    assert closed.failure is not None
    assert not sink.of(Retrying)
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_the_state_says_what_it_waits_for() -> None:
    ledger = Ledger()
    with place() as server, coming_back(server.getsockname()[1]) as (_client, sink):
        sink.wait_for(Retrying, 2)
        (state,) = ledger.fold(sink.events, {})
        assert state.phase is Phase.STARTING
        assert state.retry is not None
        assert state.retry.tries >= 2
        assert "refused" in state.retry.why
        known = len(sink.events)
        server.listen()
        sink.wait_for(Opened)
        (state,) = ledger.fold(sink.events[known:], {})
        assert (state.phase, state.retry) == (Phase.OPEN, None)
