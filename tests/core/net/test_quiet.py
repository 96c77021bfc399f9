"""Silence ends a message for whoever answers, and nobody hears of it once the connection is over."""

from __future__ import annotations

import pytest

from core.net.client import Client
from core.net.server import Server

PATIENCE = 10.0


def test_a_server_answers_once_the_peer_has_been_silent_long_enough() -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing="gap:30") as server,
        Client(server.addresses[0]) as client,
    ):
        client.send(b"one message ")
        client.send(b"in two pieces")
        assert client.receive(PATIENCE) == b"one message in two pieces"
        client.send(b"another")
        assert client.receive(PATIENCE) == b"another"


def test_an_hour_of_silence_keeps_no_server_from_ending() -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing="gap:3600000") as server,
        Client(server.addresses[0]) as client,
    ):
        client.send(b"never answered in time")
        client.finish_sending()
        assert client.receive(PATIENCE) == b"never answered in time"  # its end was silence enough


@pytest.mark.parametrize("framing", ["length:2be", "length:varint,itself", "delimiter:0d0a", "fixed:5"])
def test_two_ends_of_one_framing_understand_each_other(framing: str) -> None:
    with (
        Server("127.0.0.1:0", reply="echo", framing=framing) as server,
        Client(server.addresses[0], framing=framing) as client,
    ):
        client.send(b"hello")
        client.send(b"there")
        assert [client.receive(PATIENCE), client.receive(PATIENCE)] == [b"hello", b"there"]
