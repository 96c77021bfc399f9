"""Rules at work: a server, real connections, and what is answered when."""

from __future__ import annotations

import smtplib
import threading
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from types import SimpleNamespace

import pytest

from core.clock import monotonic_ns
from core.compose import Draft, Encoding, Format
from core.events import Closed, Ending, NotSent, Received, Remark, Sent, WeFinished
from core.net.owner import Pause
from core.net.udp import UdpClient, UdpServer
from core.replies.rules import Rules, find_rule_set
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.settings import Limits
from tests.support.injection import Breaker
from tests.support.peers import Peer, Resets
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import serving
from tests.support.systems import needs_rst

ENDLESS = Rule("endless", "regex", "(a|aa)+$", Draft("found"))


def rules(*table: Rule) -> Rules:
    return Rules(RuleSet("test", table))


def text(answer: str) -> Draft:
    return Draft(answer, Format.ESCAPES)


def test_the_first_rule_that_fits_answers_and_counts() -> None:
    table = rules(
        Rule("off", "any", "", Draft("off"), is_on=False),
        Rule("one", "equals", "1", Draft("first")),
        Rule("also", "begins", "1", Draft("second")),
    )
    with serving(table, framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"1\n12\n1\n")
        assert peer.hear(19) == b"first\nsecond\nfirst\n"

    assert {name: fired.times for name, fired in table.fired.items()} == {"one": 2, "also": 1}
    assert all(fired.last > 0 for fired in table.fired.values())


def test_a_message_that_no_rule_knows_is_shown_as_such() -> None:
    table = rules(Rule("one", "equals", "1", Draft("first")))
    with serving(table, framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"2\n")
        sink.wait_for(Remark)
        assert [event.text for event in sink.of(Remark)] == ["no rule answers this message"]
    assert table.unknown.times == 1


def test_next_lets_the_rules_behind_it_answer_too() -> None:
    table = rules(
        Rule("a", "any", "", Draft("A"), then="next"),
        Rule("b", "equals", "x", Draft("B"), then="next"),
        Rule("c", "any", "", Draft("C")),
        Rule("d", "any", "", Draft("D")),
    )
    with serving(table) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(3) == b"ABC"


def test_answers_keep_the_order_of_the_messages_whatever_their_pauses() -> None:
    table = rules(Rule("slow", "equals", "slow", Draft("slow"), after=(60, 60)), Rule("fast", "any", "", text(r"\{0}")))
    with (
        serving(table, framing="line") as (server, _sink),
        Peer.calls(server.addresses[0]) as peer,
        Peer.calls(server.addresses[0]) as other,
    ):
        peer.say(b"slow\nfast\nslow\nagain\n")
        other.say(b"me\n")
        assert other.hear(3) == b"me\n"  # nobody else waits
        assert peer.hear(21) == b"slow\nfast\nslow\nagain\n"


def test_who_has_finished_gets_the_answers_that_are_to_come() -> None:
    table = rules(Rule("slow", "any", "", text(r"\{0}!"), after=(20, 40)))
    with serving(table, framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"a\nb\n")
        peer.sock.shutdown(1)
        assert peer.hear_all() == b"a!\nb!\n"
        assert sink.wait_for(Closed)[0].ending is Ending.PEER_FINISHED


@pytest.mark.parametrize(
    ("then", "ending"), [("close", Ending.RULE), pytest.param("abort", Ending.RULE_RESET, marks=needs_rst)]
)
def test_a_rule_ends_the_connection_behind_its_answer(then: str, ending: Ending) -> None:
    table = rules(Rule("bye", "equals", "bye", Draft("bye"), then=then), Rule("any", "any", "", Draft("more")))
    with serving(table, framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"bye\nand more\n")
        heard = peer.hear_a_reset() if then == "abort" else peer.hear_all()
        assert heard in (b"bye\n", b"") if then == "abort" else heard == b"bye\n"
        assert sink.wait_for(Closed)[0].ending is ending
        assert not sink.of(NotSent)


def test_a_rule_can_finish_sending() -> None:
    table = rules(Rule("last", "any", "", Draft("last"), then="finish"))
    with serving(table) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear_all() == b"last"
        peer.say(b"not answered any more")
        sink.wait_for(WeFinished)
        until(lambda: sum(len(event.data) for event in sink.of(Received)) == 22)
    assert [event.data for event in sink.of(Sent)] == [b"last"]


def test_where_one_side_cannot_finish_alone_the_nearest_is_a_goodbye() -> None:
    sink = Sink()
    table = rules(Rule("last", "any", "", Draft("last"), then="finish"))
    with UdpServer("127.0.0.1:0", reply=table, events=sink) as server, UdpClient(server.addresses[0]) as client:
        client.send(b"x")
        assert client.receive(PATIENCE) == b"last"
        closed = sink.wait_for(Closed)[0]
    assert (closed.ending, closed.why) == (Ending.RULE, None)
    assert "UDP has no end of sending" in sink.of(Remark)[-1].text


def test_silence_and_time_bring_answers_by_themselves() -> None:
    table = rules(
        Rule("greeting", "opens", "", text(r"\{peer} is \{number}")),
        Rule("tick", "every", "10", Draft("tick")),
        Rule("silence", "silence", "80", Draft("bye"), then="close"),
    )
    with serving(table, framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        heard = peer.hear_all().splitlines()

    assert heard[0] == f"127.0.0.1:{peer_port(heard)} is 1".encode()
    assert heard[-1] == b"bye"
    assert set(heard[1:-1]) == {b"tick"}


def peer_port(heard: list[bytes]) -> int:
    return int(heard[0].split()[0].rpartition(b":")[2])


def test_silence_begins_anew_with_each_message() -> None:
    table = rules(Rule("any", "any", "", text(r"\{0}")), Rule("silence", "silence", "400", Draft("bye"), then="close"))
    with serving(table) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        for count in range(1, 9):
            peer.say(b"x")
            assert peer.hear(1) == b"x"
            (*_, last) = sink.wait_for(Received, count)
            until(lambda since=last.at: monotonic_ns() - since > 80_000_000, "a moment of silence")  # type: ignore[misc]
        assert peer.hear_all() == b"bye"
        assert sink.wait_for(Closed)[0].at - sink.of(Received)[-1].at > 200_000_000


def test_a_message_that_a_rule_has_answered_is_known_though_the_next_ones_know_it_not() -> None:
    table = rules(
        Rule("first", "any", "", text(r"\{0}"), then="next"), Rule("second", "equals", "other", Draft("second"))
    )
    with serving(table) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(1) == b"x"
        peer.finish()
        sink.wait_for(Closed)
        assert sink.of(Remark) == []
    assert table.unknown.times == 0


def test_each_expression_reads_a_message_in_the_encoding_of_its_rule() -> None:
    latin, utf = Draft("latin", encoding=Encoding.LATIN_1), Draft("utf", encoding=Encoding.UTF_8)
    table = rules(Rule("a", "regex", "^ö$", latin), Rule("b", "regex", "^ö$", utf), Rule("c", "any", "", Draft("none")))
    with serving(table, framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say("ö\n".encode("latin-1") + "ö\n".encode())
        assert peer.hear(10) == b"latin\nutf\n"


def test_a_counter_and_a_variable_go_on_within_a_connection() -> None:
    table = rules(
        Rule("set", "equals", "set", text(r"\{unit=volt}")),
        Rule("count", "equals", "n", text(r"\{counter}")),
        Rule("get", "equals", "get", text(r"\{unit}")),
    )
    with serving(table, framing="line") as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"n\nn\nset\nget\n")
            assert peer.hear(14) == b"1\n2\nvolt\nvolt\n"
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"n\nget\n")
            assert peer.hear(2) == b"1\n"
            remark = sink.wait_for(Remark)[0]
    assert remark.text.startswith("the rule “get” has no answer here: There is no macro called 'unit'")


@pytest.mark.case("C-86")
def test_an_endless_expression_is_named_and_ended_and_holds_up_nobody_else() -> None:
    table = rules(ENDLESS, Rule("any", "any", "", text(r"\{0}")))
    with (
        serving(table, framing="line") as (server, sink),
        Peer.calls(server.addresses[0]) as peer,
        Peer.calls(server.addresses[0]) as other,
    ):
        peer.say(b"a" * 60 + b"b\nnext\n")
        for _ in range(20):
            other.say(b"me\n")
            assert other.hear(3) == b"me\n"
        assert peer.hear(67) == b"a" * 60 + b"b\nnext\n"
        remark = sink.wait_for(Remark)[0]
        assert "the rule “endless” found no end within 200 ms" in remark.text
        peer.say(b"a" * 60 + b"b\n")  # it is not asked again
        assert peer.hear(62) == b"a" * 60 + b"b\n"
        assert len(sink.of(Remark)) == 1


@pytest.mark.case("C-67")
def test_a_thread_that_dies_over_an_expression_gives_the_rule_up(
    monkeypatch: pytest.MonkeyPatch, logged_errors: list[object]
) -> None:
    Breaker(monkeypatch).worker("expression", RuntimeError)
    table = rules(ENDLESS, Rule("any", "any", "", Draft("answered")))
    with serving(table, framing="line") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"a" * 60 + b"b\n")
        assert peer.hear(9) == b"answered\n"
        assert "“endless”" in sink.wait_for(Remark)[0].text
    logged_errors.clear()


@needs_rst
def test_what_an_expression_finds_for_somebody_who_has_gone_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Callable[[], None]] = []

    def worker(look: Callable[[], None], *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(start=lambda: looks.append(look))

    monkeypatch.setattr("core.replies.rules.responder.Worker", worker)
    table = rules(ENDLESS, Rule("any", "equals", "hello", Draft("there")))
    with serving(table, framing="line") as (server, sink):
        with Resets.calls(server.addresses[0]) as peer:
            peer.say(b"a" * 60 + b"b\n")
            until(lambda: bool(looks), "the expression to be looked at on a thread of its own")
            peer.leave()
            sink.wait_for(Closed)
        looks[0]()
        with Peer.calls(server.addresses[0]) as other:
            other.say(b"hello\n")
            assert other.hear(5) == b"there"

    assert sink.of(Remark) == []
    assert table.unknown.times == 0


def test_a_crowd_of_messages_waits_with_the_system_not_here() -> None:
    table = rules(Rule("slow", "equals", "first", Draft("1"), after=(150, 150)), Rule("any", "any", "", Draft("x")))
    with (
        serving(table, framing="line", limits=Limits(receive=512)) as (server, sink),
        Peer.calls(server.addresses[0]) as peer,
    ):
        sender = threading.Thread(target=peer.say, args=(b"first\n" + b"m\n" * 20_000,), name="sender")
        sender.start()
        until(lambda: Pause.REPLY in server.connections[0]._pause if server.connections else False)
        assert sum(len(event.data) for event in sink.of(Received)) <= 1_024
        assert peer.hear(2 + 2 * 20_000) == b"1\n" + b"x\n" * 20_000
        sender.join()


def test_another_reply_is_chosen_while_a_rule_waits() -> None:
    table = rules(Rule("slow", "any", "", Draft("slow"), after=(60_000, 60_000)))
    with serving(table) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        until(lambda: bool(table.fired))
        server.set_reply("echo")
        until(lambda: not server._responders)
        peer.say(b"y")
        assert peer.hear(1) == b"y"


def test_rules_chosen_for_a_connection_that_stands_do_not_greet_it() -> None:
    with serving("echo") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"x")
        assert peer.hear(1) == b"x"
        server.set_reply(rules(Rule("hi", "opens", "", Draft("hi")), Rule("any", "any", "", Draft("y"))))
        peer.say(b"x")
        assert peer.hear(1) == b"y"


def test_an_error_in_a_rule_s_code_ends_that_connection_alone(
    monkeypatch: pytest.MonkeyPatch, logged_errors: list[object]
) -> None:
    table = rules(Rule("any", "any", "", text(r"\{0}")))

    def breaks(*_arguments: object) -> None:
        raise RuntimeError("broken")

    with serving(table) as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            monkeypatch.setattr(table.ready[0], "quoted", breaks)
            peer.say(b"x")
            peer.hear_all()
            assert sink.wait_for(Closed)[0].ending is Ending.FAILED
            monkeypatch.undo()
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"y")
            assert peer.hear(1) == b"y"
    logged_errors.clear()


# The starters, each against a client of its protocol.


def starting(name: str) -> Rules:
    return Rules(find_rule_set(name))


def test_smtplib_hands_in_a_mail() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@tincan.example", "b@tincan.example", "hello"
    mail.set_content("QUITE a\n.\nfew\nlines")
    table = starting("SMTP")
    with serving(table, framing=table.framing) as (server, _sink):
        with smtplib.SMTP("127.0.0.1", server.addresses[0].port, timeout=20) as client:
            assert client.send_message(mail) == {}
        until(lambda: "goodbye" in table.fired)
    assert table.fired["mail is complete"].times == 1
    assert table.unknown.times == 0


def test_http_is_answered_to_urllib() -> None:
    table = starting("HTTP")
    with serving(table, framing=table.framing) as (server, _sink):
        url = f"http://127.0.0.1:{server.addresses[0].port}/a/b?c"
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert (answer.status, answer.read()) == (200, b"GET /a/b?c\n")


@pytest.mark.parametrize(
    ("name", "said", "heard"),
    [
        ("letter", b"stop", b"type the message"),
        ("SCPI instrument", b"*IDN?\n", b"Tincan,Model 1,0,1.0\n"),
        ("SCPI instrument", b"FOO?\n", b'-113,"Undefined header"\n'),
        ("thermometer", b"T=21.5\n", b"OK 21.5 C\n"),
        ("Redis", b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        ("Redis", b"*2\r\n$3\r\nGET\r\n$2\r\nab\r\n", b"$11\r\nvalue of ab\r\n"),
        ("Redis", b"*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\nb\r\n", b"+OK\r\n"),
        ("Modbus/TCP", bytes.fromhex("000100000006010300000002"), bytes.fromhex("000100000007010304002a002b")),
        ("Modbus/TCP", bytes.fromhex("000200000006010600010063"), bytes.fromhex("000200000006010600010063")),
        ("Modbus/TCP", bytes.fromhex("00030000000b0110000000020400010002"), bytes.fromhex("000300000006011000000002")),
        ("Modbus/TCP", bytes.fromhex("000400000006010400000002"), bytes.fromhex("000400000003018401")),
        ("slow echo", b"hello", b"hello"),
    ],
)
def test_a_starter_answers_as_its_protocol_has_it(name: str, said: bytes, heard: bytes) -> None:
    table = starting(name)
    with serving(table, framing=table.framing) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(said)
        assert peer.hear(len(heard)) == heard


def test_an_instrument_measures_about_the_same() -> None:
    table = starting("SCPI instrument")
    with serving(table, framing=table.framing) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"MEAS:VOLT?\n" * 50)
        values = [float(peer.hear(7)) for _ in range(50)]
    assert len(set(values)) > 10
    assert all(4.98 <= value <= 5.02 for value in values)
