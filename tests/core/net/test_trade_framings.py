"""Framings of the trade, against programs that know nothing of this one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from core.events import Misframed
from core.net.client import Client
from tests.support.peers import Peer, SpeaksMllp
from tests.support.sink import PATIENCE, until
from tests.support.stage import serving

PAGE = b"<p>hello</p>"


class Page(http.server.BaseHTTPRequestHandler):
    """One page on connections that stay."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def web() -> Iterator[tuple[str, int]]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[0], server.server_address[1]  # type: ignore[misc]
        server.shutdown()
        thread.join(PATIENCE)


def test_answers_of_a_web_server_come_whole_by_their_content_length(web: tuple[str, int]) -> None:
    with Client(f"{web[0]}:{web[1]}", framing="content-length") as client:
        for _ in range(2):
            client.connections[0].send_exactly(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = client.receive(PATIENCE)
            assert answer is not None
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\n" + PAGE)


def test_an_mllp_peer_is_answered_message_by_message_and_noise_is_told() -> None:
    with serving(reply="echo", framing="between:0b,1c0d") as (server, sink):
        with SpeaksMllp.calls(server.addresses[0]) as peer:
            peer.tell(b"MSH|^~\\&|LAB\rPID|1\r")
            assert peer.told() == b"MSH|^~\\&|LAB\rPID|1\r"
            peer.say(b"\r\n")
            peer.tell(b"MSH|2\r")
            assert peer.told() == b"MSH|2\r"
        until(lambda: bool(sink.of(Misframed)))
        assert [event.why for event in sink.of(Misframed)] == ["it does not begin with 0b"]


def test_a_message_with_a_wrong_checksum_gets_no_reply_and_is_told() -> None:
    with serving(reply="echo", framing="fixed:8+crc16-modbus") as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(bytes.fromhex("01 03 00 00 00 0b c5 cd") + bytes.fromhex("01 03 00 00 00 0a c5 cd"))
            assert peer.hear(8) == bytes.fromhex("01 03 00 00 00 0a c5 cd")
        until(lambda: bool(sink.of(Misframed)))
        assert [event.why for event in sink.of(Misframed)] == ["CRC-16/MODBUS wrong: expected 04 0d, found c5 cd"]
