"""The first line of an HTTP request, told from everything that people and devices say."""

from __future__ import annotations

import pytest

from core.wire.http_request import LONGEST_LINE, Opening, opening_of


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
    assert opening_of(data) == (Opening.REQUEST, line)


@pytest.mark.parametrize("data", [b"GET /", b"POST /a HT", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r", b"CONNECT l"])
def test_with_a_target_it_is_likely_to_become_one(data: bytes) -> None:
    assert opening_of(data) == (Opening.LIKELY, "")


@pytest.mark.parametrize("data", [b"G", b"HELLO", b"GET", b"GET ", b"POST ht", b"GET https", b"\r\n", b""])
def test_of_a_word_in_capitals_nobody_can_say(data: bytes) -> None:
    assert opening_of(data) == (Opening.TOO_SHORT, "")


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
    assert opening_of(data) == (Opening.OTHER, "")
