"""What a client says by itself whenever it connects, also after it came back: a message, or what rules say."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from core.address import Address
from core.cli.options import said_on_connect
from core.compose import Draft, Format
from core.compose.profiles import Profile
from core.compose.saved import SavedMessage, export_messages
from core.errors import TincanError
from core.events import NotSent, Opened, Paused, Received, Remark, Sent
from core.net.client import Client
from core.net.udp import UdpClient
from core.replies import Reply
from core.replies.on_connect import OnConnect
from core.replies.rules import Rules
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from tests.support.injection import KINDS, Breaker
from tests.support.peers import AnswersBack, Host, Peer, stranger
from tests.support.sink import Sink
from tests.support.stage import serving
from tests.support.tls_peers import served


def rules(*table: Rule, framing: str = "line") -> Rules:
    return Rules(RuleSet("test", table, framing=framing))


def started(
    host: Host, reply: Reply | None, *, reconnect: bool = False, limits: Limits = DEFAULTS
) -> tuple[Client, Sink]:
    sink = Sink()
    client = Client(host.address, events=sink, reply=reply, reconnect=reconnect, limits=limits)
    client.start()
    return client, sink


class TestAMessage:
    def test_is_said_to_a_peer_of_datagrams_too_and_rules_answer_it(self) -> None:
        greeting, answers = (
            OnConnect(Draft("hi"), "greet"),
            rules(Rule("ping", pattern="ping", answer=Draft("pong")), framing="raw"),
        )
        with stranger() as peer:
            where = Address(*peer.getsockname())
            with UdpClient(where, reply=greeting):
                assert peer.recv(100) == b"hi"
            with UdpClient(where, reply=answers) as client:
                client.send(b"here")
                said, source = peer.recvfrom(100)
                peer.sendto(b"ping", source)
                assert (said, peer.recv(100)) == (b"here", b"pong")

    def test_is_said_on_every_connect_also_after_the_client_came_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
        greeting = OnConnect(Draft(r"HELLO \{counter}\r\n", Format.ESCAPES), "greet")
        with Host() as host:
            client, sink = started(host, greeting, reconnect=True)
            try:
                for number in (1, 2, 3):
                    with host.accept(Peer) as peer:
                        assert peer.hear(9) == b"HELLO %d\r\n" % number
            finally:
                client.stop()
                client.join(20)

        assert [event.origin for event in sink.of(Sent)][:3] == ["connect greet"] * 3
        assert len(sink.of(Opened)) >= 3

    def test_comes_before_anything_else_and_nothing_is_answered(self) -> None:
        with Host() as host:
            client, sink = started(host, OnConnect(Draft("hi")))
            try:
                with host.accept(Peer) as peer:
                    assert peer.hear(2) == b"hi"
                    peer.say(b"what?")
                    sink.wait_for(Received)
            finally:
                client.stop()
                client.join(20)
        assert [event.data for event in sink.of(Sent)] == [b"hi"]

    @pytest.mark.parametrize("draft", [Draft(""), Draft(r"\q", Format.ESCAPES), Draft("0", Format.HEX)])
    def test_that_has_no_bytes_is_refused_where_it_is_chosen(self, draft: Draft) -> None:
        with pytest.raises(TincanError):
            OnConnect(draft)

    def test_goes_out_within_its_frame(self) -> None:
        with Host() as host:
            client, _sink = started(host, OnConnect(Draft("hi", framing="line")))
            try:
                with host.accept(Peer) as peer:
                    assert peer.hear(3) == b"hi\n"
            finally:
                client.stop()
                client.join(20)


class TestRules:
    def test_answer_on_every_connection_in_the_framing_that_they_are_made_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
        table = rules(
            Rule("greets", "opens", "", Draft("I am here")),
            Rule("asked", "equals", "who?", Draft("me")),
        )
        with Host() as host:
            client, sink = started(host, table, reconnect=True)
            try:
                for _ in range(2):
                    with host.accept(Peer) as peer:
                        assert peer.hear(10) == b"I am here\n"
                        peer.say(b"who?\nwho?\n")
                        assert peer.hear(6) == b"me\nme\n"
            finally:
                client.stop()
                client.join(20)
        assert {event.origin for event in sink.of(Sent)} == {"rule greets", "rule asked"}

    def test_may_end_the_connection(self) -> None:
        with Host() as host:
            client, _sink = started(host, rules(Rule("bye", "equals", "bye", Draft("so long"), then="close")))
            try:
                with host.accept(Peer) as peer:
                    peer.say(b"bye\nbye\n")
                    assert peer.hear_all() == b"so long\n"
                assert client.join(20)
            finally:
                client.stop()
                client.join(20)

    @pytest.mark.case("C-86")
    def test_and_the_other_end_s_are_paused_when_they_answer_each_other(self) -> None:
        table = rules(Rule("again", "any", "", Draft("again")), framing="raw")
        with Host() as host:
            client, sink = started(host, table, limits=Limits(answers=50))
            try:
                with host.accept(AnswersBack) as program:
                    program.say(b"begin")
                    (paused,) = sink.wait_for(Paused)
                    assert paused.answers == 50
            finally:
                client.stop()
                client.join(20)


def test_what_is_chosen_later_counts_from_the_next_connect_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
    with Host() as host:
        client, sink = started(host, None, reconnect=True)
        try:
            with host.accept(Peer):
                sink.wait_for(Opened)
                client.set_reply(OnConnect(Draft("now")))
            with host.accept(Peer) as peer:
                assert peer.hear(3) == b"now"
                client.set_reply(None)
            with host.accept(Peer):
                sink.wait_for(Opened, 3)
        finally:
            client.stop()
            client.join(20)
    assert [event.data for event in sink.of(Sent)] == [b"now"]
    assert not sink.of(NotSent)
    assert not sink.of(Remark)


class TestInATerminal:
    def test_a_text_has_escapes_and_the_frame_of_the_session(self) -> None:
        assert said_on_connect(r"a\tb", None, None, "line", None)._composed().wire == b"a\tb\n"

    def test_a_profile_says_how_it_is_written(self) -> None:
        from core.compose.profiles import STARTERS

        profile: Profile = next(each for each in STARTERS if each.name == "SCPI")
        assert said_on_connect("*IDN?", None, profile, "raw", None)._composed().wire == b"*IDN?\n"

    def test_a_saved_message_goes_by_its_name(self, tmp_path: Path) -> None:
        path = tmp_path / "saved.json"
        export_messages(path, [SavedMessage("login", r"USER me\r\n", Format.ESCAPES)])

        found = said_on_connect("login", path, None, "raw", None)
        assert (found._composed().wire, found.origin) == (b"USER me\r\n", "connect login")
        with pytest.raises(TincanError, match="there is no saved message “logout”, only “login”"):
            said_on_connect("logout", path, None, "raw", None)


def test_over_tls_it_is_said_once_the_handshake_is_over() -> None:
    with served() as tls, serving("none", tls=tls) as (server, heard):
        sink = Sink()
        client = Client(server.addresses[0], events=sink, reply=OnConnect(Draft("hi")), tls=Tls(verify=False))
        client.start()
        try:
            (received,) = heard.wait_for(Received)
            assert received.data == b"hi"
        finally:
            client.stop()
            client.join(20)


@pytest.mark.case("C-67")
def test_who_cannot_be_ended_is_logged_and_the_client_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    breaker = Breaker(monkeypatch)
    breaker.steps({"ending who speaks on a connection": KINDS[0]})
    with Host() as host:
        client, _sink = started(host, OnConnect(Draft("hi")))
        with host.accept(Peer) as peer:
            assert peer.hear(2) == b"hi"
            client.stop()
            assert client.join(20)

    assert breaker.broken == ["ending who speaks on a connection"]
    assert [record.getMessage() for record in logged_errors] == ["fault in ending who speaks on a connection"]
    logged_errors.clear()
