"""Two programs that answer each other are paused, and a person is asked; nobody else is."""

from __future__ import annotations

import threading

import pytest

from core.events import Opened, Paused, Received, Sent, WentOn
from core.net.audience import Audience
from core.net.server import Server
from core.origin import PERSON
from core.settings import Limits
from tests.support.peers import AnswersBack, Peer
from tests.support.sink import PATIENCE
from tests.support.stage import serving

FEW = Limits(answers=50)


def begin(server: Server, words: bytes = b"tag") -> None:
    """A person says something, and an echo and an echo have it from then on."""
    Audience(server).send(words, exact=True, origin=PERSON)


@pytest.mark.case("C-86")
@pytest.mark.parametrize("framing", ["raw", "line"])
def test_two_programs_that_answer_each_other_are_paused_and_a_person_lets_them_go_on(framing: str) -> None:
    with serving("echo", framing=framing, limits=FEW) as (server, sink), AnswersBack.calls(server.addresses[0]):
        sink.wait_for(Opened)
        begin(server, b"tag\n")
        (paused,) = sink.wait_for(Paused)

        (connection,) = server.connections
        assert paused.answers == 50
        answers = sum(event.origin is not None and event.origin.kind == "reply" for event in sink.of(Sent))
        assert answers == 50
        connection.go_on()
        sink.wait_for(WentOn)
        sink.wait_until(lambda: len(sink.of(Received)) > 300)  # and it is not paused for that again
        assert len(sink.of(Paused)) == 1


@pytest.mark.case("C-86")
def test_a_person_who_says_something_lets_them_go_on_and_they_are_counted_anew() -> None:
    with serving("echo", limits=FEW) as (server, sink), AnswersBack.calls(server.addresses[0]):
        sink.wait_for(Opened)
        begin(server)
        sink.wait_for(Paused)
        begin(server)
        sink.wait_until(lambda: len(sink.of(Paused)) == 2)

    assert len(sink.of(WentOn)) == 1


@pytest.mark.case("C-86")
def test_one_that_is_paused_can_be_parted_from_and_the_server_stopped() -> None:
    with serving("echo", limits=FEW) as (server, sink), AnswersBack.calls(server.addresses[0]) as program:
        sink.wait_for(Opened)
        begin(server)
        sink.wait_for(Paused)
        (connection,) = server.connections
        connection.close()
        program.wait_for_the_end()


def test_other_connections_are_answered_all_the_while() -> None:
    with serving("echo", limits=FEW) as (server, sink), AnswersBack.calls(server.addresses[0]):
        sink.wait_for(Opened)
        begin(server)
        sink.wait_for(Paused)
        with Peer.calls(server.addresses[0]) as other:
            other.say(b"still there?")
            assert other.hear(12) == b"still there?"


@pytest.mark.parametrize("limits", [Limits(answers=None), Limits(answers=20)])
def test_a_flood_of_lines_in_one_go_is_no_talk(limits: Limits) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(500))
    with serving("echo", framing="line", limits=limits) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(lines)
        assert peer.hear(len(lines)) == lines
        assert sink.of(Paused) == []


def test_who_asks_slowly_is_never_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.connection._LEAST_RATE", 1_000_000_000)  # answers a second, which nobody gives
    with serving("echo", limits=Limits(answers=2)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        for _ in range(6):
            peer.say(b"poll")
            assert peer.hear(4) == b"poll"
        assert sink.of(Paused) == []


def test_who_asked_slowly_at_first_is_paused_all_the_same_once_it_is_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.connection._LEAST_RATE", 1_000_000_000)  # answers a second, which nobody gives
    with serving("echo", limits=Limits(answers=2)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        for rate in (1_000_000_000, 0):
            monkeypatch.setattr("core.net.connection._LEAST_RATE", rate)
            for _ in range(2):
                peer.say(b"poll")
                assert peer.hear(4) == b"poll"
            counted = threading.Event()
            server._soon(counted.set)
            assert counted.wait(PATIENCE)
        (paused,) = sink.wait_for(Paused)
        assert paused.answers == 2
