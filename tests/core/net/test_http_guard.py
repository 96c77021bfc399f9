"""No web page gets an answer, or a word into a room, unless the person lets it."""

from __future__ import annotations

import http.client
import socket

import pytest

from core.events import Closed, Ending, FramingChanged, HttpRequest, Opened, Received
from core.net.http_guard import LONGEST_LINE, FirstBytes, classify
from core.settings import Limits
from tests.support.peers import Peer
from tests.support.sink import PATIENCE
from tests.support.stage import serving

POST = b"POST /say HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nstop\nstop\n"
LINE = "POST /say HTTP/1.1"
LETS_IN = Limits(request_line=None)


def hear_to_the_end(page: Peer) -> bytes:
    """Everything up to the server's end, answered by the page's: without it the server waits for that for a second."""
    said = page.hear_all()
    page.finish()
    return said


@pytest.mark.case("C-70")
@pytest.mark.parametrize("framing", ["raw", "line", "delimiter:0a", "length:2be", "fixed:4", "gap:20"])
@pytest.mark.parametrize("reply", ["echo", "room", "letter"])
def test_a_request_is_labelled_closed_and_answered_by_nobody(reply: str, framing: str) -> None:
    with serving(reply, framing=framing) as (server, sink), Peer.calls(server.addresses[0]) as standing:
        sink.wait_for(Opened)
        with Peer.calls(server.addresses[0]) as page:
            page.say(POST)
            said = hear_to_the_end(page)
            (closed,) = sink.wait_for(Closed)
        assert len(said) <= (len(b"type the message\0\0") if reply == "letter" else 0)
        assert (closed.ending, closed.connection) == (Ending.HTTP, 2)
        assert [event.line for event in sink.of(HttpRequest)] == [LINE]
        assert b"".join(event.data for event in sink.of(Received)) == POST, "all of it is on record"
        standing.sock.shutdown(socket.SHUT_WR)
        assert standing.hear_all() in (b"", said)


@pytest.mark.case("C-70")
@pytest.mark.parametrize("size", [1, 7, 11, 12, 18, 19, 20])
def test_however_the_request_is_cut_its_target_and_what_follows_reach_nobody(size: int) -> None:
    """What comes before the target, at most ``POST``, is a word like any other."""
    with serving("room") as (server, sink), Peer.calls(server.addresses[0]) as standing:
        with Peer.calls(server.addresses[0]) as page:
            for place in range(0, len(POST), size):
                sent = sum(len(event.data) for event in sink.of(Received))
                if sink.of(HttpRequest):
                    break
                page.say(POST[place : place + size])
                sink.wait_until(
                    lambda sent=sent: sum(len(event.data) for event in sink.of(Received)) > sent  # type: ignore[misc]
                )
            assert hear_to_the_end(page) == b""
            sink.wait_for(Closed)
        standing.sock.shutdown(socket.SHUT_WR)
        heard = standing.hear_all()
        assert heard in (b"", b"P", b"PO", b"POS", b"POST", b"POST ")


@pytest.mark.case("C-70")
def test_a_path_longer_than_any_line_does_not_smuggle_words_in() -> None:
    with serving("room") as (server, sink), Peer.calls(server.addresses[0]) as standing:
        with Peer.calls(server.addresses[0]) as page:
            page.say(b"GET /" + b"word" * 20_000)
            assert hear_to_the_end(page) == b""
            (closed,) = sink.wait_for(Closed)
            assert closed.ending is Ending.HTTP
        standing.sock.shutdown(socket.SHUT_WR)
        assert standing.hear_all() == b""


@pytest.mark.case("C-70")
@pytest.mark.case("C-70")
def test_who_tells_messages_apart_in_another_way_meanwhile_looks_for_one_still() -> None:
    with serving("echo") as (server, sink), Peer.calls(server.addresses[0]) as peer:
        sink.wait_for(Opened)
        server.set_framing("line")
        sink.wait_for(FramingChanged)
        peer.say(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nstop\r\n")
        assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.HTTP


def test_a_real_client_of_http_is_told_by_an_end() -> None:
    with serving("echo") as (server, sink):
        browser = http.client.HTTPConnection("127.0.0.1", server.addresses[0].port, timeout=PATIENCE)
        browser.request("POST", "/", body="stop\n" * 10_000)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            browser.getresponse()
        browser.close()
        assert [closed.ending for closed in sink.wait_for(Closed)] == [Ending.HTTP]


@pytest.mark.parametrize("reply", ["echo", "room"])
def test_who_lets_http_in_answers_it_as_any_other_message(reply: str) -> None:
    with serving(reply, limits=LETS_IN) as (server, sink), Peer.calls(server.addresses[0]) as other:
        with Peer.calls(server.addresses[0]) as page:
            page.say(POST)
            assert (page if reply == "echo" else other).hear(len(POST)) == POST
        assert sink.of(HttpRequest) == []


def test_a_person_who_answers_by_hand_may_play_a_web_server() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as page:
        page.say(POST)
        assert [event.line for event in sink.wait_for(HttpRequest)] == [LINE]
        server.connections[0].send(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert page.hear(27) == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_a_page_that_a_person_answered_is_not_answered_by_a_rule_later() -> None:
    with serving("none") as (server, sink), Peer.calls(server.addresses[0]) as page:
        page.say(POST)
        sink.wait_for(HttpRequest)
        server.set_framing("line")
        server.set_reply("echo")
        page.say(b"again\n")
        assert hear_to_the_end(page) == b""
        assert [closed.ending for closed in sink.wait_for(Closed)] == [Ending.HTTP]


def test_words_that_only_begin_like_a_request_are_answered_after_a_moment() -> None:
    with serving("echo", limits=Limits(request_line=0.05)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"GET /well soon")
        assert peer.hear(14) == b"GET /well soon"
        peer.say(b" HTTP/1.1\r\nstop\n")
        assert peer.hear(16) == b" HTTP/1.1\r\nstop\n"
        assert sink.of(HttpRequest) == []


def test_the_end_of_a_peer_is_the_end_of_the_wait() -> None:
    patient = Limits(request_line=3600.0)
    with serving("echo", framing="line", limits=patient) as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"GET /and go")
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.hear_all() == b"GET /and go\n"


# The first line of a request, told from everything that people and devices say.


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost:5555\r\n\r\n", "GET / HTTP/1.1"),
        (b"POST /say?x=1 HTTP/1.0\nstop\n", "POST /say?x=1 HTTP/1.0"),
        (b"OPTIONS * HTTP/1.1\r\n", "OPTIONS * HTTP/1.1"),
        (b"CONNECT localhost:443 HTTP/1.1\r\n", "CONNECT localhost:443 HTTP/1.1"),
        (b"GET http://localhost:5555/ HTTP/1.1\r\n", "GET http://localhost:5555/ HTTP/1.1"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0"),
        (b"PROPFIND /a HTTP/1.1\r\n", "PROPFIND /a HTTP/1.1"),
        (b"chicken / HTTP/1.1\r\n", "chicken / HTTP/1.1"),
        (b"\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1"),
        (b"GET /\xff\x1b HTTP/1.1\r\n", r"GET /\xff" + "\x1b HTTP/1.1"),
        (b"GET /" + b"x" * LONGEST_LINE, "GET /" + "x" * (LONGEST_LINE - 5)),
    ],
)
def test_a_request_is_known_by_its_first_line(data: bytes, line: str) -> None:
    assert classify(data) == (FirstBytes.REQUEST, line)


@pytest.mark.parametrize("data", [b"GET /", b"POST /a HT", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r", b"CONNECT l"])
def test_with_a_target_it_is_likely_to_become_one(data: bytes) -> None:
    assert classify(data) == (FirstBytes.LIKELY, "")


@pytest.mark.parametrize("data", [b"G", b"HELLO", b"GET", b"GET ", b"POST ht", b"GET https", b"\r\n", b""])
def test_of_a_word_in_capitals_nobody_can_say(data: bytes) -> None:
    assert classify(data) == (FirstBytes.TOO_SHORT, "")


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"GET the milk",
        b"GET key\r\n",
        b"GET /\r\n",
        b"GET / HTTPS\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"OPTIONS rtsp://localhost/ RTSP/1.0\r\n",
        b"SET key HTTP/1.1 value\r\n",
        b"POST office / HTTP/1.1\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"\x00",
        b"hello\nGET / HTTP/1.1\r\n",
    ],
)
def test_nothing_else_is_taken_for_one(data: bytes) -> None:
    assert classify(data) == (FirstBytes.OTHER, "")
